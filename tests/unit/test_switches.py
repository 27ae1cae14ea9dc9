"""Each switch runs before a small script in a process of its own; what the script prints stays the same."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from tests.needed import needed

from sixdays.levers import _switch_texts as texts
from sixdays.levers._gym_texts import environments, wrappers


def _run(folder: Path, script: str, preamble: str = "") -> str:
    needed("torch")
    file = folder / "script.py"
    file.write_text(preamble + "\n" + script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(file)], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


TRAINING = """
import torch
torch.manual_seed(0); torch.set_num_threads(1)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
opt = torch.optim.{name}(net.parameters(), lr=0.01)
for _ in range(4):
    loss = net(torch.randn(16, 4)).square().mean()
    opt.zero_grad(); loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
    opt.step()
print(opt.defaults.get("fused"), opt.defaults.get("foreach"))
print(*[v for p in net.parameters() for v in p.double().flatten().tolist()])
"""


@pytest.mark.parametrize(("name", "way"), [("Adam", "True None"), ("AdamW", "True None"), ("RMSprop", "None True")])
def test_quicker_optimisers_and_clipping_end_at_the_same_parameters(tmp_path: Path, name: str, way: str) -> None:
    script = TRAINING.format(name=name)
    _, plain = _run(tmp_path, script).splitlines()
    said, quick = _run(tmp_path, script, texts.OPTIMISERS + texts.CLIPPING).splitlines()
    assert said == way
    assert [float(x) for x in quick.split()] == pytest.approx([float(x) for x in plain.split()], rel=1e-4, abs=1e-6)


DIRECT = """
import torch
torch.manual_seed(0); torch.set_num_threads(1)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 8, bias=False), torch.nn.Linear(8, 2))
unused = torch.nn.Parameter(torch.ones(3))
groups = [dict(params=[*net[0].parameters(), unused]), dict(params=net[2:].parameters(), lr=0.02, betas=(0.8, 0.9))]
opt = torch.optim.{made}
slower = torch.optim.lr_scheduler.StepLR(opt, 2, 0.5)
told = []
opt.register_step_pre_hook(lambda o, args, kwargs: told.append(len(args)))
opt.register_step_post_hook(lambda o, args, kwargs: told.append(float(net[0].bias[0])))
for i in range(8):
    x = torch.randn(16, 4)
    def loss():
        opt.zero_grad(set_to_none=i != 3)
        made = net(x).square().mean()
        made.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        return made
    if i == 5:
        print(opt.step(loss).item())
    else:
        loss(); print(opt.step())
    slower.step()
    if i == 6:
        opt.load_state_dict(opt.state_dict())
print(told, unused.tolist(), *[p.tolist() for p in net.parameters()])
print([(k, [v.tolist() if hasattr(v, "tolist") else v for v in s.values()]) for k, s in opt.state_dict()["state"].items()])
"""
MADE = ("Adam(groups, lr=0.01, fused=True)", "AdamW(groups, lr=0.01, fused=True)",
        "Adam(groups, lr=0.01, fused=True, weight_decay=0.1, maximize=True)",
        "AdamW(groups, lr=0.01, fused=True, amsgrad=True)", "Adam(groups, lr=0.01, foreach=False)")  # fmt: skip


@pytest.mark.parametrize("made", MADE)
def test_what_goes_without_detours_ends_at_the_same_bits(tmp_path: Path, made: str) -> None:
    script = DIRECT.format(made=made)
    quick = texts.LINEAR + texts.GRADIENTS + texts.OPTIMISERS + texts.CLIPPING
    assert _run(tmp_path, script, quick) == _run(tmp_path, script)


def test_hooks_are_called_as_often_as_without(tmp_path: Path) -> None:
    script = """
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook as after_each
class Mine(torch.optim.Adam):
    def step(self, closure=None):
        return super().step(closure)
def made(cls): return cls([torch.ones(2, requires_grad=True)], lr=0.1)
for kinds in ([Mine], [Mine, torch.optim.Adam, torch.optim.AdamW], [torch.optim.AdamW, Mine]):
    for opt in map(made, kinds):
        told = []
        opt.register_step_pre_hook(lambda o, args, kwargs: told.append(args[1:]))
        opt.register_step_post_hook(lambda o, args, kwargs: told.append("after"))
        all_of_them = after_each(lambda o, args, kwargs: told.append("all"))
        p = opt.param_groups[0]["params"][0]
        for i in range(3):
            def closure():
                p.grad = None; (p * p).sum().backward(); return i
            print(opt.step(closure) if i else (closure(), opt.step()))
        changed = opt.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 7), {}))
        print(opt.step(), [len(t) for t in told])
        changed.remove(); all_of_them.remove()
"""
    assert _run(tmp_path, script, texts.OPTIMISERS) == _run(tmp_path, script)


def test_the_detours_are_gone(tmp_path: Path) -> None:
    """Neither a step of Adam, nor a call for gradients, nor a layer goes through the lines that surround it in torch."""
    script = """
import sys, torch
net = torch.nn.Linear(4, 2)
opt = torch.optim.Adam(net.parameters())
def once():
    opt.zero_grad(); net(torch.ones(3, 4)).mean().backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1); opt.step()
once()
seen = set()
sys.setprofile(lambda frame, event, arg: seen.add(frame.f_code.co_name) if event == "call" else None)
once()
sys.setprofile(None)
print(*sorted(seen & {"_wrapped_call_impl", "_engine_run_backward", "_get_total_norm", "_init_group"}))
"""
    quick = texts.LINEAR + texts.GRADIENTS + texts.OPTIMISERS + texts.CLIPPING
    assert len(_run(tmp_path, script).split()) == 4
    assert _run(tmp_path, script, quick).split() == []


def test_layers_that_somebody_has_changed_go_the_long_way(tmp_path: Path) -> None:
    script = """
import copy, io, pickle, torch
from torch.nn.utils import parametrize, prune
torch.manual_seed(0)
x = torch.randn(3, 4)
class Noisy(torch.nn.Linear):
    def forward(self, x): return super().forward(x) + 1
class Double(torch.nn.Module):
    def forward(self, w): return 2 * w
def made(): return torch.nn.Linear(4, 2)
def told(*args): print("told", len(args))
hooked = made(); hooked.register_forward_hook(told); hooked.register_full_backward_hook(told)
before = made(); before.register_forward_pre_hook(told)
twice = made(); parametrize.register_parametrization(twice, "weight", Double())
pruned = prune.l1_unstructured(made(), "weight", 3)
own = made(); own.forward = lambda x: x.sum()
for layer in (hooked, before, twice, pruned, own, Noisy(4, 2), copy.deepcopy(made()), pickle.loads(pickle.dumps(made()))):
    y = layer(x.requires_grad_()); y.mean().backward()
    print(y.tolist(), x.grad.tolist())
plain = made()
print(plain(input=x).tolist(), torch.func.functional_call(plain, {"weight": torch.ones(2, 4)}, (x,)).tolist())
print(torch.jit.trace(plain, x).graph, torch.fx.symbolic_trace(torch.nn.Sequential(plain)).graph)
handle = torch.nn.modules.module.register_module_forward_hook(told); plain(x); handle.remove(); plain(x)
print(torch.vmap(plain)(x).tolist(), torch.func.grad(lambda w: torch.func.functional_call(
    plain, {"weight": w}, (x,)).sum())(torch.ones(2, 4)).tolist())
try: plain(x, x)
except TypeError as e: print("TypeError")
torch.nn.Linear.forward = lambda self, x: x
print(plain(x) is x)
"""
    assert _run(tmp_path, script, texts.LINEAR) == _run(tmp_path, script)


def test_gradients_that_are_asked_for_otherwise_are_the_same(tmp_path: Path) -> None:
    script = """
import torch
torch.manual_seed(0)
w = torch.randn(4, requires_grad=True)
def loss(): return w.square().sum().sqrt()
l = loss(); l.backward(retain_graph=True); l.backward(); print(w.grad.tolist())
w.square().backward(torch.arange(4.0)); print(w.grad.tolist())
l = loss(); l.backward(create_graph=True); print(w.grad.grad_fn is not None); w.grad = None
l = loss() * 3; l.backward(inputs=[w]); print(w.grad.tolist())
v = w.detach().double().requires_grad_(); v.prod().backward(); print(v.grad.tolist())
for wrong in (lambda: w.backward(), lambda: torch.ones(()).backward(), lambda: (l := loss(), l.backward(), l.backward())):
    try: wrong()
    except RuntimeError as e: print(str(e)[:60])
class Mine(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ == "backward": print("mine")
        return super().__torch_function__(func, types, args, kwargs or {})
torch.ones(3).as_subclass(Mine).requires_grad_().sum().backward()
"""
    assert _run(tmp_path, script, texts.GRADIENTS) == _run(tmp_path, script)


def test_what_is_compiled_is_compiled_as_without_them(tmp_path: Path) -> None:
    script = """
import torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 2))
opt = torch.optim.Adam(net.parameters(), foreach=False)
graphs = []
def seen(graph, inputs):
    graphs.append(sum(n.op.startswith("call") for n in graph.graph.nodes))
    return graph.forward
@torch.compile(backend=seen)
def train(x):
    opt.zero_grad(); net(x).square().mean().backward(); opt.step()
for _ in range(3): train(torch.randn(3, 4))
print(graphs, [p.tolist() for p in net.parameters()])
"""
    assert _run(tmp_path, script, texts.LINEAR + texts.GRADIENTS + texts.OPTIMISERS) == _run(tmp_path, script)


def test_an_optimiser_of_the_users_keeps_its_own_way(tmp_path: Path) -> None:
    script = """
import torch
class Mine(torch.optim.Adam): pass
print(Mine([torch.zeros(2, requires_grad=True)]).defaults["fused"])
print(torch.optim.Adam([torch.zeros(2, requires_grad=True)], foreach=False).defaults["fused"])
"""
    assert _run(tmp_path, script, texts.OPTIMISERS) == _run(tmp_path, script)


def test_tensors_of_lists_keep_every_bit_their_type_and_their_shape(tmp_path: Path) -> None:
    script = """
import numpy as np, torch
r = np.random.default_rng(0)
for kind in ("float32", "float64", "float16", "int64", "int32", "uint8", "bool"):
    for shape in ((3,), (2, 3), (1,), (0,)):
        arrays = [(9 * r.random(shape)).astype(kind) for _ in range(20)]
        for make in (torch.tensor, torch.as_tensor):
            for kw in ({}, {"dtype": torch.float32}):
                t = make(arrays, **kw)
                print(kind, t.dtype, t.shape, t.tolist())
mixed = torch.tensor([np.ones(2, "float32"), np.ones(2)] * 9)
print(mixed.dtype, torch.tensor([1.5, 2]).dtype, torch.tensor([np.float64(1.5)]).dtype, torch.tensor([[1, 2]]).dtype)
big = [0.1, 1 / 3, 1e-45, 3.5e38, float("nan"), float("inf"), 16777217.0]
singles = [np.float32(x) for x in big[:3]]
lists = [big, [[x, -x] for x in big], (1.5, 2.5), [[1.5], [2.5, 3.5][:1]], [1, 2**53 + 1], [[1], [2]], [True, False]]
lists += [[1.5, 2], [1, 2.5], [[1, 2], [1.5, 2.5]], singles, [np.float64(x) for x in big], [*singles, 0.5], [[], []]]
lists += [[np.int64(3), np.int64(4)], [np.float64(1.5), 2.5], [torch.tensor(1.5), torch.tensor(2.5)], ["a", "b"]]
lists += [[2**63, 2**70], [[1.0], [1.0, 2.0]], [[[1.5], [2.5]], [[3.5], [4.5]]], [None, 1.0]]
for values in [*lists, *(x * 16 for x in lists)]:
    for kw in ({}, {"dtype": torch.float32}, {"dtype": torch.float64}, {"dtype": torch.int64}, {"dtype": torch.float16}):
        for default in (torch.float32, torch.float64):
            torch.set_default_dtype(default)
            for make in (torch.tensor, torch.as_tensor):
                try:
                    t = make(values, **kw)
                    print(t.dtype, t.shape, t.tolist())
                except Exception as e:
                    print(type(e).__name__)
print(torch.tensor([1.5, 2.5], requires_grad=True).requires_grad)
"""
    assert _run(tmp_path, script, texts.TENSORS) == _run(tmp_path, script)


def test_arrays_that_lie_otherwise_become_tensors_that_can_be_viewed(tmp_path: Path) -> None:
    script = """
import numpy as np, torch
frames = [np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1) + i for i in range(20)]
print(torch.tensor(frames).stride(), torch.tensor(frames).view(20, -1).sum(1).tolist())
"""
    assert _run(tmp_path, script, texts.TENSORS) == _run(tmp_path, script)


def test_what_stands_in_for_a_function_can_be_pickled_and_looked_at(tmp_path: Path) -> None:
    script = """
import inspect, pickle, torch
print(pickle.loads(pickle.dumps(torch.tensor))([1.5]), torch.tensor.__name__, torch.as_tensor.__qualname__)
print(list(inspect.signature(torch.optim.Adam).parameters), list(inspect.signature(torch.optim.SGD).parameters))
"""
    said, plain = _run(tmp_path, script, texts.TENSORS + texts.OPTIMISERS), _run(tmp_path, script)
    assert said == plain.replace("_VariableFunctionsClass.as_tensor", "as_tensor")


ODD = """
import torch
torch.manual_seed(0); torch.set_num_threads(1)
narrow = torch.nn.Parameter(torch.randn(5, 8)[:, :3])
wide = torch.nn.Parameter(torch.randn(4, 6))
opt = torch.optim.{name}([{which}], lr=0.1)
for i in range(5):
    opt.zero_grad()
    for p in opt.param_groups[0]["params"]:
        p.grad = (p.detach() * 2 + torch.linspace(-1, 1, p.numel()).view(p.shape)).t().contiguous().t()
    opt.step()
print(opt.defaults.get("fused"))
print(*[x for p in opt.param_groups[0]["params"] for x in p.flatten().tolist()])
"""


@pytest.mark.parametrize(("name", "which", "fused"), [("Adam", "narrow, wide", "None"), ("AdamW", "wide", "True")])
def test_numbers_that_lie_otherwise_are_updated_in_their_places(
    tmp_path: Path, name: str, which: str, fused: str
) -> None:
    script = ODD.format(name=name, which=which)
    _, plain = _run(tmp_path, script).splitlines()
    said, quick = _run(tmp_path, script, texts.OPTIMISERS).splitlines()
    assert said == fused
    assert [float(x) for x in quick.split()] == pytest.approx([float(x) for x in plain.split()], rel=1e-4, abs=1e-6)


def test_distributions_without_checks_draw_the_same(tmp_path: Path) -> None:
    script = """
import torch
from torch.distributions import Categorical, Normal
torch.manual_seed(1)
d = Categorical(logits=torch.randn(5, 3)); a = d.sample()
print(a.tolist(), d.log_prob(a).tolist(), d.entropy().tolist(), Normal(0.0, 1.0).sample().item())
"""
    assert _run(tmp_path, script, texts.VALIDATION) == _run(tmp_path, script)


CATEGORICAL = """
import torch
from torch.distributions import Categorical, Distribution
Distribution.set_default_validate_args({checked})
torch.manual_seed(3)
w = torch.randn(5, 4, requires_grad=True)
for made in (Categorical(logits=w), Categorical(torch.softmax(w, 1)), Categorical(logits=w[0]),
             Categorical(logits=w.view(5, 2, 2)), Categorical(logits=w.t())):
    for draw in (made.sample(), made.sample((2,)), made.sample()):
        print(draw.tolist(), draw.dtype, tuple(draw.shape))
    chosen = made.log_prob(made.sample())
    chosen.sum().backward()
    print(chosen.tolist(), w.grad.tolist(), made.log_prob(torch.zeros(3, *draw.shape)).tolist(), made.entropy().tolist())
print(torch.rand(1).item())
"""


@pytest.mark.parametrize("checked", [True, False])
def test_categorical_distributions_draw_and_weigh_the_same_to_the_bit(tmp_path: Path, checked: bool) -> None:
    script = CATEGORICAL.format(checked=checked)
    assert _run(tmp_path, script, texts.CATEGORICAL) == _run(tmp_path, script)


@pytest.mark.parametrize("mode", ["None", "'human'"])
def test_environments_without_checks_and_windows_step_the_same(tmp_path: Path, mode: str) -> None:
    needed("gymnasium")
    if mode == "'human'":
        needed("pygame")
    script = f"""
import os
os.environ["SDL_VIDEODRIVER"] = "dummy"
import gymnasium as gym
env = gym.make("CartPole-v1", render_mode={mode}); print(env.reset(seed=3)[0].tolist())
for i in range(40):
    obs, reward, end, cut, _ = env.step(i % 2)
    print(obs.tolist(), reward, end, cut)
    if end: env.reset()
"""
    assert _run(tmp_path, script, environments("gymnasium")) == _run(tmp_path, script)


OLD_WRAPPERS = {
    "__init__.py": "from gymnasium import wrappers\nfrom gymnasium.core import Env, Wrapper\n__version__ = '0.29.1'\n",
    "core.py": """
class Env: pass
class Wrapper(Env):
    def __init__(self, env): self.env = env
""",
    "wrappers/__init__.py": "from gymnasium.wrappers.record_episode_statistics import RecordEpisodeStatistics\n",
    "wrappers/record_episode_statistics.py": """
import numpy as np
from gymnasium.core import Wrapper
class RecordEpisodeStatistics(Wrapper):
    def __init__(self, env, is_vector_env=False):
        super().__init__(env)
        self.is_vector_env, self.episodes = is_vector_env, []
        self.episode_returns, self.episode_lengths = np.zeros(1, "f4"), np.zeros(1, "i4")
    def step(self, action):
        obs, reward, ended, cut, info = self.env.step(action)
        self.episode_returns += reward
        self.episode_lengths += 1
        if np.sum(np.logical_or(ended, cut)):
            self.episodes.append((float(self.episode_returns[0]), int(self.episode_lengths[0])))
            self.episode_returns[:] = self.episode_lengths[:] = 0
            info["episode"] = self.episodes[-1]
        return obs, reward, ended, cut, info
""",
}
STATISTICS = """
import pickle, numpy as np, gymnasium as gym
from gymnasium.wrappers.record_episode_statistics import RecordEpisodeStatistics
class Ten(gym.Env):
    def __init__(self): self.n = 0
    def step(self, action):
        self.n += 1
        return self.n, self.n / 10, np.bool_(self.n % 10 == 0), self.n % 17 == 0, {}
class Noisy(RecordEpisodeStatistics):
    def step(self, action):
        out = super().step(action)
        return (-out[0], *out[1:])
def main():
    env = gym.wrappers.RecordEpisodeStatistics(Ten())
    noisy = Noisy(Ten(), is_vector_env=True)
    for i in range(60):
        print(env.step(i), noisy.step(i), env.episode_returns, env.env.n)
    print(type(env).__name__, isinstance(env, RecordEpisodeStatistics), env.episodes, pickle.loads(pickle.dumps(env)).episodes)
main()
"""


def old_wrappers(folder: Path) -> None:
    """A gymnasium of before 1.0, as far as its episode statistics go."""
    for name, text in OLD_WRAPPERS.items():
        (folder / "gymnasium" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "gymnasium" / name).write_text(text, encoding="utf-8")


def test_episode_statistics_without_detours_are_the_same(tmp_path: Path) -> None:
    needed("numpy")
    old_wrappers(tmp_path)
    assert _run(tmp_path, STATISTICS, wrappers("gymnasium")) == _run(tmp_path, STATISTICS)


def test_episode_statistics_of_old_gym_are_left_alone(tmp_path: Path) -> None:
    """Before 0.26 a step had four parts, and classes named themselves where they called those above."""
    needed("numpy")
    old_wrappers(tmp_path)
    core = tmp_path / "gymnasium" / "__init__.py"
    core.write_text(core.read_text(encoding="utf-8").replace("0.29.1", "0.25.2"), encoding="utf-8")
    script = "from gymnasium.wrappers import RecordEpisodeStatistics as made\nprint(len(made.__mro__))\n"
    assert _run(tmp_path, script, wrappers("gymnasium")) == _run(tmp_path, script)


def test_running_means_without_detours_are_the_same_to_the_bit(tmp_path: Path) -> None:
    needed("gymnasium")
    script = """
import numpy as np, gymnasium as gym
env = gym.wrappers.NormalizeReward(gym.wrappers.NormalizeObservation(gym.make("CartPole-v1")))
env.reset(seed=3)
for i in range(60):
    obs, reward, end, cut, _ = env.step(i % 2)
    print(obs.tolist(), float(reward))
    if end: env.reset()
rms = type(env.return_rms)
for kind in ("f2", "f4", "f8", "i4"):
    for x in ([[1.5, -2.0]], [[1.5, -2.0], [3.0, 4.0]], [[np.inf, np.nan]] if kind != "i4" else [[1, 2]]):
        mine = rms(shape=(2,))
        with np.errstate(all="ignore"):
            mine.update(np.array(x, kind)); mine.update(np.array(x, kind)[:1])
        print(mine.mean.tobytes().hex(), np.nan_to_num(mine.var, nan=-1.0).tobytes().hex(), mine.mean.dtype, mine.count)
"""
    assert _run(tmp_path, script, wrappers("gymnasium")) == _run(tmp_path, script)


def test_logits_normalised_in_one_piece_are_the_same_but_for_rounding(tmp_path: Path) -> None:
    script = """
import torch
from torch.distributions import Categorical
torch.manual_seed(3)
w = torch.randn(5, 4, requires_grad=True)
masked = torch.tensor([[0.5, float("-inf"), 2.0]])
for made in (Categorical(logits=w), Categorical(torch.softmax(w, 1)), Categorical(logits=w[0]), Categorical(logits=masked),
             Categorical(logits=w, validate_args=False).expand((2, 5))):
    made.log_prob(made.sample()).sum().backward() if made.logits.requires_grad else None
    for x in (made.logits, made.probs, made.entropy(), w.grad): print(*x.flatten().tolist())
    print(*made.batch_shape, made._num_events)
for bad in (dict(logits=torch.tensor(1.0)), dict(), dict(logits=w * float("nan")), dict(logits=torch.tensor([1, 2]))):
    try: print(len(Categorical(**bad).batch_shape))
    except Exception as e: print(len(type(e).__name__))
"""
    plain, quick = (_run(tmp_path, script, preamble).split() for preamble in ("", texts.LOGITS))
    assert [float(x) for x in quick] == pytest.approx([float(x) for x in plain], abs=1e-6, nan_ok=True)


def test_what_is_scripted_may_make_tensors(tmp_path: Path) -> None:
    script = """
import torch
@torch.jit.script
def made(x: int):
    return torch.tensor([x, 2, 3]) + torch.as_tensor(x)
print(made(4).tolist())
"""
    assert _run(tmp_path, script, texts.TENSORS) == _run(tmp_path, script)


def test_gym_before_it_had_checks_gets_no_word_for_them(tmp_path: Path) -> None:
    """gym 0.21: whatever `make` is given goes to the environment's `__init__`."""
    (tmp_path / "gym" / "envs").mkdir(parents=True)
    (tmp_path / "gym" / "envs" / "__init__.py").touch()
    (tmp_path / "gym" / "envs" / "registration.py").write_text("def make(id, **kwargs): return id, kwargs\n", "utf-8")
    (tmp_path / "gym" / "__init__.py").write_text("from gym.envs.registration import make\n", encoding="utf-8")
    script = "import gym\nprint(gym.make('CartPole-v1', x=1))\n"
    assert _run(tmp_path, script, environments("gym")) == "('CartPole-v1', {'x': 1})\n"


def test_anomaly_mode_stays_off_however_it_is_asked_for(tmp_path: Path) -> None:
    script = """
import torch
torch.autograd.set_detect_anomaly(True); print(torch.is_anomaly_enabled())
with torch.autograd.detect_anomaly(): print(torch.is_anomaly_enabled())
"""
    assert _run(tmp_path, script).split() == ["True", "True"]
    assert _run(tmp_path, script, texts.ANOMALY).split() == ["False", "False"]


FIGURE = """
import functools, matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
import matplotlib.backends.backend_agg as agg
drawn, plain = [0], agg.FigureCanvasAgg.print_png
@functools.wraps(plain)
def count(self, *args, **kwargs):
    drawn[0] += 1
    return plain(self, *args, **kwargs)
agg.FigureCanvasAgg.print_png = count
rewards = []
for i in range(6):
    rewards.append(i * i)
    {new}
    plt.plot(rewards); plt.title(str(i)); plt.pause(1e-3)
    plt.savefig("curve.png")
    {read}
    {end}
print(drawn[0])
"""
HABITS = [("plt.figure(2)", "plt.clf()"), ("plt.figure()", "plt.close()"), ("plt.gca()", "plt.cla()")]


@pytest.mark.parametrize(("new", "end"), HABITS)
def test_the_last_figure_on_disk_is_the_same_and_the_others_are_not_drawn(tmp_path: Path, new: str, end: str) -> None:
    needed("matplotlib")
    hashes, drawn = [], []
    for preamble in ("", texts.FIGURES):
        drawn.append(_run(tmp_path, FIGURE.format(new=new, end=end, read=""), preamble).strip())
        hashes.append(hashlib.sha256((tmp_path / "curve.png").read_bytes()).hexdigest())
        (tmp_path / "curve.png").unlink()
    assert hashes[0] == hashes[1]
    assert drawn == ["6", "1"]  # the first; the last is drawn at the end, after this is printed


def test_a_figure_that_the_script_reads_is_drawn_before(tmp_path: Path) -> None:
    needed("matplotlib")
    read = "import hashlib; print(hashlib.sha256(open('curve.png', 'rb').read()).hexdigest())"
    script = FIGURE.format(new="plt.figure()", end="plt.close()", read=read)
    assert _run(tmp_path, script, texts.FIGURES) == _run(tmp_path, script)


FOLDERS = """
import hashlib, os, shutil, matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
os.makedirs("out", exist_ok=True)
for i in range(4):
    plt.plot([i, i * i]); legend = plt.legend(["a"], loc="upper left", bbox_to_anchor=(1.0, 1.0))
    with plt.rc_context({"savefig.dpi": 40 + 10 * i}):
        plt.savefig("out/a.png", bbox_extra_artists=(legend,), bbox_inches="tight")
        plt.savefig("out/b.png")
    plt.close()
os.rename("out", "final")
shutil.copytree("final", "other")
shutil.rmtree("other")
print(*[hashlib.sha256(open("final/" + n, "rb").read()).hexdigest() for n in ("a.png", "b.png")], os.listdir("."))
shutil.rmtree("final")
"""


def test_pictures_have_the_settings_of_their_moment_and_go_where_their_folder_goes(tmp_path: Path) -> None:
    needed("matplotlib")
    assert _run(tmp_path, FOLDERS, texts.FIGURES) == _run(tmp_path, FOLDERS)


def test_a_picture_that_is_taken_from_the_canvas_is_the_one_that_was_drawn(tmp_path: Path) -> None:
    needed("matplotlib")
    script = """
import hashlib, matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
for i in range(3):
    plt.plot([i, i * i])
    plt.draw() if i < 2 else plt.pause(0.001)
    print(hashlib.sha256(bytes(plt.gcf().canvas.buffer_rgba())).hexdigest())
"""
    assert _run(tmp_path, script, texts.FIGURES) == _run(tmp_path, script)


@pytest.mark.parametrize("end", ["w.close()", "w.flush()"])
def test_event_files_hold_the_same_bytes(tmp_path: Path, end: str) -> None:
    needed("tensorboard")
    script = f"""
import glob, hashlib, time
time.time = lambda: 1.5e9
from torch.utils.tensorboard import SummaryWriter
w = SummaryWriter("logs")
for i in range(1200):
    w.add_scalar("loss" * (i % 3), i * i / 7, i)
w.add_text("what", "words")
{end}
(name,) = glob.glob("logs/*")
content = open(name, "rb").read()
print(len(content), hashlib.sha256(content).hexdigest())
"""
    made = []
    for name, preamble in (("plain", ""), ("quick", texts.EVENTS)):
        (tmp_path / name).mkdir()
        made.append(_run(tmp_path / name, script, preamble))
    assert made[0] == made[1]
    assert int(made[0].split()[0]) > 1200 * 20


def test_events_that_nobody_flushed_are_on_disk_at_the_end(tmp_path: Path) -> None:
    needed("tensorboard")
    script = """
from torch.utils.tensorboard import SummaryWriter
w = SummaryWriter("logs")
w.add_scalar("the last", 2.5, 3)
w.file_writer.event_writer._async_writer._byte_queue.join()
"""
    _run(tmp_path, script, texts.EVENTS)
    (file,) = (tmp_path / "logs").iterdir()
    assert b"the last" in file.read_bytes()


def test_every_switch_does_nothing_where_its_library_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "all.py"
    every = [
        texts.VALIDATION,
        texts.LINEAR,
        texts.GRADIENTS,
        texts.OPTIMISERS,
        texts.TENSORS,
        texts.ANOMALY,
        texts.CLIPPING,
        texts.GARBAGE,
        texts.EVENTS,
        texts.LOGITS,
        texts.FIGURES,
        texts.FRAMES,
    ]
    every += [make(module) for module in ("gymnasium", "gym") for make in (environments, wrappers)]
    file.write_text("".join(every) + "print('fine')", encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-S", str(file)], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("fine", "")


def test_an_environment_with_a_window_has_none_and_may_be_asked_to_draw(tmp_path: Path) -> None:
    needed("gymnasium")
    script = """
import gymnasium as gym
env = gym.make("CartPole-v1", render_mode="human")
env.reset(seed=1)
print(env.step(0)[1], env.render(), env.unwrapped.render_mode)
env.close()
"""
    assert _run(tmp_path, script, environments("gymnasium")).split() == ["1.0", "None", "None"]


def test_a_game_that_paces_itself_is_played_at_once_and_counts_the_same_time(tmp_path: Path) -> None:
    needed("pygame")
    script = """
import time
import pygame
clock, began, x = pygame.time.Clock(), time.monotonic(), 0.0
for frame in range(60):
    x += 2.0 * round(clock.tick(20) / 10.0)  # what moves with the time that a frame took
assert clock.get_time() >= 49
pygame.time.wait(1500)
print("x", x if frame else 0, "quick" if time.monotonic() - began < 1.0 else "slow")
"""
    plain, quick = _run(tmp_path, script).split(), _run(tmp_path, script, texts.FRAMES).split()
    assert (plain[-1], quick[-1]) == ("slow", "quick")
    assert float(quick[-2]) == pytest.approx(float(plain[-2]), rel=0.1)


@pytest.mark.parametrize(("modes", "version"), [("render.modes", ""), ("render_modes", "__version__ = '0.25.2'\n")])
def test_old_gym_opens_no_window_and_still_makes_pictures(tmp_path: Path, modes: str, version: str) -> None:
    (tmp_path / "gym" / "envs").mkdir(parents=True)
    (tmp_path / "gym" / "envs" / "__init__.py").touch()
    made = """
class Env:
    metadata = {"render.modes": ["human", "rgb_array"]}
    name = "itself"
    def render(self, mode="human"): return mode + "_of_" + self.name.replace(" ", "_")
class Wrapper(Env):
    def __init__(self): self.unwrapped = Env()
    def render(self, mode="human"): return self.unwrapped.render(mode)
def make(id): return Wrapper() if id == "wrapped" else Env()
"""
    made = made.replace("render.modes", modes)
    (tmp_path / "gym" / "envs" / "registration.py").write_text(made, encoding="utf-8")
    text = f"from gym.envs.registration import make\n{version}"
    (tmp_path / "gym" / "__init__.py").write_text(text, encoding="utf-8")
    script = (
        "import copy, gym, pickle\nenv = gym.make('x')\nother = copy.deepcopy(env)\nother.name = 'the other'\n"
        "print(env.render(), env.render('human'), env.render(mode='rgb_array'), other.render('rgb_array'))\n"
        "outer = gym.make('wrapped')\nprint(outer.render(), outer.unwrapped.render(), outer.render('ansi'))\n"
        "pickle.dumps(gym.make)\n"
    )
    assert _run(tmp_path, script, environments("gym")).split() == [
        "None", "None", "rgb_array_of_itself", "rgb_array_of_the_other", "None", "None", "ansi_of_itself"
    ]  # fmt: skip
    init = tmp_path / "gym" / "__init__.py"  # later on the mode is said once, and metadata may be old
    init.write_text(init.read_text(encoding="utf-8") + "__version__ = '0.26.2'\n", encoding="utf-8")
    assert _run(tmp_path, script, environments("gym")) == _run(tmp_path, script)
