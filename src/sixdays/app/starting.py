"""init: from five answers to a plan file and first odds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sixdays.app.forecasting import Answer, odds
from sixdays.app.settings import Options
from sixdays.ask.from_logs import Proposal
from sixdays.ask.interview import Draft, draft
from sixdays.errors import StoreError, UsageError
from sixdays.plan.estimate import parse_estimate
from sixdays.plan.keys import json_schema
from sixdays.quantities import Unreadable, parse_when, parse_whole
from sixdays.stores.texts import create_file


@dataclass(frozen=True, slots=True)
class Started:
    path: str
    text: str
    assumed: tuple[str, ...]
    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        return {**self.answer.to_dict(), "wrote": self.path, "assumed": list(self.assumed)}


def read_answer(key: str, text: str, options: Options) -> Any:
    """One answer as a value. Raises Unreadable, so that the question can be asked again."""
    text = text.strip()
    if key == "by":
        if "#" in text:
            return text
        when = parse_when(text, options.now, options.zone)
        if when <= options.now:
            raise Unreadable(f'"{text}" has passed', "give a time to come")
        return when
    if key == "takes":
        if text == "?":
            return ""
        parse_estimate(text)
        return text
    if key == "in_a_row":
        return parse_whole(text, 1, 100)
    return text


def init(answers: Draft, options: Options, folder: Path) -> Started:
    """Writes plan.yaml and the schema beside it; never over a plan that is there.

    Raises:
        UsageError: there is a plan already. StoreError: the disk cannot be written.
    """
    now: datetime = options.now.astimezone(options.zone)
    return write_first(*draft(answers, now), options, folder)


def from_logs(
    logs: Sequence[str], options: Options, folder: Path, *, by: Sequence[str] = (), write: str | None = None
) -> Proposal:
    """The plan that the logs in some folders make, its patterns as the plan's folder sees them; nothing is written."""
    from sixdays.app.looking import look

    return look(logs, options, by=by, write=write, seen_from=folder).proposal


def write_first(text: str, assumed: tuple[str, ...], options: Options, folder: Path) -> Started:
    """Writes a first plan and the schema beside it; never over a plan that is there.

    Raises:
        UsageError: there is a plan already. StoreError: the disk cannot be written.
    """
    path = folder / "plan.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already", "sixdays ask improves it; sixdays odds reads it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise StoreError(f"{folder} cannot be made: {e.strerror}", "nothing was written") from e
    create_file(path, text)
    write_schema(folder)
    return Started(str(path), text, assumed, odds((str(path),), options))


def write_schema(folder: Path) -> None:
    """The JSON Schema that editors use, beside the plan; without it they only miss their hints."""
    try:
        (folder / ".sixdays").mkdir(exist_ok=True)
        create_file(folder / ".sixdays" / "plan.schema.json", json.dumps(json_schema(), indent=1) + "\n", over=True)
    except (OSError, StoreError):
        return
