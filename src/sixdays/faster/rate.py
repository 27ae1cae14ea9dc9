"""Which window of a run is compared, and how much sooner one run does the same units than another.

A window lies in the phase that fills the real run and holds whole cycles: as many updates and evaluations as belong
to its units. Compile and load time lie before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log
from typing import Literal

import numpy as np

from sixdays.faster import mix
from sixdays.faster.model import Counter, FloatArray, Kind, Trace
from sixdays.faster.unit import (
    SELDOM,
    Unit,
    at_unit,
    counter_of,
    done,
    feeding,
    of_kind,
    plural,
    time_of,
    track,
    unit_of,
    whole_run,
)

__all__ = [
    "Phase",
    "Unit",
    "clock",
    "cpu_share",
    "end",
    "gain",
    "left_out",
    "on_cpu",
    "packed",
    "phases",
    "rate",
    "reached",
    "representative",
    "start",
    "time_of",
    "unit_of",
    "varies",
    "warm_up",
    "whole",
    "whole_run",
    "window",
]

LASTING = 1.3  # a cost per unit that changes by this much and stays so is another phase
BINS = 32
KINDS: tuple[Kind, ...] = ("env step", "optimiser step")  # whose costs make up a unit
FEW_UNITS, FEW_SECONDS = 4, 0.3  # what a phase must have lasted to be measured
CYCLES = 3  # rounds of updates that a trace must have; of many more the first three warm up
LONGER = 4.0  # windows, that a whole cycle may take to be compared
SEEN_ONCE = 0.07  # share that an evaluation seen once may have: of less, no change could be shown
VARIES = 0.1  # standard deviation ÷ mean of the units between updates, from which on episodes may still grow
NEAR = 0.1  # log of the cost of a unit by which a window's mix may differ and still stand for all
MOVED = 0.1  # log of the events per unit by which a later mix is another one
BUSY = 0.5  # cores that others use, from which on a machine is busy
DISAGREE = 1.08


# phases and windows --------------------------------------------------------------------------------------------


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
    for at in _shifts(trace, unit, _grid(trace, unit, numbers, times, begun), numbers, times):
        marks.setdefault(at, f"after {at:,.0f} {plural(unit.word)}, at a steady cost")
    edges = [*sorted(marks), float(numbers[-1])]
    return tuple(
        Phase(a, b, (at_unit(numbers, times, b) or 0.0) - (at_unit(numbers, times, a) or 0.0), marks[a])
        for a, b in pairwise(edges)
        if b > a
    )


def _grid(trace: Trace, unit: Unit, numbers: FloatArray, times: FloatArray, start: float) -> FloatArray:
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
    each = mix.costs(trace, (float(at[0]), float(at[-1])), KINDS) if unit.kind == "env step" else None
    if each is None:
        return units
    counts = np.stack([np.diff(mix.counted(trace, k, at)) for k in KINDS])
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


def window(trace: Trace, unit: Unit, seconds: float, later: float = 0.0) -> tuple[float, float]:
    """From which unit to which a trace is compared: about so many seconds of its last phase, in whole cycles.

    After the first three cycles of the phase, in which compilers and caches warm up. The coarsest cycle that fits is
    taken (evaluations, then updates, then units). A trace with nothing to choose from gives all of it. later: not
    before this unit.
    """
    numbers, times = track(trace, unit)
    if not numbers.size:
        return 0.0, 0.0
    warm = max(_warm(trace, unit, numbers, times), later)
    sites = [c for kind in ("optimiser step", "evaluation", "env step") for c in of_kind(trace, kind)]
    grids = sorted(_cycles(unit, numbers, times, sites), key=len)
    for grid in [*grids, numbers]:
        g = grid[grid >= warm]
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
    fine = _grid(trace, unit, numbers, times, start)
    return float(fine[min(3, max(fine.size - 5, 0))]) if fine.size else start


def reached(trace: Trace, unit: Unit, length: float | None = None) -> str:
    """Why a trace does not tell the rate of the real run yet, in words; empty where it does. length: units of it."""
    if not trace.stopped:
        return ""
    if length is not None and unit.count(trace) >= length > 0:
        return ""
    if trace.facts.get("optimisers") and not of_kind(trace, "optimiser step"):
        return "it has an optimiser that has not stepped yet"
    if _is_seen_once(trace, unit):
        return "an evaluation was seen only once"
    last = phases(trace, unit)[-1:]
    numbers, times = track(trace, unit)
    if not last or np.count_nonzero(numbers > last[0].start) < FEW_UNITS or last[0].seconds < FEW_SECONDS:
        return "its main phase has only just begun"
    if unit.kind == "env step" and of_kind(trace, "optimiser step"):
        rounds = max((g.size for g in _cycles(unit, numbers, times, of_kind(trace, "optimiser step"))), default=1)
        return f"fewer than {CYCLES} rounds of updates were seen" if rounds < CYCLES else ""
    return ""


def _is_seen_once(trace: Trace, unit: Unit) -> bool:
    """Whether evaluations may take a share worth knowing, and the trace does not tell yet how often they come."""
    numbers, times = track(trace, unit)
    evaluations = _evaluations(trace)
    if not numbers.size or _evaluating(trace, evaluations) <= SEEN_ONCE:
        return False
    warm = _warm(trace, unit, numbers, times)
    return all(np.count_nonzero(g >= warm) < 2 for g in _cycles(unit, numbers, times, evaluations))


def left_out(trace: Trace, window: tuple[float, float]) -> float:
    """The share of a run that its evaluations took, where none of them lies between two moments; else 0."""
    evaluations = _evaluations(trace)
    is_in = any(np.any((c.times > window[0]) & (c.times <= window[1])) for c in evaluations)
    return 0.0 if is_in else _evaluating(trace, evaluations)


def _evaluations(trace: Trace) -> list[Counter]:
    """Sites that evaluate while it learns: a module in eval mode, an environment that it does not learn from."""
    updates = sum(c.count for c in of_kind(trace, "optimiser step"))
    others = [c for c in of_kind(trace, "env step") if not any(c is s for s in _sources(trace))]
    begun = min((c.first for c in of_kind(trace, "optimiser step")), default=np.inf)
    again = [c for c in others if c.times[-1] > begun or len(_bursts(trace, c.times)) > 1]  # not what tries out once
    return [*(c for c in of_kind(trace, "evaluation") if c.bursts < SELDOM * updates), *again]


def _sources(trace: Trace) -> list[Counter]:
    return feeding(of_kind(trace, "env step"), of_kind(trace, "optimiser step"))


def _bursts(trace: Trace, times: FloatArray) -> list[FloatArray]:
    """Moments in groups, between which it learns or steps to learn."""
    learning = [c.times for c in (*of_kind(trace, "optimiser step"), *_sources(trace))]
    between = np.searchsorted(np.sort(np.concatenate(learning)), times) if learning else np.zeros(times.size)
    return np.split(times, np.flatnonzero(np.diff(between)) + 1)


def _evaluating(trace: Trace, evaluations: Sequence[Counter]) -> float:
    """The share of the time, from the first evaluation to the last update, that evaluations took; about."""
    steps = of_kind(trace, "optimiser step")
    if not evaluations or not steps:
        return 0.0
    updates, times = (np.sort(np.concatenate([c.times for c in of])) for of in (steps, evaluations))
    spent = sum(float(b[-1] - b[0]) * b.size / max(b.size - 1, 1) for b in _bursts(trace, times))
    return spent / max(float(updates[-1]) - float(times[0]), spent) if spent else 0.0


def varies(trace: Trace, unit: Unit) -> bool:
    """Whether the units between rounds of updates differ, as in episodes: what a unit costs then moves as they grow."""
    numbers, times = track(trace, unit)
    between = np.diff(_grid(trace, unit, numbers, times, 0.0)) if unit.kind == "env step" else np.zeros(0)
    return between.size >= CYCLES and float(between.std()) > VARIES * float(between.mean())


def representative(trace: Trace, unit: Unit, seconds: float, latest: float) -> tuple[tuple[float, float], mix.Events]:
    """The first window whose mix of events costs about what that of all that was seen costs; and the latter mix.

    latest: seconds after which no window begins: a run has to get there each time. The nearest one where none costs as
    much; the mix is empty where it is that of the window.
    """
    first = window(trace, unit, seconds)
    seen = whole(trace, unit, first) if varies(trace, unit) else {}
    within = _seconds(trace, unit, first)
    each = mix.costs(trace, (within[0], trace.seconds), KINDS) if seen and within else None
    if each is None or within is None:
        return first, {}
    numbers, times = track(trace, unit)
    begins = np.arange(within[0], max(min(latest, float(times[-1]) - seconds), within[0] + 1e-9), seconds / 2.0)
    windows = [window(trace, unit, seconds, float(np.interp(t, times, numbers))) for t in begins]
    lasting = [w for w in windows if (at := _seconds(trace, unit, w)) and at[1] - at[0] >= 0.5 * seconds]
    windows = lasting or [first]  # late in a trace one long episode may be all that is left
    usual = _cost(each, seen)
    apart = [abs(log(_cost(each, _mix(trace, numbers, times, w)) / usual)) for w in windows]
    chosen = next((w for w, d in zip(windows, apart, strict=True) if d < NEAR), windows[int(np.argmin(apart))])
    return chosen, whole(trace, unit, chosen, seen)


def whole(trace: Trace, unit: Unit, window: tuple[float, float], seen: mix.Events | None = None) -> mix.Events:
    """Events per unit of each kind in all of a trace's last phase from a window on; empty where that has the same mix.

    seen: that mix, where it is known.
    """
    numbers, times = track(trace, unit)
    grid = _grid(trace, unit, numbers, times, window[0])
    if unit.kind != "env step" or grid.size < 2:
        return {}
    seen = seen or _mix(trace, numbers, times, (float(grid[0]), float(grid[-1])))
    within = _mix(trace, numbers, times, window)
    moved = [abs(log(seen[k] / within[k])) for k in KINDS if seen[k] and within[k]]
    return seen if len(moved) == len(KINDS) and max(moved) >= MOVED else {}


def _mix(trace: Trace, numbers: FloatArray, times: FloatArray, units: tuple[float, float]) -> mix.Events:
    """Events per unit of each kind from one unit to another."""
    at = np.interp(units, numbers, times)
    return {k: float(np.diff(mix.counted(trace, k, at))[0]) / (units[1] - units[0]) for k in KINDS}


def _cost(each: FloatArray, events: mix.Events) -> float:
    """Seconds per unit at a mix of events."""
    return max(float(each @ np.array([events[k] for k in KINDS])), 1e-12)


# ratios --------------------------------------------------------------------------------------------------------


def gain(original: Trace, candidate: Trace, unit: Unit, window: tuple[float, float]) -> float | None:
    """Time from u0 to u1 of the original ÷ that of the candidate; None where one of them did not get there."""
    a, b = _seconds(original, unit, window), _seconds(candidate, unit, window)
    return None if a is None or b is None else (a[1] - a[0]) / (b[1] - b[0])


def _seconds(trace: Trace, unit: Unit, window: tuple[float, float]) -> tuple[float, float] | None:
    """When a window began and ended; None where the trace did not get there."""
    numbers, times = track(trace, unit)
    begin, end = at_unit(numbers, times, window[0]), at_unit(numbers, times, window[1])
    return None if begin is None or end is None or end <= begin else (begin, end)


def _cpu(trace: Trace, begin: float, end: float) -> float | None:
    """CPU seconds between two moments; None where they were not noted."""
    if trace.cpu.shape[0] < 2:
        return None
    used = np.interp([begin, end], trace.cpu[:, 0], trace.cpu[:, 1])
    return float(used[1] - used[0])


def on_cpu(trace: Trace) -> Trace:
    """The same trace with its events at the CPU seconds that were used until then; without them where not noted."""
    if trace.cpu.shape[0] < 2:
        return replace(trace, counters=())
    wall, used = trace.cpu[:, 0], trace.cpu[:, 1]
    return replace(
        trace,
        seconds=float(used[-1]),
        counters=tuple(replace(c, times=np.interp(c.times, wall, used)) for c in trace.counters),
        printed=(),
    )


def cpu_share(trace: Trace, unit: Unit, window: tuple[float, float]) -> float:
    """CPU seconds a second in a window: far below 1 where a run sleeps, draws or waits; 0 where it is not known."""
    between = _seconds(trace, unit, window)
    used = _cpu(trace, *between) if between else None
    return used / (between[1] - between[0]) if between and used else 0.0


def rate(trace: Trace, unit: Unit, window: tuple[float, float]) -> float:
    """Units per second in a window, as far as the trace reaches; 0 where it does not reach it."""
    reach = min(window[1], unit.count(trace))
    between = _seconds(trace, unit, (window[0], reach)) if reach > window[0] else None
    return (reach - window[0]) / (between[1] - between[0]) if between else 0.0


def packed(
    traces: Sequence[Trace], unit: Unit, window: tuple[float, float], usual: mix.Events | None = None
) -> float | None:
    """Units per second of all copies together while all of them ran, past the start of the window or of their own.

    Copies have seeds of their own, and learners of other seeds make longer or shorter episodes: each copy counts with
    what its events cost, at the usual mix of them; where that is not known, with whole cycles of its own updates. None
    where they never ran side by side for long enough. Whole runs count until the last has ended.
    """
    if unit.kind == "run":
        ended_well = traces and all(t.ended_well for t in traces)
        return len(traces) / max(t.seconds for t in traces) if ended_well else None
    tracks = [track(t, unit) for t in traces]
    if not traces or not all(times.size for _, times in tracks):
        return None
    begins = [_begun(t, unit, window, *seen) for t, seen in zip(traces, tracks, strict=True)]
    t0, t1 = max(begins), min(float(times[-1]) for _, times in tracks)
    if t1 - t0 < FEW_SECONDS:
        return None
    together = 0.0
    for trace, (numbers, times) in zip(traces, tracks, strict=True):
        grid = _grid(trace, unit, numbers, times, 0.0)
        at = np.interp(grid, numbers, times)
        u, t = grid[(at >= t0) & (at <= t1)], at[(at >= t0) & (at <= t1)]
        cycles = (float(t[0]), float(t[-1])) if u.size >= 2 else (t0, t1)
        if (c := counter_of(trace, unit)) and usual and (each := mix.per_step(trace, cycles, usual)):
            together += c.each / each
        elif u.size >= 2:
            together += float((u[-1] - u[0]) / (t[-1] - t[0]))
        else:
            return None
    return together


def _begun(trace: Trace, unit: Unit, other: tuple[float, float], numbers: FloatArray, times: FloatArray) -> float:
    """When a copy was past the start of a window of another run, or of one of its own if that came sooner."""
    own = float(np.interp(window(trace, unit, FEW_SECONDS)[0], numbers, times))
    at = at_unit(numbers, times, other[0])
    return own if at is None else min(own, at)


def start(trace: Trace, unit: Unit) -> float:
    """Seconds until the first unit: loading, and whatever comes before progress."""
    _, times = track(trace, unit)
    return float(times[0]) if times.size else trace.seconds


def end(trace: Trace, unit: Unit) -> float:
    """Seconds after the last unit, of a trace that came to its end: a last evaluation, further runs.

    Moments of counters leave out what the agent took itself.
    """
    _, times = track(trace, unit)
    ended = trace.seconds - (trace.pause if unit.kind not in ("printed", "run") else 0.0)
    return max(ended - float(times[-1]), 0.0) if times.size and trace.ended_well else 0.0


def warm_up(trace: Trace, unit: Unit, window: tuple[float, float]) -> float:
    """Seconds that the units before the window took beyond their cost in it: compilers and caches; never below 0."""
    pace, begin = rate(trace, unit, window), time_of(trace, unit, window[0])
    if not pace or begin is None:
        return 0.0
    return max(begin - start(trace, unit) - window[0] / pace, 0.0)


def clock(
    loads: Sequence[float], wall: Sequence[float], cpu: Sequence[float], cores: int = 1
) -> tuple[Literal["wall", "cpu"], str]:
    """Which clock tells the truth, and why. loads: cores kept busy by others; wall, cpu: log ratios of the pairs.

    The wall clock, because what is drawn or waited for takes no CPU; CPU time only where others kept the machine busy
    and the two clocks disagree.
    """
    load = float(np.median(loads)) if len(loads) else 0.0
    known = [(w, c) for w, c in zip(wall, cpu, strict=False) if np.isfinite(w) and np.isfinite(c)]
    apart = float(np.median([w - c for w, c in known])) if known else 0.0
    others = f"others kept {load:.1f} cores busy"
    if load <= BUSY + cores - 1:  # one core at least was ours
        return "wall", f"wall clock; {others}"
    if abs(apart) <= log(DISAGREE):
        return "wall", f"wall clock; {others}, and CPU time says the same" if known else f"wall clock; {others}"
    return "cpu", f"CPU time: {others}, and the wall clock differs from it by {abs(np.expm1(apart)):.0%}"
