"""How a run went along: steps against wall time, its gaps, its pauses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sixdays.logs.runs import Run
from sixdays.logs.series import FloatArray, Series
from sixdays.stats import median

# What steps may count, the likeliest to be what a run's goal is written in first.
UNITS = ("step", "epoch", "episode", "second", "row")
OUTAGE = 20.0  # a gap this many times the second longest, and of half an hour or more, is no pause of the run's own
OUTAGE_S = 1800.0
PAUSE, ONCE = 1.25, 2.0  # how much longer than the longest so far a pause may last: if it came thrice, if once
HOLE = 5  # as many logging steps at once: points are missing
RECENT = 30  # gaps whose median is "usual"


@dataclass(frozen=True, eq=False)
class Trace:
    """Steps and the times at which they were written, in that order; times are NaN where there is no clock.

    x: what steps count. step: the latest one. first, last: Unix seconds, None without a clock.
    """

    x: str
    steps: FloatArray
    times: FloatArray
    step: float
    first: float | None
    last: float | None

    @cached_property
    def moves(self) -> tuple[FloatArray, FloatArray]:
        """Steps made and seconds taken between neighbours, both positive: no restart, no clock set back, no outage."""
        dn, dt = np.diff(self.steps), np.diff(self.times)
        good = (dn > 0) & (dt > 0)
        dn, dt = dn[good], dt[good]
        gaps = _each(dn, dt)
        keep = gaps <= _longest_own(gaps)
        return dn[keep], dt[keep]

    @cached_property
    def gaps(self) -> FloatArray:
        """Seconds between neighbours that are a logging step apart; where points are missing, the mean gap there."""
        return _each(*self.moves)

    @property
    def worked_s(self) -> float:
        """Seconds between first and last point, without outages and jumps of the clock."""
        return float(self.moves[1].sum())

    @cached_property
    def logging_step(self) -> float:
        """The usual distance of neighbouring points in steps; 0 where there is only one."""
        dn = np.diff(self.steps)
        dn = dn[dn > 0]
        return median(dn) if len(dn) else 0.0

    @cached_property
    def gap_s(self) -> float | None:
        """The usual gap: the median of the recent ones, or so much that ten of it outlast the pauses so far."""
        if not len(self.gaps):
            return None
        return float(max(median(self.gaps[-RECENT:]), 0.1 * self.patience_s))

    @cached_property
    def pause_s(self) -> float:
        """The longest gap so far, but for the first where there are more: that one holds compiling and loading."""
        own = self.gaps[1:] if len(self.gaps) > 5 else self.gaps
        return float(own.max()) if len(own) else 0.0

    @property
    def patience_s(self) -> float:
        """A silence that outlasts the pauses so far: the less often the longest came back, the longer."""
        own = np.sort(self.gaps[1:] if len(self.gaps) > 5 else self.gaps)
        if not len(own):
            return 0.0
        return float(own[-1] * np.clip(own[-1] / own[max(-3, -len(own))], PAUSE, ONCE))

    @property
    def odd(self) -> tuple[str, ...]:
        """What is odd about steps and clock, in words."""
        dn, dt = np.diff(self.steps), np.diff(self.times)
        out = []
        if (dn < 0).any():
            out.append(f"its steps go back after {self.steps[int(np.argmax(dn < 0))]:g}: counted from there")
        if (dt < 0).any():
            out.append(f"its clock goes back by {-dt[int(np.argmax(dt < 0))]:.0f} s: that gap is not counted")
        good = (dn > 0) & (dt > 0)
        gaps = _each(dn[good], dt[good])
        lost = gaps[gaps > _longest_own(gaps)]
        out += [f"one gap of {g:.0f} s: an outage or a jump of the clock, not counted" for g in lost]
        return tuple(out)


def _each(dn: FloatArray, dt: FloatArray) -> FloatArray:
    """Seconds a logging step: a move of many steps is a hole in the log, not a pause."""
    if not len(dn):
        return dt
    many = np.round(dn / median(dn))
    return np.asarray(dt / np.where(many >= HOLE, many, 1.0), dtype=float)


def _longest_own(dt: FloatArray) -> float:
    """The longest gap that may be the run's own."""
    if len(dt) < 4:
        return np.inf
    second, longest = np.partition(dt, (-2, -1))[-2:]
    return float(second if longest > OUTAGE * second and longest >= OUTAGE_S else longest)


def units(run: Run) -> tuple[str, ...]:
    """What the steps of a run count, likeliest first."""
    found = {s.x for log in run.logs for s in log.series.values() if len(s.steps)}
    return tuple(sorted(found, key=lambda x: (UNITS.index(x) if x in UNITS else len(UNITS), x)))


def trace(run: Run, x: str) -> Trace | None:
    """How a run went along, by its densest series that counts x; None where it has no point."""
    series = [s for log in run.logs for s in log.series.values() if s.x == x and np.isfinite(s.steps).any()]
    if not series:
        return None
    main = max(series, key=_dots)
    finite = np.isfinite(main.steps)
    steps, times = main.steps[finite], main.times[finite]
    if np.isfinite(times).any():
        steps, times = steps[np.isfinite(times)], times[np.isfinite(times)]
    last_of_step = np.append(np.diff(steps) != 0, True)
    steps, times = steps[last_of_step], times[last_of_step]
    every = [(s.times[np.isfinite(s.times)], s) for log in run.logs for s in log.series.values()]
    firsts, lasts = [float(t[0]) for t, _ in every if len(t)], [float(t[-1]) for t, _ in every if len(t)]
    ends = [(_or_last(s.times[np.isfinite(s.steps)]), float(s.steps[np.isfinite(s.steps)][-1])) for s in series]
    return Trace(x, steps, times, max(ends)[1], min(firsts) if firsts else None, max(lasts) if lasts else None)


def _dots(s: Series) -> tuple[int, int]:
    return int((np.isfinite(s.steps) & np.isfinite(s.times)).sum()), len(s.steps)


def _or_last(times: FloatArray) -> float:
    return float(times[-1]) if len(times) and np.isfinite(times[-1]) else -np.inf
