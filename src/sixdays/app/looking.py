"""Logs first: from folders of logs to states, tries that fit, and odds, with no plan (design §8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from os import PathLike
from os.path import commonpath, commonprefix, dirname, relpath
from typing import Any

from sixdays.app.judging import some
from sixdays.app.reading import Found, find_runs
from sixdays.app.settings import Options
from sixdays.ask.from_logs import Proposal, propose
from sixdays.errors import UsageError
from sixdays.logs.actual import actual_of
from sixdays.logs.progress import RunState, states
from sixdays.logs.runs import Run
from sixdays.logs.slots import next_tries, slots
from sixdays.odds.forecast import Fit, Forecast, Inputs, TriesForecast, forecast
from sixdays.plan.parse import read
from sixdays.proof.prove import Prover
from sixdays.quantities import Unreadable, parse_seconds, parse_when

SPEEDS = (1.0, 2.0, 10.0)
WRITE = "2d"


@dataclass(frozen=True, slots=True)
class Next:
    """Tries that fit until one deadline: speed → quantiles. basis: what the length of a try rests on."""

    name: str
    deadline: datetime
    closes: datetime
    fit: Mapping[float, Fit]
    basis: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What logs say. forecast: of the plan that they make; it stands in `proposal`."""

    found: Found
    states: tuple[RunState, ...]
    slots: int
    tries: tuple[Next, ...]
    write: str
    proposal: Proposal
    forecast: Forecast

    def to_dict(self) -> dict[str, Any]:
        """The shape of `odds` with runs and slots; each deadline's tries stand under `tries.next`."""
        out = self.forecast.to_dict()
        for t in self.tries:
            one = t.fit[1.0]
            believed = TriesForecast(one, 1.0, 1.0, 0).to_dict()
            faster = {f"{s:g}x": {"p10": f.p10, "p50": f.p50, "p90": f.p90} for s, f in t.fit.items() if s != 1.0}
            out["targets"][t.name]["tries"] = {"next": {**believed, "faster": faster, "basis": t.basis}}
        problems = out.pop("problems")
        return {
            **out, "runs": [s.to_dict() for s in self.states], "slots": self.slots, "found": list(self.found.notes),
            "questions": [], "problems": problems,
        }  # fmt: skip


def look(
    paths: Sequence[str], options: Options, *, by: Sequence[str] = (), goal: float | None = None,
    write: str | None = None, group: str | None = None, seen_from: str | PathLike[str] = ".",
    tick: Callable[[int], None] | None = None,
) -> Looked:  # fmt: skip
    """What the runs in some folders say about some deadlines.

    seen_from: the folder that the patterns of a proposed plan are relative to.

    Raises:
        UsageError: no runs are there, or a time or a length is not one. LogError: a log cannot be read.
    """
    deadlines = {text: _when("--by", text, options) for text in by}
    try:
        write_s = float(parse_seconds(write or WRITE))
    except Unreadable as e:
        raise UsageError(f"--write: {e.message}", e.hint) from e
    found = find_runs(paths, ends=True, group=group, tick=tick)
    some(found, paths)
    now_s = options.now.timestamp()
    told = tuple(_begun(s, now_s) for s in states(found.runs, now_s, goal=goal))
    at_once = slots(told)
    proposal = propose(
        told, at_once, deadlines, options.now.astimezone(options.zone), write=write or WRITE,
        logs=_patterns(found.runs, seen_from), write_assumed=write is None,
    )  # fmt: skip
    plan = read(proposal.text, "", zone=options.zone)
    actuals = [actual_of(name, plan.tasks[name].copies, of) for name, of in proposal.groups.items()]
    o = options
    inputs = Inputs(o.now, o.draws, o.seed, o.as_stated, tuple(a for a in actuals if a), None, Prover())
    made = forecast(plan, inputs)
    tries = []
    for name, deadline in deadlines.items():
        closes = deadline - timedelta(seconds=write_s)
        each = {s: next_tries(told, now_s, closes.timestamp(), speed=s, draws=o.draws, seed=o.seed) for s in SPEEDS}
        fits = {s: Fit(n.p10, n.p50, n.p90) for s, n in each.items()}
        tries.append(Next(name, deadline, closes, fits, each[1.0].basis))
    return Looked(found, told, at_once, tuple(tries), write or f"{WRITE} (assumed)", proposal, made)


def _begun(state: RunState, now_s: float) -> RunState:
    """A run whose logs have no clock is taken to begin now, or to have ended when its file did: nothing tells more."""
    if state.started is not None or state.state not in ("running", "done"):
        return state
    at = now_s if state.state == "running" else min(state.last or now_s, now_s)
    return replace(state, started=at, last=at)


def _when(option: str, text: str, options: Options) -> datetime:
    try:
        return parse_when(text, options.now, options.zone)
    except Unreadable as e:
        raise UsageError(f"{option}: {e.message}", e.hint) from e


def _patterns(runs: Sequence[Run], seen_from: str | PathLike[str]) -> dict[str, str]:
    """For each group a pattern that finds its files and no other group's; else the folder that holds them all.

    Tasks that share a folder take the groups that bear their names.
    """
    by_group: dict[str, list[str]] = {}
    for run in runs:
        by_group.setdefault(run.place.group, []).extend(relpath(log.path, seen_from) for log in run.logs)
    every = [p for of in by_group.values() for p in of]
    root = commonpath(every) if len(set(every)) > 1 else dirname(every[0]) if every else ""
    out = {}
    for group, paths in by_group.items():
        start = commonprefix(paths)  # noqa: RUF071  of characters: runs/sac_0 and runs/sac_1 are runs/sac_*
        tried = [start if len(set(paths)) == 1 else f"{start}*", f"{root}/*{group}*", f"{root}/*/{group}"]
        others = [p for g, of in by_group.items() if g != group for p in of]
        out[group] = next((t for t in tried if start and _finds(t, paths, others)), root or ".")
    return out


def _finds(pattern: str, paths: Sequence[str], others: Sequence[str]) -> bool:
    """Whether a pattern of files or folders finds all of some paths and none of the others."""
    depth = pattern.count("/") + 1

    def found(path: str) -> bool:
        return fnmatchcase("/".join(path.split("/")[:depth]), pattern)

    return all(map(found, paths)) and not any(map(found, others))
