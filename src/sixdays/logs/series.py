"""Series and logs: what a reader returns, in values.

A file holds one log or several (a database, a table in long form). A run may have several files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sixdays.errors import Problem

FloatArray = NDArray[np.float64]
Scalar = str | int | float | bool | None
Ended = Literal["", "done", "failed"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One metric of one run, in the order in which it was written.

    steps, values, times: shape (n,) each. times: Unix seconds, NaN where the log has no clock.
    values may hold NaN: a run that diverged is a result.
    x: what steps count, as far as the log says: `step`, `epoch`, `episode`, `second`; never a row number
        unless there is nothing else, and then `row`.
    """

    tag: str
    steps: FloatArray
    values: FloatArray
    times: FloatArray
    x: str = "step"

    @property
    def diverged(self) -> bool:
        """Whether it was a number once, and has been none for the last three points or more to its end."""
        fine = np.isfinite(self.values)
        return bool(len(fine) > 3 and fine.any() and not fine[-max(3, len(fine) // 50) :].any())


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """What one run wrote into one file.

    path: the file. run: the run's name inside it, where a file holds several, else "".
    format: the reader's name. series: by tag.
    config: what the log itself says of the run, flat: dotted keys → scalars.
    ended: what the tracker says of its end; "" where it says nothing.
    goal: the number of steps that the run was to make, where the log says.
    clock: where the times come from: `log`, `file` (only the file's own times), or `none`.
    written: when the file was last written to, Unix seconds.
    cursor: where to read on, for the same reader only; None where it cannot.
    notes: what is odd about the file (a torn tail, lines that are no numbers, …), level `warning`.
    """

    path: str
    run: str
    format: str
    series: Mapping[str, Series]
    config: Mapping[str, Scalar] = field(default_factory=dict)
    ended: Ended = ""
    goal: float | None = None
    clock: Literal["log", "file", "none"] = "log"
    written: float | None = None
    cursor: Any = None
    notes: tuple[Problem, ...] = ()
