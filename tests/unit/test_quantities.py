"""Durations, instants, odds: text ↔ value (rules C1, C2, R1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from sixdays.quantities import (
    AOE,
    Units,
    Unreadable,
    parse_count,
    parse_instant,
    parse_odds,
    parse_seconds,
    parse_when,
    parse_zone,
    show_percent,
    show_seconds,
    write_duration,
    write_instant,
)

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("90min", 5400), ("3h", 10800), ("2d", 172800), ("1w", 604800), ("2d 20h", 244800), ("1.5 h", 5400),
     ("2d20h", 244800), ("0.5 s", Fraction(1, 2)), ("3 hours", 10800), ("1 week", 604800)],
)  # fmt: skip
def test_a_duration_is_read_exactly(text: str, seconds: Fraction) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "-3h", "0h", "3 moons", "h", "1e3h", "inf d", "nan h", "3h 4", "9999999d"])
def test_a_text_that_is_no_duration_says_so(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_seconds(text)


def test_a_persons_day_is_their_hours() -> None:
    """Rule C3: nine to five is eight hours; five such days are a week."""
    units = Units(Fraction(8 * 3600), Fraction(40 * 3600))
    assert parse_seconds("1d", units) == 8 * 3600
    assert parse_seconds("1w", units) == 40 * 3600


def test_days_of_unequal_length_must_be_written_in_hours() -> None:
    """Rule C4."""
    with pytest.raises(Unreadable) as e:
        parse_seconds("1d", Units(None, None))
    assert e.value.hint == "write hours: 16h"


def test_what_is_written_is_read_back() -> None:
    for ms in (1, 999, 60_000, 259_200_000, 259_200_001, 98_765_432):
        assert parse_seconds(write_duration(ms)) * 1000 == ms


@pytest.mark.parametrize(
    ("text", "p"), [("40%", 0.4), ("1 in 5", 0.2), ("0.25", 0.25), ("1", 1.0), ("0", 0.0), ("12.5 %", 0.125)]
)
def test_odds(text: str, p: float) -> None:
    assert parse_odds(text) == p


@pytest.mark.parametrize("text", ["40", "101%", "-1%", "1 in 0", "often", "nan", "inf", "1e5"])
def test_a_bare_number_above_one_is_no_probability(text: str) -> None:
    """Rule R1."""
    with pytest.raises(Unreadable):
        parse_odds(text)


def test_a_deadline_names_its_zone() -> None:
    """Rule C1: 23:59 AoE is 11:59 UTC of the next day; a date alone is 23:59:00."""
    assert parse_instant("2016-11-08 23:59 AoE") == datetime(2016, 11, 9, 11, 59, tzinfo=UTC)
    assert parse_instant("2016-11-08 AoE") == datetime(2016, 11, 9, 11, 59, tzinfo=UTC)
    assert parse_instant("2016-11-08T12:00Z") == datetime(2016, 11, 8, 12, tzinfo=UTC)
    assert parse_instant("2016-11-08 12:00 UTC-8") == datetime(2016, 11, 8, 20, tzinfo=UTC)
    assert parse_instant("2016-11-08 12:00+05:30") == datetime(2016, 11, 8, 6, 30, tzinfo=UTC)
    for text in ("2016-11-08 23:59", "2016-11-08 23:59 PST", "2016-11-08 23:59 CET", "2016-02-30 AoE", "8 Nov AoE"):
        with pytest.raises(Unreadable):
            parse_instant(text)


def test_a_local_time_that_does_not_exist_is_an_error_and_one_that_occurs_twice_is_the_earlier() -> None:
    """Rule C2: Berlin 2031-03-30 02:30 does not exist; 2031-10-26 02:30 occurs twice."""
    with pytest.raises(Unreadable, match="does not exist"):
        parse_instant("2031-03-30 02:30 Europe/Berlin")
    assert parse_instant("2031-10-26 02:30 Europe/Berlin").astimezone(UTC) == datetime(2031, 10, 26, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("+3d", NOW + timedelta(days=3)), ("8 Nov AoE", datetime(2026, 11, 8, 23, 59, tzinfo=AOE)),
     ("Sun 8 Nov 18:00 UTC", datetime(2026, 11, 8, 18, tzinfo=UTC)), ("1 Nov", datetime(2027, 11, 1, 23, 59, tzinfo=UTC)),
     ("fri", datetime(2026, 11, 6, 23, 59, tzinfo=UTC)), ("tomorrow 9:00", datetime(2026, 11, 6, 9, tzinfo=UTC)),
     ("Nov 8, 2027", datetime(2027, 11, 8, 23, 59, tzinfo=UTC)), ("now", NOW)],
)  # fmt: skip
def test_times_as_people_type_them(text: str, expected: datetime) -> None:
    """Rules C1, P7: without a zone the given one; a day without a year is the next one."""
    assert parse_when(text, NOW, UTC) == expected


def test_zones() -> None:
    assert parse_zone("AoE").utcoffset(None) == timedelta(hours=-12)
    assert parse_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    for text in ("PST", "Mars/Olympus", "+99:00", "../../etc/passwd", ""):
        with pytest.raises(Unreadable):
            parse_zone(text)


def test_an_instant_is_written_as_it_is_read() -> None:
    for text in ("2016-11-08 23:59 AoE", "2031-03-09 07:59:59 UTC", "2031-03-08 23:59 America/New_York"):
        assert write_instant(parse_instant(text)) == text


def test_counts_and_shown_numbers() -> None:
    assert parse_count("5M") == 5_000_000
    assert parse_count("300k") == 300_000
    assert show_seconds(385140, 3) == "4 d 10 h 59 min"
    assert show_percent(0.9712, 0.002) == "97 %"
    assert show_percent(0.0004) == "under 0.1 %"


def test_time_passes_on_clocks_that_change() -> None:
    """From Saturday noon to Sunday noon of 6 November 2016 the clock of Los Angeles shows 24 h, and 25 pass."""
    from sixdays.quantities import later

    saturday = parse_instant("2016-11-05 12:00 America/Los_Angeles")
    assert later(saturday, 25 * 3600) == parse_instant("2016-11-06 12:00 America/Los_Angeles")
