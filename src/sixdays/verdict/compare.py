"""One method beside the baseline: every figure of the comparison, before any word is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from sixdays.stats import t_sf
from sixdays.verdict.arms import Arm, worst_counted
from sixdays.verdict.estimators import (
    Estimate,
    Scores,
    Sides,
    difference,
    improvement,
    medians,
    noise,
    percentile_difference,
    permutation_p,
    plain_difference,
    sides,
)
from sixdays.verdict.result import Interval, Word


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a comparison found, method − baseline. tasks: those that both arms have scores of.

    seeds: the least number of runs of either arm on any of them, diverged ones included.
    sides: None where nothing can be said of the error. p: two-sided, None likewise.
    worst: the difference and its p with diverged runs counted as the worst score seen; None where none diverged.
    """

    method: Arm
    baseline: Arm
    tasks: tuple[str, ...]
    seeds: int
    value: float | None
    sides: Sides | None
    p: float | None
    worst: tuple[Estimate | None, float | None] | None

    @property
    def look(self) -> float:
        """The seeds an arm that a look counts as: the harmonic mean over tasks and arms, diverged runs included.

        So that a look after every run of one arm spends its share, though the other arm stays as it is.
        """
        return harmonic([len(arm.raw[t]) for arm in (self.method, self.baseline) for t in self.tasks])

    @property
    def estimate(self) -> Estimate | None:
        return self.sides.difference if self.sides else None

    def word(self, error: float, margin: float, sign: float) -> Word:
        """What holds at this two-sided error, with diverged runs left out and with them at their worst."""
        first = word_of(self.estimate, self.p, error, margin, sign)
        if self.worst is None or first == word_of(*self.worst, error, margin, sign):
            return first
        return "not_yet_known"

    def least_error(self, margin: float) -> float:
        """The least two-sided error at which it is better or worse, 1 where none is: what Holm goes by."""
        both = [(self.estimate, self.p), *([self.worst] if self.worst else [])]
        return max(_least_error(estimate, p, margin) for estimate, p in both)


def harmonic(counts: Sequence[float]) -> float:
    """The harmonic mean, to six decimals so that equal counts give just that; 0 of none.

    >>> harmonic([10, 30]), harmonic([11, 11, 11])
    (15.0, 11.0)
    """
    return round(len(counts) / sum(1.0 / n for n in counts), 6) if counts else 0.0


def word_of(estimate: Estimate | None, p: float | None, error: float, margin: float, sign: float) -> Word:
    """Better or worse: the interval beyond the margin, and the test agrees. Same: the interval within it."""
    if estimate is None or p is None or error <= 0.0:
        return "not_yet_known"
    half, gain = estimate.half(1.0 - error), sign * estimate.value
    if p <= error and gain - half > margin:
        return "better"
    if p <= error and gain + half < -margin:
        return "worse"
    return "same" if abs(gain) + half < margin else "not_yet_known"


def _least_error(estimate: Estimate | None, p: float | None, margin: float) -> float:
    if estimate is None or p is None or abs(estimate.value) <= margin:
        return 1.0
    return max(p, min(1.0, 2.0 * t_sf((abs(estimate.value) - margin) / estimate.se, estimate.df)))


def compare(method: Arm, baseline: Arm, sign: float, seed: int) -> Found:
    """The figures of one comparison. sign: 1.0 where higher is better, else −1.0."""
    a, b = method.scores, baseline.scores
    tasks = tuple(sorted(a.keys() & b.keys()))
    if not tasks:
        return Found(method, baseline, (), 0, None, None, None, None)
    both = sides(a, b, seed)
    worst = None
    shared = method.raw.keys() & baseline.raw.keys()
    if any(np.isnan(arm.raw[t]).any() for arm in (method, baseline) for t in shared):
        x, y = worst_counted(method, baseline, sign)
        estimate = difference(x, y, seed)
        worst = estimate, _p(x, y, estimate, seed)
    return Found(
        method, baseline, tasks, min(arm.seeds(tasks) for arm in (method, baseline)), plain_difference(a, b), both,
        _p(a, b, both.difference if both else None, seed), worst,
    )  # fmt: skip


def interval(value: float | None, estimate: Estimate | None, level: float) -> Interval:
    """The value with the interval of its estimate, None where there is none."""
    low, high = estimate.interval(level) if estimate else (None, None)
    return Interval(value, low, high, level)


def area(a: Scores, b: Scores, level: float, seed: int) -> Interval | None:
    """The difference of areas under the curves; None where no task of both has curves of several points."""
    if not a.keys() & b.keys():
        return None
    return interval(plain_difference(a, b), difference(a, b, seed), level)


def by_task(found: Found, level: float) -> dict[str, Interval]:
    """Welch's difference of means, task by task."""
    out = {}
    for t in found.tasks:
        a, b = {t: found.method.scores[t]}, {t: found.baseline.scores[t]}
        out[t] = interval(plain_difference(a, b), difference(a, b, 0), level)
    return out


def in_words(found: Found, sign: float) -> tuple[float | None, float | None]:
    """Probability of improvement, and the difference in units of the pooled seed noise; None where not known."""
    if found.value is None:
        return None, None
    a, b = found.method.scores, found.baseline.scores
    better = improvement(a, b) if sign > 0 else improvement(b, a)
    spread = noise([s[t] for s in (a, b) for t in found.tasks])
    in_noise = found.value / spread.value if spread and spread.value > 0 else None
    return better, in_noise if in_noise is not None and isfinite(in_noise) else None


def beside(found: Found, level: float, seed: int) -> Mapping[str, Any]:
    """Robust companions, JSON-able: on one task the medians with their exact ranges, else the percentile bootstrap."""
    a, b = found.method.scores, found.baseline.scores
    if len(found.tasks) == 1:
        t = found.tasks[0]
        value, mine, theirs = medians(a[t], b[t])
        return {"median_difference": value, "ranges": {
            name: {"least": least, "most": most, "holds_median": sure}
            for name, (least, most, sure) in ((found.method.name, mine), (found.baseline.name, theirs))
        }}  # fmt: skip
    if found.sides is None:
        return {}
    low, high = percentile_difference(a, b, level, seed)
    return {"percentile_bootstrap": {"low": low, "high": high, "level": level}}


def _p(a: Scores, b: Scores, estimate: Estimate | None, seed: int) -> float | None:
    """Welch's p on one task, by permutation on several; None where there is no error to go by."""
    if estimate is None:
        return None
    return estimate.p if len(a.keys() & b.keys()) == 1 else permutation_p(a, b, seed)
