"""Costs per kind of event, and the ratio at the original's mix, of runs whose costs are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.properties.traces import Run, counter

from sixdays.faster.mix import mix, ratio_by_mix
from sixdays.faster.model import EVERY, Trace


def test_costs_of_each_kind_are_found_and_add_up_to_the_time_that_passed() -> None:
    trace = Run(step=0.001, update=0.004, every=4).trace(400)
    costs = mix(trace)
    assert costs["env step"].seconds == pytest.approx(0.001)
    assert costs["optimiser step"].seconds == pytest.approx(0.004)
    passed = trace.seconds - 1.001  # from the first event on
    assert sum(c.seconds * c.events for c in costs.values()) == pytest.approx(passed)
    assert mix(trace, since=trace.seconds) == {}
    assert mix(Trace()) == {}


def test_a_run_that_updates_half_as_often_is_no_quicker_at_the_originals_mix() -> None:
    found = ratio_by_mix(Run(every=4).trace(400), Run(every=8).trace(400))
    assert found is not None
    assert found.factor.value == pytest.approx(1.0)
    assert "do not do the same units: environment step 1 → 1 ms, optimiser step 4 → 4 ms" in found.text


def test_cheaper_updates_count_by_their_share_of_the_originals_time() -> None:
    # of 4 steps and an update the original takes 4 + 4 ms, the candidate 4 + 1
    found = ratio_by_mix(Run(every=4).trace(400), Run(every=9, update=0.001, load=9.0).trace(900))
    assert found is not None
    assert found.factor.value == pytest.approx(8 / 5, rel=0.002)  # the first step of each has no event before it


def test_uneven_costs_widen_the_interval_which_holds_the_truth() -> None:
    def noisy(seed: int, cost: float) -> Trace:
        gaps = np.random.default_rng(seed).exponential(cost, 400)
        return Trace(counters=(counter("env step", np.asarray(np.cumsum(gaps), dtype=float)),))

    held = 0
    for seed in range(100):
        found = ratio_by_mix(noisy(2 * seed, 0.003), noisy(2 * seed + 1, 0.002))
        assert found is not None
        held += found.factor.low <= 1.5 <= found.factor.high
        assert 1.1 < found.factor.high / found.factor.low < 1.4
    assert held >= 83


def test_another_kind_of_event_or_too_few_cannot_be_compared() -> None:
    a = Run(every=4).trace(400)
    assert ratio_by_mix(a, replace(a, counters=a.counters[:1])) is None
    assert ratio_by_mix(a, Run(every=200).trace(400)) is None


def test_events_noted_sparsely_cost_as_much_each() -> None:
    steps = [*np.arange(1, EVERY + 1) * 1.0, EVERY + 16.0, EVERY + 32.0]
    costs = mix(Trace(counters=(counter("optimiser step", steps),)))
    assert costs["optimiser step"].seconds == pytest.approx(1.0)
