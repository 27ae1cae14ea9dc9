"""sixdays init: five questions, then odds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sixdays.app import starting
from sixdays.app.settings import Options
from sixdays.ask.interview import FIRST, Draft
from sixdays.cli.options import forecasting, options, say, say_json
from sixdays.errors import UsageError
from sixdays.quantities import Unreadable


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--claim", default=None, help="What the abstract would claim.")
@click.option("--by", default=None, metavar="TIME", help="The deadline.")
@click.option("--run", "run_", default=None, metavar="COMMAND", help="The command; it is not run.")
@click.option("--takes", default=None, metavar="ESTIMATE", help="How long one run takes: 2d to 4d.")
@click.option("--in-a-row", default=None, metavar="N", help="How many runs must finish one after another.")
@click.option("--from", "logs", multiple=True, metavar="FOLDER", help="Propose the plan from the logs in a folder.")
@click.option("--write", metavar="DURATION", help="With --from: what the writing takes; 2d assumed.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is not given is skipped.")
@forecasting
def command(
    folder: Path, claim: str | None, by: str | None, run_: str | None, takes: str | None, in_a_row: str | None,
    logs: tuple[str, ...], write: str | None, yes: bool, as_json: bool, **given: Any,
) -> int:  # fmt: skip
    """Write plan.yaml from five questions, each of which can be skipped, and show the first odds.

    With --from it is proposed from logs, shown, and written on yes. Nothing is run and nothing is sent.
    """
    if logs:
        return _from_logs(folder, logs, by, write, options(**given), quiet=yes or as_json, as_json=as_json)
    said = {"claim": claim, "by": by, "run": run_, "takes": takes, "in_a_row": in_a_row}
    return interview(options(**given), folder, said, quiet=yes or as_json, as_json=as_json)


def interview(
    how: Options, folder: Path, said: dict[str, str | None] | None = None, *, quiet: bool = False, as_json: bool = False
) -> int:
    """Asks what was not said, writes the plan, shows the odds."""
    if (folder / "plan.yaml").exists():
        raise UsageError(f"{folder / 'plan.yaml'} is there already", "sixdays ask improves it; sixdays odds reads it")
    said = said or {}
    values: dict[str, Any] = {}
    for asked in FIRST:
        text = said.get(asked.key)
        if text is not None:
            try:
                values[asked.key] = starting.read_answer(asked.key, text, how)
            except Unreadable as e:
                raise UsageError(f"--{asked.key.replace('_', '-')}: {e.message}", e.hint) from e
        elif not quiet and (value := _ask(asked.key, asked.text, asked.help, how)) is not None:
            values[asked.key] = value
    return _told(starting.init(Draft(**values), how, folder), as_json=as_json)


def _from_logs(
    folder: Path, logs: tuple[str, ...], by: str | None, write: str | None, how: Options, *, quiet: bool, as_json: bool
) -> int:
    """Shows the plan that the logs make; writes it on yes."""
    if (folder / "plan.yaml").exists():
        raise UsageError(f"{folder / 'plan.yaml'} is there already", "sixdays ask improves it; sixdays odds reads it")
    proposal = starting.from_logs(logs, how, folder, by=[by] if by else [], write=write)
    if not as_json:
        say([*proposal.text.rstrip().split("\n"), ""])
    if not quiet and not click.confirm(f"Write this as {folder / 'plan.yaml'}?", default=True):
        say(["Nothing was written."])
        return 0
    return _told(starting.write_first(proposal.text, proposal.assumed, how, folder), as_json=as_json)


def _told(started: starting.Started, *, as_json: bool) -> int:
    if as_json:
        say_json(started.to_dict())
        return 0
    from sixdays.render.text import forecast_lines

    lines = len(started.text.splitlines())
    say(["", f"Wrote {started.path} ({lines} lines) and .sixdays/plan.schema.json beside it."])
    say(["Nothing was run, nothing was sent."])
    say([f"Assumed: {'; '.join(started.assumed)}." if started.assumed else "", ""])
    say(forecast_lines(started.answer.forecast, started.answer.questions, started.answer.where))
    return 0


def _ask(key: str, text: str, help_: str, how: Options) -> Any:
    from sixdays.cli.ask import ask_line

    while True:
        line = ask_line(f"{text}   ({help_})")
        if line is None or not line.strip():
            return None
        try:
            return starting.read_answer(key, line, how)
        except Unreadable as e:
            say([f"  {e.message}", f"     hint: {e.hint}"] if e.hint else [f"  {e.message}"])
