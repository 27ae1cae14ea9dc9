"""How many runs go at once, and how many more fit until a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from sixdays.logs.progress import RunState
from sixdays.logs.series import FloatArray
from sixdays.stats import median, nearest_rank

LEAST_SPREAD = 0.1
Z90 = 1.2815515655446004  # of the normal distribution: 10 and 90 % lie this far from the middle
MOST = 100_000  # tries a draw: more says "as many as you like"
WORK = 2e7  # lengths to draw in all: sums of many slots are known well from fewer draws
FEWEST = 200


@dataclass(frozen=True, slots=True)
class Tries:
    """Whole runs that end until a time: 10, 50 and 90 %.

    group: whose run a next try is. length_s: how long one takes, None where nothing tells. basis: what that rests on.
    """

    p10: int
    p50: int
    p90: int
    group: str
    length_s: float | None
    basis: str

    def to_dict(self) -> dict[str, Any]:
        fit = {"p10": self.p10, "p50": self.p50, "p90": self.p90}
        return {"fit": fit, "group": self.group, "length_s": self.length_s, "basis": self.basis}


def slots(states: Sequence[RunState]) -> int:
    """The most runs that ever went at once; ends that touch do not overlap. 1 where runs have no clock, 0 without runs.

    >>> slots([_run(0, 10), _run(5, 15), _run(10, 20)])
    2
    """
    spans = [(s.started, s.last) for s in states if s.started is not None and s.last is not None]
    marks = sorted(
        [(end, -1) for start, end in spans if end > start] + [(start, 1) for start, end in spans if end > start]
    )
    most = at_once = 0
    for _, change in marks:  # at one instant ends (−1) come first
        at_once += change
        most = max(most, at_once)
    return max(most, sum(s.state == "running" for s in states), min(1, len(states)))


def next_tries(
    states: Sequence[RunState], now_s: float, close_s: float, *,
    speed: float = 1.0, draws: int = 10_000, seed: int = 0,
) -> Tries:  # fmt: skip
    """How many more runs of the newest group end until close_s, each slot making one after another.

    Slots less running runs are free now, the rest as running runs end; stuck runs hold none. A slot whose run tells no
    time left is taken to need as long as a whole try.

    speed: next tries take a speed-th of the time; what runs already does not.
    """
    group, length, spread, basis = _next(states)
    room, rng = close_s - now_s, np.random.default_rng(seed)
    if length is None or room <= 0 or length <= 0:
        return Tries(0, 0, 0, group, length, basis)
    running = [s for s in states if s.state == "running"]
    many = max(slots(states), len(running), 1)
    draws = int(np.clip(WORK / (many * (1 + room * speed / length)), FEWEST, draws))
    ends = [_rest(s, length, spread, draws, rng) for s in running]
    starts = np.stack(ends + [np.zeros(draws)] * (many - len(running)), axis=1)
    counts = _counted(starts, room, length / speed, spread, rng)
    p10, p50, p90 = (int(q) for q in nearest_rank(counts, (0.1, 0.5, 0.9)))
    return Tries(p10, p50, p90, group, length / speed, basis)


def _next(states: Sequence[RunState]) -> tuple[str, float | None, float, str]:
    """Group, median length, spread of its logarithm and basis of a next try."""
    known = [s for s in states if s.started is not None] or list(states)
    if not known:
        return "", None, LEAST_SPREAD, "no runs"
    group = max(known, key=lambda s: (s.started or 0.0, s.path)).group
    own = [s for s in states if s.group == group]
    done = [s.took_s for s in own if s.state == "done" and s.took_s]
    if done:
        return group, median(done), _spread(done), f"{len(done)} finished {_runs(done)} of {group}"
    going = [(s.took_s or 0.0) + s.left_s[1] for s in own if s.left_s]
    if going:
        return (
            group,
            median(going),
            _spread(going),
            f"goal and rate of {len(going)} {_runs(going)} of {group}",
        )
    pooled = [s.took_s for s in states if s.state == "done" and s.took_s]
    if pooled:
        return (
            group,
            median(pooled),
            _spread(pooled),
            f"{len(pooled)} finished {_runs(pooled)} of other groups",
        )
    return group, None, LEAST_SPREAD, "no finished run and no rate: its length is not known"


def _runs(found: Sequence[float]) -> str:
    return "run" if len(found) == 1 else "runs"


def _spread(lengths: Sequence[float]) -> float:
    """Standard deviation of the logarithm; 0.1 of fewer than three."""
    return float(np.log(np.asarray(lengths)).std(ddof=1)) if len(lengths) > 2 else LEAST_SPREAD


def _rest(s: RunState, length: float, spread: float, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draws of the seconds a running run still needs: lognormal on each side of its median, through 10 and 90 %."""
    z = rng.standard_normal(draws)
    if s.left_s is None:
        rest: FloatArray = length * np.exp(spread * z) - (s.took_s or 0.0)
        return np.maximum(rest, 0.0)
    low, middle, high = (max(x, 1e-3) for x in s.left_s)
    width = np.where(z < 0, log(middle / low), log(high / middle)) / Z90
    made: FloatArray = middle * np.exp(width * z)
    return made


def _counted(starts: FloatArray, room: float, length: float, spread: float, rng: np.random.Generator) -> FloatArray:
    """Tries that end in time, by draw. starts: seconds until each slot is free, shape (draws, slots).

    Slots go on by themselves, so each is a renewal process; the tries of one draw are counted together.
    """
    counts = np.zeros(len(starts))
    ends = starts.copy()
    open_ = ends < room
    while open_.any() and counts.max() < MOST:
        ends[open_] += length * np.exp(spread * rng.standard_normal(int(open_.sum())))
        open_ &= ends <= room
        counts += open_.sum(axis=1)
    return counts


def _run(started: float, last: float) -> RunState:
    """A finished run, for examples."""
    return RunState(f"{started}", "a", "", "", "done", started=started, last=last, took_s=last - started)
