"""Fits the widths of "time left": how far the pace of the later half misses the rest of a run.

    SIXDAYS_DATA=… python -m fits.timeleft          writes src/sixdays/logs/timeleft.json
    (python -m fits.timeleft --print: shows it)

Half of the weight is public logs with a clock (AlgoPerf v0.5 external tuning, mlcommons/submissions_algorithms,
Apache-2.0; only quantiles of relative errors are kept), half generated runs with jitter, pauses for evaluation and
checkpoints, slow first steps, drift, and nodes shared with others.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sixdays.logs.timeleft import COUNTS, FRACTIONS, IRREGULAR, MOVED, predict
from sixdays.logs.trace import Trace

LEVELS = (0.1, 0.5, 0.9)
LEAST = 60  # errors that a cell is made of; where it has fewer it borrows from its neighbours
RUNS = 6000


@dataclass(frozen=True)
class Course:
    """One whole run: steps and times of its points, its finished siblings."""

    source: str
    steps: np.ndarray
    times: np.ndarray
    siblings: tuple[Trace, ...] = ()


def traced(steps: np.ndarray, times: np.ndarray) -> Trace:
    return Trace("step", steps.astype(float), times.astype(float), float(steps[-1]), float(times[0]), float(times[-1]))


def public() -> list[Course]:
    """Every AlgoPerf log, its siblings the other studies of the same trial."""
    d = np.load(Path(os.environ["SIXDAYS_DATA"]) / "curves" / "algoperf_v05_external.npz")
    o, groups = d["offsets"], defaultdict(list)
    for i in range(len(o) - 1):
        steps, times = d["steps"][o[i] : o[i + 1]], d["time_s"][o[i] : o[i + 1]]
        if len(steps) >= 10 and np.isfinite(times).all() and np.isfinite(steps).all():
            groups[d["task"][i], d["method"][i], int(d["seed"][i]) % 10].append((steps, times))
    return [
        Course(str(key[0]), s, t, tuple(traced(*o) for o in runs if o[0] is not s))
        for key, runs in groups.items() for s, t in runs
    ]  # fmt: skip


# What may happen to a run, with how often it does.
KINDS = {
    "evaluation": 0.5,
    "checkpoint": 0.3,
    "slow start": 0.5,
    "drift": 0.4,
    "shared node": 0.4,
    "outage": 0.05,
    "permanent slow-down": 0.2,
    "growing": 0.1,
    "day and night": 0.1,
}


def generated(rng: np.random.Generator, kinds: dict[str, float] = KINDS) -> Course:
    """A made-up run of a made-up recipe with up to three finished siblings."""
    on = {k: rng.random() < p for k, p in kinds.items()}
    n = int(np.exp(rng.uniform(np.log(12), np.log(1500))))
    between = lambda low, high: float(np.exp(rng.uniform(np.log(low), np.log(high))))  # noqa: E731
    recipe = {
        "gap": between(2, 1200), "jitter": between(0.002, 0.6),
        "every": int(rng.integers(3, max(4, n // 4) + 1)), "pause": between(1, 40),
        "save": int(rng.integers(5, max(6, n // 3) + 1)), "start": between(1, 30),
        "drift": float(rng.normal(0, 0.5)), "each": float(10 ** rng.integers(0, 5)),
    }  # fmt: skip
    alike = [_one(rng, recipe, on, n) for _ in range(1 + int(rng.integers(0, 4)))]
    steps, times = alike[0]
    return Course("generated", steps, times, tuple(traced(s, t) for s, t in alike[1:]))


def _one(rng: np.random.Generator, r: dict[str, float], on: dict[str, bool], n: int) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(1, n + 1)
    gap = r["gap"] * np.exp(rng.normal(0, 0.1) + rng.normal(0, r["jitter"], n))
    gap *= np.exp(r["drift"] * at / n) if on.get("drift") else 1.0
    if on.get("shared node"):
        state, slow = rng.random() < 0.3, rng.uniform(1.2, 2.5)
        flip = rng.random(n) < rng.uniform(1, 8) / n
        shared = (np.cumsum(flip) + state) % 2 == 1
        gap = np.where(shared, gap * slow, gap)
    if on.get("permanent slow-down"):
        gap = np.where(at > rng.uniform(0.2, 0.8) * n, gap * rng.uniform(1.2, 2.0), gap)
    if on.get("growing"):
        gap *= 0.5 + at / n
    if on.get("day and night"):
        gap *= 1 + 0.4 * np.sin(2 * np.pi * (at / n * rng.uniform(1, 4) + rng.random()))
    if on.get("evaluation"):
        gap[at % int(r["every"]) == 0] += r["gap"] * r["pause"] * np.exp(rng.normal(0, 0.1))
    if on.get("checkpoint"):
        gap[at % int(r["save"]) == 0] += r["gap"] * rng.uniform(1, 5)
    if on.get("slow start"):
        gap[0] *= r["start"]
    if on.get("outage") and n > 20:
        gap[rng.integers(5, n)] += gap.sum() * rng.uniform(0.05, 0.3)
    return r["each"] * np.arange(n + 1), np.concatenate([[0.0], np.cumsum(gap)])


def looks(
    course: Course, rng: np.random.Generator, many: int = 4
) -> Iterator[tuple[float, Trace, float, float, float]]:
    """Looks at a run in the midst: fraction, what is seen, the goal, seconds since the last point, seconds left."""
    goal, end = float(course.steps[-1]), float(course.times[-1])
    for f in rng.uniform(0.1, 0.9, many):
        k = int(np.searchsorted(course.steps, f * goal, side="right"))
        if 3 <= k < len(course.steps):
            now = rng.uniform(course.times[k - 1], course.times[k])
            yield f, traced(course.steps[:k], course.times[:k]), goal, now - float(course.times[k - 1]), end - now


def fit(courses: list[Course], rng: np.random.Generator) -> list[Any]:
    """10, 50 and 90 % of ln(actual / predicted) by siblings, gaps seen, fraction done, scatter, trend."""
    shape = (2, len(COUNTS) + 1, len(FRACTIONS) + 1, len(IRREGULAR) + 1, len(MOVED) + 1)
    errors = defaultdict(list)
    for c in courses:
        for _, own, goal, since, rest in looks(c, rng):
            for siblings in ((), c.siblings):
                found = predict(own, goal, siblings)
                if found and (siblings or not found[1][0]):
                    errors[found[1]].append(float(np.log((rest + since) / found[0])))
    table = np.zeros((*shape, 3))
    for cell in np.ndindex(*shape):
        reach, near = 0, list(errors.get(cell, []))
        while len(near) < LEAST and reach < 8:
            reach += 1
            near = [e for other, es in errors.items() if _near(cell, other, reach) for e in es]
        table[cell] = np.quantile(near, LEVELS) if near else (-1.0, 0.0, 1.0)
    return np.round(table, 4).tolist()


def _near(a: tuple[int, ...], b: tuple[int, ...], reach: int) -> bool:
    """Cells borrow along the gaps seen and the fraction first: these matter less than irregularity does."""
    s, c, f, v, m = (abs(x - y) for x, y in zip(a, b, strict=True))
    return c + f + 2 * m + 3 * v + 4 * s <= reach


def main() -> None:
    rng = np.random.default_rng(20)
    real = public()
    picked = [real[i] for i in rng.permutation(len(real))]
    made = {
        "what": "10, 50 and 90 % of ln(seconds left / predicted): by siblings (no, yes), gaps seen, fraction done, "
        "scatter of the pace, trend; made by fits/timeleft.py",
        "sources": {"AlgoPerf v0.5 external tuning, mlcommons/submissions_algorithms@12c8e4e, Apache-2.0": len(picked),
                    "generated runs": RUNS},
        "counts": COUNTS, "fractions": FRACTIONS, "irregular": IRREGULAR, "moved": MOVED,
        "log_ratios": fit(picked + [generated(rng) for _ in range(RUNS)], rng),
    }  # fmt: skip
    text = json.dumps(made) + "\n"
    if "--print" in sys.argv:
        print(text)
    else:
        Path(__file__).parent.parent.joinpath("src/sixdays/logs/timeleft.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if not os.environ.get("SIXDAYS_DATA"):
        sys.exit("set SIXDAYS_DATA to the folder that has curves/algoperf_v05_external.npz")
    main()
