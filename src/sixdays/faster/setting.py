"""A command with candidates put into it: its words and environment. Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sixdays.faster.model import Candidate, Command, Setting
from sixdays.faster.preload import MODULE

PREAMBLE = f"{MODULE}.py"
MOST_PATCH = 1_000_000  # bytes of a patch that is read


def is_value(rest: Sequence[str]) -> bool:
    """Whether the word behind an option is its value, and not the next option.

    >>> is_value(["-0.5"]), is_value(["--seed", "1"]), is_value([])
    (True, False, False)
    """
    return bool(rest) and not re.match(r"-(?![\d.])", rest[0])


def words(argv: Sequence[str], flags: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The command line with options set: in place where an option is there already, else at the end.

    >>> words(("python", "train.py", "--eval=10"), [("--eval", "0"), ("--no-plot",)])
    ('python', 'train.py', '--eval', '0', '--no-plot')
    >>> words(("python", "train.py", "eval.every=5"), [("eval.every=0",)])
    ('python', 'train.py', 'eval.every=0')
    """
    made = list(argv)
    for flag in flags:
        name = option_of(flag)
        at = next((i for i, w in enumerate(made) if i and w.split("=", 1)[0] == name), None)
        if at is None:
            made += flag
            continue
        has_value = len(flag) == 2 and "=" not in made[at] and is_value(made[at + 1 :])
        made[at : at + 1 + has_value] = flag
    return tuple(made)


def changed(command: Command, setting: Setting) -> Command:
    """The command with the environment and the words of all candidates; preamble and patches are files, not here."""
    argv, env = command.argv, dict(command.env)
    for c in setting:
        argv = c.argv if c.argv is not None else argv  # first of all: flags go into the command line that is run
    for c in setting:
        argv = words(argv, c.flags)
        env.update(c.env)
        env.update(dict.fromkeys(c.unset, ""))
    return replace(command, argv=argv, env=env)


def preamble(setting: Setting) -> str:
    """The text of `fast_start.py`; empty where no candidate has lines for it."""
    lines = [line for c in setting for line in (f"# {c.text}", *c.preamble) if c.preamble]
    head = '"""What makes this run faster. The first line of the script loads it."""'
    return "\n".join([head, "", *lines, ""]) if lines else ""


def added(known: str, text: str) -> str:
    """The preamble of a script that has one, with those parts of another that it has not."""
    parts = re.split(r"^(?=# )", text, flags=re.M)[1:]
    return known.rstrip("\n") + "\n" + "".join(p for p in parts if p.strip() not in known)


def put_in(base: Iterable[Candidate], new: Sequence[Candidate]) -> Setting:
    """What is kept, without what the new ones exclude, and then these."""
    return (*(k for k in base if not any(exclude(k, c) for c in new)), *new)


def exclude(a: Candidate, b: Candidate) -> bool:
    """Whether two candidates set the same thing, so that only one of them can be in."""
    flags = set(map(option_of, a.flags)) & set(map(option_of, b.flags))
    return a is not b and bool(
        flags
        or set(a.env) & set(b.env)
        or (a.argv and b.argv)
        or (a.lever, a.name) == (b.lever, b.name)
        or (a.group and (a.lever, a.group) == (b.lever, b.group))
    )


def patched(c: Candidate) -> set[str]:
    """The files that its patch changes."""
    heads = (line[4:].split("\t")[0].strip() for line in c.patch.splitlines() if line.startswith(("--- ", "+++ ")))
    return {re.sub(r"^[ab]/", "", name) for name in heads} - {"/dev/null"}


def option_of(flag: Sequence[str]) -> str:
    """The option that a flag sets: `--workers` of `--workers 4`, `data.workers` of `data.workers=4`."""
    return flag[0].split("=", 1)[0]
