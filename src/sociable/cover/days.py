"""Turns days as people name them, in a place's own time, into the half-open stretches that are kept.

What a stretch means is left to who asks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def begins_at(on: date, zone: str) -> datetime:
    """This function will return the instant at which a day begins somewhere.

    Units:  aware UTC
    """
    return datetime.combine(on, time.min, ZoneInfo(zone)).astimezone(UTC)


def ends_at(on: date, zone: str) -> datetime:
    """This function will return the instant at which a day is over somewhere: the first that is no longer of it.

    Units:  aware UTC
    """
    return begins_at(on + timedelta(days=1), zone)


def last_day(at: datetime, zone: str) -> date:
    """This function will name the last day of a stretch that ends at an instant."""
    return (at.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()


def day_of(at: datetime, zone: str) -> date:
    """This function will name the day of an instant somewhere."""
    return at.astimezone(ZoneInfo(zone)).date()
