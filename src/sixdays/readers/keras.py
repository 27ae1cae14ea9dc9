"""Keras' `CSVLogger`: `epoch` comes first, then metrics in alphabetical order."""

from __future__ import annotations

from typing import Any

from sixdays.readers._table import TableReader


def is_mine(name: str, cells: list[str]) -> bool:
    rest = cells[1:]
    return cells[:1] == ["epoch"] and "loss" in rest and rest == sorted(rest)


def create(options: dict[str, Any]) -> TableReader:
    return TableReader("keras", "Keras", 40, ("*.csv", "*.log"), is_mine, alone=True)
