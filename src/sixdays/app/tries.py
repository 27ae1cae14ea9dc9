"""Changes that a person or a program has written: patches and other commands, to be measured like ours."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sixdays.errors import RunError, UsageError
from sixdays.faster.model import Profile

MOST_BYTES = 1_000_000
HOTTEST = 8  # sources that a proposer gets


@dataclass(frozen=True, slots=True)
class Tries:
    """patches: name → unified diff. commands: name → words. propose: a program that writes one more patch."""

    patches: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    propose: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """For the lever `given`."""
        return {"patches": dict(self.patches), "commands": dict(self.commands)}


def tries(given: Sequence[str], propose: str | None) -> Tries:
    """What `--try` and `--propose` name: a file is a patch, anything else a command line.

    Raises:
        UsageError: a patch that is not there or cannot be read; words that are none.
    """
    patches: dict[str, str] = {}
    commands: dict[str, tuple[str, ...]] = {}
    for text in given:
        if text.endswith((".diff", ".patch")) or Path(text).is_file():
            patches[text] = _read(text)
        else:
            commands[text] = _words(text, "--try")
    return Tries(patches, commands, _words(propose, "--propose") if propose else ())


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as f:  # the ends of its lines are those of the file it changes
            return f.read(MOST_BYTES)
    except FileNotFoundError as e:
        raise UsageError(f"--try {path}: there is no such file", "git diff > my.diff makes one") from e
    except (OSError, ValueError) as e:
        raise UsageError(f"--try {path}: it cannot be read: {getattr(e, 'strerror', None) or e}") from e


def _words(text: str, option: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as e:
        raise UsageError(f"{option} {text}: {e}", "close the quotes") from e
    if not words:
        raise UsageError(f"{option} needs a command", f'{option} "python train.py --fast"')
    return words


def proposed(argv: Sequence[str], profile: Profile, diagnosis: Sequence[Any], seconds: float) -> str:
    """The unified diff that a program answers with; it gets the diagnosis and the hot sources as JSON on stdin.

    Raises:
        RunError: it could not be started, failed, took too long, or wrote no diff.
    """
    hot = dict.fromkeys([d.file for d in diagnosis if d.file in profile.sources] + list(profile.sources))
    asked = {
        "schema": 1,
        "command": list(profile.command.argv),
        "root": profile.command.root,
        "diagnosis": [d.to_dict() for d in diagnosis],
        "sources": {name: profile.sources[name] for name in list(hot)[:HOTTEST]},
        "answer": "a unified diff with paths relative to root; the same algorithm, the same random streams",
    }
    name = shlex.join(argv)
    try:
        process = subprocess.Popen(
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
    except OSError as e:
        raise RunError(f"{name} cannot be started: {e.strerror}") from e
    try:
        out, err = process.communicate(json.dumps(asked), timeout=seconds)
    except subprocess.TimeoutExpired as e:
        raise RunError(f"{name} gave no answer in {seconds:.0f} s") from e
    finally:
        _end(process)
    if process.returncode:
        last = err.strip().split("\n")[-1]
        raise RunError(f"{name} ended with exit status {process.returncode}" + (f": {last}" if last else ""))
    start = min((i for i in (out.find("diff --git"), out.find("--- ")) if i >= 0), default=-1)
    if start < 0:
        raise RunError(f"{name} answered without a diff")
    return out[start:MOST_BYTES]


def _end(process: subprocess.Popen[str]) -> None:
    """Nothing that it started stays."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
