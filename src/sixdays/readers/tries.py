"""`results.tsv` of agent loops: a row a try, with its commit, score, status and idea. Tries are counted from 1.

The status (`keep`, `discard`, `crash`) is in the configuration by try, as `status 3`. A crashed try has the value NaN:
the zero that loops write there is no score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sixdays.logs.series import Log
from sixdays.readers import Wanted
from sixdays.readers._columns import Columns, plain
from sixdays.readers._files import Source, lines
from sixdays.readers._table import SAMPLE, TableReader, _cells, find_header, read_table

STATUS = frozenset(("status", "state", "outcome", "verdict", "decision"))
WORDS = frozenset(("commit", "description", "hypothesis", "change", "idea", "notes", "experiment"))
FAILED = ("crash", "fail", "error", "oom", "timeout")


def create(options: dict[str, Any]) -> Tries:
    return Tries(
        "tries", "table of tries", 15, ("results*.tsv", "results*.csv", "*.tsv"), is_mine, alone=True, chooser=rows
    )


def is_mine(name: str, cells: list[str]) -> bool:
    found = {plain(c) for c in cells}
    return bool(found & STATUS) and bool(found & WORDS)


def rows(sample: Mapping[str, Sequence[object]]) -> Columns:
    return Columns(kind="try")


@dataclass(frozen=True, slots=True)
class Tries(TableReader):
    """A table whose rows are tries."""

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        logs = read_table(source, self.name, cursor, wanted, False, self.chooser)
        header = find_header(source.path, source.at(0, SAMPLE))
        if not logs or header is None:
            return logs
        column = next((i for i, n in enumerate(header.names) if plain(n) in STATUS), -1)
        found = [
            row[column].strip().lower() if 0 <= column < len(row) else ""
            for block in lines(source, header.offset, header.number + 1)
            for row in _cells(block.lines, header.delimiter)
        ]
        crashed = np.array([any(w in status for w in FAILED) for status in found], dtype=bool)
        log = logs[0]
        series = {}
        for tag, s in log.series.items():
            at = s.steps.astype(int)
            bad = crashed[np.minimum(at, len(crashed) - 1)]
            series[tag] = replace(s, steps=s.steps + 1, values=np.where(bad, np.nan, s.values))
        said = {f"status {i + 1}": status for i, status in enumerate(found[:1000]) if status}
        return (replace(log, series=series, config={**log.config, **said}),)
