"""sixdays start: a task began."""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import recording
from sixdays.cli.options import PLAN, clocked, options, say, say_json


@click.command()
@click.argument("task")
@click.option("--at", metavar="TIME", default=None, help="When it began; now, if left out.")
@click.option("--copy", type=int, default=None, metavar="K", help="Which copy; as many as fit, if left out.")
@PLAN
@clocked
def command(task: str, at: str | None, copy: int | None, plans: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Say that TASK began: sixdays start baseline --at "Tue 9:00"."""
    recorded = recording.start(task, plans, options(**given), at=at, copy=copy)
    if as_json:
        say_json(recorded.to_dict())
    else:
        say([recorded.text])
    return 0
