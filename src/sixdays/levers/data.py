"""How a DataLoader comes by its batches: with workers or without, made each time or once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sixdays.faster.bounds import bound, seen
from sixdays.faster.compare import SHOWN
from sixdays.faster.loaders import loaders
from sixdays.faster.model import Candidate, NotTried, Profile
from sixdays.levers._data_texts import HELD, WORKERS
from sixdays.levers.threads import sizes

PLACES = ("torch/utils/data/",)

HELD_SHARE = 0.25  # of the memory, at most
LOADING_S = 20.0  # what is not loaded by then is kept when it is first made


@dataclass(frozen=True, slots=True)
class Data:
    name: str = "data"
    rank: int = 30
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """Items made once and kept; workers for a loader that waits for them, none where workers only wait."""
        trace = profile.trace
        if "torch" not in trace.modules or not any(c.kind == "batch" for c in trace.counters):
            return []
        loading = seen(trace, PLACES)
        if bound(loading) < SHOWN:
            why = f"loading: {loading:.0%} of the time, so at most {bound(loading):.2f} times faster"
            return [NotTried(self.name, why)]
        counts = dict.fromkeys((0, 1, min(8, profile.machine.cores - 1), min(8, profile.machine.cores)))
        now = {x.workers for x in loaders(trace)}
        found: list[Candidate | NotTried] = [self._held(profile, loading)]
        if "equivalent" in profile.accept:
            found += [self._workers(k, loading) for k in counts if {k} != now]
        return found

    def _workers(self, k: int, loading: float) -> Candidate:
        word = "worker" if k == 1 else "workers"
        lines = WORKERS.strip().format(workers=k).splitlines()
        return Candidate(self.name, f"{k} {word}", f"batches made by {k or 'no'} {word}", "equivalent",
                         preamble=tuple(lines), touches=loading, group="loading")  # fmt: skip

    def _held(self, profile: Profile, loading: float) -> Candidate:
        beside = max(sizes(profile.seeds, profile.machine.cores), default=1)  # copies, each of which holds its own
        most = int(HELD_SHARE * (profile.machine.memory_bytes or 2**32) / beside)
        lines = HELD.strip().format(bytes=most, seconds=LOADING_S).splitlines()
        spoils = f"up to {most / 2**30:.1f} GB of memory; items that change are noticed only when they come first"
        return Candidate(self.name, "held", "items made once and kept in memory", "same", preamble=tuple(lines),
                         touches=loading, start_s=LOADING_S, group="loading", spoils=spoils)  # fmt: skip


def create(options: dict[str, Any]) -> Data:
    return Data()
