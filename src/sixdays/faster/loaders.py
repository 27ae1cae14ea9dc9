"""What the agent noted of each DataLoader, read back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sixdays.faster.model import Trace

_NOTED = re.compile(r" of (-?\d+) items, batch (\w+), (\d+) workers, (\w+)$")


@dataclass(frozen=True, slots=True)
class Loader:
    """items, batch: 0 where it has none to tell. is_shuffled: by a sampler that draws."""

    items: int
    batch: int
    workers: int
    is_shuffled: bool


def loaders(trace: Trace) -> list[Loader]:
    """The loaders of a command, as far as the agent noted them.

    >>> loaders(Trace(facts={"loader 0": "TensorDataset of 600 items, batch 32, 4 workers, RandomSampler"}))
    [Loader(items=600, batch=32, workers=4, is_shuffled=True)]
    """
    noted = [m for name, text in trace.facts.items() if name.startswith("loader ") and (m := _NOTED.search(text))]
    return [Loader(max(int(m[1]), 0), int(m[2]) if m[2].isdigit() else 0, int(m[3]), "Random" in m[4]) for m in noted]
