"""Evaluations of a run that learns: which sites make them, and the share of its time that they take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sixdays.faster.model import Counter, FloatArray, Trace
from sixdays.faster.unit import SELDOM, feeding, is_evaluation_name, of_kind

SEEN_ONCE = 0.07  # share that an evaluation seen once may have: of less, no change could be shown


def left_out(trace: Trace, window: tuple[float, float]) -> float:
    """The share of a run that its evaluations took, where none of them lies between two moments; else 0."""
    sites = evaluations(trace)
    is_in = any(np.any((c.times > window[0]) & (c.times <= window[1])) for c in sites)
    return 0.0 if is_in else share(trace, sites)


def evaluations(trace: Trace) -> list[Counter]:
    """Sites that evaluate while it learns: a module in eval mode, an environment that it does not learn from."""
    others = [c for c in of_kind(trace, "env step") if not any(c is s for s in _sources(trace))]
    begun = min((c.first for c in of_kind(trace, "optimiser step")), default=np.inf)
    again = [c for c in others if c.times[-1] > begun or len(_bursts(trace, c.times)) > 1]  # not what tries out once
    return [*(c for c in of_kind(trace, "evaluation") if is_seldom(trace, c)), *again]


def is_seldom(trace: Trace, c: Counter) -> bool:
    """Whether it moves between few of the updates that the most active optimiser makes; a site of environments,
    between few of those, too, between which any such site does. A policy that acts in eval mode is none.
    """
    updates = max((s.count for s in trace.counters if s.kind == "optimiser step"), default=0)
    steps = max((s.bursts for s in trace.counters if s.kind == "env step"), default=0)
    return c.bursts < SELDOM * (min(steps, updates) if c.kind == "env step" else updates) and not acts(trace, c)


def acts(trace: Trace, c: Counter) -> bool:
    """Whether it is a module in eval mode that chooses actions: it moves as often as what the updates learn from."""
    if c.kind != "evaluation" or is_evaluation_name(c.function):
        return False
    steps = max((s.bursts for s in _sources(trace)), default=0)
    return 0 < SELDOM * steps <= c.bursts


def within(trace: Trace, begin: float, end: float) -> tuple[int, float]:
    """How many evaluations a run made between two moments, and the seconds of each, about."""
    sites = evaluations(trace)
    times = np.sort(np.concatenate([c.times for c in sites])) if sites else np.zeros(0)
    bursts = [b for b in _bursts(trace, times[(times > begin) & (times <= end)]) if b.size]
    return len(bursts), _spent(bursts) / max(len(bursts), 1)


def _sources(trace: Trace) -> list[Counter]:
    return feeding(of_kind(trace, "env step"), of_kind(trace, "optimiser step"))


def _bursts(trace: Trace, times: FloatArray) -> list[FloatArray]:
    """Moments in groups, between which it learns or steps to learn."""
    learning = [c.times for c in (*of_kind(trace, "optimiser step"), *_sources(trace))]
    between = np.searchsorted(np.sort(np.concatenate(learning)), times) if learning else np.zeros(times.size)
    return np.split(times, np.flatnonzero(np.diff(between)) + 1)


def _spent(bursts: Sequence[FloatArray]) -> float:
    """Seconds of evaluations, by when their passes were over: of the first one it is not known when it began."""
    return sum(float(b[-1] - b[0]) * b.size / max(b.size - 1, 1) for b in bursts)


def share(trace: Trace, sites: Sequence[Counter]) -> float:
    """The share of the time, from the first evaluation to the last update, that evaluations took; about."""
    steps = of_kind(trace, "optimiser step")
    if not sites or not steps:
        return 0.0
    updates, times = (np.sort(np.concatenate([c.times for c in of])) for of in (steps, sites))
    spent = _spent(_bursts(trace, times))
    return spent / max(float(updates[-1]) - float(times[0]), spent) if spent else 0.0
