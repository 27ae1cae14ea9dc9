"""Numbers, intervals and names as people read them; what lines, tables and figures share."""

from __future__ import annotations

from math import floor, isfinite, log10

from sixdays.quantities import show_percent
from sixdays.render.problems import clean
from sixdays.verdict.result import Interval


def interval(i: Interval, sign: bool = False) -> str:
    """A value with its interval, to the digits that the interval allows.

    >>> interval(Interval(412.3, 120.4, 704.2, 0.95)), interval(Interval(0.04, 0.01, 0.081, 0.8), sign=True)
    ('412 [95 % 120 to 704]', '+0.040 [80 % +0.010 to +0.081]')
    """
    if i.value is None or not isfinite(i.value):
        return "not known"
    if i.low is None or i.high is None:
        return f"{number(i.value, sign=sign)} [no interval]"
    width = i.high - i.low
    value, low, high = (number(x, width, sign) for x in (i.value, i.low, i.high))
    return f"{value} [{100 * i.level:.3g} % {low} to {high}]"


def number(x: float | None, width: float = 0.0, sign: bool = False) -> str:
    """A number for people: as many decimals as give the width two digits; three digits without a width.

    >>> number(1234567.0), number(0.01234), number(3.2811, 0.004), number(-5.0, 10.0), number(0)
    ('1,230,000', '0.0123', '3.2811', '−5', '0')
    """
    if x is None or not isfinite(x):
        return "–"
    scale = width if width > 0 and isfinite(width) else abs(x) / 10
    decimals = 1 - floor(log10(scale)) if scale > 0 else 0
    decimals = max(decimals, 0) if scale == width else decimals
    if abs(x) >= 1e9 or decimals > 8:
        shown = f"{x:.3g}"
    else:
        shown = f"{round(x, decimals) + 0.0:,.{max(0, decimals)}f}"
    shown = shown.replace("-", "−")
    return f"+{shown}" if sign and x > 0 else shown


def p_text(p: float) -> str:
    """`p = 0.012`; below what is worth telling apart, `p < 0.0005`."""
    return f"p = {p:.2g}" if p >= 0.0005 else "p < 0.0005"


def chance_text(p: float) -> str:
    """A probability that rests on a model, never told surer than that: `over 99 %` at most.

    >>> chance_text(1.0), chance_text(0.31)
    ('over 99 %', '31 %')
    """
    return "over 99 %" if p > 0.99 else "under 1 %" if p < 0.01 else show_percent(p)


def short(text: str, width: int) -> str:
    """A name cut in the middle, where those of methods are most alike.

    >>> short("HalfCheetah-v2-normalised", 12)
    'HalfCh…lised'
    """
    text = clean(text)
    left = width // 2
    return text if len(text) <= width else f"{text[:left]}…{text[len(text) - (width - left - 1) :]}"


def sentence(text: str) -> str:
    """The engine's words with a capital and a stop."""
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
