"""What a plan says, as frozen values. `parse` makes them from text, `changes` makes new ones.

Durations here are seconds of working time: `d` and `w` are already resolved by the
calendar of the task that they belong to (rule C3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import Literal

from sixdays.errors import Problem, Span
from sixdays.quantities import MACHINE, WEEKDAYS, Units

Basis = Literal["stated", "assumed", "measured"]
CopiesKey = Literal["", "seeds", "copies", "sweep"]
Sweep = tuple[tuple[str, tuple[str, ...]], ...]
NOWHERE = Span(1, 1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A duration as a distribution (rules E1–E4).

    form: `exact` is a constant and a floor, `number` a median, `range` the 5 % and 95 % quantiles.
    low_s, high_s: equal unless it is a range.
    floor_ms: the least it can be, from `exactly` or `at least`; else None (rule E3).
    text: what the plan says, word for word.
    """

    form: Literal["exact", "number", "range"]
    low_s: float
    high_s: float
    floor_ms: int | None = None
    text: str = ""
    basis: Basis = "stated"

    @property
    def median_s(self) -> float:
        """The median before the floor is taken into account, in seconds."""
        return float((self.low_s * self.high_s) ** 0.5) if self.form == "range" else self.low_s


@dataclass(frozen=True, slots=True)
class Hours:
    """When a resource works: one span of the day, on some weekdays, on one zone's clock (rule C3)."""

    start_min: int
    end_min: int
    days: frozenset[int]
    zone: tzinfo

    @property
    def text(self) -> str:
        """For people: `9–19, mon–sat`."""
        ends = "–".join(f"{m // 60}:{m % 60:02}".removesuffix(":00") for m in (self.start_min, self.end_min))
        return f"{ends}, {self.days_text('–')}"

    @property
    def span_text(self) -> str:
        """As a plan writes it: `9:00-19:00`."""
        return "-".join(f"{m // 60}:{m % 60:02}" for m in (self.start_min, self.end_min))

    def days_text(self, dash: str = "-") -> str:
        """`mon-sat`, `mon, wed` or `every day`."""
        if len(self.days) == 7:
            return "every day"
        first = next(d for d in sorted(self.days) if (d - 1) % 7 not in self.days)
        if all((first + i) % 7 in self.days for i in range(len(self.days))):
            last = (first + len(self.days) - 1) % 7
            return WEEKDAYS[first] if first == last else f"{WEEKDAYS[first]}{dash}{WEEKDAYS[last]}"
        return ", ".join(WEEKDAYS[d] for d in sorted(self.days))

    @property
    def day_s(self) -> int:
        return (self.end_min - self.start_min) * 60

    @property
    def week_s(self) -> int:
        return self.day_s * len(self.days)


@dataclass(frozen=True, slots=True)
class Resource:
    name: str
    count: int = 1
    hours: Hours | None = None
    wait: Estimate | None = None
    limit_ms: int | None = None
    shared: bool = False
    launcher: str = ""
    partition: str = ""
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Tie:
    """This task waits for `task` to finish, or only to start (rule S6)."""

    task: str
    started: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Tries:
    """A task is repeated until a try convinces (rule T1). `each` is P(one try convinces | the idea works)."""

    each: float
    works: float = 1.0
    side_by_side: int = 1
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of work. `copies` are seeds, copies or sweep points, of one try where there are tries.

    speed: how much faster the *rest* of a running task goes (rule Q1); the text of the plan cannot say it.
    units: what `d` and `w` mean here.
    """

    name: str
    takes: Estimate
    needs: tuple[tuple[str, int], ...] = ()
    after: tuple[Tie, ...] = ()
    copies: int = 1
    copies_key: CopiesKey = ""
    sweep: Sweep = ()
    tries: Tries | None = None
    run: str = ""
    logs: str = ""
    claim: str = ""
    stop_if: str = ""
    shell: bool = False
    minutes: float | None = None
    speed: float = 1.0
    units: Units = MACHINE
    span: Span = NOWHERE
    takes_span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Risk:
    """One coin a draw; exactly one of the three effects (rule R1)."""

    name: str
    odds: float
    stops: tuple[str, ...] = ()
    repeats: str = ""
    adds: Estimate | None = None
    to: tuple[str, ...] = ()
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Moves:
    """The deadline may move later (rule P5)."""

    odds: float
    by: Estimate


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    deadline: datetime
    requires: tuple[str, ...]
    worth: float = 1.0
    standard: str = ""
    moves: Moves | None = None
    requires_all: bool = False
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that has been checked: every name resolves, no task waits for itself.

    sources: the texts that it was made from, by file name; empty for a sentence.
    warnings: what is odd but allowed.
    """

    tasks: Mapping[str, Task]
    resources: Mapping[str, Resource] = field(default_factory=dict)
    risks: Mapping[str, Risk] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    question: str = ""
    zone: tzinfo | None = None
    proposal: Mapping[str, str] = field(default_factory=dict)
    file: str = "plan.yaml"
    text: str = ""
    warnings: tuple[Problem, ...] = ()


def units_of(needed: Iterable[Resource]) -> Units:
    """What `d` and `w` mean for a task: the working day of the people it needs (rules C3, C4)."""
    people = [r.hours for r in needed if r.hours]
    if not people:
        return MACHINE
    days, weeks = {h.day_s for h in people}, {h.week_s for h in people}
    return Units(
        Fraction(days.pop()) if len(days) == 1 else None,
        Fraction(weeks.pop()) if len(weeks) == 1 else None,
    )


def is_experiment(task: Task, resources: Mapping[str, Resource]) -> bool:
    """Machines run it: it has `run`, `seeds` or `tries`, or needs only resources without hours (rule E7)."""
    if task.run or task.copies_key or task.tries:
        return True
    return bool(task.needs) and all(resources[name].hours is None for name, _ in task.needs)
