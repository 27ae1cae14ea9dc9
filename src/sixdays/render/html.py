"""A verdict and its curves → one HTML page: no script, nothing from the network, read in print and without colour."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import numpy as np

from sixdays.render import figures, tables
from sixdays.render.digits import interval, number, p_text, sentence
from sixdays.render.fans import outlook_figures
from sixdays.render.outlook import outlook_words
from sixdays.render.problems import clean
from sixdays.render.verdict import bar, has_diverged, headline, improvement_words, next_text
from sixdays.verdict.arms import gather
from sixdays.verdict.bands import Blocks, blocks, difference_band, iqm_band, lengths, mean_band
from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.estimators import improvement
from sixdays.verdict.result import Comparison, Verdict

FRACTIONS = np.linspace(0.02, 1.0, 50)
MOST_METHODS = 6
MOST_TASKS = 30
POINTWISE = "The band holds at each place, not everywhere at once; each point is the mean of the 5 % before it."


@dataclass(frozen=True, slots=True)
class Section:
    """One figure, or several small ones, with a heading and a note that says what is drawn."""

    name: str
    note: str
    figures: Sequence[str]
    small: bool = False
    legend: str = ""


def verdict_page(v: Verdict, curves: Sequence[Curve], title: str = "judge") -> str:
    """The whole page. The same values give the same bytes.

    Raises nothing for what is missing: a figure that the values do not allow is left out.
    """
    from jinja2 import Environment  # 50 ms that no other command pays
    from markupsafe import Markup

    folder = files("sixdays.render") / "templates"
    style = (folder / "verdict.css").read_text("utf-8")
    template = Environment(autoescape=True).from_string((folder / "verdict.html").read_text("utf-8"))
    digest = b64encode(sha256(style.encode()).digest()).decode()
    main = v.main
    return template.render(
        title=clean(title), style=Markup(style),  # noqa: S704 (a file of ours)
        style_hash=f"sha256-{digest}", headline=clean(headline(v)),
        evidence=[clean(line) for line in ([*_evidence(v, main), *outlook_words(v)] if main else [])],
        next=clean(next_text(v.next)) if v.next else "",
        warnings=[clean(w) for w in v.warnings],
        tables=[{"head": h, "rows": [[clean(c) for c in r] for r in rows]} for h, rows in tables.parts(v)],
        sections=[
            {"name": s.name, "note": s.note, "small": s.small, "legend": Markup(s.legend),  # noqa: S704 (ours, escaped)
             "figures": [Markup(f) for f in s.figures]}  # noqa: S704
            for s in sections(v, curves)
        ],
        sentence=clean(v.sentence), footing=[clean(line) for line in _footing(v)],
    )  # fmt: skip


def sections(v: Verdict, curves: Sequence[Curve]) -> list[Section]:
    """Every figure that these values allow, in the order of the page."""
    kinds = method_kinds(v, curves)
    shown = [c for c in curves if c.method in kinds]
    if not shown:
        return []
    table = blocks(shown, FRACTIONS)
    out = [*_differences(v, table, max(lengths(shown).values())), *_aggregate(v, table, kinds)]
    arms, _ = gather(shown, 0.05)
    scores = {a.name: a.scores for a in sorted(arms, key=lambda a: kinds[a.name]) if a.scores}
    tasks = {t for s in scores.values() for t in s}
    if v.main and {v.main.method, v.main.baseline} <= scores.keys():
        out += _chances(v.main, scores, v.higher_is_better)
    out.append(_curves(v, shown, table, kinds))
    if scores and (len(tasks) > 1 or max(len(x) for s in scores.values() for x in s.values()) >= 5):
        note = "How a method does on easy and hard tasks at once; where one line is above, it is ahead at that score."
        out.append(Section("Performance profile", note, [figures.profile(scores, kinds, v.higher_is_better)]))
    return [*out, *(Section(n, note, f, small=len(f) > 1) for n, note, f in outlook_figures(v, shown, kinds))]


def method_kinds(v: Verdict, curves: Sequence[Curve]) -> dict[str, int]:
    """Method → its colour, dashes and marker: the method asked about, the baseline, then the others; six at most."""
    first = [v.main.method, v.main.baseline] if v.main else []
    there = {c.method for c in curves}
    order = [*first, *(c.method for c in v.comparisons), *v.methods]
    return {m: k for k, m in enumerate([m for m in dict.fromkeys(order) if m in there][:MOST_METHODS])}


def _differences(v: Verdict, table: Blocks, length: float) -> list[Section]:
    main = v.main
    if main is None:
        return []
    out = []
    label = f"{main.method} − {main.baseline}"
    margin = f", dotted: the margin of {number(v.margin)}" if v.margin else ""
    rows = list(main.by_task.items())[:MOST_TASKS] if len(main.by_task) > 1 else []
    rows += [("overall" if rows else next(iter(main.by_task), "") or "difference", main.difference)]
    if len(rows) == 1 and len(v.comparisons) > 1:
        rows = [(c.method, c.difference) for c in v.comparisons[:MOST_TASKS]]
        note = f"Each method less {main.baseline}, {v.level * 100:.3g} % intervals."
        out.append(Section("Differences", note, [figures.interval_rows(rows, "Differences", 0, v.margin, last=False)]))
    else:
        rest = len(main.by_task) - MOST_TASKS
        more = f" The first {MOST_TASKS} of {len(main.by_task)} tasks." if rest > 0 else ""
        note = f"{label}, {v.level * 100:.3g} % intervals; the line is no difference{margin}.{more}"
        name = "Difference by task" if len(rows) > 1 else "Difference"
        out.append(Section(name, note, [figures.interval_rows(rows, f"Differences, {label}", 0, v.margin)]))
    both = [by for by in table.values() if main.method in by and main.baseline in by]
    if not both:
        return out
    several = len(both) > 1
    if several:
        band = iqm_band([b[main.method] for b in both], v.level, [b[main.baseline] for b in both])
    else:
        band = difference_band(both[0][main.method], both[0][main.baseline], v.level)
    if not np.isfinite(band.centre).any():
        return out
    how = "interquartile means over runs and tasks" if several else "means of the runs"
    note = f"{label} during training: {how}, {v.level * 100:.3g} % interval. {POINTWISE}"
    x = FRACTIONS if several else FRACTIONS * length
    figure = figures.difference_curve(band, x, 0, v.margin, per_cent=several)
    return [*out, Section("Difference over training", note, [figure])]


def _aggregate(v: Verdict, table: Blocks, kinds: Mapping[str, int]) -> list[Section]:
    if len(table) < 2:
        return []
    by_method = {m: [by[m] for by in table.values() if m in by] for m in kinds}
    bands = {m: iqm_band(rows, v.level) for m, rows in by_method.items() if rows}
    note = f"Interquartile mean over runs and tasks, {v.level * 100:.3g} % band (bootstrap error × t). {POINTWISE}"
    return [Section("Learning curves, all tasks", note, [figures.aggregate_curves(bands, FRACTIONS, kinds)])]


def _curves(v: Verdict, shown: Sequence[Curve], table: Blocks, kinds: Mapping[str, int]) -> Section:
    length = lengths(shown)
    level = f"{v.level * 100:.3g} %"
    drawn, several = [], len(table) > 1
    for task, by in list(table.items())[:MOST_TASKS]:
        bands = {m: mean_band(by[m], v.level) for m in kinds if m in by}
        runs = [c for c in shown if c.task == task]
        drawn.append(figures.learning_curves(task, runs, by, bands, FRACTIONS * length[task], kinds, small=several))
    thin = "every run, as the mean of the 5 % before" if several or len(shown) > figures.MOST_RAW else "every run"
    note = f"Thin: {thin}. Bold: the mean with its {level} band (t, not ± standard error). × marks a run that diverged."
    if len(table) > MOST_TASKS:
        note += f" The first {MOST_TASKS} of {len(table)} tasks."
    if len(v.methods) > len(kinds):
        note += f" Drawn are {len(kinds)} of {len(v.methods)} methods."
    legend = figures.legend(kinds) if several else ""
    return Section("Learning curves by task" if several else "Learning curves", note, drawn, several, legend)


def _chances(main: Comparison, scores: Mapping[str, Mapping[str, FloatArray]], higher: bool) -> list[Section]:
    a, b = scores[main.method], scores[main.baseline]
    sign = 1.0 if higher else -1.0
    tasks = [t for t in a if t in b][:MOST_TASKS]
    rows = [(t, improvement({t: sign * a[t]}, {t: sign * b[t]})) for t in tasks]
    if len(rows) < 2:  # the one number is said above
        return []
    if main.improvement is not None:
        rows.append(("overall", main.improvement))
    note = f"That a run of {main.method} beats one of {main.baseline}; one half is a coin. No interval is drawn."
    return [Section("Probability of improvement", note, [figures.chances(rows, 0)])]


def _evidence(v: Verdict, main: Comparison) -> list[str]:
    lines = []
    if main.word != "not_yet_known" and main.why:
        lines.append(sentence(main.why))
    if main.improvement is not None:
        lines.append(improvement_words(main.improvement, main.method, main.baseline, diverged=has_diverged(v, main)))
    if main.area and main.area.value is not None:
        p = f"{p_text(main.p)}. " if main.p is not None else ""
        lines.append(f"{p}Area under the curve: {interval(main.area, sign=True)}.")
    return lines


def _footing(v: Verdict) -> list[str]:
    way = "higher is better" if v.higher_is_better else "lower is better"
    lines = [f"{v.metric or 'The values'} ({way}). {sentence(v.error_bar)}".strip()]
    if v.noise_floor is not None:
        lines.append(f"Seed noise: runs that differ only in their seed differ by about {number(v.noise_floor)}.")
    if v.looks > 1:
        lines.append(f"Looked at {v.looks} times; {bar(v)}")
    return [*lines, "Arithmetic on curves; no model was asked. Made by sixdays."]
