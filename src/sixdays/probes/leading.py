"""Where paths lead from a copy: into it, to a twin beside it of what lies outside, or where they always led."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

OUT = ".out"  # beside a copy: its twins of what lies outside of the project, by their full paths
# Of the system, or of all: never copied, nor is anything new led elsewhere.
_SYSTEM = ("/dev", "/proc", "/sys", "/run", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot")


def twin(folder: str, path: str) -> str:
    """Where the copy in a folder has its own of a path outside.

    >>> twin("/tmp/copies/1", "/data/out")
    '/tmp/copies/1/.out/data/out'
    """
    return os.path.join(folder, OUT, path.lstrip(os.sep))


class Leading:
    """root: the project. environments: inside of it, to which copies link. home: of the user.

    beside: names of folders beside the project that stand beside each copy too. twins: paths outside of which each
    copy has its own.
    """

    def __init__(self, root: str, environments: Sequence[str], home: str) -> None:
        self.root = root
        self.beside: set[str] = set()
        self.twins: set[str] = set()
        self.environments = environments
        below_home = os.path.relpath(root, home) if home and is_below(root, {home}) else ""
        spelt = [re.escape(name) for name in sorted({root, os.path.realpath(root)}, key=len, reverse=True)]
        spelt += [rf"(?:~|\$HOME|\$\{{HOME\}})/{re.escape(below_home)}"] if below_home else []
        own = "|".join(map(re.escape, environments))
        kept = rf"(?!/(?:{own})(?:[/\s'\"]|$))" if own else ""  # an environment's own interpreter
        pattern = rf"(?<![\w./~-])(?:{'|'.join(spelt)}){kept}(?=[/\s;&|()'\",:\]}}]|$)"
        self._named = re.compile(os.fsencode(pattern), re.M)

    def text(self, source: bytes, root: str) -> bytes:
        """A text with full names of the project that are those of its copy at root; ~ and $HOME are read."""
        return self._named.sub(lambda _: os.fsencode(root), source)

    def word(self, word: str, folder: str, root: str, cwd: str) -> str:
        """A word of a command, or a value of the environment, as the copy at root gets it. folder: holds the copy."""
        head, tail = _split(word)
        for real in {self.root, os.path.realpath(self.root)}:
            if tail == real or tail.startswith(real + os.sep):
                inner = os.path.relpath(tail, real)
                if is_below(inner, self.environments):
                    return word
                return head + os.path.normpath(os.path.join(root, inner))
        full = self.outside(word, cwd)
        if full and is_below(full, self.twins):
            return head + twin(folder, tail if tail.startswith(os.sep) else full)
        if not full or tail.startswith(os.sep) or not os.path.exists(full):
            return word
        name = os.path.relpath(full, os.path.dirname(self.root)).partition(os.sep)[0]
        return word if name in self.beside else head + full

    def outside(self, word: str, cwd: str) -> str:
        """The full path that a word names outside of the project, there or not; empty where it names none.

        Not a pattern or a line for a shell.
        """
        tail = _split(word)[1]
        full = os.path.normpath(os.path.join(self.root, cwd, tail))
        if not tail.startswith((os.sep, "../")) or re.search(r"[\s,;|&<>*?{}%$\[\]:]|^//", tail):
            return ""
        return "" if is_below(full, {self.root, *_SYSTEM}) else full


def is_new(path: str) -> bool:
    """Whether it is not there, in a folder that is; not what names of files that are there begin with."""
    above, name = os.path.split(path)
    if above == os.sep or os.path.lexists(path):
        return False
    try:
        return not any(there.startswith(name) for there in os.listdir(above))
    except OSError:
        return False


def is_below(path: str, folders: Iterable[str]) -> bool:
    """By its name alone: a link counts as where it stands."""
    return any(path == f or path.startswith(f + os.sep) for f in folders)


def _split(word: str) -> tuple[str, str]:
    """A word as what stands before a path, `--out=`, and the path."""
    head, sep, tail = word.rpartition("=")
    return (head + sep, tail) if "/" in tail else ("", word)
