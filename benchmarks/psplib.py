"""PSPLIB, durations exact: never impossible at the best known makespan; how much is proved below it; the order's schedules.

SIXDAYS_DATA=… python -m benchmarks.psplib [--sample N]
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sixdays.odds.estimates import sample
from sixdays.odds.forecast import simulate
from sixdays.odds.order import Medians, dispatch_order
from sixdays.plan.model import Estimate, Plan, Resource, Target, Task, Tie
from sixdays.plan.network import Network, build
from sixdays.proof.exact import Budget, prove_exact
from sixdays.proof.floors import floors_of
from sixdays.proof.prove import by_hand

NOW = datetime(2031, 1, 1, tzinfo=UTC)
SETS = {"J30": "psplib_J30.tar.xz", "J60": "psplib_J60.tar.xz", "J120": "psplib_J120_dev.tar.xz"}


@dataclass(frozen=True)
class Instance:
    name: str
    best: int
    capacities: tuple[int, ...]
    tasks: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]  # duration, demands, successors from 0


def instances(folder: Path, kind: str) -> Iterator[Instance]:
    with open(folder / "psplib_bks.csv", encoding="utf-8") as f:
        known = {Path(line["instance"]).stem: int(line["bks"]) for line in csv.DictReader(f) if line["set"] == kind}
    with tarfile.open(folder / SETS[kind]) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            found = tar.extractfile(member) if member.isfile() else None
            name = Path(member.name).stem
            if found is not None and name in known:
                yield parse(name, found.read().decode(), known[name])


def parse(name: str, text: str, best: int) -> Instance:
    numbers = iter([int(x) for x in text.split()])
    count, resources = next(numbers), next(numbers)
    capacities = tuple(next(numbers) for _ in range(resources))
    tasks = []
    for _ in range(count):
        duration = next(numbers)
        demands = tuple(next(numbers) for _ in range(resources))
        tasks.append((duration, demands, tuple(next(numbers) - 1 for _ in range(next(numbers)))))
    return Instance(name, best, capacities, tuple(tasks))


def as_plan(instance: Instance, due: float) -> Plan:
    """One unit of time is an hour; the dummies fall away."""
    before: dict[int, list[int]] = {i: [] for i in range(len(instance.tasks))}
    for i, (_, _, successors) in enumerate(instance.tasks):
        for j in successors:
            before[j].append(i)
    real = [i for i, t in enumerate(instance.tasks) if t[0] > 0]
    tasks = {}
    for i in real:
        duration, demands, _ = instance.tasks[i]
        needs = tuple((f"r{r}", d) for r, d in enumerate(demands) if d)
        estimate = Estimate("exact", duration * 3600.0, duration * 3600.0, duration * 3_600_000, f"exactly {duration}h")
        ties = tuple(Tie(f"t{p}") for p in before[i] if instance.tasks[p][0] > 0)
        tasks[f"t{i}"] = Task(f"t{i}", estimate, needs, ties)
    resources = {f"r{r}": Resource(f"r{r}", c) for r, c in enumerate(instance.capacities)}
    return Plan(tasks, resources, targets={"x": Target("x", NOW + timedelta(hours=due), tuple(tasks))})


def makespan(network: Network) -> float:
    """Hours of the schedule in our order."""
    medians = sample(network, Medians(), as_stated=True)
    run = simulate(network, medians, dispatch_order(network, medians, network.goals), {})
    return float(run.finish["x"][0]) / 3600


def latest_finish_rule(instance: Instance) -> int:
    """The peer: serial schedule generation, the smallest latest finish first."""
    n = len(instance.tasks)
    before: dict[int, list[int]] = {i: [] for i in range(n)}
    late = [0] * n
    for i in range(n - 1, -1, -1):
        successors = instance.tasks[i][2]
        late[i] = min((late[j] - instance.tasks[j][0] for j in successors), default=0)
        for j in successors:
            before[j].append(i)
    used: list[dict[int, int]] = [{} for _ in instance.capacities]
    end: dict[int, int] = {}
    while len(end) < n:
        ready = [i for i in range(n) if i not in end and all(p in end for p in before[i])]
        i = min(ready, key=lambda k: (late[k], k))
        duration, demands, _ = instance.tasks[i]
        at = max((end[p] for p in before[i]), default=0)
        while any(
            used[r].get(at + t, 0) + d > instance.capacities[r]
            for r, d in enumerate(demands)
            if d
            for t in range(duration)
        ):
            at += 1
        for r, d in enumerate(demands):
            for t in range(duration if d else 0):
                used[r][at + t] = used[r].get(at + t, 0) + d
        end[i] = at + duration
    return max(end.values())


def prove(instance: Instance, due: float, limit_s: float) -> str:
    network = build(as_plan(instance, due), NOW)
    found = by_hand(network, network.goals[0])
    if found:
        return found.kind
    budget = Budget(limit_s)
    proved, _ = prove_exact(network, floors_of(network), network.goals[0], budget, explain=False)
    return "exact" if proved else "open"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=60, help="instances a set for the searches; all for the rest")
    many = parser.parse_args([] if __name__ != "__main__" else None).sample
    if not os.environ.get("SIXDAYS_DATA"):
        print("PSPLIB: set SIXDAYS_DATA to the folder with psplib_*.tar.xz", file=sys.stderr)
        return
    folder = Path(os.environ["SIXDAYS_DATA"])
    for kind in SETS:
        rows = list(instances(folder, kind))
        wrong = 0
        gaps, peer, began = [], [], time.perf_counter()
        for instance in rows:
            network = build(as_plan(instance, instance.best), NOW)
            wrong += by_hand(network, network.goals[0]) is not None
            gaps.append(makespan(network) / instance.best - 1)
        for instance in rows[:: max(1, len(rows) // many)]:
            peer.append(latest_finish_rule(instance) / instance.best - 1)
        spent = time.perf_counter() - began
        print(
            f"{kind}: {len(rows)} instances at the best known makespan: impossible {wrong} (must be 0), {spent:.0f} s"
        )
        print(
            f"  mean gap to best known: our order {sum(gaps) / len(gaps):.1%}, latest-finish rule {sum(peer) / len(peer):.1%} (sample)"
        )
        chosen = rows[:: max(1, len(rows) // many)]
        for label, share in (("best − 1", None), ("0.85 × best", 0.85)):
            split = Counter(prove(i, i.best - 1 if share is None else share * i.best, 1.0) for i in chosen)
            text = ", ".join(f"{k} {split[k] / len(chosen):.0%}" for k in ("chain", "pile", "exact", "open"))
            print(f"  {label}, 1 s each, {len(chosen)} instances: {text}")
        at_best = sum(prove(i, i.best, 1.0) != "open" for i in chosen)
        print(f"  the search at the best known: impossible {at_best} of {len(chosen)} (must be 0)")


if __name__ == "__main__":
    main()
