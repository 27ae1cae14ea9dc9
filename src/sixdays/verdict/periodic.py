"""Does something happen to these curves on a schedule? Dips at even distances that runs of a group share."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log, sqrt

import numpy as np

from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.partial import in_order

LEAST_POINTS = 8
_MOST_POINTS = 512
_LEAST_TEETH = 3
_ALONE, _CLIP = 2.5, 8.0  # one dip, however deep, is not a period; the fewer runs, the less a dip may count
_CLEAR = 2.0  # units above what the best of so many combs reaches by chance
_SHARE = 0.7  # of the teeth that must be dips
_ELSEWHERE = 0.1  # of the other points that may dip as deep as the middle tooth


def periodic_events(curves: Sequence[Curve]) -> float | None:
    """The steps from one event to the next, or None: runs of one method on one task that drop at regular steps.

    A dip is a value below the middle of its neighbours, in units of its error over the runs; a comb of at least
    three evenly spaced points is flagged when their sum over √k is below −(√(2 ln combs) + 2), most of its teeth
    are dips and few other points dip as deep. One curve is enough, several see more. Drops only: the metric is
    taken so that higher is better (negate a loss).
    """
    grid = _on_one_grid(curves)
    if grid is None:
        return None
    spacing, y = grid
    z = _dips(y)
    if not z.any():
        return None
    n = len(z)
    periods = [p / 2 for p in range(4, int(2 * (n + 1) / _LEAST_TEETH) + 1) if p % 2 == 0 or p < 24]
    threshold = -sqrt(2 * log(sum(ceil(p) for p in periods))) - _CLEAR if periods else -np.inf
    depth, period = min(((_comb(z, p), p) for p in periods), default=(0.0, 0.0))
    return period * spacing if depth < threshold else None


def _on_one_grid(curves: Sequence[Curve]) -> tuple[float, FloatArray] | None:
    """The distance of points and the values there, shape (curves, points); None where there are too few."""
    ordered = [in_order(c) for c in curves]
    ordered = [(x[ok], y[ok]) for x, y in ordered for ok in [np.isfinite(y)] if ok.sum() >= LEAST_POINTS]
    if not ordered:
        return None
    start, end = max(x[0] for x, _ in ordered), min(x[-1] for x, _ in ordered)
    n = int(min(_MOST_POINTS, np.median([((x >= start) & (x <= end)).sum() for x, _ in ordered])))
    if n < LEAST_POINTS or end <= start:
        return None
    at = np.linspace(start, end, n)
    return float(at[1] - at[0]), np.array([np.interp(at, x, y) for x, y in ordered])


def _dips(y: FloatArray) -> FloatArray:
    """How far each inner point lies above (+) or below (−) the middle of its neighbours, in errors of the mean."""
    e = y[:, 1:-1] - 0.5 * (y[:, :-2] + y[:, 2:])
    runs = len(e)
    if runs > 2:
        usual = np.median(np.abs(e - np.median(e, axis=0))) / 0.6745 * sqrt(runs / (runs - 1))
        error = np.sqrt(0.5 * e.var(axis=0, ddof=1) + 0.5 * usual**2)
    else:
        error = np.full(e.shape[1], np.median(np.abs(e)) / 0.6745)
    clip = min(_CLIP, runs + 1.0) if runs > 2 else _ALONE
    least = 1e-9 * float(np.abs(y).max()) + 1e-300
    z: FloatArray = np.clip(e.mean(axis=0) / np.maximum(error, least) * sqrt(runs), -clip, clip)
    return z


def _comb(z: FloatArray, period: float) -> float:
    """The deepest comb of a period, over all its beginnings: Σ of the teeth / √k, in units of the other points."""
    n = len(z)
    begins = np.arange(ceil(period))
    at = np.floor(begins[None, :] + period * np.arange(ceil(n / period))[:, None] + 1e-9).astype(int)
    inside = at < n
    teeth = np.where(inside, z[np.minimum(at, n - 1)], 0.0)
    count = inside.sum(axis=0)
    dips = ((teeth < -1) & inside).sum(axis=0) / count
    depth = np.where((count >= _LEAST_TEETH) & (dips >= _SHARE), teeth.sum(axis=0) / np.sqrt(count), 0.0)
    best = int(depth.argmin())
    tooth = np.zeros(n, dtype=bool)
    tooth[at[:, best][inside[:, best]]] = True
    beside = tooth.copy()
    if period >= 4:
        beside[1:] |= tooth[:-1]
        beside[:-1] |= tooth[1:]
    rest = z[~beside]
    if len(rest) < 3 or np.mean(rest < np.median(z[tooth])) >= _ELSEWHERE:
        return 0.0
    unit = max(1.0, 1.4826 * float(np.median(np.abs(rest - np.median(rest)))))
    return float(depth[best]) / unit
