"""More seeds? From what was seen: how many may be needed, and the chance that k more settle it.

The pilot's spread is known only roughly (at 3 seeds a plug-in answer is off by 0.2 to 7 times), so spread and effect
are drawn from their posterior under flat priors: variance after the scaled inverse chi-square law, mean after Student.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np

from sixdays.stats import FloatArray, t_quantile, upper_quantile
from sixdays.verdict.estimators import Sides, satterthwaite

DRAWS = 2_000
POWER = 0.8
# Real runs have heavier tails than normal ones: this level of the posterior of the spread holds 8 times in 10
# (benchmarks/judging.py, seeds_needed). With the effect unknown too its own posterior is wide enough.
_LEVEL, _LEVEL_OF_SPREAD = 0.8, 0.88
MOST = 9_999  # seeds; beyond it no number is worth printing


@dataclass(frozen=True, slots=True, eq=False)
class Pilot:
    """The posterior given the runs so far, in draws: effect and the variance of a run in either arm, shape (draws,)."""

    sides: Sides
    effect: FloatArray
    variance_a: FloatArray
    variance_b: FloatArray


def pilot(sides: Sides, rng: np.random.Generator, draws: int = DRAWS) -> Pilot:
    """Draws from the posterior of effect and spread."""
    v_a = sides.a.se**2 * sides.n_a * sides.a.df / rng.chisquare(sides.a.df, draws)
    v_b = sides.b.se**2 * sides.n_b * sides.b.df / rng.chisquare(sides.b.df, draws)
    error = np.sqrt(v_a / sides.n_a + v_b / sides.n_b)
    return Pilot(sides, sides.a.value - sides.b.value + error * rng.standard_normal(draws), v_a, v_b)


def needed(found: Pilot, error: float, margin: float) -> tuple[int, int]:
    """The range of seeds an arm that a power of 80 % may take, at a two-sided error; it holds 8 times in 10.

    For a difference of the margin where one is given, else for the difference that the runs so far suggest.
    Source: n = (z₁₋ₐ/₂ + z₀.₈)² (σa² + σb²) / δ² (+ 1 for the unknown spread), over the posterior.
    """
    z = float(upper_quantile(np.array([error / 2.0, 1.0 - POWER])).sum())
    spread = np.sqrt(found.variance_a + found.variance_b)
    delta = np.full(len(found.effect), margin) if margin > 0 else np.abs(found.effect)
    delta = np.maximum(delta, np.maximum(spread / MOST, 1e-300))  # smaller ones need more than the most anyway
    n = (z * spread / delta) ** 2 + 1.0
    level = _LEVEL_OF_SPREAD if margin > 0 else _LEVEL
    low, high = np.quantile(n, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return max(2, floor(min(low, MOST))), max(2, ceil(min(high, MOST)))


@dataclass(frozen=True, slots=True)
class Chances:
    """How probable each word is after more runs."""

    better: float
    worse: float
    same: float

    @property
    def settled(self) -> float:
        return self.better + self.worse + self.same


def chances(
    found: Pilot, more: tuple[int, int], error: float, margin: float, sign: float, rng: np.random.Generator
) -> Chances:
    """The words after so many more runs of either arm, predicted: new runs are drawn, the interval is made again."""
    if error <= 0.0:
        return Chances(0.0, 0.0, 0.0)
    s = found.sides
    draws = len(found.effect)
    moved, squared, df = np.zeros(draws), np.zeros(draws), []
    variances = []
    for side, n, k, v in ((s.a, s.n_a, more[0], found.variance_a), (s.b, s.n_b, more[1], found.variance_b)):
        moved += v * k / (n * (n + k))  # variance of where the mean will be, given where it is
        later = side.df * (n + k - 1.0) / max(n - 1.0, 1e-9)
        new = rng.chisquare(later - side.df, draws) if k else 0.0
        spread = (side.df * side.se**2 * n + v * new) / later / (n + k)
        squared += spread
        variances.append(float(np.median(spread)))
        df.append(later)
    value = s.a.value - s.b.value + np.sqrt(moved) * rng.standard_normal(draws)
    half = t_quantile(1.0 - error / 2.0, satterthwaite(np.array(variances), np.array(df))) * np.sqrt(squared)
    gain = sign * value
    return Chances(
        float((gain - half > margin).mean()), float((gain + half < -margin).mean()),
        float((np.abs(gain) + half < margin).mean()) if margin > 0 else 0.0,
    )  # fmt: skip


def lift_of_best(k: int, error: float) -> float:
    """How far luck alone lifts the best of k equal methods: the mean largest of k normal errors of this size.

    >>> round(lift_of_best(2, 1.0), 3)
    0.564
    """
    grid = (np.arange(2_000) + 0.5) / 2_000
    return float((-upper_quantile(grid ** (1.0 / k))).mean()) * error


def visible(spread: float, seeds: int, error: float) -> float:
    """The difference on one task that so many seeds an arm show with a power of 80 %, at a two-sided error.

    >>> round(visible(1.0, 10, 0.05), 2)
    1.33
    """
    df = 2.0 * (seeds - 1)
    return (t_quantile(1.0 - error / 2.0, df) + t_quantile(POWER, df)) * spread * sqrt(2.0 / seeds)
