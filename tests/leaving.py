"""What a run leaves: the files of a folder as one hash, and processes that still live."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def tree(folder: Path) -> str:
    """A hash of all files and links of a folder, with their modes and times."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        total.update(f"{path.relative_to(folder)} {stat.st_mode} {stat.st_mtime_ns if path.is_file() else 0}".encode())
        total.update(str(path.readlink()).encode() if path.is_symlink() else b"")
        total.update(path.read_bytes() if path.is_file() else b"")
    return total.hexdigest()


def left(sign: str) -> list[str]:
    """Processes that still have a text in their environment or words."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = Path("/proc", name, "cmdline").read_bytes() + Path("/proc", name, "environ").read_bytes()
        except OSError:
            continue
        if sign.encode() in text and int(name) != os.getpid():
            found.append(name)
    return found
