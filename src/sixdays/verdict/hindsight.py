"""How early the answer was known, what seeds and length buy, and which runs can no longer change the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.final import Outlook
from sixdays.verdict.partial import in_order, score_at
from sixdays.verdict.tables import tables

PUBLIC_TASKS = 5.0  # what the public curves count for, in tasks of one's own
_LOWER = 0.05


@dataclass(frozen=True, slots=True)
class Known:
    """Agreement of the order at a fraction with that of the end.

    fraction: from where on `low` stays at or above `confidence`; None: nowhere. agreement, low: by fraction,
    estimate and lower bound (95 %). tasks, pairs: of one's own that were asked.
    """

    fraction: float | None
    confidence: float
    fractions: tuple[float, ...]
    agreement: tuple[float, ...]
    low: tuple[float, ...]
    tasks: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Design:
    """Some runs an arm of some length. agreement: with the order of runs not used. cost: in full runs an arm."""

    seeds: int
    fraction: float
    agreement: float

    @property
    def cost(self) -> float:
        return self.seeds * self.fraction


@dataclass(frozen=True, slots=True)
class Settled:
    """How many of the waiting runs, from the end of the queue, can no longer change the verdict.

    chance: that leaving them out changes the word after all. words: what the verdict may be, with probabilities.
    """

    cannot: int
    waiting: int
    chance: float
    words: Mapping[str, float]


def known_at(curves: Sequence[Curve], rng: np.random.Generator, *, confidence: float = 0.9, draws: int = 1000) -> Known:
    """From which fraction of the length on the order of one's methods was that of the end.

    curves: finished runs of several methods; what has not finished is left out. Every pair of methods of a task
    is asked, tasks alike; the lower bound is a Bayesian bootstrap over tasks, in which public curves stand for
    five. Without pairs of one's own, the answer is the public curves'.
    """
    public = tables()["agreement"]
    at = [float(f) for f in public["fractions"]]
    done = [c for c in curves if not c.is_running]
    found = [orders([c for c in done if c.task == task], at) for task in dict.fromkeys(c.task for c in done)]
    own = [f for f in found if f is not None]
    rows = np.array([public["agreement"], *(f.mean(axis=0) for f in own)])
    shapes = np.array([PUBLIC_TASKS, *[1.0] * len(own)])
    weights = rng.standard_gamma(shapes, (draws, len(shapes)))
    drawn = (weights / weights.sum(axis=1, keepdims=True)) @ rows
    low = np.quantile(drawn, _LOWER, axis=0)
    safe = np.flatnonzero(low < confidence)
    first = 0 if not len(safe) else int(safe[-1]) + 1
    return Known(
        at[first] if first < len(at) else None, confidence, tuple(at), tuple((shapes / shapes.sum() @ rows).tolist()),
        tuple(low.tolist()), len(own), sum(len(f) for f in own),
    )  # fmt: skip


def orders(curves: Sequence[Curve], at: Sequence[float], least: int = 1) -> FloatArray | None:
    """Whether the order of two methods at each fraction is that of the end: shape (pairs, fractions), ties ½.

    curves: finished, of one task. Methods with fewer than `least` runs are left out; None with fewer than two.
    """
    means = []
    for method in dict.fromkeys(c.method for c in curves):
        scores = [_scores(c, at) for c in curves if c.method == method]
        if len(scores) >= least:
            means.append(np.array(scores).mean(axis=0))
    gaps = [a - b for a, b in combinations(means, 2)]
    gaps = [g for g in gaps if np.isfinite(g[-1])]
    if not gaps:
        return None
    found = np.array(gaps)
    agree = np.where(np.isfinite(found) & (found != 0), found * found[:, -1:] > 0, 0.5)
    out: FloatArray = agree[:, :-1].astype(float)
    return out


def _scores(curve: Curve, at: Sequence[float]) -> list[float]:
    x, y = in_order(curve)
    end = float(x[-1])
    return [score_at(x, y, f * end, end) for f in (*at, 1.0)]


def seeds_or_length(runs: float) -> tuple[Design, ...]:
    """What may be bought for the time of so many full runs an arm, what agrees most first.

    Public pairs of methods (outlook.json): for one's money a second seed at half length beats one full run;
    below 30 % of the length more seeds do not pay.
    """
    made = [Design(d["seeds"], d["fraction"], d["agreement"]) for d in tables()["seeds_or_length"]["designs"]]
    return tuple(sorted((d for d in made if d.cost <= runs + 1e-9), key=lambda d: (-d.agreement, d.cost)))


Scores = Mapping[str, Sequence[float]]  # benchmark task → scores of one arm
Arm = tuple[str, str]  # `method` or `baseline`, benchmark task


def cannot_change(
    finished: Mapping[Arm, Sequence[float]], running: Mapping[Arm, Sequence[Outlook]], waiting: Sequence[Arm],
    word: Callable[[Scores, Scores], str], rng: np.random.Generator, *, draws: int = 200, risk: float = 0.05,
) -> Settled:  # fmt: skip
    """How many of the waiting runs can be left out without changing the verdict, from the end of the queue.

    finished, running: by arm and task, scores and outlooks. waiting: the queue, in order.
    word: the verdict of the method's and the baseline's scores by task.
    The rest is played out `draws` times: running runs from their outlooks, waiting ones from their arm's own
    distribution (posterior predictive; another arm's spread where it has one run, the other arm where none).
    """
    worlds = [_one_world(finished, running, waiting, rng) for _ in range(draws)]
    full = [_word(finished, w, len(waiting), waiting, word) for w in worlds]

    def change(left_out: int) -> float:
        kept = len(waiting) - left_out
        return sum(_word(finished, w, kept, waiting, word) != f for w, f in zip(worlds, full, strict=True)) / draws

    low, high = 0, len(waiting)  # the largest number that may go, the chance taken to rise with it
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if change(middle) <= risk else (low, middle - 1)
    words = {w: full.count(w) / draws for w in dict.fromkeys(full)}
    return Settled(low, len(waiting), change(low) if low else 0.0, words)


World = tuple[Mapping[Arm, list[float]], list[float]]


def _one_world(
    finished: Mapping[Arm, Sequence[float]], running: Mapping[Arm, Sequence[Outlook]], waiting: Sequence[Arm],
    rng: np.random.Generator,
) -> World:  # fmt: skip
    """Final scores of the running runs by arm, and of the waiting ones in the order of the queue."""
    ends = {arm: [o.quantile(float(rng.random())) for o in outlooks] for arm, outlooks in running.items()}
    spread: dict[Arm, tuple[float, float]] = {}
    scores = []
    for arm in waiting:
        if arm not in spread:
            spread[arm] = _arm(arm, finished, ends, rng)
        middle, deviation = spread[arm]
        scores.append(middle + deviation * float(rng.standard_normal()))
    return ends, scores


def _arm(
    arm: Arm, finished: Mapping[Arm, Sequence[float]], ends: Mapping[Arm, Sequence[float]], rng: np.random.Generator
) -> tuple[float, float]:
    """Mean and standard deviation of an arm's scores, drawn from their posterior under a flat prior."""
    known = [*finished.get(arm, ()), *ends.get(arm, ())]
    other = ("baseline" if arm[0] == "method" else "method", arm[1])
    beside = [*finished.get(other, ()), *ends.get(other, ())]
    known = known or beside
    of_spread = known if len(known) > 1 else beside
    if not known:
        raise ValueError(f"no run of either arm on {arm[1] or 'the task'} has a score yet")
    n = len(of_spread)
    deviation = float(np.std(of_spread, ddof=1)) * ((n - 1) / float(rng.chisquare(n - 1))) ** 0.5 if n > 1 else 0.0
    return float(np.mean(known)) + deviation / len(known) ** 0.5 * float(rng.standard_normal()), deviation


def _word(
    finished: Mapping[Arm, Sequence[float]], world: World, kept: int, waiting: Sequence[Arm],
    word: Callable[[Scores, Scores], str],
) -> str:  # fmt: skip
    """The verdict when the running runs have ended and the first `kept` of the queue too."""
    ends, scores = world
    arms: dict[str, dict[str, list[float]]] = {"method": {}, "baseline": {}}
    for source in (finished, ends):
        for (arm, task), values in source.items():
            arms[arm].setdefault(task, []).extend(values)
    for (arm, task), value in zip(waiting[:kept], scores[:kept], strict=True):
        arms[arm].setdefault(task, []).append(value)
    return word(arms["method"], arms["baseline"])
