"""What `sixdays faster` is asked: a command or a task of the plan, its budget and classes; and whether it may run."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sixdays.app.project import Project, open_project
from sixdays.app.settings import Options
from sixdays.app.tries import Tries, tries, with_env
from sixdays.errors import PlanError, StoreError, UsageError, did_you_mean
from sixdays.faster.model import PROMISES, USUAL, Command, Promise
from sixdays.plan.model import Task
from sixdays.probes.copying import root_of
from sixdays.quantities import Unreadable, parse_seconds, show_seconds
from sixdays.stores.trust import Trust

SLOWING = ("CUDA_LAUNCH_BLOCKING",)  # what a user's environment may hold that levers would take out
_JOINED = frozenset("&& || ; | > >> < &".split())  # what a shell reads
Ask = Callable[[str], bool] | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it runs: the user's environment, the folder, the machine's name, where allowed commands are kept."""

    env: Mapping[str, str]
    cwd: str
    host: str
    allowed: Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made faster and how. task: of the plan that runs it, if there is one. typed: the user wrote the
    command, so that it needs no leave.
    """

    command: Command
    budget_s: float = 600.0
    accept: tuple[Promise, ...] = USUAL
    units: float | None = None
    unit: str | None = None
    seeds: int = 1
    tries: Tries = field(default_factory=Tries)
    keep_probes: bool = False
    keep: bool = False
    project: Project | None = None
    task: Task | None = None
    typed: bool = False


def asked_for(
    words: Sequence[str], options: Options, place: Place, *, is_command: bool, plan: str = "plan.yaml",
    budget: str = "10min", accept: str = "same,equivalent", units: float | None = None, unit: str | None = None,
    seeds: int | None = None, given: Sequence[str] = (), propose: str | None = None, keep: bool = False,
    keep_probes: bool = False,
) -> Wanted:  # fmt: skip
    """What a command line asks for: a command that was typed, or a task of the plan with its run, seeds and length.

    A command that is the run of one task of the plan here counts as that task's.

    Raises:
        UsageError: a word that says nothing we know.
        PlanError: the plan of a task is missing or invalid.
    """
    if units is not None and not 0 < units < math.inf:
        raise UsageError(f"--units: {units} is no length of a run", "write 900, 300k, 5M or 1e6")
    task, project = None, None
    if is_command:
        argv = with_env(words)
        project, task = _running(argv, plan, options)
    else:
        if plan == "plan.yaml" and not os.path.exists(plan) and len(words) == 1 and os.path.exists(words[0]):
            raise UsageError(
                f"no plan here has a task {words[0]}", f"a command stands after --: {_as_command(words[0])}"
            )
        project = open_project((plan,), options)
        task = _task(project, words)
        argv = _argv(task)
    root, cwd = _folder(project, place)
    env = {k: place.env[k] for k in SLOWING if k in place.env}
    return Wanted(
        Command(argv, root, cwd, env), _budget(budget), _classes(accept), units, unit,
        seeds or (task.copies if task else 1), tries(given, propose), keep_probes, keep, project, task, is_command,
    )  # fmt: skip


def _running(argv: Sequence[str], plan: str, options: Options) -> tuple[Project, Task] | tuple[None, None]:
    """The plan here and its one task with this very run; none where there is no such, or no valid plan."""
    try:
        project = open_project((plan,), options) if os.path.isfile(plan) else None
    except (PlanError, StoreError):
        return None, None
    found = [t for t in project.plan.tasks.values() if t.run and _is_run(t, argv)] if project else []
    return (project, found[0]) if project and len(found) == 1 else (None, None)


def _as_command(name: str) -> str:
    program = ["python", name] if name.endswith(".py") else [name if os.sep in name else f"./{name}"]
    return f"sixdays faster -- {shlex.join(program)}"


def _is_run(task: Task, argv: Sequence[str]) -> bool:
    try:
        return _words(task) == tuple(argv)
    except (ValueError, UsageError):  # another task's, which is not asked for
        return False


def _task(project: Project, words: Sequence[str]) -> Task:
    known = project.plan.tasks
    if len(words) != 1:
        raise UsageError("name one task, or a command after --", "sixdays faster -- python train.py")
    if words[0] not in known:
        hint = did_you_mean(words[0], known, f"a command stands after --: sixdays faster -- {words[0]}")
        raise UsageError(f'the plan has no task "{words[0]}"', hint)
    task = known[words[0]]
    if not task.run:
        raise UsageError(f"{task.name} has no run: in {project.name}", "add the command, or name it after --")
    return task


def _argv(task: Task) -> tuple[str, ...]:
    try:
        return _words(task)
    except ValueError as e:
        raise UsageError(f"the run of {task.name} cannot be split into words: {e}", "close the quotes") from e


def _words(task: Task) -> tuple[str, ...]:
    """The words of a task's run, its placeholders filled for the first copy.

    Raises:
        ValueError: quotes are not closed.
        UsageError: it needs a shell.
    """
    run = task.run.replace("{seed}", "0").replace("{copy}", "1")
    for name, values in task.sweep:
        run = run.replace(f"{{{name}}}", values[0])
    if task.shell:
        return ("sh", "-c", run)
    words = tuple(shlex.split(run))
    if words[:1] == ("cd",) or _JOINED & set(words):
        raise UsageError(f"the run of {task.name} is a line for a shell", "add shell: true to the task")
    return with_env(words)


def _folder(project: Project | None, place: Place) -> tuple[str, str]:
    """The project's root, and the folder that the command runs in relative to it."""
    cwd = str(project.path.resolve().parent) if project and project.path else place.cwd
    root = root_of(cwd, place.env.get("HOME", ""))
    return root, os.path.relpath(cwd, root)


def _budget(text: str) -> float:
    try:
        seconds = float(parse_seconds(text))
    except Unreadable as e:
        raise UsageError(f"--budget: {e.message}", e.hint) from e
    if seconds < 5.0:
        raise UsageError("--budget: under 5 s nothing can be measured", "ten minutes is the usual: --budget 10min")
    return seconds


def _classes(text: str) -> tuple[Promise, ...]:
    asked = [w.strip() for w in text.split(",") if w.strip()]
    wrong = [w for w in asked if w not in PROMISES]
    if wrong or not asked:
        name = wrong[0] if wrong else text
        raise UsageError(f'--accept: "{name}" is no class', did_you_mean(name, PROMISES, ", ".join(PROMISES)))
    usual: set[Promise] = {"same", "equivalent"}
    accepted = {*asked, "same"} if usual & {*asked} else {*asked, *usual}  # the others widen it
    return tuple(p for p in PROMISES if p in accepted)


def allow(what: Wanted, place: Place, *, ask: Ask = None, yes: bool = False) -> None:
    """A plan's command runs only once its user has seen its words (docs/security); one that was typed was seen.

    Raises:
        UsageError: it is not allowed.
    """
    trust, argv, where = Trust(place.allowed), what.command.argv, what.command.root
    if what.typed or yes or trust.allows(argv, where):
        return
    shown = shlex.join(argv)
    if ask is None:
        raise UsageError(f"the plan's command has not been allowed to run here: {shown}", "read it, then add --yes")
    if not ask(f"Run {shown} in copies of {where}, for {show_seconds(what.budget_s)}?"):
        raise UsageError("not run", "nothing was changed")
    trust.allow(argv, where)
