"""One line of text is a plan too (rule P7).

[N x] DURATION [one after another | side by side] [on K NAME][, then …] by TIME
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sixdays.errors import UsageError
from sixdays.plan.estimate import assumed, parse_estimate
from sixdays.plan.model import Estimate, Plan, Resource, Target, Task, Tie
from sixdays.quantities import Unreadable, parse_when, parse_whole

FORM = "[N x] DURATION [one after another | side by side] [on K NAME][, then …] by TIME"
EXAMPLES = (
    "2 x 3d one after another by 8 Nov AoE",
    "60 x 8h on 8 gpu, then 1d to 2d by 2031-05-15 23:59 AoE",
    "5 x 20h side by side, then about 3d by Fri 18:00",
)
MOST_STEPS = 1_000

_STEP = re.compile(
    r"(?:(?P<n>\d+)\s*(?:x|×|times)\s+)?(?P<e>.+?)"
    r"(?P<how>\s+one after another|\s+side by side)?(?:\s+on\s+(?P<k>\d+)\s+(?P<name>[^\W\d][\w-]*))?"
    r"(?P<how2>\s+one after another|\s+side by side)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Step:
    count: int
    takes: Estimate
    in_a_row: bool
    units: int
    resource: str


def read_sentence(text: str, now: datetime, zone: tzinfo) -> Plan:
    """The plan that a sentence says: tasks step1 …, one target `target`.

    A bare duration is taken as exact, said to be assumed; a day without a year is the next one.
    What is one after another is a task each; what is side by side is one task with copies.

    Raises:
        UsageError: it is no such sentence.
    """
    line = " ".join(text.split())
    if len(line) > 2_000:
        raise _not_one(line[:60] + "…", "it is too long")
    work, by, when = _last_by(line)
    if not by:
        raise _not_one(line, 'it does not say "by TIME"')
    try:
        deadline = parse_when(when, now, zone)
        steps = [_step(part) for part in re.split(r"\s*,?\s*\bthen\b\s*", work, flags=re.IGNORECASE)]
    except (Unreadable, OverflowError) as e:
        hint = e.hint if isinstance(e, Unreadable) else ""
        raise _not_one(line, getattr(e, "message", str(e)), hint) from e
    resources = _resources(steps, line)
    tasks: dict[str, Task] = {}
    before: tuple[Tie, ...] = ()
    for step in steps:
        needs = ((step.resource, 1),) if step.resource else ()
        copies = 1 if step.in_a_row else step.count
        for _ in range(step.count if step.in_a_row else 1):
            name = f"step{len(tasks) + 1}"
            tasks[name] = Task(name, step.takes, needs, before, copies, "copies" if copies > 1 else "")
            before = (Tie(name),)
    if len(tasks) > MOST_STEPS:
        raise _not_one(line, f"{len(tasks):,} steps one after another are more than {MOST_STEPS:,}")
    target = Target("target", deadline, (before[0].task,))
    return Plan(tasks, resources, targets={"target": target}, file="", text=line)


def looks_like_one(text: str) -> bool:
    """Whether an argument can only be meant as a sentence."""
    return bool(re.search(r"\s", text.strip())) and not re.search(r"\.ya?ml$|[/\\](?!\d)", text.strip())


def _last_by(line: str) -> tuple[str, str, str]:
    found = list(re.finditer(r"(?:^|\s)by\s+", line, re.IGNORECASE))
    return (line[: found[-1].start()], "by", line[found[-1].end() :]) if found else (line, "", "")


def _step(text: str) -> _Step:
    found = _STEP.match(text.strip(" ,"))
    if found is None:
        raise Unreadable("a step says no duration", "write 3d, 2d to 4d or 2 x 3d")
    how = (found["how"] or found["how2"] or "").strip().lower()
    count = parse_whole(found["n"], 1, 100_000) if found["n"] else 1
    takes = parse_estimate(found["e"])
    bare = (
        takes.form == "number"
        and takes.floor_ms is None
        and "at" not in takes.text
        and "about" not in takes.text.lower()
    )
    in_a_row = how == "one after another" or (not how and not found["k"])
    if in_a_row and count > MOST_STEPS:
        raise Unreadable(f"{count:,} steps one after another are more than {MOST_STEPS:,}")
    units = parse_whole(found["k"], 1) if found["k"] else 0
    return _Step(count, assumed(takes) if bare else takes, in_a_row, units, found["name"] or "")


def _resources(steps: list[_Step], line: str) -> dict[str, Resource]:
    """The machines that are named; the same name must have the same number."""
    resources: dict[str, Resource] = {}
    for step in steps:
        if not step.resource:
            continue
        known = resources.setdefault(step.resource, Resource(step.resource, step.units))
        if known.count != step.units:
            raise _not_one(line, f'it has {known.count} "{step.resource}" and {step.units}')
    return resources


def _not_one(line: str, why: str, hint: str = "") -> UsageError:
    how = f'{hint}; write "{EXAMPLES[0]}"' if hint else f'write {FORM}: "{EXAMPLES[0]}", "{EXAMPLES[1]}"'
    return UsageError(f'"{line}" is not a sentence that I understand: {why}', how)
