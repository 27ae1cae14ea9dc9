"""Opening log files: errors as ours, heads and tails, whole lines, cursors."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from sixdays.errors import LogError, Problem
from sixdays.logs.series import Log
from sixdays.readers import Tick, Wanted

BLOCK = 1 << 20
HEAD = 4096
TAIL = 4096
_FIRST = 2048  # of a glance
_CONTROL = bytes(range(9))
MOST_LINE = 1 << 26
_MARK = 256  # bytes at the start that tell whether a file was replaced


@dataclass(slots=True)
class Source:
    """An open file. written: its modification time, None where it has none."""

    path: str
    file: BinaryIO
    size: int
    written: float | None = None
    tick: Callable[[int], None] | None = None
    notes: list[Problem] = field(default_factory=list)

    def at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end of the file."""
        try:
            self.file.seek(offset)
            return self.file.read(min(length, max(self.size - offset, 0)))
        except OSError as e:
            raise LogError(f"{self.path}: it cannot be read: {e.strerror or e}") from e

    def done(self, offset: int) -> None:
        if self.tick:
            self.tick(offset)

    def note(self, message: str, hint: str = "", line: int = 1) -> None:
        if len(self.notes) < 20:
            self.notes.append(Problem(message, hint, self.path, line, level="warning"))

    def mark(self, offset: int) -> int:
        """A checksum of the start of the file, as far as it was read."""
        return zlib.crc32(self.at(0, min(offset, _MARK)))

    def resumed(self, cursor: Any) -> dict[str, Any]:
        """The cursor, where it is one of this file as it is now; else an empty one, with a note."""
        if not cursor:
            return {}
        try:
            offset = int(cursor["offset"])
            if 0 <= offset <= self.size and cursor["mark"] == self.mark(offset):
                return dict(cursor)
            self.note("the file has shrunk or was replaced: read anew")
        except (TypeError, KeyError, ValueError):
            self.note("the place to read on from is not one: read anew")
        return {}

    def cursor(self, offset: int, **more: Any) -> dict[str, Any]:
        return {"offset": offset, "mark": self.mark(offset), **more}


@contextmanager
def opened(path: str, tick: Callable[[int], None] | None = None) -> Iterator[Source]:
    """A file to read from. Raises LogError where it cannot be opened."""
    try:
        file = open(path, "rb")  # noqa: SIM115 (closed below)
        stat = os.fstat(file.fileno())
    except (OSError, ValueError) as e:
        raise LogError(f"{path}: it cannot be read: {getattr(e, 'strerror', None) or e}") from e
    with file:
        yield Source(path, file, stat.st_size, stat.st_mtime, tick)


class OneFile:
    """What readers of one file have in common: a file is opened, parsed, and is a run's log by itself."""

    def read(
        self, path: str, *, cursor: Any = None, wanted: Wanted = None, ends: bool = False, tick: Tick = None
    ) -> tuple[Log, ...]:
        with opened(path, tick) as source:
            return self.parse(source, cursor, wanted, ends)

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        raise NotImplementedError

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return logs


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a file. number: of the first one, from 1; offset: where the last one ends.

    torn: the last line has no line end: it may still be being written. gap: lines before these were not read.
    """

    lines: list[str]
    number: int
    offset: int
    torn: bool = False
    gap: bool = False


def lines(source: Source, start: int = 0, number: int = 1, *, ends: bool = False) -> Iterator[Lines]:
    """The lines of a file from an offset, in blocks of about 1 MB; with `ends` only the first and the last few.

    How many are the last few depends on the length of a line: about forty, in 4 kB to 512 kB.
    """
    if ends and source.size - start > 4 * TAIL:
        head = source.at(start, _FIRST)
        head = head if b"\n" in head else source.at(start, 16 * HEAD)
        cut = head.rfind(b"\n") + 1
        if cut:
            block = _split(head[:cut], number, start + cut)
            yield block
            tail = min(max(TAIL, 40 * cut // len(block.lines)), 1 << 19)
            if source.size - tail > start + cut:
                yield from _tail(source, source.size - tail, number + len(block.lines))
                return
            start, number = start + cut, number + len(block.lines)
    yield from _blocks(source, start, number)


def _tail(source: Source, at: int, number: int) -> Iterator[Lines]:
    """The lines after the first line end from an offset on; their numbers are too low, as the middle is not counted."""
    data = source.at(at, source.size - at)
    cut = data.find(b"\n") + 1
    end = data.rfind(b"\n") + 1
    if cut and end > cut:
        block = _split(data[cut:end], number, at + end)
        yield Lines(block.lines, number, block.offset, gap=True)
    if cut and end < len(data):
        yield Lines(_split(data[end:], 0, 0).lines, number, source.size, torn=True, gap=True)


def _blocks(source: Source, start: int, number: int) -> Iterator[Lines]:
    rest: list[bytes] = []
    held = 0
    while data := source.at(start + held, BLOCK):
        cut = data.rfind(b"\n") + 1
        held += len(data)
        if not cut:
            rest.append(data)
            if held > MOST_LINE:
                raise LogError(f"{source.path}:{number}: a line of more than {MOST_LINE >> 20} MB: this is no log")
            continue
        whole = b"".join((*rest, data[:cut]))
        start += len(whole)
        rest, held = [data[cut:]], len(data) - cut
        block = _split(whole, number, start)
        yield block
        number += len(block.lines)
        source.done(start)
    if last := b"".join(rest):
        yield Lines(_split(last, 0, 0).lines, number, start + len(last), torn=True)
        source.done(start + len(last))


def _split(data: bytes, number: int, offset: int) -> Lines:
    text = data.decode("utf-8", "replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", " ")
    parts = text.split("\n")
    if not parts[-1]:
        parts.pop()
    if number == 1 and parts and parts[0].startswith("\ufeff"):
        parts[0] = parts[0][1:]
    return Lines(parts, number, offset)


def is_text(head: bytes) -> bool:
    """Whether bytes look like text: no NUL, no such control character."""
    return len(head.translate(None, _CONTROL)) == len(head)
