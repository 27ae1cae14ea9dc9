"""How far a run was to go, from its log, its config, or its finished siblings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sixdays.logs.recipes import tails
from sixdays.logs.runs import Run
from sixdays.logs.series import Scalar

# Config keys by what they count, likeliest first; the last dotted component counts, without case.
KEYS = {
    "step": (
        "total_timesteps", "total_env_steps", "total_steps", "max_steps", "max_timesteps", "num_timesteps",
        "n_timesteps", "num_train_steps", "max_train_steps", "training_steps", "train_steps", "num_training_steps",
        "total_train_steps", "num_env_steps", "max_env_steps", "total_environment_steps", "max_iters",
        "max_iterations", "max_iter", "num_iterations", "n_iterations", "total_iterations", "iterations",
        "num_iters", "n_iters", "iters", "num_train_frames", "total_frames", "max_frames", "num_frames", "frames",
        "nb_steps", "max_updates", "num_updates", "total_updates", "timesteps_total", "env_steps", "steps",
        "num_steps", "timesteps",
    ),
    "epoch": (
        "max_epochs", "num_epochs", "total_epochs", "num_train_epochs", "train_epochs", "nb_epochs", "n_epoch",
        "epochs",
    ),
    "episode": ("total_episodes", "num_episodes", "max_episodes", "n_episodes", "nb_episodes", "episodes"),
}  # fmt: skip
PER_EPOCH = ("steps_per_epoch", "iters_per_epoch", "updates_per_epoch", "batches_per_epoch", "epoch_length")
OVER = 1.05  # a run beyond its goal by more than this counts something else
AGREE = 0.02


def stated(run: Run, x: str, step: float) -> tuple[float, str] | None:
    """The goal in units of x that log or config state, and which of them; None where none fits the steps seen."""
    found = [(log.goal, "its log") for log in run.logs if log.goal]
    config = {**run.config, **{k: v for log in run.logs for k, v in log.config.items()}}
    found += [(value / _frames(run, key), f"its config, {key}") for key, value in _numbers(config, KEYS.get(x, ()))]
    if x == "step":
        found += [
            (epochs * each, f"its config, {key} × {per}")
            for key, epochs in _numbers(config, KEYS["epoch"]) for per, each in _numbers(config, PER_EPOCH)
        ]  # fmt: skip
    return next(((goal, source) for goal, source in found if goal >= step / OVER), None)


def _frames(run: Run, key: str) -> float:
    """Frames a step, where a goal is written in frames and the run logs them beside its steps (frame skip); else 1."""
    if "frame" not in tails(key)[0]:
        return 1.0
    for log in run.logs:
        for tag, s in log.series.items():
            if (
                tails(tag)[0].endswith(("frame", "frames"))
                and s.x == "step"
                and s.steps[-1] > 0
                and 0 < s.values[-1] < np.inf
            ):
                return float(s.values[-1] / s.steps[-1])
    return 1.0


def _numbers(config: Mapping[str, Scalar], keys: Sequence[str]) -> list[tuple[str, float]]:
    """Positive numbers under these keys, likeliest key first, the shallowest of equals."""
    found = []
    for key, value in config.items():
        tail = tails(key)[0]
        if tail in keys and not isinstance(value, bool) and value is not None:
            try:
                number = float(str(value).replace("_", ""))
            except ValueError:
                continue
            if 0 < number < np.inf:
                found.append((keys.index(tail), key.count("."), key, number))
    return [(key, number) for *_, key, number in sorted(found)]


def agreed(finals: Iterable[float]) -> float | None:
    """The length that finished runs agree on: the largest that most of them reach to within 2 %, else None.

    >>> agreed([1000.0, 1000.0, 990.0]), agreed([10.0, 500.0]), agreed([])
    (1000.0, None, None)
    """
    ordered = sorted(finals)
    if not ordered:
        return None
    near = [f for f in ordered if f >= (1 - AGREE) * ordered[-1]]
    return ordered[-1] if 2 * len(near) > len(ordered) else None
