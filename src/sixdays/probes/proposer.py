"""A program of the user's that writes a patch: it reads what was seen, as JSON, on its standard input."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sixdays import processes
from sixdays.errors import RunError
from sixdays.faster.model import Profile
from sixdays.faster.setting import MOST_PATCH
from sixdays.probes.scratch import Place, Scratch

HOTTEST = 8  # sources that it gets
MOST_FILE = 1 << 28  # bytes of any file that it writes


def proposed(
    argv: Sequence[str],
    profile: Profile,
    diagnosis: Sequence[Any],
    copies: Scratch,
    env: Mapping[str, str],
    seconds: float,
) -> str:
    """The unified diff that a program answers with. It runs in a copy of the project; nothing that it starts stays.

    env: the user's own, as it is: the program may need the network and keys. seconds: after which it is stopped.

    Raises:
        RunError: it could not be started, failed, took too long, or wrote no diff.
    """
    hot = dict.fromkeys([d.file for d in diagnosis if d.file in profile.sources] + list(profile.sources))
    place = copies.fresh(profile.command, is_to_run=False)
    asked = {
        "schema": 1,
        "command": list(profile.command.argv),
        "root": place.root,
        "diagnosis": [d.to_dict() for d in diagnosis],
        "sources": {name: profile.sources[name] for name in list(hot)[:HOTTEST]},
        "answer": "a unified diff with paths relative to root; the same algorithm, the same random streams",
    }
    here = os.path.join(profile.command.root, profile.command.cwd)
    try:
        out = _answered([_named(word, here) for word in argv], place, json.dumps(asked), env, seconds)
    finally:
        copies.release(place)
    start = min((i for i in (out.find("diff --git"), out.find("--- ")) if i >= 0), default=-1)
    if start < 0:
        raise RunError(f"{shlex.join(argv)} answered without a diff")
    return out[start:]


def _named(word: str, here: str) -> str:
    """A word that names a file from where the user is, by its full path: the copy may not have it."""
    path = os.path.normpath(os.path.join(here, word))
    return path if os.sep in word and os.path.isfile(path) else word


def _answered(argv: Sequence[str], place: Place, question: str, env: Mapping[str, str], seconds: float) -> str:
    name = shlex.join(argv)
    asked, said = (Path(place.folder, ".tmp", file) for file in ("asked", "said"))
    asked.write_text(question, encoding="utf-8")
    with processes.started(
        argv,
        place.cwd,
        {**env, "PWD": place.cwd},
        mark=place.mark,
        file_bytes=MOST_FILE,
        stdin=str(asked),
        stdout=str(said),
    ) as process:
        while not process.poll() and process.seconds < seconds:
            processes.attend([process], min(0.1, max(seconds - process.seconds, 0.0)))
        status = process.status
    if status is None:
        raise RunError(f"{name} gave no answer in {seconds:.0f} s")
    if status:
        last = next((text for _, text in reversed(process.output.lines)), "")
        raise RunError(f"{name} ended with exit status {status}" + (f": {last}" if last else ""))
    if said.stat().st_size > MOST_PATCH:
        raise RunError(f"{name} answered with more than {MOST_PATCH / 1e6:.0f} MB")
    return said.read_text(encoding="utf-8", errors="surrogateescape")
