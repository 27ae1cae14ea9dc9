"""Promises kept and broken, on learners that really learn: rounding alone passes, each way to cheat is caught."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Literal

import numpy as np
import pytest
from tests.properties.traces import Learner, Run, counter, printing

from sixdays.faster import movement
from sixdays.faster.checkpoints import EARLY
from sixdays.faster.digests import Broken, Kept, Unchecked, kept
from sixdays.faster.model import Digest, FloatArray, Kind, Printed, Promise, Trace
from sixdays.faster.wording import silent

UPDATES = 300
OPTIMISERS = [{"adam": True, "rate": 1e-3}, {"adam": False, "rate": 0.05}]
FEWER: tuple[Kind, ...] = ("evaluation",)
PRINTED: tuple[Kind, ...] = ("printed",)
ADAM = OPTIMISERS[0]


@cache
def run(**given: Any) -> Trace:
    return Learner(**(ADAM | given)).trace(UPDATES)


def broken(candidate: Trace, promise: Promise = "equivalent", **original: Any) -> str:
    found = kept(run(**original), candidate, promise, run(**original))
    assert isinstance(found, Broken), found
    return found.why


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_the_same_bits_keep_either_promise(optimiser: dict[str, Any]) -> None:
    a, b = run(**optimiser), run(**optimiser)
    assert kept(a, b, "same", a) == Kept("the parameters until update 200, 15 printed numbers")
    assert isinstance(kept(a, b, "equivalent", a), Kept)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_change_of_rounding_alone_is_equivalent_and_not_the_same(optimiser: dict[str, Any]) -> None:
    a, b = run(**optimiser), run(**optimiser, mirrored=True)
    assert isinstance(kept(a, b, "equivalent", a), Kept)
    assert "not the same bits" in broken(b, "same", **optimiser)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize(("times", "said"), [(1.01, "1.010 times as far"), (0.99, "0.990 times as far")])
@pytest.mark.parametrize("promise", ["same", "equivalent"])
def test_one_per_cent_of_the_learning_rate_is_caught(
    optimiser: dict[str, Any], times: float, said: str, promise: Promise
) -> None:
    cheat = run(**optimiser | {"rate": optimiser["rate"] * times})
    assert (
        broken(cheat, promise, **optimiser) == f"after update 1 the parameters had moved {said}: another learning rate?"
    )


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("promise", ["same", "equivalent"])
@pytest.mark.parametrize(
    ("cheat", "said"),
    [
        ({"is_made": lambda u: u % 2 == 1}, "are updates left out"),
        ({"is_called": lambda u: u % 2 == 1}, "until update 2 it counted 3 in place of 2 batches"),
        ({"is_made": lambda u: False}, "after update 1 the parameters had not moved"),
        ({"is_called": lambda u: False}, "it made no update, where the original made 300"),
        ({"is_called": lambda u: u <= 10 or u % 2 == 0}, "more batches or items of data were taken"),
        ({"is_made": lambda u: u <= 10 or u % 2 == 0}, "update 20"),
        ({"cached": True}, "after update 2 the parameters had moved"),
        ({"calls": 2}, "it counted 1 in place of 2 batches"),
        ({"hidden": 16}, "another network: parameters float32(8, 16)"),
        ({"items": 64}, "fewer evaluations were made: 14 in place of 56"),
        ({"items": 100, "rows_at_once": 26}, "says accuracy"),
        ({"evaluate": 40}, "fewer evaluations were made: 28 in place of 56"),
        ({"data": 1}, "after update 1 the parameters had moved"),
    ],
)
def test_each_way_to_cheat_is_caught(
    optimiser: dict[str, Any], promise: Promise, cheat: dict[str, Any], said: str
) -> None:
    why = broken(run(**optimiser, **cheat), promise, **optimiser)
    assert said in why or (promise == "same" and "not the same bits" in why)


def test_evaluations_that_are_fewer_by_design_are_allowed() -> None:
    a, b = run(), run(evaluate=40)
    assert isinstance(kept(a, b, "same", a, FEWER), Kept)


def test_printing_less_often_is_allowed_and_other_numbers_are_not() -> None:
    a = run()
    assert isinstance(kept(a, run(print_every=3), "same", a), Kept)
    altered = replace(
        a, printed=tuple(replace(p, text=p.text.replace("accuracy 0.", "accuracy 0.9")) for p in a.printed)
    )
    assert "says accuracy" in broken(altered, "same")


def evaluating(every: int, *, is_own_stream: bool) -> Trace:
    """An evaluation each so many updates of 40; from a stream of its own, its n-th value is the n-th of that."""
    lines = [(u, f"update {u} return {-0.5 * (u // every if is_own_stream else u)}") for u in range(every, 41, every)]
    return replace(run(), printed=printing(lines).printed)


def test_evaluations_that_draw_from_a_stream_of_their_own_are_told_at_the_same_step() -> None:
    a, b = evaluating(4, is_own_stream=True), evaluating(20, is_own_stream=True)
    found = kept(a, b, "same", a, FEWER)
    assert isinstance(found, Kept)
    assert found.aside == 'lines like "update # return #" say return -0.5 in place of -2.5'
    a, b = evaluating(4, is_own_stream=False), evaluating(20, is_own_stream=False)
    assert kept(a, b, "same", a, FEWER) == Kept("the parameters until update 200, 2 printed numbers")


def test_lines_that_are_gone_are_named() -> None:
    a = run()
    gone = replace(a, printed=tuple(p for p in a.printed if "accuracy" not in p.text))
    assert "accuracy #" in silent(a, gone)
    assert silent(a, run(print_every=3)) == ""
    assert silent(replace(gone, counters=()), replace(a, counters=())) == ""
    short = run().counters[0]
    early = replace(gone, counters=(replace(short, times=short.times[:20], count=20),))
    assert silent(a, early) == "", "it did not get to the second of them"


def test_printed_clocks_are_left_out() -> None:
    a = run()
    slower = replace(a, printed=tuple(replace(p, text=p.text.rsplit(" ", 1)[0] + " 99s") for p in a.printed))
    assert isinstance(kept(a, slower, "same", a), Kept)


def test_other_first_parameters_cannot_be_checked_and_are_not_the_same() -> None:
    a, b = run(), run(seed=1)
    found = kept(a, b, "equivalent", a)
    assert isinstance(found, Unchecked)
    assert "streams are not kept" in found.why
    assert "other parameters" in broken(b, "same")


def test_what_the_original_does_not_repeat_is_not_asked_of_a_candidate() -> None:
    found = kept(run(), run(), "same", run(seed=1))
    assert isinstance(found, Unchecked)
    assert "does not repeat its own" in found.why
    a, again = run(), run(mirrored=True)
    assert isinstance(kept(a, run(), "same", again), Kept | Unchecked)
    assert isinstance(kept(a, run(rate=1.01e-3), "equivalent", again), Broken)


def test_a_start_that_was_rounded_otherwise_is_still_checked() -> None:
    a = run()
    assert isinstance(kept(a, run(scaled=1 + 1e-6), "equivalent", a), Kept)
    assert "rate?" in broken(run(scaled=1 + 1e-6, rate=1.01e-3))
    assert "other parameters" in broken(run(scaled=1 + 1e-6), "same")
    assert isinstance(kept(a, run(scaled=1.01), "equivalent", a), Unchecked)


def test_a_setting_that_is_printed_may_be_the_one_that_the_candidate_sets() -> None:
    def told(depth: int, rate: str = "0.1", threads: int = 2) -> Trace:
        lines = [
            (0.5, f"{{'max_depth': {depth}, 'rate': {rate}}}"),
            (0.6, f"using {threads} threads"),
            *((i, f"step {i} loss {1 / i}") for i in range(1, 11)),
        ]
        return printing(lines)

    a = told(4)
    assert isinstance(kept(a, told(0), "equivalent", a, options={"max-depth"}), Kept)
    assert isinstance(kept(a, told(4, threads=1), "equivalent", a), Kept)
    assert "depth 0 in place of 4" in kept(a, told(0), "equivalent", a).why  # type: ignore[union-attr]
    assert isinstance(kept(a, told(0, rate="0.3"), "equivalent", a, options={"max-depth"}), Broken)


def test_updates_left_out_are_caught_though_streams_are_not_kept() -> None:
    cheat = run(seed=1, is_called=lambda u: u % 2 == 0)
    assert "in 150 optimiser steps more batches or items" in kept(run(), cheat, "equivalent").why  # type: ignore[union-attr]


@pytest.mark.parametrize("promise", ["same", "equivalent"])
def test_the_same_data_may_be_taken_without_a_loader_where_what_is_learnt_shows_it(promise: Promise) -> None:
    def by_index(trace: Trace) -> Trace:
        digests = tuple(
            replace(d, counts={k: n for k, n in (d.counts or {}).items() if k[0] != "batch"}) for d in trace.digests
        )
        return replace(trace, counters=tuple(c for c in trace.counters if c.kind != "batch"), digests=digests)

    assert any(c.kind == "batch" for c in run().counters)
    assert isinstance(kept(run(), by_index(run()), promise, run()), Kept)
    for cheat in ({"is_made": lambda u: u <= 10 or u % 2 == 0}, {"data": 1}, {"items": 64}, {"evaluate": 40}):
        assert isinstance(kept(run(), by_index(run(**cheat)), promise, run()), Broken), cheat


def test_an_environment_stepped_more_often_per_update_is_caught() -> None:
    run_, less = Run(every=4), Run(every=8)
    found = kept(run_.trace(800), less.trace(800), "equivalent")
    assert found == Broken("in 800 environment steps fewer updates were made: 99 in place of 199", 0)


def learner(seed: int, mean: int, is_made: Callable[[int], bool] = lambda e: True, every: int = 10**9) -> Trace:
    """5,000 steps in episodes of about so many, an update at the end of each that is_made, and after each `every` of
    its steps."""
    lengths = np.random.default_rng(seed).integers(mean // 2, 2 * mean, 5000)
    ends = np.cumsum(lengths)
    lengths, ends = lengths[ends <= 5000], ends[ends <= 5000]
    after = [
        e
        for k, (n, end) in enumerate(zip(lengths, ends, strict=True))
        for e in [*range(end - n + every, end, every), *([end] if is_made(k) else [])]
    ]
    at = np.linspace(0.01, 50.0, 5000)
    env = counter("env step", at, bursts=len(after) - 1, ends=ends.astype(float))
    return Trace(counters=(env, counter("optimiser step", [at[i - 1] + 0.001 for i in after])))


@pytest.mark.parametrize("every", [10**9, 20])
def test_after_a_rounding_one_may_learn_what_the_other_does_not_yet(every: int) -> None:
    """Episodes of 12 and of 120 steps, an update after each, or every 20 steps of one: no update was left out."""
    quick, slow = learner(3, 100, every=every), learner(4, 10, every=every)
    for a, b in [(quick, slow), (slow, quick)]:
        assert isinstance(kept(a, b, "equivalent"), Unchecked)


@pytest.mark.parametrize("mean", [10, 40, 100])
def test_updates_left_out_are_caught_however_well_it_learned(mean: int) -> None:
    """Every second from the fiftieth episode on, or the tenth: episodes are counted, whose lengths do not matter."""
    original = learner(3, 40)
    first = 10 if mean == 100 else 50
    found = kept(original, learner(5, mean, lambda e: e < first or e % 2 == 0), "equivalent")
    assert isinstance(found, Broken)
    assert re.search(r"in \d+ episodes fewer updates were made", found.why)


def test_evaluations_that_come_by_chance_may_differ_somewhat() -> None:
    def episodes(seed: int, share: float) -> Trace:
        lengths = np.random.default_rng(seed).integers(5, 40, 100)
        ends = np.asarray(np.cumsum(lengths) * 0.01, dtype=float)
        opt = ends[: int(share * ends.size)] + 0.001
        env = np.asarray(np.arange(1, int(lengths.sum()) + 1) * 0.01, dtype=float)
        return Trace(counters=(counter("env step", env, bursts=99), counter("optimiser step", opt)))

    a = episodes(3, 1.0)
    assert isinstance(kept(a, episodes(11, 1.0), "equivalent"), Unchecked)
    half = Trace(counters=(a.counters[0], counter("optimiser step", a.counters[1].times[::2])))
    assert isinstance(kept(a, half, "equivalent"), Broken)


def environment(*hashes: str) -> tuple[Digest, ...]:
    return tuple(Digest("seen", 0, i + 1, h) for i, h in enumerate(hashes))


def test_without_an_optimiser_what_environments_gave_and_printed_numbers_are_compared() -> None:
    a = replace(
        printing([(i, f"step {i * 10} energy {1.0 / i:.6f}") for i in range(1, 9)]), digests=environment("a", "b")
    )
    assert isinstance(kept(a, a, "same", a), Kept)
    other = replace(a, digests=environment("a", "c"))
    assert kept(a, other, "same", a) == Broken(
        "after step 2 what the environments gave back are not the same bits: equivalent at best", 2
    )
    near = replace(a, printed=tuple(replace(p, text=p.text.replace("1.000000", "1.000001")) for p in a.printed))
    assert kept(a, near, "equivalent", a) == Unchecked("only printed numbers could be compared, and they agree nearly")
    assert isinstance(kept(a, near, "same", a), Broken)
    far = replace(a, printed=tuple(replace(p, text=p.text.replace("energy 0", "energy 7")) for p in a.printed))
    assert isinstance(kept(a, far, "equivalent", a), Broken)


def walking(trace: Trace, *, strays_before: int = 1000, off: float = 0.0, jumps: int = 0) -> Trace:
    """The same with an environment of 500 steps an update: what it shows is `off`, and a tenth more before an update;
    jumps: -1 where it is so from the last update on."""
    shown = np.array([-120.0, 0.3, -1.2, 0.8])
    moments: tuple[tuple[Literal["state", "begun"], int], ...] = (("state", 0), ("begun", jumps))
    seen = [Digest("seen", 0, at, f"{at}{off}", shown * (1.0 + off)) for at in (1, 2, 5, 10)]
    states = [
        replace(d, what=what, hash="", values=shown * (1.1 if d.at >= strays_before + later else 1.0 + off))
        for d in trace.digests
        if d.what == "parameters" and 0 < d.at <= 10
        for what, later in moments
    ]
    steps = counter("env step", np.arange(1, 3001, dtype=float) * 1e-3, bursts=299)
    return replace(trace, counters=(*trace.counters, steps), digests=(*trace.digests, *seen, *states))


def playing(trace: Trace, *seen: str, actions: str = "whole numbers") -> Trace:
    """The same with an environment whose steps 1,600, 1,800 and so on gave what these hashes say, before update 1."""
    digests = [Digest("seen", 0, 1600 + 200 * i, h) for i, h in enumerate(seen)]
    return replace(trace, digests=(*trace.digests, *digests), facts={"actions": actions})


def test_who_acts_otherwise_with_the_same_parameters_is_caught() -> None:
    """All early updates lie between two steps: an observation used twice shows in what comes after them alone."""
    a = playing(run(), "a", "b", "c")
    stale = playing(run(), "a", "b", "x")
    assert kept(a, stale, "equivalent", a) == Broken(
        "with the same parameters it acts otherwise after step 1,800", EARLY
    )
    assert isinstance(kept(a, a, "equivalent", a), Kept)
    assert isinstance(kept(a, stale, "equivalent", playing(run(), "a", "b", "y")), Kept)  # it does not repeat itself
    rounded = playing(run(mirrored=True), "a", "b", "x")
    assert isinstance(kept(a, rounded, "equivalent", a), Kept)
    force = [playing(run(), "a", "b", last, actions="others") for last in "cx"]
    assert isinstance(kept(force[0], force[1], "equivalent", force[0]), Kept)


def learning(first: Trace, then: Trace) -> Trace:
    """What the one learnt until update 1, and then the other."""
    parameters = [d for d in then.digests if d.what == "parameters" and d.at > 1]
    return replace(first, digests=(*(d for d in first.digests if d.at <= 1), *parameters), printed=())


def test_what_is_learnt_after_a_rounding_grew_in_the_environment_accuses_nobody() -> None:
    a = walking(replace(run(), printed=()))
    chaotic = learning(run(mirrored=True), run(data=1))
    assert "after update 2 the parameters had moved" in broken_in(a, walking(chaotic, off=1e-6))
    assert kept(a, walking(chaotic, strays_before=2, off=1e-6), "equivalent", a) == Kept(
        "the parameters until update 1"
    )
    # one that differs at once after the first update did not drift
    assert "after update 2 the parameters" in broken_in(a, walking(chaotic, strays_before=2, off=1e-6, jumps=-1))
    # one that differs from the first step on is other data, whatever comes later
    assert "after update 2 the parameters had moved" in broken_in(a, walking(chaotic, strays_before=2, off=0.1))
    # and what was learnt from the same data is asked of everybody
    cheat = walking(replace(run(rate=1.01e-3), printed=()), strays_before=2, off=1e-6)
    assert "after update 1 the parameters had moved 1.010 times as far" in broken_in(a, cheat)


def test_what_was_observed_at_a_step_tells_before_which_update_a_run_went_another_way() -> None:
    a, b = (walking(replace(run(mirrored=m), printed=())) for m in (False, True))
    b = walking(learning(b, run(data=1)))
    counts = {("optimiser step", "train.py", "main"): 1}
    later = [Digest("seen", 0, 700, str(x), np.array([x, 1.0]), counts=counts) for x in (1.0, 2.0)]
    a, b = (replace(t, digests=(*t.digests, d)) for t, d in zip((a, b), later, strict=True))
    assert kept(a, b, "equivalent", a) == Kept("the parameters until update 1")


def broken_in(a: Trace, b: Trace) -> str:
    found = kept(a, b, "equivalent", a)
    assert isinstance(found, Broken), found
    return found.why


def test_a_run_that_was_stopped_before_it_did_anything_is_not_blamed() -> None:
    found = kept(run(), Trace(stopped="time"), "same", run())
    assert found == Unchecked("the two have no update, no step and no printed number in common")
    assert "it made no update" in broken(Trace(stopped="", exit=0))


def test_where_nothing_can_be_seen_nothing_is_claimed() -> None:
    assert isinstance(kept(Trace(), Trace(), "same", Trace()), Unchecked)
    assert isinstance(kept(run(), run(), "changed", run()), Unchecked)


def test_pictures_count_where_both_runs_ended() -> None:
    ended = {"stopped": "", "exit": 0}
    a, b = (replace(run(), **ended, figures={"curve.png": h}) for h in "xy")  # type: ignore[arg-type]
    found = kept(a, b, "same", a)
    assert isinstance(found, Broken)
    assert "curve.png" in found.why
    assert isinstance(kept(a, replace(b, stopped="units"), "same", a), Kept)
    assert isinstance(kept(a, b, "same", b), Kept)  # the original does not repeat it


def test_parameters_of_few_bits_hide_a_small_difference_and_are_not_judged_by_it() -> None:
    a0 = np.full(100, 1.0)
    moved, more = a0 + 1e-6, a0 + 1.01e-6
    assert movement.early({0: a0, 1: moved}, {0: a0, 1: more}, "bfloat16(100)") == ()
    assert movement.early({0: a0, 1: a0 + 0.1}, {0: a0, 1: a0 + 0.101}, "float32(100)")[0].length == pytest.approx(1.01)


def test_parameters_that_become_no_numbers_are_strange() -> None:
    seen = movement.compare(1, np.ones(3), np.array([1.0, np.nan, 1.0]))
    assert seen is not None
    assert movement.strange(seen)
    assert movement.compare(1, np.zeros(3), np.ones(3)) is None


def test_late_lengths_must_be_of_one_order() -> None:
    walk = {u: np.full(4, float(u)) for u in (0, 10, 20, 50, 100, 200)}
    still = {u: np.full(4, float(min(u, 50))) for u in walk}
    half = {u: v / 2.0 for u, v in walk.items()}
    assert movement.late(walk, walk) == ""
    assert "from update 50 to 100 the parameters had not moved" in movement.late(walk, still)
    assert "0.50 times as far" in movement.late(walk, half)


def test_what_is_done_less_often_by_design_may_begin_with_another_step() -> None:
    """The original was stopped after 9 steps; each says a number of its own, and the candidate says each tenth."""

    def said(*steps: int, text: str) -> Trace:
        return Trace(printed=tuple(Printed(float(n), text.format(n, 7.5 / n)) for n in steps), stopped="units")

    for text in ("evaluated: {1}", "Episode {0} Average reward: {1}"):
        a, b = said(*range(1, 10), text=text), said(10, 20, text=text)
        if "Episode" in text:
            assert isinstance(kept(a, b, "same", a, PRINTED), Kept)
            assert isinstance(kept(a, b, "same", a), Broken)
        else:
            assert isinstance(kept(a, b, "equivalent", a), Broken)
        assert not isinstance(kept(a, b, "equivalent", a, FEWER), Broken)
    a, other = (said(*n, text="Episode {0} Average reward: " + x) for n, x in ((range(1, 10), "{1}"), ((3, 6), "1{1}")))
    assert isinstance(kept(a, other, "same", None, PRINTED), Unchecked)  # a mean since the last line, perhaps
    assert isinstance(kept(a, other, "same", None), Broken)


def test_totals_and_counted_lines_prove_nothing() -> None:
    """A bar of Keras: the numbers that its learning changes differ in each run; a halved network is not checked."""

    def told(seed: int) -> Trace:
        return printing([(i, f"{i}/422 loss {(i * seed) % 7 / 9:.3f}") for i in range(1, 40)])

    found = kept(told(1), told(3), "same", told(2))
    assert isinstance(found, Unchecked), found
    assert kept(told(1), told(1), "same", told(1)) == Kept("39 printed numbers")
    assert "says loss" in kept(told(1), told(3), "same", told(1)).why  # type: ignore[union-attr]


def epochs(updates: int, each: float = 0.001) -> Trace:
    """Rollouts of 4,000 steps, then `updates` of them at a time."""
    now, env, steps = 0.0, list[float](), list[float]()
    for _ in range(2):
        env += [now + 0.0005 * k for k in range(1, 4001)]
        steps += [env[-1] + each * k for k in range(1, updates + 1)]
        now = steps[-1]
    env += [now + 0.0005]
    return Trace(counters=(counter("env step", env), counter("optimiser step", steps, line=40)), stopped="units")


def test_half_of_the_updates_of_a_rollout_is_not_the_same_algorithm() -> None:
    """Two rollouts of 80 updates: as many as the slack of one whole rollout would let pass."""
    assert "40 updates were made at a time, in place of 80" in broken_by_count(epochs(40))
    assert broken_by_count(epochs(80)) == ""
    assert broken_by_count(epochs(75)) == ""  # of two rollouts nobody knows whether all have as many


def test_a_printed_infinity_is_a_number_like_any_other() -> None:
    a = printing([(i, f"step {i} best {'-inf' if i < 3 else -21.0}") for i in range(1, 15)])
    assert isinstance(kept(a, a, "same", None), Kept)


def broken_by_count(candidate: Trace) -> str:
    found = kept(epochs(80), candidate, "equivalent", epochs(80))
    return found.why if isinstance(found, Broken) else ""


def test_where_the_network_is_the_same_bits_what_is_told_of_it_is_nearly_the_same() -> None:
    """An accuracy on a part of the items is another number, though not by much."""

    def told(by: float) -> Trace:
        a = run()
        return replace(
            a, printed=tuple(Printed(p.at, f"epoch {i} test {0.9 * by + i / 1e4:.5f}") for i, p in enumerate(a.printed))
        )

    assert isinstance(kept(told(1.0), told(1.00001), "equivalent", told(1.0)), Kept)
    found = kept(told(1.0), told(1.01), "equivalent", told(1.0))
    assert isinstance(found, Broken)
    assert "says test" in found.why


def test_a_bar_that_is_drawn_between_two_steps_breaks_no_promise() -> None:
    """As tqdm does where `set_postfix` draws: step k with the loss before, then with its own."""

    def bar(*rows: tuple[int, float]) -> Trace:
        return printing(
            [(i, f"{n}%|{'█' * n}| {n}/100 [00:0{i % 9}<00:09, 9.{i}it/s, loss={x}]") for i, (n, x) in enumerate(rows)]
        )

    a = bar(*((n + k, 1 / (n + 1)) for n in range(1, 20) for k in (0, 1)))
    late = bar(*((n, 1 / (m + 1)) for n, m in ((1, 1), (1, 2), (3, 3), (3, 4), (5, 5), (5, 6))))
    for promise in ("same", "equivalent"):
        assert not isinstance(kept(a, late, promise, a), Broken)
    other = bar(*((n, 2 / (n + 1)) for n in range(1, 9)))
    assert isinstance(kept(a, other, "same", a), Broken)


def test_where_the_script_has_environments_of_its_own_a_sudden_parting_is_no_other_data() -> None:
    """A rounding turns one action round, and from there on another episode is learnt from."""

    def parted(*facts: str) -> Trace:
        a = run()
        first = next(d.values for d in a.digests if d.what == "parameters" and d.at == 0)

        def other(d: Digest) -> Digest:
            if d.what != "parameters" or d.at <= 20 or d.values is None or first is None:
                return d
            moved = d.values - first
            moved[::30] *= -1.0
            return replace(d, hash=f"{d.hash}x", values=first + moved)

        return replace(a, digests=tuple(map(other, a.digests)), facts=dict.fromkeys(facts, "Cart"), printed=())

    a = replace(run(), printed=())
    found = kept(a, parted(), "equivalent", a)
    assert isinstance(found, Broken)
    assert "the parameters agreed until update 20" in found.why
    own = replace(a, facts={"own environments": "Cart"})
    again = kept(own, parted("own environments"), "equivalent", own)
    assert not isinstance(again, Broken) or "agreed until" not in again.why


def test_elements_that_are_all_a_bit_elsewhere_are_more_than_a_rounding_where_products_are_exact() -> None:
    a0, rng = np.zeros(1000), np.random.default_rng(1)
    moved = rng.choice([-1e-3, 1e-3], 1000)
    few = np.where(np.arange(1000) < 1, -moved, moved)  # biases before a batch norm: signs of nothing
    all_a_bit = moved * (1 + rng.choice([-0.005, 0.0, 0.005], 1000))
    for at, after, is_elsewhere in ((2, few, False), (2, all_a_bit, True), (1, all_a_bit, False)):
        (seen,) = movement.early({0: a0, at: moved}, {0: a0, at: after}, "float32(1000)")
        assert not movement.strange(seen), "what a GPU rounds may do that"
        assert ("0.5% apart, farther than rounding goes" in movement.strange(seen, is_exact=True)) == is_elsewhere
    rounded = np.ones(1000)  # where parameters are large and movements small, their own rounding does it
    (seen,) = movement.early({0: rounded, 2: rounded + 2e-5}, {0: rounded, 2: rounded + 2.01e-5}, "float32(1000)")
    assert seen.bulk == 0.0


def test_on_a_cpu_a_rounding_passes_and_a_loss_that_is_nearly_the_same_does_not() -> None:
    def on_cpu(trace: Trace) -> Trace:
        return replace(trace, facts={**trace.facts, "device": "cpu"})

    def bent(digest: Digest) -> Digest:
        if digest.what != "parameters" or digest.at == 0 or digest.values is None:
            return digest
        off = (digest.values - first) * np.where(np.arange(first.size) % 2, 1.004, 0.996)
        return replace(digest, values=first + off, hash="another")

    a = on_cpu(run())
    first: Any = next(d.values for d in a.digests if d.what == "parameters" and d.at == 0)
    assert isinstance(kept(a, on_cpu(run(mirrored=True)), "equivalent", a), Kept)
    near = replace(a, digests=tuple(map(bent, a.digests)))
    found = kept(a, near, "equivalent", a)
    assert isinstance(found, Broken)
    assert "after update 2 the parameters had moved elsewhere (0.4% apart" in found.why


def test_a_rounding_that_grows_exponentially_is_no_jump_and_a_late_change_is() -> None:
    base = {u: np.full(50, 0.01) * u for u in (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)}

    def apart(at: dict[int, float]) -> dict[int, FloatArray]:
        return {u: x * (1.0 + at.get(u, 0.0)) for u, x in base.items()}

    growing = {u: 1e-7 * float(np.exp(u / 40.0)) for u in base if u}  # 1.5e-5 after 200 updates, .027 after 500
    assert movement.jumped(base, apart(growing)) == ""
    assert movement.jumped(base, apart({**growing, 500: 0.06})) == ""
    flat = dict.fromkeys((u for u in base if u), 1e-7)
    assert "agreed until update 200" in movement.jumped(base, apart({**flat, 500: 0.3}))
    slowly = {u: 1e-9 * u for u in base if u}  # as fast as the updates
    assert "agreed until update 200" in movement.jumped(base, apart({**slowly, 500: 0.3}))
