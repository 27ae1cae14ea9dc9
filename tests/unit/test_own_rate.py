"""A running job's own progress replaces the estimate of the rest (rule E6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sixdays
from sixdays.app.project import open_project
from sixdays.app.settings import Options
from sixdays.plan.actuals import Actual, Copy
from sixdays.plan.model import Plan

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
H = 3600.0


def _plan(tmp_path: Path, text: str) -> Plan:
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    return open_project((str(tmp_path),), Options(NOW)).plan


def test_the_rest_of_a_running_task_is_what_its_progress_says(tmp_path: Path) -> None:
    """It was guessed at 1 to 2 days; after 2 h its own progress says 8 to 12 h more, half by 10 h."""
    plan = _plan(tmp_path, "tasks: {a: {takes: 1d to 2d, run: python a.py}}\n")
    running = Copy(1, NOW - timedelta(hours=2), left_s=(8 * H, 10 * H, 12 * H))
    made = sixdays.forecast(plan, now=NOW, actuals=[Actual("a", (running,))], draws=20_000)
    end = made.tasks["a"].finish
    assert made.tasks["a"].basis == "its own rate"
    for got, hours in ((end.p10, 8), (end.p50, 10), (end.p90, 12)):
        assert got is not None
        assert abs((got - NOW).total_seconds() / H - hours) < 0.1


def test_copies_that_wait_take_as_long_as_the_running_ones_will(tmp_path: Path) -> None:
    """Two seeds on one machine: 10 h left of the first, which will then have taken 12 h; so 22 h, not days."""
    plan = _plan(tmp_path, "resources: {gpu: 1}\ntasks: {a: {takes: 5d to 9d, needs: {gpu: 1}, seeds: 2}}\n")
    running = Copy(1, NOW - timedelta(hours=2), left_s=(9 * H, 10 * H, 11 * H))
    made = sixdays.forecast(plan, now=NOW, actuals=[Actual("a", (running,))], draws=20_000)
    end = made.tasks["a"].finish.p50
    assert end is not None
    assert abs((end - NOW).total_seconds() / H - 22) < 0.3
