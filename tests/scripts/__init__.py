"""Scripts in the manner of research code, for `faster` to work on: what each is, how to run it, its patches.

This folder is the root of a project: run each in a copy of it (they write where they stand). Patches are unified diffs
against it, named SCRIPT.CLASS.WHAT.diff: the class is what the patch promises, or `wrong` where it breaks its promise.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Patch:
    """script: its name in the table. promise: same, equivalent or wrong. what: in a few words, hyphens between."""

    script: str
    promise: str
    what: str

    @property
    def path(self) -> Path:
        return FOLDER / "patches" / f"{self.script}.{self.promise}.{self.what}.diff"


@dataclass(frozen=True, slots=True)
class Script:
    """name: in the table. what: it is, or does. run: its words, long; the first is replaced where it is python.

    short: words that are added to make a run of a second. needs: packages. exit: its status when it ends by itself;
    None where it goes on, or takes many minutes and has no words that make it short.
    """

    name: str
    what: str
    run: str
    short: str = ""
    needs: tuple[str, ...] = ()
    exit: int | None = 0

    def argv(self, *more: str, short: bool = False) -> tuple[str, ...]:
        """The words of its command line, this Python in front where it is one of Python's."""
        first, *rest = self.run.split()
        return (sys.executable if first == "python" else first, *rest, *(self.short.split() if short else ()), *more)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """All patches that were written for it, those that are right first."""
        names = (p.name.split(".") for p in sorted((FOLDER / "patches").glob(f"{self.name}.*.diff")))
        return tuple(Patch(script, promise, what) for script, promise, what, _ in names)

    @property
    def right(self) -> tuple[Patch, ...]:
        return tuple(p for p in self.patches if p.promise != "wrong")

    @property
    def wrong(self) -> tuple[Patch, ...]:
        return tuple(p for p in self.patches if p.promise == "wrong")


RL = ("torch", "gymnasium")
SCRIPTS: tuple[Script, ...] = (
    Script(
        "policy_gradient",
        "a policy gradient that keeps each step's graph and makes a distribution per step; one update an episode",
        "python policy_gradient.py --seed 1",
        "--episodes 5 --log-interval 1",
        ("torch",),
    ),
    Script(
        "dqn",
        "DQN: a deque that becomes arrays at each update, steps before learning starts, a target network, evaluation",
        "python dqn.py --seed 1",
        "--total-timesteps 160 --learning-starts 100 --eval-every 80 --target-every 40 --eval-episodes 4",
        RL,
    ),
    Script(
        "ppo",
        "PPO: environments side by side, a tensor per step, advantages one by one, minibatches, evaluation",
        "python ppo.py --seed 1",
        "--total-timesteps 192 --num-envs 2 --num-steps 32 --update-epochs 2 --eval-interval 1 --eval-episodes 4",
        RL,
    ),
    Script(
        "supervised",
        "a small CNN: pictures made and augmented as they are loaded, validation each epoch, curves drawn every few steps",
        "python supervised.py --seed 1",
        "--epochs 2 --train-size 128 --val-size 64 --batch-size 16 --plot-every 16",
        ("torch", "matplotlib"),
    ),
    Script(
        "two_optimisers",
        "soft actor-critic: three optimisers, a target that follows parameter by parameter, tests now and then",
        "python two_optimisers.py --seed 1",
        "--steps 120 --start-steps 100 --batch 16 --test-every 30 --test-episodes 2",
        RL,
    ),
    Script(
        "evaluates",
        "actor-critic that is evaluated as long as it is trained, in an environment of its own",
        "python evaluates.py --seed 3",
        "--num_updates 12 --eval_freq 2 --n_eval 4",
        RL,
    ),
    Script(
        "logs_per_step",
        "a character model that writes a dozen scalars to TensorBoard at each step, and flushes them",
        "python logs_per_step.py",
        "--steps 8",
        ("torch", "tensorboard"),
    ),
    Script(
        "unseeded",
        "an autoencoder on made-up signals; torch, NumPy and random all without a seed",
        "python unseeded.py",
        "8",
        ("torch",),
    ),
    Script("pkg", "a package with modules, run with -m; logs to stderr", "python -m pkg", "--steps 8", ("torch",)),
    Script(
        "config_file",
        "settings in a YAML file, changed by key=value; validates and saves often",
        "python config_file.py --config conf/default.yaml",
        "train.epochs=1 data.size=640 train.validate_every=5",
        ("torch", "yaml"),
    ),
    Script(
        "plots_per_episode",
        "draws the curve of returns again after each episode, and waits for the window",
        "python plots_per_episode.py",
        needs=("torch", "matplotlib"),
        exit=None,
    ),
    Script(
        "simulation",
        "an Ising model in NumPy that prints a line each few sweeps",
        "python simulation.py --seed 1",
        "--sweeps 40 --report 10",
    ),
    Script("silent", "value iteration that prints nothing, without torch", "python silent.py", "--size 40 --sweeps 20"),
    Script("not_python", "a shell script that starts awk; prints how many needles it threw", "sh not_python.sh", "1"),
    Script(
        "calls_python",
        "a shell script that trains with one seed after the other",
        "bash calls_python.sh",
        "1 --episodes 2 --log-interval 1",
        ("torch",),
    ),
    Script(
        "forks_workers",
        "an evolution strategy on two processes that are forked",
        "python spawns_workers.py --start fork",
        "--generations 3",
    ),
    Script(
        "spawns_workers",
        "an evolution strategy on two processes that are spawned",
        "python spawns_workers.py --start spawn",
        "--generations 3",
    ),
    Script("optimal", "products of large matrices, which no lever helps", "python optimal.py", "--size 200 --steps 3"),
    Script("sleeps", "waits 20 ms a step for a robot, which no lever helps", "python sleeps.py", "3"),
    Script("crashes", "diverges after 200 steps and ends with 3 and a traceback", "python crashes.py", exit=3),
    Script("hangs", "makes no progress after 40 batches, and does not end", "python hangs.py", exit=None),
    Script("needs_tty", "ends with a message where there is no terminal", "python needs_tty.py", exit=1),
    Script("reads_stdin", "takes its numbers from stdin, and fails without", "python reads_stdin.py", exit=1),
    Script("needs_gpu", "fails where there is no CUDA", "python needs_gpu.py", needs=("torch",), exit=1),
    Script("ends_at_once", "is over before anything can be measured", "python ends_at_once.py"),
    Script("eats_memory", "64 MB more at each step", "python eats_memory.py", exit=None),
    Script("fills_disk", "a file of 64 MB more at each step", "python fills_disk.py", exit=None),
    Script("leaves_children", "two helpers in their own sessions go on without it", "python leaves_children.py", "3"),
    Script("ignores_term", "ignores SIGTERM, SIGINT and SIGHUP", "python ignores_term.py", exit=None),
    Script("changes_itself", "rewrites its own source and settings as it starts", "python changes_itself.py", "3"),
    Script("help_trains", "trains, whatever its words; --help too", "python help_trains.py --help", "--steps=400"),
)


def script(name: str) -> Script:
    """The one of that name; KeyError where there is none."""
    return {s.name: s for s in SCRIPTS}[name]
