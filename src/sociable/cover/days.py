"""Turns days as people name them, in a place's own time, into the half-open stretches that are kept.

What a stretch means is left to who asks.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sociable.domain.worktime.zones import day_begins


def ends_at(on: date, zone: str) -> datetime:
    """This function will return the instant at which a day is over somewhere: the first that is no longer of it.

    Units:  aware UTC
    """
    return day_begins(on + timedelta(days=1), zone)


def last_day(at: datetime, zone: str) -> date:
    """This function will name the last day of a stretch that ends at an instant."""
    return (at.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()


def day_of(at: datetime, zone: str) -> date:
    """This function will name the day of an instant somewhere."""
    return at.astimezone(ZoneInfo(zone)).date()
