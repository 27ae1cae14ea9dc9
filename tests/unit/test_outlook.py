"""Outlook: finals, chances, decisions, periodic events, hindsight; numbers worked out by hand where they can be."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from sixdays.verdict.curves import Curve
from sixdays.verdict.final import predict_final, reach_of
from sixdays.verdict.hindsight import cannot_change, known_at, orders, seeds_or_length
from sixdays.verdict.outlook import outlook_summary
from sixdays.verdict.partial import cut, in_order, level_at, roughness, score_at
from sixdays.verdict.periodic import periodic_events
from sixdays.verdict.tables import tables
from sixdays.verdict.winning import Decision, chances, early_decision, win_probability

GOAL = 1000.0


def curve(
    height: float, seed: int = 0, method: str = "mine", task: str = "t", until: float = 1.0, rate: float = 4.0
) -> Curve:
    """A saturating curve with a little noise, 100 evaluations."""
    x = np.arange(1, 101) * 10.0
    noise = np.random.default_rng(seed).normal(0, 0.02 * abs(height) + 0.01, len(x))
    y = height * (1 - np.exp(-rate * x / GOAL)) + noise
    n = max(1, round(until * len(x)))
    return Curve(task, method, seed, x[:n], y[:n], GOAL)


# Scores of partial curves


def test_after_a_resume_what_was_written_later_holds() -> None:
    x, y = in_order(Curve("t", "m", 0, [1, 2, 3, 4, 2, 3], [1, 2, 3, 4, 20, 30]))
    assert x.tolist() == [1, 2, 3]
    assert y.tolist() == [1, 20, 30]


def test_a_score_is_the_mean_of_the_last_twentieth() -> None:
    x = np.arange(1.0, 101.0)
    assert score_at(x, x, 100, 100) == 98.0  # of 96, 97, 98, 99, 100
    assert score_at(x, x, 50, 100) == 48.0
    assert np.isnan(score_at(x, x, 0.5, 100))


def test_a_score_leaves_out_what_is_not_finite() -> None:
    x = np.arange(1.0, 101.0)
    y = x.copy()
    y[97] = np.nan
    assert score_at(x, y, 100, 100) == pytest.approx((96 + 97 + 99 + 100) / 4)


def test_few_evaluations_are_averaged_only_where_they_go_up_and_down() -> None:
    x = np.arange(1.0, 11.0)
    rising = level_at(x, x, 10, 10)
    assert rising == 10.0
    y = np.array([1.0, 2, 3, 4, 5, 6, 7, 6, 9, 6])
    assert level_at(x, y, 10, 10) == 7.0  # of 6, 9, 6


def test_a_straight_line_has_no_roughness() -> None:
    assert roughness(np.arange(30.0)) == pytest.approx(0, abs=1e-12)
    assert roughness(np.random.default_rng(0).normal(size=24)) == pytest.approx(1, rel=0.5)


# The final score


def test_the_prediction_borrows_the_growth_of_finished_runs() -> None:
    references = [curve(100, s, "other") for s in range(8)]
    found = predict_final(curve(100, 99, until=0.3), references, GOAL)
    assert found is not None
    assert found.fraction == pytest.approx(0.3)
    assert found.low < 98 < found.high
    assert found.now < 75


def test_finished_runs_of_its_own_method_are_asked_before_others() -> None:
    own = [curve(100, s) for s in range(3)]
    others = [curve(500, s, "other") for s in range(8)]
    running = curve(100, 99, until=0.3)
    alone, both = reach_of(running, own, GOAL), reach_of(running, [*own, *others], GOAL)
    assert alone == both
    assert alone is not None
    assert alone.table == "own"


def test_without_references_the_interval_is_wider_and_says_why() -> None:
    running = curve(100, 99, until=0.4)
    alone = predict_final(running, [], GOAL, kind="rl")
    helped = predict_final(running, [curve(100, s) for s in range(8)], GOAL, kind="rl")
    assert alone is not None
    assert helped is not None
    assert alone.high - alone.low > helped.high - helped.low
    assert "wider" in alone.basis


def test_a_metric_that_falls_mirrors_one_that_rises() -> None:
    references = [curve(100, s, "other") for s in range(5)]
    running = curve(100, 99, until=0.4)
    up = predict_final(running, references, GOAL)
    down = predict_final(
        Curve("t", "mine", 0, running.steps, -running.values),
        [Curve("t", "other", c.seed, c.steps, -c.values) for c in references], GOAL, higher_is_better=False,
    )  # fmt: skip
    assert up is not None
    assert down is not None
    assert np.allclose(up.values, -np.array(down.values)[::-1])
    assert up.quantile(0.9) == pytest.approx(-down.quantile(0.1))


def test_nothing_is_said_at_the_very_start_or_of_a_curve_that_has_gone() -> None:
    references = [curve(100, s, "other") for s in range(5)]
    assert predict_final(curve(100, until=0.02), references, GOAL) is None
    gone = Curve("t", "mine", 0, [100, 200, 300], [1.0, float("nan"), float("nan")])
    assert predict_final(gone, references, GOAL) is None
    flat = Curve("t", "mine", 0, [100, 200, 300], [1.0, 1.0, 1.0])
    assert predict_final(flat, [], GOAL) is None


def test_quantiles_rise_at_every_fraction_and_in_every_table() -> None:
    final = tables()["final"]
    for kind in ("rl", "supervised"):
        for rows in final[kind].values():
            assert len(rows) == len(final["fractions"])
            for row in rows:
                assert all(a <= b for a, b in pairwise(row))


def test_the_shipped_tables_name_their_sources_and_their_licences() -> None:
    assert {s["licence"] for s in tables()["sources"].values()} <= {"MIT", "Apache-2.0"}


# Chance to win


def test_a_method_far_above_will_win_and_its_mirror_will_lose() -> None:
    baseline = [curve(50, s, "base") for s in range(5)]
    above = win_probability([curve(100, s, until=0.5) for s in range(10, 13)], baseline)
    below = win_probability([curve(20, s, until=0.5) for s in range(10, 13)], baseline)
    assert above is not None
    assert below is not None
    assert above > 0.95
    assert below < 0.05


def test_a_loss_is_won_by_being_lower() -> None:
    baseline = [curve(50, s, "base") for s in range(5)]
    mine = [curve(100, s, until=0.5) for s in range(10, 13)]
    p = win_probability(mine, baseline, higher_is_better=False)
    assert p is not None
    assert p < 0.05


def test_nothing_is_said_before_a_tenth_before_an_event_or_without_a_finished_baseline() -> None:
    baseline = [curve(50, s, "base") for s in range(5)]
    mine = [curve(100, s, until=0.3) for s in range(3)]
    assert win_probability([curve(100, 1, until=0.08)], baseline) is None
    assert win_probability(mine, baseline, events=[400, 800]) is None
    assert win_probability(mine, baseline, events=[200]) is not None
    assert win_probability(mine, [curve(50, s, "base", until=0.9) for s in range(5)]) is None
    assert win_probability(mine, [curve(50, s, "base", task="another") for s in range(5)]) is None
    assert win_probability([], baseline) is None


def test_several_tasks_that_agree_say_more_than_one_and_those_that_do_not_lie_between() -> None:
    def at(heights: list[float]) -> float:
        mine = [curve(h, s, until=0.4, task=str(t)) for t, h in enumerate(heights) for s in range(3)]
        base = [curve(50, 10 + s, "base", task=str(t)) for t in range(len(heights)) for s in range(3)]
        p = win_probability(mine, base)
        assert p is not None
        return p

    one, five = at([60]), at([60] * 5)
    assert 0.5 < one < five
    assert at([40, 40]) < at([60, 40]) < at([60, 60])


def test_one_run_each_can_be_asked() -> None:
    p = win_probability([curve(100, 1, until=0.5)], [curve(50, 2, "base")])
    assert p is not None
    assert 0.5 < p < 1


def test_identical_flat_curves_say_neither() -> None:
    flat = [Curve("t", m, s, np.arange(1, 11), np.ones(10)) for m in ("mine", "base") for s in range(3)]
    p = win_probability([c for c in flat if c.method == "mine"], [c for c in flat if c.method == "base"])
    assert p is not None
    assert 0.3 < p < 0.7


def test_chances_are_those_of_the_curves_as_they_were() -> None:
    baseline = [curve(50, s, "base") for s in range(5)]
    mine = [curve(100, s, until=0.5) for s in range(10, 13)]
    history = chances(mine, baseline)
    assert [f for f, _ in history] == pytest.approx([0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5])
    then = [c for c in (cut(c, 0.3) for c in mine) if c]
    assert history[4][1] == win_probability(then, baseline)


def test_a_run_that_has_just_begun_hides_no_history() -> None:
    baseline = [curve(50, s, "base") for s in range(5)]
    mine = [curve(100, s, until=0.5) for s in range(10, 13)]
    assert chances([*mine, curve(100, 14, until=0.04)], baseline) == chances(mine, baseline)


# Early decisions


def test_a_decision_needs_two_checkpoints_in_a_row_the_same_way() -> None:
    assert early_decision([(0.1, 0.99), (0.15, 0.5), (0.2, 0.97), (0.25, 0.98)]) == Decision(0.25, "better")
    assert early_decision([(0.1, 0.99), (0.15, 0.01), (0.2, 0.99)]) is None
    assert early_decision([(0.1, 0.01), (0.15, 0.02)]) == Decision(0.15, "worse")


def test_nothing_is_decided_before_a_tenth_or_before_the_first_event() -> None:
    sure = [(0.05, 0.99), (0.1, 0.99), (0.15, 0.99), (0.2, 0.99)]
    assert early_decision(sure) == Decision(0.15, "better")
    assert early_decision(sure, events=[0.15]) == Decision(0.2, "better")
    assert early_decision(sure, events=[0.2, 0.4]) is None


def test_a_checkpoint_that_cannot_say_breaks_the_row() -> None:
    assert early_decision([(0.1, 0.99), (0.15, None), (0.2, 0.99)]) is None


# Periodic events


def resets(seed: int, period: int = 20, n: int = 200, depth: float = 0.6) -> Curve:
    rng = np.random.default_rng(seed)
    x = np.arange(1, n + 1)
    since = x % period
    y = (1 - np.exp(-x / 60)) * (1 - depth * np.exp(-since / 4) * (x >= period)) + rng.normal(0, 0.03, n)
    return Curve("t", "resets", seed, x * 1000.0, y)


def test_drops_at_regular_steps_are_flagged_with_their_period() -> None:
    found = periodic_events([resets(s) for s in range(5)])
    assert found == pytest.approx(20_000, rel=0.03)


def test_one_curve_with_deep_drops_is_enough() -> None:
    assert periodic_events([resets(0)]) == pytest.approx(20_000, rel=0.03)


def test_noise_and_single_collapses_are_not_periodic() -> None:
    for seed in range(20):
        plain = [curve(100, 100 * seed + s) for s in range(5)]
        assert periodic_events(plain) is None
    collapsed = []
    for s in range(5):
        c = curve(100, s)
        y = c.values.copy()
        y[40 + s :] *= 0.3
        collapsed.append(Curve("t", "m", s, c.steps, y))
    assert periodic_events(collapsed) is None


def test_too_short_or_constant_curves_show_nothing() -> None:
    assert periodic_events([]) is None
    assert periodic_events([Curve("t", "m", 0, [1, 2, 3], [1, 0, 1])]) is None
    assert periodic_events([Curve("t", "m", s, np.arange(50), np.ones(50)) for s in range(3)]) is None


# Hindsight


def test_orders_by_hand() -> None:
    a = Curve("t", "a", 0, [1, 2, 3, 4], [0.0, 1, 2, 9])
    b = Curve("t", "b", 0, [1, 2, 3, 4], [0.0, 2, 1, 3])
    found = orders([a, b], [0.25, 0.5, 0.75])
    assert found is not None
    assert found.tolist() == [[0.5, 0.0, 1.0]]  # a tie, wrong, right
    assert orders([a], [0.5]) is None


def test_with_no_pair_of_ones_own_the_public_curves_answer() -> None:
    known = known_at([curve(1)], np.random.default_rng(0))
    public = tables()["agreement"]
    assert known.tasks == 0
    assert known.agreement == pytest.approx(public["agreement"])
    first = next(f for f, a in zip(known.fractions, known.low, strict=True) if a >= 0.9)
    assert known.fraction is not None
    assert known.fraction >= first


def test_pairs_that_agree_from_the_start_bring_the_answer_forward() -> None:
    rng = np.random.default_rng(0)
    plain = known_at([], rng)
    own = [curve(h, s, m, str(t)) for t in range(12) for m, h in (("a", 100.0), ("b", 50.0)) for s in range(3)]
    known = known_at(own, rng)
    assert known.tasks == 12
    assert known.pairs == 12
    assert known.fraction is not None
    assert plain.fraction is not None
    assert known.fraction < plain.fraction


def test_designs_are_what_the_time_pays_for_best_first() -> None:
    designs = seeds_or_length(1.0)
    assert all(d.cost <= 1 for d in designs)
    assert designs[0].seeds == 2
    assert designs[0].fraction == 0.5
    assert seeds_or_length(0.01) == ()


def better_by_mean(mine: object, theirs: object) -> str:
    def mean(scores: object) -> float:
        assert isinstance(scores, dict)
        return float(np.mean([v for values in scores.values() for v in values]))

    return "better" if mean(mine) > mean(theirs) else "worse"


def test_runs_that_cannot_change_the_verdict_are_counted() -> None:
    clear = {("method", "t"): [10.0, 10.1, 9.9], ("baseline", "t"): [1.0, 1.1, 0.9]}
    waiting = [("method", "t"), ("baseline", "t")] * 4
    found = cannot_change(clear, {}, waiting, better_by_mean, np.random.default_rng(0))
    assert (found.cannot, found.waiting) == (8, 8)
    assert found.words["better"] > 0.95


def test_runs_that_may_change_the_verdict_are_kept() -> None:
    open_ = {("method", "t"): [1.0, 2.0], ("baseline", "t"): [1.1, 1.9]}
    waiting = [("method", "t"), ("baseline", "t")] * 4
    found = cannot_change(open_, {}, waiting, better_by_mean, np.random.default_rng(0))
    assert found.cannot < 8


def test_an_arm_without_any_run_cannot_be_played_out() -> None:
    with pytest.raises(ValueError, match="no run of either arm"):
        cannot_change({}, {}, [("method", "t")], better_by_mean, np.random.default_rng(0))


# The whole


def test_the_summary_can_be_written_as_json_and_names_every_running_run() -> None:
    curves = [curve(100, s, "mine", t, until=0.4) for t in ("a", "b") for s in range(3)]
    curves += [curve(50, s, "base", t) for t in ("a", "b") for s in range(3)]
    found = json.loads(json.dumps(outlook_summary(curves, {}, "base", "mine")))
    assert len(found["running"]) == 6
    assert found["chance"] > 0.95
    assert found["decision"]["word"] == "better"
    first = found["running"][0]
    assert first["fraction"] == pytest.approx(0.4)
    assert first["final"]["p10"] < first["final"]["p50"] < first["final"]["p90"]
    assert found["known_at"]["pairs"] == 0


def test_where_nothing_can_be_said_the_summary_says_why() -> None:
    mine = [curve(100, s, "mine", until=0.3) for s in range(3)]
    base = [curve(50, s, "base") for s in range(3)]
    assert "no finished run" in outlook_summary(mine, {}, "base", "mine")["cannot_say"]
    assert "event" in outlook_summary([*mine, *base], {}, "base", "mine", events=[500])["cannot_say"]
    early = [curve(100, s, "mine", until=0.05) for s in range(3)]
    assert "10 %" in outlook_summary([*early, *base], {}, "base", "mine")["cannot_say"]


def test_when_nothing_runs_there_is_no_outlook() -> None:
    assert outlook_summary([curve(50, s, m) for s in range(2) for m in ("a", "b")], {}, "a", "b") == {}


def test_what_ended_short_does_not_run_and_the_order_of_curves_does_not_matter() -> None:
    short = curve(50, 9, "base", until=0.3)
    ended = Curve("t", "base", 9, short.steps, short.values)
    curves = [ended, *[curve(50, s, "base") for s in range(3)], *[curve(99, s, "mine", until=0.5) for s in range(2)]]
    found = outlook_summary(curves, {}, "base", "mine")
    assert [r["method"] for r in found["running"]] == ["mine", "mine"]
    assert found == outlook_summary(curves[::-1], {}, "base", "mine")


def test_running_curves_that_reset_are_named_in_the_summary() -> None:
    group = [resets(s) for s in range(5)]
    curves = [Curve("t", "resets", c.seed, c.steps, c.values, 400_000) for c in group]
    found = outlook_summary(curves, {}, "base", "resets")
    assert "drops about every" in found["periodic"][0]["text"]
