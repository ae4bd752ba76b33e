"""Decides how days and times of a rota are said. What is said with them is left to whoever explains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sociable.domain.promise import clock_words
from sociable.domain.worktime.wording import and_words

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(on: date) -> str:
    """This function will say a day: Tue 3 Jun."""
    return f"{DAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"


def when_words(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """This function will say when something is, in local time: Tue 3 Jun, 2pm to 4pm."""
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    until = clock_words(last.time())
    if last.date() != first.date():
        until = f"{until} on {day_words(last.date())}"
    return f"{day_words(first.date())}, {clock_words(first.time())} to {until}"


def hours_words(half_hours: int) -> str:
    """This function will say a number of half hours as hours: 7½ hours."""
    whole, half = divmod(half_hours, 2)
    number = f"{whole or ''}{'½' if half else ''}" or "no"
    return f"{number} hour{'' if half_hours in (1, 2) else 's'}"


def names_words(names: Sequence[str], most: int = 5) -> str:
    """This function will list names, and how many more there are: Jen, Kal and 3 others."""
    more = len(names) - most
    if more > 0:
        names = [*names[:most], f"{more} other{'s' if more > 1 else ''}"]
    return and_words(list(names))
