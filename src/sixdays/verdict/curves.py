"""Curves: one metric of one run on one benchmark task, and its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

HUGE = 1e100  # a value beyond it is no measurement: the run diverged, and its square would overflow


def usable(values: FloatArray) -> NDArray[np.bool_]:
    """Which values are numbers that can be reckoned with, same shape.

    >>> usable(np.array([1.0, np.nan, np.inf, 1e200])).tolist()
    [True, False, False, False]
    """
    return np.abs(values) < HUGE


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One run's learning curve. Values are used as given, never rescaled; one point is enough.

    task: the benchmark task (environment, data set). steps, values: equally long 1-d arrays.
    goal: the length that the run was meant to have; None: it has ended where the curve does.
    seconds: wall time that the run has taken so far, where it is known.

    Raises:
        ValueError: steps and values are not equally long 1-d arrays, there is no point, or a step is not finite.

    >>> Curve("Hopper", "sac", 0, [1, 2], [0.5, 0.7]).values
    array([0.5, 0.7])
    """

    task: str
    method: str
    seed: Any
    steps: FloatArray
    values: FloatArray
    goal: float | None = None
    seconds: float | None = None

    def __init__(
        self, task: str, method: str, seed: Any, steps: ArrayLike, values: ArrayLike,
        goal: float | None = None, seconds: float | None = None,
    ) -> None:  # fmt: skip
        x, y = np.asarray(steps, dtype=float), np.asarray(values, dtype=float)
        if x.ndim != 1 or x.shape != y.shape:
            raise ValueError(f"steps and values must be equally long 1-d arrays: {x.shape} and {y.shape}")
        if not len(x):
            raise ValueError(f"the curve of {method} on {task}, seed {seed}, has no point")
        if not np.isfinite(x).all():
            raise ValueError(f"the curve of {method} on {task}, seed {seed}, has a step that is not finite")
        for name, value in (("task", str(task)), ("method", str(method)), ("seed", seed), ("steps", x), ("values", y),
                            ("goal", goal), ("seconds", seconds)):  # fmt: skip
            object.__setattr__(self, name, value)

    def tidy(self) -> tuple[FloatArray, FloatArray]:
        """Steps and values with strictly rising steps.

        A step written several times in a row is measured several times: their mean. One that comes again later was
        written after a resume: the later one counts. Nothing else is left out, in whatever order the steps are.

        >>> Curve("t", "m", 0, [1, 2, 3, 3, 2], [1.0, 2.0, 3.0, 5.0, 9.0]).tidy()[1].tolist()
        [1.0, 9.0, 4.0]
        """
        x, y = self.steps, self.values
        if (x[1:] > x[:-1]).all():
            return x, y
        first = np.flatnonzero(np.append(True, x[1:] != x[:-1]))
        if len(first) < len(x):
            with np.errstate(over="ignore", invalid="ignore"):
                y = np.add.reduceat(y, first) / np.diff(np.append(first, len(x)))
            x = x[first]
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        last = np.append(x[1:] != x[:-1], True)
        return x[last], y[last]

    def score(self, window: float = 0.05) -> float:
        """The mean of the values in the last part of the steps, at least of the last one; NaN where it diverged there.

        Raises:
            ValueError: window is not in 0 ≤ window ≤ 1.

        >>> Curve("Hopper", "sac", 0, range(1, 101), range(1, 101)).score()
        98.0
        """
        if not 0.0 <= window <= 1.0:
            raise ValueError(f"window is the last part of a run, from 0 to 1: {window}")
        x, y = self.tidy()
        last = y[x > (1.0 - window) * x[-1]] if x[-1] > 0 else y[-1:]
        last = last if len(last) else y[-1:]
        return float(last.mean()) if usable(last).all() else np.nan

    def area(self, start: float, end: float) -> float:
        """The mean over the steps from start to end (trapezoids), points that are not finite left out; NaN if < 2.

        >>> Curve("Hopper", "sac", 0, [0, 1, 2], [0, 1, 2]).area(0, 1)
        0.5
        """
        x, y = self.tidy()
        good = usable(y)
        if not good.all():
            x, y = x[good], y[good]
        if len(x) < 2 or not end > start:
            return np.nan
        inside = (x > start) & (x < end)
        at = np.concatenate(([start], x[inside], [end]))
        of = np.concatenate((np.interp([start], x, y), y[inside], np.interp([end], x, y)))
        return float(((of[1:] + of[:-1]) * np.diff(at)).sum() / (2.0 * (end - start)))

    @property
    def is_running(self) -> bool:
        """It has a goal and has not come to 99 % of it."""
        return self.goal is not None and float(self.steps.max()) < 0.99 * self.goal
