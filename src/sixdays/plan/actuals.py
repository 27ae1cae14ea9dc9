"""What happened to a task, as records tell it. The plan holds intentions; this holds facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a task: when it began and ended, as far as is known.

    took_s: how long it worked, in seconds of its own calendar, where that was said or measured.
    left_s: of one that runs, what its own progress says is left: 10, 50 and 90 % quantiles, seconds (rule E6).
    """

    copy: int
    started: datetime | None = None
    ended: datetime | None = None
    took_s: float | None = None
    left_s: tuple[float, float, float] | None = None

    @property
    def running(self) -> bool:
        return self.started is not None and self.ended is None


@dataclass(frozen=True, slots=True)
class Actual:
    """What happened to one task (rules S5, T3, E5).

    copies: those of the try under way that have started or ended.
    finished: when the task was said to be done; a task with tries: when a try convinced.
    failed: tries that did not convince; failed_took_s: their lengths, where known.
    estimate_s, kind, who: what was estimated, for the history (rule E7).
    """

    task: str
    copies: tuple[Copy, ...] = ()
    finished: datetime | None = None
    failed: int = 0
    failed_took_s: tuple[float, ...] = ()
    estimate_s: tuple[float, float] | None = None
    kind: str = ""
    who: str = ""

    @property
    def running(self) -> tuple[Copy, ...]:
        return tuple(c for c in self.copies if c.running)

    @property
    def took_s(self) -> tuple[float, ...]:
        """Lengths that were said or measured of everything that ended, in seconds (rule E5)."""
        ended = tuple(c.took_s for c in self.copies if c.ended is not None and c.took_s is not None)
        return ended + self.failed_took_s
