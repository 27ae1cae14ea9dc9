"""Arms: the runs of each method by benchmark task, with their scores, and what is odd about them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median

import numpy as np

from sixdays.errors import UsageError, did_you_mean
from sixdays.stats import FloatArray
from sixdays.verdict.curves import Curve
from sixdays.verdict.estimators import Scores

_BASELINE_WORDS = {"baseline", "base", "control", "reference", "vanilla"}
_NEW_WORDS = {"mine", "my", "ours", "our", "new", "proposed"}
_SAME_RUN = 5  # different values that must all recur before two curves are taken to be one run: solved or not recurs


@dataclass(frozen=True, slots=True, eq=False)
class Arm:
    """The runs of one method. curves: those that count, by task; raw: their scores, NaN where one diverged.

    running: how many have not come to their goal. They do not count, unless there is no other (`only_running`).
    """

    name: str
    curves: Mapping[str, tuple[Curve, ...]]
    raw: Scores
    running: int = 0
    only_running: bool = False

    @property
    def scores(self) -> Scores:
        """The scores of the runs that did not diverge, sorted; tasks without any left out."""
        kept = {t: np.sort(s[np.isfinite(s)]) for t, s in self.raw.items()}
        return {t: s for t, s in kept.items() if len(s)}

    @property
    def diverged(self) -> int:
        return sum(int(np.isnan(s).sum()) for s in self.raw.values())

    @property
    def runs(self) -> int:
        """Those that are running included."""
        return sum(map(len, self.raw.values())) + (0 if self.only_running else self.running)

    @property
    def seconds(self) -> float | None:
        """The median wall time of a run, where it is known."""
        known = [c.seconds for cs in self.curves.values() for c in cs if c.seconds and c.seconds > 0]
        known = [s for s in known if isfinite(s)]
        return median(known) if known else None

    def seeds(self, tasks: Iterable[str]) -> int:
        """The least number of runs on any of these tasks, diverged ones included."""
        return min((len(self.raw.get(t, ())) for t in tasks), default=0)


def gather(curves: Iterable[Curve], window: float) -> tuple[tuple[Arm, ...], tuple[str, ...]]:
    """The arms by name, and what was odd: runs that are there twice count once.

    Raises:
        ValueError: there is no curve.
    """
    by_place: dict[tuple[str, str], list[Curve]] = {}
    for c in curves:
        by_place.setdefault((c.method, c.task), []).append(c)
    if not by_place:
        raise ValueError("there is no curve to judge")
    odd: list[str] = []
    by_method: dict[str, dict[str, list[Curve]]] = {}
    for (method, task), runs in sorted(by_place.items()):
        by_method.setdefault(method, {})[task] = _distinct(sorted(runs, key=_order), odd)
    arms = []
    for method, by_task in by_method.items():
        all_runs = [c for runs in by_task.values() for c in runs]
        running = sum(c.is_running for c in all_runs)
        only = running == len(all_runs)
        used = {t: tuple(c for c in runs if only or not c.is_running) for t, runs in by_task.items()}
        used = {t: runs for t, runs in used.items() if runs}
        raw = {t: np.array([c.score(window) for c in runs]) for t, runs in used.items()}
        arms.append(Arm(method, used, raw, running, only))
    return tuple(arms), tuple(odd)


def choose_baseline(names: Sequence[str], baseline: str | None, method: str | None) -> tuple[str, str]:
    """The baseline's name, and why that one: "" where it was given.

    Raises:
        UsageError: a name is not among the methods, or both are the same.

    >>> choose_baseline(["mine", "sac-baseline"], None, None)
    ('sac-baseline', 'baseline: sac-baseline, by its name')
    """
    for what, name in (("baseline", baseline), ("method", method)):
        if name is not None and name not in names:
            hint = did_you_mean(name, names, f"there are: {', '.join(names)}")
            raise UsageError(f'no run belongs to the {what} "{name}"', hint)
    if baseline is not None and baseline == method:
        raise UsageError(f'"{method}" cannot be compared with itself', "give another --baseline or --method")
    if baseline is not None:
        return baseline, ""
    others = [n for n in names if n != method] or list(names)
    if len(others) == 1 and method is not None:
        return others[0], ""
    words = {n: set(re.split(r"[^a-z]+", n.lower())) for n in others}
    telling = [n for n in others if words[n] & _BASELINE_WORDS]
    if telling:
        return telling[0], f"baseline: {telling[0]}, by its name"
    old = [n for n in others if not words[n] & _NEW_WORDS] or others
    return old[0], f"baseline: {old[0]}, the first by name; --baseline takes another"


def worst_counted(a: Arm, b: Arm, sign: float) -> tuple[Scores, Scores]:
    """Scores of both arms with every diverged run given the worst score that either arm has on that task.

    sign: 1.0 where higher is better, else −1.0. Tasks where nothing but divergence was seen are left out.
    """
    out: tuple[dict[str, FloatArray], dict[str, FloatArray]] = ({}, {})
    for task in a.raw.keys() & b.raw.keys():
        seen = np.concatenate([arm.raw[task] for arm in (a, b)])
        seen = seen[np.isfinite(seen)]
        if len(seen):
            worst = sign * (sign * seen).min()
            for arm, scores in zip((a, b), out, strict=True):
                scores[task] = np.sort(np.where(np.isnan(arm.raw[task]), worst, arm.raw[task]))
    return out


def areas(arms: Sequence[Arm]) -> dict[str, Scores]:
    """By method and task the areas under the curves, each over the steps that all runs on that task have.

    Tasks with a run of one point are left out, and runs that never were finite.
    """
    out: dict[str, dict[str, FloatArray]] = {arm.name: {} for arm in arms}
    for task in sorted({t for arm in arms for t in arm.curves}):
        runs = [c for arm in arms for c in arm.curves.get(task, ())]
        start, end = max(float(c.steps.min()) for c in runs), min(float(c.steps.max()) for c in runs)
        for arm in arms:
            found = np.array([c.area(start, end) for c in arm.curves.get(task, ())])
            found = np.sort(found[np.isfinite(found)])
            if len(found):
                out[arm.name][task] = found
    return {name: by_task for name, by_task in out.items()}


def _order(c: Curve) -> tuple[str, tuple[float, ...], tuple[float, ...]]:
    """The same order whatever order the curves came in."""
    return str(c.seed).rjust(12), (len(c.steps), *c.steps[-1:]), tuple(np.nan_to_num(c.values[-3:], nan=-1e300))


def _distinct(runs: list[Curve], odd: list[str]) -> list[Curve]:
    """The runs without those whose curve is that of another, each told of."""
    kept: dict[bytes, Curve] = {}
    out = []
    for c in runs:
        key = c.steps.tobytes() + c.values.tobytes()
        finite = c.values[np.isfinite(c.values)]
        if key in kept and len(np.unique(finite)) >= _SAME_RUN:
            odd.append(
                f"{c.method} on {c.task or 'its task'}: seeds {kept[key].seed} and {c.seed} have the same curve, point "
                "by point; it counts once (does the seed reach the program?)"
            )
            continue
        kept.setdefault(key, c)
        out.append(c)
    seen = Counter(str(c.seed) for c in out if c.seed not in ("", None))
    for seed, times in sorted(seen.items()):
        if times > 1:
            odd.append(f"{out[0].method} on {out[0].task or 'its task'}: seed {seed} is there {times} times; all count")
    return out
