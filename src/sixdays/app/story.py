"""The story of the demo, computed when it is told: a Friday evening, and the same question three weeks earlier."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sixdays.app.settings import Options
from sixdays.app.speeding_up import Tell, speed_up
from sixdays.app.wanted import Place, asked_for
from sixdays.ask.questions import questions
from sixdays.ask.suppose import Supposition, suppose
from sixdays.faster.report import Speedups
from sixdays.odds.forecast import Forecast, Inputs, forecast
from sixdays.plan.changes import Setting, changes
from sixdays.plan.model import Plan
from sixdays.plan.parse import read
from sixdays.proof.prove import Prover

PACIFIC = ZoneInfo("America/Los_Angeles")
FRIDAY = datetime(2016, 11, 4, 18, tzinfo=PACIFIC)
THREE_WEEKS_EARLIER = datetime(2016, 10, 14, 18, tzinfo=PACIFIC)
GUESSES = ("train-a takes 3d to 4d", "train-b takes 3d to 4d", "write takes 8h to 16h")
AS_IT_WAS = 10.0  # times faster, found in ten minutes on that Friday
LIVE = "30s"  # in place of the ten minutes
BEFORE_IT_MOVED = ("workshop by 2016-11-01 23:59 AoE",)


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the story: its heading, and what was computed for it. speedups: what was measured just now."""

    key: str
    heading: str
    forecast: Forecast
    before: Forecast | None = None
    supposition: Supposition | None = None
    question: str = ""
    speedups: Speedups | None = None

    def to_dict(self) -> dict[str, Any]:
        shown = self.supposition.to_dict() if self.supposition else self.forecast.to_dict()
        measured = {"measured": self.speedups.to_dict()} if self.speedups else {}
        return {"scene": self.key, "heading": self.heading, "shown": shown} | measured


def plan_text() -> str:
    """The plan of the story, the same file as examples/nips-workshop/plan.yaml."""
    return _text("demo.yaml")


def script_text() -> str:
    """The script that `faster` works on, the same file as examples/nips-workshop/train.py."""
    return _text("demo_train.txt")


def _text(name: str) -> str:
    return files("sixdays.app").joinpath(name).read_text(encoding="utf-8")


def measured(options: Options, place: Place, tell: Tell) -> Speedups:
    """Thirty seconds of `faster` on the script of the story, in a folder of its own.

    Raises:
        RunError: it cannot be measured here, and why.
    """
    with tempfile.TemporaryDirectory(prefix="sixdays-demo-") as folder:
        Path(folder, "train.py").write_text(script_text(), encoding="utf-8")
        command = (sys.executable, "train.py", "--algo", "baseline", "--seed", "0")
        here = replace(place, cwd=folder)
        return speed_up(
            asked_for(command, options, here, is_command=True, plan="", budget=LIVE), options, here, tell=tell
        ).speedups


def scenes(options: Options, measure: Callable[[], Speedups | None] | None = None) -> Iterator[Scene]:
    """The story, scene by scene, each computed when it is asked for. measure: without it, the factor is the story's."""
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
    speedups = measure() if measure else None
    factor = speedups.factor.value if speedups and speedups.confirmed else AS_IT_WAS
    ten_minutes = (f"experiments {factor:.3g}x faster",)
    faster = _forecast(changes(plan, ten_minutes, friday).plan, FRIDAY, options)
    yield Scene("faster", _found(speedups), faster, before=stated, speedups=speedups)
    october = Setting(THREE_WEEKS_EARLIER, PACIFIC)
    then = changes(plan, BEFORE_IT_MOVED, october).plan
    early = _forecast(then, THREE_WEEKS_EARLIER, options)
    yield Scene(
        "three weeks earlier", "The same question on 14 October, when the workshop still closed on 1 November:", early
    )
    both = _forecast(changes(then, ten_minutes, october).plan, THREE_WEEKS_EARLIER, options)
    yield Scene("with the ten minutes", "And with the ten minutes spent on that day:", both, before=early)


def _found(speedups: Speedups | None) -> str:
    if speedups is None:
        return "Ten minutes found four quick changes: ten times faster. The same plan with that:"
    if not speedups.confirmed:
        return "Half a minute showed nothing on this machine now; the story's ten minutes found ten times:"
    changes = sum(len(step.candidates) for step in speedups.kept)
    number = "One quick change" if changes == 1 else f"{changes} quick changes"
    return f"{number}, measured just now: {speedups.factor.value:.3g} times faster. The same plan with that:"


def only(plan: Plan, target: str) -> Plan:
    """The plan towards one target."""
    return replace(plan, targets={target: plan.targets[target]})


def _forecast(plan: Plan, now: datetime, options: Options) -> Forecast:
    return forecast(plan, Inputs(now, options.draws, options.seed, options.as_stated, prove=Prover()))
