"""Edits of a plan's text that keep every other byte: splice, read again, compare (design §12).

All edits or none. Where the result would say anything else than was asked for, it is refused, with the
line to paste by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from sixdays.errors import SixdaysError
from sixdays.plan.tree import Entry, List, Map, Node, Text, read_tree

Path = tuple[str, ...]
Data = str | list[Any] | dict[str, Any]

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+%·–-]*(?: [A-Za-z0-9_./+%·–-]+)*")


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands at a path becomes `value`, or goes where that is None.

    value: a scalar as text (quoted here where YAML needs it), or YAML source that begins with { [ or ".
    """

    path: Path
    value: str | None


class EditRefused(SixdaysError):
    """The edit cannot be made without touching something else; the hint is the line to paste."""


def apply(text: str, edits: Sequence[Edit], file: str = "plan.yaml") -> str:
    """The text after all edits.

    Raises:
        EditRefused: it would change anything but those values.
    """
    tree = _read(text, file, edits)
    wanted = _data(tree)
    for edit in edits:
        wanted = _changed(wanted, edit.path, edit.value)
    scalars = [e for e in edits if e.value is not None and _plain_scalar(tree, e)]
    made = _replace_scalars(text, tree, scalars)
    for edit in edits:
        if edit not in scalars:
            made = _splice(made, _read(made, file, edits), edit)
    found, problems = read_tree(made, file)
    if problems or found is None or _data(found) != wanted:
        raise _refused(edits, file)
    return made


def diff(before: str, after: str, file: str) -> str:
    """The lines that differ, as a unified diff with one line around each."""
    a, b = before.splitlines(), after.splitlines()
    return "\n".join(unified_diff(a, b, file, file, lineterm="", n=1))


def plain(value: str) -> str:
    """A scalar as it can stand anywhere in a plan: in quotes where YAML, or a list, needs them."""
    if _SAFE.fullmatch(value):
        return value
    if value.isprintable() and ":" not in value and "#" not in value:
        found, problems = read_tree(f"[{value}]")
        if not problems and isinstance(found, List) and len(found.items) == 1:
            only = found.items[0]
            if isinstance(only, Text) and only.value == value and not only.quoted:
                return value
    return json.dumps(value, ensure_ascii=False)


# -- finding the place ---------------------------------------------------------------------------


def _read(text: str, file: str, edits: Sequence[Edit]) -> Map:
    tree, problems = read_tree(text, file)
    if problems or not isinstance(tree, Map):
        raise _refused(edits, file)
    return tree


def _refused(edits: Sequence[Edit], file: str) -> EditRefused:
    lines = "; ".join(f"{' → '.join(e.path)}: {'take it out' if e.value is None else e.value}" for e in edits)
    return EditRefused(f"{file} cannot be edited without touching more than that", f"by hand: {lines}")


def _find(tree: Node, path: Path) -> Node | None:
    node: Node | None = tree
    for name in path:
        node = node.get(name) if isinstance(node, Map) else None
    return node


def _plain_scalar(tree: Map, edit: Edit) -> bool:
    node = _find(tree, edit.path)
    return isinstance(node, Text) and node.span.end > node.span.start


def _replace_scalars(text: str, tree: Map, edits: Sequence[Edit]) -> str:
    places = []
    for edit in edits:
        node = _find(tree, edit.path)
        assert node is not None
        assert edit.value is not None
        places.append((node.span.start, node.span.end, _source(edit.value, _in_flow(tree, edit.path))))
    for start, end, value in sorted(places, reverse=True):
        text = text[:start] + value + text[end:]
    return text


def _in_flow(tree: Map, path: Path) -> bool:
    node: Node | None = tree
    for name in path:
        if isinstance(node, Map | List) and node.flow:
            return True
        node = node.get(name) if isinstance(node, Map) else None
    return False


def _source(value: str, flow: bool) -> str:
    if value[:1] in ("{", "[", '"'):
        return value
    if flow or not value:
        return plain(value)
    found, problems = read_tree(f"k: {value}\n") if "\n" not in value else (None, ())
    node = found.get("k") if isinstance(found, Map) and not problems else None
    same = isinstance(node, Text) and node.value == value and not node.quoted
    return value if same else json.dumps(value, ensure_ascii=False)


# -- splicing --------------------------------------------------------------------------------------


def _splice(text: str, tree: Map, edit: Edit) -> str:
    parent = _find(tree, edit.path[:-1])
    name = edit.path[-1]
    if edit.value is None:
        return text if not isinstance(parent, Map) else _removed(text, parent, name)
    entry = next((e for e in parent.entries if e.key.value == name), None) if isinstance(parent, Map) else None
    if entry is not None:
        source = _source(edit.value, _in_flow(tree, edit.path))
        colon = text.index(":", entry.key.span.end) + 1
        end = _end(entry.value)
        return text[:colon] + " " + source + text[max(end, colon) :]
    if isinstance(parent, Map) and parent.flow:
        return _into_flow(text, parent, name, _source(edit.value, True))
    if isinstance(parent, Map):
        return _into_block(text, parent, name, edit.value, top=len(edit.path) == 1)
    if len(edit.path) == 1:
        return text
    inner = f"{plain(name)}: {_source(edit.value, True)}"
    if len(edit.path) == 2 and parent is None:  # a new section: one entry a line, like the others
        line = _newline(text)
        return text + ("" if text.endswith(("\n", "\r")) else line) + f"{line}{edit.path[0]}:{line}  {inner}{line}"
    return _splice(text, tree, Edit(edit.path[:-1], f"{{{inner}}}"))


def _into_flow(text: str, parent: Map, name: str, source: str) -> str:
    entry = f"{plain(name)}: {source}"
    if not parent.entries:
        return text[: parent.span.start] + "{" + entry + "}" + text[parent.span.end :]
    end = _end(parent.entries[-1].value) or parent.entries[-1].key.span.end
    end = max(end, parent.entries[-1].key.span.end)
    return f"{text[:end]}, {entry}{text[end:]}"


def _into_block(text: str, parent: Map, name: str, value: str, *, top: bool) -> str:
    """A line of its own after the last entry, indented like it."""
    last = parent.entries[-1]
    indent = " " * (last.key.span.column - 1)
    end = max(_end(last.value), last.key.span.end + 1)
    stop = text.find("\n", end)
    line = _newline(text)
    entry = f"{indent}{plain(name)}: {_source(value, False)}"
    if stop < 0:
        return f"{text}{line}{entry}"
    stop = stop - 1 if line == "\r\n" and text[stop - 1] == "\r" else stop
    return f"{text[:stop]}{line}{entry}{text[stop:]}"


def _removed(text: str, parent: Map, name: str) -> str:
    at = next((i for i, e in enumerate(parent.entries) if e.key.value == name), None)
    if at is None:
        return text
    entry = parent.entries[at]
    if parent.flow:
        return _removed_from_flow(text, parent, at)
    start = text.rfind("\n", 0, entry.key.span.start) + 1
    end = max(_end(entry.value), entry.key.span.end + 1)
    stop = text.find("\n", end)
    return text[:start] + ("" if stop < 0 else text[stop + 1 :])


def _removed_from_flow(text: str, parent: Map, at: int) -> str:
    entries = parent.entries
    if at + 1 < len(entries):
        return text[: entries[at].key.span.start] + text[entries[at + 1].key.span.start :]
    end = max(_end(entries[at].value), entries[at].key.span.end)
    if text[entries[at].key.span.end : end].strip() == "" and text[end : end + 1] == ":":
        end += 1
    start = _entry_end(entries[at - 1]) if at else entries[at].key.span.start
    return text[:start] + text[end:]


def _entry_end(entry: Entry) -> int:
    return max(_end(entry.value), entry.key.span.end)


def _end(node: Node) -> int:
    """Where a value ends; the marks of a block collection end where the next thing begins."""
    if isinstance(node, Map) and not node.flow and node.entries:
        return max(_end(node.entries[-1].value), node.entries[-1].key.span.end + 1)
    if isinstance(node, List) and not node.flow and node.items:
        return _end(node.items[-1])
    return node.span.end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# -- comparing ---------------------------------------------------------------------------------------


def _data(node: Node) -> Data:
    """What a tree says, without places."""
    if isinstance(node, Text):
        return node.value
    if isinstance(node, List):
        return [_data(i) for i in node.items]
    return {e.key.value: _data(e.value) for e in node.entries}


def _changed(data: Data, path: Path, value: str | None) -> Data:
    """What the text should say after an edit."""
    if not path:
        assert value is not None
        found, _ = read_tree(f"k: {_source(value, False)}\n")
        made = found.get("k") if isinstance(found, Map) else None
        return _data(made) if made is not None else value
    below = dict(data) if isinstance(data, dict) else {}
    if value is None and len(path) == 1:
        below.pop(path[0], None)
        return below or ""
    below[path[0]] = _changed(below.get(path[0], {}), path[1:], value)
    return below
