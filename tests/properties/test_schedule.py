"""Monotone dispatch, and odds that a relaxation never lowers (rule S9)."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sixdays.odds.estimates import Draws, sample
from sixdays.odds.forecast import Inputs, closings, forecast, simulate
from sixdays.odds.order import Medians, dispatch_order
from sixdays.plan.changes import Setting, change
from sixdays.plan.model import Plan, Task
from sixdays.plan.network import build
from tests.properties.plans import NOW, plans, random_plan


def relaxed(plan: Plan, rng: random.Random) -> Plan | None:
    """The plan after one random change that can only help."""
    name = rng.choice(list(plan.tasks))
    task: Task = plan.tasks[name]
    phrases = [f"{name} {rng.choice((1.3, 2, 5))}x faster", f"gpu {plan.resources['gpu'].count + 1}"]
    phrases += [f"{name} {task.copies - 1} seeds"] if task.copies > 1 else []
    phrases += [f"{name} not after {t.task}" for t in task.after] + [f"{name} beside {t.task}" for t in task.after]
    if "me" in plan.resources:
        phrases.append("me round the clock")
    try:
        return change(plan, rng.choice(phrases), Setting(NOW, started=frozenset())).plan
    except Exception:  # a number in its text that the random plan does not have
        return None


@settings(max_examples=150)
@given(plans(tries=False), st.integers(0, 10**6))
def test_with_the_order_kept_no_relaxation_makes_any_finish_later(made, seed) -> None:  # type: ignore[no-untyped-def]
    plan, actuals = made
    rng = random.Random(seed)
    network = build(plan, NOW, actuals)
    order = dispatch_order(network, sample(network, Medians()), network.goals)
    before = simulate(network, sample(network, Draws(1, 30)), order, {})
    task = rng.choice([t for t in plan.tasks.values()])
    faster = replace(plan, tasks={**plan.tasks, task.name: replace(task, after=(), speed=2.0)})
    other = build(faster, NOW, actuals)
    after = simulate(other, sample(other, Draws(1, 30)), order, closings(other))
    for a in network.activities:
        assert np.all(after.times.finish[a.index] <= before.times.finish[a.index] + 1e-3), a.name


def test_no_relaxation_lowers_any_odds() -> None:
    """S9 on random plans without tries; `make bench` counts them on 1,000 and more."""
    rng = random.Random(5)
    done = 0
    while done < 60:
        plan, actuals = random_plan(rng, tries=False)
        changed = relaxed(plan, rng)
        if changed is None:
            continue
        done += 1
        inputs = Inputs(NOW, 200, actuals=actuals)
        before = forecast(plan, inputs)
        after = forecast(changed, inputs, base=before.run.order_names)
        for name, t in before.targets.items():
            assert after.targets[name].in_time >= t.in_time, (name, done)


@settings(max_examples=60)
@given(plans())
def test_the_same_plan_gives_the_same_answer(made) -> None:  # type: ignore[no-untyped-def]
    plan, actuals = made
    one = forecast(plan, Inputs(NOW, 100, actuals=actuals)).to_dict()
    assert one == forecast(plan, Inputs(NOW, 100, actuals=actuals)).to_dict()


@settings(max_examples=60)
@given(plans())
def test_no_draw_beats_a_certificate(made) -> None:  # type: ignore[no-untyped-def]
    """A proof means that no draw is in time; chain bounds are never above any draw's finish."""
    from sixdays.proof.prove import by_hand

    plan, actuals = made
    network = build(plan, NOW, actuals)
    f = forecast(plan, Inputs(NOW, 200, actuals=actuals))
    for goal in network.goals:
        if network.is_open(goal) and by_hand(network, goal) is not None:
            assert f.targets[goal.name].in_time == 0.0
