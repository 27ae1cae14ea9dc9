"""sixdays faster: what speeds up a command, measured and proved."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Callable, Sequence
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sixdays.cli import EXIT_INTERRUPTED
from sixdays.cli.live import Live
from sixdays.cli.options import forecasting, note, options, say, say_json

if TYPE_CHECKING:
    from sixdays.app.wanted import Place
    from sixdays.faster.report import Delivery


MEASURING = "budget accept units unit seeds tries propose put_in keep keep_probes".split()


FORMS = """\b
sixdays faster -- python train.py    measures short runs of it in copies
sixdays faster TASK                  the same for a task of the plan
sixdays faster                       the ten-minute list; runs nothing
"""


def _count(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """A number as plans have it: 900, 300k, 5M, 1e6."""
    from sixdays.errors import UsageError
    from sixdays.quantities import Unreadable, parse_count

    try:
        return float(parse_count(value)) if value is not None else None
    except Unreadable as e:
        raise UsageError(f"--units: {e.message}", e.hint) from e


def _not_after(words: Sequence[str]) -> Exception:
    """Of a command without the two dashes before it."""
    from sixdays.errors import UsageError

    return UsageError("a command stands after --", f"sixdays faster -- {shlex.join(words)}")


class _Split(click.Command):
    """Notes whether a command stands after `--`: a lone word before it names a task."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["after"] = "--" in args
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError:
            words = list(dropwhile(lambda word: word.startswith("-"), given))
            if ctx.meta["after"] or len(words) < 2 or len(words) < len(given):
                raise
            raise _not_after(words) from None


@click.command(cls=_Split, epilog=FORMS)
@click.argument("words", nargs=-1, metavar="[TASK] | -- COMMAND...")
@click.option("--budget", default="10min", show_default=True, metavar="D", help="How long it may measure.")
@click.option("--accept", default="same,equivalent", show_default=True, help="Classes to take: also changed, less.")
@click.option("--units", callback=_count, metavar="N", help="Of one whole run, as 5M; read from it by default.")
@click.option("--unit", metavar="WORD", help="What counts as progress: env, optimiser, batch, printed, run.")
@click.option("--seeds", type=click.IntRange(1, 100_000), help="How many copies the answer needs.")
@click.option("--try", "tries", multiple=True, metavar='FILE.diff|"COMMAND"', help="A change of your own; repeatable.")
@click.option("--propose", metavar="COMMAND", help="A program that reads the diagnosis and writes a diff.")
@click.option("--apply", "put_in", is_flag=True, help="Put it in: shown first, asked, and taken back by its reverse.")
@click.option("--keep", is_flag=True, help="Write the faster `takes` into the plan; sixdays undo takes it back.")
@click.option("--keep-probes", is_flag=True, help="Leave the scratch copies, and say where.")
@click.option("--plan", metavar="PLAN", default="plan.yaml", show_default=True, help="The plan of TASK.")
@click.option("--yes", is_flag=True, help="Do not ask before a task's command is run, or a change put in.")
@forecasting
def command(
    words: tuple[str, ...], budget: str, accept: str, units: float | None, unit: str | None, seeds: int | None,
    tries: tuple[str, ...], propose: str | None, put_in: bool, keep: bool, keep_probes: bool, plan: str, yes: bool,
    as_json: bool, **given: Any,
) -> int:  # fmt: skip
    """What makes a command faster: measured in ten minutes, without an edit, its numbers proved the same."""
    from sixdays.app import speeding_up, wanted
    from sixdays.errors import UsageError
    from sixdays.render.faster import opening

    how = options(**given)
    place = here()
    if not words:
        if asked := _asked(click.get_current_context()):
            hint = "sixdays faster [OPTIONS] -- python train.py, or a task of the plan"
            raise UsageError(f"{', '.join(asked)}: without a command there is nothing to measure", hint)
        from sixdays.app.ten_minutes import ten_minutes

        items = ten_minutes(plan, how, place)
        if as_json:
            say_json({"schema": 1, "items": [i.to_dict() for i in items]})
        else:
            from sixdays.render.faster import ten_minute_lines

            say(ten_minute_lines(items))
        return 0
    is_command = click.get_current_context().meta["after"]
    if len(words) > 1 and not is_command:  # options of the command would be taken for ours
        raise _not_after(words)
    what = wanted.asked_for(
        words, how, place, is_command=is_command, plan=plan,
        budget=budget, accept=accept, units=units, unit=unit, seeds=seeds, given=tries, propose=propose, keep=keep,
        keep_probes=keep_probes,
    )  # fmt: skip
    if keep and what.task is None:
        raise UsageError("--keep: no task of a plan here runs this command", "name the task, or add its run: first")
    if not (as_json and what.typed):
        note(opening(what))
    wanted.allow(what, place, ask=_ask(), yes=yes)
    with Live(quiet=as_json) as live:
        found = speeding_up.speed_up(what, how, place, tell=live.tell)
    if as_json:
        say_json(found.to_dict())
    else:
        from sixdays.render.changes import odds_lines
        from sixdays.render.faster import answer_lines, delivery_lines, plan_lines, speedup_lines

        lines = speedup_lines(found.speedups)
        if found.speedups.kept or found.speedups.copies > 1:
            lines += delivery_lines(found.delivery, found.speedups.copies)
        lines += answer_lines(found.speedups)
        if found.before is not None and found.after is not None and what.task is not None:
            lines += odds_lines(found.before, found.after)[1:]
            lines += plan_lines(what.task.name, found.saved_s, found.diff)
        say(lines)
    note(list(found.notes))
    if put_in:
        _put_in(found.delivery, bool(found.speedups.delivered), how.now.strftime("%Y%m%d-%H%M%S"), yes=yes)
    return EXIT_INTERRUPTED if found.speedups.interrupted else 0


def _asked(ctx: click.Context) -> list[str]:
    """The options that were given and ask for a measurement."""
    names = {p.name: p.opts[0] for p in ctx.command.params if isinstance(p, click.Option)}
    given = [n for n in names if ctx.get_parameter_source(n) is click.core.ParameterSource.COMMANDLINE]
    return [names[n] for n in given if n in MEASURING]


def _put_in(made: Delivery, is_any: bool, stamp: str, *, yes: bool) -> None:
    """Shows the diff, asks, applies it, and says what takes it back."""
    from sixdays.app import delivering
    from sixdays.render.changes import clean_diff

    if not made.diff:
        note(["nothing to put in" + ": the command line says it all" * is_any])
        return
    note(clean_diff(made.diff))
    if not yes and not (sys.stdin.isatty() and click.confirm("Put it in?", default=False, err=True)):
        note(["nothing was changed", "   hint: --apply --yes puts it in without asking"])
        return
    back = delivering.put_in(made, stamp)
    note([f"put in; start it as: {made.line}" if made.env else "put in", f"taken back by: {back}"])


def _ask() -> Callable[[str], bool] | None:
    """Asks on a terminal; elsewhere there is nobody to ask."""
    from sixdays.render.problems import clean

    return (lambda text: click.confirm(clean(text), default=False, err=True)) if sys.stdin.isatty() else None


def here() -> Place:
    """Where it runs, as this process sees it."""
    from sixdays.app.wanted import Place

    return Place(dict(os.environ), os.getcwd(), platform.node(), allowed())


def allowed() -> Path:
    """Where this user's allowed commands are kept."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(state) / "sixdays" / "allowed"
