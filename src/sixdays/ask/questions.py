"""The questions whose answers would change the odds most (rules Q2–Q4).

A question is a change of the plan put to the user, with its gain and the minutes to find out.
All are raced on the first 1,000 draws; the ten that lead are forecast on all of them, as `what-if` would.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from sixdays.ask.proposals import Proposal, affordable, proposals
from sixdays.ask.trials import Trials
from sixdays.odds.estimates import FloatArray
from sixdays.odds.forecast import Forecast
from sixdays.plan.model import Plan

LEADERS = 10
WIDE_SIGMA = 0.3  # an estimate whose ends differ by more than about 2.7× is worth measuring


@dataclass(frozen=True, slots=True)
class Question:
    """A change phrased to the user (rule Q2). Probabilities are 0 to 1.

    change: the phrases for `what-if`; empty, with odds_after, gain and leverage None, where none expresses it.
    odds_after, gain: means over the open targets, weighted by their worth.
    decides: of 100 losing draws of the target at stake, how many win with this change alone; of_losing: how many lose.
    if_no: for a question that settles what is certain: the phrases that the answer "no" stands for.
    swing: for an estimate worth measuring, odds when its draw is below its median minus when above (rule Q3).
    """

    text: str
    change: tuple[str, ...]
    minutes: float
    odds_after: float | None = None
    gain: float | None = None
    leverage: float | None = None
    command: str | None = None
    why: str = ""
    swing: float | None = None
    decides: int = 0
    of_losing: int = 0
    if_no: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        out = {
            "text": self.text,
            "change": list(self.change),
            "odds_after": self.odds_after,
            "gain": self.gain,
            "minutes": self.minutes,
            "leverage": self.leverage,
            "command": self.command,
        }
        return out if self.swing is None else {**out, "swing": self.swing}


def questions(
    plan: Plan, forecast: Forecast, *, most: int | None = None, without: Iterable[str] = (), leaders: int = LEADERS
) -> tuple[Question, ...]:
    """The questions about a forecast, best first; what is only worth measuring comes last.

    Args:
        plan: the plan that was forecast.
        most: how many are considered at all; fewer on large plans, if left out.
        leaders: how many of the race are forecast on all draws.
        without: texts that are not to be asked (answered, or marked wrong).
    """
    if not any(t.open for t in forecast.targets.values()):
        return ()
    trials = Trials(forecast)
    asked = set(without)
    most = affordable(plan) if most is None else most
    found = [p for p in proposals(plan, forecast, trials, most) if p.text not in asked]
    settling = [_unmeasured(p, plan) for p in found if p.settles]
    race = [(p, trials.won(p.change)) for p in found if p.change and not p.settles]
    ranked = _ranked([(p, w) for p, w in race if w is not None], trials.now)
    led = [(p, trials.won_in_full(p.change)) for p, _ in ranked[:leaders]]
    best = _ranked([(p, w) for p, w in led if w is not None], trials.now_in_full)
    told = [_question(p, w, trials.now_in_full, trials) for p, w in best]
    told += [_question(p, w, trials.now, trials) for p, w in ranked[leaders:]]
    useful = [q for q in told if q.gain is not None and q.gain > 1e-12]
    wordless = [_unmeasured(p, plan) for p in found if not p.change and not p.settles]
    measure = [q for q in _worth_measuring(forecast, trials) if q.text not in asked]
    return (*settling, *useful, *wordless, *measure)


def _ranked(trials: Sequence[tuple[Proposal, FloatArray]], now: FloatArray) -> list[tuple[Proposal, FloatArray]]:
    """By leverage; within a tie on the common draws fewer minutes first, then the plan's order (rule Q2)."""
    scored = [(p, w, (w - now[: len(w)]) / p.minutes) for p, w in trials]
    scored.sort(key=lambda s: -float(s[2].mean()))
    out: list[tuple[Proposal, FloatArray]] = []
    group: list[tuple[Proposal, FloatArray, FloatArray]] = []
    for each in scored:
        if group and not _tied(group[-1][2], each[2]):
            out += _by_minutes(group)
            group = []
        group.append(each)
    return out + _by_minutes(group)


def _tied(a: FloatArray, b: FloatArray) -> bool:
    difference = a - b
    error = float(difference.std()) / sqrt(len(difference))
    return abs(float(difference.mean())) < 2 * error or not difference.any()


def _by_minutes(group: list[tuple[Proposal, FloatArray, FloatArray]]) -> list[tuple[Proposal, FloatArray]]:
    return [(p, w) for p, w, _ in sorted(group, key=lambda s: (s[0].minutes, s[0].place))]


def _question(p: Proposal, won: FloatArray, now: FloatArray, trials: Trials) -> Question:
    gain = float((won - now[: len(won)]).mean())
    losing, decided = trials.decides(p.change)
    why = f"decides {decided} of your {losing} losing draws in 100" if losing else ""
    return Question(
        text=p.text,
        change=p.change,
        minutes=p.minutes,
        odds_after=float(won.mean()),
        gain=gain,
        leverage=gain / p.minutes,
        command=what_if(p.change, trials.forecast.plan),
        why=" · ".join(filter(None, (why, p.deed))),
        decides=decided,
        of_losing=losing,
    )


def _unmeasured(p: Proposal, plan: Plan) -> Question:
    command = what_if(p.if_no, plan) if p.if_no else None
    return Question(p.text, (), p.minutes, why=p.deed, command=command, if_no=p.if_no)


def what_if(change: Sequence[str], plan: Plan) -> str:
    """The command line that shows a change."""
    words = ["sixdays", "what-if", *change]
    if not plan.file:
        words += ["--plan", plan.text]
    elif plan.file not in ("plan.yaml", ""):
        words += [w for file in plan.file.split(", ") for w in ("--plan", file)]
    return " ".join(f'"{w}"' if " " in w and '"' not in w else shlex.quote(w) if " " in w else w for w in words)


def _worth_measuring(forecast: Forecast, trials: Trials) -> list[Question]:
    """Wide estimates by how much the odds swing with them, read off the same draws (rule Q3)."""
    out = []
    for a in forecast.run.network.activities:
        lengths = forecast.run.lengths[a.index]
        if lengths is None or a.takes.form == "exact" or a.lengths_s:
            continue
        copy = lengths.copy
        middle = float(np.median(copy))
        below = copy < middle
        if float(np.log(copy).std()) < WIDE_SIGMA * 0.7 or not below.any() or below.all():
            continue
        swing = float(trials.now_in_full[below].mean() - trials.now_in_full[~below].mean())
        if swing > 0.02:
            text = f"How long does {a.name} really take? Worth measuring."
            out.append(Question(text, (), 10.0, swing=swing, why="the odds differ by this much between its two halves"))
    return sorted(out, key=lambda q: -(q.swing or 0.0))
