"""Run states → what has happened to a task of the plan (rules E5, E6, S5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sixdays.logs.progress import RunState
from sixdays.plan.actuals import Actual, Copy


def actual_of(task: str, copies: int, states: Sequence[RunState], *, tries: bool = False) -> Actual | None:
    """What the runs of a task say: copies that ended, copies that run and what is left of them.

    A run that failed or is stuck holds nothing: its copy is to be made again. Of a task with tries a finished run
    is no verdict: its length counts, nothing else. None where no run says anything.

    Args:
        copies: how many the task has. Seeds 0 … n−1 are copies 1 … n; other seeds are taken in order.
    """
    told = [s for s in states if s.state in ("done", "running") and s.started is not None]
    if tries:
        lengths = tuple(s.took_s for s in told if s.state == "done" and s.took_s)
        running = [s for s in told if s.state == "running"]
        return Actual(task, _numbered(running, len(running)), failed_took_s=lengths) if told else None
    made = _numbered(told, copies)
    return Actual(task, made) if made else None


def _numbered(states: Iterable[RunState], copies: int) -> tuple[Copy, ...]:
    """One copy a run, at most as many as there are; of two runs of one seed the further one."""
    best: dict[object, RunState] = {}
    for s in states:
        key: object = s.seed or s.path
        if key not in best or _further(s) > _further(best[key]):
            best[key] = s
    kept = sorted(best.values(), key=lambda s: (s.state != "done", s.started or 0.0))[:copies]
    taken = {s.path: int(s.seed) + 1 for s in kept if s.seed.isdecimal() and int(s.seed) < copies}
    if len(taken) < len(kept):
        taken = {}
    order = sorted(kept, key=lambda s: (s.seed, s.path))
    return tuple(_copy(taken.get(s.path, i), s) for i, s in enumerate(order, 1))


def _further(s: RunState) -> tuple[bool, float]:
    return s.state == "done", s.steps or 0.0


def _copy(number: int, s: RunState) -> Copy:
    assert s.started is not None
    started = datetime.fromtimestamp(s.started, UTC)
    if s.state == "done":
        ended = datetime.fromtimestamp(max(s.last or s.started, s.started), UTC)
        return Copy(number, started, ended, s.took_s if s.took_s and s.took_s > 0 else None)
    return Copy(number, started, left_s=s.left_s)
