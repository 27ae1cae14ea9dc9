"""Changes that a person or a program has written: patches and other commands, to be measured like ours."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sixdays.errors import UsageError
from sixdays.faster.setting import MOST_PATCH


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
        if text.endswith((".diff", ".patch")) or _is_patch(text):
            patches[text] = _read(text)
        else:
            commands[text] = _words(text, "--try")
    return Tries(patches, commands, _words(propose, "--propose") if propose else ())


def _is_patch(name: str) -> bool:
    """Whether it names a file that is no program: one of any name may be a patch."""
    if not os.path.isfile(name):
        return False
    with contextlib.suppress(OSError, ValueError), open(name, encoding="utf-8") as f:
        start = f.read(MOST_PATCH)
        return not start.startswith("#!") and bool(re.search(r"^(--- |diff |Index: )", start, re.M))
    return not os.access(name, os.X_OK)


def with_env(words: Sequence[str]) -> tuple[str, ...]:
    """A command that begins with settings of its environment, as shells take it: `env` reads them.

    >>> with_env(["OMP_NUM_THREADS=1", "python", "train.py"])
    ('env', 'OMP_NUM_THREADS=1', 'python', 'train.py')
    """
    is_set = len(words) > 1 and re.match(r"[A-Za-z_]\w*=", words[0])
    return ("env", *words) if is_set else tuple(words)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as f:  # the ends of its lines are those of the file it changes
            text = f.read(MOST_PATCH + 1)
    except FileNotFoundError as e:
        raise UsageError(f"--try {path}: there is no such file", "git diff > my.diff makes one") from e
    except (OSError, ValueError) as e:
        raise UsageError(f"--try {path}: it cannot be read: {getattr(e, 'strerror', None) or e}") from e
    if len(text) > MOST_PATCH:
        raise UsageError(
            f"--try {path}: a patch of more than {MOST_PATCH / 1e6:.0f} MB", "leave data and outputs out of it"
        )
    return text


def _words(text: str, option: str) -> tuple[str, ...]:
    try:
        words = with_env(shlex.split(text))
    except ValueError as e:
        raise UsageError(f"{option} {text}: {e}", "close the quotes") from e
    if not words:
        raise UsageError(f"{option} needs a command", f'{option} "python train.py --fast"')
    return words
