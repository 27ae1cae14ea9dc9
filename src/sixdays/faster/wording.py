"""Printed numbers of two runs compared, line by line, as far as the original repeats them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sixdays.faster.model import Trace
from sixdays.faster.printed import Line, by_pattern, is_clock, name_of, tells_time_alone, whole

NEAR = 0.03  # how far printed numbers may be apart, relative, while parameters agree
CLOSE = 0.001  # and while parameters are the same bits: what is told of them is rounded otherwise at most
FIRST = 3  # lines of a pattern that are compared where nothing tells how long runs agree
SELDOM = 0.7  # of the original's lines, below which a candidate that does something less often says them less often
# What a number beside tells of the machine, never of the result.
_MACHINE = tuple("threads thread workers worker cores cpus processes numthreads numworkers".split())

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """How many numbers were compared, and what is wrong with them, in words; empty where nothing.

    aside: what a line that is said less often by design says otherwise at the same step, in words.
    """

    count: int = 0
    why: str = ""
    aside: str = ""


def compared(
    original: Trace, candidate: Trace, again: Trace | None, *, exact: bool, until: int = 0, near: float = NEAR,
    rarer: bool = False, options: Collection[str] = (),
) -> Lines:  # fmt: skip
    """Printed numbers that the original repeats, against the candidate's; clocks are left out.

    exact: all, to the last digit; lines that the candidate leaves out are allowed (it prints less often). Else nearly,
    within a share `near`: those printed before update `until`, or the first lines where there is no update; not the
    bars of progress, which are drawn as time passes. rarer: it does something less
    often by design, so that its first line may be another step's; only lines that name their step are then compared
    nearly, and in the exact way those of a step after the original's last are none of its. Lines that it then says less
    often may say something else: they may tell of all since the last (a mean), or of a stream that moves with each
    (another evaluation). options: that the candidate
    sets: a program that prints its settings says another number behind their names.
    """
    a, b = _lines(original), _lines(candidate)
    twice = _lines(again) if again is not None else a
    has_updates = any(c.kind == "optimiser step" and c.times.size for c in original.counters)
    count, aside = 0, ""
    for pattern, lines in a.items():
        if pattern not in b:
            continue
        rows, others = [r for _, r in lines], [r for _, r in b[pattern]]
        is_seldom = rarer and len(others) < SELDOM * len(rows)
        rows = rows[: len(twice.get(pattern, []))]
        tokens = _stable(pattern, rows, [r for _, r in twice.get(pattern, [])])
        bar = _bar(pattern)
        tokens = [i for i in tokens if not _is_setting(pattern, i, options) and i not in bar and (exact or not bar)]
        if not exact:
            n = sum(at <= _update(original, until) for at, _ in lines) if has_updates else FIRST
            rows, others = _matched(rows[:n], others, tokens, rarer)
        if not tokens or not rows or not others:
            continue
        rows, others = [_take(r, tokens) for r in rows], [_take(r, tokens) for r in others]
        wrong = _not_in_order(rows, others, rarer) if exact else _far(rows, others, near)
        if wrong is not None and is_seldom:
            aside = aside or _aside(pattern, tokens, rows, others, 0.0 if exact else near)
            continue
        if wrong is not None:
            at, token = wrong
            had = f" in place of {rows[at][token]:g}" if at < len(rows) else ""
            name = name_of(pattern, tokens[token])
            return Lines(count, f'line {at + 1} of "{pattern}" says {name} {others[at][token]:g}{had}')
        count += sum(map(_tells, zip(*rows, strict=True))) * min(len(rows), len(others))
    return Lines(count, aside=aside)


def silent(original: Trace, candidate: Trace) -> str:
    """Lines with numbers that the original prints again and again and a candidate that learned as long never does;
    empty where there are none, or nobody learns.
    """
    updates = [
        max((c.count for c in t.counters if c.kind == "optimiser step"), default=0) for t in (original, candidate)
    ]
    if not min(updates):
        return ""
    until, said = _update(original, min(updates)), _lines(candidate)
    missing = (p for p, lines in _lines(original).items() if p not in said and sum(at <= until for at, _ in lines) > 1)
    return next((p for p in missing if not tells_time_alone(p)), "")


def _lines(trace: Trace) -> dict[str, list[Line]]:
    """By pattern, of a flood as far as it is whole: after the gap no line is known to be another run's.

    But of a run that ended what it said only there, at its end.
    """
    late = by_pattern(line for line in trace.printed if line.is_late) if trace.ended_well else {}
    return {**late, **whole(trace.printed)}


def _tells(column: Sequence[float]) -> bool:
    """Whether numbers say something of what is computed: not those that are always the same, or count lines."""
    return len(column) == 1 or not (len(set(column)) == 1 or _counts(column))


def _counts(column: Sequence[float]) -> bool:
    """Whether whole numbers grow from line to line."""
    return len(column) > 1 and all(x < y and x.is_integer() and y.is_integer() for x, y in pairwise(column))


def _update(trace: Trace, n: int) -> float:
    """When the n-th update was over."""
    times = max((c.times for c in trace.counters if c.kind == "optimiser step"), key=len)
    return float(times[n - 1]) if 0 < n <= times.size else float(times[-1]) if n else 0.0


def _take(row: Row, tokens: Sequence[int]) -> Row:
    return tuple(row[i] for i in tokens)


def _stable(pattern: str, rows: Sequence[Row], again: Sequence[Row]) -> list[int]:
    """Positions of numbers that the original's second run printed the same, over the lines that both have."""
    n = min(len(rows), len(again))
    return [
        i
        for i in range(len(rows[0]) if n else 0)
        if not is_clock(pattern, i) and all(_same(rows[j][i], again[j][i]) for j in range(n))
    ]


def _is_setting(pattern: str, token: int, options: Collection[str]) -> bool:
    """Whether the number stands right behind the name of an option, however written; or tells of the machine."""
    around = pattern.split("#")
    before, after = _letters("#".join(around[: token + 1])), _letters(around[token + 1])
    is_named = any(before.endswith(name) for name in map(_letters, options) if name)
    return is_named or before.endswith(_MACHINE) or after.startswith(_MACHINE)


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _same(x: float, y: float) -> bool:
    return x == y or (np.isnan(x) and np.isnan(y))


def _not_in_order(rows: Sequence[Row], others: Sequence[Row], rarer: bool) -> tuple[int, int] | None:
    """The first line, and its number, that does not come in the original's order; the candidate may go further."""
    at, stride = 0, 1
    for i, other in enumerate(others):
        if len(rows) - at < stride:
            return None
        found = next((j for j in range(at, len(rows)) if all(map(_same, rows[j], other))), None)
        if found is None and rarer and _is_later(rows, other):
            return None
        if found is None:
            wrong = rows[min(i, len(rows) - 1)]
            return i, next((k for k in range(len(other)) if not _same(other[k], wrong[k])), 0)
        at, stride = found + 1, max(stride, found + 1 - at)
    return None


def _is_later(rows: Sequence[Row], other: Row) -> bool:
    """Whether a line is of a step after the original's last: by a whole number that grows from line to line."""
    return any(_counts([*(r[k] for r in rows), x]) for k, x in enumerate(other))


def _matched(
    rows: Sequence[Row], others: Sequence[Row], tokens: Sequence[int], rarer: bool
) -> tuple[list[Row], list[Row]]:
    """Lines of the two side by side: of the same step, where a whole number grows in them, else in their order."""
    for k in tokens:
        column = [r[k] for r in rows]
        if _counts(column):
            of_step = {o[k]: o for o in reversed(others)}
            both = [(r, of_step[r[k]]) for r in rows if r[k] in of_step]
            return [r for r, _ in both], [o for _, o in both]
    n = 0 if rarer else min(len(rows), len(others))
    return list(rows[:n]), list(others[:n])


def _aside(pattern: str, tokens: Sequence[int], rows: Sequence[Row], others: Sequence[Row], near: float) -> str:
    """The first number that a line says otherwise of the same step, in words; empty where none is known to be of it."""
    for row, other in zip(*_matched(rows, others, range(len(tokens)), rarer=True), strict=True):
        for k, (x, y) in enumerate(zip(row, other, strict=True)):
            if not _same(x, y) and not abs(x - y) <= near * max(abs(x), abs(y)):
                return f'lines like "{pattern}" say {name_of(pattern, tokens[k])} {y:g} in place of {x:g}'
    return ""


def _bar(pattern: str) -> tuple[int, ...]:
    """Where a bar of progress says how far it is, `#%| | #/#`: it may be drawn between two steps, or late.

    One of Rich, `#/# t • t`, is drawn so often a second: whatever stands in it is of some step or other.
    """
    if re.search(r"#/# t • t", pattern):
        return tuple(range(pattern.count("#")))
    head, bar, _ = pattern.partition("#%|")
    return (head.count("#"), head.count("#") + 1) if bar else ()


def _far(rows: Sequence[Row], others: Sequence[Row], near: float) -> tuple[int, int] | None:
    """The line and number of a column that is off in most lines; one that is off in few may be chance."""
    x, y = np.array(rows), np.array(others)
    with np.errstate(invalid="ignore"):
        off = np.abs(x - y) > near * np.maximum(np.abs(x), np.abs(y))
    for k in range(x.shape[1]):
        if off[:, k].mean() > 0.5:
            return int(np.argmax(off[:, k])), k
    return None
