"""Verdicts and runs as lines and tables: the word first, 80 columns, nothing that drives a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from sixdays.logs.progress import RunState, State
from sixdays.odds.forecast import Fit
from sixdays.render.digits import interval, number
from sixdays.render.runs import found_lines, states_lines, tries_lines
from sixdays.render.tables import latex_table, markdown_table
from sixdays.render.verdict import verdict_lines, whisker
from sixdays.verdict.bands import blocks, difference_band, iqm_band, mean_band, scores_so_far
from sixdays.verdict.curves import Curve
from sixdays.verdict.estimators import estimate
from sixdays.verdict.result import Comparison, Interval, Method, Next, Verdict
from sixdays.verdict.verdict import judge

NASTY = '<b>&"\x1b[31m|%_$\\'
NOW = datetime(2016, 11, 5, 14, 0, tzinfo=UTC)


def arm(
    method: str, level: float, tasks: int = 1, seeds: int = 5, points: int = 40, goal: float | None = None
) -> list[Curve]:
    steps = np.arange(1, points + 1) * 1000.0
    return [
        Curve(f"task-{t}", method, s, steps, level * steps / steps[-1] + 0.1 * level * ((7 * s + t) % 5), goal)
        for t in range(tasks)
        for s in range(seeds)
    ]


def by_hand(**changes: Any) -> Verdict:
    difference = Interval(412.3, 120.1, 704.2, 0.95)
    main = Comparison("mine", "sac", "better", difference, 0.003, 0.87, Interval(300.0, 50.0, 560.0, 0.95), 2.1,
                      {f"task-{k}": difference for k in range(5)})  # fmt: skip
    methods = {n: Method(n, 50, 5, 1000.0, 900.0, 1100.0) for n in ("mine", "sac")}
    v = Verdict("better", "compelling", "return", True, (main,), methods, 200.0, 1, None, ())
    return replace(v, **changes)


def fits(lines: list[str]) -> bool:
    return all(len(line) <= 80 and line.isprintable() for line in lines)


def test_the_first_line_is_the_verdict() -> None:
    lines = verdict_lines(by_hand())
    assert lines[0] == "BETTER (compelling): mine beats sac by 412 [95 % 120 to 704] on 5 tasks × 10"


def test_worse_gives_the_size_as_a_positive_number() -> None:
    v = by_hand()
    main = replace(v.comparisons[0], word="worse", difference=Interval(-412.3, -704.2, -120.1, 0.95))
    assert verdict_lines(replace(v, comparisons=(main,)))[0].startswith(
        "WORSE (compelling): mine is worse than sac by 412 [95 % 120 to 704]"
    )


def test_same_names_its_margin() -> None:
    v = by_hand(margin=50.0)
    main = replace(v.comparisons[0], word="same", difference=Interval(3.0, -20.0, 26.0, 0.95))
    assert verdict_lines(replace(v, comparisons=(main,)))[0].startswith("SAME within ±50.0 (compelling): ")


def test_not_yet_known_says_why_and_what_is_next() -> None:
    v = by_hand(next=Next("three more seeds of mine", 3, 9.0, 0.7))
    main = replace(v.comparisons[0], word="not_yet_known", why="zero is inside")
    text = " ".join(verdict_lines(replace(v, comparisons=(main,))))
    assert text.startswith("NOT YET KNOWN (compelling): mine − sac = +412 [95 % +120 to +704]")
    assert "Zero is inside." in text
    assert "Next: three more seeds of mine; 9 h; settles it with probability 0.7." in text


def test_looks_warnings_and_the_sentence_are_shown() -> None:
    v = by_hand(looks=3, warnings=("one seed failed",), sentence="mine is better")
    text = "\n".join(verdict_lines(v))
    assert "Looked at 3 times" in text
    assert "! one seed failed" in text
    assert "    mine is better" in text


def test_what_running_experiments_say_is_said_in_words() -> None:
    outlook = {
        "running": [{"method": "mine"}] * 4, "chance": 0.97, "history": [{"fraction": 0.3, "chance": 0.97}],
        "decision": {"fraction": 0.3, "word": "better"}, "periodic": [{"text": f"{NASTY} drops"}],
        "known_at": {"fraction": 0.4, "confidence": 0.9, "pairs": 12},
    }  # fmt: skip
    lines = verdict_lines(by_hand(outlook=outlook))
    text = " ".join(line.strip() for line in lines)
    assert fits(lines)
    assert "4 still running: mine ends ahead of sac: 97 %." in text
    assert "Decided at 30 % of the length: better" in text
    assert "from 40 % of the length on the order was final in 90 % or more (12 finished pairs" in text


def test_why_nothing_can_be_said_of_running_runs_is_shown() -> None:
    lines = verdict_lines(by_hand(outlook={"running": [{}], "chance": None, "cannot_say": "too early"}))
    assert "  1 still running; who will be ahead cannot be said: too early." in lines


def test_one_method_is_described() -> None:
    runs = arm("mine", 100.0)
    lines = verdict_lines(judge(runs, metric="return"), runs)
    assert lines[0].startswith("mine alone, 5 runs: return ")
    assert "describes" in " ".join(lines[:3])


@pytest.mark.parametrize("tasks", [1, 3])
@pytest.mark.parametrize("name", ["mine", NASTY, "m" * 200, "数" * 30])
def test_every_line_fits_and_drives_no_terminal(tasks: int, name: str) -> None:
    runs = [*arm(name, 100.0, tasks), *arm("sac", 50.0, tasks)]
    v = judge(runs, baseline="sac", metric=NASTY)
    v = replace(v, warnings=(NASTY * 9,), sentence=NASTY, outlook={})
    assert fits(verdict_lines(v, runs))


def test_nothing_known_gives_lines_too() -> None:
    nothing = Interval(None, None, None, 0.95)
    v = by_hand()
    main = replace(v.comparisons[0], word="not_yet_known", difference=nothing, p=None, improvement=None, area=nothing,
                   noise=None, by_task={"a": nothing, "b": nothing})  # fmt: skip
    methods = {"mine": Method("mine", 3, 1, None, None, None, diverged=3)}
    lines = verdict_lines(replace(v, comparisons=(main,), methods=methods))
    assert "no difference can be given" in lines[0]
    assert any("3 diverged of 3 runs" in line for line in lines)
    assert verdict_lines(replace(v, comparisons=(), methods={}))[0].startswith("No runs")


def test_nan_never_reaches_the_screen() -> None:
    runs = [*arm("mine", 100.0), *arm("sac", 50.0), Curve("task-0", "mine", 9, [1.0, 2.0], [1.0, np.nan])]
    v = judge(runs, baseline="sac")
    assert "nan" not in "\n".join(verdict_lines(v, runs)).lower()


def test_the_same_values_give_the_same_lines() -> None:
    runs = [*arm("mine", 100.0, 3), *arm("sac", 50.0, 3)]
    v = judge(runs, baseline="sac")
    assert verdict_lines(v, runs) == verdict_lines(v, runs)


def test_digits_follow_the_interval() -> None:
    assert interval(Interval(3.28111, 3.2791, 3.2831, 0.95)) == "3.2811 [95 % 3.2791 to 3.2831]"
    assert [number(x) for x in (None, float("nan"), 0.0, -1e12, 1e-7)] == ["–", "–", "0", "−1e+12", "1e−07"]


def test_a_whisker_marks_zero_only_where_it_is() -> None:
    assert whisker(Interval(1.0, 0.5, 1.5, 0.95), 0.0, 2.0, 9) == "│ ├─●─┤"[:7].ljust(9)
    assert "│" not in whisker(Interval(1.0, 0.5, 1.5, 0.95), 0.5, 2.0, 9)


def test_latex_escapes_names_and_names_the_interval() -> None:
    v = judge([*arm(NASTY, 100.0), *arm("sac_1", 50.0)], baseline="sac_1", metric="return")
    table = latex_table(v)
    assert r"sac\_1" in table
    assert r"\textless{}b\textgreater{}\&\textquotedbl{}" in table
    assert "\x1b" not in table
    assert r"\caption{" in table
    assert "Welch" in table
    assert table.count(r"\begin{tabular}") == table.count(r"\end{tabular}") == 2


def test_markdown_rows_have_as_many_cells_as_their_head() -> None:
    v = judge([*arm(NASTY, 100.0, 3), *arm("sac", 50.0, 3)], baseline="sac", metric="return")
    for block in markdown_table(v).split("\n\n")[:2]:
        cells = {line.replace("\\|", "").count("|") for line in block.splitlines()}
        assert len(cells) == 1
    assert "<b>" not in markdown_table(v)


def test_tables_of_nothing_are_tables() -> None:
    v = by_hand(comparisons=(), methods={})
    assert latex_table(v)
    assert markdown_table(v)


# -- bands -----------------------------------------------------------------------------------


def test_the_end_of_a_band_is_the_score_that_the_verdict_takes() -> None:
    runs = [*arm("mine", 100.0), *arm("sac", 50.0)]
    v = judge(runs, baseline="sac")
    rows = blocks(runs, np.array([0.5, 1.0]))["task-0"]
    band = difference_band(rows["mine"], rows["sac"], 0.95)
    assert band.centre[-1] == pytest.approx(v.comparisons[0].difference.value)
    assert band.low[-1] == pytest.approx(v.comparisons[0].difference.low, rel=2e-3)


def test_the_band_over_tasks_is_about_that_of_the_engine() -> None:
    runs = arm("mine", 100.0, tasks=6, seeds=5)
    rows = [by["mine"] for by in blocks(runs, np.array([0.5, 1.0])).values()]
    band = iqm_band(rows, 0.95)
    known = estimate({str(k): r[:, -1] for k, r in enumerate(rows)}, 0)
    assert known
    low, high = known.interval(0.95)
    assert band.centre[-1] == pytest.approx(known.value, rel=1e-9)
    assert band.high[-1] - band.low[-1] == pytest.approx(high - low, rel=0.2)


def test_a_score_so_far_ends_where_its_run_ends_and_where_it_is_no_number() -> None:
    at = np.array([10.0, 50.0, 100.0])
    ends = scores_so_far(Curve("t", "m", 0, [10.0, 20.0, 30.0], [1.0, 2.0, 3.0]), at, 100.0)
    assert np.isnan(ends).tolist() == [False, True, True]
    bad = scores_so_far(Curve("t", "m", 0, [10.0, 50.0, 100.0], [1.0, np.nan, 3.0]), at, 100.0)
    assert np.isnan(bad).tolist() == [False, True, False]


def test_one_run_has_a_centre_and_no_band() -> None:
    band = mean_band(np.array([[1.0, 2.0]]), 0.95)
    assert band.centre.tolist() == [1.0, 2.0]
    assert np.isnan(band.low).all()


# -- logs first ------------------------------------------------------------------------------


def run(k: int, state: State, group: str = "mine", **more: Any) -> RunState:
    start = NOW.timestamp() - 40_000
    known = {"steps": 4e5, "goal": 1e6, "started": start, "last": start + 30_000, "took_s": 30_000.0, "gap_s": 60.0}
    return RunState(f"runs/{group}/s{k}", group, "hopper", str(k), state, **{**known, **more})


def test_states_count_by_group_and_name_what_is_stuck() -> None:
    told = [run(0, "done"), run(1, "running", left_s=(3600.0, 7200.0, 9000.0)), run(2, "stuck"),
            run(3, "failed", "sac", basis="not a number to its end"), run(4, "running", "sac")]  # fmt: skip
    lines = states_lines(told, NOW)
    text = " ".join(line.strip() for line in lines)
    assert fits(lines)
    assert "1 h to 2 h 30 min" in text
    assert "stuck: runs/mine/s2 at 400,000 of 1,000,000 steps, silent for 2 h 47 min" in text
    assert "not a number to its end" in text
    assert "not known yet" in text
    assert "The last of the 1 running ends about Sat 5 Nov 16:00" in text


def test_what_was_found_and_grouped_comes_before_any_number() -> None:
    told = [run(k, "done", g) for g in ("sac", NASTY) for k in range(3)]
    lines = found_lines(["6 runs in 2 groups: TensorBoard 6"], told)
    assert lines[0] == "6 runs in 2 groups: TensorBoard 6"
    assert lines[1].startswith("Groups: sac 3, ")
    assert fits(lines)


def test_no_runs_are_no_lines() -> None:
    assert states_lines([], NOW) == []
    assert found_lines([], []) == []


def test_many_groups_and_long_names_fit() -> None:
    told = [run(k, "running", f"{k}-{'g' * 90}", left_s=(1e5, 2e5, 3e7), took_s=None, last=None) for k in range(40)]
    assert fits(states_lines(told, NOW))
    assert fits(found_lines(["x" * 300], told))


def test_tries_are_said_at_three_speeds() -> None:
    fit = {1.0: Fit(3, 5, 6), 2.0: Fit(8, 11, 13), 10.0: Fit(60, 60, 60)}
    due = NOW + timedelta(days=4)
    lines = tries_lines("+4d", due, due - timedelta(days=2), fit, "one run of mine", write="2d (assumed)")
    text = " ".join(line.strip() for line in lines)
    assert "You can afford 5 more tries (3 to 6). Twice as fast 11 (8 to 13), ten times 60." in text
    assert "closes Mon 7 Nov 14:00 UTC: 2d (assumed) before +4d for writing." in text
    assert fits(lines)


def test_no_try_that_fits_is_said_plainly() -> None:
    due = NOW + timedelta(days=1)
    lines = tries_lines("+1d", due, NOW, {1.0: Fit(0, 0, 0)}, "")
    assert lines[0].strip() == "You can afford no more tries: not one fits."
    assert tries_lines("+1d", due, NOW, {}, "") == []


def test_a_try_of_unknown_length_is_not_a_try_that_does_not_fit() -> None:
    due = NOW + timedelta(days=1)
    lines = tries_lines("+1d", due, NOW, {1.0: Fit(0, 0, 0)}, "no finished run and no rate: its length is not known")
    assert lines == [
        "  How many tries fit cannot be said: no finished run and no rate: its length is",
        "    not known.",
    ]
