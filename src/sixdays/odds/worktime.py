"""Calendars over draws: the rules of `plan/calendars` on arrays of seconds (C3–C5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sixdays.quantities import HORIZON_S

if TYPE_CHECKING:
    from sixdays.odds.estimates import FloatArray
    from sixdays.plan.calendars import Calendar

_SLACK_S = 1e-6  # sums of floats must not tip 19:00 over to the next morning


class WorkTime:
    """Clock ↔ work for one calendar, vectorised; later than the horizon is inf."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._until_s = 0.0
        self._read(64 * 86400.0)

    def _read(self, until_s: float) -> None:
        self._until_s = min(until_s, 2 * HORIZON_S)
        opens, closes = self._calendar.windows(int(self._until_s * 1000))
        self._opens = np.array(opens) / 1000
        self._closes = np.array(closes) / 1000
        self._before = np.concatenate(([0.0], np.cumsum(self._closes - self._opens)))

    def work(self, at: FloatArray) -> FloatArray:
        """Seconds of work from now to `at`; at must lie within the horizon."""
        self._cover(float(np.max(at, initial=0.0)))
        i = np.searchsorted(self._opens, at, side="right") - 1
        inside = np.minimum(at, self._closes[i]) - self._opens[i] + self._before[i]
        return np.where(i < 0, 0.0, inside)

    def advance(self, at: FloatArray, work: FloatArray) -> FloatArray:
        """The earliest clock time by which the work is done if it may begin at `at`."""
        lasting = np.isfinite(at)
        if not lasting.all():
            at = np.where(lasting, at, 0.0)
        total = self.work(at) + work
        most = float(np.max(total, initial=0.0))
        while self._before[-1] < most and self._until_s < 2 * HORIZON_S:
            self._read(2 * self._until_s)
        i = np.maximum(np.searchsorted(self._before, total - _SLACK_S, side="left") - 1, 0)
        late = i >= len(self._opens)
        i = np.minimum(i, len(self._opens) - 1)
        end = np.where(work > 0, self._opens[i] + total - self._before[i], at)
        return np.where(lasting & ~late, end, np.inf)

    def opening(self, at: FloatArray) -> FloatArray:
        """The first working moment at or after `at`."""
        lasting = np.isfinite(at)
        soon = np.where(lasting, at, 0.0)
        self._cover(float(np.max(soon, initial=0.0)))
        i = np.searchsorted(self._closes, soon, side="right")
        while (i >= len(self._opens)).any() and self._until_s < 2 * HORIZON_S:
            self._read(2 * self._until_s)
            i = np.searchsorted(self._closes, soon, side="right")
        late = i >= len(self._opens)
        begin = np.maximum(soon, self._opens[np.minimum(i, len(self._opens) - 1)])
        return np.where(lasting & ~late, begin, np.inf)

    def _cover(self, until_s: float) -> None:
        while self._until_s < min(until_s, 2 * HORIZON_S):
            self._read(2 * self._until_s)
