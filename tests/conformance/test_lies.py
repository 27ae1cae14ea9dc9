"""Levers that lie: each preamble of `lies` really runs before a script, and its digests give it away."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conformance.lies import LIES
from tests.needed import needed

from sixdays.app import speeding_up
from sixdays.app.finding import find_speedups
from sixdays.faster.digests import Broken, Kept, kept
from sixdays.faster.model import Candidate, Command, Profile, Promise, Trace
from sixdays.levers import _switch_texts as texts
from sixdays.probes.run import Stop, probe
from sixdays.probes.scratch import scratch

ENV = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]), "LANG": "C.UTF-8"}

SCRIPT = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
torch.set_num_threads(1)
x = torch.randn(160, 4)
data = TensorDataset(x, x.sum(1, keepdim=True).sin())
train, test = DataLoader(data, 16, shuffle=True), DataLoader(data, 16)
net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(8):
    for a, b in train:
        loss = (net(a) - b).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        total = sum((net(a) - b).square().sum().item() for a, b in test)
    net.train()
    print("epoch", epoch, "error", total)
"""

Ran = Callable[[str], Trace]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Runs the script to its end with a preamble before it; without one only once."""
    needed("torch")
    folder = tmp_path_factory.mktemp("project")
    (folder / "train.py").write_text(SCRIPT, encoding="utf-8")
    command = Command((sys.executable, "train.py"), str(folder))
    with scratch(str(folder), ENV) as copies:

        def run(preamble: str) -> Trace:
            lines = tuple(preamble.strip().splitlines())
            (trace,) = probe(copies, command, (Candidate("x", "x", "x", "same", preamble=lines),), stop=Stop(120.0))
            assert trace.exit == 0, trace.printed
            return trace

        yield run


@pytest.fixture(scope="module")
def twice(ran: Ran) -> tuple[Trace, Trace]:
    """The command as it is, two times."""
    return ran(""), ran("")


def test_the_command_keeps_every_promise_against_itself(twice: tuple[Trace, Trace]) -> None:
    assert isinstance(kept(*twice, "same", twice[1]), Kept)
    assert isinstance(kept(*twice, "equivalent", twice[1]), Kept)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught_whatever_it_promises(lie: str, twice: tuple[Trace, Trace], ran: Ran) -> None:
    trace = ran(LIES[lie])
    promises: tuple[Promise, Promise] = ("same", "equivalent")
    found = {promise: kept(twice[0], trace, promise, twice[1]) for promise in promises}
    assert all(isinstance(f, Broken) for f in found.values()), found


def test_what_is_honest_is_not_called_a_lie(twice: tuple[Trace, Trace], ran: Ran) -> None:
    same = ran(texts.VALIDATION + texts.TENSORS + texts.GARBAGE + texts.ANOMALY)
    assert isinstance(kept(twice[0], same, "same", twice[1]), Kept)
    equivalent = ran(texts.OPTIMISERS + texts.CLIPPING)
    assert isinstance(kept(twice[0], equivalent, "equivalent", twice[1]), Kept)


SUMS = """
x = 0.5
for step in range(1_000_000):
    for _ in range(20_000):
        x = 3.7 * x * (1 - x)
    print(f"step {step} x {x:.6f}", flush=True)
"""
HALF = "import builtins\n_all = range\nbuiltins.range = lambda n: _all(n // 2 if n == 20_000 else n)"


class Liar:
    """A lever as any other, of whose changes one is a lie."""

    name, rank, together = "liar", 1, True

    def propose(self, profile: Profile) -> list[Candidate]:
        texts = {"half of the work": HALF, "honest": ""}  # the lie first: there is time for it
        return [Candidate("liar", n, n, "equivalent", preamble=tuple(t.splitlines())) for n, t in texts.items()]


def test_a_lever_that_lies_is_found_out_by_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text(SUMS, encoding="utf-8")
    monkeypatch.setattr(speeding_up, "names", lambda kind: ("liar",))
    monkeypatch.setattr(speeding_up, "create", lambda kind, name, options: Liar())
    found = find_speedups([sys.executable, "train.py"], budget=60.0, cwd=tmp_path)
    assert [t.candidate.name for t in found.thrown_out] == ["half of the work"], found
    assert found.factor.value == 1.0
