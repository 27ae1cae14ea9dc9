"""Values → sentences. Each sentence of the screen is one function here; nothing is printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sixdays.odds.forecast import Forecast, TargetForecast, TriesForecast
from sixdays.proof.certificate import Certificate
from sixdays.quantities import show_instant, show_percent, show_seconds

BARE = "Durations are taken as exact; say “about 3d” or “2d to 4d” where they are guesses."
ABOUT_FACTS = "Arithmetic about your stated facts: it holds whatever happens within them."


_IN_WORDS = (
    (0.9995, "as good as certain"), (0.995, "more than 99 in 100"), (0.965, "about 49 in 50"),
    (0.925, "about 19 in 20"), (0.70, ""), (0.63, "about 2 in 3"), (0.55, "about 3 in 5"), (0.45, "about 1 in 2"),
    (0.37, "about 2 in 5"), (0.30, "about 1 in 3"),
)  # fmt: skip


def in_words(p: float) -> str:
    """A probability as people say it (rule P2).

    >>> in_words(0.21), in_words(0.026)
    ('about 1 in 5', 'a long shot: about 1 in 40')
    """
    for least, words in _IN_WORDS:
        if p >= least:
            return words or f"about {round(p * 10)} in 10"
    if p >= 0.05:
        return f"about 1 in {round(1 / p)}"
    if p <= 0:
        return "none of the draws"
    n = 1 / p
    step = 10 ** (len(str(int(n))) - 1)
    nice = round(n / step * 2) / 2 * step if step > 1 else round(n)
    return f"a long shot: about 1 in {int(nice):,}"


def headline(t: TargetForecast, draws: int) -> str:
    """The verdict on one target as a sentence."""
    if t.verdict == "met":
        return "Met: everything it requires is finished."
    if t.verdict == "missed":
        return "Missed: its deadline has passed." if t.certificate is None else "Missed."
    if t.certificate is not None:
        return impossible(t.certificate)
    if t.verdict == "virtually impossible":
        none = "none" if t.in_time == 0 else "fewer than 1 in 1,000"
        bound = f"under 1 in {draws // 3:,}" if t.in_time == 0 else "under 1 in 1,000"
        return f"VIRTUALLY IMPOSSIBLE: {none} of {draws:,} draws, in the order shown: {bound}. No proof."
    shown = show_percent(t.odds, t.error)
    near = t.error > 0.0005 and not 0.1 < t.odds < 0.9  # there the error is what a decision turns on
    shown += f" ± {100 * t.error:.1g}" if near else ""
    return f"{t.verdict.upper()}: odds {shown}, {in_words(t.odds)}."


def impossible(c: Certificate) -> str:
    if c.needs_ms is None or c.room_ms is None:
        return "IMPOSSIBLE as planned, by exhaustive search over all orders."
    needs, room = show_seconds(c.needs_ms / 1000, 3), show_seconds(c.room_ms / 1000, 3)
    if c.kind == "chain":
        return f"IMPOSSIBLE as planned: {needs} of work must fit in {room or '0 s'}."
    if c.whole_runs:
        return f"IMPOSSIBLE as planned: {c.whole_runs} runs on {c.resource}, {c.runs_that_fit} fit."
    return f"IMPOSSIBLE as planned: {needs} of {c.resource} time must fit in {room or '0 s'}."


def claim(task: str, chance: float, standard: str) -> str:
    """P(result) of a task with a claim."""
    return f"{task}: a {standard} result {show_percent(chance)}, as its curves stand; sixdays judge {task}"


def parts(t: TargetForecast, *, claims: bool = False) -> str:
    """The two parts of the odds, where they differ from the whole. claims: curves have their say in it."""
    out = []
    if t.not_stopped < 1:
        what = f"not stopped by {'what its curves say, or ' if claims else ''}a risk"
        out.append(f"in time {show_percent(t.in_time, t.error)} × {what} {show_percent(t.not_stopped)}")
    if t.odds_with_moves is not None:
        out.append(f"{show_percent(t.odds_with_moves)} counting that the deadline may move")
    if t.alone is not None:
        out.append(f"{show_percent(t.alone)} if it had the pool alone")
    return "; ".join(out)


def tries(name: str, t: TriesForecast) -> str:
    """The first number on the screen (rule T4)."""
    fit = t.fit
    if fit.p90 == 0:
        return f"You can afford no more tries of {name}: not one fits."
    spread = "" if fit.p10 == fit.p90 else f" ({fit.p10} to {fit.p90})"
    many = "try" if fit.p50 == 1 else "tries"
    failed = f" {t.failed} failed so far." if t.failed else ""
    return f"You can afford {fit.p50} more {many} of {name}{spread}.{failed}"


def beliefs(name: str, t: TriesForecast) -> str:
    each = f"each convinces with {show_percent(t.each)}"
    return f"{name}: {each} if the idea works; that it works: {show_percent(t.works)}"


def tries_record(tasks: int, tries: int, stated: float) -> str:
    """How often tries have convinced so far, beside what is said of those to come (rule T7)."""
    said = f"you say 1 in {1 / stated:.3g}"
    return f"Of your last {tasks} tasks with tries, 1 in {tries / tasks:.1f} tries convinced; {said}."


def finish(t: TargetForecast, now: datetime) -> str:
    """P10, P50 and P90 of the finish (rule S8)."""
    p10, p50, p90 = (when(x, now) for x in (t.finish.p10, t.finish.p50, t.finish.p90))
    if t.finish.p10 is None:
        tried = "no try convinces in time" if t.tries else "it is not finished within ten years"
        return f"In 9 of 10 futures {tried}."
    if t.finish.p50 is None:
        return f"1 in 10 futures finish by {p10}; in more than half of them it never does."
    if t.finish.p90 is None:
        return f"Half by {p50}, 1 in 10 by {p10}; in some futures no try convinces."
    if p10 == p90:
        return f"Finishes {p50}."
    return f"Finishes {p10} to {p90} (8 in 10), half by {p50}."


def best(t: TargetForecast, now: datetime) -> str:
    if t.best is None or t.best == t.finish.p50:
        return ""
    return f"If nothing goes wrong: {when(t.best, now)}."


def when(at: datetime | None, now: datetime) -> str:
    """A time on the clock of now, to the minute, without naming its zone: the first line did."""
    if at is None:
        return "never within ten years"
    local = (at.astimezone(UTC) + timedelta(seconds=30)).replace(second=0, microsecond=0).astimezone(now.tzinfo)
    return show_instant(local, now).rsplit(" ", 1)[0]


def deadline(t: TargetForecast, now: datetime) -> str:
    left = (t.deadline - now.astimezone(UTC)).total_seconds()
    away = f"in {show_seconds(left, 2 if left > 14 * 86400 else 3)}" if left > 0 else f"{show_seconds(-left)} ago"
    return f"{show_instant(t.deadline, now)}, {away}"


def people(work: Mapping[str, tuple[float, int]]) -> list[str]:
    """Hours that people need, and what that means a day."""
    out = []
    for name, (hours, days) in work.items():
        a_day = f": {hours / days:.1f} h on each of the {days} days left" if days else ""
        out.append(f"{name} needs {hours:.0f} h{a_day}")
    return out


def rests_on(f: Forecast) -> str:
    """What the answer rests on, in one line."""
    kinds = list(dict.fromkeys(t.basis for t in f.tasks.values() if t.basis != "done"))
    return "Rests on: " + "; ".join(kinds) + "." if kinds else ""
