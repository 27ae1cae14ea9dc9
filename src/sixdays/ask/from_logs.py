"""From the states of runs to the text of a plan: what `init --from` proposes and `sixdays FOLDER` forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, log

from sixdays.logs.progress import RunState
from sixdays.plan.edit import plain
from sixdays.quantities import write_duration, write_instant, zone_name

NEXT = "next"  # the task that stands for one more try
RANGE = 1.644854  # rule E1: a range is the middle 90 %
LEAST_SPREAD = 0.1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan made of logs. groups: task name → the states of its runs that count."""

    text: str
    groups: Mapping[str, tuple[RunState, ...]]
    assumed: tuple[str, ...]


def propose(
    states: Sequence[RunState], slots: int, targets: Mapping[str, datetime], now: datetime, *,
    write: str, logs: Mapping[str, str], write_assumed: bool = True,
) -> Proposal:  # fmt: skip
    """The text of a plan for these runs.

    A group is a task; its runs that are done or under way are its copies. Every target requires what is under way
    and the writing; where nothing is, one more run of the newest group.

    Args:
        slots: the most runs that were ever under way at once.
        targets: name → deadline, in their order. write: an estimate, such as `2d`.
        logs: group → the pattern that finds its runs, where there is one.
    """
    groups = _groups(states)
    running = [name for name, of in groups.items() if any(s.state == "running" for s in of)]
    assumed = [f"writing takes {write}"] if write_assumed else []
    lines = ["# yaml-language-server: $schema=.sixdays/plan.schema.json", f"zone: {zone_name(now)}", "", "resources:"]
    lines += [f"  slot: {max(1, slots)}        # the most runs that were under way at once", "", "tasks:"]
    for name, of in groups.items():
        takes, basis = _takes(of, groups)
        if basis == "a guess":
            assumed.append(f"a run of {name} takes {takes}")
        lines += [f"  {plain(name)}:", f"    takes: {takes}        # {basis}", "    needs: {slot: 1}"]
        lines += [f"    {'seeds' if _are_seeds(of) else 'copies'}: {len(of)}"] if len(of) > 1 else []
        lines += [f"    logs: {plain(pattern)}"] if (pattern := logs.get(of[0].group)) else []
    waits = running
    if not running and groups:
        newest = max(groups, key=lambda g: max(s.last or 0.0 for s in groups[g]))
        takes, basis = _takes(groups[newest], groups)
        waits = [_free(NEXT, groups)]
        lines += [f"  {waits[0]}:", f"    takes: {takes}        # one more run of {newest}: {basis}"]
        lines += ["    needs: {slot: 1}"]
    last = _free("write", groups)
    after = f"    after: [{', '.join(plain(w) for w in waits)}]" if waits else ""
    note = "        # assumed" if write_assumed else ""
    lines += [f"  {last}:", *filter(None, [after]), f"    takes: exactly {write}{note}"]
    if targets:
        lines += ["", "targets:"]
        required = ", ".join(plain(w) for w in [*waits, last])
        lines += [
            f"  {plain(n)}: {{deadline: {write_instant(at)}, requires: [{required}]}}" for n, at in targets.items()
        ]
    return Proposal("\n".join(lines) + "\n", groups, tuple(assumed))


def _groups(states: Sequence[RunState]) -> dict[str, tuple[RunState, ...]]:
    """Task name → runs that are done or under way, in the order in which the groups began."""
    out: dict[str, list[RunState]] = {}
    for s in sorted(states, key=lambda s: (s.started or 0.0, s.path)):
        if s.state in ("done", "running") and s.started is not None:
            out.setdefault(_name(s.group), []).append(s)
    return {name: tuple(of) for name, of in out.items()}


def _name(group: str) -> str:
    made = "".join(c if c.isprintable() else " " for c in group).strip()[:100].strip() or "runs"
    return f"{made} runs" if made in ("all", "experiments") else made


def _free(name: str, taken: Mapping[str, object]) -> str:
    return name if name not in taken else _free(f"{name}-", taken)


def _are_seeds(of: Sequence[RunState]) -> bool:
    return len({s.seed for s in of}) == len(of) and len({s.task for s in of}) == 1


def _takes(of: Sequence[RunState], groups: Mapping[str, Sequence[RunState]]) -> tuple[str, str]:
    """The estimate of one run, and what it rests on: its finished runs, its own rate, those of others, a guess."""
    done = [s.took_s for s in of if s.state == "done" and s.took_s]
    if done:
        return _range(done), f"{len(done)} finished {'run' if len(done) == 1 else 'runs'}"
    going = [(s.took_s or 0.0) + s.left_s[1] for s in of if s.left_s]
    if going:
        return _range(going), "its own rate"
    pooled = [s.took_s for runs in groups.values() for s in runs if s.state == "done" and s.took_s]
    if pooled:
        return _range(pooled), f"{len(pooled)} finished runs of other groups"
    return "1d to 4d", "a guess"


def _range(lengths_s: Sequence[float]) -> str:
    """5 % and 95 % of a lognormal around some lengths; of one or two, with a spread of 0.1."""
    logs = [log(max(x, 1.0)) for x in lengths_s]
    middle = sum(logs) / len(logs)
    spread = (sum((x - middle) ** 2 for x in logs) / (len(logs) - 1)) ** 0.5 if len(logs) > 2 else LEAST_SPREAD
    spread = max(spread, 0.01)
    low, high = (write_duration(_rounded(exp(middle + k * RANGE * spread)) * 1000) for k in (-1, 1))
    return f"{low} to {high}" if low != high else f"about {low}"


def _rounded(seconds: float) -> int:
    """To three digits or so: whole minutes from an hour on."""
    step = 60 if seconds >= 3600 else 1
    return max(1, round(seconds / step) * step)
