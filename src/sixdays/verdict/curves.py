"""Curves: one metric of one run on one benchmark task, and its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


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
