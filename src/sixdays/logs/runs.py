"""Runs: the logs of one execution, and where it belongs (group, task, seed)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sixdays.logs.series import Log, Scalar, Series


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run belongs. group: runs that are alike but for their seed (a method, a recipe).

    task: the benchmark task (environment, data set), "" where nothing tells it.
    how: what told it, in words: `config seed`, `pattern TASK_sN`, `folder`, `--group`, `mapping`, `file name`.
    """

    group: str
    task: str = ""
    seed: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One run. path: as shown to the user, relative to what was given; `file#run` for one of several in a file.

    config: of the logs and of config files beside them, flat, dotted keys.
    created, written: Unix seconds of the first and the last sign of life that files give, or None.
    """

    path: str
    logs: tuple[Log, ...]
    place: Place
    config: Mapping[str, Scalar] = field(default_factory=dict)
    created: float | None = None
    written: float | None = None

    def series(self, tag: str) -> Series | None:
        """The series of a tag, from the first log that has it."""
        return next((log.series[tag] for log in self.logs if tag in log.series), None)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(t for log in self.logs for t in log.series))
