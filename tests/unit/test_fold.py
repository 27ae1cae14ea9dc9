"""Records → what happened (rules S5, T3, E5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sixdays.journal.fold import Shape, fold
from sixdays.journal.records import Record, new_record
from sixdays.plan.actuals import Actual

START = datetime(2031, 3, 5, 12, tzinfo=UTC)


def record(kind: str, hours: float, nonce: str, **data: object) -> Record:
    at = START + timedelta(hours=hours)
    return new_record(kind, at, "you", {"task": "a", "at": at.isoformat(), **data}, nonce)


def folded(*records: Record, shape: Shape = Shape()) -> Actual:  # noqa: B008
    (actual,) = fold(records, {"a": shape})
    return actual


def test_a_copy_that_started_and_ended_took_what_was_said() -> None:
    a = folded(
        record("task started", 0, "1", copies=[1, 2]),
        record("task finished", 20, "2", copies=[1], took_s=3600.0),
        shape=Shape(copies=3),
    )
    assert [c.running for c in a.copies] == [False, True]
    assert a.took_s == (3600.0,)
    assert a.finished is None


def test_done_means_all_copies() -> None:
    a = folded(record("task started", 0, "1", copies=[1, 2]), record("task finished", 20, "2"), shape=Shape(copies=3))
    assert a.finished == START + timedelta(hours=20)
    assert a.running == ()


def test_a_failed_try_ends_the_longest_running_one() -> None:
    """T3: its length is known from its start; with none running the task is unstarted again."""
    shape = Shape(copies=2, side_by_side=2, tries=True)
    a = folded(
        record("task started", 0, "1", copies=[1, 2]), record("task started", 5, "2", copies=[3, 4]),
        record("try failed", 10, "3", count=1), shape=shape,
    )  # fmt: skip
    assert a.failed == 1
    assert [c.copy for c in a.running] == [3, 4]
    assert a.failed_took_s == (36000.0, 36000.0)
    a = folded(record("try failed", 10, "3", count=3), shape=shape)
    assert (a.failed, a.running, a.failed_took_s) == (3, (), ())


def test_done_of_a_task_with_tries_means_that_one_convinced() -> None:
    a = folded(record("task finished", 10, "3", took_s=7200.0), shape=Shape(tries=True))
    assert a.finished == START + timedelta(hours=10)


def test_tasks_that_the_plan_no_longer_has_are_passed_over() -> None:
    assert fold([record("task finished", 1, "1")], {"b": Shape()}) == ()


def test_a_damaged_record_is_not_fatal() -> None:
    bad = Record("x", "task started", START, "you", {"task": "a", "copies": "all", "at": "yesterday"})
    assert fold([bad], {"a": Shape()})[0].copies == ()


def test_a_measured_speed_up_stays_until_it_stands_in_the_plan() -> None:
    seen = {"command": ["python", "train.py"], "factor": {"value": 2.5}, "confirmed": True}
    first = record("speed-up measured", 0, "1", **seen)
    kept = record("speed-up measured", 1, "2", **{**seen, "in_plan": True})
    unsure = record("speed-up measured", 1, "3", **{**seen, "confirmed": False})
    assert folded(first).speedup == 2.5
    assert folded(kept, first).speedup == 1.0
    assert folded(first, unsure).speedup == 1.0
