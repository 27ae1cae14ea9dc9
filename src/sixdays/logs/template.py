"""`--group`: a template such as `{group}/{task}_s{seed}` against a path."""

from __future__ import annotations

import re
from dataclasses import replace

from sixdays.errors import did_you_mean
from sixdays.logs.runs import Place

_FIELDS = {"group": r"[^/]+?", "task": r"[^/]+?", "seed": r"\d+"}


def template(pattern: str) -> re.Pattern[str]:
    """A template as a regular expression from the start of a folder to the end of a name.

    Raises:
        ValueError: it is no template; the message says at which character and how to mend it.

    >>> bool(template("{group}/{task}_s{seed}").search("runs/sac/Hopper_s3"))
    True
    """

    def wrong(at: int, what: str, hint: str) -> ValueError:
        return ValueError(f'"{pattern}", character {at + 1}: {what}; {hint}')

    made, seen, at = "", set(), 0
    while at < len(pattern):
        c = pattern[at]
        if c == "{":
            end = pattern.find("}", at)
            name = pattern[at + 1 : end] if end > 0 else ""
            if end < 0:
                raise wrong(at, "the brace is never closed", "write {group}, {task} or {seed}")
            if name not in _FIELDS or name in seen:
                what = f"{{{name}}} stands twice" if name in seen else f"there is no {{{name}}}"
                near = did_you_mean(name, _FIELDS, "there are {group}, {task}, {seed} and *")
                raise wrong(at, what, near if name not in seen else "write * for the other one")
            seen.add(name)
            made, at = made + f"(?P<{name}>{_FIELDS[name]})", end
        elif c == "}":
            raise wrong(at, "a brace closes that was never opened", "write {group}, {task} or {seed}")
        elif pattern.startswith("**", at):
            made, at = made + ".*?", at + 1
        else:
            made += "[^/]*?" if c == "*" else re.escape(c)
        at += 1
    if not seen:
        raise wrong(0, "it names nothing", "write {group}, {task} or {seed} where they stand in the path")
    return re.compile(f"(?:^|/){made.lstrip('/')}(?=$|[/#]|\\.[A-Za-z]\\w*$)")


def matched(path: str, compiled: re.Pattern[str], auto: Place) -> Place:
    """The match that ends last in the path; what the template does not name stays as it was found."""
    ends = [m.start() for m in re.finditer("/", path)]
    for start in [*reversed(ends), 0]:
        if m := compiled.match(path, start):
            got = m.groupdict()
            return replace(auto, **got, how="--group")
    return auto
