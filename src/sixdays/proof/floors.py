"""What is certain: floors, earliest finishes from the front, latest ones from the deadline (rules K1, K3).

Whole milliseconds since now, floors rounded down and deadlines as stated, so that a shortfall is one (C6).
Only `exactly`, `at least`, floors of waits, elapsed time, calendars and counts are used: no range,
number, rate, history, risk or order of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

from sixdays.plan.network import Activity, Goal, Network


@dataclass(frozen=True, slots=True)
class Floor:
    """copy_ms: the least that one copy not yet started takes. rest_ms: of each running copy what is left at least.
    wait_ms: the least that it waits in a queue before it starts. segments: into which a limit cuts one copy,
    if it waits again before each further one. measured: one has taken less than the plan states.
    """

    copy_ms: int
    rest_ms: tuple[int, ...]
    wait_ms: int
    segments: int = 1
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """Earliest and latest times of what one goal needs; `due` is None for what need only start (rule K1).

    start: earliest moment at which a copy that has not started can start; 0 where one runs. finish: earliest
    finish. before: what decides the start of those copies, and whether by its start only; None for nothing.
    rest: what ends with a copy that runs already. behind: what decides `due`; None for the deadline.
    through: the one that waits for its start, where that decides the latest start, not its own length.
    """

    start: dict[int, int]
    finish: dict[int, int]
    due: dict[int, int | None]
    before: dict[int, tuple[int, bool] | None]
    rest: set[int]
    behind: dict[int, int | None]
    through: dict[int, int | None]


def floors_of(network: Network) -> tuple[Floor, ...]:
    return tuple(_floor(a) for a in network.activities)


def _floor(a: Activity) -> Floor:
    stated = a.takes.floor_ms or 0
    least = min((stated, *(floor(s * 1000) for s in a.lengths_s)))  # evidence beats the statement
    wait = (a.wait.floor_ms or 0) if a.wait else 0
    rest = tuple(_scaled(max(0, least - w), a.speed) for w in a.worked_ms)
    copy = _scaled(least, a.speed)
    segments = max(1, -(-copy // a.limit_ms)) if a.limit_ms and wait else 1  # each further one waits again (S4)
    return Floor(copy + (segments - 1) * wait, rest, 0 if a.running else wait, segments, least < stated)


def _scaled(ms: int, speed: float) -> int:
    return ms if speed == 1.0 else floor(ms / speed)


def waves(network: Network, a: Activity) -> int:
    """⌈n / ⌊count / need⌋⌉ rounds for the copies that have not started; one try where there are tries (K3, T5)."""
    return -(-one_try(a) // network.slots(a))


def one_try(a: Activity) -> int:
    """Copies that have not started and must: of the first try only, where there are tries (rule T5)."""
    if a.rounds is None:
        return a.waiting
    return 0 if a.worked_ms else min(a.waiting, a.rounds.copies)


def bounds(network: Network, floors: tuple[Floor, ...], goal: Goal) -> Bounds:
    """Earliest starts and finishes along the ties, latest ones backwards from the deadline."""
    must_finish, must_start = network.needed[goal.name]
    needed = must_finish | must_start
    out = Bounds({}, {}, {}, {}, set(), {}, {})
    for i in network.forward:
        if i in needed:
            _forward(network, floors[i], network.activities[i], out)
    latest: dict[int, int] = {}
    for i in reversed(network.forward):
        if i in needed:
            _backward(network, floors, network.activities[i], goal, needed, out, latest)
    return out


def _forward(network: Network, least: Floor, a: Activity, out: Bounds) -> None:
    out.before[a.index] = None
    if a.done_ms is not None:
        out.start[a.index] = out.finish[a.index] = 0
        return
    ready = 0
    if a.to_come:
        for p, started in a.preds:
            if p not in out.finish:  # a start that has happened needs nothing any more
                continue
            at = out.start[p] if started else out.finish[p]
            if at > ready:
                ready, out.before[a.index] = at, (p, started)
    submit = ready + least.wait_ms
    begin = a.calendar.opening(submit) if a.calendar else submit
    end = _advance(a, submit, waves(network, a) * least.copy_ms)
    rest = _advance(a, 0, max(least.rest_ms, default=0))
    if rest >= end and a.running:
        end = rest
        out.rest.add(a.index)
    out.start[a.index] = 0 if a.running else begin
    out.finish[a.index] = end


def _backward(
    network: Network,
    floors: tuple[Floor, ...],
    a: Activity,
    goal: Goal,
    needed: frozenset[int],
    out: Bounds,
    latest: dict[int, int],
) -> None:
    due: int | None = goal.due_ms if a.index in goal.requires else None
    due_start: int | None = None
    starter: int | None = None
    out.behind[a.index] = out.through[a.index] = None
    for j, started in network.successors[a.index]:
        if j not in needed or not network.activities[j].to_come or j not in latest:
            continue
        at = latest[j] - floors[j].wait_ms
        if started:
            if not a.running and (due_start is None or at < due_start):  # what runs has started (rule S5)
                due_start, starter = at, j
        elif due is None or at < due:
            due, out.behind[a.index] = at, j
    out.due[a.index] = due
    if a.done_ms is not None or not a.to_come:
        return
    if due is not None:
        work = waves(network, a) * floors[a.index].copy_ms
        latest[a.index] = a.calendar.retreat(due, work) if a.calendar else due - work
    if due_start is not None and due_start < latest.get(a.index, due_start + 1):
        latest[a.index], out.through[a.index] = due_start, starter


def _advance(a: Activity, at: int, work: int) -> int:
    return a.calendar.advance(at, work) if a.calendar else at + work
