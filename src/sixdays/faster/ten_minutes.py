"""The ten-minute list: what could make the plan's experiments faster, told from texts alone; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sixdays.faster.bounds import bound
from sixdays.faster.model import Machine, Promise
from sixdays.plan.model import Plan, Task


@dataclass(frozen=True, slots=True)
class Item:
    """bound: the most it could give. minutes: to find out. evidence: what it rests on. command: that measures it."""

    text: str
    bound: float
    minutes: float
    promise: Promise
    evidence: str
    command: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text, "bound": self.bound, "minutes": self.minutes, "class": self.promise,
            "evidence": self.evidence, "command": self.command or None,
        }  # fmt: skip


# What a source says of itself: pattern, what to do, share of the time that it typically could take away, class.
SIGNS: tuple[tuple[str, str, float, Promise], ...] = (
    (r"plt\.pause\(|\.savefig\(|plt\.draw\(|\.render\(", "draw at the end, not on the way", 0.7, "same"),
    (r"torch\.distributions|Categorical\(|Normal\(", "switch the validation of distributions off", 0.15, "same"),
    (r"optim\.(Adam|AdamW|SGD|RMSprop)\(", "a fused optimiser", 0.15, "equivalent"),
    (r"add_scalar\(|wandb\.log\(", "log every hundredth step", 0.3, "same"),
    (r"\bdef (eval|evaluate|validate|test)\w*\(", "evaluate less often", 0.4, "same"),
    (r"DataLoader\((?!.*num_workers)", "let workers load the data, or hold them in memory", 0.5, "equivalent"),
    (r"torch\.save\(", "save less often", 0.1, "same"),
)


def ten_minutes(
    plan: Plan | None, machine: Machine, sources: Mapping[str, str], evidence: Mapping[str, tuple[str, float]]
) -> tuple[Item, ...]:
    """What is worth ten minutes, the most per minute first.

    sources: texts of the project's scripts. evidence: what the logs show: what to do → (what was seen, share of the
    wall time that could go).
    """
    items = [Item(text, bound(share), 10.0, "same", seen) for text, (seen, share) in evidence.items()]
    for name, text in sources.items():
        items += _in_source(name, text)
    for task in plan.tasks.values() if plan else ():
        items += _of_task(task, machine)
    found: dict[str, Item] = {}
    for item in sorted(items, key=lambda i: (-(i.bound - 1.0) / i.minutes, i.text)):
        found.setdefault(item.text, item)
    return tuple(found.values())


def _in_source(name: str, text: str) -> Iterator[Item]:
    for pattern, deed, share, promise in SIGNS:
        if seen := re.search(pattern, text):
            line = text.count("\n", 0, seen.start()) + 1
            command = f"sixdays faster -- python {name}"
            yield Item(
                f"{deed} ({name})", bound(share), 10.0, promise, f"{name}:{line}; a guess, not measured", command
            )


def _of_task(task: Task, machine: Machine) -> Iterator[Item]:
    if not task.run:
        return
    command = f"sixdays faster {task.name}"
    if task.copies > 1 and machine.cores > 1:
        k = min(task.copies, machine.cores)
        seen = f"{task.copies} copies, {machine.cores} cores here"
        yield Item(f"{task.name}: {k} copies side by side, one thread each", 0.9 * k, 10.0, "equivalent", seen, command)
    seen = f"its run: {task.run.strip().splitlines()[0][:60]}"
    yield Item(f"measure what speeds up {task.name}", 2.0, 10.0, "same", seen, command)
