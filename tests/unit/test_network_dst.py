"""Two times of one zone are an hour more apart over the end of summer time (rule C2)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sixdays.plan.network import build
from sixdays.plan.parse import read

PACIFIC = ZoneInfo("America/Los_Angeles")


def test_room_counts_the_hour_that_comes_twice() -> None:
    plan = read("tasks: {a: {takes: exactly 24h}}\ntargets: {x: {deadline: 2016-11-06 12:00 America/Los_Angeles}}\n")
    network = build(plan, datetime(2016, 11, 5, 12, tzinfo=PACIFIC))
    assert network.goals[0].due_ms == 25 * 3_600_000
