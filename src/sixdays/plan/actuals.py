"""What happened to a task, as records tell it. The plan holds intentions; this holds facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a task: when it began and ended, as far as is known.

    took_s: how long it worked, in seconds of its own calendar, where that was said or measured.
    left_s: of one that runs, what its own progress says is left: 10, 50 and 90 % quantiles, seconds (rule E6).
    """

    copy: int
    started: datetime | None = None
    ended: datetime | None = None
    took_s: float | None = None
    left_s: tuple[float, float, float] | None = None

    @property
    def running(self) -> bool:
        return self.started is not None and self.ended is None


@dataclass(frozen=True, slots=True)
class Actual:
    """What happened to one task (rules S5, T3, E5).

    copies: those of the try under way that have started or ended.
    finished: when the task was said to be done; a task with tries: when a try convinced.
    failed: tries that did not convince; failed_took_s: their lengths, where known.
    estimate_s, kind, who: what was estimated, for the history (rule E7).
    chances: (standard, P(a result at it)) as the curves of the task say, for a task with a claim.
    speedup: how many times faster its command was measured to go, not yet in the plan; 1 where nothing was.
    """

    task: str
    copies: tuple[Copy, ...] = ()
    finished: datetime | None = None
    failed: int = 0
    failed_took_s: tuple[float, ...] = ()
    estimate_s: tuple[float, float] | None = None
    kind: str = ""
    who: str = ""
    chances: tuple[tuple[str, float], ...] = ()
    speedup: float = 1.0

    @property
    def running(self) -> tuple[Copy, ...]:
        return tuple(c for c in self.copies if c.running)

    @property
    def took_s(self) -> tuple[float, ...]:
        """Lengths that were said or measured of everything that ended, in seconds (rule E5)."""
        ended = tuple(c.took_s for c in self.copies if c.ended is not None and c.took_s is not None)
        return ended + self.failed_took_s


def evidence(recorded: Iterable[Actual], logged: Iterable[Actual]) -> tuple[Actual, ...]:
    """What records and logs say together: of a copy that both know the record holds, its progress is the log's."""
    out = {a.task: a for a in recorded}
    for log in logged:
        said = out.get(log.task)
        if said is None:
            out[log.task] = log
        elif said.finished is None:
            copies = {c.copy: c for c in log.copies}
            for c in said.copies:
                seen = copies.get(c.copy)
                copies[c.copy] = replace(c, left_s=seen.left_s) if c.running and seen and seen.running else c
            lengths = said.failed_took_s or log.failed_took_s
            ordered = tuple(copies[n] for n in sorted(copies))
            out[log.task] = replace(said, copies=ordered, failed_took_s=lengths, chances=log.chances)
        else:
            out[log.task] = replace(said, chances=log.chances)
    return tuple(out.values())


def with_chances(actuals: Iterable[Actual], chances: Mapping[str, tuple[tuple[str, float], ...]]) -> tuple[Actual, ...]:
    """What has happened, with what curves say of the tasks with a claim: task → (standard, P(a result at it))."""
    out = {a.task: a for a in actuals}
    for task, told in chances.items():
        out[task] = replace(out.get(task, Actual(task)), chances=told)
    return tuple(out.values())


def to_data(actual: Actual) -> dict[str, Any]:
    """What logs and curves said of a task, as a record can hold it."""
    copies = [
        [c.copy, c.started and c.started.isoformat(), c.ended and c.ended.isoformat(), c.took_s, c.left_s]
        for c in actual.copies
    ]
    return {"task": actual.task, "copies": copies, "lengths_s": actual.failed_took_s, "chances": actual.chances}


def from_data(found: Mapping[str, Any]) -> Actual:
    """The actual that `to_data` wrote.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """

    def time(text: str | None) -> datetime | None:
        return None if text is None else datetime.fromisoformat(text)

    copies = tuple(
        Copy(int(n), time(started), time(ended), took, tuple(left) if left else None)
        for n, started, ended, took, left in found["copies"]
    )
    chances = tuple((str(name), float(p)) for name, p in found["chances"])
    return Actual(str(found["task"]), copies, failed_took_s=tuple(found["lengths_s"]), chances=chances)
