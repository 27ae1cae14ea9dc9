"""Properties of grouping and progress."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sixdays.logs.grouping import place
from sixdays.logs.progress import states
from sixdays.logs.runs import Place, Run
from sixdays.logs.series import Log, Series

WORDS = st.sampled_from(
    ["mine", "base", "sac", "ppo-big", "no_ema", "Hopper-v4", "walker_walk", "Pong", "lr=0.1", "v2"]
)
PARTS = st.lists(WORDS, min_size=1, max_size=3).map("/".join)
PATHS = st.tuples(PARTS, st.sampled_from(["/seed_{}", "_s{}", "/{}", "_{}.csv", "/version_{}", "/s{}/log.csv"]))
SETS = st.lists(PATHS, min_size=1, max_size=4).map(
    lambda of: list(dict.fromkeys(head + tail.format(k) for head, tail in of for k in range(3)))
)


def _named(paths: list[str]) -> list[tuple[str, dict[str, str]]]:
    return [(p, {}) for p in paths]


@settings(max_examples=150, deadline=None)
@given(SETS, st.randoms(use_true_random=False))
def test_the_order_of_runs_does_not_matter_to_their_places(paths: list[str], random: Random) -> None:
    mixed = random.sample(paths, len(paths))
    told = dict(zip(paths, place(_named(paths)), strict=True))
    assert dict(zip(mixed, place(_named(mixed)), strict=True)) == told


@settings(max_examples=150, deadline=None)
@given(SETS, st.sampled_from(["exps", "results", "my project", "scratch"]))
def test_the_folder_above_all_runs_changes_nothing(paths: list[str], root: str) -> None:
    plain = place(_named([f"runs/{p}" for p in paths]))
    moved = place(_named([f"{root}/runs/{p}" for p in paths]))
    assert [(p.task, p.seed) for p in plain] == [(p.task, p.seed) for p in moved]
    assert _together([p.group for p in plain]) == _together([p.group for p in moved])


def _together(groups: list[str]) -> list[int]:
    return [groups.index(g) for g in groups]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.text(max_size=12))
def test_any_text_has_a_place_or_a_pattern_that_is_none_says_where(path: str, pattern: str) -> None:
    wrong = ""
    try:
        found = place([(path, {})], pattern or None)
    except ValueError as e:
        wrong = str(e)
    else:
        assert found[0].group
        assert found[0].seed
    assert not wrong or "character" in wrong


TIMES = st.lists(st.floats(-1e4, 1e5, allow_nan=False), min_size=0, max_size=30)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TIMES, st.lists(st.floats(-10, 1e6, allow_nan=False), min_size=30, max_size=30)), max_size=4),
       st.floats(0, 1e6), st.one_of(st.none(), st.floats(1, 1e6)))  # fmt: skip
def test_whatever_the_clock_does_the_time_left_is_ordered_and_not_negative(
    logs: list[tuple[list[float], list[float]]], now: float, goal: float | None
) -> None:
    runs = [
        Run(f"a/{k}", (Log("x", "", "table", {"v": Series("v", np.array(s[: len(t)]), np.ones(len(t)), 1e9 + np.array(t))}),),
            Place("a", "", str(k)))
        for k, (t, s) in enumerate(logs)
    ]  # fmt: skip
    for state in states(runs, 1e9 + now, goal=goal):
        assert state.state in ("done", "running", "stuck", "failed")
        if state.left_s is not None:
            low, mid, high = state.left_s
            assert 0 <= low <= mid <= high < np.inf
        assert (state.left_s is None) or state.state == "running"
