"""Values → lines of text, the same on a terminal, in a pipe and in the docs; 80 columns at most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import inf
from textwrap import wrap
from typing import TYPE_CHECKING

from sixdays.odds.forecast import Forecast, TargetForecast
from sixdays.plan.network import STANDARD
from sixdays.proof.certificate import Certificate
from sixdays.quantities import show_instant, show_percent, show_seconds
from sixdays.render import words
from sixdays.render.problems import WIDTH, clean

if TYPE_CHECKING:
    from sixdays.ask.questions import Question
    from sixdays.odds.moves import Step

BLOCKS = " ▁▂▃▄▅▆▇█"
PICTURE = 48
MOST_TASKS = 8
MOST_QUESTIONS = 3
MOST_CHANGES = 6
LEAST_GAIN = 0.005  # a question that would change the odds by less is not worth a line


def forecast_lines(
    f: Forecast, questions: Sequence[Question] = (), plan_name: str = "plan.yaml", moved: Sequence[Step] = ()
) -> list[str]:
    """The answer of `odds`: tries, odds and picture of every target; why, where it is impossible."""
    lines = [f"It is {show_instant(f.inputs.now.replace(second=0))}.", ""]
    if not f.plan.file and any(t.takes.basis == "assumed" for t in f.plan.tasks.values()):
        lines += [*indented(words.BARE, ""), ""]
    for t in f.targets.values():
        lines += [*target_lines(f, t, plan_name), ""]
    if not f.targets:
        lines += [*_finishes(f), ""]
    lines += moved_lines(f, moved)
    lines += _tasks(f)
    lines += question_lines(questions)
    return [line.rstrip() for line in _squeeze(lines)]


def target_lines(f: Forecast, t: TargetForecast, plan_name: str) -> list[str]:
    now, draws = f.inputs.now, f.inputs.draws
    lines = [f"{t.name} · {words.deadline(t, now)}"]
    if not t.open:
        return [*lines, *indented(words.headline(t, draws))]
    if not t.certificate:
        for name, each in t.tries.items():
            lines += indented(words.tries(name, each))
            if f.tries_record:
                lines += indented(words.tries_record(*f.tries_record, each.each))
    lines += indented(words.headline(t, draws))
    if t.certificate:
        return [*lines, *certificate_lines(t.certificate, plan_name)]
    claims = _claims(f, t)
    if more := words.parts(t, claims=bool(claims)):
        lines += indented(more)
    lines += claims
    lines += indented(picture(t, now))
    lines += indented(words.finish(t, now))
    if len(f.targets) < 3:
        lines += indented(words.best(t, now))
        for line in words.people(t.people):
            lines += indented(line)
    for other, tasks in t.carries_over.items():
        if t.deadline < f.targets[other].deadline and t.odds < 0.5:
            lines += indented(f"{other} would inherit: {', '.join(tasks)}.")
    return lines


def _claims(f: Forecast, t: TargetForecast) -> list[str]:
    """P(result) of the tasks with a claim that the target needs, at its standard."""
    network, standard = f.run.network, f.plan.targets[t.name].standard or STANDARD
    needed = network.needed[t.name][0] | network.needed[t.name][1]
    told = [(a.task, dict(a.chances)) for a in network.actuals if network.index.get(a.task) in needed]
    return [line for task, by in told if standard in by for line in indented(words.claim(task, by[standard], standard))]


def picture(t: TargetForecast, now: datetime) -> str:
    """The spread of the finish against the deadline, one line: now at the left, the deadline as a bar.

    Heights are densities, read off the quantiles 1/40 … 39/40.
    """
    due = (t.deadline - now.astimezone(UTC)).total_seconds()
    ends = [q for q in t.spread_s if q < inf]
    if not ends or due <= 0:
        return ""
    last = max(ends[-1], due) * 1.04
    share = [0.0] * PICTURE
    for a, b in pairwise(ends):  # the 38 gaps each hold one fortieth
        first, final = a / last * PICTURE, b / last * PICTURE
        for cell in range(int(first), min(int(final), PICTURE - 1) + 1):
            inside = min(final, cell + 1) - max(first, cell)
            share[cell] += inside / (final - first) if final > first else 1.0
    if len(ends) == 1 or ends[0] == ends[-1]:
        share[min(int(ends[0] / last * PICTURE), PICTURE - 1)] += 1.0
    top = max(share) or 1.0
    cells = [BLOCKS[min(8, round(s / top * 7.5 + 0.49))] if s > 0 else "·" for s in share]
    bar = min(int(due / last * PICTURE), PICTURE - 1)
    cells.insert(bar + 1, "┃")
    never = sum(1 for q in t.spread_s if q == inf) / len(t.spread_s)
    rest = f"  {show_percent(never)} never" if never > 0.04 else ""
    return f"now {''.join(cells)} ┃ deadline{rest}"


def certificate_lines(c: Certificate, plan_name: str) -> list[str]:
    """Facts with their places, the sum, and the smallest change of each that would be enough."""
    lines = [""]
    for fact in c.facts:
        where = f"{plan_name}:{fact.line}" if plan_name and fact.line else ""
        basis = fact.basis if fact.kind == "floor" else ""
        note = " ".join(filter(None, (where, basis)))
        lines += _table(fact.text, note)
    lines.append("")
    lines += indented(_sum(c), "    ")
    lines.append("")
    enough = [m for m in c.changes if m.enough][:MOST_CHANGES]
    if enough:
        lines += indented("One of these facts must change. Enough would be, each alone:")
        first = next((m for m in enough if any(p.endswith(" faster") for p in m.change)), None)
        for m in enough:
            lines += indented(f"{m.text} · sixdays faster measures it" if m is first else m.text, "    ")
        if rest := [m.text.removesuffix(": not enough alone") for m in c.changes if not m.enough]:
            lines += indented("Not enough alone: " + "; ".join(rest[:4]) + ".")
    elif c.changes:
        lines += indented("No change of one of these facts alone is enough.")
    lines += indented(words.ABOUT_FACTS if c.kind != "exact" else "A computer's search: it cannot be re-added by hand.")
    return lines


def _sum(c: Certificate) -> str:
    if c.needs_ms is None or c.room_ms is None or c.short_ms is None:
        return "by exhaustive search over all orders: these facts cannot all hold"
    needs, room, short = (show_seconds(x / 1000, 4) or "0 s" for x in (c.needs_ms, c.room_ms, c.short_ms))
    if c.kind == "chain":
        return f"sum {needs} · room {room} · short by {short}"
    opens, closes = c.window_ms
    window = show_seconds((closes - opens) / 1000, 3)
    if c.whole_runs:
        return f"{c.whole_runs} whole runs; {c.runs_that_fit} fit into the {window} that are left for them"
    return f"{c.resource} time {needs} · room {room} in {window} · short by {short}"


def moved_lines(f: Forecast, moved: Sequence[Step]) -> list[str]:
    """What moved the odds of one target since the last forecast, evidence apart from edits: the one moved most."""
    total = {name: sum(s.change.get(name, 0.0) for s in moved) for name, t in f.targets.items() if t.open}
    name = max(total, key=lambda n: abs(total[n]), default="")
    steps = [s for s in moved if abs(s.change.get(name, 0.0)) >= LEAST_GAIN][:MOST_CHANGES]
    if not steps:
        return []
    kinds = {"record": "it happened", "edit": "you edited", "history": "your history", "clock": "the clock"}
    lines = [f"What moved the odds of {name}"]
    for s in steps:
        points = round(100 * s.change[name] + 1e-9)
        lines += _table(f"{s.text} ({kinds[s.kind]})", f"{'+' if points > 0 else '−'}{abs(points)} points")
    return [*lines, ""]


def asked_lines(q: Question) -> list[str]:
    """One question of `ask`, with the reason that it was chosen."""
    why = f"   (why this: {q.why})" if q.why else ""
    lines = indented(f"{q.text}{why}", "")
    if q.gain is not None and q.odds_after is not None:
        lines += indented(
            f"odds {show_percent(q.odds_after - q.gain)} → {show_percent(q.odds_after)} if yes; {q.minutes:g} min"
        )
    return lines


def question_lines(questions: Sequence[Question]) -> list[str]:
    first = questions[0] if questions else None
    if first is None or (first.gain is not None and first.gain < LEAST_GAIN):
        return []
    out = indented(f"Ask first: {first.text}", "")
    rest = [q for q in questions[1:] if not q.if_no and q.swing is None and (q.gain is None or q.gain >= LEAST_GAIN)]
    if first.gain is not None and first.odds_after is not None:
        out += indented(f"{show_percent(first.odds_after)} if so; {first.minutes:g} min to find out", "  ")
    if first.command:
        out += indented(first.command, "  ")
    wordless = [q for q in rest if q.gain is None][:1]
    counted = [q for q in rest if q.gain is not None][: MOST_QUESTIONS - 1 - len(wordless)]
    for q in [*counted, *wordless]:
        out += indented(
            f"Then: {q.text}" + (f" ({show_percent(q.odds_after)})" if q.odds_after is not None else ""), ""
        )
    return out


def _tasks(f: Forecast) -> list[str]:
    """The tasks that decide: how often each is on the critical chain, and what its estimate rests on."""
    if f.top is None or f.targets[f.top].certificate:
        return [words.rests_on(f)] if not f.top else []
    shown = sorted(((t.criticality, name) for name, t in f.tasks.items() if t.criticality >= 0.05), key=lambda x: -x[0])
    if len(f.tasks) < 2 or not shown:
        return [words.rests_on(f)]
    width = max(len(name) for _, name in shown[:MOST_TASKS])
    lines = [f"On the critical chain of {f.top}"]
    for share, name in shown[:MOST_TASKS]:
        lines += [f"  {name[:40]:<{min(width, 40)}}  {show_percent(share):>5} of draws · {f.tasks[name].basis}"]
    if len(shown) > MOST_TASKS:
        lines.append(f"  and {len(shown) - MOST_TASKS} more")
    return [*lines, ""]


def _finishes(f: Forecast) -> list[str]:
    lines = ["The plan has no targets; its tasks finish"]
    now = f.inputs.now
    for name, t in list(f.tasks.items())[:20]:
        p10, p50, p90 = (words.when(x, now) for x in (t.finish.p10, t.finish.p50, t.finish.p90))
        lines += indented(f"{name}: {p50} ({p10} to {p90})" if p10 != p90 else f"{name}: {p50}")
    return lines


def _table(text: str, note: str) -> list[str]:
    room = WIDTH - 6 - len(note)
    if len(text) <= room:
        return [f"    {text:<{room}}{note}" if note else f"    {text}"]
    return [*indented(text, "    "), f"{note:>{WIDTH - 2}}"]


def indented(text: str, by: str = "  ") -> list[str]:
    return (
        wrap(clean(text), WIDTH - 1, initial_indent=by, subsequent_indent=by + "  ", break_on_hyphens=False)
        if text
        else []
    )


def _squeeze(lines: Iterable[str]) -> list[str]:
    """No two empty lines in a row, none at the end."""
    out: list[str] = []
    for line in lines:
        if line.strip() or (out and out[-1]):
            out.append(clean(line))
    while out and not out[-1]:
        out.pop()
    return out
