"""The mix of costs, where two runs do not do the same units: seconds per kind of event, and the ratio at one mix.

Where random streams cannot be kept, a candidate may make longer episodes or fewer updates by chance. The time between
an event and the one before it is the cost of its kind; both runs are then compared at the original's mix of events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, sqrt

import numpy as np

from sixdays.faster.compare import LEVEL, Factor, normal
from sixdays.faster.model import Kind, Trace
from sixdays.faster.unit import FloatArray, event_numbers

FEWEST = 5  # events of a kind from which on their cost is known
NAMES: Mapping[Kind, str] = {"env step": "environment step"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that one event of a kind takes, with the standard error, and how many there were."""

    seconds: float
    error: float
    events: float


@dataclass(frozen=True, slots=True)
class Mixed:
    """The ratio of two runs at the original's mix, with its interval, and what it rests on, in words."""

    factor: Factor
    text: str


def mix(trace: Trace, since: float = 0.0) -> dict[Kind, Cost]:
    """What an event of each kind costs after `since` seconds; the costs × events add up to the time that passed.

    Empty where nothing moved. The standard error is that of a mean of unequal costs, NaN for a single event.
    """
    moving = [c for c in trace.counters if c.times.size and c.times[-1] > since]
    if not moving:
        return {}
    times = np.concatenate([c.times for c in moving])
    events = np.concatenate([np.diff(event_numbers(c.times.size), prepend=0.0) for c in moving])
    kind = np.concatenate([np.full(c.times.size, i) for i, c in enumerate(moving)])
    order = np.argsort(times, kind="stable")
    gaps = np.diff(times[order], prepend=0.0)
    inside = np.flatnonzero(times[order] > since)[1:]  # the first has no event before it
    costs: dict[Kind, Cost] = {}
    for name in dict.fromkeys(c.kind for c in moving):
        mine = inside[np.isin(kind[order][inside], [i for i, c in enumerate(moving) if c.kind == name])]
        if mine.size:
            costs[name] = _cost(gaps[mine], events[order][mine])
    return costs


def _cost(gaps: FloatArray, events: FloatArray) -> Cost:
    n = float(events.sum())
    seconds = float(gaps.sum()) / n
    spread = float(np.std(gaps - seconds * events, ddof=1)) if gaps.size > 1 else float("nan")
    return Cost(seconds, spread * sqrt(gaps.size) / n, n)


def ratio_by_mix(original: Trace, candidate: Trace, since: tuple[float, float] = (0.0, 0.0)) -> Mixed | None:
    """Seconds of the original ÷ seconds of the candidate, both for the events of the original after `since`.

    None where one of them lacks a kind of event that the other has, or has too few to know their cost.
    """
    a, b = mix(original, since[0]), mix(candidate, since[1])
    if not a or a.keys() != b.keys() or any(c.events < FEWEST for c in (*a.values(), *b.values())):
        return None
    took = [sum(side[k].seconds * a[k].events for k in a) for side in (a, b)]
    error = [sqrt(sum((side[k].error * a[k].events) ** 2 for k in a)) for side in (a, b)]
    if min(took) <= 0:
        return None
    half = normal(LEVEL) * sqrt((error[0] / took[0]) ** 2 + (error[1] / took[1]) ** 2)
    value = took[0] / took[1]
    costs = ", ".join(f"{NAMES.get(k, k)} {a[k].seconds * 1e3:.3g} → {b[k].seconds * 1e3:.3g} ms" for k in a)
    said = f"at the original's mix of events, because the two do not do the same units: {costs}"
    return Mixed(Factor(value, value * exp(-half), value * exp(half)), said)
