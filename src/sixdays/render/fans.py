"""What running experiments say → figures. The keys are those of `outlook_summary`; any may be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sixdays.render import figures
from sixdays.render.outlook import finite, listed, numbers
from sixdays.verdict.curves import Curve
from sixdays.verdict.result import Verdict

Figure = tuple[str, str, list[str]]  # name, note, figures
MOST_FANS = 6
QUANTILES = ("p10", "p50", "p90")


def outlook_figures(v: Verdict, curves: Sequence[Curve], kinds: Mapping[str, int]) -> list[Figure]:
    """Fans of the running runs, the chance to win as it went, and agreement with the final order."""
    o, out = v.outlook, []
    fans = _fans(listed(o.get("running")), curves, kinds)
    if fans:
        note = "Where a running run may end: 8 in 10 within the range, the middle dashed; thin: other runs of its task."
        more = f" {len(fans)} of {len(listed(o.get('running')))}." if len(fans) == MOST_FANS else ""
        out.append(("Still running", note + more, fans))
    history = listed(o.get("history"))
    at, chance = (numbers([h.get(k) for h in history]) for k in ("fraction", "chance"))
    if v.main and np.isfinite(chance).any():
        note = f"That {v.main.method} ends ahead, as said at each checkpoint; dotted: 5 and 95 %."
        figure = figures.share_curve(at, chance, None, (0.0, 1.0), "probability to be ahead", (0.05, 0.95))
        out.append(("Who will be ahead", note, [figure]))
    known = o.get("known_at")
    if isinstance(known, Mapping):
        at, share, low = (numbers(known.get(k)) for k in ("fractions", "agreement", "low"))
        if len(at) and len(at) == len(share):
            sure = finite(known.get("confidence"))
            note = "How often the order so far was the final order; the band ends at its lower bound."
            figure = figures.share_curve(
                at, share, low if len(low) == len(at) else None, (0.4, 1.02), "pairs in their final order",
                () if sure is None else (sure,),
            )  # fmt: skip
            out.append(("How early it would have been known", note, [figure]))
    return out


def _fans(running: Sequence[Mapping[str, Any]], curves: Sequence[Curve], kinds: Mapping[str, int]) -> list[str]:
    by_run = {(c.method, c.task, str(c.seed)): c for c in curves if c.method in kinds}
    out: list[str] = []
    firsts = {str(r.get("task")): k for k, r in reversed(list(enumerate(running)))}
    for _, one in sorted(enumerate(running), key=lambda k: k[0] not in firsts.values()):  # one of each task first
        curve = by_run.get((str(one.get("method")), str(one.get("task", "")), str(one.get("seed"))))
        final, fraction = one.get("final"), finite(one.get("fraction"))
        if curve is None or not isinstance(final, Mapping) or not fraction:
            continue
        quantiles = numbers([final.get(q) for q in QUANTILES])
        if np.isfinite(quantiles).all() and np.isfinite(curve.values).any():
            others = [c for c in curves if c.task == curve.task and c is not curve]
            out.append(figures.fan(curve, float(curve.steps.max()) / fraction, quantiles, others, kinds[curve.method]))
        if len(out) == MOST_FANS:
            break
    return out
