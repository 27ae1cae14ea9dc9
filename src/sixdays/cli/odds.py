"""sixdays odds: tries left and odds of every deadline; why, where it is impossible."""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import forecasting
from sixdays.cli.options import forecasting as forecast_options
from sixdays.cli.options import note, options, say, say_json
from sixdays.cli.progress import progress
from sixdays.render.problems import problem_lines


@click.command()
@click.argument("plans", nargs=-1, metavar="[PLAN | FOLDER | SENTENCE]...")
@forecast_options
def command(plans: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Tries left and odds of every deadline; why, where it is impossible.

    Without an argument it reads ./plan.yaml. A sentence is a plan too: sixdays "2 x 3d one after
    another by 8 Nov AoE". Several plans on one pool are one forecast: sixdays anna/ ben/
    """
    with progress("drawing futures"):
        answer = forecasting.odds(plans, options(**given), leaders=10 if as_json else 3)
    if as_json:
        say_json(answer.to_dict())
    else:
        from sixdays.render.text import forecast_lines

        note(problem_lines(answer.forecast.warnings))
        say(forecast_lines(answer.forecast, answer.questions, answer.where, answer.moved))
    note(answer.notes)
    return 0
