"""The JSON of every command keeps its keys and its numbers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from sixdays.cli import COMMANDS as EVERY
from tests.golden.documents import COMMANDS, FOLDER, document


@pytest.mark.parametrize("name", COMMANDS)
def test_the_document_is_the_golden_one(name: str) -> None:
    kept = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert not list(differences(document(name), kept)), "make golden, and read the diff"


def test_every_command_has_a_golden_document() -> None:
    assert set(EVERY) <= set(COMMANDS)


def differences(got: Any, kept: Any, at: str = "") -> Any:
    """Where two documents differ by more than the last digits of another processor's arithmetic."""
    if isinstance(kept, dict) and isinstance(got, dict):
        if list(kept) != list(got):
            yield at, list(got), list(kept)
        for key in kept:
            yield from differences(got.get(key), kept[key], f"{at}.{key}")
    elif isinstance(kept, list) and isinstance(got, list) and len(kept) == len(got):
        for i, (a, b) in enumerate(zip(got, kept, strict=True)):
            yield from differences(a, b, f"{at}.{i}")
    elif isinstance(kept, float) or isinstance(got, float):
        if got is None or kept is None or abs(got - kept) > 0.003 + 1e-6 * abs(kept):
            yield at, got, kept
    elif got != kept and not (_instant(got) and _instant(kept) and abs(_instant(got) - _instant(kept)) <= 120):
        yield at, got, kept


def _instant(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0
