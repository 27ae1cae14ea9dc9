"""One suite over every store: a new file in `stores/` with `create(options)` is tested without an edit."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import sixdays.stores
from sixdays.journal.fold import Shape, fold
from sixdays.journal.records import Record, new_record

FOLDER = Path(sixdays.stores.__file__ or "").parent
STORES = [p.stem for p in sorted(FOLDER.glob("[a-z]*.py")) if "def create(" in p.read_text(encoding="utf-8")]
START = datetime(2031, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return import_module(f"sixdays.stores.{request.param}").create({"folder": tmp_path / "journal"})


def records(count: int) -> list[Record]:
    return [
        new_record("task started", START + timedelta(minutes=i), "you", {"task": f"t{i % 3}", "copies": [i], "at": START.isoformat()}, f"{i:04}")
        for i in range(count)
    ]  # fmt: skip


def test_there_is_a_store() -> None:
    assert "files" in STORES


def test_an_empty_store_has_no_records(store: Any) -> None:
    assert store.records() == ()


def test_what_is_read_is_what_was_written(store: Any) -> None:
    odd = new_record("an unknown kind", START, "Jürgen", {"text": "a\nb\u2028 ü", "deep": {"x": [1, None, 2.5]}}, "x")
    for record in (odd, *records(5)):
        store.add(record)
    assert set(r.id for r in store.records()) == {odd.id, *(r.id for r in records(5))}
    assert next(r for r in store.records() if r.id == odd.id) == odd
    assert store.records() == store.records()


def test_the_order_of_arrival_does_not_matter(store: Any) -> None:
    made = records(12)
    shuffled = made[:]
    random.Random(1).shuffle(shuffled)
    for record in shuffled:
        store.add(record)
    assert store.records() == tuple(made)
    shapes = {f"t{i}": Shape(copies=12) for i in range(3)}
    assert set(fold(store.records(), shapes)) == set(fold(made, shapes))


def test_adding_twice_is_harmless_and_a_bad_record_is_refused(store: Any) -> None:
    (record,) = records(1)
    store.add(record)
    store.add(record)
    assert store.records() == (record,)
    with pytest.raises(ValueError, match="needs"):
        store.add(Record("x", "task started", START, "you", {}))
    assert store.records() == (record,)
