"""Rows with a header, as logs: CSV, TSV and their kin. What each column is, `_columns` says.

Blanks are not zeros: a series has only the rows in which its cell holds a number. A last line without a line end may
be half a line: it is taken only where all its cells are there and no last cell above it is longer; the next read
begins with it again.
"""

from __future__ import annotations

import csv
import math
import os
import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from sixdays.errors import LogError, Problem
from sixdays.logs.series import FloatArray, Log, Scalar
from sixdays.readers import Wanted
from sixdays.readers._cells import Cells, floats, instants, is_absent, number, on_the_clock
from sixdays.readers._columns import ROW, UNITS, Columns, choose, is_seed, plain
from sixdays.readers._files import HEAD, Lines, OneFile, Source, is_text, lines
from sixdays.readers._points import Shelf, settle

SAMPLE = 4 * HEAD
_SPOTS = 7
_HALF_HOUR_S, _WIDEST_ZONE_S, _WRITTEN_S = 1800, 14 * 3600, 20.0  # the last: a row is written soon after its time
_DECIMAL = re.compile(r"(?<![^;\"])(\s*[-+]?\d*),(\d+(?:[eE][-+]?\d+)?\s*)(?![^;\"])")
Chooser = Callable[[Mapping[str, Sequence[object]]], Columns]


@dataclass(slots=True)
class _Run:
    shelf: Shelf = field(default_factory=Shelf)
    said: dict[str, Scalar] = field(default_factory=dict)
    rows: int = 0


@dataclass(frozen=True, slots=True)
class _Header:
    names: tuple[str, ...]
    delimiter: str
    offset: int
    number: int
    config: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class TableReader(OneFile):
    """A reader of tables. is_mine: from the name of the file and the names of its columns; others as in Reader."""

    name: str
    title: str
    rank: int
    names: tuple[str, ...]
    is_mine: Callable[[str, list[str]], bool]
    alone: bool = False
    chooser: Chooser = choose

    def claims(self, path: str, head: bytes) -> bool:
        first = head.lstrip(b"# \r\n").split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip("\r")
        return is_text(head) and self.is_mine(os.path.basename(path), split(first)[0])

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        return read_table(source, self.name, cursor, wanted, ends, self.chooser)


def read_table(
    source: Source, name: str, cursor: Any = None, wanted: Wanted = None, ends: bool = False, chooser: Chooser = choose
) -> tuple[Log, ...]:
    """The logs of a table: one, or one a run where columns for method, task or seed tell several apart.

    Raises:
        LogError: it cannot be read, is not text, or no column holds numbers.
    """
    head = source.at(0, SAMPLE)
    if not is_text(head):
        raise LogError(f"{source.path}:1: it is not text", "give the log itself, or export it as CSV")
    header = find_header(source.path, head)
    if header is None:
        return ()
    at = source.resumed(cursor)
    if at and not at["columns"]["keys"]:
        columns = Columns(**{**at["columns"], "keys": ()})
    else:
        at, columns = {}, chooser(_sample(source, header, head))
    ends = ends and not columns.keys
    start, number_ = (at["offset"], at["line"]) if at else (header.offset, header.number + 1)
    runs: dict[tuple[str, ...], _Run] = {}
    offset = start
    row = at.get("rows", 0)
    longest, place = 0, {n: i for i, n in enumerate(header.names)}
    for block in lines(source, start, number_, ends=ends):
        grid = None if columns.keys or columns.tag or block.torn else _grid(block.lines, header)
        if grid is not None:
            _take_run(runs.setdefault((), _Run()), list(grid.T), place, columns, wanted, "", row)
            row += len(grid)
        elif rows := list(_rows(source, header, block, longest)):
            _take(rows, header, columns, wanted, runs, row)
            row += 0 if block.torn else len(rows)
        longest = max(longest, *(len(line) - line.rfind(header.delimiter) - 1 for line in block.lines[-100:]), 0)
        settle(r.shelf for r in runs.values())
        if not block.torn:
            offset, number_ = block.offset, block.number + len(block.lines)
    where = source.cursor(offset, line=number_, rows=row, columns=asdict(columns))
    logs = _logs(source, name, header, columns, runs, None if columns.keys else where)
    if runs and not logs and wanted is None and not at:
        raise LogError(
            f"{source.path}:{header.number}: no column holds numbers",
            "a log is a table with a header, or lines of JSON",
        )
    return logs


def find_header(path: str, head: bytes) -> _Header | None:
    """The header of a table and where its rows begin; None where the file has no whole line yet.

    Lines that begin with `#` come before it: JSON there is configuration (as in `monitor.csv`); the last such line is
    the header itself where the line after it is all numbers.
    """
    offset, line_number = 0, 0
    comment = ""
    config: dict[str, Scalar] = {}
    while (end := head.find(b"\n", offset)) >= 0:
        line = head[offset:end].decode("utf-8-sig" if not offset else "utf-8", "replace").strip("\r")
        line_number += 1
        start, offset = offset, end + 1
        if line.startswith("#"):
            comment = line.lstrip("# ")
            config.update(_json(comment))
            continue
        if not line.strip():
            continue
        cells, delimiter = split(line)
        if all(number(c) is not None for c in cells):
            named, _ = split(comment)
            if len(named) == len(cells) and comment and not comment.startswith("{"):
                return _Header(_unique(named), delimiter, start, line_number - 1, config)
            return _Header(
                tuple(f"column {i + 1}" for i in range(len(cells))), delimiter, start, line_number - 1, config
            )
        return _Header(_unique(cells), delimiter, offset, line_number, config)
    if len(head) >= SAMPLE:
        raise LogError(
            f"{path}:1: the first line is longer than {SAMPLE} bytes: no header", "a table begins with its column names"
        )
    return None


def _json(text: str) -> dict[str, Scalar]:
    from sixdays.readers._flat import flat, parsed

    found = parsed(text) if text.startswith("{") else None
    return flat(found) if isinstance(found, dict) else {}


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    out: list[str] = []
    for i, name in enumerate(names):
        name = name.strip() or f"column {i + 1}"
        out.append(name if name not in out else f"{name} ({i + 1})")
    return tuple(out)


def split(line: str) -> tuple[list[str], str]:
    """The cells of a header line, and what stands between them: tab, comma, semicolon or blanks."""
    counts = {d: line.count(d) for d in "\t,;|"}
    delimiter = max(counts, key=lambda d: counts[d])
    if not counts[delimiter]:
        return line.split(), " " if len(line.split()) > 1 else ","
    return next(_cells([line], delimiter), []), delimiter


def _sample(source: Source, header: _Header, head: bytes) -> dict[str, list[object]]:
    """The first rows by column; where columns may tell runs apart, also rows from all over the file."""
    several = _may_hold_runs(header.names)
    text = [head[header.offset : None if several else header.offset + HEAD]]
    if several and source.size > len(head):
        for i in range(1, _SPOTS + 1):
            at = max(len(head), (source.size - HEAD) * i // _SPOTS)
            text.append(source.at(at, HEAD).partition(b"\n")[2])
    rows: list[list[str]] = []
    for part in text:
        whole = part[: part.rfind(b"\n") + 1] or (part if source.size <= len(head) else b"")
        found = list(_cells(whole.decode("utf-8", "replace").splitlines(), header.delimiter))
        rows += [r for r in found if len(r) == len(header.names)][: None if several else 40]
    return {n: [r[i] for r in rows] for i, n in enumerate(header.names)}


def _may_hold_runs(names: Sequence[str]) -> bool:
    from sixdays.readers._columns import METHODS, SEEDS, TAGS, TASKS

    return any(plain(n) in known for n in names for known in (METHODS, SEEDS, TASKS, TAGS))


def _cells(text: list[str], delimiter: str) -> Iterator[list[str]]:
    if delimiter == " ":
        return (line.split() for line in text if line.strip())
    if delimiter == ";" and any("," in line for line in text):  # a comma is the decimal point there
        text = [_DECIMAL.sub(r"\1.\2", line) for line in text]
    try:
        return iter([r for r in csv.reader(text, delimiter=delimiter) if r])
    except csv.Error:  # an endless quoted cell: take the lines as they stand
        return (line.split(delimiter) for line in text if line.strip())


def _rows(source: Source, header: _Header, block: Lines, longest: int) -> Iterator[list[str]]:
    """The rows of a block that fit the header, short ones filled with blanks; others are noted."""
    width = len(header.names)
    for i, row in enumerate(_cells(block.lines, header.delimiter)):
        if block.torn and (len(row) != width or not 0 < longest <= len(row[-1].strip())):
            source.note("the last line is not finished: left out", "end it with a line end if it is", block.number + i)
            continue
        if len(row) != width:
            if len(row) > width and any(c.strip() for c in row[width:]):
                source.note(f"{len(row)} cells where the header has {width}: left out", "", block.number + i)
                continue
            row = (row + [""] * width)[:width]
        if row[0] == header.names[0] and row[-1].strip() == header.names[-1]:
            continue  # the header again, after a restart
        if row[0].startswith("#"):
            continue
        yield row


def _grid(text: Sequence[str], header: _Header) -> FloatArray | None:
    """Rows that hold nothing but numbers, parsed at once; None where a cell is blank or text."""
    width = len(header.names)
    if header.delimiter not in ",\t;" or not all(line.count(header.delimiter) == width - 1 for line in text):
        return None
    try:
        found = np.frombuffer(array("d", map(float, header.delimiter.join(text).split(header.delimiter))))
    except ValueError:
        return None
    return found.reshape(-1, width)


def _take(
    rows: list[list[str]], header: _Header, columns: Columns, wanted: Wanted,
    runs: dict[tuple[str, ...], _Run], before: int,
) -> None:  # fmt: skip
    """Puts rows into the series of their runs."""
    place = {n: i for i, n in enumerate(header.names)}
    by: dict[tuple[tuple[str, ...], str], list[list[str]]] = {}
    if columns.keys or columns.tag:
        keys, tag = [place[c] for _, c in columns.keys], place.get(columns.tag)
        for row in rows:
            both = (tuple(row[i].strip() for i in keys), row[tag].strip() if tag is not None else "")
            by.setdefault(both, []).append(row)
    else:
        by[(), ""] = rows
    for (key, tag_name), part in by.items():
        run = runs.setdefault(key, _Run())
        _take_run(run, list(zip(*part, strict=True)), place, columns, wanted, tag_name, before)


def _take_run(
    run: _Run, cells: Sequence[Cells], place: Mapping[str, int], columns: Columns,
    wanted: Wanted, tag_name: str, before: int,
) -> None:  # fmt: skip
    count = len(cells[0])
    if columns.x:
        steps, there = floats(cells[place[columns.x]])
        there = np.isfinite(steps) if there is None else there & np.isfinite(steps)
    else:
        steps = np.arange(
            run.rows if columns.keys else before, (run.rows if columns.keys else before) + count, dtype=float
        )
        there = np.ones(count, dtype=bool)
    run.rows += count
    times = np.full(count, np.nan)
    if columns.clock:
        times = instants(cells[place[columns.clock]])
    elif columns.elapsed:
        times = floats(cells[place[columns.elapsed]])[0] * UNITS.get(plain(columns.elapsed), 1.0)
    taken = columns.taken
    for name, i in place.items():
        if tag_name and name != columns.value:
            continue
        if not tag_name and (name in taken or is_seed(name)):
            _say(run, name, cells[i], columns)
            continue
        values, given = floats(cells[i])
        keep = there if given is None else there & given
        if given is not None and not given.any():
            _say(run, name, cells[i], columns)
            continue
        tag = tag_name or name
        if wanted is None or wanted(tag):
            whole = bool(keep.all())
            run.shelf[tag].extend(*((steps, values, times) if whole else (steps[keep], values[keep], times[keep])))


def _say(run: _Run, name: str, cells: Cells, columns: Columns) -> None:
    """A column of text, or of a seed, that never changes says something of the run."""
    if name in (columns.x, columns.clock, columns.elapsed):
        return
    texts = (f"{c:g}" if isinstance(c, float) else c for c in cells[: None if isinstance(cells[0], str) else 2])
    found = {c.strip() for c in texts if isinstance(c, str) and not is_absent(c)}
    if len(found) == 1 and run.said.get(name, "") in ("", *found):
        run.said[name] = found.pop()
    elif found:
        run.said[name] = ""


def _logs(
    source: Source, name: str, header: _Header, columns: Columns, runs: Mapping[tuple[str, ...], _Run], where: Any
) -> tuple[Log, ...]:
    logs = []
    if columns.kind == ROW and any(run.rows > 1 for run in runs.values()):
        source.note("no column says the step: rows are counted", "name one of them `step`, `epoch` or `time`")
    for key, run in runs.items():
        said = {k: v for k, v in run.said.items() if v != ""}
        made = log_of(source, name, columns, key, run.shelf, {**header.config, **said})
        logs += [replace(made, cursor=where)] if made.series else []
    return tuple(logs)


def log_of(
    source: Source, name: str, columns: Columns, key: Sequence[str], shelf: Shelf, config: Mapping[str, Scalar]
) -> Log:
    """One run's log. key: its values of the columns that tell runs apart; they are settings as well."""
    notes = list(source.notes)
    if columns.elapsed and not columns.clock:
        _anchor(shelf, source.written)
    if columns.local and (hours := _put_in_zone(shelf, source.written)):
        told = f"its times name no zone: taken as UTC{hours:+g}, for its last is then when the file was written"
        notes.append(Problem(told, "write a zone, or Unix seconds", source.path, level="warning"))
    series = shelf.series(columns.kind, notes, source.path)
    timed = bool(columns.clock or columns.elapsed) and any(np.isfinite(s.times).any() for s in series.values())
    roles = {
        role: f"{column} {value}" if role == "task" and number(value) is not None else value  # an item has a number
        for (role, column), value in zip(columns.keys, key, strict=True)
    }
    return Log(
        source.path,
        "/".join(v for v in roles.values() if v),
        name,
        series,
        {**config, **roles},
        clock="log" if timed else "file" if source.written is not None else "none",
        written=source.written,
        notes=tuple(notes),
    )


def _put_in_zone(shelf: Shelf, written: float | None) -> float:
    """Moves times by the half hours that make the last of them the moment at which the file was written; the zone."""
    last = max((t for points in shelf.values() for t in points.times[-50:] if math.isfinite(t)), default=None)
    if last is None or written is None:
        return 0.0
    shift = round((written - last) / _HALF_HOUR_S) * _HALF_HOUR_S
    if not 0 < abs(shift) <= _WIDEST_ZONE_S or abs(written - last - shift) > _WRITTEN_S:
        return 0.0
    for points in shelf.values():
        points.times = array("d", (np.frombuffer(points.times) + shift).tobytes())
    return -shift / 3600.0


def _anchor(shelf: Shelf, written: float | None) -> None:
    """Puts elapsed times on the clock: the latest of the run was written when the file was."""
    last = {tag: max((t for t in points.times[-50:] if t == t), default=np.nan) for tag, points in shelf.items()}  # noqa: PLR0124
    latest = max((t for t in last.values() if np.isfinite(t)), default=np.nan)
    done: dict[bytes, array[float]] = {}
    for tag, points in shelf.items():
        raw = points.times.tobytes()
        if raw not in done:
            lag = latest - last[tag] if np.isfinite(last[tag]) else 0.0
            clocked = on_the_clock(np.frombuffer(raw), None if written is None else written - lag)
            done[raw] = array("d", clocked.tobytes())
        points.times = done[raw]
