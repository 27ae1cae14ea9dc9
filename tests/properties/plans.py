"""Random plans of the package's values, small but with every feature; a plain generator and a strategy."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from math import inf

from hypothesis import strategies as st

from sixdays.plan.actuals import Actual, Copy
from sixdays.plan.model import Estimate, Hours, Plan, Resource, Risk, Target, Task, Tie, Tries, units_of

NOW = datetime(2031, 3, 5, 12, tzinfo=UTC)
WEEK = frozenset(range(7))


def random_plan(
    rng: random.Random, *, tries: bool = True, hours: bool = True, most: int = 7
) -> tuple[Plan, tuple[Actual, ...]]:
    """A valid plan with targets, and now and then something that runs already."""
    resources = {"gpu": Resource("gpu", rng.randint(1, 4), wait=_range(rng, 0.2, 3) if rng.random() < 0.2 else None,
                                 limit_ms=rng.randint(6, 30) * 3_600_000 if rng.random() < 0.2 else None)}  # fmt: skip
    if rng.random() < 0.5:
        resources["cpu"] = Resource("cpu", rng.randint(1, 3))
    if hours and rng.random() < 0.5:
        start = rng.randint(0, 20) * 60
        days = frozenset(rng.sample(range(7), rng.randint(2, 7))) if rng.random() < 0.6 else WEEK
        resources["me"] = Resource(
            "me", rng.randint(1, 2), Hours(start, rng.randint(start // 60 + 1, 24) * 60, days, UTC)
        )
    tasks: dict[str, Task] = {}
    for i in range(rng.randint(2, most)):
        name = f"t{i}"
        needs = tuple(
            (r, rng.randint(1, v.count)) for r, v in resources.items() if rng.random() < (0.75 if r == "gpu" else 0.3)
        )
        after = tuple(Tie(t, rng.random() < 0.2) for t in tasks if rng.random() < 0.3)
        copies = rng.choice((1, 1, 1, 2, 3, 5))
        own_tries = None
        if tries and rng.random() < 0.25:
            own_tries = Tries(
                rng.choice((1.0, 0.5, 0.25, 0.1)), rng.choice((1.0, 0.6, 0.0)), rng.choice((1, 1, 2, 3)),
                rng.choice((None, None, 1, 3, 7)),
            )  # fmt: skip
        units = units_of(resources[r] for r, _ in needs)
        tasks[name] = Task(
            name, _estimate(rng), needs, after, copies, "seeds" if copies > 1 else "", tries=own_tries, units=units
        )
    names = list(tasks)
    risks = _risks(rng, names)
    targets = {
        f"x{j}": Target(
            f"x{j}", NOW + timedelta(hours=rng.randint(10, 200)), tuple(rng.sample(names, rng.randint(1, len(names)))),
            rng.choice((1.0, 2.0)),
        )
        for j in range(rng.randint(1, 3))
    }  # fmt: skip
    return Plan(tasks, resources, risks, targets), _actuals(rng, tasks)


def _estimate(rng: random.Random) -> Estimate:
    kind = rng.random()
    hours = rng.uniform(1, 20)
    if kind < 0.25:
        whole = round(hours) or 1
        return Estimate("exact", whole * 3600.0, whole * 3600.0, whole * 3_600_000, f"exactly {whole}h")
    if kind < 0.35:
        return Estimate("number", hours * 3600, hours * 3600, None, f"{hours}h")
    floor = round(hours * 0.9 * 3600_000) if rng.random() < 0.3 else None
    return Estimate("range", hours * 3600, hours * 3600 * rng.uniform(1.2, 4), floor, "a range")


def _range(rng: random.Random, low: float, high: float) -> Estimate:
    a = rng.uniform(low, high)
    floor = round(a * 0.9 * 3600) * 1000 if rng.random() < 0.5 else None
    return Estimate("range", a * 3600, a * 3600 * rng.uniform(1.2, 3), floor, "a range")


def _risks(rng: random.Random, names: list[str]) -> dict[str, Risk]:
    risks = {}
    if rng.random() < 0.4:
        risks["stop"] = Risk("stop", 0.3, stops=(rng.choice(names),))
    if rng.random() < 0.4:
        risks["again"] = Risk("again", 0.4, repeats=rng.choice(names))
    if rng.random() < 0.4:
        risks["late"] = Risk(
            "late", 0.5, adds=_range(rng, 1, 5), to=tuple(rng.sample(names, rng.randint(1, len(names))))
        )
    return risks


def _actuals(rng: random.Random, tasks: dict[str, Task]) -> tuple[Actual, ...]:
    out = []
    for task in tasks.values():
        if rng.random() > (0.1 if task.after else 0.2):  # its ties may be open: records beat the plan (S5)
            continue
        total = task.copies * (task.tries.side_by_side if task.tries else 1)
        begun = rng.randint(1, total)
        started = NOW - timedelta(hours=rng.uniform(0.5, 10))
        out.append(
            Actual(
                task.name,
                tuple(Copy(i + 1, started) for i in range(begun)),
                failed=rng.randint(0, 1) if task.tries else 0,
            )
        )
    return tuple(out)


@st.composite
def plans(draw: st.DrawFn, *, tries: bool = True, hours: bool = True) -> tuple[Plan, tuple[Actual, ...]]:
    return random_plan(random.Random(draw(st.integers(0, 2**40))), tries=tries, hours=hours)


__all__ = ["NOW", "inf", "plans", "random_plan"]
