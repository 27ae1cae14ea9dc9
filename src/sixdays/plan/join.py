"""Several plans on one pool of resources are one plan (rule P9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sixdays.errors import PlanError, Problem
from sixdays.plan.model import Plan, Resource, Risk, Target, Task


def join(plans: Sequence[tuple[str, Plan]]) -> Plan:
    """One plan of several, each with its folder's name; names get the prefix `folder/`.

    A resource that every plan which has it marks `shared: true` is one pool and keeps its name.

    Raises:
        PlanError: two plans have the same folder name, or disagree about a shared resource.
    """
    problems = [*_same_names(plans), *_unequal(plans)]
    if problems:
        raise PlanError(tuple(problems))
    pools = shared_names(plans)
    resources: dict[str, Resource] = {}
    tasks: dict[str, Task] = {}
    risks: dict[str, Risk] = {}
    targets: dict[str, Target] = {}
    for folder, plan in plans:
        own = prefixed(plan, folder, pools)
        resources.update(own.resources)
        tasks.update(own.tasks)
        risks.update(own.risks)
        targets.update(own.targets)
    warnings = tuple(w for _, plan in plans for w in plan.warnings)
    files = ", ".join(plan.file for _, plan in plans)
    return Plan(tasks, resources, risks, targets, zone=plans[0][1].zone, file=files, warnings=warnings)


def prefixed(plan: Plan, folder: str, pools: frozenset[str]) -> Plan:
    """One of them as it stands in the joined plan: alone, its streams are the same (rules E9, P9)."""

    def own(name: str) -> str:
        return f"{folder}/{name}"

    def resource(name: str) -> str:
        return name if name in pools else own(name)

    def many(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(own(n) for n in names)

    return replace(
        plan,
        resources={resource(r.name): replace(r, name=resource(r.name)) for r in plan.resources.values()},
        tasks={
            own(t.name): replace(
                t,
                name=own(t.name),
                needs=tuple((resource(r), n) for r, n in t.needs),
                after=tuple(replace(tie, task=own(tie.task)) for tie in t.after),
            )
            for t in plan.tasks.values()
        },
        risks={
            own(r.name): replace(
                r, name=own(r.name), stops=many(r.stops), to=many(r.to), repeats=own(r.repeats) if r.repeats else ""
            )
            for r in plan.risks.values()
        },
        targets={own(t.name): replace(t, name=own(t.name), requires=many(t.requires)) for t in plan.targets.values()},
    )


def shared_names(plans: Sequence[tuple[str, Plan]]) -> frozenset[str]:
    """Resources that every plan which has them marks as shared."""
    found: dict[str, list[Resource]] = {}
    for _, plan in plans:
        for r in plan.resources.values():
            found.setdefault(r.name, []).append(r)
    return frozenset(name for name, all_ in found.items() if len(all_) > 1 and all(r.shared for r in all_))


def _same_names(plans: Sequence[tuple[str, Plan]]) -> list[Problem]:
    seen: Mapping[str, Plan] = {}
    out = []
    for folder, plan in plans:
        if folder in seen:
            message = f'two plans would be called "{folder}"'
            out.append(Problem(message, "names get the folder's name; rename one", plan.file))
        seen = {**seen, folder: plan}
    return out


def _unequal(plans: Sequence[tuple[str, Plan]]) -> list[Problem]:
    out = []
    pools = shared_names(plans)
    first: dict[str, tuple[Plan, Resource]] = {}
    for _, plan in plans:
        for r in plan.resources.values():
            if r.name not in pools:
                continue
            other_plan, other = first.setdefault(r.name, (plan, r))
            same = replace(other, span=r.span)
            if same != r:
                what = f"{r.count} here, {other.count}" if r.count != other.count else "other hours, wait or limit than"
                out.append(
                    Problem(
                        f'the shared "{r.name}" is not the same in both plans: {what} in {other_plan.file}',
                        "write the same in every plan that shares it",
                        plan.file, r.span.line, r.span.column,
                    )
                )  # fmt: skip
    return out
