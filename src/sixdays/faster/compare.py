"""Ratios of mirrored pairs → a factor with its interval, or not shown; and what it means for the time to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, hypot, inf, sqrt

import numpy as np

from sixdays.faster.model import FloatArray
from sixdays.stats import normal_quantile, t_quantile

BETWEEN = 0.03
"""Standard deviation of the log ratio from one run of the search to the next, beyond what pairs of one run show.

Source: the study behind design §7: 18 pairs of the original against itself gave 0.93 to 1.10.
"""
TRIMMED = 0.2  # of the pairs, at either end: a neighbour on the machine makes one run half slower, not all a little
SHOWN = 1.08  # nothing below is kept or claimed: design §7
LEVEL = 0.90


@dataclass(frozen=True, slots=True)
class Factor:
    """How many times faster, with its 90 % interval. shown: it is at least 1.08 and the interval lies above 1."""

    value: float
    low: float
    high: float
    shown: bool = False


def factor(ratios: Sequence[float], between: float = BETWEEN) -> Factor:
    """The factor that log ratios of pairs show, original ÷ candidate each; not shown where there is no pair.

    The trimmed mean. The interval joins Student's t over the pairs with the spread between runs, `between`, which more
    pairs of one run do not shrink. One pair tells nothing of its own spread: then `between` stands for both.

    Raises:
        ValueError: a ratio is not finite.

    >>> f = factor([0.40, 0.42, 0.41])
    >>> round(f.value, 3), f.shown
    (1.507, True)
    """
    logs = np.asarray(ratios, dtype=float)
    if not np.all(np.isfinite(logs)):
        raise ValueError("a ratio is not finite")
    n = logs.size
    if n == 0:
        return Factor(1.0, 0.0, inf)
    mean, error = centre(logs)
    return _around(mean, half(between, error, _kept(n)))


def jackknife(whole: float, left_out: Sequence[float], between: float = BETWEEN) -> Factor | None:
    """The factor of a log ratio that all pairs give together, with those that they give without one of them each.

    Student's t over the pseudo-values n × whole - (n - 1) × left out, joined with `between`. None where one of them is
    not finite.

    Source: Tukey (1958); Efron and Stein (1981): it does not call such a statistic surer than it is.

    Raises:
        ValueError: there are fewer than two.

    >>> of_mean, of_pairs = jackknife(0.41, [0.405, 0.415, 0.41]), factor([0.42, 0.40, 0.41])
    >>> round(of_mean.low, 6) == round(of_pairs.low, 6)
    True
    """
    n, rest = len(left_out), np.asarray(left_out, dtype=float)
    if n < 2:
        raise ValueError("a single pair tells nothing of its spread")
    if not np.all(np.isfinite(np.append(rest, whole))):
        return None
    return _around(whole, half(between, sqrt((n - 1) / n * float(((rest - rest.mean()) ** 2).sum())), n))


def half(between: float, error: float = 0.0, pairs: int = 1) -> float:
    """Half the width of the interval of a log ratio. error: its standard error over so many pairs."""
    return hypot(_t(pairs - 1) * error if pairs > 1 else 0.0, normal(LEVEL) * between)


def _around(mean: float, half: float) -> Factor:
    value, low, high = exp(mean), exp(mean - half), exp(mean + half)
    return Factor(value, low, high, value >= SHOWN and low > 1.0)


def centre(logs: FloatArray) -> tuple[float, float]:
    """Trimmed mean of at least one number, and its standard error; 0 of one alone.

    Source: Tukey and McLaughlin (1963): the winsorised standard deviation ÷ the share kept, with the degrees of freedom
    of those kept.
    """
    n, ordered = logs.size, np.sort(logs)
    cut = (n - _kept(n)) // 2
    inner = ordered[cut : n - cut]
    if n < 2:
        return float(inner.mean()), 0.0
    spread = float(np.clip(ordered, inner[0], inner[-1]).std(ddof=1))
    return float(inner.mean()), spread * sqrt(n) / inner.size


def _kept(n: int) -> int:
    return n - 2 * int(TRIMMED * n)


@cache
def normal(level: float) -> float:
    """Half the width of the interval of a standard normal that holds a share `level`."""
    return float(normal_quantile(np.array([0.5 + level / 2.0]))[0])


@cache
def _t(df: int) -> float:
    return t_quantile(0.5 + LEVEL / 2.0, df)


@dataclass(frozen=True, slots=True)
class Answer:
    """The time to the answer, and the number of copies side by side that gives it."""

    copies: int
    seconds: float


def answer(
    seeds: int,
    units: float,
    rate_one: float,
    rates_packed: Mapping[int, float] | None = None,
    start_s: float = 0.0,
    cores: int | None = None,
) -> Answer:
    """The soonest answer: seeds × units at the best number of copies side by side.

    rate_one: units per second of a single copy. rates_packed: of all copies together, by their number. A round is
    as many copies at once as chosen; the last, smaller one goes at the rate measured for its number; else, with a copy
    for each of the cores, at that of a full round, though no copy goes faster than alone; else at that of one copy in
    the full round (it would have more room: a bound from above). Each round starts anew.

    Raises:
        ValueError: there is nothing to do, or no rate.

    >>> answer(5, 1000, 10.0, {2: 18.0})
    Answer(copies=2, seconds=322.22222222222223)
    """
    if seeds < 1 or units <= 0 or rate_one <= 0:
        raise ValueError("seeds, units and the rate must be above 0")
    rates = {1: rate_one} | {k: r for k, r in (rates_packed or {}).items() if r > 0}

    def seconds(k: int) -> float:
        rounds, rest = divmod(seeds, k)
        whole = rounds * (start_s + k * units / rates[k])
        copy = rates[k] / k
        fewer = min(rates[k], rest * max(copy, rate_one)) if cores and rest >= cores else rest * copy
        return whole + (start_s + rest * units / rates.get(rest, fewer) if rest else 0.0)

    best = min(rates, key=lambda k: (seconds(k), k))
    return Answer(min(best, seeds), seconds(best))
