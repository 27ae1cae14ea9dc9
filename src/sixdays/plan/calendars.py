"""Working time: when several resources with hours are all open, and clock ↔ work (rules C3–C5).

Milliseconds since `now`, as integers, so that proofs are exact. Windows are made as far as
they are asked for. NumPy stays outside: `odds` reads the windows as breakpoints.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from sixdays.plan.model import Hours
from sixdays.quantities import HORIZON_S

DAY_MS = 86_400_000
NEVER_MS = int(HORIZON_S * 1000) * 2
_CHUNK_MS = 64 * DAY_MS


class Calendar:
    """The moments at which all of some resources are open; work advances only then.

    It caches the windows that it has made; it is otherwise a value.
    """

    def __init__(self, hours: tuple[Hours, ...], now: datetime) -> None:
        self.hours = hours
        self._epoch = now
        self._opens: list[int] = []
        self._closes: list[int] = []
        self._before: list[int] = []  # work done before each opening
        self._until = 0

    def windows(self, until_ms: int) -> tuple[list[int], list[int]]:
        """Openings and closings, ms since now, that cover at least 0 … until_ms."""
        self._extend(until_ms)
        return self._opens, self._closes

    def advance(self, at: int, work: int) -> int:
        """The earliest clock time by which `work` ms are done if it may begin at `at` (rule C5)."""
        if work <= 0:
            return at
        total = self.work_until(at) + work
        while self._until < NEVER_MS and (not self._opens or self._done_by_end() < total):
            self._extend(self._until + max(_CHUNK_MS, 2 * (total - self._done_by_end())))
        i = bisect_left(self._before, total) - 1
        if i < 0 or total > self._done_by_end():
            return NEVER_MS
        return self._opens[i] + total - self._before[i]

    def retreat(self, due: int, work: int) -> int:
        """The latest time to begin `work` ms so that it is done by `due`; negative where that is past."""
        left = self.work_until(due) - work
        if left < 0:
            return left  # before now: how far does not matter
        i = bisect_right(self._before, left) - 1
        if i < 0:
            return min(due, 0)
        if work <= 0:
            return due
        return min(self._opens[i] + left - self._before[i], due)

    def opening(self, at: int) -> int:
        """The first working moment at or after `at`."""
        self._extend(at)
        while True:
            i = bisect_right(self._closes, at)
            if i < len(self._opens):
                return max(at, self._opens[i])
            if self._until >= NEVER_MS:
                return NEVER_MS
            self._extend(self._until + _CHUNK_MS)

    def work_until(self, at: int) -> int:
        """Working ms from now to `at`."""
        if at <= 0:
            return 0
        self._extend(at)
        i = bisect_right(self._opens, at) - 1
        return 0 if i < 0 else self._before[i] + min(at, self._closes[i]) - self._opens[i]

    def work_in_past(self, since_ms: int) -> int:
        """Working ms between a moment before now (negative ms) and now."""
        return sum(b - a for a, b in self._made(since_ms, 0))

    def _done_by_end(self) -> int:
        return self._before[-1] + self._closes[-1] - self._opens[-1] if self._opens else 0

    def _extend(self, until: int) -> None:
        if until < self._until or self._until >= NEVER_MS:
            return
        end = min(max(until + 1, self._until + _CHUNK_MS), NEVER_MS)
        for a, b in self._made(self._until, end):
            if self._closes and self._closes[-1] == a:  # a window cut by the edge of a chunk
                self._closes[-1] = b
                continue
            self._before.append(self._done_by_end())
            self._opens.append(a)
            self._closes.append(b)
        self._until = end

    def _made(self, start: int, end: int) -> list[tuple[int, int]]:
        made = [(start, end)]
        for hours in self.hours:
            made = _both(made, _weekly(hours, self._epoch, start, end))
        return made


@lru_cache(maxsize=256)  # changed plans of one forecast ask for the same weeks again and again
def _weekly(hours: Hours, epoch: datetime, start: int, end: int) -> list[tuple[int, int]]:
    """The windows of one weekly pattern on its own wall clock, cut to start … end; not to be changed."""
    out = []
    base = epoch.astimezone(UTC)
    first = (base + timedelta(milliseconds=start)).astimezone(hours.zone).date() - timedelta(days=1)
    last = (base + timedelta(milliseconds=end)).astimezone(hours.zone).date()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day.weekday() not in hours.days:
            continue
        a = max(start, _wall_ms(day, hours.start_min, hours, base))
        b = min(end, _wall_ms(day, hours.end_min, hours, base))
        if a < b:
            out.append((a, b))
    return out


def _wall_ms(day: date, minute: int, hours: Hours, base: datetime) -> int:
    wall = datetime(day.year, day.month, day.day, tzinfo=hours.zone) + timedelta(minutes=minute)
    return (wall.astimezone(UTC) - base) // timedelta(milliseconds=1)


def _both(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What two sorted lists of windows have in common."""
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            out.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out
