"""`sixdays faster` as a user calls it: on commands that are slow on purpose, so that what helps is plain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import sixdays as public
from sixdays.app import wanted
from sixdays.app.delivering import put_in
from sixdays.app.settings import Options
from sixdays.app.tries import tries
from sixdays.cli.faster import _put_in
from sixdays.errors import RunError
from sixdays.faster.model import Trace
from sixdays.faster.report import Delivery
from sixdays.faster.search import Search
from sixdays.probes.machine import machine
from sixdays.probes.putting import put_patch
from tests.command import Sixdays

# A step sleeps 2 ms, an evaluation 30 ms; nothing is computed, so a busy machine changes little.
SLOW = """\
import argparse, time
parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=100000, help="how many steps the training has")
parser.add_argument("--eval-every", type=int, default=1, help="steps between evaluations")
args = parser.parse_args()
def evaluate(step):
    time.sleep(0.03)
    print(f"evaluated at {step}: {step % 7}")
for step in range(1, args.steps + 1):
    time.sleep(0.002)
    print(f"step {step}")
    if args.eval_every and step % args.eval_every == 0:
        evaluate(step)
"""
PLAN = """\
zone: UTC
tasks:
  train: {takes: 2d to 4d, seeds: 3, run: "%s slow.py"}
  write: {takes: 8h, after: train}
targets: {paper: {deadline: 2031-05-04 00:00 UTC}}
"""
NOW = ("--now", "2031-05-01T00:00:00Z", "--draws", "1000")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_option_that_evaluates_too_often_is_found_and_nothing_of_the_user_changes(sixdays: Sixdays) -> None:
    sixdays.write("slow.py", SLOW)
    before = tree(sixdays.folder)
    ran = sixdays("faster", "--budget", "25s", "--json", "--", sys.executable, "slow.py")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["confirmed"]
    assert found["factor"]["value"] > 2.0
    assert found["factor"]["low"] > 1.08
    assert found["unit"] == "step"
    assert found["length"] == 100000
    (kept,) = [k for k in found["kept"] if k["lever"] == "flags"]
    assert kept["class"] == "same"
    assert "--eval-every" in found["delivery"]["argv"]
    assert found["seconds"] < 25 * 1.1 + 2
    assert tree(sixdays.folder) == before


def test_a_task_of_the_plan_moves_the_odds_and_is_recorded(sixdays: Sixdays) -> None:
    sixdays.write("slow.py", SLOW)
    machines = "resources: {gpus: 4}\n" + PLAN.replace("seeds: 3", "seeds: 3, needs: {gpus: 1}")
    sixdays.write("plan.yaml", machines % sys.executable)
    refused = sixdays("faster", "train", "--budget", "20s", *NOW)
    assert refused.code == 2
    assert "slow.py" in refused.err
    ran = sixdays("faster", "train", "--budget", "20s", "--yes", *NOW)
    assert ran.code == 0, ran.err
    assert "paper: odds" in ran.out
    last = [ran.out.index(said) for said in ("To have it", "Time to answer", "paper: odds")]
    assert last == sorted(last)
    (record,) = [r for r in records(sixdays.folder) if r["kind"] == "speed-up measured"]
    assert record["data"]["task"] == "train"
    assert {"pairs", "phase", "clock", "load", "threads"} <= record["data"].keys()
    if not machine(os.environ, 0.01).gpus:
        assert "train needs gpus; here is no GPU" in " ".join(ran.out.split())
    asked = sixdays("odds", *NOW, "--no-record")
    assert "times faster, as measured?" in asked.out


def place_in(folder: Path) -> wanted.Place:
    return wanted.Place({}, str(folder), "here", Path("/nowhere"))


def test_a_command_that_is_the_run_of_a_task_is_that_task(sixdays: Sixdays, monkeypatch: pytest.MonkeyPatch) -> None:
    sixdays.write("plan.yaml", (PLAN % "python").replace("2d to 4d", "5M steps at 900/s"))
    monkeypatch.chdir(sixdays.folder)
    place = place_in(sixdays.folder)
    options = Options(datetime(2031, 5, 1, tzinfo=UTC), UTC)
    found = wanted.asked_for(["python", "slow.py"], options, place, is_command=True)
    assert found.task is not None
    assert (found.task.name, found.seeds, found.typed) == ("train", 3, True)
    wanted.allow(found, place)  # who typed it has seen it
    other = wanted.asked_for(["python", "other.py"], options, place, is_command=True)
    assert (other.task, other.seeds) == (None, 1)
    (sixdays.folder / "plan.yaml").write_text("tasks: {a: {takes: 4d to 2d}}", encoding="utf-8")
    assert wanted.asked_for(["python", "slow.py"], options, place, is_command=True).task is None


@pytest.mark.parametrize(
    ("accept", "classes"),
    [
        ("changed", ("same", "equivalent", "changed")),
        ("same", ("same",)),
        ("same,less", ("same", "less")),
        ("equivalent", ("same", "equivalent")),
    ],
)
def test_other_classes_widen_what_is_accepted(tmp_path: Path, accept: str, classes: tuple[str, ...]) -> None:
    options = Options(datetime(2031, 5, 1, tzinfo=UTC), UTC)
    place = place_in(tmp_path)
    assert wanted.asked_for(["x"], options, place, is_command=True, plan="", accept=accept).accept == classes


def test_the_line_that_takes_a_diff_back_works_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "a file.py").write_text("x = 1\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    diff = "--- a/a file.py\t\n+++ b/a file.py\t\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
    back = put_in(Delivery((), diff=diff, root=str(tmp_path)), "now")
    assert (tmp_path / "a file.py").read_text(encoding="utf-8") == "x = 2\n"
    subprocess.run(back, shell=True, cwd="/", check=True)
    assert (tmp_path / "a file.py").read_text(encoding="utf-8") == "x = 1\n"


def test_a_diff_of_a_script_in_another_encoding_is_put_in_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# \xe9t\xe9\nx = 1\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    diff = b"--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n # \xe9t\xe9\n-x = 1\n+x = 2\n".decode("utf-8", "surrogateescape")
    made = Delivery((), diff=diff, root=str(tmp_path))
    back = put_in(made, "now")
    assert (tmp_path / "a.py").read_bytes() == b"# \xe9t\xe9\nx = 2\n"
    json.dumps(made.to_dict(), ensure_ascii=False).encode("utf-8")
    with pytest.raises(RunError, match="does not apply any more"):
        put_in(made, "now")  # the reverse of the first stays, none of the second is left
    assert [p.name for p in (tmp_path / ".sixdays" / "faster").iterdir()] == ["now.diff"]
    subprocess.run(back, shell=True, cwd="/", check=True)
    assert (tmp_path / "a.py").read_bytes() == b"# \xe9t\xe9\nx = 1\n"


def test_what_is_shown_before_a_yes_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _put_in(Delivery((), diff="--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+\x1b[2Jy\n"), True, "now", yes=False)
    said = capsys.readouterr().err
    assert "+·[2Jy" in said
    assert "\x1b" not in said


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted((folder / "journal").rglob("*.json"))]


def test_an_interrupt_gives_what_is_known_and_leaves_no_process(tmp_path: Path) -> None:
    project, tmp = tmp_path / "project", tmp_path / "tmp"
    project.mkdir()
    tmp.mkdir()
    (project / "slow.py").write_text(SLOW, encoding="utf-8")
    argv = (sys.executable, "-m", "sixdays", "faster", "--", sys.executable, "slow.py")
    process = subprocess.Popen(
        argv, cwd=project, env={**os.environ, "TMPDIR": str(tmp)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stdout is not None
    assert any("once more" in line for line in process.stderr)  # from here on something is known
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Interrupted" in out
    assert "steps a second" in out
    assert "It was stopped at: " in out
    assert not [p for p in Path("/proc").glob("[0-9]*/cwd") if _leads(p).startswith(str(tmp))]
    assert not list(tmp.iterdir())


def test_an_interrupt_in_the_first_look_gives_its_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")

    def interrupted(self: Search, trace: Trace) -> bool:
        if len(trace.printed) > 30:
            raise KeyboardInterrupt
        return False

    monkeypatch.setattr(Search, "_look_until", interrupted)
    found = public.find_speedups([sys.executable, "slow.py"], budget=60.0, cwd=tmp_path)
    assert found.interrupted
    assert found.unit == "step"
    assert 0.0 < found.rate_before < 500.0
    assert found.length_text
    assert "It was stopped at: the command as it is." in found.notes
    assert found.seconds < 30.0


def _leads(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def test_the_ten_minute_list_runs_nothing(sixdays: Sixdays) -> None:
    sixdays.write("train.py", "open('ran', 'w')\nfor i in range(9):\n    plt.savefig('x.png')\n")
    ran = sixdays("faster")
    assert ran.code == 0, ran.err
    assert "Nothing was run" in ran.out
    assert not (sixdays.folder / "ran").exists()


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("faster", "--try", "x.diff", "--apply"), 2, "--try, --apply: without a command"),
        (("faster", "--keep", "--", "true"), 2, "no task of a plan here runs this command"),
        (("faster", "--", "no-such-program"), 6, "no-such-program"),
        (("faster", "train"), 3, "there is no such plan"),
        (("faster", "python", "train.py", "--seeds", "3"), 2, "a command stands after --"),
        (("faster", "--budget", "soon", "--", "true"), 2, "--budget"),
        (("faster", "--accept", "smae", "--", "true"), 2, "same"),
        (("faster", "--try", "missing.diff", "--", "true"), 2, "no such file"),
        (("faster", "--", "true"), 6, "too short"),
        (("faster", "--", "python", "trian.py"), 6, 'did you mean "train.py"?'),
        (("faster", "--", "sh", "-c", "echo no; exit 3"), 6, "exit code 3"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(
    sixdays: Sixdays, argv: tuple[str, ...], code: int, said: str
) -> None:
    sixdays.write("train.py", "")
    ran = sixdays(*argv)
    assert ran.code == code, ran.err
    assert said in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_the_python_name_gives_the_same_value(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    told: list[object] = []
    found = public.find_speedups([sys.executable, "slow.py"], budget=20.0, cwd=tmp_path, tell=told.append)
    assert found.factor.value > 2.0
    assert found.to_dict()["schema"] == 1
    assert told


def test_the_ten_minute_list_rests_on_the_logs_that_lie_there(sixdays: Sixdays) -> None:
    """By hand: of five lines four take a second and one six, so half of the time goes in pauses every 500 steps."""
    lines, now = ["step,return,time"], 1_700_000_000.0
    for i in range(21):
        lines.append(f"{100 * i},{i / 7},{now}")
        now += 6.0 if i % 5 == 4 else 1.0
    sixdays.write("runs/a/progress.csv", "\n".join(lines) + "\n")
    items = json.loads(sixdays("faster", "--json").out)["items"]
    (item,) = (i for i in items if "runs/a/progress.csv" in i["evidence"])
    assert item["evidence"].endswith("50 % of the wall time in pauses every 500 steps")
    assert item["bound"] == pytest.approx(2.0, rel=0.02)


def test_a_patch_that_cannot_be_put_in_is_thrown_out_before_anything_is_run(sixdays: Sixdays) -> None:
    sixdays.write("slow.py", SLOW)
    sixdays.write("other.diff", "--- a/slow.py\n+++ b/slow.py\n@@ -1,2 +1,2 @@\n-nothing like it\n+x\n y\n")
    outside = f"--- a/{sixdays.folder}/../x\n+++ b/{sixdays.folder}/../x\n@@ -0,0 +1 @@\n+x\n"
    sixdays.write("outside.diff", outside)
    command = (
        "faster",
        "--budget",
        "6s",
        "--try",
        "other.diff",
        "--try",
        "outside.diff",
        "--",
        sys.executable,
        "slow.py",
    )
    ran = sixdays(*command)
    said = [line for line in ran.err.splitlines() if line.startswith("  ") and "  note  " not in line]
    assert "thrown out" in said[0]
    assert "thrown out" in said[1]
    assert "/s" in said[2]
    assert not (sixdays.folder.parent / "x").exists()


@pytest.mark.parametrize("ends", ["", "\n", "\n\n\n"])
def test_a_patch_of_two_files_is_put_in_as_assistants_write_it(tmp_path: Path, ends: str) -> None:
    """Without the lines by which git parts files, and with empty lines behind: as difflib and our own diff are."""
    made = ""
    for name in ("x.py", "y.py"):
        (tmp_path / name).write_text("a = 1\nb = 2\n", encoding="utf-8")
        made += f"--- a/{name}\n+++ b/{name}\n@@ -1,2 +1,2 @@\n-a = 1\n+a = 3\n b = 2\n"
    made += "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+c = 4"
    put_patch(str(tmp_path), ".", made + ends, dict(os.environ), "p")
    assert {p.name: p.read_text(encoding="utf-8").split("\n")[0] for p in tmp_path.iterdir()} == {
        "x.py": "a = 3", "y.py": "a = 3", "new.py": "c = 4",
    }  # fmt: skip


def test_a_patch_without_prefixes_changes_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name in ("src/train.py", "train.py"):
        (tmp_path / name).write_text("a = 1\n", encoding="utf-8")
    patch = "--- src/train.py\n+++ src/train.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
    put_patch(str(tmp_path), ".", patch, dict(os.environ), "p")
    assert (tmp_path / "src" / "train.py").read_text(encoding="utf-8") == "a = 2\n"
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == "a = 1\n"


def test_settings_before_a_command_are_its_environment(tmp_path: Path) -> None:
    options, place = Options(datetime(2031, 5, 1, tzinfo=UTC), UTC), place_in(tmp_path)
    found = wanted.asked_for(["OMP_NUM_THREADS=1", "python", "x.py"], options, place, is_command=True, plan="")
    assert found.command.argv == ("env", "OMP_NUM_THREADS=1", "python", "x.py")
    assert tries(["A=1 python y.py"], None).commands == {"A=1 python y.py": ("env", "A=1", "python", "y.py")}


def test_what_is_tried_is_a_patch_by_what_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fast.sh").write_text("#!/bin/sh\npython x.py\n", encoding="utf-8")
    (tmp_path / "mine").write_text("--- a/x\n+++ b/x\n", encoding="utf-8")
    long = "python train.py " + " ".join(f"--option-{i}=/some/where/{i}" for i in range(60))
    found = tries(["./fast.sh", "mine", long], None)
    assert list(found.patches) == ["mine"]
    assert list(found.commands) == ["./fast.sh", long]


@pytest.mark.parametrize(
    ("run", "said"),
    [("cd sub && python x.py", "shell: true"), ("python x.py > log.txt", "shell: true"), ("python 'x.py", "quot")],
)
def test_a_run_that_needs_a_shell_says_so(sixdays: Sixdays, run: str, said: str) -> None:
    sixdays.write("plan.yaml", f'tasks: {{a: {{takes: 1h, run: "{run}"}}, b: {{takes: 1h, run: "true"}}}}')
    ran = sixdays("faster", "a", "--yes")
    assert ran.code == 2
    assert said in ran.err
    assert "mistake of ours" not in sixdays("faster", "--budget", "5s", "--", "false").err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("faster", "python", "train.py", "--epochs", "3"), "sixdays faster -- python train.py --epochs 3"),
        (("faster", "--units", "inf", "--", "true"), "not a number"),
        (("faster", "--units", "abc", "--", "true"), "not a number"),
    ],
)
def test_what_is_forgotten_or_no_number_is_told(sixdays: Sixdays, argv: tuple[str, ...], said: str) -> None:
    ran = sixdays(*argv)
    assert ran.code == 2
    assert said in ran.err
    told = json.loads(sixdays(*argv[:1], "--json", *argv[1:]).out) if argv[1] == "--units" else {"problems": [{}]}
    assert set(told) >= {"problems"}
    assert all("message" in p for p in told["problems"]) or argv[1] != "--units"


@pytest.mark.parametrize(("name", "wanted"), [("train.py", "python train.py"), ("run.sh", "./run.sh")])
def test_a_script_without_the_two_dashes_is_told_the_command(sixdays: Sixdays, name: str, wanted: str) -> None:
    (sixdays.folder / name).touch()
    ran = sixdays("faster", name)
    assert ran.code == 2
    assert f"sixdays faster -- {wanted}" in ran.err


# A step takes 20 ms, 15 of them the evaluation's, which the patch makes 1.
WAITS = """\
import time
def evaluate(step):
    time.sleep(0.015)
    print(f"evaluated at {step}: {step % 7}")
for step in range(1, 100001):
    time.sleep(0.005)
    print(f"step {step}")
    evaluate(step)
"""
QUICKER = """\
--- a/slow.py
+++ b/slow.py
@@ -1,4 +1,4 @@
 import time
 def evaluate(step):
-    time.sleep(0.015)
+    time.sleep(0.001)
     print(f"evaluated at {step}: {step % 7}")
"""


def test_what_is_found_is_put_in_and_kept_in_the_plan_and_both_are_taken_back(sixdays: Sixdays) -> None:
    sixdays.write("slow.py", WAITS)
    sixdays.write("mine.diff", QUICKER)
    plan = (PLAN % sys.executable).replace("seeds: 3, ", "")
    sixdays.write("plan.yaml", plan)
    command = ("faster", "train", "--budget", "20s", "--try", "mine.diff", "--apply", "--keep", "--yes")
    ran = sixdays(*command, *NOW)
    assert ran.code == 0, ran.err

    assert sixdays.read("slow.py") == WAITS.replace("0.015", "0.001")
    assert ran.err.index("+    time.sleep(0.001)") < ran.err.index("\nput in\n")  # shown first
    back = ran.err.partition("taken back by: ")[2].partition("\n")[0]
    subprocess.run(back, shell=True, cwd="/", check=True)
    assert sixdays.read("slow.py") == WAITS

    (record,) = [r["data"] for r in records(sixdays.folder) if r["kind"] == "speed-up measured"]
    assert record["in_plan"]
    assert record["confirmed"]
    assert record["kept"] == ["the patch mine.diff"]
    assert "sixdays undo takes it back" in ran.out
    assert "2d to 4d" not in sixdays.read()
    asked = sixdays("odds", *NOW, "--no-record").out
    assert "as measured?" not in asked  # it is in the plan already
    assert sixdays("undo").code == 0
    assert sixdays.read() == plan


def test_copies_are_left_where_that_is_asked_for_and_said(sixdays: Sixdays, monkeypatch: pytest.MonkeyPatch) -> None:
    sixdays.write("project/slow.py", WAITS)
    room = sixdays.folder / "room"
    room.mkdir()
    monkeypatch.setenv("TMPDIR", str(room))
    project = Sixdays(sixdays.folder / "project")
    ran = project("faster", "--budget", "5s", "--keep-probes", "--", sys.executable, "slow.py")
    assert ran.code == 0, ran.err
    (left,) = room.iterdir()
    assert f"the copies are in {left}" in ran.err
    for copy in (left / "pristine", left / "1"):
        assert (copy / "project" / "slow.py").read_text(encoding="utf-8") == WAITS
    assert tree(project.folder) == {"slow.py": WAITS.encode()}
