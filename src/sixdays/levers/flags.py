"""Options of the command itself: what it draws, evaluates, logs and saves too often, and how it spreads its work."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sixdays.faster.bounds import ROOM, bound, share
from sixdays.faster.compare import SHOWN
from sixdays.faster.kinds import Kinds
from sixdays.faster.length import totals
from sixdays.faster.model import Candidate, Frame, Kind, NotTried, Profile, Promise, Trace
from sixdays.faster.option import Option, Scalar, text
from sixdays.faster.options import options_of
from sixdays.levers._names import COMPILING_S, TOPICS, Meaning, Topic, meaning

LESS_OFTEN, REMAIN = 10, 4  # times; evaluations and checkpoints of a run, at least
LARGER = 4
TOLD = ("drawing", "saving")  # of what stacks tell by the libraries that do it, wherever it is written
SEEN_S = 1.0  # seconds of samples from which on a share is believed
SHELLS = frozenset("sh bash zsh dash ksh fish make".split())
_STEERS = re.compile(r"plateau|early_?stop|patience|should_prune|StopTraining|load_best", re.I)
LOW = ("bf16", "bfloat16", "bf16-mixed", "fp16", "float16", "half", "16-mixed", "16")


@dataclass(frozen=True, slots=True)
class _Step:
    """One change of an option. part: how much of the topic's time it can take away; remains: how much of it is left."""

    value: Scalar
    promise: Promise
    says: str
    part: float = 1.0
    spoils: str = ""
    fewer: tuple[Kind, ...] = ()
    remains: float = 0.0


@dataclass(frozen=True, slots=True)
class Flags:
    """Proposes other values of the command's own options."""

    name: str = "flags"
    rank: int = 5
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """Options that could be set otherwise, those beside the training first."""
        argv = profile.command.argv
        if argv and (argv[0].rpartition("/")[2] in SHELLS or argv[0].endswith(".sh")):
            return [
                NotTried(self.name, f"{argv[0]} is a shell, and has its options in what it runs: {_within(profile)}")
            ]
        known = options_of(profile.help, profile.sources, profile.configs, argv)
        options = [o for o in known if o.style != "constant"]
        if not options:
            return [NotTried(self.name, "no option of the command is known")]
        kinds = functools.cache(lambda: _kinds(profile))  # all sources are parsed: only where an option asks, once
        lengths = (*totals(known), *([profile.length] if profile.length else []))
        return [c for option, m in _by_topic(options) for c in self._of(option, m, profile, kinds, lengths)]

    def _of(
        self, option: Option, m: Meaning, profile: Profile, kinds: Callable[[], Kinds], lengths: Sequence[float]
    ) -> Iterator[Candidate | NotTried]:
        for step in _steps(option, m, profile, lengths):
            if step.promise not in profile.accept:
                continue
            if profile.progress == "printed" and "printed" in step.fewer:
                yield NotTried(self.name, f"{option.spelling}: the progress that is measured is what it prints")
                continue
            words = option.words(step.value)
            if words is None:
                if option.style == "switch" and option.given is not None:
                    why = f"{option.spelling} has no opposite: leave it out of the command to see what it costs"
                    yield NotTried(self.name, why)
                continue
            seen = _seen_share(m.topic, profile.trace, kinds)
            touches = min(1.0, step.part * seen) if seen is not None else 1.0
            if bound(touches) < SHOWN:
                yield NotTried(self.name, f"{option.spelling}: {_seen(m.topic)} {touches:.0%} of the time at most")
                continue
            yield Candidate(
                self.name,
                shlex.join(words),
                f"{shlex.join(words)}: {step.says}{_yours(option)}",
                step.promise,
                flags=(words,),
                fewer=_fewer(step.fewer, profile),
                touches=touches,
                spoils=step.spoils,
                remains=step.remains,
                start_s=COMPILING_S if m.topic.about == "compile" else 0.0,
            )


def create(options: Mapping[str, Any]) -> Flags:
    """The lever; it has no options of its own."""
    return Flags()


def _within(profile: Profile) -> str:
    """How to name the script that a shell was seen to run, as far as that can be typed in the project's folder."""
    entry, words = profile.trace.facts.get("entry", ""), json.loads(profile.trace.facts.get("words", "[]"))[1:]
    if not entry.endswith(".py") or entry.endswith("__main__.py") or any(w.startswith("/") for w in (entry, *words)):
        return "name that command"
    return f"sixdays faster -- {shlex.join(['python', entry, *words])}"


def _fewer(kinds: Sequence[Kind], profile: Profile) -> tuple[Kind, ...]:
    """Of these counters those that the training does not move alone: it has one site of environments and batches."""
    sites = [c.kind for c in {(c.key, c.line): c for c in profile.trace.counters}.values()]
    return tuple(k for k in kinds if k in ("evaluation", "printed") or sites.count(k) > 1)


def _by_topic(options: Sequence[Option]) -> list[tuple[Option, Meaning]]:
    """Options that mean something here, in the order of the topics."""
    first = [(o, m) for o in options if (m := meaning(o))]
    intervals = frozenset(
        m.topic.about for o, m in first if m.sets == "interval" and not re.search(r"_(steps?|epochs?)$", o.name)
    )
    found = [(o, m) for o in options if (m := meaning(o, intervals))]
    return sorted(found, key=lambda om: TOPICS.index(om[1].topic))


def _yours(option: Option) -> str:
    return f" (the command says {option.given})" if option.given is not None else ""


def _seen(topic: Topic) -> str:
    return f"{topic.about} takes" if topic.about != "workers" else "loading takes"


# values ----------------------------------------------------------------------------------------------------------


def _steps(option: Option, m: Meaning, profile: Profile, lengths: Sequence[float]) -> Iterator[_Step]:
    """Values worth trying, as the meaning, the type and the machine allow."""
    match m.sets:
        case "interval":
            yield from _less_often(option, m.topic, profile, lengths)
        case "number":
            yield from _other_number(option, m.topic, profile)
        case "switch":
            yield from _switched(option, m, profile)
        case "choice":
            yield from _chosen(option, m.topic, profile)


def _promise(topic: Topic, profile: Profile) -> Promise:
    """Of a topic's changes; of an evaluation that steers the training another one than of one that only tells."""
    texts = (*profile.sources.values(), *profile.configs.values(), *profile.command.argv)
    return "changed" if topic.about == "evaluation" and any(map(_STEERS.search, texts)) else topic.promise


def _less_often(option: Option, topic: Topic, profile: Profile, lengths: Sequence[float]) -> Iterator[_Step]:
    """Of evaluations and checkpoints some must remain in a run of any length that may be meant in the same word."""
    value = option.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return
    if isinstance(value, float) and value < 1.0:  # a share of an epoch
        times, new = min(LESS_OFTEN, 1.0 / value), min(1.0, value * LESS_OFTEN)
    else:
        remaining = lengths if topic.about in ("evaluation", "saving") else ()
        if any(value <= n < REMAIN * value for n in remaining):
            return
        few = [n // REMAIN for n in remaining if n >= REMAIN * value]
        new = int(min([value * LESS_OFTEN, *few]))
        times = new / value
        if times <= 1.0:
            return
    says = f"{topic.verb} {times:.3g} times less often than with {text(value)}"
    yield _Step(new, _promise(topic, profile), says, 1.0 - 1.0 / times, topic.coarser, topic.fewer, 1.0 / times)


def _other_number(option: Option, topic: Topic, profile: Profile) -> Iterator[_Step]:
    value = option.value
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return
    loads = any(c.kind == "batch" for c in profile.trace.counters) or any("loader" in f for f in profile.trace.facts)
    if topic.about == "evaluation" and value > 1:
        new = max(1, value // LESS_OFTEN)
        spoils = f"evaluated on {new} in place of {value}: its numbers are noisier"
        yield _Step(
            new, "changed", f"{new} in place of {value} in each evaluation", 1 - new / value, spoils, topic.fewer
        )
    elif topic.about == "progress" and value > 0:
        yield _Step(0, "same", "nothing shown on the way", 1.0, topic.coarser, ("printed",))
    elif topic.about == "workers" and loads:
        for new in sorted({0, min(profile.machine.cores, 4)} - {value}, reverse=value == 0):
            yield _Step(new, "equivalent", f"{new} workers that load data in place of {value}")
    elif topic.about == "threads":
        for new in sorted({1, profile.machine.cores} - {value}):
            yield _Step(new, "equivalent", f"{new} thread{'s' * (new > 1)} in place of {value}")
    elif topic.about in ("environments", "batch") and value > 0:
        what = "environments side by side" if topic.about == "environments" else "items in a batch"
        yield _Step(value * LARGER, "changed", f"{value * LARGER} {what} in place of {value}", 1.0, topic.coarser)


def _switched(option: Option, m: Meaning, profile: Profile) -> Iterator[_Step]:
    """Beside the training: off. A way to do it: on where this machine can."""
    topic, is_on = m.topic, bool(option.value) != m.opposite
    gpu = bool(profile.machine.gpus)
    if topic.about in _BESIDE or topic.about == "deterministic":
        if is_on and (gpu or topic.about != "deterministic"):
            none = _NOTHING.get(topic.about, "")  # without it there is no answer, or no model: another experiment
            promise: Promise = "changed" if none else _promise(topic, profile)
            yield _Step(m.opposite, promise, f"{topic.about} off", 1.0, none or topic.coarser, topic.fewer)
        return
    can = {
        "compile": gpu or profile.machine.compiler,
        "fused": True,
        "pinned": gpu,
        "precision": gpu,
        "device": gpu,
    }
    if not is_on and can.get(topic.about, False):
        yield _Step(not m.opposite, topic.promise, f"{option.name.replace('_', ' ')} {'off' if m.opposite else 'on'}")


_BESIDE = frozenset(("drawing", "evaluation", "logging", "saving", "tracker", "progress", "checks"))
_NOTHING = {"evaluation": "nothing is evaluated", "saving": "nothing is saved"}
_NONE = ("none", "no", "off", "null", "disabled", "false")


def _chosen(option: Option, topic: Topic, profile: Profile) -> Iterator[_Step]:
    value, gpu = str(option.value), bool(profile.machine.gpus)
    if topic.about in ("tracker", "logging", "drawing", "progress"):
        none = next((c for c in option.choices if c.lower() in _NONE), None)
        if none is not None and value.lower() not in _NONE:
            yield _Step(none, "same", f"{topic.about} off", 1.0, topic.coarser, topic.fewer)
        elif value == "human":
            yield _Step("rgb_array", "same", "no window is drawn", 1.0, topic.coarser)
    elif topic.about == "precision" and gpu and value not in LOW:
        low = next((c for c in LOW if c in option.choices), None)
        if low is not None:
            yield _Step(low, "changed", f"{low} in place of {value}", spoils="numbers of lower precision")
    elif topic.about == "device" and gpu and value == "cpu":
        yield _Step("cuda", "equivalent", "on the GPU")


# shares ----------------------------------------------------------------------------------------------------------


def _kinds(profile: Profile) -> Kinds:
    kinds = Kinds(profile.sources)
    kinds.learn(profile.trace)
    return kinds


def _seen_share(topic: Topic, trace: Trace, kinds: Callable[[], Kinds]) -> float | None:
    """The share of the time that is seen below a topic's functions and files; None where that cannot be told."""
    if sum(s.seconds for s in trace.stacks if s.thread == "main") < SEEN_S:
        return None
    is_about = kinds().evaluates if topic.about == "evaluation" else _is_below(topic.below) if topic.below else None
    if is_about is None:
        return None
    is_kind = topic.about in TOLD
    found = share(trace, lambda s: any(map(is_about, s.frames)) or (is_kind and kinds().of(s) == topic.about))
    # What is written into the main loop has no function of its own; what a library does always has its files.
    return min(1.0, ROOM * found) if found or topic.library or is_kind else None


def _is_below(places: str) -> Callable[[Frame], bool]:
    pattern = re.compile(places)
    return lambda f: bool(pattern.search(f.function)) or _in(pattern, f.file)


def _in(below: re.Pattern[str], file: str) -> bool:
    """Files of libraries only: a project's folder may be called anything."""
    return "site-packages" in file and bool(below.search(file))
