"""The story of the demo, computed when it is told: a Friday evening, and the same question three weeks earlier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from sixdays.app.settings import Options
from sixdays.ask.questions import questions
from sixdays.ask.suppose import Supposition, suppose
from sixdays.odds.forecast import Forecast, Inputs, forecast
from sixdays.plan.changes import Setting, changes
from sixdays.plan.model import Plan
from sixdays.plan.parse import read
from sixdays.proof.prove import Prover

PACIFIC = ZoneInfo("America/Los_Angeles")
FRIDAY = datetime(2016, 11, 4, 18, tzinfo=PACIFIC)
THREE_WEEKS_EARLIER = datetime(2016, 10, 14, 18, tzinfo=PACIFIC)
GUESSES = ("train-a takes 3d to 4d", "train-b takes 3d to 4d", "write takes 8h to 16h")
TEN_MINUTES = ("experiments 10x faster",)
BEFORE_IT_MOVED = ("workshop by 2016-11-01 23:59 AoE",)


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the story: its heading, and what was computed for it."""

    key: str
    heading: str
    forecast: Forecast
    before: Forecast | None = None
    supposition: Supposition | None = None
    question: str = ""

    def to_dict(self) -> dict[str, Any]:
        shown = self.supposition.to_dict() if self.supposition else self.forecast.to_dict()
        return {"scene": self.key, "heading": self.heading, "shown": shown}


def plan_text() -> str:
    """The plan of the story, the same file as examples/nips-workshop/plan.yaml."""
    return files("sixdays.app").joinpath("demo.yaml").read_text(encoding="utf-8")


def scenes(options: Options) -> Iterator[Scene]:
    """The story, scene by scene, each computed when it is asked for."""
    plan = only(read(plan_text(), "plan.yaml"), "workshop")
    friday = Setting(FRIDAY, PACIFIC)
    guessed = changes(plan, GUESSES, friday).plan
    first = _forecast(guessed, FRIDAY, options)
    asked = questions(guessed, first)
    text = asked[0].text if asked else ""
    heading = "Friday 4 November 2016, 18:00. ICLR has closed; a workshop has not. The plan, as guesses:"
    yield Scene("long shot", heading, first, question=text)
    stated = _forecast(plan, FRIDAY, options)
    yield Scene("impossible", "No: a run takes three days at least. That is a fact, so it can be added up:", stated)
    yield Scene(
        "suppose", "Suppose it is done. What has to happen?", stated, supposition=suppose(plan, stated, "workshop")
    )
    faster = _forecast(changes(plan, TEN_MINUTES, friday).plan, FRIDAY, options)
    yield Scene(
        "faster",
        "Ten minutes found four quick changes: ten times faster. The same plan with that:",
        faster,
        before=stated,
    )
    october = Setting(THREE_WEEKS_EARLIER, PACIFIC)
    then = changes(plan, BEFORE_IT_MOVED, october).plan
    early = _forecast(then, THREE_WEEKS_EARLIER, options)
    yield Scene(
        "three weeks earlier", "The same question on 14 October, when the workshop still closed on 1 November:", early
    )
    both = _forecast(changes(then, TEN_MINUTES, october).plan, THREE_WEEKS_EARLIER, options)
    yield Scene("with the ten minutes", "And with the ten minutes spent on that day:", both, before=early)


def only(plan: Plan, target: str) -> Plan:
    """The plan towards one target."""
    return replace(plan, targets={target: plan.targets[target]})


def _forecast(plan: Plan, now: datetime, options: Options) -> Forecast:
    return forecast(plan, Inputs(now, options.draws, options.seed, options.as_stated, prove=Prover()))
