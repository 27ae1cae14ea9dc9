"""Nonsense in, a sentence out: nothing but our own exceptions leaves the readers. `benchmarks/fuzz.py` runs a million."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from benchmarks.fuzz import run
from hypothesis import given, settings
from hypothesis import strategies as st

from sixdays.errors import SixdaysError
from sixdays.plan.parse import read
from sixdays.plan.sentence import read_sentence
from sixdays.plan.tree import read_tree
from sixdays.quantities import Unreadable, parse_odds, parse_seconds, parse_when, parse_zone

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


@settings(max_examples=300)
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_tree(text)
    for reader in (read, lambda t: read_sentence(t, NOW, UTC)):
        try:
            reader(text)
        except SixdaysError:
            pass
    for parse in (parse_seconds, parse_odds, parse_zone, lambda t: parse_when(t, NOW, UTC)):
        try:
            parse(text)
        except (Unreadable, OverflowError):
            pass


@pytest.mark.parametrize(
    ("inputs", "seed"), [(1500, 1), (1500, 2), pytest.param(200_000, 3, marks=pytest.mark.nightly)]
)
def test_mutations_of_real_plans_sentences_and_changes(inputs: int, seed: int) -> None:
    count = run(inputs, seed)
    assert not [k for k in count if k.startswith("ESCAPED")], count
