"""Figures from scores: interquartile mean, intervals that keep their promise at few seeds, permutation test.

Scores are runs by benchmark task: a mapping task → shape (runs,). Every function is the same whatever the order of the
runs and of the tasks, and gives the mirrored figure when the two arms change places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from sixdays.stats import FloatArray, chi2_quantile, t_quantile, t_sf

Scores = Mapping[str, FloatArray]

TRIM = 0.25  # of the weight at each end: the interquartile mean
REPLICATES = 2_000  # of the bootstrap: the ends of an interval stay within 2 % of those of 50,000
PERMUTATIONS = 10_000
_BLOCK = 30_000  # numbers drawn at once by the bootstrap: they stay in the cache
_MIXED = 500_000  # and by the permutation test, which has more steps a block


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its standard error, and the degrees of freedom that this error has."""

    value: float
    se: float
    df: float

    def interval(self, level: float) -> tuple[float, float]:
        """The t interval at a level below 1."""
        half = self.half(level)
        return self.value - half, self.value + half

    def half(self, level: float) -> float:
        return t_quantile(0.5 + level / 2.0, self.df) * self.se

    @property
    def p(self) -> float:
        """Two-sided, against no difference."""
        return min(1.0, 2.0 * t_sf(abs(self.value) / self.se, self.df))

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference of two independent estimates; degrees of freedom after Welch and Satterthwaite."""
        return Estimate(
            self.value - other.value, hypot(self.se, other.se),
            satterthwaite(np.array([self.se**2, other.se**2]), np.array([self.df, other.df])),
        )  # fmt: skip


def satterthwaite(variances: FloatArray, df: FloatArray) -> float:
    """Degrees of freedom of a sum of variances; those that are zero do not count. Source: Satterthwaite 1946.

    >>> satterthwaite(np.array([1.0, 1.0, 0.0]), np.array([4.0, 4.0, 4.0]))
    8.0
    """
    some = variances > 0
    if not some.any():
        return float(df.min())
    share = variances[some] / variances[some].max()  # first, so that tiny variances do not underflow when squared
    return float(share.sum() ** 2 / (share**2 / df[some]).sum())


def iqm(scores: Scores) -> float:
    """Mean of the middle half of all scores, runs and tasks pooled, every task with the same weight.

    A run is left out when its whole weight lies in the lowest or the highest quarter. With as many runs on every task
    that is SciPy's `trim_mean(…, 0.25)`, and so rliable's figure (Agarwal et al. 2021).

    >>> iqm({"a": np.array([0.0, 1.0]), "b": np.array([2.0, 9.0])})
    1.5
    """
    weights = _weights(scores)
    return float(iqm_rows(np.concatenate([scores[t] for t in sorted(scores)])[None], weights)[0])


def iqm_rows(rows: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """The interquartile mean of each row, shape (rows,). weights: of the columns, None where they are equal."""
    n = rows.shape[1]
    if weights is None:
        cut = int(TRIM * n)
        middle = np.partition(rows, (cut, n - cut - 1), axis=1)[:, cut : n - cut] if cut else rows
        return np.asarray(middle.mean(axis=1))
    order = np.argsort(rows, axis=1, kind="stable")
    w = weights[order]
    above = np.cumsum(w, axis=1)
    kept = w * ((above > TRIM + 1e-9) & (above - w < 1.0 - TRIM - 1e-9))
    return np.asarray((np.take_along_axis(rows, order, 1) * kept).sum(1) / kept.sum(1))


def bootstrap(scores: Scores, replicates: int, rng: np.random.Generator) -> FloatArray:
    """Interquartile means of runs drawn anew within each task, shape (replicates,)."""
    tasks = [scores[t] for t in sorted(scores)]
    counts = np.array([len(s) for s in tasks])
    flat = np.concatenate(tasks)
    size = np.repeat(counts, counts)
    start = np.repeat(np.cumsum(counts) - counts, counts)
    weights = _weights(scores)
    mean = _mean_by_counts(flat) if weights is None else lambda index: iqm_rows(flat[index], weights)
    out = np.empty(replicates)
    step = max(1, _BLOCK // len(flat))
    for i in range(0, replicates, step):
        j = min(i + step, replicates)
        if weights is None:
            index = rng.integers(0, counts[0], (j - i, len(flat)), dtype=np.uint16) + start
        else:
            index = np.minimum((rng.random((j - i, len(flat))) * size).astype(np.intp), size - 1) + start
        out[i:j] = mean(index)
    return out


def _mean_by_counts(flat: FloatArray) -> Callable[[NDArray[np.intp]], FloatArray]:
    """Rows of indices → interquartile mean of each row: how often each score was drawn says it, without sorting rows.

    The sum over the middle is Abel's: Σ kept·x = x_last·(n − cut) − x_first·cut − Σ reached·Δx, with `reached` the
    running count of draws, held between cut and n − cut.
    """
    n = len(flat)
    cut = int(TRIM * n)
    order = np.argsort(flat, kind="stable")
    rank = np.empty(n, dtype=np.intp)
    rank[order] = np.arange(n)
    x = flat[order]
    gaps = np.diff(x)

    def mean(index: NDArray[np.intp]) -> FloatArray:
        cells = rank.take(index)
        cells += np.arange(len(index))[:, None] * n
        reached = np.bincount(cells.ravel(), minlength=index.size).reshape(index.shape).cumsum(axis=1)
        np.clip(reached, cut, n - cut, out=reached)
        total = x[-1] * (n - cut) - x[0] * cut - reached[:, :-1] @ gaps
        return np.asarray(total / (n - 2 * cut))

    return mean


def mean_of_runs(runs: FloatArray) -> Estimate | None:
    """Mean of one task's runs with the error of a t interval; None for fewer than two."""
    n = len(runs)
    return Estimate(float(runs.mean()), float(runs.std(ddof=1)) / sqrt(n), n - 1.0) if n > 1 else None


def estimate(scores: Scores, seed: int) -> Estimate | None:
    """Interquartile mean with its error; None where no task has two runs.

    Several tasks: error of the bootstrap × √(n / (n − 1)), degrees of freedom after Satterthwaite over the variances
    of the tasks, of values drawn in to the quartiles (what lies beyond does not move this mean).
    One task: s / √n with n − 1, which covers the population's interquartile mean as well as its mean: measured,
    docs/decisions/0012-intervals.md. A task with one run is taken to vary like the others.
    """
    repeated = {t: s for t, s in scores.items() if len(s) > 1}
    if not repeated:
        return None
    value = iqm(scores)
    if len(scores) == 1:
        one = mean_of_runs(next(iter(scores.values())))
        return Estimate(value, one.se, one.df) if one else None
    ordered = np.sort(np.concatenate([scores[t] for t in sorted(scores)]))
    cut = int(TRIM * len(ordered))
    counts = np.array([len(repeated[t]) for t in sorted(repeated)], dtype=float)
    variances = np.array(
        [np.clip(repeated[t], ordered[cut], ordered[-cut - 1]).var(ddof=1) / len(repeated[t]) for t in sorted(repeated)]
    )
    share = variances / variances.sum() if variances.sum() > 0 else np.full(len(counts), 1.0 / len(counts))
    widen = float(share @ (counts / (counts - 1.0))) * len(scores) / len(repeated)
    spread = float(bootstrap(scores, REPLICATES, np.random.default_rng(seed)).std(ddof=1))
    return Estimate(value, spread * sqrt(widen), satterthwaite(variances, counts - 1.0))


def percentile_difference(a: Scores, b: Scores, level: float, seed: int) -> tuple[float, float]:
    """The percentile bootstrap interval of a − b, for comparison: what papers print, too narrow at few seeds."""
    common = sorted(a.keys() & b.keys())
    turned = _after(a, b, common)
    x, y = (
        bootstrap({t: s[t] for t in common}, REPLICATES, np.random.default_rng((seed, i ^ turned)))
        for i, s in enumerate((a, b))
    )
    low, high = np.quantile(x - y, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two arms of a comparison, over the tasks that both have. n: runs a task (harmonic mean).

    borrowed: the runs of one arm do not differ at all, so it is taken to vary like the other.
    """

    a: Estimate
    b: Estimate
    n_a: float
    n_b: float
    borrowed: bool = False

    @property
    def difference(self) -> Estimate:
        """a − b. An error that one arm borrowed from the other has no degrees of freedom of its own."""
        both = self.a - self.b
        return Estimate(both.value, both.se, self.a.df) if self.borrowed else both


def sides(a: Scores, b: Scores, seed: int) -> Sides | None:
    """The arms by their means on one task, by their interquartile means on several.

    None where an arm has no repeats, or where nothing varies: no variance seen is not an infinitely sure result.
    """
    common = sorted(a.keys() & b.keys())
    if len(common) == 1:
        x, y = (mean_of_runs(s[common[0]]) for s in (a, b))
    else:
        x, y = (estimate({t: s[t] for t in common}, seed) if common else None for s in (a, b))
    if x is None or y is None or x.se + y.se == 0.0:
        return None
    n, m = (len(common) / sum(1.0 / len(s[t]) for t in common) for s in (a, b))
    if x.se == 0.0:
        return Sides(Estimate(x.value, y.se * sqrt(m / n), y.df), y, n, m, borrowed=True)
    if y.se == 0.0:
        return Sides(x, Estimate(y.value, x.se * sqrt(n / m), x.df), n, m, borrowed=True)
    return Sides(x, y, n, m)


def difference(a: Scores, b: Scores, seed: int) -> Estimate | None:
    """a − b over the tasks that both have: Welch's difference of means on one, of interquartile means on several."""
    both = sides(a, b, seed)
    return both.difference if both else None


def plain_difference(a: Scores, b: Scores) -> float:
    """The value of `difference`, which one run an arm is enough for."""
    common = sorted(a.keys() & b.keys())
    if len(common) == 1:
        return float(a[common[0]].mean() - b[common[0]].mean())
    return iqm({t: a[t] for t in common}) - iqm({t: b[t] for t in common})


def permutation_p(a: Scores, b: Scores, seed: int, permutations: int | None = None) -> float:
    """Two-sided p of the difference of interquartile means, labels shuffled within tasks: (1 + #) / (B + 1).

    B: 10,000 left out, fewer for more than 1,000 runs, at least 2,000.
    """
    common = sorted(a.keys() & b.keys())
    runs = sum(len(a[t]) + len(b[t]) for t in common)
    permutations = permutations or min(PERMUTATIONS, max(2_000, PERMUTATIONS * 1_000 // runs))
    a, b = ({t: np.sort(s[t]) for t in common} for s in (a, b))
    if _after(a, b, common):
        a, b = b, a
    rng = np.random.default_rng(seed)
    weights = _weights(a), _weights(b)
    largest = max(float(np.abs(s[t]).max()) for s in (a, b) for t in common)
    seen = abs(iqm(a) - iqm(b)) - 1e-12 * largest  # sums in another order differ by rounding
    at_least = 0
    step = max(1, _MIXED // runs)
    for i in range(0, permutations, step):
        count = min(step, permutations - i)
        rows: tuple[list[FloatArray], list[FloatArray]] = ([], [])
        for t in common:
            pool = np.sort(np.concatenate((a[t], b[t])))
            mixed = pool[np.argsort(rng.random((count, len(pool)), dtype=np.float32), axis=1)]
            rows[0].append(mixed[:, : len(a[t])])
            rows[1].append(mixed[:, len(a[t]) :])
        x, y = (iqm_rows(np.concatenate(r, axis=1), w) for r, w in zip(rows, weights, strict=True))
        at_least += int((np.abs(x - y) >= seen).sum())
    return (1 + at_least) / (permutations + 1)


def _after(a: Scores, b: Scores, common: list[str]) -> bool:
    """Whether a comes second of the two arms: either order of them then draws the same numbers."""
    return [(len(a[t]), *np.sort(a[t])) for t in common] > [(len(b[t]), *np.sort(b[t])) for t in common]


def improvement(a: Scores, b: Scores) -> float:
    """Probability that a run of a has a higher score than one of b, ties one half, averaged over tasks.

    >>> improvement({"x": np.array([1.0, 3.0])}, {"x": np.array([2.0, 3.0])})
    0.375
    """
    wins = []
    for t in sorted(a.keys() & b.keys()):
        below = [int(np.searchsorted(np.sort(b[t]), a[t], side).sum()) for side in ("left", "right")]
        wins.append(sum(below) / (2 * len(a[t]) * len(b[t])))
    return float(np.mean(wins))


def medians(a: FloatArray, b: FloatArray) -> tuple[float, tuple[float, float, float], tuple[float, float, float]]:
    """Difference of medians; of each arm the least and the largest run and the exact confidence 1 − 2^(1−n).

    The median of any population lies between the least and the largest of n runs with that probability.
    """
    ends = [(float(x.min()), float(x.max()), 1.0 - 2.0 ** (1 - len(x))) for x in (a, b)]
    return float(np.median(a) - np.median(b)), ends[0], ends[1]


def failed(runs: FloatArray, sign: float, far: float = 3.0) -> FloatArray:
    """Which runs are worse than the median by more than 3 scaled median deviations, shape (runs,), bool.

    sign: 1.0 where higher is better, else −1.0. Where more than half of the runs are equal the mean deviation serves.
    Nothing is far among fewer than 4.

    >>> failed(np.array([9.0, 10.0, 11.0, 10.5, 0.0]), 1.0).tolist()
    [False, False, False, False, True]
    """
    if len(runs) < 4:
        return np.zeros(len(runs), dtype=bool)
    off = sign * (np.median(runs) - runs)
    typical = 1.4826 * float(np.median(np.abs(off))) or 1.2533 * float(np.abs(off).mean())
    return np.asarray((off > far * typical) & (off > 0))


@dataclass(frozen=True, slots=True)
class Noise:
    """The pooled standard deviation of runs that differ by nothing but their seed. df: degrees of freedom."""

    value: float
    df: int

    def interval(self, level: float) -> tuple[float, float]:
        """After the chi-square law of a variance."""
        ends = [chi2_quantile(0.5 + s * level / 2.0, self.df) for s in (1.0, -1.0)]
        return self.value * sqrt(self.df / ends[0]), self.value * sqrt(self.df / ends[1])


def noise(groups: list[FloatArray]) -> Noise | None:
    """The seed noise within groups of runs, in score units; None where no group has two runs."""
    repeated = [g for g in groups if len(g) > 1]
    if not repeated:
        return None
    df = sum(len(g) - 1 for g in repeated)
    return Noise(sqrt(sum(float(((g - g.mean()) ** 2).sum()) for g in repeated) / df), df)


def _weights(scores: Scores) -> FloatArray | None:
    """The weight of each run, the same in sum for every task; None where all have as many runs."""
    counts = [len(scores[t]) for t in sorted(scores)]
    if len(set(counts)) == 1:
        return None
    return np.concatenate([np.full(n, 1.0 / (n * len(counts))) for n in counts])
