"""Runs that wait: how many of them can no longer change the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sixdays.verdict.arms import gather
from sixdays.verdict.compare import word_of
from sixdays.verdict.curves import Curve
from sixdays.verdict.estimators import difference
from sixdays.verdict.final import Outlook, predict_final
from sixdays.verdict.hindsight import Arm, Scores, cannot_change
from sixdays.verdict.standard import Standard


@dataclass(frozen=True, slots=True)
class Unneeded:
    """Runs that can be left out, of all that wait. by_method: how many of each arm; chance: that it matters."""

    runs: int
    waiting: int
    by_method: Mapping[str, int]
    chance: float


DRAWS_ONE, DRAWS_SEVERAL = 200, 60  # several tasks need a bootstrap in each future


def unneeded(
    curves: Sequence[Curve], baseline: str, method: str, waiting: Mapping[str, int], standard: Standard, *,
    margin: float = 0.0, higher_is_better: bool = True, seed: int = 0,
) -> Unneeded | None:  # fmt: skip
    """How many of the runs that wait can be left out with no more than 1 in 20 futures saying another word.

    waiting: runs to come by method; they go to the benchmark tasks with the fewest runs, the method's first in turn.
    None where nothing waits, or an arm has no finished run to tell its spread from.
    """
    arms = {arm.name: arm for arm in gather([c for c in curves if c.method in (method, baseline)], 0.05)[0]}
    if not sum(waiting.values()) or len(arms) < 2:
        return None
    names = {"method": method, "baseline": baseline}
    finished = {(arm, t): list(s) for arm, name in names.items() for t, s in arms[name].scores.items() if len(s)}
    if {arm for arm, _ in finished} != set(names):
        return None
    running: dict[Arm, list[Outlook]] = {}
    for arm, name in names.items():
        for c in curves:
            if c.method == name and c.is_running and c.goal:
                done = [d for d in curves if d.task == c.task and not d.is_running]
                found = predict_final(c, done, c.goal, higher_is_better=higher_is_better)
                if found is not None:
                    running.setdefault((arm, c.task), []).append(found)
    tasks = sorted({t for _, t in finished})
    queue = _queue({arm: waiting.get(name, 0) for arm, name in names.items()}, tasks, finished, running)
    sign, error = 1.0 if higher_is_better else -1.0, standard.error

    def word(a: Scores, b: Scores) -> str:
        common = [t for t in tasks if a.get(t) and b.get(t)]
        seeds = min((min(len(a[t]), len(b[t])) for t in common), default=0)
        if not standard.is_enough(seeds, len(common)):
            return "not_yet_known"
        x, y = ({t: np.array(s[t], dtype=float) for t in common} for s in (a, b))
        return word_of(difference(x, y, seed), 0.0, error, margin, sign)

    draws = DRAWS_ONE if len(tasks) == 1 else DRAWS_SEVERAL
    settled = cannot_change(finished, running, queue, word, np.random.default_rng(seed), draws=draws)
    out = [names[arm] for arm, _ in queue[len(queue) - settled.cannot :]]
    return Unneeded(settled.cannot, settled.waiting, {n: out.count(n) for n in dict.fromkeys(out)}, settled.chance)


def _queue(
    waiting: Mapping[str, int], tasks: Sequence[str], finished: Mapping[Arm, Sequence[float]],
    running: Mapping[Arm, Sequence[Outlook]],
) -> list[Arm]:  # fmt: skip
    """The runs to come in turn: the arms alternate, each run on the benchmark task where its arm has fewest."""
    have = {
        (arm, t): len(finished.get((arm, t), ())) + len(running.get((arm, t), ())) for arm in waiting for t in tasks
    }
    left = dict(waiting)
    out: list[Arm] = []
    while any(left.values()):
        for arm, n in left.items():
            if n:
                task = min(tasks, key=lambda t: (have[arm, t], t))
                have[arm, task] += 1
                left[arm] -= 1
                out.append((arm, task))
    return out
