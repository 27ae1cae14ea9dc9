"""Logs first: time left, stuck, and grouping, each by its own figures.

    SIXDAYS_DATA=… python -m benchmarks.timeleft

Generated runs are drawn here with other seeds than fits/timeleft.py used; the rows named "all …" let one thing
happen to every run, which the fit never did. AlgoPerf: the fit and its first rows share its logs; for those named
"workload left out" the widths are fitted without the workload that is looked at.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from fits.timeleft import KINDS, Course, fit, generated, looks, public

from benchmarks.layouts import layouts
from sixdays.logs import timeleft
from sixdays.logs.grouping import place
from sixdays.logs.progress import states
from sixdays.logs.runs import Place, Run
from sixdays.logs.series import Log, Series
from sixdays.logs.trace import Trace

RUNS = 600
ALONE = (
    "evaluation",
    "checkpoint",
    "slow start",
    "drift",
    "shared node",
    "permanent slow-down",
    "growing",
    "day and night",
)


def main() -> None:
    rng = np.random.default_rng(71)
    print(
        "80 % intervals of the time left: share that covers, by fraction of the run done, alone and with finished siblings\n"
    )
    print(
        f"{'':<34}"
        + "".join(f"{f'{10 + 20 * b}–{30 + 20 * b} %':>10}" for b in range(4))
        + f"{'all':>8}{'pinball':>9}{'naive':>8}{'tqdm':>8}{'width':>8}"
    )
    sets: list[tuple[str, Sequence[Course]]] = []
    if os.environ.get("SIXDAYS_DATA"):
        real = public()
        sets.append(("AlgoPerf", [real[i] for i in rng.permutation(len(real))[:RUNS]]))
    sets.append(("generated", [generated(rng) for _ in range(RUNS)]))
    for name, courses in sets:
        _covered(name, courses, rng)
    if sets[0][0] == "AlgoPerf":
        _left_out(sets[0][1], rng)
    for kind in ALONE:
        _covered(f"all {kind}", [generated(rng, {**KINDS, kind: 1.0}) for _ in range(RUNS // 3)], rng)
    for kind in ALONE:
        _covered(f"nothing but {kind}", [generated(rng, {kind: 1.0}) for _ in range(RUNS // 3)], rng)
    stuck(rng)
    grouping()


def _left_out(courses: Sequence[Course], rng: np.random.Generator) -> None:
    """AlgoPerf with the widths fitted without the workload that is looked at (fewer runs, so wider borrowing)."""
    shipped, rows = timeleft._table(), defaultdict(list)
    tasks = sorted({c.source for c in courses})
    for task in tasks[:: max(1, len(tasks) // 3)]:
        others = [c for c in courses if c.source != task] + [generated(rng) for _ in range(RUNS)]
        table = fit(others, np.random.default_rng(3))
        shipped[:], kept = table, list(shipped)
        _looked([c for c in courses if c.source == task], rng, rows)
        shipped[:] = kept
    _print("AlgoPerf, workload left out", rows)


def _covered(name: str, courses: Sequence[Course], rng: np.random.Generator) -> None:
    rows: dict[bool, list[tuple[float, ...]]] = defaultdict(list)
    _looked(courses, rng, rows)
    _print(name, rows)


def _looked(courses: Sequence[Course], rng: np.random.Generator, rows: dict[bool, list[tuple[float, ...]]]) -> None:
    for c in courses:
        for f, own, goal, since, rest in looks(c, rng):
            other = [pinball(g, rest) for g in (naive(own, goal, since), tqdm(own, goal, since))]
            for siblings in ((), c.siblings) if c.siblings else ((),):
                found = timeleft.left(own, goal, since, siblings)
                if found:
                    inside = found[0] <= rest <= found[2]
                    width = np.log((found[2] + 1) / (found[0] + 1))
                    rows[bool(siblings)].append((f, inside, pinball(found, rest), *other, width))


def _print(name: str, rows: dict[bool, list[tuple[float, ...]]]) -> None:
    for siblings in (False, True):
        if not rows[siblings]:
            continue
        a = np.array(rows[siblings], dtype=float)
        at = np.clip(((a[:, 0] - 0.1) / 0.2).astype(int), 0, 3)
        cells = "".join(f"{a[at == b, 1].mean():10.1%}" for b in range(4))
        print(f"{name + (', siblings' if siblings else ''):<34}{cells}{a[:, 1].mean():8.1%}"
              f"{a[:, 2].mean():9.4f}{a[:, 3].mean():8.4f}{a[:, 4].mean():8.4f}{np.exp(np.median(a[:, 5])):7.2f}×")  # fmt: skip


def pinball(quantiles: Sequence[float], rest: float) -> float:
    """Mean pinball loss of 10, 50 and 90 %, as a share of the time that was left."""
    losses = [max(p * (rest - q), (1 - p) * (q - rest)) for p, q in zip((0.1, 0.5, 0.9), quantiles, strict=True)]
    return float(np.mean(losses)) / max(rest, 1e-9)


def naive(own: Trace, goal: float, since: float) -> tuple[float, float, float]:
    """Elapsed over fraction: one number, so all three quantiles."""
    each = (own.times[-1] - own.times[0]) / (own.step - own.steps[0]) * (goal - own.step) - since
    return (max(each, 0.0),) * 3


def tqdm(own: Trace, goal: float, since: float) -> tuple[float, float, float]:
    """Exponential moving averages of steps and seconds, smoothing 0.3."""
    dn, dt = own.moves
    weights = 0.3 * 0.7 ** np.arange(len(dn))[::-1]
    each = (weights @ dt) / (weights @ dn) * (goal - own.step) - since
    return (max(float(each), 0.0),) * 3


def stuck(rng: np.random.Generator) -> None:
    """Killed runs looked at after so many usual gaps of silence; living ones at any moment."""
    print(
        "\nstuck: share of killed runs found after so much silence, share of looks at living runs that call them stuck\n"
    )
    print(
        f"{'':<34}{'5 gaps':>9}{'10 gaps':>9}{'11 gaps':>9}{'13 medians':>12}{'20 medians':>12}{'living':>9}{'looks':>8}"
    )
    kinds: dict[str, dict[str, float]] = {
        "generated": KINDS, "steady": {}, "all with evaluations": {**KINDS, "evaluation": 1.0},
        "evaluations and checkpoints only": {"evaluation": 1.0, "checkpoint": 1.0},
        "all on shared nodes": {**KINDS, "shared node": 1.0},
    }  # fmt: skip
    draw: dict[str, Callable[[], Course]] = {
        k: (lambda on=on: generated(rng, {**on, "outage": 0.0})) for k, on in kinds.items()
    }
    draw["gaps like a Pareto law, index 2"] = lambda: _heavy(rng)
    for name, one in draw.items():
        for siblings in (False, True):
            found: dict[str, list[bool]] = defaultdict(list)
            for _ in range(200):
                _one_run(one(), siblings, rng, found)
            print(f"{name + (', siblings' if siblings else ''):<34}" + "".join(f"{np.mean(found[k]):{w}.1%}" for k, w in
                  (("5", 9), ("10", 9), ("11", 9), ("13m", 12), ("20m", 12))) + f"{np.mean(found['living']):9.2%}{len(found['living']):8}")  # fmt: skip


def _one_run(c: Course, siblings: bool, rng: np.random.Generator, found: dict[str, list[bool]]) -> None:
    goal = float(c.steps[-1])
    others = [_run(s.steps, s.times, goal, f"s{k}") for k, s in enumerate(c.siblings)] if siblings else []

    def word(k: int, now: float) -> tuple[str, float]:
        told = states([_run(c.steps[:k], c.times[:k], goal, "x"), *others], now)[0]
        return told.state, told.gap_s or 0.0

    k = int(rng.integers(max(4, len(c.steps) // 10), max(5, int(0.9 * len(c.steps)))))
    end = float(c.times[k - 1])
    usual = word(k, end)[1]
    median = float(np.median(np.diff(c.times[:k])[-30:]))
    for name, silence in (
        ("5", 5 * usual),
        ("10", 10.001 * usual),
        ("11", 11 * usual),
        ("13m", 13 * median),
        ("20m", 20 * median),
    ):
        found[name].append(word(k, end + silence)[0] == "stuck")
    for now in rng.uniform(c.times[3], c.times[-1], 10):
        k = int(np.searchsorted(c.times, now, side="right"))
        found["living"].append(word(k, float(now))[0] == "stuck")


def _run(steps: np.ndarray, times: np.ndarray, goal: float, name: str) -> Run:
    log = Log(
        name,
        "",
        "jsonl",
        {"v": Series("v", np.asarray(steps, float), np.ones(len(steps)), np.asarray(times, float))},
        goal=goal,
    )
    return Run(name, (log,), Place("a", "", name))


def _heavy(rng: np.random.Generator) -> Course:
    n = int(np.exp(rng.uniform(np.log(30), np.log(800))))
    alike = [(np.arange(n + 1.0), np.concatenate([[0.0], np.cumsum(60 * (1 + rng.pareto(2.0, n)))])) for _ in range(3)]
    return Course("heavy", *alike[0], tuple(Trace("step", s, t, s[-1], t[0], t[-1]) for s, t in alike[1:]))


def grouping() -> None:
    print("\ngrouping of realistic folders: same runs together, tasks and seeds as expected\n")
    right = runs = good = 0
    for name, rows in layouts().items():
        got = place([(path, config) for path, config, *_ in rows])
        pairs = [(a, b) for a in range(len(rows)) for b in range(a)]
        together = all((rows[a][2] == rows[b][2]) == (got[a].group == got[b].group) for a, b in pairs)
        fine = sum(g.task == r[3] and r[4] in (g.seed, "*") for g, r in zip(got, rows, strict=True))
        ok = together and fine == len(rows)
        right, runs, good = right + ok, runs + len(rows), good + (fine if together else 0)
        if not ok:
            print(f"  not as expected: {name}: {got[0]}")
    print(f"{right} of {len(layouts())} layouts whole; {good} of {runs} runs in place")


if __name__ == "__main__":
    if not os.environ.get("SIXDAYS_DATA"):
        print("AlgoPerf needs SIXDAYS_DATA", file=sys.stderr)
    main()
