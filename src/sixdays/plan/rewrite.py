"""What must be written so that a plan's text says what a changed plan means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sixdays.errors import UsageError
from sixdays.plan.edit import Edit
from sixdays.plan.model import Plan, Resource, Risk, Target, Task, Tie
from sixdays.plan.tree import Map, read_tree
from sixdays.quantities import write_instant


def edits(before: Plan, after: Plan) -> tuple[Edit, ...]:
    """The edits of `before.text` that make it say `after`; only what differs.

    Raises:
        UsageError: a plan file cannot say it (the rest of a running task going faster).
    """
    out: list[Edit] = []
    for name in before.tasks:
        if name not in after.tasks:
            out.append(Edit(("tasks", name), None))
        elif after.tasks[name] != before.tasks[name]:
            out.extend(_task(before.tasks[name], after.tasks[name]))
    for name, resource in before.resources.items():
        if after.resources[name] != resource:
            out.extend(_resource(before, resource, after.resources[name]))
    for name, risk in before.risks.items():
        if name not in after.risks:
            out.append(Edit(("risks", name), None))
        else:
            out.extend(_risk(risk, after.risks[name]))
    for name, target in before.targets.items():
        out.extend(_target(target, after.targets[name]))
    return tuple(out)


def _task(old: Task, new: Task) -> Iterator[Edit]:
    at = ("tasks", old.name)
    if new.speed != old.speed:
        raise UsageError(
            f'"{old.name}" has run already: what is left of it going faster cannot be written into the plan',
            f"restart it, or write its takes anew: sixdays what-if --keep '{old.name} takes 1d to 2d'",
        )
    if new.takes.text != old.takes.text:
        yield Edit((*at, "takes"), new.takes.text)
    if new.copies != old.copies:
        yield Edit((*at, new.copies_key or "seeds"), str(new.copies))
    if new.tries and old.tries and new.tries.side_by_side != old.tries.side_by_side:
        yield Edit((*at, "tries", "side by side"), str(new.tries.side_by_side))
    if [(t.task, t.started) for t in new.after] != [(t.task, t.started) for t in old.after]:
        yield Edit((*at, "after"), _ties(new.after) if new.after else None)


def _ties(ties: Sequence[Tie]) -> str:
    if len(ties) == 1 and not ties[0].started:
        return flow(ties[0].task)
    if all(t.started for t in ties):
        return "{" + ", ".join(f"{flow(t.task)}: started" for t in ties) + "}"
    return "[" + ", ".join(f"{{{flow(t.task)}: started}}" if t.started else flow(t.task) for t in ties) + "]"


def _resource(plan: Plan, old: Resource, new: Resource) -> Iterator[Edit]:
    at = ("resources", old.name)
    node = _node(plan, at)
    is_map = isinstance(node, Map)
    if new.count != old.count:
        yield Edit((*at, "count") if is_map else at, str(new.count))
    if new.hours != old.hours and new.hours is not None:
        yield Edit((*at, "hours"), new.hours.span_text)
    elif new.hours != old.hours and isinstance(node, Map):
        keys = [e.key.value for e in node.entries]
        if set(keys) <= {"hours", "days", "zone"}:
            yield Edit(at, str(new.count))
        else:
            for key in ("hours", "days", "zone"):
                if key in keys:
                    yield Edit((*at, key), None)


def _risk(old: Risk, new: Risk) -> Iterator[Edit]:
    at = ("risks", old.name)
    if new.odds != old.odds:
        yield Edit((*at, "odds"), f"{new.odds * 100:.10g}%")
    if new.stops != old.stops:
        yield Edit((*at, "stops"), _names(new.stops))
    if new.to != old.to:
        yield Edit((*at, "to"), _names(new.to))
    if new.adds and old.adds and new.adds.text != old.adds.text:
        yield Edit((*at, "adds"), new.adds.text)


def _target(old: Target, new: Target) -> Iterator[Edit]:
    at = ("targets", old.name)
    if new.deadline != old.deadline:
        yield Edit((*at, "deadline"), write_instant(new.deadline))
    if new.requires != old.requires and not new.requires_all:
        yield Edit((*at, "requires"), _names(new.requires))


def _names(names: Sequence[str]) -> str:
    return "[" + ", ".join(flow(n) for n in names) + "]"


def _node(plan: Plan, path: tuple[str, ...]) -> object:
    node, _ = read_tree(plan.text, plan.file)
    for name in path:
        node = node.get(name) if isinstance(node, Map) else None
    return node


def flow(name: str) -> str:
    """A name as it stands inside [ ] or { }; quoted where YAML needs it."""
    from sixdays.plan.edit import plain

    return plain(name)
