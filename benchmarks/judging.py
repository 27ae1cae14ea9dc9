"""The judge: reproduction, coverage, false alarms, power, SAME, noise floor, seeds needed, speed.

python -m benchmarks.judging [table …], with SIXDAYS_DATA the folder of the public data; fixed seeds.
Runs are drawn with replacement from real runs (populations); the truth is the figure of the whole population.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.paired import ratio, row
from sixdays.verdict import estimators
from sixdays.verdict.arms import Arm
from sixdays.verdict.compare import Found, compare
from sixdays.verdict.curves import Curve
from sixdays.verdict.decide import Rule, words
from sixdays.verdict.estimators import (
    bootstrap,
    difference,
    estimate,
    improvement,
    iqm,
    mean_of_runs,
    noise,
    sides,
)
from sixdays.verdict.looks import Look
from sixdays.verdict.power import needed, pilot
from sixdays.verdict.standard import preset
from sixdays.verdict.verdict import judge

Pools = dict[tuple[str, str, str], np.ndarray]  # (set, method, task) → scores of its runs
CURVES = [
    "hc_sac_td3_192seeds",
    "resets_atari100k_spr",
    "resets_dmc_sac",
    "resets_dmc_drq",
    "lqnew_dmc_3M",
    "lqnew_mujoco",
    "td3_paper_mujoco",
    "nanogpt_track3",
]
SCALE = float(os.environ.get("JUDGING_SCALE", "1"))  # of the number of draws


def draws(n: int) -> int:
    return max(1, round(n * SCALE))


def folder() -> Path:
    path = os.environ.get("SIXDAYS_DATA")
    if not path:
        sys.exit("judging needs SIXDAYS_DATA, the folder of the public data")
    return Path(path) / "curves"


@cache
def atari() -> dict[str, np.ndarray]:
    """Human-normalised scores, runs × 26 games."""
    d = np.load(folder() / "atari100k_final_scores.npz")
    return {
        k[4:]: np.asarray(d[k] if k.startswith("hns_") else (d[k] - d["random"]) / (d["human"] - d["random"]), float)
        for k in d.files if k.startswith(("raw_", "hns_"))
    }  # fmt: skip


@cache
def pools() -> Pools:
    out: Pools = {("atari100k", m, f"game{j}"): x[:, j] for m, x in atari().items() if len(x) >= 100 for j in range(26)}
    for name in CURVES:
        d = np.load(folder() / f"{name}.npz")
        o, cells = d["offsets"], {}
        for i in range(len(o) - 1):
            c = Curve(
                d["task"][i], d["method"][i], d["seed"][i], d["steps"][o[i] : o[i + 1]], d["values"][o[i] : o[i + 1]]
            )
            cells.setdefault((name, c.method, c.task), []).append(c.score())
        sign = 1.0 if bool(d["higher_is_better"]) else -1.0
        out |= {k: sign * np.array(v)[np.isfinite(v)] for k, v in cells.items() if np.isfinite(v).sum() >= 8}
    return {k: v for k, v in out.items() if np.ptp(v) > 0}


def large() -> Pools:
    return {k: v for k, v in pools().items() if len(v) >= 30}


def suites() -> Iterator[tuple[str, str, dict[str, np.ndarray]]]:
    """(set, method, task → runs) with large pools on several tasks."""
    found: dict[tuple[str, str], dict[str, np.ndarray]] = {}
    for (s, m, t), x in large().items():
        found.setdefault((s, m), {})[t] = x
    for (s, m), by_task in found.items():
        if len(by_task) >= 5:
            yield s, m, by_task


def table(head: list[str], rows: list[list[Any]]) -> None:
    cells = [head, *[[f"{c:.3f}" if isinstance(c, float) else str(c) for c in r] for r in rows]]
    widths = [max(len(r[i]) for r in cells) for i in range(len(head))]
    for r in cells:
        print("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(r, widths, strict=True))))
    print(flush=True)


def arm(name: str, scores: dict[str, np.ndarray]) -> Arm:
    return Arm(name, {}, scores)


def rule(standard: str, margin: float = 0.0, looks: tuple[Look, ...] = (), spends: bool = False) -> Rule:
    bar = preset(standard)
    return Rule(bar, margin, 1.0, looks, spends, bar.planned_looks[-1])


def pair(rng: np.random.Generator, a: dict[str, np.ndarray], b: dict[str, np.ndarray], n: int) -> Found:
    draw = [{t: rng.choice(x, n) for t, x in s.items()} for s in (a, b)]
    return compare(arm("a", draw[0]), arm("b", draw[1]), 1.0, 0)


# ── reproduction ────────────────────────────────────────────────────────────────────────────────────────────────

PUBLISHED = {"DER": 0.183, "DrQ(eps)": 0.280, "SPR": 0.337, "SimPLe": 0.130, "CURL": 0.113}
PEER = """
import json, sys, time
import numpy as np
from rliable import library, metrics
given = {k: np.array(v) for k, v in json.load(open(sys.argv[1])).items()}
small = np.random.default_rng(0).normal(size=(5, 26))
spent = 0.0
if sys.argv[2] == "timed":
    start = time.perf_counter()
    library.get_interval_estimates({"x": small}, lambda x: np.array([metrics.aggregate_iqm(x)]), reps=50_000)
    spent = time.perf_counter() - start
print(json.dumps({"iqm": {k: float(metrics.aggregate_iqm(v)) for k, v in given.items()}, "seconds": spent,
    "poi": float(metrics.probability_of_improvement(given["SPR"], given["DER"]))}))
"""


def isolated() -> str | None:
    """The Python of a temporary environment with rliable and adastop, or None; PEER_PYTHON names one to be used."""
    if given := os.environ.get("PEER_PYTHON"):
        return given
    where = tempfile.mkdtemp(prefix="peer")
    python = f"{where}/bin/python"
    made = subprocess.run([sys.executable, "-m", "venv", where], check=False)
    got = made.returncode == 0 and subprocess.run(
        [python, "-m", "pip", "install", "-q", "rliable", "pandas<3", "adastop"], check=False, capture_output=True
    ).returncode == 0  # fmt: skip
    return python if got else None


@cache
def peer(timed: bool = False) -> dict[str, Any] | None:
    python = isolated()
    if python is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump({k: v.tolist() for k, v in atari().items()}, f)
        f.flush()
        done = subprocess.run(
            [python, "-c", PEER, f.name, "timed" if timed else "no"], check=False, capture_output=True, text=True
        )
    return json.loads(done.stdout) if done.returncode == 0 else None


def reproduction() -> None:
    """Atari 100k IQM; asked: published ± .001, rliable to 1e-12."""
    theirs = peer()
    rows = []
    for name, x in atari().items():
        scores = {str(j): x[:, j] for j in range(26)}
        value = iqm(scores)
        low, high = estimate(scores, 0).interval(0.95)  # type: ignore[union-attr]
        off = f"{abs(value - theirs['iqm'][name]):.1e}" if theirs else "not installed"
        rows.append([name, len(x), value, f"[{low:.3f}, {high:.3f}]", PUBLISHED.get(name, "-"), off])
    table(["Atari 100k", "runs", "IQM", "95 %", "asked", "off rliable"], rows)
    if theirs:
        a, b = ({str(j): atari()[m][:, j] for j in range(26)} for m in ("SPR", "DER"))
        print(f"P(improvement) SPR over DER: {improvement(a, b):.6f}, rliable {theirs['poi']:.6f}\n")


# ── coverage ────────────────────────────────────────────────────────────────────────────────────────────────────


def coverage_one() -> None:
    """One task: mean by t, IQM by t (the score), Welch's difference; asked .89/.90/.92 at 95 %, at n = 3/5/10."""
    rng = np.random.default_rng(1)
    rows = []
    these = list(large().items())
    by_task: dict[tuple[str, str], list[np.ndarray]] = {}
    for (s, _, t), x in these:
        by_task.setdefault((s, t), []).append(x)
    pairs = [(x, y) for xs in by_task.values() for i, x in enumerate(xs) for y in xs[i + 1 :]]
    for n in (3, 5, 10):
        hit = np.zeros((3, 2))
        count = np.zeros(3)
        for _, x in these:
            for _ in range(draws(40)):
                s = {"t": rng.choice(x, n)}
                one, two = mean_of_runs(s["t"]), estimate(s, 0)
                assert one
                assert two
                for j, level in enumerate((0.95, 0.8)):
                    hit[0, j] += abs(one.value - x.mean()) <= one.half(level)
                    hit[1, j] += abs(two.value - iqm({"t": x})) <= two.half(level)
                count[:2] += 1
        for x, y in pairs:
            for _ in range(draws(20)):
                d = difference({"t": rng.choice(x, n)}, {"t": rng.choice(y, n)}, 0)
                if d is not None:
                    for j, level in enumerate((0.95, 0.8)):
                        hit[2, j] += abs(d.value - (x.mean() - y.mean())) <= d.half(level)
                    count[2] += 1
        share = hit / count[:, None]
        rows.append([f"n = {n}", *share[:, 0], {3: 0.89, 5: 0.90, 10: 0.92}[n], *share[:, 1]])
    table(
        [
            f"one task, {len(these)} populations",
            "mean 95",
            "IQM 95",
            "difference 95",
            "asked ≥",
            "mean 80",
            "IQM 80",
            "difference 80",
        ],
        rows,
    )


def coverage_many() -> None:
    """IQM over 5, 10, 26 tasks; asked .93–.975 in every cell; nominal 80 % and the percentile bootstrap beside."""
    rng = np.random.default_rng(2)
    all_suites = list(suites())
    rows = []
    for tasks in (5, 10, 26):
        able = [s for s in all_suites if len(s[2]) >= tasks]
        for n in (3, 5, 10):
            hit = np.zeros((3, 2))
            total = draws(1500)
            for _ in range(total):
                s, _, by_task = able[rng.integers(len(able))]
                names = rng.choice(sorted(by_task), tasks, replace=False)
                mates = [m for m in able if m[0] == s and set(names) <= m[2].keys()]
                pop = {t: by_task[t] for t in names}
                mate = mates[rng.integers(len(mates))][2]
                other = {t: mate[t] for t in names}
                a, b = ({t: rng.choice(x, n) for t, x in p.items()} for p in (pop, other))
                one, d = estimate(a, 0), difference(a, b, 0)
                drawn = bootstrap(a, 1000, np.random.default_rng(0))
                truth, gap = iqm(pop), iqm(pop) - iqm(other)
                for j, level in enumerate((0.95, 0.8)):
                    hit[0, j] += one is not None and abs(one.value - truth) <= one.half(level)
                    hit[1, j] += d is not None and abs(d.value - gap) <= d.half(level)
                    low, high = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2])
                    hit[2, j] += low <= truth <= high
            share = hit / total
            rows.append(
                [f"{n} x {tasks}", share[0, 0], share[1, 0], share[2, 0], share[0, 1], share[1, 1], share[2, 1]]
            )
    table(
        [
            "runs x tasks (asked .93–.975)",
            "IQM 95",
            "difference 95",
            "percentile 95",
            "IQM 80",
            "difference 80",
            "percentile 80",
        ],
        rows,
    )


# ── false alarms, power, SAME ───────────────────────────────────────────────────────────────────────────────────


def said(found: Found, r: Rule) -> bool:
    return words([found], r)[0][0] in ("better", "worse")


def alarms() -> None:
    """Pairs of the same algorithm; asked: compelling ≤ .05, preliminary ≤ .20, two-sided."""
    rng = np.random.default_rng(3)
    rows = []
    for standard, seeds in (("compelling", (10, 20)), ("preliminary", (3, 5, 10))):
        for n in seeds:
            hits = [
                said(pair(rng, {"t": x}, {"t": x}, n), rule(standard))
                for x in pools().values()
                for _ in range(draws(15))
            ]
            rows.append(
                [
                    f"{standard}, {n} seeds, 1 task, {len(pools())} pools",
                    float(np.mean(hits)),
                    {"compelling": 0.05, "preliminary": 0.2}[standard],
                ]
            )
    for standard, n, tasks in (
        ("compelling", 5, 5),
        ("compelling", 5, 10),
        ("compelling", 10, 5),
        ("compelling", 5, 26),
        ("preliminary", 3, 5),
        ("preliminary", 3, 10),
        ("preliminary", 5, 10),
    ):
        able = [s for s in suites() if len(s[2]) >= tasks]
        hits = []
        for _ in range(draws(400)):
            by_task = able[rng.integers(len(able))][2]
            pop = {t: by_task[t] for t in rng.choice(sorted(by_task), tasks, replace=False)}
            hits.append(said(pair(rng, pop, pop, n), rule(standard)))
        rows.append(
            [
                f"{standard}, {n} seeds, {tasks} tasks",
                float(np.mean(hits)),
                {"compelling": 0.05, "preliminary": 0.2}[standard],
            ]
        )
    table(["same algorithm in both arms", "BETTER or WORSE", "asked ≤"], rows)


def sequential() -> None:
    """A look after every seed from 3 to 20, ledger kept; asked ≤ .05 at compelling (.20 at preliminary)."""
    from scipy import stats  # many pairs at once; on one task the word is Welch's p against the level of the look

    rng = np.random.default_rng(4)
    rows = []
    for standard in ("compelling", "preliminary"):
        r = rule(standard, spends=True)
        levels = {n: r.error(n, 1, earlier=[Look(k) for k in range(3, n)]) for n in range(3, 21)}
        ever, naive = [], []
        for x in large().values():
            a, b = rng.choice(x, (2, draws(100), 20))
            crossed, plain = np.zeros((2, len(a)), dtype=bool)
            for n, level in levels.items():
                spread = a[:, :n].var(1) + b[:, :n].var(1) > 0
                p = np.ones(len(a))
                p[spread] = stats.ttest_ind(a[spread, :n], b[spread, :n], axis=1, equal_var=False).pvalue
                crossed |= p <= level
                plain |= p <= r.standard.error
            ever.append(crossed.mean())
            naive.append(plain.mean())
        rows.append(
            [
                f"{standard}, 1 task, {draws(100) * len(ever)} pairs",
                float(np.mean(ever)),
                float(np.mean(naive)),
                r.standard.error,
            ]
        )
        all_suites = list(suites())
        hits = []
        for _ in range(draws(60)):
            by_task = all_suites[rng.integers(len(all_suites))][2]
            pop = {t: by_task[t] for t in rng.choice(sorted(by_task), 5, replace=False)}
            both = [{t: rng.choice(x, 20) for t, x in pop.items()} for _ in range(2)]
            hit = False
            for n in range(r.standard.least_seeds(5), 21):
                first, second = (
                    arm(name, {t: x[:n] for t, x in s.items()}) for name, s in zip("ab", both, strict=True)
                )
                earlier = tuple(Look(k) for k in range(3, n))
                hit = hit or said(compare(first, second, 1.0, 0), rule(standard, looks=earlier, spends=True))
            hits.append(hit)
        rows.append([f"{standard}, 5 tasks, {len(hits)} pairs", float(np.mean(hits)), "-", r.standard.error])
    table(["same algorithm, looks 3…20", "ever said", "naive p at every seed", "asked ≤"], rows)


def effect_pairs() -> list[tuple[float, np.ndarray, np.ndarray]]:
    """(true d, better, worse) of pairs of methods on one task, from large pools."""
    out = []
    these = list(large().items())
    for i, ((s, _, t), x) in enumerate(these):
        for (s2, _, t2), y in these[i + 1 :]:
            if (s, t) == (s2, t2):
                d = (x.mean() - y.mean()) / np.sqrt((x.var() + y.var()) / 2)
                out.append((abs(d), x, y) if d > 0 else (abs(d), y, x))
    return out


def power() -> None:
    """How often a true difference is said, beside Welch, Mann–Whitney and bands."""
    from scipy import stats  # a peer; not used by the package

    rng = np.random.default_rng(5)
    rows = []
    for n in (3, 5, 10, 20):
        for low, high in ((0.5, 1.0), (1.0, 2.0)):
            hit = np.zeros(7)
            able = [p for p in effect_pairs() if low <= p[0] < high]
            count = 0
            for _, x, y in able:
                for _ in range(draws(8)):
                    a, b = rng.choice(x, n), rng.choice(y, n)
                    found = compare(arm("a", {"t": a}), arm("b", {"t": b}), 1.0, 0)
                    se = [s.std(ddof=1) / np.sqrt(n) for s in (a, b)]
                    boot = [np.quantile(rng.choice(s, (500, n)).mean(1), [0.025, 0.975]) for s in (a, b)]
                    hit += [
                        words([found], rule("compelling"))[0][0] == "better", words([found], rule("preliminary"))[0][0] == "better",
                        words([found], rule("compelling", spends=True))[0][0] == "better",
                        found.p is not None and found.p <= 0.05 and a.mean() > b.mean(),
                        stats.mannwhitneyu(a, b).pvalue <= 0.05 and a.mean() > b.mean(),
                        a.mean() - se[0] > b.mean() + se[1], boot[0][0] > boot[1][1],
                    ]  # fmt: skip
                    count += 1
            rows.append([f"n = {n}, d {low}–{high} ({len(able)} pairs)", *(hit / count)])
    table(
        [
            "one task, said BETTER",
            "compelling",
            "preliminary",
            "first of looks",
            "Welch .05",
            "Mann–Whitney",
            "±SE bands apart",
            "bootstrap CIs apart",
        ],
        rows,
    )
    rows = []
    neighbours = [("DrQ", "DER"), ("DrQ(eps)", "DrQ"), ("SPR", "DrQ(eps)")]
    for n, tasks in ((5, 5), (5, 10), (5, 26), (10, 10)):
        hit = np.zeros(4)
        total = draws(200)
        for i in range(total):
            names = rng.choice(26, tasks, replace=False)
            better, worse = neighbours[i % 3]
            a, b = ({str(j): rng.choice(atari()[m][:, j], n) for j in names} for m in (better, worse))
            found = compare(arm("a", a), arm("b", b), 1.0, 0)
            ci = [np.quantile(bootstrap(s, 1000, rng), [0.025, 0.975]) for s in (a, b)]
            hit += [words([found], rule("compelling"))[0][0] == "better", found.p is not None and found.p <= 0.05 and (found.value or 0) > 0,
                    ci[0][0] > ci[1][1], stats.wilcoxon([a[t].mean() for t in a], [b[t].mean() for t in a]).pvalue <= 0.05]  # fmt: skip
        rows.append([f"{n} seeds x {tasks} games", *(hit / total)])
    table(["DER<DrQ<DrQ(eps)<SPR", "compelling", "permutation .05", "rliable CIs apart", "Wilcoxon of means"], rows)
    adastop()


ADASTOP = """
import json, sys
import numpy as np, pandas as pd
from adastop import MultipleAgentsComparator
out = []
for a, b in json.load(open(sys.argv[1])):
    c = MultipleAgentsComparator(n=5, K=2, B=2000, alpha=0.05, seed=0)
    k = 0
    while True:
        k += 1
        c.partial_compare({"a": np.array(a[:5 * k]), "b": np.array(b[:5 * k])}, verbose=False)
        if c.is_finished or k == 2:
            break
    out.append([{str(v) for v in c.decisions.values()} != {"equal"} and {str(v) for v in c.decisions.values()} != {"continue"}, 5 * k])
print(json.dumps([[bool(x), n] for x, n in out]))
"""


def adastop() -> None:
    """AdaStop on the same pairs, 2 interims of 5 seeds, beside ours with looks at 5 and 10."""
    python = isolated()
    if python is None:
        print("AdaStop could not be installed\n")
        return
    rng = np.random.default_rng(6)
    rows = []
    for low, high in ((0.0, 0.0), (0.5, 1.0), (1.0, 2.0)):
        able = [(x, y) for d, x, y in effect_pairs() if low <= d < high] or [(x, x) for x in large().values()]
        drawn = []
        for _ in range(draws(150)):
            x, y = able[rng.integers(len(able))]
            drawn.append((rng.choice(x, 10), rng.choice(y, 10)))
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            json.dump([[a.tolist(), b.tolist()] for a, b in drawn], f)
            f.flush()
            done = subprocess.run(
                [python, "-W", "ignore", "-c", ADASTOP, f.name], check=False, capture_output=True, text=True
            )
        ours = [said(compare(arm("a", {"t": a}), arm("b", {"t": b}), 1.0, 0), rule("compelling")) for a, b in drawn]
        if done.returncode:
            print("AdaStop failed:", done.stderr.strip().splitlines()[-1:])
            return
        theirs = np.array(json.loads(done.stdout.strip().splitlines()[-1]), float)
        rows.append(
            [
                f"d {low}–{high}" if high else "same algorithm",
                float(np.mean(ours)),
                float(theirs[:, 0].mean()),
                float(theirs[:, 1].mean()),
            ]
        )
    table(["decided, at most 10 seeds, 1 task", "compelling (10 seeds)", "AdaStop (5 + 5)", "its seeds"], rows)


def same() -> None:
    """SAME where the true difference is at least twice the margin; asked ≤ .05. Beside it SAME where it is true."""
    rng = np.random.default_rng(7)
    rows = []
    pairs = effect_pairs()
    for standard, seeds in (("compelling", (10, 20)), ("preliminary", (3, 5, 10))):
        for n in seeds:
            wrong, right = [], []
            for _, x, y in pairs:
                gap = x.mean() - y.mean()
                for _ in range(draws(6)):
                    for share in (0.5, 0.25):
                        if gap > 0:
                            wrong.append(
                                words([pair(rng, {"t": x}, {"t": y}, n)], rule(standard, gap * share))[0][0] == "same"
                            )
                    right.append(
                        words([pair(rng, {"t": x}, {"t": x}, n)], rule(standard, 1.5 * x.std()))[0][0] == "same"
                    )
            rows.append([f"{standard}, {n} seeds, 1 task", float(np.mean(wrong)), 0.05, float(np.mean(right))])
    for standard, n, tasks in (("compelling", 5, 10), ("preliminary", 3, 10)):
        wrong = []
        for i in range(draws(200)):
            names = rng.choice(26, tasks, replace=False)
            better, worse = [("SPR", "DER"), ("DrQ(eps)", "CURL"), ("SPR", "DrQ")][i % 3]
            p, q = ({str(j): atari()[m][:, j] for j in names} for m in (better, worse))
            gap = abs(iqm(p) - iqm(q))
            wrong.append(words([pair(rng, p, q, n)], rule(standard, gap / 2))[0][0] == "same")
        rows.append([f"{standard}, {n} seeds, {tasks} tasks", float(np.mean(wrong)), 0.05, "-"])
    table(["SAME", "true gap ≥ 2 × margin", "asked ≤", "equal, margin 1.5 sd"], rows)


# ── noise floor, seeds needed ───────────────────────────────────────────────────────────────────────────────────


def floor() -> None:
    """Pooled seed noise of 10 groups from n repeats each; asked within ±25 % in ≥ .80 of draws."""
    rng = np.random.default_rng(8)
    rows = []
    for name in ("normal runs (the limit)", "nanogpt_track3", "resets_atari100k_spr", "atari100k", *CURVES[2:5]):
        groups = [x for k, x in pools().items() if k[0] == name] or [rng.normal(size=10_000) for _ in range(10)]
        for again in (True, False):
            shares = []
            for n in (2, 3, 4, 5):
                hits = []
                for _ in range(draws(1000)):
                    ten = [groups[i] for i in rng.choice(len(groups), 10, replace=False)]
                    truth = np.sqrt(np.mean([x.var(ddof=0 if again else 1) for x in ten]))
                    found = noise([rng.choice(x, n, replace=again) for x in ten])
                    hits.append(found is not None and abs(found.value / truth - 1.0) <= 0.25)
                shares.append(float(np.mean(hits)))
            how = "with" if again else "without"
            rows.append([f"{name} ({len(groups)} groups), {how} replacement", *shares, float(np.mean(shares))])
    table(["noise floor within ±25 %", "n = 2", "3", "4", "5", "all (asked .80)"], rows)


def seeds_needed() -> None:
    """The 80 % range of seeds holds the true requirement; asked in ≥ .80 of pilots."""
    rng = np.random.default_rng(9)
    z2 = (1.959964 + 0.841621) ** 2
    rows = []
    for n in (3, 5, 10):
        hit, wide, plug = [], [], []
        for d, x, y in effect_pairs():
            if 0.5 < d < 2.5:
                for _ in range(draws(20)):
                    both = sides({"t": rng.choice(x, n)}, {"t": rng.choice(y, n)}, 0)
                    if both is None:
                        continue
                    truth = z2 * (x.var() + y.var()) / (x.mean() - y.mean()) ** 2 + 1.0
                    margin = abs(x.mean() - y.mean())
                    low, high = needed(pilot(both, rng), 0.05, 0.0)
                    low2, high2 = needed(pilot(both, rng), 0.05, margin)
                    hit.append((low <= truth <= high, low2 <= truth <= high2))
                    wide.append(high / low)
                    guess = z2 * (both.a.se**2 + both.b.se**2) * n / both.difference.value**2 + 1
                    plug.append(abs(np.log(guess / truth)) < np.log(2))
        rows.append([f"pilot of {n}", *np.mean(hit, axis=0), 0.80, float(np.median(wide)), float(np.mean(plug))])
    table(
        [
            "range holds the requirement",
            "observed effect",
            "margin given",
            "asked ≥",
            "median high/low",
            "plug-in within 2x",
        ],
        rows,
    )


# ── speed ───────────────────────────────────────────────────────────────────────────────────────────────────────


def speed() -> None:
    """judge 2 × 10 × 10 against import scipy.stats; bootstrap against rliable."""
    estimators.PERMUTATIONS = 10_000
    rng = np.random.default_rng(10)
    curves = [
        Curve(f"t{t}", m, s, np.arange(1000), rng.normal(size=1000).cumsum() + up)
        for m, up in (("base", 0), ("new", 20))
        for t in range(10)
        for s in range(10)
    ]

    def start_scipy() -> None:
        subprocess.run([sys.executable, "-c", "import scipy.stats"], check=True)

    def start_numpy() -> None:
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)

    print(
        row(
            "judge, 2 × 10 × 10 of 1,000 points ÷ import scipy.stats",
            ratio(lambda: judge(curves, baseline="base"), start_scipy, 5),
            "asked ≤ 1.0",
        )
    )
    print(row("import numpy ÷ import scipy.stats, for scale", ratio(start_numpy, start_scipy, 3)))
    scores = {str(j): rng.normal(size=5) for j in range(26)}
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        bootstrap(scores, 50_000, rng)
        times.append(time.perf_counter() - begin)
    ours = sorted(times)[1]
    theirs = peer(True)
    if theirs:
        print(f"50,000 IQM replicates at 5 × 26: ours {ours:.2f} s, rliable {theirs['seconds']:.1f} s: "
              f"{theirs['seconds'] / ours:.0f} ×, asked ≥ 50 ×")  # fmt: skip
    else:
        print(f"50,000 IQM replicates at 5 × 26: {ours:.2f} s (rliable not installed)")
    print()


TABLES: dict[str, Callable[[], None]] = {f.__name__: f for f in (
    reproduction, coverage_one, coverage_many, alarms, sequential, power, same, floor, seeds_needed, speed)}  # fmt: skip


def main(*names: str) -> None:
    estimators.PERMUTATIONS = 1_000  # thousands of verdicts are wanted; `speed` takes the 10,000 of every day
    for name in names or TABLES:
        print(f"-- {name}: {(TABLES[name].__doc__ or '').splitlines()[0]}\n")
        start = time.perf_counter()
        TABLES[name]()
        print(f"({time.perf_counter() - start:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
