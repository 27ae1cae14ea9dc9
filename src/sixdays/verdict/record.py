"""A record list's rule: the mean of a method's runs against a fixed number, one-sided, the spread of a run known."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from sixdays.stats import normal_sf, upper_quantile
from sixdays.verdict.arms import Arm
from sixdays.verdict.result import Comparison, Interval, Word
from sixdays.verdict.standard import Record


def against_record(arms: Sequence[Arm], record: Record, sign: float, method: str | None) -> tuple[Comparison, ...]:
    """Every method against the number, the one asked for first, else the best first. A diverged run bars the word.

    Better: z = sign · (mean − number) · √n / sigma lies beyond the upper quantile of the error; worse: mirrored.
    """
    z_needed = float(upper_quantile(np.array([record.error]))[0])
    out = []
    for arm in arms:
        runs = np.concatenate(list(arm.scores.values())) if arm.scores else np.zeros(0)
        name = f"{record.number:g}"
        level = 1.0 - 2.0 * record.error
        if not len(runs) or arm.only_running:
            why = "no finished run has a score"
            out.append(
                Comparison(arm.name, name, "not_yet_known", Interval(None, None, None, level), None, None, why=why)
            )
            continue
        off, se = float(runs.mean()) - record.number, record.sigma / sqrt(len(runs))
        z = sign * off / se
        word: Word = "better" if z >= z_needed else "worse" if z <= -z_needed else "not_yet_known"
        why = f"z = {z:.2f} with the spread of a run taken as {record.sigma:g}; {z_needed:.2f} is asked for"
        if arm.diverged:
            word, why = "not_yet_known", f"{arm.diverged} of its runs diverged"
        between = Interval(off, off - z_needed * se, off + z_needed * se, level)
        p = min(1.0, 2.0 * float(normal_sf(np.array([abs(z)]))[0]))
        out.append(Comparison(arm.name, name, word, between, p, None, why=why))
    best = {c.method: -sign * (c.difference.value or 0.0) for c in out}
    return tuple(sorted(out, key=lambda c: (c.method != method, c.difference.value is None, best[c.method], c.method)))
