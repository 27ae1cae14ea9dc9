"""The options of whatever gives a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sixdays.errors import UsageError
from sixdays.quantities import Unreadable, parse_count

if TYPE_CHECKING:
    from sixdays.app.judging import Asked

JUDGING = ("baseline", "method", "metric", "lower", "standard", "margin", "group", "format_", "goal", "planned",
           "window", "events")  # fmt: skip


def how_to_judge(f: Any) -> Any:
    """Adds them to a command; `asked` reads them."""
    for option in reversed(
        (
            click.option("--baseline", metavar="NAME", help="The group to compare with."),
            click.option("--method", metavar="NAME", help="The group that is asked about; the others stand beside it."),
            click.option("--metric", metavar="NAME", help="The metric; the likeliest result by default."),
            click.option("--lower/--higher", "lower", default=None, help="Whether less or more is better."),
            click.option("--standard", metavar="NAME | FILE",
                         help="preliminary, compelling (the default), or a TOML file like them."),
            click.option("--margin", type=float, help="The smallest effect worth having, in the metric's units."),
            click.option("--group", metavar="PATTERN | FILE",
                         help="How paths name runs, {group}/{task}_s{seed}; or a CSV of path,group,task,seed."),
            click.option("--format", "format_", metavar="NAME", help="Read every file as this format."),
            click.option("--goal", metavar="N", help="The steps that a run is to make, where no log says."),
            click.option("--planned", type=click.IntRange(2), metavar="N", help="Seeds an arm at which you will stop."),
            click.option("--window", type=click.FloatRange(0, 1), default=0.05, show_default=True,
                         help="The last part of a run whose mean is its score."),
            click.option("--event", "events", multiple=True, metavar="STEP",
                         help="Something scheduled happens then; nothing is decided before."),
        )
    ):  # fmt: skip
        f = option(f)
    return f


def asked(paths: tuple[str, ...], given: dict[str, Any]) -> Asked:
    """The options as a value; numbers of steps may be written 200k or 1M."""
    from sixdays.app.judging import Asked

    lower = given["lower"]
    return Asked(
        paths, given["baseline"], given["method"], given["metric"], None if lower is None else not lower,
        given["standard"], given["margin"], given["group"], given["format_"],
        None if given["goal"] is None else steps("--goal", given["goal"]), given["planned"], given["window"],
        tuple(steps("--event", e) for e in given["events"]),
    )  # fmt: skip


def steps(option: str, text: str) -> float:
    try:
        return float(parse_count(text))
    except Unreadable as e:
        raise UsageError(f"{option}: {e.message}", e.hint) from e
