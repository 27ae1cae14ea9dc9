"""Plain tables: CSV, TSV, columns apart by blanks; in long form also several runs in one file."""

from __future__ import annotations

from typing import Any

from sixdays.readers._table import TableReader


def create(options: dict[str, Any]) -> TableReader:
    return TableReader(
        "table", "table", 90, ("*.csv", "*.tsv", "*.dat", "progress.txt"), lambda _, cells: len(cells) > 1, alone=True
    )
