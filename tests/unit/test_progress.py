"""Done, running, stuck, failed; goals; time left; slots; tries that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from sixdays.logs.progress import RunState, State, rate, states
from sixdays.logs.runs import Place, Run
from sixdays.logs.series import FloatArray, Log, Scalar, Series
from sixdays.logs.slots import next_tries, slots

T0 = 1_700_000_000.0


def run(
    name: str = "a/0", steps: Sequence[float] = range(0, 101, 10), times: Sequence[float] | FloatArray | float = 60.0, *,
    values: Sequence[float] | None = None, config: dict[str, Scalar] | None = None, group: str = "a", task: str = "",
    x: str = "step", goal: float | None = None, ended: str = "", format: str = "table", created: float | None = None,
    written: float | None = None, clock: str = "log",
) -> Run:  # fmt: skip
    """One run; times: seconds a gap, or the times themselves."""
    at = np.asarray(steps, dtype=float)
    clocked = T0 + times * np.arange(len(at)) if isinstance(times, float) else np.asarray(times, dtype=float)
    y = np.ones(len(at)) if values is None else np.asarray(values, dtype=float)
    log = Log(name, "", format, {"loss": Series("loss", at, y, clocked, x)}, goal=goal, ended=ended, clock=clock)  # type: ignore[arg-type]
    return Run(name, (log,), Place(group, task, name.rsplit("/", 1)[-1]), config or {}, created, written)


def one(r: Run, now_s: float, **options: float) -> RunState:
    return states([r], now_s, **options)[0]


def test_a_run_at_ninety_nine_percent_of_its_goal_is_done() -> None:
    r = run(steps=range(0, 991, 10), config={"total_timesteps": 1000})
    s = one(r, T0 + 99 * 60)
    assert (s.state, s.steps, s.goal) == ("done", 990.0, 1000.0)
    assert s.took_s == 99 * 60
    assert "total_timesteps" in s.basis


def test_a_run_within_one_usual_logging_step_of_its_goal_is_done() -> None:
    assert one(run(steps=range(0, 961, 48), config={"max_steps": 1000}), T0 + 20 * 60).state == "done"


def test_the_last_but_one_of_ten_epochs_is_done_only_once_it_is_over() -> None:
    r = run(steps=range(10), x="epoch", config={"epochs": 10})
    assert one(r, T0 + 9 * 60 + 30).state == "running"
    assert one(r, T0 + 9 * 60 + 120).state == "done"


def test_a_run_in_the_midst_has_its_rest_as_a_range_around_its_own_rate() -> None:
    r = run(steps=range(0, 501, 10), times=60.0, config={"total_timesteps": 1000})
    s = one(r, T0 + 50 * 60)
    assert s.state == "running"
    assert s.left_s is not None
    low, mid, high = s.left_s
    assert low <= mid <= high
    assert mid == pytest.approx(50 * 60, rel=0.03)


def test_time_that_has_passed_since_the_last_point_is_taken_off() -> None:
    r = run(steps=range(0, 501, 10), times=60.0, config={"total_timesteps": 1000})
    a, b = one(r, T0 + 50 * 60).left_s, one(r, T0 + 50 * 60 + 40).left_s
    assert a is not None
    assert b is not None
    assert a[1] - b[1] == pytest.approx(40.0)


def test_a_run_silent_for_ten_of_its_usual_gaps_is_stuck_and_before_that_it_is_not() -> None:
    r = run(steps=range(0, 501, 10), times=60.0, config={"total_timesteps": 1000})
    assert one(r, T0 + 50 * 60 + 590).state == "running"
    stuck = one(r, T0 + 50 * 60 + 610)
    assert (stuck.state, stuck.left_s) == ("stuck", None)


def test_a_pause_that_comes_back_is_not_stuck() -> None:
    gaps = np.where(np.arange(60) % 20 == 19, 1500.0, 60.0).astype(np.float64)
    times: FloatArray = T0 + np.concatenate([[0.0], np.cumsum(gaps)])
    r = run(steps=range(0, 610, 10), times=times, config={"total_timesteps": 1000})
    assert one(r, times[-1] + 1500).state == "running"
    assert one(r, times[-1] + 2000).state == "stuck"


def test_the_first_pause_is_known_from_finished_siblings() -> None:
    gaps = np.where(np.arange(100) % 20 == 19, 1500.0, 60.0).astype(np.float64)
    times: FloatArray = T0 + np.concatenate([[0.0], np.cumsum(gaps)])
    whole = run("a/0", range(0, 1010, 10), times, config={"total_timesteps": 1000})
    young = run("a/1", range(0, 200, 10), times[:20], config={"total_timesteps": 1000})
    assert states([whole, young], times[19] + 1450)[1].state == "running"
    assert one(young, times[19] + 1450).state == "stuck"


def test_what_tensorboard_keeps_back_for_two_minutes_is_not_silence() -> None:
    r = run(steps=range(500), times=1.0, config={"total_timesteps": 1000}, format="tensorboard")
    assert one(r, T0 + 499 + 100).state == "running"
    assert one(r, T0 + 499 + 140).state == "stuck"


def test_the_tracker_has_the_last_word() -> None:
    assert one(run(ended="failed", config={"total_timesteps": 1000}), T0 + 700).state == "failed"
    assert one(run(ended="done", config={"total_timesteps": 1000}), T0 + 700).state == "done"


def test_not_a_number_to_the_end_is_failed() -> None:
    r = run(values=[1.0] * 5 + [np.nan] * 6, config={"total_timesteps": 1000})
    s = one(r, T0 + 600)
    assert (s.state, s.left_s) == ("failed", None)
    assert one(run(values=[np.nan] * 5 + [1.0] * 6, config={"total_timesteps": 1000}), T0 + 600).state == "running"


def test_a_run_far_short_of_siblings_that_ended_long_ago_is_failed_not_stuck() -> None:
    whole = run("a/0", range(0, 1010, 10), 60.0, config={"total_timesteps": 1000})
    short = run("a/1", range(0, 210, 10), 60.0, config={"total_timesteps": 1000})
    assert [s.state for s in states([whole, short], T0 + 7200)] == ["done", "stuck"]
    assert [s.state for s in states([whole, short], T0 + 30 * 86400)] == ["done", "failed"]


def test_the_goal_is_that_of_finished_siblings_where_the_config_says_nothing() -> None:
    whole = [run(f"a/{k}", range(0, 1010, 10), 60.0, ended="done") for k in range(2)]
    s = states([*whole, run("a/2", range(0, 510, 10), 60.0)], T0 + 50 * 60)[2]
    assert (s.state, s.goal) == ("running", 1000.0)
    assert "siblings" in s.basis
    other = states([*whole, run("b/2", range(0, 510, 10), 60.0, group="b")], T0 + 50 * 60)[2]
    assert other.goal == 1000.0


def test_runs_that_fell_silent_at_the_same_length_are_done() -> None:
    rs = [run(f"a/{k}", range(0, 1010, 10), 60.0) for k in range(3)] + [run("a/3", range(0, 310, 10), 60.0)]
    assert [s.state for s in states(rs, T0 + 100 * 60 + 3600)] == ["done", "done", "done", "stuck"]


def test_a_stated_goal_in_other_units_is_not_taken() -> None:
    s = one(run(steps=range(0, 510, 10), config={"epochs": 3, "num_steps": 128}), T0 + 3000)
    assert s.goal is None
    assert one(run(steps=range(0, 510, 10), config={"epochs": 3, "steps_per_epoch": 400}), T0 + 3000).goal == 1200.0


def test_the_goal_given_serves_where_nothing_else_tells_it() -> None:
    assert one(run(steps=range(0, 510, 10)), T0 + 3000, goal=2000.0).goal == 2000.0
    assert one(run(steps=range(0, 510, 10), config={"max_steps": 1000}), T0 + 3000, goal=2000.0).goal == 1000.0


def test_a_clock_set_back_is_said_and_not_counted() -> None:
    times = np.asarray(T0 + 60.0 * np.arange(51), dtype=np.float64)
    times[25:] -= 86400.0
    s = one(run(steps=range(0, 510, 10), times=times, config={"max_steps": 1000}), times[-1] + 30)
    assert s.state == "running"
    assert s.took_s == 49 * 60
    assert s.left_s is not None
    assert s.left_s[1] == pytest.approx(50 * 60, rel=0.05)
    assert any("clock goes back" in n.message for n in s.notes)


def test_a_clock_that_leaps_ahead_is_said_and_not_counted() -> None:
    times = np.asarray(T0 + 60.0 * np.arange(51), dtype=np.float64)
    times[25:] += 30 * 86400.0
    s = one(run(steps=range(0, 510, 10), times=times, config={"max_steps": 1000}), times[-1] + 30)
    assert (s.state, s.took_s) == ("running", 49 * 60)
    assert s.left_s is not None
    assert s.left_s[1] == pytest.approx(50 * 60, rel=0.05)


def test_steps_that_go_back_are_counted_from_there() -> None:
    steps = [*range(0, 310, 10), *range(200, 410, 10)]
    s = one(run(steps=steps, config={"max_steps": 1000}), T0 + 52 * 60)
    assert s.steps == 400.0
    assert s.left_s is not None
    assert s.left_s[1] == pytest.approx(60 * 60, rel=0.1)
    assert any("steps go back" in n.message for n in s.notes)


def test_a_log_without_a_clock_goes_by_its_files_and_says_so() -> None:
    r = run(
        steps=range(0, 510, 10),
        times=[np.nan] * 51,
        config={"max_steps": 1000},
        created=T0,
        written=T0 + 3000,
        clock="file",
    )
    s = one(r, T0 + 3030)
    assert (s.state, s.clock, s.started, s.last) == ("running", "file", T0, T0 + 3000)
    assert "times of its files" in s.basis
    assert s.left_s is not None
    assert s.left_s[0] < 3000 < s.left_s[2]
    assert one(r, T0 + 30000).state == "stuck"


def test_a_hole_in_the_points_is_no_pause() -> None:
    steps = [*range(20), *range(5000, 5020)]
    s = one(run(steps=steps, times=T0 + 60.0 * np.array(steps), config={"max_steps": 10_000}), T0 + 60 * 5019 + 650)
    assert s.state == "stuck"
    assert s.took_s == 60 * 5019


def test_a_run_without_any_point_is_running_until_it_was_silent_for_long() -> None:
    r = replace(run(steps=[], times=[], created=T0, written=T0), logs=(Log("x", "", "table", {}, clock="file"),))
    assert one(r, T0 + 60).state == "running"
    assert one(r, T0 + 50_000).state == "stuck"


def test_the_json_has_the_names_of_the_design() -> None:
    made = one(run(config={"max_steps": 1000}), T0 + 610).to_dict()
    assert set(made) >= {"path", "group", "seed", "state", "steps", "goal", "started", "last", "took_s", "left_s"}
    assert set(made["left_s"]) == {"p10", "p50", "p90"}


def test_the_rate_is_steps_a_second() -> None:
    found = rate(run(steps=range(0, 510, 10), times=5.0))
    assert found is not None
    assert found[1] <= found[0] <= found[2]
    assert found[0] == pytest.approx(2.0, rel=0.03)
    assert rate(run(steps=[0.0], times=5.0)) is None


def state(
    started: float, last: float, kind: State = "done", group: str = "a", left: tuple[float, float, float] | None = None
) -> RunState:
    return RunState(
        f"{group}/{started}", group, "", "", kind, started=started, last=last, took_s=last - started, left_s=left
    )


def test_slots_are_the_most_that_ran_at_once_and_touching_ends_do_not_overlap() -> None:
    assert slots([state(0, 10), state(10, 20)]) == 1
    assert slots([state(0, 10), state(9, 20), state(19, 30)]) == 2
    assert slots([state(0, 10, "stuck"), state(5, 20), state(6, 7)]) == 3
    assert slots([]) == 0


def test_tries_of_a_sure_length_fit_as_often_as_they_fit() -> None:
    done = [state(k * 100.0, k * 100.0 + 100.0) for k in range(4)]
    fit = next_tries(done, 400.0, 400.0 + 1050.0)  # one slot, 100 s each, equal lengths
    assert (fit.p10, fit.p50, fit.p90) == (10, 10, 10)
    assert fit.basis == "4 finished runs of a"
    fast = next_tries(done, 400.0, 400.0 + 1050.0, speed=2.0)
    assert (fast.p50, fast.length_s) == (21, 50.0)


def test_running_runs_hold_their_slots_until_they_end_and_stuck_ones_hold_none() -> None:
    done = [state(k * 100.0, k * 100.0 + 100.0) for k in range(4)]
    busy = state(300.0, 390.0, "running", left=(500.0, 500.0, 500.0))
    stuck = state(300.0, 390.0, "stuck")
    assert slots([*done, stuck, busy]) == 3
    fit = next_tries([*done, busy, stuck], 400.0, 400.0 + 1050.0)
    assert fit.p50 == 5 + 10 + 10  # one slot from 900 on, two free at once


def test_a_next_try_is_one_of_the_newest_group() -> None:
    old = [state(k * 10.0, k * 10.0 + 10.0) for k in range(4)]
    new = [state(100.0 + k, 200.0 + k, group="b") for k in range(2)]
    fit = next_tries([*old, *new], 300.0, 400.0)
    assert (fit.group, fit.length_s) == ("b", 100.0)


def test_the_length_of_a_try_is_its_goal_over_its_rate_where_none_is_finished() -> None:
    fit = next_tries([state(0.0, 100.0, "running", left=(90.0, 100.0, 110.0))], 100.0, 1000.0)
    assert fit.length_s == 200.0
    assert "rate" in fit.basis
    other = next_tries([state(0.0, 50.0), state(60.0, 61.0, "stuck", group="b")], 100.0, 1000.0)
    assert (other.group, other.length_s) == ("b", 50.0)
    assert "other groups" in other.basis


def test_no_try_fits_where_nothing_is_known_or_the_time_is_over() -> None:
    assert next_tries([], 0.0, 100.0).to_dict()["fit"] == {"p10": 0, "p50": 0, "p90": 0}
    assert next_tries([state(0.0, 50.0)], 100.0, 90.0).p90 == 0


def test_a_clock_ahead_of_now_is_said() -> None:
    s = one(run(steps=range(0, 510, 10), config={"max_steps": 1000}), T0 + 10 * 60)
    assert s.state == "running"
    assert any("ahead of now" in n.message for n in s.notes)


def test_a_goal_in_frames_is_told_in_steps_where_both_are_logged() -> None:
    r = run(steps=range(0, 1001, 10), config={"num_train_frames": 2000})
    log = r.logs[0]
    s = log.series["loss"]
    both = replace(r, logs=(replace(log, series={"loss": s, "frame": replace(s, tag="frame", values=2 * s.steps)}),))
    assert (one(r, T0 + 6100).state, one(r, T0 + 1e5).goal) == ("running", 2000.0)
    assert (one(both, T0 + 6100).state, one(both, T0 + 6100).goal) == ("done", 1000.0)


def test_runs_of_one_file_without_a_clock_that_end_alike_are_done_and_a_shorter_one_is_not() -> None:
    made = []
    for seed, n in ((0, 100), (1, 100), (2, 50)):
        r = run(f"all.csv#a/{seed}", range(n), np.full(n, np.nan), clock="file", written=T0)
        made.append(replace(r, logs=(replace(r.logs[0], run=f"a/{seed}"),)))
    assert [s.state for s in states(made, T0 + 10)] == ["done", "done", "running"]


def test_steps_without_a_clock_take_that_of_another_series_of_the_run() -> None:
    actor = run(steps=range(0, 501, 10), times=np.full(51, np.nan), config={"total_steps": 1000})
    learner = run(steps=range(0, 251, 5), times=60.0, x="update").logs[0]
    both = replace(actor, logs=(actor.logs[0], learner))
    s = one(both, T0 + 50 * 60)
    assert (s.state, s.steps, s.goal, s.took_s) == ("running", 500.0, 1000.0, 3000.0)
    assert s.left_s is not None
    assert s.left_s[0] < 3000 < s.left_s[2]
