"""Deadlines from local lists of conferences, in the two public YAML forms (rule P8).

ccf-deadlines: a list (or one) of `{title, confs: [{year, id, timezone, timeline: [{deadline, abstract_deadline}]}]}`.
ai-deadlines: a list of `{title, year, id, timezone, deadline, abstract_deadline}`, or with
`deadlines: [{type, date, timezone}]`, where the type is submission, paper, abstract, …

`iclr`, `iclr17`, `ICLR 2017` name the paper deadline, `iclr.abstract` the abstract's. Without a year it is
the latest one listed; of several rounds the last. Never the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sixdays.errors import did_you_mean
from sixdays.plan.tree import List, Map, Node, Text, read_tree
from sixdays.quantities import Unreadable, at_wall_time, parse_clock, parse_zone

_PAPER = ("submission", "paper", "full_paper", "paper_submission", "full paper", "deadline")
_ZONES = {"PT": "America/Los_Angeles"}  # what ccf-deadlines means by it; PST in summer would be a guess
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}:\d{2}(?::\d{2})?))?$")


@dataclass(frozen=True, slots=True)
class Found:
    at: datetime
    title: str
    year: int


@dataclass(frozen=True, slots=True)
class _Listed:
    """One cycle of a conference: its papers' and abstracts' deadlines as written, with their zones."""

    title: str
    id: str
    year: int
    papers: tuple[tuple[str, str], ...]
    abstracts: tuple[tuple[str, str], ...]


def deadline(text: str, wanted: str, file: str = "conferences.yml") -> Found:
    """The deadline that a name stands for.

    Raises:
        Unreadable: the file is no such list, has no such conference, or its date is not known yet.
    """
    tree, problems = read_tree(text, file)
    if tree is None or problems:
        first = problems[0]
        raise Unreadable(f"{file}:{first.line}:{first.column}: {first.message}", first.hint)
    listed = list(_listed(tree))
    if not listed:
        raise Unreadable(f"{file} is not a list of conferences", "it should hold title, year, deadline, timezone")
    name, dot, part = wanted.strip().rpartition(".")
    if not dot:
        name, part = part, ""
    if part not in ("", "abstract", "paper"):
        name, part = wanted.strip(), ""
    cycles = [c for c in listed if _names(c, name)]
    if not cycles:
        known = list(dict.fromkeys([c.title for c in listed] + [c.id for c in listed]))
        hint = did_you_mean(name, known, f"it lists {len(known)} names, {', '.join(known[:6])} …")
        raise Unreadable(f'{file} lists no "{name}"', hint)
    latest = max(cycles, key=lambda c: c.year)
    same = {c.title for c in cycles if c.year == latest.year}
    if len(same) > 1:
        raise Unreadable(f'"{name}" may be {" or ".join(sorted(same))}', f"write its id: {file}#{latest.id}")
    dates = latest.abstracts if part == "abstract" else latest.papers
    if not dates:
        what = "abstract deadline" if part == "abstract" else "deadline"
        raise Unreadable(f"{latest.title} {latest.year} lists no {what}", "write the deadline itself")
    at = max((_when(date, zone, latest) for date, zone in dates))
    return Found(at, latest.title, latest.year)


def _names(cycle: _Listed, wanted: str) -> bool:
    """Whether a wanted name is this cycle: its id, its title, or the title with a year."""
    key = re.sub(r"[^a-z0-9]", "", wanted.lower())
    title = re.sub(r"[^a-z0-9]", "", cycle.title.lower())
    year = str(cycle.year)
    return key in (re.sub(r"[^a-z0-9]", "", cycle.id.lower()), title, title + year, title + year[2:])


def _when(date: str, zone: str, cycle: _Listed) -> datetime:
    found = _DATE.match(date.strip())
    if found is None:
        raise Unreadable(
            f'{cycle.title} {cycle.year}: its deadline is "{date}"', "write the deadline itself once it is known"
        )
    if not zone:
        raise Unreadable(f"{cycle.title} {cycle.year} lists no timezone", "write the deadline itself, with its zone")
    clock = parse_clock(found[4]) if found[4] else (23, 59, 0)
    return at_wall_time((int(found[1]), int(found[2]), int(found[3])), clock, parse_zone(_ZONES.get(zone, zone)), date)


def _listed(tree: Node) -> Iterator[_Listed]:
    for item in tree.items if isinstance(tree, List) else (tree,):
        if not isinstance(item, Map):
            continue
        title = _text(item, "title")
        confs = item.get("confs")
        if isinstance(confs, List):
            for cycle in confs.items:
                if isinstance(cycle, Map):
                    yield _ccf(title, cycle)
        elif title and _text(item, "year").isdigit():
            yield _flat(title, item)


def _ccf(title: str, cycle: Map) -> _Listed:
    zone, rounds = _text(cycle, "timezone"), cycle.get("timeline")
    papers, abstracts = [], []
    for entry in rounds.items if isinstance(rounds, List) else ():
        if isinstance(entry, Map):
            papers += [(d, zone) for d in [_text(entry, "deadline")] if d]
            abstracts += [(d, zone) for d in [_text(entry, "abstract_deadline")] if d]
    return _Listed(title, _text(cycle, "id"), _year(cycle), tuple(papers), tuple(abstracts))


def _flat(title: str, item: Map) -> _Listed:
    zone = _text(item, "timezone")
    papers = [(d, zone) for d in [_text(item, "deadline")] if d]
    abstracts = [(d, zone) for d in [_text(item, "abstract_deadline")] if d]
    several = item.get("deadlines")
    for entry in several.items if isinstance(several, List) else ():
        if not isinstance(entry, Map):
            continue
        kind, date = _text(entry, "type").lower(), _text(entry, "date")
        if date and kind in _PAPER:
            papers.append((date, _text(entry, "timezone") or zone))
        elif date and kind == "abstract":
            abstracts.append((date, _text(entry, "timezone") or zone))
    return _Listed(title, _text(item, "id"), _year(item), tuple(papers), tuple(abstracts))


def _year(item: Map) -> int:
    year = _text(item, "year")
    return int(year) if re.fullmatch(r"\d{4}", year) else 0


def _text(item: Map, key: str) -> str:
    node = item.get(key)
    return node.value.strip() if isinstance(node, Text) else ""
