"""One measured run of a command: copies side by side under the agent, watched, stopped, with nothing left behind."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sixdays import processes
from sixdays.errors import RunError
from sixdays.faster import printed
from sixdays.faster.model import Command, FloatArray, Printed, Setting, Trace
from sixdays.faster.unit import Unit, counted
from sixdays.probes.copying import size_of
from sixdays.probes.environment import AGENT
from sixdays.probes.leading import OUT
from sixdays.probes.machine import free_memory
from sixdays.probes.scratch import Place, Scratch
from sixdays.probes.traces import counts, read_trace

POLL_S = 0.05
SCRATCH = "/scratch"  # what is printed of a scratch folder
MOST_DISK = 20 << 30
# A look at all processes, at the disk or at the agent's files takes this share of the time at most.
SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Stop:
    """When a probe ends. seconds: at the latest. events of a unit: as soon as every copy has counted so many; with no
    unit: of anything that the agent counts. Of a number that is printed they are what it grows to.

    enough: asked now and then of what was seen so far; the probe ends where it says yes.
    memory_bytes, disk_bytes: of all copies together, over which they are stopped; 0: 90 % of the memory that is free
    at the start, half of the disk's room (at most 20 GB).
    """

    seconds: float
    unit: Unit | None = None
    events: float = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    enough: Callable[[Trace], bool] | None = None


@dataclass(slots=True)
class _Copy:
    """One copy under way."""

    place: Place
    process: processes.Process
    cpu: list[tuple[float, float]]
    outside: set[str]
    stopped: str = ""
    seconds: float = 0.0


class Interrupted(KeyboardInterrupt):
    """The user stopped a run. traces: what its copies had shown until then."""

    def __init__(self, traces: tuple[Trace, ...]) -> None:
        super().__init__()
        self.traces = traces


class _Seldom:
    """Says when it is time for something again: as often as its own cost allows."""

    def __init__(self, least_s: float) -> None:
        self._least = least_s
        self._next = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        now = time.monotonic()
        self._next = now + max(self._least, (now - began) / SHARE)

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next


def probe(
    scratch: Scratch,
    command: Command,
    setting: Setting = (),
    *,
    stop: Stop,
    stacks_every: float = 0.0,
    seed: int = 1,
) -> tuple[Trace, ...]:
    """The command with the candidates in, run in fresh copies: one Trace for each of its copies side by side.

    Raises:
        RunError: it cannot be started, a patch does not apply, or it went to the project itself.
        Interrupted: the user stopped it.
        Overwritten: it wrote a file of the user's project.
    """
    places: list[Place] = []
    traces: tuple[Trace, ...] = ()
    try:
        for _ in range(max((c.copies for c in setting), default=1)):
            places.append(scratch.fresh(command, setting))
        traces = run(places, stop=stop, stacks_every=stacks_every, seed=seed)
        _check_stays(places)
    except Interrupted as e:
        traces = e.traces
        raise
    finally:
        for place in places:
            scratch.release(place)
        scratch.check({path for t in traces for path in t.outside})
    return traces


def _check_stays(places: Sequence[Place]) -> None:
    """Raises RunError where a process was about to run in the project itself; the agent ended it."""
    for found in (file for place in places for file in Path(place.agent).glob("*.strayed")):
        raise RunError(
            f"the command goes to the project by a name that we do not follow: {found.read_text(encoding='utf-8')}",
            "let it use paths relative to where it starts",
        )


def run(
    places: Sequence[Place],
    *,
    stop: Stop,
    stacks_every: float = 0.0,
    seed: int = 1,
) -> tuple[Trace, ...]:
    """One Trace for each place: what stands ready there is started together and stopped together.

    stacks_every: seconds between samples of the stacks; 0: none. seed: of the streams that a script leaves free, in the
    first of them; the next one in each other.

    Raises:
        RunError: the command cannot be started.
        Interrupted: the user stopped it.
    """
    memory = stop.memory_bytes or int(0.9 * free_memory()) or 1 << 62
    disk = stop.disk_bytes or min(MOST_DISK, shutil.disk_usage(places[0].folder).free // 2)
    largest = stop.disk_bytes or max(disk, 2 * memory)  # of one file: some lie in memory, or have holes
    began = time.monotonic_ns()
    busy, own, is_interrupted = processes.busy_s(), time.process_time(), False
    with ExitStack() as family:
        copies = [
            _Copy(p, family.enter_context(_started(p, began, largest, stacks_every, seed + i)), [], set())
            for i, p in enumerate(places)
        ]
        try:
            _watch(copies, stop, memory, disk)
        except KeyboardInterrupt:
            is_interrupted = True
            for c in copies:
                c.stopped, c.seconds = c.stopped or "interrupted", c.process.seconds
        took = (time.monotonic_ns() - began) / 1e9
        cpu = sum(c.process.cpu_s for c in copies)
        load = _load(busy, processes.busy_s(), cpu + time.process_time() - own, took)
    traces = tuple(_trace(c, load) for c in copies)
    if is_interrupted:
        raise Interrupted(traces)
    return traces


def _started(
    place: Place, began: int, disk: int, stacks_every: float, seed: int
) -> AbstractContextManager[processes.Process]:
    env = {
        **place.env,
        "PYTHONPATH": os.pathsep.join([str(AGENT), *filter(None, [place.env.get("PYTHONPATH", "")])]),
        "SIXDAYS_AGENT_DIR": place.agent,
        "SIXDAYS_AGENT_SEED": str(seed),
        "SIXDAYS_AGENT_STACKS": str(stacks_every),
        "SIXDAYS_AGENT_ROOT": place.original,
        "SIXDAYS_AGENT_COPY": place.root,
        "SIXDAYS_AGENT_COPIES": os.path.dirname(place.folder),
        "SIXDAYS_AGENT_EPOCH": str(began),
    }
    return processes.started(place.argv, place.cwd, env, mark=place.mark, file_bytes=disk, began=began)


def _watch(copies: Sequence[_Copy], stop: Stop, memory: int, disk: int) -> None:
    """Comes back when all copies have ended or are to be stopped; each says why."""
    look, weigh, count, name, judge = _Seldom(0.2), _Seldom(0.5), _Seldom(POLL_S), _Seldom(1.0), _Seldom(0.5)
    base = sum(size_of(c.place.folder) for c in copies)
    while running := [c for c in copies if not c.process.poll()]:
        seconds = running[0].process.seconds
        if look.due:
            with look.timed():
                _look(running)
        why = "time" if seconds >= stop.seconds else ""
        if sum(c.process.rss for c in running) > memory and sum(c.process.memory() for c in running) > memory:
            why = "memory"
        if weigh.due:
            with weigh.timed():
                if sum(size_of(c.place.folder) for c in copies) - base > disk:
                    why = "disk"
        if stop.events and count.due:
            with count.timed():
                if all(_counted(c, stop.unit) >= stop.events for c in running):
                    why = why or "units"
        if stop.enough and judge.due:
            with judge.timed():
                if all(stop.enough(_so_far(c)) for c in running):
                    why = why or "units"
        if name.due:
            with name.timed():
                _note_writes(running)
        if why:
            for c in running:
                c.stopped, c.seconds = why, c.process.seconds
            _look(running)
            return
        processes.attend([c.process for c in running], min(POLL_S, max(0.0, stop.seconds - seconds)))


def _look(running: Sequence[_Copy]) -> None:
    seen = processes.table()
    for c in running:
        c.process.family(seen)
        c.cpu.append((c.process.seconds, c.process.cpu_s))


def _note_writes(running: Sequence[_Copy]) -> None:
    for c in running:
        copies_here = os.path.realpath(os.path.dirname(c.place.folder)) + os.sep
        c.outside |= {p for p in c.process.writes() if not p.startswith(copies_here)}


def _counted(copy: _Copy, unit: Unit | None) -> float:
    """How many events of the unit, or of the most active counter, the copy has seen; how far the number has grown."""
    if unit is not None and unit.kind == "printed":
        found = printed.grown(_lines(copy, np.zeros((0, 2))), unit.key[0], int(unit.key[1]))
        return float(found.values[-1]) if found else 0.0
    seen = counts(Path(copy.place.agent))
    return counted(unit, seen) if unit is not None else max((n for _, _, n in seen), default=0)


def _so_far(copy: _Copy) -> Trace:
    """What a copy that runs has shown until now: counters, printed lines, no samples."""
    seen = read_trace(Path(copy.place.agent))
    return replace(seen, printed=_lines(copy, seen.paused), seconds=copy.process.seconds, stopped="time")


def _lines(copy: _Copy, paused: FloatArray) -> tuple[Printed, ...]:
    """What it printed, with paths as the user knows them: of the copy relative to the project, and its folder the
    project's. What is left of a scratch folder has one name in all runs. paused: see Trace.
    """
    place = copy.place
    inner, outside = place.root + os.sep, os.path.join(place.folder, OUT)
    names = ((inner, ""), (outside, ""), (place.root, place.original), (place.folder, SCRATCH))
    output = copy.process.output
    moments = np.array([at for at, _ in output.lines])
    if len(paused):
        at = paused.sum(axis=1)  # as the clock on the wall has it
        moments -= np.interp(moments, np.append(0.0, at), np.append(0.0, paused[:, 1]))
    return tuple(
        Printed(
            at, _known(text, names) if place.folder in text else text, is_late=i >= len(output.first) and output.has_gap
        )
        for i, (at, (_, text)) in enumerate(zip(moments.tolist(), output.lines, strict=True))
    )


def _known(text: str, names: Sequence[tuple[str, str]]) -> str:
    for name, known in names:
        text = text.replace(name, known)
    return text


def _trace(copy: _Copy, load: float) -> Trace:
    process, place = copy.process, copy.place
    seen = read_trace(Path(place.agent))
    status = None if copy.stopped else process.status
    cpu = np.array([*copy.cpu, (process.ended_s, process.cpu_s)] if not copy.stopped else copy.cpu).reshape(-1, 2)
    told = len(seen.cpu) > 1 and seen.cpu[-1, 1] >= 0.9 * cpu[-1, 1]  # else much of it is not Python
    return replace(
        seen,
        printed=_lines(copy, seen.paused),
        cpu=seen.cpu if told else cpu,
        seconds=copy.seconds if copy.stopped else process.ended_s,
        exit=status if status is not None and status >= 0 else None,
        signal=-status if status is not None and status < 0 else None,
        stopped=copy.stopped,
        load=load,
        peak_bytes=process.peak,
        wrote=place.wrote_bytes,
        outside=tuple(sorted({*seen.outside, *copy.outside})),
        figures=place.figures(),
    )


def _load(before: float | None, after: float | None, ours: float, seconds: float) -> float:
    """Cores that others kept busy."""
    if before is None or after is None or seconds <= 0:
        return max(0.0, os.getloadavg()[0] - ours / max(seconds, 1e-9))
    return max(0.0, (after - before - ours) / seconds)
