"""What must hold of every outlook, whatever the curves."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sixdays.verdict.curves import Curve
from sixdays.verdict.final import predict_final
from sixdays.verdict.hindsight import known_at
from sixdays.verdict.outlook import outlook_summary
from sixdays.verdict.periodic import periodic_events
from sixdays.verdict.winning import early_decision, win_probability

GOAL = 100.0


@st.composite
def curves(draw: st.DrawFn, method: str = "mine", finished: bool = False, odd: bool = True) -> Curve:
    """A curve of 1 to 40 points; where odd, with NaN, infinities and steps going back."""
    n = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    until = GOAL if finished else draw(st.floats(1, GOAL))
    x = np.linspace(until / n, until, n)
    y = np.cumsum(rng.normal(draw(st.floats(-1, 1)), 1, n)) * draw(st.sampled_from([0.0, 1e-6, 1.0, 1e12]))
    if odd and draw(st.booleans()):
        y[rng.integers(0, n)] = draw(st.sampled_from([np.nan, np.inf, -np.inf, -8e26]))
    if odd and draw(st.booleans()) and n > 3:
        x[n // 2] = x[0]
    return Curve(draw(st.sampled_from(["t", "u"])), method, draw(st.integers(0, 9)), x, y, GOAL)


several = st.lists(curves(), max_size=4)
baselines = st.lists(curves("base", finished=True), max_size=4)


@settings(deadline=None, max_examples=150)
@given(curves(), baselines)
def test_a_prediction_is_finite_and_its_quantiles_rise(curve: Curve, references: list[Curve]) -> None:
    found = predict_final(curve, references, GOAL)
    if found is not None:
        assert np.isfinite(found.values).all()
        assert all(a <= b for a, b in pairwise(found.values))
        assert found.low <= found.quantile(0.5) <= found.high


@settings(deadline=None, max_examples=100)
@given(curves(odd=False), st.lists(curves("base", finished=True, odd=False), max_size=4),
       st.sampled_from([0.5, 2.0, 1024.0]), st.integers(-8, 8))  # fmt: skip
def test_a_prediction_moves_with_the_unit_and_the_zero_of_the_metric(
    curve: Curve, references: list[Curve], scale: float, shift: int
) -> None:
    def moved(c: Curve) -> Curve:
        return Curve(c.task, c.method, c.seed, c.steps, c.values * scale + shift, c.goal)

    plain = predict_final(curve, references, GOAL, kind="rl")
    other = predict_final(moved(curve), [moved(r) for r in references], GOAL, kind="rl")
    if plain is None or other is None:
        return
    wide = plain.values[-1] - plain.values[0]
    floor = 1e-9 * (1 + float(np.abs(curve.values).max()))
    if wide > 1e4 * floor:
        assert np.allclose(np.array(plain.values) * scale + shift, other.values, atol=scale * (1e-5 * wide + floor))


@settings(deadline=None, max_examples=150)
@given(several, baselines, st.booleans())
def test_a_chance_lies_between_0_and_1_and_does_not_depend_on_the_order_of_runs(
    mine: list[Curve], base: list[Curve], up: bool
) -> None:
    p = win_probability(mine, base, GOAL, higher_is_better=up)
    again = win_probability(mine[::-1], base[::-1], GOAL, higher_is_better=up)
    assert (p is None) == (again is None)
    if p is not None and again is not None:
        assert 0 < p < 1
        assert abs(p - again) < 1e-6


@settings(deadline=None, max_examples=100)
@given(several, baselines)
def test_negating_the_metric_and_its_direction_changes_no_chance(mine: list[Curve], base: list[Curve]) -> None:
    def turned(group: list[Curve]) -> list[Curve]:
        return [Curve(c.task, c.method, c.seed, c.steps, -c.values, c.goal) for c in group]

    p = win_probability(mine, base, GOAL)
    q = win_probability(turned(mine), turned(base), GOAL, higher_is_better=False)
    assert (p is None) == (q is None)
    if p is not None and q is not None:
        assert abs(p - q) < 1e-6


@given(
    st.lists(st.tuples(st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1))), max_size=20).map(
        lambda h: sorted(h, key=lambda e: e[0])
    ),
    st.floats(0, 1),
)
def test_no_decision_falls_before_a_tenth_or_before_the_first_event(
    history: list[tuple[float, float | None]], event: float
) -> None:
    found = early_decision(history, events=[event])
    if found is not None:
        assert found.fraction >= max(0.1, event) - 1e-9


@settings(deadline=None, max_examples=60)
@given(several)
def test_any_curves_can_be_asked_for_a_period(group: list[Curve]) -> None:
    found = periodic_events(group)
    assert found is None or found > 0


@settings(deadline=None, max_examples=60)
@given(several, baselines)
def test_any_curves_have_a_summary_without_numbers_that_are_none(mine: list[Curve], base: list[Curve]) -> None:
    found = outlook_summary([*mine, *base], {}, "base", "mine")
    for run in found.get("running", []):
        assert run["final"] is None or all(np.isfinite(v) for v in run["final"].values())
    assert found == {} or found["known_at"]["confidence"] == 0.9


@settings(deadline=None, max_examples=40)
@given(baselines, st.lists(curves("other", finished=True), max_size=4))
def test_agreement_is_a_share_and_its_lower_bound_lies_below(base: list[Curve], other: list[Curve]) -> None:
    known = known_at([*base, *other], np.random.default_rng(0), draws=200)
    for a, low in zip(known.agreement, known.low, strict=True):
        assert 0 <= low <= 1
        assert 0 <= a <= 1
        assert low <= a + 1e-9
