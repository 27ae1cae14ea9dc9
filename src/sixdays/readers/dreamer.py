"""DreamerV3's `metrics.jsonl` and `scores.jsonl`: a step, and whatever was logged at it."""

from __future__ import annotations

from typing import Any

from sixdays.readers._records import LinesReader


def create(options: dict[str, Any]) -> LinesReader:
    return LinesReader(
        "dreamer", "DreamerV3", 35, ("metrics.jsonl", "scores.jsonl"),
        lambda name, first: name in ("metrics.jsonl", "scores.jsonl") and "step" in first,
    )  # fmt: skip
