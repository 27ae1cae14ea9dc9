"""Lightning's `metrics.csv`: sparse rows, train and validation in turn; a blank is no zero."""

from __future__ import annotations

from typing import Any

from sixdays.readers._columns import plain
from sixdays.readers._table import TableReader


def create(options: dict[str, Any]) -> TableReader:
    return TableReader(
        "lightning", "Lightning", 30, ("metrics.csv",),
        lambda name, cells: name == "metrics.csv" and {"epoch", "step"} <= {plain(c) for c in cells},
    )  # fmt: skip
