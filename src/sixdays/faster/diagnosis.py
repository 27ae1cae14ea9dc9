"""Where the time of a command goes, as lines with what to do about each: from samples and sources, nothing is run."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, dropwhile
from typing import Any

from sixdays.faster.bounds import Site, bound, by_line, is_own, own, working
from sixdays.faster.evaluations import acts, is_seldom
from sixdays.faster.graphs import keeps_graph
from sixdays.faster.kinds import PRODUCTS, Doing, Kinds, Loop, package
from sixdays.faster.loaders import loaders
from sixdays.faster.model import Profile, Stack
from sixdays.faster.unit import UNCOUNTED, of_kind

WORTH = 0.03  # a share below is not worth a line
LARGE = 0.1  # a share from which a line comes before one that says that nothing can be taken away
AS_LONG = 0.4  # of the time: an evaluation, or an environment, that takes about as long as the training
SAID = ("fetching", "threads")  # how much it would give is not known, and worth a line all the same
MOST = 100  # a larger bound says no more than that nearly all of the time would go
SMALL = 500_000  # parameters: below, a pass takes longer to start than to compute
SHORT_S = 0.005  # of forward and backward for one update: below, the same
_AUGMENTS = re.compile(  # items that are drawn anew: torchvision's, and others'
    r"\b(Random(Crop|Resized|Horizontal|Vertical|Flip|Rotat|Affine|Eras|Apply|Gray|Perspective|Adjust|Brightness)\w*|"
    r"ColorJitter|AutoAugment|RandAugment|TrivialAugment\w*|AugMix|albumentations)\b"
)
CHANCE = 0.02  # of the passes in a loop: a line of it seen in fewer is one where something ran by chance


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the user's, what it does, and what to do about it.

    share: of the time after the start that the change can take away, 0 to 1. bound: the most that it can give. takes:
    its share of the time, where nothing of that can be taken away.
    """

    file: str
    line: int
    share: float
    kind: str
    bound: float
    text: str
    takes: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "share": self.share,
            "kind": self.kind,
            "bound": None if math.isinf(self.bound) else self.bound,
            "text": self.text,
        }


def diagnose(profile: Profile) -> tuple[Line, ...]:
    """Lines with the share that a change could take away, largest first; none where no stack of theirs was seen.

    What takes long and cannot be taken away is said, too; first, where that is more than what any change could give.
    """
    view = _View(profile)
    if not view.total:
        return ()
    found = [*_graph(view), *_element_loops(view), *_kinds(view), *_threads(view)]
    found.sort(key=lambda x: -x.share)
    worth = [x for x in found if x.share >= WORTH or x.kind in SAID]
    nothing = sorted((x for x in found if x.takes >= AS_LONG), key=lambda x: -x.takes)
    if nothing and (not worth or worth[0].share < LARGE):
        return (*nothing, *worth)
    return (*worth, *nothing) or tuple(sorted(found, key=lambda x: -max(x.share, x.takes))[:1])


class _View:
    """A profile's samples after the start, each with what it was doing. taken: by a template that knows more."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.kinds = Kinds(profile.sources)
        self.kinds.learn(profile.trace)
        stacks = working(profile.trace)
        self.stacks = stacks if profile.progress == "run" else self.kinds.steady(stacks)
        self.total = sum(s.seconds for s in self.stacks)
        self.by_kind: dict[Doing, list[Stack]] = defaultdict(list)
        for s in self.stacks:
            self.by_kind[self.kinds.of(s)].append(s)

    def share(self, stacks: Iterable[Stack]) -> float:
        return sum(s.seconds for s in stacks) / self.total

    def take(self, stacks: Sequence[Stack]) -> None:
        """These are spoken for: no other line counts them again."""
        gone = set(map(id, stacks))
        for kind, have in self.by_kind.items():
            self.by_kind[kind] = [s for s in have if id(s) not in gone]

    @property
    def on_gpu(self) -> bool:
        return self.profile.trace.facts.get("device", "").startswith("cuda")

    @property
    def updates_at_once(self) -> bool:
        """Its optimisers update all parameters at once already: they were told to, or do so by default, on a GPU."""
        made = [text for name, text in self.profile.trace.facts.items() if re.fullmatch(r"optimiser \d+", name)]
        is_default = self.on_gpu and not any("foreach=False" in text for text in made)
        return bool(made) and (is_default or all("fused=True" in text or "foreach=True" in text for text in made))

    @property
    def acts(self) -> bool:
        """Its networks choose actions in environments, of a library or its own."""
        trace = self.profile.trace
        return bool(UNCOUNTED & trace.facts.keys() or of_kind(trace, "env step"))

    @property
    def passes(self) -> list[Stack]:
        return [*self.by_kind["forward"], *self.by_kind["backward"]]

    @property
    def small(self) -> bool:
        """Its networks are so small that a pass is mostly the overhead of its calls.

        By their parameters; where these are unknown, or kernels that are used again and again, by the time they take.
        """
        known = [d.shapes for d in self.profile.trace.digests if d.shapes]
        if known and max(map(_parameters, known)) >= SMALL:
            return False
        if self.acts and known and not any(shape.count(",") > 2 for one in known for shape in one.split(";")):
            return True  # which acts on one state at a time; others may be given as much as they can hold
        updates = sum(c.count for c in self.profile.trace.counters if c.kind == "optimiser step")
        seconds = sum(s.seconds for s in self.passes)
        return not updates or seconds / updates < SHORT_S


def _parameters(shapes: str) -> int:
    """How many numbers an optimiser trains, from "(4, 64) float32;(64,) float32".

    >>> _parameters("(4, 64) float32;(64,) float32")
    320
    """
    inner = (part.partition("(")[2].partition(")")[0] for part in shapes.split(";"))
    return sum(math.prod(int(n) for n in one.split(",") if n.strip().isdigit()) for one in inner)


def _nothing(view: _View, stacks: Sequence[Stack], kind: str, text: str) -> Line:
    """Time that no change takes away."""
    return Line(*_hottest(stacks), 0.0, kind, 1.0, text, view.share(stacks))


def _made(view: _View, site: Site, share: float, kind: str, text: str) -> Line:
    """A line whose text ends in its bound, where there is one to name."""
    share = min(share, 1.0)
    most = bound(share)
    if share:
        text += f": bound {most:.1f}×" if most < MOST else f": bound above {MOST}×"
    return Line(site[0], site[1], share, kind, most, text)


def _graph(view: _View) -> Iterator[Line]:
    """A policy that acts in grad mode, step after step, and keeps what it gave for one update at the end."""
    acting = {(c.file, c.line) for c in view.profile.trace.counters if c.kind == "env step"}
    if not acting and "own environments" in view.profile.trace.facts:  # which nobody counts
        acting = view.kinds.steps - {(c.file, c.line) for c in view.profile.trace.counters}
    for file, line in sorted(acting):
        loop = view.kinds.loop((file, line))
        if loop is None:
            continue
        passes = _passes_of(view, file, loop)
        lines = [[(f.file, f.line) for f in s.frames if is_own(f)] for s in passes]
        if not passes or not keeps_graph(view.kinds.trees, file, loop, lines):
            continue
        taken = [*passes, *(s for s in view.by_kind["backward"])]
        text = "each step keeps its own graph. Act without gradients, recompute once per episode"
        yield _made(view, _hottest(passes), view.share(taken), "graph per step", text)
        view.take(taken)
        return


def _passes_of(view: _View, file: str, loop: Loop) -> list[Stack]:
    """Passes of networks in a loop, but for lines of it that are hardly ever seen in one: what runs there by chance."""
    found: dict[int, list[Stack]] = defaultdict(list)
    for s in view.stacks:
        at = next((f.line for f in s.frames if f.file == file and _holds(loop, f.line)), None)
        if at is not None and view.kinds.of(s) in ("forward", "distribution"):
            found[at].append(s)
    least = CHANCE * sum(map(view.share, found.values()))
    return [s for stacks in found.values() if view.share(stacks) >= least for s in stacks]


def _element_loops(view: _View) -> Iterator[Line]:
    """Loops of the user's that go through arrays or tensors one element at a time, or so ask a library for answers."""
    slow: dict[tuple[str, int], list[Stack]] = defaultdict(list)
    moving = {
        (c.file, c.line) for c in view.profile.trace.counters if c.kind in ("env step", "optimiser step", "batch")
    }
    kinds: tuple[Doing, ...] = ("python", "tensors", "growing", "copies", "library")
    for kind in kinds:
        for s in view.by_kind[kind]:
            frame = own(s)
            if kind == "library" and not view.kinds.is_asked(s):
                continue
            loop = view.kinds.loop((frame.file, frame.line)) if frame else None
            if loop is None or frame is None or _moves(view, frame.file, loop, moving):
                continue
            if view.kinds.goes_through_elements(frame.file, loop):
                slow[(frame.file, loop.lineno)].append(s)
    for stacks in slow.values():
        share = view.share(stacks)
        if share >= WORTH:
            text = "a loop that goes one element at a time: compute it for the whole array at once"
            site = _hottest(stacks)
            if name := Counter(map(package, stacks)).most_common(1)[0][0]:
                text = f"{name} is asked for one item at a time: one call for all"
            elif view.kinds.is_recurrence(site):
                text = (
                    "a loop each pass of which needs the one before: compile it (Numba), or compute many side by side"
                )
            yield _made(view, site, share, "element by element", text)
            view.take(stacks)


def _moves(view: _View, file: str, loop: Loop, moving: set[Site]) -> bool:
    """A loop of training or acting itself, or of operations on whole arrays, which cannot be one operation."""
    lines = range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)
    called = set[str]().union(*(view.kinds.calls((file, n)) for n in lines))
    return any((file, n) in moving for n in lines) or bool(called & {"backward", "zero_grad", "step", *PRODUCTS})


def _holds(node: Loop, line: int) -> bool:
    return node.lineno < line <= (node.end_lineno or node.lineno)


def _hottest(stacks: Iterable[Stack]) -> Site:
    """The user's line that most of the time of these stacks lies in."""
    return next(iter(by_line(stacks)))


def _call_of(view: _View, stacks: Sequence[Stack]) -> Site:
    """The line that calls the evaluation, where one is seen above it; else its own hottest line."""
    above: dict[Site, float] = defaultdict(float)
    for s in stacks:
        first = next(i for i, f in enumerate(s.frames) if view.kinds.evaluates(f))
        callers = [f for f in s.frames[:first] if is_own(f)]
        caller = callers[-1] if callers else next(f for f in s.frames[first:] if is_own(f))
        above[(caller.file, caller.line)] += s.seconds
    return max(above, key=lambda x: above[x])


# kind → what part of it a change can take away, and what that change is.
_ADVICE: dict[Doing, tuple[float, str]] = {
    "drawing": (1.0, "figures and frames are drawn while it trains: draw at the end, or every hundredth time"),
    "evaluation": (1.0, "it evaluates for this share of the time: evaluate less often, or on fewer items"),
    "logging": (1.0, "it writes to a log again and again: write every hundredth time, or keep numbers and write once"),
    "saving": (1.0, "it saves again and again: save less often, or only the best"),
    "distribution": (0.7, "a distribution is built, checked and asked anew: validate_args=False, or logits by hand"),
    "optimiser": (0.5, "the optimiser goes from parameter to parameter: fused=True, or foreach=True"),
    "tensors": (1.0, "tensors are made from lists and arrays: make one array first, once, and convert that"),
    "copies": (1.0, "values are fetched from tensors one by one: keep them as tensors, fetch once per update"),
    "deepcopy": (1.0, "objects are copied deeply: copy only what changes, or keep arrays"),
    "growing": (1.0, "arrays grow by copies of themselves: fill one array that is made first"),
    "waiting": (1.0, "it waits: for a lock, a process, the network or a sleep; do it beside, or not at all"),
}


def _kinds(view: _View) -> Iterator[Line]:
    """One line for each kind of work: where most of it happens."""
    for kind, stacks in list(view.by_kind.items()):
        if not stacks or kind in ("forward", "backward", "start"):
            continue
        share = view.share(stacks)
        if kind == "library":
            yield _library(view, stacks)
        elif kind == "waiting" and _of_workers(stacks):
            text = f"{100 * share:.0f} % where it waits for processes of its own, whose lines are not seen here"
            yield _nothing(view, stacks, "workers", text)
        elif kind == "copies" and view.on_gpu:
            text = f"{100 * share:.0f} % where it waits for what the GPU has to do: fetch values once per update"
            if share >= WORTH:
                yield _made(view, _hottest(stacks), 0.0, "fetching", text)
        elif kind == "optimiser" and view.updates_at_once:
            yield _nothing(view, stacks, kind, f"{100 * share:.0f} % in the optimiser, which updates all at once")
        elif kind in _ADVICE:
            part, text = _ADVICE[kind]
            text = _evaluation(view, stacks) or text if kind == "evaluation" else text
            site = _call_of(view, stacks) if kind == "evaluation" else _hottest(stacks)
            yield _made(view, site, part * share, kind, text)
        elif kind == "environment":
            yield _environment(view, stacks)
        elif kind == "data":
            yield _data(view, stacks)
        elif kind == "python":
            yield _own(view, stacks)
        elif kind == "products":
            yield _products(view, stacks)
    if view.passes:
        yield _passes(view, view.passes)


def _of_workers(stacks: Sequence[Stack]) -> bool:
    """Most of what waits, waits for processes that were started to do the work."""
    waits = [s for s in stacks if any("/multiprocessing/" in f.file or "/concurrent/" in f.file for f in s.frames)]
    return 2 * sum(s.seconds for s in waits) > sum(s.seconds for s in stacks)


def _evaluation(view: _View, stacks: Sequence[Stack]) -> str:
    """What is special about how it evaluates: at each step, or as long as it trains; empty where nothing is."""
    trace, within = view.profile.trace, [dropwhile(lambda f: not view.kinds.evaluates(f), s.frames) for s in stacks]
    places = {(f.file, f.function) for f in chain(*within)}
    mine = [c for c in of_kind(trace, "evaluation") if (c.file, c.function) in places and not acts(trace, c)]
    if of_kind(trace, "optimiser step") and any(not is_seldom(trace, c) for c in mine):
        return "it validates at each step, or nearly: every hundredth tells as much"
    if view.share(stacks) >= AS_LONG:
        return "it evaluates about as long as it trains, or longer: evaluate less often, or on fewer items"
    return ""


def _threads(view: _View) -> Iterator[Line]:
    """More threads than cores: they wait for each other."""
    threads, cores = view.profile.trace.facts.get("torch threads", ""), view.profile.machine.cores
    if threads.isdigit() and int(threads) > cores and view.stacks:
        text = f"{threads} threads on {cores} cores wait for each other: OMP_NUM_THREADS=1, or as many as cores"
        yield _made(view, _hottest(view.passes or view.stacks), 0.0, "threads", text)


def _library(view: _View, stacks: Sequence[Stack]) -> Line:
    """Work of a package that we know nothing of."""
    name = Counter(map(package, stacks)).most_common(1)[0][0] or "compiled code"
    text = f"{100 * view.share(stacks):.0f} % inside {name}, of which no lever is known here"
    return _nothing(view, stacks, "library", text)


def _own(view: _View, stacks: Sequence[Stack]) -> Line:
    """The function of the user's own that takes most, where no library does."""
    functions: dict[tuple[str, str], list[Stack]] = defaultdict(list)
    for s in stacks:
        if (frame := own(s)) is not None:
            functions[(frame.file, frame.function)].append(s)
    (_, name), most = max(functions.items(), key=lambda x: sum(s.seconds for s in x[1]))
    text = f"largest share of your own code, in {name}: do it for whole arrays, less often, or keep what it gave"
    return _made(view, _hottest(most), 0.8 * view.share(most), "python", text)


def _environment(view: _View, stacks: Sequence[Stack]) -> Line:
    """The step of an environment, of which a change of the script takes nothing away."""
    text = f"the environment itself takes {100 * view.share(stacks):.0f} %: a faster one, or several side by side"
    return _nothing(view, stacks, "environment", text)


def _data(view: _View, stacks: Sequence[Stack]) -> Line:
    """Items made while it trains: by the training process itself, or by too few workers."""
    cores = view.profile.machine.cores
    workers = max((x.workers for x in loaders(view.profile.trace)), default=0)
    once = "make them once and index them"
    if any(_AUGMENTS.search(source) for source in view.profile.sources.values()):
        once = "do once what is not drawn by chance"
    text = f"items are made anew each epoch by the process that trains: {once}"
    if workers:
        by = f"{workers} worker{'s' * (workers > 1)} of {cores} cores"
        text = f"it waits for items that {by} make anew each epoch: {once}"
    if cores - 1 > workers:
        text += f", or num_workers={min(cores - 1, 8)} of {cores} cores"
    return _made(view, _hottest(stacks), view.share(stacks), "data", text)


def _products(view: _View, stacks: Sequence[Stack]) -> Line:
    """Products of matrices, which are at their bound unless these are tiny."""
    text = f"{100 * view.share(stacks):.0f} % in products of matrices: no lever in the code"
    text += "; run 2 copies with one thread each" * (view.profile.machine.cores > 1)
    if view.on_gpu:
        text = f"{100 * view.share(stacks):.0f} % in products of matrices on the GPU: bf16 or TF32, torch.compile"
    return _nothing(view, stacks, "products", text)


def _passes(view: _View, stacks: Sequence[Stack]) -> Line:
    """Forward and backward: small ones are mostly overhead, large ones are products of matrices.

    Of small ones those that act can be spared, four fifths of each; how many these are is not known, and of a backward
    pass nothing can: half of all that goes forward. torch.compile makes such networks slower on a CPU.
    Source: benchmarks.switches.
    """
    facts = view.profile.trace.facts
    if not view.small:
        return _products(view, stacks)
    forward = view.by_kind["forward"]
    text = "a small network: its calls cost more than its products. "
    text += "Act in NumPy, or in several environments with one call" if view.acts else "Larger batches per call"
    if view.on_gpu:
        text = "a small network on a GPU waits for its launches: CUDA graphs, many seeds on one card, or the CPU"
    elif facts.get("torch threads", "1") not in ("", "1"):
        text += f"; {facts['torch threads']} threads rarely help it, and on a busy machine they hinder it"
    return _made(view, _hottest(forward or stacks), 0.5 * view.share(forward), "small passes", text)
