"""One run that a search asks for, what came of it, and what the user asked of the search."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sixdays.faster.model import USUAL, Promise, Setting, Trace

if TYPE_CHECKING:
    from sixdays.faster.length import Length

Purpose = Literal["look", "again", "try", "copies", "confirm"]


@dataclass(frozen=True, slots=True)
class Probe:
    """One run to make.

    events: of the unit's counter, after which it may stop; 0: at `seconds`. enough: says of what was seen so far
    whether it may stop. seconds: the longest that it may take. stacks: sample them. text: what is tried, for people.
    """

    purpose: Purpose
    setting: Setting
    seconds: float
    text: str
    events: int = 0
    stacks: bool = False
    enough: Callable[[Trace], bool] | None = None

    @property
    def copies(self) -> int:
        """How many run side by side."""
        return max((c.copies for c in self.setting), default=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. at: seconds since the search began, after it. problem: why it could not be run."""

    traces: tuple[Trace, ...]
    at: float
    problem: str = ""

    @property
    def trace(self) -> Trace:
        return self.traces[0]

    @property
    def failure(self) -> str:
        """Why it does not count: it could not be run, or a copy crashed, was killed, or took too much."""
        return self.problem or next((why for t in self.traces if (why := failure_of(t))), "")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants. unit: a word of the unit's text. length: of one whole run; doubt: why it is not known.
    cores: here.
    """

    budget_s: float = 600.0
    accept: tuple[Promise, ...] = USUAL
    seeds: int = 1
    unit: str | None = None
    length: Length | None = None
    doubt: str = ""
    cores: int = 1


Steps = Generator[Probe, Outcome, None]


def failure_of(trace: Trace) -> str:
    """Why a run does not count: it crashed, was killed, or took too much."""
    if trace.stopped in ("memory", "disk"):
        return f"it took more {trace.stopped} than it may"
    if not trace.failed:
        return ""
    last = next((p.text.strip() for p in reversed(trace.printed) if p.text.strip()), "")
    how = f"signal {trace.signal}" if trace.signal is not None else f"exit status {trace.exit}"
    if not trace.exit and trace.signal is None:
        return f"it ended with {trace.facts['raised']}"
    return f"it ended with {how}" + (f": {last}" if last else "")
