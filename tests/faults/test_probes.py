"""Commands that misbehave in a probe: a clear sentence, nothing of the user's changed, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.leaving import left, tree

from sixdays.errors import RunError
from sixdays.faster.model import Candidate, Command, Machine, Trace
from sixdays.faster.unit import Unit
from sixdays.probes.inspect import help_of, refusal
from sixdays.probes.run import Stop, probe, run
from sixdays.probes.scratch import scratch

ENV = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]), "LANG": "C.UTF-8"}
HERE = Machine(cores=2)
STEP = Unit("printed", ("step #", "0"), 'the number "step"', "step")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space and letters with marks; at the end it is as it was before the probes, and nothing runs."""
    folder = tmp_path / "mein Projekt é中"
    folder.mkdir()
    (folder / "data.txt").write_text("1 2 3\n", encoding="utf-8")
    yield folder
    assert left(str(tmp_path)) == []
    assert not list((tmp_path / "tmp").glob("*")) if (tmp_path / "tmp").exists() else True


def script(project: Path, text: str) -> Command:
    (project / "train.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return Command(("python", "train.py"), str(project))


def try_out(command: Command, *setting: Candidate, **stop: Any) -> Trace:
    """The trace of one probe, after which the project is byte for byte what it was."""
    root = Path(command.root)
    before = tree(root)
    room = root.parent / "tmp"
    room.mkdir(exist_ok=True)
    wanted = {"seconds": 60.0, **stop}
    try:
        with scratch(command.root, {**ENV, "HOME": "/nowhere", "TMPDIR": str(room)}) as copies:
            (trace,) = probe(copies, command, setting, stop=Stop(**wanted))
            assert left(copies.path) == []
    finally:
        assert tree(root) == before
    return trace


def why(command: Command, trace: Trace) -> str:
    return refusal(command, HERE, trace, env=ENV, host="desk")


def test_a_command_that_is_not_there_is_named_with_the_nearest_that_is(project: Path) -> None:
    with pytest.raises(RunError, match="pythn: command not found") as caught:
        try_out(Command(("pythn", "train.py"), str(project)))
    assert caught.value.hint == 'did you mean "python"?'


def test_a_script_without_its_interpreter_says_how_to_start_it(project: Path) -> None:
    script(project, "print(1)")
    with pytest.raises(RunError, match="not executable") as caught:
        try_out(Command(("./train.py",), str(project)))
    assert caught.value.hint == "name the interpreter: python train.py"
    with pytest.raises(RunError, match="command not found") as caught:
        try_out(Command(("train.py",), str(project)))
    assert caught.value.hint == "say: python train.py"


def test_an_interpreter_that_is_gone_is_named(project: Path) -> None:
    script(project, "#!/opt/gone/bin/python\nprint(1)")
    (project / "train.py").chmod(0o755)
    with pytest.raises(RunError, match="cannot be started") as caught:
        try_out(Command(("./train.py",), str(project)))
    assert "/opt/gone/bin/python, which is not there" in caught.value.hint


def test_the_wrong_interpreter_is_told_by_the_module_that_it_lacks(project: Path) -> None:
    command = script(project, "import a_module_of_another_environment")
    trace = try_out(command)
    assert trace.exit == 1
    assert "has no module a_module_of_another_environment" in why(command, trace)


def test_a_command_that_asks_at_the_keyboard_ends_and_says_so(project: Path) -> None:
    command = script(project, "input('Continue? ')")
    assert "reads from the keyboard" in why(command, try_out(command))


def test_a_command_that_needs_a_terminal_says_so(project: Path) -> None:
    command = script(project, "import curses\ncurses.setupterm()\ncurses.initscr()\ncurses.cbreak()")
    trace = try_out(command)
    assert "needs a terminal" in why(command, trace)


def test_a_command_that_ends_at_once_is_too_short_to_measure(project: Path) -> None:
    command = script(project, "print('done')")
    trace = try_out(command)
    assert (trace.exit, trace.stopped, [p.text for p in trace.printed]) == (0, "", ["done"])
    assert "too short" in why(command, trace)


def test_a_crash_is_told_with_its_last_lines(project: Path) -> None:
    command = script(project, "print('epoch 1')\nraise ValueError('no such data set')")
    trace = try_out(command)
    assert (trace.exit, trace.failed) == (1, True)
    assert "exit code 1" in why(command, trace)
    assert "ValueError: no such data set" in why(command, trace)
    assert 'File "train.py", line 2' in why(command, trace)  # not that of the copy


def test_a_death_by_signal_is_not_taken_for_ours(project: Path) -> None:
    command = script(project, "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    trace = try_out(command)
    assert (trace.signal, trace.exit, trace.stopped) == (signal.SIGSEGV, None, "")
    assert "killed by signal 11" in why(command, trace)


def test_a_command_that_hangs_is_stopped(project: Path) -> None:
    command = script(project, "import time\nwhile True:\n    time.sleep(60)")
    trace = try_out(command, seconds=1.0)
    assert (trace.stopped, trace.exit, trace.signal, trace.failed) == ("time", None, None, False)
    assert "no progress was seen" in why(command, trace)


def test_a_command_that_ignores_term_is_killed(project: Path) -> None:
    command = script(
        project,
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for i in range(5):
            print("step", i)
        while True:
            time.sleep(60)
        """,
    )
    trace = try_out(command, unit=STEP, events=4)
    assert (trace.stopped, trace.exit, trace.signal) == ("units", None, None)
    assert len(trace.printed) == 5


def test_a_number_that_is_printed_ends_a_probe_when_it_has_grown_far_enough(project: Path) -> None:
    command = script(project, "import time\nfor i in range(10**6):\n    print('step', i)\n    time.sleep(0.01)")
    with scratch(str(project), {**ENV, "TMPDIR": str(project.parent)}) as copies:
        (trace,) = probe(copies, command, stop=Stop(60.0, STEP, 20))
    assert trace.stopped == "units"
    assert len(trace.printed) >= 21
    assert why(command, trace) == ""


def test_children_that_went_off_as_daemons_are_ended_too(project: Path) -> None:
    command = script(
        project,
        """
        import os, subprocess, sys, time
        sleep = [sys.executable, "-c", "import time; time.sleep(300)"]
        subprocess.Popen(sleep)
        subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.DEVNULL)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(300)
            os._exit(0)
        print("parent leaves", flush=True)
        """,
    )
    trace = try_out(command)
    assert (trace.exit, trace.stopped) == (0, "")


def test_a_command_that_takes_all_memory_is_stopped(project: Path) -> None:
    command = script(
        project,
        """
        import time
        held = []
        for i in range(40):
            held.append(bytearray(b"x") * (20 << 20))
            time.sleep(0.05)
        time.sleep(60)
        """,
    )
    trace = try_out(command, memory_bytes=150 << 20)
    assert (trace.stopped, trace.failed) == ("memory", True)
    assert trace.peak_bytes > 150 << 20
    assert "of memory" in why(command, trace)


def test_one_file_that_grows_without_end_is_cut_off(project: Path) -> None:
    command = script(project, "f = open('out.bin', 'wb')\nwhile True:\n    f.write(bytes(1 << 20))")
    trace = try_out(command, disk_bytes=20 << 20)
    assert trace.failed
    assert trace.wrote <= 21 << 20
    assert "had written" in why(command, trace)


def test_many_files_that_fill_the_disk_are_stopped(project: Path) -> None:
    command = script(
        project,
        """
        import pathlib, time
        for i in range(10**6):
            pathlib.Path(f"out{i}.bin").write_bytes(bytes(1 << 20))
            time.sleep(0.01)
        """,
    )
    trace = try_out(command, disk_bytes=20 << 20)
    assert (trace.stopped, trace.failed) == ("disk", True)
    assert "had written" in why(command, trace)


def test_a_flood_of_lines_keeps_the_first_and_the_last(project: Path) -> None:
    command = script(
        project,
        """
        import sys
        sys.stdout.write("first\\n")
        for i in range(60):
            sys.stdout.write("x" * 999_999 + "\\n" + "line\\n" * 1000)
        sys.stdout.write("last\\n")
        """,
    )
    trace = try_out(command, seconds=60.0)
    texts = [p.text for p in trace.printed]
    assert (texts[0], texts[-1], trace.exit) == ("first", "last", 0)
    assert len(texts) == 22_000
    assert max(map(len, texts)) <= 4_000


def test_a_command_that_changes_its_own_files_changes_the_copy(project: Path) -> None:
    command = script(
        project,
        """
        import os, pathlib, shutil
        pathlib.Path("data.txt").write_text("other")
        pathlib.Path("runs").mkdir()
        pathlib.Path("runs/model.bin").write_bytes(bytes(1000))
        pathlib.Path("plot.png").write_bytes(b"picture")
        os.unlink("train.py")
        """,
    )
    trace = try_out(command)
    assert trace.wrote == 5 + 1000 + 7
    assert list(trace.figures) == ["plot.png"]


def test_a_copy_is_clean_again_for_the_next_probe(project: Path) -> None:
    command = script(
        project,
        """
        import os, pathlib, shutil
        print(sorted(os.listdir()), pathlib.Path("data.txt").read_text().strip())
        os.unlink("data.txt")
        os.mkdir("data.txt")
        pathlib.Path("data.txt/new").write_text("x")
        shutil.rmtree("sub")
        pathlib.Path("sub").write_text("x")
        """,
    )
    (project / "sub").mkdir()
    (project / "sub" / "kept.txt").write_text("kept", encoding="utf-8")
    with scratch(str(project), {**ENV, "TMPDIR": str(project.parent)}) as copies:
        printed = [probe(copies, command, stop=Stop(60.0))[0].printed[0].text for _ in range(3)]
        assert len(list(Path(copies.path).iterdir())) == 2  # the pristine one, and one used again
    assert printed == ["['data.txt', 'sub', 'train.py'] 1 2 3"] * 3


def test_what_is_printed_of_scratch_folders_is_the_same_in_all_of_them(project: Path) -> None:
    """As scripts say where they are, at their start: copies side by side run in folders of other numbers."""
    lines = "import os, tempfile\nprint(os.getcwd())\nprint(os.path.join(os.getcwd(), 'a.pt'), tempfile.gettempdir())"
    command, two = script(project, lines), Candidate("copies", "2", "2 copies", "same", copies=2)
    with scratch(str(project), {**ENV, "TMPDIR": str(project.parent)}) as copies:
        printed = [tuple(p.text for p in t.printed) for t in probe(copies, command, (two,), stop=Stop(60.0))]
    assert printed[0] == printed[1]
    assert printed[0][0] == str(project)
    assert printed[0][1].startswith("a.pt /scratch")


def test_two_at_once_do_not_meet(project: Path) -> None:
    command = script(
        project,
        """
        import os, pathlib, time
        mine = str(os.getpid())
        pathlib.Path("data.txt").write_text(mine)
        time.sleep(0.3)
        print(pathlib.Path("data.txt").read_text() == mine)
        """,
    )
    before = tree(project)
    env = {**ENV, "TMPDIR": str(project.parent)}
    with scratch(str(project), env) as one, scratch(str(project), env) as two:
        places = [one.fresh(command), two.fresh(command), two.fresh(command)]
        traces = run(places, stop=Stop(60.0))
    assert [t.printed[0].text for t in traces] == ["True"] * 3
    assert len({p.mark for p in places}) == 3
    assert tree(project) == before


PATCH = """\
--- a/train.py
+++ b/train.py
@@ -1 +1 @@
-print("slow")
+{new}
"""


def patched(patch: str) -> Candidate:
    return Candidate("given", "mine.diff", "a patch", "same", patch=patch)


def test_a_patch_is_applied_in_the_copy_alone(project: Path) -> None:
    command = script(project, 'print("slow")\n')
    trace = try_out(command, patched(PATCH.format(new='print("fast")')))
    assert trace.printed[0].text == "fast"


@pytest.mark.parametrize(("file", "patch"), [("\r\n", "\n"), ("\n", "\r\n"), ("\r\n", "\r\n")])
def test_a_patch_whose_lines_end_otherwise_is_applied_with_the_ends_of_the_file(
    project: Path, file: str, patch: str
) -> None:
    command = script(project, "")
    (project / "train.py").write_bytes(f'print("slow"){file}{file}print(open("train.py", "rb").read()){file}'.encode())
    lines = '--- a/train.py\n+++ b/train.py\n@@ -1,3 +1,3 @@\n-print("slow")\n+x = 1\n\n print(open("train.py", "rb").read())\n'
    trace = try_out(command, patched(lines.replace("\n", patch)))
    assert trace.printed[0].text.startswith(repr(f"x = 1{file}{file}print".encode())[:-1])


def test_a_patch_that_does_not_apply_is_refused_with_the_reason_of_git(project: Path) -> None:
    command = script(project, 'print("another")\n')
    with pytest.raises(RunError, match=r"the patch mine\.diff does not apply: patch failed: train\.py:1"):
        try_out(command, patched(PATCH.format(new="x = 1")))


def test_a_patch_that_is_none_is_refused(project: Path) -> None:
    with pytest.raises(RunError, match="does not apply"):
        try_out(script(project, "x = 1\n"), patched("please make it faster\n"))


@pytest.mark.parametrize("name", ["b/../outside.py", "/tmp/outside.py"])
def test_a_patch_that_reaches_outside_is_refused(project: Path, name: str) -> None:
    command = script(project, 'print("slow")\n')
    patch = f"--- /dev/null\n+++ {name}\n@@ -0,0 +1 @@\n+x = 1\n"
    with pytest.raises(RunError, match="outside of the project"):
        try_out(command, patched(patch))
    assert not (project.parent / "outside.py").exists()
    assert not Path("/tmp/outside.py").exists()


def test_a_patch_through_a_link_out_of_the_project_is_refused(project: Path) -> None:
    command = script(project, 'print("slow")\n')
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.py").write_text("x = 1\n", encoding="utf-8")
    (project / "linked").symlink_to(elsewhere)
    with pytest.raises(RunError, match="outside of the project"):
        try_out(command, patched("--- a/linked/a.py\n+++ b/linked/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"))
    assert (elsewhere / "a.py").read_text(encoding="utf-8") == "x = 1\n"


def test_a_patch_that_makes_the_command_hang_is_stopped(project: Path) -> None:
    command = script(project, 'print("slow")\n')
    trace = try_out(command, patched(PATCH.format(new='__import__("time").sleep(300)')), seconds=1.0)
    assert trace.stopped == "time"


def test_a_help_that_runs_the_training_is_not_waited_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixdays.probes.inspect.HELP_S", 1.0)
    command = script(
        project,
        """
        import argparse, time
        parser = argparse.ArgumentParser(add_help=False)
        parser.add_argument("--eval-every", type=int, default=10, help="how often")
        parser.parse_known_args()
        while True:
            time.sleep(0.1)
        """,
    )
    before = tree(project)
    with scratch(str(project), {**ENV, "TMPDIR": str(project.parent)}) as copies:
        assert help_of(command, copies) == ""
    assert tree(project) == before


def test_a_script_without_a_parser_is_never_asked_for_help(project: Path) -> None:
    command = script(project, "import pathlib\npathlib.Path('/tmp/asked').touch()")
    with scratch(str(project), {**ENV, "TMPDIR": str(project.parent)}) as copies:
        assert help_of(command, copies) == ""
        assert len(list(Path(copies.path).iterdir())) == 1  # no copy was even made


def test_a_large_file_that_is_written_through_its_link_is_reported_loudly(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sixdays.probes.copying.LARGE", 1000)
    (project / "big.mp4").write_bytes(bytes(2000))
    command = script(project, "import subprocess\nsubprocess.run('echo >> big.mp4', shell=True)")
    with (
        scratch(str(project), {**ENV, "TMPDIR": str(project.parent)}) as copies,
        pytest.raises(RunError, match=r"big\.mp4 changed during a short run"),
    ):
        probe(copies, command, stop=Stop(60.0))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_interrupts_us_leaves_nothing_behind(project: Path, number: signal.Signals) -> None:
    script(project, "import time\nprint('on', flush=True)\ntime.sleep(300)")
    ours = """
        import sys
        from sixdays.faster.model import Command
        from sixdays.probes.run import Stop, probe
        from sixdays.probes.scratch import scratch
        root, tmp = sys.argv[1:]
        with scratch(root, {"PATH": PATH, "TMPDIR": tmp}) as copies:
            probe(copies, Command(("python", "train.py"), root), stop=Stop(60.0, enough=lambda t: print("on", flush=True)))
    """
    text = f"PATH = {ENV['PATH']!r}\n" + textwrap.dedent(ours)
    tmp = project.parent / "tmp"
    tmp.mkdir()
    before = tree(project)
    with subprocess.Popen(
        [sys.executable, "-c", text, str(project), str(tmp)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as us:
        assert us.stdout is not None
        assert us.stdout.readline() == b"on\n"
        us.send_signal(number)
        us.stdout.read()
        assert us.wait(timeout=30) != 0
    assert left(str(tmp)) == []
    assert list(tmp.iterdir()) == []
    assert tree(project) == before


@pytest.mark.parametrize("root", ["/", str(Path.home())])
def test_no_copy_is_made_of_the_whole_disk_or_of_the_home_folder(root: str) -> None:
    with (
        pytest.raises(RunError, match="no folder of a project") as caught,
        scratch(root, {**ENV, "HOME": str(Path.home())}),
    ):
        pass
    assert "cd PROJECT" in caught.value.hint


def test_a_folder_of_too_many_files_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sixdays.probes.copying.MOST_FILES", 0)
    with pytest.raises(RunError, match="too many to copy"), scratch(str(project), ENV):
        pass


def test_what_is_written_elsewhere_is_named(project: Path) -> None:
    elsewhere = project.parent / "elsewhere.log"
    command = script(project, f"import time\nf = open({str(elsewhere)!r}, 'w')\nopen('here.log', 'w')\ntime.sleep(1.5)")
    assert try_out(command).outside == (str(elsewhere),)
