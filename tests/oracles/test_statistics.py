"""The judge's figures against SciPy and against brute force."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from sixdays.stats import chi2_quantile
from sixdays.verdict.cautions import sign_test
from sixdays.verdict.estimators import bootstrap, difference, improvement, iqm, mean_of_runs, noise, permutation_p
from sixdays.verdict.looks import _levels, spent
from sixdays.verdict.power import lift_of_best


@pytest.mark.parametrize("shape", [(3, 1), (5, 1), (10, 1), (3, 5), (5, 26), (7, 3), (100, 26)])
def test_the_interquartile_mean_is_scipys_trimmed_mean(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    assert iqm({f"{j:02}": x[:, j] for j in range(shape[1])}) == pytest.approx(
        stats.trim_mean(x, 0.25, axis=None), abs=1e-13
    )


def test_the_difference_on_one_task_is_welchs() -> None:
    rng = np.random.default_rng(1)
    for n, m in ((3, 3), (5, 10), (20, 4)):
        a, b = rng.normal(size=n), rng.normal(1, 3, size=m)
        found = difference({"t": a}, {"t": b}, 0)
        peer = stats.ttest_ind(a, b, equal_var=False)
        assert found is not None
        assert found.p == pytest.approx(peer.pvalue, rel=1e-9)
        assert found.interval(0.95) == pytest.approx(tuple(peer.confidence_interval(0.95)), rel=1e-8)


def test_the_interval_of_a_mean_is_students() -> None:
    x = np.random.default_rng(2).normal(size=7)
    found = mean_of_runs(x)
    assert found is not None
    assert found.interval(0.8) == pytest.approx(stats.t.interval(0.8, 6, x.mean(), stats.sem(x)), rel=1e-9)


def test_probability_of_improvement_is_mann_and_whitneys_u() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 5, 9).astype(float), rng.integers(0, 5, 6).astype(float)
    assert improvement({"t": a}, {"t": b}) == pytest.approx(stats.mannwhitneyu(a, b).statistic / 54)


def test_the_permutation_test_is_all_relabellings_counted() -> None:
    rng = np.random.default_rng(4)
    a, b = ({t: rng.normal(up, 1, 3) for t in "xy"} for up in (0.0, 0.8))
    seen, hits, total = abs(iqm(a) - iqm(b)), 0, 0
    pools = {t: np.concatenate((a[t], b[t])) for t in "xy"}
    for chosen in product(combinations(range(6), 3), repeat=2):
        first = {t: pools[t][list(c)] for t, c in zip("xy", chosen, strict=True)}
        rest = {t: np.delete(pools[t], list(c)) for t, c in zip("xy", chosen, strict=True)}
        hits += abs(iqm(first) - iqm(rest)) >= seen - 1e-12
        total += 1
    assert permutation_p(a, b, 0, 40_000) == pytest.approx(hits / total, abs=0.01)


def test_the_bootstrap_has_the_law_of_all_resamples() -> None:
    scores = {"x": np.array([0.0, 1.0, 5.0]), "y": np.array([2.0, 2.5, 9.0])}
    every = [
        iqm({"x": scores["x"][list(i)], "y": scores["y"][list(j)]})
        for i, j in product(product(range(3), repeat=3), repeat=2)
    ]
    drawn = bootstrap(scores, 60_000, np.random.default_rng(5))
    assert drawn.mean() == pytest.approx(np.mean(every), abs=0.02)
    assert drawn.std() == pytest.approx(np.std(every), rel=0.02)


def test_the_bootstrap_of_uneven_tasks_weighs_them_alike() -> None:
    scores = {"x": np.array([0.0, 1.0]), "y": np.array([2.0, 2.5, 9.0])}
    every = [
        iqm({"x": scores["x"][list(i)], "y": scores["y"][list(j)]})
        for i in product(range(2), repeat=2)
        for j in product(range(3), repeat=3)
    ]
    drawn = bootstrap(scores, 60_000, np.random.default_rng(6))
    assert drawn.std() == pytest.approx(np.std(every), rel=0.02)


@pytest.mark.parametrize("df", [1, 2, 5, 30, 400])
def test_quantiles_of_chi_square_are_scipys(df: int) -> None:
    for p in (0.001, 0.025, 0.5, 0.975, 0.999):
        assert chi2_quantile(p, df) == pytest.approx(stats.chi2.ppf(p, df), rel=1e-8)


def test_the_sign_test_is_the_binomial_one() -> None:
    for up, down in ((6, 0), (5, 2), (4, 4), (1, 9)):
        assert sign_test(up, down) == pytest.approx(stats.binomtest(up, up + down).pvalue)


def test_all_looks_together_keep_the_error() -> None:
    rng = np.random.default_rng(7)
    path = rng.normal(size=(200_000, 20)).cumsum(axis=1) / np.sqrt(np.arange(1, 21))
    for seeds in ((10, 20), tuple(range(10, 21)), (5, 6, 13)):
        levels = _levels(seeds, 0.05, 20)
        crossed = np.zeros(len(path), dtype=bool)
        for n, level in zip(seeds, levels, strict=True):
            crossed |= np.abs(path[:, n - 1]) >= stats.norm.isf(level / 2)
            assert crossed.mean() == pytest.approx(spent(0.05, n / 20), abs=0.002)


def test_the_lift_of_the_best_of_k_is_the_mean_largest_normal() -> None:
    draws = np.random.default_rng(8).normal(size=(100_000, 5)).max(axis=1).mean()
    assert lift_of_best(5, 1.0) == pytest.approx(draws, abs=0.01)


def test_pooled_noise_is_the_root_of_the_pooled_variance() -> None:
    rng = np.random.default_rng(9)
    groups = [rng.normal(size=n) for n in (2, 3, 7)]
    found = noise(groups)
    pooled = sum((len(g) - 1) * g.var(ddof=1) for g in groups) / 9
    assert found is not None
    assert found.value == pytest.approx(np.sqrt(pooled))
    low, high = found.interval(0.95)
    assert low == pytest.approx(np.sqrt(9 * pooled / stats.chi2.ppf(0.975, 9)))
    assert high == pytest.approx(np.sqrt(9 * pooled / stats.chi2.ppf(0.025, 9)))
