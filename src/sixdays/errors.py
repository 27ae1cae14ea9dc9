"""What can go wrong, as values and as exceptions.

Problems are values about the user's text: collected, and shown all at once.
Exceptions are for what stops the work:

    SixdaysError
    ├── UsageError      a command line that says nothing we know (exit 2)
    ├── PlanError       a plan with problems; `.problems` holds them all (exit 3)
    ├── LogError        a log that cannot be read
    ├── RunError        a command of the user's that did not do its work (exit 6)
    ├── StoreError      records that cannot be read or written
    └── PluginError     a plug-in that is not there, or is not one
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands in a text: lines and columns count from 1, offsets from 0."""

    line: int
    column: int
    start: int = 0
    end: int = 0

    def part(self, start: int, end: int) -> Span:
        """The span of characters start..end of this one (for a value on one line)."""
        return Span(self.line, self.column + start, self.start + start, self.start + end)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a text, where, and how to mend it."""

    message: str
    hint: str = ""
    file: str = ""
    line: int = 1
    column: int = 1
    width: int = 1
    level: Literal["error", "warning"] = "error"

    def to_dict(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
        }


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint with the nearest known name; `otherwise` where none is near."""
    from difflib import get_close_matches  # only when something is wrong

    names = list(dict.fromkeys(known))
    near = get_close_matches(name, names, 1, 0.55)
    lower = {n.lower(): n for n in names}
    near = near or [lower[n] for n in get_close_matches(name.lower(), lower, 1, 0.55)]
    return f'did you mean "{near[0]}"?' if near else otherwise


class SixdaysError(Exception):
    """Whatever sixdays raises on purpose. `hint` says how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SixdaysError):
    """The command line, a sentence or a what-if phrase is not one that we know."""


class PlanError(SixdaysError):
    """A plan cannot be used. `problems` holds everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...], text: str = "") -> None:
        self.problems = problems
        self.text = text
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.file}:{first.line}:{first.column}: {first.message}{more}", first.hint)


class LogError(SixdaysError):
    """A log cannot be read."""


class RunError(SixdaysError):
    """A command of the user's failed."""


class StoreError(SixdaysError):
    """Records cannot be read or written."""


class PluginError(SixdaysError):
    """A plug-in is missing or does not do what its kind promises."""
