"""sixdays undo: takes back the last edit of the plan."""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import editing
from sixdays.cli.options import PLAN, clocked, options, say, say_json


@click.command()
@PLAN
@clocked
def command(plans: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Take back the last edit that sixdays made to the plan. Again: the one before it."""
    shown = editing.undo(plans, options(**given))
    if as_json:
        say_json({"schema": 1, "diff": shown})
    else:
        say([shown, "Taken back."])
    return 0
