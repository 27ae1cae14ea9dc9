"""Options as a help text lists them: argparse, tyro, click, typer, absl, fire and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sixdays.faster.option import Option, Scalar, Type, plain, scalar, type_of

_BOX = re.compile(r"[│┃╭╮╰╯─━┌┐└┘|]{1}(?=\s|[─━]|$)|\x1b\[[0-9;]*m|^[│┃╭╰┌└]")
_NAME = r"--?(?:\[no-?\])?[A-Za-z][\w.-]*"
_VALUE = (
    r"(?!\[(?:default|required))(?:\{[^}\s]*\}(?:\|\S+)?|<[^>]*>|\[[^\]]*\](?!\w)|[A-Z][A-Z0-9_.|\[\]]*)(?=[\s,:]|$)"
)
_AFTER = rf"(?:=[^\s,]+|[ ](?:{_VALUE}|[a-z][\w.]*(?=\s\s|$)))"  # --x=4, --x N, --x n
_START = re.compile(rf"^\s*(?P<names>{_NAME}{_AFTER}*(?:\s*[,/|]?\s+{_NAME}{_AFTER}*|[,/|]{_NAME})*)")
_DEFAULT = (
    re.compile(
        r"[\[(][^\])\[(]*?\bdefaults?(?: value)?(?: to| is)?[:= ]\s*(\([^)]*\)|\[[^\]]*\]|'[^']*'|[^\]);,]*)", re.I
    ),
    re.compile(r"\bdefaults?(?: value)?(?: to| is|:|=)\s*('[^']*'|[^\s,;]+)", re.I),
)
_METAVARS: dict[str, Type] = {
    "INT": "int", "INTEGER": "int", "FLOAT": "float", "NUMBER": "float", "BOOL": "bool", "BOOLEAN": "bool",
    "STR": "str", "TEXT": "str", "PATH": "str", "STRING": "str",
}  # fmt: skip
_KINDS: tuple[tuple[str, Type], ...] = (
    (r"\(an integer|\btype: int\b|Type: (Optional\[)?int", "int"),
    (r"\(a number|\btype: float\b|Type: (Optional\[)?float", "float"),
    (r"\(a boolean|\btype: bool\b|Type: (Optional\[)?bool", "bool"),
)


def listed(help_text: str) -> Iterator[Option]:
    """The options of a help text, in its order; spellings and values as it writes them."""
    for names, rest in _entries(help_text):
        if option := _option(names, rest):
            yield option


def _entries(help_text: str) -> Iterator[tuple[str, str]]:
    """(names with their metavars, help in one line) of each option."""
    names, rest, indent = "", "", 0
    in_usage = False
    for raw in help_text.splitlines():
        line = _BOX.sub(" ", raw).rstrip()
        if re.match(r"\s*usage:", line, re.I):
            in_usage = True
        elif in_usage and not line.strip():
            in_usage = False
        if in_usage:
            continue
        here = len(line) - len(line.lstrip())
        m = _START.match(line)
        if m and (not names or here <= indent + 3 or not rest):
            if names:
                yield names, rest
            names, rest, indent = m["names"].strip(), line[m.end() :].strip(), here
        elif names and line.strip() and here > indent:
            rest = f"{rest} {line.strip()}".strip()
        elif names and line.strip():
            yield names, rest
            names = ""
    if names:
        yield names, rest


def _option(names: str, rest: str) -> Option | None:
    equals = bool(re.search(rf"{_NAME}=", names)) or rest.startswith(":")
    rest = rest.lstrip(": ")
    metavar = next(iter(re.findall(rf"(?<=\w)({_AFTER})", names)), "")[1:]
    if not metavar and (m := re.match(rf"({_VALUE})(?:\s{{2,}}|:\s|$)", rest)):
        metavar, rest = m[1], rest[m.end() :].strip()
    spelled = re.findall(rf"(?<!\w){_NAME}", re.sub(rf"(?<=\w){_AFTER}", "", names))
    negated = [s for s in spelled if "[no" in s]
    spelled = [re.sub(r"\[no-?\]", "", s) for s in spelled]
    long = sorted((s for s in spelled if s.startswith("--")), key=lambda s: plain(s).startswith("no_")) or spelled
    if not long or plain(long[0]) in ("help", "h", "helpfull", "helpshort", "helpxml", "version"):
        return None
    name, default = plain(long[0]), _default(rest)
    off = next((s for s in long[1:] if plain(s) != name == re.sub(r"(^|\.)no_?", r"\1", plain(s))), "")
    if negated:
        off = negated[0].replace("[", "").replace("]", "")
    if not off and (m := re.search(r"--no-?[\w.-]+", names)) and plain(m[0]) != name:
        off = m[0]
    kind = _METAVARS.get(metavar.strip("<>[]{}").upper(), "") or next((t for p, t in _KINDS if re.search(p, rest)), "")
    if off:
        default = True if plain(str(default)) == name else False if plain(str(default)) == plain(off) else default
        return Option(name, "switch", tuple(long), default, "bool", (), rest, on=long[0], off=off)
    absl = equals and not metavar
    if not metavar and not absl and (default is None or isinstance(default, bool)):
        return Option(name, "switch", tuple(dict.fromkeys((*long, *spelled))), False, "bool", (), rest, on=long[0])
    choices = _choices(metavar)
    if {c.lower() for c in choices} == {"true", "false"}:
        kind = "bool"
    spellings = tuple(dict.fromkeys((*long, *spelled)))
    return Option(name, "--x=v" if equals else "--x v", spellings, default, kind or type_of(default), choices, rest)


def _choices(metavar: str) -> tuple[str, ...]:
    if metavar.startswith("{"):
        inside = metavar[1 : metavar.find("}")]
        return () if "|" in metavar[metavar.find("}") :] else tuple(c.strip() for c in inside.split(","))
    if metavar[:1] in "[<" and "|" in metavar:
        return tuple(metavar.strip("[]<>").split("|"))
    return ()


def _default(rest: str) -> Scalar:
    for pattern in _DEFAULT:
        if found := pattern.findall(rest):
            return scalar(found[-1].strip("`(").rstrip("])`."))
    return None
