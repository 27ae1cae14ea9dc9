"""RLlib's and Ray Tune's `result.json`: one object a training iteration, with the configuration in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sixdays.readers._flat import flat
from sixdays.readers._records import LinesReader

SKIP = frozenset(
    (
        "config",
        "pid",
        "done",
        "iterations_since_restore",
        "time_since_restore",
        "time_this_iter_s",
        "timestamp",
        "time_total_s",
    )
)


def finish(last: Mapping[str, Any]) -> Mapping[str, Any]:
    config = last.get("config")
    said = flat(config) if isinstance(config, dict) else {}
    return {"config": said, "ended": "done" if last.get("done") is True else ""}


def create(options: dict[str, Any]) -> LinesReader:
    def is_mine(name: str, first: Mapping[str, Any]) -> bool:
        return name.startswith("result")

    return LinesReader("rllib", "RLlib", 25, ("result.json", "result*.json"), is_mine, skip=SKIP, finish=finish)
