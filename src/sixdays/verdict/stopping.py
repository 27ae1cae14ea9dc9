"""The plan's `stop if:` rules: parsed, and evaluated on a running curve. Proposed to the user, never executed.

The examples are the help and the tests:

    nan                                        a value was not finite
    below baseline at 40 % of the steps        the score there is below the baseline's mean at that step
    worse than baseline at 30%                 the same in the metric's own direction
    below 3000 at 1M steps                     below a number
    above 2.5 at step 10k                      above one (a loss)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sixdays.verdict.curves import Curve
from sixdays.verdict.partial import in_order, score_at

Side = Literal["below", "above", "worse", "better", "nan"]

FORMS = (
    "nan",
    "below baseline at 40 % of the steps",
    "worse than baseline at 30 %",
    "below 3000 at 1M steps",
    "above 2.5 at step 10k",
)
_HINT = "write one of: " + " · ".join(FORMS)
_NUMBER = r"[-+−]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_RULE = re.compile(
    rf"(?P<side>below|under|above|over|worse\s+than|better\s+than|<|>)\s*(?P<against>(?:the\s+)?baseline|{_NUMBER}\s*[kmb]?)"
    rf"\s+(?:at|after)\s+(?:(?P<share>\d+(?:\.\d+)?)\s*(?:%|per\s*cent|percent)(?:\s+of\s+(?:the|its)\s+(?:steps|length|run))?"
    rf"|(?:steps?\s+)?(?P<step>{_NUMBER}\s*[kmb]?)(?:\s*(?:steps?|epochs?|episodes?|iterations?))?)"
)
_SIDES: dict[str, Side] = {"below": "below", "under": "below", "<": "below", "above": "above", "over": "above",
                           ">": "above", "worse than": "worse", "better than": "better"}  # fmt: skip
_TIMES = {"k": 1e3, "m": 1e6, "b": 1e9}


@dataclass(frozen=True, slots=True)
class StopRule:
    """When a run may be stopped. against: a number, or None for the baseline's mean.

    Of `fraction` (of the length) and `step` one is set, but for `nan`, which has neither.
    """

    text: str
    side: Side
    against: float | None = None
    fraction: float | None = None
    step: float | None = None


def parse_stop_rule(text: str) -> StopRule:
    """The rule that a text states.

    Raises:
        ValueError: it is none of the forms; the message lists them.

    >>> parse_stop_rule("below 3000 at 1M steps")
    StopRule(text='below 3000 at 1M steps', side='below', against=3000.0, fraction=None, step=1000000.0)
    """
    plain = re.sub(r"\s+", " ", text.strip().lower())
    if plain in ("nan", "diverged", "diverges", "not finite"):
        return StopRule(text, "nan")
    found = _RULE.fullmatch(plain)
    if not found:
        raise ValueError(f'"{text}" is no rule for stopping; {_HINT}')
    against = None if found["against"].endswith("baseline") else _number(found["against"])
    share = float(found["share"]) / 100 if found["share"] else None
    step = _number(found["step"]) if found["step"] else None
    if (share is not None and not 0 < share <= 1) or (step is not None and step <= 0):
        raise ValueError(f'"{text}" names no point of a run; {_HINT}')
    return StopRule(text, _SIDES[found["side"]], against, share, step)


def evaluate(
    rule: StopRule, curve: Curve, baseline: Sequence[Curve], goal: float, *, higher_is_better: bool = True
) -> bool | None:
    """Whether the rule says to stop; None while it cannot be told: not reached yet, or no baseline got so far.

    baseline: its curves on the same benchmark task. goal: the steps of the run. Scores are means of the last
    5 % of the goal. A curve that is not finite where it is asked is worse than anything, and above or below nothing.
    """
    x, y = in_order(curve)
    if rule.side == "nan":
        return True if not np.isfinite(y).all() else (False if x[-1] >= goal else None)
    step = rule.step if rule.step is not None else (rule.fraction or 0.0) * goal
    if x[-1] < step * (1 - 1e-9):
        return None
    against = rule.against if rule.against is not None else _mean_at(baseline, step, goal)
    if against is None:
        return None
    score = score_at(x, y, step, goal)
    if not np.isfinite(score):
        return rule.side == "worse"
    lower = rule.side in ("below", "worse" if higher_is_better else "better")
    return score < against if lower else score > against


def _mean_at(curves: Sequence[Curve], step: float, goal: float) -> float | None:
    """Mean score of the curves that got to the step; None where none did."""
    ordered = [in_order(c) for c in curves]
    scores = [score_at(x, y, step, goal) for x, y in ordered if x[-1] >= step * (1 - 1e-9)]
    finite = [s for s in scores if np.isfinite(s)]
    return float(np.mean(finite)) if finite else None


def _number(text: str) -> float:
    plain = text.replace(",", "").replace("_", "").replace("−", "-").replace(" ", "")
    return float(plain[:-1]) * _TIMES[plain[-1]] if plain[-1] in _TIMES else float(plain)
