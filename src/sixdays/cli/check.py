"""sixdays check: the odds as an exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from sixdays.app import forecasting
from sixdays.app.settings import Options
from sixdays.cli.judging import JUDGING, asked, how_to_judge
from sixdays.cli.options import forecasting as forecast_options
from sixdays.cli.options import options, say, say_json
from sixdays.cli.progress import progress
from sixdays.errors import UsageError
from sixdays.quantities import Unreadable, parse_odds

if TYPE_CHECKING:
    from sixdays.app.judging import Asked


@click.command()
@click.argument("plans", nargs=-1, metavar="[PLAN | FOLDER | SENTENCE]... | PATH...")
@click.option(
    "--verdict",
    metavar="WORD",
    type=click.Choice(["better", "worse", "same"]),
    help="Instead: 0 where `judge PATH` says this word, else 4.",
)
@how_to_judge
@click.option("--odds", "bar", metavar="P", default="30%", show_default=True, help="The bar, such as 50% or 1 in 3.")
@forecast_options
def command(plans: tuple[str, ...], bar: str, verdict: str | None, as_json: bool, **given: Any) -> int:
    """Exit code 0 where every open target is above the bar, 4 where one is below, 5 where one is impossible."""
    own = {name: given.pop(name) for name in JUDGING}
    if verdict is not None:
        return _verdict(verdict, asked(plans, own), options(**given), as_json=as_json)
    try:
        at_least = parse_odds(bar)
    except Unreadable as e:
        raise UsageError(f"--odds: {e.message}", e.hint) from e
    with progress("drawing futures"):
        made, code = forecasting.check(plans, options(**given), at_least)
    if as_json:
        say_json({**made.to_dict(), "exit": code})
    else:
        from sixdays.render.changes import check_lines

        say(check_lines(made, code, at_least))
    return code


def _verdict(word: str, what: Asked, how: Options, *, as_json: bool) -> int:
    """The verdict as an exit code; it counts as a look."""
    from sixdays.app.judging import exit_code, judge_paths
    from sixdays.app.settling import judge_task

    if not what.paths:
        raise UsageError("--verdict needs the PATH of logs", "sixdays check --verdict better results/")
    alone = what.paths[0] if len(what.paths) == 1 and not os.path.exists(what.paths[0]) else None
    judged = judge_task(alone, "plan.yaml", what, how).judged if alone else judge_paths(what, how)
    code = exit_code(judged, word)
    if as_json:
        say_json({**judged.to_dict(), "exit": code})
    else:
        from sixdays.render.text import indented
        from sixdays.render.verdict import headline

        say(indented(headline(judged.verdict), ""))
    return code
