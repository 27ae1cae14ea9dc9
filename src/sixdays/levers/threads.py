"""Threads of a copy, and copies side by side: the two that must be chosen together, by measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from sixdays.faster.model import Candidate, NotTried, Profile

VARIABLES = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS", "RAYON_NUM_THREADS",
)  # fmt: skip
OWN = {  # of libraries that keep threads of their own; read where they are used
    "numba": ("NUMBA_NUM_THREADS",),
    "tensorflow": ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    "sklearn": ("LOKY_MAX_CPU_COUNT",),
}
MEMORY = 0.8  # of what is there, that copies may take together
MOST_COPIES = 32


@dataclass(frozen=True, slots=True)
class Threads:
    name: str = "threads"
    rank: int = 20
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """Fewer threads a copy; and copies side by side, with the cores shared out among them."""
        if "equivalent" not in profile.accept:
            return []
        cores = profile.machine.cores
        found: list[Candidate | NotTried] = []
        now = profile.trace.facts.get("torch threads") or str(cores)
        counts = [t for t in dict.fromkeys((1, cores // 2, cores)) if t >= 1 and str(t) != now]
        if cores > 1 and _multiplies(profile):
            found += [_threads(profile, t, cores) for t in counts]
        elif cores > 1:
            found.append(NotTried(self.name, "no library that starts threads of its own was seen"))
        if cores == 1:
            found.append(NotTried(self.name, "copies side by side: there is one core"))
        room = profile.machine.memory_bytes
        for k in sizes(profile.seeds, cores):
            if room and k * profile.trace.peak_bytes > MEMORY * room:
                gb = profile.trace.peak_bytes / 2**30
                found.append(NotTried(self.name, f"{k} copies side by side: {gb:.1f} GB each do not fit in memory"))
            else:
                t = max(1, cores // k)
                found.append(_copies(profile, k, t))
        return found


def sizes(seeds: int, cores: int) -> list[int]:
    """How many copies may run side by side: 2, one a core, so many that a round of the seeds is saved, all seeds.

    Of a single seed: as many as tell what more seeds would cost. None on one core.

    >>> sizes(5, 2), sizes(1, 16), sizes(5, 16), sizes(5, 1)
    ([2, 3, 5], [2, 16], [2, 5], [])
    """
    if cores == 1:
        return []
    rounds = ceil(seeds / cores)  # with a copy a core; a few copies more save one of them
    saving = ceil(seeds / max(rounds - 1, 1))
    most = min(seeds if seeds > 1 else cores, MOST_COPIES)
    return sorted({k for k in (2, cores, saving, min(seeds, 4 * cores)) if 2 <= k <= most})


def _multiplies(profile: Profile) -> bool:
    """Whether a library that uses several threads by itself is in use."""
    return bool({"torch", "numpy", "scipy", "jax", "tensorflow", "sklearn", "numba"} & set(profile.trace.modules))


def _threads(profile: Profile, t: int, cores: int) -> Candidate:
    word = "thread" if t == 1 else "threads"
    text = f"{t} {word} on {cores} cores"
    env, lines = _environment(profile, t), _lines(profile, t)
    return Candidate("threads", f"{t} {word}", text, "equivalent", env=env, preamble=lines)


def _copies(profile: Profile, k: int, t: int) -> Candidate:
    word = "thread" if t == 1 else "threads"
    text = f"{k} copies side by side, {t} {word} each"
    env, lines = _environment(profile, t), _lines(profile, t)
    if "jax" in profile.trace.modules:  # no variable limits its threads, and each copy takes most of a GPU's memory
        text, env = f"{k} copies side by side", env | {"XLA_PYTHON_CLIENT_MEM_FRACTION": f"{0.9 / k:.2f}"}
    return Candidate("threads", f"{k} copies", text, "equivalent", env=env, preamble=lines, copies=k)


def _environment(profile: Profile, t: int) -> dict[str, str]:
    own = [v for library, names in OWN.items() if library in profile.trace.modules for v in names]
    return dict.fromkeys((*VARIABLES, *own), str(t))


def _lines(profile: Profile, t: int) -> tuple[str, ...]:
    """For a command that sets its own number of threads: ours holds in its place; the environment would not."""
    said = " ".join((*profile.sources.values(), *profile.command.argv))
    is_set = "set_num_threads(" in said or any(v in said for v in VARIABLES)
    if "torch" not in profile.trace.modules or not is_set:
        return ()
    return ("import torch", f"torch.set_num_threads({t})", "torch.set_num_threads = lambda number: None")


def create(options: dict[str, Any]) -> Threads:
    return Threads()
