"""The Python script inside a command: behind an interpreter, a runner, a shell script, a console script."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from sixdays.faster.model import Command

_PYTHON = re.compile(r"^(python|pypy)[\d.]*t?$")
_SHELLS = frozenset("sh bash dash zsh ksh".split())
# Programs that run the program named among their words; what they do else does not matter here.
_RUNNERS = frozenset(
    "env nice ionice nohup time timeout taskset numactl stdbuf setsid xvfb-run chrt uv poetry pipenv pdm hatch rye "
    "conda mamba micromamba pixi accelerate torchrun deepspeed horovodrun mpirun mpiexec srun catchsegv exec command "
    "kernprof coverage debugpy fabric lightning composer".split()
)
_RUNNING_MODULES = frozenset(
    "torch.distributed.run torch.distributed.launch accelerate.commands.launch cProfile profile pdb trace coverage "
    "kernprof line_profiler memory_profiler scalene viztracer debugpy ipdb pyinstrument "
    "deepspeed.launcher.runner".split()
)
_BEFORE_A_COMMAND = re.compile(r"^(?:\s|[({!]|(?:do|then|else|if|elif|while|until|time)\s)+")
_TAKES_VALUE = ("-X", "-W", "--check-hash-based-pycs")


def entry_of(command: Command, path: str | None = None) -> str | None:
    """The script that a command runs: relative to the root where it lies there, else absolute; None where unclear.

    path: the PATH to look programs up in; None: ours.
    """
    found = _entry(command.argv, Path(command.root, command.cwd), Path(command.root), path, 0)
    if found is None:
        return command.entry or None
    absolute = os.path.normpath(found)
    root = os.path.normpath(command.root)
    return os.path.relpath(absolute, root) if absolute.startswith(root + os.sep) else absolute


def _entry(words: Sequence[str], cwd: Path, root: Path, path: str | None, depth: int) -> Path | None:
    while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0], re.S):  # X=1 command
        words = words[1:]
    if not words or depth > 5:
        return None
    name, here = os.path.basename(words[0]), cwd / words[0]
    if _PYTHON.match(name):
        return _of_python(words[1:], cwd, root, path, depth)
    if name in _SHELLS:
        return _of_shell(words[1:], cwd, root, path, depth)
    if name in _RUNNERS:
        return _behind(words[1:], cwd, root, path, depth)
    if name.endswith(".py"):
        return here if here.is_file() else None
    program = here if "/" in words[0] else Path(shutil.which(words[0], path=path) or "")
    return _of_program(program, words, cwd, root, path, depth)


def _of_program(
    program: Path, words: Sequence[str], cwd: Path, root: Path, path: str | None, depth: int
) -> Path | None:
    """A file with #!: a script itself, or what pip makes to call a function of a package."""
    text = text_of(program)
    first = text.partition("\n")[0]
    if not first.startswith("#!"):
        return None
    asked = [os.path.basename(w) for w in first[2:].split()]
    if any(w in _SHELLS for w in asked[:2]):
        return _of_shell([str(program), *words[1:]], cwd, root, path, depth)
    if not (any(_PYTHON.match(w) for w in asked) or "python" in first or "'''exec'" in text[:200]):
        return None
    called = re.search(r"^from ([\w.]+) import \w+", text, re.M)
    if called and len(text) < 2000 and "sys.exit(" in text:
        return _module(called[1], cwd, root) or program
    return program


def _of_python(args: Sequence[str], cwd: Path, root: Path, path: str | None, depth: int) -> Path | None:
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word in _TAKES_VALUE:
            rest = rest[1:]
        elif re.fullmatch(r"-[A-Za-ln-z]*c.*", word) and not word.startswith("--"):
            return None
        elif found := re.fullmatch(r"-[bBdEiIOPqsSuvx]*m(.*)", word):
            module = found[1] or (rest.pop(0) if rest else "")
            if module in _RUNNING_MODULES:
                return _behind(rest, cwd, root, path, depth)
            return _module(module, cwd, root)
        elif not word.startswith("-"):
            file = cwd / word
            return file / "__main__.py" if file.is_dir() else file if file.is_file() else None
    return None


def _behind(words: Sequence[str], cwd: Path, root: Path, path: str | None, depth: int) -> Path | None:
    """The first word that is a script, or a program with a script behind it."""
    for i, word in enumerate(words):
        if word in ("-m", "--module") and i + 1 < len(words) and (found := _module(words[i + 1], cwd, root)):
            return found
        if word.endswith(".py") and (cwd / word).is_file():
            return cwd / word
        name = os.path.basename(word)
        if _PYTHON.match(name) or name in _SHELLS or name in _RUNNERS:
            return _entry(words[i:], cwd, root, path, depth + 1)
    for i, word in enumerate(words):  # a console script: uv run train
        if not word.startswith("-") and shutil.which(word, path=path):
            return _entry(words[i:], cwd, root, path, depth + 1)
    return None


def _of_shell(args: Sequence[str], cwd: Path, root: Path, path: str | None, depth: int) -> Path | None:
    """The one script that a shell script runs; None where it runs several."""
    text, at = "", 0
    while at < len(args) and args[at].startswith(("-", "+")):
        if args[at].lstrip("-").endswith("c") and at + 1 < len(args):
            text = args[at + 1]
            break
        at += 2 if args[at] in ("-o", "+o") else 1
    if not text and at < len(args):
        text = text_of(cwd / args[at])
    found = {os.path.normpath(f) for f in _lines(text, cwd, root, path, depth)}
    return Path(found.pop()) if len(found) == 1 else None


def _lines(text: str, cwd: Path, root: Path, path: str | None, depth: int) -> Iterator[Path]:
    for line in re.split(r"\n|;|&&|\|\||\||&", re.sub(r"\\\r?\n", " ", text)):
        try:
            words = shlex.split(_BEFORE_A_COMMAND.sub("", line).rstrip(" )}"), comments=True)
        except ValueError:
            continue
        if words[:1] == ["cd"] and len(words) == 2:
            cwd = cwd / words[1]
        elif words and (entry := _script_of(words, cwd, root, path, depth)):
            yield entry


def _script_of(words: Sequence[str], cwd: Path, root: Path, path: str | None, depth: int) -> Path | None:
    names = [os.path.basename(w) for w in words]
    likely = any(_PYTHON.match(n) or n in _RUNNERS or n in _SHELLS or n.endswith((".py", ".sh")) for n in names)
    return _entry(words, cwd, root, path, depth + 1) if likely else None


def _module(name: str, cwd: Path, root: Path) -> Path | None:
    """The file of a module of the project; of a package its __main__."""
    part = Path(*name.split(".")) if name else Path()
    for folder in (cwd, cwd / "src", root, root / "src"):
        for file in (folder / part / "__main__.py", (folder / part).with_suffix(".py"), folder / part / "__init__.py"):
            if name and file.is_file():
                return file
    return None


def text_of(path: Path) -> str:
    """The first part of a file as text; empty where it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as f:
            return f.read(200_000)
    except (OSError, ValueError):  # no such name
        return ""
