"""Options that commands share, and where the environment and the clock are read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar

import click

from sixdays.app.settings import Options
from sixdays.errors import UsageError
from sixdays.quantities import Unreadable, parse_when, parse_zone

F = TypeVar("F", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help="The answer as JSON, one document.")
_NOW = click.option("--now", "now", metavar="TIME", default=None, envvar="SIXDAYS_NOW", help="Answer as of this time.")
_SEED = click.option(
    "--seed", type=click.IntRange(0, 2**63), default=0, envvar="SIXDAYS_SEED", show_default=True, help="Of the draws."
)
_DRAWS = click.option(
    "--draws", type=click.IntRange(1, 1_000_000), default=10_000, envvar="SIXDAYS_DRAWS", show_default=True,
    help="How many futures are drawn.",
)  # fmt: skip
_AS_STATED = click.option(
    "--as-stated", is_flag=True, help="Estimates exactly as written; a single number is a constant."
)
_NO_RECORD = click.option("--no-record", is_flag=True, help="Write nothing.")
PLAN = click.option(
    "--plan", "plans", multiple=True, metavar="PLAN", envvar="SIXDAYS_PLAN",
    help="Plan file, folder or sentence; ./plan.yaml by default.",
)  # fmt: skip


def clocked(f: F) -> F:
    """--json, --now and --no-record: every command."""
    for option in (_NO_RECORD, _NOW, _JSON):
        f = option(f)
    return f


def forecasting(f: F) -> F:
    """And --seed, --draws, --as-stated: every command that forecasts."""
    for option in (_AS_STATED, _DRAWS, _SEED):
        f = option(f)
    return clocked(f)


def options(
    *, now: str | None, no_record: bool = False, seed: int = 0, draws: int = 10_000, as_stated: bool = False
) -> Options:
    """The options as a value. The clock and the environment are read here and nowhere else."""
    zone = machine_zone()
    clock = datetime.now(zone)
    if now is not None:
        try:
            clock = parse_when(now, clock, zone)
        except Unreadable as e:
            raise UsageError(f"--now: {e.message}", e.hint) from e
    who = os.environ.get("SIXDAYS_WHO") or os.environ.get("USER") or os.environ.get("LOGNAME") or "someone"
    return Options(clock, zone, seed, draws, as_stated, not no_record, who)


def machine_zone() -> tzinfo:
    """The zone that this machine's clock shows: TZ, else the system's, by name where it has one."""
    name = os.environ.get("TZ", "").lstrip(":")
    if not name:
        try:
            name = os.path.realpath("/etc/localtime").split("zoneinfo/", 1)[1]
        except IndexError:
            name = ""
    name = name.removeprefix("posix/")
    if name in ("", "UTC", "Etc/UTC", "UTC0"):
        return UTC if name else datetime.now(UTC).astimezone().tzinfo or UTC
    try:
        return parse_zone(name)
    except Unreadable:
        return datetime.now(UTC).astimezone().tzinfo or UTC


def say(lines: list[str]) -> None:
    """The answer, on stdout."""
    click.echo(_coloured("\n".join(lines)))


def note(lines: list[str]) -> None:
    """Everything else, on stderr."""
    for line in lines:
        click.echo(line, err=True)


def say_json(document: dict[str, Any]) -> None:
    import json

    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    click.echo(text.encode("utf-8", "replace").decode())  # names and lines of files may be no text


_COLOURS = {
    "IMPOSSIBLE": "red", "VIRTUALLY IMPOSSIBLE": "red", "UNLIKELY": "yellow", "TOSS-UP": "yellow", "LIKELY": "green",
}  # fmt: skip


def _coloured(text: str) -> str:
    """Colour on a terminal only; it says nothing that the words do not."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    lines = []
    for line in text.split("\n"):
        word = next((w for w in sorted(_COLOURS, key=len, reverse=True) if line.lstrip().startswith(w)), None)
        lines.append(line.replace(word, click.style(word, fg=_COLOURS[word], bold=True), 1) if word else line)
    return "\n".join(lines)
