"""Problems → lines: place, message, the line with a caret, a hint."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from sixdays.errors import PlanError, Problem

WIDTH = 80


def problem_lines(problems: Iterable[Problem], text: str = "") -> list[str]:
    """Problems as editors read them, each with its line of the text, a caret and a hint."""
    source = text.splitlines()
    lines = []
    for p in problems:
        level = "" if p.level == "error" else "warning: "
        at = f"{p.file}:{p.line}:{p.column}: " if p.file else ""
        lines += wrapped(f"{at}{level}{p.message}")
        if p.level == "error" and p.line <= len(source) and source[p.line - 1].strip():
            lines += _caret(source[p.line - 1], p)
        if p.hint:
            lines += wrapped(p.hint, "   hint: ")
    return lines


def error_lines(message: str, hint: str) -> list[str]:
    """An error that has no place in a file."""
    return wrapped(message) + (wrapped(hint, "   hint: ") if hint else [])


def wrapped(text: str, first: str = "") -> list[str]:
    """Text in lines of a terminal; the lines after the first are indented."""
    return [
        line
        for part in text.split("\n")
        for line in wrap(
            clean(part), WIDTH, initial_indent=first, subsequent_indent=" " * max(4, len(first)),
            break_on_hyphens=False, break_long_words=False,
        )
    ]  # fmt: skip


def _caret(line: str, p: Problem) -> list[str]:
    shown, start = line.expandtabs(1), p.column - 1
    if len(shown) > WIDTH - 8:  # a long line is cut around the place
        cut = max(0, start - 30)
        shown, start = shown[cut : cut + WIDTH - 8], start - cut
    width = max(1, min(p.width, len(shown) - start))
    return [clean(f"{p.line:6} | {shown}"), f"       | {' ' * start}{'^' * width}"]


def plan_error_lines(error: PlanError, nothing: str = "nothing was changed") -> list[str]:
    count = sum(p.level == "error" for p in error.problems)
    return [
        *problem_lines(error.problems, error.text),
        f"{count} problem{'s' if count != 1 else ''}; {nothing}.",
    ]


def clean(text: str) -> str:
    """Text without control characters: a name or a log must not drive the terminal."""
    return "".join(c if c.isprintable() else "·" for c in text)
