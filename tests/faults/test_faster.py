"""`sixdays faster` on scripts that misbehave: a clear sentence, nothing of the user's changed, no process left."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.command import Sixdays
from tests.leaving import left, tree
from tests.needed import needed
from tests.scripts import FOLDER, script

from sixdays.errors import RunError
from sixdays.faster.model import Command, Machine, Profile, Trace
from sixdays.probes.proposer import proposed
from sixdays.probes.scratch import scratch

NAMES = ("mein Projekt é中", "tmp")  # a folder with a space and letters with marks, and one for copies


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


class Projects:
    """The scripts in a project of their own, which no run of `faster` may change; copies go beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tmp = (folder / name for name in NAMES)
        self.tmp.mkdir()
        shutil.copytree(FOLDER, self.folder, ignore=shutil.ignore_patterns("__pycache__", "patches"))

    def start(self, *argv: str) -> subprocess.Popen[str]:
        env = {**os.environ, "TMPDIR": str(self.tmp), "NO_COLOR": "1"}
        words = (sys.executable, "-m", "sixdays", "faster", *argv)
        return subprocess.Popen(
            words, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *commands: Sequence[str]) -> list[Ended]:
        """All of them at once; afterwards nothing is left of them, and the project is as it was."""
        before = tree(self.folder)
        started = [self.start(*argv) for argv in commands]
        ended = [(*p.communicate(timeout=120), p.returncode) for p in started]
        assert left(str(self.tmp)) == []
        assert list(self.tmp.iterdir()) == []
        assert tree(self.folder) == before
        assert not any("Traceback" in err and "sixdays" in err for _, err, _ in ended)
        return [Ended(code, " ".join(out.split()), " ".join(err.split())) for out, err, code in ended]


@pytest.fixture
def projects(tmp_path: Path) -> Projects:
    return Projects(tmp_path)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("crashes", 6, "exit code 3"),
        ("hangs", 6, "its progress stopped"),
        ("needs_tty", 6, "needs a terminal"),
        ("reads_stdin", 6, "reads from the keyboard"),
        ("needs_gpu", 6, "needs a device"),
        ("ends_at_once", 6, "too short to measure"),
        ("silent", 6, "no progress was seen"),
        ("leaves_children", 0, "short runs in"),
        ("ignores_term", 0, "short runs in"),
        ("changes_itself", 0, "short runs in"),
        ("help_trains", 0, "short runs in"),
    ],
)
def test_what_misbehaves_is_said_and_nothing_is_changed_or_left(
    projects: Projects, name: str, code: int, said: str
) -> None:
    chosen = script(name)
    needed(*chosen.needs)
    slow = name == "hangs" or "torch" in chosen.needs  # a look is a quarter of it, and an import may take seconds
    budget = "60s" if slow else "8s"
    (ended,) = projects.run(("--budget", budget, "--", *chosen.argv()))
    assert ended.code == code, ended.err
    assert said in (ended.out if code == 0 else ended.err)


@pytest.mark.parametrize(
    ("name", "said"),
    [("eats_memory", "GB of memory, more than is free here"), ("fills_disk", "MB, more than a short run may")],
)
def test_what_takes_more_than_the_machine_has_is_stopped(
    projects: Projects, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    """On a machine with 200 MB of either: both scripts take 64 more at each step."""
    monkeypatch.setattr("sixdays.probes.run.free_memory", lambda: 200 << 20)
    monkeypatch.setattr("sixdays.probes.run.MOST_DISK", 100 << 20)
    monkeypatch.setenv("TMPDIR", str(projects.tmp))
    before = tree(projects.folder)
    ran = Sixdays(projects.folder)("faster", "--budget", "8s", "--", *script(name).argv())
    assert ran.code == 6
    assert said in " ".join(ran.err.split())
    assert left(str(projects.tmp)) == []
    assert list(projects.tmp.iterdir()) == []
    assert tree(projects.folder) == before


def test_a_command_that_may_not_have_more_memory_says_so(projects: Projects) -> None:
    """By hand: of 700 MB, with NumPy in them, two steps of 256 can be had at most."""
    limited = f"ulimit -v 700000; OPENBLAS_NUM_THREADS=1 exec {shlex.join(script('eats_memory').argv('256'))}"
    (ended,) = projects.run(("--budget", "8s", "--", "sh", "-c", limited))
    assert ended.code == 6
    assert "GB of memory, more than is free here" in ended.err


HANGS = """\
--- a/sleeps.py
+++ b/sleeps.py
@@ -6,3 +6,5 @@
 
 steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
+while True:
+    time.sleep(1)
 position, goal = 0.0, 1.0
"""


def test_a_patch_that_hangs_is_thrown_out_within_the_budget(projects: Projects) -> None:
    (projects.folder / "hangs.diff").write_text(HANGS, encoding="utf-8")
    (ended,) = projects.run(("--budget", "24s", "--json", "--try", "hangs.diff", "--", *script("sleeps").argv()))
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    (thrown,) = found["thrown_out"]
    assert (thrown["text"], thrown["why"]) == ("the patch hangs.diff", "it did not get as far as the command itself")
    assert found["kept"] == []
    assert found["seconds"] < 24.0 * 1.1


def test_of_two_at_once_the_later_one_says_so_and_both_answer(projects: Projects) -> None:
    command = ("--budget", "10s", "--", *script("sleeps").argv())
    first, second = projects.run(command, command)
    assert (first.code, second.code) == (0, 0)
    assert "Another sixdays faster of yours" in first.err + second.err


PROPOSER = """\
import json, os, subprocess, sys
asked = json.load(sys.stdin)
assert asked["schema"] == 1 and "sleeps.py" in asked["sources"] and os.getcwd() == asked["root"], asked
open("notes.txt", "w").write("mine")
subprocess.Popen(["sleep", "600"], start_new_session=True)
sys.stdout.buffer.write({answer})
"""


@pytest.fixture
def proposer(projects: Projects, tmp_path: Path) -> Callable[[str], str]:
    """A command line, from the project's folder, of a program that answers so."""

    def write(answer: str) -> str:
        (tmp_path / "propose.py").write_text(PROPOSER.format(answer=answer), encoding="utf-8")
        return f"{sys.executable} ../propose.py"

    return write


def test_what_a_proposer_answers_is_tried_and_may_be_wrong(projects: Projects, proposer: Callable[[str], str]) -> None:
    wrong = r"b'here you are:\n--- a/sleeps.py\n+++ b/sleeps.py\n@@ -1,1 +1,1 @@\n-no such line\n+x\n'"
    asked = ("--budget", "16s", "--propose", proposer(wrong))
    (ended,) = projects.run((*asked, "--", *script("sleeps").argv()))
    assert ended.code == 0, ended.err
    assert "the patch --propose does not apply" in ended.out


def test_a_right_patch_of_a_proposer_is_kept_and_delivered(projects: Projects, proposer: Callable[[str], str]) -> None:
    right = r"b'quicker:\n--- a/sleeps.py\n+++ b/sleeps.py\n@@ -9,3 +9,3 @@\n for step in range(1, steps + 1):\n"
    right += r"-    time.sleep(0.02)\n+    time.sleep(0.004)\n     position += 0.1 * (goal - position)\n'"
    asked = ("--budget", "20s", "--json", "--propose", proposer(right))
    (ended,) = projects.run((*asked, "--", *script("sleeps").argv()))
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    (kept,) = found["kept"]
    assert (kept["lever"], kept["names"], kept["class"]) == ("given", ["--propose"], "same")
    assert kept["patch"] is None  # it has no file: the delivery has it
    assert found["confirmed"]
    assert "- time.sleep(0.02)\n+ time.sleep(0.004)\n" in found["delivery"]["diff"]  # its spaces are one here
    assert found["delivery"]["argv"] == found["command"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (r"b'nothing comes to my mind \xff'", "answered without a diff"),
        (r"b'--- a/sleeps.py\n' + b'-x\n' * 500_000", "answered with more than 1 MB"),
        (r"b''); sys.exit('no key'", "ended with exit status 1: no key"),
        (r"b''); import time; time.sleep(60", "gave no answer in 3 s"),
    ],
)
def test_a_proposer_works_in_a_copy_and_nothing_of_it_stays(
    projects: Projects, proposer: Callable[[str], str], answer: str, said: str
) -> None:
    before, command = tree(projects.folder), Command(script("sleeps").argv(), str(projects.folder))
    sources = {"sleeps.py": (FOLDER / "sleeps.py").read_text(encoding="utf-8")}
    profile = Profile(command, Trace(), Machine(2), sources=sources)
    env = {**os.environ, "TMPDIR": str(projects.tmp)}
    with scratch(str(projects.folder), env) as copies, pytest.raises(RunError, match=said):
        proposed(shlex.split(proposer(answer)), profile, (), copies, env, 3.0)
    assert left(str(projects.tmp)) == []
    assert tree(projects.folder) == before
