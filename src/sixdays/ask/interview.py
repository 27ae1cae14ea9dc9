"""The interview: five questions to a first plan, the proposal's questions, and the pre-mortem (design §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sixdays.plan.edit import plain
from sixdays.quantities import write_instant, zone_name

WRITING = "1d to 2d"
UNKNOWN_LENGTH = "1d to 4d"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the interview. key: what it fills."""

    key: str
    text: str
    help: str = ""


FIRST = (
    Asked("claim", "What would the abstract claim, in one sentence?", "Enter skips any question"),
    Asked("by", "By when?", 'a date, "+3d", or conferences.yml#iclr'),
    Asked("run", "Which command gives the first useful evidence?", "I will not run it"),
    Asked("takes", "How long does one run take? low to high", '"2d to 4d"; "?" if you do not know'),
    Asked("in_a_row", "How many runs must finish one after another?", "1 if one is enough"),
)
PROPOSAL = (
    Asked("question", "Which number, on which task, against what, would make you say yes?", "becomes `question`"),
    Asked("differs", "What differs from the state of the art, and what is its published figure?", "becomes `differs`"),
    Asked("why better", "Why should that be better?", "becomes `why better`"),
    Asked("fastest test", "What is the fastest experiment that could end the project?", "becomes `fastest test`"),
)
PREMORTEM = "It is the day after the deadline and there is no paper. What happened?"
SURPRISE = "How surprised would you be?  0 not at all … 10 I would not understand what happened"
MENDED = "What would make it more surprising, and what does that cost?  Enter keeps the bet"

# Surprise as odds: an assumption of ours, shown when it is used and corrected by the score later.
ODDS_OF_SURPRISE = (0.9, 0.7, 0.55, 0.4, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02, 0.01)


@dataclass(frozen=True, slots=True)
class Draft:
    """The answers of the first five questions; empty or None where skipped."""

    claim: str = ""
    by: datetime | str | None = None
    run: str = ""
    takes: str = ""
    in_a_row: int = 1


def draft(answers: Draft, now: datetime) -> tuple[str, tuple[str, ...]]:
    """The text of a first plan, and what was assumed in it."""
    assumed = []
    takes = answers.takes
    if not takes:
        takes = UNKNOWN_LENGTH
        assumed.append(f"a run takes {UNKNOWN_LENGTH}")
    lines = ["# yaml-language-server: $schema=.sixdays/plan.schema.json"]
    if answers.claim:
        lines.append(f"question: {plain(answers.claim)}")
    lines += [f"zone: {zone_name(now)}", "", "resources:", "  gpu: 1                # how many runs may go at once"]
    lines += ["  me: {hours: 9:00-19:00, days: mon-sat}", "", "tasks:"]
    before = ""
    for i in range(max(1, answers.in_a_row)):
        name = f"run-{i + 1}" if answers.in_a_row > 1 else "run"
        lines.append(f"  {name}:")
        if before:
            lines.append(f"    after: {before}")
        lines.append(
            f"    takes: {plain(takes)}" + ("" if answers.takes else "        # a guess: nobody has measured it")
        )
        lines.append("    needs: {gpu: 1}")
        if answers.run:
            lines.append(f"    run: {plain(answers.run)}")
        before = name
    assumed.append(f"writing takes {WRITING}")
    lines += ["  write:", f"    after: {before}", f"    takes: {WRITING}        # assumed", "    needs: {me: 1}"]
    if answers.by is not None:
        deadline = write_instant(answers.by) if isinstance(answers.by, datetime) else answers.by
        lines += ["", "targets:", f"  paper: {{deadline: {deadline}, requires: [{before}, write]}}"]
    return "\n".join(lines) + "\n", tuple(assumed)


def premortem_risk(what: str, surprise: int, stops: tuple[str, ...]) -> Mapping[str, object]:
    """What a pre-mortem adds to the plan: a risk that stops the target, with odds from the surprise."""
    return {"name": what, "odds": ODDS_OF_SURPRISE[max(0, min(10, surprise))], "stops": stops}
