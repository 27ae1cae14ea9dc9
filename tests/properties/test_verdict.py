"""What holds for any curves: mirrored arms, any order, no NaN in the JSON, more error never a stricter word."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sixdays.verdict.curves import Curve
from sixdays.verdict.looks import Look, error_now
from sixdays.verdict.verdict import judge

MIRROR = {"better": "worse", "worse": "better", "same": "same", "not_yet_known": "not_yet_known"}
VALUES = st.one_of(
    st.floats(-100, 100), st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf, 1e30, -1e-30, 1e300, -1.7e308])
)


@st.composite
def curves(draw: st.DrawFn, names: tuple[str, ...] = ("a", "b"), ordinary: bool = False) -> list[Curve]:
    out = []
    tasks = draw(st.integers(1, 6))
    points = draw(st.sampled_from([1, 1, 4]))
    equal = draw(st.integers(1, 12)) if ordinary else 0
    rng = np.random.default_rng(draw(st.integers(0, 1_000)))
    for t in range(tasks):
        for name in names:
            n = equal or draw(st.integers(0, 6))
            up = draw(st.floats(-3, 3)) if ordinary else 0.0
            for s in range(n):
                values = (
                    rng.normal(up, 1, points) if ordinary else draw(st.lists(VALUES, min_size=points, max_size=points))
                )
                out.append(Curve(f"t{t}", name, s, np.arange(points), values))
    return out or [Curve("t", "a", 0, [1], [1.0])]


def plain(v: Any) -> str:
    return json.dumps(v.to_dict(), allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    curves(("a", "b", "c")),
    st.sampled_from(["compelling", "preliminary"]),
    st.floats(0, 5),
    st.booleans(),
    st.booleans(),
)
def test_any_curves_have_a_verdict_that_is_json(
    given: list[Curve], standard: str, margin: float, up: bool, kept: bool
) -> None:
    plain(judge(given, standard=standard, margin=margin, higher_is_better=up, ledger=kept))


@settings(max_examples=30, deadline=None)
@given(curves(ordinary=True), st.sampled_from(["compelling", "preliminary"]), st.floats(0, 2))
def test_arms_that_change_places_mirror_the_verdict(given: list[Curve], standard: str, margin: float) -> None:
    one, other = (judge(given, baseline=b, standard=standard, margin=margin) for b in ("a", "b"))
    assert one.main is not None
    assert other.main is not None
    assert one.word == MIRROR[other.word]
    assert one.main.p == other.main.p
    assert one.main.difference.value == -(other.main.difference.value or 0.0)
    for low, high in (
        (one.main.difference.low, other.main.difference.high),
        (one.main.difference.high, other.main.difference.low),
    ):
        assert (low is None) == (high is None)
        if low is not None and high is not None:
            assert low == -high


@settings(max_examples=20, deadline=None)
@given(curves(ordinary=True), st.randoms(use_true_random=False))
def test_the_order_of_the_runs_changes_no_digit(given: list[Curve], random: Any) -> None:
    mixed = list(given)
    random.shuffle(mixed)
    assert plain(judge(given)) == plain(judge(mixed))


@settings(max_examples=20, deadline=None)
@given(curves(ordinary=True))
def test_the_sign_of_the_metric_is_a_mirror_too(given: list[Curve]) -> None:
    turned = [Curve(c.task, c.method, c.seed, c.steps, -c.values) for c in given]
    assert judge(given, baseline="a").word == judge(turned, baseline="a", higher_is_better=False).word


@settings(max_examples=20, deadline=None)
@given(curves(ordinary=True), st.floats(0.1, 3))
def test_a_shift_of_both_arms_moves_no_word(given: list[Curve], shift: float) -> None:
    moved = [Curve(c.task, c.method, c.seed, c.steps, c.values + shift) for c in given]
    one, other = judge(given, baseline="a"), judge(moved, baseline="a")
    assert one.main is not None
    assert other.main is not None
    assert one.main.difference.value is not None
    assert other.main.difference.value is not None
    assert abs(one.main.difference.value - other.main.difference.value) < 1e-9
    assert one.word == other.word


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(3, 30), max_size=6), st.integers(3, 30), st.sampled_from([0.05, 0.2]))
def test_a_look_never_has_more_error_than_the_standard(looks: set[int], now: int, error: float) -> None:
    assert 0.0 <= error_now(now, [Look(n) for n in looks], error, least=3, planned=20) <= error
