"""YAML as texts with places; what may not stand in a plan (design §3, security)."""

from __future__ import annotations

import pytest

from sixdays.plan.tree import Map, Text, read_tree


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [("a: *x\n", 1, 4, "alias"), ("a: &x 1\n", 1, 4, "anchor"), ("a: !!int 3\n", 1, 4, "tag"),
     ("a: !!python/object/apply:os.system [id]\n", 1, 4, "tag"), ("<<: {a: 1}\n", 1, 1, "merge key"),
     ("a: 1\na: 2\n", 2, 1, "twice"), ("? [a]\n: 1\n", 1, 3, "must be a word"), ("a: 1\n---\nb: 2\n", 2, 1, "one document"),
     ("a:\n\t- b\n", 2, 1, "tab"), ("a: b: c\n", 1, 5, "second"), ("a: 'x\n", 2, 1, "not closed"), ("a: @x\n", 1, 4, "may not begin"),
     ("a: \x00\n", 1, 4, "character"), ("a:\n  b: 1\n c: 2\n", 3, 2, "indentation"), ("", 1, 1, "empty"), ("# c\n", 1, 1, "empty"),
     ("[" * 30 + "]" * 30, 1, 21, "deep")],
)  # fmt: skip
def test_what_is_refused_is_refused_at_its_place(text: str, line: int, column: int, words: str) -> None:
    _, problems = read_tree(text)
    assert any((p.line, p.column) == (line, column) and words in p.message for p in problems), problems


@pytest.mark.parametrize("value", ["no", "1e3", ".inf", "9:00", "2031-03-08", "0x10", "~", "true"])
def test_every_scalar_is_the_text_written(value: str) -> None:
    tree, problems = read_tree(f"k: {value}\n")
    assert not problems
    assert isinstance(tree, Map)
    node = tree.get("k")
    assert isinstance(node, Text)
    assert node.value == value


def test_every_place_points_at_its_own_text() -> None:
    text = "a: {b: 2d to 4d, 'c d': \"x\"}\r\n# c\r\ne:\r\n  - f   # g\r\n"
    tree, problems = read_tree(text)
    assert not problems

    def walk(node: object) -> None:
        if isinstance(node, Text):
            source = text[node.span.start : node.span.end]
            assert source.strip("'\"") == node.value
            assert text.split("\n")[node.span.line - 1][node.span.column - 1 :].startswith(source)
        for child in getattr(node, "entries", ()):
            walk(child.key)
            walk(child.value)
        for child in getattr(node, "items", ()):
            walk(child)

    walk(tree)
