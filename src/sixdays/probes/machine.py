"""The machine that a command is measured on, and when it is not to be measured there."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sixdays import processes
from sixdays.faster.model import Machine

_LOGIN = re.compile(r"^(ln|uan)\d|(^|[-_.]|nid)(login|head|front-?end|submit|gateway|access)", re.I)


def machine(env: Mapping[str, str], interval_s: float = 0.2, *, gpus_too: bool = True) -> Machine:
    """What is here for a command to use: cores and memory that it may have, GPUs, and who else uses them now.

    gpus_too: ask for GPUs, which may take seconds.
    """
    gpus, users = _gpus(env) if gpus_too else ((), ())
    return Machine(
        cores=_cores(),
        memory_bytes=_memory(),
        load=load(interval_s),
        gpus=gpus,
        gpu_users=users,
        compiler=any(shutil.which(name, path=env.get("PATH")) for name in ("c++", "g++", "clang++")),
    )


def load(interval_s: float) -> float:
    """Cores that other processes keep busy, seen over so long."""
    before, own, began = processes.busy_s(), time.process_time(), time.monotonic()
    if before is None:
        return os.getloadavg()[0]
    time.sleep(interval_s)
    took = time.monotonic() - began
    return max(0.0, ((processes.busy_s() or before) - before - (time.process_time() - own)) / took)


def login_node(env: Mapping[str, str], host: str) -> bool:
    """This is the machine of a cluster where people log in, not one where jobs run."""
    cluster = any(shutil.which(name, path=env.get("PATH")) for name in ("sbatch", "sinfo", "qsub", "bsub"))
    inside = any(env.get(name) for name in ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"))
    return cluster and not inside and bool(_LOGIN.search(host))


def _cores() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for folder in _groups("cpu"):
        quota, period = (_text(folder / "cpu.max").split() or ["max", "100000"])[:2]
        if quota == "max":
            quota, period = _text(folder / "cpu.cfs_quota_us") or "-1", _text(folder / "cpu.cfs_period_us") or "100000"
        if int(quota) > 0:
            cores = min(cores, math.ceil(int(quota) / int(period)))
    return max(1, cores)


def _memory() -> int:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for folder in _groups("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            if (text := _text(folder / name)).isdigit():
                total = min(total, int(text))
    return total


def free_memory() -> int:
    """Bytes that can be had now; 0 where the machine does not say."""
    found = re.search(r"^MemAvailable:\s+(\d+)", _text(Path("/proc/meminfo")), re.M)
    free = int(found[1]) * 1024 if found else 0
    for folder in _groups("memory"):
        for most, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            if (limit := _text(folder / most)).isdigit() and (now := _text(folder / used)).isdigit():
                free = min(free, max(1, int(limit) - int(now) + _given_back(folder)))
    return free


def _given_back(folder: Path) -> int:
    """Bytes of files that were read, which count as used and are given back when they are needed."""
    stat = _text(folder / "memory.stat")
    found = re.search(r"^total_inactive_file (\d+)", stat, re.M) or re.search(r"^inactive_file (\d+)", stat, re.M)
    return int(found[1]) if found else 0


def _groups(controller: str) -> Iterator[Path]:
    """The folders of our control groups, innermost first; both versions of the kernel's layout."""
    for line in _text(Path("/proc/self/cgroup")).splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        top = Path("/sys/fs/cgroup", controller if names else "")
        inner = top / path.lstrip("/")
        yield from (p for p in (inner, *inner.parents) if p == top or top in p.parents)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _gpus(env: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the GPUs that the command sees, and who uses them: "user: program, 812 MiB"."""
    visible = env.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and (not visible.strip() or visible.strip().startswith("-")):
        return (), ()
    chosen = [] if visible is None else ["-i", visible]
    names = _smi(env, *chosen, "--query-gpu=name", "--format=csv,noheader")
    users = []
    columns = "--query-compute-apps=pid,process_name,used_memory"
    for line in _smi(env, *chosen, columns, "--format=csv,noheader") if names else ():
        pid, _, rest = line.partition(",")
        program, _, memory = rest.rpartition(",")
        users.append(f"{_owner(pid.strip())}: {os.path.basename(program.strip())},{memory}")
    return tuple(names), tuple(users)


def _smi(env: Mapping[str, str], *words: str) -> list[str]:
    path = shutil.which("nvidia-smi", path=env.get("PATH"))
    if path is None:
        return []
    try:
        ran = subprocess.run([path, *words], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in ran.stdout.splitlines() if line.strip()]


def _owner(pid: str) -> str:
    try:
        return Path("/proc", pid).owner()
    except (OSError, KeyError, ValueError):
        return "somebody"
