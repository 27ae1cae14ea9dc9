"""Patches written by hand for public scripts, and wrong ones for any script of torch: measured and checked by `faster`.

    python -m benchmarks.edits                 all of them, ten minutes each, then long runs of both beside it
    python -m benchmarks.edits "examples reinforce"

A right patch is kept as the lines that it takes out and our text in their place: nothing of the scripts stands here.
A wrong one is a few lines put on top of the script: each is quick by doing less, and says nothing of it.
"""

from __future__ import annotations

import difflib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import public
from benchmarks.faster import measured

BUDGET = "10min"
FIRST, LONG_S = 3000, 60.0  # steps before a long run is timed; seconds that the script as it is then has
Edit = tuple[int, int, str]  # first and last line that are taken out, and what stands there instead

REINFORCE: tuple[Edit, ...] = (
    (54, 60, '''
W, B, V, C = (p.detach().numpy() for p in policy.parameters())
noise, waits, stays = torch.empty(1, 128), torch.empty(1, 2), np.float32(1 - policy.dropout.p)


def select_action(state):
    noise.bernoulli_(1 - policy.dropout.p)
    kept = noise.numpy()[0] / stays
    scores = np.maximum((W @ state + B) * kept, 0) @ V.T + C
    waits.exponential_()
    action = int((np.exp(scores - scores.max()) / waits.numpy()[0]).argmax())
    policy.saved_log_probs.append((state, kept, action))
    return action
'''),
    (72, 75, '''
    states, kept, actions = (torch.from_numpy(np.array(column)) for column in zip(*policy.saved_log_probs))
    scores = policy.affine2(F.relu(policy.affine1(states) * kept))
    log_probs = F.log_softmax(scores, dim=1).gather(1, actions.unsqueeze(1)).squeeze(1)
    optimizer.zero_grad()
    policy_loss = -(log_probs * returns).sum()
'''),
)  # fmt: skip
ACTOR_CRITIC: tuple[Edit, ...] = (
    (78, 92, '''
W, B, V, C = (p.detach().numpy() for layer in (model.affine1, model.action_head) for p in layer.parameters())
waits = torch.empty(1, 2)


def select_action(state):
    scores = np.maximum(W @ state + B, 0) @ V.T + C
    waits.exponential_()
    action = int((np.exp(scores - scores.max()) / waits.numpy()[0]).argmax())
    model.saved_actions.append((state, action))
    return action
'''),
    (114, 127, '''
    states, actions = (torch.from_numpy(np.array(column)) for column in zip(*saved_actions))
    probs, values = model(states)
    values = values.squeeze(-1)
    log_probs = Categorical(probs).log_prob(actions)
    optimizer.zero_grad()
    loss = -(log_probs * (returns - values.detach())).sum() + F.smooth_l1_loss(values, returns, reduction="sum")
'''),
)  # fmt: skip
DQN: tuple[Edit, ...] = (
    (16, 40, '''
import numpy as np
torch.set_num_threads(1)


class ReplayBuffer():
    def __init__(self):
        self.states, self.nexts = (np.zeros((buffer_limit, 4), np.float32) for _ in range(2))
        self.others = np.zeros((buffer_limit, 3), np.float32)
        self.count = 0

    def put(self, transition):
        s, a, r, s_prime, done_mask = transition
        i = self.count % buffer_limit
        self.states[i], self.nexts[i], self.others[i] = s, s_prime, (a, r, done_mask)
        self.count += 1

    def sample(self, n):
        size, first = self.size(), max(0, self.count - buffer_limit)
        at = (first + np.array(random.sample(range(size), n))) % buffer_limit
        a, r, done_mask = torch.from_numpy(self.others[at]).split(1, dim=1)
        return torch.from_numpy(self.states[at]), a.long(), r, torch.from_numpy(self.nexts[at]), done_mask

    def size(self):
        return min(self.count, buffer_limit)
'''),
    (56, 56, '''
        with torch.no_grad():
            out = self.forward(obs)
'''),
    (69, 70, '''
        with torch.no_grad():
            target = r + gamma * q_target(s_prime).max(1)[0].unsqueeze(1) * done_mask
'''),
    (86, 86, '''
    optimizer = optim.Adam(q.parameters(), lr=learning_rate, fused=True)
'''),
)  # fmt: skip
VTRACE: tuple[Edit, ...] = (
    (24, 24, '''
        self.optimizer = optim.Adam(self.parameters(), lr=learning_rate, fused=True)
'''),
    (43, 60, '''
    def make_batch(self):
        s, a, r, s_prime, mu_a, done = (np.array(column) for column in zip(*self.data))
        self.data = []
        column = lambda x: torch.from_numpy(x.astype(np.float32)).unsqueeze(1)
        return (torch.from_numpy(s), torch.from_numpy(a).unsqueeze(1), column(r), torch.from_numpy(s_prime),
                column(1.0 - done), column(mu_a))
'''),
    (78, 83, '''
            c, d = cs[:, 0].tolist(), delta[:, 0].tolist()
            for i in range(len(d) - 1, -1, -1):
                vs_minus_v_xs = gamma * c[i] * vs_minus_v_xs + d[i]
                vs_minus_v_xs_lst.append([vs_minus_v_xs])
            vs_minus_v_xs_lst.reverse()
            vs_minus_v_xs = torch.tensor(vs_minus_v_xs_lst, dtype=torch.float)
'''),
    (106, 107, '''
    torch.set_num_threads(1)
    env = gym.make('CartPole-v1')
    model = Vtrace()
'''),
    (115, 117, '''
                with torch.no_grad():
                    prob = model.pi(torch.from_numpy(s).float())
                    a = torch.multinomial(prob, 1, True).item()
'''),
    (1, 2, '''
import gym
import numpy as np
import torch
'''),
)  # fmt: skip
RIGHT: dict[str, tuple[Edit, ...]] = {
    "examples reinforce": REINFORCE,
    "examples actor_critic": ACTOR_CRITIC,
    "minimalRL dqn": DQN,
    "minimalRL vtrace": VTRACE,
}

STEPS = """
import torch.optim as _o
def _wrong(c, plain):
    def step(self, *a, **k):
        {body}
    c.step = step
_n = [0]
for _c in (_o.Adam, _o.AdamW, _o.SGD):
    _wrong(_c, _c.step)
"""
WRONG = {
    "a learning rate 1 % higher": STEPS.format(body="""for g in self.param_groups: g["lr"] *= 1.01
        out = plain(self, *a, **k)
        for g in self.param_groups: g["lr"] /= 1.01
        return out"""),
    "a learning rate 1 % lower": STEPS.format(body="""for g in self.param_groups: g["lr"] *= 0.99
        out = plain(self, *a, **k)
        for g in self.param_groups: g["lr"] /= 0.99
        return out"""),
    "every second update left out": STEPS.format(body="""_n[0] += 1
        return plain(self, *a, **k) if _n[0] % 2 else None"""),
    "all updates left out": STEPS.format(body="return None"),
    "gradients used twice": """
import torch as _t
_all, _n, _begin, _plain = [], [0], _t.optim.Optimizer.__init__, _t.Tensor.backward
def _noted(self, *a, **k):
    _begin(self, *a, **k)
    _all.extend(p for g in self.param_groups for p in g["params"])
def _every_second(self, *a, **k):
    _n[0] += 1
    if _n[0] % 2 or not _old:
        _plain(self, *a, **k)
        _old.update({p: p.grad.clone() for p in _all if p.grad is not None})
    else:
        for p, g in _old.items():
            p.grad = g.clone()
_old = {}
_t.optim.Optimizer.__init__, _t.Tensor.backward = _noted, _every_second
""",
    "steps that are only counted": """
def _wrong(wrappers):
    plain, last = wrappers.TimeLimit.step, {}
    def step(self, action):
        n, out = last.get(id(self), (0, None))
        out = out if n % 2 and not (out[2] or out[3]) else plain(self, action)
        last[id(self)] = n + 1, out
        return out
    wrappers.TimeLimit.step = step
for _name in ("gym", "gymnasium"):
    try:
        _wrong(__import__(_name + ".wrappers", fromlist=["TimeLimit"]))
    except ImportError:
        pass
""",
    "an observation used twice": """
import torch.nn as _m
_plain, _last = _m.Linear.forward, {}
def _cached(self, x):
    if x.requires_grad or x.numel() > 8 * self.in_features:
        return _plain(self, x)
    n, old = _last.get((id(self), x.shape), (0, x))
    _last[id(self), x.shape] = n + 1, x
    return _plain(self, old if n % 2 else x)
_m.Linear.forward = _cached
""",
    "a network of half the width": """
import torch.nn as _m
def _narrow(plain):
    def init(self, a, b, *args, **k):
        half = lambda n: n // 2 if n in (64, 84, 120, 128, 256) else n
        plain(self, half(a), half(b), *args, **k)
    return init
_m.Linear.__init__ = _narrow(_m.Linear.__init__)
""",
}  # fmt: skip
ON = ("examples reinforce", "examples actor_critic", "minimalRL dqn", "minimalRL vtrace", "cleanrl ppo", "cleanrl dqn")
# Runs a script until an environment was stepped so often, or for so long, or to its end, and says how long a step took
# after the first ones, and of how many an episode was; nothing of ours is imported.
LONG_RUN = """
import atexit, os, runpy, sys, time
from {gym}.envs import classic_control
n, began, episodes = [0], [0.0], [0]
def say():
    each = (time.perf_counter() - began[0]) / (n[0] - {first})
    print("took", n[0], each, n[0] / episodes[0], file=sys.stderr, flush=True)
def begun(plain):
    def reset(self, *a, **k):
        episodes[0] += 1
        return plain(self, *a, **k)
    return reset
def counted(plain):
    def step(self, action):
        n[0] += 1
        if n[0] == {first}: began[0] = time.perf_counter()
        if n[0] > {first} and (n[0] == {steps} or n[0] % 100 == 0 and time.perf_counter() - began[0] > {seconds}):
            say()
            os._exit(0)
        return plain(self, action)
    return step
for env in (classic_control.CartPoleEnv, classic_control.PendulumEnv):  # within all wrappers, which we change
    env.step, env.reset = counted(env.step), begun(env.reset)
atexit.register(say)
sys.argv = {argv}
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def source(script: public.Script) -> str:
    """Its text with the ends of lines that it has: a patch must have the same."""
    return (script.where / script.words[0]).read_bytes().decode()


def patched(text: str, edits: Sequence[Edit]) -> str:
    lines = text.splitlines(keepends=True)
    for first, last, new in sorted(edits, reverse=True):
        lines[first - 1 : last] = [f"{line}{_end(text)}" for line in (*new.strip("\n").splitlines(), "")]
    return "".join(lines)


def _end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def diff(script: public.Script, new: str) -> str:
    """As git writes it, against the repository's root."""
    file = (script.where / script.words[0]).relative_to(script.root).as_posix()
    old = source(script)
    parts = (x.splitlines(keepends=True) for x in (old, new))
    return "".join(difflib.unified_diff(*parts, f"a/{file}", f"b/{file}"))


def try_all(script: public.Script, folder: Path) -> None:
    """All wrong patches and the right one in one run of `faster`; that last: on top of it some would do nothing."""
    old = source(script)
    texts = {name: lines.lstrip("\n").replace("\n", _end(old)) + old for name, lines in WRONG.items()}
    texts |= {"right": patched(old, RIGHT[script.name])} if script.name in RIGHT else {}
    for name, text in texts.items():
        (folder / f"{name}.diff").write_bytes(diff(script, text).encode())
    found = measured(script, BUDGET, [str(folder / f"{name}.diff") for name in texts])
    out = {t["text"].rpartition("/")[2].removesuffix(".diff"): t["why"] for t in found["thrown_out"]}
    print(f"\n{script.name}: {found['factor']['value']:.2f} ({found['factor']['low']:.2f} to "
          f"{found['factor']['high']:.2f}) with all that was kept")  # fmt: skip
    for step in found["kept"]:
        print(f"  kept     {step['factor']['value']:5.2f}  {step['text'].rpartition('/')[2]}")
    for name in texts:
        print(
            f"  {'caught' if name in out else 'NOT CAUGHT' if name != 'right' else 'passed':<10} {name}: {out.get(name, '')[:150]}"
        )
    others = [f"{t['text']}: {t['why']}" for t in found["thrown_out"] if not t["text"].endswith(".diff")]
    others += [f"{s['text']}: {s['factor']['value']:.2f}, not shown" for s in found["not_shown"]]
    for text in (*others, *found["notes"]):
        print(f"  also       {text[:300]}")
    if script.name in RIGHT and found["kept"]:
        gains, lengths = long_runs(script, found["delivery"], folder)
        print(f"  a long run of both, with all that was kept: {statistics.median(gains):.2f} times "
              f"({min(gains):.2f} to {max(gains):.2f}), an episode of {lengths[0]:.0f} and {lengths[1]:.0f} steps")  # fmt: skip


def long_runs(script: public.Script, delivery: dict[str, Any], folder: Path) -> tuple[list[float], list[float]]:
    """Seconds a step of the script as it is ÷ of what was delivered, in mirrored pairs, for as many steps as it does
    in LONG_S; fewer where it ends before. And the steps of an episode, of the one and of the other."""
    made = shutil.copytree(script.root, folder / "made", ignore=shutil.ignore_patterns(".git", "runs"))
    changed = delivery["diff"].encode()
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=made, input=changed, check=True)
    quick = made / script.where.relative_to(script.root)
    gym = "gym" if "minimalRL" in script.name else "gymnasium"
    run = folder / "run.py"

    def took(where: Path, steps: int, seconds: float) -> tuple[int, float, float]:
        words = delivery["argv"][1:] if where == quick else list(script.words)
        text = LONG_RUN.format(gym=gym, first=FIRST, steps=steps, seconds=seconds, argv=words)
        run.write_text(text, encoding="utf-8")
        argv, env = [str(public.PYTHON), str(run)], os.environ | (delivery["env"] if where == quick else {})
        ran = subprocess.run(argv, cwd=where, env=env, capture_output=True, text=True, check=True)
        steps, seconds, length = next(x.split()[1:] for x in ran.stderr.splitlines() if x.startswith("took"))
        return int(steps), float(seconds), float(length)

    steps, a, before = took(script.where, 0, LONG_S)
    (_, b, after), (_, c, _), (_, d, _) = (took(where, steps, 10 * LONG_S) for where in (quick, quick, script.where))
    return [a / b, d / c], [before, after]


def main() -> None:
    public.prepare()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    for name in sys.argv[1:] or ON:
        with tempfile.TemporaryDirectory() as folder:
            try_all(public.script(name), Path(folder))


if __name__ == "__main__":
    main()
