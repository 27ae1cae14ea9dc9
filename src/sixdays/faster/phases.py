"""Phases of a run, and which window of it is compared.

A window lies in the phase that fills the real run and holds whole cycles: as many updates and evaluations as belong
to its units. Compile and load time lie before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from sixdays.faster import mix
from sixdays.faster.evaluations import SEEN_ONCE, evaluations, share
from sixdays.faster.model import Counter, FloatArray, Trace
from sixdays.faster.printed import ending
from sixdays.faster.unit import UNCOUNTED, Unit, at_unit, done, moments, of_kind, plural, track

LASTING = 1.3  # a cost per unit that changes by this much and stays so is another phase
BINS = 32
FEW_UNITS, FEW_SECONDS = 4, 0.3  # what a phase must have lasted to be measured
CYCLES = 3  # rounds of updates that a trace must have; of many more the first three warm up
OUTLYING = 8.0  # short gaps between units, from which on one is a pause
SLOW_S = 5.0  # of a start, from which on it may be more than loading
PAUSED = 0.15  # of the time that pauses take together, from which on they belong to what is compared
UNSEEN = frozenset(("jax", "tensorflow"))  # whose updates no hook counts
LONGER = 4.0  # windows, that a whole cycle may take to be compared
SILENT = 10.0  # usual gaps between units, for which nothing moves any more
VARIES = 0.1  # standard deviation ÷ mean of the units between updates, from which on episodes may still grow
NEAR = 0.1  # log of the cost of a unit by which a window's mix may differ and still stand for all
MOVED = 0.1  # log of the events per unit by which a later mix is another one


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a run of one steady cost per unit, from unit start to end. seconds: that it took."""

    start: float
    end: float
    seconds: float
    text: str


def phases(trace: Trace, unit: Unit) -> tuple[Phase, ...]:
    """The phases of a trace in order: they part where updates begin and where the cost per unit shifts lastingly.

    The last is the one that fills the real run, as far as the trace tells.
    """
    numbers, times = track(trace, unit)
    if not numbers.size:
        return ()
    marks: dict[float, str] = {0.0: "from the start"}
    begun = 0.0
    steps = of_kind(trace, "optimiser step")
    if unit.kind == "env step" and steps:
        begun = float(done(numbers, times, np.array([min(float(c.times[0]) for c in steps)]))[0])
        if begun > 0 and begun < numbers[-1]:
            marks[begun] = f"after {begun:,.0f} {plural(unit.word)}, when the optimiser steps"
    for at in _shifts(trace, unit, grid_of(trace, unit, numbers, times, begun), numbers, times):
        marks.setdefault(at, f"after {at:,.0f} {plural(unit.word)}, at a steady cost")
    edges = [*sorted(marks), float(numbers[-1])]
    return tuple(
        Phase(a, b, (at_unit(numbers, times, b) or 0.0) - (at_unit(numbers, times, a) or 0.0), marks[a])
        for a, b in pairwise(edges)
        if b > a
    )


def halted(trace: Trace, unit: Unit) -> str:
    """Why a look tells nothing of what comes: nothing moved any more in its second half; empty where something did.

    Of a program that hangs: neither a counter nor a printed line, for much longer than its units usually took.
    """
    _, times = track(trace, unit)
    moved = [float(c.times[-1]) for c in trace.counters if c.times.size] + [p.at for p in trace.printed]
    end = max(moved, default=0.0)
    usual = float(np.median(np.diff(times))) if times.size > 1 else 0.0
    if trace.stopped != "time" or trace.seconds - end < max(0.5 * trace.seconds, SILENT * usual):
        return ""
    count = f"{unit.count(trace):,.0f} {plural(unit.word)}"
    lines = ending((p.text for p in trace.printed), 2)
    said = f" The last that it printed: {lines}" if lines else ""
    return (
        f"its progress stopped: {count} in {end:.1f} s, then nothing for {trace.seconds - end:.1f} s: does it hang?"
        f"{said}"
    )


def grid_of(trace: Trace, unit: Unit, numbers: FloatArray, times: FloatArray, start: float) -> FloatArray:
    """Units between which whole cycles of updates lie, from start on; all units where there are no cycles."""
    grids = [g[g >= start] for g in _cycles(unit, numbers, times, of_kind(trace, "optimiser step"))]
    return max((g for g in grids if g.size > 1), key=lambda g: g.size, default=numbers[numbers >= start])


def _shifts(trace: Trace, unit: Unit, grid: FloatArray, numbers: FloatArray, times: FloatArray) -> list[float]:
    """Units at which the cost per unit changes by LASTING or more and stays so, beyond what its events explain.

    Longer episodes have fewer updates a step: that is another mix of the same costs, not another phase.
    """
    edges = grid[np.unique(np.linspace(0, grid.size - 1, min(BINS, grid.size - 1) + 1).astype(int))]
    if edges.size < 9:
        return []
    took = np.maximum(np.diff(np.interp(edges, numbers, times)), 1e-9)
    costs = np.log(took / _explained(trace, unit, np.interp(edges, numbers, times), np.diff(edges)))
    return [float(edges[k]) for k in _splits(costs)]


def _explained(trace: Trace, unit: Unit, at: FloatArray, units: FloatArray) -> FloatArray:
    """Seconds that the events between moments cost, at the costs of all; the units alone where no more is known."""
    each = mix.costs(trace, (float(at[0]), float(at[-1])), mix.KINDS) if unit.kind == "env step" else None
    if each is None:
        return units
    counts = np.stack([np.diff(mix.counted(trace, k, at)) for k in mix.KINDS])
    return np.asarray(np.maximum(each @ counts, 1e-9), dtype=np.float64)


def _splits(costs: FloatArray) -> list[int]:
    """Where log costs change level: the best split by absolute deviation, and then in both halves."""
    n = costs.size
    least = max(3, n // 8)
    if n < 2 * least:
        return []

    def deviation(x: FloatArray) -> float:
        return float(np.abs(x - np.median(x)).sum())

    k = min(range(least, n - least + 1), key=lambda k: deviation(costs[:k]) + deviation(costs[k:]))
    change = abs(float(np.median(costs[k:]) - np.median(costs[:k])))
    clear = deviation(costs[:k]) + deviation(costs[k:]) <= 0.6 * deviation(costs)
    if change < log(LASTING) or not clear:
        return []
    return [*_splits(costs[:k]), k, *(k + j for j in _splits(costs[k:]))]


def _cycles(unit: Unit, numbers: FloatArray, times: FloatArray, sites: Sequence[Counter]) -> list[FloatArray]:
    """Of each of these sites but the unit's own: the units after which it moved."""
    grids = []
    for c in sites:
        if c.key != unit.key and c.times.size > 1:
            after = np.unique(done(numbers, times, c.times))
            grids.append(after[after > 0])
    return [g for g in grids if g.size > 1]


def _pauses(trace: Trace, unit: Unit, numbers: FloatArray, times: FloatArray, warm: float) -> FloatArray:
    """The units from warm on after which none came for long, where that takes much of the time: what feeds them is
    not counted, as rollouts in environments of the script's own. What is counted there makes cycles.

    The last may be a pause that goes on when the trace ends.
    """
    if unit.kind == "run" or (unit.kind == "env step" and of_kind(trace, "optimiser step")):
        return np.zeros(0)
    numbers, times = numbers[numbers >= warm], times[numbers >= warm]
    if times.size < 2:
        return np.zeros(0)
    at = np.append(times, max(trace.seconds - trace.pause, times[-1])) if trace.stopped else times
    units = np.diff(numbers)
    each = np.diff(at) / np.append(units, np.median(units))[: at.size - 1]
    others = np.concatenate([np.zeros(0), *(c.times for k in ("evaluation", "env step") for c in of_kind(trace, k))])
    idle = np.diff(np.searchsorted(np.sort(others), at)) == 0 if unit.kind != "env step" else True
    long = (each > OUTLYING * np.quantile(each, 0.25)) & idle
    return numbers[: long.size][long] if np.diff(at)[long].sum() > PAUSED * (at[-1] - at[0]) else np.zeros(0)


def learns_unseen(trace: Trace, unit: Unit) -> bool:
    """Whether it may learn from these environment steps by a library whose updates are not counted."""
    return unit.kind == "env step" and not of_kind(trace, "optimiser step") and bool(UNSEEN & trace.modules.keys())


def window(trace: Trace, unit: Unit, seconds: float, later: float = 0.0) -> tuple[float, float]:
    """From which unit to which a trace is compared: about so many seconds of its last phase, in whole cycles.

    After the first three cycles of the phase, in which compilers and caches warm up. The coarsest cycle that fits is
    taken (evaluations, then updates, then units). A trace with nothing to choose from gives all of it. later: not
    before this unit.
    """
    numbers, times = track(trace, unit)
    if not numbers.size:
        return 0.0, 0.0
    first = _warm(trace, unit, numbers, times)
    warm = max(first, later)
    sites = [c for kind in ("optimiser step", "evaluation", "env step") for c in of_kind(trace, kind)]
    pauses = _pauses(trace, unit, numbers, times, first)
    grids = [*_cycles(unit, numbers, times, sites), pauses]
    grids.sort(key=len)
    rounds = grid_of(trace, unit, numbers, times, warm) if unit.kind == "env step" else pauses[pauses >= warm]
    for grid in [*grids, numbers]:
        g = grid[grid >= warm]
        if grid is numbers and 1 < rounds.size < g.size:  # however long one takes
            return float(rounds[0]), float(rounds[1])
        if g.size < 2:
            continue
        at = np.interp(g, numbers, times)
        latest = float(np.interp(warm, numbers, times)) + LONGER * seconds
        last = 1 + int(np.argmin(np.abs(at[1:] - at[0] - seconds)))
        if grid is numbers or at[last] <= latest:
            return float(g[0]), float(g[last])
    return 0.0, float(numbers[-1])


def _warm(trace: Trace, unit: Unit, numbers: FloatArray, times: FloatArray) -> float:
    """The unit of the last phase from which on compilers and caches are warm."""
    start = phases(trace, unit)[-1].start
    fine = grid_of(trace, unit, numbers, times, start)
    return float(fine[min(3, max(fine.size - 5, 0))]) if fine.size else start


def not_yet(trace: Trace, unit: Unit, length: float | None = None) -> str:
    """Why a trace does not tell the rate of the real run yet, in words; empty where it does. length: units of it."""
    if not trace.stopped:
        return ""
    if length is not None and unit.count(trace) >= length > 0:
        return ""
    if trace.facts.get("optimisers") and not of_kind(trace, "optimiser step"):
        return "it has an optimiser that has not stepped yet"
    if is_seen_once(trace, unit):
        return "an evaluation was seen only once"
    last = phases(trace, unit)[-1:]
    numbers, times = track(trace, unit)
    if not last or np.count_nonzero(numbers > last[0].start) < FEW_UNITS or last[0].seconds < FEW_SECONDS:
        return "its main phase has only just begun"
    if unit.kind == "env step" and of_kind(trace, "optimiser step"):
        rounds = max((g.size for g in _cycles(unit, numbers, times, of_kind(trace, "optimiser step"))), default=1)
        return f"fewer than {CYCLES} rounds of updates were seen" if rounds < CYCLES else ""
    return _unfed(trace, unit, numbers, times)


def _unfed(trace: Trace, unit: Unit, numbers: FloatArray, times: FloatArray) -> str:
    """Why what lies between units, and is not counted, may come again; empty where it was seen often enough."""
    is_fed_unseen = bool(UNCOUNTED & trace.facts.keys()) and not of_kind(trace, "env step")
    if unit.kind == "optimiser step" and is_fed_unseen and times[0] > SLOW_S and trace.seconds < 2.0 * times[0]:
        return "what it did before its first update may come again"
    seen = _pauses(trace, unit, numbers, times, _warm(trace, unit, numbers, times)).size
    return f"a long pause between {plural(unit.word)} was seen only {seen} times" if 0 < seen < CYCLES else ""


def is_seen_once(trace: Trace, unit: Unit) -> bool:
    """Whether evaluations may take a share worth knowing, and the trace does not tell yet how often they come."""
    numbers, times = track(trace, unit)
    sites = evaluations(trace)
    if not numbers.size or share(trace, sites) <= SEEN_ONCE:
        return False
    warm = _warm(trace, unit, numbers, times)
    return all(np.count_nonzero(g >= warm) < 2 for g in _cycles(unit, numbers, times, sites))


def varies(trace: Trace, unit: Unit) -> bool:
    """Whether the units between rounds of updates differ, as in episodes: what a unit costs then moves as they grow."""
    numbers, times = track(trace, unit)
    between = np.diff(grid_of(trace, unit, numbers, times, 0.0)) if unit.kind == "env step" else np.zeros(0)
    return between.size >= CYCLES and float(between.std()) > VARIES * float(between.mean())


def representative(trace: Trace, unit: Unit, seconds: float, latest: float) -> tuple[tuple[float, float], mix.Events]:
    """The first window whose mix of events costs about what that of all that was seen costs; and the latter mix.

    latest: seconds after which no window begins: a run has to get there each time. The nearest one where none costs as
    much; the mix is empty where it is that of the window.
    """
    first = window(trace, unit, seconds)
    seen = whole(trace, unit, first) if varies(trace, unit) else {}
    within = moments(trace, unit, first)
    each = mix.costs(trace, (within[0], trace.seconds), mix.KINDS) if seen and within else None
    if each is None or within is None:
        return first, {}
    numbers, times = track(trace, unit)
    begins = np.arange(within[0], max(min(latest, float(times[-1]) - seconds), within[0] + 1e-9), seconds / 2.0)
    windows = [window(trace, unit, seconds, float(np.interp(t, times, numbers))) for t in begins]
    lasting = [w for w in windows if (at := moments(trace, unit, w)) and at[1] - at[0] >= 0.5 * seconds]
    windows = lasting or [first]  # late in a trace one long episode may be all that is left
    usual = mix.cost(each, seen)
    apart = [abs(log(mix.cost(each, mix.per_unit(trace, numbers, times, w)) / usual)) for w in windows]
    chosen = next((w for w, d in zip(windows, apart, strict=True) if d < NEAR), windows[int(np.argmin(apart))])
    return chosen, whole(trace, unit, chosen, seen)


def whole(trace: Trace, unit: Unit, window: tuple[float, float], seen: mix.Events | None = None) -> mix.Events:
    """Events per unit of each kind in all of a trace's last phase from a window on; empty where that has the same mix.

    seen: that mix, where it is known.
    """
    numbers, times = track(trace, unit)
    grid = grid_of(trace, unit, numbers, times, window[0])
    if unit.kind != "env step" or grid.size < 2:
        return {}
    seen = seen or mix.per_unit(trace, numbers, times, (float(grid[0]), float(grid[-1])))
    within = mix.per_unit(trace, numbers, times, window)
    moved = [abs(log(seen[k] / within[k])) for k in mix.KINDS if seen[k] and within[k]]
    return seen if len(moved) == len(mix.KINDS) and max(moved) >= MOVED else {}
