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

from sixdays.faster import wording
from sixdays.faster.model import FloatArray, Trace
from sixdays.faster.unit import Unit, at_unit, track

OF = 4  # runs of which the quickest is expected: about the lower fifth of all
COMPUTED = ("parameters", "actions", "seen")
REACHED = 0.2  # of the window, that a run must have done to be compared


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


def runs_of(traces: Sequence[Trace], unit: Unit, window: tuple[float, float], stretches: int) -> Runs | None:
    """Runs of one setting as far as all of them got in a window, in so many stretches of as many units each.

    None where one of them hardly got into the window, or where they did not compute the same: then a stretch of one is
    other work than that of another, and the quickest the least of it.
    """
    counts = [unit.count(t) for t in traces]
    reach = min((window[1], *counts))
    if not traces or reach < window[0] + REACHED * (window[1] - window[0]):
        return None
    least = counts.index(min(counts))
    if not all(_are_same(traces[least], t) for t in traces if t is not traces[least]):
        return None
    units = np.linspace(window[0], reach, stretches + 1)
    at = np.array([[at_unit(*done, float(u)) for u in units] for done in (track(t, unit) for t in traces)], dtype=float)
    return Runs(traces[least], at[least], np.diff(at, axis=1))


def _are_same(a: Trace, b: Trace) -> bool:
    """Whether two runs computed the same, to the last bit of what both noted; at least one thing must be known.

    What is logged may be a clock, so that it is not asked.
    """
    mine, other = ({(d.what, d.site, d.at): d for d in t.digests if d.what in COMPUTED} for t in (a, b))
    if common := mine.keys() & other.keys():
        return all(mine[k].equals(other[k]) for k in common)
    lines = wording.compared(a, b, None, exact=True)
    return bool(lines.count) and not lines.why


def _warped(trace: Trace, old: FloatArray, new: FloatArray) -> Trace:
    """A trace whose clock showed `new` where it had shown `old`; what comes later is moved along."""

    def warped(times: FloatArray) -> FloatArray:
        found = np.interp(times, old, new) + np.minimum(times - old[0], 0.0) + np.maximum(times - old[-1], 0.0)
        return np.asarray(found, dtype=np.float64)

    counters = tuple(replace(c, times=warped(c.times)) for c in trace.counters)
    said = warped(np.array([p.at for p in trace.printed], dtype=np.float64))
    printed = tuple(replace(p, at=float(at)) for p, at in zip(trace.printed, said, strict=True))
    return replace(trace, counters=counters, printed=printed, seconds=float(warped(np.array([trace.seconds]))[0]))
