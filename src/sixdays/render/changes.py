"""Before and after, what has to happen, and `check`, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from sixdays.ask.suppose import Supposition
from sixdays.odds.forecast import Forecast, TargetForecast
from sixdays.quantities import show_instant, show_percent, show_seconds, zone_name
from sixdays.render import words
from sixdays.render.problems import clean
from sixdays.render.text import certificate_lines, indented, picture

MOST_STATEMENTS = 16


def what_if_lines(before: Forecast, after: Forecast, change: str, where: str, diff: str = "") -> list[str]:
    """The odds and tries of every target before → after."""
    lines = [f"If {change}:", ""]
    for name, new in after.targets.items():
        old = before.targets[name]
        lines.append(f"{name} · {words.deadline(new, after.inputs.now)}")
        if not new.open:
            lines += [*indented(words.headline(new, after.inputs.draws)), ""]
            continue
        lines += indented(f"odds {_brief(old)} → {_brief(new)}")
        lines += indented(no_longer_needed(before, after, name))
        for task in new.tries:
            if task in old.tries:
                lines += indented(f"tries of {task} that fit: {_fit(old, task)} → {_fit(new, task)}")
        if new.certificate:
            lines += indented(words.headline(new, after.inputs.draws))
            lines += certificate_lines(new.certificate, where)
        elif new.open:
            lines += indented(picture(new, after.inputs.now))
            lines += indented(words.finish(new, after.inputs.now))
        lines.append("")
    if diff:
        lines += [*clean_diff(diff), "", "Written. sixdays undo takes it back."]
    return _trimmed(lines)


def odds_lines(before: Forecast, after: Forecast) -> list[str]:
    """Odds and tries of every open target without and with what was learned, one line each."""
    lines = []
    for name, new in after.targets.items():
        if not new.open:
            continue
        old = before.targets[name]
        fits = [f"tries of {t} that fit {_fit(old, t)} → {_fit(new, t)}" for t in new.tries if t in old.tries]
        lines += indented("; ".join([f"{name}: odds {_brief(old)} → {_brief(new)}", *fits]), "")
    return ["", *lines] if lines else []


def no_longer_needed(before: Forecast, after: Forecast, target: str) -> str:
    """A tie that was loosened may be what made a task necessary: said, since it is rarely meant."""
    old, new = before.run.network, after.run.network
    was = {old.activities[i].name for i in old.needed[target][0]}
    now = {new.activities[i].name for i in new.needed[target][0]}
    gone = [n for n in new.index if n in was - now]
    if not gone:
        return ""
    return f"Mind: {target} then needs no end of {', '.join(gone)}; if it does, add it to its requires."


def _brief(t: TargetForecast) -> str:
    if t.verdict in ("impossible", "met", "missed"):
        return t.verdict
    return f"{show_percent(t.odds, t.error)} ({t.verdict})"


def _fit(t: TargetForecast, task: str) -> str:
    fit = t.tries[task].fit
    return f"{fit.p50}" if fit.p10 == fit.p90 else f"{fit.p50} ({fit.p10} to {fit.p90})"


def suppose_lines(s: Supposition, f: Forecast) -> list[str]:
    """Statements with times, seen from the day on which it is done."""
    now = f.inputs.now
    lines = [f"Suppose {s.target} is met on {show_instant(s.by, now)}. What has to happen?", ""]
    if s.enough and not s.changes:
        lines += indented(f"Nothing has to change: odds {show_percent(s.before)}.")
    elif s.enough:
        what = "one change" if len(s.changes) == 1 else f"{len(s.changes)} changes"
        lines += [
            *indented(f"{what[0].upper()}{what[1:]}: odds {show_percent(s.before)} → {show_percent(s.after)}."),
            "",
        ]
    else:
        return _trimmed([*lines, *_not_enough(s)])
    shown = s.statements if len(s.statements) <= MOST_STATEMENTS else s.statements[-MOST_STATEMENTS:]
    if len(shown) < len(s.statements):
        lines += indented(f"… {len(s.statements) - len(shown):,} earlier ones")
    for statement in shown:
        by = f"by {words.when(statement.by, now)}" if statement.by else "now"
        state = "true" if statement.true_now else "not yet"
        lines += indented(f"{by:<22} {statement.text} · {state}", "  ")
        if not statement.by and statement.command:
            lines += indented(statement.command, "      ")
    lines += [
        "",
        *indented(f"Times are those of {zone_name(now)}: by then 9 in 10 of the futures that succeed had it."),
    ]
    minutes = sum(c.minutes for c in s.changes)
    if minutes:
        lines += indented(f"{minutes:g} minutes to find out.")
    return _trimmed([*lines, *indented(_searched(s))])


def _not_enough(s: Supposition) -> list[str]:
    lines = indented(f"No set of 3 of the {s.known} changes I know is enough.")
    if s.changes:
        lines += ["", *indented(f"The best: odds {show_percent(s.before)} → {show_percent(s.after)} with")]
        lines += [line for c in s.changes for line in indented(", ".join(c.change), "    ")]
    if s.ceiling < 0.7:
        lines += indented(
            f"Time is not all that is in the way: with all the time in the world the odds are "
            f"{show_percent(s.ceiling)}, from the idea and the risks alone."
        )
    return [*lines, "", *indented(_searched(s))]


def _searched(s: Supposition) -> str:
    return (
        f"Searched {s.sets:,} sets of {s.known} changes. Likely means 7 in 10 of the futures in which the idea works."
    )


def check_lines(f: Forecast, code: int, bar: float) -> list[str]:
    out = []
    for t in f.targets.values():
        if not t.open:
            out.append(f"{t.name}: {t.verdict}")
        elif t.certificate is not None and t.certificate.short_ms is not None:
            out.append(f"{t.name}: impossible as planned, short by {show_seconds(t.certificate.short_ms / 1000, 3)}")
        else:
            out.append(f"{t.name}: {_brief(t)}")
    say = {
        0: f"All open targets reach {show_percent(bar)}.",
        4: f"Below {show_percent(bar)}.",
        5: "Impossible as planned.",
    }
    return [*out, say[code]]


def clean_diff(diff: str) -> list[str]:
    return [clean(line) for line in diff.splitlines()]


def _trimmed(lines: Sequence[str]) -> list[str]:
    out = [line.rstrip() for line in lines]
    while out and not out[-1]:
        out.pop()
    return out
