"""What running experiments say → sentences. The keys are those of `outlook_summary`; any may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sixdays.quantities import show_percent
from sixdays.render.digits import chance_text
from sixdays.verdict.curves import FloatArray
from sixdays.verdict.result import Verdict


def outlook_words(v: Verdict) -> list[str]:
    """The sentences: the chance to win, whether that is decided, what acts on a schedule, how early it was known."""
    o, main = v.outlook, v.main
    out = []
    chance, history = finite(o.get("chance")), listed(o.get("history"))
    running = len(listed(o.get("running")))
    if main and chance is not None:
        out.append(f"{running} still running: {main.method} ends ahead of {main.baseline}: {chance_text(chance)}.")
    elif running and o.get("cannot_say"):
        out.append(f"{running} still running; who will be ahead cannot be said: {o['cannot_say']}.")
    decision = o.get("decision")
    if isinstance(decision, Mapping) and history and (at := finite(decision.get("fraction"))) is not None:
        out.append(
            f"Decided at {show_percent(at)} of the length: {decision.get('word')} (beyond 95 % at two checkpoints)."
        )
    out += [f"{p['text']}." for p in listed(o.get("periodic")) if p.get("text")]
    known = o.get("known_at")
    if isinstance(known, Mapping) and finite(known.get("pairs")):
        at, sure = finite(known.get("fraction")), finite(known.get("confidence"))
        pairs = f"{known['pairs']} finished pairs of yours beside public curves"
        if at is not None and sure is not None:
            early = f"from {show_percent(at)} of the length on the order was final in {show_percent(sure)} or more"
            out.append(f"How early: {early} ({pairs}).")
        else:
            out.append(f"How early: the order was not sure enough before the end ({pairs}).")
    return out


def listed(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list; none where it is no list."""
    return [x for x in value if isinstance(x, Mapping)] if isinstance(value, list | tuple) else []


def finite(value: Any) -> float | None:
    """A number that is one, else None."""
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def numbers(value: Any) -> FloatArray:
    """A list as an array, NaN where it holds no number; empty where it is no list."""
    if not isinstance(value, list | tuple):
        return np.array([])
    return np.array([np.nan if finite(x) is None else float(x) for x in value], dtype=float)
