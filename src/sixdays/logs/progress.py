"""How far each run is: done, running, stuck or failed, and the time that it still needs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from sixdays.errors import Problem
from sixdays.logs import timeleft
from sixdays.logs.goals import agreed, stated
from sixdays.logs.runs import Run
from sixdays.logs.trace import PAUSE, Trace, trace, units
from sixdays.stats import median

_RESULT = re.compile(r"return|reward|(^|[/_])rew(_|$)|score|(^|[/_])acc(uracy)?($|[/_])", re.I)
State = Literal["done", "running", "stuck", "failed"]

SILENT = 10.0  # usual gaps without a sign of life: stuck
NEAR = 0.99  # of the goal: done
FINE = 0.05  # logging steps below this share of the goal: the last one before it is as good as the goal
UNKNOWN_GAP_S = 3600.0  # of a run with one point and no siblings
# Writers that keep points back: TensorBoard's writes to disk every 120 s; what is printed to a file waits for 8 kB.
LAG_S = {"tensorboard": 120.0, "text": 60.0}
LEAST_SILENCE_S = 10.0
LONG_S = 86400.0  # a run of unknown goal, silent for a day and a hundred gaps, has ended
AHEAD_S = 60.0
FEW = 20  # siblings are enough
GIVEN_UP = 3.0  # times as long as a whole run took: nobody waits for it any more


@dataclass(frozen=True, slots=True)
class RunState:
    """How far one run is at a moment.

    steps, goal: in units of x. started, last: Unix seconds of its first and last sign of life. took_s: seconds of
    work so far, without outages. left_s: 10, 50 and 90 % of the seconds still needed, only while it runs.
    gap_s: its usual gap, a tenth of the silence that makes it stuck. basis: what goal and time rest on, in words.
    clock: `log`, `file` or `none`.
    """

    path: str
    group: str
    task: str
    seed: str
    state: State
    steps: float | None = None
    goal: float | None = None
    started: float | None = None
    last: float | None = None
    took_s: float | None = None
    left_s: timeleft.Range | None = None
    basis: str = ""
    clock: str = "log"
    x: str = "step"
    gap_s: float | None = None
    notes: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON of one run (design §15)."""
        left = dict(zip(("p10", "p50", "p90"), self.left_s, strict=True)) if self.left_s else None
        return {
            "path": self.path, "group": self.group, "task": self.task, "seed": self.seed, "state": self.state,
            "steps": self.steps, "goal": self.goal, "started": self.started, "last": self.last, "took_s": self.took_s,
            "left_s": left, "basis": self.basis, "clock": self.clock,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What one run shows by itself. silence_s: since its last sign of life; patience_s: what of it is usual."""

    run: Run
    trace: Trace | None
    clock: str
    started: float | None
    last: float | None
    took_s: float | None
    silence_s: float
    gap_s: float | None
    ended: str
    why: str = ""
    goal: float | None = None
    source: str = ""
    ahead_s: float = 0.0
    done: bool = False
    patience_s: float = 0.0
    siblings: tuple[_Seen, ...] = ()

    @property
    def step(self) -> float:
        return self.trace.step if self.trace else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Alike:
    """What a group tells of its runs: the finished ones, the pauses they outlasted, the usual gap."""

    done: tuple[_Seen, ...] = ()
    pause_s: float = 0.0
    gap_s: float = UNKNOWN_GAP_S


def states(runs: Sequence[Run], now_s: float, *, goal: float | None = None) -> tuple[RunState, ...]:
    """How far each run is at now_s (Unix seconds), in the order given.

    goal: the length of a run where neither log, config nor finished siblings tell it, in each run's own steps.
    """
    seen = [_look(run, now_s) for run in runs]
    seen = _with_goals(seen, goal)
    return tuple(_state(s) for s in seen)


def rate(run: Run) -> tuple[float, float, float] | None:
    """Steps a second at the pace of the later half, and the rates that would take the 90 and 10 % time; or None."""
    for x in units(run):
        t = trace(run, x)
        if t is None or not len(t.moves[0]):
            continue
        goal = t.step + float(t.moves[0].sum())  # widths as of a run that is half-way
        found = timeleft.left(t, goal, 0.0)
        if found and found[0] > 0:
            made = goal - t.step
            return made / found[1], made / found[2], made / found[0]
    return None


def _look(run: Run, now_s: float) -> _Seen:
    """One run by itself; its steps are in the unit in which a goal is stated, else in the likeliest."""
    every = [t for x in units(run) if (t := trace(run, x))]
    told = [(t, g) for t in every if (g := stated(run, t.x, t.step))]
    t = told[0][0] if told else every[0] if every else None
    goal, source = told[0][1] if told else (None, "")
    ended = (
        "failed" if any(log.ended == "failed" for log in run.logs) else next((g.ended for g in run.logs if g.ended), "")
    )
    why = "its tracker says so" if ended else ""
    if ended != "failed" and _diverged(run):
        ended, why = "failed", "not a number to its end"
    clock, started, last, took, gap = _clocked(run, t)
    silence = now_s - last if last is not None else 0.0
    return _Seen(
        run, t, clock, started, last, took, max(0.0, silence), gap, ended, why, goal, source, max(0.0, -silence)
    )


def _clocked(run: Run, t: Trace | None) -> tuple[str, float | None, float | None, float | None, float | None]:
    """Where the clock is from, first and last sign of life, seconds of work, usual gap: by the log, else by files."""
    if t is not None and t.last is not None and t.first is not None:
        lead = t.first - run.created if run.created is not None else 0.0
        if not 0 < lead <= max(600.0, SILENT * (t.gap_s or 0.0)):  # else the files were copied since
            lead = 0.0
        timed = len(t.steps) > 1 and bool(np.isfinite(t.times).any())  # else the clock is of another series
        took = t.worked_s if timed else max(t.last - t.first, 0.0)
        return "log", t.first - lead, t.last, took + lead or None, t.gap_s
    begun, last = run.created, run.written
    between = last - begun if begun is not None and last is not None and last > begun else None
    points = len(t.steps) if t else 0
    gap = between / (points - 1) if between and points > 1 else None
    return "file" if last is not None else "none", begun, last, between, gap


def _diverged(run: Run) -> bool:
    """Whether most of what was logged, the losses, or a result is no number for three points or more to its end."""
    tails = {
        tag: s.diverged
        for log in run.logs
        for tag, s in log.series.items()
        if len(s.values) > 3 and np.isfinite(s.values).any()
    }
    losses = [bad for tag, bad in tails.items() if "loss" in tag.lower()]
    results = [bad for tag, bad in tails.items() if _RESULT.search(tag)]
    most = 2 * sum(tails.values()) > len(tails)
    return bool(tails) and (most or (any(losses) and all(losses)) or any(results))


def _with_goals(seen: Sequence[_Seen], given: float | None) -> list[_Seen]:
    """Goals of runs whose own logs tell none. Twice, for what one group borrows another may borrow from it."""
    found = [_settled(s, _Alike()) for s in seen]
    tasks: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, s in enumerate(found):
        tasks[s.run.place.task, s.trace.x if s.trace else ""][s.run.place.group].append(i)
    for _ in range(2):
        for groups in tasks.values():
            wide = agreed(_finals(found[i] for members in groups.values() for i in members))
            for members in groups.values():
                near = [found[i] for i in members]
                goal, alike = _lent(near, wide, given), _alike(near)
                for i in members:
                    s = found[i]
                    if s.goal is None and goal is not None and goal[0] * 1.01 >= s.step:
                        s = replace(s, goal=goal[0], source=goal[1])
                    found[i] = _settled(s, alike)
    return found


def _alike(near: Sequence[_Seen]) -> _Alike:
    done = [s for s in near if s.done and s.trace is not None][:FEW]
    pauses = [s.trace.pause_s for s in done if s.trace]
    gaps = [s.gap_s for s in near if s.gap_s]
    return _Alike(
        tuple(done),
        PAUSE * median(pauses) if pauses else 0.0,
        median(gaps) if gaps else UNKNOWN_GAP_S,
    )


def _settled(s: _Seen, alike: _Alike) -> _Seen:
    """With its finished siblings, the silence after which it is stuck, and whether it is done."""
    lag = max((LAG_S.get(log.format, 0.0) for log in s.run.logs), default=0.0)
    patience = max(SILENT * (s.gap_s or alike.gap_s), alike.pause_s, LEAST_SILENCE_S) + lag
    return replace(s, siblings=alike.done, patience_s=patience, done=_is_done(s, patience))


def _finals(runs: Iterable[_Seen]) -> list[float]:
    return [s.step for s in runs if s.done and s.ended != "failed" and (s.goal is not None or s.ended)]


def _lent(near: Sequence[_Seen], wide: float | None, given: float | None) -> tuple[float, str] | None:
    """The goal of the finished siblings, or the one given, or the length at which several runs fell silent."""
    if own := agreed(_finals(near)):
        return own, "its finished siblings"
    if given is not None:
        return given, "--goal"
    if wide is not None and all(s.step <= 1.01 * wide for s in near):
        return wide, "finished runs of its task"
    alike = [s for s in near if s.ended != "failed"]
    longest = max((s.step for s in alike), default=0.0)
    there = [s for s in alike if s.step >= 0.998 * longest > 0]
    quiet = len(there) > 1 and all(s.silence_s > s.patience_s or _shares(s) for s in there)
    return (longest, "runs of its group that end there") if quiet else None


def _shares(s: _Seen) -> bool:
    """Whether a run shares its file with others and has no clock: when the file was written says nothing of it."""
    return s.clock == "file" and any(log.run for log in s.run.logs)


def _is_done(s: _Seen, patience_s: float) -> bool:
    if s.ended:
        return s.ended == "done"
    if s.trace is None:
        return False
    if s.goal is None:
        return s.silence_s > max(LONG_S, SILENT * patience_s)
    missing, each = s.goal - s.step, s.trace.logging_step
    if s.step >= NEAR * s.goal:
        return True
    near = missing <= each * 1.001 and each > 0
    return near and (each <= FINE * s.goal or s.silence_s > 1.5 * (s.gap_s or UNKNOWN_GAP_S))


def _state(s: _Seen) -> RunState:
    state, why = _word(s)
    left = None
    rests = [why] if why else []
    if s.goal is not None:
        rests.append(f"goal from {s.source}")
    if state == "running" and s.goal is not None and s.trace is not None:
        finished = [o.trace for o in s.siblings if o.trace and o.done and o.clock == "log" and o.ended != "failed"]
        left, basis = _left(s, s.trace, s.goal, finished)
        rests.append(basis)
    if s.clock == "file":
        rests.append("no clock in its log: from the times of its files")
    p = s.run.place
    return RunState(
        s.run.path, p.group, p.task, p.seed, state, s.step if s.trace else None, s.goal, s.started, s.last, s.took_s,
        left, "; ".join(filter(None, rests)), s.clock, s.trace.x if s.trace else "", s.patience_s / SILENT, _notes(s),
    )  # fmt: skip


def _word(s: _Seen) -> tuple[State, str]:
    if s.ended == "failed":
        return "failed", s.why
    if s.done:
        ended = s.goal is None and not s.ended
        return "done", s.why or ("silent for so long that it has ended; its goal is not known" if ended else "")
    if s.silence_s <= s.patience_s or s.last is None:
        return "running", ""
    further = [o for o in s.siblings if o.done and o.step > 1.5 * s.step and o.took_s]
    whole = max((o.took_s or 0.0 for o in further), default=0.0)
    if further and s.silence_s > max(GIVEN_UP * whole, 3 * LONG_S, 10 * s.patience_s):
        return "failed", "it stopped far short of its siblings, long ago"
    unsure = "" if s.goal is not None else "; its goal is not known, so it may have ended"
    return "stuck", "silent for ten of its usual gaps or more" + unsure


def _left(s: _Seen, t: Trace, goal: float, finished: Sequence[Trace]) -> tuple[timeleft.Range | None, str]:
    if s.clock == "log":
        found = timeleft.left(t, goal, s.silence_s, finished)
        if found:
            return found, "time left from its own rate" + (" and how its siblings went" if finished else "")
    took = s.took_s
    if took and t.step > 0 and (s.clock == "file" or not np.isfinite(t.times).any()):
        middle = took / t.step * (goal - t.step)
        low, mid, high = (middle * float(np.exp(q)) for q in timeleft.quantiles((0, 0, 0, len(timeleft.IRREGULAR), 0)))
        return (low, mid, high), "time left from its steps so far"
    lengths = [o.took_s for o in s.siblings if o.done and o.took_s]
    if lengths:
        rest = [length * (1 - t.step / goal) for length in lengths]
        low, mid, high = (float(q) for q in np.quantile(rest, (0.1, 0.5, 0.9)))
        return (0.9 * low, mid, 1.1 * high), "time left from its finished siblings"
    return None, "its rate is not known yet"


def _notes(s: _Seen) -> tuple[Problem, ...]:
    words = list(s.trace.odd) if s.trace and s.clock == "log" else []
    if s.ahead_s > AHEAD_S:
        words.append(f"its last sign of life is {s.ahead_s:.0f} s ahead of now: the clocks differ")
    return tuple(Problem(w, "", s.run.path, level="warning") for w in words)
