"""How a DataLoader comes by its batches: with workers or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sixdays.faster.bounds import bound, share
from sixdays.faster.model import Candidate, NotTried, Profile, Stack

WORTH = 1.08  # what gives less at most is not tried
ROOM = 1.3  # a share of few samples may be larger than it looks
PLACES = ("torch/utils/data/",)

# The base seed is drawn from the same stream with workers and without, so the sampler's order stays.
WORKERS = """
try:
    from torch.utils.data import DataLoader as _DataLoader
except ImportError:
    pass
else:
    def _with_workers(self, dataset, *args, _plain=_DataLoader.__init__, **kwargs):
        if len(args) < 5 and hasattr(dataset, "__getitem__"):
            kwargs["num_workers"] = {workers}
            kwargs["persistent_workers"] = {workers} > 0
            if not {workers}:
                kwargs.pop("prefetch_factor", None), kwargs.pop("multiprocessing_context", None)
        _plain(self, dataset, *args, **kwargs)

    _DataLoader.__init__ = _with_workers
"""


@dataclass(frozen=True, slots=True)
class Data:
    name: str = "data"
    rank: int = 30
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """Workers for a loader that waits for its items, none for one whose workers only wait."""
        trace = profile.trace
        if "torch" not in trace.modules or not any(c.kind == "batch" for c in trace.counters):
            return []
        seen = min(1.0, ROOM * share(trace, _loads))
        if bound(seen) < WORTH:
            return [NotTried(self.name, f"loading: {seen:.0%} of the time, so at most {bound(seen):.2f} times faster")]
        counts = dict.fromkeys((0, 1, profile.machine.cores - 1, min(8, profile.machine.cores)))
        found: list[Candidate | NotTried] = []
        if "equivalent" in profile.accept:
            found += [self._workers(k, seen) for k in counts if 0 <= k <= profile.machine.cores]
        return found

    def _workers(self, k: int, seen: float) -> Candidate:
        word = "worker" if k == 1 else "workers"
        lines = WORKERS.strip().format(workers=k).splitlines()
        return Candidate(self.name, f"{k} {word}", f"batches made by {k or 'no'} {word}", "equivalent",
                         preamble=tuple(lines), touches=seen)  # fmt: skip


def _loads(stack: Stack) -> bool:
    return any(place in f.file.replace("\\", "/") for f in stack.frames for place in PLACES)


def create(options: dict[str, Any]) -> Data:
    return Data()
