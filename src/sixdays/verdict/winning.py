"""Will a running method beat a finished baseline in the end, and since when was that known?

Per benchmark task: z = (scores now + median growth of the baseline − its final mean) / unit and
z₀ = (scores now − its final mean) / unit, into a logistic whose coefficients by fraction of the length were
fitted on public pairs (`fits/outlook.py`). Several tasks: weighted by what is uncertain about each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import asinh, exp, sqrt
from typing import Literal

import numpy as np

from sixdays.stats import normal_cdf, normal_quantile
from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.partial import WINDOW, cut, in_order, length, level_at, quantiles, score_at, span
from sixdays.verdict.tables import between, tables

EARLIEST = 0.1
CHECKPOINTS = tuple(round(0.05 * i, 2) for i in range(2, 20))
ACROSS = 0.2  # correlation of the errors of a method's tasks; measured on pairs of methods over 3, 5 and 10 tasks
_RANGE, _GROWTH = 0.05, 0.5  # parts of the unit: of the range while there is time, of the borrowed growth
_FEW = 0.1  # standard deviation of a run's score in units of the range, worth two runs where few are there
_LEAST, _MOST = 1e-4, 1 - 1e-4

Goal = float | Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a method stands on one task. z, z_now: with and without borrowed growth. unit: of the difference.

    range: what the baseline's curves span, to weigh tasks.
    """

    fraction: float
    z: float
    z_now: float
    unit: float
    range: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The checkpoint at which a comparison was decided, as a fraction of the length, and how."""

    fraction: float
    word: Literal["better", "worse"]


def win_probability(
    running: Sequence[Curve], baseline: Sequence[Curve], goal: Goal = None, *,
    higher_is_better: bool = True, events: Sequence[float] = (),
) -> float | None:  # fmt: skip
    """P(the method's final mean beats the baseline's), benchmark tasks weighed alike in units of their range.

    running: the method's runs, at any fraction each; those before 10 % are left out.
    goal: the steps of a run, or by task; None: what each curve says.
    events: steps at which something scheduled happens (a reset, a decay); before the first there is no saying.

    None, "cannot say": before 10 % of the length, before the first event, or without a finished baseline run.
    """
    goal_of = _goals(goal, running)
    standings = []
    for task in dict.fromkeys(c.task for c in running):
        mine = [c for c in running if c.task == task]
        theirs = [c for c in baseline if c.task == task and not c.is_running]
        found = standing(mine, theirs, goal_of[task], higher_is_better=higher_is_better, events=events)
        if found:
            standings.append(found)
    return combined(standings, tables()["win"])


def standing(
    mine: Sequence[Curve], theirs: Sequence[Curve], goal: float, *,
    higher_is_better: bool = True, events: Sequence[float] = (),
) -> Standing | None:  # fmt: skip
    """How runs of one task stand beside finished ones; None where it cannot be said (see `win_probability`)."""
    first = min(events, default=-np.inf) + (WINDOW * goal if events else 0.0)
    ordered = [(*in_order(c), float(c.steps.max())) for c in mine]
    ordered = [(x, y, last) for x, y, last in ordered if last >= max(EARLIEST * goal * (1 - 1e-9), first)]
    ordered = [o for o in ordered if np.isfinite(o[1][-1])]
    done = [(x, y, float(x[-1])) for x, y in map(in_order, theirs)]
    final = np.array([score_at(x, y, last, last) for x, y, last in done])
    final, done = final[np.isfinite(final)], [d for d, f in zip(done, final, strict=True) if np.isfinite(f)]
    if not ordered or not len(final):
        return None
    fractions = np.minimum([last / goal for _, _, last in ordered], 1.0)
    now = np.array([level_at(x, y, last, goal) for x, y, last in ordered])
    growths = {f: final - [level_at(x, y, f * last, last) for x, y, last in done] for f in set(fractions.tolist())}
    growths = {f: g[np.isfinite(g)] if np.isfinite(g).any() else np.zeros(1) for f, g in growths.items()}
    growth = float(np.mean([quantiles(growths[f], (0.5,))[0] for f in fractions.tolist()]))
    f = float(fractions.mean())
    wide = quantiles(np.array([span(y[np.isfinite(y)]) for _, y, _ in done]), (0.5,))[0]
    tails = [quantiles(g, (0.2, 0.8)) for g in growths.values()]
    of_growth = float(np.mean([high - low for low, high in tails]))
    v_now, v_final = _variance(now, wide), _variance(final, wide)
    unit = sqrt(
        v_now / len(now)
        + v_final / len(final)
        + of_growth**2 / 4
        + (_RANGE * wide * (1 - f)) ** 2
        + (_GROWTH * growth) ** 2
    )
    unit += 1e-3 * wide + 1e-12 * (1 + abs(float(final.mean())))
    ahead = float(now.mean() - final.mean())
    sign = 1.0 if higher_is_better else -1.0
    return Standing(f, sign * (ahead + growth) / unit, sign * ahead / unit, unit, wide)


def features(s: Standing) -> tuple[float, float, float]:
    """What the logistic weighs: both distances, drawn in so that far is not certain, and a constant."""
    return asinh(s.z), asinh(s.z_now), 1.0


def combined(standings: Sequence[Standing], fitted: Mapping[str, Sequence[float]]) -> float | None:
    """The chance over tasks, each P put on the normal scale and weighed by its uncertainty in units of its range."""
    if not standings:
        return None
    logits = [
        float(between(fitted["fractions"], fitted["coefficients"], s.fraction) @ features(s))  # type: ignore[arg-type]
        for s in standings
    ]
    p = np.clip([1 / (1 + exp(-max(-30.0, min(30.0, g)))) for g in logits], _LEAST, _MOST)
    if len(p) == 1:
        return float(p[0])
    weights = np.array([s.unit / s.range if s.range > 0 else 0.0 for s in standings])
    weights = weights if weights.sum() > 0 else np.ones(len(p))
    squares = float((weights**2).sum())
    spread = sqrt(squares + ACROSS * (float(weights.sum()) ** 2 - squares))
    return float(normal_cdf(np.array([weights @ normal_quantile(p) / spread]))[0])


def chances(
    running: Sequence[Curve], baseline: Sequence[Curve], goal: Goal = None, *,
    higher_is_better: bool = True, events: Sequence[float] = (), checkpoints: Sequence[float] = CHECKPOINTS,
) -> list[tuple[float, float | None]]:  # fmt: skip
    """P as `win_probability` would have said it at every checkpoint that all runs past 10 % have passed."""
    goal_of = _goals(goal, running)
    named = [Curve(c.task, c.method, c.seed, c.steps, c.values, goal_of[c.task]) for c in running]
    fractions = [float(c.steps.max()) / goal_of[c.task] for c in named]
    reached = min((f for f in fractions if f >= EARLIEST), default=0.0)
    named = [c for c, f in zip(named, fractions, strict=True) if f >= EARLIEST]
    out = []
    for f in checkpoints:
        if f > reached * (1 + 1e-9):
            break
        then = [c for c in (cut(c, f) for c in named) if c]
        out.append((f, win_probability(then, baseline, goal, higher_is_better=higher_is_better, events=events)))
    return out


def early_decision(
    history: Sequence[tuple[float, float | None]], *, threshold: float = 0.95, consecutive: int = 2,
    events: Sequence[float] = (),
) -> Decision | None:  # fmt: skip
    """The first checkpoint at which P was beyond the threshold, the same way, on so many in a row; else None.

    history: (fraction, P or None) in order; what lies before 10 % or before the first event does not count.
    events: fractions of the length.

    >>> early_decision([(0.1, 0.97), (0.15, 0.96)])
    Decision(fraction=0.15, word='better')
    >>> early_decision([(0.1, 0.97), (0.15, 0.96)], events=[0.2])
    """
    first = max(EARLIEST, min(events, default=0.0))
    said: list[str] = []
    for fraction, p in history:
        if fraction < first - 1e-9:
            continue
        said.append("" if p is None else "better" if p > threshold else "worse" if p < 1 - threshold else "")
        if said[-1] and said[-consecutive:] == [said[-1]] * consecutive:
            return Decision(fraction, "better" if said[-1] == "better" else "worse")
    return None


def _goals(goal: Goal, curves: Sequence[Curve]) -> dict[str, float]:
    """The length by task: what was given, else the longest that a curve of the task says."""
    given = goal if isinstance(goal, Mapping) else {}
    found: dict[str, float] = {}
    for c in curves:
        own = given.get(c.task) or (goal if isinstance(goal, int | float) else None)
        found[c.task] = float(own) if own else max(found.get(c.task, 0.0), length(c))
    return found


def _variance(scores: FloatArray, wide: float) -> float:
    """Variance between runs; with few, drawn towards a tenth of the range."""
    n = len(scores)
    own = float(scores.var(ddof=1)) if n > 1 else 0.0
    return ((n - 1) * own + 2 * (_FEW * wide) ** 2) / (n + 1)
