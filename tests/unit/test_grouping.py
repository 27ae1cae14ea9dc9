"""Grouping: every row of the table by its example, then whole folders."""

from __future__ import annotations

import pytest

from sixdays.logs.grouping import place
from sixdays.logs.layouts import LAYOUTS, Layout


def told(paths: list[str], **options: object) -> list[tuple[str, str, str]]:
    return [(p.group, p.task, p.seed) for p in place([(path, {}) for path in paths], **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("row", LAYOUTS, ids=[f"{i}-{row.name}" for i, row in enumerate(LAYOUTS)])
def test_each_row_says_of_its_example_what_stands_beside_it(row: Layout) -> None:
    path, (group, task, seed) = row.example
    assert told([path]) == [(group, task, seed or "0")]
    assert row.pattern.search(path) or row.name in {"time", "hash", "number", "environment"}
