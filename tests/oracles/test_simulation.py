"""Dispatch over all draws against a plain simulation, one draw and one copy at a time."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from sixdays.odds.estimates import Draws, sample
from sixdays.odds.forecast import closings, simulate
from sixdays.odds.order import Medians, dispatch_order
from sixdays.odds.tries import tries_that_fit
from sixdays.plan.network import build
from tests.oracles.simulation import finishes
from tests.properties.plans import NOW, random_plan

DRAWS = 20


PLANS = pytest.mark.parametrize("plans", [250, pytest.param(2500, marks=pytest.mark.nightly)])


@PLANS
def test_every_finish_in_every_draw_is_the_plain_one(plans: int) -> None:
    """S1 to S8, T1, T2, C3 to C5, R3, R4 on random plans."""
    for seed in range(plans):
        plan, actuals = random_plan(random.Random(seed))
        network = build(plan, NOW, actuals)
        lengths = sample(network, Draws(seed, DRAWS))
        order = dispatch_order(network, sample(network, Medians()), [g for g in network.goals if network.is_open(g)])
        closing = closings(network)
        run = simulate(network, lengths, order, closing)
        for draw in range(DRAWS):
            plain = finishes(network, lengths, order, {i: float(c) for i, c in closing.items()}, draw)
            for a in network.activities:
                got = float(run.times.finish[a.index][draw])
                assert got == plain[a.name] or abs(got - plain[a.name]) < 0.1, (seed, draw, a.name)


@PLANS
def test_tries_that_fit_are_those_that_a_search_one_by_one_finds(plans: int) -> None:
    """T4: the largest n such that the target is in time if the n-th try is the first to convince."""
    seen = 0
    for seed in range(plans):
        plan, actuals = random_plan(random.Random(seed), most=5)
        network = build(plan, NOW, actuals)
        goals = [g for g in network.goals if network.is_open(g)]
        lengths = sample(network, Draws(seed, 12))
        order = dispatch_order(network, sample(network, Medians()), goals)
        closing = closings(network)
        run = simulate(network, lengths, order, closing)
        for goal in goals:
            for i in network.needed[goal.name][0]:
                a = network.activities[i]
                if a.rounds is None or a.done_ms is not None:
                    continue
                seen += 1
                got = tries_that_fit(
                    network, run.lengths, run.order, closing, i, goal, run.times.finish[i], run.finish[goal.name], {}
                )
                wanted, monotone = one_by_one(network, lengths, order, closing, i, goal)
                assert got[monotone].tolist() == wanted[monotone].tolist(), (seed, goal.name)
    assert seen > 60


def one_by_one(network: Any, lengths: Any, order: Any, closing: Any, index: int, goal: Any) -> Any:
    """Linear search over rounds, and where it is what bisection looks for: now and then one more try lets
    something else slip in, and the target is late with few and in time with more.
    """
    from dataclasses import replace

    rounds = network.activities[index].rounds
    most = min(1000, rounds.left if rounds.left is not None else 1000)
    alone = [d if d is None or d.tries is None else replace(d, tries=np.ones(12)) for d in lengths]
    best, before, monotone = np.zeros(12), np.ones(12, dtype=bool), np.ones(12, dtype=bool)
    k = rounds.side_by_side
    for n in sorted({min(r * k, most) for r in range(1, min(-(-most // k), 250) + 1)}):
        alone[index] = replace(alone[index], tries=np.full(12, float(n)))
        in_time = simulate(network, alone, order, closing).in_time[goal.name]
        best = np.where(in_time, n, best)
        monotone &= before | ~in_time
        before = in_time
    return best, monotone
