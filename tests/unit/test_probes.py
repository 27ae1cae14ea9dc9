"""What a probe is made of: the copy, the first line of a script, what a command is, what it prints."""

from __future__ import annotations

import ast
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.needed import needed

from sixdays.app.delivering import delivery
from sixdays.errors import RunError
from sixdays.faster.model import Candidate, Command, Frame, Machine, Printed, Stack, Trace
from sixdays.faster.options import options_of
from sixdays.faster.preload import with_first_line
from sixdays.faster.unit import Unit, done, track, unit_of
from sixdays.probes import copying
from sixdays.probes.entry import entry_of
from sixdays.probes.inspect import configs_of, help_of, machine, refusal, sources_of
from sixdays.probes.leading import Leading
from sixdays.probes.machine import free_memory
from sixdays.probes.run import Stop, _counted, probe
from sixdays.probes.scratch import Overwritten, scratch
from sixdays.probes.traces import read_trace
from sixdays.processes import MARK, Output, Process, attend, members, started


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("x = 1\n", "import f\nx = 1\n"),
        ("", "import f\n"),
        ("#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nx = 1\n", "#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nimport f\nx = 1\n"),
        ('"""Doc\nstring."""\n\nx = 1\n', '"""Doc\nstring."""\nimport f\n\nx = 1\n'),
        ("'doc'\nfrom __future__ import annotations\nfrom __future__ import division\nx = 1\n", "'doc'\nfrom __future__ import annotations\nfrom __future__ import division\nimport f\nx = 1\n"),
        ("'doc'; x = 1\n", "'doc'\nimport f\nx = 1\n"),
        ("from __future__ import annotations", "from __future__ import annotations\nimport f\n"),
        ("x = 1\r\ny = 2\r\n", "import f\r\nx = 1\r\ny = 2\r\n"),
        ("\x0c\n'doc'\n\x0c\nx = 1\n", "\x0c\n'doc'\nimport f\n\x0c\nx = 1\n"),
        ("#!/bin/python\nthis is not Python\n", "#!/bin/python\nimport f\nthis is not Python\n"),
        ("f'not a {1} docstring'\n", "import f\nf'not a {1} docstring'\n"),
        ("import os\nos.environ['A'] = '1'\nimport torch\n", "import os\nos.environ['A'] = '1'\nimport f\nimport torch\n"),
        ("'doc'\nimport os, sys\nos.environ.setdefault('A', '1'); x = 1\n", "'doc'\nimport os, sys\nos.environ.setdefault('A', '1')\nimport f\nx = 1\n"),
        ("import os\nimport torch\nos.environ['A'] = '1'\n", "import f\nimport os\nimport torch\nos.environ['A'] = '1'\n"),
        ("import numpy\nimport os\nos.environ['A'] = '1'\nimport torch\n", "import numpy\nimport os\nos.environ['A'] = '1'\nimport f\nimport torch\n"),
        ("import numpy\nimport isaacgym\nimport torch\n", "import numpy\nimport isaacgym\nimport f\nimport torch\n"),
        ("import isaacgym\nimport torch\n", "import isaacgym\nimport f\nimport torch\n"),
        ("'é'; from __future__ import annotations; x = 'ü'\n", "'é'; from __future__ import annotations\nimport f\nx = 'ü'\n"),
    ],
)  # fmt: skip
def test_the_line_comes_after_what_must_stand_first_and_changes_nothing_else(source: str, wanted: str) -> None:
    assert with_first_line(source, "import f") == wanted
    if "not Python" not in source:
        ast.parse(wanted)


def lines(*texts: str, every: float = 1.0) -> tuple[Printed, ...]:
    return tuple(Printed(i * every, t) for i, t in enumerate(texts))


def test_a_line_cut_in_two_by_the_pipe_is_one_line() -> None:
    output = Output()
    output.take(b"ste", 1.0)
    output.take("p 1 é\r\nnext".encode(), 2.0)
    output.take(b"\r", 3.0)
    assert output.lines == [(2.0, "step 1 é"), (3.0, "next")]


def test_the_limits_of_a_child_are_not_ours() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_FSIZE)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])"
    with started([sys.executable, "-c", code], "/", {}, mark="limits", file_bytes=12345) as process:
        while not process.poll():
            attend([process], 0.05)
    assert [text for _, text in process.output.lines] == ["12345 0"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before


def test_what_ps_says_agrees_with_the_kernel() -> None:
    with started([sys.executable, "-c", "import time; time.sleep(60)"], "/", {"A": "b"}, mark="by-ps") as process:
        (child,) = process.family()
        seen = members._from_ps()
        assert (seen[child.pid].parent, seen[child.pid].group) == (os.getpid(), child.pid)
        assert f"{MARK}=by-ps" in seen[child.pid].marks
        assert [m.pid for m in Process("by-ps", 0).family(seen)] == [child.pid]


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        ("python train.py --lr 1", "train.py"),
        ("python3.11 -u -X dev -W ignore ./train.py", "train.py"),
        ("python -m pkg.main --x", "pkg/main.py"),
        ("python -um pkg", "pkg/__main__.py"),
        ("python -m cProfile -o out train.py", "train.py"),
        ("python -m torch.distributed.run --nproc_per_node 2 train.py", "train.py"),
        ("python pkg", "pkg/__main__.py"),
        ("python -c print()", None),
        ("python gone.py", None),
        ("env A=1 CUDA_VISIBLE_DEVICES=0 python train.py", "train.py"),
        ("A=1 nice -n 5 python train.py", "train.py"),
        ("timeout 10 python train.py", "train.py"),
        ("torchrun --standalone --nproc_per_node=2 train.py config.py", "train.py"),
        ("torchrun -m pkg.main", "pkg/main.py"),
        ("uv run train.py", "train.py"),
        ("uv run --with x python -m pkg.main", "pkg/main.py"),
        ("accelerate launch --num_processes 2 train.py", "train.py"),
        ("sh run.sh", "train.py"),
        ("./run.sh", "train.py"),
        ("bash -c 'cd pkg && python main.py'", "pkg/main.py"),
        ("sh two.sh", None),
        ("sh -c 'for s in 0 1 2; do python train.py --seed $s; done'", "train.py"),
        ("sh -c 'if true; then (python train.py); fi'", "train.py"),
        ("./train.py", "train.py"),
        ("bin/trainer --x", "pkg/main.py"),
        ("sleep 5", None),
    ],
)
def test_the_script_inside_a_command_is_found(tmp_path: Path, argv: str, wanted: str | None) -> None:
    files = {
        "train.py": "#!/usr/bin/env python\n",
        "pkg/main.py": "",
        "pkg/__main__.py": "",
        "run.sh": "#!/bin/sh\nset -e\nexport A=1\nCUDA_VISIBLE_DEVICES=0 python \\\n  train.py --x $1  # the one\n",
        "two.sh": "python train.py\npython pkg/main.py\n",
        "bin/trainer": "#!/opt/python\nimport sys\nfrom pkg.main import main\nif __name__ == '__main__':\n    sys.exit(main())\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
    assert entry_of(Command(tuple(shlex.split(argv)), str(tmp_path)), os.defpath) == wanted


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "sub").mkdir(parents=True)
    (folder / "train.py").write_text('"""Doc."""\nprint(1)\n', encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("kind", "ended", "seen"), [("env step", 4.0, 0), ("env step", 9.0, 1), ("optimiser step", 4.0, 1)]
)
def test_of_workers_that_come_and_go_none_is_the_progress(tmp_path: Path, kind: str, ended: float, seen: int) -> None:
    """A pool that is made anew for each generation; not one process after another that learns."""
    (tmp_path / "a.json").write_text(json.dumps({"main": True, "pid": 1}))
    for pid, end in ((2, ended), (3, 10.0)):
        about = {"pid": pid, "counters": [[kind, "t.py", "play", 3, 1, 100, 0, 0]]}
        (tmp_path / f"{pid}.json").write_text(json.dumps(about))
        times = (1e9 * np.linspace(end - 3.0, end, 100)).astype(np.int64)
        (tmp_path / f"{pid}.0.times").write_bytes(times.tobytes())
    assert len(read_trace(tmp_path).counters) == seen


def env_of(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nowhere", "TMPDIR": str(tmp_path), **more}


def test_a_copy_holds_links_where_copies_would_be_too_large(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "LARGE", 1000)
    (project / "data").mkdir()
    for name in ("sub/big.mp4", "sub/model.pt", "sub/weights.bin", "data/train.bin", "data/last.pt"):
        (project / name).write_bytes(bytes(2000))
    (project / ".venv").mkdir()
    (project / ".venv" / "pyvenv.cfg").touch()
    (project / "__pycache__").mkdir()
    (project / "gone").symlink_to("nowhere")
    (project / "up").symlink_to("../other")
    (project / "inside").symlink_to(project / "sub")
    os.mkfifo(project / "fifo")
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        assert sorted(os.listdir(root)) == [".venv", "data", "gone", "inside", "sub", "train.py", "up"]
        assert (root / ".venv").readlink() == project / ".venv"
        for name in ("sub/big.mp4", "sub/weights.bin", "data/train.bin"):
            assert (root / name).readlink() == project / name
        for name in ("sub/model.pt", "data/last.pt"):  # the command may write them again
            assert not (root / name).is_symlink()
        assert (root / "gone").readlink() == Path("nowhere")
        assert (root / "up").readlink() == tmp_path / "other"
        assert (root / "inside").resolve().name == "sub"
        assert str(project) not in str((root / "inside").resolve())
    assert not Path(copies.path).exists()


def test_what_beside_the_project_is_too_much_to_copy_is_led_to(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.parent / "data").mkdir(exist_ok=True)
    for i in range(30):
        (project.parent / "data" / str(i)).touch()
    (project / "train.py").write_text("import os\nroot = os.path.join(here, '..', 'data')\n", encoding="utf-8")
    monkeypatch.setattr("sixdays.probes.copying.MOST_FILES", 20)
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("python", "train.py", "--data", "../data/"), str(project)), ())
        assert len(os.listdir(os.path.join(place.root, "..", "data"))) == 30
        assert place.argv[3] == "../data/"  # as it stands: each copy has the same beside it


def test_a_run_finds_what_lies_outside_as_it_was_before_the_last_one(project: Path, tmp_path: Path) -> None:
    """A checkpoint that a run resumes from, counts up or writes over: beside, behind a link, named by the command."""
    places = {name: tmp_path / name for name in ("beside", "linked", "named")}
    for folder in places.values():
        folder.mkdir()
        (folder / "last.npy").write_text("0", encoding="utf-8")
    (project / "runs").symlink_to(places["linked"])
    (project / "inside").symlink_to(project / "sub")
    (project / "sub" / "last.npy").write_text("0", encoding="utf-8")
    source = """
        import sys
        for folder in ["../beside", "runs", "inside", sys.argv[1]]:
            seen = int(open(folder + "/last.npy").read())
            print(seen)
            open(folder + "/last.npy", "w").write(str(seen + 1))
    """
    (project / "train.py").write_text(textwrap.dedent(source), encoding="utf-8")
    command = Command((sys.executable, "train.py", str(places["named"])), str(project))
    side_by_side = Candidate("l", "n", "t", "same", copies=2)
    with scratch(str(project), env_of(tmp_path)) as copies:
        for setting in ((), (), (side_by_side,)):
            for trace in probe(copies, command, setting, stop=Stop(30.0)):
                assert [line.text for line in trace.printed] == ["0"] * 4
                assert not trace.outside
                assert trace.wrote == 4
    for folder in (*places.values(), project / "sub"):
        assert (folder / "last.npy").read_text(encoding="utf-8") == "0"


def test_a_file_that_names_its_project_in_full_stays_within_the_copy(project: Path, tmp_path: Path) -> None:
    source = f"""
        import os
        for folder in ("{project}/sub", os.path.expanduser("~/project"), "{project}2"):
            print(os.path.exists(folder))
            if "2" not in folder:
                open(folder + "/new", "w").write("x")
    """
    (project / "train.py").write_text(textwrap.dedent(source), encoding="utf-8")
    shell = project / "run.sh"
    shell.write_text(f"cd {project} && {sys.executable} train.py && touch $HOME/project/touched\n", encoding="utf-8")
    shell.chmod(0o555)
    was = {p: p.read_bytes() for p in (shell, project / "train.py")}
    env = env_of(tmp_path, HOME=str(tmp_path))
    patch = (
        "--- a/train.py\n+++ b/train.py\n@@ -4,2 +4,2 @@\n-    print(os.path.exists(folder))\n"
        '+    print(1, os.path.exists(folder))\n     if "2" not in folder:\n'
    )
    patched = (Candidate("given", "p", "p", "same", patch=patch),)
    with scratch(str(project), env) as copies:
        for setting, wanted in (((), ["True", "True", "False"]), (patched, ["1 True", "1 True", "1 False"])):
            (trace,) = probe(copies, Command(("bash", "./run.sh"), str(project)), setting, stop=Stop(30.0))
            assert [line.text for line in trace.printed] == wanted
            assert not trace.outside
        diff = delivery(Command((sys.executable, "train.py"), str(project)), patched, copies).diff
        changes = [line for line in diff.splitlines() if line[0] in "+-" and line[:2] not in ("++", "--")]
        assert changes == ["-    print(os.path.exists(folder))", "+    print(1, os.path.exists(folder))"]
    assert sorted(os.listdir(project)) == ["run.sh", "sub", "train.py"]
    assert not os.listdir(project / "sub")
    assert {p: p.read_bytes() for p in was} == was


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("open('/home/me/work/x')", "open('/c/1/x')"),
        ("root: /home/me/work", "root: /c/1"),
        ("a:/home/me/work:b", "a:/c/1:b"),
        ("'~/work/x' ${HOME}/work", "'/c/1/x' /c/1"),
        ("/home/me/work2 /home/me/work-old", "/home/me/work2 /home/me/work-old"),
        ("/mnt/home/me/work ./home/me/work", "/mnt/home/me/work ./home/me/work"),
        ("/home/me/work/.venv/bin/python /home/me/work/.venv2", "/home/me/work/.venv/bin/python /c/1/.venv2"),
        ("~/other $HOME/workers", "~/other $HOME/workers"),
        ('cd "$HOME"/work "${HOME}"/work/x "$HOME/work"', 'cd /c/1 /c/1/x "/c/1"'),
        ("cd ${ROOT:-/home/me/work} `cat /home/me/work`", "cd ${ROOT:-/c/1} `cat /c/1`"),
        ("/home/$USER/work /home/${USER}/work/x /home/$USER/work2", "/c/1 /c/1/x /home/$USER/work2"),
        ("/home/me//work/x", "/c/1/x"),
        ("sqlite:////home/me/work/x.db file:///home/me/work", "sqlite:////c/1/x.db file:///c/1"),
    ],
)
def test_full_names_of_the_project_are_those_of_the_copy(text: str, wanted: str) -> None:
    leading = Leading("/home/me/work", [".venv"], {"HOME": "/home/me", "USER": "me"})
    assert leading.text(text.encode(), "/c/1").decode() == wanted


def test_a_name_with_a_space_is_led_as_it_is_spelt() -> None:
    leading = Leading("/home/me/my work", [], {"HOME": "/home/me"})
    text = rb"cd /home/me/my\ work && ls '/home/me/my work' ~/my\ work/x"
    assert leading.text(text, "/c/my work") == rb"cd /c/my\ work && ls '/c/my work' /c/my\ work/x"


@pytest.mark.parametrize("way", ["cd", "script", "child"])
def test_a_command_that_goes_to_the_project_all_the_same_is_ended_before_its_first_line(
    project: Path, tmp_path: Path, way: str
) -> None:
    """By a name that is put together while it runs."""
    (project / "train.py").write_text("open('new', 'w')\n", encoding="utf-8")
    there = f'"$(dirname {tmp_path}/x)"/proj*'
    lines = {
        "cd": f"cd {there} && {sys.executable} train.py",
        "script": f"{sys.executable} {there}/train.py || true",
        "child": f'{sys.executable} -c \'import subprocess; subprocess.run(["sh", "go.sh"])\'',
    }
    (project / "go.sh").write_text(lines["cd"] + "\n", encoding="utf-8")
    with (
        scratch(str(project), env_of(tmp_path)) as copies,
        pytest.raises(RunError, match=rf"by a name that we do not follow: {project}"),
    ):
        probe(copies, Command(("sh", "-c", lines[way]), str(project)), stop=Stop(30.0))
    assert not (project / "new").exists()


def test_what_copies_link_to_runs_from_where_it_lies(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of an environment in the project, a folder of data, a folder elsewhere, and children."""
    monkeypatch.setattr(copying, "MOST_FILES", 20)
    (project / "env" / "bin").mkdir(parents=True)
    (project / "env" / "pyvenv.cfg").touch()
    tool = project / "env" / "bin" / "tool"
    tool.write_text(f"#!{sys.executable}\nprint('tool')\n", encoding="utf-8")
    tool.chmod(0o755)
    (project / "data").mkdir()
    for i in range(30):
        (project / "data" / str(i)).touch()
    (project / "train.py").write_text(
        "import multiprocessing\nif __name__ == '__main__':\n    multiprocessing.set_start_method('spawn')\n"
        "    p = multiprocessing.Process(target=print, args=('child',))\n    p.start()\n    p.join()\n",
        encoding="utf-8",
    )
    line = (
        f"env/bin/tool; {tool}; (cd data && {sys.executable} -c 'print(1)'); (cd / && {sys.executable} -c 'print(2)'); "
        f"{sys.executable} train.py"
    )
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, Command(("sh", "-c", line), str(project)), stop=Stop(60.0))
    assert [p.text for p in trace.printed] == ["tool", "tool", "1", "2", "child"]


def test_paths_by_the_home_folder_and_within_addresses_have_twins_too(project: Path, tmp_path: Path) -> None:
    (tmp_path / "study.db").write_text("mine", encoding="utf-8")
    words = (
        "--log_path=~/logs/x",
        f"--storage=sqlite:///{tmp_path}/study.db",
        f"file://{tmp_path}/new",
        "sqlite:///here.db",
    )
    line = "train --out $HOME/logs/y"
    with scratch(str(project), env_of(tmp_path, HOME=str(tmp_path))) as copies:
        place = copies.fresh(Command(("sh", "-c", line, *words), str(project)))
        beside = f"{place.folder}/.out{tmp_path}"
        assert place.argv[2] == f"train --out {beside}/logs/y"
        assert place.argv[3:] == (
            f"--log_path={beside}/logs/x", f"--storage=sqlite:///{beside}/study.db", f"file://{beside}/new", words[3]
        )  # fmt: skip
        assert Path(beside, "study.db").read_text(encoding="utf-8") == "mine"


def test_of_a_project_with_a_short_name_texts_name_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.isdir", lambda path: path == "/data")
    monkeypatch.setattr("os.listdir", lambda path: ["train.py", "runs"])
    leading = Leading("/data", [], {})
    assert leading.text(b"f['/data'] /data/runs/x /data/y", "/c/1") == b"f['/data'] /c/1/runs/x /data/y"
    assert leading.word("--out=/data/new", "/c", "/c/1", ".") == "--out=/c/1/new"


def test_what_writes_into_the_project_from_a_copy_all_the_same_is_stopped(project: Path, tmp_path: Path) -> None:
    source = "import os, sys\nopen(os.sep.join(sys.argv[1].split('+')) + '/last.csv', 'w').write('x')\n"
    (project / "train.py").write_text(source, encoding="utf-8")
    command = Command((sys.executable, "train.py", str(project).replace("/", "+")), str(project))
    with scratch(str(project), env_of(tmp_path)) as copies, pytest.raises(Overwritten, match=r"last\.csv was written"):
        probe(copies, command, stop=Stop(30.0))
    hidden = str(project / ".cache").replace("/", "+")
    (project / ".cache").mkdir()
    with scratch(str(project), env_of(tmp_path)) as copies:
        probe(copies, Command((sys.executable, "train.py", hidden), str(project)), stop=Stop(30.0))


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("open('big.mp4', 'w').write('xx')", b"xx"),
        ("open('again', 'ab').write(b'x')", b"1" * 2000 + b"x"),
        ("open('big.mp4', 'r+b').write(b'x')", b"x" + b"1" * 1999),
        ("os.truncate('big.mp4', 3)", b"111"),
        ("os.open('../project/again', os.O_WRONLY | os.O_TRUNC)", b""),
        ("os.remove('big.mp4'); open('big.mp4', 'x').write('xx')", b"xx"),
    ],
)
def test_of_a_large_file_that_a_run_writes_its_copy_gets_one_of_its_own(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, holds: bytes
) -> None:
    monkeypatch.setattr(copying, "LARGE", 1000)
    (project / "big.mp4").write_bytes(b"1" * 2000)
    (project / "again").symlink_to("big.mp4")
    (project / "train.py").write_text(
        f"import os\nprint(os.path.getsize('again'))\n{line}\nprint(open('big.mp4', 'rb').read() == {holds!r})\n",
        encoding="utf-8",
    )
    with scratch(str(project), env_of(tmp_path)) as copies:
        for _ in range(2):  # the next run finds it as it was
            (trace,) = probe(copies, Command((sys.executable, "train.py"), str(project)), stop=Stop(30.0))
            assert [p.text for p in trace.printed] == ["2000", "True"]
            assert trace.outside == ()
    assert (project / "big.mp4").read_bytes() == b"1" * 2000


def test_what_a_run_would_write_of_the_user_s_all_the_same_it_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a name that leads out of the copy, in a folder that is too much to copy, or too large to copy just then."""
    monkeypatch.setattr(copying, "MOST_FILES", 20)
    monkeypatch.setattr(copying, "LARGE", 1000)
    (project / "data").mkdir()
    for i in range(30):
        (project / "data" / str(i)).write_text("mine", encoding="utf-8")
    (project / "big.mp4").write_bytes(b"1" * 2000)
    source = """
        import os, shutil, sys
        import _sixdays_files
        _sixdays_files.MOST_COPIED = 1000
        full = sys.argv[1].replace("+", "/")
        open("big.mp4", "rb").read()
        for name, mode in (("data/1", "w"), (full + "/train.py", "a"), ("big.mp4", "a")):
            try:
                open(name, mode)
            except OSError as e:
                print(e.strerror)
        for take in (os.remove, shutil.rmtree, lambda path: os.replace(path, "mine")):
            try:
                take(full + "/data" if take is shutil.rmtree else full + "/data/2")
            except OSError as e:
                print(e.strerror)
    """
    (project / "train.py").write_text(textwrap.dedent(source), encoding="utf-8")
    command = Command((sys.executable, "train.py", str(project).replace("/", "+")), str(project))
    for path in (project / "train.py", project / "big.mp4", *(project / "data").iterdir()):
        os.utime(path, (1e9, 1e9))
    was = {p: p.read_bytes() for p in project.rglob("*") if p.is_file()}
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, command, stop=Stop(30.0))
    assert [p.text for p in trace.printed] == ["a short run of sixdays must not write this file of the user's"] * 6
    assert {p: p.read_bytes() for p in project.rglob("*") if p.is_file()} == was


def test_a_folder_that_is_named_takes_up_what_links_lead_to_within_it(project: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "best.npy").write_text("mine", encoding="utf-8")
    (project / "best.npy").symlink_to(tmp_path / "runs" / "best.npy")
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("python", "train.py", f"--set=out={tmp_path}/runs"), str(project)))
        runs = Path(place.argv[2].removeprefix("--set=out="))
        assert (place.root / Path("best.npy")).resolve() == (runs / "best.npy").resolve()
        assert runs == Path(place.folder, ".out", *tmp_path.parts[1:], "runs")


def test_what_copies_have_of_their_own_is_limited_in_all(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sixdays.probes.outside.MOST_IN_ALL", 15)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.npy").write_bytes(bytes(10))
        (project / name).symlink_to(tmp_path / name)
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        assert (root / "a").resolve() != tmp_path / "a"
        assert (root / "b").resolve() == tmp_path / "b"


def test_what_is_too_large_for_a_copy_of_its_own_takes_no_room_of_the_rest(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sixdays.probes.outside.MOST_IN_ALL", 25)
    for name, size in (("a.h5", 30), ("b.h5", 20), ("c/x", 3), ("z_out/x", 20)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    for name in ("a.h5", "b.h5", "c", "z_out"):
        (project / name).symlink_to(tmp_path / name)
    words = tuple(f"--{name}={tmp_path}/{name}" for name in ("b.h5", "z_out"))
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("true", *words), str(project)))
        kept = {
            name for name in ("a.h5", "b.h5", "c", "z_out") if (Path(place.root) / name).resolve() == tmp_path / name
        }
        assert kept == {"a.h5", "b.h5"}
        assert place.argv[1:] == (words[0], f"--z_out={place.folder}/.out{tmp_path}/z_out")


def test_a_file_behind_several_links_is_the_copy_s_own(project: Path, tmp_path: Path) -> None:
    """As checkpoints: last → the newest step, and a folder whose links lead elsewhere."""
    store, other = tmp_path / "store", tmp_path / "other"
    for folder in (store, other):
        folder.mkdir()
    (store / "step10.npy").write_text("mine", encoding="utf-8")
    (store / "abs.npy").symlink_to(store / "step10.npy")
    (store / "last.npy").symlink_to("step10.npy")
    (other / "x.npy").write_text("mine", encoding="utf-8")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").symlink_to(other)
    (tmp_path / "runs" / "back").symlink_to(tmp_path / "runs")
    for name, to in (("abs.npy", "store/abs.npy"), ("last.npy", "store/last.npy"), ("runs", "runs")):
        (project / name).symlink_to(tmp_path / to)
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        for name in ("abs.npy", "last.npy", "runs/latest/x.npy"):
            assert (root / name).read_text(encoding="utf-8") == "mine"
            (root / name).write_text("theirs", encoding="utf-8")
    assert (store / "step10.npy").read_text(encoding="utf-8") == (other / "x.npy").read_text(encoding="utf-8") == "mine"


def test_links_to_what_copies_leave_out_lead_to_the_user_s(project: Path, tmp_path: Path) -> None:
    """As those of git-annex."""
    objects = project / ".git" / "annex" / "objects"
    objects.mkdir(parents=True)
    (objects / "k.npy").write_text("7", encoding="utf-8")
    (project / "sub" / "x.npy").symlink_to("../.git/annex/objects/k.npy")
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        assert (root / "sub" / "x.npy").read_text(encoding="utf-8") == "7"


def test_many_data_are_linked_and_many_results_left_out(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST_FILES", 40)
    for name, count in (("data/train/a", 30), ("data/train/b", 30), ("data/val", 3), ("wandb/old", 50), ("runs/x", 2)):
        (project / name).mkdir(parents=True)
        for i in range(count):
            (project / name / str(i)).touch()
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        assert (root / "data" / "train").readlink() == project / "data" / "train"
        assert not (root / "data").is_symlink()
        assert len(os.listdir(root / "data" / "val")) == 3
        assert os.listdir(root / "wandb") == []
        assert len(os.listdir(root / "runs" / "x")) == 2
    for i in range(50):
        (project / "sub" / str(i)).touch()
    with pytest.raises(RunError, match="too many to copy to try changes in; most lie in sub"):
        copying.contents(str(project), "")


def test_data_beside_the_project_is_found_from_the_copy(project: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("7", encoding="utf-8")
    (project / "train.py").write_text("print(open('../data/x.txt').read())\nopen('../data/y', 'w')\n", encoding="utf-8")
    command = Command((sys.executable, "train.py"), str(project))
    with scratch(str(project), env_of(tmp_path)) as copies:
        for _ in range(2):
            assert probe(copies, command, stop=Stop(30.0))[0].printed[0].text == "7"
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["x.txt"]


def test_words_that_name_the_project_lead_into_the_copy(project: Path, tmp_path: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv" / "pyvenv.cfg").touch()
    (tmp_path / "data").mkdir()
    python = f"{project}/.venv/bin/python"
    argv = (
        python,
        f"{project}/train.py",
        f"--out={project}/runs",
        "../data",
        "--data=../data",
        "../nothing",
        "/etc",
        "a=b",
    )
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(argv, str(project)))
        data = f"{place.folder}/.out{tmp_path}/data"  # no file names it: the command may write there
        wanted = (
            python,
            f"{place.root}/train.py",
            f"--out={place.root}/runs",
            data,
            f"--data={data}",
            f"{place.folder}/.out{tmp_path}/nothing",
            "/etc",
            "a=b",
        )
        assert place.argv == wanted
        assert place.cwd == place.root


def test_programs_of_the_project_are_found_in_the_copy(project: Path, tmp_path: Path) -> None:
    for name in ("bin", ".venv/bin", ".tox/bin"):
        (project / name).mkdir(parents=True)
    (project / ".venv" / "pyvenv.cfg").touch()
    path = os.pathsep.join([f"{project}/bin", f"{project}/.venv/bin", f"{project}/.tox/bin", "/usr/bin"])
    command = Command(("true",), str(project), env={"PATH": f"{project}/bin:/bin"})
    with scratch(str(project), env_of(tmp_path, PATH=path)) as copies:
        place = copies.fresh(replace(command, env={}))
        assert place.env["PATH"].split(os.pathsep) == [f"{place.root}/bin", *path.split(os.pathsep)[1:]]
        place = copies.fresh(command)
        assert place.env["PATH"] == f"{place.root}/bin:/bin"


def test_trackers_stay_offline_and_the_users_choice_is_kept(project: Path, tmp_path: Path) -> None:
    more = {"WANDB_MODE": "online", "HF_HUB_OFFLINE": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "7"}
    taken = Candidate("l", "n", "t", "same", env={"OMP_NUM_THREADS": "1"}, unset=("CUDA_LAUNCH_BLOCKING",))
    more["RUNS"] = str(project / "runs")
    with scratch(str(project), env_of(tmp_path, CUDA_LAUNCH_BLOCKING="1", **more)) as copies:
        env = copies.fresh(Command(("true",), str(project), env={"A": "b"}), (taken,)).env
    assert (env["WANDB_MODE"], env["HF_HUB_OFFLINE"], env["PYTHONHASHSEED"]) == ("offline", "0", "7")
    assert (env["A"], env["OMP_NUM_THREADS"], env["MPLBACKEND"]) == ("b", "1", "Agg")
    assert not {"CUDA_LAUNCH_BLOCKING", "PYTHONDONTWRITEBYTECODE"} & env.keys()
    assert env["TMPDIR"].startswith(copies.path)
    assert env["TORCH_EXTENSIONS_DIR"] == f"{copies.path}/extensions"  # a build that is killed leaves a lock there
    assert env["PIP_DRY_RUN"] == "1"
    assert env["RUNS"] == f"{env['PWD']}/runs"  # what it writes into the project goes into the copy


@pytest.mark.parametrize(
    "argv",
    [
        "python train.py",
        "python -m train -m 1",
        "python pkg/a.py -m 1",
        "python -m pkg.a",
        "sh run.sh",
        "python pkg/a.py pkg",
    ],
)
def test_a_preamble_is_loaded_by_the_script_of_the_copy(project: Path, tmp_path: Path, argv: str) -> None:
    (project / "pkg").mkdir()
    (project / "pkg" / "__init__.py").touch()
    (project / "pkg" / "a.py").write_text("print(1)\n", encoding="utf-8")
    (project / "run.sh").write_text("python train.py\n", encoding="utf-8")
    lever = Candidate("l", "n", "says so", "same", preamble=("print('loaded')",))
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(tuple(argv.split()), str(project)), (lever,))
        ran = subprocess.run(place.argv, cwd=place.cwd, env=place.env, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["loaded", "1"]


def test_a_script_that_was_seen_to_run_takes_the_preamble_where_the_words_do_not_tell_it(
    project: Path, tmp_path: Path
) -> None:
    lever = Candidate("l", "n", "says so", "same", preamble=("print('loaded')",))
    command = Command(("make", "train"), str(project), entry="train.py")
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(command, (lever,))
        assert "fast_start" in Path(place.root, "train.py").read_text(encoding="utf-8")


def test_a_preamble_needs_a_script(project: Path, tmp_path: Path) -> None:
    lever = Candidate("l", "n", "says so", "same", preamble=("print('loaded')",))
    with scratch(str(project), env_of(tmp_path)) as copies, pytest.raises(RunError, match="no Python script"):
        copies.fresh(Command(("sleep", "1"), str(project)), (lever,))


def test_a_copy_knows_its_commit_and_cannot_push(project: Path, tmp_path: Path) -> None:
    def git(folder: str | Path, *words: str) -> str:
        name = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        return subprocess.run(
            ["git", *name, "-C", str(folder), *words], capture_output=True, text=True, check=True
        ).stdout

    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "one")
    assert copying.root_of(str(project / "sub"), "/nowhere") == str(project)
    assert copying.root_of(str(project / "sub"), str(project)) == str(project / "sub")  # a home folder is no project
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("true",), str(project)))
        assert sorted(copying.project_stamps(place.root)) == ["train.py"]
        assert git(place.root, "rev-parse", "HEAD") == git(project, "rev-parse", "HEAD")
        assert (git(place.root, "status", "--short"), git(place.root, "remote")) == ("", "")


def test_configurations_that_a_command_names_are_read(tmp_path: Path) -> None:
    files = {
        "train.py": "import hydra\n@hydra.main(config_path='conf', config_name='base')\ndef main(c): open('extra.json')\n",
        "conf/base.yaml": "a: 1\n",
        "conf/model/big.yaml": "b: 2\n",
        "extra.json": "{}",
        "my.toml": "c = 3\n",
        "notes.txt": "no configuration",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = Command(("python", "train.py", "model=big", "--config=my.toml", "notes.txt"), str(tmp_path))
    assert configs_of(command) == {n: t for n, t in files.items() if n not in ("train.py", "notes.txt")}
    for words in (("--config-name", "model/big"), ("--config-path=conf/model", "-cn", "big")):
        assert "conf/model/big.yaml" in configs_of(replace(command, argv=("python", "train.py", *words)))
        assert "conf/base.yaml" not in configs_of(replace(command, argv=("python", "train.py", *words)))


def test_sources_are_those_that_were_seen_running(project: Path) -> None:
    (project / "sub" / "net.py").write_text("x = 1\n", encoding="utf-8")
    trace = Trace(stacks=(Stack((Frame("sub/net.py", 1, "f"), Frame("/usr/lib/x.py", 1, "g")), 1.0),))
    assert list(sources_of(Command(("python", "train.py"), str(project)), trace)) == ["train.py", "sub/net.py"]


def test_help_is_what_the_command_prints(project: Path, tmp_path: Path) -> None:
    (project / "train.py").write_text("from sub.options import get\nget()\n", encoding="utf-8")
    text = "import argparse\ndef get():\n    p = argparse.ArgumentParser()\n    p.add_argument('--eval-every')\n    return p.parse_args()\n"
    (project / "sub" / "options.py").write_text(text, encoding="utf-8")
    (project / "run.sh").write_text("python train.py", encoding="utf-8")
    with scratch(str(project), env_of(tmp_path)) as copies:
        for argv in (("python", "train.py"), ("sh", "run.sh")):
            assert "--eval-every EVAL_EVERY" in help_of(Command(argv, str(project)), copies)


def test_files_that_were_read_count_as_free_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: of a million bytes 900 thousand are used, 700 thousand of them by files that can go."""
    for name, text in {
        "memory.max": "1000000", "memory.current": "900000", "memory.stat": "anon 200000\ninactive_file 700000\n"
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr("sixdays.probes.machine._groups", lambda controller: [tmp_path])
    assert free_memory() == 800_000


def test_a_machine_has_cores_and_memory() -> None:
    here = machine(dict(os.environ), interval_s=0.01)
    assert 1 <= here.cores <= (os.cpu_count() or 1)
    assert here.memory_bytes > 1 << 27


def test_gpus_and_who_uses_them_are_read_from_the_driver(tmp_path: Path) -> None:
    fake = tmp_path / "nvidia-smi"
    fake.write_text(
        '#!/bin/sh\ncase "$*" in *name,used*|*apps*) echo "1, /usr/bin/python, 812 MiB";; *) echo "Card A";; esac\n'
    )
    fake.chmod(0o755)
    here = machine({"PATH": f"{tmp_path}:{os.defpath}"}, interval_s=0.01)
    assert (here.gpus, here.gpu_users) == (("Card A",), ("root: python, 812 MiB",))
    hidden = machine({"PATH": f"{tmp_path}:{os.defpath}", "CUDA_VISIBLE_DEVICES": ""}, interval_s=0.01)
    assert hidden.gpus == ()


def said(text: str = "", *, here: Machine | None = None, **trace: Any) -> str:
    seen = Trace(printed=lines(*text.splitlines()), **trace) if trace else None
    return refusal(Command(("python", "train.py"), "/nowhere"), here or Machine(2), seen, env={}, host="desk")


def test_each_refusal_says_what_is_missing() -> None:
    busy = Machine(2, gpus=("A",), gpu_users=("ada: python, 9 MiB",))
    assert "needs a device that this machine has not; it has no GPU" in said(
        "RuntimeError: No CUDA GPUs are available", exit=1
    )
    assert "in use by others (ada: python, 9 MiB)" in said("", here=busy, seconds=5.0, facts={"device": "cuda:0"})
    assert said("", here=busy, seconds=5.0, facts={"device": "cpu"}) == ""
    warned = "warning: CUDA is not available\nTraceback (most recent call last):\nFileNotFoundError: data/train.bin"
    assert "exit code 1; its last lines" in said(warned, exit=1)
    assert "killed from outside" in said("", signal=9)
    assert "had written" in said("", signal=25)
    assert "short runs are offline" in said("OfflineModeIsEnabled: cannot reach the hub", exit=1)
    assert said("EOFError in a line that did no harm", seconds=5.0, exit=0) == ""


def test_a_login_node_is_left_in_peace(tmp_path: Path) -> None:
    (tmp_path / "sbatch").write_text("#!/bin/sh\n")
    (tmp_path / "sbatch").chmod(0o755)
    command, env = Command(("python", "train.py"), str(tmp_path)), {"PATH": str(tmp_path)}
    assert "login node" in refusal(command, Machine(2), None, env=env, host="login03")
    assert refusal(command, Machine(2), None, env=env, host="node117") == ""
    assert refusal(command, Machine(2), None, env={**env, "SLURM_JOB_ID": "7"}, host="login03") == ""


@pytest.fixture
def gymnasium() -> None:
    needed("gymnasium")


ENVIRONMENT = """\
import argparse, gymnasium, time
class Walk(gymnasium.Env):
    action_space = observation_space = gymnasium.spaces.Discrete(2)
    def reset(self, seed=None, options=None):
        return 0, {}
    def step(self, action):
        return action, 1.0, False, False, {}
parser = argparse.ArgumentParser(add_help=False)
parser.add_argument("--steps", type=int)
parser.parse_known_args()
env = Walk()
env.reset()
while True:
    env.step(env.action_space.sample())
    time.sleep(0.001)
"""


@pytest.mark.usefixtures("gymnasium")
def test_copies_side_by_side_end_together_once_each_has_done_its_units(project: Path, tmp_path: Path) -> None:
    (project / "train.py").write_text(ENVIRONMENT, encoding="utf-8")
    command = Command((sys.executable, "train.py"), str(project))
    two = Candidate("copies", "2", "2 copies", "same", copies=2)
    unit = Unit("env step", ("env step", "train.py", "<module>"), "", "environment step")
    with scratch(str(project), env_of(tmp_path)) as copies:
        traces = probe(copies, command, (two,), stop=Stop(60.0, unit, 50))
    assert [t.stopped for t in traces] == ["units", "units"]
    assert all(next(c.count for c in t.counters if c.key == unit.key) >= 50 for t in traces)
    assert all(t.facts["entry"] == "train.py" and t.cpu[-1, 1] > 0 for t in traces)


@pytest.mark.usefixtures("gymnasium")
def test_a_help_that_runs_the_training_is_none(project: Path, tmp_path: Path) -> None:
    (project / "train.py").write_text(ENVIRONMENT, encoding="utf-8")
    command = Command((sys.executable, "train.py"), str(project))
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, command, stop=Stop(60.0, events=1))
        assert trace.stopped == "units"
        assert help_of(command, copies) == ""


def test_a_probe_counts_the_site_that_is_meant_of_two_in_one_function(tmp_path: Path) -> None:
    """As one that fills a buffer and then trains, in one function: the second line is the training's."""
    place = SimpleNamespace(agent=str(tmp_path))
    copy: Any = SimpleNamespace(place=place)

    def seen(*counters: tuple[int, int]) -> None:
        rows = [["env step", "train.py", "main", line, 1.0, n, 1, 0] for line, n in counters]
        (tmp_path / "7.json").write_text(json.dumps({"counters": rows}), encoding="utf-8")

    filling, training = (
        Unit("env step", ("env step", "train.py", "main"), "", "environment step", (5, 9), place) for place in (0, 1)
    )
    seen((6, 9000))  # a line was put above
    assert (_counted(copy, filling), _counted(copy, training)) == (9000, 0)
    seen((10, 30), (6, 10_000))
    assert (_counted(copy, training), _counted(copy, None)) == (30, 10_000)
    moved = replace(training, key=("env step", "other.py", "main"))  # by a patch
    batches = replace(moved, kind="batch", key=("batch", "other.py", "main"))
    assert (_counted(copy, moved), _counted(copy, batches)) == (10_000, 0)


def test_two_scripts_of_a_folder_have_a_preamble_each_and_one_that_has_its_own_keeps_it(
    project: Path, tmp_path: Path
) -> None:
    (project / "ppo-1.py").write_text("import fast_start\nx = 1\n", encoding="utf-8")
    (project / "fast_start.py").write_text("# a\na = 1\n", encoding="utf-8")
    more = (
        Candidate("x", "a", "a", "same", preamble=("a = 1",)),
        Candidate("x", "b", "b", "same", preamble=("b = 2",)),
    )
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command((sys.executable, "ppo-1.py"), str(project)), more)
        assert place.loads == ("ppo-1.py", "fast_start.py")
        assert Path(place.root, "fast_start.py").read_text(encoding="utf-8") == "# a\na = 1\n# b\nb = 2\n"
        assert Path(place.root, "ppo-1.py").read_text(encoding="utf-8") == "import fast_start\nx = 1\n"
        copies.release(place)
        place = copies.fresh(Command((sys.executable, "train.py"), str(project)), more)
        assert place.loads == ("train.py", "fast_start_train.py")
        assert Path(place.root, "fast_start.py").read_text(encoding="utf-8") == "# a\na = 1\n"
        assert "import fast_start_train  #" in Path(place.root, "train.py").read_text(encoding="utf-8")
        copies.release(place)


def test_what_a_digest_had_counted_is_summed_over_the_lines_of_a_function(tmp_path: Path) -> None:
    (tmp_path / "7.json").write_text(json.dumps({"pid": 7, "counters": []}), encoding="utf-8")
    counts = [["env step", "train.py", "main", 40, 900], ["env step", "train.py", "main", 55, 100]]
    line = {"what": "parameters", "site": 0, "at": 1, "hash": "x", "counts": counts}
    (tmp_path / "7.digests").write_text(json.dumps(line), encoding="utf-8")
    (digest,) = read_trace(tmp_path).digests
    assert digest.counts == {("env step", "train.py", "main"): 1000}


def test_what_a_link_of_the_project_leads_to_is_copied_too(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "last.pt").write_text("mine", encoding="utf-8")
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    (project / "checkpoints").symlink_to(outside)
    (project / "note.txt").symlink_to("../note.txt")
    (project / "sub" / "again").symlink_to(outside / "..//outside")
    (project / "gone").symlink_to("/nowhere/at all")
    (project / "null").symlink_to("/dev/null")
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        for name in ("checkpoints/last.pt", "note.txt", "sub/again/last.pt"):
            assert (root / name).read_text(encoding="utf-8") == "mine"
        assert (root / "null").resolve() == Path("/dev/null")
        (root / "sub" / "again" / "last.pt").write_text("theirs", encoding="utf-8")
        (root / "note.txt").write_text("theirs", encoding="utf-8")
        (outside / "new").touch()
        other = Path(copies.fresh(Command(("true",), str(project))).root)
        assert (other / "checkpoints" / "last.pt").read_text(encoding="utf-8") == "mine"  # each copy has its own
        assert (other / "note.txt").read_text(encoding="utf-8") == "mine"
        assert os.listdir(other / "checkpoints") == ["last.pt"]
    assert (outside / "last.pt").read_text(encoding="utf-8") == (tmp_path / "note.txt").read_text(encoding="utf-8")
    assert (outside / "last.pt").read_text(encoding="utf-8") == "mine"


def test_of_a_large_folder_that_a_link_leads_to_large_files_stay_linked_of_many_files_all(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sixdays.probes.outside.MOST_BYTES", 10)
    monkeypatch.setattr("sixdays.probes.outside.MOST_FILES", 20)
    for name in ("runs", "many"):
        (tmp_path / name).mkdir()
        (project / name).symlink_to(tmp_path / name)
    for i in range(30):
        (tmp_path / "many" / str(i)).touch()
    (tmp_path / "runs" / "x.mp4").write_text("more than ten bytes", encoding="utf-8")
    (tmp_path / "runs" / "y.csv").write_text("few", encoding="utf-8")
    with scratch(str(project), env_of(tmp_path)) as copies:
        root = Path(copies.fresh(Command(("true",), str(project))).root)
        assert (root / "many").resolve() == tmp_path / "many"
        assert (root / "runs").resolve() == Path(root.parent, ".out", *tmp_path.parts[1:], "runs")
        assert (root / "runs" / "x.mp4").resolve() == tmp_path / "runs" / "x.mp4"
        assert not (root / "runs" / "y.csv").is_symlink()
        (root / "runs" / "x.mp4").write_text("other", encoding="utf-8")
        with pytest.raises(Overwritten, match=r"x\.mp4 changed during a short run"):
            copies.check({str(tmp_path / "runs" / "x.mp4")})
        with pytest.raises(Overwritten, match=r"or something else"):
            copies.check()
        with (tmp_path / "runs" / "x.mp4").open("a"):  # by another process, which is still at it: told at the end
            copies.check()
        assert copies.changed == {str(tmp_path / "runs" / "x.mp4")}


def test_what_a_command_can_be_told_is_known_from_its_source_where_it_cannot_be_asked(
    project: Path, tmp_path: Path
) -> None:
    (project / "train.py").write_text("from words import args\n", encoding="utf-8")
    (project / "words.py").write_text(
        "import argparse\np = argparse.ArgumentParser()\n"
        "p.add_argument('--plot', action=argparse.BooleanOptionalAction)\nargs = p.parse_args()\n",
        encoding="utf-8",
    )
    command = Command(("uv", "run", "train.py"), str(project))
    with scratch(str(project), env_of(tmp_path)) as copies:
        assert help_of(command, copies, interpreter="/nowhere/python") == ""
    sources = sources_of(command, Trace())
    assert list(sources) == ["train.py", "words.py"]
    (plot,) = options_of("", sources, {}, command.argv)
    assert plot.words(False) == ("--no-plot",)


def test_a_file_that_a_patch_takes_away_is_gone_in_the_diff_too(project: Path, tmp_path: Path) -> None:
    (project / "old.py").write_text("x = 1\n", encoding="utf-8")
    patch = "--- old.py\t2031-05-01\n+++ /dev/null\t1970-01-01\n@@ -1 +0,0 @@\n-x = 1\n"  # as diff -N writes it
    with scratch(str(project), env_of(tmp_path)) as copies:
        made = delivery(Command(("true",), str(project)), (Candidate("given", "p", "p", "same", patch=patch),), copies)
    assert made.diff == "--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 1\n"


def test_what_the_user_changes_meanwhile_is_not_in_the_diff(project: Path, tmp_path: Path) -> None:
    (project / "log.csv").write_text("1\n", encoding="utf-8")
    lever = Candidate("l", "n", "says so", "same", preamble=("print('loaded')",))
    command = Command(("python", "train.py"), str(project))
    with scratch(str(project), env_of(tmp_path)) as copies:
        (project / "log.csv").write_text("1\n2\n", encoding="utf-8")
        (project / "train.py").write_text('"""Doc."""\nprint(1)\nprint(2)\n', encoding="utf-8")
        made = delivery(command, (lever,), copies)
    assert "log.csv" not in made.diff
    assert "+import fast_start" in made.diff
    assert "print(2)" not in made.diff
    assert (made.entry, made.file, made.has_patch) == ("train.py", "fast_start.py", False)


def test_where_the_preamble_belongs_is_said_for_a_module_too(project: Path, tmp_path: Path) -> None:
    (project / "pkg").mkdir()
    (project / "pkg" / "__init__.py").touch()
    (project / "pkg" / "a.py").write_text("print(1)\n", encoding="utf-8")
    lever = Candidate("l", "n", "says so", "same", preamble=("print('loaded')",))
    with scratch(str(project), env_of(tmp_path)) as copies:
        for argv, file in ((("python", "-m", "pkg.a"), "fast_start.py"), (("python", "pkg/a.py"), "pkg/fast_start.py")):
            made = delivery(Command(argv, str(project)), (lever,), copies)
            assert (made.entry, made.file) == ("pkg/a.py", file)


def test_a_line_for_a_shell_that_names_the_project_runs_in_the_copy(project: Path, tmp_path: Path) -> None:
    line = f"cd '{project}' && cat {project}/train.py {project}2; echo {project}"
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("bash", "-ec", line), str(project)))
        assert place.argv[2] == f"cd '{place.root}' && cat {place.root}/train.py {project}2; echo {place.root}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("docker run image python train.py", "runs the command elsewhere"),
        ("sbatch job.sh", "runs the command elsewhere"),
        ("env A=1 nice -n 5 B=2 tmux new -d", "tmux runs the command elsewhere"),
        ("bash -x submit.sh", "sbatch runs the command elsewhere"),
        ("./submit.sh", "sbatch runs the command elsewhere"),
        ("make", "docker runs the command elsewhere"),
        ("make train", "the command installs the project (pip install -q -e .)"),
        ("uv sync", "the command installs the project"),
        ("python -m pip install --editable .", "the command installs the project"),
        ("poetry run python train.py", "$(poetry env info -p)/bin/python"),
        ("bash ../run.sh", "goes to"),
    ],
)
def test_what_would_not_run_in_a_copy_is_refused(project: Path, words: str, said: str) -> None:
    (project.parent / "run.sh").write_text(f"cd {project}\npython train.py\n", encoding="utf-8")
    submit = "#!/bin/bash\nset -e  # it's all\nfor s in 0 1; do\n  A=$s sbatch \\\n job.sh\ndone\n"
    (project / "submit.sh").write_text(submit, encoding="utf-8")
    rules = "all: image\n\techo 'pip install -e .'\n\nimage:\n\t@docker run x\n\ntrain: env\n\tpython train.py\nenv:\n\tpip install -q -e .\n"
    (project / "Makefile").write_text(rules, encoding="utf-8")
    command = Command(tuple(words.split()), str(project))
    assert said in refusal(command, Machine(2), None, env={"PATH": os.defpath}, host="here")


@pytest.mark.parametrize(
    "words", ["bash run.sh", "make test", "python docker.py", "sh -c 'echo uv sync; python train.py'"]
)
def test_what_is_only_named_or_only_for_another_machine_is_no_reason_to_refuse(project: Path, words: str) -> None:
    text = (
        "# sbatch is for the cluster\nif command -v sbatch; then\n  sbatch job.sh\n  exit\nfi\ncat <<EOF\nssh is fine\nEOF\n"
        "command -v docker > /dev/null || echo none\n[ $CLUSTER = 1 ] && sbatch job.sh\nsubmit() {\n  sbatch x\n}\n"
        "echo on $(hostname) at $(date)\nMODELS=(flux at)\n[[ $1 =~ ^(docker|ssh)$ ]] && ssh y\ndocker info || true\n"
        "echo 'pip install -e .'; python train.py \"x; ssh y; z\" 2>&1 | tee log\npip install -r requirements.txt\n"
        "exit 0\nsbatch late.sh\n"
    )
    (project / "run.sh").write_text(text, encoding="utf-8")
    (project / "Makefile").write_text("all:\n\tdocker run x\n\ntest:\n\tpython train.py\n", encoding="utf-8")
    command = Command(tuple(shlex.split(words)), str(project))
    assert refusal(command, Machine(2), None, env={"PATH": os.defpath}, host="here") == ""


def test_an_environment_of_poetry_in_the_project_is_fine(project: Path) -> None:
    (project / ".venv").mkdir()
    command = Command(("poetry", "run", "python", "train.py"), str(project))
    assert refusal(command, Machine(2), None, env={"PATH": os.defpath}, host="here") == ""


def told(folder: Path, pid: int, main: bool, **counted: int) -> None:
    """What the agent of one process wrote."""
    counters = [[kind.replace("_", " "), "t.py", "main", 3, 1.0, n, n, 10**9] for kind, n in counted.items()]
    about = {"pid": pid, "main": main, "counters": counters, "facts": {"of": str(pid)}}
    (folder / f"{pid}.json").write_text(json.dumps(about), encoding="utf-8")
    for i, n in enumerate(counted.values()):
        np.arange(1, n + 1, dtype=np.int64).tofile(folder / f"{pid}.{i}.times")


def test_of_several_processes_the_one_that_learns_is_measured_and_of_peers_always_the_same(tmp_path: Path) -> None:
    def chosen(*processes: tuple[int, bool, dict[str, int]]) -> str:
        shutil.rmtree(tmp_path, ignore_errors=True)
        tmp_path.mkdir()
        for pid, main, counted in processes:
            told(tmp_path, pid, main, **counted)
        return read_trace(tmp_path).facts["of"]

    worker = {"env_step": 800}
    assert chosen((7, True, {"optimiser_step": 40}), (8, False, worker), (9, False, worker)) == "7"
    assert chosen((7, True, {"env_step": 500}), (8, False, worker)) == "7"  # a vector counts its workers' steps too
    assert chosen((7, True, {}), (9, False, worker), (8, False, {"env_step": 790})) == "8"
    assert chosen((7, True, {}), (8, False, {"optimiser_step": 3}), (9, False, {"optimiser_step": 90})) == "9"
    assert chosen((7, True, {}), (8, False, {})) == "7"


def test_a_new_path_outside_is_made_beside_the_copy_and_none_that_may_be_there(project: Path, tmp_path: Path) -> None:
    there = tmp_path / "data"
    there.mkdir()
    (there / "model.index").touch()
    (there / "conda-meta").mkdir()  # an environment, which is not copied
    words = (
        f"--out={there}/new/", f"{there}/fresh", f"{there}/fresh/logs", f"{there}/exp/7/seed", str(there), f"{there}/model",
        f"{there}/x-{{:02d}}", "/nosuch/a", f"DATA={there} {there}/python train.py",
    )  # fmt: skip
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("python", "train.py", *words), str(project)), ())
        led, kept = place.argv[2:6], place.argv[6:]
        assert led == tuple(w.replace(str(there), f"{place.folder}/.out{there}") for w in words[:4])
        assert kept[:-1] == words[4:-1]
        assert kept[-1] == f"DATA={there} {place.folder}/.out{there}/python train.py"  # a line: what is new, too
        for made in (led[1], os.path.join(place.folder, ".out", f"{there}/exp"[1:])):
            Path(made).mkdir()
        (there / "fresh").mkdir()  # a run that writes there all the same changes nothing for the next
        copies.release(place)
        place = copies.fresh(Command(("python", *words), str(project)), ())
        assert place.argv[2].startswith(place.folder)
        assert not Path(place.argv[2]).exists()


@pytest.mark.parametrize("way", ["script", "env", "line"])
def test_a_command_that_sets_its_own_path_is_counted_all_the_same(project: Path, tmp_path: Path, way: str) -> None:
    (project / "sub" / "helper.py").write_text("x = 1\n", encoding="utf-8")
    (project / "train.py").write_text("import helper\nprint(helper.x)\n", encoding="utf-8")
    line = f"export PYTHONPATH=sub; {sys.executable} train.py"
    (project / "run.sh").write_text(line + "\n", encoding="utf-8")
    argv = {
        "script": ("bash", "run.sh"),
        "env": ("env", "PYTHONPATH=sub", sys.executable, "train.py"),
        "line": ("sh", "-c", line),
    }
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, Command(argv[way], str(project)), stop=Stop(30.0))
    assert [p.text for p in trace.printed] == ["1"]
    assert trace.facts["entry"] == "train.py"


def test_a_project_is_known_by_the_way_that_its_user_came(tmp_path: Path) -> None:
    """As where /home/me leads to /nfs/home/me."""
    real, home = tmp_path / "nfs" / "me", tmp_path / "me"
    (real / "work" / "sub").mkdir(parents=True)
    home.symlink_to(real)
    source = f"print('{home}/work/sub', '~/work', '{real}/work')\nopen('{home}/work/sub/new', 'w')\n"
    (real / "work" / "train.py").write_text(source, encoding="utf-8")
    argv = (sys.executable, f"{home}/work/train.py", f"--out={home}/work/runs")
    env = {**env_of(tmp_path), "HOME": str(home), "PWD": str(home / "work")}
    with scratch(str(real / "work"), env) as copies:
        place = copies.fresh(Command(argv, str(real / "work")))
        assert place.argv[1:] == (f"{place.root}/train.py", f"--out={place.root}/runs")
        copies.release(place)
        (trace,) = probe(copies, Command(argv, str(real / "work")), stop=Stop(30.0))
        assert not trace.outside
        assert trace.printed[0].text == f"sub {real}/work {real}/work"
    assert not (real / "work" / "sub" / "new").exists()


def test_where_results_go_by_the_environment_each_copy_has_its_own(project: Path, tmp_path: Path) -> None:
    runs, data = tmp_path / "runs", tmp_path / "data"
    for folder in (runs, data):
        folder.mkdir()
        (folder / "last.csv").write_text("mine", encoding="utf-8")
    (project / "train.py").write_text(
        "import os\nopen(os.environ['nnUNet_results'] + '/last.csv', 'w')\n", encoding="utf-8"
    )
    env = env_of(tmp_path, nnUNet_results=str(runs), DATA=str(data))
    with scratch(str(project), env) as copies:
        (trace,) = probe(copies, Command((sys.executable, "train.py"), str(project)), stop=Stop(30.0))
        assert not trace.failed
        assert copies.fresh(Command(("true",), str(project))).env["DATA"] == str(data)
    assert (runs / "last.csv").read_text(encoding="utf-8") == "mine"


def test_where_results_go_by_a_script_or_a_configuration_each_copy_has_its_own(project: Path, tmp_path: Path) -> None:
    for name in ("exp1", "logs", "data"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "last.csv").write_text("mine", encoding="utf-8")
    shell = f"cp /dev/null {tmp_path}/exp1/last.csv\ntrue --output_dir {tmp_path}/exp1 --data {tmp_path}/data\ncat {tmp_path}/data/last.csv\n"
    (project / "run.sh").write_text(shell, encoding="utf-8")
    (project / "c.yaml").write_text(
        f"log_dir: {tmp_path}/logs\nsave_dir: {tmp_path}/new/x\ndata: {tmp_path}/data\n", encoding="utf-8"
    )
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, Command(("bash", "run.sh"), str(project)), stop=Stop(30.0))
        assert [p.text for p in trace.printed] == ["mine"]
        place = copies.fresh(Command(("true",), str(project)))
        beside = f"{place.folder}/.out{tmp_path}"
        wanted = f"log_dir: {beside}/logs\nsave_dir: {beside}/new/x\ndata: {tmp_path}/data\n"
        assert Path(place.root, "c.yaml").read_text(encoding="utf-8") == wanted
        assert Path(beside, "exp1", "last.csv").read_text(encoding="utf-8") == "mine"  # as it was
    assert (tmp_path / "exp1" / "last.csv").read_text(encoding="utf-8") == "mine"


def test_what_files_name_leaves_room_for_what_the_command_names(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sixdays.probes.outside.MOST_IN_ALL", 40)
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.npy").write_bytes(bytes(10))
    text = "".join(f"out_dir: {tmp_path}/{name}\n" for name in "ab")
    (project / "c.yaml").write_text(text, encoding="utf-8")
    with scratch(str(project), env_of(tmp_path)) as copies:
        place = copies.fresh(Command(("true", f"{tmp_path}/c"), str(project)))
        beside = f"{place.folder}/.out{tmp_path}"
        assert place.argv[1] == f"{beside}/c"
        led = Path(place.root, "c.yaml").read_text(encoding="utf-8")
        assert led == f"out_dir: {beside}/a\nout_dir: {tmp_path}/b\n"


def test_a_script_keeps_its_rights_and_is_found_behind_a_name_of_its_project(project: Path, tmp_path: Path) -> None:
    script = project / "train.py"
    script.write_text(f"#!{sys.executable}\nprint(1)\n", encoding="utf-8")
    script.chmod(0o755)
    (project / "run.sh").write_text(f"cd {project} && python {project}/train.py\n", encoding="utf-8")
    lever = Candidate("switches", "x", "x", "same", preamble=("print('first')",))
    with scratch(str(project), env_of(tmp_path)) as copies:
        for argv in (("./train.py",), ("bash", "run.sh")):
            (trace,) = probe(copies, Command(argv, str(project)), (lever,), stop=Stop(30.0))
            assert [p.text for p in trace.printed][:2] == ["first", "1"], argv


def test_a_save_from_outside_of_python_spares_the_user_s_file(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "LARGE", 1000)
    (project / "big.mp4").write_bytes(b"1" * 2000)
    (project / "safetensors").mkdir()
    (project / "safetensors" / "__init__.py").touch()
    writes = "import subprocess\ndef save_file(tensors, filename, metadata=None):\n    subprocess.run(['sh', '-c', 'echo 2 >' + filename])\n"
    (project / "safetensors" / "torch.py").write_text(writes, encoding="utf-8")
    source = (
        "from safetensors.torch import save_file\nsave_file({}, filename='big.mp4')\nprint(open('big.mp4').read())\n"
    )
    (project / "train.py").write_text(source, encoding="utf-8")
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, Command((sys.executable, "train.py"), str(project)), stop=Stop(30.0))
    assert trace.printed[0].text == "2"
    assert (project / "big.mp4").read_bytes() == b"1" * 2000


def test_torch_saves_are_seen_though_they_are_written_in_c(project: Path, tmp_path: Path) -> None:
    needed("torch")
    source = "import sys, torch\ntorch.save({}, sys.argv[1].replace('+', '/'))\n"
    (project / "train.py").write_text(source, encoding="utf-8")
    command = Command((sys.executable, "train.py", str(project / "x.pt").replace("/", "+")), str(project))
    with scratch(str(project), env_of(tmp_path)) as copies, pytest.raises(Overwritten, match=r"x\.pt was written"):
        probe(copies, command, stop=Stop(60.0))


def test_what_is_only_read_of_the_users_may_be_opened_as_if_to_be_written(project: Path, tmp_path: Path) -> None:
    """numpy.memmap opens so; an append is refused, and what a run has made it may take away."""
    (project / "big.dat").write_bytes(b"12")
    os.utime(project / "big.dat", (1e9, 1e9))
    (project / "train.py").write_text(
        "import os\n"
        f"there = os.path.join({str(project.parent)!r}, 'pro' + 'ject', 'big.dat')\n"
        "print(open(there, 'r+b').read())\n"
        "open(there + '.lock', 'w').close()\n"
        "open(there + '.lock', 'w').close()\n"
        "os.remove(there + '.lock')\n"
        "try:\n    open(there, 'ab')\nexcept PermissionError as e:\n    print('refused')\n",
        encoding="utf-8",
    )
    with scratch(str(project), env_of(tmp_path)) as copies:
        (trace,) = probe(copies, Command((sys.executable, "train.py"), str(project)), stop=Stop(30.0))
    assert [p.text for p in trace.printed] == ["b'12'", "refused"]
    assert sorted(p.name for p in project.iterdir() if "big" in p.name) == ["big.dat"]


def test_printed_lines_and_counters_have_one_clock(tmp_path: Path) -> None:
    """Neither holds what the agent took: between two lines lie as many updates as the command made."""
    needed("torch")
    script = """\
        import torch

        net = torch.nn.Linear(256, 256)
        optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
        for i in range(1, 4001):
            net(torch.ones(256)).sum().backward()
            optimiser.step()
            if i % 500 == 0:
                print(f"update {i}", flush=True)
        """
    (tmp_path / "train.py").write_text(textwrap.dedent(script), encoding="utf-8")
    command = Command((sys.executable, "train.py"), str(tmp_path))
    with scratch(str(tmp_path), dict(os.environ)) as copies:
        (trace,) = probe(copies, command, stop=Stop(60.0))
    unit = unit_of(trace)
    assert unit is not None
    assert trace.pause > 0.0
    assert trace.paused[-1, 1] == pytest.approx(trace.pause, rel=0.05)
    at = np.array([line.at for line in trace.printed])
    made = done(*track(trace, unit), at)
    assert made[-1] - made[0] == pytest.approx(3500, rel=0.02)
