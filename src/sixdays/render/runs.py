"""What logs say of runs → lines: what was found, how far each group is, what is stuck, and the tries that fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median

from sixdays.logs.progress import RunState
from sixdays.odds.forecast import Fit
from sixdays.quantities import show_instant, show_seconds
from sixdays.render.digits import number, short
from sixdays.render.problems import WIDTH, clean
from sixdays.render.text import indented
from sixdays.render.words import when

STATES = ("done", "running", "stuck", "failed")
MOST_GROUPS = 20
MOST_NAMED = 6
NAME = 24
SPEEDS = {2.0: "Twice as fast", 10.0: "ten times"}


def found_lines(found: Sequence[str], runs: Sequence[RunState]) -> list[str]:
    """What was found, and how it was grouped: shown before any number, for if it is wrong, so is the rest."""
    lines = [line for note in found for line in indented(note, "")]
    groups = Counter(r.group for r in runs)
    shown = [f"{short(g, NAME) or '(no name)'} {n}" for g, n in groups.most_common(MOST_GROUPS)]
    if shown:
        rest = f", and {len(groups) - len(shown)} more groups" if len(groups) > len(shown) else ""
        lines += indented(f"Groups: {', '.join(shown)}{rest}.", "")
    tasks = list(dict.fromkeys(r.task for r in runs if r.task))
    if len(tasks) > 1:
        named = ", ".join(short(t, NAME) for t in tasks[:8]) + (f" and {len(tasks) - 8} more" if len(tasks) > 8 else "")
        lines += indented(f"Tasks: {named}.", "")
    return lines


def states_lines(states: Sequence[RunState], now: datetime) -> list[str]:
    """A line a group: how many are in which state, what one takes, what the running ones still need; then names."""
    groups: dict[str, list[RunState]] = {}
    for s in states:
        groups.setdefault(s.group, []).append(s)
    if not groups:
        return []
    kinds = [k for k in STATES if any(s.state == k for s in states)]
    shown = list(groups.items())[:MOST_GROUPS]
    width = max(5, *(len(short(g, NAME)) for g, _ in shown))
    took = {g: _took(of) for g, of in shown}
    wide = max(len("a run takes"), *(len(t) for t in took.values()))
    counts = "".join(f"{k:>9}" for k in kinds)
    left_of = {g: _left([s for s in of if s.state == "running"]) for g, of in shown}
    beside = 2 + width + len(counts) + 4 + wide + max(map(len, left_of.values())) < WIDTH  # else on a line of its own
    title = "time left" if beside and "running" in kinds else ""
    lines = [f"  {'':<{width}}{counts}  {'a run takes':<{wide}}  {title}".rstrip()]
    for g, of in shown:
        per: Counter[str] = Counter(s.state for s in of)
        cells = "".join(f"{per[k] or '·':>9}" for k in kinds)
        row = f"  {short(g, NAME):<{width}}{cells}  {took[g]:<{wide}}"
        lines.append(f"{row}  {left_of[g] if beside else ''}".rstrip())
        if left_of[g] and not beside:
            lines.append(f"      time left: {left_of[g]}")
    if len(groups) > len(shown):
        lines.append(f"  and {len(groups) - len(shown)} more groups")
    lines += _ends(states, now)
    lines += _named(states, "stuck", now)
    lines += _named(states, "failed", now)
    bases = Counter(part for s in states if s.state == "running" for part in [s.basis] if part)
    for basis, n in bases.most_common(3):
        lines += indented(f"{n} running: {basis}.")
    odd = Counter(p.message for s in states for p in s.notes)
    for message, n in odd.most_common(4):
        lines += indented(f"! {message}{f' ({n} runs)' if n > 1 else ''}")
    return [clean(line) for line in lines]


def tries_lines(
    name: str, deadline: datetime, closes: datetime, fit: Mapping[float, Fit], basis: str, write: str = ""
) -> list[str]:
    """Tries that fit before one deadline, at today's speed and faster; when the room closes, and on what it rests.

    fit: speed → quantiles of whole tries; 1.0 is today's. write: the time kept for writing, as it is to be shown.
    """
    today = fit.get(1.0)
    if today is None:
        return []
    if "not known" in basis:  # the length of a try: no number of them can be said
        return indented(f"How many tries fit cannot be said: {basis}.")
    if today.p90 == 0:
        first = "You can afford no more tries: not one fits"
    else:
        first = f"You can afford {today.p50} more {'try' if today.p50 == 1 else 'tries'}{_spread(today)}"
    faster = [f"{words} {fit[speed].p50}{_spread(fit[speed])}" for speed, words in SPEEDS.items() if speed in fit]
    lines = indented(f"{first}.{' ' + ', '.join(faster) + '.' if faster else ''}")
    at = closes.astimezone(deadline.tzinfo).replace(second=0, microsecond=0)
    until = f"Room for tries closes {show_instant(at, deadline)}"
    kept = f": {write} before {name} for writing" if write else ""
    lines += indented(f"{until}{kept}.")
    if basis:
        lines += indented(f"A try: {basis}.")
    return lines


def _spread(fit: Fit) -> str:
    return "" if fit.p10 == fit.p90 else f" ({fit.p10} to {fit.p90})"


def _took(of: Sequence[RunState]) -> str:
    """`9 h (8 h to 10 h)` of those that are done."""
    took = [s.took_s for s in of if s.state == "done" and s.took_s is not None]
    if not took:
        return "–"
    middle, low, high = (show_seconds(x) for x in (median(took), min(took), max(took)))
    return middle if low == high else f"{middle} ({low} to {high})"


def _left(running: Sequence[RunState]) -> str:
    """From the soonest of the first to the latest of the last."""
    known = [s.left_s for s in running if s.left_s is not None]
    unknown = len(running) - len(known)
    if not known:
        return "not known yet" if unknown else ""
    low, high = show_seconds(min(k[0] for k in known)), show_seconds(max(k[2] for k in known))
    return (low if low == high else f"{low} to {high}") + (f", {unknown} unknown" if unknown else "")


def _ends(states: Sequence[RunState], now: datetime) -> list[str]:
    """When the last of the running ones ends."""
    known = [s.left_s for s in states if s.state == "running" and s.left_s is not None]
    if not known:
        return []
    low, middle, high = (max(k[q] for k in known) for q in range(3))
    times = [when(datetime.fromtimestamp(now.timestamp() + x, now.tzinfo), now) for x in (low, middle, high)]
    return indented(f"The last of the {len(known)} running ends about {times[1]} ({times[0]} to {times[2]}).")


def _named(states: Sequence[RunState], state: str, now: datetime) -> list[str]:
    those = [s for s in states if s.state == state]
    lines = []
    for s in those[:MOST_NAMED]:
        at = f" at {_steps(s)}" if s.steps is not None else ""
        silent = f", silent for {show_seconds(max(0.0, now.timestamp() - s.last))}" if s.last is not None else ""
        gap = f" (usual gap {show_seconds(s.gap_s)})" if s.gap_s and state == "stuck" else ""
        why = f": {s.basis}" if state == "failed" and s.basis else ""
        lines += indented(f"{state}: {short(s.path, 50)}{at}{silent}{gap}{why}")
    if len(those) > MOST_NAMED:
        lines.append(f"  and {len(those) - MOST_NAMED} more {state}")
    return lines


def _steps(s: RunState) -> str:
    goal = f" of {number(s.goal)}" if s.goal else ""
    return f"{number(s.steps)}{goal} {s.x or 'step'}s"
