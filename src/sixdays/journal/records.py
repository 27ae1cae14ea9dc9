"""Records: one immutable entry each, one shape for all kinds (design §9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

Data = Mapping[str, Any]

# kind → the keys that its data must have. A kind that is not here is carried along, unread.
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "task started": ("task", "copies", "at"),
        "task finished": ("task", "at"),
        "try failed": ("task", "count", "at"),
        "forecast made": ("verdict", "targets", "plan", "seed", "draws", "as_stated", "now"),
        "plan edited": ("before", "after", "why"),
        "question asked": ("text", "change"),
        "question answered": ("text", "change", "answer"),
        "question skipped": ("text", "change"),
        "question wrong": ("text", "change"),
        "speed-up measured": ("task", "command", "factor", "confirmed", "at"),
        "look taken": ("metric", "standard", "baseline", "method", "data", "seeds", "verdict"),
    }
)


@dataclass(frozen=True, slots=True)
class Record:
    """id: unique, sorts by time. at: when it was written, with its offset. by: who wrote it."""

    id: str
    kind: str
    at: datetime
    by: str
    data: Data = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "kind": self.kind, "at": self.at.isoformat(), "by": self.by, "data": dict(self.data)}

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, sort_keys=True)


def new_record(kind: str, at: datetime, by: str, data: Data, nonce: str) -> Record:
    """A record with an id made of its time and a nonce, which keeps two of one moment apart and in order.

    Raises:
        ValueError: its data lack a key of its kind, or the time has no zone.
    """
    if why := wrong_with(kind, at, data):
        raise ValueError(why)
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    return Record(f"{stamp}-{nonce}", kind, at, by, data)


def wrong_with(kind: str, at: datetime, data: Data) -> str:
    """What keeps this from being a record; empty where nothing does."""
    if at.tzinfo is None:
        return "the time of a record needs a zone"
    missing = [k for k in KINDS.get(kind, ()) if k not in data]
    return f'a record "{kind}" needs {", ".join(missing)}' if missing else ""


def from_dict(found: object) -> Record:
    """The record that a JSON object is.

    Raises:
        ValueError: it is none, and why.
    """
    if not isinstance(found, dict):
        raise ValueError("it is not an object")
    for key in ("id", "kind", "at", "by"):
        if not isinstance(found.get(key), str):
            raise ValueError(f"it has no {key}")
    data = found.get("data", {})
    if not isinstance(data, dict):
        raise ValueError("its data are not an object")
    at = datetime.fromisoformat(found["at"])
    if why := wrong_with(found["kind"], at, data):
        raise ValueError(why)
    return Record(found["id"], found["kind"], at, found["by"], data)
