"""A proof of impossibility as a value: facts with their source, the sum, the room, the shortfall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["floor", "tie", "count", "hours", "wait", "deadline"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One stated fact that the proof rests on. subject: the task, resource or target that it is about;
    other: the task that a tie waits for. line: in the plan, from 1; 0 for a sentence.
    """

    kind: Kind
    text: str
    line: int
    basis: str
    subject: str
    other: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"text": self.text, "line": self.line, "basis": self.basis}


@dataclass(frozen=True, slots=True)
class Mend:
    """A change of one fact (or of a pair). enough: with it alone, nothing is proved impossible any more.
    change: the phrases that `what-if` takes.
    """

    text: str
    enough: bool
    change: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"text": self.text, "enough": self.enough, "change": list(self.change)}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A target cannot be met, whatever happens within the stated facts (rules K1–K6).

    needs_ms, room_ms: clock time for a chain, unit time for a pile, None where a search proved it.
    resource: whose units, for a pile. window_ms: between which moments, since now.
    whole_runs: the pile counts whole runs, not unit time (rule K4).
    """

    kind: Literal["chain", "pile", "exact"]
    facts: tuple[Fact, ...]
    needs_ms: int | None
    room_ms: int | None
    resource: str = ""
    window_ms: tuple[int, int] = (0, 0)
    whole_runs: int = 0
    runs_that_fit: int = 0
    changes: tuple[Mend, ...] = ()

    @property
    def short_ms(self) -> int | None:
        return None if self.needs_ms is None or self.room_ms is None else self.needs_ms - self.room_ms

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "needs_s": seconds(self.needs_ms),
            "room_s": seconds(self.room_ms),
            "short_s": seconds(self.short_ms),
            "facts": [f.to_dict() for f in self.facts],
            "changes": [c.to_dict() for c in self.changes],
        }


def seconds(ms: int | None) -> int | float | None:
    """Milliseconds as seconds, whole where they are."""
    return None if ms is None else ms // 1000 if ms % 1000 == 0 else ms / 1000
