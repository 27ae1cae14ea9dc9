"""Certificates against brute force (rules K1 to K6): never wrong, and what they print is enough."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest

from sixdays.plan.actuals import Actual
from sixdays.plan.changes import Setting, changes
from sixdays.plan.model import Plan
from sixdays.plan.network import build
from sixdays.proof.certificate import Certificate
from sixdays.proof.exact import installed
from sixdays.proof.prove import Prover, by_hand
from tests.oracles.brute import NOW, Job, Tiny, as_plan, earliest, random_tiny
from tests.properties.plans import random_plan


def prove(plan: Plan, actuals: tuple[Actual, ...], *, search: bool = False, mend: bool = False) -> Certificate | None:
    network = build(plan, NOW, actuals)
    return Prover(search=search, mend=mend)(network, network.goals[0])[0]


@pytest.mark.parametrize("plans", [1500, pytest.param(50_000, marks=pytest.mark.nightly)])
def test_no_certificate_is_ever_wrong_and_most_impossible_plans_are_proved(plans: int) -> None:
    rng = random.Random(7)
    impossible = proved = 0
    for _ in range(plans):
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


def test_what_runs_has_started_so_its_tie_makes_nothing_due() -> None:
    """S5: `b` waits for the start of `a`, which runs although `p` is not done; `p` may still take its time."""
    for requires in (("b",), ("a", "b")):
        p = Job("p", 5, 1, (("gpu", 1),), ())
        a = Job("a", 1, 1, (), (("p", False),), 0, (0,))
        b = Job("b", 8, 1, (), (("a", True),))
        plan, actuals = as_plan(Tiny((p, a, b), (("gpu", 1),), requires), 8)
        assert prove(plan, actuals) is None


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


def test_the_facts_of_a_certificate_alone_prove_it() -> None:
    """K2: a plan of which everything is taken away that no fact names is still proved impossible, by as much."""
    rng = random.Random(17)
    kinds = {"chain": 0, "pile": 0}
    for _ in range(1500):
        tiny = random_tiny(rng, most=4)
        plan, actuals = as_plan(tiny, max(0, earliest(tiny) - rng.randint(1, 2)))
        check_facts(plan, actuals, kinds)
    for seed in range(1000):  # with calendars, limits, waits and evidence
        plan, actuals = random_plan(random.Random(seed), tries=False)
        targets = {n: replace(t, deadline=NOW + (t.deadline - NOW) / 4) for n, t in plan.targets.items()}
        check_facts(replace(plan, targets=targets), actuals, kinds)
    assert kinds["chain"] > 1000
    assert kinds["pile"] > 200


def check_facts(plan: Plan, actuals: tuple[Actual, ...], kinds: dict[str, int]) -> None:
    network = build(plan, NOW, actuals)
    for goal in network.goals:
        found = by_hand(network, goal)
        if found is None:
            continue
        kinds[found.kind] += 1
        reduced, left = only(plan, actuals, found)
        again = build(reduced, NOW, left)
        proved = by_hand(again, again.goal(goal.name))
        assert proved is not None, (plan, actuals, found)
        if found.kind == "chain":
            assert proved.kind == "chain"
            assert proved.short_ms == found.short_ms, (plan, actuals, found, proved)


def only(plan: Plan, actuals: tuple[Actual, ...], found: Certificate) -> tuple[Plan, tuple[Actual, ...]]:
    """The plan with nothing but what the facts say: other floors, ties, counts, waits and hours are gone."""
    said = {(f.kind, f.subject, f.other) for f in found.facts}
    under_way = [f.subject for f in found.facts if "has run" in f.text or "under way" in f.text]
    fresh = {f.subject for f in found.facts if f.kind == "floor"} - set(under_way)
    fresh |= {
        f.subject for f in found.facts if f.kind == "floor" and " takes at least" in f.text and "run" not in f.text
    }
    fresh |= {f.subject for f in found.facts if f.kind == "floor" and " of at least" in f.text}
    measured = {r for n in under_way for r, _ in plan.tasks[n].needs}  # how long it has worked is by its hours
    tasks, kept = {}, []
    for name, task in plan.tasks.items():
        actual = next((a for a in actuals if a.task == name), None)
        running = len(actual.running) if actual else 0
        if name not in fresh and running and not any(k == "tie" and n == name for k, n, _ in said):
            task = replace(task, copies=running)  # none of it waits
        if name not in fresh and name not in under_way:
            task = replace(task, takes=replace(task.takes, floor_ms=0))
        if actual and running and name not in under_way:  # it holds nothing any more
            early = tuple(replace(c, started=NOW - timedelta(days=400)) for c in actual.copies)
            actual = replace(actual, copies=early)
        if actual:
            kept.append(actual)
        after = tuple(t for t in task.after if ("tie", name, t.task) in said)
        tasks[name] = replace(task, after=after)
    resources = {
        n: replace(
            r,
            count=r.count if ("count", n, "") in said else 10_000,
            hours=r.hours if ("hours", n, "") in said or n in measured else None,
            wait=r.wait if any(k == "wait" and o == n for k, _, o in said) or limited(found) else None,
        )
        for n, r in plan.resources.items()
    }
    return replace(plan, tasks=tasks, resources=resources), tuple(kept)


def limited(found: Certificate) -> bool:
    return any("limit" in f.text for f in found.facts)
