"""How many tries still fit before a deadline, draw by draw (rule T4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sixdays.odds.estimates import FloatArray, Lengths
from sixdays.odds.schedule import Dispatch
from sixdays.plan.network import Goal, Network

MOST = 1_000
EXACT_S = 1e-6
MS_S = 5e-4  # in time is compared to the millisecond (rule C6)


def tries_that_fit(
    network: Network,
    lengths: Sequence[Lengths | None],
    order: Sequence[int],
    closing: Mapping[int, FloatArray | float],
    index: int,
    goal: Goal,
    convinced: FloatArray,
    end: FloatArray,
    prefixes: dict[int, Dispatch],
) -> FloatArray:
    """For each draw the largest n such that the target is in time if the n-th try from now convinces.

    The coin of `works` and stops are ignored; other tasks with tries convince at their first.
    Returns: shape (draws,), whole numbers from 0 to what `at most` leaves, at most 1,000.

    convinced, end: when a try convinced in the forecast, and the target ended; the search starts from it.
    prefixes: what stands before each activity in this order; filled here, shared by the targets of a forecast.

    Bisection on the number of rounds with common draws. The first guess is an upper bound by arithmetic
    (the room that is left, less what must follow, over the length of a round) and mostly right, so that
    one pass does for most draws; what comes before the task in the order is placed once.
    """
    a, first = network.activities[index], lengths[index]
    assert a.rounds is not None
    assert first is not None
    assert first.tries is not None
    k = a.rounds.side_by_side
    most = MOST if a.rounds.left is None else min(a.rounds.left, MOST)
    last = -(-most // k)  # in rounds of k
    n = len(first.copy)
    if not most or a.done_ms is not None:
        return np.zeros(n)
    due_s = goal.due_ms / 1000
    search = _Search(network, lengths, order, closing, index, goal, prefixes)

    waves = -(-(k * a.rounds.copies) // network.slots(a))
    length = np.maximum(waves * first.copy + (0.0 if first.wait is None else first.wait), 1e-3)
    # Rounds that stand somewhere: those of the forecast, or one round where it says nothing of this model.
    alone = sum(b.rounds is not None for b in network.activities) == 1
    known = (end <= due_s + MS_S) & (first.tries <= most) if alone else np.zeros(n, dtype=bool)
    tried, at, end = np.where(known, np.ceil(first.tries / k), 1.0), convinced.copy(), end.copy()
    if (unknown := np.flatnonzero(~known)).size:
        end[unknown], at[unknown] = search.finish(unknown, np.full(len(unknown), float(min(k, most))))
    fits = end <= due_s + MS_S
    low, high = np.where(fits, tried, 0.0), np.where(fits, last + 1.0, 1.0)
    # No round is shorter than `length`, and what must follow takes at least its own time.
    tail = _least_after(network, lengths, index, goal)
    guess = tried + np.floor((due_s + MS_S - at - tail) / length + 1e-9)
    bounded = (guess >= tried) & (most % k == 0)  # a smaller last round may be shorter
    high[bounded] = np.minimum(high, guess + 1)[bounded]
    if search.plain:  # and where nothing else was in the way, it takes no more than that either
        some = np.flatnonzero(bounded & fits)
        exact = some[np.abs(end[some] - at[some] - np.broadcast_to(tail, n)[some]) < EXACT_S]
        low[exact] = np.minimum(guess[exact], last)
    passes = 0
    while (open_ := np.flatnonzero(high - low > 1)).size:
        ask = np.clip(guess[open_], low[open_] + 1, high[open_] - 1)
        ends, _ = search.finish(open_, np.minimum(ask * k, most))
        fits = ends <= due_s + MS_S
        low[open_[fits]] = ask[fits]
        high[open_[~fits]] = ask[~fits]
        # Next to the last answer first, then halves.
        passes += 1
        halves = np.floor((low[open_] + high[open_]) / 2)
        guess[open_] = halves if passes > 2 else np.where(fits, ask + 1, ask - 1)
    return np.asarray(np.minimum(low * k, most), dtype=float)


class _Search:
    """The finish of one target for a given number of tries, in some of the draws."""

    def __init__(
        self,
        network: Network,
        lengths: Sequence[Lengths | None],
        order: Sequence[int],
        closing: Mapping[int, FloatArray | float],
        index: int,
        goal: Goal,
        prefixes: dict[int, Dispatch],
    ) -> None:
        needed, started = network.needed[goal.name]
        last = max((j for j, i in enumerate(order) if i in needed or i in started), default=-1)
        at = order.index(index) if index in order else len(order)
        self.index, self.goal, self.rest = index, goal, order[at : last + 1]
        self.live = set(self.rest)
        self.plain = self._is_plain(network)
        self.read = {p for i in self.rest for p, _ in network.activities[i].preds} | set(goal.requires)
        self.lengths = [d if d is None or d.tries is None else replace(d, tries=np.ones(len(d.copy))) for d in lengths]
        self.n = next(len(d.copy) for d in self.lengths if d is not None)
        if index not in prefixes:
            prefixes[index] = Dispatch(network, self.lengths, self.n, closing)
            prefixes[index].run(order[:at])
        self.before = prefixes[index]

    def _is_plain(self, network: Network) -> bool:
        """One run a round, none under way, round the clock, and after it one task waits for the other: then
        rounds are all alike, and a later end of the tries moves everything after them by as much.
        """
        a = network.activities[self.index]
        assert a.rounds is not None
        one_run = a.rounds.side_by_side * a.rounds.copies == 1 and not (a.running or a.calendar or a.repeats)
        chain = all(any(p == i and not s for p, s in network.activities[j].preds) for i, j in pairwise(self.rest))
        return one_run and chain and all(network.activities[j].calendar is None for j in self.rest)

    def finish(self, draws: NDArray[np.intp], tries: FloatArray) -> tuple[FloatArray, FloatArray]:
        """When the target is done, and when the last of these tries is, shape of draws."""
        whole = len(draws) == self.n
        lengths = list(self.lengths)
        if not whole:
            lengths = [_some(d, draws) if d and i in self.live else None for i, d in enumerate(lengths)]
        own = lengths[self.index]
        assert own is not None
        lengths[self.index] = replace(own, tries=tries)
        times = self.before.fork(draws, len(draws), lengths, self.read).go_on(self.rest)
        end = times.finish[self.goal.requires[0]]
        for i in self.goal.requires[1:]:
            end = np.maximum(end, times.finish[i])
        return end, times.finish[self.index]


def _least_after(network: Network, lengths: Sequence[Lengths | None], index: int, goal: Goal) -> FloatArray | float:
    """The longest chain of what waits for the end of an activity and must finish, in seconds of each draw."""
    needed = network.needed[goal.name][0]
    tail: dict[int, FloatArray | float] = {}
    for i in reversed(network.forward):
        if i not in needed:
            continue
        longest: FloatArray | float = 0.0
        for j, started in network.successors[i]:
            drawn = lengths[j]
            if started or j not in tail or drawn is None or not network.activities[j].to_come:
                continue
            b = network.activities[j]
            copies = b.waiting  # of one try at least, where there are tries: `at most` may leave no more
            if b.rounds:
                copies = 0 if b.running else b.rounds.copies
            own = -(-copies // network.slots(b)) * drawn.copy + tail[j]
            longest = np.maximum(longest, own if drawn.wait is None or b.running else own + drawn.wait)
        tail[i] = longest
        if i == index:
            return longest
    return 0.0


def _some(drawn: Lengths, draws: NDArray[np.intp]) -> Lengths:
    def pick(row: FloatArray | None) -> FloatArray | None:
        return None if row is None else row[draws]

    return Lengths(
        drawn.copy[draws],
        tuple(r[draws] for r in drawn.rest),
        pick(drawn.wait),
        pick(drawn.delay),
        pick(drawn.tries),
        pick(drawn.again),
    )
