"""What a curve says up to a step: its score there, how rough it is, and the curve as it was then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sixdays.verdict.curves import Curve, FloatArray

WINDOW = 0.05  # of the goal; a score is the mean of the values written within it (evidence 5.1)
_SLACK = 1 + 1e-9
_MOST_POINTS = 2000
_LATELY = 24  # points from which the roughness is read
_SECOND_DIFFERENCE = 1.652  # median of |y₋₁ − 2y₀ + y₁| of unit normal noise: 0.6745·√6


def in_order(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """Steps and values with strictly rising steps; after a resume what was written later holds.

    >>> in_order(Curve("t", "m", 0, [1, 2, 3, 2, 3], [1.0, 2.0, 9.0, 2.5, 3.0]))[1].tolist()
    [1.0, 2.5, 3.0]
    """
    x, y = curve.steps, curve.values
    if len(x) > 1 and not (x[1:] > x[:-1]).all():
        least_later = np.append(np.minimum.accumulate(x[:0:-1])[::-1], np.inf)
        keep = x < least_later
        x, y = x[keep], y[keep]
    return x, y


def length(curve: Curve) -> float:
    """The number of steps that the run was meant to have; where nobody said, the last one written."""
    return float(curve.goal if curve.goal else curve.steps.max())


def cut(curve: Curve, fraction: float) -> Curve | None:
    """The curve as it was at a fraction of its length, with its goal; None where it had no point yet."""
    x, y = in_order(curve)
    goal = length(curve)
    end = int(x.searchsorted(fraction * goal * _SLACK, side="right"))
    return Curve(curve.task, curve.method, curve.seed, x[:end], y[:end], goal) if end else None


def window(x: FloatArray, step: float, goal: float) -> tuple[int, int]:
    """Where the last 5 % of the goal up to a step begin and end, at least the last point; (0, 0) before the first."""
    end = int(x.searchsorted(step * _SLACK, side="right"))
    if not end:
        return 0, 0
    return min(int(x.searchsorted(step - WINDOW * goal, side="right")), end - 1), end


def score_at(x: FloatArray, y: FloatArray, step: float, goal: float) -> float:
    """Mean of the finite values in the window that ends at a step; NaN where there is none.

    x, y: as from `in_order`.

    >>> score_at(np.arange(1.0, 101.0), np.arange(100.0), 100, 100)
    97.0
    """
    start, end = window(x, step, goal)
    return _mean(y[start:end])


def level_at(x: FloatArray, y: FloatArray, step: float, goal: float) -> float:
    """As `score_at`, but of at least three points where the last three go up and down: one of them says little."""
    start, end = window(x, step, goal)
    if 2 < end < start + 3:
        first, second, third = y[end - 3 : end].tolist()
        if not (first <= second <= third or first >= second >= third):
            start = end - 3
    return _mean(y[start:end])


def roughness(y: FloatArray) -> float:
    """Standard deviation of a value about its neighbours, from the last points; 0 where fewer than three are finite."""
    y = y[-_LATELY:]
    y = y[np.isfinite(y)]
    if len(y) < 3:
        return 0.0
    return quantiles(np.abs(y[2:] - 2 * y[1:-1] + y[:-2]), (0.5,))[0] / _SECOND_DIFFERENCE


def quantiles(values: FloatArray, levels: Sequence[float]) -> list[float]:
    """Interpolated quantiles, as `numpy.quantile` has them, at a tenth of its cost for small arrays.

    >>> quantiles(np.array([3.0, 1.0, 2.0]), (0.25, 0.5))
    [1.5, 2.0]
    """
    ordered = np.sort(values)
    last = len(ordered) - 1
    out = []
    for p in levels:
        low = int(p * last)
        a, b = float(ordered[low]), float(ordered[min(low + 1, last)])
        out.append(a + (p * last - low) * (b - a))
    return out


def span(values: FloatArray) -> float:
    """The range of all but the extreme values: 97 % less 3 % quantile, of finite values; long arrays thinned."""
    low, high = quantiles(values[:: 1 + len(values) // _MOST_POINTS], (0.03, 0.97))
    return high - low


def _mean(values: FloatArray) -> float:
    if not len(values):
        return float("nan")
    mean = float(values.sum()) / len(values)
    if np.isfinite(mean):
        return mean
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")
