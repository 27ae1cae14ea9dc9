"""Every patch of the example scripts through the agent: those that are right pass, those that are wrong are caught."""

from __future__ import annotations

import json
import os
import shutil
import sys
from difflib import unified_diff
from pathlib import Path

import pytest

from sixdays.app.finding import find_speedups
from sixdays.faster.digests import Broken, kept
from sixdays.faster.model import Candidate, Command, Promise
from sixdays.plugins import names
from sixdays.probes.run import Stop, probe
from sixdays.probes.scratch import scratch
from tests.command import Sixdays
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


@pytest.mark.parametrize(
    ("levers", "budget"),
    [(("given",), "75s"), pytest.param((), "150s", marks=pytest.mark.nightly)],  # alone it ends before its budget; all
)
def test_a_training_with_torch_is_searched_confirmed_and_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, levers: tuple[str, ...], budget: str
) -> None:
    """Its update waits 0.1 s, which one patch takes away; one that is wrong takes it away too."""
    chosen = script("policy_gradient")
    needed(*chosen.needs)
    monkeypatch.setattr("sixdays.app.speeding_up.names", lambda kind: levers or names(kind))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # small networks gain nothing from more, and a busy machine takes them
    sixdays = Sixdays(tmp_path)
    quick = (FOLDER / "policy_gradient.py").read_text(encoding="utf-8")
    update = "    optimizer.zero_grad()\n"
    slow = quick.replace(update, "    __import__('time').sleep(0.1)\n" + update)
    wrong = quick.replace("running = None", "optimizer.param_groups[0]['lr'] *= 1.5\n    running = None")
    sixdays.write("policy_gradient.py", slow)
    ends = ("a/policy_gradient.py", "b/policy_gradient.py")
    for file, text in (("right.diff", quick), ("wrong.diff", wrong)):
        sixdays.write(file, "".join(unified_diff(slow.splitlines(True), text.splitlines(True), *ends)))
    command = ("--budget", budget, "--json", "--try", "wrong.diff", "--try", "right.diff", "--", *chosen.argv())
    ran = sixdays("faster", *command)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["unit"] == "optimiser step"
    assert found["diagnosis"][0]["line"] == slow[: slow.index("__import__")].count("\n") + 1
    (given,) = [k for k in found["kept"] if k["lever"] == "given"]
    assert (given["patch"], given["class"], given["unchecked"]) == ("right.diff", "same", None)
    (out,) = [t for t in found["thrown_out"] if t["lever"] == "given"]
    assert out["text"] == "the patch wrong.diff"
    assert "the parameters had moved" in out["why"]
    assert found["confirmed"]
    assert found["pairs"] >= 3
    assert "-    __import__('time').sleep(0.1)" in found["delivery"]["diff"]
    assert "lr" not in found["delivery"]["diff"]
    assert found["delivery"]["argv"][: len(chosen.argv())] == list(chosen.argv())
    assert sixdays.read("policy_gradient.py") == slow
