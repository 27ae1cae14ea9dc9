"""Looking again: how much of the allowed error one look may use, so that all looks together keep it.

Error is spent by information (Lan & DeMets 1983), which is the number of seeds an arm had at a look. The boundary
comes from the exact joint distribution of the looks, integrated from one to the next (Armitage, McPherson & Rowe
1969). Which spending function, and what it costs: docs/decisions/0010-looks.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log1p, sqrt

import numpy as np

from sixdays.stats import FloatArray, normal_sf

_POINTS = 201  # of the grid that carries the density from look to look
_FARTHEST = 8.0  # standard errors; a boundary there is never crossed


@dataclass(frozen=True, slots=True)
class Look:
    """One earlier look at the same comparison. seeds: runs an arm then, as `Comparison.look` has them.

    at: when, for people; nothing is computed from it.
    """

    seeds: float
    at: str = ""


def spent(error: float, fraction: float) -> float:
    """The share of the error that may be used up when this fraction of the planned seeds is there.

    Source: Lan & DeMets 1983, the function that gives boundaries of Pocock's type.

    >>> spent(0.05, 1.0), round(spent(0.05, 0.5), 3)
    (0.05, 0.031)
    """
    part = min(max(fraction, 0.0), 1.0)
    return error if part == 1.0 else error * log1p((exp(1.0) - 1.0) * part)


def error_now(seeds: float, looks: Iterable[Look], error: float, *, least: int, planned: int) -> float:
    """The two-sided error that this look may use, 0 where it can decide nothing.

    Looks below `least` seeds could decide nothing and have spent nothing. A look with as many seeds as an earlier
    one has the same data and the same boundary; one with fewer, or beyond a spent plan, has nothing left.

    >>> error_now(3, [], 0.05, least=10, planned=20)
    0.0
    >>> round(error_now(10, [Look(4)], 0.05, least=10, planned=20), 3)
    0.031
    """
    earlier = {look.seeds for look in looks if look.seeds >= least}
    if seeds < least or any(n > seeds for n in earlier):
        return 0.0
    return _levels(tuple(sorted(earlier | {seeds})), error, planned)[-1]


@lru_cache(maxsize=256)
def _levels(seeds: tuple[float, ...], error: float, planned: int) -> tuple[float, ...]:
    """The nominal two-sided error at each look, so that the first crossing is by then as probable as was spent."""
    at = np.zeros(1)
    weight = np.ones(1)  # density × width of the score process over the grid: nothing is known before the first look
    out = []
    before, used = 0.0, 0.0
    for n in seeds:
        allowed, step = spent(error, n / planned), sqrt(n - before)
        edge = _edge(at, weight, step, sqrt(n), allowed - used)
        out.append(float(2.0 * normal_sf(np.array([edge]))[0]) if edge < _FARTHEST else 0.0)
        grid = np.linspace(-edge * sqrt(n), edge * sqrt(n), _POINTS)
        density = np.exp(-0.5 * ((grid[:, None] - at) / step) ** 2) @ weight / (step * sqrt(2.0 * np.pi))
        at, weight = grid, density * _simpson(grid)
        before, used = n, allowed
    return tuple(out)


def _edge(at: FloatArray, weight: FloatArray, step: float, root: float, allowed: float) -> float:
    """The boundary, in standard errors, that is crossed now for the first time with the allowed probability."""
    if allowed <= 0.0:
        return _FARTHEST
    low, high = 0.0, _FARTHEST
    for _ in range(40):
        middle = 0.5 * (low + high)
        beyond = normal_sf((middle * root - at) / step) + normal_sf((middle * root + at) / step)
        low, high = (middle, high) if float(beyond @ weight) > allowed else (low, middle)
    return high


def _simpson(grid: FloatArray) -> FloatArray:
    """Weights of Simpson's rule on an odd number of even steps."""
    weights: FloatArray = np.full(len(grid), 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    weights *= (grid[1] - grid[0]) / 3.0
    return weights
