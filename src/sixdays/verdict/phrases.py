"""Figures in words, as the verdict's texts say them."""

from __future__ import annotations

from collections.abc import Sequence


def number(value: float, *, signed: bool = True) -> str:
    """Three digits that matter, with its sign.

    >>> number(0.0412345), number(-1234.5)
    ('+0.0412', '-1,234')
    """
    if 1000 <= abs(value) < 1e7:
        return f"{value:{'+' if signed else ''},.0f}"
    return f"{value:{'+' if signed else ''}.3g}"


def plural(count: int, noun: str) -> str:
    """The count with its noun.

    >>> plural(1, "more seed"), plural(3, "task")
    ('1 more seed', '3 tasks')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def near(count: int) -> str:
    """“is 1”, “are 3”."""
    return f"is {count}" if count == 1 else f"are {count}"


def and_(words: Sequence[str]) -> str:
    """The words one after another.

    >>> and_(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def probability(p: float) -> str:
    """One digit, never 0 or 1.

    >>> probability(0.71), probability(0.99), probability(0.01)
    ('.7', 'above .95', 'below .05')
    """
    if p > 0.95:
        return "above .95"
    return "below .05" if p < 0.05 else f"{p:.1f}".lstrip("0").replace("1.0", ".9")


def hours_text(hours: float) -> str:
    """Hours for people.

    >>> hours_text(2e-6), hours_text(1140.4), hours_text(9.25)
    ('under a minute', '1,140 h', '9.2 h')
    """
    if hours < 1 / 60:
        return "under a minute"
    return f"{hours:,.0f} h" if hours >= 100 else f"{hours:.2g} h"
