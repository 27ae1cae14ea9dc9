"""How long a whole run is, from options, constants, loops and configuration files, each written in its own way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sixdays.faster.length import Length, length
from sixdays.faster.model import Counter, Kind, Printed, Trace
from sixdays.faster.options import options_of


def counter(kind: Kind, n: int = 50) -> Counter:
    return Counter(
        kind,
        "train.py",
        "main",
        9,
        0.01 * np.arange(1, n + 1, dtype=np.float64),
        n,
        bursts=n if kind == "env step" else 0,
    )


def said(source: str, *words: str, configs: dict[str, str] | None = None, trace: Trace | None = None) -> str:
    argv = ("python", "train.py", *words)
    options = options_of("", {"train.py": source}, configs or {}, argv)
    found, why = length(options, argv, trace)
    return f"{found.value:g} {found.unit}: {found.text}" if found else why


ARGUMENTS = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--total-timesteps", type=int, default=int(5e5), help="of the run")
parser.add_argument("--num-steps", type=int, default=128)
parser.add_argument("--update-epochs", type=int, default=4)
args = parser.parse_args()
for update in range(1, args.total_timesteps // args.num_steps):
    for step in range(args.num_steps):
        pass
"""


def test_the_total_is_the_length_not_the_rollout_nor_the_epochs_of_an_update() -> None:
    assert said(ARGUMENTS) == "500000 env step: 500,000 from --total-timesteps, its default (train.py:4)"


def test_what_stands_on_the_command_line_counts() -> None:
    assert said(ARGUMENTS, "--total-timesteps", "1e6").startswith("1e+06 env step: 1,000,000 from --total-timesteps on")
    assert said(ARGUMENTS, "--total-timesteps=2_000").startswith("2000 env step")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("for n_epi in range(10_000):\n    pass\n", "10000 episode: 10,000 from the loop over n_epi (train.py:1)"),
        ("max_iters = 5000\nwhile it < max_iters:\n    it += 1\n", "5000 update: 5,000 from max_iters (train.py:1)"),
        ("K = 30\nfor epoch in range(1, K + 1):\n    pass\n", "30 epoch: 30 from K (train.py:1)"),
        ("model.learn(25_000)\n", "25000 env step: 25,000 from total_timesteps (train.py:1)"),
        ("t = Trainer(max_epochs=12)\nt.fit(m)\n", "12 epoch: 12 from max_epochs (train.py:1)"),
        ("train_and_test(net, epochs=12)\n", "12 epoch: 12 from epochs (train.py:1)"),
        (
            "def dqn(env, n_episodes=2000, max_t=9):\n    for i_episode in range(1, n_episodes + 1):\n        1\n",
            "2000 episode: 2,000 from n_episodes (train.py:1)",
        ),
        (
            "def dqn(n_episodes=2000):\n    for i in range(n_episodes):\n        1\ndqn(n_episodes=50)\n",
            "50 episode: 50 from n_episodes (train.py:4)",
        ),
        (
            "N = 30\nfor epoch in range(N):\n    1\ndef evaluate(n):\n    for episode in range(10):\n        1\n",
            "30 epoch: 30 from N (train.py:1)",
        ),
        ("sweeps = 400\n", "400 sweep: 400 from sweeps (train.py:1)"),
        (
            "N, STEPS = 60, 3000\nfor step in range(STEPS):\n    pass\n",
            "3000 step: 3,000 from STEPS (train.py:1)",
        ),
        ("sweeps = rounds = 400\nrounds = 3\n", "400 sweep: 400 from sweeps (train.py:1)"),
        ("def main():\n    for ep in trange(70):\n        pass\n", "70 episode: 70 from the loop over ep (train.py:2)"),
    ],
)
def test_a_script_without_options_says_it_in_constants_loops_and_calls(source: str, expected: str) -> None:
    assert said(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "for t in itertools.count():\n    pass\n",
        "warmup_steps = 500\nmax_episode_steps = 200\neval_episodes = 10\nepochs_per_eval = 3\nlr_decay_steps = 90\n",
        "epoch = 0\nstep = 1\n",
        "epochs, sweeps = read()\n",
        "num_epochs = compute()\n",
        "while True:\n    loss = evaluate(model, max_batches=10)\n",
        "def f(:\n",
        "max_steps = 9 ** 60\nepochs = 1 / 0\nepisodes = 9 ** 9 ** 9 ** 9\nrounds = 'a' * 10**9\n",
        "max_steps = " + "1 + " * 5000 + "1\n",
        "max_steps = " + "-" * 100_000 + "1\n",
    ],
)
def test_what_does_not_say_the_length_of_the_run_is_not_taken_for_it(source: str) -> None:
    assert said(source) == "no option, constant or loop says how long the run is"


def test_two_lengths_that_are_as_likely_are_none_and_both_are_named() -> None:
    assert said("max_epochs = 10\nmax_episodes = 20\n") == (
        "it is said in two ways: 10 from max_epochs (train.py:1); 20 from max_episodes (train.py:2)"
    )


def test_a_loop_decides_between_two() -> None:
    source = (
        "max_steps = 200\nmax_episodes = 20\nfor e in range(max_episodes):\n    for t in range(max_steps):\n        1\n"
    )
    assert said(source) == "20 episode: 20 from max_episodes (train.py:2)"


def test_the_bound_of_an_inner_loop_is_no_length_where_that_of_the_outer_cannot_be_counted() -> None:
    source = "episodes = 500\nmax_steps = 1000\nfor e in range(episodes):\n    for t in range(max_steps):\n        1\n"
    trace = Trace(counters=(counter("env step"), counter("optimiser step")), stopped="time")
    assert (
        said(source, trace=trace) == "500 from episodes (train.py:1): how many environment steps that is, is not known"
    )


def test_a_loop_of_tests_is_not_the_run() -> None:
    source = "A = 30\nmax_test_ep = 40\nfor n_epi in range(A):\n    1\nfor n_epi in range(max_test_ep):\n    1\n"
    assert said(source) == "30 episode: 30 from A (train.py:1)"


def test_a_file_that_the_command_names_sets_the_length() -> None:
    source = "import yaml, sys\ncfg = yaml.safe_load(open(sys.argv[2]))\n"
    for name, text in (
        ("a.yaml", "train:\n  epochs: 9\n"),
        ("a.json", '{"train": {"epochs": 9}}'),
        ("a.toml", "[train]\nepochs = 9\n"),
    ):
        found = said(source, "--config", name, configs={name: text})
        assert found.startswith("9 epoch: 9 from train.epochs (")
        assert name in found


def test_with_a_trace_the_length_is_in_the_unit_of_progress() -> None:
    loaders = {
        "loader 0": "TensorDataset of 60000 items, batch 64, 0 workers, RandomSampler",
        "loader 1": "TensorDataset of 90000 items, batch 10, 0 workers, SequentialSampler",
    }
    trace = Trace(counters=(counter("optimiser step"),), facts=loaders)
    source = "for epoch in range(10):\n    pass\n"
    # 60,000 ÷ 64 = 937.5, so 938 batches
    assert said(source, trace=trace) == (
        "9380 optimiser step: 10 from the loop over epoch (train.py:1) × 938 optimiser steps in each"
    )
    accumulated = "grad_accumulation_steps = 4\n" + source
    assert said(accumulated, trace=trace).startswith("2350 optimiser step")  # 938 ÷ 4 = 234.5, so 235


def test_updates_for_each_batch_are_measured_where_they_are_not_one() -> None:
    """A critic that learns five times a batch; batches of an evaluation, and those that a bar takes, tell nothing."""
    loader = {"loader 0": "TensorDataset of 640 items, batch 64, 0 workers, RandomSampler"}
    source = "epochs = 9\n"
    updates, batches = counter("optimiser step", 200), counter("batch", 40)
    of_critics = Trace(counters=(updates, batches), facts=loader)
    assert said(source, trace=of_critics).startswith("450 optimiser step: 9 from epochs (train.py:1) × 50 ")
    for other in (replace(batches, function="test"), replace(batches, file="/x/tqdm/std.py")):
        assert said(source, trace=Trace(counters=(updates, other), facts=loader)).startswith("90 optimiser step")
    accumulated = Trace(counters=(counter("optimiser step", 50), counter("batch", 200)), facts=loader)
    assert said("iters_to_accumulate = 4\n" + source, trace=accumulated).startswith("27 optimiser step")  # 10 ÷ 4: 3


def test_steps_of_environments_that_are_not_counted_are_no_updates() -> None:
    for fact in ("own environments", "others step"):
        own = Trace(counters=(counter("optimiser step"),), facts={fact: "Maze"})
        for source in ("max_steps = 900\n", "num_iterations = 900\n"):
            assert said(source, trace=own).endswith("is not known"), source
    acting = Trace(counters=(counter("env step"), counter("optimiser step")))
    source = "iterations = 1000\nn_updates_per_iteration = 10\n"
    assert said(source, trace=acting).endswith("how many environment steps that is, is not known")


def test_the_unit_that_the_user_counts_in_decides() -> None:
    acting = Trace(counters=(counter("env step"), counter("optimiser step")))
    options = options_of("", {"train.py": "gradient_steps = 700\ntotal_timesteps = 900\n"}, {}, ("python", "train.py"))
    found = [length(options, (), acting, wanted)[0] for wanted in (None, "optimiser")]
    assert [(f.value, f.unit) for f in found if f] == [(900.0, "env step"), (700.0, "optimiser step")]


def test_what_cannot_be_said_in_the_unit_of_progress_is_no_length() -> None:
    acting = Trace(counters=(counter("env step"), counter("optimiser step")))
    assert said("for n_epi in range(90):\n    pass\n", trace=acting) == (
        "90 from the loop over n_epi (train.py:1): how many environment steps that is, is not known"
    )
    assert said("max_steps = 90\n", trace=acting).startswith("90 env step")
    assert said("max_iters = 90\n", trace=Trace(counters=(counter("optimiser step"),))).startswith("90 optimiser step")
    assert said("max_iters = 90\n", trace=Trace()) == "no progress is seen that a length could be counted in"


def test_what_the_plan_says_holds_where_it_can_be_said_in_the_unit_of_progress() -> None:
    """takes: 90 epochs at 2/h are not 90 updates."""
    acting = Trace(counters=(counter("env step"), counter("optimiser step")))
    options = options_of("", {"train.py": "total_timesteps = 700\n"}, {}, ("python", "train.py"))
    for unit, expected in (("steps", 90.0), ("", 90.0), ("epochs", 700.0), ("Frames", 90.0), ("cells", 700.0)):
        found, _ = length(options, (), acting, planned=Length(90.0, unit, "90 from takes:"))
        assert found is not None
        assert (found.value, found.unit) == (expected, "env step")
    lines = tuple(Printed(0.5 * i, f"game {i}: won {i % 2}") for i in range(1, 9))
    found, _ = length((), (), Trace(printed=lines), planned=Length(90.0, "games", "90 from takes:"))
    assert found is not None
    assert found.value == 90.0


def test_a_printed_number_is_matched_by_its_word() -> None:
    lines = tuple(Printed(0.5 * i, f"epoch {i}: loss {1 / i:.3f}") for i in range(1, 9))
    assert said("epochs = 90\n", trace=Trace(printed=lines)).startswith("90 epoch")
    assert said("episodes = 90\n", trace=Trace(printed=lines)).endswith("is not known")


def test_steps_of_each_epoch_are_counted_where_an_option_says_how_many() -> None:
    source = "epochs = 50\nsteps_per_epoch = 4000\n"
    acting = Trace(counters=(counter("env step"), counter("optimiser step")))
    assert said(source, trace=acting) == (
        "200000 env step: 50 from epochs (train.py:1) × 4,000 from steps_per_epoch (train.py:2)"
    )


def rounds(held: list[int], word: str = "epoch", kind: Kind = "optimiser step") -> Trace:
    """Units of a hundredth of a second; a line at the end of each round, a moment late."""
    ends = np.cumsum(held)
    lines = tuple(Printed(0.01 * end + 0.005, f"{word} {i}: loss {1 / i:.3f}") for i, end in enumerate(ends, 1))
    return Trace(counters=(counter(kind, int(ends[-1])),), printed=lines)


def test_units_of_each_round_are_seen_where_it_prints_them_and_they_are_always_as_many() -> None:
    source = "for epoch in range(90):\n    pass\n"
    expected = (
        "2700 optimiser step: 90 from the loop over epoch (train.py:1) × 30 optimiser steps in each that was seen"
    )
    assert said(source, trace=rounds([30] * 6)) == expected
    assert said(source, trace=rounds([0, 30, 30, 31, 30, 29])) == expected, "it learns from the second on"
    assert "is not known" in said(source, trace=rounds([30, 32, 41, 30, 18, 30])), "as episodes are"
    assert "is not known" in said(source, trace=rounds([30] * 3)), "too few"
    assert "is not known" in said(source, trace=rounds([30] * 6, "game"))
    acting = rounds([200] * 5, "Episode", "env step")
    assert said("for n_epi in range(90):\n    pass\n", trace=acting).startswith("18000 env step")


def test_steps_of_each_epoch_are_no_updates_where_environments_are_stepped() -> None:
    source = "epochs = 50\nstep_per_epoch = 4000\nsteps_per_epoch = 4000\n"
    elsewhere = Trace(counters=(counter("optimiser step"),), facts={"others step": "environments"})
    assert "is not known" in said(source, trace=elsewhere)
    alone = Trace(counters=(counter("optimiser step"),))
    assert said(source, trace=alone).startswith("200000 optimiser step")


def test_steps_beside_epochs_may_be_those_of_one_epoch() -> None:
    acting = Trace(counters=(counter("env step"), counter("optimiser step")))
    assert said("epochs = 50\nsteps = 4000\n", trace=acting).startswith("it is said in two ways")


def test_steps_of_one_episode_are_not_the_run() -> None:
    source = (
        "p.add_argument('--num-episode', type=int, default=90)\n"
        "def run_episode(n_steps):\n    for t in range(n_steps):\n        1\n"
        "def work(n_episode):\n    for i_episode in range(n_episode):\n        run_episode(n_steps=500)\n"
    )
    assert said(source) == "90 episode: 90 from --num-episode, its default (train.py:1)"


def test_a_length_that_the_run_has_passed_already_is_none() -> None:
    source = "max_steps = 40\n"
    stopped = Trace(counters=(counter("env step", 50), counter("optimiser step", 50)), stopped="time")
    assert said(source, trace=stopped).endswith("is not known")
    shorter = Trace(counters=(counter("env step", 30), counter("optimiser step", 30)), stopped="time")
    assert said(source, trace=shorter).startswith("40 env step")


def test_a_run_that_came_to_its_end_says_how_long_it_is() -> None:
    ended = Trace(counters=(counter("optimiser step", 200),), exit=0)
    assert said("epochs = 900\n", trace=ended) == "200 optimiser step: the first short run came to its end"
    assert said("epochs = 900\n", trace=replace(ended, facts={"raised": "ValueError: x"})).startswith("900 from")


def test_settings_in_a_dict_are_constants_too() -> None:
    assert said('config = {"LR": 1e-3, "TOTAL_TIMESTEPS": 5e7}\n').startswith("5e+07 env step: 50,000,000 from TOTAL_")


def test_a_table_does_not_hide_a_constant() -> None:
    assert said('limits = {"CartPole": 500, "steps": 3}\nsteps = 200_000\n').startswith("200000 step")


def test_rounds_of_boosting_have_many_names() -> None:
    for name in ("num_boost_round", "n_estimators", "rounds_total", "rounds"):
        assert said(f"{name} = 300\n").startswith("300 round"), name


def test_what_is_counted_within_one_episode_is_not_the_run() -> None:
    source = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--max-frames", type=int, default=108000, help="Maximum number of frames for each episode")
parser.add_argument("--steps", type=int, default=50000, help="how long to train")
"""
    assert said(source).startswith("50000 step: 50,000 from --steps")


def test_a_bound_within_a_call_is_known() -> None:
    source = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--num_steps", type=int, default=64)
parser.add_argument("--max_timesteps", type=float, default=1000)
args = parser.parse_args()
for t in range(int(args.max_timesteps)):
    for s in range(int(args.num_steps)):
        pass
"""
    assert said(source).startswith("1000 env step: 1,000 from --max_timesteps")


def test_steps_of_environments_in_other_processes_are_no_updates() -> None:
    source = (
        'import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--steps", type=int, default=900)\n'
    )
    trace = Trace(counters=(counter("optimiser step"),), stopped="units")
    assert said(source, trace=trace).startswith("900 optimiser step")
    beside = replace(trace, facts={"others step": "environments"})
    assert "how many optimiser steps that is, is not known" in said(source, trace=beside)


def test_a_bar_that_began_anew_tells_how_long_an_epoch_is() -> None:
    source = "epochs = 15\n"
    bars = [f"{i}/422 - loss: {1 / (i + k):.4f}" for k in (0, 1) for i in range(1, 423, 60)]
    twice = Trace(printed=tuple(Printed(0.1 * i, text) for i, text in enumerate(bars)), stopped="units")
    assert said(source, trace=twice).startswith("6330 printed: 15 from epochs (train.py:1) × 422 iterations in each")
    once = replace(twice, printed=twice.printed[:8])
    assert "is not known" in said(source, trace=once)


def test_a_loop_that_begins_later_goes_round_as_often_as_is_added() -> None:
    source = (
        "p.add_argument('--start-epoch', type=int, default=0)\np.add_argument('--epochs', type=int, default=90)\n"
        "for epoch in range(args.start_epoch, args.start_epoch + args.epochs):\n    pass\n"
    )
    assert said(source, "--start-epoch", "30", "--epochs", "200").startswith("200 epoch: 200 from --epochs")


def test_a_constant_that_is_set_anew_is_not_known_and_what_was_made_of_it_before_is() -> None:
    source = (
        "EPOCHS = 100\nmax_steps = EPOCHS * 500\nif DEBUG:\n    EPOCHS = 1\nfor step in range(max_steps):\n    pass\n"
    )
    assert said(source).startswith("50000 step: 50,000 from max_steps")


def test_what_an_epoch_holds_is_read_behind_a_shell_too() -> None:
    source = (
        "p.add_argument('--epochs', type=int, default=10)\n"
        "p.add_argument('--steps-per-epoch', type=int, default=1000)\n"
    )
    options = options_of("", {"train.py": source}, {}, ("sh", "run.sh"))
    words = ("train.py", "--epochs", "50", "--steps-per-epoch", "100")
    found, _ = length(options, words, Trace(counters=(counter("env step"), counter("optimiser step"))))
    assert found is not None
    assert found.value == 5000


def test_a_unit_that_is_counted_once_in_each_pass_makes_the_loop_the_length() -> None:
    """Also where the loop's variable and bound have no name that counts, and where many names do."""
    source = "K = 200\n\ndef learn():\n    optimiser.step()\n\n{}for t in range(K):\n    learn()\n"
    steps = replace(counter("optimiser step"), function="learn", line=4)
    trace = Trace(counters=(steps,))
    expected = "200 optimiser step: 200 from K (train.py:1), one optimiser step in each pass"
    assert said(source.format(""), trace=trace) == expected
    assert said(source.format("max_steps = 70_000\nepochs = 3\n"), trace=trace) == expected
    assert "is not known" in said(source.format("epochs = 3\n"), trace=Trace(counters=(replace(steps, line=9),)))
    vector = replace(counter("env step"), line=7, each=8.0)
    assert said(source.format(""), trace=Trace(counters=(vector,))) == (
        "1600 env step: 200 from K (train.py:1), 8 environment steps in each pass"
    )
