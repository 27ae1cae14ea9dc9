"""The joint distribution of finish times, and what it says about every target (rules P1–P5, S7–S9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import sqrt
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sixdays.errors import Problem
from sixdays.odds.critical import criticality
from sixdays.odds.estimates import Draws, FloatArray, Lengths, drawn, law, sample
from sixdays.odds.order import Medians, dispatch_order
from sixdays.odds.schedule import Dispatch, Times
from sixdays.odds.tries import MS_S, tries_that_fit
from sixdays.plan.actuals import Actual
from sixdays.plan.model import Plan
from sixdays.plan.network import Goal, Network, build, stopping
from sixdays.quantities import HORIZON_S, later, utc_text
from sixdays.stats import nearest_rank

LIKELY, TOSS_UP, RARE, DRAWS_FOR_RARE = 0.70, 0.30, 0.001, 3_000  # rule P2
PROOF_DRAWS = 1_000  # rule K5
RESOLVED = 3  # rule T7
MOST_CELLS = 10_000_000  # tasks × draws: 1,000 tasks with 10,000 draws stay under 400 MB
MOST_PLACEMENTS = 100_000_000  # copies × draws: about 10 s
LEAST_DRAWS = 200
SPREAD = tuple(i / 40 for i in range(1, 40))


class Certificate(Protocol):
    """What a proof of impossibility must be able to say; `proof` makes them."""

    def to_dict(self) -> dict[str, Any]: ...


class Prover(Protocol):
    """Proves that a goal cannot be met, or finds nothing; `order` is a schedule found on the way (S2)."""

    def __call__(self, network: Network, goal: Goal) -> tuple[Any | None, tuple[str, ...] | None]: ...


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a forecast rests on besides the plan."""

    now: datetime
    draws: int = 10_000
    seed: int = 0
    as_stated: bool = False
    actuals: tuple[Actual, ...] = ()
    history: tuple[Actual, ...] | None = None
    prove: Prover | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """When something ends: 10, 50 and 90 % quantiles; None for never within the horizon (rule S8)."""

    p10: datetime | None
    p50: datetime | None
    p90: datetime | None

    def to_dict(self) -> dict[str, str | None]:
        return {k: utc_text(v) if (v := getattr(self, k)) else None for k in ("p10", "p50", "p90")}


@dataclass(frozen=True, slots=True)
class Fit:
    """How many tries fit: quantiles over the draws, whole numbers."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class TriesForecast:
    """fit: tries that still fit (rule T4). works: the belief in the idea, after the failures (rule T3)."""

    fit: Fit
    works: float
    each: float
    failed: int

    def to_dict(self) -> dict[str, Any]:
        fit = {"p10": self.fit.p10, "p50": self.fit.p50, "p90": self.fit.p90}
        return {"fit": fit, "works": self.works, "each": self.each, "failed": self.failed}


@dataclass(frozen=True, slots=True)
class TargetForecast:
    """What the forecast says about one target. Probabilities are 0 to 1.

    odds = in_time × not_stopped (rule R2); error is the standard error of odds.
    best: the finish that one draw in a hundred beats, "if nothing goes wrong".
    spread_s: quantiles 1/40 … 39/40 of the finish, seconds since now, inf for never.
    people: for each person hours of work left on the median, and working days until the deadline.
    carries_over: tasks that another open target needs as well, by that target.
    """

    name: str
    verdict: str
    odds: float
    in_time: float
    not_stopped: float
    error: float
    odds_with_moves: float | None
    deadline: datetime
    finish: Finish
    best: datetime | None
    spread_s: tuple[float, ...]
    tries: Mapping[str, TriesForecast]
    certificate: Any | None
    worth: float
    people: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    carries_over: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alone: float | None = None

    @property
    def open(self) -> bool:
        return self.verdict not in ("met", "missed")

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "verdict": self.verdict,
            "odds": self.odds,
            "in_time": self.in_time,
            "not_stopped": self.not_stopped,
            "error": self.error,
            "odds_with_moves": self.odds_with_moves,
            "deadline": utc_text(self.deadline),
            "finish": self.finish.to_dict(),
            "tries": {name: t.to_dict() for name, t in self.tries.items()},
            "certificate": self.certificate.to_dict() if self.certificate else None,
        }
        if self.alone is not None:
            out["alone"] = self.alone
        return out


@dataclass(frozen=True, slots=True)
class TaskForecast:
    """criticality: share of draws in which the task lies on the critical chain of the top target (rule S7).
    ends_s: when it ends, seconds since now, shape (draws,).
    """

    criticality: float
    basis: str
    ends_s: FloatArray = field(repr=False, compare=False)
    now: datetime = field(repr=False)

    @property
    def finish(self) -> Finish:
        """Quantiles of the end; made when they are read, since few are shown."""
        return _finish(self.ends_s, self.now)

    def to_dict(self) -> dict[str, Any]:
        return {"criticality": self.criticality, "basis": self.basis, "finish": self.finish.to_dict()}


@dataclass(frozen=True)
class Run:
    """One simulation: a network, the order that it was dispatched in, and when things ended.

    finish, in_time: by open or closed target, shape (draws,).
    """

    network: Network
    lengths: Sequence[Lengths | None]
    order: tuple[int, ...]
    times: Times
    finish: Mapping[str, FloatArray]
    in_time: Mapping[str, NDArray[np.bool_]]

    @property
    def order_names(self) -> tuple[str, ...]:
        return tuple(self.network.activities[i].name for i in self.order)


@dataclass(frozen=True)
class Forecast:
    """The forecast of a plan. `to_dict` is the JSON of `sixdays odds` without its questions."""

    plan: Plan
    inputs: Inputs
    verdict: str | None
    top: str | None
    targets: Mapping[str, TargetForecast]
    tasks: Mapping[str, TaskForecast]
    warnings: tuple[Problem, ...]
    run: Run = field(repr=False)
    draws: Draws = field(repr=False)

    @property
    def tries_record(self) -> tuple[int, int] | None:
        """(tasks with tries that are finished, their tries), from three such tasks on (rule T7)."""
        done = [a for a in self.run.network.activities if a.rounds and a.done_ms is not None]
        return (len(done), sum(a.rounds.failed + 1 for a in done if a.rounds)) if len(done) >= RESOLVED else None

    def odds(self, target: str) -> float:
        """The probability that a target is met. Raises KeyError for a target that is not in the plan."""
        return self.targets[target].odds

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "now": self.inputs.now.isoformat(timespec="seconds"),
            "verdict": self.verdict,
            "draws": self.inputs.draws,
            "targets": {name: t.to_dict() for name, t in self.targets.items()},
            "tasks": {name: t.to_dict() for name, t in self.tasks.items()},
            "problems": [p.to_dict() for p in self.warnings],
        }


def forecast(plan: Plan, inputs: Inputs, *, base: Sequence[str] | None = None, draws: Draws | None = None) -> Forecast:
    """The forecast of a plan.

    base: the order of the plan that this one only relaxes: it is dispatched in that order too, and
        the better counts, so that nothing that only helps looks worse (rule S9).
    draws: to share common random numbers with an earlier forecast; `inputs.seed` says the same ones.
    """
    inputs, fewer = _affordable(plan, inputs)
    draws = draws or Draws(inputs.seed, inputs.draws)
    draws = draws.first(inputs.draws)
    run, proofs = _settled(plan, inputs, base=base, draws=draws, quick=False)
    told = _told(plan, inputs, run, draws, proofs)
    return replace(told, warnings=(*told.warnings, *fewer))


def _affordable(plan: Plan, inputs: Inputs) -> tuple[Inputs, tuple[Problem, ...]]:
    """A large plan is forecast on fewer draws, and says so: memory and time grow with tasks × draws."""
    copies = sum(t.copies * (t.tries.side_by_side if t.tries else 1) for t in plan.tasks.values())
    most = max(LEAST_DRAWS, min(MOST_CELLS // max(1, len(plan.tasks)), MOST_PLACEMENTS // max(1, copies)))
    if inputs.draws <= most:
        return inputs, ()
    message = f"{len(plan.tasks):,} tasks with {copies:,} copies: {most:,} draws, not {inputs.draws:,}"
    warning = Problem(message, "odds are a little coarser; --draws asks for fewer", plan.file, level="warning")
    return replace(inputs, draws=most), (warning,)


def settle(plan: Plan, inputs: Inputs, *, base: Sequence[str] | None, draws: Draws, quick: bool = False) -> Run:
    """The simulation behind a forecast of the same arguments, without what is read off it.

    quick: nothing is proved, and a plan that only relaxes another is dispatched in that one's order alone.
    """
    return _settled(plan, inputs, base=base, draws=draws, quick=quick, trace=False)[0]


def _settled(
    plan: Plan, inputs: Inputs, *, base: Sequence[str] | None, draws: Draws, quick: bool, trace: bool = True
) -> tuple[Run, dict[str, Any]]:
    network = build(plan, inputs.now, inputs.actuals)
    lengths = sample(network, draws, as_stated=inputs.as_stated, history=inputs.history)
    closing = closings(network)
    if quick and base is not None:
        return simulate(network, lengths, _same_order(network, base), closing, trace=trace), {}
    medians = sample(network, Medians(), as_stated=inputs.as_stated, history=inputs.history)
    open_goals = [g for g in network.goals if network.is_open(g)]

    def dispatched(order: Sequence[int]) -> Run:
        return simulate(network, lengths, order, closing, trace=trace)

    orders = [dispatch_order(network, medians, open_goals)]
    if base is not None and (kept := _same_order(network, base)) != orders[0]:
        orders.append(kept)
    runs = [dispatched(o) for o in orders]
    proofs: dict[str, Any] = {}
    if inputs.prove and not quick:
        for goal in open_goals:
            if _hopeless(goal, runs, network, inputs):
                proofs[goal.name], witness = inputs.prove(network, goal)
                if witness:
                    runs.append(dispatched(_same_order(network, witness)))
    impossible = {name for name, proof in proofs.items() if proof}
    if impossible:
        runs[0] = dispatched(dispatch_order(network, medians, [g for g in open_goals if g.name not in impossible]))
    return best_run([*runs[1 : len(orders)], runs[0], *runs[len(orders) :]], open_goals), proofs


def best_run(runs: Sequence[Run], goals: Sequence[Goal]) -> Run:
    """The first run, or a later one that is better for some target and worse for none."""
    best = runs[0]
    for run in runs[1:]:
        better = [int(run.in_time[g.name].sum()) - int(best.in_time[g.name].sum()) for g in goals]
        if better and min(better) >= 0 and max(better) > 0:
            best = run
    return best


def simulate(
    network: Network,
    lengths: Sequence[Lengths | None],
    order: Sequence[int],
    closing: Mapping[int, FloatArray | float],
    *,
    trace: bool = False,
) -> Run:
    """Dispatches a network in an order, and asks of each target whether it was in time (rule C6)."""
    n = next((len(d.copy) for d in lengths if d is not None), 1)
    times = Dispatch(network, lengths, n, closing, trace=trace).run(order)
    finish: dict[str, FloatArray] = {}
    in_time = {}
    for goal in network.goals:
        ends = times.finish[goal.requires[0]]
        for i in goal.requires[1:]:
            ends = np.maximum(ends, times.finish[i])
        finish[goal.name] = ends
        in_time[goal.name] = ends <= goal.due_ms / 1000 + MS_S
    return Run(network, lengths, tuple(order), times, finish, in_time)


def closings(
    network: Network, due_s: Callable[[Goal], FloatArray | float] | None = None
) -> dict[int, FloatArray | float]:
    """When each activity with tries is given up: the last open target that needs it closes (rule T2)."""
    out: dict[int, FloatArray | float] = {}
    for goal in network.goals:
        if not network.is_open(goal):
            continue
        due = due_s(goal) if due_s else goal.due_ms / 1000
        for i in network.needed[goal.name][0] | network.needed[goal.name][1]:
            if network.activities[i].rounds:
                out[i] = np.maximum(out[i], due) if i in out else due
    return out


def verdict_of(odds: float, draws: int) -> str:
    """The word for a probability (rule P2)."""
    if odds >= LIKELY:
        return "likely"
    if odds >= TOSS_UP:
        return "toss-up"
    return "virtually impossible" if odds < RARE and draws >= DRAWS_FOR_RARE else "unlikely"


def _hopeless(goal: Goal, runs: Sequence[Run], network: Network, inputs: Inputs) -> bool:
    """No draw is in time in any order: only then can a proof exist, since a draw is a schedule (rule K5)."""
    if any(run.in_time[goal.name].any() for run in runs):
        return False
    if inputs.draws >= PROOF_DRAWS:
        return True
    more = sample(network, Draws(inputs.seed, PROOF_DRAWS), as_stated=inputs.as_stated, history=inputs.history)
    again = simulate(network, more, runs[0].order, closings(network))
    return not again.in_time[goal.name].any()


def _same_order(network: Network, names: Sequence[str]) -> list[int]:
    """The order of another plan on this network; what it does not name comes last."""
    place = {network.index[name] for name in names if name in network.index}
    order = [network.index[name] for name in names if name in network.index]
    order += [i for i in network.forward if i not in place]
    has_to_come = {a.index for a in network.activities if a.done_ms is None and (a.waiting or a.rounds)}
    placed: set[int] = set()
    out: list[int] = []
    left = [i for i in order if i in has_to_come]
    while left:  # an order from elsewhere is kept but where a tie says otherwise
        later = []
        for i in left:
            if all(p in placed or p not in has_to_come for p, _ in network.activities[i].preds):
                placed.add(i)
                out.append(i)
            else:
                later.append(i)
        left = later
    return out


def _told(
    plan: Plan,
    inputs: Inputs,
    run: Run,
    draws: Draws,
    proofs: Mapping[str, Any],
) -> Forecast:
    network = run.network
    moved = _moved(plan, run, draws)
    targets = {g.name: _target(plan, inputs, run, g, proofs.get(g.name), moved.get(g.name)) for g in network.goals}
    top = _top(targets)
    critical = criticality(run.network, run.times, run.order, network.goal(top)) if top else {}
    prefixes: dict[int, Dispatch] = {}
    run.times.head = None  # as large as all finishes, and only needed for this
    for goal in network.goals:
        own = targets[goal.name]
        tries = _tries(run, goal, prefixes) if own.open else {}
        targets[goal.name] = replace(own, tries=tries, carries_over=_carried(network, goal, targets))
    tasks = {
        a.name: TaskForecast(
            critical.get(a.index, 0.0),
            "done"
            if a.done_ms is not None
            else law(a, network, as_stated=inputs.as_stated, history=inputs.history).basis,
            run.times.finish[a.index],
            inputs.now,
        )
        for a in network.activities
    }
    if top:
        verdict: str | None = targets[top].verdict
    else:
        verdict = None if not targets else "met" if any(t.verdict == "met" for t in targets.values()) else "missed"
    return Forecast(plan, inputs, verdict, top, targets, tasks, network.warnings, run, draws)


def _top(targets: Mapping[str, TargetForecast]) -> str | None:
    """The open target with the greatest worth × odds; ties: the earlier deadline, then the plan's order (rule P4)."""
    open_ = [t for t in targets.values() if t.open]
    return min(open_, key=lambda t: (-t.worth * t.odds, t.deadline)).name if open_ else None


def _target(
    plan: Plan,
    inputs: Inputs,
    run: Run,
    goal: Goal,
    proof: Any | None,
    with_moves: float | None,
) -> TargetForecast:
    network = run.network
    ends, n = run.finish[goal.name], inputs.draws
    finish = _finish(ends, inputs.now)
    spread = tuple(float(x) for x in nearest_rank(ends, (0.01, *SPREAD)))
    best = _at(spread[0], inputs.now)
    common: dict[str, Any] = {
        "name": goal.name, "deadline": goal.deadline, "finish": finish, "best": best, "spread_s": spread[1:],
        "worth": goal.worth, "certificate": proof,
    }  # fmt: skip
    if not network.is_open(goal):
        done = [network.activities[i].done_ms for i in goal.requires]
        met = all(d is not None and d <= goal.due_ms for d in done)
        p = float(met)
        return TargetForecast(
            verdict="met" if met else "missed", odds=p, in_time=p, not_stopped=1.0, error=0.0,
            odds_with_moves=None, tries={}, **common,
        )  # fmt: skip
    not_stopped = stopping(plan, network, goal)
    in_time = float(run.in_time[goal.name].mean())
    odds = in_time * not_stopped
    return TargetForecast(
        verdict="impossible" if proof else verdict_of(odds, n),
        odds=odds,
        in_time=in_time,
        not_stopped=not_stopped,
        error=sqrt(in_time * (1 - in_time) / n) * not_stopped,
        odds_with_moves=None if with_moves is None else with_moves * not_stopped,
        tries={},
        people=_people(network, goal, inputs),
        **common,
    )


def _tries(run: Run, goal: Goal, prefixes: dict[int, Dispatch]) -> dict[str, TriesForecast]:
    network, out, closing = run.network, {}, closings(run.network)
    for i in sorted(network.needed[goal.name][0]):
        a = network.activities[i]
        if a.rounds is None or a.done_ms is not None:
            continue
        fit = tries_that_fit(
            network, run.lengths, run.order, closing, i, goal, run.times.finish[i], run.finish[goal.name], prefixes
        )
        p10, p50, p90 = (int(x) for x in nearest_rank(fit, (0.1, 0.5, 0.9)))
        out[a.name] = TriesForecast(Fit(p10, p50, p90), a.rounds.works, a.rounds.each, a.rounds.failed)
    return out


def _moved(plan: Plan, run: Run, draws: Draws) -> dict[str, float]:
    """P(in time) when deadlines may move: tries go on until the moved deadline (rules P5, T2)."""
    network = run.network
    moving = {g.name: _moved_due(plan, g, draws) for g in network.goals if plan.targets[g.name].moves}
    if not moving:
        return {}
    if any(a.rounds for a in network.activities):
        closing = closings(network, lambda g: moving.get(g.name, g.due_ms / 1000))
        run = simulate(network, run.lengths, run.order, closing)
    return {name: float((run.finish[name] <= due + MS_S).mean()) for name, due in moving.items()}


def _moved_due(plan: Plan, goal: Goal, draws: Draws) -> FloatArray:
    moves = plan.targets[goal.name].moves
    assert moves is not None
    size = drawn(moves.by, draws, "moved by", goal.name)
    return goal.due_ms / 1000 + (draws.uniform("moves", goal.name) < moves.odds) * size


def _people(network: Network, goal: Goal, inputs: Inputs) -> dict[str, tuple[float, int]]:
    """For each person: hours of work on the medians, and days on which they work until the deadline."""
    hours: dict[str, float] = {}
    days: dict[str, int] = {}
    for i in network.needed[goal.name][0]:
        a = network.activities[i]
        if a.done_ms is not None:
            continue
        middle = law(a, network, as_stated=inputs.as_stated, history=inputs.history).middle_s
        work = a.waiting * middle + sum(max(0.0, middle - w / 1000) for w in a.worked_ms)
        for p, units in a.needs:
            pool = network.pools[p]
            if pool.hours is None:
                continue
            hours[pool.name] = hours.get(pool.name, 0.0) + work * units / 3600
            first = network.now.astimezone(pool.hours.zone).date()
            last = goal.deadline.astimezone(pool.hours.zone).date()
            span = min((last - first).days + 1, 3660)
            days[pool.name] = sum((first + timedelta(days=d)).weekday() in pool.hours.days for d in range(span))
    return {name: (h, days[name]) for name, h in hours.items()}


def _carried(network: Network, goal: Goal, targets: Mapping[str, TargetForecast]) -> dict[str, tuple[str, ...]]:
    """The unfinished tasks of this target that other open targets need too: what they would inherit."""
    own = network.needed[goal.name][0]
    out = {}
    for other in network.goals:
        if other.name == goal.name or not targets[other.name].open:
            continue
        both = sorted(own & network.needed[other.name][0])
        if both:
            out[other.name] = tuple(network.activities[i].name for i in both)
    return out


def _finish(values: FloatArray, now: datetime) -> Finish:
    return Finish(*(_at(float(q), now) for q in nearest_rank(values, (0.1, 0.5, 0.9))))


def _at(seconds: float, now: datetime) -> datetime | None:
    return later(now, seconds) if seconds <= HORIZON_S else None
