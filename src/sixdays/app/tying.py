"""Logs → what has happened to the tasks of a plan: nobody has a step to remember (design §8)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from sixdays.app.reading import find_runs
from sixdays.errors import LogError, Problem
from sixdays.logs.actual import actual_of
from sixdays.logs.progress import RunState, states
from sixdays.logs.runs import Run
from sixdays.plan.actuals import Actual
from sixdays.plan.model import Plan, Task
from sixdays.quantities import listed


@dataclass(frozen=True, slots=True)
class Tied:
    """What logs say of the tasks of a plan, and what is odd about them."""

    actuals: tuple[Actual, ...] = ()
    problems: tuple[Problem, ...] = ()


def tie(plan: Plan, folder: Path, now_s: float) -> Tied:
    """What the logs that tasks name say at a time; a task without `logs:` is passed over.

    Tasks that name the same logs share them: each takes the groups that bear its name.
    """
    by_pattern: dict[str, list[Task]] = {}
    for task in plan.tasks.values():
        if task.logs:
            by_pattern.setdefault(task.logs, []).append(task)
    actuals: list[Actual] = []
    problems: list[Problem] = []
    for pattern, tasks in by_pattern.items():
        found = _read(pattern, folder, now_s, tasks[0], plan, problems)
        for task in tasks:
            told = [found[r.path][1] for r in own(task, [r for r, _ in found.values()], shared=len(tasks) > 1)]
            made = actual_of(task.name, task.copies, told, tries=task.tries is not None)
            if made is not None:
                actuals.append(made)
            problems += _silent(plan, task, told)
    return Tied(tuple(actuals), tuple(problems))


def _read(
    pattern: str, folder: Path, now_s: float, task: Task, plan: Plan, problems: list[Problem]
) -> dict[str, tuple[Run, RunState]]:
    """The runs under a pattern by their path; a log that cannot be read is said."""
    paths = paths_of(pattern, folder)
    if not paths:
        still = os.path.dirname(pattern.split("*", 1)[0].split("?", 1)[0].split("[", 1)[0])
        if still and not (folder / still).is_dir():  # before the first run a pattern matches nothing, and that is well
            problems.append(warning(plan, task, f'the logs of "{task.name}": there is no folder {still}', "mend logs:"))
        return {}
    try:
        found = find_runs(paths, ends=True)
    except LogError as e:
        problems.append(warning(plan, task, f'the logs of "{task.name}" cannot be read: {e.message}', e.hint))
        return {}
    return {r.path: (r, s) for r, s in zip(found.runs, states(found.runs, now_s), strict=True)}


def paths_of(pattern: str, folder: Path) -> list[str]:
    """What a pattern of `logs:` names, relative to the plan's folder."""
    return sorted(glob(str(folder / pattern)))


def own(task: Task, runs: Sequence[Run], *, shared: bool) -> tuple[Run, ...]:
    """The runs of one task under its pattern: the groups that bear its name, else all where no other task has it."""
    named = tuple(r for r in runs if _plain(r.place.group) == _plain(task.name))
    return named if named or shared else tuple(runs)


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _silent(plan: Plan, task: Task, told: Sequence[RunState]) -> list[Problem]:
    """Runs that hold nothing in the forecast, and why."""
    out = []
    for state, what in (("stuck", "silent: taken as stuck, to be run again"), ("failed", "failed: to be run again")):
        paths = [s.path for s in told if s.state == state]
        if paths:
            out.append(
                warning(plan, task, f'"{task.name}": {listed(paths)} {what}', "sixdays done or start says otherwise")
            )
    return out


def warning(plan: Plan, task: Task, message: str, hint: str) -> Problem:
    """Something odd about a task, where the plan writes it."""
    return Problem(message, hint, plan.file, task.span.line, task.span.column, level="warning")
