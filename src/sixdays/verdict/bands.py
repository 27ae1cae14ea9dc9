"""Bands for pictures: the score so far of every run on a common axis, and its interval at each point of it.

Made as the verdict is made: t for one benchmark task, Welch for a difference on one, and for several tasks the
interquartile mean with bootstrap standard error × √(n/(n−1)) × t. The bands are pointwise: each holds at its own
place, not everywhere at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixdays.stats import t_quantile
from sixdays.verdict.curves import Curve

FloatArray = NDArray[np.float64]
Blocks = Mapping[str, Mapping[str, FloatArray]]

WINDOW = 0.05  # of the length: the same window as that of a run's final score
NEAR = 0.01  # a run that ends this close to a point has reached it
REPLICATES = 200  # enough for a standard error that is drawn: ± 5 %


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """centre, low, high: shape (points,), NaN where there is none. runs: how many the band rests on at most."""

    centre: FloatArray
    low: FloatArray
    high: FloatArray
    runs: int


def lengths(curves: Iterable[Curve]) -> dict[str, float]:
    """Task → the length of its longest run, or the longest that was meant."""
    out: dict[str, float] = {}
    for c in curves:
        out[c.task] = max(out.get(c.task, 0.0), float(c.steps.max()), c.goal or 0.0)
    return out


def scores_so_far(curve: Curve, steps: FloatArray, length: float) -> FloatArray:
    """Mean of the values in the last 5 % of the length before each step; the last value where there is none.

    NaN before the first point, after the last, and where a value is NaN. Shape as steps.

    >>> scores_so_far(Curve("t", "m", 0, [0, 50, 98, 100], [0, 1, 2, 4]), np.array([50.0, 100.0]), 100.0)
    array([1., 3.])
    """
    order = np.argsort(curve.steps, kind="stable")
    x, y = curve.steps[order], curve.values[order]
    gap = float(np.median(np.diff(x))) if len(x) > 1 else 0.0
    bad = ~np.isfinite(y)
    total = np.concatenate(([0.0], np.cumsum(np.where(bad, 0.0, y))))
    lost = np.concatenate(([0], np.cumsum(bad)))
    end = np.searchsorted(x, steps * (1 + 1e-9), side="right")
    start = np.minimum(np.searchsorted(x, steps - WINDOW * length, side="right"), np.maximum(end - 1, 0))
    count = end - start
    mean = (total[end] - total[start]) / np.maximum(count, 1)
    known = (count > 0) & (lost[end] == lost[start]) & (steps <= x[-1] + max(NEAR * length, gap))
    return np.where(known, mean, np.nan)


def blocks(curves: Sequence[Curve], fractions: FloatArray) -> dict[str, dict[str, FloatArray]]:
    """Task → method → scores so far at these fractions of the task's length, shape (runs, fractions)."""
    length = lengths(curves)
    rows: dict[str, dict[str, list[FloatArray]]] = {}
    for c in curves:
        row = scores_so_far(c, fractions * length[c.task], length[c.task])
        rows.setdefault(c.task, {}).setdefault(c.method, []).append(row)
    return {t: {m: np.array(r) for m, r in by.items()} for t, by in rows.items()}


def mean_band(rows: FloatArray, level: float) -> Band:
    """The mean of runs with its t interval at each point, where at least half of the runs have a value.

    >>> band = mean_band(np.array([[1.0], [3.0]]), 0.95)
    >>> float(band.centre[0]), round(float(band.high[0]), 3)
    (2.0, 14.706)
    """
    mean, error2, n = _moments(rows)
    df = np.where(n > 1, n - 1.0, np.nan)
    return _around(mean, np.sqrt(error2), df, level, len(rows))


def difference_band(rows: FloatArray, base: FloatArray, level: float) -> Band:
    """Mean of rows less mean of base with Welch's interval at each point; both have the same points."""
    (mean, e2, n), (mean_0, e2_0, n_0) = _moments(rows), _moments(base)
    with np.errstate(invalid="ignore", divide="ignore"):
        df = (e2 + e2_0) ** 2 / (e2**2 / (n - 1) + e2_0**2 / (n_0 - 1))
    df = np.where(e2 + e2_0 == 0.0, n + n_0 - 2.0, df)
    return _around(mean - mean_0, np.sqrt(e2 + e2_0), df, level, len(rows))


def iqm_band(arm: Sequence[FloatArray], level: float, base: Sequence[FloatArray] = ()) -> Band:
    """IQM over runs × tasks at each point, one block (runs, points) a task; less that of base, where given.

    Runs that ended before half of the median length are left out; the band ends a tenth after the shortest of the rest.
    """
    rng = np.random.default_rng(0)
    centre, draws = _iqm_draws(arm, rng)
    parts = [_whole(b) for b in arm]
    if base:
        centre_0, draws_0 = _iqm_draws(base, rng)
        centre, draws = centre - centre_0, draws - draws_0
        parts += [_whole(b) for b in base]
    n = np.array([len(p) for p in parts if len(p)])
    if not len(n) or n.max() < 2:
        nothing = np.full_like(centre, np.nan)
        return Band(centre, nothing, nothing, int(n.max(initial=0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        v = np.array([p.var(0, ddof=1) / len(p) if len(p) > 1 else np.zeros(p.shape[1]) for p in parts if len(p)])
        df = v.sum(0) ** 2 / (v**2 / np.maximum(n - 1, 1)[:, None]).sum(0)
    typical = float(np.median(n[n > 1]))
    return _around(centre, draws.std(0) * sqrt(typical / (typical - 1)), df, level, int(n.max()))


def _iqm_draws(arm: Sequence[FloatArray], rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """The IQM, shape (points,), and bootstrap replicates of it, (replicates, points): runs drawn within tasks."""
    parts = [p for p in map(_whole, arm) if len(p)]
    if not parts:
        nothing = np.full(arm[0].shape[1] if arm else 0, np.nan)
        return nothing, np.tile(nothing, (REPLICATES, 1))
    unit = max(float(np.nanmax(np.abs(p), initial=0.0)) for p in parts) or 1.0
    # single precision: half the time, and a spread needs no more
    thin = [np.ascontiguousarray(p.T / unit, dtype=np.float32) for p in parts]
    drawn = [p[:, rng.integers(p.shape[1], size=(REPLICATES, p.shape[1]))] for p in thin]
    return _iqm(np.concatenate(parts).T), _iqm(np.concatenate(drawn, axis=2)).T.astype(float) * unit


def _iqm(scores: NDArray[np.floating[Any]]) -> FloatArray:
    """Mean of the middle half along the last axis; NaN where one is NaN (they are sorted last)."""
    n = scores.shape[-1]
    cut = n // 4
    ordered = np.sort(scores, axis=-1)
    middle: FloatArray = ordered[..., cut : n - cut].mean(-1)
    return np.where(np.isnan(ordered[..., -1]), np.nan, middle)


def _whole(rows: FloatArray) -> FloatArray:
    """The runs that got halfway at least, as far as the median run; a score stands for the last tenth after it."""
    known = np.isfinite(rows)
    points = rows.shape[1]
    last = np.where(known.any(1), points - 1 - np.argmax(known[:, ::-1], axis=1), -1)
    kept = (last >= 0) & (last >= (np.median(last) if len(last) else 0) // 2)
    out = rows[kept].copy()
    for row, end in zip(out, last[kept], strict=True):
        row[end + 1 : end + 1 + points // 10] = row[end]
    return out


def _moments(rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, squared standard error and number of runs at each point; NaN with fewer than half of the runs."""
    known = np.isfinite(rows)
    n = known.sum(0).astype(float)
    n[n < max(1, ceil(len(rows) / 2))] = np.nan
    filled = np.where(known, rows, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(0) / n
        spread = np.where(known, (rows - mean) ** 2, 0.0).sum(0)
        return mean, spread / (n - 1) / n, n


def _around(centre: FloatArray, error: FloatArray, df: FloatArray, level: float, runs: int) -> Band:
    inverse, quantiles = _t_table(0.5 + level / 2)
    with np.errstate(divide="ignore"):
        half = np.interp(1.0 / np.maximum(df, 1.0), inverse, quantiles) * error
    return Band(centre, centre - half, centre + half, runs)


@cache
def _t_table(p: float) -> tuple[FloatArray, FloatArray]:
    """Student's quantile as a function of 1/df, from 0 to 1: read off to 0.2 %, thousands at a time."""
    df = np.concatenate(
        ([np.inf, 200.0, 60.0, 30.0, 20.0, 15.0, 12.0], np.arange(10.0, 3.9, -0.5), np.arange(3.8, 0.9, -0.1))
    )
    return 1.0 / df, np.array([t_quantile(p, max(float(d), 1.0)) for d in df])
