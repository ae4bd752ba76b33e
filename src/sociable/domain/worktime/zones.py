"""Decides when a zone's clocks stand how far from UTC, at which instants they change, and when a day begins there.

Which hours are open in that local time is left to the table.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sociable.domain.errors import DomainError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000
DAY_US = 24 * 60 * 60 * SECOND_US


class UnknownZone(DomainError):
    """A time zone that the IANA list does not have."""


class ClockChange(NamedTuple):
    """From an instant on, local time is UTC plus `offset_us`; before it, UTC plus `before_us`."""

    at_us: int
    before_us: int
    offset_us: int


def zone_named(name: str) -> ZoneInfo:
    """This function will find an IANA time zone.

    Errors: UnknownZone
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(f"“{name}” is not a time zone. Write it as in Europe/London.") from None


def day_begins(on: date, zone: ZoneInfo | str) -> datetime:
    """This function will return the instant at which a day begins somewhere.

    Units:  aware UTC, in which a week of a clock change is as long as it is
    """
    return datetime.combine(on, time(), ZoneInfo(zone) if isinstance(zone, str) else zone).astimezone(UTC)


def offset_us(zone: ZoneInfo, at_us: int) -> int:
    """This function will say how far a zone's clocks stand from UTC at an instant."""
    offset = (EPOCH + timedelta(microseconds=at_us)).astimezone(zone).utcoffset()
    return (offset or timedelta()) // timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def clock_changes(zone: ZoneInfo, year: int) -> tuple[ClockChange, ...]:
    """This function will find the clock changes of a year, to the second.

    Python does not list them, so each day is looked at; no zone has changed its clocks twice within one.
    """
    day_us = (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    year_end_us = (datetime(year + 1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    changes = []
    before = offset_us(zone, day_us)
    while day_us < year_end_us:
        after = offset_us(zone, day_us + DAY_US)
        if after != before:
            changes.append(ClockChange(_change_between(zone, day_us, before), before, after))
        day_us, before = day_us + DAY_US, after
    return tuple(changes)


def _change_between(zone: ZoneInfo, day_us: int, before: int) -> int:
    """Halves the day until the second is found at which the offset is no longer what it was before."""
    old, new = day_us // SECOND_US, (day_us + DAY_US) // SECOND_US
    while new - old > 1:
        middle = (old + new) // 2
        if offset_us(zone, middle * SECOND_US) == before:
            old = middle
        else:
            new = middle
    return new * SECOND_US
