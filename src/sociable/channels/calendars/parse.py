"""Reads from a calendar when its owner is away; nothing here asks a network, and no title is kept.

What a calendar marks as free, cancelled or declined is left out; what comes again is followed by recurring, and what an entry
becomes is decided in cover.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sociable.channels.calendars import recurring
from sociable.channels.calendars.recurring import instant, occurrence, short

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
    calendar = recurring.calendar_of(content)
    again = recurring.again(calendar)
    every = recurring.occurring(calendar, reading.starts_at, reading.ends_at)
    found = [entry for event in every if (entry := _entry(event, again, reading)) is not None]
    return sorted(set(found), key=lambda one: (one.starts_at, one.ends_at, one.uid))


def _entry(event: Any, again: set[str], reading: Reading) -> Entry | None:
    if reading.only_busy and not _is_busy(event, reading.address):
        return None
    begins, ends = event.start, event.end
    whole_days = not isinstance(begins, datetime)
    starts_at, ends_at = instant(begins, reading.zone), instant(ends, reading.zone)
    if ends_at <= starts_at or ends_at <= reading.starts_at or starts_at >= reading.ends_at:
        return None
    named = f"{event.get('UID', '')}/{occurrence(event, reading.zone) if str(event.get('UID', '')) in again else ''}"
    return Entry(short(named), _mark(str(event.get("SUMMARY", "")), reading.key), starts_at, ends_at, whole_days)


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


def _mark(title: str, key: bytes) -> str:
    return hmac.new(key, title.strip().encode(), hashlib.sha256).hexdigest()[:16]


def window(now: datetime) -> tuple[datetime, datetime]:
    """Return the stretch of a calendar that is read: what began since yesterday, for half a year."""
    return now - timedelta(days=1), now + timedelta(weeks=26)
