"""Dispatch in one fixed order, over all draws at once (rules S1–S8, T1, T2).

Why NumPy rows and nothing compiled: the free times of a resource's units are kept sorted, shape
(units, draws); taking k units until `end` is one minimum and one maximum over rows, because

    sorted(free[k:] + k × [end])[i] = max(free[i], min(free[i + k], end))

That is 8 to 11 ns a task and draw, less than drawing the lognormal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sixdays.odds.estimates import FloatArray, Lengths
from sixdays.odds.worktime import WorkTime
from sixdays.plan.network import Activity, Network

BoolArray = NDArray[np.bool_]

# glibc gives every array over 128 kB fresh pages from the kernel, which costs more than the arithmetic on
# them, until it has once freed a larger one; this one is never touched, so it takes no memory.
np.empty(4_000_000)

MAX_LOOPS = 2_000  # rounds that are stepped one by one; only a queue in front of a person's hours needs many


@dataclass
class Times:
    """When things happen, seconds since now, inf for never.

    n: how many draws. finish: shape (activities, draws).
    start: first start of an activity, shape (draws,), where a tie asks for it.
    head: when the activity's part of the critical chain became able to start, shape (activities, draws), if traced.
    gave_up: when an activity with tries gave up, inf where it did not.
    """

    n: int
    finish: FloatArray | list[FloatArray]
    start: dict[int, FloatArray] = field(default_factory=dict)
    head: FloatArray | None = None
    gave_up: dict[int, FloatArray] = field(default_factory=dict)


class Dispatch:
    """One pass over a network in a fixed order. `closing` is when each activity with tries is cut (rule T2)."""

    def __init__(
        self,
        network: Network,
        lengths: Sequence[Lengths | None],
        n: int,
        closing: Mapping[int, FloatArray | float],
        *,
        trace: bool = False,
    ) -> None:
        self.network = network
        self.lengths = lengths
        self.n = n
        self.closing = closing
        self.trace = trace
        self.times = Times(n, np.zeros((len(network.activities), n)))
        if trace:
            self.times.head = np.zeros((len(network.activities), n))
        self.free = _free_units(network, n)
        self._scratch = np.empty((max((len(f) for f in self.free if f is not None), default=0), n))
        self._running: dict[int, list[FloatArray]] = {}
        self._work: dict[int, WorkTime] = {}
        self._zero = np.zeros(n)
        self._ties = {p for a in network.activities for p, started in a.preds if started}
        # An activity that may never start must not hold units in the draws where it does not.
        self._uncertain: set[int] = set()
        if any(a.rounds for a in network.activities):
            for i in network.forward:
                a = network.activities[i]
                if a.done_ms is None and (a.rounds or any(p in self._uncertain for p, _ in a.preds)):
                    self._uncertain.add(i)

    def run(self, order: Sequence[int]) -> Times:
        """Places what is running, then every activity of `order`."""
        for a in self.network.activities:
            if a.done_ms is not None:
                self.times.finish[a.index] = np.full(self.n, a.done_ms / 1000)
                if a.index in self._ties:
                    self.times.start[a.index] = self._zero
            elif a.running:
                self._running[a.index] = self._continue(a)
        return self.go_on(order)

    def go_on(self, order: Sequence[int]) -> Times:
        """Places further activities after those that stand already."""
        for i in order:
            a = self.network.activities[i]
            if a.rounds:
                self._tries(a, self._running.get(i))
            else:
                self._once(a, self._running.get(i))
        return self.times

    def fork(
        self, draws: NDArray[np.intp], n: int, lengths: Sequence[Lengths | None], read: Collection[int]
    ) -> Dispatch:
        """The same, as far as it has come, for some of the draws and with other lengths of what is to come.

        read: whose finishes will be read; those of others are not carried along.
        """
        twin = copy(self)
        twin.n, twin.lengths = n, lengths
        rows = [
            self._zero if i not in read else row[draws] if n < self.n else row
            for i, row in enumerate(self.times.finish)
        ]
        twin.times = Times(n, rows, {i: s if s is self._zero else s[draws] for i, s in self.times.start.items()})
        twin.free = [f if f is None else np.take(f, draws, axis=1) if n < self.n else f.copy() for f in self.free]
        twin._running = {i: [end[draws] for end in ends] for i, ends in self._running.items()}
        twin._zero, twin._scratch = self._zero[:n], self._scratch[:, :n]
        twin.times.start = {i: twin._zero if len(s) != n else s for i, s in twin.times.start.items()}
        twin.closing = {i: c[draws] if isinstance(c, np.ndarray) else c for i, c in self.closing.items()}
        return twin

    # -- one activity ------------------------------------------------------------------------------

    def _continue(self, a: Activity) -> list[FloatArray]:
        """The ends of the copies that run; they hold their units whatever is free (rule S5)."""
        drawn = self._drawn(a)
        ends = []
        for rest in drawn.rest:
            end = self._end(a, self._zero, rest if drawn.delay is None else rest + drawn.delay)
            self._take(a, end, None)
            ends.append(end)
        self.times.finish[a.index] = _latest(ends)
        if a.index in self._ties:
            self.times.start[a.index] = self._zero
        return ends

    def _once(self, a: Activity, running: list[FloatArray] | None) -> None:
        submit = self._submit(a, self._ready(a), delayed=not a.running, waits=not a.running)
        mask = np.isfinite(submit) if a.index in self._uncertain else None
        able, begin, ends = self._round(a, submit, a.waiting, mask)
        every = ends[-1:] if a.calendar is None and not running else ends + (running or [])
        self.times.finish[a.index] = _latest(every)
        if a.index in self._ties and a.index not in self.times.start:
            self.times.start[a.index] = begin
        if self.times.head is not None:
            ables = [self._zero] * len(running or ()) + able
            self.times.head[a.index] = _chain_head(ables, (running or []) + ends, submit)

    def _tries(self, a: Activity, running: list[FloatArray] | None) -> None:  # noqa: PLR0915  one loop, read top down
        """Rounds of tries until one convinces or it gives up.

        The tries keep their units from round to round: each round is placed on the units as they were
        before the first, so that only the last one shows, and what else is idle stays idle for others.
        Rounds that are all alike (no unit of another task falls free meanwhile) are stepped over at once.
        """
        assert a.rounds is not None
        drawn = self._drawn(a)
        assert drawn.tries is not None
        rounds, k = a.rounds, a.rounds.side_by_side
        closing = self.closing.get(a.index, np.inf)
        most = 1.0 if np.isscalar(closing) and closing == np.inf else np.inf
        left = rounds.left
        if left is not None:
            most = np.ceil(left / k)
        needed = np.ceil(drawn.tries / k)
        wins = drawn.tries <= left if left is not None else needed <= most
        goal = np.minimum(needed, most) + (drawn.again if drawn.again is not None else 0.0)
        at = self._ready(a)
        cut = np.broadcast_to(np.asarray(closing, dtype=float), (self.n,))
        active = np.isfinite(at) & (goal > 0) & (at < cut)
        done = np.zeros(self.n)
        start: FloatArray | None = self._zero if a.running else None
        before = {p: _without(free, running or [], k) for p, k in a.needs if (free := self.free[p]) is not None}
        for loop in range(MAX_LOOPS):
            first = loop == 0
            submit = self._submit(a, at, delayed=first and not a.running, waits=not (first and a.running))
            if not first:
                self._give_back(before, active & (submit < cut))
            copies = a.waiting if first else k * rounds.copies
            last_small = left is not None and left % k != 0
            if last_small and left is not None:
                small = (left % k) * rounds.copies
                ending = active & (done + 1 == most) & (done < needed)  # a repeated round is a whole one
                able, begin, ends = self._round(a, submit, copies, active & ~ending, cut)
                if ending.any():
                    fewer = min(copies, max(0, small - (len(running or ()) if first else 0)))
                    _, begin2, ends2 = self._round(a, submit, fewer, ending, cut)
                    ends = [*(np.where(ending, submit, e) for e in ends), *(np.where(ending, e, submit) for e in ends2)]
                    begin = np.where(ending, begin2, begin)
            else:
                able, begin, ends = self._round(a, submit, copies, active, cut)
            if first:
                if start is None:
                    start = np.where(active & (begin < cut), begin, np.inf)
                if self.times.head is not None:
                    self.times.head[a.index] = able[0] if able and not a.running else 0.0
            at = np.where(active, _latest([submit, *ends, *((running or []) if first else [])]), at)
            done = np.where(active, done + 1, done)
            active = active & (done < goal) & (at < cut)
            if not active.any():
                break
            skipped = self._alike(a, at, np.minimum(needed, most) - done - 1, cut, active, before)
            done += skipped.rounds
            at = np.where(active, skipped.until, at)
        else:
            at = np.where(active, np.inf, at)
        finished = wins & (done >= goal) & np.isfinite(at) & (at <= cut + 5e-4) & (goal > 0)
        self.times.finish[a.index] = np.where(finished, at, np.inf)
        self.times.gave_up[a.index] = np.where(finished, np.inf, np.minimum(at, cut))
        if a.index in self._ties and start is not None:
            self.times.start[a.index] = start

    def _give_back(self, before: Mapping[int, FloatArray], where: BoolArray) -> None:
        """The units as they were, in some draws."""
        for p, was in before.items():
            free = self.free[p]
            assert free is not None
            if where.all():
                free[:] = was
            else:
                some = np.flatnonzero(where)
                free[:, some] = was[:, some]

    def _alike(
        self, a: Activity, at: FloatArray, rounds_left: FloatArray, cut: FloatArray, active: BoolArray,
        before: Mapping[int, FloatArray],
    ) -> _Skipped:  # fmt: skip
        """How many whole rounds from `at` pass with the same units, and when they are over."""
        assert a.rounds is not None
        drawn = self._drawn(a)
        copies = a.rounds.side_by_side * a.rounds.copies
        wait = drawn.wait
        if a.calendar and wait is not None:
            return _Skipped(np.zeros(self.n), at)
        at = np.where(active, at, 0.0)
        slots, other = self._idle(a, at, copies, before)
        possible = active & (slots >= 1)
        length = np.ceil(copies / np.maximum(slots, 1)) * drawn.copy
        if wait is not None:
            length = length + wait
        until = np.where(slots >= copies, cut, np.minimum(other, cut))
        far = np.where(np.isfinite(until), until, at + length * rounds_left)
        far = np.where(active, np.maximum(far, at), at)
        room = far - at if a.calendar is None else self._worktime(a).work(far) - self._worktime(a).work(at)
        length = np.maximum(length, 1e-3)
        # One whole round less than fits: the last one is placed, so that its units are held until its end.
        whole = np.floor(room / length + 1e-9) - 1
        rounds = np.where(possible, np.clip(whole, 0, np.maximum(rounds_left, 0)), 0.0)
        if a.calendar is None:
            return _Skipped(rounds, np.where(possible, at + rounds * length, at))
        return _Skipped(rounds, np.where(rounds > 0, self._worktime(a).advance(at, rounds * length), at))

    def _idle(
        self, a: Activity, at: FloatArray, copies: int, before: Mapping[int, FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """How many copies the units that are idle at `at` hold, at most `copies`; when more fall free."""
        slots, other = np.full(self.n, float(copies)), np.full(self.n, np.inf)
        for p, k in a.needs:
            free = before.get(p)
            if free is None or (copies * k <= len(free) and (free[copies * k - 1] <= at).all()):
                continue  # all copies at once, in every draw
            slots = np.minimum(slots, np.count_nonzero(free <= at, axis=0) // k)
            other = np.minimum(other, np.where(free > at, free, np.inf).min(axis=0))
        return slots, other

    # -- parts -------------------------------------------------------------------------------------

    def _drawn(self, a: Activity) -> Lengths:
        drawn = self.lengths[a.index]
        assert drawn is not None
        return drawn

    def _ready(self, a: Activity) -> FloatArray:
        """When all that it waits for is there, shape (draws,)."""
        ready: FloatArray | None = None
        for p, started in a.preds:
            row = self.times.start[p] if started else self.times.finish[p]
            if self.network.activities[p].done_ms is not None:
                continue
            ready = row if ready is None else np.maximum(ready, row)
        return self._zero if ready is None else ready

    def _submit(self, a: Activity, ready: FloatArray, *, delayed: bool = True, waits: bool = True) -> FloatArray:
        """When it asks for units: delayed by risks (R4), then waiting in the queue (S4)."""
        drawn = self._drawn(a)
        if delayed and drawn.delay is not None:
            ready = self._end(a, ready, drawn.delay)
        return ready + drawn.wait if waits and drawn.wait is not None else ready

    def _round(
        self, a: Activity, submit: FloatArray, copies: int, mask: BoolArray | None, cut: FloatArray | None = None
    ) -> tuple[list[FloatArray], FloatArray, list[FloatArray]]:
        """Copies of one activity, each when its units are free: (able to start, first begin, ends)."""
        length = self._drawn(a).copy
        if not copies:
            return [], submit, []
        pools = [(p, k) for p, k in a.needs if self.free[p] is not None]
        if not pools:
            return [submit], self._begin(a, submit), [self._end(a, submit, length)]
        ables, ends = [], []
        first: FloatArray | None = None
        for _ in range(copies):
            able = submit
            for p, k in pools:
                free = self.free[p]
                assert free is not None
                able = np.maximum(able, free[k - 1])
            begin = self._begin(a, able)
            end = self._end(a, able, length)
            held = mask
            if cut is not None:
                assert mask is not None
                held = np.asarray(mask & (begin < cut), dtype=bool)
                self._take(a, np.minimum(end, cut), held)
            else:
                self._take(a, end, held)
            first = begin if first is None else first
            ables.append(able)
            ends.append(end)
        assert first is not None
        return ables, first, ends

    def _take(self, a: Activity, end: FloatArray, mask: BoolArray | None) -> None:
        """Takes its units from the earliest free ones until `end`, in the draws of `mask`."""
        for p, k in a.needs:
            free = self.free[p]
            if free is None:
                continue
            keep = len(free) - k
            where: BoolArray | bool = True
            until = end
            if mask is not None and k == 1:
                until = np.where(mask, end, free[0])  # a unit taken until it was free anyway: as if not taken
            elif mask is not None:
                where = mask
            low = np.minimum(free[k:], until, out=self._scratch[:keep])
            np.maximum(free[:keep], low, out=free[:keep], where=where)
            np.maximum(free[keep:], until, out=free[keep:], where=where)

    def _begin(self, a: Activity, able: FloatArray) -> FloatArray:
        return self._worktime(a).opening(able) if a.calendar else able

    def _end(self, a: Activity, able: FloatArray, work: FloatArray) -> FloatArray:
        return self._worktime(a).advance(able, work) if a.calendar else able + work

    def _worktime(self, a: Activity) -> WorkTime:
        assert a.calendar is not None
        if (found := self._work.get(id(a.calendar))) is None:
            found = self._work[id(a.calendar)] = WorkTime(a.calendar)
        return found


@dataclass(frozen=True, slots=True)
class _Skipped:
    rounds: FloatArray
    until: FloatArray


def _free_units(network: Network, n: int) -> list[FloatArray | None]:
    """Free times of every pool, shape (units, draws); None for a pool that can never be short."""
    most = [0] * len(network.pools)
    for a in network.activities:
        if a.done_ms is None:
            later = a.rounds.side_by_side * a.rounds.copies if a.rounds else 0
            for p, k in a.needs:
                most[p] += k * max(a.waiting + len(a.worked_ms), later)
    return [
        None if pool.count >= want else np.zeros((pool.count, n))
        for pool, want in zip(network.pools, most, strict=True)
    ]


def _without(free: FloatArray, ends: list[FloatArray], units: int) -> FloatArray:
    """Free times as if some copies had not taken their units: each end is replaced by 0."""
    for end in ends:
        for _ in range(units):
            own = free == end
            at = np.where(own.any(axis=0), own.argmax(axis=0), -1)
            shifted = np.concatenate([np.zeros((1, free.shape[1])), free[:-1]])
            free = np.where(np.arange(len(free))[:, None] <= at, shifted, free)
    return free.copy()


def _latest(ends: list[FloatArray]) -> FloatArray:
    last = ends[0]
    for end in ends[1:]:
        last = np.maximum(last, end)
    return last


def _chain_head(ables: list[FloatArray], ends: list[FloatArray], submit: FloatArray) -> FloatArray:
    """When the copies that lead to the last end, one after another, became able to start (rule S7)."""
    head, last = ables[0], ends[0]
    for able, end in zip(ables[1:], ends[1:], strict=True):
        head = np.where(end >= last, able, head)
        last = np.maximum(last, end)
    for able, end in zip(reversed(ables), reversed(ends), strict=True):
        if able is not head:
            head = np.where((end == head) & (head > submit), able, head)
    return head
