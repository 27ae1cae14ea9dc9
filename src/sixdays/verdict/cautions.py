"""Warnings: what a careful reader would ask about these runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sixdays.stats import t_sf
from sixdays.verdict.arms import Arm
from sixdays.verdict.compare import Found
from sixdays.verdict.curves import usable
from sixdays.verdict.estimators import failed, noise
from sixdays.verdict.phrases import and_, number, plural
from sixdays.verdict.power import lift_of_best
from sixdays.verdict.result import Comparison, Interval

_LENGTHS = 0.05
_SCALES = 10.0
_PAIRED = 6
_SHOWN = 3  # tasks named in one warning


def of_arms(arms: Sequence[Arm], sign: float) -> Iterator[str]:
    """What is odd about the runs themselves."""
    for arm in arms:
        if arm.diverged:
            where = and_([t or "its task" for t, s in arm.raw.items() if np.isnan(s).any()])
            yield (f"{arm.name}: {plural(arm.diverged, 'run')} of {arm.runs} diverged ({where}); the figures leave "
                   "them out, the word must hold with them at the worst score seen too")  # fmt: skip
        if arm.running:
            yield f"{arm.name}: {plural(arm.running, 'run')} still running" + (
                "; their scores so far are shown" if arm.only_running else ", not counted")  # fmt: skip
        same = [t for t, s in arm.scores.items() if len(s) > 1 and np.ptp(s) == 0.0]
        if same and len(same) == len(arm.scores):
            yield f"{arm.name}: all seeds have the same score; do the seeds differ?"
        if far := _failed_seeds(arm, sign):
            yield f"{arm.name}: seeds far worse than the others, {far}: the mean is no summary there"
        holes = sum(not usable(c.values).all() for runs in arm.curves.values() for c in runs) - arm.diverged
        if holes > 0:
            yield f"{arm.name}: {plural(holes, 'run')} with points that are no numbers; areas leave those out"
    yield from _lengths(arms)


def of_comparison(found: Found, said: Comparison, error: float, sign: float) -> Iterator[str]:
    """What is odd about this comparison."""
    mine, base = found.method, found.baseline
    only = sorted(mine.raw.keys() ^ base.raw.keys())
    if only and found.tasks:
        yield f"only one of {mine.name} and {base.name} was run on {and_(only)}: not counted"
    tasks = found.tasks
    if tasks and base.seeds(tasks) < mine.seeds(tasks):
        yield f"the baseline {base.name} has fewer seeds than {mine.name}: {base.seeds(tasks)} and {mine.seeds(tasks)}"
    if found.seeds == 1 and found.sides is None and len(tasks) >= _PAIRED:
        yield paired(found)
    if found.worst is not None and (at_worst := found.worst[0]) is not None:
        low, high = at_worst.interval(said.difference.level)
        yield (f"with diverged runs at the worst score seen the difference is {number(at_worst.value)} "
               f"[{number(low)}, {number(high)}]")  # fmt: skip
    if found.sides is not None and found.sides.borrowed:
        yield "the seeds of one arm do not vary at all; it is taken to vary like the other"
    if len(tasks) == 1:
        yield from _few_seeds(found, error)
    else:
        yield from _scales(found)
    area = said.area
    if area is not None and _apart(area, said.difference):
        yield (f"final score and area under the curve disagree: {number(said.difference.value or 0.0)} and "
               f"{number(area.value or 0.0)}")  # fmt: skip


def of_sweep(comparisons: Sequence[Comparison], best_found: Found, named: bool) -> Iterator[str]:
    """The best of several: how far luck alone lifts it."""
    k = len(comparisons)
    if k < 2 or named:
        return
    best = comparisons[0].method
    known = best_found.sides
    lift = f" by {number(lift_of_best(k, known.a.se), signed=False)}" if known else ""
    yield (f"{best} is the best of {k} and was not named beforehand: luck alone lifts the best of {k} equals{lift}; "
           f"fresh seeds of {best} are needed before it is claimed")  # fmt: skip


def paired(found: Found) -> str:
    """Two single runs on the same items: paired t and sign test, which say nothing about another seed."""
    off = np.array([found.method.scores[t].mean() - found.baseline.scores[t].mean() for t in found.tasks])
    n, up, down = len(off), int((off > 0).sum()), int((off < 0).sum())
    spread = float(off.std(ddof=1))
    p_t = min(1.0, 2.0 * t_sf(abs(float(off.mean())) / (spread / n**0.5), n - 1.0)) if spread > 0 else None
    return (f"these two runs over {n} items, paired: mean difference {number(float(off.mean()))}"
            + (f" (paired t: p = {p_t:.2g}" if p_t is not None else " (no spread")
            + f"; {up} up, {down} down, sign test: p = {sign_test(up, down):.2g}); "
            "it says nothing about another seed")  # fmt: skip


def sign_test(up: int, down: int) -> float:
    """Two-sided p of the exact sign test, ties left out.

    >>> sign_test(6, 0)
    0.03125
    """
    n, k = up + down, min(up, down)
    tail, term = 0, 1  # whole numbers: the terms of thousands of items overflow a float
    for i in range(k + 1):
        tail += term
        term = term * (n - i) // (i + 1)
    return min(1.0, float(2 * tail / (1 << n)))


def seed_noise(arms: Iterable[Arm]) -> str:
    """The noise floor with its 95 % range, from whatever repeats there are, "" where there are none."""
    found = noise([s for arm in arms for s in arm.scores.values()])
    if found is None or found.value == 0.0:
        return ""
    low, high = found.interval(0.95)
    return (f"seed noise from the repeats there are: {number(found.value, signed=False)} "
            f"[95 % {number(low, signed=False)} to {number(high, signed=False)}]")  # fmt: skip


def _failed_seeds(arm: Arm, sign: float) -> str:
    """Which seeds failed on which tasks, the farthest first, "" where none did."""
    far = {t: s[failed(s, sign)] for t, s in arm.scores.items()}
    depth = {t: sign * float(np.median(arm.scores[t]) - v.mean()) / (float(np.ptp(arm.scores[t])) or 1.0)
             for t, v in far.items() if len(v)}  # fmt: skip
    worst = sorted(depth, key=lambda t: (-depth[t], t))
    some = [f"{len(far[t])} of {len(arm.raw[t])}{_on(t)} ({number(far[t][0], signed=False)})" for t in worst[:_SHOWN]]
    more = [f"some on {plural(len(worst) - _SHOWN, 'more task')}"] if len(worst) > _SHOWN else []
    return and_(some + more)


def _few_seeds(found: Found, error: float) -> Iterator[str]:
    a, b = (arm.scores[found.tasks[0]] for arm in (found.method, found.baseline))
    n = min(len(a), len(b))
    if found.p is not None and found.p <= max(error, 0.05) and n <= 5:
        yield f"significant at {n} seeds on one task: such differences are about twice too large (exaggeration)"
    if 1 < n <= 3 and max(len(a), len(b)) <= 3:
        yield f"with {n} seeds an arm a permutation test cannot reach p = .05"
    if found.estimate is not None and found.value is not None:
        middle = float(np.median(a) - np.median(b))
        low, high = found.estimate.interval(1.0 - max(error, 0.05))
        if middle * found.value < 0 and not low <= middle <= high:
            yield f"the medians point the other way: {number(middle)}"


def _scales(found: Found) -> Iterator[str]:
    size = {t: float(np.median(np.abs(np.concatenate([arm.scores[t] for arm in (found.method, found.baseline)]))))
            for t in found.tasks}  # fmt: skip
    some = {t: s for t, s in size.items() if s > 0}
    if len(some) > 1:
        least, most = min(some, key=lambda t: some[t]), max(some, key=lambda t: some[t])
        if some[most] > _SCALES * some[least]:
            yield (f"scores differ in size: about {number(some[least], signed=False)} on {least} and "
                   f"{number(some[most], signed=False)} on {most}; values are used as given")  # fmt: skip


def _lengths(arms: Sequence[Arm]) -> Iterator[str]:
    uneven = []
    for task in sorted({t for arm in arms for t in arm.curves}):
        ends = [float(c.steps.max()) for arm in arms for c in arm.curves.get(task, ())]
        if max(ends) > 0 and min(ends) < (1.0 - _LENGTHS) * max(ends):
            uneven.append(f"{min(ends):g} to {max(ends):g}" + _on(task))
    if uneven:
        more = f" and {plural(len(uneven) - 1, 'more task')}" if len(uneven) > 1 else ""
        yield f"runs differ in length by more than 5 %: {uneven[0]}{more}"


def _apart(a: Interval, b: Interval) -> bool:
    """Both intervals clear of 0, on opposite sides."""
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return False
    return (a.low > 0 and b.high < 0) or (a.high < 0 and b.low > 0)


def _on(task: str) -> str:
    return f" on {task}" if task else ""
