"""`sixdays faster`: opens what it works on, drives the search with probes, says what it buys, records."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sixdays.app.delivering import delivery
from sixdays.app.forecasting import forecast_of, inputs, keep_change, setting
from sixdays.app.project import Project, open_project
from sixdays.app.settings import Options
from sixdays.app.tries import Tries, proposed, tries
from sixdays.ask.proposals import saved_by_restart
from sixdays.errors import PlanError, RunError, StoreError, UsageError, did_you_mean
from sixdays.faster.conclusion import conclusion
from sixdays.faster.diagnosis import Line, diagnose
from sixdays.faster.length import Length, length
from sixdays.faster.model import PROMISES, USUAL, Candidate, Command, Machine, NotTried, Profile, Promise, Trace
from sixdays.faster.options import options_of
from sixdays.faster.probe import Asked, Outcome, Probe, Steps
from sixdays.faster.report import PROPOSED, Delivery, Speedups, ThrownOut
from sixdays.faster.search import Search
from sixdays.levers.given import patch
from sixdays.odds.forecast import Forecast, forecast
from sixdays.plan.changes import changes
from sixdays.plan.estimate import amount_of
from sixdays.plan.model import Task
from sixdays.plugins import create, names
from sixdays.probes import inspect
from sixdays.probes.copying import root_of
from sixdays.probes.run import Interrupted, Stop, probe
from sixdays.probes.scratch import Overwritten, Scratch, scratch
from sixdays.quantities import Unreadable, parse_seconds, show_seconds
from sixdays.stores.trust import Trust

STACKS_S = 0.01
SLOWING = ("CUDA_LAUNCH_BLOCKING",)  # what a user's environment may hold that levers would take out
Tell = Callable[["Told"], None]
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


@dataclass(frozen=True, slots=True)
class Told:
    """What is being tried; result: what it gave, empty before it ran. best: the gain so far. left: seconds."""

    text: str
    result: str
    best: float
    left: float


@dataclass(frozen=True, slots=True)
class Found:
    """The answer. before, after: forecasts of the plan, where the command is a task's and something was shown.

    saved_s: how much sooner a copy that runs now would end if it were started anew; negative: let it finish. diff: of
    the plan, where the faster `takes` was written.
    """

    wanted: Wanted
    speedups: Speedups
    delivery: Delivery
    before: Forecast | None = None
    after: Forecast | None = None
    saved_s: float | None = None
    diff: str = ""
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        out = self.speedups.to_dict()
        out["command"] = list(self.wanted.command.argv)
        out["delivery"] = self.delivery.to_dict()
        out["saved_s"] = self.saved_s
        if self.before is not None and self.after is not None:
            out["odds"] = {
                name: {"before": self.before.targets[name].odds, "after": t.odds}
                for name, t in self.after.targets.items()
            }
        return out


def wanted(
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
    task, project = None, None
    if is_command:
        argv = tuple(words)
        project, task = _running(argv, plan, options)
    else:
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
    found = [t for t in project.plan.tasks.values() if t.run and _words(t) == tuple(argv)] if project else []
    return (project, found[0]) if project and len(found) == 1 else (None, None)


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
    """
    run = task.run.replace("{seed}", "0").replace("{copy}", "1")
    for name, values in task.sweep:
        run = run.replace(f"{{{name}}}", values[0])
    if task.shell:
        return ("sh", "-c", run)
    return tuple(shlex.split(run))


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
    accepted = {*asked} if usual & {*asked} else {*asked, *usual}  # the others widen it
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


def speed_up(what: Wanted, options: Options, place: Place, *, tell: Tell) -> Found:
    """Measures what makes a command faster, which its user has allowed. Ctrl-C ends the measuring, not the answer.

    Raises:
        RunError: the command cannot be measured, and why.
    """
    machine = inspect.machine(place.env)
    if why := inspect.refusal(what.command, machine, None, env=place.env, host=place.host):
        raise RunError(why)
    stated = Length(what.units, what.unit or "", f"{what.units:,.10g} from --units") if what.units is not None else None
    search = Search(Asked(what.budget_s, what.accept, what.seeds, what.unit, stated, cores=machine.cores))
    drive = _Drive(what.command, search, tell, time.monotonic())
    diagnosis: tuple[Line, ...] = ()
    interrupted = False
    with scratch(what.command.root, place.env, keep=what.keep_probes) as copies:
        try:
            given = _fitting(what, copies, search, tell)
            drive.run(search.look(), copies)
            if search.failed:
                seen = search.looked and inspect.refusal(
                    what.command, machine, search.looked, env=place.env, host=place.host
                )
                raise RunError(seen or search.failed, f"try it by hand: {shlex.join(what.command.argv)}")
            what = _with_entry(what, search)
            drive.command = what.command
            profile = _profile(what, search, copies, machine, place)
            if search.asked.length is None:
                known, doubt = _read_length(profile, what)
                search.asked = replace(search.asked, length=known, doubt=doubt)
            diagnosis = diagnose(profile)
            drive.run(search.improve(_found(what, given, profile, diagnosis, search)), copies)
        except KeyboardInterrupt as stopped:
            interrupted = True
            for trace in stopped.traces[:1] if isinstance(stopped, Interrupted) else ():
                search.cut_short(trace)
            if search.unit is None or not search.original:
                raise
            if not diagnosis and search.looked is not None:
                sources = inspect.sources_of(what.command, search.looked, place.env.get("PATH"))
                diagnosis = diagnose(Profile(what.command, search.looked, machine, sources=sources))
        speedups = conclusion(search, diagnosis, time.monotonic() - drive.began, interrupted=interrupted)
        made = delivery(what.command, speedups.delivered, copies)
        kept = (f"the copies are in {copies.path}",) if what.keep_probes else ()
    return _told(what, speedups, made, options, kept)


@dataclass(slots=True)
class _Drive:
    """Runs the probes that a search asks for, one after another."""

    command: Command
    search: Search
    tell: Tell
    began: float

    def run(self, steps: Steps, copies: Scratch) -> None:
        search = self.search
        asked = next(steps, None)
        while asked is not None:
            self.tell(Told(asked.text, "", search.gain, search.left))
            outcome = self._outcome(asked, copies)
            try:
                following = steps.send(outcome)
            except StopIteration:
                following = None
            self.tell(Told(asked.text, search.said(asked, outcome), search.gain, search.left))
            asked = following

    def _outcome(self, asked: Probe, copies: Scratch) -> Outcome:
        unit = self.search.unit
        key = unit.key if unit and asked.events else None
        place = unit.place if unit else 0
        stop = Stop(asked.seconds, key, asked.events, place, enough=asked.enough and self._glimpsed(asked))
        stacks = STACKS_S if asked.stacks else 0.0
        try:
            traces = probe(copies, self.command, asked.setting, stop=stop, stacks_every=stacks)
        except RunError as e:
            if not asked.setting or isinstance(e, Overwritten):
                raise
            return Outcome((), time.monotonic() - self.began, e.message)
        return Outcome(traces, time.monotonic() - self.began)

    def _glimpsed(self, asked: Probe) -> Callable[[Trace], bool]:
        """Whether a look has seen enough; tells the rate as soon as it is known."""
        seen = [False]

        def enough(trace: Trace) -> bool:
            assert asked.enough is not None
            is_enough = asked.enough(trace)
            if self.search.glimpse and not seen[0] and not is_enough:
                self.tell(Told(f"{asked.text}, so far", self.search.glimpse, 1.0, self.search.left))
                seen[0] = True
            return is_enough

        return enough


def _with_entry(what: Wanted, search: Search) -> Wanted:
    """The script that was seen to run: a Makefile, or a shell script that starts several, does not tell it before."""
    entry = search.looked.facts.get("entry", "") if search.looked else ""
    is_own = not os.path.isabs(entry) and "site-packages" not in entry and Path(what.command.root, entry).is_file()
    return replace(what, command=replace(what.command, entry=entry)) if is_own else what


def _profile(what: Wanted, search: Search, copies: Scratch, machine: Machine, place: Place) -> Profile:
    """All that levers may look at. Its help is asked for only where that cannot start the training."""
    assert search.looked is not None
    path = place.env.get("PATH")
    return Profile(
        what.command,
        search.looked,
        machine,
        inspect.help_of(what.command, copies, path, search.looked.facts.get("executable") or "python"),
        inspect.sources_of(what.command, search.looked, path),
        inspect.configs_of(what.command, path),
        what.seeds,
        what.accept,
        search.unit.kind if search.unit else "",
    )


def _read_length(profile: Profile, what: Wanted) -> tuple[Length | None, str]:
    """The length of one run: of the task's `takes` (5M steps at 900/s), else as the command says it."""
    options = options_of(profile.help, profile.sources, profile.configs, profile.command.argv)
    amount = amount_of(what.task.takes) if what.task else None
    said = Length(*amount, f"{amount[0]:,.10g} {amount[1]} from takes: in the plan") if amount else None
    words = json.loads(profile.trace.facts.get("words", "[]")) or profile.command.argv  # of the script, behind a shell
    return length(options, words, profile.trace, what.unit, said)


def _fitting(what: Wanted, copies: Scratch, search: Search, tell: Tell) -> dict[str, Any]:
    """The given changes that can be put in: a patch that does not apply is thrown out before anything is run."""
    given = what.tries.options
    for name, text in what.tries.patches.items():
        candidate = patch(name, text)
        try:
            copies.release(copies.fresh(what.command, (candidate,)))
        except RunError as e:
            search.thrown_out.append(ThrownOut(candidate, e.message))
            tell(Told(f"{candidate.text}: {e.message}", "thrown out", 1.0, what.budget_s))
            del given["patches"][name]
    return given


def _found(
    what: Wanted, given: dict[str, Any], profile: Profile, diagnosis: Sequence[Line], search: Search
) -> list[tuple[bool, Sequence[Candidate | NotTried]]]:
    """What all levers propose, in the order in which it is tried; given changes first."""
    if what.tries.propose:
        try:
            seconds = max(10.0, 0.25 * search.left)
            given["patches"][PROPOSED] = proposed(what.tries.propose, profile, diagnosis, seconds)
        except RunError as e:
            search.not_tried.append(NotTried("given", e.message))
    levers = [create("levers", name, given if name == "given" else {}) for name in names("levers")]
    levers.sort(key=lambda lever: lever.rank)
    return [(lever.together, lever.propose(profile)) for lever in levers]


def _told(what: Wanted, speedups: Speedups, made: Delivery, options: Options, notes: tuple[str, ...]) -> Found:
    """What it buys in the plan, recorded; written into it where that was asked for."""
    found = Found(what, speedups, made, notes=notes)
    project, task = what.project, what.task
    if project is None or task is None:
        return found
    phrase = f"{task.name} {speedups.factor.value:.3g}x faster"
    if speedups.confirmed:
        before = forecast_of(project)
        change = changes(project.plan, (phrase,), setting(project, before))
        after = forecast(change.plan, inputs(project), base=before.run.order_names, draws=before.draws)
        network = before.run.network
        saved = saved_by_restart(network.activities[network.index[task.name]], speedups.factor.value)
        found = replace(found, before=before, after=after, saved_s=saved)
        if what.keep:
            try:
                found = replace(found, diff=keep_change(project, change.plan, phrase))
            except (UsageError, StoreError) as e:  # what was measured is not lost by it
                found = replace(found, notes=(*found.notes, f"not written into the plan: {e.message}"))
    if speedups.interrupted and not speedups.confirmed:
        return found  # it says nothing of the task: what was confirmed before still holds
    data = {
        "task": task.name, "command": list(what.command.argv), "factor": speedups.to_dict()["factor"],
        "confirmed": speedups.confirmed, "at": options.now.isoformat(), "unit": speedups.unit,
        "rate_before": speedups.rate_before, "rate_after": speedups.rate_after, "copies": speedups.copies,
        "kept": [s.text for s in speedups.kept], "in_plan": bool(found.diff),
    }  # fmt: skip
    try:
        project.add("speed-up measured", data)
    except StoreError as e:
        return replace(found, notes=(*found.notes, f"not recorded: {e.message}"))
    return found
