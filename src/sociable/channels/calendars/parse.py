"""Reads from a calendar when its owner is away; nothing here asks a network, and no title is kept.

What a calendar marks as free, cancelled or declined is left out; what an entry becomes is decided in cover.
"""

import contextlib
import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
FREE = frozenset({"FREE", "WORKINGELSEWHERE"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One stretch in which a calendar says that its owner is busy. Half-open, aware UTC.

    Shape:  `uid` names it there, with the occurrence where it comes again; `mark` stands for its title, which is not kept
    """

    uid: str
    mark: str
    starts_at: datetime
    ends_at: datetime
    whole_days: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """How a calendar is read: the stretch that is wanted, whose it is, and what times without a zone mean."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    address: str = ""
    only_busy: bool = True
    key: bytes = b""


def entries(content: bytes, reading: Reading) -> list[Entry]:
    """Return what of a calendar lies in a stretch, ascending; an entry that comes again, once for each time.

    Errors: ChannelError where it is no calendar, or holds more than anybody's can
    """
    calendar = _calendar(content)
    again = {str(event.get("UID", "")) for event in calendar.walk("VEVENT") if _AGAIN & set(event)}
    found = [entry for event in _occurring(calendar, reading) if (entry := _entry(event, again, reading)) is not None]
    return sorted(set(found), key=lambda one: (one.starts_at, one.ends_at, one.uid))


def _calendar(content: bytes) -> Any:
    try:
        calendar = icalendar.Calendar.from_ical(content)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ChannelError("What lies at this address is not a calendar that we can read (iCalendar).") from error
    for event in calendar.walk("VEVENT"):
        try:
            _check_rule(event)
        except BrokenCalendarProperty as error:
            raise ChannelError(
                "By what rule an entry of this calendar comes again cannot be read. Mend it there."
            ) from error
    return calendar


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


def _occurring(calendar: Any, reading: Reading) -> Iterator[Any]:
    """The library's own rules for what comes again, moved and left-out occurrences among it; one series after another."""
    until, number = time.monotonic() + LONGEST_SECONDS, 0
    try:
        found = recurring_ical_events.of(calendar, skip_bad_series=True)
        for series in found.series:
            if time.monotonic() > until:
                raise ChannelError(
                    "This calendar has more entries that come again than we can follow. Publish a smaller one."
                )
            with contextlib.suppress(*found.suppressed_errors):
                for occurrence in series.between(reading.starts_at, reading.ends_at):
                    number += 1
                    if number > MOST_ENTRIES:
                        raise ChannelError(
                            f"This calendar has more than {MOST_ENTRIES} entries in half a year. Publish a smaller one."
                        )
                    yield occurrence.as_component(keep_recurrence_attributes=False)
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise ChannelError("The entries of this calendar cannot be read.") from error


def _entry(event: Any, again: set[str], reading: Reading) -> Entry | None:
    if reading.only_busy and not _is_busy(event, reading.address):
        return None
    begins, ends = event.start, event.end
    whole_days = not isinstance(begins, datetime)
    starts_at, ends_at = _instant(begins, reading.zone), _instant(ends, reading.zone)
    if ends_at <= starts_at or ends_at <= reading.starts_at or starts_at >= reading.ends_at:
        return None
    named = f"{event.get('UID', '')}/{_occurrence(event, reading.zone) if str(event.get('UID', '')) in again else ''}"
    return Entry(_short(named), _mark(str(event.get("SUMMARY", "")), reading.key), starts_at, ends_at, whole_days)


def _occurrence(event: Any, zone: str) -> str:
    """Which of several it is: by when it was to be, wherever it was moved to."""
    occurrence = event.get("RECURRENCE-ID")
    return _instant(occurrence.dt, zone).isoformat() if occurrence else ""


def _is_busy(event: Any, address: str) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return False
    if str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() in FREE:
        return False
    invited = event.get("ATTENDEE") or []
    for one in invited if isinstance(invited, list) else [invited]:
        is_theirs = str(one).lower().removeprefix("mailto:") == address.lower()
        if is_theirs and str(getattr(one, "params", {}).get("PARTSTAT", "")).upper() == "DECLINED":
            return False
    return True


def _instant(at: date | datetime, zone: str) -> datetime:
    """A day begins at its midnight, and a time without a zone is meant, where its owner works."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, clock_time())
    return (at.replace(tzinfo=ZoneInfo(zone)) if at.tzinfo is None else at).astimezone(UTC)


def _short(named: str) -> str:
    """A name of any length as one that fits its column and is the same each time."""
    return named if len(named) <= 200 else f"{named[:120]}~{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _mark(title: str, key: bytes) -> str:
    return hmac.new(key, title.strip().encode(), hashlib.sha256).hexdigest()[:16]


def window(now: datetime) -> tuple[datetime, datetime]:
    """Return the stretch of a calendar that is read: what began since yesterday, for half a year."""
    return now - timedelta(days=1), now + timedelta(weeks=26)
