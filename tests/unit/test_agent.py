"""The agent: counts from inside a command, in every way that commands start processes, and changes nothing."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.needed import needed
from tests.unit.test_switches import STATISTICS, old_wrappers

from sixdays.faster.digests import Broken, Kept, kept
from sixdays.faster.model import Trace
from sixdays.faster.unit import EVALUATION, is_evaluation_name, unit_of
from sixdays.levers._gym_texts import wrappers
from sixdays.probes.traces import read_trace

AGENT = Path(__file__).parents[2] / "src" / "sixdays" / "agent"


def watched(folder: Path, *argv: str, agent: bool = True, stacks: float = 0.0, **env: str) -> tuple[str, Trace]:
    """What a command printed, and what the agent saw."""
    seen = folder / "seen"
    shutil.rmtree(seen, ignore_errors=True)
    seen.mkdir()
    began = time.monotonic_ns()
    given = {k: v for k, v in os.environ.items() if not k.startswith(("SIXDAYS", "COV"))}
    if agent:
        given |= {
            "PYTHONPATH": os.pathsep.join([str(AGENT), *filter(None, [env.pop("PYTHONPATH", "")])]),
            "SIXDAYS_AGENT_DIR": str(seen), "SIXDAYS_AGENT_SEED": "1", "SIXDAYS_AGENT_STACKS": str(stacks),
            "SIXDAYS_AGENT_ROOT": str(folder), "SIXDAYS_AGENT_COPY": str(folder), "SIXDAYS_AGENT_EPOCH": str(began),
        }  # fmt: skip
    ran = subprocess.run(argv, cwd=folder, env={**given, **env}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout, read_trace(seen)


TRAIN = """
import hashlib, torch
torch.manual_seed(3)
net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
optimizer = torch.optim.Adam(net.parameters(), lr={lr})
def main():
    for _ in range({steps}):
        loss = net(torch.randn(16, 4)).pow(2).mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
if __name__ == "__main__":
    main()
    print(hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in net.parameters())).hexdigest())
"""


def train(folder: Path, steps: int = 20, lr: str = "1e-3") -> str:
    (folder / "train.py").write_text(TRAIN.format(steps=steps, lr=lr), encoding="utf-8")
    return "train.py"


def steps_of(trace: Trace) -> int:
    return sum(c.count for c in trace.counters if c.kind == "optimiser step")


def test_it_counts_and_times_updates_at_their_site(tmp_path: Path) -> None:
    needed("torch")
    _, trace = watched(tmp_path, sys.executable, train(tmp_path))
    (step,) = [c for c in trace.counters if c.kind == "optimiser step"]
    assert (step.file, step.function, step.count) == ("train.py", "main", 20)
    assert len(step.times) == 20
    assert (step.times[1:] >= step.times[:-1]).all()
    assert trace.facts["entry"] == "train.py"


def test_an_event_is_over_when_the_program_is_through_with_it(tmp_path: Path) -> None:
    """What a hook takes before it notes the event is the agent's time too: the optimiser's hash sleeps now and then."""
    needed("torch")
    script = (
        "import time, torch\n"
        "class Slow(torch.optim.SGD):\n"
        "    asked = 0\n"
        "    def __hash__(self):\n"
        "        Slow.asked += 1\n"
        "        time.sleep(0.01 * (Slow.asked % 7 == 0))\n"
        "        return id(self)\n"
        "net = torch.nn.Linear(2, 1)\noptimizer = Slow(net.parameters(), lr=0.1)\n"
        "for _ in range(50):\n    net(torch.ones(2)).backward(); optimizer.step()\n"
    )
    (tmp_path / "slow.py").write_text(script, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "slow.py")
    (step,) = trace.counters
    assert (np.diff(step.times) > 0.0).all()


def test_what_a_command_computes_is_the_same_bit_for_bit_with_and_without(tmp_path: Path) -> None:
    needed("torch")
    script = train(tmp_path, steps=60)
    with_it, _ = watched(tmp_path, sys.executable, script, stacks=0.01)
    without, _ = watched(tmp_path, sys.executable, script, agent=False)
    assert with_it == without


def test_digests_repeat_and_tell_a_learning_rate_that_is_one_per_cent_larger(tmp_path: Path) -> None:
    needed("torch")
    found = []
    for name, lr in (("a", "1e-3"), ("b", "1e-3"), ("c", "1.01e-3")):
        (tmp_path / name).mkdir()
        _, trace = watched(tmp_path / name, sys.executable, train(tmp_path / name, lr=lr))
        found.append({d.at: d.hash for d in trace.digests if d.what == "parameters"})
    assert sorted(found[0]) == [*range(11), 20]
    assert found[0] == found[1]
    assert found[0][0] == found[2][0]
    assert all(found[0][at] != found[2][at] for at in range(1, 11))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_count_for_themselves(tmp_path: Path, method: str) -> None:
    needed("torch")
    train(tmp_path, steps=5)
    code = (
        "import multiprocessing as mp, train\n"
        "if __name__ == '__main__':\n"
        f"    c = mp.get_context('{method}')\n"
        "    ps = [c.Process(target=train.main) for _ in range(2)]\n"
        "    [p.start() for p in ps]; [p.join() for p in ps]\n"
        "    print([p.exitcode for p in ps])\n"
    )
    (tmp_path / "many.py").write_text(code, encoding="utf-8")
    out, trace = watched(tmp_path, sys.executable, "many.py")
    assert out.strip() == "[0, 0]"
    assert steps_of(trace) == 5


def test_a_module_a_console_script_and_a_shell_script_are_counted(tmp_path: Path) -> None:
    needed("torch")
    train(tmp_path, steps=4)
    (tmp_path / "tool").write_text(f"#!{sys.executable}\nimport train\ntrain.main()\n", encoding="utf-8")
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "both.sh").write_text(f"{sys.executable} -c 'print(1)'\n{sys.executable} train.py\n", encoding="utf-8")
    for argv in ((sys.executable, "-m", "train"), ("./tool",), ("sh", "both.sh")):
        _, trace = watched(tmp_path, *argv, PYTHONPATH=str(tmp_path))
        assert steps_of(trace) == 4, argv


def test_a_sitecustomize_that_was_there_before_is_run(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import builtins\nbuiltins.was_here = True\n", encoding="utf-8")
    (tmp_path / "say.py").write_text("print(was_here)\nimport sitecustomize\n", encoding="utf-8")
    out, trace = watched(tmp_path, sys.executable, "say.py", PYTHONPATH=str(other))
    assert out.strip() == "True"
    assert trace.facts["entry"] == "say.py"


def test_streams_that_a_script_leaves_free_are_made_to_repeat_and_others_left(tmp_path: Path) -> None:
    code = "import random, numpy as np\nprint(random.random(), np.random.rand(), np.random.default_rng().random())\n"
    (tmp_path / "free.py").write_text(code, encoding="utf-8")
    first, trace = watched(tmp_path, sys.executable, "free.py")
    again, _ = watched(tmp_path, sys.executable, "free.py")
    assert first == again
    assert set(trace.facts["seeded"].split(", ")) == {"random", "numpy", "numpy generators"}
    (tmp_path / "set.py").write_text("import random\nrandom.seed(7)\nprint(random.random())\n", encoding="utf-8")
    with_it, trace = watched(tmp_path, sys.executable, "set.py")
    without, _ = watched(tmp_path, sys.executable, "set.py", agent=False)
    assert with_it == without
    assert "random" not in trace.facts["seeded"].split(", ")


def test_a_generator_without_a_seed_repeats_and_each_of_them_differs(tmp_path: Path) -> None:
    code = (
        "import random, numpy as np\n"
        "a, b = random.Random(), random.Random()\na.seed()\n"
        "print(a.random(), b.random(), np.random.RandomState().rand(), np.random.default_rng().random())\n"
    )
    (tmp_path / "free.py").write_text(code, encoding="utf-8")
    first, trace = watched(tmp_path, sys.executable, "free.py")
    again, _ = watched(tmp_path, sys.executable, "free.py")
    assert first == again
    assert len(set(first.split())) == 4
    assert {"random.Random", "numpy generators"} <= set(trace.facts["seeded"].split(", "))


def test_scalars_that_go_to_a_tracker_are_kept_by_tag_and_step(tmp_path: Path) -> None:
    needed("torch")
    needed("tensorboard")
    code = (
        "from torch.utils.tensorboard import SummaryWriter\n"
        "w = SummaryWriter('out')\n"
        "for i in range(6):\n"
        "    w.add_scalar('loss', i * {}, i)\n"
        "    w.add_scalar('charts/SPS', i * {}, i + 100)\n"
        "w.close()\n"
    )
    found = []
    for factor in (2, 2, 3):
        (tmp_path / "log.py").write_text(code.format(factor, factor), encoding="utf-8")
        _, trace = watched(tmp_path, sys.executable, "log.py")
        found.append({d.at: d.hash for d in trace.digests if d.what == "logged"})
    assert sorted(found[0]) == list(range(6))
    assert found[0] == found[1]
    assert [at for at in range(6) if found[0][at] == found[2][at]] == [0]


def test_a_module_that_is_compiled_is_traced_as_if_nobody_watched(tmp_path: Path) -> None:
    needed("torch")
    code = (
        "import torch\n"
        "net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU()).eval()\n"
        "with torch.no_grad():\n"
        "    fast = torch.compile(net, backend='eager', fullgraph=True)\n"
        "    print(bool((fast(torch.ones(3, 2)) == net(torch.ones(3, 2))).all()))\n"
    )
    (tmp_path / "fast.py").write_text(code, encoding="utf-8")
    out, trace = watched(tmp_path, sys.executable, "fast.py")
    assert out.strip() == "True"
    assert sum(c.count for c in trace.counters if c.kind == "evaluation") == 2


def test_torchrun_on_one_node_is_counted(tmp_path: Path) -> None:
    needed("torch")
    train(tmp_path, steps=3)
    argv = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train.py")
    out, trace = watched(tmp_path, *argv)
    assert len(set(out.split())) == 1
    assert steps_of(trace) == 3
    assert trace.facts["entry"] == "train.py"


ENVIRONMENT = """
import gymnasium, numpy as np, torch
class Walk(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed); self.t = 0
        return np.zeros(2, np.float32), {}
    def step(self, action):
        self.t += 1
        return np.full(2, self.t, np.float32), 1.0, self.t >= 10, False, {}
"""
LOOP = """
net = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
def evaluate(env):
    env.reset()
    for _ in range(10):
        env.step(0)
def main():
    train, test = gymnasium.wrappers.RecordEpisodeStatistics(Walk()), Walk()
    for episode in range(20):
        x, _ = train.reset()
        for _ in range(10):
            x, *_ = train.step(1)
            net(torch.as_tensor(x)).sum().backward(); optimizer.step()
        if episode % 5 == 0:
            evaluate(test)
main()
"""


def test_steps_of_an_evaluation_are_told_from_those_of_training(tmp_path: Path) -> None:
    needed("torch")
    needed("gymnasium")
    (tmp_path / "rl.py").write_text(ENVIRONMENT + LOOP, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "rl.py")
    counts = {c.function: c.count for c in trace.counters if c.kind == "env step"}
    assert counts == {"main": 200, "evaluate": 40}  # wrappers around an environment do not count twice
    unit = unit_of(trace)
    assert unit is not None
    assert unit.key == ("env step", "rl.py", "main")
    assert {c.function: c.ends.tolist() for c in trace.counters if c.kind == "env step"} == {
        "main": list(range(10, 201, 10)), "evaluate": [10, 20, 30, 40],
    }  # fmt: skip
    assert trace.facts["actions"] == "whole numbers"


def test_an_evaluation_that_plays_by_the_function_of_the_training_is_told_from_it(tmp_path: Path) -> None:
    needed("torch")
    needed("gymnasium")
    loop = LOOP.replace("def evaluate(env):", "def play(env):").replace(
        "def main():", "def evaluate(env):\n    play(env)\ndef main():"
    )
    loop = loop.replace(
        "        for _ in range(10):\n            x, *_ = train.step(1)\n",
        "        play(train)\n        for _ in range(10):\n",
    )
    (tmp_path / "rl.py").write_text(ENVIRONMENT + loop, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "rl.py")
    counts = {c.function: c.count for c in trace.counters if c.kind == "env step"}
    assert counts == {"play": 200, "evaluate": 40}


def test_names_of_evaluations_are_the_same_to_the_agent() -> None:
    source = (AGENT / "_sixdays_sites.py").read_text(encoding="utf-8")
    assigned = (n.value for n in ast.parse(source).body if isinstance(n, ast.Assign) and "_EVALUATION" in ast.dump(n))
    (pattern,) = (n.args[0].value for n in assigned if isinstance(n, ast.Call) and isinstance(n.args[0], ast.Constant))
    assert pattern == EVALUATION.pattern


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("evaluate", True), ("run_eval", True), ("validate_epoch", True), ("val", True), ("test", True),
        ("test_agent", True), ("valid", True), ("valid_epoch", True), ("do_validation", True), ("eval_genomes", True),
        ("latest", False), ("train_and_evaluate", False), ("train_eval", False), ("fit_and_validate", False),
        ("get_valid_moves", False), ("is_valid", False), ("is_valid_move", False), ("valid_moves", False),
        ("valid_fn", True), ("valid_one_epoch", True), ("evaluate_trained_agent", True), ("eval_train", False),
        ("evaluate_on_training_set", True), ("evaluate_and_train", False), ("fit_evaluate", False), ("train_test", False),
        ("train_val_split", False), ("retrain_test", True), ("evaluate_fitness", True), ("learn", False), ("contest", False),
    ],
)  # fmt: skip
def test_a_name_tells_an_evaluation(name: str, is_one: bool) -> None:
    assert is_evaluation_name(name) == is_one


def test_an_episode_that_goes_on_after_its_end_has_ended_once(tmp_path: Path) -> None:
    """As in scripts that do not ask whether the time is over: they are told so at each step from then on."""
    needed("gymnasium")
    loop = "walk = Walk()\nfor _ in range(3):\n    walk.reset()\n    for _ in range(25): walk.step(0)\n"
    (tmp_path / "on.py").write_text(ENVIRONMENT.replace("import torch", "") + loop, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "on.py")
    (c,) = trace.counters
    assert c.ends.tolist() == [10, 35, 60]


def test_a_step_through_switched_wrappers_is_counted_once(tmp_path: Path) -> None:
    needed("numpy")
    old_wrappers(tmp_path)
    (tmp_path / "fast_start.py").write_text(wrappers("gymnasium"), encoding="utf-8")
    (tmp_path / "plain.py").write_text(STATISTICS, encoding="utf-8")
    (tmp_path / "quick.py").write_text("import fast_start" + STATISTICS, encoding="utf-8")
    plain, quick = (watched(tmp_path, sys.executable, f"{name}.py") for name in ("plain", "quick"))
    assert plain[0] == quick[0]
    assert [c.count for c in plain[1].counters] == [c.count for c in quick[1].counters] == [120]


def test_a_program_that_never_lets_others_run_has_written_what_it_did_when_it_is_killed(tmp_path: Path) -> None:
    """NumPy's generators give the interpreter away for a moment and take it back: threads then wait for seconds."""
    needed("gymnasium")
    loop = (
        "import os, time\nwalk, draws, end = Walk(), np.random.default_rng(1), time.monotonic() + 2.5\nwalk.reset()\n"
        "def plain(i):\n    return i\n"
        "while time.monotonic() < end:\n    for i in range(2000):\n        plain(i)\n"
        "    draws.uniform(size=4)\n    walk.step(0)\n"
        "os._exit(0)\n"
    )
    (tmp_path / "busy.py").write_text(ENVIRONMENT.replace("import torch", "") + loop, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "busy.py")
    (steps,) = [c for c in trace.counters if c.kind == "env step"]
    assert steps.times[-1] - steps.times[0] > 1.5


def test_environments_side_by_side_count_as_many_steps(tmp_path: Path) -> None:
    needed("torch")
    needed("gymnasium")
    loop = (
        "if __name__ == '__main__':\n"
        "    envs = gymnasium.vector.{kind}([Walk] * 3)\n    envs.reset()\n"
        "    for _ in range(12):\n        envs.step(np.zeros(3, int))\n    envs.close()\n"
    )
    for kind in ("SyncVectorEnv", "AsyncVectorEnv"):
        folder = tmp_path / kind
        folder.mkdir()
        (folder / "vec.py").write_text(ENVIRONMENT + loop.format(kind=kind), encoding="utf-8")
        _, trace = watched(folder, sys.executable, "vec.py")
        unit = unit_of(trace)
        assert unit is not None, kind
        assert unit.count(trace) == 36, kind
        (c,) = (c for c in trace.counters if c.each == 3.0)
        assert c.ends.tolist() == [10, 10, 10], kind  # of each an episode


def test_batches_of_loaders_with_workers_are_counted(tmp_path: Path) -> None:
    needed("torch")
    code = (
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\n"
        "if __name__ == '__main__':\n"
        "    data = TensorDataset(torch.zeros(40, 2))\n"
        "    for workers in (0, 2):\n"
        "        print(sum(1 for _ in DataLoader(data, batch_size=4, num_workers=workers)))\n"
    )
    (tmp_path / "data.py").write_text(code, encoding="utf-8")
    out, trace = watched(tmp_path, sys.executable, "data.py")
    assert out.split() == ["10", "10"]
    assert sum(c.count for c in trace.counters if c.kind == "batch") == 20
    assert "TensorDataset of 40 items" in trace.facts["loader 0"]


def test_a_bare_interpreter_of_the_system_runs_it(tmp_path: Path) -> None:
    python = "/usr/bin/python3"
    needed(python)
    (tmp_path / "say.py").write_text("print(6 * 7)\n", encoding="utf-8")
    out, trace = watched(tmp_path, python, "say.py")
    assert out.strip() == "42"
    assert trace.facts["executable"] != sys.executable


def test_a_hook_that_fails_does_not_reach_the_program(tmp_path: Path) -> None:
    fake = tmp_path / "torch"
    (fake / "optim").mkdir(parents=True)
    (fake / "__init__.py").write_text("", encoding="utf-8")
    (fake / "optim" / "__init__.py").write_text("from . import optimizer\n", encoding="utf-8")
    (fake / "optim" / "optimizer.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "use.py").write_text("import torch.optim.optimizer as o\nprint(o.x)\n", encoding="utf-8")
    out, trace = watched(tmp_path, sys.executable, "use.py", PYTHONPATH=str(tmp_path))
    assert out.strip() == "1"
    assert any(k.startswith("hook") for k in trace.facts)


def test_files_that_end_anywhere_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    needed("torch")
    watched(tmp_path, sys.executable, train(tmp_path), stacks=0.01)
    for file in (tmp_path / "seen").glob("*"):
        if file.suffix != ".json":
            file.write_bytes(file.read_bytes()[:-3])
    trace = read_trace(tmp_path / "seen")
    assert steps_of(trace) == 20
    for file in (tmp_path / "seen").glob("*.json"):
        file.write_bytes(file.read_bytes()[:-3])
    assert read_trace(tmp_path / "seen").counters == ()


def test_a_module_that_was_only_asked_for_is_watched_when_it_comes(tmp_path: Path) -> None:
    needed("torch")
    (tmp_path / "train.py").write_text(
        "import importlib.util\nimportlib.util.find_spec('torch')\n" + TRAIN.format(lr=0.01, steps=5), encoding="utf-8"
    )
    _, trace = watched(tmp_path, sys.executable, "train.py")
    assert [c.count for c in trace.counters if c.kind == "optimiser step"] == [5]


def test_trackers_stay_here_whatever_the_script_says(tmp_path: Path) -> None:
    (tmp_path / "wandb.py").write_text(
        "def init(project=None, mode=None, settings=None):\n    return mode\n", encoding="utf-8"
    )
    (tmp_path / "neptune.py").write_text("def init_run(mode=None):\n    return mode\n", encoding="utf-8")
    (tmp_path / "swanlab.py").write_text("def init(mode=None):\n    return mode\n", encoding="utf-8")
    comet = "class Experiment: pass\nclass OfflineExperiment:\n    def __init__(self, project_name=None): self.p = project_name\n"
    (tmp_path / "comet_ml.py").write_text(comet, encoding="utf-8")
    (tmp_path / "mlflow" / "tracking").mkdir(parents=True)
    (tmp_path / "mlflow" / "__init__.py").write_text("def set_tracking_uri(uri): return uri\n", encoding="utf-8")
    (tmp_path / "mlflow" / "tracking" / "__init__.py").touch()
    client = "class MlflowClient:\n    def __init__(self, tracking_uri=None): self.uri = tracking_uri\n"
    (tmp_path / "mlflow" / "tracking" / "client.py").write_text(client, encoding="utf-8")
    (tmp_path / "track.py").write_text(
        "import comet_ml, mlflow, neptune, swanlab, wandb\nfrom mlflow.tracking.client import MlflowClient\n"
        "print(wandb.init('p', mode='online'), wandb.init(mode='disabled'), wandb.init(), neptune.init_run(mode='async'))\n"
        "print(swanlab.init(mode='cloud'), type(comet_ml.Experiment('key', project_name='p')).__name__)\n"
        "import os\nos.environ['WANDB_MODE'] = 'online'\nprint(wandb.init(), wandb.init(settings=1), wandb.init(settings=1, mode='disabled'))\n"
        "print(mlflow.set_tracking_uri('https://host'), mlflow.set_tracking_uri('here'), MlflowClient('http://host').uri)\n"
        "print(mlflow.set_tracking_uri('file:///data/runs'), mlflow.set_tracking_uri('~/runs'), MlflowClient('sqlite:////x.db').uri)\n"
        "print(mlflow.set_tracking_uri('sqlite:///x.db'), mlflow.set_tracking_uri('file://' + os.getcwd() + '/x') != 'file:///runs')\n",
        encoding="utf-8",
    )
    said, _ = watched(tmp_path, sys.executable, "track.py", MLFLOW_TRACKING_URI="file:///runs")
    assert said.splitlines() == [
        "offline disabled None offline", "offline OfflineExperiment", "offline offline disabled", "file:///runs here file:///runs",
        "file:///runs file:///runs file:///runs", "sqlite:///x.db True",
    ]  # fmt: skip


def test_packages_that_are_installed_to_be_edited_come_from_the_copy(tmp_path: Path) -> None:
    """As setuptools does it: a finder with the folders of packages, and of those without an __init__."""
    project, copy, site = tmp_path / "project", tmp_path / "copies" / "project", tmp_path / "site"
    for folder in (project, copy):
        (folder / "src" / "spaced").mkdir(parents=True)
    site.mkdir()
    finder = (
        f"MAPPING = {{'plain': '{project}/src'}}\nNAMESPACES = {{'spaced': ['{project}/src/spaced', '/elsewhere']}}\n"
    )
    (site / "__editable___x_finder.py").write_text(finder, encoding="utf-8")
    code = (
        "import __editable___x_finder as f, _sixdays_agent\n"
        f"class Agent: root, copy = '{project}', '{copy}'\n"
        "_sixdays_agent._redirect(Agent)\nprint(f.MAPPING, f.NAMESPACES)\n"
    )
    said, _ = watched(tmp_path, sys.executable, "-c", code, PYTHONPATH=str(site))
    assert said.strip() == f"{{'plain': '{copy}/src'}} {{'spaced': ['{copy}/src/spaced', '/elsewhere']}}"


def test_a_vector_of_environments_is_counted_once_at_who_steps_it(tmp_path: Path) -> None:
    """As in Stable-Baselines3: a vector steps its environments itself, and an evaluation is another site."""
    needed("gymnasium")
    common = tmp_path / "stable_baselines3" / "common"
    (common / "vec_env").mkdir(parents=True)
    for folder in (common.parent, common, common / "vec_env"):
        (folder / "__init__.py").touch()
    (common / "vec_env" / "base_vec_env.py").write_text(
        "class VecEnv:\n"
        "    def __init__(self, envs): self.envs, self.num_envs = envs, len(envs)\n"
        "    def step(self, actions): return [e.step(a)[1] for e, a in zip(self.envs, actions)]\n",
        encoding="utf-8",
    )
    (common / "evaluation.py").write_text(
        "def evaluate(env):\n    for _ in range(3): env.step([0, 0])\n", encoding="utf-8"
    )
    (common / "learning.py").write_text("def learn(env):\n    for _ in range(9): env.step([0, 0])\n", encoding="utf-8")
    (tmp_path / "train.py").write_text(
        "import gymnasium as gym\n"
        "from stable_baselines3.common.vec_env.base_vec_env import VecEnv\n"
        "from stable_baselines3.common import evaluation, learning\n"
        "env = VecEnv([gym.make('CartPole-v1') for _ in range(2)])\n"
        "[e.reset(seed=1) for e in env.envs]\n"
        "learning.learn(env); evaluation.evaluate(env)\n",
        encoding="utf-8",
    )
    _, trace = watched(tmp_path, sys.executable, "train.py")
    seen = {(c.function, c.count, c.each) for c in trace.counters if c.kind == "env step"}
    assert seen == {("learn", 9, 2.0), ("evaluate", 3, 2.0)}
    assert {d.what for d in trace.digests} == {"actions", "seen"}  # as of an environment alone


def test_what_others_read_of_a_loader_and_an_optimiser_is_still_there(tmp_path: Path) -> None:
    needed("torch")
    (tmp_path / "train.py").write_text(
        "import inspect, torch\nfrom torch.utils.data import DataLoader\n"
        "print(list(inspect.signature(DataLoader.__init__).parameters)[1], "
        "list(inspect.signature(torch.optim.Optimizer.__init__).parameters)[1])\n",
        encoding="utf-8",
    )
    assert watched(tmp_path, sys.executable, "train.py")[0].split() == ["dataset", "params"]


def test_only_so_many_optimisers_are_followed(tmp_path: Path) -> None:
    needed("torch")
    (tmp_path / "train.py").write_text(
        "import torch\nfor i in range(40):\n    w = torch.nn.Parameter(torch.ones(3))\n"
        "    o = torch.optim.SGD([w], 0.1)\n    w.sum().backward()\n    o.step()\n",
        encoding="utf-8",
    )
    _, trace = watched(tmp_path, sys.executable, "train.py")
    assert sum(c.count for c in trace.counters if c.kind == "optimiser step") == 40
    assert len({d.site for d in trace.digests}) == 16
    assert trace.facts["optimisers"].count("SGD") == 16


CHAOS = """
import sys, gymnasium, numpy as np, torch
change = sys.argv[1]
class Map(gymnasium.Env):
    action_space, observation_space = gymnasium.spaces.Box(-1, 1, (4,)), gymnasium.spaces.Box(0, 1, (4,))
    def reset(self, **more):
        self.x = np.array([0.3, 0.4, 0.5, 0.6])
        return {"x": self.x}, {}
    def step(self, action):
        self.x = np.clip(3.9 * self.x * (1 - self.x) + 0.01 * action, 0, 1)
        return {"x": self.x}, self.x.mean(), False, False, {}
torch.manual_seed(1)
net = torch.nn.Linear(4, 4)
optimizer = torch.optim.Adam(net.parameters(), lr=1.01e-2 if change == "rate" else 1e-2)
env = Map()
seen, _ = env.reset()
def main():
    global seen
    for u in range(1, 13):
        terms = []
        for _ in range(300):
            policy = torch.distributions.Normal(net(torch.from_numpy(seen["x"]).float()), 0.1)
            action = policy.sample()
            seen, reward, *_ = env.step(action.numpy())
            terms.append(reward * policy.log_prob(action).sum())
        if change == "others":
            env.x = env.x[::-1].copy()
        optimizer.zero_grad()
        loss = -sum(terms[1:], terms[0]) * (1.000001 if change == "rounding" else 1.0)
        loss.backward()
        if change == "every second" and u % 2 == 0 or change == "from the fourth" and u >= 4:
            net.zero_grad(set_to_none=False)
            optimizer.state.clear()
        if change == "not called" and u % 2 == 0:
            continue
        optimizer.step()
main()
"""


def test_a_rounding_that_an_environment_amplifies_is_told_from_a_cheat(tmp_path: Path) -> None:
    needed("torch")
    needed("gymnasium")
    (tmp_path / "train.py").write_text(CHAOS, encoding="utf-8")
    traces = {
        change: watched(tmp_path, sys.executable, "train.py", change)[1]
        for change in ("none", "rounding", "rate", "every second", "from the fourth", "not called", "others")
    }
    a = traces.pop("none")
    assert kept(a, traces.pop("rounding"), "equivalent", a) == Kept("the parameters until update 1")
    for change, trace in traces.items():
        assert isinstance(kept(a, trace, "equivalent", a), Broken), change


def test_a_class_of_the_script_s_is_sent_to_another_process_and_counted_there(tmp_path: Path) -> None:
    """As SubprocVecEnv, joblib and Ray do it: by value, what its `step` holds included."""
    needed("gymnasium")
    needed("cloudpickle")
    code = """
import cloudpickle, gymnasium as gym, subprocess, sys

class Walk(gym.Env):
    def step(self, action):
        return 0, 1.0, False, False, {}

class Twice(gym.Wrapper):
    def step(self, action):
        self.env.step(action)
        return self.env.step(action)

there = "import pickle, sys\\nenv = pickle.load(sys.stdin.buffer)()\\nfor _ in range(7): env.step(0)"
print(subprocess.run([sys.executable, "-c", there], input=cloudpickle.dumps(lambda: Twice(Walk()))).returncode)
"""
    (tmp_path / "send.py").write_text(code, encoding="utf-8")
    out, trace = watched(tmp_path, sys.executable, "send.py")
    assert out.strip() == "0"
    assert sum(c.count for c in trace.counters if c.kind == "env step") == 7


OLD_GYM = """
import ast
import os
def create_seed(a=None, max_bytes=8):
    return int.from_bytes(os.urandom(max_bytes), "little") if a is None else a % 2 ** (8 * max_bytes)
"""


def test_environments_of_old_gym_that_nobody_seeds_repeat(tmp_path: Path) -> None:
    (tmp_path / "gym" / "utils").mkdir(parents=True)
    (tmp_path / "gym" / "__init__.py").touch()
    (tmp_path / "gym" / "utils" / "__init__.py").touch()
    (tmp_path / "gym" / "utils" / "seeding.py").write_text(OLD_GYM, encoding="utf-8")
    code = "from gym.utils import seeding\nprint(seeding.create_seed(), seeding.create_seed(None), seeding.create_seed(7))\n"
    (tmp_path / "seeds.py").write_text(code, encoding="utf-8")
    (first, trace), (second, _) = (
        watched(tmp_path, sys.executable, "seeds.py", PYTHONPATH=str(tmp_path)) for _ in range(2)
    )
    assert first == second
    assert len(set(first.split())) == 3
    assert first.split()[-1] == "7"
    assert "gym" in trace.facts["seeded"].split(", ")


def test_what_ended_a_program_is_noted_where_a_pipe_hides_it(tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text("print('begins')\nimport nowhere\n", encoding="utf-8")
    _, trace = watched(tmp_path, "sh", "-c", f"{shlex.quote(sys.executable)} fails.py 2>&1 | cat")
    assert trace.facts["raised"] == "ModuleNotFoundError: No module named 'nowhere'"
    assert trace.failed
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "leaves.py")
    assert not trace.failed


def test_environments_of_the_script_s_own_are_noted(tmp_path: Path) -> None:
    needed("torch")
    train(tmp_path, steps=3)
    text = (tmp_path / "train.py").read_text(encoding="utf-8")
    methods = "\n    def reset(self): ...\n    def step(self{}): ...\n"
    classes = "".join(
        f"class {name}:{methods.format(taken)}"
        for name, taken in (("Cart", ", action_n"), ("Data", ""), ("EarlyStopping", ", val_loss"))
    )
    (tmp_path / "own.py").write_text(f"{classes}{text}", encoding="utf-8")
    for script, expected in (("own.py", "Cart"), ("train.py", None)):
        _, trace = watched(tmp_path, sys.executable, script)
        assert trace.facts.get("own environments") == expected


def test_the_thread_that_learns_is_the_one_that_is_looked_at(tmp_path: Path) -> None:
    needed("torch")
    train(tmp_path, steps=3000)
    (tmp_path / "beside.py").write_text(
        "import threading, train\nt = threading.Thread(target=train.main)\nt.start()\nt.join()\n", encoding="utf-8"
    )
    _, trace = watched(tmp_path, sys.executable, "beside.py", stacks=0.01)
    named = {s.thread: {f.function for f in s.frames} for s in trace.stacks if "main" in {f.function for f in s.frames}}
    assert "main" in named


def test_it_is_known_how_many_learn_and_by_which_words(tmp_path: Path) -> None:
    needed("torch")
    train(tmp_path, steps=5)
    code = (
        "import multiprocessing as mp, train\n"
        "if __name__ == '__main__':\n"
        "    ps = [mp.get_context('fork').Process(target=train.main) for _ in range(3)]\n"
        "    [p.start() for p in ps]; [p.join() for p in ps]\n"
    )
    (tmp_path / "many.py").write_text(code, encoding="utf-8")
    _, trace = watched(tmp_path, "sh", "-c", f"{sys.executable} many.py --steps 7")
    assert (trace.facts["learners"], trace.facts["words"]) == ("3", '["many.py", "--steps", "7"]')
    _, trace = watched(tmp_path, sys.executable, "train.py")
    assert "learners" not in trace.facts


def test_tensorflow_repeats_where_the_script_leaves_it_free(tmp_path: Path) -> None:
    """A stand-in of it: the name of what is seeded is all that counts."""
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("from tensorflow import random\n", encoding="utf-8")
    (tmp_path / "tensorflow" / "random.py").write_text("seeds = []\nset_seed = seeds.append\n", encoding="utf-8")
    for script, said, free in (("", "[1]", True), ("tensorflow.random.set_seed(5)\n", "[1, 5]", False)):
        text = f"import tensorflow\n{script}print(tensorflow.random.seeds)\n"
        (tmp_path / "free.py").write_text(text, encoding="utf-8")
        out, trace = watched(tmp_path, sys.executable, "free.py")
        assert out.strip() == said
        assert ("tensorflow" in trace.facts["seeded"].split(", ")) == free


def test_a_frozen_layer_within_a_network_that_trains_is_no_evaluation(tmp_path: Path) -> None:
    needed("torch")
    text = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.norm = torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3)
        self.back = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU())
    def encode(self, x):
        with torch.no_grad(): return self.back(x)
    def forward(self, x): return self.norm(self.layer(self.encode(x)))
net = Net()
net.norm.eval(); net.back.eval()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    net(torch.randn(4, 3)).sum().backward(); optimizer.step()
net.eval()
for _ in range(2): net(torch.randn(4, 3))
"""
    (tmp_path / "frozen.py").write_text(text, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "frozen.py")
    assert [c.count for c in trace.counters if c.kind == "evaluation"] == [2]


def test_a_program_that_waits_for_all_other_threads_ends(tmp_path: Path) -> None:
    source = "import threading\nfor t in threading.enumerate():\n    if t is not threading.main_thread():\n        t.join()\n"
    (tmp_path / "t.py").write_text(source + "print(threading.active_count())\n", encoding="utf-8")
    text, _ = watched(tmp_path, sys.executable, "t.py", stacks=0.01)
    assert text == "1\n"


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_each_child_has_streams_of_its_own_that_repeat(tmp_path: Path, way: str) -> None:
    """Python reseeds `random` in what it forks, whether the script had seeded it or not."""
    (tmp_path / "t.py").write_text(
        "import multiprocessing, random\nimport numpy as np\nrandom.seed(7)\n"
        "module = np.random.default_rng().random()\n"
        "def draw(queue):\n    queue.put((random.random(), np.random.rand(), module))\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context('{way}')\n    queue = context.Queue()\n"
        "    for _ in range(2):\n"
        "        child = context.Process(target=draw, args=(queue,))\n        child.start()\n"
        "        print(*queue.get())\n        child.join()\n",
        encoding="utf-8",
    )
    first, _ = watched(tmp_path, sys.executable, "t.py")
    assert first == watched(tmp_path, sys.executable, "t.py")[0]
    a, b = (line.split() for line in first.splitlines())
    if way == "fork":  # numpy's state goes with the fork, as without us
        assert a[0] != b[0]
        assert a[1:] == b[1:]
    else:
        assert a[0] == b[0]  # the script seeds it in each child
        assert a[1] != b[1]
        assert a[2] != b[2]


def test_an_optimiser_within_another_is_not_counted_twice(tmp_path: Path) -> None:
    needed("torch")
    source = TRAIN.format(lr=0.01, steps=20).replace(
        "def main():",
        "class Holder(torch.optim.Optimizer):\n"
        "    def __init__(self, inner):\n"
        "        super().__init__(inner.param_groups, {}); self.inner = inner\n"
        "    def step(self, closure=None):\n        return self.inner.step()\n"
        "optimizer = Holder(optimizer)\ndef main():",
    )
    (tmp_path / "t.py").write_text(source, encoding="utf-8")
    text, trace = watched(tmp_path, sys.executable, "t.py")
    assert text == watched(tmp_path, sys.executable, "t.py", agent=False)[0]
    assert [c.count for c in trace.counters if c.kind == "optimiser step"] == [20]
    assert {d.site for d in trace.digests if d.what == "parameters"} == {0}


def test_an_optimiser_whose_step_calls_that_of_its_base_is_counted_once(tmp_path: Path) -> None:
    needed("torch")
    source = TRAIN.format(lr=0.01, steps=20).replace(
        "def main():",
        "class Mine(torch.optim.Adam):\n    def step(self, closure=None):\n        return super().step()\n"
        "optimizer = Mine(net.parameters())\ndef main():",
    )
    (tmp_path / "t.py").write_text(source, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "t.py")
    assert [c.count for c in trace.counters if c.kind == "optimiser step"] == [20]
    assert not [name for name in trace.facts if name.startswith("hook")]


def test_a_function_that_is_made_anew_for_each_task_is_one_site(tmp_path: Path) -> None:
    needed("gymnasium")
    more = "source = compile('def task(env): env.step(0)', 'task.py', 'exec')\n"
    more += "import marshal\ntext = marshal.dumps(source)\nenv = Walk(); env.reset()\n"
    more += "for _ in range(12):\n    made = {}\n    exec(marshal.loads(text), made)\n    made['task'](env)\n"
    (tmp_path / "t.py").write_text(ENVIRONMENT + more, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "t.py")
    assert [c.count for c in trace.counters if c.kind == "env step"] == [12]


def test_a_step_that_an_environment_has_from_another_base_is_counted(tmp_path: Path) -> None:
    needed("gymnasium")
    more = (
        "class Steps:\n    def step(self, action):\n        return np.zeros(2), 1.0, False, False, {}\n"
        "class Mixed(Steps, gymnasium.Env):\n    pass\n"
        "env = Mixed()\nfor _ in range(30): env.step(0)\n"
    )
    (tmp_path / "t.py").write_text(ENVIRONMENT + more, encoding="utf-8")
    _, trace = watched(tmp_path, sys.executable, "t.py")
    assert [c.count for c in trace.counters if c.kind == "env step"] == [30]


@pytest.mark.parametrize(("name", "base"), [("dm_env._environment", "Environment"), ("pettingzoo.utils.env", "AECEnv")])
def test_environments_of_other_libraries_are_counted(tmp_path: Path, name: str, base: str) -> None:
    """Stand-ins with the same names, as neither library is at hand."""
    folder = tmp_path.joinpath(*name.split(".")[:-1])
    folder.mkdir(parents=True)
    for above in (folder, *folder.relative_to(tmp_path).parents):
        (tmp_path / above / "__init__.py").touch()
    (folder / f"{name.rpartition('.')[2]}.py").write_text(f"class {base}:\n    pass\n", encoding="utf-8")
    (tmp_path / "t.py").write_text(
        f"from {name} import {base}\nclass Own({base}):\n    def step(self, a):\n        return (1, 0.5, 1.0, [a])\n"
        "env = Own()\nfor i in range(25):\n    env.step(i)\n",
        encoding="utf-8",
    )
    _, trace = watched(tmp_path, sys.executable, "t.py")
    assert [c.count for c in trace.counters if c.kind == "env step"] == [25]
