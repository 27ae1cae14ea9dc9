"""The Python names of judge: on arrays and on paths (design §15)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sixdays.app.judging import Asked, curves_of, judge_curves, standard_of
from sixdays.app.reading import find_runs
from sixdays.app.settings import Options
from sixdays.verdict.curves import Curve
from sixdays.verdict.metric import Metric, sign
from sixdays.verdict.result import Verdict


def read_curves(
    *paths: str | os.PathLike[str], metric: str | None = None, group: str | None = None, format: str | None = None,
    now: datetime | None = None,
) -> tuple[Curve, ...]:  # fmt: skip
    """The curves of one metric in folders or files of logs; those that have not ended carry their goal.

    Args:
        metric: a tag, or the end of one; the likeliest result, if left out.
        group: how paths name runs, such as `{group}/{task}_s{seed}`, or a CSV file of path, group, task, seed.

    Raises:
        UsageError: no runs are there, or they do not log the metric. LogError: a log cannot be read.
    """
    asked = Asked(tuple(map(str, paths)), metric=metric, group=group, format=format)
    found = find_runs(asked.paths, group=group, format=format)
    return curves_of(found, asked, Options(now or datetime.now(UTC)))[0]


def judge(
    curves: Iterable[Curve] | str | os.PathLike[str], *, baseline: str | None = None, method: str | None = None,
    standard: str = "compelling", margin: float | None = None, metric: str | None = None,
    higher_is_better: bool | None = None, planned: int | None = None, window: float = 0.05, seed: int = 0,
    events: Iterable[float] = (),
) -> Verdict:  # fmt: skip
    """Whether a method is better than a baseline: arithmetic on curves, no model is asked.

    Args:
        curves: learning curves, or a folder or file of logs. Values are used as given, never rescaled.
        baseline, method: names; left out, the verdict says which were taken.
        standard: `preliminary`, `compelling`, or the path of a TOML file like them.
        margin: the smallest effect worth having, in the metric's units; the standard's, else 0, if left out.
        higher_is_better: by the metric's name where that tells it, else true.
        planned: seeds an arm at which you will stop looking.
        window: the last part of a run whose mean is its score.
        events: steps at which something scheduled happens; nothing is decided before the first.

    One call is one look; looks are remembered by the command line alone, beside the logs.

    Raises:
        UsageError: no curve, or a name that is not there. LogError: a log cannot be read.
    """
    asked = Asked(
        (), baseline, method, metric, higher_is_better, standard, margin, None, None, None, planned, window,
        tuple(events),
    )  # fmt: skip
    if isinstance(curves, str | os.PathLike):
        asked = replace(asked, paths=(str(curves),))
        found = find_runs(asked.paths)
        known, of, warnings = curves_of(found, asked, Options(datetime.now(UTC)))
    else:
        known, warnings = tuple(curves), ()
        higher = sign(metric or "") if higher_is_better is None else higher_is_better
        of = Metric(metric or "", higher is not False, "")
    verdict = judge_curves(known, asked, standard_of(standard), of, looks=None, seed=seed)
    return replace(verdict, warnings=(*verdict.warnings, *warnings))
