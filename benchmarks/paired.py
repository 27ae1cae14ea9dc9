"""Ratios in one run: a candidate and its floor, interleaved, with the spread."""

from __future__ import annotations

import time
from collections.abc import Callable


def ratio(
    candidate: Callable[[], object], floor: Callable[[], object], repeats: int = 15
) -> tuple[float, float, float]:
    """(minimum, median, maximum) of candidate ÷ floor over mirrored pairs: A B B A."""
    floor()
    candidate()
    out = []
    for i in range(repeats):
        pair = (candidate, floor) if i % 2 else (floor, candidate)
        times = [_timed(f) for f in pair]
        mine, base = times if i % 2 else times[::-1]
        out.append(mine / base)
    out.sort()
    return out[0], out[len(out) // 2], out[-1]


def _timed(f: Callable[[], object]) -> float:
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def row(what: str, found: tuple[float, float, float], budget: str = "") -> str:
    low, middle, high = found
    return f"{what:<58} {middle:8.2f}  ({low:.2f} to {high:.2f})  {budget}"
