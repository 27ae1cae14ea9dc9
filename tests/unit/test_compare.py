"""Factors from pairs, by hand; and the time to answer of copies side by side."""

from __future__ import annotations

from math import exp, inf, log, sqrt

import pytest

from sixdays.faster.compare import BETWEEN, Answer, Factor, answer, factor


def test_one_pair_has_the_interval_of_the_stated_spread_between_runs() -> None:
    found = factor([log(1.5)])
    assert found.value == pytest.approx(1.5)
    assert found.low == pytest.approx(1.5 * exp(-1.6448536 * BETWEEN))
    assert found.high == pytest.approx(1.5 * exp(1.6448536 * BETWEEN))
    assert found.shown


def test_more_pairs_join_students_t_with_the_spread_between_runs() -> None:
    # three log ratios 0.3 0.4 0.5: mean 0.4, sd 0.1; t(0.95, 2) = 2.919986; 2.919986 × 0.1 ÷ √3 = 0.168585
    half = sqrt(0.168585**2 + (1.644854 * 0.03) ** 2)
    found = factor([0.3, 0.4, 0.5], between=0.03)
    assert (log(found.low), log(found.value), log(found.high)) == pytest.approx((0.4 - half, 0.4, 0.4 + half), abs=1e-5)


def test_a_pair_that_a_neighbour_spoiled_counts_no_more_than_the_next() -> None:
    """By hand: of .3 .4 .5 .6 and 2.0 the inner three; winsorised .4 .4 .5 .6 .6, sd .1; t(.95, 2) = 2.919986, so
    2.919986 × .1 ÷ (.6 × √5) = .217643."""
    half = sqrt(0.217643**2 + (1.644854 * 0.03) ** 2)
    found = factor([2.0, 0.3, 0.4, 0.6, 0.5])
    assert (log(found.low), log(found.value), log(found.high)) == pytest.approx((0.5 - half, 0.5, 0.5 + half), abs=1e-5)


def test_less_than_eight_per_cent_or_an_interval_that_holds_one_is_not_shown() -> None:
    assert not factor([log(1.079)] * 8).shown
    assert factor([log(1.081)] * 8).shown
    assert not factor([0.9, 0.05, 0.1]).shown
    assert not factor([]).shown
    assert factor([]) == Factor(1.0, 0.0, inf)


def test_a_ratio_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        factor([0.1, float("nan")])


def test_the_answer_comes_in_full_rounds_and_a_remainder() -> None:
    # 5 seeds of 1,000 at 2 copies: 2 rounds of 2 × 1000 ÷ 18 = 111.1 s, then one alone at 10 a second: 100 s
    found = answer(5, 1000, 10.0, {2: 18.0})
    assert found.copies == 2
    assert found.seconds == pytest.approx(2 * 2000 / 18 + 100)
    # the remainder of 2 of 8 by 3 goes at its own measured rate, or at two thirds of that of three
    assert answer(8, 1000, 1.0, {3: 30.0, 2: 25.0}).seconds == pytest.approx(2 * 100 + 2000 / 25)
    assert answer(8, 1000, 1.0, {3: 30.0}).seconds == pytest.approx(2 * 100 + 2000 / 20)
    # with a core for each it keeps the rate of a full round, though no copy goes faster than alone
    assert answer(8, 1000, 1.0, {3: 1.8}, cores=2).seconds == pytest.approx(2 * 3000 / 1.8 + 2000 / 1.8)
    assert answer(8, 1000, 1.0, {3: 2.4}, cores=2).seconds == pytest.approx(2 * 3000 / 2.4 + 2000 / 2.0)
    assert answer(8, 1000, 1.0, {3: 1.8}, cores=3).seconds == pytest.approx(2 * 3000 / 1.8 + 2000 / 1.2)


def test_copies_that_slow_each_other_down_are_not_chosen() -> None:
    assert answer(4, 100, 10.0, {2: 8.0}) == Answer(1, 40.0)


def test_more_copies_than_seeds_are_not_started() -> None:
    assert answer(2, 100, 1.0, {4: 40.0}) == Answer(2, 200 / 20)


def test_each_round_starts_anew() -> None:
    assert answer(4, 100, 10.0, start_s=3.0) == Answer(1, 4 * 13.0)
    assert answer(4, 100, 10.0, {2: 10.1}, start_s=3.0).copies == 2  # two starts in place of four
    with pytest.raises(ValueError, match="above 0"):
        answer(0, 100, 1.0)
