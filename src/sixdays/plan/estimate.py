"""Estimates: text ↔ value (rules E1–E4)."""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

from sixdays.plan.model import Basis, Estimate
from sixdays.quantities import (
    MACHINE,
    MAX_S,
    Units,
    Unreadable,
    floor_ms,
    parse_count,
    parse_seconds,
    write_duration,
)

ESTIMATE_HINT = 'write "2d to 4d", "3d", "exactly 3d", "at least 2d, 2d to 4d" or "5M steps at 900/s"'

_AT_LEAST = re.compile(r"at\s+least\s+(?P<floor>[^,]*?)\s*(?:,\s*(?P<rest>.*))?$", re.IGNORECASE | re.DOTALL)
_RATE = re.compile(
    r"(?P<n>[\d.,_]+(?:e\+?\d+)?\s*[kKMG]?)\s+(?:(?P<word>[^\W\d]\w*)\s+)?at\s+(?P<low>[^/]*?)"
    r"(?:\s+to\s+(?P<high>[^/]*?))?\s*/\s*(?P<per>\w+)$",
    re.IGNORECASE,
)
_PER = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}
_DASH = re.compile(r"(\d[\d.]*\s*[a-z]*)\s*[-–—]\s*(\d[\d.]*\s*[a-z]+)$", re.IGNORECASE)
_TO = re.compile(r"\s+to\s+", re.IGNORECASE)


def parse_estimate(text: str, units: Units = MACHINE) -> Estimate:
    """The estimate that a text writes.

    Raises:
        Unreadable: it is none, a range is reversed or the floor is above it (rules E1, E2).

    >>> parse_estimate("at least 2d, 2d to 4d").floor_ms
    172800000
    """
    stripped = text.strip()
    if not stripped:
        raise Unreadable("there is no estimate", ESTIMATE_HINT)
    if found := _AT_LEAST.match(stripped):
        return _with_floor(stripped, found, units)
    if stripped.lower().startswith("exactly"):
        rest = stripped[7:]
        if _RATE.match(rest.strip()) or _TO.search(rest):
            raise Unreadable(f'"{stripped}": only one duration can be exact', "write exactly 3d")
        seconds = parse_seconds(rest, units)
        return Estimate("exact", float(seconds), float(seconds), floor_ms(seconds), stripped)
    if found := _RATE.match(stripped):
        low, high = _from_rate(found)
    elif found := _DASH.match(stripped):
        low_text = found[1].strip()
        low_text += "" if re.search(r"[a-z]", low_text) else re.sub(r"[\d.\s]+", "", found[2])
        raise Unreadable(f'"{stripped}": a range is written with "to"', f"write {low_text} to {found[2]}")
    else:
        ends = _TO.split(re.sub(r"^about\s+", "", stripped, flags=re.IGNORECASE))
        if len(ends) > 2:
            raise Unreadable(f'"{stripped}" is not an estimate', ESTIMATE_HINT)
        if len(ends) == 2 and re.fullmatch(r"[\d.]+", ends[0].strip()):
            unit = re.sub(r"[\d.\s]+", "", ends[1]) or "h"
            raise Unreadable(f'"{stripped}": its lower end has no unit', f"write {ends[0].strip()}{unit} to {ends[1]}")
        low, high = parse_seconds(ends[0], units), parse_seconds(ends[-1], units)
        if len(ends) == 2 and low >= high:
            same = "write it once" if low == high else f"did you mean {ends[1].strip()} to {ends[0].strip()}?"
            raise Unreadable(f'"{stripped}": a range goes from less to more', same)
    return Estimate("number" if low == high else "range", float(low), float(high), None, stripped)


def _with_floor(text: str, found: re.Match[str], units: Units) -> Estimate:
    least = parse_seconds(found["floor"], units)
    if not found["rest"]:
        raise Unreadable(
            f'"{text}" says how long it takes at least, not how long it takes', f"write {text.rstrip(', ')}, 2d to 4d"
        )
    rest = parse_estimate(found["rest"], units)
    if rest.floor_ms is not None:
        raise Unreadable(f'"{text}" has two floors', "`exactly` and `at least` say the same thing twice")
    if rest.form == "range" and least >= Fraction(rest.high_s):
        raise Unreadable(f'"{text}": the floor is not below the upper end of the range', ESTIMATE_HINT)
    if rest.form == "number" and float(least) > rest.low_s:
        raise Unreadable(f'"{text}": the floor is above the estimate', ESTIMATE_HINT)
    return Estimate(rest.form, rest.low_s, rest.high_s, floor_ms(least), text)


def _from_rate(found: re.Match[str]) -> tuple[Fraction, Fraction]:
    """N/R, or N/R2 to N/R1 (rule E4)."""
    per = found["per"].lower()
    per = per if per == "s" else per.removesuffix("s")
    if per not in _PER:
        raise Unreadable(f'"{found["per"]}" is not a unit of time', "write /s, /min, /h or /d")
    amount = parse_count(found["n"])
    slow = parse_count(found["low"])
    fast = parse_count(found["high"]) if found["high"] else slow
    if found["high"] and slow >= fast:
        raise Unreadable(f'"{found[0]}": a range goes from less to more', "write the lower rate first")
    low, high = amount * _PER[per] / fast, amount * _PER[per] / slow
    if high > MAX_S:
        raise Unreadable(f'"{found[0]}" is longer than 1,000 years')
    return low, high


def amount_of(estimate: Estimate) -> tuple[float, str] | None:
    """How many units the work is, and the word for them, where it is an amount at a rate; None where a duration.

    >>> amount_of(parse_estimate("5M steps at 900/s"))
    (5000000.0, 'steps')
    """
    found = _at_rate(estimate)
    return (float(parse_count(found["n"])), found["word"] or "") if found else None


def _at_rate(estimate: Estimate) -> re.Match[str] | None:
    """The amount and the rate that it is written with, behind its floor."""
    rest = estimate.text if estimate.floor_ms is None else estimate.text.partition(",")[2]
    return _RATE.match(rest.strip())


def sped_up(estimate: Estimate, factor: Fraction, units: Units = MACHINE) -> Estimate:
    """The estimate divided by a factor, floor included, as its new text says it (rule Q1).

    The value is read back from the text, so that what is shown, what is computed and what would be
    written are one; floors are rounded down to the millisecond (rule C6).
    """
    text = _divided(estimate, factor, units)
    made = parse_estimate(text, units)
    return Estimate(made.form, made.low_s, made.high_s, made.floor_ms, text, estimate.basis)


def in_hours(estimate: Estimate, units: Units) -> Estimate:
    """The same amount of work, written so that another length of day does not change it."""
    made = sped_up(estimate, Fraction(1), Units(Fraction(1), Fraction(1)))
    return parse_estimate(made.text, units)


def _divided(estimate: Estimate, factor: Fraction, units: Units) -> str:
    least = None if estimate.floor_ms is None else max(1, floor(estimate.floor_ms / factor))
    if estimate.form == "exact":
        return f"exactly {write_duration(least or 1, units)}"
    before = "" if least is None else f"at least {write_duration(least, units)}, "
    if found := _at_rate(estimate):
        rates = [_plain(parse_count(r) * factor) for r in (found["low"], found["high"]) if r]
        word = f" {found['word']}" if found["word"] else ""
        return f"{before}{found['n'].strip()}{word} at {' to '.join(rates)}/{found['per']}"
    low = max(1, round(Fraction(estimate.low_s) * 1000 / factor), least if estimate.form == "number" and least else 0)
    high = max(low + 1, round(Fraction(estimate.high_s) * 1000 / factor))
    if estimate.form == "number":
        return before + write_duration(low, units)
    if least is not None:
        high = max(high, least + 1)
    return f"{before}{write_duration(low, units)} to {write_duration(high, units)}"


def _plain(value: Fraction) -> str:
    """A rate with nine significant digits, without an exponent."""
    digits = f"{float(value):.9g}"
    return digits if "e" not in digits else f"{float(value):f}"


def assumed(estimate: Estimate, basis: Basis = "assumed") -> Estimate:
    """A number taken as exact, as the sentence does (rule P7)."""
    return Estimate("exact", estimate.low_s, estimate.low_s, floor_ms(estimate.low_s), estimate.text, basis)
