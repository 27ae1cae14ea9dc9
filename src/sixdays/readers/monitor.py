"""Stable-Baselines' `monitor.csv`: an episode a row: return r, length l, seconds t since the t_start of its first line.

Steps are the lengths summed; the files of several workers are put in the order of time first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sixdays.logs.series import Log, Series
from sixdays.readers import Wanted
from sixdays.readers._cells import number
from sixdays.readers._columns import Columns
from sixdays.readers._files import Source
from sixdays.readers._table import TableReader, read_table


def create(options: dict[str, Any]) -> Monitor:
    return Monitor("monitor", "SB3 monitor", 12, ("*monitor.csv", "*monitor*.csv"), is_mine, chooser=episodes)


def is_mine(name: str, cells: list[str]) -> bool:
    return "monitor" in name and (cells[:1] == ["r"] or "".join(cells[:1]).startswith("{"))


def episodes(sample: Mapping[str, Sequence[object]]) -> Columns:
    return Columns(kind="episode")


@dataclass(frozen=True, slots=True)
class Monitor(TableReader):
    """A table whose rows are episodes."""

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        def is_wanted(tag: str) -> bool:
            return tag in ("l", "t") or wanted is None or wanted(tag)

        logs = read_table(source, self.name, cursor, is_wanted, False, self.chooser)
        return tuple(_on_steps(log, cursor, wanted) for log in logs)

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return (_interleaved(logs),) if len(logs) > 1 else logs


def _on_steps(log: Log, cursor: Any, wanted: Wanted) -> Log:
    """Steps instead of episodes: sums of l, going on from the cursor's."""
    length, start = log.series.get("l"), number(log.config.get("t_start"))
    elapsed = log.series.get("t")
    going_on = bool(cursor) and not any("anew" in n.message for n in log.notes)
    before = float(cursor.get("steps", 0.0)) if going_on else 0.0
    first = int(cursor.get("rows", 0)) if going_on else 0
    count = max((int(s.steps[-1]) - first + 1 for s in log.series.values()), default=0)
    lengths, clock = np.zeros(count), np.full(count, np.nan)
    if length is not None:
        lengths[length.steps.astype(int) - first] = np.nan_to_num(length.values, posinf=0.0)
    if elapsed is not None and start is not None:
        clock[elapsed.steps.astype(int) - first] = start + elapsed.values
    sums = before + np.cumsum(lengths)
    series = {}
    for tag, s in log.series.items():
        if tag in ("t", "l") and wanted is not None and not wanted(tag):
            continue
        rows = s.steps.astype(int) - first
        steps = s.steps if length is None else sums[rows]
        series[tag] = Series(tag, steps, s.values, clock[rows], "step" if length is not None else "episode")
    where = {**log.cursor, "steps": float(sums[-1]) if count else before} if log.cursor else None
    timed = bool(np.isfinite(clock).any())
    return replace(log, series=series, cursor=where, clock="log" if timed else log.clock)


def _interleaved(logs: tuple[Log, ...]) -> Log:
    """The episodes of all workers in the order of time; steps are summed over them."""
    starts: list[float] = [float(t) for log in logs if isinstance(t := log.config.get("t_start"), (int, float))]
    out = {}
    for tag in dict.fromkeys(t for log in logs for t in log.series):
        parts = [log.series[tag] for log in logs if tag in log.series]
        own = [np.diff(s.steps, prepend=0.0) for s in parts]
        times = np.concatenate([s.times for s in parts])
        order = np.argsort(times, kind="stable")
        steps = np.cumsum(np.concatenate(own)[order])
        out[tag] = Series(tag, steps, np.concatenate([s.values for s in parts])[order], times[order], parts[0].x)
    config = {**logs[-1].config, **({"t_start": min(starts)} if starts else {}), "workers": len(logs)}
    written = max((log.written for log in logs if log.written is not None), default=None)
    notes = tuple(n for log in logs for n in log.notes)
    return replace(logs[0], series=out, config=config, written=written, cursor=None, notes=notes)
