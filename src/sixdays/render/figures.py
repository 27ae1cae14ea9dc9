"""The figures of a verdict: values → inline SVG. Drawn 400 wide, so that they are read on a telephone too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from sixdays.render import svg
from sixdays.render.digits import number, short
from sixdays.render.svg import Panel
from sixdays.verdict.bands import Band, scores_so_far
from sixdays.verdict.curves import Curve, FloatArray
from sixdays.verdict.result import Interval

WIDE, TALL = 400.0, 250.0
SMALL_WIDE, SMALL_TALL = 300.0, 170.0
ROW = 20.0
NAME = 20
MOST_RAW = 24
EARLY = 0.1  # of the training: a start that may be left out
STEEP = 6.0  # times the range of the rest
ENOUGH = 90  # points of a thin line that is 240 wide


def ranged(rows: Sequence[FloatArray], part: float = 0.0) -> tuple[float, float]:
    """A range that holds what is finite, a little wider; `part`: the share at each end that may be cut."""
    every = np.concatenate([np.ravel(r) for r in rows]) if len(rows) else np.array([])
    every = every[np.isfinite(every)]
    if not len(every):
        return 0.0, 1.0
    low, high = (float(x) for x in np.quantile(every, (part, 1 - part)))
    room = (high - low) * 0.06 or abs(low) * 0.1 or 1.0
    return low - room, high + room


def framed(lines: Sequence[tuple[FloatArray, FloatArray]], end: float, part: float) -> tuple[float, float, float]:
    """A range for lines (x, y), and the x before which what lies outside it is not drawn.

    A loss falls so far in its first steps that all that matters would be flat: such a start is left out.
    """
    low, high = ranged([y for _, y in lines], part)
    late = [y[x > EARLY * end] for x, y in lines]
    late_low, late_high = ranged(late, part)
    if high - low > STEEP * (late_high - late_low) and any(np.isfinite(y).any() for y in late):
        return late_low, late_high, EARLY * end
    return low, high, -inf


def learning_curves(
    task: str, curves: Sequence[Curve], rows: Mapping[str, FloatArray], bands: Mapping[str, Band], x: FloatArray,
    kinds: Mapping[str, int], small: bool,
) -> str:  # fmt: skip
    """Every run as a thin line, the mean of each method bold with its band, on one benchmark task.

    rows: method → scores so far at x; a small figure, or one of many runs, draws these, for their noise would fill it.
    """
    width, height = (SMALL_WIDE, SMALL_TALL) if small else (WIDE, TALL)
    shown = [b for m, b in bands.items() if m in kinds]
    calm = small or len(curves) > MOST_RAW
    thin = [(x, row) for some in rows.values() for row in some] if calm else [(c.steps, c.values) for c in curves]
    bold = [(x, b.centre) for b in shown]
    y0, y1, start = framed([*thin, *bold], float(x[-1]), 0.01 if len(thin) > 1 else 0.0)
    low, high, _ = framed(bold, float(x[-1]), 0.0)
    if bold and start < 0:
        y0, y1 = min(y0, low), max(y1, high)
    begin = min((float(c.steps.min()) for c in curves), default=0.0)
    right = 10.0 if small else _label_room(kinds)
    p = Panel(
        width,
        height,
        min(begin, float(x[0])),
        float(x[-1]),
        y0,
        y1,
        right=right,
        top=22.0 if small else 12.0,
        start=start,
    )
    parts = [svg.axes(p, "" if small else "steps"), _cut(p)]
    if small:
        parts.append(svg.text(p.left, 12, short(task, 38)))
    faint = ' stroke-opacity=".35"'
    if calm:
        parts += [svg.curve(p, x, row, kinds[m], 0.7, faint) for m, some in rows.items() if m in kinds for row in some]
    else:
        ordered = [(c, np.argsort(c.steps, kind="stable")) for c in curves]
        parts += [svg.curve(p, c.steps[o], c.values[o], kinds[c.method], 0.7, faint, 2 * ENOUGH) for c, o in ordered]
    parts += [_diverged(p, c, kinds[c.method]) for c in curves]
    parts += [_banded(p, x, b, kinds[m]) for m, b in bands.items() if m in kinds]
    if not small:
        parts.append(_end_labels(p, x, bands, kinds))
    return svg.svg(width, height - (14 if small else 0), f"Learning curves on {task}", parts)


def aggregate_curves(bands: Mapping[str, Band], fractions: FloatArray, kinds: Mapping[str, int]) -> str:
    """The interquartile mean of each method over runs and tasks, over training."""
    lines = [(fractions, row) for b in bands.values() for row in (b.centre, b.low, b.high)]
    y0, y1, start = framed(lines, 1.0, 0.005)
    p = Panel(WIDE, TALL, 0.0, 1.0, y0, y1, right=_label_room(kinds), start=start)
    parts = [svg.axes(p, "share of the training", per_cent=True), _cut(p)]
    parts += [_banded(p, fractions, b, kinds[m]) for m, b in bands.items()]
    parts.append(_end_labels(p, fractions, bands, kinds))
    return svg.svg(WIDE, TALL, "Interquartile mean over runs and tasks during training", parts)


def difference_curve(band: Band, x: FloatArray, kind: int, margin: float, per_cent: bool) -> str:
    """The difference with its interval over training; zero and the margin as lines."""
    marks = np.array([0.0, margin, -margin])
    lines = [(x, row) for row in (band.centre, band.low, band.high)]
    y0, y1, start = framed([*lines, (np.full(3, x[-1]), marks)], float(x[-1]), 0.005)
    left = 0.0 if per_cent else float(x[0])
    p = Panel(WIDE, TALL, left, float(x[-1]), y0, max(y1, 0.0), start=start)
    parts = [svg.axes(p, "share of the training" if per_cent else "steps", per_cent=per_cent), _cut(p)]
    for level in (margin, -margin) if margin else ():
        parts.append(svg.line(p.left, p.y(level), p.width - p.right, p.y(level), 'stroke-dasharray="2 3"'))
    parts.append(_banded(p, x, band, kind))
    return svg.svg(WIDE, TALL, "Difference over training with its interval", parts)


def interval_rows(
    rows: Sequence[tuple[str, Interval]], label: str, kind: int, margin: float = 0.0, last: bool = True
) -> str:
    """Differences as points with whiskers, one row a task; the last row stands apart, where it is all of them."""
    ends = [np.array([v for v in (i.low, i.value, i.high) if v is not None], dtype=float) for _, i in rows]
    x0, x1 = ranged([*ends, np.array([0.0, margin, -margin])])
    left = 12 + svg.LETTER * max((min(len(t), NAME) for t, _ in rows), default=0)
    values = [number(i.value, (i.high or 0.0) - (i.low or 0.0), sign=True) for _, i in rows]
    right = 12 + 6.5 * max((len(v) for v in values), default=0)
    total = len(rows) - 1 if last and len(rows) > 1 else -1
    height = 36 + ROW * len(rows) + (8 if total > 0 else 0)
    p = Panel(WIDE, height, x0, x1, 0, 1, left=left, right=right, top=4.0, bottom=30.0)
    parts = [_ground(p)]
    for level in (margin, -margin) if margin else ():
        parts.append(svg.line(p.x(level), p.top, p.x(level), height - p.bottom, 'stroke-dasharray="2 3"'))
    for k, ((name, i), value) in enumerate(zip(rows, values, strict=True)):
        y = p.top + ROW * (k + 0.5) + (8 if k == total else 0)
        weight = ' font-weight="bold"' if k == total else ""
        parts.append(svg.text(left - 6, y + 4, short(name, NAME), "end", weight))
        parts.append(_whisker(p, i, y, kind, 3.0 if k == total else 1.6))
        parts.append(svg.text(WIDE - 2, y + 4, value, "end", weight))
    return svg.svg(WIDE, height, label, parts)


def chances(rows: Sequence[tuple[str, float]], kind: int) -> str:
    """Probabilities of improvement by task, a half marked."""
    left = 12 + svg.LETTER * max((min(len(t), NAME) for t, _ in rows), default=0)
    height = 36 + ROW * len(rows) + (8 if len(rows) > 1 else 0)
    p = Panel(WIDE, height, 0.0, 1.0, 0, 1, left=left, right=40.0, top=4.0, bottom=30.0)
    parts = [_ground(p, mark=0.5)]
    for k, (name, chance) in enumerate(rows):
        last = k == len(rows) - 1 and len(rows) > 1
        y = p.top + ROW * (k + 0.5) + (8 if last else 0)
        weight = ' font-weight="bold"' if last else ""
        parts.append(svg.text(left - 6, y + 4, short(name, NAME), "end", weight))
        parts.append(svg.line(p.x(0.5), y, p.x(chance), y, 'stroke-opacity=".5"'))
        parts.append(svg.marker(p.x(chance), y, kind))
        parts.append(svg.text(WIDE - 2, y + 4, f"{chance:.2f}", "end", weight))
    return svg.svg(WIDE, height, "Probability of improvement by task", parts)


def profile(scores: Mapping[str, Mapping[str, FloatArray]], kinds: Mapping[str, int], higher: bool) -> str:
    """Performance profile: for each method the share of runs that do better than a score, tasks weighing the same."""
    x0, x1 = ranged([row for by in scores.values() for row in by.values()])
    at = np.linspace(x0, x1, 120)
    p = Panel(WIDE, TALL, x0, x1, 0.0, 1.0, top=20.0)
    parts = [svg.axes(p, "score", "share of runs " + ("above" if higher else "below"))]
    rows = {}
    for m, by in scores.items():
        shares = [((s[:, None] > at) if higher else (s[:, None] < at)).mean(0) for s in by.values() if len(s)]
        rows[m] = np.mean(shares, axis=0) if shares else np.full_like(at, np.nan)
    parts += [svg.curve(p, at, row, kinds[m], 2.2) for m, row in rows.items()]
    for k, (m, row) in enumerate(rows.items()):
        spot = 20 + k * 80 // max(1, len(rows))
        if np.isfinite(row[spot]):
            parts.append(svg.marker(p.x(float(at[spot])), p.y(float(row[spot])), kinds[m]))
    samples, more = svg.legend([short(m, NAME) for m in rows], [kinds[m] for m in rows], p.left, TALL + 12, WIDE - 50)
    return svg.svg(WIDE, TALL + more, "Share of runs above a score", [*parts, samples])


def fan(curve: Curve, end: float, quantiles: FloatArray, others: Sequence[Curve], kind: int) -> str:
    """A running curve and where it may end, opening from its last score to its goal. quantiles: P10, P50, P90."""
    known = np.isfinite(curve.values)
    order = np.argsort(curve.steps[known], kind="stable")
    x, y = curve.steps[known][order], curve.values[known][order]
    low, middle, high = (float(q) for q in np.sort(quantiles))
    y0, y1 = ranged([y, quantiles])
    p = Panel(SMALL_WIDE, SMALL_TALL, float(x[0]), max(end, float(x[-1])), y0, y1, right=52.0, top=22.0)
    parts = [svg.axes(p), svg.text(p.left, 12, short(f"{curve.method} · {curve.task} · {curve.seed}", 38))]
    at = np.linspace(p.x0, end, ENOUGH)
    parts += [svg.curve(p, at, scores_so_far(o, at, end), 5, 0.7, ' stroke-opacity=".4"') for o in others[:20]]
    now = np.array([float(x[-1]), end])
    start = float(y[x > x[-1] - 0.05 * end].mean())
    parts.append(svg.area(p, now, np.array([start, low]), np.array([start, high]), kind, 0.3))
    dashed = p.places(now, np.array([start, middle]))
    colour = svg.COLOURS[kind % len(svg.COLOURS)]
    parts.append(
        f'<polyline points="{dashed}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="4 3"/>'
    )
    parts.append(svg.curve(p, x, y, kind, 1.0, "", ENOUGH))
    heights = svg.apart([p.y(q) for q in (high, middle, low)], 13.0, p.top, SMALL_TALL - p.bottom)
    for q, h in zip((high, middle, low), heights, strict=True):
        parts.append(svg.text(SMALL_WIDE - p.right + 4, h + 4, number(q, high - low)))
    words = f"Where {curve.method} on {curve.task}, seed {curve.seed}, may end"
    return svg.svg(SMALL_WIDE, SMALL_TALL - 14, words, parts)


def share_curve(
    fractions: FloatArray, share: FloatArray, low: FloatArray | None, ends: tuple[float, float], name: str,
    marks: Sequence[float],
) -> str:  # fmt: skip
    """A share or a chance over the training; low: its lower bound; marks: levels that decide, dotted."""
    p = Panel(WIDE, TALL, 0.0, 1.0, *ends, top=20.0)
    parts = [svg.axes(p, "share of the training", name, per_cent=True)]
    parts += [svg.line(p.left, p.y(m), p.width - p.right, p.y(m), 'stroke-dasharray="2 3"') for m in marks]
    if low is not None:
        parts.append(svg.area(p, fractions, low, share, 0))
    parts.append(svg.curve(p, fractions, share, 0, 2.2))
    for f, s in zip(fractions.tolist(), share.tolist(), strict=True):
        if np.isfinite(s):
            parts.append(svg.marker(p.x(f), p.y(min(max(s, ends[0]), ends[1])), 0, 2.5))
    return svg.svg(WIDE, TALL, f"{name} by share of the training", parts)


def legend(kinds: Mapping[str, int]) -> str:
    samples, height = svg.legend([short(m, NAME) for m in kinds], list(kinds.values()), 4, 14, WIDE - 8)
    return svg.svg(WIDE, height + 4, "Legend", [samples])


def _cut(p: Panel) -> str:
    """Says above the frame that a steep start is left out."""
    if p.start < 0:
        return ""
    return svg.text(p.width - p.right, p.top - 3, "a steep start is not shown", "end", ' opacity=".7"')


def _banded(p: Panel, x: FloatArray, b: Band, kind: int) -> str:
    """A bold line with its band, and a few markers on it."""
    parts = [svg.area(p, x, b.low, b.high, kind), svg.curve(p, x, b.centre, kind, 2.2)]
    known = np.flatnonzero(np.isfinite(b.centre))
    for k in known[len(known) // 6 :: max(1, len(known) // 3)].tolist():
        parts.append(svg.marker(p.x(float(x[k])), p.y(float(np.clip(b.centre[k], p.y0, p.y1))), kind, 3.0))
    return "".join(parts)


def _end_labels(p: Panel, x: FloatArray, bands: Mapping[str, Band], kinds: Mapping[str, int]) -> str:
    """Names beside the ends of their lines, moved apart where they would overlap."""
    ends = {}
    for m, b in bands.items():
        known = np.flatnonzero(np.isfinite(b.centre))
        if len(known) and m in kinds:
            ends[m] = p.y(float(np.clip(b.centre[known[-1]], p.y0, p.y1)))
    places = svg.apart(list(ends.values()), 26.0, p.top + 4, p.height - p.bottom - 14)
    at = p.width - p.right + 5
    parts = []
    for m, y in zip(ends, places, strict=True):
        parts.append(svg.marker(at + 3, y, kinds[m], 3.0))
        name = short(m, 26)
        cut = len(name) if len(name) <= 11 else _break(name)
        parts.append(svg.text(at + 10, y + 4, name[:cut]))
        if name[cut:]:
            parts.append(svg.text(at + 10, y + 15, name[cut:]))
    return "".join(parts)


def _break(name: str) -> int:
    """Where a long name is broken in two: after a mark in its middle, else in the middle."""
    middle = len(name) // 2 + len(name) % 2
    marks = [k + 1 for k, c in enumerate(name[:13]) if c in "_-+/ .:" and len(name) - k - 1 <= 14]
    return min(marks, key=lambda k: abs(k - middle)) if marks else middle


def _label_room(kinds: Mapping[str, int]) -> float:
    longest = 0
    for m in kinds:
        name = short(m, 26)
        cut = len(name) if len(name) <= 11 else _break(name)
        longest = max(longest, cut, len(name) - cut)
    return 20.0 + svg.LETTER * longest


def _diverged(p: Panel, c: Curve, kind: int) -> str:
    """A small cross where a run's values stop being numbers."""
    bad = np.flatnonzero(~np.isfinite(c.values))
    if not len(bad):
        return ""
    before = c.values[: bad[0]]
    level = float(np.clip(before[-1], p.y0, p.y1)) if len(before) else p.y0
    x, y, s = p.x(float(np.clip(c.steps[bad[0]], p.x0, p.x1))), p.y(level), 3.0
    colour = svg.COLOURS[kind % len(svg.COLOURS)]
    cross = f"M{x - s:.1f} {y - s:.1f}l{2 * s:g} {2 * s:g}m0 {-2 * s:g}l{-2 * s:g} {2 * s:g}"
    return f'<path d="{cross}" stroke="{colour}" fill="none" stroke-width="1.5"/>'


def _ground(p: Panel, mark: float = 0.0) -> str:
    """The axis below rows, and a line where nothing differs."""
    across = svg.ticks(p.x0, p.x1, max(2, int((p.width - p.left - p.right) / 55)))
    step = across[1] - across[0] if len(across) > 1 else 0.0
    parts = [svg.line(p.x(v), p.top, p.x(v), p.height - p.bottom, 'stroke-opacity=".15"') for v in across]
    parts += [svg.text(p.x(v), p.height - p.bottom + 14, svg.tick_number(v, step), "middle") for v in across]
    if p.x0 <= mark <= p.x1:
        parts.append(svg.line(p.x(mark), p.top, p.x(mark), p.height - p.bottom, 'stroke-opacity=".7"'))
    return "".join(parts)


def _whisker(p: Panel, i: Interval, y: float, kind: int, width: float) -> str:
    parts = []
    if i.low is not None and i.high is not None:
        a, b = p.x(max(i.low, p.x0)), p.x(min(i.high, p.x1))
        colour = svg.COLOURS[kind % len(svg.COLOURS)]
        parts.append(f'<path d="M{a:.1f} {y:.1f}H{b:.1f}" stroke="{colour}" stroke-width="{width:g}"/>')
    if i.value is not None:
        parts.append(svg.marker(p.x(i.value), y, kind))
    else:
        parts.append(svg.text(p.x(0.0) + 4, y + 4, "not known"))
    return "".join(parts)
