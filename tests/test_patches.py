"""Every patch of the example scripts through the agent: those that are right pass, those that are wrong are caught."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from sixdays.app.finding import find_speedups
from sixdays.faster.digests import Broken, kept
from sixdays.faster.model import Candidate, Command, Promise
from sixdays.probes.run import Stop, probe
from sixdays.probes.scratch import scratch
from tests.needed import needed
from tests.scripts import FOLDER, SCRIPTS, Script, script

ENV = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]), "LANG": "C.UTF-8"}
QUICK = ("simulation", "policy_gradient")  # in each run of the tests; all in the nightly one
SECONDS = 60.0  # runs that end by themselves: a second, and the imports


def _cases() -> list[object]:
    marks = {True: (), False: (pytest.mark.nightly,)}
    return [pytest.param(s, id=s.name, marks=marks[s.name in QUICK]) for s in SCRIPTS if s.patches]


@pytest.mark.parametrize("which", _cases())
def test_right_patches_pass_and_wrong_ones_are_caught(which: Script, tmp_path: Path) -> None:
    needed(*which.needs)
    folder = tmp_path / "project"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "patches"))
    command = Command(which.argv(short=True), str(folder))
    wrong: list[str] = []
    with scratch(str(folder), ENV) as copies:
        stop = Stop(SECONDS)
        (original,) = probe(copies, command, stop=stop)
        (again,) = probe(copies, command, stop=stop)
        for patch in which.patches:
            promise: Promise = "same" if patch.promise == "same" else "equivalent"
            text = patch.path.read_text(encoding="utf-8")
            candidate = Candidate("given", patch.what, patch.what, promise, patch=text)
            (trace,) = probe(copies, command, (candidate,), stop=stop)
            found = kept(original, trace, promise, again)
            if isinstance(found, Broken) != (patch.promise == "wrong"):
                wrong.append(f"{patch.promise}.{patch.what}: {found}")
    assert not wrong, "\n".join(wrong)


def test_the_command_keeps_what_is_right_and_throws_out_what_is_wrong(tmp_path: Path) -> None:
    chosen = script("simulation")
    folder = tmp_path / "project"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    names = ("same.only-the-distances-kept", "wrong.every-second-update", "wrong.no-updates")
    right, *wrong = (str(folder / "patches" / f"simulation.{name}.diff") for name in names)
    found = find_speedups(chosen.argv("--report", "20"), budget=40.0, tries=[*wrong, right], cwd=folder)
    assert [t.candidate.name for t in found.thrown_out] == wrong
    assert [c.name for c in found.setting if c.patch] == [right]
    assert found.factor.value > 2.0
