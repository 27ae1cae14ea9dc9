"""What running experiments say, in one value: the finals to expect, the chance to win, what may be stopped.

The parts are `final`, `winning`, `periodic` and `hindsight`; their names may be had here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sixdays.verdict.curves import Curve
from sixdays.verdict.final import Outlook, predict_final
from sixdays.verdict.hindsight import Design, Known, Settled, cannot_change, known_at, seeds_or_length
from sixdays.verdict.partial import length
from sixdays.verdict.periodic import periodic_events
from sixdays.verdict.winning import Decision, chances, early_decision, win_probability

__all__ = [
    "Decision", "Design", "Known", "Outlook", "Settled", "cannot_change", "chances", "early_decision", "known_at",
    "outlook_summary", "periodic_events", "predict_final", "seeds_or_length", "win_probability",
]  # fmt: skip


def outlook_summary(
    curves: Sequence[Curve], goals: Mapping[tuple[str, str], float | None], baseline: str, method: str, *,
    higher_is_better: bool = True, events: Sequence[float] = (), seed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """The outlook of a comparison, JSON-able; empty where nothing runs.

    curves: of all methods, in any order; the finished ones are what predictions borrow from.
    goals: steps of a run by (task, method); where nothing stands there, the curve's own goal. A curve without either
    has ended where it does.
    events: steps at which something scheduled happens to the method.

    Keys: `running` (task, method, seed, fraction, final {p10, p50, p90} or None, basis), `chance` that the method's
    mean is above the baseline's in the end, or None with `cannot_say`, `history` of it at the checkpoints passed,
    `decision` {fraction, word} or None, `periodic` (task, method, period, text), `known_at`.
    """
    curves = sorted(curves, key=lambda c: (c.task, c.method, str(c.seed).rjust(12), len(c.steps), c.values.tobytes()))
    named = _with_goals(curves, goals)
    arms = (baseline, method)
    meant = [c.goal or goals.get((c.task, c.method)) for c in curves]  # None: what is short has ended short
    running = [c for c, goal in zip(named, meant, strict=True) if goal and c.is_running and c.method in arms]
    if not running:
        return {}
    done = [c for c in named if not c.is_running]
    mine, theirs = ([c for c in named if c.method == m] for m in (method, baseline))
    chance = win_probability(mine, theirs, higher_is_better=higher_is_better, events=events)
    history = chances(mine, theirs, higher_is_better=higher_is_better, events=events)
    decision = early_decision(history)
    known = known_at(done, np.random.default_rng(seed))
    return {
        "running": [_one(c, [d for d in done if d.task == c.task], higher_is_better) for c in running],
        "chance": chance,
        "cannot_say": "" if chance is not None else _why(mine, theirs, events),
        "history": [{"fraction": f, "chance": p} for f, p in history],
        "decision": {"fraction": decision.fraction, "word": decision.word} if decision else None,
        "periodic": _periodic(running, named, higher_is_better),
        "known_at": {
            "fraction": known.fraction, "confidence": known.confidence, "tasks": known.tasks, "pairs": known.pairs,
            "fractions": list(known.fractions), "agreement": list(known.agreement), "low": list(known.low),
        },
    }  # fmt: skip


def _with_goals(curves: Sequence[Curve], goals: Mapping[tuple[str, str], float | None]) -> list[Curve]:
    """The curves, each with the length that it is to have."""
    return [
        Curve(
            c.task, c.method, c.seed, c.steps, c.values, c.goal or goals.get((c.task, c.method)) or length(c), c.seconds
        )
        for c in curves
    ]


def _one(curve: Curve, references: Sequence[Curve], higher_is_better: bool) -> dict[str, Any]:
    goal = length(curve)
    found = predict_final(curve, references, goal, higher_is_better=higher_is_better)
    final = {f"p{p}": found.quantile(p / 100) for p in (10, 50, 90)} if found else None
    return {
        "task": curve.task, "method": curve.method, "seed": str(curve.seed),
        "fraction": float(curve.steps.max()) / goal, "final": final, "basis": found.basis if found else "",
    }  # fmt: skip


def _why(mine: Sequence[Curve], theirs: Sequence[Curve], events: Sequence[float]) -> str:
    """Why no chance can be said, in words."""
    tasks = {c.task for c in mine}
    if not any(c.task in tasks and not c.is_running for c in theirs):
        return "no finished run of the baseline on the same task"
    if events and max(float(c.steps.max()) for c in mine) < min(events) + 0.05 * max(length(c) for c in mine):
        return f"the event scheduled at step {min(events):,.0f} has not shown its effect yet"
    return "no run of the method has got to 10 % of its length with a finite value"


def _periodic(running: Sequence[Curve], named: Sequence[Curve], higher_is_better: bool) -> list[dict[str, Any]]:
    """Groups of which something runs and whose curves show events at regular steps."""
    out = []
    for task, method in dict.fromkeys((c.task, c.method) for c in running):
        group = [c for c in named if (c.task, c.method) == (task, method)]
        if not higher_is_better:
            group = [Curve(c.task, c.method, c.seed, c.steps, -c.values, c.goal) for c in group]
        period = periodic_events(group)
        if period is not None:
            where = f" on {task}" if task else ""
            text = (
                f"{method}{where} drops about every {period:,.0f} steps: something acts on a schedule; "
                "a chance said before it has acted counts for nothing"
            )
            out.append({"task": task, "method": method, "period": period, "text": text})
    return out
