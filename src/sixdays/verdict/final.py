"""Where a running curve will end.

Near its score now plus the growth that finished runs of the same benchmark task had from the same fraction of
their length on. How near, is read from tables fitted on public curves (`fits/outlook.py`, sources in
outlook.json), so that 80 % intervals hold for environments never seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.partial import in_order, level_at, quantiles, roughness, score_at, span, window
from sixdays.verdict.tables import between, tables

Kind = Literal["rl", "supervised", "auto"]
Table = Literal["own", "6", "3", "1", "none"]
EARLIEST = 0.03  # of the length; before it no final value is predicted
MOST_REFERENCES = 16
OWN = 3  # finished runs of the curve's own method from which on only those are asked
# Parts of the width, chosen on the development curves, lightly: share of the range seen so far that may still be
# moved through, floor of it, recent move, borrowed growth, distance from the others, and how much of it goes.
_RANGE, _FLOOR, _RECENT, _GROWTH, _APART, _BACK = 0.3, 0.02, 0.3, 0.2, 0.2, 0.2
# How much of the borrowed growth counts: of its own method all, of others less, the fewer they are; and where
# curves go up and down, less towards the end, when what others still grew is mostly noise.
_TRUST: Mapping[Table, float] = {"own": 1.0, "6": 0.8, "3": 0.7, "1": 0.6, "none": 0.0}
_LATE: Mapping[Table, float] = {"own": 0.5, "6": 1.0, "3": 1.0, "1": 1.0, "none": 0.0}


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a running curve will end. fraction: of its length it has run. now: its score there.

    levels, values: quantiles of the final score, rising. low, high: the interval at `level`. basis: in words.
    """

    fraction: float
    now: float
    levels: tuple[float, ...]
    values: tuple[float, ...]
    level: float
    basis: str

    def quantile(self, p: float) -> float:
        """The final score that is not passed with probability p; beyond the table its last value."""
        return float(np.interp(p, self.levels, self.values))

    @property
    def low(self) -> float:
        return self.quantile((1 - self.level) / 2)

    @property
    def high(self) -> float:
        return self.quantile((1 + self.level) / 2)


@dataclass(frozen=True, slots=True)
class Reach:
    """A prediction before the table. table: which one answers: `own`, or the least number of references."""

    fraction: float
    now: float
    centre: float
    unit: float
    table: Table
    smooth: bool


def predict_final(
    curve: Curve, references: Sequence[Curve], goal: float, *,
    level: float = 0.8, kind: Kind = "auto", higher_is_better: bool = True,
) -> Outlook | None:  # fmt: skip
    """The final score (mean of the last 5 %) of a running curve, as quantiles.

    references: finished runs of the same benchmark task, of any method; where three are of the curve's own
    method, only those are asked. Without any: the score now with a wider table, and the basis says so.
    goal: the steps that the run will make; references are read at the same fraction of their own length.
    kind: `auto` takes the table of supervised curves for curves without ups and downs, else that of RL.

    None before 3 % of the length, where the last value is not finite, and where no sign of a spread has been seen.
    """
    reach = reach_of(curve, references, goal)
    if reach is None:
        return None
    kind = ("supervised" if reach.smooth else "rl") if kind == "auto" else kind
    return from_table(reach, tables()["final"], kind, level=level, higher_is_better=higher_is_better)


def from_table(
    reach: Reach, fitted: Mapping[str, Any], kind: str, *, level: float = 0.8, higher_is_better: bool = True
) -> Outlook:
    """The outlook that a fitted table gives; see `fits/outlook.py` for its shape."""
    levels = np.array(fitted["levels"])
    z = between(fitted["fractions"], fitted[kind][reach.table], reach.fraction)
    if not higher_is_better:  # the tables are of scores that rise: late bloomers end better, not larger
        z, levels = -z[::-1], 1 - levels[::-1]
    values = reach.centre + reach.unit * z
    return Outlook(
        reach.fraction, reach.now, tuple(levels.tolist()), tuple(values.tolist()), level, _BASIS[reach.table]
    )


_BASIS = {
    "own": "the growth of finished runs of its own method on the task",
    "6": "the growth of finished runs on the task",
    "3": "the growth of the few finished runs on the task",
    "1": "the growth of one or two finished runs on the task",
    "none": "its own curve alone, no run on the task has finished: wider",
}


def reach_of(curve: Curve, references: Sequence[Curve], goal: float) -> Reach | None:
    """Centre and width unit of the final score; see `predict_final`. What the tables are fitted on.

    centre = now + t g − 0.2 (1 − f) d; unit = (p80 − p20)(g) + (0.3 (1 − f) + 0.02) R + noise + 0.2 |g|
    + 0.3 |now − score at f/2| + 0.2 |d|, where g is the growth of the references (its median), t how much of it
    counts (1 to 0.5 for those of its own method, 0.8 to 0 for others), R the range seen so far, d how far the
    curve stands above the references at the same fraction.
    """
    x, y = in_order(curve)
    fraction = min(float(x[-1]) / goal, 1.0)
    now = level_at(x, y, x[-1], goal)
    if fraction < EARLIEST or not np.isfinite(now + y[-1]):
        return None
    seen = y[np.isfinite(y)]
    before = score_at(x, y, x[-1] / 2, goal)
    own = [r for r in references if r.method == curve.method]
    asked = own if len(own) >= OWN else list(references)
    borrowed = [_borrowed(r, fraction) for r in asked[:: 1 + len(asked) // MOST_REFERENCES]]
    borrowed = [b for b in borrowed if np.isfinite(b[0] - b[1])]
    counted: Table = "6" if len(borrowed) >= 6 else "3" if len(borrowed) >= 3 else "1" if borrowed else "none"
    table: Table = "own" if borrowed and asked is own else counted
    start, end = window(x, x[-1], goal)
    noise, smooth = roughness(seen), _is_smooth(seen)
    unit = (_RANGE * (1 - fraction) + _FLOOR) * span(seen)
    unit += _RECENT * abs(now - before) if np.isfinite(before) else 0.0
    centre = now
    if borrowed:
        then, final, rough = np.array(borrowed).T
        g20, growth, g80 = quantiles(final - then, (0.2, 0.5, 0.8))
        apart = now - quantiles(then, (0.5,))[0]
        trust = _TRUST[table] * (1.0 if smooth else 1 - _LATE[table] * fraction)
        centre += trust * growth - _BACK * (1 - fraction) * apart
        unit += (g80 - g20) + _GROWTH * abs(growth) + _APART * abs(apart)
        noise = (noise + quantiles(rough, (0.5,))[0]) / (2 if len(seen) > 2 else 1)
    unit += noise * (2 / (end - start)) ** 0.5
    if not (unit > 0 and np.isfinite(centre + unit)):
        return None
    return Reach(fraction, now, centre, unit, table, smooth)


def _borrowed(reference: Curve, fraction: float) -> tuple[float, float, float]:
    """Score of a finished run at a fraction of its length, at its end, and its roughness."""
    x, y = in_order(reference)
    end = float(x[-1])
    return level_at(x, y, fraction * end, end), score_at(x, y, end, end), roughness(y)


def _is_smooth(y: FloatArray) -> bool:
    """Whether a curve goes one way, as losses do: eight points, back and forth less than a tenth more than the way."""
    if len(y) < 8:
        return False
    way = np.abs(np.diff(y)).sum()
    return bool(0 < way <= 1.1 * abs(y[-1] - y[0]))
