"""sixdays check: the odds as an exit code."""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import forecasting
from sixdays.cli.options import forecasting as forecast_options
from sixdays.cli.options import options, say, say_json
from sixdays.cli.progress import progress
from sixdays.errors import UsageError
from sixdays.quantities import Unreadable, parse_odds


@click.command()
@click.argument("plans", nargs=-1, metavar="[PLAN | FOLDER | SENTENCE]...")
@click.option("--odds", "bar", metavar="P", default="30%", show_default=True, help="The bar, such as 50% or 1 in 3.")
@forecast_options
def command(plans: tuple[str, ...], bar: str, as_json: bool, **given: Any) -> int:
    """Exit code 0 where every open target is above the bar, 4 where one is below, 5 where one is impossible."""
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
