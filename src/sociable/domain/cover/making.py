"""Decides when the shifts of a pattern begin and end: days of the week and times on the wall, made into instants.

Who works them, and whether they may, is left to limits and to cover.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of shift that comes again.

    Shape:  weekdays 0 Monday to 6 Sunday; an end not later than the beginning is the next day's
    """

    weekdays: frozenset[int]
    begins: time
    ends: time
    every_weeks: int = 1


def instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """This function will find when a clock on the wall shows a time.

    An hour that is passed over when clocks go forward is taken as the one an hour later; one that comes twice, as the first.

    Units:  aware UTC
    """
    return datetime.combine(on, at, zone).astimezone(UTC)


def stretch(on: date, begins: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """This function will find the instants of a shift that begins on a day, and ends that day or in the night after it."""
    ends_on = on if ends > begins else on + timedelta(days=1)
    return instant(on, begins, zone), instant(ends_on, ends, zone)


def days_of(kind: Kind, first_on: date, weeks: int, without: Collection[date] = ()) -> list[date]:
    """This function will list the days of a pattern from a day on, ascending; weeks count from the Monday of the first."""
    monday = first_on - timedelta(days=first_on.weekday())
    days = (
        monday + timedelta(weeks=week, days=weekday)
        for week in range(0, weeks, kind.every_weeks)
        for weekday in sorted(kind.weekdays)
    )
    return [on for on in days if on >= first_on and on not in without]


def stretches(
    kind: Kind, first_on: date, weeks: int, zone: ZoneInfo, without: Collection[date] = ()
) -> list[tuple[datetime, datetime]]:
    """This function will make the instants of every shift of a pattern for some weeks, ascending.

    Shape:  `without` are days on which there is none, bank holidays say; nor is there one that lies in an hour passed over
    Units:  aware UTC, half-open
    """
    made = (stretch(on, kind.begins, kind.ends, zone) for on in days_of(kind, first_on, weeks, without))
    return [(begins_at, ends_at) for begins_at, ends_at in made if ends_at > begins_at]
