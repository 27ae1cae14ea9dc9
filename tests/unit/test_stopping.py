"""`stop if:` rules: every form parses, and says stop, go on, or not yet."""

from __future__ import annotations

import numpy as np
import pytest

from sixdays.verdict.curves import Curve
from sixdays.verdict.stopping import FORMS, StopRule, evaluate, parse_stop_rule


def line(values: list[float], method: str = "mine") -> Curve:
    """Ten evaluations, every 100 steps."""
    return Curve("t", method, 0, np.arange(1, len(values) + 1) * 100.0, values)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("nan", ("nan", None, None, None)),
        ("diverged", ("nan", None, None, None)),
        ("below baseline at 40 % of the steps", ("below", None, 0.4, None)),
        ("Below the baseline at 40%", ("below", None, 0.4, None)),
        ("worse than baseline at 30%", ("worse", None, 0.3, None)),
        ("below 3000 at 1M steps", ("below", 3000.0, None, 1e6)),
        ("below 3,000 at 1,000,000 steps", ("below", 3000.0, None, 1e6)),
        ("above 2.5 at step 10k", ("above", 2.5, None, 1e4)),
        ("< -1.5e2 after 2e5 steps", ("below", -150.0, None, 2e5)),
        ("below 3k at 20 epochs", ("below", 3000.0, None, 20.0)),
        ("better than baseline at 12.5 percent", ("better", None, 0.125, None)),
    ],
)
def test_every_form_parses(text: str, rule: tuple[str, float | None, float | None, float | None]) -> None:
    found = parse_stop_rule(text)
    assert (found.side, found.against, found.fraction, found.step) == rule
    assert found.text == text


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_of_the_hint_are_rules(form: str) -> None:
    assert isinstance(parse_stop_rule(form), StopRule)


@pytest.mark.parametrize(
    "text", ["", "below", "below baseline", "baseline at 40 %", "below baseline at 0 %", "below baseline at 140 %",
             "below 3 at 0 steps", "below x at 3 steps", "stop at 40 %", "below 3 at", "above 3 at 5 %%"],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="below baseline at 40 % of the steps"):
        parse_stop_rule(text)


def test_a_rule_says_nothing_before_its_step() -> None:
    rule = parse_stop_rule("below 5 at 40 %")
    assert evaluate(rule, line([1, 2, 3]), [], 1000) is None
    assert evaluate(rule, line([1, 2, 3, 4]), [], 1000) is True


def test_what_came_later_does_not_change_what_a_rule_says() -> None:
    assert evaluate(parse_stop_rule("below 5 at 40 %"), line([1, 2, 3, 4, 50, 60]), [], 1000) is True


def test_the_baseline_is_its_mean_at_the_same_step() -> None:
    baseline = [line([1, 2, 3, 4], "base"), line([3, 4, 5, 6, 9], "base")]  # mean 5 at step 400
    rule = parse_stop_rule("below baseline at 400 steps")
    assert evaluate(rule, line([0, 0, 0, 4.9]), baseline, 1000) is True
    assert evaluate(rule, line([9, 9, 9, 5.1]), baseline, 1000) is False


def test_without_a_baseline_that_got_so_far_nothing_is_said() -> None:
    rule = parse_stop_rule("below baseline at 40 %")
    assert evaluate(rule, line([1, 2, 3, 4]), [], 1000) is None
    assert evaluate(rule, line([1, 2, 3, 4]), [line([1, 2], "base")], 1000) is None


def test_worse_follows_the_direction_of_the_metric_and_below_does_not() -> None:
    baseline = [line([2, 2, 2, 2], "base")]
    low = line([1, 1, 1, 1])
    assert evaluate(parse_stop_rule("worse than baseline at 40 %"), low, baseline, 1000) is True
    assert (
        evaluate(parse_stop_rule("worse than baseline at 40 %"), low, baseline, 1000, higher_is_better=False) is False
    )
    assert evaluate(parse_stop_rule("below baseline at 40 %"), low, baseline, 1000, higher_is_better=False) is True


def test_a_value_that_is_not_finite_stops_by_the_nan_rule() -> None:
    rule = parse_stop_rule("nan")
    assert evaluate(rule, line([1, float("nan")]), [], 1000) is True
    assert evaluate(rule, line([1, float("inf")]), [], 1000) is True
    assert evaluate(rule, line([1, 2]), [], 1000) is None
    assert evaluate(rule, line([1, 2]), [], 200) is False


def test_a_diverged_run_is_worse_than_the_baseline_but_not_below_a_number() -> None:
    gone = line([1, 2, 3, float("nan")])
    assert evaluate(parse_stop_rule("worse than 1 at 40 %"), gone, [], 1000) is True
    assert evaluate(parse_stop_rule("below 1 at 40 %"), gone, [], 1000) is False
