"""What else moved while both runs did the same units: updates, evaluations, batches, other environments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sixdays.faster.evaluations import acts
from sixdays.faster.model import Counter, FloatArray, Kind, Trace
from sixdays.faster.unit import Unit, acting, at_unit, counter_of, done, event_numbers, plural, track

REGULAR = 0.05  # coefficient of variation of its strides, up to which a counter moves regularly
SLACK = 0.02  # how far regular counters may be apart
SPREAD = 0.6  # and irregular ones, which depend on what was learned
FEW = 3  # bursts that are regular by chance
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
class _Measure:
    """What a run is counted in: units, or episodes. numbers, times, each shape (n,): how many were over, and when.

    own: the counter that it is taken from, which it says nothing of; None where it is printed.
    """

    word: str
    numbers: FloatArray
    times: FloatArray
    own: Counter | None


@dataclass(frozen=True, slots=True)
class _Moved:
    """How much one kind moved until a unit. bursts: at how many different units; largest, usual: of bursts."""

    amount: float
    bursts: int
    largest: float
    usual: float
    regular: bool

    @property
    def tells(self) -> bool:
        """Whether another run must move as much."""
        return self.regular and self.bursts > 1


def strange(original: Trace, candidate: Trace, unit: Unit, fewer: Collection[Kind]) -> str:
    """What a candidate did too little, or too often, for the same units, in words; empty where nothing.

    Updates and batches must be as many; the rest not fewer, but for the kinds in `fewer`. What does not move regularly
    with the units may do so with the episodes, whose lengths depend on what was learned.
    """
    runs = original, candidate
    units, episodes = [_units(t, unit) for t in runs], [_episodes(t) for t in runs]
    apart = _apart(units, episodes)
    for kind in KINDS:
        by, (a, b) = units, _moved_both(runs, units, kind)
        if not a.tells:
            c, d = _moved_both(runs, episodes, kind)
            by, a, b = (episodes, c, d) if c.tells and c.bursts > FEW else (units, a, b)
        if not a.amount:
            continue
        low, high = _bounds(a, apart)
        if kind in fewer or (low <= b.amount and (b.amount <= high or kind in ("evaluation", "env step"))):
            if kind in AT_A_TIME and _is_less_at_a_time(a, b, kind, fewer):
                return AT_A_TIME[kind].format(f"{b.usual:,.0f}", f"{a.usual:,.0f}")
            continue
        more = "more" if b.amount > a.amount else "fewer"
        said = (
            f"in {_end(by):,.0f} {plural(by[0].word)} {more} {WORDS[kind]}: {b.amount:,.0f} in place of {a.amount:,.0f}"
        )
        return said + ("; are updates left out?" if kind == "batch" and more == "more" else "")
    return ""


def _is_less_at_a_time(a: _Moved, b: _Moved, kind: Kind, fewer: Collection[Kind]) -> bool:
    """Whether each burst is smaller: of two or three, which may differ by what was learned, clearly so."""
    if not a.regular or min(a.bursts, b.bursts) < 2 or (kind in fewer and kind != "evaluation"):
        return False
    is_known = kind == "evaluation" or a.bursts > FEW
    return b.usual < (1.0 - SLACK if is_known else SPREAD) * a.usual


def stands_still(original: Trace, candidate: Trace) -> str:
    """That a candidate makes no update at all where the original does, in words; empty where that is not so."""
    if not candidate.counters and candidate.stopped:  # it may not have had the time
        return ""
    n, m = (sum(c.count for c in t.counters if c.kind == "optimiser step") for t in (original, candidate))
    return f"it made no update, where the original made {n:,}: are updates left out?" if n and not m else ""


def _bounds(a: _Moved, apart: float) -> tuple[float, float]:
    """How few and how many of a candidate are taken for the same as the original's.

    apart: how many times as long the episodes of the one are as those of the other, 1 or more. Long ones may be cut
    into more pieces than the original ever had to cut.
    """
    if a.tells:
        slack = a.largest + SLACK * a.amount
        return a.amount - slack, (a.amount + slack) * apart
    if a.bursts >= MANY:
        return SPREAD * a.amount / apart, a.amount / SPREAD * apart
    return (0.0, np.inf) if a.bursts < 3 else (a.amount / 3.0 / apart - a.largest, 3.0 * a.amount * apart + a.largest)


def _units(trace: Trace, unit: Unit) -> _Measure:
    return _Measure(unit.word, *track(trace, unit), counter_of(trace, unit))


def _episodes(trace: Trace) -> _Measure:
    """Those of the environment that the updates learn from."""
    own = next(iter(acting(trace)), None)
    if own is None or not own.ends.size:
        return _Measure("episode", np.zeros(0), np.zeros(0), own)
    times = np.interp(own.ends, event_numbers(own.times.size), own.times)
    return _Measure("episode", event_numbers(own.ends.size), times, own)


def _end(measures: Sequence[_Measure]) -> float:
    """How far both got."""
    return min(float(m.numbers[-1]) if m.numbers.size else 0.0 for m in measures)


def _apart(units: Sequence[_Measure], episodes: Sequence[_Measure]) -> float:
    """How many times as long the episodes of the one are, for the same units, as the other's; 1 until one ended."""
    until = [at_unit(m.numbers, m.times, _end(units)) or 0.0 for m in units]
    n = [1 + int(np.count_nonzero(m.times <= at)) for m, at in zip(episodes, until, strict=True)]
    return max(n) / min(n)


def _moved_both(runs: Sequence[Trace], by: Sequence[_Measure], kind: Kind) -> tuple[_Moved, _Moved]:
    a, b = (_moved(t, m, kind, _end(by)) for t, m in zip(runs, by, strict=True))
    return a, b


def _moved(trace: Trace, by: _Measure, kind: Kind, end: float) -> _Moved:
    """All counters of a kind together, but for the measure's own, until the end-th of it."""
    until = at_unit(by.numbers, by.times, end)
    amount, bursts, largest, usual, regular = 0.0, 0, 0.0, 0.0, True
    for c in trace.counters:
        if c.kind != kind or until is None or not c.times.size or c is by.own or acts(trace, c):
            continue
        at, sizes = _bursts(c, by.numbers, by.times, until)
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
