"""Brute force on tiny plans: the earliest time by which what a target requires can be done.

Independent of the package's engines: a plan here is a list of `Job`s in whole hours. Every order of the
copies is tried, each placed as early as the hours allow; for a regular objective one of these active
schedules is optimal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations

from sixdays.plan.actuals import Actual, Copy
from sixdays.plan.model import Estimate, Plan, Resource, Target, Task, Tie

NOW = datetime(2031, 3, 5, 12, tzinfo=UTC)
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Job:
    """ran: hours that each running copy has worked, longest first; copies counts those that wait."""

    name: str
    hours: int
    copies: int
    needs: tuple[tuple[str, int], ...]
    after: tuple[tuple[str, bool], ...]
    wait: int = 0
    ran: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tiny:
    jobs: tuple[Job, ...]
    counts: tuple[tuple[str, int], ...]
    requires: tuple[str, ...]


def random_tiny(rng: random.Random, most: int = 5) -> Tiny:
    """Two to five tasks of 1 to 6 hours on one or two resources; now and then copies, ties to a start,
    a queue, or something that runs already."""
    counts = {"gpu": rng.randint(1, 3)}
    if rng.random() < 0.4:
        counts["cpu"] = rng.randint(1, 2)
    wait = rng.randint(1, 3) if rng.random() < 0.15 else 0
    jobs: list[Job] = []
    copies_left = 7
    held = dict.fromkeys(counts, 0)
    for i in range(rng.randint(2, most)):
        needs = tuple(
            (name, rng.randint(1, count))
            for name, count in counts.items()
            if rng.random() < (0.85 if name == "gpu" else 0.4)
        )
        after = tuple((j.name, rng.random() < 0.3) for j in jobs if rng.random() < 0.35)
        copies = min(rng.choice((1, 1, 1, 2, 3)), copies_left)
        if copies < 1:
            break
        copies_left -= copies
        hours = rng.randint(1, 6)
        ran: tuple[int, ...] = ()
        fits = all(held[r] + k <= counts[r] for r, k in needs)
        while fits and len(ran) < copies and rng.random() < (0.3 if ran else 0.2):  # its ties may be open (S5)
            ran = tuple(sorted((*ran, rng.randint(0, hours)), reverse=True))
            for r, k in needs:
                held[r] += k
            fits = all(held[r] + k <= counts[r] for r, k in needs)
        waits = wait if any(r == "gpu" for r, _ in needs) else 0
        jobs.append(Job(f"t{i}", hours, copies - len(ran), needs, after, waits, ran))
    names = [j.name for j in jobs]
    requires = tuple(n for n in names if rng.random() < 0.6) or (names[-1],)
    return Tiny(tuple(jobs), tuple(counts.items()), requires)


def as_plan(tiny: Tiny, due_h: float) -> tuple[Plan, tuple[Actual, ...]]:
    """The same as values of the package, with a deadline so many hours from now."""
    waits = {j.wait for j in tiny.jobs if j.wait}
    wait = _exactly(waits.pop()) if waits else None
    resources = {n: Resource(n, c, wait=wait if n == "gpu" else None) for n, c in tiny.counts}
    tasks = {
        j.name: Task(
            j.name, _exactly(j.hours), j.needs, tuple(Tie(t, s) for t, s in j.after),
            j.copies + len(j.ran), "seeds" if j.copies + len(j.ran) > 1 else "",
        )
        for j in tiny.jobs
    }  # fmt: skip
    target = Target("x", NOW + timedelta(hours=due_h), tiny.requires)
    actuals = tuple(
        Actual(j.name, tuple(Copy(i + 1, NOW - timedelta(hours=h)) for i, h in enumerate(j.ran)))
        for j in tiny.jobs
        if j.ran
    )
    return Plan(tasks, resources, targets={"x": target}), actuals


def _exactly(hours: int) -> Estimate:
    return Estimate("exact", hours * 3600.0, hours * 3600.0, hours * HOUR_MS, f"exactly {hours}h")


def earliest(tiny: Tiny) -> int:
    """The least number of hours in which everything required can be finished."""
    jobs = {j.name: j for j in tiny.jobs}
    must_finish, must_start = _needed(jobs, tiny.requires)
    live = [j for j in tiny.jobs if j.name in must_finish or j.name in must_start]
    waiting = [j.name for j in live for _ in range(j.copies if j.name in must_finish else _to_start(j))]
    counts = dict(tiny.counts)
    best = 10**9
    for order in sorted(set(permutations(waiting))):
        best = min(best, _placed(order, jobs, tiny, counts, must_finish))
    return best


def _needed(jobs: dict[str, Job], requires: tuple[str, ...]) -> tuple[set[str], set[str]]:
    finish: set[str] = set()
    start: set[str] = set()
    stack = [(r, False) for r in requires]
    while stack:
        name, only_start = stack.pop()
        if name in finish or (only_start and name in start):
            continue
        (start if only_start else finish).add(name)
        if jobs[name].copies and not (only_start and jobs[name].ran):
            stack += list(jobs[name].after)
    return finish, start - finish


def _to_start(j: Job) -> int:
    return 0 if j.ran else min(1, j.copies)


def _placed(
    order: tuple[str, ...], jobs: dict[str, Job], tiny: Tiny, counts: dict[str, int], must_finish: set[str]
) -> int:
    """The makespan of one order, each copy as early as it fits; infinite where the order breaks a tie."""
    used: dict[str, dict[int, int]] = {r: {} for r in counts}
    first: dict[str, int] = {}
    ends: dict[str, list[int]] = {}
    for j in tiny.jobs:
        for ran in j.ran:
            rest = max(0, j.hours - ran)
            for r, k in j.needs:
                for t in range(rest):
                    used[r][t] = used[r].get(t, 0) + k
            first[j.name] = 0
            ends.setdefault(j.name, []).append(rest)
    left = {name: order.count(name) for name in set(order)}
    for name in order:
        j = jobs[name]
        ready = 0
        for other, started in j.after:
            if started:
                if other not in first:
                    return 10**9
                ready = max(ready, first[other])
            else:
                if left.get(other, 0):
                    return 10**9
                ready = max([ready, *ends.get(other, [])])
        at = ready + (0 if j.ran else j.wait)
        while any(used[r].get(at + t, 0) + k > counts[r] for r, k in j.needs for t in range(j.hours)):
            at += 1
        for r, k in j.needs:
            for t in range(j.hours):
                used[r][at + t] = used[r].get(at + t, 0) + k
        left[name] -= 1
        first[name] = min(first.get(name, at), at)
        ends.setdefault(name, []).append(at + j.hours)
    return max((e for r in tiny.requires for e in ends.get(r, [0])), default=0)
