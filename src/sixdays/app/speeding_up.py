"""`sixdays faster`: opens what it works on, drives the search with probes, says what it buys, records."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sixdays.app.delivering import delivery
from sixdays.app.forecasting import forecast_of, inputs, keep_change, setting
from sixdays.app.settings import Options
from sixdays.app.wanted import Place, Wanted
from sixdays.ask.proposals import saved_by_restart
from sixdays.errors import RunError, StoreError, UsageError
from sixdays.faster.conclusion import conclusion
from sixdays.faster.diagnosis import Line, diagnose
from sixdays.faster.length import Length, length
from sixdays.faster.model import Candidate, Command, Machine, NotTried, Profile, Trace
from sixdays.faster.options import options_of
from sixdays.faster.probe import Asked, Outcome, Probe, Steps
from sixdays.faster.report import PROPOSED, Delivery, Speedups, ThrownOut
from sixdays.faster.search import Search
from sixdays.levers.given import patch
from sixdays.odds.forecast import Forecast, forecast
from sixdays.plan.changes import changes
from sixdays.plan.estimate import amount_of
from sixdays.plugins import create, names
from sixdays.probes import inspect
from sixdays.probes.proposer import proposed
from sixdays.probes.run import Interrupted, Stop, probe
from sixdays.probes.scratch import Overwritten, Scratch, scratch

STACKS_S = 0.01
NEIGHBOUR = "Another sixdays faster of yours runs here: each is load to the other."
SIDE_BY_SIDE = (
    "the plan counts one copy at a time on each machine: side by side is in the time to answer, not in its odds"
)
_GPU = re.compile(r"gpu|cuda|(?<![a-z])[ahvlt]\d{1,3}(?!\d)|rtx", re.IGNORECASE)  # how resources of a plan are called
Tell = Callable[["Told"], None]


class _Refused(RunError):
    """The command is not measured here, whatever was seen of it."""


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
    if what.task and not machine.gpus and (gpus := [n for n, _ in what.task.needs if _GPU.search(n)]):
        search.notes.append(f"{what.task.name} needs {gpus[0]}; here is no GPU, and what is said is of this machine.")
    drive = _Drive(what.command, search, tell, time.monotonic())
    diagnosis: tuple[Line, ...] = ()
    interrupted = False
    with scratch(what.command.root, place.env, keep=what.keep_probes) as copies:
        if copies.has_neighbour():
            tell(Told(NEIGHBOUR, "note", 1.0, what.budget_s))
            search.notes.append(NEIGHBOUR)
        try:
            given = _fitting(what, copies, search, tell)
            drive.run(search.look(), copies)
            _judge(what, search, machine, place)
            what = _with_entry(what, search)
            drive.command = what.command
            profile = _profile(what, search, copies, machine, place)
            _tell_length(profile, what, search)
            if search.asked.length is not None:
                profile = replace(profile, length=search.asked.length.value)
            diagnosis = diagnose(profile)
            found = _found(what, given, profile, diagnosis, search, copies, place)
            drive.run(search.improve(found), copies)
        except (KeyboardInterrupt, RunError) as stopped:
            interrupted = isinstance(stopped, KeyboardInterrupt)
            shown = stopped.traces[:1] if isinstance(stopped, Interrupted) else ()
            if interrupted and (trace := next(iter(shown), search.looked)) is not None:
                search.cut_short(trace)
            if search.unit is None or not search.original or isinstance(stopped, (_Refused, Overwritten)):
                raise
            was = (
                f"ended early: {stopped.message}" if isinstance(stopped, RunError) else f"was stopped at: {drive.doing}"
            )
            search.notes.append(f"It {was}.")
            if not diagnosis:
                profile = _profile(what, search, None, machine, place)
                _tell_length(profile, what, search)
                diagnosis = diagnose(profile)
        if copies.changed:
            search.notes.append(
                f"Changed meanwhile, by none of the short runs: {', '.join(sorted(copies.changed)[:3])}."
            )
        speedups = conclusion(search, diagnosis, time.monotonic() - drive.began, interrupted=interrupted)
        notes = (f"the copies are in {copies.path}",) if what.keep_probes else ()
        try:
            made = delivery(what.command, speedups.delivered, copies)
        except RunError as e:  # the disk is full, or the like: what was measured is not lost by it
            made, notes = Delivery(what.command.argv), (*notes, f"how to have it cannot be said: {e.message}")
    return _told(what, speedups, made, options, notes)


def _judge(what: Wanted, search: Search, machine: Machine, place: Place) -> None:
    """Raises _Refused where the first looks say that the command cannot be measured here."""
    looked = search.looked
    if looked is not None and (busy := inspect.busy_gpu(machine, looked)):
        raise _Refused(busy)
    if search.failed:
        why = looked and inspect.refusal(what.command, machine, looked, env=place.env, host=place.host)
        raise _Refused(why or search.failed, f"try it by hand: {shlex.join(what.command.argv)}")


@dataclass(slots=True)
class _Drive:
    """Runs the probes that a search asks for, one after another."""

    command: Command
    search: Search
    tell: Tell
    began: float
    doing: str = ""

    def run(self, steps: Steps, copies: Scratch) -> None:
        search = self.search
        asked = next(steps, None)
        while asked is not None:
            self.doing = asked.text
            self.tell(Told(asked.text, "", search.gain, search.left))
            outcome = self._outcome(asked, copies)
            try:
                following = steps.send(outcome)
            except StopIteration:
                following = None
            self.tell(Told(asked.text, search.said(asked, outcome), search.gain, search.left))
            asked = following

    def _outcome(self, asked: Probe, copies: Scratch) -> Outcome:
        stop = Stop(asked.seconds, self.search.unit, asked.events, enough=asked.enough and self._glimpsed(asked))
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


def _profile(what: Wanted, search: Search, copies: Scratch | None, machine: Machine, place: Place) -> Profile:
    """All that levers may look at. Its help is asked for only where that cannot start the training, and in a copy."""
    assert search.looked is not None
    path, python = place.env.get("PATH"), search.looked.facts.get("executable") or "python"
    return Profile(
        what.command,
        search.looked,
        machine,
        inspect.help_of(what.command, copies, path, python) if copies else "",
        inspect.sources_of(what.command, search.looked, path),
        inspect.configs_of(what.command, path),
        what.seeds,
        what.accept,
        search.unit.kind if search.unit else "",
    )


def _tell_length(profile: Profile, what: Wanted, search: Search) -> None:
    """The length of one run, unless known: of the task's `takes` (5M steps at 900/s), else as the command says it."""
    if search.asked.length is not None:
        return
    options = options_of(profile.help, profile.sources, profile.configs, profile.command.argv)
    amount = amount_of(what.task.takes) if what.task else None
    said = Length(*amount, f"{amount[0]:,.10g} {amount[1]} from takes: in the plan") if amount else None
    words = json.loads(profile.trace.facts.get("words", "[]")) or profile.command.argv  # of the script, behind a shell
    known, doubt = length(options, words, profile.trace, what.unit, said)
    search.asked = replace(search.asked, length=known, doubt=doubt)


def _fitting(what: Wanted, copies: Scratch, search: Search, tell: Tell) -> dict[str, Any]:
    """The given changes that can be put in: a patch that does not apply is thrown out before anything is run."""
    given = what.tries.options
    for words in what.tries.commands.values():
        copies.meet(replace(what.command, argv=words))
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
    what: Wanted,
    given: dict[str, Any],
    profile: Profile,
    diagnosis: Sequence[Line],
    search: Search,
    copies: Scratch,
    place: Place,
) -> list[tuple[bool, Sequence[Candidate | NotTried]]]:
    """What all levers propose, in the order in which it is tried; given changes first."""
    if what.tries.propose:
        try:
            seconds = max(10.0, 0.25 * search.left)
            text = proposed(what.tries.propose, profile, diagnosis, copies, place.env, seconds)
            given["patches"][PROPOSED] = text
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
    if speedups.copies > 1:
        found = replace(found, notes=(*found.notes, SIDE_BY_SIDE))
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
        "kept": [s.text for s in speedups.kept], "in_plan": bool(found.diff), "pairs": speedups.pairs,
        "phase": speedups.phase, "clock": speedups.clock, "load": speedups.load, "threads": speedups.threads,
    }  # fmt: skip
    try:
        project.add("speed-up measured", data)
    except StoreError as e:
        return replace(found, notes=(*found.notes, f"not recorded: {e.message}"))
    return found
