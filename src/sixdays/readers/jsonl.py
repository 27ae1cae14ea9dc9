"""One JSON object a line, whatever wrote it: also the `log.txt` and `metrics.json` of vision code bases."""

from __future__ import annotations

from typing import Any

from sixdays.readers._records import LinesReader

NAMES = ("*.jsonl", "*.ndjson", "log.txt", "metrics.json", "log.json", "scalars.json", "*log.json", "stats.json")


def create(options: dict[str, Any]) -> LinesReader:
    return LinesReader("jsonl", "JSON lines", 91, NAMES, lambda _, first: bool(first), alone=True)
