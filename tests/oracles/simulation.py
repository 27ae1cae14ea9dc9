"""A plain simulation: one draw at a time, one copy at a time, every round of tries stepped (rules S1–S8, T1, T2).

It takes the order and the drawn lengths as given and shares no code with `odds`; calendars are walked
minute window by minute window through `plan.calendars`, in whole milliseconds.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from math import ceil, inf
from typing import Any

from sixdays.plan.network import Activity, Network


def finishes(
    network: Network, lengths: Sequence[Any], order: Sequence[int], closing: Mapping[int, float], draw: int
) -> dict[str, float]:
    """When each task ends in one draw, seconds since now; inf for never."""
    return _OneDraw(network, lengths, closing, draw).run(order)


class _OneDraw:
    def __init__(self, network: Network, lengths: Sequence[Any], closing: Mapping[int, float], draw: int) -> None:
        self.network, self.lengths, self.closing, self.draw = network, lengths, closing, draw
        self.free = [[0.0] * p.count for p in network.pools]
        self.start: dict[int, float] = {}
        self.finish: dict[int, float] = {}
        self.running: dict[int, list[float]] = {}

    def run(self, order: Sequence[int]) -> dict[str, float]:
        for a in self.network.activities:
            if a.done_ms is not None:
                self.start[a.index] = 0.0
                self.finish[a.index] = a.done_ms / 1000
            elif a.running:
                drawn = self.lengths[a.index]
                delay = drawn.delay[self.draw] if drawn.delay is not None else 0.0
                ends = [self.work(a, 0.0, rest[self.draw] + delay) for rest in drawn.rest]
                for end in ends:
                    self.take(a, end)
                self.running[a.index] = ends
                self.start[a.index] = 0.0
                self.finish[a.index] = max(ends)
        for i in order:
            a = self.network.activities[i]
            (self.tries if a.rounds else self.once)(a)
        return {a.name: self.finish[a.index] for a in self.network.activities}

    def ready(self, a: Activity) -> float:
        at = 0.0
        for p, started in a.preds:
            if self.network.activities[p].done_ms is None:
                at = max(at, self.start[p] if started else self.finish[p])
        return at

    def submit(self, a: Activity, ready: float, first: bool) -> float:
        drawn = self.lengths[a.index]
        if first and not a.running and drawn.delay is not None:
            ready = self.work(a, ready, drawn.delay[self.draw])
        waits = drawn.wait is not None and not (first and a.running)
        return ready + drawn.wait[self.draw] if waits else ready

    def round(self, a: Activity, submit: float, copies: int, cut: float = inf) -> tuple[float, list[float]]:
        if submit == inf:
            return inf, [inf]
        length = self.lengths[a.index].copy[self.draw]
        begin, ends = inf, []
        for _ in range(copies):
            able = max([submit, *(self.free[p][k - 1] for p, k in a.needs)])
            begun = a.calendar.opening(round(able * 1000)) / 1000 if a.calendar else able
            end = self.work(a, able, length)
            if begun < cut:
                self.take(a, min(end, cut))
            begin = min(begin, begun)
            ends.append(end)
        return begin, ends

    def once(self, a: Activity) -> None:
        begin, ends = self.round(a, self.submit(a, self.ready(a), True), a.waiting)
        self.start.setdefault(a.index, begin)
        self.finish[a.index] = max(ends + self.running.get(a.index, []))

    def tries(self, a: Activity) -> None:
        drawn, rounds = self.lengths[a.index], a.rounds
        assert rounds is not None
        k = rounds.side_by_side
        cut = self.closing.get(a.index, inf)
        needed = drawn.tries[self.draw]
        again = int(drawn.again[self.draw]) if drawn.again is not None else 0
        most = inf if rounds.left is None else rounds.left
        if a.index not in self.closing and rounds.left is None:
            most = k  # needed by no target and without `at most`: one round
        at = self.ready(a)
        tried, extra = 0, again
        self.start.setdefault(a.index, inf)
        self.finish[a.index] = inf
        loop = 0
        before = [list(f) for f in self.free]
        for end in self.running.get(a.index, []):
            for p, units in a.needs:
                for _ in range(units):
                    if end in before[p]:
                        before[p].remove(end)
                        before[p].insert(0, 0.0)
        while at < cut:
            over = tried >= min(needed, most)  # only a repeat of the last round is left
            if over and not extra:
                break
            extra -= over
            size = k if over else int(min(k, most - tried))
            copies = a.waiting if loop == 0 else size * rounds.copies
            if loop == 0 and size < k:
                copies = min(copies, size * rounds.copies - len(self.running.get(a.index, [])))
            submit = self.submit(a, at, loop == 0)
            if loop and submit < cut:  # tries keep their units: what else is idle stays idle
                self.free = [list(f) for f in before]
            begin, ends = self.round(a, submit, max(0, copies), cut)
            if loop == 0:
                self.start[a.index] = min(self.start[a.index], begin if begin < cut else inf)
            at = max([submit, *ends, *(self.running.get(a.index, []) if loop == 0 else [])])
            tried += 0 if over else size
            loop += 1
        if tried >= needed and not extra and needed <= most and at <= cut + 5e-4:
            self.finish[a.index] = at

    def work(self, a: Activity, at: float, seconds: float) -> float:
        if a.calendar is None or at == inf:
            return at + seconds
        return a.calendar.advance(round(at * 1000), ceil(round(seconds * 1000, 3))) / 1000

    def take(self, a: Activity, end: float) -> None:
        for p, k in a.needs:
            del self.free[p][:k]
            for _ in range(k):
                insort(self.free[p], end)
