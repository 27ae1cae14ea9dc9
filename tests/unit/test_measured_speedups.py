"""What `faster` measured, in the questions: put it in, and start anew or let it finish (design §6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sixdays.ask.questions import questions
from sixdays.ask.suppose import suppose
from sixdays.odds.forecast import Forecast, Inputs, forecast
from sixdays.plan.actuals import Actual, Copy
from sixdays.plan.parse import read

NOW = datetime(2031, 5, 1, tzinfo=UTC)
PLAN = read(
    """resources: {gpu: 1}
tasks: {train: {takes: 4d, needs: {gpu: 1}}, other: {takes: 1d, needs: {gpu: 1}}}
targets: {paper: {deadline: 2031-05-04 00:00 UTC}}
""",
    "plan.yaml",
)


def made(*actuals: Actual) -> Forecast:
    return forecast(PLAN, Inputs(NOW, draws=1000, actuals=actuals))


def test_a_measured_factor_is_asked_and_is_worth_more_than_one_that_must_be_found() -> None:
    asked = questions(PLAN, made(Actual("train", speedup=2.5)))
    measured = next(q for q in asked if q.text == "Will train run 2.5 times faster, as measured?")
    assert measured.change == ("train 2.5x faster",)
    assert measured.minutes == 5.0
    assert not any("as measured" in q.text for q in questions(PLAN, made()))


def test_suppose_uses_what_was_measured_first() -> None:
    f = made(Actual("train", speedup=4.0))
    found = suppose(PLAN, f, "paper")
    assert [p.change for p in found.changes] == [("train 4x faster",)]


def test_a_run_under_way_is_started_anew_only_where_that_ends_sooner() -> None:
    # 1 d worked, 3 d left: anew at 2.5 times the speed 4 d / 2.5 = 1.6 d, so 1.4 d = 1 d 9 h 36 min sooner.
    running = Copy(1, NOW - timedelta(days=1), left_s=(250_000.0, 259_200.0, 270_000.0))
    texts = {q.text: q.why for q in questions(PLAN, made(Actual("train", (running,), speedup=2.5)))}
    assert "1 d 10 h sooner" in texts["Start train anew at 2.5 times the speed, or let it finish?"]
    # 3 d worked, 1 d left: anew 4 d / 2.5 = 1.6 d: letting it finish is 0.6 d sooner.
    late = Copy(1, NOW - timedelta(days=3), left_s=(80_000.0, 86_400.0, 90_000.0))
    texts = {q.text: q.why for q in questions(PLAN, made(Actual("train", (late,), speedup=2.5)))}
    assert "letting it finish ends 14 h" in texts["Start train anew at 2.5 times the speed, or let it finish?"]
