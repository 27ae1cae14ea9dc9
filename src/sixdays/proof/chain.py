"""Stage 1: floors along the ties, calendars and rounds of seeds included (rules K2, K3)."""

from __future__ import annotations

from collections.abc import Iterable

from sixdays.plan.network import Activity, Goal, Network
from sixdays.proof.certificate import Certificate, Fact
from sixdays.proof.floors import Bounds, Floor, one_try, waves
from sixdays.quantities import show_instant, show_seconds


def prove_chain(network: Network, floors: tuple[Floor, ...], found: Bounds, goal: Goal) -> Certificate | None:
    """A certificate if the earliest finish along the ties is after the deadline."""
    last = max(goal.requires, key=lambda i: (found.finish[i], -i))
    if found.finish[last] <= goal.due_ms:
        return None
    path = chain_to(found, last)
    facts = (*chain_facts(network, floors, path), deadline_fact(network, goal))
    return Certificate("chain", facts, found.finish[last], goal.due_ms, window_ms=(0, goal.due_ms))


def chain_to(found: Bounds, last: int) -> list[int]:
    """The activities that decide when `last` can end, first one first."""
    path, at = [], last
    step: int | None = at
    while step is not None:
        path.append(step)
        step = found.before[step]
    return path[::-1]


def chain_facts(network: Network, floors: tuple[Floor, ...], path: Iterable[int]) -> list[Fact]:
    """The facts along a chain: each floor, each tie, and the counts and hours that lengthen it."""
    facts: list[Fact] = []
    before: Activity | None = None
    for i in path:
        a = network.activities[i]
        if before is not None:
            facts += tie_facts(network, a, before)
        facts += floor_facts(network, floors[i], a)
        before = a
    return list(dict.fromkeys(facts))


def tie_facts(network: Network, a: Activity, before: Activity) -> list[Fact]:
    tie = next(t for t in network.plan.tasks[a.name].after if t.task == before.name)
    what = "the start of " if tie.started else ""
    return [Fact("tie", f"{a.name} waits for {what}{before.name}", tie.span.line, "stated", a.name, before.name)]


def floor_facts(network: Network, least: Floor, a: Activity) -> list[Fact]:
    """The floor of an activity, and what turns it into clock time: its wait, rounds and hours."""
    facts = []
    if least.wait_ms:
        where = next(r for r, _ in network.plan.tasks[a.name].needs if network.plan.resources[r].wait == a.wait)
        line = network.plan.resources[where].span.line
        text = f"{a.name} waits at least {show_seconds(least.wait_ms / 1000, 3)} for {where}"
        facts.append(Fact("wait", text, line, "stated", a.name, where))
    rounds = waves(network, a)
    rest = max(least.rest_ms, default=0)
    if rest and rest >= rounds * least.copy_ms:
        worked = show_seconds(max(a.worked_ms) / 1000)
        text = f"{a.name} has run {worked} and takes at least {show_seconds(rest / 1000, 3)} more"
        facts.append(_floor_fact(a, text))
    elif least.copy_ms and one_try(a):
        text = f"{a.name} takes at least {show_seconds(least.copy_ms / 1000, 3)}"
        if rounds > 1:
            slots = network.slots(a)
            text += f", {one_try(a)} times, {slots} side by side: {rounds} rounds"
        facts.append(_floor_fact(a, text))
        if rounds > 1:
            facts += [_count_fact(network, p, a, k) for p, k in a.needs if network.pools[p].count // k == slots]
    if a.calendar and facts:
        facts += [hours_fact(network, p) for p, _ in a.needs if network.pools[p].hours]
    return facts


def _floor_fact(a: Activity, text: str) -> Fact:
    return Fact("floor", text, a.span.line, a.takes.basis, a.name)


def _count_fact(network: Network, pool: int, a: Activity, units: int) -> Fact:
    return count_fact(network, pool, f", {a.name} needs {units} of them" if units > 1 else "")


def count_fact(network: Network, pool: int, more: str = "") -> Fact:
    p = network.pools[pool]
    return Fact(
        "count", f"there {'is' if p.count == 1 else 'are'} {p.count} {p.name}{more}", p.span.line, "stated", p.name
    )


def hours_fact(network: Network, pool: int) -> Fact:
    p = network.pools[pool]
    assert p.hours is not None
    return Fact("hours", f"{p.name} works {p.hours.text}", p.span.line, "stated", p.name)


def deadline_fact(network: Network, goal: Goal) -> Fact:
    text = f"{goal.name} closes {show_instant(goal.deadline, network.now)}"
    return Fact("deadline", text, goal.span.line, "stated", goal.name)
