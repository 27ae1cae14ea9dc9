"""A JSON file written as a whole: a list of records, columns of equal length, or Sacred's `metrics.json`.

`[{"step": 0, "loss": 2.3}, …]`, `{"step": [0, 1], "loss": [2.3, 2.1]}` (also one level down, as in Keras' `history`),
`{"loss": {"steps": […], "timestamps": […], "values": […]}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sixdays.errors import LogError
from sixdays.logs.series import Log, Scalar
from sixdays.readers import Wanted
from sixdays.readers._cells import floats, instants
from sixdays.readers._columns import EPISODES, EPOCHS, STEPS, Columns, choose, plain
from sixdays.readers._files import OneFile, Source, is_text
from sixdays.readers._flat import flat, parsed
from sixdays.readers._points import Shelf
from sixdays.readers._records import Gathering, sample
from sixdays.readers._table import log_of

MOST_BYTES = 1 << 26
_COUNTS = frozenset((*STEPS, *EPOCHS, *EPISODES)) - {"t", "it"}
_NUMBER = r"(?:[-+]?[\d.]+(?:[eE][-+]?\d+)?|NaN|null|-?Infinity)"
_CURVES = re.compile(rf'\{{\s*(?:"\w+"\s*:\s*\{{\s*)?"[^"\n]{{1,60}}"\s*:\s*\[(?:\s*{_NUMBER}\s*,){{4}}')


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader(OneFile):
    name, title, rank, alone = "json_file", "JSON file", 88, True
    names = ("*.json",)

    def claims(self, path: str, head: bytes) -> bool:
        """By its beginning: records that count something, lists that do, or lists of numbers before all else."""
        if not is_text(head):
            return False
        text = head.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
        if re.match(r"\[\s*\{", text):
            return any(plain(k) in _COUNTS for k in re.findall(r'"([^"\n]{1,60})"\s*:', text))
        if not text.startswith("{") or re.search(r"\}\s*\n\s*\{", text):  # the latter: one object a line
            return False
        listed = re.findall(rf'"([^"\n]{{1,60}})"\s*:\s*\[\s*(?:{_NUMBER}|\])', text)
        return any(plain(k) in _COUNTS for k in listed) or bool(_CURVES.match(text))

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        """Raises LogError where it is no such file."""
        if source.size > MOST_BYTES:
            raise LogError(f"{source.path}: more than {MOST_BYTES >> 20} MB", "write one JSON object a line")
        if not source.size:
            return ()
        found = parsed(source.at(0, source.size))
        source.done(source.size)
        if isinstance(found, list):
            records = [r for r in found if isinstance(r, dict)]
            if not records:
                raise LogError(f"{source.path}:1: it is no list of records", "a log is a list of objects")
            columns = choose(sample(records[:2000]))
            if not columns.x and not columns.keys:
                raise LogError(
                    f"{source.path}:1: its records tell no step", "log a `step`, an `epoch` or a `time` as well"
                )
            gathering = Gathering(source, self.name, columns, wanted)
            done = int(cursor.get("entries", 0)) if isinstance(cursor, dict) and not columns.keys else 0
            if done > len(records):
                source.note("there are fewer entries than before: read anew")
                done = 0
            for record in records[done:]:
                gathering.add(record)
            return gathering.logs({"entries": len(records)})
        if not isinstance(found, dict):
            raise LogError(f"{source.path}:1: it is no JSON", "it may be half written: try again")
        shelf, columns = _sacred(found, wanted), Columns("steps", "step", clock="timestamps")
        said: Mapping[str, Scalar] = {}
        if not shelf:
            shelf, columns, said = _columns(found, wanted)
        if not shelf and wanted is None:
            raise LogError(
                f"{source.path}:1: it holds no curve", "a log is a list of objects, or lists of equal length"
            )
        log = log_of(source, self.name, columns, (), shelf, said)
        return (log,) if log.series or wanted is not None else ()


def _sacred(found: Mapping[str, Any], wanted: Wanted) -> Shelf:
    """Metrics each with their steps, values and perhaps times."""
    shelf = Shelf()
    for tag, item in found.items():
        if not (
            isinstance(item, dict) and isinstance(item.get("steps"), list) and isinstance(item.get("values"), list)
        ):
            continue
        steps, values = (floats(item[k])[0] for k in ("steps", "values"))
        stamps = item.get("timestamps")
        times = (
            instants(stamps) if isinstance(stamps, list) and len(stamps) == len(steps) else np.full(len(steps), np.nan)
        )
        if len(steps) == len(values) and (wanted is None or wanted(tag)):
            fine = np.isfinite(steps)
            shelf[tag].extend(steps[fine], values[fine], times[fine])
    return shelf


def _columns(found: Mapping[str, Any], wanted: Wanted) -> tuple[Shelf, Columns, Mapping[str, Scalar]]:
    """Lists of equal length as the columns of a table: the length that most have; scalars are settings."""
    lists: dict[str, list[Any]] = {}
    for key, item in found.items():
        inner = item.items() if isinstance(item, dict) else ()
        for name, value in ((key, item), *((f"{key}/{k}", v) for k, v in inner)):
            if isinstance(value, list) and not any(isinstance(v, (list, dict)) for v in value):
                lists[name] = value
    sizes = [len(v) for v in lists.values()]
    size = max(set(sizes), key=lambda n: (sizes.count(n), n), default=0)
    lists = {k: v for k, v in lists.items() if len(v) == size}
    columns = choose({k: v[:2000] for k, v in lists.items()})
    shelf = Shelf()
    if not lists:
        return shelf, columns, {}
    steps = floats(lists[columns.x])[0] if columns.x else np.arange(size, dtype=float)
    times = np.full(size, np.nan)
    if columns.clock:
        times = instants(lists[columns.clock])
    elif columns.elapsed:
        times = floats(lists[columns.elapsed])[0]
    for name, cells in lists.items():
        if name in columns.taken or (wanted is not None and not wanted(name)):
            continue
        values, given = floats(cells)
        keep = np.isfinite(steps) if given is None else np.isfinite(steps) & given
        if keep.any():
            shelf[name].extend(steps[keep], values[keep], times[keep])
    said = {
        k: v for k, v in flat({k: v for k, v in found.items() if not isinstance(v, list)}).items() if k not in lists
    }
    return shelf, columns, said
