"""Tasks with a claim or a rule for stopping: what their own curves say of them (design §8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sixdays.app.judging import Asked, curves_of, judge_curves, standard_of
from sixdays.app.ledger import ledger
from sixdays.app.reading import find_runs
from sixdays.app.settings import Options
from sixdays.app.tying import own, paths_of, warning
from sixdays.ask.from_curves import from_verdict, to_leave_out, to_stop
from sixdays.ask.questions import Question
from sixdays.errors import LogError, Problem, UsageError
from sixdays.logs.runs import Run
from sixdays.plan.model import Plan, Task
from sixdays.plan.network import STANDARD
from sixdays.stores.files import Journal
from sixdays.verdict.curves import Curve
from sixdays.verdict.metric import Metric
from sixdays.verdict.result import Verdict
from sixdays.verdict.stopping import evaluate, parse_stop_rule
from sixdays.verdict.waiting import Unneeded, unneeded


@dataclass(frozen=True, slots=True)
class Claim:
    """A task and the one that it is measured against, with their curves, each under its task's name.

    verdicts: standard → verdict; empty where nothing is claimed, or one of the two has no run yet.
    """

    task: Task
    baseline: Task | None
    curves: tuple[Curve, ...]
    metric: Metric
    verdicts: dict[str, Verdict]
    found: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def chances(self) -> tuple[tuple[str, float], ...]:
        return tuple((name, v.chance) for name, v in self.verdicts.items() if v.chance is not None)


def claims(plan: Plan, folder: Path, options: Options) -> tuple[tuple[Claim, ...], tuple[Problem, ...]]:
    """What curves say of the tasks with a claim or a stop rule, and what kept others from it, as warnings."""
    out, problems = [], []
    for task in plan.tasks.values():
        if not (task.claim or task.stop_if) or not task.logs:
            continue
        try:
            claim = claim_of(plan, folder, options, task, Asked(()))
        except (LogError, UsageError) as e:
            problems.append(warning(plan, task, f'the curves of "{task.name}" are not judged: {e.message}', e.hint))
            continue
        if claim is not None:
            out.append(claim)
        problems += _misunderstood(plan, task)
    return tuple(out), tuple(problems)


def _misunderstood(plan: Plan, task: Task) -> list[Problem]:
    """A claim that is measured against nothing, and a rule for stopping that only people can read."""
    out = []
    if task.claim and against(plan, task) is None:
        message = f'the claim of "{task.name}" names no other task with logs, and it waits for none: not judged'
        out.append(
            warning(plan, task, message, "name in it the task that it is measured against, which needs logs too")
        )
    if task.stop_if:
        try:
            parse_stop_rule(task.stop_if)
        except ValueError as e:
            out.append(warning(plan, task, f'"{task.name}": its stop if is for you to read: {e}', ""))
    return out


def claim_of(plan: Plan, folder: Path, options: Options, task: Task, asked: Asked) -> Claim | None:
    """What curves say of one task, judged at every standard that a target asks of it; None before it has any."""
    baseline = against(plan, task)
    curves, metric, found, warnings = _curves(folder, options, task, baseline, asked)
    if not curves:
        return None
    verdicts = {}
    if task.claim and baseline is not None and {c.method for c in curves} == {task.name, baseline.name}:
        kept = ledger(Journal(folder / "journal"), "", metric.tag, asked.window, curves, (baseline.name, task.name))
        both = replace(asked, baseline=baseline.name, method=task.name, planned=kept.planned)
        looks = kept.looks(curves)
        verdicts = {s: judge_curves(curves, both, standard_of(s), metric, looks=looks) for s in _standards(plan, asked)}
    return Claim(task, baseline, curves, metric, verdicts, found, warnings)


def against(plan: Plan, task: Task) -> Task | None:
    """The task that a claim is measured against: one with logs that it names, else one that it waits for."""
    others = [t for t in plan.tasks.values() if t.logs and t.name != task.name]
    said = [t for t in others if re.search(rf"(?<!\w){re.escape(t.name)}(?!\w)", task.claim)]
    waits = [t for t in others if t.name in {tie.task for tie in task.after}]
    return next(iter([*said, *waits]), None)


def _curves(
    folder: Path, options: Options, task: Task, baseline: Task | None, asked: Asked
) -> tuple[tuple[Curve, ...], Metric, tuple[str, ...], tuple[str, ...]]:
    """The curves of one task or both, each under its task's name; the metric, what was found, what is odd."""
    both = (task, baseline) if baseline else (task,)
    shared = len({t.logs for t in both}) < len(both)
    paths = sorted({path for t in both for path in paths_of(t.logs, folder)})
    if not paths:
        return (), Metric("", True, ""), (), ()
    found = find_runs(paths, group=asked.group, format=asked.format)
    arms = []
    for one in both:
        under = set(paths_of(one.logs, folder))
        runs = [r for r in found.runs if shared or any(_under(r, p) for p in under)]
        for run in own(one, runs, shared=shared):
            arms.append(replace(run, place=replace(run.place, group=one.name)))
    if not arms:
        return (), Metric("", True, ""), (), ()
    curves, metric, warnings = curves_of(replace(found, runs=tuple(arms)), asked, options)
    return curves, metric, (*found.notes, metric.why), warnings


def _under(run: Run, path: str) -> bool:
    return any(log.path == path or log.path.startswith(path.rstrip("/") + "/") for log in run.logs)


def _standards(plan: Plan, asked: Asked) -> tuple[str, ...]:
    """The standards of the targets, in their order; the one asked for where there are none."""
    named = [t.standard or STANDARD for t in plan.targets.values()]
    return tuple(dict.fromkeys(named)) or (asked.standard or STANDARD,)


def questions_of(made: Sequence[Claim]) -> tuple[Question, ...]:
    """What the curves of a plan give rise to: seeds that would settle a claim, and runs that a stop rule is for."""
    out: list[Question] = []
    for claim in made:
        for verdict in claim.verdicts.values():
            out += from_verdict(claim.task, verdict)
            if claim.baseline is not None:
                out += to_leave_out(claim.task, claim.baseline, _unneeded(claim, claim.baseline, verdict))
        out += to_stop(claim.task, _to_stop(claim))
    return tuple({q.text: q for q in out}.values())


def _unneeded(claim: Claim, baseline: Task, verdict: Verdict) -> Unneeded | None:
    """Of the runs that a plan still wants of a claim's two arms, those that can no longer change the verdict."""
    arms = (claim.task, baseline)
    begun = {t.name: sum(c.method == t.name for c in claim.curves) for t in arms}
    waiting = {t.name: max(0, t.copies - begun[t.name]) for t in arms}
    return unneeded(
        claim.curves, baseline.name, claim.task.name, waiting, standard_of(verdict.standard),
        margin=verdict.margin, higher_is_better=verdict.higher_is_better,
    )  # fmt: skip


def _to_stop(claim: Claim) -> list[str]:
    """The running curves of a task for which its `stop if` holds now."""
    if not claim.task.stop_if:
        return []
    try:
        rule = parse_stop_rule(claim.task.stop_if)
    except ValueError:
        return []  # free text: people read it
    finished = [c for c in claim.curves if claim.baseline and c.method == claim.baseline.name]
    running = [c for c in claim.curves if c.method == claim.task.name and c.is_running]
    higher = claim.metric.higher_is_better
    return [
        f"{claim.task.name} seed {c.seed}"
        for c in running
        if evaluate(rule, c, [b for b in finished if b.task == c.task], c.goal or 0.0, higher_is_better=higher)
    ]
