"""Finding the program that a command names, or saying how to mend the command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from sixdays.errors import RunError, did_you_mean


def find(name: str, cwd: str, env: Mapping[str, str]) -> str:
    """The path of a program.

    Raises:
        RunError: it is not there or cannot be run; the hint says how to mend it.
    """
    path = Path(cwd, name)
    if "/" not in name:
        found = shutil.which(name, path=env.get("PATH", os.defpath))
        if found is None:
            raise RunError(f"{name}: command not found", _instead(name, path, env))
        return found
    if not path.exists():
        near = [f"{name.rpartition('/')[0]}/{p.name}" for p in path.parent.glob("*")]
        raise RunError(f"{name}: no such file", did_you_mean(name, near))
    if path.is_dir():
        raise RunError(f"{name} is a folder, not a program", "name the script: python train.py")
    if not os.access(path, os.X_OK):
        raise RunError(f"{name} is not executable", why_not(path))
    return str(path)


def _instead(name: str, path: Path, env: Mapping[str, str]) -> str:
    if path.is_file():
        first = {".py": "python ", ".sh": "sh "}.get(path.suffix, "./")
        return f"say: {first}{name}"
    names = []
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        try:
            names += os.listdir(folder or ".")
        except OSError:
            continue
    return did_you_mean(name, names, "is its environment active?")


def why_not(path: Path) -> str:
    """How to mend a file that cannot be run: by its first line."""
    try:
        with path.open("rb") as f:
            first = f.readline(256)
    except OSError:
        return ""
    if first.startswith(b"#!"):
        words = first[2:].split()
        wanted = words[0].decode("utf-8", "replace") if words else ""
        if not Path(wanted).exists():
            return f"its first line asks for {wanted}, which is not there: name the interpreter, python {path.name}"
    if path.suffix == ".py":
        return f"name the interpreter: python {path.name}"
    return f"chmod +x {path.name}" if not os.access(path, os.X_OK) else f"name the interpreter: sh {path.name}"
