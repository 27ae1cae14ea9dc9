"""Readers: one file each for a log format, behind one protocol. Found by listing; `_` begins the names of shared parts.

_files    opening, heads and tails, lines       _points   growing series, resumes, joining
_cells    numbers and times                     _columns  which column is what, by name
_table    rows with a header                    _records  one object a line
_flat     configuration, flat                   _wire     protobuf fields, checksums
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sixdays.logs.series import Log

Wanted = Callable[[str], bool] | None
Tick = Callable[[int], None] | None


class Reader(Protocol):
    """What a file in this folder makes with `create(options)`.

    names: file names worth opening, as shell patterns. rank: the smaller, the sooner it is asked (specific first).
    alone: such a file is a run by itself when several of them share a folder.
    title: the format in words.
    """

    name: str
    title: str
    rank: int
    names: tuple[str, ...]
    alone: bool

    def claims(self, path: str, head: bytes) -> bool:
        """Whether a file is of this format, by its path and first 4 kB."""
        ...

    def read(
        self, path: str, *, cursor: Any = None, wanted: Wanted = None, ends: bool = False, tick: Tick = None
    ) -> tuple[Log, ...]:
        """What the file holds, one log a run; an empty tuple where it has no point yet.

        Args:
            cursor: of an earlier log of this file: only what is new is read and returned. A file that has shrunk
                or was replaced is read anew, and a note says so. A file of several runs is read anew.
            wanted: which tags to decode; None: all.
            ends: of a large file only head and tail are read: first and last points with their times, not the middle.
            tick: told the bytes done so far.

        Raises:
            LogError: the file cannot be read, or is not of this format. Never anything else.
        """
        ...

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        """The logs of several files of one folder as those of one run; unchanged where they do not belong together."""
        ...
