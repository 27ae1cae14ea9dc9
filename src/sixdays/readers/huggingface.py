"""Hugging Face's `trainer_state.json`: `log_history`, `global_step`, `max_steps`; written anew as a whole each time."""

from __future__ import annotations

from typing import Any

from sixdays.errors import LogError
from sixdays.logs.series import Ended, Log
from sixdays.readers import Wanted
from sixdays.readers._cells import number
from sixdays.readers._columns import Columns
from sixdays.readers._files import OneFile, Source
from sixdays.readers._flat import flat, parsed
from sixdays.readers._records import Gathering

MOST_BYTES = 1 << 28
# What of a state is a setting: the rest (epoch, best_metric, total_flos, …) is progress, and differs between seeds.
SETTINGS = frozenset("max_steps num_train_epochs train_batch_size eval_steps logging_steps save_steps".split())


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader(OneFile):
    name, title, rank, alone = "huggingface", "Hugging Face", 18, False
    names = ("trainer_state.json",)

    def claims(self, path: str, head: bytes) -> bool:
        return path.endswith("trainer_state.json") and head.lstrip().startswith(b"{")

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        """Raises LogError where it is no trainer state. A cursor counts the entries read before."""
        if source.size > MOST_BYTES:
            raise LogError(f"{source.path}: more than {MOST_BYTES >> 20} MB", "this is no trainer state")
        if not source.size:
            return ()
        state = parsed(source.at(0, source.size))
        history = state.get("log_history") if isinstance(state, dict) else None
        if not isinstance(history, list):
            raise LogError(
                f"{source.path}:1: it is no trainer state: no log_history", "it may be half written: try again"
            )
        done = cursor.get("entries", 0) if isinstance(cursor, dict) else 0
        if done > len(history):
            source.note("there are fewer entries than before: read anew")
            done = 0
        gathering = Gathering(source, self.name, Columns("step", "step"), wanted)
        for entry in history[done:]:
            if isinstance(entry, dict):
                gathering.add(entry)
        goal, at = number(state.get("max_steps")), number(state.get("global_step"))
        goal = goal if goal and goal > 0 else None
        config = {k: v for k, v in flat(state, deep=0).items() if k in SETTINGS}
        ended: Ended = "done" if goal and at is not None and at >= goal else ""
        source.done(source.size)
        return gathering.logs({"entries": len(history)}, config=config, ended=ended, goal=goal)
