"""What the agent wrote → Trace. Files of a process that was killed may end anywhere; read as far as they go."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixdays.faster.model import Counter, Digest, Frame, Stack, Trace
from sixdays.faster.unit import Site

PROGRESS = ("optimiser step", "env step", "batch", "evaluation")
LASTED = 0.5  # of the time until anything last moved: a worker that ended before has made room for others
PEERS = 0.5  # of the most events: processes that do as much


@dataclass(frozen=True, slots=True)
class _Process:
    base: Path
    about: Mapping[str, Any]

    @property
    def is_main(self) -> bool:
        return bool(self.about.get("main"))

    def count(self, kind: str) -> int:
        return max((int(c[5]) for c in self.about.get("counters", ()) if c[0] == kind), default=0)

    def moved(self, kind: str) -> float:
        """When it last moved anything of a kind; 0 where it never did."""
        found = [i for i, c in enumerate(self.about.get("counters", ())) if c[0] == kind]
        return max((_last(Path(f"{self.base}.{i}.times")) for i in found), default=0.0)


def read_trace(folder: Path) -> Trace:
    """What the agent saw in a folder: the process that makes progress, CPU of all of them."""
    processes = _processes(folder)
    if not processes:
        return Trace()
    chosen = _of_progress(processes)
    first = next((p for p in processes if p.is_main), chosen)
    facts = {**first.about.get("facts", {}), **chosen.about.get("facts", {}), **dict(_beside(processes, chosen))}
    return Trace(
        counters=tuple(_counters(chosen)),
        digests=tuple(_digests(chosen)),
        stacks=tuple(_stacks(chosen)),
        cpu=_cpu(processes),
        paused=_moments(chosen)[:, [0, 2]],
        pause=int(chosen.about.get("pause", 0)) / 1e9,
        facts={str(k): str(v) for k, v in facts.items()},
        modules={**first.about.get("modules", {}), **chosen.about.get("modules", {})},
        outside=tuple(sorted({str(path) for p in processes for path in p.about.get("outside", ())})),
    )


def _of_progress(processes: Sequence[_Process]) -> _Process:
    """The process that learns, else one that steps. Of those that do as much the one that was started (a vector of
    environments counts what its workers do), else the first born, so that it is the same one in each run; of workers
    that come and go none, for what lies between them is not theirs: what the one that was started prints may tell it.
    """
    by_birth = sorted(processes, key=lambda p: (not p.is_main, int(p.about.get("pid", 0))))
    for kind in PROGRESS:
        most = max(p.count(kind) for p in processes)
        if most:
            found = next(p for p in by_birth if p.count(kind) >= PEERS * most)
            may_have_gone = kind != "optimiser step" and by_birth[0].is_main and not found.is_main
            has_gone = may_have_gone and found.moved(kind) < LASTED * max(p.moved(kind) for p in processes)
            return by_birth[0] if has_gone else found
    return by_birth[0]


def _beside(processes: Sequence[_Process], chosen: _Process) -> Iterator[tuple[str, str]]:
    """What is to be known of the others: that they step environments which it does not, and how many learn too."""
    steps = {kind: [p.count(kind) for p in processes] for kind in ("env step", "optimiser step")}
    if not chosen.count("env step") and any(steps["env step"]):
        yield "others step", "environments"
    most = chosen.count("optimiser step")
    if most and (learners := sum(n >= PEERS * most for n in steps["optimiser step"])) > 1:
        yield "learners", str(learners)


def counts(folder: Path) -> Iterator[Site]:
    """Keys, lines and counts of all counters so far: of a trace these alone, which costs little."""
    processes = _processes(folder)
    chosen = _of_progress(processes).about if processes else {}
    for kind, file, function, line, _, count, *_ in chosen.get("counters", ()):
        yield (kind, file, function), int(line), int(count)


def _processes(folder: Path) -> list[_Process]:
    return [p for f in sorted(folder.glob("*.json")) if (p := _process(f)) is not None]


def _process(file: Path) -> _Process | None:
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _Process(file.with_suffix(""), about) if isinstance(about, dict) else None


def _longs(path: Path) -> NDArray[np.int64]:
    """Whole 8-byte numbers of a file; none where it is not there."""
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    return np.frombuffer(data[: len(data) // 8 * 8], dtype=np.int64)


def _last(path: Path) -> float:
    """The last whole number of a file, in seconds; 0 where there is none."""
    try:
        with path.open("rb") as f:
            f.seek(max(f.seek(0, os.SEEK_END) // 8 - 1, 0) * 8)
            data = f.read(8)
    except OSError:
        return 0.0
    return int.from_bytes(data, sys.byteorder, signed=True) / 1e9 if len(data) == 8 else 0.0


def _counters(p: _Process) -> Iterator[Counter]:
    for i, (kind, file, function, line, each, count, bursts, first) in enumerate(p.about.get("counters", ())):
        times = _longs(Path(f"{p.base}.{i}.times")) / 1e9
        yield Counter(
            kind, file, function, int(line), times, max(int(count), times.size), float(each), int(bursts),
            int(p.about.get("pid", 0)), float(times[0]) if times.size else first / 1e9,
            _longs(Path(f"{p.base}.{i}.ends")).astype(np.float64),
        )  # fmt: skip


def _digests(p: _Process) -> Iterator[Digest]:
    for found in _lines(Path(f"{p.base}.digests")):
        values = found.get("values")
        yield Digest(
            found["what"],
            int(found["site"]),
            int(found["at"]),
            str(found.get("hash", "")),
            None if values is None else np.asarray(values, dtype=np.float64),
            str(found.get("shapes", "")),
            _by_site(found.get("counts", ())),
        )


def _by_site(counts: Sequence[Any]) -> dict[tuple[str, str, str], int]:
    """How often each site had moved; all lines of a function together, for a patch moves them."""
    found = Counts[tuple[str, str, str]]()
    for kind, file, function, _, n in counts:
        found[kind, file, function] += int(n)
    return dict(found)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found


def _stacks(p: _Process) -> Iterator[Stack]:
    try:
        found: Sequence[Any] = json.loads(Path(f"{p.base}.stacks").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for is_main, frames, seconds in found:
        yield Stack(
            tuple(Frame(f, int(n or 0), name) for f, n, name in frames), float(seconds), "main" if is_main else "other"
        )


def _cpu(processes: Sequence[_Process]) -> NDArray[np.float64]:
    """Seconds of CPU of all processes together, at the moments at which any of them noted its own."""
    tables = [t for p in processes if (t := _moments(p)).size]
    if not tables:
        return np.zeros((0, 2))
    at = np.unique(np.concatenate([t[:, 0] for t in tables]))
    total = sum(np.interp(at, t[:, 0], t[:, 1], left=0.0) for t in tables)
    return np.column_stack([at, total])


def _moments(process: _Process) -> NDArray[np.float64]:
    """Shape (n, 3): seconds without what the agent took, of CPU, and that the agent took until then."""
    found = _longs(Path(f"{process.base}.cpu"))
    return found[: found.size // 3 * 3].reshape(-1, 3) / 1e9
