"""Reads what a calendar holds in a stretch, with all that comes again in it, moved and left-out occurrences too.

What its entries mean is decided by whoever reads it: time away by parse, a rota by cover.
"""

import contextlib
import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.error import BrokenCalendarProperty

from sociable.channels.base import ChannelError

MOST_ENTRIES = 2000
LONGEST_SECONDS = 20.0  # for what comes again: a rule that never comes is looked for up to the year 9999
TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_AGAIN = {"RRULE", "RDATE", "RECURRENCE-ID"}


def calendar_of(content: bytes) -> Any:
    """Return a calendar whose rules can be followed.

    Errors: ChannelError where it is none, or where something in it comes again by no rule, too often, or after no time at all
    """
    try:
        calendar = icalendar.Calendar.from_ical(content)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ChannelError("What lies at this address is not a calendar that we can read (iCalendar).") from error
    check_rules(calendar)
    return calendar


def check_rules(calendar: Any) -> None:
    """Refuse a calendar in which something comes again by no rule, too often, or after no time at all.

    Errors: ChannelError
    """
    for event in calendar.walk("VEVENT"):
        try:
            _check_rule(event)
        except BrokenCalendarProperty as error:
            raise ChannelError(
                "By what rule an entry of this calendar comes again cannot be read. Mend it there."
            ) from error


def _check_rule(event: Any) -> None:
    """A rule that comes every minute would fill the memory of whoever expands it, and one that makes no step would never end."""
    rules = event.get("RRULE") or []
    for rule in rules if isinstance(rules, list) else [rules]:
        often = {str(each).upper() for each in rule.get("FREQ", [])} & TOO_OFTEN
        times = max(1, len(rule.get("BYMINUTE", []))) * max(1, len(rule.get("BYHOUR", [])))
        if often or rule.get("BYSECOND") or times > 48:
            raise ChannelError("An entry of this calendar comes again every hour, or more often. Take it out there.")
        if any(int(step) < 1 for step in rule.get("INTERVAL", [1])):
            raise ChannelError("An entry of this calendar comes again after no time at all. Take it out there.")


def occurring(calendar: Any, starts_at: datetime, ends_at: datetime) -> Iterator[Any]:
    """Yield what of a calendar lies in a stretch, by the library's own rules for what comes again; one series after another.

    Errors: ChannelError where it holds more than can be followed
    """
    until, number = time.monotonic() + LONGEST_SECONDS, 0
    try:
        found = recurring_ical_events.of(calendar, skip_bad_series=True)
        for series in found.series:
            if time.monotonic() > until:
                raise ChannelError(
                    "This calendar has more entries that come again than we can follow. Publish a smaller one."
                )
            with contextlib.suppress(*found.suppressed_errors):
                for occurrence in series.between(starts_at, ends_at):
                    number += 1
                    if number > MOST_ENTRIES:
                        raise ChannelError(
                            f"This calendar has more than {MOST_ENTRIES} entries in half a year. Publish a smaller one."
                        )
                    yield occurrence.as_component(keep_recurrence_attributes=False)
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise ChannelError("The entries of this calendar cannot be read.") from error


def again(calendar: Any) -> set[str]:
    """Return the names of the entries that come again, or did until one was moved."""
    return {str(event.get("UID", "")) for event in calendar.walk("VEVENT") if _AGAIN & set(event)}


def instant(at: date | datetime, zone: str) -> datetime:
    """Return an instant in UTC: a day begins at its midnight, and a time without a zone is meant, where its owner works."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, clock_time())
    return (at.replace(tzinfo=ZoneInfo(zone)) if at.tzinfo is None else at).astimezone(UTC)


def occurrence(event: Any, zone: str) -> str:
    """Return which of several an occurrence is: by when it was to be, wherever it was moved to."""
    named = event.get("RECURRENCE-ID")
    return instant(named.dt, zone).isoformat() if named else ""


def short(named: str) -> str:
    """Return a name of any length as one that fits its column and is the same each time."""
    return named if len(named) <= 200 else f"{named[:120]}~{hashlib.sha256(named.encode()).hexdigest()[:32]}"
