"""Plans of a given size, as a lab has them: pools of a few units, ties, some seeds, one person, one task with tries."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from sixdays.plan.model import Estimate, Plan, Resource, Risk, Target, Task, Tie, Tries

NOW = datetime(2031, 3, 5, 12, tzinfo=UTC)


def lab(tasks: int, seed: int = 0, *, tries: bool = True) -> Plan:
    """A plan of so many tasks towards two targets, on 8 GPUs, 4 CPUs and 2 nodes, about half busy."""
    rng = random.Random(seed)
    resources = {"gpu": Resource("gpu", 8), "cpu": Resource("cpu", 4), "node": Resource("node", 2)}
    made: dict[str, Task] = {}
    for i in range(tasks):
        name = f"t{i}"
        before = [f"t{j}" for j in range(max(0, i - 8), i) if rng.random() < 0.25]
        copies = rng.choice((1, 1, 1, 1, 3))
        low = rng.uniform(2, 12) * 3600
        needs = ((rng.choice(("gpu", "gpu", "cpu", "node")), 1),)
        made[name] = Task(
            name, Estimate("range", low, 2 * low, None, "a range"), needs, tuple(Tie(b) for b in before),
            copies, "seeds" if copies > 1 else "",
        )  # fmt: skip
    if tries:
        middle = f"t{tasks // 2}"
        made[middle] = Task(
            middle, Estimate("range", 36000.0, 72000.0), (("gpu", 1),), made[middle].after, tries=Tries(0.25, 0.6)
        )
    last = f"t{tasks - 1}"
    hours = 10 + tasks * 2.6
    targets = {
        "workshop": Target("workshop", NOW + timedelta(hours=hours), (f"t{tasks // 2}", f"t{tasks * 2 // 3}", last)),
        "icml": Target("icml", NOW + timedelta(hours=hours * 1.4), (f"t{tasks // 2}", last), 3.0),
    }
    risks = {"diverges": Risk("diverges", 0.25, repeats="t1"), "dull": Risk("dull", 0.3, stops=(last,))}
    return Plan(made, resources, risks, targets)
