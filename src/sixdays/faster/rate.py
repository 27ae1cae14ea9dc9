"""How much sooner one run does the same units than another, units per second, and by which clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import Literal

import numpy as np

from sixdays.faster import mix, phases
from sixdays.faster.model import FloatArray, Trace
from sixdays.faster.unit import Unit, at_unit, moments, time_of, track

BUSY = 0.5  # cores that others use, from which on a machine is busy
DISAGREE = 1.08


def gain(original: Trace, candidate: Trace, unit: Unit, window: tuple[float, float]) -> float | None:
    """Time from u0 to u1 of the original ÷ that of the candidate; None where one of them did not get there."""
    a, b = moments(original, unit, window), moments(candidate, unit, window)
    return None if a is None or b is None else (a[1] - a[0]) / (b[1] - b[0])


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
    between = moments(trace, unit, window)
    used = _cpu(trace, *between) if between else None
    return used / (between[1] - between[0]) if between and used else 0.0


def rate(trace: Trace, unit: Unit, window: tuple[float, float]) -> float:
    """Units per second in a window, as far as the trace reaches; 0 where it does not reach it."""
    reach = min(window[1], unit.count(trace))
    between = moments(trace, unit, (window[0], reach)) if reach > window[0] else None
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
    if t1 - t0 < phases.FEW_SECONDS:
        return None
    together = 0.0
    for trace, (numbers, times) in zip(traces, tracks, strict=True):
        grid = phases.grid_of(trace, unit, numbers, times, 0.0)
        at = np.interp(grid, numbers, times)
        u, t = grid[(at >= t0) & (at <= t1)], at[(at >= t0) & (at <= t1)]
        cycles = (float(t[0]), float(t[-1])) if u.size >= 2 else (t0, t1)
        if usual and (each := mix.cost_in(trace, cycles, usual)):
            together += 1.0 / each
        elif u.size >= 2:
            together += float((u[-1] - u[0]) / (t[-1] - t[0]))
        else:
            return None
    return together


def _begun(trace: Trace, unit: Unit, other: tuple[float, float], numbers: FloatArray, times: FloatArray) -> float:
    """When a copy was past the start of a window of another run, or of one of its own if that came sooner."""
    own = float(np.interp(phases.window(trace, unit, phases.FEW_SECONDS)[0], numbers, times))
    at = at_unit(numbers, times, other[0])
    return own if at is None else min(own, at)


def start(trace: Trace, unit: Unit) -> float:
    """Seconds until the first unit: loading, and whatever comes before progress."""
    _, times = track(trace, unit)
    return float(times[0]) if times.size else trace.seconds


def end(trace: Trace, unit: Unit) -> float:
    """Seconds after the last unit, of a trace that came to its end: a last evaluation, further runs.

    Moments leave out what the agent took itself.
    """
    _, times = track(trace, unit)
    ended = trace.seconds - (trace.pause if unit.kind != "run" else 0.0)
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
