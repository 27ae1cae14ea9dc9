"""sixdays done: a task finished, or a try failed."""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import recording
from sixdays.cli.options import PLAN, clocked, options, say, say_json


@click.command()
@click.argument("task")
@click.option("--at", metavar="TIME", default=None, help="When it ended; now, if left out.")
@click.option("--took", metavar="DURATION", default=None, help="How long one copy worked: 2d20h.")
@click.option("--copy", type=int, default=None, metavar="K", help="Which copy; all, if left out.")
@click.option(
    "--failed", is_flag=False, flag_value=1, default=None, type=click.IntRange(1, 1_000_000), metavar="[N]",
    help="A try, or N of them, did not convince.",
)  # fmt: skip
@PLAN
@clocked
def command(
    task: str, at: str | None, took: str | None, copy: int | None, failed: int | None,
    plans: tuple[str, ...], as_json: bool, **given: Any,
) -> int:  # fmt: skip
    """Say that TASK finished: sixdays done baseline --took 2d20h. Of a task with tries: that one convinced."""
    recorded = recording.done(task, plans, options(**given), at=at, took=took, copy=copy, failed=failed)
    if as_json:
        say_json(recorded.to_dict())
    else:
        say([recorded.text])
    return 0
