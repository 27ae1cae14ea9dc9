"""Sample efficiency: steps to a part of the way to the baseline's final score, runs that never got there censored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sixdays.stats import FloatArray
from sixdays.verdict.arms import Arm
from sixdays.verdict.curves import Curve, usable

PARTS = (0.5, 0.75, 0.9)
_SMOOTH = 0.05  # of a run's points: one lucky evaluation is not yet having got there
_PERMUTATIONS = 2_000


def steps_to(curve: Curve, target: float, sign: float) -> float:
    """The first step at which the mean of the last points reaches the target, inf where it never does.

    >>> steps_to(Curve("Hopper", "sac", 0, [1, 2, 3], [0.0, 0.4, 0.8]), 0.5, 1.0)
    3.0
    """
    x, y = curve.tidy()
    k = max(1, round(_SMOOTH * len(y)))
    good = usable(y)
    if not good.all():  # diverged: it counts up to there
        x, y = x[: int(np.argmin(good))], y[: int(np.argmin(good))]
    total = np.cumsum(sign * y)
    smooth = total.copy()
    smooth[k:] -= total[:-k]
    smooth /= np.minimum(np.arange(1, len(x) + 1), k)
    reached = smooth >= sign * target - 1e-12 * abs(target)
    return float(x[int(np.argmax(reached))]) if reached.any() else np.inf


def efficiency(method: Arm, baseline: Arm, sign: float, seed: int) -> Mapping[str, Any]:
    """By part of the way ("50", "75", "90"): the ratio of steps, its p, runs that got there; {} for single points.

    ratio: the baseline's steps over the method's, above 1 where the method is faster; means up to the common horizon
    (censored only there, so that the mean of Kaplan and Meier's curve is the mean of min(time, horizon)), the
    geometric mean over tasks. p: two-sided, labels shuffled within tasks.
    """
    tasks = [t for t in sorted(method.curves.keys() & baseline.curves.keys())
             if all(len(c.steps) > 2 for arm in (method, baseline) for c in arm.curves[t])]  # fmt: skip
    out: dict[str, Any] = {}
    for part in PARTS:
        cells = [cell for t in tasks if (cell := _times(method, baseline, t, part, sign)) is not None]
        if cells:
            mine, theirs = [c[0] for c in cells], [c[1] for c in cells]
            got = [[int(np.count_nonzero(c[i] < c[2])) for c in cells] for i in (0, 1)]
            out[f"{100 * part:.0f}"] = _ratio(mine, theirs, seed) | {
                "tasks": len(cells),
                "method": {"runs": sum(map(len, mine)), "reached": sum(got[0])},
                "baseline": {"runs": sum(map(len, theirs)), "reached": sum(got[1])},
            }
    return out


def _times(
    method: Arm, baseline: Arm, task: str, part: float, sign: float
) -> tuple[FloatArray, FloatArray, float] | None:
    """Steps of either arm's runs, at most the horizon, and the horizon; None where the baseline learns nothing."""
    finals = baseline.raw[task][np.isfinite(baseline.raw[task])]
    starts = np.array([c.tidy()[1][0] for c in baseline.curves[task]])
    starts = starts[usable(starts)]
    if not len(finals) or not len(starts) or sign * (finals.mean() - starts.mean()) <= 0:
        return None
    target = float(starts.mean() + part * (finals.mean() - starts.mean()))
    runs = method.curves[task], baseline.curves[task]
    horizon = min(float(c.steps.max()) for arm in runs for c in arm)
    if horizon <= 0:
        return None
    mine, theirs = (np.minimum(np.array([steps_to(c, target, sign) for c in arm]), horizon) for arm in runs)
    return mine, theirs, horizon


def _ratio(mine: list[FloatArray], theirs: list[FloatArray], seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    seen, shuffled = 0.0, np.zeros(_PERMUTATIONS)
    for a, b in zip(mine, theirs, strict=True):
        seen += _log_ratio(a[None], b[None])[0]
        pool = np.sort(np.concatenate((a, b)))
        mixed = pool[np.argsort(rng.random((_PERMUTATIONS, len(pool)), dtype=np.float32), axis=1)]
        shuffled += _log_ratio(mixed[:, : len(a)], mixed[:, len(a) :])
    at_least = int((np.abs(shuffled) >= abs(seen) - 1e-12).sum())
    return {"ratio": float(np.exp(seen / len(mine))), "p": (1 + at_least) / (_PERMUTATIONS + 1)}


def _log_ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    tiny = 1e-12 * max(float(a.max()), float(b.max()), 1e-300)  # a first step of 0 may already be there
    return np.asarray(np.log(np.maximum(b.mean(1), tiny)) - np.log(np.maximum(a.mean(1), tiny)))
