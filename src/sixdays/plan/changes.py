"""What-if: one table of phrases, each a change Plan → Plan (rule Q1).

The table's examples are its tests and its help. A change is a value: it derives everything from
text that could be written into the plan, so what is tried, shown and kept is one and the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from fractions import Fraction

from sixdays.errors import UsageError, did_you_mean
from sixdays.plan.check import check
from sixdays.plan.estimate import in_hours, parse_estimate, sped_up
from sixdays.plan.model import Hours, Plan, Resource, Target, Task, Tie, is_experiment, units_of
from sixdays.quantities import Unreadable, later, parse_odds, parse_seconds, parse_when, parse_whole


@dataclass(frozen=True, slots=True)
class Setting:
    """What a phrase may refer to besides the plan.

    started: tasks that run or have finished copies: faster is said of what is left of them (rule Q1).
    """

    now: datetime
    zone: tzinfo = UTC
    started: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """A phrase that is understood. relaxes: it can only help, so rule S9 applies to it."""

    phrase: str
    relaxes: bool
    plan: Plan

    def __str__(self) -> str:
        return self.phrase


Found = re.Match[str]
Effect = Callable[[Plan, Found, Setting], tuple[Plan, bool]]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One form of the grammar. kinds: of which section its names are."""

    form: str
    pattern: re.Pattern[str]
    kinds: Mapping[str, str]
    effect: Effect
    example: str


def change(plan: Plan, phrase: str, setting: Setting) -> Change:
    """The plan after one change.

    Raises:
        UsageError: the phrase is none of the grammar, names what is not there, or cannot be done.
    """
    text = " ".join(phrase.split())
    if len(text) > 500:
        raise UsageError(f'"{text[:60]}…" is too long for a change', grammar())
    unknown: UsageError | None = None
    for row in PHRASES:
        found = row.pattern.fullmatch(text)
        if found is None:
            continue
        wrong = _unknown(plan, row, found)
        if wrong is None:
            return _done(plan, text, row, found, setting)
        unknown = unknown or wrong
    raise unknown or UsageError(f'"{text}" is not a change that I know', grammar())


def changes(plan: Plan, phrases: Sequence[str], setting: Setting) -> Change:
    """Several changes, applied in order."""
    relaxes = True
    for phrase in phrases:
        made = change(plan, phrase, setting)
        plan, relaxes = made.plan, relaxes and made.relaxes
    return Change(", ".join(phrases), relaxes, plan)


def grammar() -> str:
    """Every form, for help and errors."""
    return "a change is one of: " + " · ".join(row.form for row in PHRASES)


def _done(plan: Plan, text: str, row: Phrase, found: Found, setting: Setting) -> Change:
    try:
        after, relaxes = row.effect(plan, found, setting)
    except Unreadable as e:
        raise UsageError(f'"{text}": {e.message}', e.hint) from e
    wrong = next((p for p in check(after) if p.level == "error"), None)
    if wrong is not None:
        raise UsageError(f'"{text}" cannot be done: {wrong.message}', wrong.hint)
    return Change(text, relaxes, after)


def _unknown(plan: Plan, row: Phrase, found: Found) -> UsageError | None:
    for group, kind in row.kinds.items():
        known: Collection[str] = getattr(plan, kind)
        if found[group] not in known:
            hint = did_you_mean(found[group], known, f"{kind}: {', '.join(list(known)[:8]) or 'none'}")
            return UsageError(f'"{found[0]}": unknown {kind.removesuffix("s")} "{found[group]}"', hint)
    return None


# -- what each form does -------------------------------------------------------------------------


def _faster(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    factor = _factor(found["f"])
    return _tasks(plan, _sped_up(plan.tasks[found["task"]], factor, setting)), factor >= 1


def _many_faster(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    factor = _factor(found["f"])
    chosen = [t for t in plan.tasks.values() if found["who"].lower() == "all" or is_experiment(t, plan.resources)]
    if not chosen:
        raise Unreadable("the plan has no experiments", "an experiment has run, seeds or tries, or needs machines only")
    return _tasks(plan, *(_sped_up(t, factor, setting) for t in chosen)), factor >= 1


def _sped_up(task: Task, factor: Fraction, setting: Setting) -> Task:
    if task.name in setting.started:
        return replace(task, speed=task.speed * float(factor))
    return replace(task, takes=sped_up(task.takes, factor, task.units))


def _factor(text: str) -> Fraction:
    factor = Fraction(text)
    if not Fraction(1, 1000) <= factor <= 1_000_000:
        raise Unreadable(f"{text} is not a factor", "write a factor such as 2x or 1.5x")
    return factor


def _takes(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    task = plan.tasks[found["task"]]
    return _tasks(plan, replace(task, takes=parse_estimate(found["e"], task.units), speed=1.0)), False


def _seeds(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    task, count = plan.tasks[found["task"]], parse_whole(found["n"], 1, 100_000)
    if task.copies_key == "sweep":
        raise Unreadable(f'"{task.name}" is a sweep: its copies are its points', "take values out of the sweep")
    return _tasks(plan, replace(task, copies=count, copies_key=task.copies_key or "seeds")), count <= task.copies


def _beside_itself(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    task, count = plan.tasks[found["task"]], parse_whole(found["n"], 1, 10_000)
    if task.tries is None:
        raise Unreadable(f'"{task.name}" has no tries', f"{task.name} {count} seeds sets its copies")
    return _tasks(plan, replace(task, tries=replace(task.tries, side_by_side=count))), False


def _dropped(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    """Successors and targets inherit what the task waited for."""
    gone = plan.tasks[found["task"]]
    if len(plan.tasks) == 1:
        raise Unreadable("it is the only task", "")
    tasks = {name: _without(task, gone) for name, task in plan.tasks.items() if name != gone.name}
    targets = {name: _target_without(target, gone, tasks) for name, target in plan.targets.items()}
    risks = {}
    for risk in plan.risks.values():
        left = replace(
            risk,
            stops=tuple(t for t in risk.stops if t != gone.name),
            to=tuple(t for t in risk.to if t != gone.name),
            repeats="" if risk.repeats == gone.name else risk.repeats,
        )
        if left.stops or left.repeats or left.to:
            risks[risk.name] = left
    return replace(plan, tasks=tasks, targets=targets, risks=risks), True


def _without(task: Task, gone: Task) -> Task:
    if all(t.task != gone.name for t in task.after):
        return task
    ties: dict[str, Tie] = {}
    for tie in [t for old in task.after for t in (gone.after if old.task == gone.name else (old,))]:
        if tie.task not in ties or ties[tie.task].started:  # waiting for an end is the stronger tie
            ties[tie.task] = tie
    return replace(task, after=tuple(ties.values()))


def _target_without(target: Target, gone: Task, tasks: Mapping[str, Task]) -> Target:
    if target.requires_all:
        return replace(target, requires=tuple(tasks))
    if gone.name not in target.requires:
        return target
    inherited = [t.task for t in gone.after if not t.started]
    requires = [r for old in target.requires for r in (inherited if old == gone.name else (old,))]
    if not requires:
        raise Unreadable(f'"{target.name}" would require nothing', f"{target.name} may not be worth keeping either")
    return replace(target, requires=tuple(dict.fromkeys(requires)))


def _beside(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    """The tie becomes `started`, whichever of the two waits."""
    for name, other in ((found["task"], found["other"]), (found["other"], found["task"])):
        task = plan.tasks[name]
        if any(t.task == other for t in task.after):
            ties = tuple(replace(t, started=True) if t.task == other else t for t in task.after)
            return _tasks(plan, replace(task, after=ties)), True
    raise Unreadable(f'neither of "{found["task"]}" and "{found["other"]}" waits for the other', _ties_of(plan, found))


def _not_after(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    task = plan.tasks[found["task"]]
    if all(t.task != found["other"] for t in task.after):
        raise Unreadable(f'"{task.name}" does not wait for "{found["other"]}"', _ties_of(plan, found))
    ties = tuple(t for t in task.after if t.task != found["other"])
    return _tasks(plan, replace(task, after=ties)), True


def _ties_of(plan: Plan, found: Found) -> str:
    waits = [t.task for t in plan.tasks[found["task"]].after]
    return f"{found['task']} waits for {', '.join(waits) or 'nothing'}"


def _count(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    resource, count = plan.resources[found["resource"]], parse_whole(found["n"], 1)
    return _resource(plan, replace(resource, count=count)), count >= resource.count


def _hours_more(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    """A longer day at its end, at its beginning where midnight is reached; the work stays the same."""
    resource = plan.resources[found["resource"]]
    if resource.hours is None:
        raise Unreadable(f'"{resource.name}" has no hours', f"{resource.name} works round the clock already")
    more = round(float(found["n"]) * 60)
    length = resource.hours.end_min - resource.hours.start_min + more
    if more <= 0 or length > 24 * 60:
        raise Unreadable(f"a day of {length / 60:g} hours", f'write "{resource.name} round the clock" for all 24')
    end = min(resource.hours.end_min + more, 24 * 60)
    return _resource(plan, replace(resource, hours=replace(resource.hours, start_min=end - length, end_min=end))), True


def _round_the_clock(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    resource = plan.resources[found["resource"]]
    if resource.hours is None:
        raise Unreadable(f'"{resource.name}" has no hours', f"{resource.name} works round the clock already")
    return _resource(plan, replace(resource, hours=None)), True


def _later(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    target = plan.targets[found["target"]]
    try:
        deadline = later(target.deadline, float(parse_seconds(found["d"])))
    except OverflowError as e:
        raise Unreadable(f"{found['d']} is too far", "") from e
    return _target(plan, replace(target, deadline=deadline)), True


def _by(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    target = plan.targets[found["target"]]
    deadline = parse_when(found["t"], setting.now, plan.zone or setting.zone)
    return _target(plan, replace(target, deadline=deadline)), deadline >= target.deadline


def _risk(plan: Plan, found: Found, setting: Setting) -> tuple[Plan, bool]:
    risk, odds = plan.risks[found["risk"]], parse_odds(found["p"])
    return replace(plan, risks={**plan.risks, risk.name: replace(risk, odds=odds)}), odds <= risk.odds


def _tasks(plan: Plan, *tasks: Task) -> Plan:
    return replace(plan, tasks={**plan.tasks, **{t.name: t for t in tasks}})


def _target(plan: Plan, target: Target) -> Plan:
    return replace(plan, targets={**plan.targets, target.name: target})


def _resource(plan: Plan, resource: Resource) -> Plan:
    """A plan with another resource; a day of another length does not change how much work there is."""
    resources = {**plan.resources, resource.name: resource}
    old: Hours | None = plan.resources[resource.name].hours
    if old == resource.hours:
        return replace(plan, resources=resources)
    tasks = dict(plan.tasks)
    for task in plan.tasks.values():
        if any(r == resource.name for r, _ in task.needs):
            units = units_of(resources[r] for r, _ in task.needs)
            takes = in_hours(task.takes, units) if _in_days(task.takes.text) else task.takes
            tasks[task.name] = replace(task, takes=takes, units=units)
    risks = {
        name: replace(risk, adds=in_hours(risk.adds, tasks[risk.to[0]].units))
        if risk.adds and _in_days(risk.adds.text) and any(tasks[t] is not plan.tasks[t] for t in risk.to)
        else risk
        for name, risk in plan.risks.items()
    }
    return replace(plan, resources=resources, tasks=tasks, risks=risks)


def _in_days(text: str) -> bool:
    return re.search(r"\d\s*(d|day|days|w|wk|week|weeks)\b", text) is not None


_N = r"(?P<n>\d+)"
_F = r"(?P<f>\d+(?:\.\d+)?|\.\d+)\s?(?:x|×|times)"
_TASK, _OTHER = r"(?P<task>.+)", r"(?P<other>.+)"


def _row(form: str, pattern: str, kinds: Mapping[str, str], effect: Effect, example: str) -> Phrase:
    return Phrase(form, re.compile(pattern, re.IGNORECASE), kinds, effect, example)


_TASK_ONLY, _TWO_TASKS = {"task": "tasks"}, {"task": "tasks", "other": "tasks"}
_RESOURCE, _TARGET = {"resource": "resources"}, {"target": "targets"}

PHRASES: tuple[Phrase, ...] = (
    _row("experiments Fx faster", rf"(?P<who>experiments) {_F} faster", {}, _many_faster, "experiments 10x faster"),
    _row("all Fx faster", rf"(?P<who>all) {_F} faster", {}, _many_faster, "all 1.5x faster"),
    _row("TASK Fx faster", rf"{_TASK} {_F} faster", _TASK_ONLY, _faster, "method 2x faster"),
    _row("TASK takes ESTIMATE", rf"{_TASK} takes (?P<e>.+)", _TASK_ONLY, _takes, "method takes at least 2d, 2d to 4d"),
    _row("TASK N seeds", rf"{_TASK} {_N} (?:seeds?|copies|copy)", _TASK_ONLY, _seeds, "baseline 3 seeds"),
    _row("TASK N side by side", rf"{_TASK} {_N} side by side", _TASK_ONLY, _beside_itself, "method 2 side by side"),
    _row("TASK dropped", rf"{_TASK} dropped", _TASK_ONLY, _dropped, "ablation dropped"),
    _row("TASK beside TASK", rf"{_TASK} beside {_OTHER}", _TWO_TASKS, _beside, "write beside method"),
    _row("TASK not after TASK", rf"{_TASK} not after {_OTHER}", _TWO_TASKS, _not_after, "method not after baseline"),
    _row("PERSON N hours more", r"(?P<resource>.+) (?P<n>\d+(?:\.\d+)?) hours? more", _RESOURCE, _hours_more,
         "me 2 hours more"),
    _row("RESOURCE round the clock", r"(?P<resource>.+) round the clock", _RESOURCE, _round_the_clock,
         "me round the clock"),
    _row("TARGET +DURATION", r"(?P<target>.+) \+ ?(?P<d>\S.*)", _TARGET, _later, "workshop +7d"),
    _row("TARGET by TIME", r"(?P<target>.+?) by (?P<t>.+)", _TARGET, _by, "workshop by 2016-11-15 23:59 AoE"),
    _row("RISK P%", r"(?P<risk>.+) (?P<p>[\d.]+ ?%|\d+ in \d+)", {"risk": "risks"}, _risk, "diverges 10%"),
    _row("RESOURCE N", rf"(?P<resource>.+) {_N}", _RESOURCE, _count, "gpu 4"),
)  # fmt: skip
