"""Suppose it is done: what has to happen? The smallest set of changes that makes it likely (rule Q6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np

from sixdays.ask.proposals import Proposal, affordable, proposals
from sixdays.ask.questions import what_if
from sixdays.ask.trials import Trials
from sixdays.odds.forecast import LIKELY, Forecast
from sixdays.plan.model import Plan
from sixdays.plan.network import Goal
from sixdays.quantities import HORIZON_S, utc_text
from sixdays.stats import nearest_rank

MOST = 3
BEST = 10  # changes that triples are made of
MOST_CHANGES = 40


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that has happened, seen from the end: by when, whether it has already."""

    text: str
    by: datetime | None
    true_now: bool
    command: str | None = None

    def to_dict(self) -> dict[str, Any]:
        by = utc_text(self.by) if self.by else None
        return {"by": by, "text": self.text, "true_now": self.true_now, "command": self.command}


@dataclass(frozen=True, slots=True)
class Supposition:
    """enough: the changes make the target likely. before, after: its odds. sets: how many were searched."""

    target: str
    by: datetime
    enough: bool
    before: float
    after: float
    changes: tuple[Proposal, ...]
    statements: tuple[Statement, ...]
    known: int
    sets: int
    ceiling: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "target": self.target,
            "by": utc_text(self.by),
            "enough": self.enough,
            "odds": {"before": self.before, "after": self.after},
            "changes": [{"text": c.text, "change": list(c.change), "minutes": c.minutes} for c in self.changes],
            "statements": [s.to_dict() for s in self.statements],
            "searched": {"changes": self.known, "sets": self.sets},
        }


def suppose(plan: Plan, forecast: Forecast, target: str) -> Supposition:
    """What has to happen for a target to be met by its deadline.

    Smallest number of changes first, then least minutes, then largest gain; at most three; triples
    only of the ten best changes. Likely means in time in 70 % of the draws in which every needed idea
    can work: no change of the schedule mends a stop or an idea.
    """
    trials = Trials(forecast)
    goal = next(g for g in trials.goals if g.name == target)
    search = _Search(trials, goal, plan)
    chosen = search.run()
    outcome = trials.outcome_in_full(_phrases(chosen))
    assert outcome is not None
    enough = trials.share(outcome, goal) >= LIKELY
    return Supposition(
        target=target,
        by=goal.deadline,
        enough=enough,
        before=forecast.targets[target].odds,
        after=float(outcome.in_time[target].mean()) * outcome.not_stopped[target],
        changes=chosen,
        statements=tuple(_statements(trials, goal, chosen)) if enough else (),
        known=len(search.known),
        sets=search.sets,
        ceiling=float(trials.possible[target].mean()) * outcome.not_stopped[target],
    )


class _Search:
    def __init__(self, trials: Trials, goal: Goal, plan: Plan) -> None:
        self.trials, self.goal = trials, goal
        found = proposals(plan, trials.forecast, trials, affordable(plan))
        # A later deadline is no answer to "suppose it is done by then"; nor is a tie that is loosened so far
        # that a task it waited for is not needed at all.
        self.known = [p for p in found if p.change and p.kind != "deadline" and not p.frees][:MOST_CHANGES]
        self.sets = 0

    def run(self) -> tuple[Proposal, ...]:
        """The first set that is enough; where none is, the best set of at most three."""
        if self.trials.likely((), self.goal, full=True):
            return ()
        best: tuple[float, tuple[Proposal, ...]] = (-1.0, ())
        for size in range(1, MOST + 1):
            tried = [(chosen, self.gain(chosen)) for chosen in self.sets_of(size)]
            good = [(c, g) for c, g in tried if g >= LIKELY]
            good.sort(key=lambda cg: (sum(p.minutes for p in cg[0]), -cg[1]))
            for chosen, _ in good:
                if self.trials.likely(_phrases(chosen), self.goal, full=True):
                    return chosen
            for chosen, gain in tried:
                if gain > best[0] + 1e-9:
                    best = (gain, chosen)
        return best[1]

    def sets_of(self, size: int) -> Iterator[tuple[Proposal, ...]]:
        pool = self.known if size < MOST else sorted(self.known, key=self.promise, reverse=True)[:BEST]
        for chosen in combinations(pool, size):
            if len({_subject(p) for p in chosen}) == len(chosen):
                self.sets += 1
                yield chosen

    def gain(self, chosen: Sequence[Proposal]) -> float:
        outcome = self.trials.outcome(_phrases(chosen))
        return -1.0 if outcome is None else self.trials.share(outcome, self.goal)

    def promise(self, p: Proposal) -> float:
        """The best that a change did alone or in a pair."""
        with_others = [self.gain(pair) for pair in combinations(self.known, 2) if p in pair]
        return max([self.gain((p,)), *with_others])


def _subject(p: Proposal) -> str:
    """Two factors on one task would be one change said twice."""
    return p.change[0].rsplit(" ", 2)[0] + p.kind


def _phrases(chosen: Sequence[Proposal]) -> tuple[str, ...]:
    return tuple(phrase for p in chosen for phrase in p.change)


def _statements(trials: Trials, goal: Goal, chosen: Sequence[Proposal]) -> Iterator[Statement]:
    """The changes, then the milestones with the times by which 90 % of the winning draws had them."""
    run = trials.run(_phrases(chosen))
    network = run.network
    won = np.flatnonzero(run.in_time[goal.name])
    for p in chosen:
        command = _measuring(p, trials.forecast.plan) or what_if(p.change, trials.forecast.plan)
        yield Statement(_as_done(p), None, False, command)
    found = []
    for i in network.needed[goal.name][0]:
        a = network.activities[i]
        if a.done_ms is not None:
            found.append(
                (
                    a.done_ms / 1000,
                    Statement(f"{a.name} was finished", network.now + timedelta(milliseconds=a.done_ms), True),
                )
            )
            continue
        late = float(nearest_rank(run.times.finish[i][won], (0.9,))[0])
        if late > HORIZON_S:
            continue
        text = f"a try of {a.name} had convinced" if a.rounds else f"{a.name} was finished"
        at = network.now + timedelta(seconds=late)
        found.append((late, Statement(text, at, False, f"sixdays done {_quoted(a.name)}")))
    for _, statement in sorted(found, key=lambda f: f[0]):
        yield statement
    for risk in network.plan.risks.values():
        names = {network.activities[i].name for i in network.needed[goal.name][0]}
        if names.intersection(risk.stops):
            yield Statement(f"“{risk.name}” had not happened", goal.deadline, False)


def _measuring(p: Proposal, plan: Plan) -> str:
    """What finds a speed-up, in ten minutes; empty where the change is none."""
    if p.kind != "faster":
        return ""
    task = plan.tasks.get(p.change[0].rsplit(" ", 2)[0])
    return f"sixdays faster {_quoted(task.name)}" if task and task.run else "sixdays faster"


def _as_done(p: Proposal) -> str:
    """A change as something that has happened."""
    phrase = p.change[0]
    if phrase.endswith("faster"):
        who, factor, _ = phrase.rsplit(" ", 2)
        return f"{who} ran {factor.removesuffix('x')} times faster than now"
    if " beside " in phrase:
        a, b = phrase.split(" beside ", 1)
        return f"{a} had begun when {b} began, not after it"
    if phrase.endswith(" dropped"):
        return f"{phrase.removesuffix(' dropped')} was not needed"
    if phrase.endswith(" seeds"):
        name, n, _ = phrase.rsplit(" ", 2)
        return f"{n} seeds of {name} were enough"
    if phrase.endswith(" side by side"):
        name, n, _, _, _ = phrase.rsplit(" ", 4)
        return f"{n} tries of {name} ran side by side"
    return f"it was true that: {phrase}"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
