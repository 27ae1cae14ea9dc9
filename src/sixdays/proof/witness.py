"""A schedule of floors, greedily: one that meets the deadline shows that nothing can be proved.

It saves the search in nearly every case in which a target is possible. Milliseconds since now, calendars
and waits as they are; the activities that the goal needs, the most urgent first.
"""

from __future__ import annotations

from bisect import insort

from sixdays.plan.network import Activity, Goal, Network
from sixdays.proof.floors import Bounds, Floor, one_try


def meets(network: Network, floors: tuple[Floor, ...], found: Bounds, goal: Goal) -> tuple[str, ...] | None:
    """The order of a greedy schedule of the floors that ends by the deadline; None where it does not."""
    free = [[0] * min(p.count, 100_000) for p in network.pools]
    start: dict[int, int] = {}
    finish: dict[int, int] = {}
    needed = [network.activities[i] for i in network.forward if i in found.start]
    for a in needed:
        for rest in floors[a.index].rest_ms:
            end = a.calendar.advance(0, rest) if a.calendar else rest
            _take(a, free, end)
            start[a.index], finish[a.index] = 0, max(finish.get(a.index, 0), end)
    order: list[str] = []
    waiting = sorted(needed, key=lambda a: (_urgency(found, floors, a), a.index))
    while waiting:
        a = next(a for a in waiting if not a.to_come or all(p in finish for p, _ in a.preds if p in found.start))
        waiting.remove(a)
        order.append(a.name)
        _place(a, floors, free, start, finish)
        if a.index in goal.requires and finish[a.index] > goal.due_ms:
            return None
    return tuple(order)


def _urgency(found: Bounds, floors: tuple[Floor, ...], a: Activity) -> float:
    due = found.due.get(a.index)
    return float("inf") if due is None else due - floors[a.index].copy_ms


def _place(
    a: Activity, floors: tuple[Floor, ...], free: list[list[int]], start: dict[int, int], finish: dict[int, int]
) -> None:
    least = floors[a.index]
    if a.done_ms is not None or not (one_try(a) or a.running):
        start[a.index] = finish[a.index] = 0
        return
    ready = max((start[p] if started else finish[p] for p, started in a.preds if p in finish), default=0)
    submit = (ready if a.to_come else 0) + least.wait_ms
    end = finish.get(a.index, 0)
    begun: int | None = 0 if a.running else None
    for _ in range(one_try(a)):
        able = max([submit, *(free[p][k - 1] for p, k in a.needs)])
        begin = a.calendar.opening(able) if a.calendar else able
        begun = begin if begun is None else begun
        done = a.calendar.advance(able, least.copy_ms) if a.calendar else able + least.copy_ms
        _take(a, free, done)
        end = max(end, done)
    start[a.index] = begun or 0
    finish[a.index] = end


def _take(a: Activity, free: list[list[int]], end: int) -> None:
    for p, k in a.needs:
        del free[p][:k]
        for _ in range(k):
            insort(free[p], end)
