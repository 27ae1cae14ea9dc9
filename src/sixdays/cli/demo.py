"""sixdays demo: the story, computed as it is told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sixdays.app import story
from sixdays.cli.faster import here
from sixdays.cli.live import Live
from sixdays.cli.options import forecasting, note, options, say, say_json
from sixdays.cli.progress import progress
from sixdays.errors import RunError

if TYPE_CHECKING:
    from sixdays.app.settings import Options
    from sixdays.faster.report import Speedups


@click.command()
@click.option("--quick", is_flag=True, help="Measure nothing: the factor is the one of the story.")
@forecasting
def command(quick: bool, as_json: bool, **given: Any) -> int:
    """The story, live: six days of experiments do not fit in three. Nothing is written.

    Thirty seconds of it are spent on `faster`, on a small training script that it brings.
    """
    how = options(**given)
    measure = None if quick else lambda: _measured(how, quiet=as_json)
    scenes = story.scenes(how, measure)
    if as_json:
        say_json({"schema": 1, "scenes": [scene.to_dict() for scene in scenes]})
        return 0
    from sixdays.render.story import last_lines, scene_lines

    told = []
    while True:
        with progress("drawing futures"):
            scene = next(scenes, None)
        if scene is None:
            break
        told.append(scene)
        say(scene_lines(scene))
        if sys.stdin.isatty() and sys.stdout.isatty():
            click.pause("  Enter goes on")
        say([""])
    say(last_lines(told))
    return 0


def _measured(how: Options, *, quiet: bool) -> Speedups | None:
    """What thirty seconds show; None, and why, where this machine cannot say."""
    if not quiet:
        note(["sixdays faster --budget 30s -- python train.py --algo baseline --seed 0"])
    with Live(quiet=quiet) as live:
        try:
            return story.measured(how, here(), live.tell)
        except RunError as e:
            note([f"not measured here: {e.message}"])
            return None
