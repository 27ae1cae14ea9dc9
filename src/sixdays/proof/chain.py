"""Stage 1: floors along the ties, calendars and rounds of seeds included (rules K2, K3)."""

from __future__ import annotations

from sixdays.plan.network import Activity, Goal, Network
from sixdays.proof.certificate import Certificate, Fact
from sixdays.proof.floors import Bounds, Floor, one_try, waves
from sixdays.quantities import show_instant, show_seconds


def prove_chain(network: Network, floors: tuple[Floor, ...], found: Bounds, goal: Goal) -> Certificate | None:
    """A certificate if the earliest finish along the ties is after the deadline."""
    last = max(goal.requires, key=lambda i: (found.finish[i], -i))
    if found.finish[last] <= goal.due_ms:
        return None
    facts = (*chain_facts(network, floors, found, last), deadline_fact(network, goal))
    return Certificate("chain", facts, found.finish[last], goal.due_ms, window_ms=(0, goal.due_ms))


def chain_facts(
    network: Network, floors: tuple[Floor, ...], found: Bounds, last: int, *, ends: bool = True
) -> list[Fact]:
    """What decides when `last` can end (or only start), first things first: floors, ties, waits, counts, hours."""
    links: list[list[Fact]] = []
    a = network.activities[last]
    while True:
        least = floors[a.index]
        if ends and a.index in found.rest:
            links.append([*rest_facts(network, least, a, max(least.rest_ms))])
            break
        links.append([*wait_facts(network, least, a), *(fresh_facts(network, least, a) if ends else ())])
        if a.calendar and (ends or found.start[a.index]):
            links[-1] += [hours_fact(network, p) for p, _ in a.needs if network.pools[p].hours]
        if (before := found.before[a.index]) is None:
            break
        other, started = network.activities[before[0]], before[1]
        links.append(tie_facts(network, a, other))
        a, ends = other, not started
    return list(dict.fromkeys(fact for link in reversed(links) for fact in link))


def tie_facts(network: Network, a: Activity, before: Activity) -> list[Fact]:
    tie = next(t for t in network.plan.tasks[a.name].after if t.task == before.name)
    what = "the start of " if tie.started else ""
    return [Fact("tie", f"{a.name} waits for {what}{before.name}", tie.span.line, "stated", a.name, before.name)]


def wait_facts(network: Network, least: Floor, a: Activity) -> list[Fact]:
    if not least.wait_ms:
        return []
    needs = network.plan.tasks[a.name].needs
    where = next(r for r, _ in needs if network.plan.resources[r].wait == a.wait)  # the larger of two (rule S4)
    text = f"{a.name} waits at least {show_seconds(least.wait_ms / 1000, 3)} for {where}"
    return [Fact("wait", text, network.plan.resources[where].span.line, "stated", a.name, where)]


def fresh_facts(network: Network, least: Floor, a: Activity) -> list[Fact]:
    """The floor of the copies that have not started, and the units that make rounds of them."""
    if not (least.copy_ms and one_try(a)):
        return []
    text = f"{a.name} takes at least {show_seconds(least.copy_ms / 1000, 3)}"
    rounds, slots = waves(network, a), network.slots(a)
    if least.segments > 1:
        text += f" with its waits, the limit cuts it into {least.segments}"
    if rounds > 1:
        text += f", {one_try(a)} times, {slots} side by side: {rounds} rounds"
    facts = [floor_fact(least, a, text)]
    if rounds > 1:
        facts += [_count_fact(network, p, a, k) for p, k in a.needs if network.pools[p].count // k == slots]
    return facts


def rest_facts(network: Network, least: Floor, a: Activity, rest: int) -> list[Fact]:
    """What a running copy still takes: one with so much, in ms, before it."""
    if not rest:
        return []
    worked = show_seconds(a.worked_ms[least.rest_ms.index(rest)] / 1000)
    text = f"{a.name} has run {worked} and takes at least {show_seconds(rest / 1000, 3)} more"
    hours = [hours_fact(network, p) for p, _ in a.needs if network.pools[p].hours]
    return [floor_fact(least, a, text), *hours]


def floor_fact(least: Floor, a: Activity, text: str) -> Fact:
    return Fact("floor", text, a.span.line, "measured" if least.measured else a.takes.basis, a.name)


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
