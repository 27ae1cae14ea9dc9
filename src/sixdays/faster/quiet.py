"""What runs of the same work would have taken on a quiet machine: their neighbours are taken out.

A neighbour on the machine (another guest on the same core) makes a run half as slow again, for a fraction of a second
or for ten, and never quicker. Runs of one setting do the same work in each short stretch: the quick ones among them
tell what that stretch costs, and all stretches together what the run does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np

from sixdays.faster import mix
from sixdays.faster.model import FloatArray, Trace
from sixdays.faster.unit import Unit, at_unit, track

OF = 4  # runs of which the quickest is expected: about the lower fifth of all
STRETCH_S, STRETCHES = 0.05, 64  # of one, at least; how many, at most


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one setting that did the same work. reference: one of them, which names the events.

    edges: when each stretch of the reference began, and the last one ended, seconds, shape (stretches + 1,). took:
    seconds that each run took for each stretch, shape (runs, stretches).
    """

    reference: Trace
    edges: FloatArray
    took: FloatArray

    def without(self, i: int) -> Runs:
        return replace(self, took=np.delete(self.took, i, axis=0))

    def quiet(self, of: int = OF) -> Trace:
        """One run whose stretches each take what the quickest of `of` runs is expected to take.

        The mean over all choices of `of` among the n runs: Σ C(n - i, of - 1) / C(n, of) × the i-th quickest. So it
        estimates the same whatever n is, and more runs only make it surer. of = 1 is the mean of all.

        Raises:
            ValueError: there are fewer runs than `of`.
        """
        n = self.took.shape[0]
        if not 1 <= of <= n:
            raise ValueError(f"the quickest of {of} cannot be told from {n} runs")
        weights = np.array([comb(n - i, of - 1) for i in range(1, n + 1)]) / comb(n, of)
        made = self.edges[0] + np.concatenate([[0.0], np.cumsum(weights @ np.sort(self.took, axis=0))])
        return _warped(self.reference, self.edges, made)


def runs_of(traces: Sequence[Trace], unit: Unit, window: tuple[float, float]) -> Runs | None:
    """Runs of one setting as far as all of them got in a window; None where one of them did not reach it, or where
    they did not do the same events: then a stretch of one is other work than that of another.
    """
    if not traces:
        return None
    traces = sorted(traces, key=unit.count)  # the one that got least far is the reference
    tracks = [track(t, unit) for t in traces]
    reach = min(window[1], unit.count(traces[0]))
    begins = [at_unit(*t, window[0]) for t in tracks]
    ends = [at_unit(*t, reach) for t in tracks]
    within = [(b, e) for b, e in zip(begins, ends, strict=True) if b is not None and e is not None and e > b]
    if len(within) < len(traces):
        return None
    if not all(mix.same_events(traces[0], t, (within[0], w), ()) for t, w in zip(traces, within, strict=True)):
        return None
    n = int(np.clip((within[0][1] - within[0][0]) / STRETCH_S, 1, STRETCHES))
    units = np.linspace(window[0], reach, n + 1)
    at = np.array([np.interp(units, *t) for t in tracks])
    at[:, 0] = [begin for begin, _ in within]  # a window that begins with the run has no unit before it
    return Runs(traces[0], at[0], np.diff(at, axis=1))


def _warped(trace: Trace, old: FloatArray, new: FloatArray) -> Trace:
    """A trace whose clock showed `new` where it had shown `old`; what comes later is moved along."""

    def warped(times: FloatArray) -> FloatArray:
        found = np.interp(times, old, new) + np.minimum(times - old[0], 0.0) + np.maximum(times - old[-1], 0.0)
        return np.asarray(found, dtype=np.float64)

    counters = tuple(replace(c, times=warped(c.times)) for c in trace.counters)
    printed = tuple(replace(p, at=float(warped(np.array([p.at]))[0])) for p in trace.printed)
    return replace(trace, counters=counters, printed=printed, seconds=float(warped(np.array([trace.seconds]))[0]))
