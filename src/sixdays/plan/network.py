"""The one normal form of a plan: activities, ties, demands, calendars, what is running.

Copies, sweeps, repeats, delays, waits, limits and started tasks are expanded here and nowhere
else; the simulation, the proofs, CP-SAT, brute force and `jobs` all read this.

The copies of a task stand together in the order and share one draw of their length (rules S3,
E5), so one activity carries them as counts: those that wait to start, and those that run.
A task with tries stays one activity; how many rounds it takes is a draw (rule T1).
Times are seconds since `now` where a draw reads them and whole milliseconds where a proof does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sixdays.errors import Problem, Span
from sixdays.plan.actuals import Actual, Copy
from sixdays.plan.calendars import Calendar
from sixdays.plan.model import Estimate, Hours, Plan, Task, is_experiment

STANDARD = "compelling"  # of a target that names none
MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Pool:
    """Units of one resource. `count` is what is held where running copies hold more (rule S5)."""

    name: str
    count: int
    hours: Hours | None
    span: Span


@dataclass(frozen=True, slots=True)
class Rounds:
    """The tries of an activity that are still to come (rules T1–T3).

    works: belief that the idea can work, after the failures. copies: of one try.
    left: tries that `at most` leaves; None for no bound.
    """

    each: float
    works: float
    side_by_side: int
    copies: int
    left: int | None
    failed: int


@dataclass(frozen=True, slots=True)
class Activity:
    """One task of the plan as the engines see it.

    preds: (activity, started): waits for its finish, or only its start.
    waiting: copies that have not started (of the first round, where there are tries).
    worked_ms: for each running copy the time it has worked in its own calendar, longest first.
    left_s: for each of them what its own progress says is left (rule E6), or None.
    lengths_s: of the copies and tries that have ended (rule E5).
    repeats, adds: the risks that strike it, by name.
    done_ms: when it finished, ms since now (not positive), or None.
    """

    index: int
    name: str
    takes: Estimate
    preds: tuple[tuple[int, bool], ...]
    needs: tuple[tuple[int, int], ...]
    calendar: Calendar | None
    waiting: int
    worked_ms: tuple[int, ...]
    left_s: tuple[tuple[float, float, float] | None, ...]
    lengths_s: tuple[float, ...]
    wait: Estimate | None
    limit_ms: int | None
    repeats: tuple[str, ...]
    adds: tuple[str, ...]
    rounds: Rounds | None
    done_ms: int | None
    experiment: bool
    group: str
    speed: float
    copies: int
    span: Span

    @property
    def running(self) -> bool:
        return bool(self.worked_ms)

    @property
    def to_come(self) -> bool:
        """Part of it has not started, so it still waits for its predecessors."""
        return self.done_ms is None and (self.waiting > 0 or (self.rounds is not None and not self.worked_ms))


@dataclass(frozen=True, slots=True)
class Goal:
    """A target on the network: the activities that it requires, its deadline in ms since now."""

    name: str
    deadline: datetime
    due_ms: int
    requires: tuple[int, ...]
    worth: float
    span: Span


@dataclass(frozen=True)
class Network:
    plan: Plan
    now: datetime
    activities: tuple[Activity, ...]
    pools: tuple[Pool, ...]
    goals: tuple[Goal, ...]
    warnings: tuple[Problem, ...]
    actuals: tuple[Actual, ...] = ()

    @cached_property
    def index(self) -> dict[str, int]:
        return {a.name: a.index for a in self.activities}

    @cached_property
    def successors(self) -> tuple[tuple[tuple[int, bool], ...], ...]:
        """For each activity those that wait for it: (activity, only for its start)."""
        out: list[list[tuple[int, bool]]] = [[] for _ in self.activities]
        for a in self.activities:
            for p, started in a.preds:
                out[p].append((a.index, started))
        return tuple(map(tuple, out))

    @cached_property
    def forward(self) -> tuple[int, ...]:
        """The activities, each after all that it waits for; the plan's order otherwise."""
        waits_for = [len(a.preds) for a in self.activities]
        ready = [a.index for a in reversed(self.activities) if not a.preds]
        out = []
        while ready:
            i = ready.pop()
            out.append(i)
            for j, _ in reversed(self.successors[i]):
                waits_for[j] -= 1
                if not waits_for[j]:
                    ready.append(j)
        return tuple(out)

    @cached_property
    def needed(self) -> dict[str, tuple[frozenset[int], frozenset[int]]]:
        """For each goal: the activities that must finish, and those that need only start (rule K1)."""
        return {g.name: self._needed(g.requires) for g in self.goals}

    def _needed(self, requires: Iterable[int]) -> tuple[frozenset[int], frozenset[int]]:
        finish: set[int] = set()
        start: set[int] = set()
        stack = [(i, False) for i in requires]
        while stack:
            i, only_start = stack.pop()
            seen = start if only_start else finish
            if i in finish or i in seen:
                continue
            seen.add(i)
            a = self.activities[i]
            if a.to_come and not (only_start and a.running):  # what runs has started (rule S5)
                stack.extend(self.activities[i].preds)
        return frozenset(finish), frozenset(start - finish)

    def goal(self, name: str) -> Goal:
        return next(g for g in self.goals if g.name == name)

    def is_open(self, goal: Goal) -> bool:
        """Its deadline has not passed and not all its tasks are finished (rules T2, P3)."""
        return goal.due_ms >= 0 and any(self.activities[i].done_ms is None for i in goal.requires)

    def slots(self, a: Activity) -> int:
        """How many copies of an activity its resources can hold at once (rule S3)."""
        return min((self.pools[p].count // n for p, n in a.needs), default=1_000_000_000)


def build(plan: Plan, now: datetime, actuals: Iterable[Actual] = ()) -> Network:
    """The network of a plan at `now`, given what has happened."""
    now = now.astimezone(UTC)  # two times of one zone would be subtracted on its wall clock
    actuals = tuple(actuals)
    happened = {a.task: a for a in actuals if a.task in plan.tasks}
    calendars: dict[tuple[str, ...], Calendar | None] = {}
    index = {name: i for i, name in enumerate(plan.tasks)}
    pool_index = {name: i for i, name in enumerate(plan.resources)}
    over = {n for n, a in happened.items() if _done_at(plan.tasks[n], a) is not None}
    activities = []
    warnings: list[Problem] = []
    for name, task in plan.tasks.items():
        calendar = _calendar(plan, task, now, calendars)
        actual = happened.get(name)
        done = _done_at(task, actual) if actual else None
        running = [] if done is not None or actual is None else list(actual.running)
        running.sort(key=lambda c: _worked(c, calendar, now), reverse=True)
        worked = tuple(_worked(c, calendar, now) for c in running)
        rounds = _rounds(task, actual)
        per_round = task.copies * (task.tries.side_by_side if task.tries else 1)
        ended = sum(c.ended is not None for c in actual.copies) if actual else 0
        activities.append(
            Activity(
                index=index[name],
                name=name,
                takes=task.takes,
                preds=tuple((index[t.task], t.started) for t in task.after),
                needs=tuple((pool_index[r], n) for r, n in task.needs),
                calendar=calendar,
                waiting=0 if done is not None else max(0, per_round - len(running) - ended),
                worked_ms=worked,
                left_s=tuple(c.left_s for c in running),
                lengths_s=_lengths(actual, calendar, now) if actual else (),
                wait=_wait(plan, task),
                limit_ms=min((m for r, _ in task.needs if (m := plan.resources[r].limit_ms)), default=None),
                repeats=tuple(r.name for r in plan.risks.values() if r.repeats == name and name not in over),
                adds=tuple(r.name for r in plan.risks.values() if name in r.to and name not in over),
                rounds=rounds,
                done_ms=None if done is None else min(0, (done - now) // MS),
                experiment=is_experiment(task, plan.resources),
                group=task.needs[0][0] if task.needs else "",
                speed=task.speed,
                copies=task.copies,
                span=task.takes_span,
            )
        )
        warnings.extend(_exceeded(plan, task, worked))
    pools = _pools(plan, activities, warnings)
    goals = tuple(
        Goal(t.name, t.deadline, (t.deadline - now) // MS, tuple(index[r] for r in t.requires), t.worth, t.span)
        for t in plan.targets.values()
    )
    warnings.extend(
        Problem(
            f'the deadline of "{g.name}" has passed',
            "move it, or take the target out",
            plan.file, g.span.line, g.span.column, level="warning",
        )
        for g in goals
        if g.due_ms < 0
    )  # fmt: skip
    return Network(plan, now, tuple(activities), pools, goals, (*plan.warnings, *warnings), actuals)


def _done_at(task: Task, actual: Actual | None) -> datetime | None:
    """When the task ended: said so, or all its copies have (a try that ended is not yet convincing)."""
    if actual is None or actual.finished is not None:
        return actual.finished if actual else None
    ended = [c.ended for c in actual.copies if c.ended is not None]
    return max(ended) if task.tries is None and len(ended) >= task.copies else None


def _worked(copy: Copy, calendar: Calendar | None, now: datetime) -> int:
    assert copy.started is not None
    since = min(0, (copy.started - now) // MS)
    return calendar.work_in_past(since) if calendar else -since


def _lengths(actual: Actual, calendar: Calendar | None, now: datetime) -> tuple[float, ...]:
    """How long what ended worked: as was said, else from its start to its end in its own calendar (rule E5)."""
    out = []
    for c in actual.copies:
        if c.ended is None:
            continue
        if c.took_s is not None:
            out.append(c.took_s)
        elif c.started is not None and c.started < c.ended:
            out.append((_worked(c, calendar, now) - _worked(Copy(c.copy, c.ended), calendar, now)) / 1000)
    return (*(s for s in out if s > 0), *actual.failed_took_s)


def _rounds(task: Task, actual: Actual | None) -> Rounds | None:
    """Belief and tries left after the failures: w(1−e)ⁿ / (w(1−e)ⁿ + 1 − w) (rule T3)."""
    if task.tries is None:
        return None
    t, failed = task.tries, actual.failed if actual else 0
    survived = t.works * (1 - t.each) ** failed
    works = t.works if not failed else survived / (survived + 1 - t.works) if survived + 1 - t.works > 0 else 0.0
    left = None if t.at_most is None else max(0, t.at_most - failed)
    return Rounds(t.each, works, t.side_by_side, task.copies, left, failed)


def _wait(plan: Plan, task: Task) -> Estimate | None:
    """The wait of a task: the larger one, by its median, where two resources have one (rule S4)."""
    waits = [w for r, _ in task.needs if (w := plan.resources[r].wait)]
    return max(waits, key=lambda w: w.median_s, default=None)


def _calendar(plan: Plan, task: Task, now: datetime, made: dict[tuple[str, ...], Calendar | None]) -> Calendar | None:
    names = tuple(sorted(r for r, _ in task.needs if plan.resources[r].hours))
    if names not in made:
        hours = tuple(h for r in names if (h := plan.resources[r].hours))
        made[names] = Calendar(hours, now) if hours else None
    return made[names]


def _pools(plan: Plan, activities: list[Activity], warnings: list[Problem]) -> tuple[Pool, ...]:
    held = [0] * len(plan.resources)
    for a in activities:
        for p, n in a.needs:
            held[p] += n * len(a.worked_ms)
    out = []
    for i, r in enumerate(plan.resources.values()):
        if held[i] > r.count:
            warnings.append(
                Problem(
                    f'{held[i]} of "{r.name}" are held by running tasks, the plan says {r.count}',
                    f"write {r.name}: {held[i]} if you have that many",
                    plan.file, r.span.line, r.span.column, level="warning",
                )
            )  # fmt: skip
        out.append(Pool(r.name, max(r.count, held[i]), r.hours, r.span))
    return tuple(out)


def _exceeded(plan: Plan, task: Task, worked: tuple[int, ...]) -> list[Problem]:
    """A constant that has been exceeded ends now, with a warning (rule E6)."""
    if task.takes.form != "exact" or not worked or worked[0] <= task.takes.low_s * 1000:
        return []
    return [
        Problem(
            f'"{task.name}" has run longer than {task.takes.text}; taken to end now',
            f"sixdays done {task.name}, or mend takes",
            plan.file, task.takes_span.line, task.takes_span.column, level="warning",
        )
    ]  # fmt: skip


def stopping(plan: Plan, network: Network, goal: Goal) -> float:
    """P(nothing stops the target): Π(1 − p) over the risks of what it needs and is not finished (rules R2, R5),
    times P(result) of each task with a claim that its curves have been judged for, at the target's standard.
    """
    finish, start = network.needed[goal.name]
    unfinished = {network.activities[i].name for i in finish | start if network.activities[i].done_ms is None}
    p = 1.0
    for risk in plan.risks.values():
        if unfinished.intersection(risk.stops):
            p *= 1.0 - risk.odds
    for a in network.actuals:
        if a.chances and network.index.get(a.task, -1) in finish | start:
            p *= dict(a.chances).get(plan.targets[goal.name].standard or STANDARD, 1.0)
    return p
