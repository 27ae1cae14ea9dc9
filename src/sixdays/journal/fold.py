"""Records → what has happened to each task (rules S5, T3, E5). The order of files does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sixdays.journal.records import Record
from sixdays.plan.actuals import Actual, Copy


@dataclass(frozen=True, slots=True)
class Shape:
    """What the fold must know of a task: copies of one try, tries at once, whether it has tries."""

    copies: int = 1
    side_by_side: int = 1
    tries: bool = False


@dataclass
class _State:
    copies: dict[int, Copy] = field(default_factory=dict)
    finished: datetime | None = None
    failed: int = 0
    failed_took_s: list[float] = field(default_factory=list)
    speedup: float = 1.0


def fold(records: Iterable[Record], shapes: Mapping[str, Shape]) -> tuple[Actual, ...]:
    """What has happened to each task of the plan; records of other tasks are passed over.

    By the time at which things happened, then by id, so that the order of arrival does not matter.
    """
    told: dict[str, Record] = {r.id: r for r in records if r.kind in _FOLDS and r.data.get("task") in shapes}
    states: dict[str, _State] = {}
    for record in sorted(told.values(), key=lambda r: (_happened(r), _ORDER[r.kind], r.id)):
        task = str(record.data["task"])
        _FOLDS[record.kind](states.setdefault(task, _State()), record, shapes[task])
    return tuple(
        Actual(
            task,
            tuple(s.copies[c] for c in sorted(s.copies)),
            s.finished,
            s.failed,
            tuple(s.failed_took_s),
            speedup=s.speedup,
        )
        for task, s in states.items()
    )


def _started(state: _State, record: Record, shape: Shape) -> None:
    for number in _numbers(record):
        state.copies.setdefault(number, Copy(number, _happened(record)))


def _finished(state: _State, record: Record, shape: Shape) -> None:
    """Some copies, or all of the task; of a task with tries, that one convinced."""
    at, took = _happened(record), _took(record)
    numbers = _numbers(record)
    if not numbers:
        state.finished = at
        numbers = [c.copy for c in state.copies.values() if c.ended is None] or ([1] if took is not None else [])
    for number in numbers:
        before = state.copies.get(number, Copy(number))
        state.copies[number] = Copy(number, before.started, at, took)
    if not shape.tries and sum(c.ended is not None for c in state.copies.values()) >= shape.copies:
        state.finished = state.finished or at


def _failed(state: _State, record: Record, shape: Shape) -> None:
    """Ends the longest-running tries; with none running the task is unstarted again (rule T3)."""
    count = max(0, int(record.data["count"]))
    at, took = _happened(record), _took(record)
    state.failed += count
    running = sorted((c for c in state.copies.values() if c.started), key=lambda c: (c.started or at, c.copy))
    for copy in running[: count * shape.copies]:
        del state.copies[copy.copy]
        length = took if took is not None else copy.took_s
        if length is None and copy.started is not None:
            length = ((copy.ended or at) - copy.started).total_seconds()
        if length and length > 0:
            state.failed_took_s.append(length)
    if not running and took is not None:
        state.failed_took_s.extend([took] * count)


def _measured(state: _State, record: Record, shape: Shape) -> None:
    """What `faster` confirmed last; once it stands in the plan it says nothing more."""
    factor = record.data["factor"]
    value = factor.get("value") if isinstance(factor, dict) else None
    usable = record.data["confirmed"] is True and not record.data.get("in_plan")
    state.speedup = float(value) if usable and isinstance(value, int | float) and 1.0 < value < 1e6 else 1.0


_FOLDS = {"task started": _started, "task finished": _finished, "try failed": _failed, "speed-up measured": _measured}
_ORDER = {"task started": 0, "try failed": 1, "task finished": 2, "speed-up measured": 3}


def _happened(record: Record) -> datetime:
    """When it happened; a damaged time is that of the record."""
    try:
        at = datetime.fromisoformat(str(record.data["at"]))
    except ValueError:
        return record.at
    return at if at.tzinfo else record.at


def _numbers(record: Record) -> list[int]:
    found: Any = record.data.get("copies", [])
    return [n for n in found if isinstance(n, int) and n > 0] if isinstance(found, list) else []


def _took(record: Record) -> float | None:
    took = record.data.get("took_s")
    return float(took) if isinstance(took, int | float) and 0 < took < 1e12 else None
