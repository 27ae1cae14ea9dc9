"""The ten-minute list: what could make experiments faster, told from texts and logs alone; nothing is run."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sixdays.faster.bounds import Site, bound
from sixdays.faster.fixed import modules, trees
from sixdays.faster.kinds import names_of
from sixdays.faster.model import Machine, Promise
from sixdays.faster.unit import is_evaluation_name
from sixdays.plan.model import Plan, Task

MEASURE = 10.0  # minutes that `sixdays faster COMMAND` takes
USUAL = 1.3  # the median of what such a search gave on scripts that it had not seen
PAUSE, ROUNDS = 3.0, 3  # a pause is so many times the usual interval, and was seen so many times


@dataclass(frozen=True, slots=True)
class Item:
    """bound: the most it could give. minutes: to find out. evidence: what it rests on. command: that measures it."""

    text: str
    bound: float
    minutes: float
    promise: Promise
    evidence: str
    command: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "bound": self.bound,
            "minutes": self.minutes,
            "class": self.promise,
            "evidence": self.evidence,
            "command": self.command or None,
        }


@dataclass(frozen=True, slots=True)
class Sign:
    """Calls in a loop that often cost much. share: of the time that they took where they stood out: a guess here.

    unless: words that the call is given where there is nothing to gain any more.
    """

    calls: frozenset[str]
    deed: str
    share: float
    promise: Promise
    minutes: float = 5.0
    unless: frozenset[str] = frozenset()
    anywhere: bool = False


def _sign(calls: str, deed: str, share: float, promise: Promise = "same", unless: str = "", **more: Any) -> Sign:
    return Sign(frozenset(calls.split()), deed, share, promise, unless=frozenset(unless.split()), **more)


SIGNS: tuple[Sign, ...] = (
    _sign("pause savefig draw render imshow", "Draw at the end, not while it trains", 0.75),
    _sign("tick", "Do not wait for the next frame while it trains", 0.75),
    _sign("DataLoader", "Let workers load the data, or make it once", 0.5, "equivalent", "num_workers", anywhere=True),
    _sign("add_scalar add_histogram log@wandb", "Log every hundredth step", 0.3),
    _sign("append@np concatenate@np cat@torch", "Fill one array instead of growing it", 0.2),
    _sign("deepcopy", "Copy what changes only, not whole objects", 0.2),
    _sign("Categorical Normal Independent", "Switch the checks of distributions off", 0.15, unless="validate_args"),
    _sign("Adam AdamW SGD RMSprop", "A fused optimiser", 0.15, "equivalent", "fused foreach", anywhere=True),
    _sign("item cpu tolist", "Fetch values from tensors once per update", 0.1),
    _sign("save@torch save_checkpoint dump", "Save less often", 0.1),
)
EVALUATES = _sign("", "Evaluate less often", 0.4)
THREADS = "One thread for each copy: OMP_NUM_THREADS=1"


def ten_minutes(
    plan: Plan | None, machine: Machine, sources: Mapping[str, str], evidence: Mapping[str, tuple[str, float]]
) -> tuple[Item, ...]:
    """What is worth ten minutes, the largest bound per minute first; empty where nothing is known.

    sources: texts of the project's scripts. evidence: what the logs show: what to do → (what was seen, share of the
    wall time that could go); it takes the place of a guess about the same.
    """
    items = [Item(text, bound(share), 5.0, "same", seen) for text, (seen, share) in evidence.items()]
    items += [i for i in _in_sources(plan, machine, sources) if i.text not in evidence]
    for task in plan.tasks.values() if plan else ():
        if plan and task.run:
            items += _of_task(plan, task, machine)
    return tuple(sorted(items, key=lambda i: (-i.bound / i.minutes, i.text)))


def pauses(name: str, steps: NDArray[np.float64], seconds: NDArray[np.float64]) -> dict[str, tuple[str, float]]:
    """Evidence of a log: the share of its time in long pauses at regular steps, as an evaluation makes them.

    steps, seconds: shape (n,), of each logged line, both rising. Empty where no such pauses are seen.
    """
    took = np.diff(seconds)
    if took.size < 2 * ROUNDS or not np.all(np.isfinite(took)):
        return {}
    usual = float(np.median(took))
    at = np.flatnonzero(took > PAUSE * usual)
    between = np.diff(steps[at + 1])
    if usual <= 0.0 or at.size < ROUNDS or np.ptp(between) > 0.1 * float(np.median(between)):
        return {}  # pauses at odd moments are the machine's
    lost = float(np.sum(took[at] - usual) / np.sum(took))
    every = f"{float(np.median(between)):g} steps"
    return {EVALUATES.deed: (f"{name}: {100 * lost:.0f} % of the wall time in pauses every {every}", lost)}


def _in_sources(plan: Plan | None, machine: Machine, sources: Mapping[str, str]) -> Iterator[Item]:
    """One item for each sign that is found, with where it stands."""
    parsed = trees(sources)
    entry = _entry(plan, parsed)
    found: dict[Sign, list[Site]] = defaultdict(list)
    named: set[Site] = set()
    looped = _looped(parsed)
    for file, tree in parsed.items():
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            names = names_of(call)
            signs = [s for s in SIGNS if names & s.calls and not s.unless & {k.arg for k in call.keywords}]
            signs += [EVALUATES] if any(is_evaluation_name(n) for n in names if "@" not in n) else []
            for sign in signs:
                if sign.anywhere or (file, call.lineno) in looped:
                    found[sign].append((file, call.lineno))
                    named |= {(file, call.lineno)} if _names_each(call) else set()
        for loop in (n for n in ast.walk(tree) if isinstance(n, ast.For)):
            if machine.cores > 1 and isinstance(loop.target, ast.Name) and loop.target.id in ("seed", "trial"):
                seen = f"{file}:{loop.lineno}: one {loop.target.id} after the other, {machine.cores} cores here"
                yield Item("Run seeds side by side, one thread each", machine.cores, 10.0, "equivalent", seen, entry)
    for sign, sites in found.items():
        more = f" and {len(sites) - 1} more" if len(sites) > 1 else ""
        each = "each figure to a file of its own, so nothing but an edit leaves some out; " if sites[0] in named else ""
        seen = f"{sites[0][0]}:{sites[0][1]}{more}; {each}a guess, not measured"
        yield Item(sign.deed, bound(sign.share), sign.minutes, sign.promise, seen, entry)
    if "torch" in modules(parsed) and machine.cores > 1 and not any("set_num_threads" in t for t in sources.values()):
        seen = f"no script here sets its threads, {machine.cores} cores; a guess, not measured"
        yield Item(THREADS, bound(0.3), 5.0, "equivalent", seen, entry)


def _names_each(call: ast.Call) -> bool:
    """Whether a figure is saved under a name that is made anew: `savefig(f"{step}.png")`."""
    made = (ast.JoinedStr, ast.BinOp, ast.Call)
    return "savefig" in names_of(call) and any(isinstance(n, made) for a in call.args for n in ast.walk(a))


def _looped(parsed: Mapping[str, ast.Module]) -> set[Site]:
    """Lines inside a loop, or inside a function that is called by its name inside one."""
    lines: set[Site] = set()
    called: set[str] = set()
    for file, tree in parsed.items():
        for loop in (n for n in ast.walk(tree) if isinstance(n, (ast.For, ast.While))):
            lines |= {(file, n) for n in range(loop.lineno, (loop.end_lineno or loop.lineno) + 1)}
            called = called.union(*(names_of(n) for n in ast.walk(loop) if isinstance(n, ast.Call)))
    for file, tree in parsed.items():
        for f in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            if f.name in called:
                lines |= {(file, n) for n in range(f.lineno, (f.end_lineno or f.lineno) + 1)}
    return lines


def _entry(plan: Plan | None, parsed: Mapping[str, ast.Module]) -> str:
    """The command that measures it: a task that runs one of the scripts, else a script that no other imports."""
    for task in plan.tasks.values() if plan else ():
        if any(file in task.run for file in parsed):
            return f"sixdays faster {task.name}"
    imported = modules(parsed)
    scripts = [file for file in parsed if file.rpartition("/")[2].removesuffix(".py") not in imported]
    return f"sixdays faster -- python {scripts[0]}" if len(scripts) == 1 else ""


def _of_task(plan: Plan, task: Task, machine: Machine) -> Iterator[Item]:
    """Copies side by side, waiting saved, and the search itself."""
    command = f"sixdays faster {task.name}"
    places = [(plan.resources[name], n) for name, n in task.needs if name in plan.resources]
    beside = min((max(1, r.count // max(1, n)) for r, n in places), default=1)
    k = min(task.copies, machine.cores * beside if places else machine.cores)
    if k > beside:
        seen = f"{task.copies} copies, {beside} at a time, {machine.cores} cores here"
        text = f"{task.name}: {k} copies side by side, one thread each"
        yield Item(text, k / beside, MEASURE, "equivalent", seen, command)
    waits = max((r.wait.median_s for r, _ in places if r.wait), default=0.0)
    if waits and task.copies > 1 and task.takes.median_s:
        share = waits / (waits + task.takes.median_s)
        seen = f"the plan says so of {', '.join(r.name for r, _ in places if r.wait)}"
        yield Item(f"{task.name}: several copies in one job, so that they wait once", bound(share), 5.0, "same", seen)
    seen = f"its run: {task.run.strip().splitlines()[0][:60]}"
    yield Item(f"Measure what speeds up {task.name}", USUAL, MEASURE, "equivalent", seen, command)
