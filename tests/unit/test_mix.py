"""Costs per kind of event, and the ratio at the original's events, of runs whose costs are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.properties.traces import Run, counter, episodes

from sixdays.faster.mix import Events, costs, pace, ratio_by_mix, same_events
from sixdays.faster.model import EVERY, Kind, Trace

ALL = (1.0, 1e9)
BOTH = (ALL, ALL)
KINDS: tuple[Kind, ...] = ("env step", "optimiser step")


def test_costs_of_each_kind_are_found_and_add_up_to_the_time_that_passed() -> None:
    trace = Run(step=0.001, update=0.004, every=4).trace(400)
    found = costs(trace, ALL, KINDS)
    assert found == pytest.approx([0.001, 0.004])
    assert found is not None
    assert float(found @ [400, 100]) == pytest.approx(trace.seconds - 1.0)
    assert costs(trace, (trace.seconds, 1e9), KINDS) is None
    assert costs(Trace(), ALL, KINDS) is None


def test_what_an_update_pays_for_the_steps_before_it_counts_with_the_steps() -> None:
    """By hand: a step costs 1 + 2 ms, an update 5 ms. The gap before an update alone would tell 5 + 2 × length."""
    lengths = np.random.default_rng(1).integers(5, 60, 60)
    found = costs(episodes(lengths, 0.001, 0.002, 0.005), ALL, KINDS)
    assert found == pytest.approx([0.003, 0.005], rel=0.05)


def test_longer_episodes_are_not_taken_for_slower_ones() -> None:
    """The candidate is twice as fast and makes episodes thrice as long: it pays less per step, by its mix alone."""
    rng = np.random.default_rng(2)
    a = episodes(rng.integers(5, 40, 60), 0.001, 0.002, 0.020)
    b = episodes(rng.integers(15, 120, 60), 0.0005, 0.001, 0.010)
    assert ratio_by_mix(a, b, BOTH) == pytest.approx(2.0, rel=0.03)
    assert not same_events(a, b, BOTH, ())
    assert same_events(a, a, BOTH, ())


def test_a_run_that_updates_half_as_often_is_no_quicker_at_the_originals_mix() -> None:
    assert ratio_by_mix(Run(every=4).trace(400), Run(every=8).trace(400), BOTH) == pytest.approx(1.0)


def test_cheaper_updates_count_by_their_share_of_the_originals_time() -> None:
    # of 4 steps and an update the original takes 4 + 4 ms, the candidate 4 + 1
    b = Run(every=9, update=0.001, load=9.0).trace(900)
    assert ratio_by_mix(Run(every=4).trace(400), b, (ALL, (9.0, 1e9))) == pytest.approx(8 / 5, rel=0.002)


def test_a_target_mix_is_compared_at_its_own_events() -> None:
    """By hand: a step costs 1 ms, an update 4: at one update for 4 steps 2 ms a step, at one for 40 steps 1.1."""
    a = Run(every=4).trace(400)
    here: Events = {"env step": 1.0, "optimiser step": 1 / 4}
    there: Events = {"env step": 1.0, "optimiser step": 1 / 40}
    assert pace(a, (ALL, here), (ALL, there)) == pytest.approx(2.0 / 1.1)
    assert pace(replace(a, counters=a.counters[:1]), (ALL, here), (ALL, there)) is None


def test_costs_that_grow_with_an_episode_are_told_by_a_run_that_has_grown_ones() -> None:
    """An update costs 10 ms and .2 more for each step: what short episodes tell of long ones is too little."""
    lengths = np.repeat([20, 200], 50)
    t = episodes(lengths, 0.0005, 0.0002, 0.010, load=0.0)
    here: Events = {"env step": 1.0, "optimiser step": 1 / 20}
    there: Events = {"env step": 1.0, "optimiser step": 1 / 200}
    short = (0.0, 50 * (20 * 0.0007 + 0.010))
    assert pace(t, (short, here), (ALL, there)) == pytest.approx(1.2 / 0.75, rel=0.01)


def test_what_a_candidate_does_less_often_by_design_is_its_gain() -> None:
    a, b = Run(evaluate=5).trace(800), Run(evaluate=50).trace(800)
    a, b = (
        replace(t, counters=tuple(replace(c, kind="evaluation") if c.line == 30 else c for c in t.counters))
        for t in (a, b)
    )
    assert not same_events(a, b, BOTH, ())
    assert same_events(a, b, BOTH, {"evaluation"})
    found = ratio_by_mix(a, b, BOTH, {"evaluation"})
    assert found == pytest.approx((a.seconds - 1) / (b.seconds - 1), rel=0.01)


def test_noise_moves_the_ratio_no_more_than_its_events_allow() -> None:
    def noisy(seed: int, cost: float) -> Trace:
        gaps = np.random.default_rng(seed).exponential(cost, 400)
        return Trace(counters=(counter("env step", 1.0 + np.cumsum(gaps)),))

    ratios = [ratio_by_mix(noisy(2 * k, 0.003), noisy(2 * k + 1, 0.002), BOTH) for k in range(100)]
    assert np.median([r or 0.0 for r in ratios]) == pytest.approx(1.5, rel=0.03)
    assert np.std(np.log([r or 1e-9 for r in ratios])) < 0.1


def test_another_kind_of_event_or_too_few_cannot_be_compared() -> None:
    a = Run(every=4).trace(400)
    assert ratio_by_mix(a, replace(a, counters=a.counters[:1]), BOTH) is None
    assert ratio_by_mix(a, Run(every=200).trace(400), BOTH) is None


def test_events_noted_sparsely_cost_as_much_each() -> None:
    steps = [*np.arange(1, EVERY + 1) * 1.0, EVERY + 16.0, EVERY + 32.0]
    found = costs(Trace(counters=(counter("optimiser step", steps),)), (0.0, 1e9), ("optimiser step",))
    assert found == pytest.approx([1.0])
