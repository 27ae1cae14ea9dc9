"""Changed plans on the draws of a forecast: what they would win (rules E9, S9, Q2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property

import numpy as np

from sixdays.errors import UsageError
from sixdays.odds.estimates import FloatArray, Lengths, sample
from sixdays.odds.forecast import LIKELY, Forecast, Run, closings, settle, simulate
from sixdays.odds.schedule import BoolArray
from sixdays.plan.changes import Change, Setting, changes
from sixdays.plan.network import Goal, stopping
from sixdays.proof.prove import Prover

RACE_DRAWS = 1_000
MOST_TENTHS = 100  # of a factor that is proposed: ten times
MOST_TASKS = 300  # past it the race is all: a simulation of all draws is as large as the forecast


@dataclass(frozen=True, slots=True)
class Outcome:
    """A changed plan, dispatched: per draw whether each target was in time, and P(not stopped)."""

    in_time: Mapping[str, BoolArray]
    not_stopped: Mapping[str, float]


class Trials:
    """Evaluates changes of one forecast, each once, with common random numbers.

    goals: the open targets. now, now_in_full: per draw, what the plan as it is wins (worth-weighted).
    """

    def __init__(self, forecast: Forecast) -> None:
        self.forecast = forecast
        network = forecast.run.network
        self.goals: tuple[Goal, ...] = tuple(g for g in network.goals if network.is_open(g))
        self.inputs = replace(forecast.inputs, prove=Prover(search=False, mend=False))
        self.race = forecast.draws.first(RACE_DRAWS)
        self.all_draws = forecast.draws if len(network.activities) <= MOST_TASKS else self.race
        started = frozenset(a.name for a in network.activities if a.worked_ms or a.lengths_s)
        self.setting = Setting(forecast.inputs.now, forecast.plan.zone or UTC, started)
        self._changed: dict[tuple[str, ...], Change | None] = {}
        self._raced: dict[tuple[str, ...], Outcome | None] = {}
        self._full: dict[tuple[str, ...], Outcome | None] = {}
        self.possible = self._possible()
        base = Outcome(forecast.run.in_time, {g.name: stopping(forecast.plan, network, g) for g in self.goals})
        self._full[()] = base
        self.now_in_full = self._worth(base)
        self.now = self.now_in_full[: self.race.n]

    def changed(self, phrases: Sequence[str]) -> Change | None:
        """The plan after some changes; None where they cannot be done."""
        key = tuple(phrases)
        if key not in self._changed:
            try:
                self._changed[key] = changes(self.forecast.plan, key, self.setting)
            except UsageError:
                self._changed[key] = None
        return self._changed[key]

    def outcome(self, phrases: Sequence[str]) -> Outcome | None:
        """A changed plan on the first 1,000 draws; relaxed plans in the order that they came from only."""
        key = tuple(phrases)
        if not key:
            return self._full[()]
        if key not in self._raced:
            self._raced[key] = self._tried(key, full=False)
        return self._raced[key]

    def outcome_in_full(self, phrases: Sequence[str]) -> Outcome | None:
        """A changed plan on all draws, exactly as `what-if` shows it; of a large plan, on those of the race."""
        key = tuple(phrases)
        if key and self.all_draws is self.race:
            return self.outcome(key)
        if key not in self._full:
            self._full[key] = self._tried(key, full=True)
        return self._full[key]

    def _tried(self, key: tuple[str, ...], *, full: bool) -> Outcome | None:
        change = self.changed(key)
        if change is None:
            return None
        base = self.forecast.run.order_names if change.relaxes else None
        draws = self.all_draws if full else self.race
        run = settle(change.plan, self.inputs, base=base, draws=draws, quick=not full)
        return Outcome(run.in_time, {g.name: stopping(change.plan, run.network, g) for g in run.network.goals})

    def run(self, phrases: Sequence[str]) -> Run:
        """The whole simulation of a changed plan, not kept."""
        change = self.changed(phrases)
        if not phrases or change is None:
            return self.forecast.run
        base = self.forecast.run.order_names if change.relaxes else None
        return settle(change.plan, self.inputs, base=base, draws=self.all_draws)

    def won(self, phrases: Sequence[str]) -> FloatArray | None:
        """Per draw of the race what a change wins: the worth-weighted mean over open targets."""
        found = self.outcome(phrases)
        return None if found is None else self._worth(found)[: self.race.n]

    def won_in_full(self, phrases: Sequence[str]) -> FloatArray | None:
        found = self.outcome_in_full(phrases)
        return None if found is None else self._worth(found)

    def least_factors(self, groups: Sequence[Collection[str]], goal: Goal) -> list[float | None]:
        """For each group of tasks the least factor up to 10, in tenths, that makes a target likely (rule Q2).

        A guess on the race, without a changed plan: all groups are bisected together, in one simulation
        of as many times 1,000 draws, since most of its time goes by the call and not by the draw.
        """
        enough = self._likely_if_faster(groups, np.full(len(groups), MOST_TENTHS / 10), goal)
        able = [g for g, e in zip(groups, enough, strict=True) if e]
        low, high = np.full(len(able), 10), np.full(len(able), MOST_TENTHS)  # tenths
        while (high - low > 1).any():
            middle = (low + high) // 2
            fits = self._likely_if_faster(able, middle / 10, goal)
            low, high = np.where(fits, low, middle), np.where(fits, middle, high)
        found = iter(high.tolist())
        return [next(found) / 10 if e else None for e in enough]

    def _likely_if_faster(self, groups: Sequence[Collection[str]], factors: FloatArray, goal: Goal) -> BoolArray:
        """Which groups of tasks, each so much faster, make a target likely, shape (groups,)."""
        network, n, many = self.forecast.run.network, self.race.n, len(groups)

        def tiled(row: FloatArray | None) -> FloatArray | None:
            return None if row is None else np.tile(row, many)

        stacked: list[Lengths | None] = []
        for a, d in zip(network.activities, self._race_lengths, strict=True):
            if d is None:
                stacked.append(None)
                continue
            speed = np.repeat([f if a.name in g else 1.0 for g, f in zip(groups, factors, strict=True)], n)
            stacked.append(
                Lengths(
                    np.tile(d.copy, many) / speed, tuple(np.tile(r, many) / speed for r in d.rest),
                    tiled(d.wait), tiled(d.delay), tiled(d.tries), tiled(d.again),
                )
            )  # fmt: skip
        won = simulate(network, stacked, self.forecast.run.order, closings(network)).in_time[goal.name]
        possible = self.possible[goal.name][:n]
        if not possible.any():
            return np.zeros(many, dtype=bool)
        return np.asarray(won.reshape(many, n)[:, possible].mean(axis=1) >= LIKELY)

    @cached_property
    def _race_lengths(self) -> list[Lengths | None]:
        inputs = self.forecast.inputs
        return sample(self.forecast.run.network, self.race, as_stated=inputs.as_stated, history=inputs.history)

    def likely(self, phrases: Sequence[str], goal: Goal, *, full: bool = False) -> bool:
        """In time in 70 % of the draws in which every needed idea can work (rule Q2)."""
        found = self.outcome_in_full(phrases) if full else self.outcome(phrases)
        return found is not None and self.share(found, goal) >= LIKELY

    def share(self, found: Outcome, goal: Goal) -> float:
        """P(in time | every needed idea can work)."""
        won = found.in_time[goal.name]
        possible = self.possible[goal.name][: len(won)]
        return float(won[possible].mean()) if possible.any() else 0.0

    def decides(self, phrases: Sequence[str]) -> tuple[int, int]:
        """(losing draws in 100, how many of them win with this change alone), for the target at stake."""
        found = self._full.get(tuple(phrases)) or self._raced.get(tuple(phrases))
        if found is None or not self.goals:
            return 0, 0
        goal = self.at_stake
        after = found.in_time[goal.name]
        lost = ~self.forecast.run.in_time[goal.name][: len(after)]
        return round(100 * float(lost.mean())), round(100 * float((lost & after).mean()))

    @property
    def at_stake(self) -> Goal:
        """The open target that is most worth a change: the most valuable one that is not yet likely."""
        targets = self.forecast.targets
        unlikely = [g for g in self.goals if targets[g.name].in_time < LIKELY]
        return max(unlikely or self.goals, key=lambda g: (g.worth, -g.due_ms))

    def _worth(self, found: Outcome) -> FloatArray:
        total = sum(g.worth for g in self.goals)
        weight = {g.name: g.worth / total if total else 1 / len(self.goals) for g in self.goals}
        won: FloatArray = np.zeros(len(next(iter(found.in_time.values()))))
        for g in self.goals:
            won += found.in_time[g.name] * (weight[g.name] * found.not_stopped[g.name])
        return won

    def _possible(self) -> dict[str, BoolArray]:
        """For each open target the draws in which every idea that it needs can work."""
        run = self.forecast.run
        out = {}
        n = run.times.n
        for goal in self.goals:
            can = np.ones(n, dtype=bool)
            for i in run.network.needed[goal.name][0]:
                lengths = run.lengths[i]
                if lengths is not None and lengths.tries is not None:
                    can &= np.isfinite(lengths.tries)
            out[goal.name] = can
        return out
