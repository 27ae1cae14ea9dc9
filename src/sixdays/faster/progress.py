"""What else moved while both runs did the same units: updates, evaluations, batches, other environments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from sixdays.faster.model import Counter, FloatArray, Kind, Trace
from sixdays.faster.unit import Unit, at_unit, counter_of, done, event_numbers, plural, track

REGULAR = 0.05  # coefficient of variation of its strides, up to which a counter moves regularly
SLACK = 0.02  # how far regular counters may be apart
SPREAD = 0.6  # and irregular ones, which depend on what was learned
MANY = 20  # bursts from which on an irregular counter tells anything
KINDS: tuple[Kind, ...] = ("optimiser step", "evaluation", "batch", "env step")
AT_A_TIME = {
    "optimiser step": "{} updates were made at a time, in place of {}: are updates left out?",
    "evaluation": "an evaluation was of {} in place of {} items",
    "batch": "{} batches were taken at a time, in place of {}",
}
WORDS = {
    "optimiser step": "updates were made",
    "evaluation": "evaluations were made",
    "batch": "batches or items of data were taken",
    "env step": "steps of other environments were made",
}


@dataclass(frozen=True, slots=True)
class _Moved:
    """How much one kind moved until a unit. bursts: at how many different units; largest, usual: of bursts."""

    amount: float
    bursts: int
    largest: float
    usual: float
    regular: bool


def strange(original: Trace, candidate: Trace, unit: Unit, fewer: Collection[Kind]) -> str:
    """What a candidate did too little, or too often, for the same units, in words; empty where nothing.

    Updates and batches must be as many; the rest not fewer, but for the kinds in `fewer`.
    """
    end = min(unit.count(original), unit.count(candidate))
    for kind in KINDS:
        a, b = _moved(original, unit, kind, end), _moved(candidate, unit, kind, end)
        if not a.amount:
            continue
        low, high = _bounds(a)
        if kind in fewer or (low <= b.amount and (b.amount <= high or kind in ("evaluation", "env step"))):
            if kind in AT_A_TIME and _is_less_at_a_time(a, b, kind, fewer):
                return AT_A_TIME[kind].format(f"{b.usual:,.0f}", f"{a.usual:,.0f}")
            continue
        more = "more" if b.amount > a.amount else "fewer"
        said = f"in {end:,.0f} {plural(unit.word)} {more} {WORDS[kind]}: {b.amount:,.0f} in place of {a.amount:,.0f}"
        return said + ("; are updates left out?" if kind == "batch" and more == "more" else "")
    return ""


def _is_less_at_a_time(a: _Moved, b: _Moved, kind: Kind, fewer: Collection[Kind]) -> bool:
    """Whether each burst is smaller: of two or three, which may differ by what was learned, clearly so."""
    if not a.regular or min(a.bursts, b.bursts) < 2 or (kind in fewer and kind != "evaluation"):
        return False
    is_known = kind == "evaluation" or a.bursts > 3
    return b.usual < (1.0 - SLACK if is_known else SPREAD) * a.usual


def stands_still(original: Trace, candidate: Trace) -> str:
    """That a candidate makes no update at all where the original does, in words; empty where that is not so."""
    if not candidate.counters and candidate.stopped:  # it may not have had the time
        return ""
    n, m = (sum(c.count for c in t.counters if c.kind == "optimiser step") for t in (original, candidate))
    return f"it made no update, where the original made {n:,}: are updates left out?" if n and not m else ""


def _bounds(a: _Moved) -> tuple[float, float]:
    """How few and how many of a candidate are taken for the same as the original's."""
    if a.regular and a.bursts > 1:
        slack = a.largest + SLACK * a.amount
        return a.amount - slack, a.amount + slack
    if a.bursts >= MANY:
        return SPREAD * a.amount, a.amount / SPREAD
    return (0.0, np.inf) if a.bursts < 3 else (a.amount / 3.0 - a.largest, 3.0 * a.amount + a.largest)


def _moved(trace: Trace, unit: Unit, kind: Kind, end: float) -> _Moved:
    """All counters of a kind together, but for the unit's own, until the end-th unit."""
    own = counter_of(trace, unit)
    numbers, times = track(trace, unit)
    until = at_unit(numbers, times, end)
    amount, bursts, largest, usual, regular = 0.0, 0, 0.0, 0.0, True
    for c in trace.counters:
        if c.kind != kind or until is None or not c.times.size or c is own:
            continue
        at, sizes = _bursts(c, numbers, times, until)
        amount += float(sizes.sum())
        bursts = max(bursts, sizes.size)
        largest += float(sizes.max(initial=0.0))
        usual += float(np.median(sizes[:-1])) if sizes.size > 1 else float(sizes.sum())  # the last may be cut off
        regular = regular and _is_regular(np.diff(at)) and _is_regular(sizes[:-1])
    return _Moved(amount, bursts, largest, usual, regular)


def _bursts(c: Counter, numbers: FloatArray, times: FloatArray, until: float) -> tuple[FloatArray, FloatArray]:
    """The units at which a counter moved until a moment, and by how much each time."""
    happened = c.times[c.times <= until]
    amounts = c.each * np.diff(event_numbers(happened.size), prepend=0.0)
    at, index = np.unique(done(numbers, times, happened), return_inverse=True)
    return at, np.bincount(index, weights=amounts, minlength=at.size).astype(np.float64)


def _is_regular(x: FloatArray) -> bool:
    return x.size < 3 or float(x.std()) <= REGULAR * float(np.abs(x.mean()))
