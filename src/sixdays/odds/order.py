"""The order of dispatch, made once per forecast on the medians (rules S1, S2)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import ceil, inf

import numpy as np

from sixdays.odds.estimates import Draws, FloatArray, Lengths
from sixdays.plan.calendars import Calendar
from sixdays.plan.network import Activity, Goal, Network

Key = tuple[float, ...]


class Medians(Draws):
    """One draw in which everything takes its median and no risk strikes."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def _stream(self, what: str, name: str, *, normal: bool) -> FloatArray:
        return np.zeros(1) if normal else np.full(1, 1 - 1e-12)


@dataclass(slots=True)
class _Queue:
    """Activities with the same needs and hours: they ask for the same units, so one of them is next."""

    needs: tuple[tuple[int, int], ...]
    calendar: Calendar | None
    pending: list[tuple[float, Key, int]] = field(default_factory=list)
    ready: list[tuple[Key, int]] = field(default_factory=list)


def dispatch_order(network: Network, medians: Sequence[Lengths | None], goals: Collection[Goal]) -> list[int]:
    """The activities in the order in which they are started on the medians.

    Going through time: whenever units are free, the ready activity with the smallest latest start
    whose units are all free is started. goals: the open targets that can still be met.
    """
    urgency = latest_starts(network, medians, goals)
    walk = _Walk(network, medians, urgency)
    return walk.run()


class _Walk:
    def __init__(self, network: Network, medians: Sequence[Lengths | None], urgency: Sequence[Key]) -> None:
        self.network = network
        self.medians = medians
        self.urgency = urgency
        self.order: list[int] = []
        self.queues: dict[tuple[object, ...], _Queue] = {}
        n = len(network.activities)
        self.start: list[float] = [0.0] * n
        self.finish: list[float] = [0.0] * n
        self.waits_for = [0] * n
        self.free = _free_lists(network)

    def run(self) -> list[int]:
        for a in self.network.activities:
            if a.done_ms is None and a.running:
                self._continue(a)
        for a in self.network.activities:
            self.waits_for[a.index] = sum(1 for p, _ in a.preds if self._has_to_come(self.network.activities[p]))
            if self._has_to_come(a) and not self.waits_for[a.index]:
                self._enqueue(a)
        now = 0.0
        while (chosen := self._next(now)) is not None:
            now, queue = chosen
            _, i = heappop(queue.ready)
            self._place(self.network.activities[i], now)
        return self.order

    @staticmethod
    def _has_to_come(a: Activity) -> bool:
        return a.done_ms is None and (a.waiting > 0 or a.rounds is not None)

    def _continue(self, a: Activity) -> None:
        drawn = self.medians[a.index]
        assert drawn is not None
        for rest in drawn.rest:
            end = _advance(a, 0.0, float(rest[0]))
            self._take(a, end)
            self.finish[a.index] = max(self.finish[a.index], end)

    def _enqueue(self, a: Activity) -> None:
        drawn = self.medians[a.index]
        assert drawn is not None
        ready = max((self.start[p] if started else self.finish[p] for p, started in a.preds), default=0.0)
        if drawn.wait is not None and not a.running:
            ready += float(drawn.wait[0])
        # An activity without needs waits for nobody, so it never meets another in a queue.
        key = (a.needs, id(a.calendar)) if a.needs else (a.index,)
        queue = self.queues.setdefault(key, _Queue(a.needs, a.calendar))
        heappush(queue.pending, (ready, self.urgency[a.index], a.index))

    def _next(self, now: float) -> tuple[float, _Queue] | None:
        """The first moment at which something can start, and the queue whose head goes first."""
        when: list[tuple[float, _Queue]] = []
        for key in list(self.queues):
            queue = self.queues[key]
            if not queue.pending and not queue.ready:
                del self.queues[key]
                continue
            asks = now if queue.ready else max(now, queue.pending[0][0])
            for p, k in queue.needs:
                asks = max(asks, self.free[p][k - 1])
            when.append((_opening(queue.calendar, asks), queue))
        if not when:
            return None
        first = min(t for t, _ in when)
        best: tuple[Key, _Queue] | None = None
        for t, queue in when:
            if t > first:
                continue
            while queue.pending and queue.pending[0][0] <= first:
                _, urgency, i = heappop(queue.pending)
                heappush(queue.ready, (urgency, i))
            if queue.ready and (best is None or queue.ready[0][0] < best[0]):
                best = (queue.ready[0][0], queue)
        assert best is not None
        return first, best[1]

    def _place(self, a: Activity, now: float) -> None:
        drawn = self.medians[a.index]
        assert drawn is not None
        self.order.append(a.index)
        length = float(drawn.copy[0])
        self.start[a.index] = 0.0 if a.running else now
        finish = self.finish[a.index] if a.running else now
        for _ in range(a.waiting if a.needs else min(a.waiting, 1)):
            able = max([now, *(self.free[p][k - 1] for p, k in a.needs)])
            end = _advance(a, able, length)
            self._take(a, end)
            finish = max(finish, end)
        self.finish[a.index] = finish
        for j, _ in self.network.successors[a.index]:
            self.waits_for[j] -= 1
            if not self.waits_for[j] and self._has_to_come(self.network.activities[j]):
                self._enqueue(self.network.activities[j])

    def _take(self, a: Activity, end: float) -> None:
        for p, k in a.needs:
            del self.free[p][:k]
            for _ in range(k):
                insort(self.free[p], end)


def latest_starts(network: Network, medians: Sequence[Lengths | None], goals: Collection[Goal]) -> list[Key]:
    """For each activity what decides between two that could start: running first, then the smallest
    latest start over the goals that need it, then the greater worth, then the plan's order (rule S2).
    """
    never = (inf, 0.0)
    due: list[tuple[float, float]] = [never] * len(network.activities)
    due_start: list[tuple[float, float]] = [never] * len(network.activities)
    for goal in goals:
        for i in goal.requires:
            due[i] = min(due[i], (goal.due_ms / 1000, -goal.worth))
    keys: list[Key] = [()] * len(network.activities)
    for i in reversed(network.forward):
        a, drawn = network.activities[i], medians[i]
        if drawn is None:
            continue
        work = max(ceil(a.waiting / network.slots(a)) * float(drawn.copy[0]), *(float(r[0]) for r in drawn.rest), 0.0)
        wait = float(drawn.wait[0]) if drawn.wait is not None and not a.running else 0.0
        latest = min(due_start[i], (_retreat(a, due[i][0], work), due[i][1]))
        keys[i] = (0 if a.running else 1 if latest[0] < inf else 2, *latest, i)
        for p, started in a.preds:
            if started:
                due_start[p] = min(due_start[p], (latest[0] - wait, latest[1]))
            else:
                due[p] = min(due[p], (latest[0] - wait, latest[1]))
    return keys


def _free_lists(network: Network) -> list[list[float]]:
    """Free times of each pool's units; no more units than could ever be asked for."""
    want = [0] * len(network.pools)
    for a in network.activities:
        for p, k in a.needs:
            want[p] += k * (a.waiting + len(a.worked_ms))
            want[p] = max(want[p], k)
    return [[0.0] * min(pool.count, w) for pool, w in zip(network.pools, want, strict=True)]


def _advance(a: Activity, at: float, work: float) -> float:
    return a.calendar.advance(round(at * 1000), round(work * 1000)) / 1000 if a.calendar else at + work


def _retreat(a: Activity, due: float, work: float) -> float:
    if a.calendar is None or due == inf:
        return due - work
    return a.calendar.retreat(round(due * 1000), round(work * 1000)) / 1000


def _opening(calendar: Calendar | None, at: float) -> float:
    return max(at, calendar.opening(round(at * 1000)) / 1000) if calendar else at
