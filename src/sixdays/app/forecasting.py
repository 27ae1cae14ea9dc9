"""Forecast, what-if, check, suppose: read, call the engines in order, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sixdays.app.project import Project, actuals_of, beside, keep_text, open_project
from sixdays.app.settings import Options
from sixdays.ask.questions import Question, questions
from sixdays.ask.suppose import Supposition
from sixdays.ask.suppose import suppose as suppose_it
from sixdays.errors import PlanError, Problem, StoreError, UsageError, did_you_mean
from sixdays.odds import moves
from sixdays.odds.forecast import Forecast, Inputs, forecast
from sixdays.plan.actuals import Actual, evidence, from_data, to_data
from sixdays.plan.changes import Setting, changes
from sixdays.plan.edit import apply, diff
from sixdays.plan.model import Plan
from sixdays.plan.parse import read
from sixdays.plan.rewrite import edits
from sixdays.proof.prove import Prover
from sixdays.quantities import Unreadable, listed, parse_when

BELOW_BAR, IMPOSSIBLE = 4, 5
MOVED_DRAWS = 4_000  # what moved is said in whole points
MOST_STEPS = 12
WORDS = {
    "task started": "{task} began",
    "task finished": "{task} finished",
    "try failed": "{count} tries of {task} failed",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What `odds` says. where: the plan's file for messages. notes: for stderr."""

    forecast: Forecast
    questions: tuple[Question, ...]
    where: str
    moved: tuple[moves.Step, ...] = ()
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        out = self.forecast.to_dict()
        problems = out.pop("problems")
        moved = [s.to_dict() for s in self.moved]
        return {**out, "questions": [q.to_dict() for q in self.questions], "moved": moved, "problems": problems}


def inputs(project: Project, *, prove: bool = True) -> Inputs:
    o = project.options
    return Inputs(o.now, o.draws, o.seed, o.as_stated, project.actuals, None, Prover() if prove else None)


def odds(sources: Sequence[str], options: Options, *, leaders: int = 3) -> Answer:
    """The forecast of what some arguments name, its questions, and what moved; recorded.

    leaders: how many questions are forecast on all draws, as many as will be read.
    """
    project = open_project(sources, options)
    made = forecast_of(project)
    closed = _closed_questions(project)
    asked = questions(project.plan, made, without=closed, leaders=leaders)
    asked = (*asked, *(q for q in _arising(project) if q.text not in closed))
    moved = _moved(project, made)
    notes = _record(project, made)
    return Answer(made, asked, project.name, moved, notes)


def forecast_of(project: Project) -> Forecast:
    """The forecast of a project; of several plans, with each one's odds alone beside (rule P9)."""
    made = forecast(project.plan, inputs(project))
    if odd := _oddities(project):
        made = replace(made, warnings=(*made.warnings, *odd))
    if not project.parts:
        return made
    targets = dict(made.targets)
    for name, _ in project.parts:
        alone = project.alone(name)
        by_itself = forecast(alone.plan, inputs(alone), draws=made.draws)
        for target, t in by_itself.targets.items():
            targets[target] = replace(targets[target], alone=t.odds)
    return replace(made, targets=targets)


def _oddities(project: Project) -> tuple[Problem, ...]:
    """What is odd about the logs that the plan's tasks name: silent runs, logs that cannot be read."""
    each = [project, *(p for _, p in project.parts)]
    return tuple(o for p in each if p.tied for o in (*p.tied.problems, *p.claimed[1]))


def _arising(project: Project) -> tuple[Question, ...]:
    """Questions that curves and logs give rise to: seeds that would settle a claim, runs that a stop rule is for."""
    if not project.claimed[0]:
        return ()
    from sixdays.app.claims import questions_of

    return questions_of(project.claimed[0])


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Before and after; diff: the edit of the plan file, shown, and written where it was asked for."""

    before: Forecast
    after: Forecast
    change: str
    where: str
    diff: str = ""
    kept: bool = False

    def to_dict(self) -> dict[str, Any]:
        out = {"schema": 1, "before": self.before.to_dict(), "after": self.after.to_dict()}
        return {**out, "diff": self.diff, "kept": self.kept} if self.diff else out


def what_if(phrases: Sequence[str], sources: Sequence[str], options: Options, *, keep: bool = False) -> WhatIf:
    """The odds before and after some changes; `keep` writes them into the plan."""
    project = open_project(sources, options)
    before = forecast_of(project)
    change = changes(project.plan, phrases, setting(project, before))
    base = before.run.order_names if change.relaxes else None
    after = forecast(change.plan, inputs(project), base=base, draws=before.draws)
    shown = ""
    if keep:
        shown = keep_change(project, change.plan, ", ".join(phrases))
    return WhatIf(before, after, change.phrase, project.name, shown, keep)


def setting(project: Project, made: Forecast) -> Setting:
    started = frozenset(a.name for a in made.run.network.activities if a.worked_ms or a.lengths_s)
    return Setting(project.options.now, project.options.zone, started)


def keep_change(project: Project, after: Plan, why: str) -> str:
    """Writes a changed plan into its file, by the lines that must change; returns the diff."""
    from sixdays.app.editing import write_plan

    if project.path is None:
        hint = "write it into the plan that it belongs to" if project.parts else "sixdays init writes a plan"
        raise UsageError("there is no one plan file to write to", hint)
    text = apply(project.plan.text, edits(project.plan, after), project.name)
    write_plan(project, text, why)
    return diff(project.plan.text, text, project.name)


def check(sources: Sequence[str], options: Options, bar: float) -> tuple[Forecast, int]:
    """The forecast and its exit code: 5 impossible, 4 below the bar, else 0 (rule P6)."""
    project = open_project(sources, options)
    made = forecast_of(project)
    open_ = [t for t in made.targets.values() if t.open]
    if any(t.verdict == "impossible" for t in open_):
        return made, IMPOSSIBLE
    return made, BELOW_BAR if any(t.odds < bar for t in open_) else 0


def suppose(
    target: str | None, by: str | None, sources: Sequence[str], options: Options
) -> tuple[Supposition, Forecast]:
    """What has to happen for a target to be met, by its deadline or by another time (rule Q6)."""
    project = open_project(sources, options)
    plan = project.plan
    if target is not None and target not in plan.targets:
        raise UsageError(
            f'unknown target "{target}"', did_you_mean(target, plan.targets, f"targets: {', '.join(plan.targets)}")
        )
    if not plan.targets:
        raise UsageError("the plan has no targets", "add targets: {workshop: {deadline: 2016-11-08 23:59 AoE}}")
    if by is not None and target is None and len(plan.targets) == 1:
        target = next(iter(plan.targets))
    if by is None or target is None:
        made = forecast_of(project)
        target = target or made.top
        if target is None or not made.targets[target].open:
            raise UsageError("no target is open any more", "name one with a deadline to come, or add --by TIME")
        if by is None:
            return suppose_it(plan, made, target), made
    try:
        deadline = parse_when(by, options.now, plan.zone or options.zone)
    except Unreadable as e:
        raise UsageError(f"--by: {e.message}", e.hint) from e
    moved = replace(plan, targets={**plan.targets, target: replace(plan.targets[target], deadline=deadline)})
    made = forecast(moved, inputs(project))
    if not made.targets[target].open:
        raise UsageError(f"{target} is {made.targets[target].verdict} by then", "give a time to come")
    return suppose_it(moved, made, target), made


def _record(project: Project, made: Forecast) -> list[str]:
    """One record: forecast made. A disk that cannot be written is said, and changes nothing else."""
    if project.path is None or not project.options.record or project.parts:
        return []
    targets = {name: {"odds": t.odds, "verdict": t.verdict} for name, t in made.targets.items()}
    o = project.options
    data: dict[str, object] = {
        "verdict": made.verdict, "targets": targets, "plan": keep_text(project), "seed": o.seed,
        "draws": made.inputs.draws, "as_stated": o.as_stated, "now": o.now.isoformat(),
        **({"logged": [to_data(a) for a in project.logged]} if project.logged else {}),
    }  # fmt: skip
    try:
        project.add("forecast made", data)
    except StoreError as e:
        return [f"not recorded: {e.message}"]
    return []


def _moved(project: Project, made: Forecast) -> tuple[moves.Step, ...]:
    """What moved the odds since the last forecast that was recorded (rule Q5)."""
    last = next((r for r in reversed(project.records) if r.kind == "forecast made"), None)
    if last is None or project.texts is None or project.path is None:
        return ()
    text = project.texts.get(str(last.data["plan"]))
    if text is None or last.data.get("as_stated") != project.options.as_stated:
        return ()
    try:
        then = datetime.fromisoformat(str(last.data["now"]))
        old = read(text, project.name, zone=project.options.zone, beside=beside(project.path.parent))
        logged = tuple(from_data(a) for a in last.data.get("logged", ()))
    except (PlanError, ValueError, TypeError, KeyError):
        return ()
    known = [r for r in project.records if r.id < last.id]
    before = evidence(actuals_of(old, known), logged)
    steps = []
    for record in project.records:
        if record.id > last.id and record.kind in WORDS:
            known.append(record)
            steps.append((WORDS[record.kind].format(**record.data), evidence(actuals_of(old, known), logged)))
    if project.logged != logged:
        steps.append((_of_logs(logged, project.logged), evidence(actuals_of(old, known), project.logged)))
    if len(steps) > MOST_STEPS:
        steps = [(f"{len(steps)} things that happened", steps[-1][1])]
    same = not steps and text == project.plan.text and then == project.options.now
    return (
        ()
        if same
        else moves.moved((old, then, before), steps, project.plan, made.inputs, made.draws.first(MOVED_DRAWS))
    )


def _of_logs(before: Sequence[Actual], after: Sequence[Actual]) -> str:
    """What logs and curves have told since, by the tasks of which they told something new."""
    old = {a.task: a for a in before}
    new = [a.task for a in after if old.get(a.task) != a] or [n for n in old if n not in {a.task for a in after}]
    return f"logs of {listed(new)}"


def _closed_questions(project: Project) -> set[str]:
    """Texts of questions that were answered or marked wrong."""
    kinds = ("question answered", "question wrong")
    return {str(r.data.get("text", "")) for r in project.records if r.kind in kinds}
