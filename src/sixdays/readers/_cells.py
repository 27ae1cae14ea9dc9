"""Cells of tables as numbers and times; elapsed times put on the clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from sixdays.logs.series import FloatArray

Cells = Sequence[object] | FloatArray  # of one column: as written, or numbers already
_ABSENT = frozenset(("", "none", "null", "na", "n/a", "#n/a", "-", "--", "nil", "<na>"))
_FIRST, _LAST = 9.0e8, 1.0e10  # 1998 to 2286: what can be Unix seconds


def number(cell: object) -> float | None:
    """A cell as a number; None where it holds none. NaN and infinities are numbers.

    >>> number("1e3"), number(" nan "), number("None"), number("true"), number("fast")
    (1000.0, nan, None, 1.0, None)
    """
    if isinstance(cell, (int, float)):
        return float(cell) if not isinstance(cell, int) or abs(cell) < 1 << 1023 else math.inf
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    try:
        return float(text)
    except ValueError:
        lower = text.lower()
        if lower in ("true", "false"):
            return float(lower == "true")
        return number(text[:-1]) if text.endswith("%") and len(text) < 30 else None


def is_absent(cell: str) -> bool:
    return cell.strip().lower() in _ABSENT


def instant(cell: object) -> float | None:
    """Unix seconds of a cell: a number of s, ms, µs or ns since 1970, or ISO text (UTC where it has no zone).

    >>> instant("2024-01-02 03:04:05"), instant(1704164645000), instant("12.5")
    (1704164645.0, 1704164645.0, None)
    """
    x = number(cell)
    if x is not None:
        for unit in (1.0, 1e3, 1e6, 1e9):
            if _FIRST < x / unit < _LAST:
                return x / unit
        return None
    if not isinstance(cell, str) or len(cell) > 64:
        return None
    text = cell.strip()
    for form in (None, "%Y-%m-%d_%H-%M-%S", "%Y/%m/%d %H:%M:%S", "%d/%m/%Y %H:%M:%S"):
        try:
            when = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)  # noqa: DTZ007
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, OSError):
            continue
    return None


def floats(cells: Cells) -> tuple[FloatArray, NDArray[np.bool_] | None]:
    """A column as numbers, and where there is one (None: everywhere). A blank is none; a NaN that was written is."""
    if isinstance(cells, np.ndarray):
        return cells, None
    try:
        return np.array(list(map(float, cells))), None  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = [number(c) for c in cells]
    there = np.array([x is not None for x in found], dtype=bool)
    return np.array([math.nan if x is None else x for x in found]), there


def instants(cells: Cells) -> FloatArray:
    """A column as Unix seconds; NaN where it holds none."""
    if isinstance(cells, np.ndarray) and len(cells) and cells.min() > _FIRST and cells.max() < _LAST:
        return cells
    return np.array([math.nan if (t := instant(c)) is None else t for c in cells])


def on_the_clock(elapsed: FloatArray, last: float | None) -> FloatArray:
    """Unix seconds of elapsed ones, of which the last finite one was written at `last`; NaN where that is unknown.

    Where the clock starts again, as after a resume, it goes on from where it was.

    >>> on_the_clock(np.array([0.0, 10.0, 0.0, 5.0]), 1000.0)
    array([ 985.,  995.,  995., 1000.])
    """
    finite = np.isfinite(elapsed)
    if last is None or not finite.any() or not math.isfinite(last):
        return np.full(len(elapsed), np.nan)
    known = elapsed[finite]
    falls = np.minimum(np.diff(known, prepend=known[0]), 0.0)
    known = known - np.cumsum(falls)
    out = np.full(len(elapsed), np.nan)
    out[finite] = known - known[-1] + last
    return out
