"""How many tries still fit before a deadline, draw by draw (rule T4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

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
) -> FloatArray:
    """For each draw the largest n such that the target is in time if the n-th try from now convinces.

    The coin of `works` and stops are ignored; other tasks with tries convince at their first.
    Returns: shape (draws,), whole numbers from 0 to what `at most` leaves, at most 1,000.

    Bisection on the number of rounds with common draws. The first guess is arithmetic (room left
    over the length of a round) and nearly always right, so that three passes do for most plans.
    """
    rounds = network.activities[index].rounds
    first = lengths[index]
    assert rounds is not None
    assert first is not None
    k = rounds.side_by_side
    most = MOST if rounds.left is None else min(rounds.left, MOST)
    last = -(-most // k)  # in rounds of k
    n = len(first.copy)
    if not most or network.activities[index].done_ms is not None:
        return np.zeros(n)
    due_s = goal.due_ms / 1000
    low, high = np.zeros(n), np.full(n, last + 1.0)
    search = _Search(network, lengths, order, closing, index, goal)

    everyone = np.arange(n)
    end = search.finish(everyone, np.full(n, min(k, most)))
    fits = end <= due_s + MS_S
    low[fits], high[~fits] = 1, 1
    a = network.activities[index]
    waves = -(-(k * rounds.copies) // network.slots(a))
    length = waves * first.copy + (first.wait if first.wait is not None else 0.0)
    more = np.floor(np.where(fits, due_s - end, 0.0) / np.maximum(length, 1e-3) + 1e-9)
    guess = np.clip(low + more, low + 1, None)
    while (open_ := np.flatnonzero(high - low > 1)).size:
        ask = np.clip(guess[open_], low[open_] + 1, high[open_] - 1)
        fits = search.finish(open_, np.minimum(ask * k, most)) <= due_s + MS_S
        low[open_[fits]] = ask[fits]
        high[open_[~fits]] = ask[~fits]
        # Next to the last answer first: a right guess is closed by one more pass; then halves.
        beside = np.where(fits, ask + 1, ask - 1)
        halves = np.floor((low[open_] + high[open_]) / 2)
        guess[open_] = np.where(np.abs(guess[open_] - ask) < 0.5, beside, halves)
        guess[open_] = np.where(search.passes > 2, halves, guess[open_])
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
        self.network, self.index, self.goal = network, index, goal
        self.order = order[: last + 1]
        self.closing = closing
        self.passes = 0
        self.lengths = [d if d is None or d.tries is None else replace(d, tries=np.ones(len(d.copy))) for d in lengths]

    def finish(self, draws: np.ndarray[tuple[int], np.dtype[np.intp]], tries: FloatArray) -> FloatArray:
        self.passes += 1
        n = len(draws)
        whole = n == len(next(d for d in self.lengths if d is not None).copy)
        lengths = [d if d is None or whole else _some(d, draws) for d in self.lengths]
        own = lengths[self.index]
        assert own is not None
        lengths[self.index] = replace(own, tries=tries)
        closing = {i: c if whole or not isinstance(c, np.ndarray) else c[draws] for i, c in self.closing.items()}
        times = Dispatch(self.network, lengths, n, closing).run(self.order)
        end = times.finish[list(self.goal.requires)].max(axis=0)
        return np.asarray(end, dtype=float)


def _some(drawn: Lengths, draws: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Lengths:
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
