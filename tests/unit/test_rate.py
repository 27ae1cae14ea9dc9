"""The unit, the window and the ratio of runs whose costs are known."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from tests.properties import traces
from tests.properties.traces import Run, counter, episodes, printing

from sixdays.faster import evaluations, phases, rate
from sixdays.faster.mix import Events
from sixdays.faster.model import EVERY, SPARSE, Candidate, Printed, Trace
from sixdays.faster.printed import LINES, growing, grown, is_clock, name_of, parts, place_of
from sixdays.faster.unit import (
    Unit,
    counted,
    counter_of,
    event_numbers,
    plural,
    time_of,
    unit_of,
    whole_run,
)
from sixdays.faster.yardstick import Yardstick
from sixdays.processes.output import Output


def unit(trace: Trace, wanted: str | None = None) -> Unit:
    found = unit_of(trace, wanted)
    assert found is not None
    return found


def test_the_unit_is_the_environment_that_moves_between_updates_not_the_one_that_evaluates() -> None:
    trace = Run(evaluate=10).trace(400)
    assert unit(trace).text == "environment step at train.py:10 in main"
    shuffled = replace(trace, counters=trace.counters[::-1])
    assert unit(shuffled) == unit(trace)


def test_of_two_environments_that_move_as_often_the_first_to_move_is_the_unit() -> None:
    trace = Run(every=2, evaluate=1, items=30).trace(100)
    assert unit(trace).key[2] == "main"


def test_what_a_function_evaluates_by_its_name_is_no_unit_though_it_moves_first_and_as_often() -> None:
    """Evaluated before each iteration; of a learner that is not seen, more steps than it trains; between updates."""
    updates = counter("optimiser step", (np.arange(1, 41) + 0.9).tolist())
    trains = counter("env step", (np.arange(1, 41) + 0.5).tolist(), bursts=39)
    tests = counter("env step", (np.arange(1, 41) + 0.1).tolist(), function="evaluate", bursts=40)
    assert unit(Trace(counters=(tests, trains, updates))).key[2] == "main"
    more = counter("env step", (np.arange(1, 401) * 0.1).tolist(), function="run_test")
    assert unit(Trace(counters=(more, replace(trains, bursts=0)))).key[2] == "main"
    assert unit(Trace(counters=(more,))).key[2] == "run_test"
    assert unit(Trace(counters=(tests, updates))).kind == "optimiser step"


def test_what_was_collected_before_all_updates_is_no_unit() -> None:
    collected = counter("env step", (np.arange(1, 501) * 0.001).tolist(), function="collect", bursts=1)
    updates = counter("optimiser step", (1.0 + np.arange(100) * 0.01).tolist())
    trace = Trace(counters=(collected, updates))
    assert unit(trace).kind == "optimiser step"
    so_far, asked = unit_of(trace, so_far=True), unit_of(trace, "env")
    assert (so_far and so_far.kind, asked and asked.kind) == ("env step", "env step")
    again = replace(collected, times=np.append(collected.times, 1.5), count=501, bursts=2)
    trace = Trace(counters=(again, updates))
    assert unit(trace).kind == "env step"


def test_an_environment_that_only_evaluates_is_no_unit() -> None:
    steps = np.arange(1, 1001) * 0.01
    trace = Trace(
        counters=(
            counter("env step", [5.001, 5.002, 9.001], function="evaluate", bursts=2),
            counter("optimiser step", steps.tolist()),
        )
    )
    assert unit(trace).kind == "optimiser step"


def test_a_long_rollout_before_many_updates_is_still_the_unit() -> None:
    env = [*np.arange(1, 101) * 0.001, *(1.0 + np.arange(1, 101) * 0.001)]
    opt = [*(0.2 + np.arange(320) * 0.002), *(1.2 + np.arange(320) * 0.002)]
    trace = Trace(counters=(counter("env step", env, bursts=1), counter("optimiser step", opt)))
    assert unit(trace).kind == "env step"


def test_without_environments_the_optimiser_counts_then_batches_then_printed_numbers() -> None:
    opt, batch = counter("optimiser step", [1.0, 2.0]), counter("batch", [0.5, 1.5, 2.5])
    assert unit(Trace(counters=(batch, opt))).kind == "optimiser step"
    assert unit(Trace(counters=(batch,))).kind == "batch"
    lines = printing([(1.0 * i, f"Epoch {i}/90 | loss {1 / i:.4f} | {3.1 * i:.1f}s") for i in range(1, 9)])
    found = unit(lines)
    assert (found.kind, found.word, found.count(lines)) == ("printed", "epoch", 8.0)
    assert time_of(lines, found, 5) == 5.0
    assert unit_of(Trace()) is None


def test_a_printed_number_that_falls_or_tells_the_time_is_no_progress() -> None:
    assert unit(printing([(i, f"loss {9 - i}") for i in range(8)])).word == "line", "but its lines are"
    assert unit_of(printing([(i, f"elapsed {i}") for i in range(1, 8)])) is None
    assert unit_of(printing([(1.0, "step 1"), (2.0, "step 2"), (3.0, "step 3")])) is None


def test_the_user_may_say_what_is_counted() -> None:
    trace = Run().trace(100)
    assert unit(trace, "updates").kind == "optimiser step"
    assert unit(trace, "env-steps").kind == "env step"
    assert unit_of(trace, "episodes") is None


def test_a_site_is_found_again_where_a_patch_has_moved_its_lines_and_its_function() -> None:
    trace = Run().trace(100)
    moved = replace(trace, counters=tuple(replace(c, line=c.line + 7, function="act") for c in trace.counters))
    assert rate.gain(trace, moved, unit(trace), (8, 80)) == pytest.approx(1.0)


def test_of_two_sites_in_one_function_the_same_one_is_compared() -> None:
    a = counter("env step", np.arange(1, 11).tolist(), line=10, bursts=9)
    b = counter("env step", (np.arange(1, 11) * 3.0).tolist(), line=20, bursts=1)
    opt = counter("optimiser step", (np.arange(1, 11) + 0.5).tolist())
    found = unit(Trace(counters=(b, a, opt)))
    later = Trace(counters=(replace(a, line=14), replace(b, line=25), opt))
    assert time_of(later, found, 10) == 10.0


def test_a_run_that_tries_its_first_policy_out_before_it_learns_has_not_begun_there() -> None:
    """Seen on a public TD3: an evaluation of 2,000 steps stood for the first 1,000 of the training."""
    trains = counter("env step", (1.0 + np.arange(1, 101) * 0.01).tolist(), line=126, bursts=90)
    opt = counter("optimiser step", (1.1 + np.arange(90) * 0.01).tolist(), line=134)
    evaluates = counter("env step", (np.arange(1, 201) * 0.001).tolist(), line=24, bursts=1)
    for first in (replace(evaluates, function="evaluate"), evaluates):
        found = unit(Trace(counters=(first, trains, opt)))
        early = (first.key, 25, 200)  # a line was put above
        assert counted(found, [early]) == 0
        assert counter_of(Trace(counters=(replace(first, line=25),)), found) is None
        assert counted(found, [early, (trains.key, 127, 100)]) == 100
        assert time_of(Trace(counters=(replace(first, line=25), trains, opt)), found, 100) == pytest.approx(2.0)
    seldom = replace(evaluates, times=evaluates.times + 3.0, line=200)
    found = unit(Trace(counters=(trains, seldom, opt)))
    assert counted(found, [(trains.key, 126, 70)]) == 70  # short runs do not come as far as the evaluation


def test_a_site_that_moved_is_the_most_active_one_but_for_where_others_were() -> None:
    found = unit(Trace(counters=(counter("env step", [1.0, 2.0, 3.0]), counter("optimiser step", [1.5, 2.5]))))
    key = ("env step", "fast.py", "play")
    assert counted(found, [(key, 7, 30), (("batch", "fast.py", "play"), 8, 90)]) == 30
    assert counted(replace(found, elsewhere=frozenset({"play"})), [(key, 7, 30)]) == 0


def test_times_are_exact_by_event_also_where_only_each_sixteenth_was_noted() -> None:
    assert event_numbers(3).tolist() == [1, 2, 3]
    n = EVERY + 2
    trace = Trace(counters=(counter("optimiser step", np.arange(1, n + 1).tolist()),))
    found = unit(trace)
    assert found.count(trace) == EVERY + 2 * SPARSE
    assert time_of(trace, found, EVERY) == EVERY
    assert time_of(trace, found, EVERY + 24) == EVERY + 1.5
    assert time_of(trace, found, EVERY + 33) is None


def test_an_event_may_stand_for_many_units() -> None:
    trace = Trace(counters=(counter("batch", [1.0, 2.0, 4.0], each=32),))
    found = unit(trace)
    assert (found.count(trace), time_of(trace, found, 64), time_of(trace, found, 96)) == (96, 2.0, 4.0)


def test_a_window_lies_in_the_last_phase_and_holds_whole_cycles() -> None:
    trace = Run(learning=1000, every=10, compiling=2.0).trace(4000)
    found = unit(trace)
    last = phases.phases(trace, found)[-1]
    assert last.text == "after 1,010 environment steps, when the optimiser steps"
    u0, u1 = phases.window(trace, found, 1.0)
    assert u0 >= last.start
    assert u0 % 10 == u1 % 10 == 0
    begun = time_of(trace, found, u0)
    assert begun is not None
    assert begun > Run().load + 1.0 + 2.0  # what was compiled lies before
    # 10 steps of 1 ms and an update of 4 ms: 14 ms for 10 units
    assert rate.rate(trace, found, (u0, u1)) == pytest.approx(10 / 0.014, rel=1e-6)


def test_a_window_holds_whole_cycles_of_evaluations_where_they_fit() -> None:
    run = Run(every=2, evaluate=25, items=100)
    trace = run.trace(600)
    u0, u1 = phases.window(trace, unit(trace), 0.6)
    assert (u0 % 50, u1 % 50) == (0, 0)
    per_unit = 0.001 + 0.004 / 2 + 100 * 0.001 / 50
    assert rate.rate(trace, unit(trace), (u0, u1)) == pytest.approx(1 / per_unit, rel=1e-6)


def test_a_lasting_shift_of_the_cost_is_a_phase_and_noise_is_none() -> None:
    rng = np.random.default_rng(0)
    cost = np.where(np.arange(4000) < 1500, 0.001, 0.002) * rng.lognormal(0, 0.3, 4000)
    trace = Trace(counters=(counter("optimiser step", np.cumsum(cost)),), stopped="time")
    found = phases.phases(trace, unit(trace))
    assert len(found) == 2
    assert found[1].start == pytest.approx(1500, rel=0.1)
    steady = Trace(counters=(counter("optimiser step", np.cumsum(rng.lognormal(-7, 0.6, 4000))),), stopped="time")
    assert len(phases.phases(steady, unit(steady))) == 1


def test_a_trace_is_long_enough_once_its_optimiser_steps() -> None:
    run = Run(learning=1000)
    short = run.trace(800, facts={"optimisers": "Adam"})
    assert "has not stepped" in phases.not_yet(short, unit(short))
    barely = run.trace(1006, facts={"optimisers": "Adam"})
    assert "only just begun" in phases.not_yet(barely, unit(barely))
    full = run.trace(3000, facts={"optimisers": "Adam"})
    assert phases.not_yet(full, unit(full)) == ""
    ended = run.trace(800, facts={"optimisers": "Adam"}, stopped="", exit=0)
    assert phases.not_yet(ended, unit(ended)) == ""


def test_the_ratio_is_of_the_time_for_the_same_units_load_and_compile_time_left_out() -> None:
    slow, fast = Run().trace(2000), Run(step=0.0005, update=0.002, load=30.0, compiling=5.0).trace(2000)
    u = unit(slow)
    between = phases.window(slow, u, 1.0)
    assert rate.gain(slow, fast, u, between) == pytest.approx(2.0)
    assert rate.start(fast, u) == pytest.approx(30.0005)
    assert rate.warm_up(fast, u, between) == pytest.approx(5.0, rel=0.01)
    assert rate.gain(slow, Run().trace(10), u, between) is None


def test_cpu_time_is_a_clock_of_its_own() -> None:
    a, b = Run().trace(2000), Run().trace(2000)
    half = replace(b, cpu=b.cpu * np.array([1.0, 0.5]))
    u = unit(a)
    assert rate.gain(a, half, u, (400, 1600)) == pytest.approx(1.0)
    assert rate.gain(rate.on_cpu(a), rate.on_cpu(half), u, (400, 1600)) == pytest.approx(2.0)
    assert rate.gain(rate.on_cpu(a), rate.on_cpu(replace(b, cpu=np.zeros((0, 2)))), u, (400, 1600)) is None


def test_copies_are_counted_while_all_of_them_run() -> None:
    one, slow = Run().trace(2000), Run(step=0.002, update=0.008).trace(2000)
    u = unit(one)
    together = rate.packed([one, slow], u, (200, 1800))
    assert together == pytest.approx(500 + 250)  # 2 ms and 4 ms a unit
    late = Run(load=60.0).trace(2000)
    assert rate.packed([one, late], u, (200, 1800)) is None
    assert rate.packed([one, Run().trace(100)], u, (200, 1800)) is None
    assert rate.packed([], u, (200, 1800)) is None


def test_a_copy_whose_seed_makes_other_episodes_counts_at_the_usual_mix() -> None:
    """By hand: 100 steps of 1 ms and an update of 100 ms are usual, 500 steps a second; the other copy goes half as fast
    and has episodes of 10 steps, so that it never gets as far, and does 50 steps a second; at the usual mix, 250."""
    one = episodes(np.full(60, 100), 0.001, 0.0, 0.1)
    other = episodes(np.full(50, 10), 0.002, 0.0, 0.2)
    u = unit(one)
    usual: Events = {"env step": 1.0, "optimiser step": 0.01}
    assert rate.packed([one, other], u, (3000.0, 5000.0), usual) == pytest.approx(500.0 + 250.0, rel=0.02)


def test_the_steps_of_evaluations_are_no_units_of_a_copy() -> None:
    """By hand: 100 steps of 1 ms, an update of 100 ms, and 50 steps of an evaluation: 400 units a second, not 600.
    Seen on a public REINFORCE, where two copies on two cores made three times as much."""
    begins = np.arange(60)[:, None] * 0.25
    trains = counter("env step", (begins + np.arange(1, 101) * 0.001).ravel().tolist(), bursts=59)
    updates = counter("optimiser step", (begins + 0.2).ravel().tolist())
    evaluates = counter("env step", (begins + 0.2 + np.arange(1, 51) * 0.001).ravel().tolist(), line=9, bursts=59)
    trace = Trace(counters=(trains, updates, replace(evaluates, function="evaluate")), seconds=15.0)
    by = Yardstick(unit(trace), (1000.0, 5000.0), trace)
    assert by.usual == pytest.approx({"env step": 1.5, "optimiser step": 0.01}, rel=0.02)
    assert rate.packed([trace, trace], by.unit, by.window, by.usual) == pytest.approx(800.0, rel=0.02)


def test_part_of_a_rollout_is_not_taken_for_the_rate_of_a_copy() -> None:
    """Of 500 steps of 1 ms and an update of 300 the two share less than a whole round."""
    one, later = Run(every=500, update=0.3).trace(1400), Run(every=500, update=0.3, load=1.6).trace(1400)
    assert rate.packed([one, later], unit(one), (500, 1000)) is None
    one, later = Run(every=500, update=0.3).trace(2400), Run(every=500, update=0.3, load=1.6).trace(2400)
    assert rate.packed([one, later], unit(one), (500, 1000)) == pytest.approx(2 * 500 / 0.8)


def test_a_command_that_ends_well_has_its_whole_run_as_the_unit() -> None:
    u = whole_run(Trace(seconds=3.0, exit=0))
    assert u is not None
    assert rate.gain(Trace(seconds=3.0, exit=0), Trace(seconds=1.5, exit=0), u, (0, 1)) == 2.0
    assert rate.gain(Trace(seconds=3.0, exit=0), Trace(seconds=1.5, exit=1), u, (0, 1)) is None
    assert whole_run(Trace(seconds=3.0, exit=1)) is None
    assert phases.window(Trace(seconds=3.0, exit=0), u, 8.0) == (0, 1)
    assert rate.packed([Trace(seconds=3.0, exit=0), Trace(seconds=4.0, exit=0)], u, (0, 1)) == 2 / 4.0


@pytest.mark.parametrize(
    ("loads", "wall", "cpu", "which"),
    [
        ([0.0], [log(5)], [log(1.1)], "wall"),  # drawing sleeps
        ([1.5], [0.1], [0.12], "wall"),
        ([1.5], [0.6], [0.1], "cpu"),
        ([1.5], [0.6], [float("nan")], "wall"),
        ([], [], [], "wall"),
    ],
)
def test_the_wall_clock_counts_unless_a_busy_machine_disturbs_it(
    loads: list[float], wall: list[float], cpu: list[float], which: str
) -> None:
    found, why = rate.clock(loads, wall, cpu)
    assert found == which
    assert "cores busy" in why


def test_long_rounds_of_updates_are_no_shifts_of_the_cost_and_three_must_be_seen() -> None:
    run = Run(every=500, update=0.3)
    short, long = run.trace(1400), run.trace(3400)
    assert "rounds of updates" in phases.not_yet(short, unit(short))
    assert phases.not_yet(long, unit(long)) == ""
    assert [p.start for p in phases.phases(long, unit(long))] == [0, 500]
    u0, u1 = phases.window(long, unit(long), 1.0)
    assert (u0 % 500, u1 % 500) == (0, 0)
    assert rate.packed([long, long], unit(long), (u0, u1)) == pytest.approx(2 * 500 / 0.8)


def test_longer_episodes_are_another_mix_and_not_another_phase() -> None:
    """After episodes of 20 steps come those of 400: with its share of an update a step costs less, as before."""
    lengths = np.array([20] * 60 + [400] * 12)
    trace = episodes(lengths, 0.001, 0.0, 0.03)
    assert [p.start for p in phases.phases(trace, unit(trace))][-1] < 100
    late = [replace(c, times=np.where(c.times > 2.0, 3.0 * c.times - 4.0, c.times)) for c in trace.counters]
    dearer = replace(trace, counters=tuple(late))
    assert phases.phases(dearer, unit(dearer))[-1].start > 300


def test_episodes_that_grow_are_told_from_a_fixed_number_of_steps_an_update() -> None:
    """One update for 20 steps, later for 180: in all for 100."""
    grown = episodes(np.array([20] * 60 + [180] * 60), 0.001, 0.0, 0.02)
    assert phases.varies(grown, unit(grown))
    whole = phases.whole(grown, unit(grown), (200.0, 1000.0))
    assert whole == pytest.approx({"env step": 1.0, "optimiser step": 1 / 100}, rel=0.1)
    steady = Run(every=20, update=0.02).trace(4000)
    assert not phases.varies(steady, unit(steady))
    assert phases.whole(steady, unit(steady), (200.0, 1000.0)) == {}


def test_an_evaluation_that_takes_long_must_have_been_seen_twice() -> None:
    """After each 100 updates of 10 ms comes one of 20 passes: of 50 ms each it takes half of the time, of .5 a tenth."""

    def seen(updates: int, each: float) -> Trace:
        now, steps, passes = 1.0, list[float](), list[float]()
        for n in range(1, updates + 1):
            now += 0.01
            steps.append(now)
            if n % 100 == 1:
                passes += [now + each * k for k in range(1, 21)]
                now += 20 * each
        counters = (counter("optimiser step", steps), counter("evaluation", passes, line=30))
        return Trace(counters=counters, seconds=now, stopped="time", facts={"optimisers": "Adam"})

    for updates, each, why in ((90, 0.05, "only once"), (90, 0.0005, ""), (250, 0.05, "")):
        trace = seen(updates, each)
        assert why in (found := phases.not_yet(trace, unit(trace)))
        assert bool(found) == bool(why)
    trace = seen(350, 0.05)
    u0, u1 = phases.window(trace, unit(trace), 1.0)
    assert u1 - u0 == 100


def test_a_bar_that_begins_anew_each_epoch_goes_on_counting() -> None:
    """As Keras draws it: 4 batches, three epochs."""
    lines = [f"{n}/4 ━━━━{'━' * n}────  {n}s 3ms/step - loss: 0.{9 - n}" for _ in range(3) for n in (1, 2, 3, 4)]
    found = growing([Printed(float(i), text) for i, text in enumerate(lines)])
    assert list(found[0].values) == list(range(1, 13))
    assert growing([Printed(float(i), f"{n} of it") for i, n in enumerate([1, 2, 3, 1, 2, 3])])[0].token == LINES


def test_lines_that_come_again_are_progress_where_nothing_in_them_grows() -> None:
    """The most frequent ones; not a table that is printed at once, nor what is left of a flood."""
    texts = ["[CV] fold 3 depth=8; time= 0.4s", "loss 0.5", "score 0.25", "loss 0.75"] * 5
    lines = [Printed(0.5 * i, text) for i, text in enumerate(texts)]
    found = growing(lines)
    assert [(g.pattern, g.token, g.values.size) for g in found[:2]] == [
        ("loss #", LINES, 10),
        ("[CV] fold # depth=#; time= t", LINES, 5),
    ]
    assert list(found[0].values) == list(range(1, 11))
    assert list(found[0].times[:3]) == [0.5, 1.5, 2.5]
    assert place_of(found[0]) == 'lines like "loss #"'
    assert name_of("loss #", LINES) == "line"
    assert list(grown(lines[:3], "loss #", LINES).values) == [1.0]  # type: ignore[union-attr]
    assert growing(lines, over=10.0) == ()
    assert growing([replace(line, is_late=i > 5) for i, line in enumerate(lines)]) == ()
    ran = Trace(printed=tuple(lines), seconds=10.0, stopped="time")
    assert unit_of(ran).word == "line"  # type: ignore[union-attr]
    assert unit_of(replace(ran, stopped="", exit=0)) is None, "it ended: the run itself is the unit"


def test_a_window_late_in_a_run_lasts_long_enough_to_tell() -> None:
    """Episodes that grow leave less than a cycle at the end; the window is then an earlier one, and the mix is told."""
    for seed, seconds in ((2, 3.0), (5, 5.0), (27, 3.0)):
        rng = np.random.default_rng(seed)
        trace = episodes(
            np.r_[np.full(100, 20), rng.integers(800, 3000, 9), rng.integers(100, 600, 8)], 0.001, 0.0, 0.05
        )
        u = unit(trace)
        window, _ = phases.representative(trace, u, seconds, 25.0)
        begin, end = (time_of(trace, u, x) for x in window)
        assert begin is not None
        assert end is not None
        assert end - begin >= 0.5 * seconds


def test_lines_that_come_seldom_are_found_in_a_run_that_has_fewer_of_them() -> None:
    """A line each 20 s: the first look has five, a second run is stopped after two."""
    text = "| epoch 1 | {}/2983 batches | ms/batch 62.31 | loss {}"
    looked = printing([(20.0 * i, text.format(200 * i, 1 / i)) for i in range(1, 6)])
    found = unit(looked)
    assert (found.kind, found.word) == ("printed", "batch")
    again = printing([(20.0 * i, text.format(200 * i, 1 / i)) for i in range(1, 3)])
    assert found.count(again) == 400
    assert rate.rate(again, found, (200, 400)) == pytest.approx(10.0)
    assert found.count(printing([(20.0, "another line 7")])) == 0


def test_clocks_of_many_kinds_are_no_numbers_of_the_result() -> None:
    for text, clocks in (
        ("| epoch # | #/# batches | lr # | ms/batch # | loss #", [4]),
        ("Epoch: [#][#/#] Time # (#) Data # (#) Loss # (#)", [3, 4, 5, 6]),
        ("# tokens/second, # samples per second, loss #", [0, 1]),
        ("loss/actor #, samples/s: #", [1]),
    ):
        assert [i for i in range(text.count("#")) if is_clock(text, i)] == clocks, text


def test_without_updates_what_tries_the_first_policy_out_is_no_unit() -> None:
    tried = counter("env step", (0.1 + 0.001 * np.arange(200)).tolist(), function="evaluate", bursts=1)
    learns = counter("env step", (1.0 + 0.001 * np.arange(5000)).tolist(), line=40, bursts=1)
    assert unit(Trace(counters=(tried, learns))).key[2] == "main"


def test_evaluations_that_lie_outside_of_the_window_are_told_by_their_share() -> None:
    steps = [1.0 + 0.01 * i for i in range(1, 101)]
    trace = Trace(counters=(counter("optimiser step", steps), counter("evaluation", [2.5, 3.0, 3.5], line=30)))
    assert evaluations.left_out(trace, (1.0, 2.0)) == pytest.approx(1.0)
    assert evaluations.left_out(trace, (1.0, 2.6)) == 0.0
    assert evaluations.left_out(Trace(counters=(counter("optimiser step", steps),)), (1.0, 2.0)) == 0.0


def test_lines_with_words_of_their_own_are_progress_by_their_beginning() -> None:
    names = "Vivier Sato Kowalski Rossi Nguyen Alves".split()
    lines = printing(
        [(10.0 * i, f"{5000 * i} {5 * i}% ({i}m 7s) 2.7{i} {name} / Guess") for i, name in enumerate(names, 1)]
    )
    found = unit(lines)
    assert (found.kind, found.count(lines)) == ("printed", 30000)
    assert found.count(printing([(10.0, "5000 5% (1m 7s) 2.71 Other / Guess")])) == 5000


def test_a_bar_counts_iterations_not_per_cent() -> None:
    rows = [(3 * i + (i % 2), i) for i in range(1, 40)]
    bar = printing([(float(i), f"{p}%|█| {n}/200000 [00:01<00:09, 9.1it/s]") for i, (n, p) in enumerate(rows)])
    assert unit(bar).word == "iteration"


def test_an_environment_that_is_not_learnt_from_evaluates() -> None:
    """1,000 steps of 1 ms with an update each, then 300 steps of a test environment in another function."""
    now, env, steps, tests = 1.0, list[float](), list[float](), list[float]()
    for n in range(1, 2001):
        now += 0.001
        env.append(now)
        steps.append(now + 0.0001)
        if n == 1000:
            tests = [now + 0.001 * k for k in range(1, 301)]
            now += 0.3
    sites = (
        counter("env step", env, bursts=2000), counter("optimiser step", steps, line=9),
        counter("env step", tests, line=60, function="test_agent", bursts=1),
    )  # fmt: skip
    trace = Trace(counters=sites, seconds=now, stopped="time", facts={"optimisers": "Adam"})
    assert "only once" in phases.not_yet(trace, unit(trace))
    assert evaluations.left_out(trace, (1.0, 1.5)) == pytest.approx(0.3 / 1.3, rel=0.05)


def test_a_printed_number_that_begins_at_0_has_its_loading_before_it() -> None:
    trace = printing([(3.0 + 5.0 * i, f"step {100 * i}") for i in range(6)])
    found = unit(trace)
    assert rate.start(trace, found) == 3.0
    assert rate.rate(trace, found, (0.0, 500.0)) == pytest.approx(20.0)


def test_a_bar_whose_clocks_change_their_units_keeps_its_pattern() -> None:
    bars = "1/422 [>...] - ETA: 13s 12ms/step - loss: 2.3", "2/422 [=>..] - ETA: 9s 980us/step - loss: 2.1"
    assert {parts(b)[0] for b in bars} == {"#/# [ ] - ETA: t t - loss: #"}
    bars = "5%|#| 5/100 [00:12<00:30, 1.20s/it]", "6%|#| 6/100 [00:13<00:30, 3.42it/s]"
    assert len({parts(b)[0] for b in bars}) == 1
    bars = "\x1b[1m20/422\x1b[0m \x1b[1m5s\x1b[0m 12ms/step - loss: 2.3", "21/422 1:23 1s/step - loss: 2.3"
    assert [parts(b)[0] for b in bars] == ["#/# t t - loss: #"] * 2
    out = Output()
    out.take("".join(f"{i}/422 12ms/step" + "\b" * 15 + "\r" for i in (1, 2)).encode(), 1.0)
    assert [text for _, text in out.lines] == ["1/422 12ms/step", "2/422 12ms/step"]


def test_a_setting_that_is_tried_out_in_powers_is_no_progress() -> None:
    for first, base in ((16, 2), (1, 10)):
        assert unit(printing([(float(i), f"END C={first * base**i}, score 0.9") for i in range(6)])).word == "line"


def test_evaluations_before_the_first_update_are_known_where_they_come_again() -> None:
    """Steps by chance until the first update at 6 s; evaluated after each two seconds until then."""
    env = [0.01 * i for i in range(1, 801)]
    evals = [t + 0.0001 * i for t in (2.0, 4.0) for i in range(1, 40)]
    steps = [6.0 + 0.01 * i for i in range(1, 201)]
    source = counter("env step", env, bursts=199)
    trace = Trace(counters=(source, counter("env step", evals, line=30, bursts=1), counter("optimiser step", steps)))
    assert evaluations.left_out(trace, (6.5, 7.0)) > 0.0
    once = counter("env step", evals[:39], line=30, bursts=1)
    assert evaluations.left_out(Trace(counters=(source, once, counter("optimiser step", steps))), (6.5, 7.0)) == 0.0


def test_a_policy_that_acts_in_eval_mode_hides_no_evaluation() -> None:
    steps = [1.0 + 0.01 * i for i in range(1, 101)]
    acts = counter("evaluation", [t - 0.001 for t in steps], line=12, bursts=100)
    rare = counter("evaluation", [1.202, 1.205, 1.208], line=30, bursts=1)
    trace = Trace(counters=(counter("optimiser step", steps), acts, rare))
    assert evaluations.left_out(trace, (1.5, 2.0)) > 0.0


def test_a_rollout_in_eval_mode_hides_no_evaluation_though_updates_are_many() -> None:
    """Ten rollouts of 50 steps with 40 updates each: it acts once a rollout, between few of the updates."""
    begins = np.arange(10)[:, None] * 1.0
    env = counter("env step", (begins + 0.01 * np.arange(1, 51)).ravel().tolist(), bursts=10)
    steps = counter("optimiser step", (begins + 0.5 + 0.01 * np.arange(1, 41)).ravel().tolist(), line=9)
    acting = counter("evaluation", env.times - 0.001, line=12, bursts=10)
    rare = counter("evaluation", [4.92, 4.95, 4.98], line=30, bursts=1)
    trace = Trace(counters=(env, steps, acting, rare))
    assert (evaluations.acts(trace, acting), evaluations.acts(trace, rare)) == (True, False)
    assert [c.line for c in evaluations.evaluations(trace)] == [30]
    assert not evaluations.acts(trace, replace(acting, function="evaluate"))


def test_what_comes_after_the_last_unit_is_counted_where_a_run_came_to_its_end() -> None:
    trace = printing([(float(i), f"step {i}") for i in range(1, 9)], seconds=11.0, stopped="", exit=0)
    assert rate.end(trace, unit(trace)) == 3.0
    assert rate.end(replace(trace, stopped="time", exit=None), unit(trace)) == 0.0


def test_words_have_one_and_many() -> None:
    lines = printing([(float(i), f"| {i}/90 batches done") for i in range(1, 9)])
    assert unit(lines).word == "batch"
    assert [plural(w) for w in ("batch", "epoch", "loss")] == ["batches", "epochs", "losses"]


def test_a_time_with_its_unit_leaves_the_numbers_beside_it_what_they_are() -> None:
    pattern, values = parts("[elapsed 12.3s] 100/1000, 1,234 steps/s, 64 samples/step")
    assert values == (100.0, 1000.0, 64.0)
    assert not any(is_clock(pattern, i) for i in range(3))
    assert parts("took 1.2e-05s at v3h")[1] == (3.0,)
    assert parts("0m 12s (- 3m 5s) (5000 5%) 2.84")[1] == (5000.0, 5.0, 2.84)
    assert parts("2d 3h left, 5m ahead, 7d array")[1] == (5.0, 7.0)


def test_of_a_flood_the_gap_is_known() -> None:
    out = Output()
    out.take("".join(f"line {i}\n" for i in range(21_000)).encode(), 1.0)
    assert (out.has_gap, len(out.lines)) == (False, 21_000)
    out.take("".join(f"line {i}\n" for i in range(2_000)).encode(), 2.0)
    assert (out.has_gap, len(out.lines)) == (True, 22_000)


def test_a_round_of_updates_is_compared_whole_however_long_it_takes() -> None:
    """Large rollouts: 16 s of steps, 10 s of updates. A window of 5 s within it would hold all updates and one step."""
    rounds = 5
    steps = np.concatenate([26.0 * k + 16.0 * np.arange(1, 2049) / 2048 for k in range(rounds)])
    updates = np.concatenate([26.0 * k + 16.0 + 10.0 * np.arange(1, 321) / 320 for k in range(rounds)])
    trace = Trace(
        counters=(
            traces.counter("env step", steps, function="rollout", bursts=rounds - 1),
            traces.counter("optimiser step", updates, function="learn"),
        ),
        seconds=130.0,
        stopped="time",
    )
    u0, u1 = phases.window(trace, unit(trace), 5.0)
    assert (u1 - u0) % 2048 == 0
    assert rate.rate(trace, unit(trace), (u0, u1)) == pytest.approx(2048 / 26.0, rel=0.01)


def test_the_unit_that_is_asked_for_is_that_of_its_word_before_that_of_a_name() -> None:
    lines = tuple(Printed(float(i), f"epoch {i} loss 0.5") for i in range(1, 9))
    steps = traces.counter("optimiser step", np.arange(0.1, 8.0, 0.1), function="train_one_epoch")
    trace = Trace(counters=(steps,), printed=lines, seconds=9.0)
    found = unit_of(trace, "epoch")
    assert found is not None
    assert found.kind == "printed"


def test_of_what_comes_rarer_as_much_is_counted_as_a_long_run_holds() -> None:
    """Evaluations of 5 s before each 5 s of an epoch, then every tenth time only: 10 s and .5 + 5 s, 1.82 times."""

    def run(every: int) -> Trace:
        at, steps, evaluated = 0.0, [], []
        for epoch in range(8):
            if epoch % every == 0:
                evaluated += [at + 0.05 * k for k in range(1, 101)]
                at += 5.0
            steps += [at + 0.05 * k for k in range(1, 101)]
            at += 5.0
        counters = (
            traces.counter("optimiser step", np.array(steps), function="train"),
            traces.counter("evaluation", np.array(evaluated), function="evaluate", bursts=8 // every),
        )
        return Trace(counters=counters, seconds=at)

    rarer = Candidate("flags", "e", "e", "same", flags=(("--eval-every", "10"),), fewer=("evaluation",), remains=0.1)
    before, after = run(1), run(10)
    u = unit(before)
    by = Yardstick(u, (200.0, 600.0), before)
    assert by.ratio(before, after, (rarer,)) == pytest.approx(1 / (0.5 + 0.05), rel=0.02)
    assert by.ratio(before, after, (replace(rarer, remains=0.0),)) == pytest.approx(2.0, rel=0.02)


def test_updates_in_bursts_are_compared_with_what_lies_between_them() -> None:
    """Rollouts of 8 s in environments that nobody counts, then 20 updates in 2 s: 2 a second, not 10."""
    updates = np.concatenate([10.0 * k + 8.0 + 0.1 * np.arange(1, 21) for k in range(8)])
    trace = Trace(counters=(traces.counter("optimiser step", updates, function="learn"),), seconds=80.0, stopped="time")
    window = phases.window(trace, unit(trace), 5.0)
    assert (window[1] - window[0]) % 20 == 0
    assert rate.rate(trace, unit(trace), window) == pytest.approx(2.0, rel=0.01)
    steady = Trace(
        counters=(traces.counter("optimiser step", np.arange(0.1, 80.05, 0.1)),), seconds=80.0, stopped="time"
    )
    u0, u1 = phases.window(steady, unit(steady), 5.0)
    assert u1 - u0 == pytest.approx(50.0, abs=1)


@pytest.mark.parametrize(
    ("rollout", "updates", "each", "seen"),
    [(30.0, 320, 0.02, 34.5), (8.0, 100, 0.1, 12.5), (3.0, 20, 0.25, 12.0), (45.0, 5, 0.05, 100.0), (2.0, 2, 0.1, 5.0)],
)
def test_a_look_goes_on_until_what_feeds_the_updates_was_seen_again(
    rollout: float, updates: int, each: float, seen: float
) -> None:
    """It works without a count for so long, then updates so often: units a second are those of the whole."""
    cycle = rollout + updates * each
    burst = rollout + each * np.arange(1, updates + 1)
    times = np.concatenate([k * cycle + burst for k in range(40)])

    def until(s: float) -> Trace:
        counters = (traces.counter("optimiser step", times[times <= s]),)
        return Trace(counters=counters, seconds=s, stopped="time", facts={"own environments": "Game"})

    assert phases.not_yet(until(seen), unit(until(seen)))
    long = until(4.0 * cycle + 0.5 * rollout)
    assert not phases.not_yet(long, unit(long))
    window = phases.window(long, unit(long), 5.0)
    assert (window[1] - window[0]) % updates == 0
    assert rate.rate(long, unit(long), window) == pytest.approx(updates / cycle, rel=0.02)


def test_what_is_counted_between_updates_is_no_pause() -> None:
    """Evaluations of half of the time, twice: they were seen, and their own rule asks for no more."""
    updates = np.concatenate([2.0 * k + 0.01 * np.arange(1, 101) for k in range(4)])
    passes = np.concatenate([2.0 * k + 1.0 + 0.05 * np.arange(1, 20) for k in range(4)])
    step, evaluation = traces.counter("optimiser step", updates), traces.counter("evaluation", passes, line=30)
    trace = Trace(counters=(step, evaluation), seconds=8.0, stopped="time")
    assert not phases.not_yet(trace, unit(trace))
    two = replace(step, times=step.times[:200], count=200)
    assert "pause" in phases.not_yet(replace(trace, counters=(two,), seconds=3.9), unit(trace))


def test_a_library_whose_updates_are_not_counted_may_not_have_begun_to_learn() -> None:
    steps = Trace(counters=(traces.counter("env step", np.arange(0.1, 9.0, 0.1)),), seconds=9.0, stopped="time")
    assert phases.learns_unseen(replace(steps, modules={"jax": "1"}), unit(steps))
    assert not phases.learns_unseen(replace(steps, modules={"torch": "2"}), unit(steps))


def test_what_is_printed_at_once_or_while_data_are_loaded_is_no_progress() -> None:
    """Eight parts in 2 s, then a fit of a minute; a table at the end; layers at the start beside slow epochs."""
    parts = [(0.25 * i, f"Loaded part {i}") for i in range(1, 9)]
    assert unit_of(replace(printing(parts), seconds=60.0, stopped="", exit=0)) is None
    silent = replace(printing(parts), seconds=60.0, stopped="time")
    assert "its progress stopped: 8 parts in 2.0 s" in phases.halted(silent, unit(silent))
    table = [(30.0 + 0.001 * i, f"{i} 0.{9 - i} 0.5 100") for i in range(8)]
    assert unit_of(replace(printing(table), seconds=30.1, stopped="", exit=0)) is None
    layers = [(1.0 + 0.001 * i, f"layer {i}: 100") for i in range(12)]
    epochs = [(30.0 * i, f"Epoch {i}: loss 0.{9 - i}") for i in range(1, 6)]
    assert unit(replace(printing([*layers, *epochs]), seconds=150.0, stopped="time")).word == "epoch"


def test_lines_of_workers_that_take_turns_are_counted_not_their_numbers() -> None:
    """Trees 1 to 40, of which neighbours change places."""
    order = [n + (1 if n % 2 else -1) for n in range(1, 41)]
    found = growing([Printed(0.1 * i, f"building tree {n} of 40") for i, n in enumerate(order)])
    assert [(g.token, g.values[-1]) for g in found] == [(LINES, 40.0)]


def test_a_function_that_learns_is_training_whatever_it_is_called() -> None:
    env = replace(counter("env step", [0.1 * i for i in range(1, 100)], bursts=50), function="test_dqn")
    opt = replace(counter("optimiser step", [0.1 * i + 0.05 for i in range(1, 100)], line=9), function="test_dqn")
    assert unit(Trace(counters=(env, opt))).kind == "env step"
    assert unit(Trace(counters=(env, replace(opt, function="main")))).kind == "optimiser step"


def test_what_a_start_takes_is_no_pause_and_a_hiccup_is_none_either() -> None:
    """Compiled for 25 s at the second update; then 10 ms each, and each minute 100 ms for a checkpoint."""
    times = 1.0 + np.cumsum([0.01, 25.0, *np.where(np.arange(20_000) % 6_000 == 0, 0.1, 0.01)])
    trace = Trace(counters=(traces.counter("optimiser step", times[times <= 35.0]),), seconds=35.0, stopped="time")
    assert not phases.not_yet(trace, unit(trace))
    long = Trace(counters=(traces.counter("optimiser step", times),), seconds=float(times[-1]), stopped="time")
    u0, u1 = phases.window(long, unit(long), 5.0)
    assert 400 <= u1 - u0 <= 520


def test_a_last_gap_is_as_long_as_the_stride_of_the_others() -> None:
    """A number that is printed each 1,000 steps, of which the next is nearly there."""
    trace = replace(printing([(2.0 * i, f"step {1000 * i}") for i in range(1, 8)]), seconds=15.5, stopped="time")
    assert not phases.not_yet(trace, unit(trace))
