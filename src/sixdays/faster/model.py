"""The values that a search for speed works on: probes make a Trace, levers Candidates. Nothing is started here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Promise = Literal["same", "equivalent", "changed", "less"]
PROMISES: tuple[Promise, ...] = ("same", "equivalent", "changed", "less")
USUAL = PROMISES[:2]  # what the headline counts
Kind = Literal["env step", "optimiser step", "batch", "evaluation", "printed"]


@dataclass(frozen=True, slots=True)
class Command:
    """What the user runs. argv: words, no shell; cwd: the folder it runs in, relative to root.

    root: the project's folder (absolute), of which probes get a copy. env: what is added to the environment.
    entry: the script that was seen to run, where the words do not tell it; relative to root.
    """

    argv: tuple[str, ...]
    root: str
    cwd: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One change to a command, as a lever proposes it. The engine measures it; a lever never does.

    lever: the lever's name. name: unique within the lever, a few words. text: what changes, for people.
    promise: its price class. env: set in the environment. unset: taken out of it.
    preamble: plain lines of Python that run before the script's first line. patch: a unified diff against root.
    flags: words set on the command line, one option each: ("--eval-every", "0"), ("eval.every=0",), ("--no-plot",).
    argv: another command line altogether, in place of the command's. copies: how many run side by side.
    fewer: kinds of counters that it moves less often by design (evaluated every tenth time, as many items each).
    touches: the largest share of the wall time that it can take away, 0 to 1.
    remains: of what it does less often, the share that is left, which a short run may not come to; 0 where nothing is.
    start_s: seconds that a run may take longer until it does its first unit (what is compiled, what is loaded).
    group: of the lever's candidates that set one thing, each in the other's place; empty where it stands alone.
    spoils: what it may spoil, empty where nothing.
    """

    lever: str
    name: str
    text: str
    promise: Promise
    env: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    preamble: tuple[str, ...] = ()
    patch: str = ""
    flags: tuple[tuple[str, ...], ...] = ()
    argv: tuple[str, ...] | None = None
    copies: int = 1
    fewer: tuple[Kind, ...] = ()
    touches: float = 1.0
    remains: float = 0.0
    start_s: float = 0.0
    group: str = ""
    spoils: str = ""


@dataclass(frozen=True, slots=True)
class NotTried:
    """What a lever does not propose here, and why, in words. for_time: a longer budget would have room for it."""

    lever: str
    why: str
    for_time: bool = False


Setting = tuple[Candidate, ...]  # candidates put into a command together; empty: the command as it is


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it is measured. load: of other processes, in cores busy. gpus: names; gpu_users: others that use them."""

    cores: int
    memory_bytes: int = 0
    load: float = 0.0
    gpus: tuple[str, ...] = ()
    gpu_users: tuple[str, ...] = ()
    compiler: bool = False  # a C++ compiler is at hand


@dataclass(frozen=True, slots=True)
class Counter:
    """One thing that moves in a command, counted by the agent.

    kind: env step · optimiser step · batch (of a DataLoader) · evaluation (a forward pass of a module in eval mode)
    · printed (a number that grows, or lines that come again). file, function, line: the call site, file relative to the
    project's root where it lies there. For an optimiser step: where the optimiser's `step` was called.
    each: how many units one event stands for: environments side by side, items of an evaluation.
    times: seconds since the probe began at which each event was over, without what the agent itself took;
    shape (n,), n ≤ count: after the first EVERY events only each SPARSE-th is noted (see `events`).
    bursts: of an env step or evaluation, between how many pairs of optimiser steps in turn it moved at least once.
    ends: of an env step, of the first EVERY events the numbers of those with which an episode ended, shape (m,); twice
    where two of a vector ended.
    """

    kind: Kind
    file: str
    function: str
    line: int
    times: FloatArray
    count: int
    each: float = 1.0
    bursts: int = 0
    process: int = 0
    first: float = 0.0  # seconds since the probe began at which it moved first
    ends: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the same site in another probe: lines move under a patch, functions rarely do."""
        return (self.kind, self.file, self.function)


EVERY, SPARSE = 1 << 20, 16


@dataclass(frozen=True, slots=True)
class Digest:
    """What a command had computed at one moment.

    what: parameters (of an optimiser) · state (of the environments at the same moment: the rewards until then, and the
    first numbers of what was observed last) · begun (that state after the next step) · actions (given to an
    environment) · seen (what environments gave back) · logged (a scalar).
    site: which optimiser or environment site, from 0 in order.
    at: after how many updates or steps; 0: before the first update. hash: of all bits, empty where too large.
    values: some of the parameters, always the same ones, or what is first of what was observed, as float64.
    shapes: of all parameters, with their types.
    counts: of every counter at that moment, by Counter.key.
    """

    what: Literal["parameters", "state", "begun", "actions", "seen", "logged"]
    site: int
    at: int
    hash: str
    values: FloatArray | None = None
    shapes: str = ""
    counts: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def equals(self, other: Digest) -> bool:
        """Bit for bit, where hashes are; else by the sampled values."""
        if self.hash and other.hash:
            return self.hash == other.hash
        mine, theirs = self.values, other.values
        return mine is not None and theirs is not None and bool(np.array_equal(mine, theirs, equal_nan=True))


@dataclass(frozen=True, slots=True)
class Frame:
    """file: relative to the project's root where it lies there, else absolute."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a thread was seen, innermost frame last. seconds: of wall time that its samples stand for."""

    frames: tuple[Frame, ...]
    seconds: float
    thread: str = "main"


@dataclass(frozen=True, slots=True)
class Printed:
    """A line of its output. at: seconds since the probe began, without what the agent took until then. is_late: after
    lines of a flood that were left out.
    """

    at: float
    text: str
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """One measured run of a command, or of one of its copies.

    cpu: shape (n, 2): seconds since the probe began, seconds of CPU of all its processes until then.
    exit: its status where it ended by itself; None where it was stopped. signal: that killed it, not by us.
    stopped: why we stopped it: "units", "time", "memory", "disk", "interrupted"; empty where it ended by itself.
    facts: what the agent saw: "entry" (the script), "executable", "version", "torch threads", "raised" (the exception
    that ended it), "own environments" (classes of the script's), "seeded" (streams that the script left free, with
    commas), "words" (of its command line, as JSON), "others step" (only other processes step environments), "learners"
    (how many processes learn, of many), "actions" ("whole numbers" where all environments take such), "optimisers",
    "device" … modules: name → version of what was imported.
    outside: paths outside the copy that were written. load: cores that other processes kept busy meanwhile. pause:
    seconds that the agent took; paused: shape (n, 2): until when how many of them. Moments of counters and of printed
    lines are without these.
    wrote: bytes written into the copy. figures: name → hash of the pictures on disk at the end.
    """

    counters: tuple[Counter, ...] = ()
    digests: tuple[Digest, ...] = ()
    stacks: tuple[Stack, ...] = ()
    printed: tuple[Printed, ...] = ()
    cpu: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    seconds: float = 0.0
    exit: int | None = None
    signal: int | None = None
    stopped: str = ""
    pause: float = 0.0
    paused: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    load: float = 0.0
    peak_bytes: int = 0
    wrote: int = 0
    outside: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)

    @property
    def ended_well(self) -> bool:
        """It came to its end by itself, without an error."""
        return self.exit == 0 and not (self.stopped or self.failed)

    @property
    def failed(self) -> bool:
        """It ended with an error, or was killed by something else than us."""
        ended_badly = bool(self.exit) or self.signal is not None or (not self.stopped and "raised" in self.facts)
        return ended_badly or self.stopped in ("memory", "disk")


@dataclass(frozen=True, slots=True)
class Profile:
    """All that a lever may look at when it proposes: the command, one diagnosing trace of it, the machine, sources.

    help: what its --help prints; empty where unknown.
    sources: texts of the project's files that were seen running, by relative path. configs: of files that the
    command names. seeds: how many copies the user needs. accept: the classes that the user takes. progress: the kind of
    unit that is measured; empty where it is not known. length: units of one whole run, where that is known.
    """

    command: Command
    trace: Trace
    machine: Machine
    help: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    configs: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 1
    accept: tuple[Promise, ...] = USUAL
    progress: str = ""
    length: float | None = None
