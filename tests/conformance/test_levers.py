"""One suite over every lever: whatever it proposes is well-formed, accepted, worth a probe, and proposed again."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace

import numpy as np
import pytest

from sixdays import plugins
from sixdays.faster import bounds
from sixdays.faster.model import Candidate, Command, Counter, Frame, Machine, NotTried, Profile, Stack, Trace
from sixdays.levers import Lever
from sixdays.levers.switches import SWITCHES

OWN = Frame("train.py", 3, "train")
PLACES = ("torch/distributions/d.py", "torch/optim/adam.py", "matplotlib/figure.py", "torch/utils/data/dataloader.py")
STACKS = tuple(Stack((OWN, Frame(f"/lib/{p}", 1, "f")), 2.0) for p in PLACES)
MODULES = {"torch": "2.13.0", "numpy": "2.3.0", "gymnasium": "1.4", "matplotlib": "3.10", "tqdm": "4.67"}


def _batches() -> Counter:
    return Counter("batch", "train.py", "train", 3, np.arange(3.0), 3)


def _profile(trace: Trace, *, gpus: tuple[str, ...] = ()) -> Profile:
    machine = Machine(cores=4, memory_bytes=2**33, gpus=gpus, compiler=True)
    sources = {"train.py": "x = torch.tensor([a, b])\n"}
    return Profile(Command(("python", "train.py"), "/project"), trace, machine, sources=sources, seeds=5)


TORCH = Trace(counters=(_batches(),), stacks=STACKS, modules=MODULES, peak_bytes=2**28)
PROFILES = {
    "empty": _profile(Trace()),
    "numpy": _profile(Trace(stacks=(Stack((OWN,), 5.0),), modules={"numpy": "2.3.0"})),
    "torch": _profile(TORCH),
    "gpu": _profile(TORCH, gpus=("a card",)),
}
LEVERS = plugins.names("levers")


def _lever(name: str) -> Lever:
    lever: Lever = plugins.create("levers", name)
    return lever


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_bears_the_name_of_its_file(name: str) -> None:
    assert _lever(name).name == name


def test_no_two_levers_have_one_rank() -> None:
    assert len({_lever(name).rank for name in LEVERS}) == len(LEVERS)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("name", LEVERS)
def test_what_is_proposed_is_well_formed_and_worth_a_probe(name: str, profile: Profile) -> None:
    found = _lever(name).propose(profile)
    candidates = [c for c in found if isinstance(c, Candidate)]
    assert len({c.name for c in candidates}) == len(candidates)
    for c in candidates:
        assert (c.lever, c.promise in profile.accept) == (name, True)
        assert 0 <= c.touches <= 1
        assert bounds.bound(c.touches) >= 1.08
        assert c.text
        ast.parse("\n".join(c.preamble))
        assert "sixdays" not in "\n".join(c.preamble)
    assert all(n.lever == name and n.why for n in found if isinstance(n, NotTried))
    assert found == _lever(name).propose(profile)


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_imports_nothing_of_the_users(name: str) -> None:
    before = set(sys.modules)
    _lever(name).propose(PROFILES["torch"])
    assert not {"torch", "matplotlib", "gymnasium", "subprocess"} & (set(sys.modules) - before)


@pytest.mark.parametrize("name", LEVERS)
def test_nothing_is_proposed_outside_of_what_is_accepted(name: str) -> None:
    found = _lever(name).propose(replace(PROFILES["torch"], accept=("same",)))
    assert {c.promise for c in found if isinstance(c, Candidate)} <= {"same"}


def _bound(tree: ast.Module) -> dict[str, str]:
    """Names that lines bind in the file that they all stand in, and what to: the text of an import, else the line."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.col_offset <= 4:
            found[node.name] = f"line {node.lineno}"
        elif isinstance(node, ast.Import):
            found |= {a.asname or a.name: a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Assign) and node.col_offset <= 4:
            names = [n for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            found |= {n.id: f"line {node.lineno}" for n in names if isinstance(n.ctx, ast.Store)}
    return found


def test_the_lines_of_all_levers_stand_in_one_file_without_taking_each_others_names() -> None:
    texts = {s.preamble: f"switches: {s.name}" for s in SWITCHES}
    for profile in PROFILES.values():
        for name in LEVERS:
            for c in _lever(name).propose(profile):
                if isinstance(c, Candidate) and c.preamble and name != "switches":
                    texts.setdefault("\n".join(c.preamble), f"{name}: {c.group or c.name}")
    taken: dict[str, tuple[str, str]] = {}
    for text, whose in texts.items():
        for bound, what in _bound(ast.parse(text)).items():
            owner, before = taken.setdefault(bound, (whose, what))
            assert owner == whose or (before == what and not what.startswith("line")), (bound, owner, whose)
