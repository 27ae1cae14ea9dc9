"""judge TASK: the verdict on a task's claim, and what it does to tries and odds."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from sixdays.app.claims import claim_of
from sixdays.app.forecasting import forecast_of, inputs
from sixdays.app.judging import Asked, Judged, judge_again
from sixdays.app.ledger import LOOK
from sixdays.app.project import Project, open_project
from sixdays.app.settings import Options
from sixdays.errors import UsageError, did_you_mean
from sixdays.odds.forecast import Forecast, forecast


@dataclass(frozen=True, slots=True)
class Settled:
    """A verdict, and the forecasts of the plan without and with it."""

    judged: Judged
    before: Forecast
    after: Forecast

    def to_dict(self) -> dict[str, Any]:
        return {**self.judged.to_dict(), "before": self.before.to_dict(), "after": self.after.to_dict()}


def judge_task(task: str, plan: str, asked: Asked, options: Options) -> Settled:
    """The verdict on a task with a claim, at its first target's standard; the look is kept with the plan.

    Raises:
        UsageError: no such task, it has no claim or no logs, or there is nothing to compare with.
    """
    if not os.path.exists(plan):
        raise UsageError(f"{task}: there is no such folder or file", "name a folder that holds the logs of your runs")
    project = open_project((plan,), options)
    if project.path is None or task not in project.plan.tasks:
        known = project.plan.tasks
        hint = did_you_mean(task, known, "name a folder with logs, or a task of the plan")
        raise UsageError(f'"{task}" is no path and no task of {plan}', hint)
    of = project.plan.tasks[task]
    if not of.claim or not of.logs:
        missing = "claim" if not of.claim else "logs"
        example = "claim: beats baseline" if not of.claim else f"logs: runs/*{task}*"
        raise UsageError(f"{task} has no {missing}", f"add {example} to it (line {of.span.line})")
    claim = claim_of(project.plan, project.path.parent, options, of, asked)
    if claim is None or claim.baseline is None or not claim.verdicts:
        raise UsageError(
            f"the claim of {task} has nothing to compare with yet (its logs: {of.logs})",
            "another task with logs that the claim names, or that it waits for, is its baseline; both need runs",
        )
    assert project.journal is not None
    standard = asked.standard or next(iter(claim.verdicts))
    both = replace(asked, baseline=claim.baseline.name, method=task, standard=standard)
    verdict, notes = judge_again(claim.curves, both, claim.metric, project.journal, "", options)
    written = _known_before(project, of.claim)
    verdict = replace(
        verdict, warnings=(*verdict.warnings, *claim.warnings), error_bar=f"{verdict.error_bar} {written}"
    )
    after = forecast_of(project)
    without = tuple(replace(a, chances=()) if a.task == task else a for a in project.actuals)
    before = forecast(project.plan, replace(inputs(project), actuals=without), draws=after.draws)
    return Settled(Judged(verdict, claim.curves, claim.found, notes), before, after)


def _known_before(project: Project, claim: str) -> str:
    """Whether the claim stood in the plan before the first look, as far as records tell."""
    look = next((r.at for r in project.records if r.kind == LOOK), None)
    for r in project.records:
        if r.kind == "forecast made" and project.texts is not None:
            text = project.texts.get(str(r.data["plan"]))
            if text is not None and claim in text and (look is None or r.at <= look):
                return "The claim was written down before the first look."
    return "Whether the claim was written down before the first look is not known."
