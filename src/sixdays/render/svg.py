"""Parts of figures as SVG strings: scales, ticks, axes, lines, bands, labels. No style sheet, no script.

Colours are of middle lightness, so that they are read on white and on black; what they tell apart is also told by
dashes, markers and labels. Axes and text are `currentColor`: the page decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf, isfinite, log10
from xml.sax.saxutils import escape as _escape
from xml.sax.saxutils import quoteattr

import numpy as np

from sixdays.render.problems import clean
from sixdays.verdict.curves import FloatArray

COLOURS = ("#1f78c1", "#d1600f", "#12916a", "#a35bb5", "#8a7a00", "#7a7a7a")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 4", "12 4")
MARKERS = ("circle", "square", "triangle", "diamond", "cross", "bar")
FONT = 11
LETTER = 6.0  # width of a letter of this font, a little more than the mean
MOST_POINTS = 300


def escape(text: str) -> str:
    """Text for SVG, without control characters: these are no XML."""
    return _escape(clean(text))


def tick_number(x: float, step: float = 0.0) -> str:
    """A number for an axis, as short as it can be told: `1.5M`, `200k`, `0.02`.

    >>> tick_number(1_500_000, 500_000), tick_number(200_000), tick_number(0.02, 0.01), tick_number(-3)
    ('1.5M', '200k', '0.02', '−3')
    """
    size = max(abs(x), step)
    for unit, name in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= unit:
            unit = 1e3 if name == "k" else unit
            return _plain(x / unit, step / unit) + (name if x else "")
    if 0 < size < 1e-4:
        return f"{x:.2g}".replace("-", "−")
    return _plain(x, step)


def _plain(x: float, step: float) -> str:
    digits = max(0, -floor(log10(step) + 1e-9)) if step > 0 else 3
    text = f"{x:.{min(digits, 8)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text and step == 0 else text
    return ("0" if text in ("-0", "") else text).replace("-", "−")


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round places between low and high: steps of 1, 2 or 5 times a power of ten, at most so many.

    >>> ticks(0.0, 1000.0), ticks(-0.13, 0.4, 4)
    ([0.0, 200.0, 400.0, 600.0, 800.0, 1000.0], [0.0, 0.2, 0.4])
    """
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return []
    step = 10.0 ** floor(log10((high - low) / most))
    for times in (1, 2, 5, 10, 20):
        first, last = ceil(low / (step * times) - 1e-9), floor(high / (step * times) + 1e-9)
        if last - first < most:
            return [k * step * times for k in range(first, last + 1)]
    return []


def thin(x: FloatArray, y: FloatArray, most: int = MOST_POINTS) -> tuple[FloatArray, FloatArray]:
    """At most so many points of a line: the least and the largest of each stretch, in their order; NaN are kept out.

    >>> x, y = thin(np.arange(1000.0), np.r_[np.zeros(500), 9.0, np.zeros(499)], 20)
    >>> len(x), float(y.max())
    (11, 9.0)
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) <= most:
        return x, y
    edges = np.linspace(0, len(x), max(1, most // 2) + 1).astype(int)
    keep = sorted({int(k) for a, b in pairwise(edges) for k in (a + int(y[a:b].argmin()), a + int(y[a:b].argmax()))})
    keep[0], keep[-1] = 0, len(x) - 1
    return x[keep], y[keep]


@dataclass(frozen=True, slots=True)
class Panel:
    """A drawing area of width × height with margins and the ranges of its axes.

    start: before it nothing is drawn that lies outside; after it, such a value is drawn at the edge.
    """

    width: float
    height: float
    x0: float
    x1: float
    y0: float
    y1: float
    left: float = 46.0
    right: float = 10.0
    top: float = 12.0
    bottom: float = 36.0
    start: float = -inf

    def x(self, value: float) -> float:
        span = (self.x1 - self.x0) or 1.0
        return self.left + (value - self.x0) / span * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        span = (self.y1 - self.y0) or 1.0
        return self.height - self.bottom - (value - self.y0) / span * (self.height - self.top - self.bottom)

    def shown(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """The values with NaN where they are not drawn."""
        return np.where((x < self.start) & ((y < self.y0) | (y > self.y1)), np.nan, y)

    def places(self, x: FloatArray, y: FloatArray) -> str:
        """`x,y x,y …` on the drawing, to a tenth; what lies outside is put on the edge of the area."""
        span_x, span_y = (self.x1 - self.x0) or 1.0, (self.y1 - self.y0) or 1.0
        across = self.left + (np.clip(x, self.x0, self.x1) - self.x0) / span_x * (self.width - self.left - self.right)
        tall = self.height - self.top - self.bottom
        up = self.height - self.bottom - (np.clip(y, self.y0, self.y1) - self.y0) / span_y * tall
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across.tolist(), up.tolist(), strict=True))


def svg(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    """One figure. label: what a reader who does not see it is told."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-label={quoteattr(clean(label))} font-family="system-ui, sans-serif" '
        f'font-size="{FONT}" fill="currentColor">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, anchor: str = "start", extra: str = "") -> str:
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{place}{extra}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, extra: str = 'stroke-opacity=".25"') -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="currentColor" {extra}/>'


def axes(p: Panel, x_name: str = "", y_name: str = "", per_cent: bool = False) -> str:
    """Grid lines, ticks and names. The name of the vertical axis stands above it: nobody reads sideways."""
    parts = []
    room = p.width - p.left - p.right
    across = ticks(p.x0, p.x1, max(2, min(6, int(room / 55))))
    step = across[1] - across[0] if len(across) > 1 else 0.0
    for value in across:
        words = f"{value * 100:.0f} %" if per_cent else tick_number(value, step)
        parts.append(text(p.x(value), p.height - p.bottom + 14, words, "middle"))
        parts.append(line(p.x(value), p.height - p.bottom, p.x(value), p.height - p.bottom + 3))
    up = ticks(p.y0, p.y1, max(2, min(6, int((p.height - p.top - p.bottom) / 22))))
    step = up[1] - up[0] if len(up) > 1 else 0.0
    for value in up:
        strong = 'stroke-opacity=".6"' if value == 0 and p.y0 < 0 else 'stroke-opacity=".15"'
        parts.append(line(p.left, p.y(value), p.width - p.right, p.y(value), strong))
        parts.append(text(p.left - 5, p.y(value) + 4, tick_number(value, step), "end"))
    parts.append(line(p.left, p.height - p.bottom, p.width - p.right, p.height - p.bottom, 'stroke-opacity=".6"'))
    if x_name:
        parts.append(text(p.left + room / 2, p.height - 5, x_name, "middle"))
    if y_name:
        parts.append(text(2, 11, y_name))
    return "".join(parts)


def curve(
    p: Panel, x: FloatArray, y: FloatArray, kind: int, width: float, extra: str = "", most: int = MOST_POINTS
) -> str:
    """A line in the colour and dashes of a kind; nothing where it has no point."""
    x, y = thin(x, p.shown(x, y), most)
    if not len(x):
        return ""
    if len(x) == 1:
        return marker(p.x(float(x[0])), p.y(float(np.clip(y[0], p.y0, p.y1))), kind, 2.0)
    dash = f' stroke-dasharray="{DASHES[kind % len(DASHES)]}"' if width > 1 and DASHES[kind % len(DASHES)] else ""
    colour = COLOURS[kind % len(COLOURS)]
    return f'<polyline points="{p.places(x, y)}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dash}{extra}/>'


def area(p: Panel, x: FloatArray, low: FloatArray, high: FloatArray, kind: int, opacity: float = 0.2) -> str:
    """A band, in as many pieces as it has."""
    known = np.isfinite(p.shown(x, low)) & np.isfinite(p.shown(x, high))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], known.astype(int), [0]))))
    parts = []
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if b - a > 1:
            around = p.places(np.r_[x[a:b], x[a:b][::-1]], np.r_[low[a:b], high[a:b][::-1]])
            parts.append(
                f'<polygon points="{around}" fill="{COLOURS[kind % len(COLOURS)]}" fill-opacity="{opacity:g}"/>'
            )
    return "".join(parts)


def marker(x: float, y: float, kind: int, size: float = 4.0) -> str:
    """The sign of a kind: what tells methods apart without colour."""
    name = MARKERS[kind % len(MARKERS)]
    colour = COLOURS[kind % len(COLOURS)]
    s, d = size, 1.3 * size
    paths = {
        "square": f"M{x - s:.1f} {y - s:.1f}h{2 * s:g}v{2 * s:g}h{-2 * s:g}z",
        "triangle": f"M{x:.1f} {y - 1.2 * s:.1f}l{1.2 * s:g} {2.2 * s:g}h{-2.4 * s:g}z",
        "diamond": f"M{x:.1f} {y - d:.1f}l{d:g} {d:g}l{-d:g} {d:g}l{-d:g} {-d:g}z",
        "cross": f"M{x - s:.1f} {y - s:.1f}l{2 * s:g} {2 * s:g}m0 {-2 * s:g}l{-2 * s:g} {2 * s:g}",
        "bar": f"M{x:.1f} {y - s:.1f}v{2 * s:g}",
    }
    if name == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{s:g}" fill="{colour}"/>'
    stroke = f' stroke="{colour}" stroke-width="2"' if name in ("cross", "bar") else ""
    return f'<path d="{paths[name]}" fill="{colour}"{stroke}/>'


def legend(names: Sequence[str], kinds: Sequence[int], x: float, y: float, width: float) -> tuple[str, float]:
    """A sample of each line with its name, as many rows as they need; and the height taken."""
    parts, at, row = [], x, y
    for name, kind in zip(names, kinds, strict=True):
        needs = 34 + LETTER * len(name) + 10
        if at > x and at + needs > x + width:
            at, row = x, row + 16
        dash = f' stroke-dasharray="{DASHES[kind % len(DASHES)]}"' if DASHES[kind % len(DASHES)] else ""
        colour = COLOURS[kind % len(COLOURS)]
        parts.append(f'<path d="M{at:.1f} {row - 4:.1f}h26" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(marker(at + 13, row - 4, kind, 3.0))
        parts.append(text(at + 31, row, name))
        at += needs
    return "".join(parts), row - y + 16


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The same places moved as little as needed to be a gap apart, within low … high; order is kept.

    >>> apart([10.0, 11.0, 50.0], 12.0, 0.0, 100.0)
    [10.0, 22.0, 50.0]
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    out = [0.0] * len(places)
    last = low - gap
    for k in order:
        last = out[k] = max(places[k], last + gap)
    over = high
    for k in reversed(order):
        over = out[k] = min(out[k], over)
        over -= gap
    return out
