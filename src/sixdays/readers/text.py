"""Printed lines that name a step and numbers: `step:125/1750 val_loss:4.1 train_time:10250ms`, `iter 10: loss 2.3, …`.

Also a JSON object at the end of a line, as fairseq prints it. Lines without a step say nothing; the time is what a line
begins with, else what was printed as elapsed. `step 3/10` tells the goal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sixdays.logs.series import Log
from sixdays.readers import Wanted
from sixdays.readers._columns import ELAPSED, EPISODES, EPOCHS, STEPS, plain
from sixdays.readers._files import Source, is_text
from sixdays.readers._flat import parsed
from sixdays.readers._records import LinesReader

GOAL = "_goal"
MOST_LINE = 4000
_COUNTS = frozenset((*STEPS, *EPOCHS, *EPISODES)) - {"t", "it", "time"}
_STEPS = frozenset(STEPS) & _COUNTS
_TAIL = 8192
WHOLE = 1 << 20  # shorter files are read whole in a glance: their first lines may be anything
_NUMBER = (
    r"(?P<value>[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d*)?(?:[eE][-+]?\d+)?|[-+]?\.\d+|[-+]?(?i:nan|inf)(?![\w]))"
    r"(?:\s?/\s?(?P<of>\d+))?\s?(?P<unit>%|ms|it/s|s/it|[a-zA-Z]{1,3}\b)?"
)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TIME = re.compile(
    r"^\W{0,2}(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?:Z|[-+]\d\d:?\d\d)?)\]?[\s,|:-]*"
)
_LEVEL = re.compile(r"^(?:[\[(]?(?:DEBUG|INFO|WARN|WARNING|ERROR)[\])]?[\s:|-]*)")
_LEAD = re.compile(
    r"(?:^|(?<=[\s\[(]))(?P<key>[A-Za-z]+)\s{0,4}[\[#]?\s{0,4}(?P<value>\d+)(?:\s?/\s?(?P<of>\d+))?\]?(?=$|[\s,:;|)-])"
)
_PAIR = re.compile(rf"(?<![^\s(\[{{,|])(?P<key>[^\W\d][^\s:=,;|(\[{{]*)\s?[:=]\s{{0,8}}\[?{_NUMBER}(?=$|[\s,;|)\]}}])")
_WHOLE = re.compile(rf"^\s*(?P<key>[^\W\d][^:=]{{0,60}}?)(?:\s*[:=]\s*|\s+){_NUMBER}\s*$")
_ROLE = re.compile(r"^(?:train|valid|val|test|eval)_")


def create(options: dict[str, Any]) -> Reader:
    return Reader(
        "text", "text log", 89, ("*.log", "*.txt", "*.out", "stdout*"), lambda _, __: True, alone=True,
        skip=frozenset((GOAL,)), decode=decoded, finish=lambda last: {"goal": last.get(GOAL)}, quiet=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader(LinesReader):
    """A reader of printed lines; a file may begin with anything, such as the source of its program."""

    def claims(self, path: str, head: bytes) -> bool:
        if not is_text(head) or head.lstrip()[:1] in (b"{", b"["):
            return False
        if _steps(head) > 1:
            return True
        try:
            with open(path, "rb") as f:
                f.seek(max(f.seek(0, 2) - _TAIL, 0))
                tail = f.read(_TAIL)
        except OSError:
            return False
        return is_text(tail) and _steps(tail.partition(b"\n")[2]) > 1

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        return LinesReader.parse(self, source, cursor, wanted, ends and source.size > WHOLE)


def _steps(text: bytes) -> int:
    """How many lines tell a step and a number."""
    found = (decoded(line) for line in text.decode("utf-8", "replace").split("\n")[:-1])
    return sum(r is not None and any(plain(k) in _COUNTS for k in r) for r in found)


def decoded(line: str) -> Mapping[str, Any] | None:
    """What a line says, by name; None where it tells no step or nothing else.

    >>> decoded("step:125/1750 val_loss:4.1 train_time:10250ms")
    {'step': 125.0, '_goal': 1750.0, 'val_loss': 4.1, 'train_time': 10.25}
    >>> decoded("iter 10: loss 2.3, time 99.5ms")
    {'step': 10.0, 'loss': 2.3, 'time': 0.0995}
    """
    text = _ANSI.sub("", line[:MOST_LINE]).rstrip()
    out: dict[str, Any] = {}
    if m := _TIME.match(text):
        out["timestamp"] = m["time"].replace(",", ".")
        text = text[m.end() :]
    text = _LEVEL.sub("", text)
    brace = text.find("{")
    if brace >= 0 and text.endswith("}") and isinstance(found := parsed(text[brace:]), dict):
        for key in [k for k in found if _ROLE.match(k) and plain(_ROLE.sub("", k)) in _COUNTS]:
            found.setdefault(_ROLE.sub("", key), found[key])
        return {**out, **found}
    if not any(c.isdigit() for c in text):
        return None
    rest = []
    for part in re.split(r"[,;|]\s|\s[|-]\s|\t", text):
        if (m := _LEAD.search(part)) and plain(m["key"]) in _COUNTS and m["key"] not in out:
            _put(out, m)
            part = f"{part[: m.start()]} {part[m.end() :].lstrip(' :')}".strip()
        rest.append(part)
    for part in rest:
        whole = _WHOLE.match(part)
        for m in [whole] if whole else _PAIR.finditer(part):
            if m["key"] not in out:
                _put(out, m)
    steps = [k for k in out if plain(k) in _STEPS]
    if len(steps) == 1 and steps[0] != "step":  # `iter 10: …` and `step 10: …` of one file count the same
        out = {"step" if k == steps[0] else k: v for k, v in out.items()}
    counts = [k for k in out if plain(k) in _COUNTS]
    return out if counts and len(out) > len(counts) + (GOAL in out) + ("timestamp" in out) else None


def _put(out: dict[str, Any], m: re.Match[str]) -> None:
    key, value = m["key"].strip(), float(m["value"].replace(",", ""))
    unit = m.groupdict().get("unit")
    name = plain(key)
    out[key] = value / 1000 if unit == "ms" and name in ELAPSED else value
    if m["of"] and name in _COUNTS and (GOAL not in out or name in STEPS):
        out[GOAL] = float(m["of"])
