"""Durations, instants and odds: text → number, number → text.

Machine days are 24 h. A person's day is as long as their hours (rule C3), so
everything that reads a duration takes a `Unit` table; `MACHINE` is the plain one.
Nothing here reads a clock: `now` is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from math import floor, isfinite
from zoneinfo import ZoneInfo

AOE = timezone(timedelta(hours=-12), "AoE")
HORIZON_S = 10 * 365.25 * 86400.0  # rule S8: later than this is "not within the horizon"

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Unreadable(ValueError):
    """A text that is not the quantity it should be.

    `start` and `end` are the characters of the text at fault (0, 0: all of it).
    """

    def __init__(self, message: str, hint: str = "", start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.start = start
        self.end = end


# -- durations ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Units:
    """Seconds in a day and in a week; None where calendars of unequal length meet (rule C4)."""

    day_s: Fraction | None = Fraction(86400)
    week_s: Fraction | None = Fraction(604800)

    @property
    def machine(self) -> bool:
        return self.day_s == 86400 and self.week_s == 604800


MACHINE = Units()

_SECONDS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600}
_PART = re.compile(r"\s*(?P<sign>[-+]?)(?P<n>\d+(?:\.\d*)?|\.\d+)\s*(?P<unit>[A-Za-zµ]*)")
DURATION_HINT = "write a number and a unit: 45s, 90min, 3h, 2d or 1w"
MAX_S = 1_000 * 365 * 86400  # a thousand years: longer is a typing mistake


def parse_seconds(text: str, units: Units = MACHINE) -> Fraction:
    """Seconds in a duration such as `45s`, `90min`, `3h`, `2d`, `1w` or `2d 20h`, exactly.

    Raises:
        Unreadable: no number, no unit or an unknown one, negative, zero or over 1,000 years.

    >>> parse_seconds("2d 20h")
    Fraction(244800, 1)
    """
    total, at, found = Fraction(0), 0, False
    stripped = text.rstrip()
    while at < len(stripped):
        part = _PART.match(stripped, at)
        if part is None or len(part["n"]) > 30:
            raise Unreadable(f'"{_short(text)}" is not a duration', DURATION_HINT)
        if part["sign"] == "-":
            raise Unreadable(f'"{_short(text)}": a duration cannot be negative', DURATION_HINT)
        total += Fraction(part["n"]) * _unit_seconds(part["unit"], units, text, part.start("unit"))
        at, found = part.end(), True
    if not found:
        raise Unreadable(f'"{_short(text)}" is not a duration', DURATION_HINT)
    if total <= 0:
        raise Unreadable(f'"{_short(text)}": a duration must be longer than 0', DURATION_HINT)
    if total > MAX_S:
        raise Unreadable(f'"{_short(text)}" is longer than 1,000 years', DURATION_HINT)
    return total


def _unit_seconds(unit: str, units: Units, text: str, at: int) -> Fraction:
    if not unit:
        raise Unreadable(f'"{_short(text)}" has no unit', DURATION_HINT)
    name = unit if unit == "s" else unit.removesuffix("s") if len(unit) > 1 else unit
    if name in ("d", "day", "w", "week", "wk"):
        length = units.day_s if name in ("d", "day") else units.week_s
        if length is None:
            raise Unreadable(
                f'"{_short(text)}": the calendars among its needs have days of different length',
                "write hours: 16h",
                at,
                at + len(unit),
            )
        return length
    if name not in _SECONDS:
        raise Unreadable(f'"{unit}" is not a unit of time', DURATION_HINT, at, at + len(unit))
    return Fraction(_SECONDS[name])


def floor_ms(seconds: Fraction | float) -> int:
    """Whole milliseconds, rounded down: what a proof may count on (rule C6)."""
    return floor(seconds * 1000)


def show_seconds(seconds: float, parts: int = 2) -> str:
    """A duration for people: `6 d 8 h`, `4 d 10 h 59 min`, `45 s`; at most `parts` units.

    >>> show_seconds(385140, parts=3)
    '4 d 10 h 59 min'
    """
    if seconds < 0:
        return "−" + show_seconds(-seconds, parts)
    if seconds < 1:
        return f"{seconds:.3g} s"
    ladder = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    first = next(i for i, (_, size) in enumerate(ladder) if seconds >= size)
    shown = ladder[first : first + parts]
    step = shown[-1][1]
    rest = round(seconds / step) * step
    if first and rest >= ladder[first - 1][1]:  # 59.9 min is 1 h, not 60 min
        return show_seconds(rest, parts)
    out = []
    for unit, size in shown:
        count, rest = divmod(rest, size)
        if count:
            out.append(f"{int(count)} {unit}")
    return " ".join(out)


def write_duration(ms: int, units: Units = MACHINE) -> str:
    """A duration as a plan writes it, exact to the millisecond: `2d 1h 18min 54.246s`.

    Where a day is not 24 h the text uses hours, so that it means the same in every calendar.

    >>> write_duration(259_200_000)
    '3d'
    """
    out = []
    rest = ms
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if unit == "d" and not units.machine:
            continue
        count, rest = divmod(rest, size)
        if count:
            out.append(f"{count}{unit}")
    if rest or not out:
        out.append(f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s")
    return " ".join(out)


# -- counts, odds ----------------------------------------------------------------------------

_COUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:e\+?(\d{1,2}))?\s*([kKMG]?)$")


def parse_count(text: str) -> Fraction:
    """A positive number, `5M`, `300k`, `1e6` or `900` (rule E4).

    >>> parse_count("5M")
    Fraction(5000000, 1)
    """
    found = _COUNT.match(text.strip().replace(",", "").replace("_", ""))
    if found is None or len(found[1]) > 30:
        raise Unreadable(f'"{_short(text)}" is not a number', "write 900, 300k, 5M or 1e6")
    power = int(found[2] or 0) + {"": 0, "k": 3, "K": 3, "M": 6, "G": 9}[found[3]]
    value: Fraction = Fraction(found[1]) * 10**power
    if value <= 0:
        raise Unreadable(f'"{_short(text)}" must be more than 0')
    return value


ODDS_HINT = "write 40%, 1 in 5 or a number from 0 to 1"
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)(?:e([-+]?\d{1,2}))?"
_PERCENT = re.compile(_NUMBER + r"\s*%$")
_ONE_IN = re.compile(r"(\d+(?:\.\d*)?)\s+in\s+(\d+(?:\.\d*)?)$")
_PLAIN = re.compile(_NUMBER + "$")


def parse_odds(text: str) -> float:
    """A probability: `40%`, `1 in 5` or 0 to 1 (rule R1).

    >>> parse_odds("1 in 5")
    0.2
    """
    stripped = text.strip()
    if len(stripped) > 40:
        raise Unreadable(f'"{_short(text)}" is not a probability', ODDS_HINT)
    if found := _PERCENT.match(stripped):
        value = Fraction(float(found[1] + ("e" + found[2] if found[2] else ""))).limit_denominator(10**12) / 100
    elif found := _ONE_IN.match(stripped):
        if float(found[2]) == 0:
            raise Unreadable(f'"{_short(text)}": one in nothing', ODDS_HINT)
        value = Fraction(found[1]) / Fraction(found[2])
    elif found := _PLAIN.match(stripped):
        value = Fraction(float(stripped)).limit_denominator(10**12)
        if value > 1:
            raise Unreadable(f'"{_short(text)}" is more than 1', f'did you mean "{stripped}%"?')
    else:
        raise Unreadable(f'"{_short(text)}" is not a probability', ODDS_HINT)
    if value > 1:
        raise Unreadable(f'"{_short(text)}" is more than certain', ODDS_HINT)
    return float(value)


def parse_whole(text: str, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number between `least` and `most`, both included."""
    stripped = text.strip()
    if not re.fullmatch(r"[-+]?\d{1,18}", stripped):
        raise Unreadable(f'"{_short(text)}" is not a whole number')
    value = int(stripped)
    if not least <= value <= most:
        raise Unreadable(f"{value:,} is not between {least:,} and {most:,}")
    return value


def parse_number(text: str) -> float:
    """A finite number that is not negative."""
    if not _PLAIN.match(text.strip()) or not isfinite(value := float(text)):
        raise Unreadable(f'"{_short(text)}" is not a number of 0 or more')
    return value


def show_percent(p: float, error: float = 0.0) -> str:
    """A probability for people, with no more digits than its error allows.

    >>> show_percent(0.9712, 0.002)
    '97 %'
    """
    if 0 < p < 0.001:
        return "under 0.1 %"
    if 0 < p < 0.0995:
        return f"{p * 100:.1f} %" if error < 0.0005 or p < 0.0095 else f"{p * 100:.0f} %"
    if 0.9995 <= p < 1:
        return "over 99.9 %"
    if 0.995 <= p < 1:
        return f"{p * 100:.1f} %"
    return f"{p * 100:.0f} %"


# -- instants ----------------------------------------------------------------------------------

ZONE_HINT = "write AoE, UTC, +02:00, UTC-8 or a name such as Europe/Berlin"
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$")
_ABBREVIATIONS = {
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "mst": "America/Denver", "mdt": "America/Denver", "cst": "America/Chicago", "cdt": "America/Chicago",
    "est": "America/New_York", "edt": "America/New_York", "et": "America/New_York",
    "cet": "Europe/Paris", "cest": "Europe/Paris", "met": "Europe/Paris", "bst": "Europe/London",
    "wet": "Europe/Lisbon", "eet": "Europe/Athens", "gmt": "UTC", "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "sgt": "Asia/Singapore", "aest": "Australia/Sydney",
}  # fmt: skip


def parse_zone(text: str) -> tzinfo:
    """The zone that a text names: AoE, UTC, ±HH:MM, UTC±H or an IANA name (rule C1)."""
    name = text.strip()
    if name.lower() == "aoe":
        return AOE
    if name.lower() in ("utc", "z"):
        return UTC
    if found := _OFFSET.match(name.upper()):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if minutes > 14 * 60 or int(found[3] or 0) > 59:
            raise Unreadable(f'"{_short(text)}": no zone is that far from UTC', ZONE_HINT)
        return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    if name.lower() in _ABBREVIATIONS:
        better = _ABBREVIATIONS[name.lower()]
        raise Unreadable(f'"{name}" is an abbreviation that means different times', f'did you mean "{better}"?')
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){1,3}", name):
        raise Unreadable(f'"{_short(text)}" is not a time zone', ZONE_HINT)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError) as e:  # ZoneInfoNotFoundError is a KeyError wrapped per platform
        raise Unreadable(f'"{_short(text)}" is not a time zone', ZONE_HINT) from e
    except KeyError as e:
        raise Unreadable(f'"{_short(text)}" is not a time zone', ZONE_HINT) from e


_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?$")
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:(?:[T ]|\s+)(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?\s*(.*)$", re.IGNORECASE
)
INSTANT_HINT = "write 2016-11-08 23:59 AoE"


def parse_instant(text: str) -> datetime:
    """An absolute time as plan files write it: ISO 8601 with a zone; a date alone is 23:59:00 (rule C1).

    Raises:
        Unreadable: not a date, no zone, or a wall time that the zone's clock skips (rule C2).
    """
    day, clock, zone = _split_iso(text)
    if not zone:
        raise Unreadable(
            f'"{_short(text)}" does not say where: AoE and UTC differ by twelve hours',
            f"add a zone: {_short(text.strip())} AoE",
        )
    return at_wall_time(day, clock, parse_zone(zone), text)


def _split_iso(text: str) -> tuple[tuple[int, int, int], tuple[int, int, int], str]:
    found = _ISO.match(text.strip())
    if found is None:
        raise Unreadable(f'"{_short(text)}" is not a time', INSTANT_HINT)
    clock = parse_clock(found[4]) if found[4] else (23, 59, 0)
    return (int(found[1]), int(found[2]), int(found[3])), clock, found[5].strip()


def parse_clock(text: str) -> tuple[int, int, int]:
    """Hour, minute and second of `9:00`, `23:59` or `23:59:30`; 24:00 is allowed."""
    found = _CLOCK.match(text.strip())
    if found is None:
        raise Unreadable(f'"{_short(text)}" is not a time of day', "write 9:00 or 23:59")
    clock = (int(found[1]), int(found[2]), int(found[3] or 0))
    if clock[1] > 59 or clock[2] > 59 or clock > (24, 0, 0):
        raise Unreadable(f'"{_short(text)}" is not a time of day', "write 9:00 or 23:59")
    return clock


def at_wall_time(day: tuple[int, int, int], clock: tuple[int, int, int], zone: tzinfo, text: str) -> datetime:
    """The instant at which a zone's clock shows this; the earlier of two, an error for none (rule C2)."""
    try:
        wall = datetime(*day, tzinfo=zone) + timedelta(days=clock[0] // 24)
        wall = wall.replace(hour=clock[0] % 24, minute=clock[1], second=clock[2])
    except (ValueError, OverflowError) as e:
        raise Unreadable(f'"{_short(text)}" is not in the calendar', INSTANT_HINT) from e
    if not 1970 <= wall.year <= 2999:
        raise Unreadable(f'"{_short(text)}": years from 1970 to 2999 only', INSTANT_HINT)
    back = wall.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) != wall.replace(tzinfo=None):
        later = back.strftime("%H:%M")
        raise Unreadable(
            f'"{_short(text)}" does not exist: the clock goes forward in that hour', f"write {later} or a time in UTC"
        )
    return wall


_DAY_MONTH = re.compile(r"(\d{1,2})\.?\s+([A-Za-z]{3,9})\.?(?:,?\s+(\d{4}))?\b")
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?\b(?!:)")
_LEADING_CLOCK = re.compile(r"(?:at\s+)?(\d{1,2}:\d{2}(?::\d{2})?)\b")


def parse_when(text: str, now: datetime, zone: tzinfo) -> datetime:
    """A time as people type it at a command line: ISO, `+3d`, `8 Nov`, `Tue 8 Nov 18:00 AoE`, `Fri`, `tomorrow`.

    Without a zone it is `zone`'s; a day without a year is the next one (rules C1, P7).
    """
    stripped = text.strip()
    if stripped.lower() == "now":
        return now
    if stripped.startswith("+"):
        return later(now, float(parse_seconds(stripped[1:])))
    if _ISO.match(stripped):
        day, clock, named = _split_iso(stripped)
        return at_wall_time(day, clock, parse_zone(named) if named else zone, text)
    return _parse_spoken(stripped, now, zone)


def _parse_spoken(text: str, now: datetime, zone: tzinfo) -> datetime:
    word = re.match(r"([A-Za-z]{3,9}),?(?:\s+|$)", text)
    weekday = _index(WEEKDAYS, word[1]) if word else None
    relative = {"today": 0, "tonight": 0, "tomorrow": 1}.get(word[1].lower()) if word else None
    rest = text[word.end() :] if word and (weekday is not None or relative is not None) else text
    dated, month, day_of_month = _DAY_MONTH.match(rest), None, 0
    if dated:
        month, day_of_month = _index(MONTHS, dated[2]), int(dated[1])
    elif dated := _MONTH_DAY.match(rest):
        month, day_of_month = _index(MONTHS, dated[1]), int(dated[2])
    if (dated and month is None) or (not dated and weekday is None and relative is None):
        raise Unreadable(f'"{_short(text)}" is not a time', 'write "8 Nov 23:59 AoE", "2016-11-08 AoE" or "+3d"')
    clock, named, rest = (23, 59, 0), zone, rest[dated.end() :].strip(" ,") if dated else rest.strip(" ,")
    if found := _LEADING_CLOCK.match(rest):
        clock, rest = parse_clock(found[1]), rest[found.end() :].strip(" ,")
    if rest:
        named = parse_zone(rest)
    today = now.astimezone(named)
    if not dated:
        ahead = relative if relative is not None else ((weekday or 0) - today.weekday()) % 7
        at = _on(today + timedelta(days=ahead), clock, named, text)
        return at if at >= now or relative is not None else _on(today + timedelta(days=7), clock, named, text)
    assert month is not None
    if dated[3]:
        return at_wall_time((int(dated[3]), month + 1, day_of_month), clock, named, text)
    for year in range(today.year, today.year + 9):  # 29 February can be eight years away
        try:
            at = at_wall_time((year, month + 1, day_of_month), clock, named, text)
        except Unreadable:
            continue
        if at >= now:
            return at
    raise Unreadable(f'"{_short(text)}" is not in the calendar', INSTANT_HINT)


def _on(day: datetime, clock: tuple[int, int, int], zone: tzinfo, text: str) -> datetime:
    return at_wall_time((day.year, day.month, day.day), clock, zone, text)


def _index(names: tuple[str, ...], word: str) -> int | None:
    return next((i for i, name in enumerate(names) if word.lower().startswith(name)), None)


def later(at: datetime, seconds: float) -> datetime:
    """So many seconds on, in the same zone: Python alone would add them to the wall clock."""
    return (at.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(at.tzinfo)


def zone_name(at: datetime) -> str:
    """The name of a time's zone as a plan writes it: AoE, UTC, Europe/Berlin or +02:00."""
    zone = at.tzinfo
    if zone is AOE or zone == AOE:
        return "AoE"
    if isinstance(zone, ZoneInfo):
        return "UTC" if zone.key == "UTC" else zone.key
    offset = at.utcoffset() or timedelta(0)
    if not offset:
        return "UTC"
    sign, minutes = ("-" if offset < timedelta(0) else "+"), int(abs(offset).total_seconds()) // 60
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def show_instant(at: datetime, now: datetime | None = None) -> str:
    """A time for people: `Tue 8 Nov 23:59 AoE`; with the year where it is not this one's.

    >>> show_instant(datetime(2016, 11, 8, 23, 59, tzinfo=AOE))
    'Tue 8 Nov 2016 23:59 AoE'
    """
    year = "" if now is not None and now.year == at.year else f" {at.year}"
    seconds = at.strftime(":%S") if at.second else ""
    day = f"{WEEKDAYS[at.weekday()].title()} {at.day} {MONTHS[at.month - 1].title()}"
    return f"{day}{year} {at:%H:%M}{seconds} {zone_name(at)}"


def write_instant(at: datetime) -> str:
    """A time as a plan writes it: `2016-11-08 23:59 AoE`."""
    seconds = at.strftime(":%S") if at.second else ""
    return f"{at:%Y-%m-%d %H:%M}{seconds} {zone_name(at)}"


def utc_text(at: datetime) -> str:
    """A time in JSON: UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are.

    >>> listed(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _short(text: str, most: int = 60) -> str:
    clean = "".join(c if c.isprintable() else "·" for c in text.strip())
    return clean if len(clean) <= most else clean[: most - 1] + "…"
