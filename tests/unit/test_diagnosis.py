"""Each template of the diagnosis, from sources and stacks written by hand."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.properties import traces

from sixdays.faster.diagnosis import Line, diagnose
from sixdays.faster.kinds import Kinds
from sixdays.faster.model import Command, Counter, Digest, Frame, Kind, Machine, Profile, Stack, Trace

LIB = "/usr/lib/python3.11/site-packages/"
LINEAR, CATEGORICAL = "torch/nn/modules/linear.py:1:forward", "torch/distributions/categorical.py:1:__init__"
BACKWARD, STEP, CARTPOLE = (
    "torch/_tensor.py:1:backward",
    "torch/optim/adam.py:1:step",
    "gymnasium/envs/cartpole.py:1:step",
)

POLICY = """\
def act(net, state):
    probs = net(state)
    m = Categorical(probs)
    action = m.sample()
    net.saved.append(m.log_prob(action))
    return action.item()

def main():
    for episode in range(100):
        state = env.reset()
        for t in range(500):
            action = act(net, state)
            state, reward, done, _ = env.step(action)
        loss = torch.cat(net.saved).sum()
        loss.backward()
        optimiser.step()
"""


def profile(source: str, stacks: Sequence[tuple[float, str]], *, cores: int = 2, **more: object) -> Profile:
    """stacks: seconds and frames "line:function > file:line:function …" of t.py, then of libraries."""
    made = tuple(Stack(tuple(_frame(f) for f in text.split(" > ")), seconds) for seconds, text in stacks)
    trace = Trace(stacks=made, **more)  # type: ignore[arg-type]
    return Profile(Command(("python", "t.py"), "/x"), trace, Machine(cores), sources={"t.py": textwrap.dedent(source)})


def _frame(text: str) -> Frame:
    parts = text.split(":")
    return Frame("t.py", int(parts[0]), parts[1]) if len(parts) == 2 else Frame(LIB + parts[0], int(parts[1]), parts[2])


def counter(kind: Kind, line: int, count: int = 100) -> Counter:
    return Counter(kind, "t.py", "main", line, np.arange(float(count)), count)


def first(source: str, *stacks: tuple[float, str], **more: object) -> Line:
    return diagnose(profile(source, stacks, **more))[0]  # type: ignore[arg-type]


POLICY_STACKS = (
    (4.0, f"12:main > 2:act > {LINEAR}"),
    (2.0, f"12:main > 5:act > {CATEGORICAL}"),
    (2.0, f"15:main > {BACKWARD}"),
    (2.0, f"13:main > {CARTPOLE}"),
)


def test_a_policy_that_keeps_what_it_gave_keeps_a_graph_for_each_step() -> None:
    line = first(POLICY, *POLICY_STACKS, counters=(counter("env step", 13),))
    assert (line.file, line.line, line.kind) == ("t.py", 2, "graph per step")
    assert line.share == pytest.approx(0.8)  # (4 + 2 + 2) / 10
    assert line.bound == pytest.approx(5.0)
    assert line.text.endswith("Act without gradients, recompute once per episode: bound 5.0×")


def test_an_environment_of_the_script_s_own_is_known_by_what_its_step_gives() -> None:
    facts = {"own environments": "Cart"}
    assert first(POLICY, *POLICY_STACKS[:3], facts=facts).kind == "graph per step"
    assert first(POLICY, *POLICY_STACKS[:3]).kind != "graph per step"
    counted = (counter("optimiser step", 13),)
    assert first(POLICY, *POLICY_STACKS[:3], facts=facts, counters=counted).kind != "graph per step"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m.log_prob(action))", "m.log_prob(action).item())"),
        ("m.log_prob(action))", "action.detach())"),
        (
            "action = m.sample()\n    net.saved.append(m.log_prob(action))",
            "probs = probs.item() + 1\n    saved.append(probs)",
        ),
        ("def act", "@torch.no_grad()\ndef act"),
    ],
)
def test_what_is_taken_out_of_the_graph_keeps_none(old: str, new: str) -> None:
    moved = new.count("\n")
    stacks = [(s, " > ".join(_moved(f, moved) for f in text.split(" > "))) for s, text in POLICY_STACKS]
    found = diagnose(profile(POLICY.replace(old, new), stacks, counters=(counter("env step", 13 + moved),)))
    assert "graph per step" not in [x.kind for x in found]


def test_what_an_environment_gives_for_an_action_has_left_the_graph() -> None:
    source = """\
def main():
    obs = env.reset()
    for step in range(100):
        actions, pmf = net.get_action(obs)
        actions = actions.cpu().numpy()
        next_obs, reward, done, info = env.step(actions)
        buffer.add(obs, next_obs.copy(), actions, reward)
        obs = next_obs
        optimiser.step()
"""
    stacks = [(6.0, f"4:main > {LINEAR}"), (3.0, f"6:main > {CARTPOLE}")]
    found = diagnose(profile(source, stacks, counters=(counter("env step", 6),)))
    assert "graph per step" not in [x.kind for x in found]
    kept = source.replace("buffer.add(obs, ", "buffer.add(pmf, ")
    assert diagnose(profile(kept, stacks, counters=(counter("env step", 6),)))[0].kind == "graph per step"
    seen = profile(source, stacks, counters=(counter("env step", 6),))  # line 6 of another file is not line 6 of this
    first, *rest = seen.trace.stacks
    deeper = replace(first, frames=(first.frames[0], Frame("net.py", 6, "forward"), *first.frames[1:]))
    found = diagnose(replace(seen, trace=replace(seen.trace, stacks=(deeper, *rest))))
    assert "graph per step" not in [x.kind for x in found]


ACTING = """\
def act(net, state):
    out = net(state)
    dist = Categorical(out)
    action = dist.sample()
    {act}

def learn(net):
    loss = net(batch).mean()
    loss.backward()
    return loss

def main():
    for t in range(500):
        {main}
        state, reward, done, _ = env.step(action)
        {more}
"""


@pytest.mark.parametrize(
    ("act", "main", "more", "keeps"),
    [
        # a sampled action and its log probability, which stays in the graph
        ("return action.item(), dist.log_prob(action)", "action, p = act(net, state); saved.append(p)", "", True),
        ("return action.item(), dist.log_prob(action)", "action, p = act(net, state)", "saved.append(action)", False),
        ("return action, out.float()", "action, p = act(net, state); saved.append(p)", "", True),
        # a number, by a name
        ("action = out.max(1)[1].item(); return action", "action = act(net, state)", "memory.push(state, action)", False),
        ("return out.max(1)[1].view(1, 1)", "action = act(net, state)", "memory.push(state, action)", False),
        ("return out.data[0]", "action = act(net, state)", "memory.push(state, action)", False),
        ("a = out.detach().numpy()[0, 0]; return a", "action = act(net, state)", "memory.add(state, action)", False),
        # what is stored of a policy that is asked again, as numbers
        (
            "p = squeeze(dist.log_prob(action)).item(); v = squeeze(out).item(); return action, p, v",
            "action, p, v = act(net, state)", "memory.remember(state, action, p, v)", False,
        ),
        # a loss after its pass backwards
        ("return action", "action = act(net, state)", "losses.append(learn(net))", False),
        ("return action", "action = act(net, state)", "loss = learn(net); losses.append(loss)", False),
        # without gradients at all
        ("return action", "with torch.no_grad(): memory.push(Categorical(net(state)).log_prob(action))", "", False),
    ],
)  # fmt: skip
def test_whether_each_step_keeps_its_graph(act: str, main: str, more: str, keeps: bool) -> None:
    source = ACTING.format(act=act, main=main, more=more)
    stacks = [
        (5.0, f"14:main > 2:act > {LINEAR}"),
        (2.0, f"16:main > 8:learn > {LINEAR}"),
        (2.0, f"16:main > 9:learn > {BACKWARD}"),
        (1.0, f"15:main > {CARTPOLE}"),
    ]
    if "no_grad" in main:
        stacks = [(5.0, f"14:main > {LINEAR}"), *stacks[1:]]
    found = diagnose(profile(source, stacks, counters=(counter("env step", 15),)))
    assert ("graph per step" in [x.kind for x in found]) == keeps


def _moved(frame: str, by: int) -> str:
    line, _, rest = frame.partition(":")
    return f"{int(line) + by}:{rest}" if line.isdigit() else frame


LOOP = """\
def returns(rewards):
    R, out = 0, []
    for r in rewards[::-1]:
        R = r + 0.99 * R
        out.insert(0, R)
    return out

def main():
    for i in range(10):
        returns(rewards)
        x = torch.tensor([np.array(a) for a in rows])
        loss.backward()
        optimiser.step()
        total += loss.item()
        seen = np.append(seen, total)
        writer.add_scalar("loss", total)
        torch.save(net, "x.pt")
        old = copy.deepcopy(net)
        out = net(x)
        env.step(a)
        evaluate(net)
        time.sleep(1)
        plt.draw()

def evaluate(net):
    for x in data:
        net(x)
"""


@pytest.mark.parametrize(
    ("stack", "line", "kind", "share"),
    [
        ("10:main > 4:returns", 4, "element by element", 0.8),
        ("11:main", 11, "tensors", 0.8),
        (f"13:main > {STEP}", 13, "optimiser", 0.4),
        ("14:main", 14, "copies", 0.8),
        ("15:main > numpy/lib/_function_base_impl.py:1:append", 15, "growing", 0.8),
        ("16:main > torch/utils/tensorboard/writer.py:1:add_scalar", 16, "logging", 0.8),
        ("17:main > torch/serialization.py:1:save", 17, "saving", 0.8),
        ("18:main > /x/copy.py:1:deepcopy", 18, "deepcopy", 0.8),
        (f"19:main > {CATEGORICAL}", 19, "distribution", 0.56),
        (f"21:main > 27:evaluate > {LINEAR}", 21, "evaluation", 0.8),
        ("22:main", 22, "waiting", 0.8),
        ("23:main > matplotlib/pyplot.py:1:draw", 23, "drawing", 0.8),
        ("10:main > torch/utils/data/dataloader.py:1:__next__", 10, "data", 0.8),
    ],
)
def test_the_line_with_the_largest_share_comes_first(stack: str, line: int, kind: str, share: float) -> None:
    found = first(LOOP, (8.0, stack), (2.0, "9:main"), counters=(counter("optimiser step", 13),))
    assert (found.line, found.kind) == (line, kind)
    assert found.share == pytest.approx(share)
    assert found.bound == pytest.approx(1 / (1 - share))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("w = np.tanh(w @ w)", "products"),
        ("h = x.mm(w1).clamp(min=0)", "products"),
        ("y[i] = np.dot(a[i], x)", "element by element"),
        ("hits += draw() < 0.5", "python"),
    ],
)
def test_products_of_matrices_are_told_from_elements_that_a_loop_takes_one_by_one(body: str, kind: str) -> None:
    source = f"for i in range(n):\n    {body}\n    x = 1\n"
    found = diagnose(profile(source, ((9.0, "2:main"), (1.0, "3:main"))))
    assert (found[0].kind, found[0].line) == (kind, 2)
    if kind == "products":
        assert found[0].share == 0.0
        assert found[0].text == "90 % in products of matrices: no lever in the code; run 2 copies with one thread each"


@pytest.mark.parametrize(
    ("seconds", "bursts", "said"),
    [(2.0, 10, "for this share of the time"), (5.0, 10, "about as long as it trains"), (2.0, 99, "at each step")],
)
def test_how_it_evaluates_is_told_apart(seconds: float, bursts: int, said: str) -> None:
    counters = (counter("optimiser step", 13), replace(counter("evaluation", 27), bursts=bursts, function="evaluate"))
    stacks = ((seconds, f"21:main > 27:evaluate > {LINEAR}"), (8.0 - seconds, "22:main"))
    found = diagnose(profile(LOOP, stacks, counters=counters))
    (line,) = (x for x in found if x.kind == "evaluation")
    assert said in line.text


def test_a_network_that_the_updates_ask_in_eval_mode_is_no_evaluation_at_each_step() -> None:
    """As DQNs ask their target network; what evaluates seldom is told as such."""
    target = replace(counter("evaluation", 13), bursts=99)
    rare = replace(counter("evaluation", 27), bursts=2, function="evaluate")
    stacks = ((2.0, f"21:main > 27:evaluate > {LINEAR}"), (6.0, "22:main"))
    found = diagnose(profile(LOOP, stacks, counters=(counter("optimiser step", 13), target, rare)))
    (line,) = (x for x in found if x.kind == "evaluation")
    assert "for this share of the time" in line.text


def test_layers_one_after_another_are_no_elements_and_no_recurrence() -> None:
    source = """\
    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x

    for t in range(9):
        net(x)
    """
    called = f"7:<module> > {LINEAR} > 3:forward"
    stacks = [(4.0, called), (4.0, f"{called} > {LINEAR}")]
    assert [x.kind for x in diagnose(profile(source, stacks))] == ["small passes"]


DRAWN, IMAGE = "matplotlib/figure.py:1:savefig", "PIL/Image.py:1:save"
LOADER, WRITER, TRANSFORM = (
    "torch/utils/data/dataloader.py:1:__next__",
    "tensorboard/compat.py:1:add_image",
    "torch/nn/functional.py:1:pad",
)


@pytest.mark.parametrize(
    ("below", "doing"),
    [
        ([DRAWN, IMAGE], "drawing"),
        ([WRITER, IMAGE], "logging"),
        ([WRITER, DRAWN, IMAGE], "drawing"),
        ([IMAGE], "data"),
        (["gym/core.py:1:render", "gym/envs/classic_control/cartpole.py:1:_render"], "drawing"),
        (["tqdm/std.py:1:__iter__", LOADER, TRANSFORM], "data"),
        (["tqdm/std.py:1:__iter__", "tqdm/std.py:1:refresh"], "logging"),
        (["mlflow/utils/autologging_utils/safety.py:1:call", LOADER], "data"),
        (["torchvision/transforms/functional.py:1:pad", TRANSFORM], "data"),
    ],
)
def test_of_libraries_that_call_each_other_the_one_that_was_asked_is_named(below: Sequence[str], doing: str) -> None:
    stack = Stack(tuple(_frame(f) for f in ("17:main", *below)), 1.0)
    assert Kinds({"t.py": LOOP}).of(stack) == doing


def _passes(shapes: str, **facts: str) -> Line:
    digest = Digest("parameters", 0, 1, "x", shapes=shapes)
    return first(
        LOOP, (6.0, f"19:main > {LINEAR}"), (4.0, f"12:main > {BACKWARD}"), digests=(digest,), facts=facts
    )  # fmt: skip


def test_a_command_bound_by_products_of_matrices_is_told_so() -> None:
    line = _passes("(4096, 4096) float32")
    assert (line.line, line.kind, line.share, line.bound) == (19, "products", 0.0, 1.0)
    assert "2 copies" in line.text


def test_many_threads_on_a_small_network_are_named() -> None:
    line = _passes("(4, 64) float32;(64,) float32", **{"torch threads": "16"})
    assert (line.line, line.kind, line.share) == (19, "small passes", 0.3)  # half of what goes forward
    assert "Larger batches" in line.text
    assert "16 threads" in line.text


@pytest.mark.parametrize(("seconds", "first"), [(9.0, "environment"), (8.0, "python")])
def test_an_environment_comes_first_only_where_nothing_else_is_much(seconds: float, first: str) -> None:
    stacks = ((seconds, f"20:main > {CARTPOLE}"), (10.0 - seconds, "9:main"))
    found = diagnose(profile(LOOP, stacks, counters=(counter("env step", 20),)))
    assert [x.kind for x in found] == ([first, "python"] if first == "environment" else [first, "environment"])
    (line,) = (x for x in found if x.kind == "environment")
    assert (line.line, line.share, line.bound) == (20, 0.0, 1.0)
    assert f"takes {seconds:.0f}0 %" in line.text


def test_more_threads_than_cores_are_named_though_what_they_cost_is_not_known() -> None:
    found = diagnose(profile(LOOP, [(9.0, "17:main")], cores=4, facts={"torch threads": "64"}))
    assert (found[-1].kind, found[-1].share) == ("threads", 0.0)
    assert found[-1].text.startswith("64 threads on 4 cores")
    assert not any(
        x.kind == "threads"
        for x in diagnose(profile(LOOP, [(9.0, "17:main")], cores=64, facts={"torch threads": "64"}))
    )


def test_items_that_too_few_workers_make_are_told_from_those_that_the_training_makes() -> None:
    waits = (8.0, "10:main > torch/utils/data/dataloader.py:1:__next__")
    for workers, said in (("0", "by the process that trains"), ("1", "1 worker of 8 cores")):
        loader = f"Shapes of 600 items, batch 32, {workers} workers, RandomSampler"
        found = diagnose(profile(LOOP, [waits], cores=8, facts={"loader 0": loader}))
        assert said in found[0].text
        assert "num_workers=7" in found[0].text


def test_values_fetched_from_a_gpu_are_named_whatever_else_there_is() -> None:
    found = diagnose(
        profile(LOOP, [(5.0, "23:main > matplotlib/a.py:1:f"), (4.0, "14:main")], facts={"device": "cuda:0"})
    )
    assert [(x.kind, x.line) for x in found] == [("drawing", 23), ("fetching", 14)]
    assert "44 %" in found[1].text


def test_a_small_network_on_a_gpu_is_named() -> None:
    assert "GPU" in _passes("(4, 64) float32", device="cuda:0").text


def test_lines_are_ordered_by_what_they_can_take_away() -> None:
    found = diagnose(profile(LOOP, [(5.0, "14:main"), (3.0, "23:main > matplotlib/a.py:1:f"), (2.0, "22:main")]))
    assert [x.kind for x in found] == ["copies", "drawing", "waiting"]


def test_without_samples_nothing_is_said() -> None:
    assert diagnose(profile(LOOP, [])) == ()


def test_a_line_that_takes_all_has_no_bound_in_json() -> None:
    made = first(LOOP, (1.0, "23:main > matplotlib/a.py:1:f")).to_dict()
    assert list(made) == ["file", "line", "share", "kind", "bound", "text"]
    assert (made["share"], made["bound"]) == (1.0, None)
    assert str(made["text"]).endswith("bound above 100×")


PYTHON_LIB = "/usr/lib/python3.11/"


def kinds_of(source: str, *stacks: tuple[float, str], **more: object) -> list[tuple[str, int]]:
    return [(x.kind, x.line) for x in diagnose(profile(source, stacks, **more))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "stack", "kind"),
    [
        # own physics behind wrappers of a library
        ("while 1:\n    env.step(a)\ndef step(self, a):\n    for i in range(n):\n        x[i] = x[i] + a\n",
         "2:main > gymnasium/wrappers/time_limit.py:1:step > 5:step", "element by element"),
        # a learner in a process or a thread of its own
        ("def train():\n    while 1:\n        x = torch.tensor([s for s in rows])\n",
         "9:<module> > multiprocessing/process.py:1:run > 3:train", "tensors"),
        # the closure of an optimiser
        ("while 1:\n    optimizer.step(closure)\ndef closure():\n    y = np.tanh(a @ b)\n",
         "2:main > torch/optim/lbfgs.py:1:step > 4:closure", "products"),
        # a generator behind a bar
        ("for b in tqdm(batches()):\n    use(b)\ndef batches():\n    while 1:\n        yield np.stack([r for r in rows])\n",
         "1:main > tqdm/std.py:1:__iter__ > 5:batches", "tensors"),
        # a loop of the user's own within a network
        ("def forward(self, x):\n    for n in nodes:\n        near = adjacent[n]\nwhile 1:\n    net(x)\n",
         "5:main > torch/nn/modules/module.py:1:__call__ > 3:forward", "element by element"),
        ("def forward(self, x):\n    return x * torch.cat([x, y])\nwhile 1:\n    net(x)\n",
         "4:main > torch/nn/modules/module.py:1:__call__ > 2:forward", "small passes"),
        # items that are read while it trains
        ("for x in loader:\n    use(x)\ndef __getitem__(self, i):\n    return np.load(self.files[i])\n",
         "1:main > torch/utils/data/dataloader.py:1:__next__ > 4:__getitem__ > numpy/lib/npyio.py:1:load", "data"),
        ("while 1:\n    x = np.load(name)\n", "2:main > numpy/lib/npyio.py:1:load", "python"),
        ("while 1:\n    np.save(name, x)\n", "2:main > numpy/lib/npyio.py:1:save", "saving"),
        # compiled functions have no frames
        ("@jax.jit\ndef update(p, b):\n    return p\nfor i in range(n):\n    p = update(p, b)\n", "5:main", "library"),
        ("step = tf.function(model)\nfor x in data:\n    step(x)\n", "3:main", "library"),
        # whole arrays at once, step after step
        ("for t in range(n):\n    u[1:-1] = v[1:-1] + k * (v[2:] - v[:-2])\n", "2:main", "python"),
        # a replay's batch is no array that grows
        ("while 1:\n    states = torch.cat(batch.state)\n", "2:main", "tensors"),
        ("while 1:\n    seen = np.concatenate([seen, new])\n", "2:main", "growing"),
        # a library that is asked for one at a time
        ("for s, a in minibatch:\n    y = model.predict(s)\n", "2:main > keras/src/models/model.py:1:predict", "element by element"),
        ("for i in range(len(df)):\n    df.loc[i, 'x'] = df.loc[i - 1, 'x'] * 0.9\n", "2:main > pandas/core/indexing.py:1:__setitem__", "element by element"),
        ("for i in range(len(files)):\n    df = pd.read_csv(files[i])\n", "2:main > pandas/io/parsers.py:1:read_csv", "library"),
        ("while 1:\n    c = df['a'] * df['b']\n", "2:main > pandas/core/computation/expressions.py:1:evaluate", "library"),
        ("for epoch in range(9):\n    model.fit(x, y)\n", "2:main > keras/src/models/model.py:1:fit", "library"),
        # its own workers
        ("while 1:\n    pool.map(f, population)\n", f"2:main > {PYTHON_LIB}multiprocessing/pool.py:1:map", "workers"),
        ("while 1:\n    pop.run(pe)\n", f"2:main > neat/parallel.py:1:run > {PYTHON_LIB}multiprocessing/pool.py:1:get", "workers"),
        # a frame rate that is kept
        ("while 1:\n    clock.tick(40)\n", "2:main", "waiting"),
        # the colours of rays, which a network learns
        ("import matplotlib\nwhile 1:\n    render(rays)\ndef render(rays):\n    net(rays)\n", f"3:main > 5:render > {LINEAR}", "small passes"),
        ("while 1:\n    draw(rng)\ndef draw(rng):\n    return rng.random()\n", "2:main > 4:draw", "python"),
        ("import pygame\nwhile 1:\n    draw(s)\ndef draw(s):\n    s.fill(0)\n", "3:main > 5:draw", "drawing"),
        # moves that are valid, and what is trained and evaluated at once, are no evaluation
        ("while 1:\n    play()\ndef get_valid_moves(b):\n    return [m for m in b if m]\n", "2:main > 4:get_valid_moves", "python"),
        ("def train_and_evaluate():\n    while 1:\n        a = b + c\n", "3:train_and_evaluate", "python"),
        ("def evaluate(genome):\n    while 1:\n        a = b + c\n", "9:main > 3:evaluate", "python"),
    ],
)  # fmt: skip
def test_what_lies_below_the_users_line_tells_else_that_line(source: str, stack: str, kind: str) -> None:
    assert kinds_of(source, (9.0, stack))[0][0] == kind


def test_what_a_library_evaluates_is_named_at_the_users_line() -> None:
    below = "evaluation.py:1:evaluate_policy > torch/nn/modules/linear.py:1:forward"
    stacks = ((5.0, f"2:main > stable_baselines3/common/{below}"), (5.0, f"2:main > {BACKWARD}"))
    found = kinds_of("x = 1\nmodel.learn(9, callback=call)\n", *stacks, counters=(counter("optimiser step", 50),))
    assert found[0] == ("evaluation", 2)


def test_the_agent_is_no_line_of_the_users() -> None:
    found = diagnose(
        profile(
            "while 1:\n    env.step(a)\n    x = y\n",
            [(9.0, "2:main > sixdays/agent/_sixdays_gym.py:1:call"), (1.0, "3:main")],
        )
    )
    assert [x.line for x in found] == [3]


def test_a_library_that_takes_nearly_all_is_said_before_what_little_could_go_and_after_what_much() -> None:
    source = "for i in range(9):\n    model.fit(x)\n    print(i)\n    a = b\n"
    inside = "2:main > sklearn/svm.py:1:fit > numpy/linalg.py:1:norm"
    found = diagnose(profile(source, [(95.0, inside), (5.0, "3:main")]))
    assert [x.kind for x in found] == ["library", "logging"]
    assert "95 % inside sklearn" in found[0].text
    found = diagnose(profile(source, [(70.0, inside), (30.0, "3:main")]))
    assert [x.kind for x in found] == ["logging", "library"]
    assert [x.kind for x in diagnose(profile(source, [(1.0, inside), (8.0, "3:main"), (1.0, "4:main")]))] == [
        "logging",
        "python",
    ]


def test_what_a_library_drives_outside_of_the_users_loops_is_not_dropped() -> None:
    source = "def forward(x):\n    for b in blocks:\n        x = b(x)\ntrainer.fit(net)\n"
    fit = "4:main > lightning/trainer.py:1:fit"
    stacks = [
        (4.0, f"{fit} > 3:forward > {LINEAR}"),
        (4.0, f"{fit} > torch/utils/data/dataloader.py:1:__next__"),
        (2.0, f"{fit} > {BACKWARD}"),
    ]
    found = {x.kind: x for x in diagnose(profile(source, stacks))}
    assert found["data"].share == pytest.approx(0.4)
    once = "def main():\n    load()\n    for i in range(9):\n        a = b\nhydra.main(main)\n"
    launched = "5:<module> > hydra/main.py:1:run"
    found = {x.kind: x for x in diagnose(profile(once, [(6.0, f"{launched} > 2:main"), (4.0, f"{launched} > 4:main")]))}
    assert found["python"].line == 4


def test_a_run_that_is_measured_as_a_whole_drops_nothing() -> None:
    source = "for i in range(9):\n    a.append(f(i))\nsearch.fit(a)\n"
    seen = profile(source, [(3.5, "2:main"), (6.5, "3:main > sklearn/model_selection.py:1:fit")])
    assert diagnose(seen)[0].line == 2
    assert [x.line for x in diagnose(replace(seen, progress="run"))] == [2, 3]


def test_a_network_that_does_not_act_is_small_by_the_time_of_its_passes_alone() -> None:
    digest = Digest("parameters", 0, 1, "x", shapes="(2, 50) float32;(50,) float32")
    updates = counter("optimiser step", 13, 20)
    stacks = ((6.0, f"19:main > {LINEAR}"), (4.0, f"12:main > {BACKWARD}"))  # half a second each
    assert first(LOOP, *stacks, digests=(digest,), counters=(updates,)).kind == "products"
    acts = counter("env step", 20, 99)
    assert first(LOOP, *stacks, digests=(digest,), counters=(updates, acts)).kind == "small passes"


def test_items_drawn_by_chance_are_not_made_once() -> None:
    waits = (8.0, "10:main > torch/utils/data/dataloader.py:1:__next__")
    found = diagnose(profile("t = RandomCrop(32)\n" + LOOP, [waits]))
    assert "do once what is not drawn by chance" in found[0].text


def test_a_function_that_takes_batches_of_its_own_may_evaluate() -> None:
    kinds = Kinds({})
    batches, steps = traces.counter("batch", [1.0, 2.0], function="test"), traces.counter("optimiser step", [0.5, 1.5])
    kinds.learn(Trace(counters=(batches, steps)))
    assert kinds.evaluates(Frame("train.py", 3, "test"))
    kinds.learn(Trace(counters=(replace(steps, function="test"),)))
    assert not kinds.evaluates(Frame("train.py", 3, "test"))


def test_a_rollout_in_eval_mode_that_the_updates_learn_from_is_no_evaluation() -> None:
    env = traces.counter("env step", (0.001 * np.arange(1, 401)).tolist(), function="collect", bursts=1)
    acting = traces.counter("evaluation", (0.001 * np.arange(1, 401)).tolist(), function="collect", bursts=1)
    steps = traces.counter("optimiser step", (0.5 + 0.01 * np.arange(64)).tolist(), line=40)
    kinds = Kinds({})
    kinds.learn(Trace(counters=(env, acting, steps)))
    assert not kinds.evaluates(Frame("train.py", 3, "collect"))
    kinds.learn(Trace(counters=(replace(env, bursts=60), replace(acting, function="check"), steps)))
    assert kinds.evaluates(Frame("train.py", 3, "check"))


def test_a_folder_above_a_library_says_nothing_of_it() -> None:
    """An environment of conda that is called gym, data and all."""
    for above in (
        "/opt/conda/envs/gym/lib/python3.11/site-packages",
        "/home/u/datasets/venv/lib/python3.11/site-packages",
    ):
        frame = Frame(f"{above}/torch/nn/modules/linear.py", 1, "forward")
        assert Kinds({}).of(Stack((Frame("t.py", 1, "main"), frame), 1.0)) == "forward"
    checked_out = Frame("/home/u/gym/gym/envs/cartpole.py", 1, "step")
    assert Kinds({}).of(Stack((Frame("t.py", 1, "main"), checked_out), 1.0)) == "environment"


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ("x[i + 1] = x[i] + dt * v[i]", True),
        ("v = v + dt * (noise[i] - v)", True),
        ("v = walk(v, noise[i])", True),
        ("x[i] = 2 * a[i] + a[i + 1]", False),
        ("s = s + a[i]", False),
        ("s += a[i]", False),
        ("m = max(m, a[i])", False),
    ],
)
def test_a_loop_whose_passes_need_each_other_is_not_said_to_be_one_operation(body: str, is_one: bool) -> None:
    line = first(f"while 1:\n    for i in range(n):\n        {body}\n", (1.0, "3:main"))
    assert line.kind == "element by element"
    assert line.text.startswith("a loop each pass of which needs the one before" if is_one else "a loop that goes one")


def test_an_optimiser_that_updates_all_at_once_is_not_told_to() -> None:
    stack = (1.0, f"3:main > {STEP}")
    source = "while 1:\n    x = f(x)\n    optimiser.step()\n"
    assert "fused=True" in first(source, stack, facts={"optimiser 0": "Adam(lr=0.1, foreach=None, fused=None)"}).text
    for facts in (
        {"optimiser 0": "Adam(lr=0.1, foreach=None, fused=True)"},
        {"optimiser 0": "Adam(lr=0.1, foreach=None, fused=None)", "device": "cuda"},
    ):
        line = first(source, stack, facts=facts)
        assert (line.share, line.text) == (0.0, "100 % in the optimiser, which updates all at once")


def test_what_a_package_is_asked_for_in_a_line_that_prints_is_the_package_s() -> None:
    found = first("while 1:\n    print(float(loss))\n", (1.0, "2:main > jax/_src/array.py:1:__float__"))
    assert (found.kind, found.text) == ("library", "100 % inside jax, of which no lever is known here")


def test_the_value_of_actions_is_no_evaluation_of_a_library() -> None:
    stack = "1:main > stable_baselines3/ppo/ppo.py:1:train > stable_baselines3/common/policies.py:1:{}"
    source = "model.learn()\n"
    steps = (counter("optimiser step", 1),)
    assert kinds_of(source, (1.0, stack.format("evaluate_policy")), counters=steps)[0][0] == "evaluation"
    passes = stack.format("evaluate_actions") + f" > {LINEAR}"
    assert kinds_of(source, (1.0, passes), counters=steps)[0][0] == "products"
