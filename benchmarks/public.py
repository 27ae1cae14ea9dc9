"""The public scripts on which `faster` is measured: repository, commit, command, and what they need installed.

Nothing of theirs is kept here. `prepare` clones each repository at its commit and makes one environment for all; where
clones are at hand, SIXDAYS_PUBLIC names the folder that holds them (and `env/`, if it is there already).
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ.get("SIXDAYS_PUBLIC", Path(__file__).parent.parent / "build" / "public"))
PYTHON = FOLDER / "env" / "bin" / "python"
COMMITS = {
    "vwxyzjn/cleanrl": "fe8d8a03c41a7ef5b523e2e354bd01c363e786bb",
    "seungeunrho/minimalRL": "c8efed8",
    "pytorch/examples": "77f55b9",
    "karpathy/nanoGPT": "3adf61e1",
    "shanemcandrewai/gymnasium": "26c30c2",
}
NEEDS = (
    "torch==2.13.0", "gym==0.26.2", "gymnasium==0.28.1", "numpy<2", "pygame", "tyro", "tensorboard", "matplotlib",
    "mujoco", "imageio", "tqdm", "stable-baselines3==2.0.0",
)  # fmt: skip
SMALL = (
    "config/train_shakespeare_char.py", "--device=cpu", "--compile=False", "--eval_iters=20", "--log_interval=1",
    "--block_size=64", "--batch_size=12", "--n_layer=4", "--n_head=4", "--n_embd=128", "--max_iters=2000",
    "--lr_decay_iters=2000", "--dropout=0.0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Script:
    """folder: in the repository, where the command is run. hottest: the lines that hold the largest share of its time
    that a change of the script could save, as we read them by hand in py-spy's profile of one thread (the step of an
    environment is none); first and last of each stretch that belongs to it."""

    name: str
    repository: str
    folder: str
    words: tuple[str, ...]
    hottest: tuple[tuple[int, int], ...] = ()

    @property
    def root(self) -> Path:
        return FOLDER / self.repository.split("/")[1]

    @property
    def where(self) -> Path:
        return self.root / self.folder

    @property
    def argv(self) -> list[str]:
        return [str(PYTHON), *self.words]


SCRIPTS = (
    Script(
        "examples actor_critic",
        "pytorch/examples",
        "reinforcement_learning",
        ("actor_critic.py",),
        ((54, 92), (115, 131)),
    ),
    Script("examples reinforce", "pytorch/examples", "reinforcement_learning", ("reinforce.py",), ((40, 60), (73, 76))),
    Script("minimalRL dqn", "seungeunrho/minimalRL", "", ("dqn.py",), ((49, 53), (66, 75))),
    Script("minimalRL vtrace", "seungeunrho/minimalRL", "", ("vtrace.py",), ((115, 117),)),
    Script("minimalRL ppo", "seungeunrho/minimalRL", "", ("ppo.py",), ((98, 100),)),
    Script("minimalRL sac", "seungeunrho/minimalRL", "", ("sac.py",), ((60, 69),)),
    Script("cleanrl ppo", "vwxyzjn/cleanrl", "", ("cleanrl/ppo.py",), ((121, 126),)),
    Script("cleanrl c51", "vwxyzjn/cleanrl", "", ("cleanrl/c51.py",), ((225, 227),)),
    Script("cleanrl dqn", "vwxyzjn/cleanrl", "", ("cleanrl/dqn.py",), ((103, 103), (203, 212))),
    Script("cleanrl ppo_continuous", "vwxyzjn/cleanrl", "", ("cleanrl/ppo_continuous_action.py",), ((134, 141),)),
    Script("nanoGPT", "karpathy/nanoGPT", "", ("train.py", *SMALL), ((299, 305),)),
)
# The DQN of the tutorials of PyTorch, which draws a figure after each episode; and as someone changed it, with a window.
DRAWING = (
    Script("tutorial, plots", "shanemcandrewai/gymnasium", "", ("reinforcement_q_learning.0.py",)),
    Script("tutorial, window", "shanemcandrewai/gymnasium", "", ("reinforcement_q_learning.py",)),
)


def script(name: str) -> Script:
    return next(s for s in (*SCRIPTS, *DRAWING) if s.name == name)


def prepare() -> None:
    """Clones, the environment, and a small corpus of text that every machine has: Python's own library."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, commit in COMMITS.items():
        clone = FOLDER / name.split("/")[1]
        if not clone.exists():
            _run("git", "clone", "--quiet", f"https://github.com/{name}", str(clone))
            _run("git", "-C", str(clone), "checkout", "--quiet", commit)
    if not PYTHON.exists():
        _run(sys.executable, "-m", "venv", str(FOLDER / "env"))
        _run(str(PYTHON), "-m", "pip", "install", "--quiet", *NEEDS)
    packages = Path(_run(str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (packages / "cleanrl_here.pth").write_text(f"{FOLDER / 'cleanrl'}\n", encoding="utf-8")
    data = FOLDER / "nanoGPT" / "data" / "shakespeare_char"
    if not (data / "train.bin").exists():
        modules = ("argparse", "typing", "inspect", "pydoc", "doctest", "subprocess", "threading", "tarfile", "shutil")
        texts = [Path(sysconfig.get_path("stdlib"), f"{m}.py").read_text(encoding="utf-8") for m in modules]
        plain = "".join(c for c in "".join(texts) if c.isascii())
        (data / "input.txt").write_text(plain, encoding="utf-8")
        # It imports requests before it sees that the text is there.
        start = "import sys, types, runpy; sys.modules['requests'] = types.ModuleType('requests'); runpy.run_path('{}')"
        _run(str(PYTHON), "-c", start.format(data / "prepare.py"))


def _run(*argv: str) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
