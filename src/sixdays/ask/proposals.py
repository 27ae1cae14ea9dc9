"""Walks a plan and proposes changes, each with its question and the minutes to find out (design §6, rule Q4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from math import ceil

from sixdays.ask.trials import Trials
from sixdays.odds.forecast import Forecast
from sixdays.plan.model import Plan, Task, is_experiment
from sixdays.plan.network import Activity, build
from sixdays.quantities import show_percent, show_seconds, write_duration

MINUTES = {  # rule Q4
    "tie": 5.0, "seeds": 5.0, "faster": 10.0, "floor": 5.0, "deadline": 15.0, "drop": 30.0, "risk": 30.0,
    "resource": 60.0, "measured": 5.0,
}  # fmt: skip
NEAR = 0.05  # criticality from which a task counts as near the critical chain
MOST_TASKS = 30  # whose changes are proposed


@dataclass(frozen=True, slots=True)
class Proposal:
    """kind: a row of MINUTES. deed: by what it could be done. place: where in the plan's order it arose.
    frees: a task that the target would no longer need, as a consequence of a loosened tie.
    if_no: what the answer "no" says of the plan, for a question that settles what is certain.
    """

    text: str
    change: tuple[str, ...]
    kind: str
    minutes: float
    place: int
    deed: str = ""
    if_no: tuple[str, ...] = ()
    frees: str = ""

    @property
    def settles(self) -> bool:
        return bool(self.if_no)


def proposals(plan: Plan, forecast: Forecast, trials: Trials, most: int = 100) -> list[Proposal]:
    """At most `most` proposals, those of the most critical tasks first, each phrase once."""
    maker = _Maker(plan, forecast, trials)
    found: dict[tuple[str, ...], Proposal] = {}
    for p in chain(maker.settling(), maker.all()):
        found.setdefault(p.change or (p.text,), p)
        if len(found) >= most:
            break
    return list(found.values())


def affordable(plan: Plan) -> int:
    """How many proposals are worth their time on a plan of this size."""
    return max(8, min(100, 30_000 // max(1, len(plan.tasks))))


class _Maker:
    def __init__(self, plan: Plan, forecast: Forecast, trials: Trials) -> None:
        self.plan, self.forecast, self.trials = plan, forecast, trials
        network = forecast.run.network
        self.unlikely = [g for g in trials.goals if forecast.targets[g.name].in_time < 0.7] or list(trials.goals)
        needed = set().union(*(set().union(*network.needed[g.name]) for g in self.unlikely))
        share = {name: t.criticality for name, t in forecast.tasks.items()}
        live = [a for a in network.activities if a.index in needed and a.done_ms is None]
        near = [a for a in live if share[a.name] >= NEAR] if self._chain_is_known() else live
        chosen = near or live
        self.tasks: list[Task] = [plan.tasks[a.name] for a in sorted(chosen, key=lambda a: (-share[a.name], a.index))]
        self.running = {a.name for a in network.activities if a.running}
        self.count = 0

    def _chain_is_known(self) -> bool:
        """Criticality is towards the top target; where another one is at stake, every needed task counts."""
        return self.forecast.top in {g.name for g in self.unlikely} and len(self.unlikely) == 1

    def make(self, kind: str, text: str, *change: str, task: Task | None = None, deed: str = "") -> Proposal:
        self.count += 1
        minutes = task.minutes if task and task.minutes else MINUTES[kind]
        return Proposal(text, change, kind, minutes, self.count, deed)

    def all(self) -> Iterator[Proposal]:
        yield from self.together()
        yield from self.resources()
        yield from self.deadlines()
        yield from self.risks()
        yield from self.swaps()
        for task in self.tasks[:MOST_TASKS]:
            yield from self.measured(task)
            yield from self.faster(task)
            yield from self.beside(task)
            yield from self.fewer(task)
            yield from self.drop(task)

    def settling(self) -> Iterator[Proposal]:
        """Hopeless but not proved: is there a floor? A bare number on the chain: fact or habit? (rules E3, K1)"""
        for goal in self.trials.goals:
            target = self.forecast.targets[goal.name]
            if target.certificate is not None or target.in_time >= 0.001:
                continue
            network = self.forecast.run.network
            for i in sorted(network.needed[goal.name][0]):
                a = network.activities[i]
                if a.done_ms is not None or a.takes.floor_ms is not None:
                    continue
                self.count += 1
                takes = self.plan.tasks[a.name].takes
                if takes.form == "number" and "at" not in takes.text:
                    text = f"Is {takes.text} a fact or a habit: could {a.name} ever take less?"
                    answer = f"{a.name} takes exactly {takes.text.removeprefix('about ')}"
                else:
                    least = write_duration(round(takes.low_s * 1000), self.plan.tasks[a.name].units)
                    text = f"Could {a.name} ever take less than {least}?"
                    answer = f"{a.name} takes at least {least}, {takes.text}"
                deed = "if it never could, this settles it: write its floor"
                yield Proposal(text, (), "floor", MINUTES["floor"], self.count, deed, (answer,))
                if self.count >= 3:
                    return

    def together(self) -> Iterator[Proposal]:
        many = [t for t in self.plan.tasks.values() if is_experiment(t, self.plan.resources)]
        if len(many) > 1:
            f = self.factor("experiments")
            yield self.make("faster", f"Can all experiments be made {f} times faster?", f"experiments {f}x faster")

    def faster(self, task: Task) -> Iterator[Proposal]:
        f = self.factor(task.name)
        yield self.make("faster", f"Can {task.name} be made {f} times faster?", f"{task.name} {f}x faster", task=task)

    def measured(self, task: Task) -> Iterator[Proposal]:
        """A speed-up that was measured and is not in the plan yet; of a running task, whether to start it anew."""
        speedup = self._speedups.get(task.name, 1.0)
        if speedup <= 1.0:
            return
        f = f"{speedup:.3g}"
        text = f"Will {task.name} run {f} times faster, as measured?"
        yield self.make("measured", text, f"{task.name} {f}x faster", deed="sixdays faster has measured it")
        network = self.forecast.run.network
        if saved := saved_by_restart(network.activities[network.index[task.name]], float(f)):
            gain = show_seconds(abs(saved))
            advice = f"starting anew ends {gain} sooner" if saved > 0 else f"letting it finish ends {gain} sooner"
            text = f"Start {task.name} anew at {f} times the speed, or let it finish?"
            yield self.make("measured", text, deed=advice)

    @cached_property
    def _speedups(self) -> dict[str, float]:
        return {a.task: a.speedup for a in self.forecast.inputs.actuals}

    def factor(self, who: str) -> str:
        """The least factor that makes a target likely; 2 where none does, or it is likely already (rule Q2)."""
        return f"{self._factors.get(who, 2.0):g}"

    @cached_property
    def _factors(self) -> dict[str, float]:
        many = [t.name for t in self.plan.tasks.values() if is_experiment(t, self.plan.resources)]
        groups = {"experiments": many, **{t.name: [t.name] for t in self.tasks[:MOST_TASKS]}}
        best: dict[str, float] = {}
        for goal in [g for g in self.unlikely[:2] if not self.trials.likely((), g)]:
            found = self.trials.least_factors(list(groups.values()), goal)
            for who, factor in zip(groups, found, strict=True):
                if factor is not None:
                    best[who] = min(factor, best.get(who, factor))
        return best

    def beside(self, task: Task) -> Iterator[Proposal]:
        live = self.forecast.run.network
        for tie in task.after:
            other = live.activities[live.index[tie.task]]
            if other.done_ms is not None or task.name in self.running:
                continue
            if not tie.started:
                phrase = f"{task.name} beside {tie.task}"
                p = self.make("tie", f"Must {task.name} wait for {tie.task}?", phrase, task=task)
                yield (
                    replace(p, frees=freed, deed=f"then no end of {freed} is needed")
                    if (freed := self.freed(phrase))
                    else p
                )
        if task.tries:
            k = 2 * task.tries.side_by_side
            text = f"Could {k} tries of {task.name} run side by side?"
            yield self.make("tie", text, f"{task.name} {k} side by side", task=task)

    def freed(self, phrase: str) -> str:
        """A task that a target would no longer need to end if this tie were loosened (rule K1)."""
        change = self.trials.changed((phrase,))
        if change is None:
            return ""
        network = build(change.plan, self.forecast.inputs.now, self.forecast.inputs.actuals)
        old = self.forecast.run.network
        for goal in self.unlikely:
            lost = old.needed[goal.name][0] - network.needed[goal.name][0]
            if lost:
                return old.activities[min(lost)].name
        return ""

    def fewer(self, task: Task) -> Iterator[Proposal]:
        if task.copies > 1 and task.copies_key != "sweep":
            n = max(1, ceil(task.copies * 0.6) if task.copies > 2 else 1)
            text = f"Would {n} {task.copies_key} of {task.name} do, not {task.copies}?"
            yield self.make("seeds", text, f"{task.name} {n} seeds", task=task)

    def drop(self, task: Task) -> Iterator[Proposal]:
        """Is it required by this standard? Never asked of the result itself, nor of what may end the project."""
        decisive = task.tries or task.claim or any(task.name in r.stops for r in self.plan.risks.values())
        if len(self.plan.tasks) > 1 and task.name not in self.running and not decisive:
            names = [g.name for g in self.unlikely[:2]]
            text = f"{'Do' if len(names) > 1 else 'Does'} {' and '.join(names)} need {task.name}?"
            yield self.make("drop", text, f"{task.name} dropped", task=task)

    def resources(self) -> Iterator[Proposal]:
        used = dict.fromkeys(r for t in self.tasks for r, _ in t.needs)
        for name in used:
            resource = self.plan.resources[name]
            if resource.hours:
                text = f"Could {name} work 1 hour more a day?"
                if resource.hours.end_min - resource.hours.start_min <= 23 * 60:
                    yield self.make("resource", text, f"{name} 1 hours more")
            else:
                n = resource.count + 1
                yield self.make("resource", f"Could you have {n} {name}, not {resource.count}?", f"{name} {n}")

    def deadlines(self) -> Iterator[Proposal]:
        for goal in self.unlikely:
            text = f"Could the deadline of {goal.name} be a week later?"
            yield self.make("deadline", text, f"{goal.name} +7d")
            standard = self.plan.targets[goal.name].standard
            if standard == "compelling":
                yield self.make("drop", f"Would a preliminary result do for {goal.name}?")

    def risks(self) -> Iterator[Proposal]:
        names = {t.name for t in self.tasks}
        for risk in self.plan.risks.values():
            if risk.odds <= 0 or not names.intersection((*risk.stops, *risk.to, risk.repeats)):
                continue
            half = f"{risk.odds * 50:.4g}%"
            text = f"Could “{risk.name}” be made half as likely, {half}?"
            yield self.make("risk", text, f"{risk.name} {half}", deed=_deed(bool(risk.stops), bool(risk.repeats)))

    def swaps(self) -> Iterator[Proposal]:
        """A cheap decisive test behind a dear safe task: least cost over probability of stopping first
        (Mitten 1960; De Reyck and Leus 2008).
        """
        for task in self.plan.tasks.values():
            p = 1.0
            for risk in self.plan.risks.values():
                if task.name in risk.stops:
                    p *= 1 - risk.odds
            if p == 1.0 or task.name in self.running:
                continue
            for tie in task.after:
                before = self.plan.tasks[tie.task]
                safe = not any(before.name in r.stops for r in self.plan.risks.values())
                if safe and before.takes.median_s * before.copies > task.takes.median_s * task.copies:
                    first, ends = f"Could {task.name} come before {before.name}?", show_percent(1 - p)
                    text = f"{first} It is cheaper, and ends it with {ends}."
                    yield self.make("tie", text, deed="the cheap decisive test first")


def saved_by_restart(a: Activity, factor: float) -> float | None:
    """Seconds that the longest-running copy of a task ends sooner if it is started anew `factor` times faster.

    Negative where letting it finish is sooner; None where nothing runs. What is left is its own progress's word,
    else the median less what it has worked.

    >>> from types import SimpleNamespace as A
    >>> saved_by_restart(A(worked_ms=(3_600_000,), left_s=((8000.0, 9000.0, 9900.0),), takes=None), 2.0)
    2700.0
    """
    if not a.worked_ms:
        return None
    worked = a.worked_ms[0] / 1000.0
    left = a.left_s[0][1] if a.left_s[0] else max(a.takes.median_s - worked, 0.0)
    return left - (worked + left) / factor


def _deed(stops: bool, repeats: bool) -> str:
    if stops:
        return "a cheap test of the idea first would"
    return "watching its first hour, and a checkpoint, would" if repeats else "a second place to run would"
