"""An edit changes its value and keeps every other byte."""

from __future__ import annotations

import random
from difflib import SequenceMatcher

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixdays.plan.edit import Edit, EditRefused, apply, plain
from sixdays.plan.tree import List, Map, Text, read_tree
from tests.properties.documents import document

VALUES = (
    "1d 2h",
    "exactly 3d",
    "a, b",
    "x: y",
    "# no",
    "it's",
    "",
    " lead",
    "- a",
    "{gpu: 2}",
    "[a, b]",
    "ü",
    "no",
    "@x",
    '"q"',
)


def data(text: str) -> object:
    tree, problems = read_tree(text)
    assert not problems

    def walk(node: object) -> object:
        if isinstance(node, Map):
            return {e.key.value: walk(e.value) for e in node.entries}
        return (
            [walk(i) for i in node.items] if isinstance(node, List) else node.value if isinstance(node, Text) else None
        )

    return walk(tree)


def get(found: object, path: tuple[str, ...]) -> object:
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


@settings(max_examples=400)
@given(st.integers(0, 10**9))
def test_an_edit_changes_one_value_and_keeps_every_other_byte(seed: int) -> None:
    rng = random.Random(seed)
    text, paths = document(rng)
    path, value = rng.choice(paths), rng.choice(VALUES)
    before = data(text)
    try:
        after = apply(text, [Edit(path, value)])
    except EditRefused:
        return
    made = data(after)
    wanted = data(f"k: {value}\n")["k"] if value[:1] in ("{", "[", '"') else value  # type: ignore[index]
    assert get(made, path) == wanted
    assert apply(after, [Edit(path, plain(str(get(before, path))))]) is not None
    changed = [op for op in SequenceMatcher(None, text, after, autojunk=False).get_opcodes() if op[0] != "equal"]
    lines = {text.count("\n", 0, op[1]) for op in changed} | {text.count("\n", 0, op[2]) for op in changed}
    assert max(lines, default=0) - min(lines, default=0) <= 1
    assert after.count("#") >= text.count("#") - (1 if "#" in str(get(before, path)) else 0)


@settings(max_examples=400)
@given(st.integers(0, 10**9))
def test_what_is_taken_out_goes_alone(seed: int) -> None:
    rng = random.Random(seed)
    text, paths = document(rng)
    path = rng.choice(paths)
    before = data(text)
    try:
        after = apply(text, [Edit(path, None)])
    except EditRefused:
        return
    made = (
        data(after)
        if after.strip() and any(not ln.lstrip().startswith("#") for ln in after.split("\n") if ln.strip())
        else {}
    )
    for other in paths:
        if other != path:
            assert get(made, other) == get(before, other)
    assert get(made, path) in (None, "")


@settings(max_examples=300)
@given(st.text(max_size=30))
def test_plain_text_reads_back_in_any_context(value: str) -> None:
    if not value.isprintable():
        return
    assert data(f"k: {plain(value)}\n") == {"k": value}
    assert data(f"k: {{a: {plain(value)}, b: 1}}\n") == {"k": {"a": value, "b": "1"}}


def test_a_new_key_stands_like_its_siblings() -> None:
    text = "tasks:\n    a:\n        takes: 1d   # guess\n    b: {takes: 2d}\nother: 1\n"
    after = apply(
        text,
        [Edit(("tasks", "a", "seeds"), "3"), Edit(("tasks", "b", "after"), "a"), Edit(("risks", "r x"), "{odds: 4%}")],
    )
    assert "        takes: 1d   # guess\n        seeds: 3\n" in after
    assert "b: {takes: 2d, after: a}" in after
    assert after.endswith("\nrisks:\n  r x: {odds: 4%}\n")


def test_all_edits_or_none() -> None:
    with pytest.raises(EditRefused):
        apply("a: &x 1\n", [Edit(("a",), "2")])
