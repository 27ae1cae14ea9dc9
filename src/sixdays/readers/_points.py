"""Series that grow while a file is read; what a resume repeats; joining what was read earlier and later."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sixdays.errors import Problem
from sixdays.logs.series import FloatArray, Log, Series
from sixdays.quantities import listed

MOST_POINTS = 8_000_000  # of all series of one file together, 24 bytes each
MOST_RESUMES = 8
_NAN = float("nan")


class Points:
    """One series in the making. Fill the three arrays alike; `stride`: only every so many-th point is still kept."""

    __slots__ = ("settled", "steps", "stride", "times", "values")

    def __init__(self) -> None:
        self.steps, self.values, self.times = array("d"), array("d"), array("d")
        self.stride = 1
        self.settled = 0

    def add(self, step: float, value: float, time: float = _NAN) -> None:
        self.steps.append(step)
        self.values.append(value)
        self.times.append(time)

    def extend(self, steps: FloatArray, values: FloatArray, times: FloatArray) -> None:
        for mine, new in ((self.steps, steps), (self.values, values), (self.times, times)):
            mine.frombytes(np.ascontiguousarray(new, dtype=np.float64).tobytes())

    def settle(self) -> None:
        """Thins what came since the last time like what is there."""
        if self.stride > 1:
            self._keep(self.settled, self.stride)
        self.settled = len(self.steps)

    def halve(self) -> None:
        self._keep(0, 2)
        self.stride *= 2
        self.settled = len(self.steps)

    def _keep(self, start: int, every: int) -> None:
        self.steps[start:], self.values[start:], self.times[start:] = (
            a[start::every] for a in (self.steps, self.values, self.times)
        )


class Shelf(dict[str, Points]):
    """All series of one run of a file, by tag; a missing one is made. Memory is bounded by `settle`."""

    def __missing__(self, tag: str) -> Points:
        made = self[tag] = Points()
        return made

    def series(self, x: str, notes: list[Problem], path: str) -> dict[str, Series]:
        """The series with at least one point, resumes resolved; what was odd goes into `notes`."""
        out = {}
        odd: dict[str, list[str]] = {}
        for tag, points in self.items():
            if not len(points.steps):
                continue
            steps, values, times = (np.frombuffer(a) for a in (points.steps, points.values, points.times))
            series, note = resolved(Series(tag, steps, values, times, x))
            out[tag] = series
            if note:
                odd.setdefault(note, []).append(tag)
            if points.stride > 1:
                odd.setdefault(f"very long: one point in {points.stride} was kept", []).append(tag)
        notes += [Problem(f"{listed(tags)}: {note}", "", path, level="warning") for note, tags in odd.items()]
        return out


def settle(shelves: Iterable[Shelf]) -> None:
    """Keeps the points of a file within MOST_POINTS: the longest series lose every second point. Call it per block."""
    every = [p for shelf in shelves for p in shelf.values()]
    for points in every:
        points.settle()
    total = sum(len(p.steps) for p in every)
    while total > MOST_POINTS:
        longest = max(every, key=lambda p: len(p.steps))
        if len(longest.steps) < 3:
            return
        total -= len(longest.steps) // 2
        longest.halve()


def resolved(series: Series) -> tuple[Series, str]:
    """A series whose steps never go back, and a note of what was done, or "".

    After a resume steps go back: the later segment replaces what the earlier had from there on, for it is what the
    run went on from. Equal steps are not going back (several episodes that end at one step are all kept). Where
    steps go back more than eight times and at more than one point in a hundred, it is no resume but several writers:
    then points are ordered by step, none is left out.
    """
    steps = series.steps
    back = np.flatnonzero(steps[1:] < steps[:-1]) + 1
    if not len(back):
        return series, ""
    if len(back) > max(MOST_RESUMES, len(steps) // 100):
        return _take(series, np.argsort(steps, kind="stable")), f"steps go back {len(back)} times: ordered by step"
    later = np.full(len(steps), np.inf)
    later[back - 1] = steps[back]
    keep = steps < np.minimum.accumulate(later[::-1])[::-1]
    gone = len(steps) - int(np.count_nonzero(keep))
    how = f"resumed {len(back)} times" if len(back) > 1 else "resumed once"
    return _take(series, np.flatnonzero(keep)), f"{how}: {gone} repeated points replaced by the later ones"


def _take(series: Series, index: NDArray[np.int64]) -> Series:
    return replace(series, steps=series.steps[index], values=series.values[index], times=series.times[index])


def joined(earlier: Log, later: Log) -> Log:
    """One log of what was read earlier and what was read later: from a file's cursor on, or from a next file."""
    series = dict(earlier.series)
    notes = list(later.notes)
    odd: dict[str, list[str]] = {}
    for tag, new in later.series.items():
        old = series.get(tag)
        if old is None:
            series[tag] = new
            continue
        steps, values, times = (
            np.concatenate(p) for p in ((old.steps, new.steps), (old.values, new.values), (old.times, new.times))
        )
        series[tag], note = resolved(Series(tag, steps, values, times, new.x))
        if note:
            odd.setdefault(note, []).append(tag)
    notes += [Problem(f"{listed(tags)}: {note}", "", later.path, level="warning") for note, tags in odd.items()]
    return replace(
        later,
        series=series,
        config={**earlier.config, **later.config},
        ended=later.ended or earlier.ended,
        goal=later.goal if later.goal is not None else earlier.goal,
        clock="log" if "log" in (earlier.clock, later.clock) else later.clock,
        notes=(*earlier.notes, *(n for n in notes if n not in earlier.notes)),
    )


def first_time(log: Log) -> float:
    """The earliest time in a log; inf where it has none."""
    return min((float(np.nanmin(s.times)) for s in log.series.values() if not np.isnan(s.times).all()), default=np.inf)


def last_time(log: Log) -> float:
    """The latest time in a log; -inf where it has none."""
    return max((float(np.nanmax(s.times)) for s in log.series.values() if not np.isnan(s.times).all()), default=-np.inf)


def in_turn(logs: tuple[Log, ...]) -> tuple[Log, ...]:
    """Files of one folder as one log where each begins after the one before had ended (a writer that was restarted).

    Files that were written at the same time and share a tag are different runs: they come back unchanged.
    Files that share no tag are parts of one run.
    """
    logs = tuple(sorted(logs, key=lambda log: (first_time(log), log.path)))
    whole = logs[0]
    for log in logs[1:]:
        shared = whole.series.keys() & log.series.keys()
        if shared and first_time(log) < last_time(whole):
            return logs
        whole = joined(whole, log)
    return (whole,)
