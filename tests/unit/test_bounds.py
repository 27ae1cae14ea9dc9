"""Shares of the time, worked out by hand from stacks of a few frames."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sixdays.faster.bounds import bound, by_line, is_own, own, share, working
from sixdays.faster.kinds import Kinds, package
from sixdays.faster.model import Counter, Frame, Kind, Stack, Trace

LIB = "/usr/lib/python3.11/site-packages/"
SOURCE = """\
import torch

def evaluate(net):
    return [net() for _ in range(9)]

def estimate(net, data):
    net.eval()
    for x in data:
        net(x)

def main():
    setup()
    for i in range(10):
        loss.item()
        seen = torch.cat([seen, b])
        joined = ",".join(words)
        torch.tensor([1, 2])
        time.sleep(1)
        a = b + c
"""


def stack(seconds: float, *frames: str, thread: str = "main") -> Stack:
    """A stack from "file:line:function", outermost first."""
    parts = [f.rsplit(":", 2) for f in frames]
    return Stack(tuple(Frame(file, int(line), name) for file, line, name in parts), seconds, thread)


def test_the_line_of_a_stack_is_the_innermost_of_the_project() -> None:
    s = stack(1.0, "train.py:9:main", "pkg/net.py:3:forward", f"{LIB}torch/nn/modules/linear.py:5:forward")
    assert own(s) == Frame("pkg/net.py", 3, "forward")
    assert own(stack(1.0, f"{LIB}a.py:1:f")) is None


@pytest.mark.parametrize("file", ["/a/b.py", ".venv/lib/site-packages/x.py", "<string>", "pkg/<frozen os>", "C:\\x.py"])
def test_installed_and_made_up_files_are_not_the_users(file: str) -> None:
    assert not is_own(Frame(file, 1, "f"))


def test_only_the_main_thread_after_its_imports_counts() -> None:
    work = stack(2.0, "train.py:9:main")
    start = stack(5.0, "train.py:1:<module>", "/x/<frozen importlib._bootstrap>:3:_find_and_load")
    trace = Trace(stacks=(work, start, stack(7.0, "train.py:9:worker", thread="other"), stack(3.0, "/lib/a.py:1:f")))
    assert working(trace) == (work,)


def test_a_share_is_of_seconds_not_of_samples() -> None:
    trace = Trace(stacks=(stack(3.0, "a.py:1:f"), stack(0.5, "a.py:2:f"), stack(0.5, "a.py:3:f")))
    assert share(trace, lambda s: own(s) == Frame("a.py", 1, "f")) == 0.75
    assert share(Trace(), lambda s: True) == 0.0


def test_seconds_of_a_line_are_those_of_all_stacks_that_end_in_it() -> None:
    stacks = (stack(1.0, "a.py:1:f"), stack(2.0, "a.py:1:f", "/x.py:1:g"), stack(2.5, "b.py:1:f"))
    assert list(by_line(stacks).items()) == [(("a.py", 1), 3.0), (("b.py", 1), 2.5)]


def test_what_takes_all_of_the_time_has_no_bound() -> None:
    assert (bound(0.0), bound(0.75), bound(1.0)) == (1.0, 4.0, math.inf)


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ("matplotlib/pyplot.py:1:draw", "drawing"),
        ("torch/distributions/categorical.py:1:__init__", "distribution"),
        ("torch/optim/adam.py:1:step", "optimiser"),
        ("torch/_tensor.py:1:backward", "backward"),
        ("torch/nn/modules/linear.py:1:forward", "forward"),
        ("gymnasium/envs/classic_control/cartpole.py:1:step", "environment"),
        ("gymnasium/envs/classic_control/cartpole.py:1:render", "drawing"),
        ("tensorboard/summary.py:1:write", "logging"),
        ("torch/utils/tensorboard/writer.py:1:add_scalar", "logging"),
        ("torch/serialization.py:1:save", "saving"),
        ("torch/utils/data/dataloader.py:1:__next__", "data"),
        ("numpy/lib/_function_base_impl.py:1:append", "growing"),
    ],
)
def test_frames_of_libraries_tell_what_is_done(inner: str, kind: str) -> None:
    assert Kinds({"t.py": SOURCE}).of(stack(1.0, "t.py:19:main", LIB + inner)) == kind


@pytest.mark.parametrize(
    ("line", "kind"),
    [(14, "copies"), (15, "growing"), (16, "python"), (17, "tensors"), (18, "waiting"), (19, "python")],
)
def test_calls_into_c_are_told_by_the_line_itself(line: int, kind: str) -> None:
    assert Kinds({"t.py": SOURCE}).of(stack(1.0, f"t.py:{line}:main")) == kind


@pytest.mark.parametrize("frame", ["t.py:4:evaluate", "t.py:9:estimate"])
def test_all_below_a_function_that_evaluates_is_evaluation(frame: str) -> None:
    s = stack(1.0, "t.py:13:main", frame, f"{LIB}torch/nn/modules/linear.py:5:forward")
    assert Kinds({"t.py": SOURCE}).of(s) == "evaluation"


def test_of_a_tool_all_that_its_main_thread_does_counts() -> None:
    trace = Trace(stacks=(stack(3.0, f"{LIB}tool/main.py:1:f", f"{LIB}matplotlib/a.py:1:g"), stack(1.0, "/x/y.py:1:f")))
    assert share(trace, lambda s: any("matplotlib" in f.file for f in s.frames)) == 0.75


def test_what_runs_once_is_dropped_where_loops_take_the_time() -> None:
    once, looped = stack(1.0, "t.py:12:main"), stack(2.0, "t.py:14:main")
    assert Kinds({"t.py": SOURCE}).steady((once, looped)) == (looped,)
    assert Kinds({"t.py": SOURCE}).steady((once,)) == (once,)


def counter(kind: Kind, function: str, count: int, bursts: int) -> Counter:
    return Counter(kind, "t.py", function, 1, np.zeros(0), count, bursts=bursts)


def test_what_moves_between_few_updates_only_is_evaluation() -> None:
    kinds = Kinds({"t.py": SOURCE})
    rare, often = counter("env step", "play", 500, 5), counter("env step", "rollout", 800, 100)
    kinds.learn(Trace(counters=(counter("optimiser step", "main", 100, 100), often, rare)))
    assert kinds.of(stack(1.0, "t.py:13:main", "t.py:4:play")) == "evaluation"
    assert kinds.of(stack(1.0, "t.py:13:main", "t.py:19:rollout")) == "python"


def test_a_function_that_trains_does_not_evaluate_whatever_it_is_called() -> None:
    kinds = Kinds({"t.py": SOURCE})
    kinds.learn(Trace(stacks=(stack(1.0, "t.py:3:eval_and_train", f"{LIB}torch/optim/sgd.py:1:step"),)))
    assert kinds.of(stack(1.0, "t.py:14:eval_and_train")) == "copies"


def test_leaving_gradients_out_is_no_backward_pass() -> None:
    s = stack(1.0, "t.py:19:main", f"{LIB}torch/autograd/grad_mode.py:1:__enter__")
    assert Kinds({"t.py": SOURCE}).of(s) == "python"


def test_what_a_package_does_that_we_know_nothing_of_is_no_loop_of_the_users() -> None:
    s = stack(1.0, "t.py:19:main", f"{LIB}jax/_src/pjit.py:9:cache_miss")
    assert (Kinds({"t.py": SOURCE}).of(s), package(s)) == ("library", "jax")


def test_a_forward_pass_that_is_named_as_if_it_evaluated_is_none() -> None:
    source = """
class Policy:
    def evaluate_actions(self, state, action):
        dist = Categorical(self.actor(state))
        return dist.log_prob(action), self.critic(state)
    def evaluate(self, env):
        for _ in range(10):
            env.step(self.actor(env.reset()))
"""
    kinds = Kinds({"p.py": source})
    inner = f"{LIB}torch/nn/modules/linear.py:5:forward"
    assert kinds.of(stack(1.0, "p.py:4:evaluate_actions", inner)) == "forward"
    assert kinds.of(stack(1.0, "p.py:8:evaluate", inner)) == "evaluation"


def test_an_evaluation_that_has_its_loop_elsewhere_is_one_also_beside_a_pass_of_its_name() -> None:
    source = (
        "class A:\n    def evaluate(self, s): return self.net(s)\ndef evaluate(env):\n    return A().run_episode(env)\n"
    )
    inner = f"{LIB}torch/nn/modules/linear.py:5:forward"
    assert Kinds({"p.py": source}).of(stack(1.0, "p.py:4:evaluate", inner)) == "evaluation"
