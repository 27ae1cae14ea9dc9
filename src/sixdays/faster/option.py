"""One thing that a command line can set, or that a script holds fixed: its name, its value, and the words to set it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sixdays.faster.setting import is_value

Scalar = bool | int | float | str | None
Style = Literal["--x v", "--x=v", "x=v", "x v", "switch", "constant"]
Type = Literal["int", "float", "bool", "str", "truthy", ""]  # truthy: any text but the empty one is taken for true
Loop = Literal["outer", "inner", ""]


@dataclass(frozen=True, slots=True)
class Option:
    """What can be set, and how.

    name: plain, in lower case with underscores: "eval_every", "eval.every". style: how its value is written; a
    constant cannot be set. spellings: all of its names on the command line, the one to use first.
    on, off: of a switch, the words that set it, empty where there is none. file, line: where it was found; line 0:
    somewhere in it; file empty: only in the help. given: what the command line says, None where nothing.
    loop: it bounds a loop, the outermost of its function or an inner one; counter: that loop's variable.
    chosen: it stands in a file that the command line names. once: of a loop that it alone bounds, the lines that run
    once in each pass.
    """

    name: str
    style: Style = "--x v"
    spellings: tuple[str, ...] = ()
    default: Scalar = None
    type: Type = ""
    choices: tuple[str, ...] = ()
    help: str = ""
    file: str = ""
    line: int = 0
    on: str = ""
    off: str = ""
    given: str | None = None
    loop: Loop = ""
    counter: str = ""
    chosen: bool = False
    once: frozenset[tuple[str, int]] = frozenset()

    @property
    def value(self) -> Scalar:
        """What it is in this command: given, else its default; None where that is not known."""
        if self.given is not None:
            return typed(self.given, self.type)
        return typed(text(self.default), "int") if self.type == "int" and self.default is not None else self.default

    @property
    def spelling(self) -> str:
        return self.spellings[0] if self.spellings else self.name

    @property
    def where(self) -> str:
        """Its place in words: "train.py:52"."""
        return f"{self.file}:{self.line}" if self.line else self.file or "its --help"

    def words(self, value: Scalar) -> tuple[str, ...] | None:
        """The words that set it; None where none can.

        >>> Option("eval_every", "--x v", ("--eval-every",)).words(50)
        ('--eval-every', '50')
        >>> Option("plot", "switch", ("--plot",), on="--plot", off="--no-plot").words(False)
        ('--no-plot',)
        """
        if self.style == "constant":
            return None
        if self.style == "switch":
            word = self.on if value else self.off
            return (word,) if word else None
        if self.type == "int" and isinstance(value, float) and value.is_integer():
            value = int(value)
        said = "" if self.type == "truthy" and value is False else text(value)
        if self.choices:  # as they are written: false for False
            written = {c.lower(): c for c in self.choices} | {c: c for c in self.choices}
            if said not in written and said.lower() not in written:
                return None
            said = written.get(said) or written[said.lower()]
        return (self.spelling, said) if self.style in ("--x v", "x v") else (f"{self.spelling}={said}",)


def plain(spelling: str) -> str:
    """A spelling as a name: no dashes in front, low lines within.

    >>> plain("--Eval-Every")
    'eval_every'
    """
    return spelling.lstrip("-+").replace("-", "_").lower()


def text(value: Scalar) -> str:
    """A value as the command line writes it."""
    return "null" if value is None else str(value)


def scalar(word: str) -> Scalar:
    """A word as the number, truth or text that it is.

    >>> [scalar(w) for w in ("1e6", "1_000", "False", "null", "adam", "'3'")]
    [1000000.0, 1000, False, None, 'adam', 3]
    """
    word = word.strip().strip("'\"")
    low = word.lower()
    if low in ("true", "yes"):
        return True
    if low in ("false", "no"):
        return False
    if low in ("none", "null", "~", ""):
        return None
    if re.fullmatch(r"[+-]?\d[\d_]*", word):
        return int(word)
    if re.fullmatch(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?", low):
        return float(word)
    return word


def typed(word: str, kind: Type) -> Scalar:
    """A word as a value of a type, where it is one."""
    if kind == "truthy":
        return bool(word)
    value = scalar(word)
    if kind == "bool" and value in (0, 1):
        return bool(value)
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return word if kind == "str" else value


def type_of(value: Scalar) -> Type:
    """The type of a default."""
    kinds: tuple[tuple[type, Type], ...] = ((bool, "bool"), (int, "int"), (float, "float"), (str, "str"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "")


def given(option: Option, argv: Sequence[str]) -> Option:
    """The option with what a command line says of it; its spelling is then the user's."""
    names = {plain(s) for s in option.spellings} | {plain(option.on), plain(option.off)} - {""}
    for at in range(len(argv) - 1, 0, -1):
        word, equals, value = argv[at].partition("=")
        if not _says(option, word, equals) or plain(word) not in names:
            continue
        if option.style == "switch":
            said = value if equals else str(plain(word) != plain(option.off) or option.off == "")
        elif equals:
            said = value
        elif is_value(argv[at + 1 :]):
            said = argv[at + 1]
        else:
            continue
        as_user = (word, *(s for s in option.spellings if s != word))
        return replace(option, given=said, spellings=option.spellings if option.style == "switch" else as_user)
    return option


def _says(option: Option, word: str, equals: str) -> bool:
    if option.style == "constant":
        return False
    if option.style in ("x=v", "x v"):
        return not word.startswith("-") and bool(equals) == (option.style == "x=v")
    return word.startswith("-")


def merged(options: Iterable[Option]) -> tuple[Option, ...]:
    """One of each name: the first that can be set, filled up with what the others know."""
    by_name: dict[str, Option] = {}
    for o in options:
        known = by_name.get(o.name)
        by_name[o.name] = o if known is None else _filled(known, o)
    return tuple(by_name.values())


def _filled(a: Option, b: Option) -> Option:
    if a.style == "constant" and b.style != "constant":
        a, b = b, a
    return replace(
        a,
        default=a.default if a.default is not None or b.style == "constant" else b.default,
        type="truthy" if "truthy" in (a.type, b.type) else a.type or b.type,
        choices=a.choices or b.choices,
        help=a.help or b.help,
        file=a.file or b.file,
        line=a.line or (b.line if a.file in ("", b.file) else 0),
        spellings=tuple(dict.fromkeys((*a.spellings, *b.spellings))),
        loop="outer" if "outer" in (a.loop, b.loop) else a.loop or b.loop,
    )
