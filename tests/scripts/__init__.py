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
    None where it does not end.
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
        "--episodes 6 --log-interval 2",
        ("torch",),
    ),
    Script(
        "dqn",
        "DQN: a deque that becomes arrays at each update, steps before learning starts, a target network, evaluation",
        "python dqn.py --seed 1",
        "--total-timesteps 180 --learning-starts 100 --eval-every 60 --target-every 40 --eval-episodes 4",
        RL,
    ),
    Script(
        "ppo",
        "PPO: environments side by side, a tensor per step, advantages one by one, minibatches, evaluation",
        "python ppo.py --seed 1",
        "--total-timesteps 384 --num-envs 2 --num-steps 64 --update-epochs 2 --eval-interval 1 --eval-episodes 4",
        RL,
    ),
    Script(
        "supervised",
        "a small CNN: pictures made and augmented as they are loaded, validation each epoch, curves drawn every few steps",
        "python supervised.py --seed 1",
        "--epochs 2 --train-size 256 --val-size 128 --batch-size 32 --plot-every 8",
        ("torch", "matplotlib"),
    ),
    Script(
        "two_optimisers",
        "soft actor-critic: three optimisers, a target that follows parameter by parameter, tests now and then",
        "python two_optimisers.py --seed 1",
        "--steps 130 --start-steps 100 --batch 16 --test-every 65 --test-episodes 2",
        RL,
    ),
    Script(
        "evaluates",
        "actor-critic that is evaluated as long as it is trained, in an environment of its own",
        "python evaluates.py --seed 3",
        "--num_updates 12 --eval_freq 4",
        RL,
    ),
)


def script(name: str) -> Script:
    """The one of that name; KeyError where there is none."""
    return {s.name: s for s in SCRIPTS}[name]
