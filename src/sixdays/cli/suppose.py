"""sixdays suppose: suppose it is done, what has to happen?"""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import forecasting
from sixdays.cli.options import PLAN, options, say, say_json
from sixdays.cli.options import forecasting as forecast_options
from sixdays.cli.progress import progress


@click.command()
@click.argument("target", required=False)
@click.option("--by", metavar="TIME", default=None, help="Another time than the target's deadline.")
@PLAN
@forecast_options
def command(target: str | None, by: str | None, plans: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Suppose TARGET is met: what has to happen?

    Looks for the smallest set of at most three changes that makes it likely, and says what has to be
    true by when. TARGET is the one that `odds` speaks of first, if left out.
    """
    with progress("looking for a way"):
        answer, made = forecasting.suppose(target, by, plans, options(**given))
    if as_json:
        say_json(answer.to_dict())
        return 0
    from sixdays.render.changes import suppose_lines

    say(suppose_lines(answer, made))
    return 0
