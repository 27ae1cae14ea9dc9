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
Cell = tuple[int, int, int, int, int]
# Edges of the cells of the table: gaps seen, fraction done, standard deviation of the log pace of blocks around its
# trend, and how far the trend moves the prediction, in logs.
COUNTS = (6, 16)
FRACTIONS = (0.25, 0.5, 0.75)
IRREGULAR = (0.0005, 0.001, 0.002, 0.006, 0.02, 0.05, 0.1, 0.2, 0.4)
MOVED = (0.01, 0.1)
BLOCKS = 8
MOST_MOVED = 0.7
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


def predict(own: Trace, goal: float, siblings: Sequence[Trace] = ()) -> tuple[float, Cell] | None:
    """Seconds from the last point to the goal, and the cell of the error table.

    The run's blocks of equally many steps are held against what they would take at one pace, or, with finished
    siblings, against what the siblings took there. What is left takes as much longer as the later half did, moved by
    the trend over the blocks as far as that stands out of their scatter.
    """
    dn, dt = own.moves
    if len(dn) > 5:  # the first gap holds compiling and loading
        dn, dt = dn[1:], dt[1:]
    if not len(dn) or goal <= own.step:
        return None
    t = np.concatenate([[0.0], np.cumsum(dt)])
    n = np.concatenate([[0.0], np.cumsum(dn)])
    n += own.step - n[-1]
    blocks = int(np.clip(len(dn) // 2, 2, BLOCKS)) if len(dn) > 1 else 1
    edges = np.linspace(n[0], own.step, blocks + 1)
    usual, rest = _reference(edges, goal, siblings) or (np.diff(edges), goal - own.step)
    took = np.diff(np.interp(edges, n, t))
    later = slice(blocks // 2, None)
    level = took[later].sum() / usual[later].sum()
    scatter, moved = _trend(np.log(np.maximum(took, 1e-9 * t[-1]) / usual), (goal - own.step) / (own.step - n[0]))
    cell = (
        int(bool(siblings) and rest != goal - own.step), _bin(COUNTS, len(dn)), _bin(FRACTIONS, own.step / goal),
        _bin(IRREGULAR, scatter), _bin(MOVED, abs(moved)),
    )  # fmt: skip
    return float(rest * level * np.exp(moved)), cell


def _bin(edges: Sequence[float], value: float) -> int:
    return int(np.searchsorted(edges, value, side="right"))


def _reference(edges: FloatArray, goal: float, siblings: Sequence[Trace]) -> tuple[FloatArray, float] | None:
    """What finished siblings took between these steps and from the last of them to the goal, averaged; or None."""
    found = []
    for s in siblings[:_MOST_SIBLINGS]:
        dn, dt = s.moves
        n = np.concatenate([[0.0], np.cumsum(dn)])
        n += s.step - n[-1]
        if len(dn) < 4 or n[-1] < 0.9 * goal or n[-1] <= edges[-1] or n[0] > 0.5 * (edges[0] + edges[-1]):
            continue
        t = np.concatenate([[0.0], np.cumsum(dt)])
        pace = t[-1] / (n[-1] - n[0])
        n = np.concatenate(
            [[min(edges[0], n[0] - 1.0)], n, [max(goal, n[-1]) + 1.0]]
        )  # at its own pace beyond its ends
        t = np.concatenate([[pace * (n[0] - n[1])], t, [t[-1] + pace * (n[-1] - n[-2])]])
        each = np.diff(np.interp([*edges, goal], n, t))
        if (each > 0).all():
            found.append(each / pace)
    if not found:
        return None
    mean = np.mean(found, axis=0)
    return mean[:-1], float(mean[-1])


def _trend(logs: FloatArray, ahead: float) -> tuple[float, float]:
    """Scatter of the blocks' log pace around its line, and how far that line carries from the later half to the rest.

    ahead: the steps that are left over the steps seen. The slope counts as far as it stands out of the scatter:
    1 − (2 standard errors / slope)², not below 0.
    """
    k = len(logs)
    if k < 4:
        return (float(logs.std(ddof=1)) if k > 1 else np.inf), 0.0
    x = (np.arange(k) + 0.5) / k
    x -= x.mean()
    slope = float(x @ logs / (x @ x))
    scatter = float(np.sqrt(((logs - logs.mean() - slope * x) ** 2).sum() / (k - 2)))
    error = scatter / float(np.sqrt(x @ x))
    sure = max(0.0, 1.0 - (2.0 * error / slope) ** 2) if slope else 0.0
    return scatter, float(np.clip(slope * sure * (0.25 + ahead / 2.0), -MOST_MOVED, MOST_MOVED))


def quantiles(cell: Cell) -> Range:
    """10, 50 and 90 % of ln(actual / predicted) in a cell of the table."""
    table = _table()
    for index in cell:
        table = table[index]
    return table[0], table[1], table[2]


@cache
def _table() -> list:  # type: ignore[type-arg]
    found = json.loads(files("sixdays.logs").joinpath("timeleft.json").read_text(encoding="utf-8"))
    return list(found["log_ratios"])
