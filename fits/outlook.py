"""Fits the tables of the outlook: how near a prediction of a running curve comes, and what a lead is worth.

    SIXDAYS_DATA=… python -m fits.outlook          writes src/sixdays/verdict/outlook.json
    (python -m fits.outlook --print: shows it)

From public learning curves under MIT and Apache-2.0 (the sources stand in the file); a set without a licence is
never read here. The functions are the benchmark's too, which leaves environments out: nothing is fitted twice.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sixdays.verdict.curves import Curve
from sixdays.verdict.final import Reach, reach_of
from sixdays.verdict.partial import cut, in_order, score_at
from sixdays.verdict.winning import Standing, features, standing

RL = (
    "lqnew_dmc_3M", "lqnew_mujoco", "td3_paper_mujoco", "resets_dmc_sac", "resets_dmc_drq", "resets_atari100k_spr",
    "dopamine_atari", "dopamine_mujoco_sac",
)  # fmt: skip
SUPERVISED = ("algoperf_v05_external", "nanogpt_track3")
PAIRED = ("lqnew_dmc_3M", "lqnew_mujoco", "resets_dmc_sac", "resets_dmc_drq", "resets_atari100k_spr", "dopamine_atari")
UNSCHEDULED = ("lqnew_dmc_3M", "lqnew_mujoco", "dopamine_atari")  # nothing acts at set steps
FAMILIES = ("criteo1tb", "imagenet_resnet", "imagenet_vit", "fastmri", "librispeech_conformer",
            "librispeech_deepspeech", "ogbg", "wmt", "fineweb")  # fmt: skip
FRACTIONS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
LEVELS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
BORROWED = {"none": 0, "1": 1, "3": 3, "6": 8, "own": 5}  # table → finished runs given
WIN_AT = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
AGREE_AT = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIDGE = 1e-2
LEAST = 20  # rows a quantile is taken of


def folder() -> Path:
    found = os.environ.get("SIXDAYS_DATA")
    if not found:
        sys.exit("set SIXDAYS_DATA to the folder whose `curves` holds the public learning curves")
    return Path(found) / "curves"


def load(name: str) -> list[Curve]:
    """The curves of a set, higher is better; indices that count from 0 made to count what was done."""
    with np.load(folder() / f"{name}.npz") as d:
        ends, steps, values = d["offsets"], d["steps"].astype(float), d["values"].astype(float)
        steps = steps + (str(d["x_unit"]) in ("iteration", "eval_index"))
        values = values if bool(d["higher_is_better"]) else -values
        named = list(zip(d["task"], d["method"], d["seed"], ends[:-1], ends[1:], strict=True))
    return [Curve(str(t), str(m), int(s), steps[a:b], values[a:b]) for t, m, s, a, b in named if b > a]


def source(name: str) -> dict[str, str]:
    with np.load(folder() / f"{name}.npz") as d:
        return {"source": str(d["source"]), "licence": str(d["licence"])}


def environment(task: str) -> str:
    """What is left out together: a benchmark task under any of its names, a workload with its variants."""
    bare = task.lower().replace("-v2", "")
    return next((f for f in FAMILIES if bare.startswith(f)), re.sub("[^a-z0-9]", "", bare))


def by_task(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    found: dict[str, list[Curve]] = {}
    for c in curves:
        found.setdefault(c.task, []).append(c)
    return dict(sorted(found.items()))


def task_range(curves: Sequence[Curve]) -> float:
    """What the values of a task span, for scores of predictions only: 5 to 95 %, each curve's outliers clipped."""
    every = np.concatenate([np.clip(c.values, *np.quantile(c.values, (0.02, 0.98))) for c in curves])
    low, high = np.quantile(every, (0.05, 0.95))
    return float(high - low) or float(every.std()) or 1.0


def final_rows(
    names: Sequence[str], per_task: int, seed: int, fractions: Sequence[float] = FRACTIONS
) -> list[dict[str, Any]]:
    """One row a curve × fraction × table: its Reach (None: nothing to be said), what came, and what for."""
    rng = np.random.default_rng(seed)
    rows = []
    for name in names:
        for task, group in by_task(load(name)).items():
            wide = task_range(group)
            for i in rng.permutation(len(group))[:per_task]:
                rows += _rows_of(name, task, group[i], group, wide, fractions, rng)
    return rows


def _rows_of(name: str, task: str, curve: Curve, group: Sequence[Curve], wide: float,
             fractions: Sequence[float], rng: np.random.Generator) -> list[dict[str, Any]]:  # fmt: skip
    x, y = in_order(curve)
    end = float(x[-1])
    final = score_at(x, y, end, end)
    others = [c for c in group if c.method != curve.method]
    own = [c for c in group if c.method == curve.method and c is not curve]
    rows = []
    for table, count in BORROWED.items():
        pool = own if table == "own" else others
        if len(pool) < min(count, 3):
            continue
        borrowed = [pool[j] for j in rng.permutation(len(pool))[:count]]
        for f in fractions:
            then = cut(curve, f)
            if then is not None and np.isfinite(final):
                reach = reach_of(then, borrowed, end)
                rows.append({"set": name, "env": environment(task), "table": table, "f": f, "reach": reach,
                             "curve": then, "borrowed": borrowed, "end": end, "final": final, "range": wide,
                             "kind": "supervised" if name in SUPERVISED else "rl"})  # fmt: skip
    return rows


def fit_final(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Quantiles of (final − centre)/unit by kind, table and fraction."""
    fractions = sorted({r["f"] for r in rows})
    made: dict[str, Any] = {"fractions": fractions, "levels": list(LEVELS)}
    for kind in ("rl", "supervised"):
        made[kind] = {}
        for table in BORROWED:
            z: dict[float, list[float]] = {f: [] for f in fractions}
            for r in rows:
                reach: Reach | None = r["reach"]
                if r["kind"] == kind and r["table"] == table and reach is not None:
                    z[r["f"]].append((r["final"] - reach.centre) / reach.unit)
            told = [f for f in fractions if len(z[f]) >= LEAST]  # a curve may say nothing so early
            near = [min(told, key=lambda g: abs(g - f)) for f in fractions]
            made[kind][table] = [[round(float(q), 4) for q in np.quantile(z[f], LEVELS)] for f in near]
    return made


def pair_rows(names: Sequence[str], seeds: Sequence[int], fractions: Sequence[float], seed: int,
              draws: int = 1) -> list[dict[str, Any]]:  # fmt: skip
    """One row an ordered pair of methods of ≥ 4 runs × number of runs of the new one: its standings and the truth.

    The truth is the order of the mean final scores of all runs. The baseline has all its runs, in every second
    pair three of them.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for name in names:
        for task, group in by_task(load(name)).items():
            methods: dict[str, list[Curve]] = {}
            for c in group:
                methods.setdefault(c.method, []).append(c)
            arms = {m: [g[i] for i in rng.permutation(len(g))[:20]] for m, g in methods.items() if len(g) >= 4}
            finals = {m: np.array([_final(c) for c in g]) for m, g in arms.items()}
            for a, b in ((a, b) for a in arms for b in arms if a != b):
                gap = float(finals[a].mean() - finals[b].mean())
                error = np.sqrt(sum(v.var(ddof=1) / len(v) for v in (finals[a], finals[b])))
                for k in np.repeat(seeds, [draws if s else 1 for s in seeds]).tolist():
                    mine = [arms[a][i] for i in rng.permutation(len(arms[a]))[: k or 99]]
                    theirs = arms[b] if len(rows) % 2 else [arms[b][i] for i in rng.permutation(len(arms[b]))[:3]]
                    goal = float(np.median([c.steps.max() for c in mine]))
                    at = {f: standing([c for c in (cut(c, f) for c in mine) if c], theirs, goal) for f in fractions}
                    rows.append(
                        {"set": name, "env": environment(task), "task": task, "a": a, "b": b, "k": k, "at": at,
                         "won": gap > 0, "gap": gap, "clear": abs(gap) > 2.3 * error}
                    )  # fmt: skip
    return rows


def fit_win(rows: Sequence[dict[str, Any]], fractions: Sequence[float] = WIN_AT) -> dict[str, Any]:
    """Coefficients of the logistic at each fraction, every pair of methods alike."""
    made = []
    for f in fractions:
        said: list[tuple[Standing, bool]] = [(r["at"][f], r["won"]) for r in rows if r["at"].get(f) is not None]
        made.append(
            [
                round(float(b), 4)
                for b in _logistic(np.array([features(s) for s, _ in said]), np.array([w for _, w in said], float))
            ]
        )
    return {"fractions": list(fractions), "coefficients": made}


def _logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Ridge logistic regression by Newton's steps."""
    b = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        slope = x.T @ (y - p) - RIDGE * b
        b = b + np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + RIDGE * np.eye(len(b)), slope)
    return b


def agreement(names: Sequence[str]) -> dict[str, Any]:
    """Share of pairs of methods whose order of mean scores at a fraction is that of the end, tasks alike."""
    tasks, pairs = [], 0
    for name in names:
        for group in by_task(load(name)).values():
            agree = agreement_of(group, AGREE_AT)
            if agree is not None:
                tasks.append(agree[0])
                pairs += agree[1]
    mean = np.mean(tasks, axis=0)
    return {
        "fractions": list(AGREE_AT),
        "agreement": [round(float(v), 4) for v in mean],
        "tasks": len(tasks),
        "pairs": pairs,
    }


def agreement_of(group: Sequence[Curve], at: Sequence[float]) -> tuple[np.ndarray, int] | None:
    from sixdays.verdict.hindsight import orders

    found = orders([c for c in group], at, least=4)
    return None if found is None else (found.mean(axis=0), len(found))


def seeds_or_length(names: Sequence[str], seed: int, draws: int = 40) -> dict[str, Any]:
    """Agreement with the order of runs not used, for some seeds at some fraction; pairs with ≥ 8 runs each."""
    rng = np.random.default_rng(seed)
    designs = [(k, f) for k in (1, 2, 3, 4, 5) for f in (0.1, 0.2, 0.3, 0.5, 0.75, 1.0)]
    right: dict[tuple[int, float], list[float]] = {d: [] for d in designs}
    pairs = 0
    for name in names:
        for group in by_task(load(name)).values():
            methods: dict[str, list[Curve]] = {}
            for c in group:
                methods.setdefault(c.method, []).append(c)
            arms = {m: g[:20] for m, g in methods.items() if len(g) >= 8}
            table = {m: _scores(g, sorted({f for _, f in designs})) for m, g in arms.items()}
            for a, b in ((a, b) for a in arms for b in arms if a < b):
                pairs += 1
                for k, f in designs:
                    column = sorted({f for _, f in designs}).index(f)
                    right[k, f].append(
                        float(np.mean([_right(table[a], table[b], k, column, rng) for _ in range(draws)]))
                    )
    rows = [{"seeds": k, "fraction": f, "agreement": round(float(np.mean(v)), 3)} for (k, f), v in right.items()]
    return {"designs": rows, "pairs": pairs}


def _scores(curves: Sequence[Curve], at: Sequence[float]) -> np.ndarray:
    rows = []
    for c in curves:
        x, y = in_order(c)
        rows.append([score_at(x, y, f * x[-1], float(x[-1])) for f in at])
    return np.array(rows)


def _right(a: np.ndarray, b: np.ndarray, k: int, column: int, rng: np.random.Generator) -> float:
    i, j = rng.permutation(len(a)), rng.permutation(len(b))
    said = np.nanmean(a[i[:k], column]) - np.nanmean(b[j[:k], column])
    truth = a[i[k:], -1].mean() - b[j[k:], -1].mean()
    return 0.5 if said == 0 or truth == 0 else float((said > 0) == (truth > 0))


def _final(c: Curve) -> float:
    x, y = in_order(c)
    return score_at(x, y, float(x[-1]), float(x[-1]))


def fit() -> dict[str, Any]:
    return {
        "what": "tables of the outlook of running curves; made by fits/outlook.py",
        "sources": {name: source(name) for name in (*RL, *SUPERVISED)},
        "final": fit_final(final_rows((*RL, *SUPERVISED), 50, 0)),
        "win": fit_win(pair_rows(PAIRED, (1, 3, 0), WIN_AT, 0)),
        "agreement": agreement(UNSCHEDULED),
        "seeds_or_length": seeds_or_length(PAIRED, 0),
    }


if __name__ == "__main__":
    text = (
        re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", json.dumps(fit(), indent=1))
        + "\n"
    )
    if "--print" in sys.argv:
        print(text)
    else:
        Path(__file__).parent.parent.joinpath("src/sixdays/verdict/outlook.json").write_text(text, encoding="utf-8")
