"""What runs would have taken without neighbours: against all choices by brute force, and on made-up machines."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.properties.traces import printing

from sixdays.faster.compare import factor, jackknife
from sixdays.faster.model import Counter, Digest, FloatArray, Printed, Trace
from sixdays.faster.quiet import Runs, runs_of
from sixdays.faster.rate import rate
from sixdays.faster.unit import Unit, unit_of


def run(costs: FloatArray, start: float = 0.5, every: int = 4) -> Trace:
    """Steps of these costs, with an update at the end of each fourth."""
    times = start + np.cumsum(costs)
    env = Counter("env step", "train.py", "main", 5, times, times.size, bursts=times.size // every, first=times[0])
    updates = times[every - 1 :: every]
    opt = Counter("optimiser step", "train.py", "main", 9, updates, updates.size, first=updates[0])
    learnt = Digest("parameters", 0, 1, str(every))
    return Trace(counters=(env, opt), digests=(learnt,), seconds=float(times[-1]), stopped="units")


def unit(trace: Trace) -> Unit:
    found = unit_of(trace)
    assert found is not None
    return found


UNIT = unit(run(np.ones(40)))


def neighbour(rng: np.random.Generator, n: int, share: float = 0.3) -> FloatArray:
    """Times as long as alone: 1, or 1.6 in stretches of about a tenth of all steps."""
    slow, state = np.ones(n), rng.random() < share
    for i in range(n):
        if rng.random() < 10.0 / n:
            state = rng.random() < share
        slow[i] = 1.6 if state else 1.0
    return slow


def test_each_stretch_takes_what_the_quickest_of_a_few_takes() -> None:
    # by hand: two stretches, three runs; of all three the quickest are 1 and 2; of two, (1 + 1 + 2) ÷ 3 and (2 + 2 + 3) ÷ 3
    took = np.array([[1.0, 4.0], [2.0, 2.0], [3.0, 3.0]])
    runs = Runs(run(np.ones(8), start=0.0), np.array([0.0, 4.0, 8.0]), took)
    assert runs.quiet(3).seconds == pytest.approx(3.0)
    assert runs.quiet(2).seconds == pytest.approx(4.0 / 3.0 + 7.0 / 3.0)
    assert runs.quiet(1).seconds == pytest.approx(took.mean(axis=0).sum())
    assert runs.without(0).quiet(2).seconds == pytest.approx(2.0 + 2.0)
    # the events move with the stretches that they lie in: the second of four in the first stretch at half of it
    assert runs.quiet(3).counters[0].times == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0])


@given(arrays(float, (5, 3), elements=st.floats(0.1, 10.0)), st.integers(1, 5))
def test_it_is_the_mean_over_all_choices(took: FloatArray, of: int) -> None:
    runs = Runs(run(np.ones(8)), np.array([0.0, 1.0, 2.0, 3.0]), took)
    brute = np.mean([took[list(some)].min(axis=0).sum() for some in combinations(range(5), of)])
    made = runs.quiet(of).seconds - (runs.reference.seconds - 3.0)
    assert made == pytest.approx(brute)


def test_more_than_there_are_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="quickest of 3 cannot be told from 2 runs"):
        Runs(run(np.ones(8)), np.array([0.0, 8.0]), np.ones((2, 1))).quiet(3)


def test_neighbours_are_taken_out_and_what_a_stretch_costs_stays() -> None:
    rng = np.random.default_rng(1)
    alone = np.where(np.arange(2000) % 4 == 3, 0.004, 0.001)  # an update after each fourth step
    runs = [run(alone * neighbour(rng, 2000)) for _ in range(8)]
    found = runs_of(runs, unit(runs[0]), (100.0, 1900.0), 40)
    assert found is not None
    assert rate(found.quiet(), unit(runs[0]), (100.0, 1900.0)) == pytest.approx(1800 / alone[100:1900].sum(), rel=0.02)
    assert np.mean([rate(t, unit(t), (100.0, 1900.0)) for t in runs]) < 0.9 * 1800 / alone[100:1900].sum()


def test_runs_that_did_other_work_are_not_joined() -> None:
    same, other = run(np.full(400, 0.01)), run(np.full(400, 0.01), every=5)
    assert runs_of([same, same], unit(same), (10.0, 390.0), 10) is not None
    assert runs_of([same, other], unit(same), (10.0, 390.0), 10) is None
    assert runs_of([same, run(np.full(8, 0.01))], unit(same), (10.0, 390.0), 10) is None  # it hardly got there
    assert runs_of([], unit(same), (10.0, 390.0), 10) is None


def test_a_program_of_which_only_lines_are_seen_is_joined_by_what_it_says() -> None:
    def saying(last: float, slow: float) -> Trace:
        lines = [
            (slow * i, f"step {i} energy {i / 7 if i < 50 else last:.6f} time {slow * i:.3f}s") for i in range(1, 61)
        ]
        return printing(lines)

    one, slow, other = saying(1.0, 0.1), saying(1.0, 0.15), saying(2.0, 0.1)
    joined = runs_of([one, slow], unit(one), (5.0, 45.0), 10)
    assert joined is not None
    assert joined.quiet(2).printed[39].at == pytest.approx(4.0)
    assert runs_of([one, other], unit(one), (5.0, 45.0), 10) is None
    silent = replace(one, printed=tuple(replace(p, text=f"step {i}") for i, p in enumerate(one.printed)))
    assert runs_of([silent, silent], unit(silent), (5.0, 45.0), 10) is not None


def test_the_window_ends_where_the_slowest_got_and_what_comes_later_moves_along() -> None:
    long, short = run(np.full(400, 0.02)), run(np.full(300, 0.01))
    found = runs_of([long, replace(short, printed=(Printed(3.6, "late"),))], unit(long), (0.0, 380.0), 10)
    assert found is not None
    assert found.edges[0] == 0.0  # a window from the start has the start in it
    assert found.edges[-1] == pytest.approx(3.5)
    assert found.took.sum(axis=1) == pytest.approx([6.5, 3.5])  # in the order in which they were given
    slow = found.quiet(1)
    assert slow.seconds == pytest.approx(5.0)
    assert slow.printed[0].at == pytest.approx(5.1)


def test_the_interval_holds_the_true_ratio_as_often_as_it_says_and_is_narrower_than_that_of_the_pairs() -> None:
    rng, inside, narrow, window, n = np.random.default_rng(3), 0, 0, (20.0, 380.0), 8
    for _ in range(150):
        before, after = (
            runs_of([run(cost * neighbour(rng, 400)) for _ in range(n)], UNIT, window, 36) for cost in (0.012, 0.010)
        )
        assert before is not None
        assert after is not None

        def told(before: Runs, after: Runs) -> float:
            return log(rate(after.quiet(), UNIT, window) / rate(before.quiet(), UNIT, window))

        left_out = [told(before.without(i), after.without(i)) for i in range(n)]
        found = jackknife(told(before, after), left_out, between=0.0)
        assert found is not None
        inside += found.low <= 1.2 <= found.high
        plain = factor(np.log(before.took.sum(axis=1) / after.took.sum(axis=1)).tolist(), between=0.0)
        narrow += found.high / found.low < plain.high / plain.low
    assert inside >= 0.85 * 150  # it says .9, and a jackknife errs on the wide side
    assert narrow > 140
