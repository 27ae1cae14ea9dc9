"""Recipes: what configs say, and which settings tell runs apart that are alike by path and task."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sixdays.logs.layouts import Said, read
from sixdays.logs.series import Scalar

# Config keys by what they say, best first; the last dotted component counts, or the last two where written so.
SEED = ("seed", "random_seed", "rng_seed", "seed_id", "manual_seed", "global_seed", "random_state")
TASK = (
    "env_id", "env_name", "env", "env.id", "env.name", "environment", "environment.name",
    "environment_name", "envname", "task", "task_name", "task.name", "dataset", "dataset_name",
    "dataset.name", "data.name", "game", "game_name", "rom", "workload", "benchmark", "domain_name",
)  # fmt: skip
METHOD = (
    "algo", "algorithm", "algo_name", "method", "method_name", "agent", "agent_name", "agent.name",
    "optimizer", "optimizer.name", "optim", "optimiser", "model_name", "model", "model.name", "arch",
    "architecture", "exp_name", "experiment_name", "experiment", "variant", "run_group", "group",
)  # fmt: skip
# Keys that tell runs apart without telling recipes apart.
_NOISE = re.compile(
    r"(?i)(?:^|[._])(?:\w*dir|\w*path|\w*folder|\w*file|\w*id|ids|name|names|\w*host|hostname|node|nodes?list|device|"
    r"devices|gpu|gpus|cuda|rank|local_rank|port|addr|address|\w*time|\w*timestamp|ts|date|start|started|created|commit|"
    r"git|sha|hash|wandb|wandb_\w+|mlflow|notes?|tags?|description|user|owner|pid|uuid|version|num_workers|workers|verbose|"
    r"debug|log|logs?_\w+|logger|save|save_\w+|ckpt|checkpoint\w*|resume\w*|trial|index|idx|job\w*|slurm\w*|argv|command|"
    r"cmd|\w*seed\w*|out|output\w*|root|track|capture_video|torch_deterministic|entity|project\w*|jobname|url|"
    r"(?:total|max|num|n|train)_?(?:env_?)?(?:time_?)?(?:steps|frames|epochs|episodes|iterations|iters|updates|samples)|"
    r"epochs|_\w+)(?=$|\.)"  # lengths too: the same recipe run longer; the judge warns where lengths differ
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one run so far. settings: everything that config and path state, flat."""

    path: str
    said: Said
    settings: Mapping[str, Scalar]
    base: str = ""
    task: str = ""
    seed: str = ""
    how: str = ""


@lru_cache(maxsize=10_000)
def tails(key: str) -> tuple[str, str, int]:
    """The last dotted component of a key, its last two, and how deep it stands; without case."""
    parts = key.lower().replace("/", ".").replace("-", "_").split(".")
    return parts[-1], ".".join(parts[-2:]), len(parts)


def _keyed(settings: Mapping[str, Scalar], synonyms: Sequence[str]) -> list[Scalar]:
    """The values under any of the synonyms, best synonym first, then the shallowest key."""
    found = []
    for key, value in settings.items():
        one, two, depth = tails(key)
        for tail in (one, two):
            if tail in synonyms and value is not None and value != "":
                found.append((synonyms.index(tail), depth, key, value))
    return [value for *_, value in sorted(found, key=lambda f: f[:3])]


def seed_of(settings: Mapping[str, Scalar]) -> str:
    """A seed is a whole number that is not negative (−1 and None stand for "any")."""
    for value in _keyed(settings, SEED):
        text = _text(value)
        if not isinstance(value, bool) and re.fullmatch(r"\d+", text):
            return text
    return ""


def task_of(settings: Mapping[str, Scalar]) -> str:
    words = [v for v in _keyed(settings, TASK) if isinstance(v, str) and not v.isdigit()]
    words = [w.rstrip("/").rsplit("/", 1)[-1] for w in words if not _NO_TASK.fullmatch(w.lower())]
    domain = _keyed(settings, ("domain_name", "domain"))
    name = _keyed(settings, ("task_name",))
    if domain and name:
        return f"{domain[0]}-{name[0]}"
    return words[0] if words else ""


_NO_TASK = re.compile("train|eval|test|default|none|true|false|classification|regression|rl|pretrain|finetune")


def within(short: str, long: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(short)}(?![0-9A-Za-z])", long) is not None


def named(facts: Sequence[Facts]) -> list[str]:
    """Names of groups: the base, or what config or shared folders call it, and the settings that tell runs apart."""
    shared = set.intersection(*(set(f.said.rest) for f in facts)) if facts else set()
    cells: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, f in enumerate(facts):
        cells[f.base, f.task].append(i)
    # A setting that differs within one cell is named in every cell of that base, so that tasks stay in one group.
    keys: dict[str, list[str]] = defaultdict(list)
    for (base, _), members in cells.items():
        for key in _telling([facts[i] for i in members]):
            if key not in keys[base]:
                keys[base].append(key)
    names = []
    for f in facts:
        told = [k for k in sorted(keys[f.base], key=_rank) if f.settings.get(k) is not None]
        bare = [t for t in (_said(f.settings[k]) for k in told if _is_method(k)) if t]
        known = [t for t in map(_said, _keyed(f.settings, METHOD)) if t] if not f.base else []
        first = f.base or (bare or known or [r for r in f.said.rest if r in shared and r][-1:] or ["runs"])[0]
        words = [first, *(b for b in bare if not within(b, first))]
        words += [f"{_short(k, keys[f.base])}={_text(f.settings[k])}" for k in told if not _is_method(k)]
        names.append(" ".join(words))
    return names


def _telling(cell: Sequence[Facts]) -> list[str]:
    """The fewest settings that tell recipes apart among runs that are alike by path and task, methods first."""
    if len(cell) < 2:
        return []
    kept: list[str] = []
    parts: set[tuple[str, ...]] = {()}
    for key in sorted({k for f in cell for k in f.settings}, key=_rank):
        values = [_said(f.settings.get(key)) if _is_method(key) else _text(f.settings.get(key)) for f in cell]
        if len(set(values)) < 2 or _is_noise(key, values, cell):
            continue
        finer = {(*(_text(f.settings.get(k)) for k in kept), v) for f, v in zip(cell, values, strict=True)}
        if len(finer) > len(parts):
            kept, parts = [*kept, key], finer
    return kept


def _is_noise(key: str, values: Sequence[str], cell: Sequence[Facts]) -> bool:
    """Whether a setting that differs says nothing of the recipe: ids, paths, devices, the seed in other clothes."""
    tail = key.lower().rsplit(".", 1)[-1]
    if tail in SEED or tail in TASK:
        return True
    if not _is_method(key) and _NOISE.search(key):
        return True
    if any(v.count("/") > 1 or "://" in v or len(v) > 80 for v in values):
        return True
    if any(not f.settings for f in cell) and len({v for v in values if v}) < 2:
        return True  # a run whose config is lost is not another recipe
    texts = [(v, f.seed) for v, f in zip(values, cell, strict=True)]
    if all(seed and re.search(rf"(?<!\d){re.escape(seed)}(?!\d)", v) for v, seed in texts) and len(
        {re.sub(rf"(?<!\d){re.escape(seed)}(?!\d)", "#", v) for v, seed in texts}
    ) == 1:  # fmt: skip
        return True
    return (
        all(re.fullmatch(r"\d+", t) for pair in texts for t in pair) and len({int(v) - int(s) for v, s in texts}) == 1
    )


def _is_method(key: str) -> bool:
    one, two, _ = tails(key)
    return one in METHOD or two in METHOD


def _rank(key: str) -> tuple[bool, int, int, str]:
    return (not _is_method(key), key.count("."), len(key), key)


def _short(key: str, keys: Sequence[str]) -> str:
    """The last component of a dotted key, where no other of the keys ends alike."""
    tail = key.rsplit(".", 1)[-1]
    return tail if sum(k.rsplit(".", 1)[-1] == tail for k in keys) == 1 else key


def _said(value: Scalar) -> str:
    """A method's name without what is no name in it: seeds, times, tasks."""
    return "/".join(filter(None, read(_text(value)).rest)) if value is not None else ""


def _text(value: Scalar) -> str:
    """One spelling for equal values: `1e-3`, `0.001` and 0.001 are the same setting."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value).strip()
    try:
        return f"{float(text):.6g}" if not re.fullmatch(r"-?\d+", text) else str(int(text))
    except ValueError:
        return text
