"""Small, safe switches of libraries: each leaves the numbers alone, or their last digits at most."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sixdays.faster.bounds import bound, seen
from sixdays.faster.compare import SHOWN
from sixdays.faster.model import Candidate, NotTried, Profile, Promise, Trace
from sixdays.levers import _switch_texts as texts
from sixdays.levers._gym_texts import environments, wrappers

LEAST = 0.02  # of the time, that a switch must touch to go with the others of its class
NO_WINDOW = "no window shows an environment"
NUMBERS = frozenset({"torch", "numpy"})


@dataclass(frozen=True, slots=True)
class _Switch:
    """needs: any of these modules, imported. within: parts of file names, or file:function, below which its time is
    seen. mentioned: a pattern that must stand in a source. share: of the time that it may take, as no sample shows it.
    hides: it prints less, so it is of no use where what is printed is the progress that is measured.
    """

    name: str
    text: str
    promise: Promise
    needs: frozenset[str] = frozenset()
    preamble: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    mentioned: str = ""
    share: float | None = None
    spoils: str = ""
    hides: bool = False

    def applies(self, profile: Profile) -> bool:
        """Whether the command uses what it switches, as far as can be told."""
        return (
            self.promise in profile.accept
            and bool(self.needs & set(profile.trace.modules))
            and any(re.search(self.mentioned, text) for text in (*profile.sources.values(), ""))
            and not (self.hides and profile.progress == "printed")
            and (not self.unset or any(profile.command.env.get(name) for name in self.unset))
        )

    def touches(self, trace: Trace) -> float:
        """The most of the time that it can touch."""
        if self.share is not None:
            return self.share
        return seen(trace, self.within)


def _needs(*modules: str) -> frozenset[str]:
    return frozenset(modules)


def _keeping(module: str) -> tuple[str, ...]:
    """Where wrappers keep statistics and running means; since 1.0 the latter alone, and elsewhere."""
    return tuple(f"/{module}/wrappers/{name}.py" for name in ("record_episode_statistics", "normalize", "utils"))


SWITCHES = (
    _Switch("figures", "figures drawn when read, each minute and at the end; no pauses for a window", "same",
            _needs("matplotlib"), texts.FIGURES, {"MPLBACKEND": "Agg"}, within=("matplotlib/",),
            spoils="a run that is killed leaves pictures up to a minute old; no window shows them"),
    _Switch("frames", "pygame's clock does not wait for the next frame", "same", _needs("pygame"), texts.FRAMES,
            mentioned=r"\.tick\(|time\.(wait|delay)\(", share=0.8, spoils="a window shows a game at full speed"),
    _Switch("validation", "arguments of distributions are not checked", "same", _needs("torch"), texts.VALIDATION,
            within=("torch/distributions/",), spoils="a NaN in a distribution is met later"),
    _Switch("categorical", "categorical distributions draw without detours", "same", _needs("torch"),
            texts.CATEGORICAL, within=("torch/distributions/categorical.py",),
            spoils="a NaN in a distribution is met later"),
    _Switch("tensors", "lists of arrays become one array before they become a tensor", "same", _needs("torch"),
            texts.TENSORS, mentioned=r"tensor\(", share=0.5),
    _Switch("layers", "linear layers go straight to their product", "same", _needs("torch"), texts.LINEAR,
            within=("torch/nn/modules/",), spoils="a profiler does not name linear layers"),
    _Switch("gradients", "gradients are asked for and dropped without detours", "same", _needs("torch"),
            texts.GRADIENTS, within=("torch/_tensor.py", "torch/autograd/", "torch/optim/optimizer.py")),
    _Switch("gymnasium checks", "environments are not checked at each step, and open no window", "same",
            _needs("gymnasium"), environments("gymnasium"),
            within=("gymnasium/wrappers/", "gymnasium/utils/", "pygame/", ":render"), spoils=NO_WINDOW),
    _Switch("gym checks", "environments are not checked at each step, and open no window", "same", _needs("gym"),
            environments("gym"), within=("gym/wrappers/", "gym/utils/", "pygame/", ":render"), spoils=NO_WINDOW),
    _Switch("gymnasium wrappers", "episode statistics and running means are kept without detours", "same",
            _needs("gymnasium"), wrappers("gymnasium"), within=_keeping("gymnasium")),
    _Switch("gym wrappers", "episode statistics and running means are kept without detours", "same", _needs("gym"),
            wrappers("gym"), within=_keeping("gym")),
    _Switch("logits", "logits of categorical distributions are normalised in one piece", "equivalent",
            _needs("torch"), texts.LOGITS, within=("torch/distributions/categorical.py",), mentioned="logits",
            spoils="logits of a distribution that a loss goes through cannot be changed in place"),
    _Switch("optimiser", "optimisers update all parameters at once", "equivalent", _needs("torch"), texts.OPTIMISERS,
            within=("torch/optim/",), spoils="a profiler does not name its steps"),
    _Switch("clipping", "gradients are clipped all at once", "equivalent", _needs("torch"), texts.CLIPPING,
            within=("torch/nn/utils/clip_grad.py",)),
    _Switch("anomaly mode", "anomaly mode is off", "same", _needs("torch"), texts.ANOMALY, mentioned="detect_anomaly",
            share=0.8, spoils="a NaN in a gradient is not named by line"),
    _Switch("launch blocking", "the GPU is not waited for at each call", "same", _needs("torch"),
            unset=("CUDA_LAUNCH_BLOCKING",), share=0.8),
    _Switch("progress bars", "progress bars are drawn every ten seconds", "same", _needs("tqdm"),
            env={"TQDM_MININTERVAL": "10"}, within=("tqdm/",), hides=True),
    _Switch("events", "TensorBoard's records are packed a thousand at a time", "same", _needs("tensorboard"),
            texts.EVENTS, within=("tensorboard/",), spoils="a run that is killed loses its last two minutes of logs"),
    _Switch("garbage", "the garbage collector looks less often", "same", NUMBERS, texts.GARBAGE, share=0.3,
            spoils="memory in circles is freed later"),
    _Switch("allocator", "large arrays are kept for reuse (Linux)", "same", NUMBERS,
            env={"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "1073741824",
                 "MALLOC_TOP_PAD_": "67108864"}, share=0.3, spoils="freed memory goes back to the system later"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Switches:
    name: str = "switches"
    rank: int = 10
    together: bool = True

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """One candidate for each switch of a library that the command imports and that takes time there.

        All of a class are tried at once: what they touch together must be worth it, and a little of it each.
        """
        known = [(s, s.touches(profile.trace)) for s in SWITCHES if s.applies(profile)]
        together = {p: min(1.0, sum(seen for s, seen in known if s.promise == p)) for p in profile.accept}
        return [
            _candidate(self.name, s, seen)
            if seen >= LEAST and bound(together[s.promise]) >= SHOWN
            else NotTried(self.name, f"{s.name}: {seen:.0%} of the time, so at most {bound(seen):.2f} times faster")
            for s, seen in known
        ]


def _candidate(lever: str, s: _Switch, seen: float) -> Candidate:
    lines = tuple(s.preamble.strip().splitlines())
    return Candidate(lever, s.name, s.text, s.promise, env=s.env, unset=s.unset, preamble=lines, touches=seen,
                     spoils=s.spoils)  # fmt: skip


def create(options: dict[str, Any]) -> Switches:
    return Switches()
