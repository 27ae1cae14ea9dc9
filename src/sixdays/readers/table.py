"""Plain tables: CSV, TSV, columns apart by blanks; in long form also several runs in one file."""

from __future__ import annotations

from typing import Any

from sixdays.readers._table import TableReader


def is_mine(name: str, cells: list[str]) -> bool:
    return len(cells) > 1 and not cells[0].startswith("{")


def create(options: dict[str, Any]) -> TableReader:
    return TableReader("table", "table", 90, ("*.csv", "*.tsv", "*.dat", "progress.txt"), is_mine, alone=True)
