"""sixdays FOLDER: from the logs you have, with no plan."""

from __future__ import annotations

from typing import Any

import click

from sixdays.app import looking
from sixdays.app.judging import unread
from sixdays.cli.judging import steps
from sixdays.cli.options import forecasting, note, options, say, say_json
from sixdays.cli.progress import progress
from sixdays.render.problems import problem_lines

OF_WHAT = "The odds are those of what is under way, and of writing it up."
NEXT_STEP = ("A plan from these runs: sixdays init --from FOLDER", "Are the curves a result? sixdays judge FOLDER")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--by", multiple=True, metavar="TIME", help="A deadline; may be given several times.")
@click.option("--goal", metavar="N", help="The steps that a run is to make, where no log says.")
@click.option("--write", metavar="DURATION", help="What the writing takes before a deadline; 2d assumed.")
@click.option("--group", metavar="PATTERN | FILE", help="How paths name runs, {group}/{task}_s{seed}; or a CSV.")
@forecasting
def command(
    paths: tuple[str, ...], by: tuple[str, ...], goal: str | None, write: str | None, group: str | None,
    as_json: bool, **given: Any,
) -> int:  # fmt: skip
    """What runs, what is stuck, how long it takes yet, and how many tries fit before each deadline."""
    at_goal = None if goal is None else steps("--goal", goal)
    with progress("reading logs") as tick:
        looked = looking.look(paths, options(**given), by=by, goal=at_goal, write=write, group=group, tick=tick)
    if as_json:
        say_json(looked.to_dict())
        return 0
    from sixdays.render.runs import found_lines, states_lines, tries_lines
    from sixdays.render.text import indented, target_lines

    made = looked.forecast
    note([*unread(looked.found), *problem_lines(made.warnings)])
    tries = [(t.name, t.deadline, t.closes, t.fit, t.basis) for t in looked.tries]
    lines = [*found_lines(looked.found.notes, looked.states), "", *states_lines(looked.states, made.inputs.now)]
    lines += [f"Most at once: {looked.slots}.", ""]
    for each, target in zip(tries, made.targets.values(), strict=True):
        first, *rest = target_lines(made, target, "")
        lines += [first, *tries_lines(*each, write=looked.write), *rest, ""]
    guessed = [a for a in looked.proposal.assumed if not a.startswith("writing")]
    lines += indented(f"Guessed, since no log tells it: {'; '.join(guessed)}.", "") if guessed and tries else []
    lines += [OF_WHAT] if tries else ["Add --by TIME for the tries that fit and the odds."]
    say([*lines, *NEXT_STEP])
    return 0
