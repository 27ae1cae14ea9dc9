"""Words, warnings and next steps of the judge."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sixdays.errors import UsageError
from sixdays.verdict.curves import Curve
from sixdays.verdict.looks import Look
from sixdays.verdict.standard import parse_standard, preset
from sixdays.verdict.verdict import judge

KEYS = {"schema", "verdict", "standard", "difference", "p", "improvement", "noise_floor", "methods", "looks", "next",
        "warnings"}  # fmt: skip


def runs(method: str, scores: Sequence[float], task: str = "t", **more: Any) -> list[Curve]:
    return [Curve(task, method, s, [1], [v], **more) for s, v in enumerate(scores)]


def spread(method: str, middle: float, n: int, task: str = "t", **more: Any) -> list[Curve]:
    return runs(method, list(middle + np.linspace(-1, 1, n)), task, **more)


def clear(n: int, tasks: int = 1) -> list[Curve]:
    return [c for t in range(tasks) for m, v in (("base", 0), ("mine", 5)) for c in spread(m, v, n, f"t{t}")]


def warned(v: Any, text: str) -> bool:
    return any(text in w for w in v.warnings)


def test_the_json_has_the_keys_of_the_design_and_no_nan() -> None:
    d = judge(clear(10), baseline="base").to_dict()
    assert d.keys() >= KEYS
    assert set(d["difference"]) == {"value", "low", "high", "level"}
    assert d["methods"]["mine"].keys() >= {"runs", "score", "low", "high"}
    json.dumps(d, allow_nan=False)


def test_ten_seeds_clearly_above_are_better_and_swapped_are_worse() -> None:
    assert judge(clear(10), baseline="base").word == "better"
    assert judge(clear(10), baseline="mine").word == "worse"


def test_where_lower_is_better_the_word_turns_and_the_difference_keeps_its_sign() -> None:
    v = judge(clear(10), baseline="base", higher_is_better=False)
    assert v.word == "worse"
    assert v.main is not None
    assert v.main.difference.value == pytest.approx(5)
    assert v.main.improvement == 0.0


def test_fewer_seeds_than_the_standard_asks_for_are_never_a_word() -> None:
    v = judge(clear(9), baseline="base")
    assert v.word == "not_yet_known"
    assert v.main is not None
    assert "asks for 10 seeds" in v.main.why
    assert v.next is not None
    assert v.next.seeds >= 1


@pytest.mark.parametrize(("seeds", "tasks", "word"), [
    (5, 5, "better"), (4, 5, "not_yet_known"), (5, 4, "not_yet_known"), (10, 4, "better"), (10, 1, "better")])  # fmt: skip
def test_compelling_is_five_seeds_on_five_tasks_or_ten_seeds(seeds: int, tasks: int, word: str) -> None:
    assert judge(clear(seeds, tasks), baseline="base").word == word


def test_preliminary_is_three_seeds() -> None:
    v = judge(clear(3), baseline="base", standard="preliminary")
    assert v.word == "better"
    assert v.sentence.startswith("preliminary: 3 seeds on 1 task; mean difference +5 [80 % CI")
    assert warned(v, "exaggeration")
    assert warned(v, "permutation test cannot reach")


def test_same_needs_a_margin_and_an_interval_within_it() -> None:
    equal = spread("base", 0, 20) + spread("mine", 0.01, 20)
    assert judge(equal, baseline="base").word == "not_yet_known"
    assert judge(equal, baseline="base", margin=0.1).word == "not_yet_known"
    assert judge(equal, baseline="base", margin=1.0).word == "same"
    assert judge(clear(10), baseline="base", margin=1.0).word == "better"
    assert judge(clear(10), baseline="base", margin=4.9).word == "not_yet_known"


def test_a_margin_below_0_is_refused() -> None:
    with pytest.raises(ValueError, match="below 0"):
        judge(clear(3), margin=-1)
    with pytest.raises(ValueError, match="below 0"):
        judge(clear(3), margin=float("nan"))
    with pytest.raises(ValueError, match="nothing differs"):
        judge(clear(3), margin=float("inf"))


def test_no_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="no curve"):
        judge([])


def test_all_seeds_identical_is_not_an_infinitely_sure_result() -> None:
    v = judge(runs("base", [1.0] * 10) + runs("mine", [2.0] * 10), baseline="base")
    assert v.word == "not_yet_known"
    assert v.main is not None
    assert v.main.p is None
    assert warned(v, "all seeds have the same score")
    json.dumps(v.to_dict(), allow_nan=False)


def test_all_nan_is_not_yet_known_and_json() -> None:
    v = judge(runs("base", [np.nan] * 10) + runs("mine", [np.nan] * 10), baseline="base")
    assert v.word == "not_yet_known"
    assert v.methods["mine"].score is None
    assert v.methods["mine"].diverged == 10
    json.dumps(v.to_dict(), allow_nan=False)


def test_a_word_must_hold_with_diverged_runs_counted_as_the_worst_score_seen() -> None:
    good = list(5 + np.linspace(-1, 1, 10))
    base = spread("base", 0, 10)
    one = judge(base + runs("mine", [*good, np.nan]), baseline="base")
    assert one.word == "better"
    assert warned(one, "1 run of 11 diverged")
    half = judge(base + runs("mine", [*(np.array(good) - 3.5), *[np.nan] * 10]), baseline="base")
    assert half.word == "not_yet_known"
    assert half.main is not None
    assert "diverged" in half.main.why


def test_divergence_of_the_baseline_is_no_verdict_either() -> None:
    mixed = runs("base", [*np.linspace(-1, 1, 10), *[-np.inf] * 10]) + runs("mine", list(np.linspace(-1, -0.6, 20)))
    assert judge(mixed, baseline="base").word == "not_yet_known"


def test_the_order_of_the_curves_does_not_matter() -> None:
    curves = clear(5, 5)
    mixed = [curves[i] for i in np.random.default_rng(0).permutation(len(curves))]
    assert judge(curves, baseline="base").to_dict() == judge(mixed, baseline="base").to_dict()


@pytest.mark.parametrize(("names", "taken"), [
    (("a", "sac_baseline"), "sac_baseline"), (("mine", "sac"), "sac"), (("x", "b"), "b"), (("reference", "ablation"), "reference")])  # fmt: skip
def test_the_baseline_is_told_by_its_name_or_is_the_first_and_that_is_said(names: tuple[str, str], taken: str) -> None:
    v = judge([c for n in names for c in spread(n, 0, 3)])
    assert v.main is not None
    assert v.main.baseline == taken
    assert warned(v, f"baseline: {taken}")


def test_a_name_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        judge(clear(3), baseline="bas")
    assert "base" in caught.value.hint
    with pytest.raises(UsageError):
        judge(clear(3), baseline="base", method="base")
    with pytest.raises(UsageError):
        judge(clear(3), standard="compeling")


def test_one_method_is_described_with_what_a_comparison_would_need() -> None:
    v = judge(spread("sac", 0, 3, seconds=3600.0))
    assert v.word == "not_yet_known"
    assert v.main is None
    assert v.noise_floor == pytest.approx(1.0)
    assert v.next is not None
    assert v.next.hours == pytest.approx(10)
    assert "second method, 10 seeds" in v.next.text


def test_one_run_an_arm_cannot_be_judged_and_shows_the_noise_of_other_repeats() -> None:
    v = judge(runs("base", [1]) + runs("mine", [2]) + spread("other", 0, 3), baseline="base", method="mine")
    assert v.word == "not_yet_known"
    assert v.main is not None
    assert "one run an arm" in v.main.why
    assert warned(v, "seed noise from the repeats")


def test_two_checkpoints_on_the_same_items_are_paired_and_say_nothing_about_a_seed() -> None:
    items = [
        c for i in range(8) for m, v in (("base", 0.0), ("mine", 0.1)) for c in runs(m, [i + v + 0.01 * i], f"item{i}")
    ]
    v = judge(items, baseline="base")
    assert v.word == "not_yet_known"
    assert warned(v, "8 items, paired")
    assert warned(v, "says nothing about another seed")


def test_several_methods_are_held_to_holm_and_the_best_of_a_sweep_is_warned_of() -> None:
    middle = [spread(f"m{i}", v, 10) for i, v in enumerate((0.1, 0.2, 5.0))]
    v = judge([*spread("base", 0, 10), *functools.reduce(operator.iadd, middle, [])], baseline="base")
    assert [c.method for c in v.comparisons] == ["m2", "m1", "m0"]
    assert v.word == "better"
    assert [c.word for c in v.comparisons[1:]] == ["not_yet_known"] * 2
    assert warned(v, "best of 3")
    named = judge([*spread("base", 0, 10), *functools.reduce(operator.iadd, middle, [])], baseline="base", method="m0")
    assert named.main is not None
    assert named.main.method == "m0"
    assert not warned(named, "best of 3")


def test_a_p_that_one_comparison_would_pass_may_fail_among_three() -> None:
    near = runs("mine", list(0.75 + np.linspace(-1, 1, 10)))
    two = judge(spread("base", 0, 10) + near, baseline="base")
    assert two.main is not None
    assert two.main.p is not None
    assert two.word == "better"
    more = judge(spread("base", 0, 10) + near + spread("x", 0, 10) + spread("y", 0, 10), baseline="base", method="mine")
    assert more.main is not None
    assert more.word == "not_yet_known"
    assert more.main.p == pytest.approx(3 * two.main.p)


def test_a_comparison_that_cannot_be_said_keeps_none_of_the_others_from_a_word() -> None:
    v = judge(spread("base", 0, 10) + spread("mine", 5, 10) + spread("few", 50, 3), baseline="base", method="mine")
    assert v.word == "better"
    assert [c.word for c in v.comparisons[1:]] == ["not_yet_known"]


def test_what_is_surely_within_the_margin_keeps_none_of_the_others_from_a_word() -> None:
    many = spread("base", 0, 100) + spread("near", 0.3, 100) + spread("far", 2, 10)
    v = judge(many, baseline="base", margin=0.6)
    assert {c.method: c.word for c in v.comparisons} == {"far": "better", "near": "same"}


def test_holm_stops_at_the_first_that_is_not_shown() -> None:
    base, last = spread("base", 0, 10), spread("z", 0.70, 10)
    assert judge(base + last, baseline="base").word == "better"
    v = judge(base + spread("x", 0.72, 10) + spread("y", 0.71, 10) + last, baseline="base")
    by_name = {c.method: c for c in v.comparisons}
    assert {c.word for c in v.comparisons} == {"not_yet_known"}
    assert "Holm stops there" in by_name["z"].why


def test_names_need_not_be_text() -> None:
    curves = [Curve("t", m, s, [1], [m * 5.0 + s / 5]) for m in (0, 1) for s in range(10)]  # type: ignore[arg-type]
    assert judge(curves, baseline=0).word == "better"  # type: ignore[arg-type]
    with pytest.raises(UsageError, match='"7"'):
        judge(curves, baseline=7)  # type: ignore[arg-type]


def test_thousands_of_items_have_a_sign_test() -> None:
    items = [Curve(f"i{t:04}", m, 0, [1], [float(m == "mine") * (t % 5 > 0) + (t % 5 == 0)])
             for t in range(2_000) for m in ("base", "mine")]  # fmt: skip
    assert warned(judge(items, baseline="base"), "1600 up, 0 down, sign test: p = 0")


def test_runs_that_solve_a_task_alike_all_count() -> None:
    """Ten runs of 0 and 1: equal curves are what such a metric gives, not one run under several names."""
    solved = [Curve("t", m, s, range(6), [0, *[float(s < k)] * 5]) for m, k in (("base", 4), ("mine", 8))
              for s in range(10)]  # fmt: skip
    v = judge(solved, baseline="base")
    assert v.methods["mine"].runs == 10
    assert v.main is not None
    assert v.main.difference.value == pytest.approx(0.4)


def test_a_step_measured_several_times_counts_by_its_mean() -> None:
    episodes = Curve("t", "mine", 0, np.repeat([10, 20], 3), [1, 2, 3, 4, 5, 9])
    assert episodes.score() == 6.0


def test_the_sentence_to_paste_does_not_hide_runs_that_diverged() -> None:
    v = judge(clear(10) + runs("mine", [np.nan], "t0"), baseline="base")
    assert "(1 diverged run left out)" in v.sentence


def test_runs_under_way_are_waited_for_and_not_asked_for_again() -> None:
    none_ended = judge(spread("base", 0, 10) + spread("mine", 5, 10, goal=100), baseline="base")
    assert none_ended.next is not None
    assert none_ended.next.text == "let the runs that are running come to their end"
    later = [Curve("t", "mine", s, [50], [0.0], goal=100) for s in range(5, 10)]
    some = judge(spread("base", 0, 10) + spread("mine", 2, 5) + later, baseline="base")
    assert some.next is not None
    assert some.next.text.startswith("5 more seeds of mine on 1 task: 5 runs of them under way")


def test_a_clock_that_is_no_number_gives_no_hours() -> None:
    v = judge(spread("base", 0, 5, seconds=np.inf) + spread("mine", 0, 5, seconds=np.inf), baseline="base")
    json.dumps(v.to_dict(), allow_nan=False)
    assert v.next is not None
    assert v.next.hours is None


def test_running_curves_do_not_count() -> None:
    v = judge([*clear(10), Curve("t0", "mine", 99, [1], [-50.0], goal=100)], baseline="base")
    assert v.word == "better"
    assert v.methods["mine"].running == 1
    assert v.methods["mine"].runs == 11
    assert warned(v, "still running")


def test_an_arm_of_running_curves_only_has_no_word() -> None:
    v = judge(spread("base", 0, 10) + spread("mine", 5, 10, goal=100), baseline="base")
    assert v.word == "not_yet_known"
    assert v.main is not None
    assert "running" in v.main.why


def test_the_same_curve_under_two_seeds_counts_once() -> None:
    steps = np.arange(10)
    copies = [Curve("t", "mine", s, steps, steps + 5.0) for s in range(10)]
    base = [Curve("t", "base", s, steps, steps + s / 10) for s in range(10)]
    v = judge(base + copies, baseline="base")
    assert v.word == "not_yet_known"
    assert v.methods["mine"].runs == 1
    assert warned(v, "same curve, point by point")


def test_warnings_name_fewer_baseline_seeds_uneven_lengths_other_tasks_and_sizes() -> None:
    curves = (
        spread("base", 0, 3) + spread("mine", 0, 5) + spread("mine", 0, 3, "only") + [Curve("t", "mine", 9, [2], [0.3])]
    )
    v = judge(curves, baseline="base")
    assert warned(v, "fewer seeds")
    assert warned(v, "differ in length")
    assert warned(v, "not counted")
    sizes = judge(
        [c for t, k in (("a", 1), ("b", 1000)) for m in ("base", "mine") for c in runs(m, [k, 2 * k, 3 * k], t)]
    )
    assert warned(sizes, "differ in size")


def test_final_score_and_area_that_disagree_are_told_of() -> None:
    steps = np.arange(101)
    curves = [Curve("t", m, s, steps, np.where(steps > 90, end, early) + 0.01 * s)
              for m, early, end in (("base", 5.0, 1.0), ("mine", 0.0, 2.0)) for s in range(10)]  # fmt: skip
    v = judge(curves, baseline="base")
    assert v.word == "better"
    assert warned(v, "disagree")


def test_sample_efficiency_counts_runs_that_never_got_there() -> None:
    steps = np.arange(1, 101)
    rates = [("base", 1.0)] * 5 + [("mine", 2.0)] * 4 + [("mine", 0.1)]
    curves = [Curve("t", m, i, steps, np.minimum(100.0, r * steps) + 0.01 * i) for i, (m, r) in enumerate(rates)]
    v = judge(curves, baseline="base")
    assert v.main is not None
    half = v.main.efficiency["50"]
    assert half["method"] == {"runs": 5, "reached": 4}
    assert half["ratio"] > 1.0


def test_one_point_a_curve_has_no_efficiency_and_no_area() -> None:
    v = judge(clear(10), baseline="base")
    assert v.main is not None
    assert v.main.efficiency == {}
    assert v.main.area is None


def test_a_first_look_in_a_ledger_has_less_than_all_of_the_error() -> None:
    near = spread("base", 0, 10) + spread("mine", 0.65, 10)
    alone, kept = judge(near, baseline="base"), judge(near, baseline="base", ledger=True)
    assert alone.word == "better"
    assert kept.word == "not_yet_known"
    assert kept.looks == 1
    assert judge(near, baseline="base", looks=[Look(3), Look(5)]).looks == 3


def test_beyond_the_plan_nothing_is_said_but_how_to_go_on() -> None:
    v = judge(clear(25), baseline="base", looks=[Look(20)])
    assert v.word == "not_yet_known"
    assert v.next is not None
    assert "fresh seeds" in v.next.text
    assert judge(clear(25), baseline="base", looks=[Look(20)], planned=40).word == "better"


def test_the_next_step_names_seeds_hours_and_chance() -> None:
    v = judge(spread("base", 0, 3, seconds=3600.0) + spread("mine", 3, 2, seconds=3600.0), baseline="base")
    assert v.next is not None
    assert v.next.text.startswith("8 more seeds of mine and 7 more seeds of base on 1 task: 15 h, settles it")
    assert v.next.hours == pytest.approx(15)
    assert v.next.chance is not None
    assert 0 < v.next.chance <= 1
    assert v.next.needed is not None
    assert v.chance is not None
    assert 0 < v.chance <= 1


def test_two_tasks_apart_are_no_comparison() -> None:
    v = judge(spread("base", 0, 10, "x") + spread("mine", 5, 10, "y"), baseline="base")
    assert v.word == "not_yet_known"
    assert v.main is not None
    assert "no task in common" in v.main.why


def test_the_presets_are_read_from_their_files() -> None:
    assert preset("compelling").level == 0.95
    assert preset("preliminary").least_seeds(1) == 3


@pytest.mark.parametrize("text", [
    "level = 0.9", "level = 2.0\nenough = [{seeds = 3, tasks = 1}]", "levle = 0.9\nenough = [{seeds = 3, tasks = 1}]",
    "level = 0.9\nenough = [{seeds = 3, task = 1}]", "level = 0.9\nenough = []", "level = 0.9\nenough = [{seeds = 1, tasks = 1}]",
    "level = 0.9\nenough = [{seeds = 3, tasks = 1}]\nplanned_looks = [9, 3]", "level = true\nenough = 3", "not toml at all",
    "level = 0.9\nenough = [{seeds = 3, tasks = 1}]\n[record]\nnumber = 1"])  # fmt: skip
def test_a_standard_that_is_wrong_is_refused_in_words(text: str) -> None:
    with pytest.raises(UsageError, match=r"mine\.toml: "):
        parse_standard(text, "mine.toml")


def test_a_record_rule_needs_no_baseline() -> None:
    text = "level = 0.95\nenough = [{seeds = 2, tasks = 1}]\n[record]\nnumber = 3.28\nsigma = 0.0013\nerror = 0.001"
    rule = parse_standard(text, "record")
    good = judge(runs("new", [3.277, 3.2785, 3.2775, 3.278]), standard=rule, higher_is_better=False)
    assert good.word == "better"
    assert judge(runs("new", [3.2795, 3.28]), standard=rule, higher_is_better=False).word == "not_yet_known"
    assert judge(runs("new", [3.29, 3.29]), standard=rule, higher_is_better=False).word == "worse"
    json.dumps(good.to_dict(), allow_nan=False)


def test_a_look_after_every_run_of_one_arm_spends_its_share() -> None:
    """The baseline stays at ten seeds while the method grows: each is a look at other data."""
    base, mine = spread("base", 0, 10), spread("mine", 0.6, 30)
    first = judge(base + mine[:10], baseline="base", ledger=True, planned=15)
    assert first.main is not None
    assert first.main.look == 10.0
    alone, third = (
        judge(base + mine, baseline="base", ledger=True, planned=15, looks=looks)
        for looks in ([], [Look(10.0), Look(12.5), Look(14.0), Look(14.5)])
    )
    assert third.main is not None
    assert third.main.look == 15.0
    assert (alone.word, third.word) == ("better", "not_yet_known")
    used_up = judge(base + mine, baseline="base", ledger=True, planned=15, looks=[Look(16.0)])
    assert used_up.main is not None
    assert "an earlier look had more seeds" in used_up.main.why
