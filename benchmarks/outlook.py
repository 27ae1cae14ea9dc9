"""Outlook of running experiments on public curves; tables and coefficients fitted without the environment asked.

    SIXDAYS_DATA=… python -m benchmarks.outlook

Predictions of the final score beside last value, power law and damped trend; early decisions; the sets whose
method acts on a schedule; periodic events found and falsely found; how early one would have known.

What is not left out: the parts of the width, the weights of borrowed growth, what the logistic weighs and the
thresholds of periodic events were chosen on these same sets; the public agreement behind `known_at` holds the
tasks that it is tried on; over several tasks only the first one's environment is out of the coefficients.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from fits.outlook import (
    LEVELS,
    PAIRED,
    RL,
    SUPERVISED,
    by_task,
    final_rows,
    fit_final,
    fit_win,
    load,
    pair_rows,
)  # fmt: skip

from sixdays.stats import normal_quantile
from sixdays.verdict.curves import Curve
from sixdays.verdict.final import from_table, predict_final
from sixdays.verdict.hindsight import known_at
from sixdays.verdict.partial import in_order, roughness, score_at
from sixdays.verdict.periodic import periodic_events
from sixdays.verdict.winning import CHECKPOINTS, combined, early_decision

FOLDS = 15
AT = (0.1, 0.2, 0.4, 0.6, 0.8)
PER_TASK = int(os.environ.get("SIXDAYS_PER_TASK", "40"))
EVENTS = {"resets_dmc_sac": 0.1, "resets_dmc_drq": 0.1, "resets_atari100k_spr": 0.2}  # first event, share of the length
Z = normal_quantile(np.array(LEVELS))
Row = dict[str, Any]


def main() -> None:
    if not os.environ.get("SIXDAYS_DATA"):
        print("outlook: set SIXDAYS_DATA", file=sys.stderr)
        return
    for part in (finals, decisions, several_tasks, periods, knowing):
        start = time.process_time()
        part()
        print(f"({time.process_time() - start:.0f} s)\n", flush=True)


def fold_of(env: str, every: Sequence[str]) -> int:
    names = sorted(set(every))
    return int(np.random.default_rng(1).permutation(len(names))[names.index(env)]) % FOLDS


# The final score


def finals() -> None:
    rows = final_rows((*RL, *SUPERVISED), PER_TASK, 0, AT)
    envs = [r["env"] for r in rows]
    folds = {e: fold_of(e, envs) for e in set(envs)}
    for fold in range(FOLDS):
        fitted = fit_final([r for r in rows if folds[r["env"]] != fold])
        peers = fit_last(rows, folds, fold)
        for r in rows:
            if folds[r["env"]] == fold and r["reach"] is not None:
                wanted = {"auto": "supervised" if r["reach"].smooth else "rl", "rl": "rl", "supervised": "supervised"}
                for name, kind in wanted.items():
                    r[name] = np.array(from_table(r["reach"], fitted, kind).values)
                r["last value, conformal"] = r["reach"].now + peers[r["kind"], r["f"]] * range_so_far(r["curve"])
                if r["table"] == "6":
                    own = peer_predictions(r["curve"], r["end"])
                    r.update(own)
    print(f"Final score of running curves: 80 % coverage by fraction of the length, {PER_TASK} curves a task at most\n")
    for kind in ("rl", "supervised"):
        print(f"{kind:<36}" + "".join(f"{f:>7.0%}" for f in AT) + "   n")
        for table in ("6", "3", "1", "own", "none"):
            for name in (kind, "auto", *(("rl",) if kind == "supervised" else ())):
                chosen = [r for r in rows if r["kind"] == kind and r["table"] == table]
                line(f"{_named(table)}, {name} table", chosen, name)
        for name in RL if kind == "rl" else SUPERVISED:
            line(f"  {name}", [r for r in rows if r["set"] == name and r["table"] == "6"], kind)
        print(f"\n{'CRPS, parts of the task’s range':<36}" + "".join(f"{f:>7.0%}" for f in AT))
        for table in ("6", "own", "none"):
            chosen = [r for r in rows if r["kind"] == kind and r["table"] == table and r["reach"] is not None]
            crps_line(f"ours, {_named(table)}", chosen, kind)
            crps_line("  ours, auto", chosen, "auto")
            crps_line("  conformal last value", chosen, "last value, conformal")
            if table == "6":
                for name in PEERS:
                    crps_line(f"  {name}", chosen, name)
        print(f"{'coverage of the peers':<36}")
        for name in ("last value, conformal", *PEERS):
            line(f"  {name}", [r for r in rows if r["kind"] == kind and r["table"] == "6"], name)
        print()
    print_speed(rows)


def _named(table: str) -> str:
    return {"6": "8 of other methods", "3": "3 of other methods", "1": "1 of another method",
            "own": "5 of its own method", "none": "no reference"}[table]  # fmt: skip


def line(label: str, rows: Sequence[Row], name: str) -> None:
    cells = []
    for f in AT:
        hit = [r[name][3] <= r["final"] <= r[name][11] for r in rows if r["f"] == f and name in r]
        cells.append(f"{np.mean(hit):7.1%}" if hit else f"{'–':>7}")
    said = np.mean([name in r for r in rows]) if rows else 0
    print(
        f"{label:<36}" + "".join(cells) + f"   {len(rows) // len(AT)}" + ("" if said > 0.995 else f", said {said:.0%}")
    )


def crps_line(label: str, rows: Sequence[Row], name: str) -> None:
    cells = []
    for f in AT:
        scores = [crps(r[name], r["final"], r["range"], r["reach"].now) for r in rows if r["f"] == f and name in r]
        cells.append(f"{np.mean(scores):7.3f}" if scores else f"{'–':>7}")
    print(f"{label:<36}" + "".join(cells))


def crps(quantiles: np.ndarray, final: float, wide: float, now: float) -> float:
    """Pinball loss over the levels, in ranges of the task; a run that diverges counts for two ranges, a score for 3."""
    final = float(np.clip(final, now - 2 * wide, now + 2 * wide))
    levels = np.array(LEVELS)
    loss = (final - quantiles) * (levels - (final < quantiles))
    return float(min(2 * (loss * np.gradient(levels)).sum() / wide, 3.0))


def fit_last(rows: Sequence[Row], folds: dict[str, int], fold: int) -> dict[tuple[str, float], np.ndarray]:
    """Conformal last value: quantiles of (final − now) in ranges so far."""
    out = {}
    for kind in ("rl", "supervised"):
        for f in AT:
            z = [
                (r["final"] - r["reach"].now) / range_so_far(r["curve"])
                for r in rows
                if r["kind"] == kind and r["f"] == f and r["table"] == "none" and r["reach"] and folds[r["env"]] != fold
            ]
            out[kind, f] = np.quantile(z, LEVELS)
    return out


def range_so_far(curve: Curve) -> float:
    seen = curve.values[np.isfinite(curve.values)]
    low, high = np.quantile(seen, (0.03, 0.97))
    return float(high - low) or 1e-9 + abs(float(seen[-1])) * 1e-3


PEERS = ("last value, own noise", "power law", "damped trend")


def peer_predictions(curve: Curve, end: float) -> dict[str, np.ndarray]:
    x, y = in_order(curve)
    ok = np.isfinite(y)
    x, y = x[ok] / end, y[ok]
    now, noise = score_at(x, y, x[-1], 1.0), roughness(y) or 1e-9
    return {
        "last value, own noise": now + noise * Z,
        "power law": power_law(x, y, noise),
        "damped trend": damped_trend(x, y, noise),
    }


def power_law(x: np.ndarray, y: np.ndarray, noise: float) -> np.ndarray:
    """a − b·x^−c by least squares over a grid of c, mixed by likelihood; error of the fit beside the noise."""
    if len(x) < 4:
        return y[-1] + noise * Z
    keep = np.linspace(0, len(x) - 1, min(len(x), 100)).astype(int)
    ahead = 1.0 / x[-1]
    x, y = x[keep] / x[-1], y[keep]
    means, errors, losses = [], [], []
    for c in (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0):
        design = np.stack([np.ones(len(x)), np.maximum(x, 1e-3) ** -c], 1)
        beta, *_ = np.linalg.lstsq(design, y, rcond=None)
        left = y - design @ beta
        s2 = float(left @ left) / max(len(x) - 3, 1)
        at = np.array([1.0, ahead**-c])
        cov = np.linalg.pinv(design.T @ design) * s2
        means.append(float(at @ beta))
        errors.append(float(np.sqrt(at @ cov @ at + s2 / 5)))
        losses.append(len(x) / 2 * np.log(s2 + 1e-300))
    w = np.exp(np.min(losses) - np.array(losses))
    w /= w.sum()
    mean = float(w @ means)
    sd = float(np.sqrt(w @ (np.array(errors) ** 2 + (np.array(means) - mean) ** 2)))
    return mean + sd * Z


def damped_trend(x: np.ndarray, y: np.ndarray, noise: float, phi: float = 0.9) -> np.ndarray:
    """Holt's damped trend on 20 points so far, carried to the end, the error growing with its one-step error."""
    grid = np.linspace(x[0], x[-1], 20)
    v = np.interp(grid, x, y)
    level, slope, errors = v[0], v[1] - v[0], []
    for value in v[1:]:
        said = level + phi * slope
        errors.append(value - said)
        level, slope = said + 0.5 * (value - said), phi * slope + 0.1 * (value - said)
    h = max(1.0, (1 - x[-1]) / max(grid[1] - grid[0], 1e-9))
    reach = phi * (1 - phi**h) / (1 - phi)
    sd = float(np.std(errors)) * np.sqrt(1 + 0.3 * min(h, 30)) + noise * 1e-3
    return level + slope * reach + sd * Z


def print_speed(rows: Sequence[Row]) -> None:
    some = [r for r in rows if r["table"] == "6" and r["f"] == 0.4][:400]
    start = time.process_time()
    for r in some:
        predict_final(r["curve"], r["borrowed"], r["end"])
    ours = (time.process_time() - start) / len(some)
    start = time.process_time()
    for r in some:
        x, y = in_order(r["curve"])
        power_law(x / r["end"], y, roughness(y))
    print(f"one curve with 8 references: {1e3 * ours:.2f} ms; its power law by least squares: "
          f"{1e3 * (time.process_time() - start) / len(some):.2f} ms")  # fmt: skip


# Early decisions


def with_chances(rows: list[Row]) -> None:
    """P at every checkpoint, from coefficients fitted without the row's environment."""
    envs = [r["env"] for r in rows]
    folds = {e: fold_of(e, envs) for e in set(envs)}
    for fold in range(FOLDS):
        fitted = fit_win([r for r in rows if folds[r["env"]] != fold], CHECKPOINTS)
        for r in rows:
            if folds[r["env"]] == fold:
                r["fitted"] = fitted
                r["p"] = [(f, combined([s], fitted) if (s := r["at"][f]) else None) for f in CHECKPOINTS]


_pairs: list[Row] = []


def decisions() -> None:
    _pairs.extend(pair_rows(PAIRED, (1, 3, 0), CHECKPOINTS, 0))
    with_chances(_pairs)
    print("Early decision, all ordered pairs of methods (≥ 4 runs each), two checkpoints in a row, events declared\n")
    print(
        f"{'runs of the method, threshold':<32}{'pairs':>7}{'decided':>9}{'by 30 %':>9}{'wrong':>8}{'clear':>8}{'run':>7}{'clear':>7}"
    )
    for k in (1, 3, 0):
        for threshold in (0.9, 0.95, 0.99):
            decided(f"{k or 'all'}, {threshold}", [r for r in _pairs if r["k"] == k], threshold)
    decided("3, 0.95, one checkpoint", [r for r in _pairs if r["k"] == 3], 0.95, consecutive=1)
    decided("3, 0.95, events not declared", [r for r in _pairs if r["k"] == 3], 0.95, declared=False)
    for name in PAIRED:
        decided(f"  3, 0.95: {name}", [r for r in _pairs if r["k"] == 3 and r["set"] == name], 0.95)
    print("\nReliability at 20 to 40 %, 3 runs: said, came")
    said = np.array(
        [(p, r["won"]) for r in _pairs if r["k"] == 3 for f, p in r["p"] if p is not None and 0.2 <= f <= 0.4]
    )
    bins = np.digitize(said[:, 0], (0.05, 0.2, 0.4, 0.6, 0.8, 0.95))
    print("  " + "  ".join(f"{said[bins == b, 0].mean():.2f} {said[bins == b, 1].mean():.2f}" for b in range(7)))
    scheduled()


def scheduled() -> None:
    print("\nMethod with resets against without, 3 runs: decided before the first event, decided, wrong")
    for name, first in EVENTS.items():
        rows = [r for r in _pairs if r["set"] == name and r["k"] == 3 and ("reset" in r["a"]) != ("reset" in r["b"])]
        for declared in (True, False):
            made = [(early_decision(r["p"], events=[first] if declared else []), r["won"]) for r in rows]
            made = [(d, w) for d, w in made if d]
            early = sum(d.fraction <= first for d, _ in made)
            wrong = sum((d.word == "better") != w for d, w in made)
            print(
                f"  {name:<24}{'declared' if declared else 'not declared':<14}{len(rows):>4} pairs: {early}, {len(made)}, {wrong}"
            )


def decided(label: str, rows: Sequence[Row], threshold: float, consecutive: int = 2, declared: bool = True) -> None:
    made = []
    for r in rows:
        scheduled = declared and r["set"] in EVENTS and ("reset" in r["a"] or "reset" in r["b"])
        events = [EVENTS[r["set"]]] if scheduled else []
        d = early_decision(r["p"], threshold=threshold, consecutive=consecutive, events=events)
        made.append(
            (d is not None, d is not None and (d.word == "better") != r["won"], d.fraction if d else 1.0, r["clear"])
        )
    m = np.array(made, dtype=float)
    clear = m[:, 3] > 0
    done = m[:, 0] > 0
    print(f"{label:<32}{len(m):>7}{done.mean():>9.1%}{(done & (m[:, 2] <= 0.301)).mean():>9.1%}{m[done, 1].mean() if done.any() else 0:>8.2%}"
          f"{m[done & clear, 1].mean() if (done & clear).any() else 0:>8.2%}{m[:, 2].mean():>7.2f}{m[clear, 2].mean():>7.2f}")  # fmt: skip


def several_tasks() -> None:
    print("P over several tasks of one pair of methods, 3 runs a task (truth: mean difference in ranges)\n")
    print(f"{'tasks':<8}{'at':>6}{'cases':>8}{'P beyond .95':>14}{'of these wrong':>16}   said → came")
    rng = np.random.default_rng(0)
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for r in _pairs:
        if r["k"] == 3:
            groups.setdefault((r["set"], r["a"], r["b"]), []).append(r)
    for count in (3, 5, 10):
        for f in (0.2, 0.4, 0.6):
            made = []
            for rows in groups.values():
                usable = [r for r in rows if r["at"][f] and r["at"][f].range > 0]
                for _ in range(10 if len(usable) >= count else 0):
                    some = [usable[i] for i in rng.permutation(len(usable))[:count]]
                    p = combined([r["at"][f] for r in some], some[0]["fitted"])
                    made.append((p, np.mean([r["gap"] / r["at"][f].range for r in some]) > 0))
            m = np.array(made, dtype=float)
            sure = (m[:, 0] > 0.95) | (m[:, 0] < 0.05)
            wrong = ((m[:, 0] > 0.5) != (m[:, 1] > 0))[sure].mean() if sure.any() else 0.0
            bins = np.digitize(m[:, 0], (0.2, 0.4, 0.6, 0.8))
            text = "  ".join(
                f"{m[bins == b, 0].mean():.2f} {m[bins == b, 1].mean():.2f}" for b in range(5) if (bins == b).any()
            )
            print(f"{count:<8}{f:>6.0%}{len(m):>8}{sure.mean():>14.1%}{wrong:>16.2%}   {text}")


# Schedules, and hindsight


def periods() -> None:
    print("Periodic events, groups of up to 10 runs of a method on a task (and single curves, first run of each)\n")
    print(
        f"{'set':<24}{'with resets':>12}{'flagged':>9}{'without':>9}{'flagged':>9}{'single with':>13}{'flagged':>9}{'single without':>16}{'flagged':>9}"
    )
    total = np.zeros(8)
    for name in RL:
        counts = np.zeros(8)
        for group in by_task(load(name)).values():
            for method in sorted({c.method for c in group}):
                runs = [c for c in group if c.method == method][:10]
                shift = 0 if "reset" in method else 2
                counts[shift] += 1
                counts[shift + 1] += periodic_events(runs) is not None
                counts[4 + shift] += 1
                counts[5 + shift] += periodic_events(runs[:1]) is not None
        total += counts
        print(
            f"{name:<24}" + "".join(f"{int(c):>{w}}" for c, w in zip(counts, (12, 9, 9, 9, 13, 9, 16, 9), strict=True))
        )
    shares = [total[i + 1] / total[i] for i in (0, 2, 4, 6)]
    print(f"{'share flagged':<24}{shares[0]:>21.1%}{shares[1]:>18.1%}{shares[2]:>22.1%}{shares[3]:>25.1%}")


def knowing() -> None:
    print(
        "How early one would have known: the answer at .9 from some tasks, and the agreement on the other tasks from there on\n"
    )
    print(f"{'set':<24}{'own tasks':>10}{'answer':>9}{'agreement there on the others':>32}{'mean over draws':>17}")
    from sixdays.verdict.hindsight import orders

    rng = np.random.default_rng(0)
    for name in ("lqnew_dmc_3M", "dopamine_atari", "resets_dmc_sac", "resets_dmc_drq"):
        groups = by_task(load(name))
        names = list(groups)
        for own in (1, 3, 5):
            answers, held = [], []
            for _ in range(8):
                order = [names[i] for i in rng.permutation(len(names))]
                curves = [c for t in order[:own] for c in groups[t]]
                known = known_at(curves, rng)
                answers.append(known.fraction if known.fraction is not None else 1.0)
                others = [orders(groups[t], [answers[-1]], least=4) for t in order[own : own + 12]]
                held.append(np.mean([o.mean() for o in others if o is not None]))
            print(f"{name:<24}{own:>10}{np.median(answers):>9.0%}{np.min(held):>26.2f} least{np.mean(held):>17.2f}")


if __name__ == "__main__":
    main()
