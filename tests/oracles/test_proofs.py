"""Certificates against brute force (rules K1 to K6): never wrong, and what they print is enough."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from sixdays.plan.actuals import Actual
from sixdays.plan.changes import Setting, changes
from sixdays.plan.model import Plan
from sixdays.plan.network import build
from sixdays.proof.certificate import Certificate
from sixdays.proof.exact import installed
from sixdays.proof.prove import Prover, by_hand
from tests.oracles.brute import NOW, as_plan, earliest, random_tiny


def prove(plan: Plan, actuals: tuple[Actual, ...], *, search: bool = False, mend: bool = False) -> Certificate | None:
    network = build(plan, NOW, actuals)
    return Prover(search=search, mend=mend)(network, network.goals[0])[0]


def test_no_certificate_is_ever_wrong_and_most_impossible_plans_are_proved() -> None:
    rng = random.Random(7)
    impossible = proved = 0
    for _ in range(1500):
        tiny = random_tiny(rng, most=4)
        best = earliest(tiny)
        for due in {best - 1, best, rng.randint(0, best + 1)}:
            plan, actuals = as_plan(tiny, due)
            found = prove(plan, actuals)
            if due >= best:
                assert found is None, (tiny, due, best)
            else:
                impossible += 1
                proved += found is not None
    assert proved > 0.8 * impossible


@pytest.mark.skipif(not installed(), reason="needs the extra [exact]")
def test_the_search_is_never_wrong_and_proves_nearly_all() -> None:
    rng = random.Random(11)
    left = missed = 0
    for _ in range(120):
        tiny = random_tiny(rng, most=4)
        best = earliest(tiny)
        plan, actuals = as_plan(tiny, best)
        assert prove(plan, actuals, search=True) is None, tiny
        plan, actuals = as_plan(tiny, best - 1)
        if best > 0 and prove(plan, actuals) is None:
            left += 1
            missed += prove(plan, actuals, search=True) is None
    assert missed <= 0.4 * left  # what others hold that the target does not need is not counted (K1)


def test_every_change_that_is_printed_is_enough_and_half_of_it_is_not() -> None:
    """K6: the phrase makes the target possible; with (factor − 1) halved it is still proved impossible."""
    rng = random.Random(3)
    checked = 0
    while checked < 120:
        tiny = random_tiny(rng, most=4)
        plan, actuals = as_plan(tiny, max(0, earliest(tiny) - rng.randint(1, 6)))
        found = prove(plan, actuals, mend=True)
        if found is None:
            continue
        checked += 1
        started = frozenset(a.task for a in actuals)
        setting = Setting(NOW, started=started)
        for mend in found.changes:
            if not mend.enough:
                continue
            assert mend.change
            assert prove(changes(plan, mend.change, setting).plan, actuals) is None, (tiny, mend)
            if mend.change[0].endswith("faster"):
                halved = [half(phrase) for phrase in mend.change]
                assert prove(changes(plan, halved, setting).plan, actuals) is not None, (tiny, halved)


def half(phrase: str) -> str:
    name, factor, faster = phrase.rsplit(" ", 2)
    less = 1 + (Fraction(factor.removesuffix("x")) - 1) / 2
    return f"{name} {float(less):.12f}x {faster}"


def test_a_range_alone_proves_nothing() -> None:
    """K1."""
    from sixdays.plan.parse import read

    plan = read("tasks: {a: {takes: 2d to 4d}}\ntargets: {x: {deadline: 2031-03-05 13:00 UTC}}\n")
    network = build(plan, NOW)
    assert by_hand(network, network.goals[0]) is None


def test_the_sum_of_a_chain_is_the_sum_of_its_facts() -> None:
    from sixdays.plan.parse import read

    text = (
        "tasks:\n  a: {takes: exactly 50h}\n  b: {after: a, takes: exactly 44h}\n  c: {after: [b], takes: exactly 10h}\n"
        "targets:\n  x: {deadline: 2031-03-08 23:59 AoE, requires: [c]}\n"
    )
    network = build(read(text), NOW)
    found = by_hand(network, network.goals[0])
    assert found is not None
    assert [f.line for f in found.facts] == [2, 3, 3, 4, 4, 6]
    assert found.needs_ms == (50 + 44 + 10) * 3_600_000
    assert found.short_ms == 28_860_000
