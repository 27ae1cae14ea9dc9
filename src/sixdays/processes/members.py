"""The processes of the machine as it sees them now: from /proc, elsewhere from what `ps` gives."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc/self/stat").exists()


@dataclass(frozen=True, slots=True)
class Member:
    """One process as the machine sees it now. started: with the pid it names the process for good."""

    pid: int
    parent: int
    session: int
    group: int
    started: str
    cpu: float
    rss: int
    dead: bool = False
    marks: str = ""  # its environment, where the same look gives it


Table = Mapping[int, Member]


def table() -> Table:
    """All processes of the machine."""
    return _from_proc() if _PROC else _from_ps()


def _from_proc() -> dict[int, Member]:
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (text := read(f"/proc/{name}/stat")):
            word = text.rpartition(b")")[2].split()
            if word[20] == b"0" and word[0] != b"Z":  # no memory of its own: a thread of the kernel
                continue
            found[int(name)] = Member(
                pid=int(name),
                parent=int(word[1]),
                group=int(word[2]),
                session=int(word[3]),
                started=word[19].decode(),
                cpu=sum(int(w) for w in word[11:15]) / _TICK,
                rss=int(word[21]) * _PAGE,
                dead=word[0] in (b"Z", b"X"),
            )
    return found


def _from_ps() -> dict[int, Member]:
    columns = "pid=,ppid=,pgid=,stat=,rss=,time=,lstart=,command="
    ran = subprocess.run(["ps", "axeww", "-o", columns], capture_output=True, check=False, env={"LC_ALL": "C"})
    found = {}
    for line in ran.stdout.decode("utf-8", "replace").splitlines():
        word = line.split(None, 11)
        if len(word) < 12 or not word[0].isdigit():
            continue
        pid, parent, group = (int(w) for w in word[:3])
        days, _, clock = word[5].rpartition("-")
        seconds = 0.0
        for part in clock.split(":"):
            seconds = seconds * 60 + float(part)
        found[pid] = Member(
            pid=pid,
            parent=parent,
            group=group,
            session=group,
            started=" ".join(word[6:11]),
            cpu=seconds + 86400 * int(days or 0),
            rss=int(word[4]) * 1024,
            dead=word[3].startswith("Z"),
            marks=word[11],
        )
    return found


def read(path: str) -> bytes:
    """What stands there; empty where it is gone or not ours to read."""
    try:
        with open(path, "rb", buffering=0) as f:
            return f.read(1 << 20) or b""
    except OSError:
        return b""


def busy_s() -> float | None:
    """CPU seconds used so far on the cores that we may use, by all processes; None where the machine does not say."""
    ours = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    total, seen = 0, False
    for line in read("/proc/stat").decode().splitlines():
        name, *counts = line.split()
        if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in ours:
            seen = True
            user, nice, system, _, _, irq, softirq, steal = (int(c) for c in counts[:8])
            total += user + nice + system + irq + softirq + steal
    return total / _TICK if seen else None


def held_for_writing(pids: Iterable[int]) -> Iterator[str]:
    """Files that these processes hold open for writing, as the machine says; none where it does not."""
    for pid in pids:
        try:
            for number in os.listdir(f"/proc/{pid}/fd"):
                path = os.readlink(f"/proc/{pid}/fd/{number}")
                flags = re.search(rb"^flags:\s+(\d+)", read(f"/proc/{pid}/fdinfo/{number}"), re.M)
                is_written = flags and int(flags[1], 8) & (os.O_WRONLY | os.O_RDWR)
                is_file = path.startswith("/") and not path.startswith(("/dev/", "/proc/", "/sys/"))
                if is_written and is_file and " (deleted)" not in path:
                    yield path
        except OSError:  # ended meanwhile, or another user's
            continue


def is_open_for_writing(path: str) -> bool:
    """Whether a process of this user's holds a file open so that it can write it, now."""
    return os.path.realpath(path) in held_for_writing(table())
