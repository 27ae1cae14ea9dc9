"""The Python name of `faster`: the same search on a command, its result as a value (design §15)."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sixdays.app.settings import Options
from sixdays.app.speeding_up import Told, speed_up
from sixdays.app.wanted import Place, asked_for
from sixdays.faster.report import Speedups


def find_speedups(
    command: Sequence[str],
    *,
    budget: float = 600.0,
    accept: Sequence[str] = ("same", "equivalent"),
    seeds: int = 1,
    units: float | None = None,
    unit: str | None = None,
    tries: Sequence[str] = (),
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    tell: Callable[[Told], None] | None = None,
) -> Speedups:
    """What makes a command faster, measured on short runs of it in scratch copies of its project.

    Args:
        command: its words; no shell is between.
        budget: seconds that it may measure.
        accept: classes of changes that are taken: same, equivalent, changed, less.
        seeds: how many copies the answer needs. units: of one whole run, read from the command where left out.
        unit: a word of what counts as progress.
        tries: patches (paths of diffs) and other command lines, to be measured like ours.
        cwd: where it runs; this folder where left out. env: its environment; this process's where left out.
        tell: told of every short run, before and after it.

    Raises:
        RunError: the command cannot be measured, and why.
        UsageError: an argument says nothing we know.
    """
    where = os.path.abspath(cwd or os.getcwd())
    given = dict(os.environ if env is None else env)  # noqa: TID251  a caller in Python has no command line
    place = Place(given, where, platform.node(), Path())
    options = Options(datetime.now(UTC), UTC, record=False)
    what = asked_for(
        tuple(command), options, place, is_command=True, plan="", budget=f"{budget}s", accept=",".join(accept),
        units=units, unit=unit, seeds=seeds, given=tries,
    )  # fmt: skip
    return speed_up(what, options, place, tell=tell or _silent).speedups


def _silent(told: Told) -> None:
    """Nobody listens."""
