"""Tables of training progress: Spinning Up's `progress.txt`, `progress.csv` of SB3, RLlib, garage, rlkit and others."""

from __future__ import annotations

from typing import Any

from sixdays.readers._table import TableReader


def create(options: dict[str, Any]) -> TableReader:
    return TableReader(
        "progress",
        "progress table",
        20,
        ("progress*.csv", "progress*.txt"),
        lambda name, cells: name.startswith("progress") and len(cells) > 1,
    )
