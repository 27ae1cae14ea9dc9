"""sixdays demo: the story, computed as it is told."""

from __future__ import annotations

import sys
from typing import Any

import click

from sixdays.app import story
from sixdays.cli.options import forecasting, options, say, say_json
from sixdays.cli.progress import progress


@click.command()
@forecasting
def command(as_json: bool, **given: Any) -> int:
    """The story, live: six days of experiments do not fit in three. Nothing is written."""
    how = options(**given)
    if as_json:
        say_json({"schema": 1, "scenes": [scene.to_dict() for scene in story.scenes(how)]})
        return 0
    from sixdays.render.story import last_lines, scene_lines

    scenes = story.scenes(how)
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
