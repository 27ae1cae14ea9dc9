"""One JSON object a line (or a list of them), as logs. Nested objects become tags with slashes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from sixdays.errors import LogError
from sixdays.logs.series import Ended, Log, Scalar
from sixdays.readers import Wanted
from sixdays.readers._cells import instant, number
from sixdays.readers._columns import METHODS, ROW, SEEDS, TASKS, UNITS, Columns, choose, plain
from sixdays.readers._files import HEAD, OneFile, Source, is_text, lines
from sixdays.readers._flat import flat, parsed
from sixdays.readers._points import Shelf, settle
from sixdays.readers._table import log_of

_NAN = float("nan")
Record = Mapping[str, Any]


@dataclass(slots=True)
class Gathering:
    """Records on their way into series. config: keys whose objects describe the run rather than its progress."""

    source: Source
    name: str
    columns: Columns
    wanted: Wanted = None
    rows: int = 0
    shelves: dict[tuple[str, ...], Shelf] = field(default_factory=dict)
    said: dict[str, Scalar] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    last: Record = field(default_factory=dict)

    def add(self, record: Record) -> None:
        c = self.columns
        self.last = record
        if self.skip:
            record = {k: v for k, v in record.items() if not (k in self.skip and isinstance(v, dict))}
        found = flat(record, joint="/") if any(isinstance(v, (dict, list)) for v in record.values()) else record
        x = number(found.get(c.x)) if c.x else float(self.rows)
        self.rows += 1
        if x is None or not np.isfinite(x):
            self.said.update({k: v for k, v in found.items() if k not in self.said and not isinstance(v, float)})
            return
        time = self.time(found)
        shelf = self.shelves.setdefault(tuple(str(found.get(k, "")) for _, k in c.keys), Shelf())
        if c.tag:
            self.put(shelf, str(found.get(c.tag, "")), x, number(found.get(c.value)), time)
            return
        taken = c.taken | self.skip
        for key, value in found.items():
            if key in taken or value is None:
                continue
            as_number = None if isinstance(value, bool) else number(value)
            if as_number is None:
                self.said[key] = value if self.said.get(key, value) == value else ""
            self.put(shelf, key, x, as_number, time)

    def put(self, shelf: Shelf, tag: str, x: float, value: float | None, time: float) -> None:
        if value is not None and (self.wanted is None or self.wanted(tag)):
            shelf[tag].add(x, value, time)

    def time(self, found: Record) -> float:
        c = self.columns
        time = instant(found.get(c.clock)) if c.clock else number(found.get(c.elapsed)) if c.elapsed else None
        if time is None:
            return _NAN
        return time if c.clock else time * UNITS.get(plain(c.elapsed), 1.0)

    def logs(
        self,
        cursor: Any = None,
        config: Mapping[str, Scalar] | None = None,
        ended: Ended = "",
        goal: float | None = None,
    ) -> tuple[Log, ...]:
        """The logs of all that was added, with what else the file says."""
        if self.columns.kind == ROW and self.shelves:
            self.source.note("nothing says the step: lines are counted", "log a `step`, an `epoch` or a `time` as well")
        said = {k: v for k, v in self.said.items() if v != ""} | dict(config or {})
        made = [log_of(self.source, self.name, self.columns, k, s, said) for k, s in self.shelves.items()]
        where = None if self.columns.keys else cursor
        return tuple(replace(log, ended=ended, goal=goal, cursor=where) for log in made if log.series)


def sample(records: Iterable[Record]) -> dict[str, list[object]]:
    """Records by key, for `choose`; None where a record has none."""
    rows = [flat(r, joint="/") for r in records]
    keys = dict.fromkeys(k for r in rows for k in r)
    return {k: [r.get(k) for r in rows] for k in keys}


def objects(
    source: Source, text: list[str], first: int, *, torn: bool = False,
    decode: Callable[[str], Any] = parsed, quiet: bool = False,
) -> Iterator[Record]:  # fmt: skip
    """The objects of some lines; a line that holds none is noted and passed over."""
    for i, line in enumerate(text):
        line = line.strip()
        if not line:
            continue
        found = None if torn and quiet else decode(line)
        if isinstance(found, dict):
            yield found
        elif torn:
            source.note("the last line is not finished: left out", "", first + i)
        elif not quiet:
            source.note("this line is no JSON object: left out", "", first + i)


@dataclass(frozen=True, slots=True)
class LinesReader(OneFile):
    """A reader of one JSON object a line. is_mine: from the name of the file and its first object.

    skip: keys that are no metrics. finish: from the last record, what else it says (config, ended, goal).
    decode: what a line says. quiet: lines that say nothing are usual, and one without its end may be half a number.
    """

    name: str
    title: str
    rank: int
    names: tuple[str, ...]
    is_mine: Callable[[str, Record], bool]
    alone: bool = False
    skip: frozenset[str] = frozenset()
    finish: Callable[[Record], Mapping[str, Any]] | None = None
    decode: Callable[[str], Any] = parsed
    quiet: bool = False

    def claims(self, path: str, head: bytes) -> bool:
        if not is_text(head) or not head.lstrip().startswith(b"{"):
            return False
        first = parsed(head.lstrip().split(b"\n", 1)[0])
        return self.is_mine(os.path.basename(path), first if isinstance(first, dict) else {})

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        """Raises LogError where the first lines hold no JSON object."""
        head = source.at(0, HEAD)
        if not is_text(head):
            raise LogError(f"{source.path}:1: it is not text", "give the log itself, or export it as CSV")
        if not source.size or not head.strip():
            return ()
        at = source.resumed(cursor)
        gathering = Gathering(
            source, self.name, _columns(source, at, self.decode, self.quiet), wanted, at.get("rows", 0), skip=self.skip
        )
        ends = ends and not gathering.columns.keys
        offset, line, seen = at.get("offset", 0), at.get("line", 1), 0
        for block in lines(source, offset, line, ends=ends):
            for record in objects(
                source, block.lines, block.number, torn=block.torn, decode=self.decode, quiet=self.quiet
            ):
                gathering.add(record)
                seen += 1
                if block.torn:  # it is whole: its braces close
                    offset, line = block.offset, block.number + 1
            if not block.torn:
                offset, line = block.offset, block.number + len(block.lines)
            settle(gathering.shelves.values())
        where = source.cursor(offset, line=line, rows=gathering.rows, columns=asdict(gathering.columns))
        return gathering.logs(where, **(self.finish(gathering.last) if self.finish and gathering.last else {}))


def _columns(source: Source, at: dict[str, Any], decode: Callable[[str], Any], quiet: bool) -> Columns:
    """Which keys are what, from the first records; of a file that may hold several runs from some all over it."""
    if at and not at["columns"]["keys"]:
        return Columns(**{**at["columns"], "keys": ()})
    at.clear()
    first: list[Record] = []
    for most in (2 * HEAD, 1 << 18):
        for block in lines(Source(source.path, source.file, min(source.size, most))):
            first += objects(
                Source(source.path, source.file, 0),
                block.lines[: None if quiet else 40],
                block.number,
                torn=not quiet,
                decode=decode,
                quiet=quiet,
            )
        if first:
            break
    if not first:
        if not quiet and (source.size > HEAD or b"\n" in source.at(0, HEAD)):
            raise LogError(
                f"{source.path}:1: it is not one JSON object a line", "a log is a table with a header, or lines of JSON"
            )
        return Columns()
    if source.size > 1 << 14 and any(plain(k) in known for k in first[0] for known in (METHODS, TASKS, SEEDS)):
        for i in range(1, 8):
            spot = source.at((source.size - 4 * HEAD) * i // 7 if source.size > 4 * HEAD else 0, 4 * HEAD)
            whole = spot.partition(b"\n")[2].rpartition(b"\n")[0].decode("utf-8", "replace").split("\n")
            first += objects(Source(source.path, source.file, 0), whole, 0, torn=not quiet, decode=decode, quiet=quiet)
    return choose(sample(first[:2000]))
