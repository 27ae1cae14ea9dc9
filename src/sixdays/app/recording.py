"""start and done: what has happened becomes a record (rules S5, T3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sixdays.app.project import Project, open_project
from sixdays.app.settings import Options
from sixdays.errors import UsageError, did_you_mean
from sixdays.plan.actuals import Actual
from sixdays.plan.model import Task
from sixdays.plan.network import build
from sixdays.quantities import Unreadable, parse_seconds, parse_when, utc_text


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, in words, and as data."""

    text: str
    id: str | None
    kind: str
    data: dict[str, object]

    def to_dict(self) -> dict[str, object]:
        return {"schema": 1, "id": self.id, "kind": self.kind, "data": self.data}


def start(task: str, sources: Sequence[str], options: Options, *, at: str | None, copy: int | None) -> Recorded:
    """Records that a task began: one copy, or as many as fit side by side.

    Raises:
        UsageError: no such task, it is finished or runs already, or the time is to come.
    """
    project, plan_task = _open(task, sources, options)
    when = _when(at, project)
    actual = _actual(project, task)
    if actual and actual.finished:
        raise UsageError(f"{task} is finished already", "sixdays undo takes back edits of the plan, not records")
    begun = {c.copy for c in actual.copies} if actual else set()
    total = plan_task.copies * (plan_task.tries.side_by_side if plan_task.tries else 1)
    if copy is not None:
        if not 1 <= copy <= total:
            raise UsageError(f"{task} has copies 1 to {total}", "")
        if copy in begun:
            raise UsageError(f"copy {copy} of {task} has begun already", "")
        copies = [copy]
    else:
        left = [c for c in range(1, total + 1) if c not in begun]
        if not left:
            raise UsageError(f"{task} runs already", f"sixdays done {task} says that it is finished")
        copies = left[: _fit(project, plan_task)]
    data: dict[str, object] = {"task": task, "copies": copies, "at": _iso(when)}
    record = project.add("task started", data)
    what = f"{task}" if total == 1 else f"{len(copies)} of {total} copies of {task}"
    return Recorded(f"{what} began {_iso_short(when)}", record.id if record else None, "task started", data)


def done(
    task: str, sources: Sequence[str], options: Options, *,
    at: str | None, took: str | None, copy: int | None, failed: int | None,
) -> Recorded:  # fmt: skip
    """Records that a task, a copy of it, or a try ended.

    Raises:
        UsageError: no such task, it is finished, `failed` without tries, or the time is to come.
    """
    project, plan_task = _open(task, sources, options)
    when = _when(at, project)
    actual = _actual(project, task)
    if actual and actual.finished:
        raise UsageError(f"{task} is finished already", "")
    took_s = _took(took, plan_task)
    data: dict[str, object] = {"task": task, "at": _iso(when)}
    if took_s is not None:
        data["took_s"] = took_s
    if failed is not None:
        if plan_task.tries is None:
            raise UsageError(f"{task} has no tries", f"add tries: {{each: 1 in 3}} to it (line {plan_task.span.line})")
        data["count"] = failed
        record = project.add("try failed", data)
        tries = "a try" if failed == 1 else f"{failed} tries"
        return Recorded(f"{tries} of {task} failed", record.id if record else None, "try failed", data)
    if copy is not None:
        total = plan_task.copies
        if not 1 <= copy <= total:
            raise UsageError(f"{task} has copies 1 to {total}", "")
        if actual and any(c.copy == copy and c.ended for c in actual.copies):
            raise UsageError(f"copy {copy} of {task} is finished already", "")
        data["copies"] = [copy]
    record = project.add("task finished", data)
    what = f"copy {copy} of {task} finished" if copy is not None else f"{task} finished"
    what = f"a try of {task} convinced: it is finished" if plan_task.tries and copy is None else what
    return Recorded(what, record.id if record else None, "task finished", data)


def _open(task: str, sources: Sequence[str], options: Options) -> tuple[Project, Task]:
    project = open_project(sources, options)
    if project.path is None:
        raise UsageError("records belong to a plan file", "sixdays init writes one")
    if task not in project.plan.tasks:
        known = project.plan.tasks
        raise UsageError(f'unknown task "{task}"', did_you_mean(task, known, f"tasks: {', '.join(list(known)[:8])}"))
    return project, project.plan.tasks[task]


def _when(at: str | None, project: Project) -> datetime:
    now = project.options.now
    if at is None:
        return now
    try:
        when = parse_when(at, now, project.plan.zone or project.options.zone)
    except Unreadable as e:
        raise UsageError(f"--at: {e.message}", e.hint) from e
    if when > now + timedelta(seconds=1):
        raise UsageError(f"--at {at} is in the future", "say it when it has happened")
    return when


def _took(text: str | None, task: Task) -> float | None:
    if text is None:
        return None
    try:
        return float(parse_seconds(text, task.units))
    except Unreadable as e:
        raise UsageError(f"--took: {e.message}", e.hint) from e


def _actual(project: Project, task: str) -> Actual | None:
    return next((a for a in project.actuals if a.task == task), None)


def _fit(project: Project, task: Task) -> int:
    """As many copies as fit side by side beside what runs; at least one: records beat the plan (rule S5)."""
    network = build(project.plan, project.options.now, project.actuals)
    held = {p: 0 for p in range(len(network.pools))}
    for a in network.activities:
        for p, k in a.needs:
            held[p] += k * len(a.worked_ms)
    own = network.activities[network.index[task.name]]
    free = [(network.pools[p].count - held[p]) // k for p, k in own.needs]
    return max(1, min(free, default=1_000_000))


def _iso(at: datetime) -> str:
    return at.isoformat()


def _iso_short(at: datetime) -> str:
    return utc_text(at)
