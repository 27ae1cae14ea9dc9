"""Pages of Markdown whose transcripts are run: the tests compare them, `make golden` rewrites them.

    <!-- in: examples/nips-workshop · now: 2016-11-04 18:00 America/Los_Angeles -->     where, and when
    <!-- file: plan.yaml -->                        the next fenced block is written as that file
    ```console                                      `$ sixdays …` is run; what follows is what it must print

A page has one folder; blocks that hold `>>>` are run as doctests in it.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from sixdays.cli import run
from tests.command import _in, _typed

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"(?P<head>(?:<!--[^\n]*-->\n+)?)```(?P<kind>\w+)\n(?P<body>.*?)```", re.DOTALL)
_DIRECTIVE = re.compile(r"<!--\s*(.*?)\s*-->")


def pages() -> list[Path]:
    """README and every page of the docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rewritten(page: Path, folder: Path) -> str:
    """The page with its transcripts as they are now."""
    text = page.read_text(encoding="utf-8")
    state = {"now": ""}

    def block(found: re.Match[str]) -> str:
        said = _DIRECTIVE.search(found["head"])
        wanted = dict(part.split(": ", 1) for part in said[1].split(" · ") if ": " in part) if said else {}
        if "in" in wanted:
            shutil.copytree(ROOT / wanted["in"], folder / wanted["in"], dirs_exist_ok=True)
        state["now"] = wanted.get("now", state["now"])
        if "file" in wanted:
            path = folder / wanted["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(found["body"], encoding="utf-8")
        if found["kind"] != "console":
            return found[0]
        return f"{found['head']}```console\n{_transcript(found['body'], folder, state['now'])}```"

    return _BLOCK.sub(block, text)


def _transcript(body: str, folder: Path, now: str) -> str:
    lines = []
    for line in body.splitlines():
        if line.startswith("$ "):
            lines += [line, *_ran(line[2:], folder, now)]
    return "\n".join(lines) + "\n"


def _ran(command: str, folder: Path, now: str) -> list[str]:
    """What a command prints, both streams as a terminal shows them."""
    typed, piped, rest = command.rpartition(" | sixdays")
    command = f"sixdays{rest}" if piped else command
    typed = shlex.split(typed)[1].encode().decode("unicode_escape") if piped else ""
    command, show_code, _ = command.partition("; echo $?")
    argv = shlex.split(command)
    if argv[0] == "cat":
        return (folder / argv[1]).read_text(encoding="utf-8").splitlines()
    assert argv[0] == "sixdays", command
    screen = io.StringIO()
    os.environ.update(SIXDAYS_NOW=now, NO_COLOR="1", TZ="UTC", SIXDAYS_WHO="you")
    try:
        with _in(folder), redirect_stdout(screen), redirect_stderr(screen), _typed(typed):
            code = run(argv[1:])
    finally:
        del os.environ["SIXDAYS_NOW"]
    return [*screen.getvalue().rstrip("\n").split("\n"), *([str(code)] if show_code else [])]


def doctests(page: Path, folder: Path) -> tuple[int, int]:
    """(failed, tried) of the page's Python examples."""
    text = page.read_text(encoding="utf-8")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    names: dict[str, object] = {}
    for found in _BLOCK.finditer(text):
        said = _DIRECTIVE.search(found["head"])
        if said and said[1].startswith("in: "):
            where = said[1].split(" · ")[0][4:]
            shutil.copytree(ROOT / where, folder / where, dirs_exist_ok=True)
        if found["kind"] == "python" and ">>>" in found["body"]:
            test = doctest.DocTestParser().get_doctest(found["body"], names, page.name, str(page), 0)
            with _in(folder):
                runner.run(test, clear_globs=False)
            names.update(test.globs)
    return runner.summarize(verbose=False)[:2]
