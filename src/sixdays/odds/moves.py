"""What moved the odds since an earlier forecast: evidence apart from edited opinions (rule Q5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sixdays.odds.estimates import Draws
from sixdays.odds.forecast import Inputs, settle
from sixdays.plan.actuals import Actual
from sixdays.plan.check import check
from sixdays.plan.model import Plan
from sixdays.plan.network import stopping

Kind = Literal["record", "edit", "history", "clock"]


@dataclass(frozen=True, slots=True)
class Step:
    """One difference, and the change of each target's odds when it is applied after those before it."""

    kind: Kind
    text: str
    change: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "text": self.text, "change": dict(self.change)}


def moved(
    then: tuple[Plan, datetime, tuple[Actual, ...]],
    records: Sequence[tuple[str, tuple[Actual, ...]]],
    plan: Plan,
    inputs: Inputs,
    draws: Draws,
) -> tuple[Step, ...]:
    """The steps from then to now, in this order: records, edits in file order, history, clock.

    Args:
        then: plan, clock and actuals of the earlier forecast.
        records: for each record since, its words and the actuals with it and all before it.
        plan, inputs: of today. draws: shared by all steps, so that differences are not noise.
    """
    old_plan, old_now, old_actuals = then
    at = replace(inputs, now=old_now, actuals=old_actuals, prove=None)
    before = _odds(old_plan, at, draws)
    steps = []
    for text, actuals in records:
        at = replace(at, actuals=actuals)
        after = _odds(old_plan, at, draws)
        steps.append(_step("record", text, before, after))
        before = after
    for text, edited in _edits(old_plan, plan):
        after = _odds(edited, at, draws)
        steps.append(_step("edit", text, before, after))
        before = after
    if inputs.history != at.history:
        at = replace(at, history=inputs.history)
        after = _odds(plan, at, draws)
        steps.append(_step("history", "your history", before, after))
        before = after
    if inputs.now != old_now:
        after = _odds(plan, replace(at, now=inputs.now), draws)
        steps.append(_step("clock", "time that has passed", before, after))
    return tuple(steps)


def _step(kind: Kind, text: str, before: Mapping[str, float], after: Mapping[str, float]) -> Step:
    return Step(kind, text, {name: odds - before[name] for name, odds in after.items() if name in before})


def _odds(plan: Plan, inputs: Inputs, draws: Draws) -> dict[str, float]:
    run = settle(plan, inputs, base=None, draws=draws, quick=True)
    network, out = run.network, {}
    for goal in network.goals:
        if network.is_open(goal):
            out[goal.name] = float(run.in_time[goal.name].mean()) * stopping(plan, network, goal)
        else:
            done = [network.activities[i].done_ms for i in goal.requires]
            out[goal.name] = float(all(d is not None and d <= goal.due_ms for d in done))
    return out


def _edits(old: Plan, new: Plan) -> Iterator[tuple[str, Plan]]:
    """The plans on the way from the old one to the new one, an edited value at a time, in file order.

    Where a step alone would not be a valid plan, it is taken together with the next.
    """
    at, words = old, []
    for section in ("resources", "tasks", "risks", "targets"):
        mine, yours = getattr(old, section), getattr(new, section)
        names = [*yours, *(n for n in mine if n not in yours)]
        for name in names:
            if _same(mine.get(name), yours.get(name)):
                continue
            rest = dict(getattr(at, section))
            rest.pop(name, None)
            if name in yours:
                rest = {n: (yours[name] if n == name else rest[n]) for n in [*yours, *rest] if n == name or n in rest}
            changed: dict[str, Any] = {section: rest}
            trial = replace(at, **changed)
            what = "added" if name not in mine else "taken out" if name not in yours else "edited"
            words.append(f"{name} {what}")
            at = trial
            if not any(p.level == "error" for p in check(at)):
                yield ", ".join(words), at
                words = []
    if words:
        yield ", ".join(words), new


def _same(a: Any, b: Any) -> bool:
    """Whether two values say the same, wherever they stand in their files."""
    return bool(_bare(a) == _bare(b))


def _bare(value: Any) -> Any:
    if value is None:
        return None
    changes: dict[str, Any] = {k: None for k in ("span", "takes_span") if hasattr(value, k)}
    if hasattr(value, "after"):
        changes["after"] = tuple((t.task, t.started) for t in value.after)
    return replace(value, **changes)
