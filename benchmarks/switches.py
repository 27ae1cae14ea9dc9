"""What the lines for torch give a small network on one thread: an update, and an answer to one observation."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from sixdays.levers import _switch_texts as texts

ROUNDS, CHUNKS, TIMES = 5, 40, 50
QUICK = 0.1  # quantile of all chunks that is compared: neighbours slow most of them down, none is quickened
SCRIPT = """
import time, torch
torch.set_num_threads(1)
net = torch.nn.Sequential(torch.nn.Linear(4, 120), torch.nn.ReLU(), torch.nn.Linear(120, 84), torch.nn.ReLU(),
                          torch.nn.Linear(84, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-4{chosen})
many, one = torch.randn(32, 4), torch.randn(1, 4)
def update():
    opt.zero_grad(); net(many).square().mean().backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5); opt.step()
def answer():
    net(one)
{more}
for do in (update, answer):
    for _ in range(50):
        do()
    took = []
    for _ in range({chunks}):
        began = time.perf_counter()
        for _ in range({times}):
            do()
        took.append((time.perf_counter() - began) / {times})
    print(*took)
"""
NUMPY = """
import numpy as np
W, B, V, C, U, D = (p.detach().numpy() for p in net.parameters())
x = one.numpy()[0]
def answer():
    U @ np.maximum(V @ np.maximum(W @ x + B, 0) + C, 0) + D
"""
# what stands above the script, in the optimiser's brackets, and below the two functions
WAYS = {
    "as torch has it": ("", "", ""),
    "fused=True, written by hand": ("", ", fused=True", ""),
    "layers and gradients (same)": (texts.LINEAR + texts.GRADIENTS, "", ""),
    "optimiser and clipping (equivalent)": (texts.OPTIMISERS + texts.CLIPPING, "", ""),
    "all four": (texts.LINEAR + texts.GRADIENTS + texts.OPTIMISERS + texts.CLIPPING, "", ""),
    "torch.compile, written by hand": ("", "", "net = torch.compile(net)"),
    "answers in NumPy, written by hand": ("", "", NUMPY),
}


def took(way: str) -> tuple[list[float], list[float]]:
    """Seconds of an update and of an answer, each chunk."""
    above, chosen, more = WAYS[way]
    script = above + SCRIPT.format(chosen=chosen, more=more, chunks=CHUNKS, times=TIMES)
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    update, answer = ([float(x) for x in line.split()] for line in out.splitlines())
    return update, answer


def main() -> None:
    found: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
    for turn in range(ROUNDS):
        for way in list(WAYS)[:: 1 if turn % 2 else -1]:
            found[way].append(tuple(float(np.quantile(x, QUICK)) for x in took(way)))
    plain = np.array(found["as torch has it"])
    print(f"{'':<38}{'an update':>22}{'an answer':>34}")
    for way, rows in found.items():
        each = np.array(rows)
        ratios = plain / each
        cells = [f"{1e6 * np.median(each[:, i]):6.0f} µs {np.median(ratios[:, i]):5.2f}× "
                 f"({ratios[:, i].min():.2f} to {ratios[:, i].max():.2f})" for i in (0, 1)]  # fmt: skip
        print(f"{way:<38}{'   '.join(cells)}")


if __name__ == "__main__":
    main()
