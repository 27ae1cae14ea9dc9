"""Readers: a million TensorBoard scalars against TensorBoard's own reader; reading on; a folder of 500 runs.

python -m benchmarks.readers
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import logfiles

from sixdays.app.reading import find_runs
from sixdays.plugins import create

ROUNDS = 3
TAGS, STEPS = 10, 100_000
RUNS = 500

OURS = """
import json, resource, sys, time
begin = time.process_time()
from sixdays.plugins import create
reader = create("readers", "tensorboard")
(log,) = reader.read(sys.argv[1])
points = sum(len(s.steps) for s in log.series.values())
print(json.dumps([time.process_time() - begin, points, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
THEIRS = """
import json, resource, sys, time
begin = time.process_time()
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
log = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
log.Reload()
points = sum(len(log.Scalars(t)) for t in log.Tags()["scalars"])
print(json.dumps([time.process_time() - begin, points, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def alone(script: str, path: Path) -> list[float]:
    """CPU seconds, points and peak MB of a script in a process of its own, import included."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    return [float(x) for x in json.loads(done.stdout.splitlines()[-1])]


def spread(values: list[float], form: str = ".2f") -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def million(folder: Path) -> None:
    path = folder / "events.out.tfevents.1700000000.host"
    with open(path, "wb") as f:
        for i in range(STEPS):
            f.write(b"".join(logfiles.event(i, f"train/metric_{t}", i * 0.001 + t, 1.7e9 + i) for t in range(TAGS)))
    print(
        f"{TAGS * STEPS:,} scalars, {path.stat().st_size / 1e6:.1f} MB; processes of their own, interleaved {ROUNDS} times, import included"
    )
    rows: dict[str, list[list[float]]] = {"ours": [], "EventAccumulator, all points": []}
    for _ in range(ROUNDS):
        for (_, found), script in zip(rows.items(), (OURS, THEIRS), strict=True):
            found.append(alone(script, path))
    for name, found in rows.items():
        assert all(f[1] == TAGS * STEPS for f in found), name
        print(f"  {name:30} {spread([f[0] for f in found])} s CPU, peak {spread([f[2] for f in found], '.0f')} MB")
    ratios = [t[0] / o[0] for o, t in zip(*rows.values(), strict=True)]
    print(f"  ratio {spread(ratios, '.1f')}; to reach: at least 5, and at most 100 MB")
    reader = create("readers", "tensorboard")
    size = path.stat().st_size
    data = path.read_bytes()
    path.write_bytes(data[: size * 99 // 100])
    cursor = reader.read(str(path))[0].cursor
    path.write_bytes(data)
    whole, on, glance = [], [], []
    for _ in range(ROUNDS):
        for times, options in ((whole, {}), (on, {"cursor": cursor}), (glance, {"ends": True})):
            begin = time.process_time()
            reader.read(str(path), **options)
            times.append(time.process_time() - begin)
    print(
        f"  reading on, the last 1 %: {spread([100 * a / b for a, b in zip(on, whole, strict=True)], '.1f')} % of the whole; "
        f"a glance at its ends: {spread([100 * a / b for a, b in zip(glance, whole, strict=True)], '.1f')} %"
    )
    path.unlink()


def write_runs(kind: str, folder: Path, points: int) -> None:
    """500 runs of five groups as their tools leave them, with about eight metrics each."""
    rng = random.Random(0)
    names = [f"rollout/metric_{k}" for k in range(7)]
    for i in range(RUNS):
        run = folder / f"group{i % 5}" / f"Hopper-v4_s{i // 5}"
        rows = [[rng.random() * k for k in range(7)] for _ in range(points)]
        if kind == "progress.csv":
            cells = [[j * 1000, j * 2.5, *map(lambda v: round(v, 6), r)] for j, r in enumerate(rows)]
            logfiles.table(run / "progress.csv", ["time/total_timesteps", "time/time_elapsed", *names], cells)
        elif kind == "metrics.jsonl":
            logfiles.jsonl(
                run / "metrics.jsonl",
                [{"step": j * 1000, **dict(zip(names, r, strict=True))} for j, r in enumerate(rows)],
            )
        elif kind == "monitor.csv":
            logfiles.monitor(run / "0.monitor.csv", [(r[1], 1000, j * 1.5) for j, r in enumerate(rows)])
        else:
            run.mkdir(parents=True)
            events = [
                logfiles.event(j * 1000, n, v, 1.7e9 + j)
                for j, r in enumerate(rows)
                for n, v in zip(names, r, strict=True)
            ]
            (run / "events.out.tfevents.1700000000.host.1.0").write_bytes(b"".join(events))
        (run / "config.yaml").write_text(f"seed: {i // 5}\nenv: Hopper-v4\nalgo:\n  lr: 0.001\n  gamma: 0.99\n")


def line_by_line(folder: Path) -> int:
    lines = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with open(path, "rb") as f:
                for _ in f:
                    lines += 1
    return lines


def many(kind: str, folder: Path, points: int) -> None:
    write_runs(kind, folder, points)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    find_runs([str(folder / "group0")], ends=True)  # imports
    floor, glance, whole = [], [], []
    for _ in range(ROUNDS):
        for times, what in (
            (floor, line_by_line),
            (glance, lambda f: find_runs([str(f)], ends=True)),
            (whole, lambda f: find_runs([str(f)])),
        ):
            begin = time.process_time()
            found = what(folder)
            times.append(time.process_time() - begin)
    assert len(found.runs) == RUNS
    print(
        f"  {kind:14} {points:6,} rows, {size / 1e6:6.1f} MB: line by line {spread(floor)} s; find_runs(ends=True) "
        f"{spread([g / f for g, f in zip(glance, floor, strict=True)], '.1f')} ×, whole {spread([w / f for w, f in zip(whole, floor, strict=True)], '.1f')} ×",
        flush=True,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        million(Path(folder))
    print(f"a folder of {RUNS} runs, in CPU time against reading its bytes line by line; to reach: a glance within 3")
    for kind, points in (
        ("progress.csv", 500),
        ("progress.csv", 5000),
        ("metrics.jsonl", 2000),
        ("monitor.csv", 2000),
        ("tensorboard", 500),
        ("tensorboard", 5000),
    ):
        with tempfile.TemporaryDirectory() as folder:
            many(kind, Path(folder), points)


if __name__ == "__main__":
    main()
