"""Questions that arise from curves: seeds that would settle a claim, runs that can no longer change it, stop rules."""

from __future__ import annotations

from collections.abc import Iterable

from sixdays.ask.questions import Question
from sixdays.plan.model import Task
from sixdays.quantities import listed
from sixdays.verdict.result import Verdict
from sixdays.verdict.waiting import Unneeded

MINUTES = 5.0  # to decide on seeds, as rule Q4 has it


def from_verdict(task: Task, verdict: Verdict) -> tuple[Question, ...]:
    """What would settle the claim of a task: the judge's next step, where it is not yet known."""
    after = verdict.next
    if verdict.word != "not_yet_known" or after is None or after.seeds < 1:
        return ()
    command = f"sixdays judge {task.name}"
    why = f"the claim of {task.name} is not yet known at {verdict.standard}"
    return (Question(f"Would you run {after.text.rstrip('.')}?", (), MINUTES, command=command, why=why),)


def to_leave_out(task: Task, baseline: Task, found: Unneeded | None) -> tuple[Question, ...]:
    """Runs that wait and can no longer change the verdict, with the change of the plan that leaves them out."""
    if found is None or not found.runs:
        return ()
    copies = {t.name: t.copies for t in (task, baseline) if not t.sweep}
    left = {name: copies[name] - n for name, n in found.by_method.items() if name in copies}
    change = tuple(f"{name} {n} seeds" for name, n in left.items() if n >= 1)
    one = "run" if found.waiting == 1 else "runs"
    text = f"Leave out {found.runs} of the {found.waiting} {one} of {task.name} and {baseline.name} that wait?"
    why = "they can no longer change the verdict, in 19 futures of 20"
    return (Question(text, change, MINUTES, why=why),)


def to_stop(task: Task, paths: Iterable[str]) -> tuple[Question, ...]:
    """Runs that a task's `stop if` is for; it is proposed, never done."""
    shown = list(paths)
    if not shown:
        return ()
    text = f"Stop {listed(shown)}? {task.name} says: stop if {task.stop_if}."
    return (Question(text, (), MINUTES, why="its curve is there; nothing is stopped by sixdays"),)
