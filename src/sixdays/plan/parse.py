"""Text → Plan: every value with its place, every problem at once.

Reading a plan runs nothing and opens nothing: the text of a conference list is asked of `beside`.
Keys and their forms stand in `keys.py`; what only a whole plan can have wrong, in `check.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from math import prod
from typing import TypeVar

from sixdays.errors import PlanError, Problem, Span, did_you_mean
from sixdays.plan import conferences
from sixdays.plan.check import Places, check
from sixdays.plan.estimate import ESTIMATE_HINT, parse_estimate
from sixdays.plan.keys import SECTIONS
from sixdays.plan.model import (
    CopiesKey,
    Estimate,
    Hours,
    Moves,
    Plan,
    Resource,
    Risk,
    Sweep,
    Target,
    Task,
    Tie,
    Tries,
    units_of,
)
from sixdays.plan.tree import List, Map, Node, Text, read_tree
from sixdays.quantities import (
    MACHINE,
    WEEKDAYS,
    Units,
    Unreadable,
    floor_ms,
    parse_clock,
    parse_instant,
    parse_number,
    parse_odds,
    parse_seconds,
    parse_whole,
    parse_zone,
)

T = TypeVar("T")
Path = tuple[str, ...]

MOST_COPIES = 100_000
UNKNOWN = Estimate("number", 3600.0, 3600.0)  # stands in for what could not be read, so that reading goes on
_HOURS = re.compile(r"\s*(\d{1,2}(?::\d{2})?)\s*(?:-|–|to)\s*(\d{1,2}(?::\d{2})?)\s*$")


def read(text: str, file: str = "plan.yaml", *, zone: tzinfo = UTC, beside: Callable[[str], str] | None = None) -> Plan:
    """The plan that a text writes.

    Args:
        file: its name, for messages.
        zone: the machine's, for hours where the plan names none (rule C3).
        beside: the text of a file named in the plan, such as a conference list; raises OSError.

    Raises:
        PlanError: `.problems` holds everything that is wrong, each with its line and column.
    """
    tree, problems = read_tree(text, file)
    reader = _Reader(file, zone, beside)
    reader.problems.extend(problems)
    if tree is None and problems:
        raise PlanError(tuple(problems), text)
    plan = reader.plan(tree, text)
    found = sorted([*reader.problems, *check(plan, reader.places)], key=lambda p: (p.line, p.column))
    errors = tuple(p for p in found if p.level == "error")
    if errors:
        raise PlanError(errors, text)
    object.__setattr__(plan, "warnings", tuple(p for p in found if p.level == "warning"))
    return plan


class _Reader:
    def __init__(self, file: str, zone: tzinfo, beside: Callable[[str], str] | None) -> None:
        self.file, self.zone, self.beside = file, zone, beside
        self.problems: list[Problem] = []
        self.places: Places = {}

    # -- the plan and its sections ------------------------------------------------------------------

    def plan(self, tree: Node | None, text: str) -> Plan:
        top = self.section(tree, "plan", (), Span(1, 1))
        named = self.scalar(top.get("zone"), parse_zone, None)
        self.zone = named or self.zone
        resources = self.each(top.get("resources"), "resources", self.resource)
        tasks = self.each(top.get("tasks"), "tasks", lambda n, node, at: self.task(n, node, at, resources))
        if "tasks" in top and not tasks:
            self.problem(self.places["tasks",], "there are no tasks", "write tasks: {train: {takes: 2d to 4d}}")
        return Plan(
            tasks=tasks,
            resources=resources,
            risks=self.each(top.get("risks"), "risks", lambda n, node, at: self.risk(n, node, at, tasks)),
            targets=self.each(top.get("targets"), "targets", lambda n, node, at: self.target(n, node, at, tasks)),
            question=self.text(top.get("question")),
            zone=named,
            proposal=self.proposal(top.get("proposal")),
            file=self.file,
            text=text,
        )

    def proposal(self, node: Node | None) -> Mapping[str, str]:
        if node is None:
            return {}
        found = self.section(node, "proposal", ("proposal",), self.span(node))
        return {name: self.text(value) for name, value in found.items()}

    def resource(self, name: str, node: Node, at: Span) -> Resource:
        if isinstance(node, Text):
            count = self.scalar(node, lambda t: parse_whole(t, 1), 1) if node.value else 1
            return Resource(name, count, span=at)
        found = self.section(node, "resource", ("resources", name), at)
        limit = self.scalar(found.get("limit"), parse_seconds, None)
        return Resource(
            name=name,
            count=self.scalar(found.get("count"), lambda t: parse_whole(t, 1), 1),
            hours=self.hours(found),
            wait=self.scalar(found.get("wait"), parse_estimate, None),
            limit_ms=max(1, floor_ms(limit)) if limit else None,
            shared=self.scalar(found.get("shared"), _flag, False),
            launcher=self.text(found.get("launcher")),
            partition=self.text(found.get("partition")),
            span=at,
        )

    def hours(self, found: Mapping[str, Node]) -> Hours | None:
        zone = self.scalar(found.get("zone"), parse_zone, None) or self.zone
        if "hours" not in found and "days" not in found:
            return None
        start, end = self.scalar(found.get("hours"), _span_of_day, (0, 24 * 60))
        days = self.days(found.get("days"))
        return Hours(start, end, days, zone)

    def days(self, node: Node | None) -> frozenset[int]:
        if node is None:
            return frozenset(range(7))
        parts = self.names(node)
        if len(parts) == 1 and isinstance(node, Text):
            parts = tuple(
                (p.strip(), at) for p, at in ((p, parts[0][1]) for p in re.split(r"[,\s]+", parts[0][0])) if p
            )
        days: set[int] = set()
        for part, at in parts:
            try:
                days |= _days(part)
            except Unreadable as e:
                self.problem(at, e.message, e.hint)
        return frozenset(days or range(7))

    def task(self, name: str, node: Node, at: Span, resources: Mapping[str, Resource]) -> Task:
        path = ("tasks", name)
        if isinstance(node, Text) and node.value:
            self.problem(node.span, f'"{name}" must be a map', f"write {name}: {{takes: {node.value}}}")
            return Task(name, UNKNOWN, span=at)
        found = self.section(node, "task", path, at)
        needs = self.needs(found.get("needs"), path)
        units = units_of(resources[r] for r, _ in needs if r in resources)
        copies, key, sweep = self.copies(found, path)
        return Task(
            name=name,
            takes=self.scalar(found.get("takes"), lambda t: parse_estimate(t, units), UNKNOWN),
            needs=needs,
            after=self.after(found.get("after"), path),
            copies=copies,
            copies_key=key,
            sweep=sweep,
            tries=self.tries(found.get("tries"), path),
            run=self.text(found.get("run")),
            logs=self.text(found.get("logs")),
            claim=self.text(found.get("claim")),
            stop_if=self.text(found.get("stop if")),
            shell=self.scalar(found.get("shell"), _flag, False),
            minutes=self.scalar(found.get("minutes"), parse_number, None),
            units=units,
            span=at,
            takes_span=self.span(found.get("takes"), at),
        )

    def needs(self, node: Node | None, path: Path) -> tuple[tuple[str, int], ...]:
        if node is None:
            return ()
        if not isinstance(node, Map):
            parts = self.names(node)
            self.places.update({(*path, "needs", name): at for name, at in parts})
            return tuple(dict.fromkeys((name, 1) for name, _ in parts))
        out = []
        for entry in node.entries:
            self.places[*path, "needs", entry.key.value] = entry.key.span
            out.append((entry.key.value, self.scalar(entry.value, lambda t: parse_whole(t, 1), 1)))
        return tuple(out)

    def after(self, node: Node | None, path: Path) -> tuple[Tie, ...]:
        """A name, a list, or a map {baseline: started} for a start-to-start tie (rule S6)."""
        ties: dict[str, Tie] = {}
        nodes = node.items if isinstance(node, List) else () if node is None else (node,)
        for item in nodes:
            if isinstance(item, Map):
                for entry in item.entries:
                    started = self.scalar(entry.value, _started, False)
                    ties.setdefault(entry.key.value, Tie(entry.key.value, started, entry.key.span))
            else:
                for name, at in self.names(item):
                    ties[name] = Tie(name, False, at)
        self.places.update({(*path, "after", t.task): t.span for t in ties.values()})
        return tuple(ties.values())

    def copies(self, found: Mapping[str, Node], path: Path) -> tuple[int, CopiesKey, Sweep]:
        known: tuple[CopiesKey, ...] = ("seeds", "copies", "sweep")
        keys = [k for k in known if k in found]
        for extra in keys[1:]:
            self.problem(
                self.places[*path, extra],
                f"`{keys[0]}` and `{extra}` both say how many copies there are",
                "keep one of them",
            )
        if not keys:
            return 1, "", ()
        if keys[0] != "sweep":
            count = self.scalar(found[keys[0]], lambda t: parse_whole(t, 1, MOST_COPIES), 1)
            return count, keys[0], ()
        sweep = self.sweep(found["sweep"])
        count = prod(len(values) for _, values in sweep)
        if count > MOST_COPIES:
            self.problem(self.span(found["sweep"]), f"the sweep has {count:,} points, more than {MOST_COPIES:,}")
        return min(count, MOST_COPIES), "sweep", sweep

    def sweep(self, node: Node) -> Sweep:
        if not isinstance(node, Map) or not node.entries:
            self.problem(self.span(node), "a sweep is a map of lists", "write sweep: {lr: [1e-3, 3e-4]}")
            return ()
        out = []
        for entry in node.entries:
            values = self.names(entry.value, "values")
            if not values:
                self.problem(entry.key.span, f'the sweep over "{entry.key.value}" has no values', "list some")
            out.append((entry.key.value, tuple(v for v, _ in values) or ("",)))
        return tuple(out)

    def tries(self, node: Node | None, path: Path) -> Tries | None:
        if node is None:
            return None
        at = (*path, "tries")
        if isinstance(node, Text) and node.value:
            self.problem(node.span, "`tries` must be a map", f"write tries: {{each: {node.value}}}")
            return None
        found = self.section(node, "tries", at, self.places[at])
        each = self.scalar(found.get("each"), parse_odds, 1.0)
        if each <= 0 and "each" in found:
            self.problem(
                self.span(found["each"]),
                "a try that never convinces is no try",
                "write a chance above 0, or works: 0% if you do not believe in the idea",
            )
        return Tries(
            each=each if each > 0 else 1.0,
            works=self.scalar(found.get("works"), parse_odds, 1.0),
            side_by_side=self.scalar(found.get("side by side"), lambda t: parse_whole(t, 1, 10_000), 1),
            at_most=self.scalar(found.get("at most"), lambda t: parse_whole(t, 1), None),
        )

    def risk(self, name: str, node: Node, at: Span, tasks: Mapping[str, Task]) -> Risk:
        path = ("risks", name)
        found = self.section(node, "risk", path, at)
        effects = [k for k in found if k in ("stops", "repeats", "adds")]
        if len(effects) != 1:
            what = "says nothing of what it does" if not effects else "does two things at once"
            self.problem(at, f'the risk "{name}" {what}', "give it one of stops, repeats, adds (with to)")
        if "adds" in found and "to" not in found:
            self.problem(at, f'the risk "{name}" adds time to no task', "add to: [TASK]")
        if "to" in found and "adds" not in found:
            self.problem(self.places[*path, "to"], "`to` belongs to `adds`", "add adds: 6h to 1d")
        repeats = self.names(found.get("repeats"), place=(*path, "repeats"))
        if len(repeats) > 1:
            self.problem(repeats[1][1], "a risk repeats one task", "write one risk for each")
        to = self.names(found.get("to"), place=(*path, "to"))
        units = {tasks[t].units for t, _ in to if t in tasks}
        # One length for all: where their days differ in length, `d` would mean two things (rules C4, R4).
        shared = units.pop() if len(units) == 1 else Units(None, None) if units else MACHINE
        return Risk(
            name=name,
            odds=self.scalar(found.get("odds"), parse_odds, 0.0),
            stops=tuple(t for t, _ in self.names(found.get("stops"), place=(*path, "stops"))),
            repeats=repeats[0][0] if repeats else "",
            adds=self.scalar(found.get("adds"), lambda t: parse_estimate(t, shared), None),
            to=tuple(dict.fromkeys(t for t, _ in to)),
            span=at,
        )

    def target(self, name: str, node: Node, at: Span, tasks: Mapping[str, Task]) -> Target:
        path = ("targets", name)
        if isinstance(node, Text) and node.value:
            self.problem(node.span, f'"{name}" must be a map', f"write {name}: {{deadline: {node.value}}}")
            return Target(name, datetime(2999, 1, 1, tzinfo=UTC), tuple(tasks), span=at)
        found = self.section(node, "target", path, at)
        required = self.names(found.get("requires"), place=(*path, "requires"))
        if "requires" in found and not required:
            self.problem(
                self.places[*path, "requires"],
                f'"{name}" requires nothing',
                "leave `requires` out to require every task",
            )
        moves = found.get("moves")
        return Target(
            name=name,
            deadline=self.scalar(found.get("deadline"), self.deadline, datetime(2999, 1, 1, tzinfo=UTC)),
            requires=tuple(dict.fromkeys(t for t, _ in required)) or tuple(tasks),
            worth=self.scalar(found.get("worth"), parse_number, 1.0),
            standard=self.text(found.get("standard")),
            moves=None if moves is None else self.moves(moves, (*path, "moves")),
            requires_all="requires" not in found,
            span=self.span(found.get("deadline"), at),
        )

    def moves(self, node: Node, path: Path) -> Moves | None:
        found = self.section(node, "moves", path, self.places[path])
        by = self.scalar(found.get("by"), parse_estimate, None)
        return Moves(self.scalar(found.get("odds"), parse_odds, 0.0), by) if by else None

    def deadline(self, text: str) -> datetime:
        """A time with its zone, or `file#conference` (rules C1, P8)."""
        file, hash_, wanted = text.partition("#")
        if not hash_:
            return parse_instant(text)
        if self.beside is None:
            raise Unreadable(f'"{file}" cannot be read here', "write the deadline itself: 2016-11-08 23:59 AoE")
        try:
            listed = self.beside(file)
        except (OSError, ValueError) as e:
            why = getattr(e, "strerror", None) or str(e)
            raise Unreadable(f'"{file}" cannot be read: {why}', "write its path from the plan's folder") from e
        return conferences.deadline(listed, wanted, file).at

    # -- values ---------------------------------------------------------------------------------------

    def each(self, node: Node | None, section: str, read_one: Callable[[str, Node, Span], T]) -> dict[str, T]:
        """The named entries of a section, each read by itself."""
        if node is None or (isinstance(node, Text) and not node.value):
            return {}
        if not isinstance(node, Map):
            self.problem(self.span(node), f"`{section}` must be a map of names", f"write {section}: {{NAME: …}}")
            return {}
        out = {}
        for entry in node.entries:
            self.places[section, entry.key.value] = entry.key.span
            out[entry.key.value] = read_one(entry.key.value, entry.value, entry.key.span)
        return out

    def section(self, node: Node | None, section: str, path: Path, at: Span) -> dict[str, Node]:
        """The keys of a map that a section knows; the others are problems, missing ones too."""
        known = {k.name: k for k in SECTIONS[section]}
        found: dict[str, Node] = {}
        if isinstance(node, Map):
            for entry in node.entries:
                name = entry.key.value
                if name not in known:
                    hint = did_you_mean(name, known, f"known here: {', '.join(known)}")
                    if node.flow and _is_empty(entry.value):  # {takes: at least 2d, 2d to 4d}
                        hint = 'inside { } a comma ends a value: put quotes round it, "at least 2d, 2d to 4d"'
                    self.problem(entry.key.span, f'unknown key "{name}"', hint)
                    continue
                self.places[*path, name] = entry.key.span
                if _is_empty(entry.value) and known[name].form not in _MAY_BE_EMPTY:
                    self.problem(entry.key.span, f"`{name}` has no value", f"write {name}: {known[name].example}")
                    continue
                found[name] = entry.value
        elif node is not None and not (isinstance(node, Text) and not node.value):
            what = "the plan" if section == "plan" else f"a {section}"
            self.problem(self.span(node), f"{what} must be a map of keys", _example(section))
            return {}
        for key in known.values():
            missing = isinstance(node, Map) and any(e.key.value == key.name for e in node.entries)
            if key.required and not missing:
                self.problem(at, f'"{path[-1]}" has no `{key.name}`' if path else f"there is no `{key.name}`",
                             f"add {key.name}: {key.example}")  # fmt: skip
        return found

    def scalar(self, node: Node | None, parse: Callable[[str], T], default: T) -> T:
        if node is None:
            return default
        if not isinstance(node, Text):
            self.problem(self.span(node), "one value is wanted here, not a list or a map", "")
            return default
        try:
            return parse(node.value)
        except Unreadable as e:
            at = node.inside(e.start, e.end) if e.end else node.span
            self.problem(at, e.message, e.hint)
            return default

    def text(self, node: Node | None) -> str:
        return self.scalar(node, str, "")

    def names(self, node: Node | None, what: str = "names", place: Path = ()) -> tuple[tuple[str, Span], ...]:
        """A name or a list of names, each with its place."""
        items = node.items if isinstance(node, List) else () if node is None else (node,)
        out = []
        for item in items:
            if not isinstance(item, Text):
                self.problem(self.span(item), f"{what} are wanted here", ESTIMATE_HINT if what == "estimates" else "")
            else:
                out.append((item.value, item.span))
                if place:
                    self.places[*place, item.value] = item.span
        return tuple(out)

    def span(self, node: Node | None, otherwise: Span = Span(1, 1)) -> Span:  # noqa: B008  frozen
        return otherwise if node is None else node.span

    def problem(self, at: Span, message: str, hint: str = "") -> None:
        width = max(1, at.end - at.start)
        self.problems.append(Problem(message, hint, self.file, at.line, at.column, width))


_MAY_BE_EMPTY = {"resources", "risks", "targets", "tasks", "proposal"}


def _is_empty(node: Node) -> bool:
    return isinstance(node, Text) and not node.value and not node.quoted


def _example(section: str) -> str:
    keys = [k for k in SECTIONS[section] if k.required] or SECTIONS[section][:1]
    return "write " + ", ".join(f"{k.name}: {k.example}" for k in keys)


def _flag(text: str) -> bool:
    if text.lower() in ("true", "yes"):
        return True
    if text.lower() in ("false", "no"):
        return False
    raise Unreadable(f'"{text}" is neither true nor false', "write true or false")


def _started(text: str) -> bool:
    if text.lower() not in ("started", "finished"):
        raise Unreadable(f'"{text}" is not what a task can wait for', "write started or finished")
    return text.lower() == "started"


def _span_of_day(text: str) -> tuple[int, int]:
    found = _HOURS.match(text)
    if found is None:
        raise Unreadable(f'"{text}" is not a span of hours', "write 9:00-19:00")
    (h1, m1, _), (h2, m2, _) = (parse_clock(t if ":" in t else f"{t}:00") for t in found.groups())
    start, end = h1 * 60 + m1, h2 * 60 + m2
    if start >= end:
        raise Unreadable(f'"{text}" does not end after it begins', "hours are one span of one day, at most 0:00-24:00")
    return start, end


def _days(text: str) -> set[int]:
    ends = [_day(part) for part in re.split(r"\s*(?:-|–)\s*", text.strip(), maxsplit=1)]
    return {(ends[0] + i) % 7 for i in range((ends[-1] - ends[0]) % 7 + 1)}


def _day(text: str) -> int:
    for i, day in enumerate(WEEKDAYS):
        if len(text) >= 2 and text.lower().startswith(day[: max(2, min(3, len(text)))]) and text.isalpha():
            return i
    raise Unreadable(f'"{text}" is not a day of the week', "write mon-sat or [mon, wed]")
