"""What the user owns in the end: the changed command line, and a diff that can be put in and taken back."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from difflib import unified_diff
from itertools import count
from pathlib import Path

from sixdays.errors import RunError, StoreError
from sixdays.faster.model import Command, Setting
from sixdays.faster.report import Delivery
from sixdays.faster.setting import changed, preamble
from sixdays.probes import copying
from sixdays.probes.scratch import Place, Scratch
from sixdays.stores.files import write_whole


def delivery(command: Command, setting: Setting, copies: Scratch) -> Delivery:
    """How to have a setting."""
    made = changed(command, setting)
    env = tuple((k, v) for k, v in made.env.items() if command.env.get(k) != v)
    text = preamble(setting)
    shown, where, has_patch = "", ("", ""), any(c.patch for c in setting)
    if text or has_patch:
        place = copies.fresh(command, setting, is_to_run=False)
        shown = _diff(place, copies.pristine)
        copies.release(place)
        where = place.loads
    return Delivery(made.argv, env, text, shown, where[0], command.root, where[1], has_patch)


def _diff(place: Place, pristine: str) -> str:
    """What differs between a clean copy of the project and one with everything put in, as one unified diff."""
    parts = []
    for name in sorted({*copying.project_stamps(place.root), *copying.project_stamps(pristine)}):
        before, after = Path(pristine, name), Path(place.root, name)
        if _stamp(before) != _stamp(after):
            old, new = (_lines(p) for p in (before, after))
            if old != new:
                ends = (f"a/{name}" if before.exists() else "/dev/null", f"b/{name}" if after.exists() else "/dev/null")
                parts += list(unified_diff(old, new, *ends))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in parts)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _lines(path: Path) -> list[str]:
    """Lines with their ends, as git counts them; none of a file that is not there."""
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return []
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def put_in(made: Delivery, stamp: str) -> str:
    """Applies the diff to the user's project as git would; returns the command that takes it back.

    Raises:
        RunError: it does not apply any more; nothing is changed.
        StoreError: the disk refuses.
    """
    root = Path(made.root)
    folder = root / ".sixdays" / "faster"
    kept = next(p for n in count(1) if not (p := folder / f"{stamp}{f'-{n}' if n > 1 else ''}.diff").exists())
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, made.diff, errors="surrogateescape")
    except OSError as e:
        raise StoreError(f"{kept} cannot be written: {e.strerror}", "nothing was changed") from e
    try:
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(kept)], cwd=root, capture_output=True, text=True, check=False
        )
    except OSError as e:
        raise RunError("git is needed to put a diff in, and is not here", f"apply {kept} by hand") from e
    if done.returncode:
        kept.unlink(missing_ok=True)
        why = done.stderr.strip().split("\n")[0].removeprefix("error: ")
        raise RunError(f"it does not apply any more: {why}", "nothing was changed; measure again")
    return shlex.join(["git", "-C", str(root), "apply", "-R", str(kept.relative_to(root))])
