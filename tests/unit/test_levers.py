"""What single levers propose, and why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sixdays.faster.model import (
    Candidate,
    Command,
    Counter,
    Frame,
    Machine,
    NotTried,
    Profile,
    Promise,
    Stack,
    Trace,
)
from sixdays.levers import data, less, switches, threads

OWN = Frame("train.py", 3, "train")
COUNTER = Counter("batch", "train.py", "train", 3, np.arange(3.0), 3)


def _profile(share: float, place: str, modules: tuple[str, ...] = ("torch",), seeds: int = 1) -> Profile:
    inside = Stack((OWN, Frame(f"/lib/{place}", 1, "f")), 10.0 * share)
    trace = Trace((COUNTER,), stacks=(inside, Stack((OWN,), 10.0 - 10.0 * share)), modules=dict.fromkeys(modules, "1"))
    return Profile(Command(("python", "train.py"), "/project"), trace, Machine(cores=4), seeds=seeds)


def test_a_switch_is_bounded_by_the_time_seen_below_it_with_room() -> None:
    profile = _profile(0.2, "torch/distributions/normal.py")
    (found,) = [c for c in switches.create({}).propose(profile) if isinstance(c, Candidate) and c.name == "validation"]
    assert found.touches == pytest.approx(0.2 * 1.3)


def test_a_switch_that_could_give_next_to_nothing_is_refused_with_its_bound() -> None:
    found = switches.create({}).propose(_profile(0.01, "torch/distributions/normal.py"))
    assert any(isinstance(n, NotTried) and n.why.startswith("validation: 1% of the time") for n in found)
    assert not any(isinstance(c, Candidate) and c.name == "validation" for c in found)


def test_a_library_that_is_not_imported_has_no_switch() -> None:
    assert switches.create({}).propose(_profile(0.5, "x.py", modules=())) == []


def test_workers_are_proposed_only_where_loading_takes_time() -> None:
    found = data.create({}).propose(_profile(0.4, "torch/utils/data/dataset.py"))
    assert [c.name for c in found if isinstance(c, Candidate)] == [
        "held",
        "0 workers",
        "1 worker",
        "3 workers",
        "4 workers",
    ]
    (refused,) = data.create({}).propose(_profile(0.01, "torch/utils/data/dataset.py"))
    assert isinstance(refused, NotTried)


@pytest.mark.parametrize(("accept", "lines"), [(("same",), 0), (("same", "less"), 2)])
def test_less_is_spoken_of_only_where_it_is_taken(accept: tuple[Promise, ...], lines: int) -> None:
    profile = replace(_profile(0.5, "x.py", seeds=5), accept=accept)
    found = less.create({}).propose(profile)
    assert len(found) == lines
    assert all(isinstance(n, NotTried) for n in found)


def test_a_script_that_sets_its_threads_itself_is_set_from_the_preamble() -> None:
    profile = _profile(0.2, "torch/nn/modules/linear.py")
    own = replace(profile, sources={"train.py": "import torch\ntorch.set_num_threads(4)\n"})
    plain, held = (
        next(c for c in threads.create({}).propose(p) if isinstance(c, Candidate) and c.name == "1 thread")
        for p in (profile, own)
    )
    assert plain.preamble == ()
    assert "torch.set_num_threads(1)" in held.preamble
    assert plain.env["OMP_NUM_THREADS"] == held.env["OMP_NUM_THREADS"] == "1"


def test_a_program_without_torch_is_never_made_to_import_it() -> None:
    plain = _profile(1.0, "x", ("numpy", "numba"))
    own = replace(plain, sources={"train.py": "import numba\nnumba.set_num_threads(4)\n"})
    assert not any(c.preamble for c in threads.create({}).propose(own) if isinstance(c, Candidate))


def test_no_more_workers_than_eight_and_none_that_are_there_already() -> None:
    many = replace(_profile(0.4, "torch/utils/data/dataset.py"), machine=Machine(cores=16))
    now = replace(
        many, trace=replace(many.trace, facts={"loader 0": "X of 60 items, batch 4, 8 workers, RandomSampler"})
    )
    found = [[c.name for c in data.create({}).propose(p) if isinstance(c, Candidate)] for p in (many, now)]
    assert found == [["held", "0 workers", "1 worker", "8 workers"], ["held", "0 workers", "1 worker"]]


def test_what_prints_the_progress_is_not_made_to_print_less() -> None:
    bars = _profile(0.4, "tqdm/std.py", modules=("tqdm",))
    printed = replace(bars, progress="printed")
    found = [[c.name for c in switches.create({}).propose(p) if isinstance(c, Candidate)] for p in (bars, printed)]
    assert found == [["progress bars"], []]


def test_threads_that_the_command_sets_within_are_set_from_the_preamble() -> None:
    plain = _profile(0.2, "torch/nn/modules/linear.py")
    env = replace(plain, command=Command(("env", "OMP_NUM_THREADS=2", "python", "train.py"), "/project"))
    own = replace(plain, sources={"train.py": "import os\nos.environ['OMP_NUM_THREADS'] = '8'\n"})
    for p in (env, own):
        found = [c for c in threads.create({}).propose(p) if isinstance(c, Candidate)]
        assert all(any(line.startswith("torch.set_num_threads(") for line in c.preamble) for c in found)


def test_libraries_with_threads_of_their_own_are_told_too() -> None:
    found = {
        c.name: c
        for c in threads.create({}).propose(_profile(1.0, "x", ("numpy", "numba")))
        if isinstance(c, Candidate)
    }
    assert found["2 copies"].env["NUMBA_NUM_THREADS"] == found["2 copies"].env["OMP_NUM_THREADS"]
    assert "TF_NUM_INTRAOP_THREADS" not in found["2 copies"].env
    found = {c.name: c for c in threads.create({}).propose(_profile(1.0, "x", ("jax",))) if isinstance(c, Candidate)}
    assert found["2 copies"].text == "2 copies side by side"
    assert found["2 copies"].env["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.45"
