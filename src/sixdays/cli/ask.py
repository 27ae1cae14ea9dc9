"""sixdays ask: one question at a time, at most three; answers edit the plan."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from sixdays.app import asking
from sixdays.app.settings import Options
from sixdays.ask.interview import MENDED, ODDS_OF_SURPRISE, PREMORTEM, SURPRISE
from sixdays.cli.options import PLAN, options, say, say_json
from sixdays.cli.options import forecasting as forecast_options
from sixdays.cli.progress import progress
from sixdays.render.text import asked_lines

REPLIES: dict[str, asking.Reply] = {"y": "yes", "n": "no", "s": "skip", "w": "wrong", "": "skip"}


@click.command()
@click.option(
    "--answer",
    "answers",
    multiple=True,
    type=click.Choice(["y", "n", "s", "w"]),
    help="Answers in order, for programs.",
)
@PLAN
@forecast_options
def command(answers: tuple[str, ...], plans: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """The question whose answer would change the odds most; one at a time, at most three.

    y writes the change into the plan, n says it cannot be, s skips for today, w marks the question as
    a wrong one: it never comes back. Without a plan it is the interview that makes one.
    """
    how = options(**given)
    if not plans and not os.path.exists("plan.yaml") and not as_json:
        from sixdays.cli.init import interview

        return interview(how, Path("."))
    with progress("looking for the question"):
        asked = asking.next_questions(plans, how)
    if as_json:
        done = []
        for question, letter in zip(asked.questions, answers, strict=False):
            done.append(
                {"text": question.text, "answer": letter, "diff": asking.reply(asked, question, REPLIES[letter])}
            )
        say_json({**asked.to_dict(), "answers": done})
        return 0
    count = 0
    for question in asked.questions:
        count += 1
        say(["", *asked_lines(question)])
        said = answers[count - 1] if count <= len(answers) else _letter()
        if said is None:
            return 0
        _show(asking.reply(asked, question, REPLIES[said]))
    _interview(asked, how, asking.MOST - count)
    return 0


def _letter() -> str | None:
    """One letter from the user; None where there is nobody (end of input)."""
    while True:
        line = ask_line("[y] yes, write it  [n] no  [s] skip  [w] wrong question")
        if line is None or line.strip().lower() in REPLIES:
            return None if line is None else line.strip().lower()
        say(["y, n, s or w, please; Ctrl-D leaves."])


def ask_line(prompt: str) -> str | None:
    """A line from stdin, terminal or pipe; None at its end."""
    click.echo(f"{prompt}\n> ", nl=False)
    line: str = sys.stdin.readline()
    if not line:
        click.echo("")
        return None
    return line.rstrip("\n")


def _interview(asked: asking.Next, how: Options, left: int) -> None:
    """What the schedule does not ask: the pre-mortem, then what the proposal lacks."""
    if left > 0 and asked.premortem:
        left -= 1
        what = ask_line(f"\n{PREMORTEM}")
        if what is None:
            return
        if what.strip():
            surprise = _surprise()
            deed = ask_line(MENDED) or ""
            _show(asking.expect(asked, what.strip(), surprise, deed))
            say([f"Then you expect this about {ODDS_OF_SURPRISE[surprise] * 10:g} times in 10."])
    for about in asked.missing[: max(0, left)]:
        text = ask_line(f"\n{about.text}   ({about.help}; Enter skips)")
        if text is None:
            return
        _show(asking.fill(asked, about, text))


def _surprise() -> int:
    while True:
        text = ask_line(SURPRISE)
        if text is None or not text.strip():
            return 5
        if text.strip().isdigit() and int(text) <= 10:
            return int(text)
        say(["a number from 0 to 10, please"])


def _show(diff: str) -> None:
    if diff:
        say([diff, "Written. sixdays undo takes it back."])
