"""The tables fitted on public curves: outlook.json, made by `fits/outlook.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from sixdays.verdict.curves import FloatArray


@cache
def tables() -> Mapping[str, Any]:
    """Everything that outlook.json holds, with its sources."""
    text = files("sixdays.verdict").joinpath("outlook.json").read_text(encoding="utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def between(at: Sequence[float], rows: Sequence[Sequence[float]], x: float) -> FloatArray:
    """The row at x of a table with a row for each of `at` (rising), interpolated; beyond, the first or last row.

    >>> between([0.1, 0.3], [[0.0, 1.0], [1.0, 1.0]], 0.2).tolist()
    [0.5, 1.0]
    """
    place = float(np.interp(x, at, np.arange(len(at))))
    low = min(int(place), len(at) - 2)
    first, second = np.asarray(rows[low]), np.asarray(rows[low + 1])
    mixed: FloatArray = first + (place - low) * (second - first)
    return mixed
