"""Estimates as draws (rules E1 to E9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, log

import numpy as np
import pytest
from scipy.stats import norm

from sixdays.odds.estimates import Draws, Law, sample
from sixdays.plan.actuals import Actual, Copy
from sixdays.plan.network import Network, build
from sixdays.plan.parse import read

NOW = datetime(2031, 3, 5, 12, tzinfo=UTC)


def network(text: str, *actuals: Actual) -> Network:
    return build(read(text), NOW, actuals)


def copies(
    text: str, name: str = "a", n: int = 20_000, *, as_stated: bool = True, actuals: tuple[Actual, ...] = ()
) -> np.ndarray:
    net = network(text, *actuals)
    lengths = sample(net, Draws(0, n), as_stated=as_stated)[net.index[name]]
    assert lengths is not None
    return lengths.copy / 3600


def test_a_range_holds_the_middle_nine_in_ten() -> None:
    """E1: P(X < 48 h) = P(X > 96 h) = 0.05, median √(48·96)."""
    x = copies("tasks: {a: {takes: 2d to 4d}}")
    assert np.mean(x < 48) == pytest.approx(0.05, abs=0.006)
    assert np.mean(x > 96) == pytest.approx(0.05, abs=0.006)
    assert np.median(x) == pytest.approx((48 * 96) ** 0.5, rel=0.01)


def test_at_least_has_no_atom_at_its_floor() -> None:
    """E2: (F(60) − 0.05)/0.95 of it lies below 60 h; nothing lies below 48 h or on it."""
    x = copies('tasks: {a: {takes: "at least 2d, 2d to 4d"}}')
    sigma = log(2) / 3.289708
    below = norm.cdf((log(60) - (log(48) + log(96)) / 2) / sigma)
    assert np.mean(x < 60) == pytest.approx((below - 0.05) / 0.95, abs=0.012)
    assert x.min() >= 48
    assert np.mean(x == 48) < 0.001


@pytest.mark.parametrize("sigmas", [5.0, 12.0, 30.0, 45.0])
def test_a_floor_far_in_the_tail_stays_exact(sigmas: float) -> None:
    """E2 with upper tails: given X ≥ c the log excess is nearly exponential with rate a/σ; finite, above the floor."""
    law = Law(1.0, 0.5, exp(0.5 * sigmas), "")
    z = np.linspace(-3, 3, 601)
    x = law.draw(z)
    assert np.all(np.diff(x) >= 0)
    assert np.all(np.isfinite(x))
    assert x[0] >= law.least_s
    excess = np.log(x / law.least_s) / 0.5
    assert excess[300] == pytest.approx(
        norm.isf(norm.sf(sigmas) / 2) - sigmas if sigmas < 37 else log(2) / sigmas, rel=0.03
    )


def test_a_number_is_a_constant_as_stated_and_spread_otherwise() -> None:
    """E3, E7: an experiment's single number gets 0.5–2×, σ = 0.42."""
    text = "resources: {gpu: 1}\ntasks: {a: {takes: 3d, needs: {gpu: 1}}}"
    assert set(copies(text)) == {72.0}
    spread = copies(text, as_stated=False)
    assert np.std(np.log(spread)) == pytest.approx(0.42, abs=0.01)


def test_the_shipped_prior_is_for_people_only() -> None:
    """E7: a person's single number is drawn from ratios with an atom at 1."""
    x = copies("tasks: {a: {takes: 8h}}", as_stated=False)
    assert 0.1 < np.mean(np.abs(x - 8) < 1e-6) < 0.5
    assert copies("tasks: {a: {takes: exactly 8h}}", as_stated=False).tolist() == [8.0] * 20_000


def test_finished_copies_replace_the_guess() -> None:
    """E5: around the mean of the finished ones with a log-sd of 0.1, and of their own from three on."""
    done = Actual("a", (Copy(1, NOW - timedelta(hours=30), NOW - timedelta(hours=10), 20 * 3600.0),))
    x = copies("resources: {gpu: 1}\ntasks: {a: {takes: 2d to 4d, needs: {gpu: 1}, seeds: 3}}", actuals=(done,))
    assert np.median(x) == pytest.approx(20, rel=0.01)
    assert np.std(np.log(x)) == pytest.approx(0.1, abs=0.003)


def test_the_rest_of_what_runs_is_drawn_given_that_it_has_not_ended() -> None:
    """E6: 60 h in, never done before; a constant that has been exceeded ends now, with a warning."""
    started = Actual("a", (Copy(1, NOW - timedelta(hours=60)),))
    net = network("tasks: {a: {takes: 2d to 4d}}", started)
    lengths = sample(net, Draws(0, 5000), as_stated=True)[0]
    assert lengths is not None
    assert lengths.rest[0].min() >= 0
    net = network("tasks: {a: {takes: exactly 2d}}", started)
    assert "longer than" in net.warnings[0].message
    lengths = sample(net, Draws(0, 10), as_stated=True)[0]
    assert lengths is not None
    assert lengths.rest[0].tolist() == [0.0] * 10


def test_the_common_factor() -> None:
    """E8: lengths that need the same first resource correlate by 0.2 in their logs; as stated not at all."""
    text = "resources: {gpu: 2, cpu: 2}\ntasks: {a: {takes: 1h to 9h, needs: {gpu: 1}}, b: {takes: 1h to 9h, needs: {gpu: 1}}, c: {takes: 1h to 9h, needs: {cpu: 1}}}"
    net = network(text)
    for as_stated, rho in ((False, 0.2), (True, 0.0)):
        a, b, c = (np.log(d.copy) for d in sample(net, Draws(0, 40_000), as_stated=as_stated) if d is not None)
        assert np.corrcoef(a, b)[0, 1] == pytest.approx(rho, abs=0.02)
        assert np.corrcoef(a, c)[0, 1] == pytest.approx(0.0, abs=0.02)


def test_streams_are_keyed_by_name_alone() -> None:
    """E9: not by content, position or number of other tasks; the first k of n draws are those of k."""
    one = copies("tasks: {a: {takes: 2d to 4d}}", n=100)
    two = copies("tasks: {z: {takes: 1h}, b: {takes: 9h to 10h}, a: {takes: 2d to 4d, after: b}}", n=100)
    assert one.tolist() == two.tolist()
    assert copies("tasks: {a: {takes: 2d to 4d}}", n=1000)[:100].tolist() == one.tolist()
    assert copies("tasks: {a2: {takes: 2d to 4d}}", "a2", n=100).tolist() != one.tolist()
    assert Draws(0, 1000).first(10).normal("duration", "a").tolist() == Draws(0, 10).normal("duration", "a").tolist()


def test_failed_tries_lower_the_belief() -> None:
    """T3: 0.4·0.75³ / (0.4·0.75³ + 0.6) = 0.2195."""
    text = "tasks: {a: {takes: 1h, tries: {works: 40%, each: 1 in 4, at most: 5}}}"
    rounds = network(text, Actual("a", failed=3)).activities[0].rounds
    assert rounds is not None
    assert rounds.works == pytest.approx(0.16875 / 0.76875)
    assert rounds.left == 2


def test_a_limit_cuts_a_run_and_waits_again() -> None:
    """S4: 50 h under a limit of 24 h are three segments: two more waits of 2 h."""
    text = "resources: {gpu: {wait: exactly 2h, limit: 24h}}\ntasks: {a: {takes: exactly 50h, needs: {gpu: 1}}}"
    assert set(copies(text, n=5)) == {54.0}
