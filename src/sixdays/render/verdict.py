"""A verdict → lines of a terminal: the word first, then what it rests on, the next step, and a sentence to paste."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from sixdays.render.digits import chance_text, interval, number, p_text, sentence, short
from sixdays.render.outlook import outlook_words
from sixdays.render.problems import clean
from sixdays.render.text import BLOCKS, indented
from sixdays.render.words import in_words
from sixdays.verdict.bands import blocks
from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.phrases import hours_text
from sixdays.verdict.result import Comparison, Interval, Method, Next, Verdict

WORDS = {"better": "BETTER", "worse": "WORSE", "same": "SAME", "not_yet_known": "NOT YET KNOWN"}
MOST_TASKS = 30
NAME = 22
SPARK = 20
PICTURE = 29  # odd, so that the middle is a cell


def verdict_lines(v: Verdict, curves: Sequence[Curve] = ()) -> list[str]:
    """The whole answer of `judge`; at most 80 columns, without control characters."""
    lines = indented(headline(v), "")
    if v.main:
        lines += _evidence(v, v.main)
        for words in outlook_words(v):
            lines += indented(words)
    lines += ["", *_methods(v, curves)]
    if v.main and len(v.main.by_task) > 1 and any(i.low is not None for i in v.main.by_task.values()):
        lines += ["", *_by_task(v.main)]
    if len(v.comparisons) > 1:
        lines += ["", *_others(v)]
    if v.next:
        lines += ["", *indented(f"Next: {next_text(v.next)}", "")]
    lines += ["", *_footing(v)]
    if v.sentence:
        lines += ["", "To paste:", *indented(v.sentence, "    ")]
    return [clean(line).rstrip() for line in lines]


def headline(v: Verdict) -> str:
    """The verdict as one sentence."""
    main = v.main
    if main is None:
        return describes(v)
    start = f"{WORDS[main.word]} ({v.standard}): "
    if main.word == "same":
        start = f"SAME within ±{number(v.margin)} ({v.standard}): "
    d = main.difference
    if d.value is None or not isfinite(d.value):
        return (
            f"{start}{main.method} against {main.baseline}: no difference can be given. {sentence(main.why)}".rstrip()
        )
    if main.word in ("better", "worse"):
        verb = "beats" if main.word == "better" else "is worse than"
        return f"{start}{main.method} {verb} {main.baseline} by {interval(_size(d))}{_extent(v, main)}."
    why = f" {sentence(main.why)}" if main.word == "not_yet_known" else ""
    return f"{start}{main.method} − {main.baseline} = {interval(d, sign=True)}{_extent(v, main)}.{why}"


def describes(v: Verdict) -> str:
    """One method only: what it scores, the noise floor, and that nothing is compared."""
    if not v.methods:
        return "No runs with this metric: there is nothing to judge."
    if len(v.methods) > 1:
        return f"{WORDS[v.word]}: {len(v.methods)} methods, none of them compared. Name a --baseline."
    (m,) = v.methods.values()
    runs = f"{m.runs} run{'s' if m.runs != 1 else ''}"
    shown = (
        interval(Interval(m.score, m.low, m.high, v.level))
        if m.score is not None and isfinite(m.score)
        else "no finite score"
    )
    return f"{m.name} alone, {runs}: {v.metric} {shown}. This describes; a claim needs a baseline beside it."


def next_text(n: Next) -> str:
    """The next step with its cost and its chance, where its own text does not say them."""
    parts = [n.text.rstrip(".")]
    if n.hours is not None and hours_text(n.hours) not in n.text:
        parts.append(hours_text(n.hours))
    if n.chance is not None and "%" not in n.text and "probab" not in n.text and "chance" not in n.text:
        parts.append(f"settles it with probability {n.chance:.2g}")
    if n.needed and str(n.needed[1]) not in n.text:
        low, high = n.needed
        parts.append(f"in the end {low} to {high} seeds an arm may be needed" if low != high else f"{low} seeds an arm")
    return "; ".join(parts) + "."


def improvement_words(p: float, method: str, baseline: str, *, diverged: bool = False) -> str:
    """The probability of improvement as people say it.

    >>> improvement_words(0.71, "mine", "sac")
    'A run of mine beats one of sac about 7 in 10 times (P(improvement) 0.71).'
    """
    if p in (0.0, 1.0):
        what = "run that did not diverge" if diverged else "run"
        return f"{'Every' if p else 'No'} {what} of {method} beats {'every' if p else 'any'} one of {baseline}."
    often = f"{in_words(p).removeprefix('a long shot: ')} times"
    return f"A run of {method} beats one of {baseline} {often} (P(improvement) {p:.2f})."


def has_diverged(v: Verdict, c: Comparison) -> bool:
    """Whether a run of either arm is left out of the figures because it diverged."""
    return any(v.methods[name].diverged for name in (c.method, c.baseline) if name in v.methods)


def sparkline(values: FloatArray, low: float, high: float) -> str:
    """Block characters from low to high; `·` where there is no value.

    >>> sparkline(np.array([0.0, 0.5, 1.0, np.nan]), 0.0, 1.0)
    '▁▅█·'
    """
    span = (high - low) or 1.0
    return "".join(
        BLOCKS[1 + min(7, max(0, int((x - low) / span * 8)))] if isfinite(x) else "·" for x in values.tolist()
    )


def sparklines(curves: Sequence[Curve], width: int = SPARK) -> dict[str, str]:
    """Method → the mean of its runs over training, all on one scale; tasks of one method weigh the same."""
    if not curves:
        return {}
    table = blocks(curves, (np.arange(width) + 1.0) / width)
    means: dict[str, list[FloatArray]] = {}
    for by in table.values():
        for method, rows in by.items():
            known = np.isfinite(rows)
            with np.errstate(invalid="ignore"):
                means.setdefault(method, []).append(np.where(known, rows, 0.0).sum(0) / known.sum(0))
    lines = {m: np.array(rows).mean(0) for m, rows in means.items()}
    every = np.concatenate(list(lines.values()))
    every = every[np.isfinite(every)]
    if not len(every):
        return {}
    low, high = float(every.min()), float(every.max())
    return {m: sparkline(row, low, high) for m, row in lines.items() if np.isfinite(row).sum() > 1}


def whisker(i: Interval, low: float, high: float, width: int = PICTURE) -> str:
    """An interval as characters on the axis low … high, zero marked where it is inside.

    >>> whisker(Interval(1.0, 0.0, 2.0, 0.95), -2.0, 2.0, 9)
    '    ├─●─┤'
    """
    cells = [" "] * width

    def cell(x: float) -> int:
        return min(width - 1, max(0, round((x - low) / ((high - low) or 1.0) * (width - 1))))

    if low <= 0 <= high:
        cells[cell(0.0)] = "│"
    if i.low is not None and i.high is not None and isfinite(i.low) and isfinite(i.high):
        a, b = cell(i.low), cell(i.high)
        for k in range(a, b + 1):
            cells[k] = "┼" if cells[k] == "│" else "─"
        cells[a], cells[b] = "├", "┤"
    if i.value is not None and isfinite(i.value):
        cells[cell(i.value)] = "●"
    return "".join(cells)


def _evidence(v: Verdict, main: Comparison) -> list[str]:
    lines = []
    if main.improvement is not None:
        lines += indented(
            improvement_words(main.improvement, main.method, main.baseline, diverged=has_diverged(v, main))
        )
    parts = [p_text(main.p)] if main.p is not None else []
    if main.noise is not None and isfinite(main.noise):
        parts.append(f"{abs(main.noise):.2g} times the seed noise")
    if main.area and main.area.value is not None:
        parts.append(f"area under the curve {interval(main.area, sign=True)}")
    lines += indented(" · ".join(parts))
    if main.word != "not_yet_known":
        lines += indented(sentence(main.why))
    return lines


def _methods(v: Verdict, curves: Sequence[Curve]) -> list[str]:
    """One line a method: runs, score, interval, the mean curve; what diverged or still runs in words below."""
    pictures = sparklines([c for c in curves if c.method in v.methods])
    width = max([6, *(len(short(name, NAME)) for name in v.methods)])
    rows = [
        (short(m.name, NAME), str(m.runs), number(m.score, _width(m)), _span(m), pictures.get(m.name, ""))
        for m in v.methods.values()
    ]
    if not rows:
        return []
    wide = [max(len(head), *(len(r[k]) for r in rows)) for k, head in ((1, "runs"), (2, "score"), (3, "interval"))]
    level = f"{100 * v.level:.3g} % interval"
    wide[2] = max(wide[2], len(level))
    lines = [f"  {'':<{width}}  {'runs':>{wide[0]}}  {'score':>{wide[1]}}  {level:<{wide[2]}}"]
    for name, runs, score, span, picture in rows:
        line = f"  {name:<{width}}  {runs:>{wide[0]}}  {score:>{wide[1]}}  {span:<{wide[2]}}"
        lines.append(f"{line}  {picture}" if len(line) + 2 + len(picture) <= 79 else line[:79])
    for m in v.methods.values():
        states = [f"{n} {what}" for n, what in ((m.diverged, "diverged"), (m.running, "still running")) if n]
        if states:
            lines += indented(f"{short(m.name, NAME)}: {' and '.join(states)} of {m.runs} runs")
    return lines


def _by_task(main: Comparison) -> list[str]:
    """Per-task differences as a picture of intervals on one axis."""
    shown = dict(list(main.by_task.items())[:MOST_TASKS])
    low, high = _axis([*shown.values(), main.difference])
    head = f"Difference by task, {short(main.method, NAME)} − {short(main.baseline, NAME)}"
    rows = [*shown.items(), ("overall", main.difference)]
    width = max(len(short(t, NAME)) for t, _ in rows)
    lines = [head]
    for task, i in rows:
        figures = "–" if i.value is None else number(i.value, (i.high or 0) - (i.low or 0), sign=True)
        span = ""
        if i.low is not None and i.high is not None:
            span = f" [{number(i.low, i.high - i.low, True)} to {number(i.high, i.high - i.low, True)}]"
        line = f"  {short(task, NAME):<{width}}  {whisker(i, low, high)}  {figures}"
        lines.append(line + span if len(line + span) <= 79 else line)
    if rest := len(main.by_task) - len(shown):
        lines.append(f"  and {rest} more tasks")
    return lines


def _others(v: Verdict) -> list[str]:
    lines = ["All against the baseline (p after Holm)"]
    for c in v.comparisons:
        p = p_text(c.p) if c.p is not None else ""
        lines += indented(f"{c.method}: {WORDS[c.word]}, {interval(c.difference, sign=True)}  {p}".rstrip())
    return lines


def _footing(v: Verdict) -> list[str]:
    """What the figures rest on: the error bar, the metric, the noise floor, the looks, the warnings."""
    lines = []
    for w in v.warnings:
        lines += indented(f"! {w}", "")
    way = "higher is better" if v.higher_is_better else "lower is better"
    lines += indented(f"{v.metric or 'the values'} ({way}). {sentence(v.error_bar)}".rstrip(), "")
    if v.noise_floor is not None and isfinite(v.noise_floor):
        lines += indented(
            f"Seed noise: runs that differ only in their seed differ by about {number(v.noise_floor)}.", ""
        )
    if v.looks > 1:
        lines += indented(f"Looked at {v.looks} times; {bar(v)}", "")
    if v.chance is not None and v.word == "not_yet_known":
        lines += indented(f"That it will be BETTER at this standard in the end: {chance_text(v.chance)}.", "")
    return lines


def bar(v: Verdict) -> str:
    """What looking again costs."""
    level = v.main.difference.level if v.main else v.level
    if level > v.level:
        return f"the bar is now {100 * level:.3g} % where one look would need {100 * v.level:.3g} %."
    return "the bar counts that."


def _extent(v: Verdict, c: Comparison) -> str:
    """` on 5 tasks × 10 seeds`, or the runs of each arm where they differ; those that have ended."""
    arms = [m for m in (v.methods.get(c.method), v.methods.get(c.baseline)) if m]
    if len(arms) < 2:
        return ""
    tasks = len(c.by_task) or max(a.tasks for a in arms)
    where = f" on {tasks} tasks" if tasks > 1 else ""
    ended = [a.runs - a.running - a.diverged for a in arms]
    lost = sum(a.diverged for a in arms)
    apart = f", {lost} diverged" if lost else ""
    if ended[0] == ended[1] and tasks and ended[0] % tasks == 0 and arms[0].tasks == arms[1].tasks:
        seeds = ended[0] // tasks
        unit = "seed" if seeds == 1 else "seeds"
        return f"{where} × {seeds} {unit}{apart}" if where else f", {seeds} {unit} each{apart}"
    return f"{where}, {ended[0]} and {ended[1]} runs{apart}"


def _size(d: Interval) -> Interval:
    """The difference as a size: mirrored where it is negative, for then the smaller value is the one meant."""
    if d.value is None or d.value >= 0:
        return d
    low, high = (None if x is None else -x for x in (d.high, d.low))
    return Interval(-d.value, low, high, d.level)


def _axis(intervals: Sequence[Interval]) -> tuple[float, float]:
    """An axis that holds every value and zero; an interval far beyond the rest is cut."""
    values = [x for i in intervals for x in (i.low, i.value, i.high) if x is not None and isfinite(x)]
    return min([0.0, *values]), max([0.0, *values])


def _span(m: Method) -> str:
    if m.low is None or m.high is None:
        return "–"
    return f"{number(m.low, _width(m))} to {number(m.high, _width(m))}"


def _width(m: Method) -> float:
    return m.high - m.low if m.low is not None and m.high is not None else 0.0
