"""Normal tails against SciPy; proper scores by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from sixdays import stats


def test_tails_are_exact_where_the_distribution_is_nearly_over() -> None:
    """Rule E2 needs upper tails: relative error under 1e-12 down to 1e-300."""
    z = np.linspace(-9, 37, 5001)
    assert np.abs(stats.normal_sf(z) / norm.sf(z) - 1).max() < 1e-12
    assert stats.normal_cdf(z) == pytest.approx(norm.cdf(z), abs=1e-13)


def test_quantiles_invert_the_tails() -> None:
    q = np.concatenate([10.0 ** -np.linspace(0.01, 299, 2001), np.linspace(0.001, 0.999, 999)])
    assert stats.upper_quantile(q) == pytest.approx(norm.isf(q), rel=1e-11, abs=1e-12)
    assert stats.normal_quantile(np.array([0.05])) == pytest.approx([-1.644854], abs=1e-6)


def test_nearest_rank_gives_values() -> None:
    """⌈0.1·4⌉ = 1st, ⌈0.5·4⌉ = 2nd, ⌈0.9·4⌉ = 4th."""
    assert stats.nearest_rank(np.array([4.0, 1.0, 3.0, 2.0]), (0.1, 0.5, 0.9)).tolist() == [1.0, 2.0, 4.0]


def test_crps_by_hand() -> None:
    """Draws 0 and 1, observed 0: E|X−y| = 1/2, E|X−X'|/2 = 1/4."""
    assert stats.crps_sample(np.array([1.0, 0.0]), 0.0) == pytest.approx(0.25)


def test_students_t_against_scipy() -> None:
    for df in (1.0, 1.5, 2.0, 3.3, 9.0, 30.0, 123.4, 1e5):
        for x in (0.0, 0.01, 0.5, 1.0, 2.0, 5.0, 40.0):
            assert stats.t_sf(x, df) == pytest.approx(student.sf(x, df), rel=1e-9)
            assert stats.t_sf(-x, df) == pytest.approx(student.cdf(x, df), rel=1e-9)
        for p in (0.001, 0.3, 0.6, 0.9, 0.975, 0.9999):
            assert stats.t_quantile(p, df) == pytest.approx(student.ppf(p, df), rel=1e-8)
    assert stats.t_quantile(0.975, float("inf")) == pytest.approx(norm.ppf(0.975))
