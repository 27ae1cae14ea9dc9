"""The time that a running run still needs: its own recent rate, with widths from a table fitted by fits/timeleft.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from sixdays.logs.series import FloatArray
from sixdays.logs.trace import Trace

Range = tuple[float, float, float]
COUNTS = (4, 12, 40)  # gaps seen
FRACTIONS = (0.2, 0.4, 0.6, 0.8)
IRREGULAR = (0.001, 0.003, 0.01, 0.03, 0.06, 0.12, 0.25, 0.5)  # standard deviation of the log pace of blocks
BLOCKS = 8
_MOST_SIBLINGS = 20


def left(own: Trace, goal: float, since_s: float, siblings: Sequence[Trace] = ()) -> Range | None:
    """Seconds that a run still needs: 10, 50 and 90 %; never negative. None where its rate is not known.

    since_s: seconds since its last point. siblings: finished runs of the same recipe.
    """
    found = predict(own, goal, siblings)
    if found is None:
        return None
    middle, cell = found
    passed = min(max(since_s, 0.0), own.gap_s or 0.0)
    low, mid, high = (max(0.0, middle * float(np.exp(q)) - passed) for q in quantiles(cell))
    return low, max(low, mid), max(low, mid, high)


def predict(own: Trace, goal: float, siblings: Sequence[Trace] = ()) -> tuple[float, tuple[int, int, int, int]] | None:
    """Seconds from the last point to the goal, at the pace of the later half, and the cell of the error table.

    With finished siblings: what they took from there on, times how much slower this run was in that later half.
    """
    dn, dt = own.moves
    if not len(dn) or goal <= own.step:
        return None
    n, t = (np.concatenate([[0.0], np.cumsum(a)]) for a in (dn, dt))
    half = n[-1] / 2 if len(dn) > 1 else 0.0
    took = float(t[-1] - np.interp(half, n, t))
    plain = took / (n[-1] - half) * (goal - own.step)
    guesses = [
        g for s in siblings[:_MOST_SIBLINGS] if (g := _alike(s, own.step - (n[-1] - half), own.step, goal, took))
    ]
    middle = float(np.exp(np.median(np.log(guesses)))) if guesses else plain
    cell = (
        int(bool(guesses)), int(np.searchsorted(COUNTS, len(dn), side="right")),
        int(np.searchsorted(FRACTIONS, own.step / goal)), int(np.searchsorted(IRREGULAR, irregular(n, t))),
    )  # fmt: skip
    return middle, cell


def _alike(sibling: Trace, start: float, end: float, goal: float, took: float) -> float | None:
    """What this sibling's course says of the rest; None where it cannot."""
    dn, dt = sibling.moves
    n, t = (np.concatenate([[0.0], np.cumsum(a)]) for a in (dn, dt))
    n = n + (sibling.step - n[-1])
    if len(dn) < 4 or n[0] > start + 0.1 * (end - start) or n[-1] < 0.9 * goal:
        return None
    a, b, c = np.interp((start, end, goal), n, t)
    rest = c - b + max(0.0, goal - n[-1]) * (t[-1] - b) / max(n[-1] - end, 1e-12) if n[-1] > end else 0.0
    return float(rest * took / (b - a)) if b > a and rest > 0 else None


def irregular(n: FloatArray, t: FloatArray) -> float:
    """Standard deviation of the log pace over blocks of equally many steps; n, t: cumulated, from 0."""
    blocks = int(np.clip((len(n) - 1) // 2, 2, BLOCKS))
    pace = np.diff(np.interp(np.linspace(0.0, n[-1], blocks + 1), n, t))
    return float(np.log(np.maximum(pace, 1e-12 * t[-1])).std(ddof=1)) if len(n) > 2 else np.inf


def quantiles(cell: tuple[int, int, int, int]) -> Range:
    """10, 50 and 90 % of ln(actual / predicted) in a cell of the table."""
    table = _table()
    for index in cell:
        table = table[index]
    return table[0], table[1], table[2]


@cache
def _table() -> list:  # type: ignore[type-arg]
    found = json.loads(files("sixdays.logs").joinpath("timeleft.json").read_text(encoding="utf-8"))
    return list(found["log_ratios"])
