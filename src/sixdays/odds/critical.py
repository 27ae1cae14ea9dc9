"""The critical chain, draw by draw (rule S7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sixdays.odds.estimates import FloatArray
from sixdays.odds.schedule import Times
from sixdays.plan.network import Activity, Goal, Network

Draws = NDArray[np.intp]


def criticality(network: Network, times: Times, order: Sequence[int], goal: Goal) -> dict[int, float]:
    """Share of draws in which each activity lies on the critical chain of a target.

    Walks back from the required activity that ends last: to the predecessor, or else the earlier
    activity in the order that freed its unit, whose end (or start, for that tie) is exactly the
    moment it became able to start; stops where that moment is now or a wait.
    """
    assert times.head is not None
    n = times.n
    ordered = set(order)
    placed = [*(a.index for a in network.activities if a.running and a.index not in ordered), *order]
    marked: dict[int, NDArray[np.bool_]] = {}

    def mark(i: int, draws: Draws) -> None:
        if i not in marked:
            marked[i] = np.zeros(n, dtype=bool)
        marked[i][draws] = True

    for i, draws in _last(network, times, goal, n):
        mark(i, draws)
    share: dict[int, float] = {}
    for at in range(len(placed) - 1, -1, -1):
        i = placed[at]
        if i not in marked:
            continue
        on_chain = marked.pop(i)
        share[i] = np.count_nonzero(on_chain) / n
        able = times.head[i]
        left = np.flatnonzero(on_chain & (able > 0) & (able < np.inf))
        for j, reached in _before(network, times, network.activities[i], placed[:at], left, able):
            mark(j, reached)
    return share


def _last(network: Network, times: Times, goal: Goal, n: int) -> list[tuple[int, Draws]]:
    """Where the walk starts: the required activity that ends last, or the one that gave up."""
    needed = network.needed[goal.name][0]
    ends, last = times.finish[goal.requires[0]], np.zeros(n, dtype=int)
    for row, i in enumerate(goal.requires[1:], 1):
        later = times.finish[i] > ends
        last[later] = row
        ends = np.maximum(ends, times.finish[i])
    never = ~np.isfinite(ends)
    out = [(i, np.flatnonzero((last == row) & ~never)) for row, i in enumerate(goal.requires)]
    if never.any():
        given_up = [i for i in times.gave_up if i in needed]
        if given_up:
            when = np.stack([np.where(np.isfinite(times.gave_up[i]), times.gave_up[i], -1.0) for i in given_up])
            which = when.argmax(axis=0)
            out += [(i, np.flatnonzero(never & (which == row))) for row, i in enumerate(given_up)]
    return [(i, draws) for i, draws in out if draws.size and network.activities[i].done_ms is None]


def _before(
    network: Network, times: Times, a: Activity, earlier: Sequence[int], draws: Draws, able: FloatArray
) -> list[tuple[int, Draws]]:
    """For some draws of an activity, what was in its way."""
    out = []
    for p, started in a.preds:
        row = times.start[p] if started else times.finish[p]
        hit = row[draws] == able[draws]
        if hit.any():
            out.append((p, draws[hit]))
            draws = draws[~hit]
    pools = {p for p, _ in a.needs}
    for j in reversed(earlier):
        if not draws.size:
            break
        if pools.isdisjoint(p for p, _ in network.activities[j].needs):
            continue
        hit = times.finish[j][draws] == able[draws]
        if hit.any():
            out.append((j, draws[hit]))
            draws = draws[~hit]
    return out
