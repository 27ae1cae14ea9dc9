"""YAML text → a tree of texts, maps and lists, each with its place; nothing is typed, nothing is run.

Tags, anchors, aliases, merge keys, duplicate keys and several documents are refused; size, depth and
number of nodes are bounded. ruamel.yaml reads the syntax; this says what may stand in a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sixdays.errors import Problem, Span

if TYPE_CHECKING:
    from ruamel.yaml.error import StringMark

MOST_BYTES = 10_000_000
MOST_NODES = 400_000
MOST_DEPTH = 20
SMALLEST = "write\n     tasks: {train: {takes: 2d to 4d}}\n     targets: {paper: {deadline: 2026-05-15 23:59 AoE}}"


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it is written; null is an empty, unquoted one. plain: value and source are the same characters."""

    value: str
    span: Span
    quoted: bool = False
    inner: int | None = 0

    def inside(self, start: int, end: int) -> Span:
        """The place of characters start … end of the value; of all of it where the source differs."""
        if self.inner is None:
            return self.span
        return self.span.part(start + self.inner, end + self.inner)


@dataclass(frozen=True, slots=True)
class Entry:
    key: Text
    value: Node


@dataclass(frozen=True, slots=True)
class Map:
    entries: tuple[Entry, ...]
    span: Span
    flow: bool = False

    def get(self, name: str) -> Node | None:
        """The value of a key, None where it is not there."""
        return next((e.value for e in self.entries if e.key.value == name), None)


@dataclass(frozen=True, slots=True)
class List:
    items: tuple[Node, ...]
    span: Span
    flow: bool = False


Node = Text | Map | List


class _Stop(Exception):
    pass


def read_tree(text: str, file: str = "plan.yaml") -> tuple[Node | None, tuple[Problem, ...]]:
    """The tree of a YAML text, and what is wrong with it; None where nothing could be read."""
    reader = _Reader(text, file)
    try:
        tree = reader.read()
    except _Stop:
        tree = None
    return tree, tuple(reader.problems)


@dataclass
class _Reader:
    text: str
    file: str
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0

    def read(self) -> Node | None:
        if len(self.text) > MOST_BYTES:
            self.stop(
                Span(1, 1), f"the plan is larger than {MOST_BYTES // 1_000_000} MB", "a plan holds intentions, not data"
            )
        if not self.text.strip("\ufeff \t\r\n"):
            self.stop(Span(1, 1), "the plan is empty", SMALLEST)
        events = self.events()
        tree: Node | None = None
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self.stop(self.span(event), "a plan is one document", "take out the line with ---")
            elif name.endswith(("ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent")):
                tree = self.node(event, events, 1)
        if tree is None or (isinstance(tree, Text) and not tree.value):
            self.stop(Span(1, 1), "the plan is empty", SMALLEST)
        return tree

    def events(self) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            yield from YAML(typ="rt", pure=True).parse(self.text)
        except MarkedYAMLError as e:
            mark = e.problem_mark or e.context_mark
            what = " ".join(str(e.problem or e.context or "it cannot be read").split())
            at = Span(mark.line + 1, mark.column + 1, mark.index, mark.index + 1) if mark else Span(1, 1)
            message, hint = _in_plain_words(what, self.text, at)
            self.stop(at, message, hint)
        except YAMLError as e:  # a character that may not stand in YAML
            position = getattr(e, "position", None)
            at = _at(self.text, position) if isinstance(position, int) else _first_unprintable(self.text)
            self.stop(at, "a character that may not stand in a plan", "take it out, or write it in quotes as \\x..")
        except (ValueError, IndexError, AttributeError, AssertionError, KeyError, TypeError, NotImplementedError,
                RecursionError) as e:  # fmt: skip  # the parser's own slips on nonsense are the text's fault
            self.stop(Span(1, 1), f"this is not YAML ({type(e).__name__})", SMALLEST)

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.stop(
                self.span(event), f"more than {MOST_NODES:,} values", "use copies or sweep for tasks that are alike"
            )
        if depth > MOST_DEPTH:
            self.stop(self.span(event), f"nested more than {MOST_DEPTH} deep", "a plan needs four levels")
        kind = type(event).__name__
        if kind == "AliasEvent":
            self.problem(self.span(event), "an alias (*name) is not allowed", "write the value out")
            return Text("", self.span(event), True)
        if event.anchor is not None:
            at = self.mark(event.start_mark)
            self.problem(at, "an anchor (&name) is not allowed", "write the value out where it is used")
        if event.tag is not None:
            self.problem(self.mark(event.start_mark), f"a tag ({event.tag}) is not allowed", "plans hold plain values")
        if kind == "ScalarEvent":
            return self.scalar(event)
        return self.map(event, events, depth) if kind == "MappingStartEvent" else self.list(event, events, depth)

    def scalar(self, event: Any) -> Text:
        quoted = event.style in ("'", '"', "|", ">")
        span = self.span(event)
        source = self.text[span.start : span.end]
        value = str(event.value)
        if source == value:
            inner: int | None = 0
        else:
            inner = 1 if quoted and source[1:-1] == value else None
        return Text(value, span, quoted, inner)

    def map(self, event: Any, events: Iterator[Any], depth: int) -> Map:
        entries: list[Entry] = []
        seen: dict[str, int] = {}
        while type(key_event := next(events)).__name__ != "MappingEndEvent":
            key = self.node(key_event, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            if not isinstance(key, Text):
                self.problem(key.span, "a key must be a word", "write NAME: VALUE")
                continue
            if key.value == "<<" and not key.quoted:
                self.problem(key.span, "a merge key (<<) is not allowed", "write the values out")
                continue
            if key.value in seen:
                hint = f"it stands on line {seen[key.value]} already; keep one of them"
                self.problem(key.span, f'the key "{key.value}" stands twice', hint)
                continue
            seen[key.value] = key.span.line
            if isinstance(value, Text) and value.span.start == value.span.end:
                value = self.nothing(key)
            entries.append(Entry(key, value))
        return Map(tuple(entries), self.between(event, key_event), bool(event.flow_style))

    def nothing(self, key: Text) -> Text:
        """A value that is not there stands after its colon; the parser puts it before the next thing."""
        colon = self.text.find(":", key.span.end)
        end = colon + 1 if 0 <= colon < key.span.end + 3 else key.span.end
        column = key.span.column + end - key.span.start
        return Text("", Span(key.span.line, column, end, end))

    def list(self, event: Any, events: Iterator[Any], depth: int) -> List:
        items = []
        while type(item := next(events)).__name__ != "SequenceEndEvent":
            items.append(self.node(item, events, depth + 1))
        return List(tuple(items), self.between(event, item), bool(event.flow_style))

    # -- places ---------------------------------------------------------------------------------------

    def span(self, event: Any) -> Span:
        start, end = event.start_mark, event.end_mark
        return Span(start.line + 1, start.column + 1, start.index, end.index)

    def between(self, first: Any, last: Any) -> Span:
        start, end = first.start_mark, last.end_mark
        return Span(start.line + 1, start.column + 1, start.index, end.index)

    def mark(self, mark: StringMark) -> Span:
        return Span(mark.line + 1, mark.column + 1, mark.index, mark.index + 1)

    def problem(self, at: Span, message: str, hint: str) -> None:
        width = max(1, min(at.end - at.start, 80))
        self.problems.append(Problem(message, hint, self.file, at.line, at.column, width))

    def stop(self, at: Span, message: str, hint: str) -> None:
        self.problem(at, message, hint)
        raise _Stop


def _at(text: str, position: int) -> Span:
    line = text.count("\n", 0, position) + 1
    return Span(line, position - (text.rfind("\n", 0, position) + 1) + 1, position, position + 1)


def _first_unprintable(text: str) -> Span:
    for i, c in enumerate(text):
        if not c.isprintable() and c not in "\n\r\t\ufeff":
            return _at(text, i)
    return Span(1, 1)


def _in_plain_words(problem: str, text: str, at: Span) -> tuple[str, str]:
    """What the parser says, as a person would."""
    lines = text.splitlines()
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    if "\\t" in problem or ("\t" in line[: at.column]):
        return "a tab cannot indent YAML", "use spaces"
    if "mapping values are not allowed" in problem:
        return "a second `: ` in one line", 'put quotes round the value: "…: …"'
    if "could not find expected ':'" in problem:
        return "a key without its colon", "write NAME: VALUE, with a space after the colon"
    if "expected <block end>" in problem or "did not find expected key" in problem:
        return "the indentation does not fit the lines before", "give keys of one map the same number of spaces"
    if "end of stream" in problem or "unexpected end" in problem or "quoted scalar" in problem:
        return "a quote or a bracket is not closed", "look for the first \" ' [ or { without its partner"
    if "expected ',' or" in problem:
        return "a comma or a closing bracket is missing", "inside { } and [ ] values are separated by commas"
    if "cannot start any token" in problem:
        return "a value may not begin with this character", "put quotes round the value"
    return f"this is not YAML: {problem}", "put quotes round values with : # [ ] { } in them"
