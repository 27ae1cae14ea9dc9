"""Figures from scores on inputs small enough to reckon by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sixdays.verdict.curves import Curve
from sixdays.verdict.estimators import (
    Estimate,
    bootstrap,
    estimate,
    failed,
    improvement,
    iqm,
    medians,
    noise,
    percentile_difference,
    permutation_p,
    satterthwaite,
    sides,
)
from sixdays.verdict.looks import Look, error_now


def a(*values: float) -> np.ndarray:
    return np.array(values)


def test_the_score_is_the_mean_of_the_last_part_of_the_steps() -> None:
    curve = Curve("t", "m", 0, [10, 20, 94, 96, 100], [9, 9, 9, 1, 2])
    assert curve.score() == 1.5
    assert curve.score(0.0) == 2.0
    assert curve.score(1.0) == 6.0


def test_a_curve_of_one_point_is_scored_by_it() -> None:
    assert Curve("t", "m", 0, [0], [3.5]).score() == 3.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_in_the_window_is_divergence_and_before_it_is_not(bad: float) -> None:
    assert np.isnan(Curve("t", "m", 0, [1, 2, 3], [1, 2, bad]).score())
    assert Curve("t", "m", 0, [1, 2, 3], [bad, 2, 3]).score() == 3.0


def test_a_step_written_twice_counts_as_written_last() -> None:
    steps, values = Curve("t", "m", 0, [1, 2, 3, 2, 3], [1, 2, 3, 20, 30]).tidy()
    assert steps.tolist() == [1, 2, 3]
    assert values.tolist() == [1, 20, 30]


def test_the_area_is_weighted_by_steps_not_by_points() -> None:
    assert Curve("t", "m", 0, [0, 1, 10], [0, 0, 9]).area(0, 10) == pytest.approx(4.05)
    assert np.isnan(Curve("t", "m", 0, [1], [1]).area(0, 1))


def test_a_window_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="window"):
        Curve("t", "m", 0, [1], [1]).score(1.5)


def test_the_quarter_at_each_end_is_left_out_whole_runs_only() -> None:
    assert iqm({"t": a(0, 1, 2, 99)}) == 1.5
    assert iqm({"t": a(0, 1, 2, 3, 99)}) == 2.0
    assert iqm({"t": a(0, 3, 9)}) == 4.0


def test_a_task_with_more_runs_has_no_more_weight() -> None:
    many = {"x": np.zeros(40), "y": a(1.0, 1.0, 1.0, 1.0)}
    assert iqm(many) == pytest.approx(0.5)


def test_the_bootstrap_by_counts_gives_means_that_sorting_gives() -> None:
    scores = {"x": a(1, 5, 2), "y": a(0, 7, 7)}
    draws = bootstrap(scores, 4000, np.random.default_rng(0))
    every = {round(iqm({"x": scores["x"][list(i)], "y": scores["y"][list(j)]}), 9)
             for i in np.ndindex(3, 3, 3) for j in np.ndindex(3, 3, 3)}  # fmt: skip
    assert {round(float(d), 9) for d in draws} <= every


def test_degrees_of_freedom_of_equal_variances_add_up() -> None:
    assert satterthwaite(a(1e-200, 1e-200), a(4, 4)) == 8.0
    assert satterthwaite(a(0, 0), a(4, 2)) == 2.0


def test_no_error_is_claimed_where_nothing_is_repeated_or_varies() -> None:
    assert estimate({"x": a(1), "y": a(2)}, 0) is None
    assert sides({"t": a(1, 1, 1)}, {"t": a(2, 2, 2)}, 0) is None
    assert sides({"t": a(1)}, {"t": a(2, 3, 2)}, 0) is None
    assert sides({}, {"t": a(2, 3, 2)}, 0) is None


def test_an_arm_that_does_not_vary_borrows_the_error_of_the_other() -> None:
    found = sides({"t": a(1, 1, 1)}, {"t": a(1, 2, 3)}, 0)
    assert found is not None
    assert found.borrowed
    both = found.difference
    assert both.se == pytest.approx(np.sqrt(2 / 3))
    assert both.df == 2.0


def test_ties_are_half_an_improvement() -> None:
    assert improvement({"t": a(1, 1)}, {"t": a(1, 1)}) == 0.5


def test_the_least_and_the_largest_run_hold_the_median_with_a_known_probability() -> None:
    assert medians(a(1, 2, 3), a(1, 1, 1)) == (1.0, (1.0, 3.0, 0.75), (1.0, 1.0, 0.75))


def test_a_failed_seed_is_found_when_more_than_half_are_equal() -> None:
    assert failed(a(10, 10, 10, 10, 10, 0), 1.0).tolist() == [False] * 5 + [True]
    assert not failed(a(10, 10, 10, 10), 1.0).any()
    assert not failed(a(10, 11, 12, 40), 1.0).any()
    assert failed(a(10, 11, 12, 400), -1.0).any()


def test_noise_is_pooled_within_groups() -> None:
    found = noise([a(0, 2), a(100, 102), a(5)])
    assert found is not None
    assert found.value == pytest.approx(np.sqrt(2))
    assert found.df == 2
    low, high = found.interval(0.95)
    assert low < found.value < high
    assert noise([a(1), a(2)]) is None


def test_the_smallest_p_by_permutation_is_never_0() -> None:
    far = {"t": a(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)}
    assert permutation_p(far, {"t": far["t"] + 100}, 0, 99) == pytest.approx(0.01)
    assert permutation_p(far, far, 0, 99) == 1.0


def test_an_estimate_says_its_interval_and_its_p() -> None:
    e = Estimate(2.0, 1.0, np.inf)
    assert e.interval(0.95) == pytest.approx((0.040036, 3.959964))
    assert e.p == pytest.approx(0.0455, abs=1e-4)


def test_looks_that_could_decide_nothing_spend_nothing() -> None:
    few = [Look(n) for n in range(3, 10)]
    assert error_now(10, few, 0.05, least=10, planned=20) == error_now(10, [], 0.05, least=10, planned=20)


def test_a_second_look_has_less_than_a_first() -> None:
    assert error_now(20, [], 0.05, least=10, planned=20) == pytest.approx(0.05)
    assert 0.0 < error_now(20, [Look(10)], 0.05, least=10, planned=20) < 0.05


def test_nothing_is_left_once_the_plan_is_used_up_or_seeds_were_taken_away() -> None:
    assert error_now(25, [Look(20)], 0.05, least=10, planned=20) == 0.0
    assert error_now(12, [Look(15)], 0.05, least=10, planned=20) == 0.0
    assert error_now(15, [Look(15)], 0.05, least=10, planned=20) > 0.0


def test_the_percentile_bootstrap_turns_with_the_arms() -> None:
    rng = np.random.default_rng(3)
    a, b = ({t: rng.normal(size=4) for t in "xyz"} for _ in range(2))
    low, high = percentile_difference(a, b, 0.95, 0)
    assert percentile_difference(b, a, 0.95, 0) == pytest.approx((-high, -low), rel=1e-12)


def test_improvement_of_thousands_of_runs_is_that_of_every_pair() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 9, 60).astype(float), rng.integers(0, 9, 40).astype(float)
    pairs = (a[:, None] > b).mean() + (a[:, None] == b).mean() / 2
    assert improvement({"t": a}, {"t": b}) == pytest.approx(pairs)
    assert improvement({"t": np.arange(20_000.0)}, {"t": np.arange(20_000.0)}) == 0.5
