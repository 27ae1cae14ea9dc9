"""What is put in for a GPU, run on the CPU: networks are compiled once, after the first update, and compute the same."""

from __future__ import annotations

from pathlib import Path

from tests.unit.test_switches import _run

from sixdays.levers.gpu import COMPILE, PINNED

SCRIPT = """
import copy, torch
torch.manual_seed(0); torch.set_num_threads(1)
compiled = []
plain = torch.nn.Module.compile
torch.nn.Module.compile = lambda self, **k: (compiled.append(type(self).__name__), plain(self, **k))[1]
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = torch.nn.Linear(4, 8), torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Linear(8, 2))
    def forward(self, x):
        return self.head(self.body(x))
net, other = Net(), torch.nn.Linear(2, 1)
opt = torch.optim.SGD([*net.parameters(), *other.parameters()], lr=0.1)
for _ in range(4):
    loss = other(net(torch.randn(16, 4))).square().mean()
    opt.zero_grad(); loss.backward(); opt.step()
    print(f"{loss.item():.5f}")
print(*sorted(net.state_dict()))
print(copy.deepcopy(net)(torch.ones(1, 4)).shape, compiled)
"""


def test_networks_that_the_script_calls_are_compiled_after_the_first_update(tmp_path: Path) -> None:
    plain = _run(tmp_path, SCRIPT).splitlines()
    found = _run(tmp_path, SCRIPT, COMPILE.format(options='backend="eager"')).splitlines()
    assert found[:-1] == plain[:-1]
    assert plain[-1].endswith("[]")
    assert found[-1].endswith("['Net', 'Linear']")


def test_without_a_gpu_nothing_is_pinned(tmp_path: Path) -> None:
    script = """
import torch
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.arange(6.0)), batch_size=2)
for (x,) in loader:
    print(x.to(torch.float64), x.to("cpu", torch.int32), x.is_pinned(), loader.pin_memory)
"""
    assert _run(tmp_path, script, PINNED) == _run(tmp_path, script)
