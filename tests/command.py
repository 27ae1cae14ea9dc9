"""The command line, in this process: the same function that the console script calls."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from sixdays.cli import run


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class Sixdays:
    """Calls `sixdays …` in a folder of its own; input is what the user types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *argv: str, input: str = "") -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with _in(self.folder), redirect_stdout(out), redirect_stderr(err), _typed(input):
            code = run(list(argv))
        return Ran(code, out.getvalue(), err.getvalue())

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        return path

    def read(self, name: str = "plan.yaml") -> str:
        return (self.folder / name).read_bytes().decode("utf-8")


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _typed(text: str) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before
