"""The mix of costs, where two runs do not do the same units: seconds per kind of event, and the ratio at one mix.

A candidate that rounds otherwise goes another way after a while, and may then make longer episodes or fewer updates by
chance; so does a command whose random streams cannot be kept. Both runs are then compared at the original's events.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sixdays.faster.model import Counter, FloatArray, Kind, Trace
from sixdays.faster.unit import done, event_numbers

FEWEST = 5  # events of a kind from which on their cost is known
BLOCKS = (8, 40)  # stretches of a run from which costs are told
ALIKE = 0.01  # share by which the events of two runs may differ and still be the same work
KINDS: tuple[Kind, ...] = ("env step", "optimiser step")  # whose costs make up a unit
PRIOR = 0.01  # weight of the cost that the gaps tell, beside the stretches: it decides only where those do not

Events = Mapping[Kind, float]  # of each kind, per unit; those of evaluations count too, though they are no units
IntArray = NDArray[np.intp]
Stretch = tuple[float, float]  # seconds since the probe began


def same_events(original: Trace, candidate: Trace, within: tuple[Stretch, Stretch], fewer: Collection[Kind]) -> bool:
    """Whether two runs did the same events in their stretches; fewer: kinds that the candidate leaves out by design."""
    a, b = (events(t, s) for t, s in zip((original, candidate), within, strict=True))
    return all(
        abs(a.get(k, 0.0) - b.get(k, 0.0)) <= max(ALIKE * a.get(k, 0.0), 1.0)
        for k in a.keys() | b.keys()
        if k not in fewer
    )


def costs(trace: Trace, within: Stretch, kinds: Sequence[Kind]) -> FloatArray | None:
    """Seconds per event of each kind in a stretch, shape (kinds,): costs × events add up to the time that passed.

    By least squares over shorter stretches that end with the rarest kind, so that what is paid later (the gradients
    of an episode's steps) counts with the events that caused it. Where all stretches have one mix they cannot tell:
    the gaps before the events decide. None where a kind has too few events.
    """
    times, events, kind = _merged(trace, within, kinds)
    totals = np.array([events[kind == i].sum() for i in range(len(kinds))])
    if not totals.size or totals.min() < FEWEST:
        return None
    gaps = np.diff(times, prepend=within[0])
    usual = np.array([gaps[kind == i].sum() for i in range(len(kinds))])  # seconds of each kind, as its gaps tell
    edges = _edges(kind, int(np.argmin(totals)))
    if edges.size < BLOCKS[0]:
        return np.asarray(usual / totals, dtype=np.float64)
    took = np.diff(times[edges], prepend=within[0])
    cumulated = np.stack([np.cumsum(np.where(kind == i, events, 0.0)) for i in range(len(kinds))], axis=1)
    share = np.diff(cumulated[edges], axis=0, prepend=0.0) / totals
    # Unknown: seconds of each kind in all. Rows: the stretches, and the prior.
    scale = PRIOR * float(np.sqrt((share**2).sum()))
    rows = np.concatenate([share, scale * np.eye(len(kinds))])
    found = np.maximum(np.linalg.lstsq(rows, np.concatenate([took, scale * usual]), rcond=None)[0], 0.0)
    seconds: FloatArray = found / found.sum() * gaps.sum() if found.sum() > 0 else usual
    return np.asarray(seconds / totals, dtype=np.float64)


def counted(trace: Trace, kind: Kind, at: FloatArray) -> FloatArray:
    """How many events of a kind were over at given moments, shape (n,)."""
    sites = [c for c in trace.counters if c.kind == kind and c.times.size]
    return sum((done(event_numbers(c.times.size), c.times, at) for c in sites), np.zeros(at.size))


def ratio_by_mix(
    original: Trace, candidate: Trace, within: tuple[Stretch, Stretch], fewer: Collection[Kind] = (),
    others: Sequence[tuple[Trace, Stretch]] = (),
) -> float | None:  # fmt: skip
    """Seconds of the original in its stretch ÷ seconds that the candidate takes for the same events.

    within: of the original, of the candidate. others: more runs of the candidate, which tell its costs better than one;
    its own time is that of its own run. None where one of the two lacks a kind of event that the other has, or has too
    few to know their cost.
    """
    kinds = sorted(k for k in events(original, within[0]) if k not in fewer)
    if kinds != sorted(k for k in events(candidate, within[1]) if k not in fewer):
        return None
    known = [c for t, s in ((candidate, within[1]), *others) if (c := costs(t, s, kinds)) is not None]
    if not known:
        return None
    each = np.mean(known, axis=0)
    (a, took_a), (b, took_b) = (_done(t, s, kinds) for t, s in zip((original, candidate), within, strict=True))
    if min(took_a, took_b, float(each @ a), float(each @ b)) <= 0.0:
        return None
    return took_a / took_b * float(each @ b) / float(each @ a)


def pace(trace: Trace, here: tuple[Stretch, Events], there: tuple[Stretch, Events]) -> float | None:
    """Units a second at the mix of there ÷ at that of here, by the costs in their stretches; None where unknown."""
    a, b = (cost_in(trace, *of) for of in (here, there))
    return a / b if a and b else None


def cost_in(trace: Trace, within: Stretch, events: Events) -> float | None:
    """Seconds per unit at a mix, by the costs in a stretch; None where they are not known."""
    each = costs(trace, within, KINDS)
    return None if each is None else cost(each, events)


def _done(trace: Trace, within: Stretch, kinds: Sequence[Kind]) -> tuple[FloatArray, float]:
    """Events of each kind in a stretch, shape (kinds,), and the seconds from its start to the last of them."""
    times, events, kind = _merged(trace, within, kinds)
    counts = np.array([float(events[kind == i].sum()) for i in range(len(kinds))])
    return counts, float(times[-1] - within[0]) if times.size else 0.0


def _moving(trace: Trace, within: Stretch, kinds: Collection[Kind] | None = None) -> list[tuple[Counter, IntArray]]:
    """Of each counter that moved in a stretch: its noted events there, as the numbers that they bear."""
    found = []
    for c in trace.counters:
        inside = np.flatnonzero((c.times > within[0]) & (c.times <= within[1]))
        if inside.size and (kinds is None or c.kind in kinds):
            found.append((c, inside))
    return found


def events(trace: Trace, within: Stretch) -> dict[Kind, float]:
    """How many events of each kind fell into a stretch."""
    found: dict[Kind, float] = {}
    for c, inside in _moving(trace, within):
        numbers = event_numbers(c.times.size)
        found[c.kind] = found.get(c.kind, 0.0) + float(numbers[inside[-1]] - numbers[inside[0]]) + 1.0
    return found


def _merged(trace: Trace, within: Stretch, kinds: Sequence[Kind]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """All noted events of these kinds in a stretch, in order: when, of how many they speak, and which kind."""
    moving = _moving(trace, within, kinds)
    if not moving:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    times = np.concatenate([c.times[inside] for c, inside in moving])
    weights = [np.diff(event_numbers(c.times.size), prepend=0.0)[inside] for c, inside in moving]
    kind = np.concatenate([np.full(inside.size, float(kinds.index(c.kind))) for c, inside in moving])
    order = np.argsort(times, kind="stable")
    return times[order], np.concatenate(weights)[order], kind[order]


def _edges(kind: FloatArray, rarest: int) -> IntArray:
    """Places of the events that end a stretch: the last of a burst of the rarest kind; the last event of all."""
    ends = np.flatnonzero((kind == rarest) & (np.append(kind[1:], -1.0) != rarest))
    if ends.size < BLOCKS[0]:
        ends = np.arange(kind.size)
    chosen = np.unique(np.linspace(0, ends.size - 1, min(ends.size, BLOCKS[1])).astype(int))
    return np.unique(np.append(ends[chosen], kind.size - 1))


def per_unit(trace: Trace, numbers: FloatArray, times: FloatArray, units: tuple[float, float]) -> Events:
    """Events per unit of each kind from one unit to another."""
    at = np.interp(units, numbers, times)
    return {k: float(np.diff(counted(trace, k, at))[0]) / (units[1] - units[0]) for k in KINDS}


def cost(each: FloatArray, events: Events) -> float:
    """Seconds per unit at a mix of events."""
    return max(float(each @ np.array([events[k] for k in KINDS])), 1e-12)
