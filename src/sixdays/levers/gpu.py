"""What a GPU can do otherwise: coarser products, algorithms chosen by trial, or nothing at all for a small network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sixdays.faster.model import Candidate, NotTried, Profile

TF32 = """
try:
    import torch as _torch
    _torch.backends.cuda.matmul.allow_tf32 = _torch.backends.cudnn.allow_tf32 = True
except ImportError:
    pass
"""
BENCHMARK = """
try:
    import torch.backends.cudnn as _cudnn
    _cudnn.benchmark = True
except ImportError:
    pass
"""


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str = "gpu"
    rank: int = 50
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """What applies to a command of torch where there is a GPU; whether it gives anything, a probe says."""
        if "torch" not in profile.trace.modules or "equivalent" not in profile.accept:
            return []
        if not profile.machine.gpus:
            return [NotTried(self.name, "no GPU here")]
        if profile.trace.facts.get("device") == "cpu":
            return [NotTried(self.name, "the command does not use the GPU")]
        return [
            _lines("TF32", "products on the GPU in TF32", TF32),
            _lines("cuDNN benchmark", "convolutions chosen by trial", BENCHMARK),
            Candidate(self.name, "CPU", "the CPU in place of the GPU", "equivalent", env={"CUDA_VISIBLE_DEVICES": ""}),
        ]


def _lines(name: str, text: str, lines: str) -> Candidate:
    return Candidate("gpu", name, text, "equivalent", preamble=tuple(lines.strip().splitlines()))


def create(options: dict[str, Any]) -> Gpu:
    return Gpu()
