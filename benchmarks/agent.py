"""The agent's own cost: a loop of 1 ms a step with and without it, and under two sampling profilers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PY_SPY = Path(sys.executable).parent / "py-spy"
AGENT = Path(__file__).parent.parent / "src" / "sixdays" / "agent"
MANY = 2000  # steps of a chunk that does nothing else: what one of them costs
CHUNKS, STEPS, ROUNDS = 20, 50, 31  # runs differ from each other by a tenth, whatever they are: many short ones
# Busy, not asleep: a step of an environment that computes for about a millisecond, its own loop timed alone.
LOOP = """
import time, gymnasium
class Busy(gymnasium.Env):
    def step(self, action):
        total = 0
        for i in range({inner}):
            total += i
        return total, 0.0, False, False, {{}}
env = Busy()
for _ in range(50):
    env.step(0)
took = []
for _ in range({chunks}):
    began = time.perf_counter()
    for _ in range({steps}):
        env.step(0)
    took.append(time.perf_counter() - began)
print("took", *took)
"""


def inner_loops() -> int:
    """How many rounds of the inner loop take a millisecond here."""
    began, total = time.perf_counter(), 0
    for i in range(1_000_000):
        total += i
    return int(1_000_000 * 1e-3 / (time.perf_counter() - began))


def took(script: Path, watcher: str, steps: int = STEPS) -> list[float]:
    """Seconds of each chunk of the loop, as it says itself; start and end of the process are not in it."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("SIXDAYS")}
    argv = [sys.executable, str(script)]
    if watcher in ("agent", "agent with stacks"):
        seen = script.parent / "seen"
        shutil.rmtree(seen, ignore_errors=True)
        seen.mkdir()
        env |= {
            "PYTHONPATH": str(AGENT), "SIXDAYS_AGENT_DIR": str(seen), "SIXDAYS_AGENT_SEED": "1",
            "SIXDAYS_AGENT_STACKS": "0.01" if "stacks" in watcher else "0",
        }  # fmt: skip
    elif watcher == "py-spy":
        argv = [str(PY_SPY), "record", "-o", str(script.parent / "spy.svg"), "--", *argv]
    elif watcher == "pyinstrument":
        argv = [sys.executable, "-m", "pyinstrument", "-o", str(script.parent / "instrument.txt"), str(script)]
    out = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout
    if watcher.startswith("agent"):
        sizes = [f.stat().st_size // 8 for f in seen.glob("*.times")]
        assert sum(sizes) == CHUNKS * steps + 50, sizes  # every step was counted: the cost is that of real work
    return next([float(x) for x in line.split()[1:]] for line in out.splitlines() if line.startswith("took"))


def watchers() -> list[str]:
    """The agent, and those of its peers that are installed here."""
    found = ["agent", "agent with stacks"]
    if PY_SPY.exists():
        found.append("py-spy")
    if subprocess.run([sys.executable, "-c", "import pyinstrument"], capture_output=True, check=False).returncode == 0:
        found.append("pyinstrument")
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "loop.py")
        script.write_text(LOOP.format(inner=inner_loops(), chunks=CHUNKS, steps=STEPS), encoding="utf-8")
        runs: dict[str, list[float]] = {name: [] for name in ("", *watchers())}
        for turn in range(ROUNDS):
            for name in list(runs)[:: 1 if turn % 2 else -1]:
                runs[name].append(float(np.median(took(script, name))))
        print(f"{CHUNKS} times {STEPS} steps of 1 ms, {ROUNDS} interleaved runs: median ratio, 90 % interval\n")
        again = np.random.default_rng(1).integers(ROUNDS, size=(2000, ROUNDS))
        for name, found in list(runs.items())[1:]:
            ratios = np.array(found) / np.array(runs[""])
            low, high = np.quantile(np.median(ratios[again], axis=1), (0.05, 0.95))
            print(f"with {name} ÷ without{'':<{30 - len(name)}} {np.median(ratios):.3f} ({low:.3f} to {high:.3f})  "
                  f"{'≤ 1.02' if name == 'agent' else ''}")  # fmt: skip
        script.write_text(LOOP.format(inner=0, chunks=CHUNKS, steps=MANY), encoding="utf-8")
        each = {name: [float(np.median(took(script, name, MANY))) / MANY for _ in range(7)] for name in ("", "agent")}
        cost = float(np.median(each["agent"]) - np.median(each[""]))
        print(f"\nof a step that does nothing, the agent takes {1e6 * cost:.1f} µs: {cost / 1e-3:.2%} of 1 ms")


if __name__ == "__main__":
    main()
