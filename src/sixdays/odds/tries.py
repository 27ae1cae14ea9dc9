"""How many tries still fit before a deadline, draw by draw (rule T4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sixdays.odds.estimates import FloatArray, Lengths
from sixdays.odds.schedule import Dispatch
from sixdays.plan.network import Goal, Network

MOST = 1_000
MS_S = 5e-4  # in time is compared to the millisecond (rule C6)


def tries_that_fit(
    network: Network,
    lengths: Sequence[Lengths | None],
    order: Sequence[int],
    closing: Mapping[int, FloatArray | float],
    index: int,
    goal: Goal,
    end: FloatArray,
) -> FloatArray:
    """For each draw the largest n such that the target is in time if the n-th try from now convinces.

    The coin of `works` and stops are ignored; other tasks with tries convince at their first.
    Returns: shape (draws,), whole numbers from 0 to what `at most` leaves, at most 1,000.

    end: when the target ended in the forecast, with the tries that it needed; the search starts from it.

    Bisection on the number of rounds with common draws. The first guess is arithmetic (room left over
    the length of a round) and nearly always right, so that two passes do for most plans; what comes
    before the task in the order is placed once.
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
    low, high = np.zeros(n), np.full(n, last + 1.0)
    search = _Search(network, lengths, order, closing, index, goal)

    length = -(-(k * a.rounds.copies) // network.slots(a)) * first.copy + (0.0 if first.wait is None else first.wait)
    known = np.isfinite(end) & (first.tries <= most)  # of the others, one round says where they stand
    tried, ends = np.where(known, np.ceil(first.tries / k), 1.0), np.where(known, end, 0.0)
    if (unknown := np.flatnonzero(~known)).size:
        ends[unknown] = search.finish(unknown, np.full(len(unknown), float(min(k, most))))
        fits = ends[unknown] <= due_s + MS_S
        low[unknown[fits]], high[unknown[~fits]] = 1.0, 1.0
    guess = tried + np.floor((due_s - ends) / np.maximum(length, 1e-3) + 1e-9)
    passes = 0
    while (open_ := np.flatnonzero(high - low > 1)).size:
        ask = np.clip(guess[open_], low[open_] + 1, high[open_] - 1)
        fits = search.finish(open_, np.minimum(ask * k, most)) <= due_s + MS_S
        low[open_[fits]] = ask[fits]
        high[open_[~fits]] = ask[~fits]
        # Next to the last answer first: a right guess is closed by one more pass; then halves.
        passes += 1
        halves = np.floor((low[open_] + high[open_]) / 2)
        guess[open_] = halves if passes > 2 else np.where(fits, ask + 1, ask - 1)
    return np.minimum(low * k, most)


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
    ) -> None:
        needed, started = network.needed[goal.name]
        last = max((j for j, i in enumerate(order) if i in needed or i in started), default=-1)
        at = order.index(index) if index in order else len(order)
        self.index, self.goal, self.rest = index, goal, order[at : last + 1]
        self.live = set(self.rest)
        self.read = {p for i in self.rest for p, _ in network.activities[i].preds} | set(goal.requires)
        self.lengths = [d if d is None or d.tries is None else replace(d, tries=np.ones(len(d.copy))) for d in lengths]
        self.n = next(len(d.copy) for d in self.lengths if d is not None)
        self.before = Dispatch(network, self.lengths, self.n, closing)
        self.before.run(order[:at])

    def finish(self, draws: NDArray[np.intp], tries: FloatArray) -> FloatArray:
        """When the target is done, shape of draws."""
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
        return end


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
