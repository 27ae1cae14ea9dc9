"""The scenes of the demo as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sixdays.ask.suppose import Supposition
from sixdays.faster.report import Speedups
from sixdays.odds.forecast import Forecast
from sixdays.render.changes import suppose_lines, what_if_lines
from sixdays.render.faster import kept_lines
from sixdays.render.text import indented, target_lines


class Scene(Protocol):
    """What a scene shows; `app` makes them."""

    @property
    def heading(self) -> str: ...
    @property
    def forecast(self) -> Forecast: ...
    @property
    def before(self) -> Forecast | None: ...
    @property
    def supposition(self) -> Supposition | None: ...
    @property
    def question(self) -> str: ...
    @property
    def speedups(self) -> Speedups | None: ...


def scene_lines(scene: Scene) -> list[str]:
    """A heading, then what was computed."""
    lines = [*indented(f"— {scene.heading}", ""), ""]
    if scene.supposition is not None:
        return [*lines, *suppose_lines(scene.supposition, scene.forecast)[2:]]
    if scene.speedups is not None:
        lines += kept_lines(scene.speedups)
    if scene.before is not None:
        return [*lines, *what_if_lines(scene.before, scene.forecast, "", "plan.yaml")[2:]]
    for target in scene.forecast.targets.values():
        lines += target_lines(scene.forecast, target, "plan.yaml")
    if scene.question:
        lines += ["", *indented(f"The question that would settle it: {scene.question}")]
    return lines


def last_lines(scenes: Sequence[Scene]) -> list[str]:
    return [
        "All of this was computed just now. Your own plan:",
        "",
        '  sixdays "2 x 3d one after another by 8 Nov AoE"',
        "  sixdays init",
    ]
