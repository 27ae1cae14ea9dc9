"""Corrections learned from what was said and what it took (rule E7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import log

import numpy as np
import pytest

from sixdays.odds.history import RatioTable, corrected, range_correction, shipped_prior, shrunk
from sixdays.plan.actuals import Actual, Copy

NOW = datetime(2031, 3, 5, tzinfo=UTC)


def took(hours: float, estimate: tuple[float, float], days_ago: float = 1, who: str = "") -> Actual:
    at = NOW - timedelta(days=days_ago)
    low, high = (e * 3600 for e in estimate)
    return Actual("t", (Copy(1, None, at, hours * 3600),), at, estimate_s=(low, high), who=who)


def test_the_prior_is_monotone_with_an_atom_at_the_estimate() -> None:
    for hours in (0.25, 1, 4, 16):
        table = shipped_prior(hours * 3600)
        u = np.linspace(0.001, 0.999, 999)
        assert np.all(np.diff(table.quantile(u)) >= 0)
        assert 0.1 < np.mean(np.abs(table.quantile(u)) < 1e-9) < 0.6


def test_cdf_inverts_the_quantiles_off_the_atom() -> None:
    table = RatioTable(np.array([0.0, 0.4, 0.6, 1.0]), np.array([-1.0, 0.0, 0.0, 1.0]))
    assert table.cdf(np.array([-0.5, 0.0, 0.5])).tolist() == pytest.approx([0.2, 0.4, 0.8])
    assert table.quantile(np.array([0.2, 0.5, 0.8])).tolist() == pytest.approx([-0.5, 0.0, 0.5])


def test_own_history_takes_over() -> None:
    """Twelve tasks that took 1.6×: twelve rows against k = 10 of everybody's, and those against the prior."""
    history = [took(16, (10, 10)) for _ in range(40)]
    middle = float(corrected(10 * 3600, history, NOW).quantile(np.array([0.5]))[0])
    assert middle == pytest.approx(log(1.6), abs=0.02)
    assert float(corrected(10 * 3600, [], NOW).quantile(np.array([0.5]))[0]) == float(
        shrunk([], shipped_prior(36000)).quantile(np.array([0.5]))[0]
    )


def test_what_is_old_or_of_another_size_counts_less() -> None:
    recent = [took(20, (10, 10)) for _ in range(10)]
    old = [took(20, (10, 10), days_ago=2000) for _ in range(10)]
    large = [took(2000, (1000, 1000)) for _ in range(10)]
    means = [float(corrected(36000, h, NOW).quantile(np.linspace(0.01, 0.99, 99)).mean()) for h in (recent, old, large)]
    assert means[0] > means[1] + 0.1
    assert means[0] > means[2] + 0.1


def test_ranges_are_corrected_in_their_own_units() -> None:
    """Rule E7: b shrunk to 0 and c to 1 with k = 10; without own ranges a range stays as written."""
    assert range_correction([], NOW) == (0.0, 1.0)
    always_late = [took(40, (10, 40), days_ago=0) for _ in range(10)]  # z = 1.645 each time
    b, c = range_correction(always_late, NOW)
    assert b == pytest.approx(1.644854 / 2, abs=0.01)
    assert 0.5 < c < 1.2
