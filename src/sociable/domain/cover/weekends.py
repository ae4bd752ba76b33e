"""Counts the weekends that somebody works: one after another, and among any four.

How many there may be is said by limits, for shifts made by hand, and by duties, for a proposed rota.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

WEEK = timedelta(weeks=1)
SATURDAY, AMONG = 5, 4


def saturday_of(on: date) -> date | None:
    """This function will name a weekend by its Saturday; None for a day of the working week."""
    return on - timedelta(days=on.weekday() - SATURDAY) if on.weekday() >= SATURDAY else None


def worked(days: Iterable[date]) -> set[date]:
    """This function will say which weekends are worked, by their Saturdays."""
    return {saturday for on in days if (saturday := saturday_of(on)) is not None}


def in_a_row(saturdays: Collection[date], saturday: date) -> int:
    """This function will count the worked weekends one after another that a worked one belongs to."""
    first = last = saturday
    while first - WEEK in saturdays:
        first -= WEEK
    while last + WEEK in saturdays:
        last += WEEK
    return (last - first) // WEEK + 1


def among_four(saturdays: Collection[date], saturday: date) -> int:
    """This function will count the worked weekends among four neighbouring ones that hold a certain one, where most are worked."""
    return max(sum(saturday + WEEK * (first + n) in saturdays for n in range(AMONG)) for first in range(1 - AMONG, 1))
