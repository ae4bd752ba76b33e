"""Decides when a mail reached the network, which is when the promise clock starts for it.

Leaves stated hours and promises to the rooms above; nobody may gain or lose by a wrong clock at home.

The rule, in order of trust:
1. What our own side recorded on arrival (IMAP INTERNALDATE, or the instant the mail door took it).
2. The topmost Received header, stamped by the last server before us, where it is earlier: a mail that
   waited for us while we were down reached the network then, and our trouble is no excuse. It may not be
   earlier by more than five days, as long as a mail server keeps trying (RFC 5321, 4.5.4.1).
3. The Date header, only where neither is known, as in a folder of old mail that is brought in.
4. The instant we fetched it.
None may lie after the instant we fetched it, nor before there was email.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

LONGEST_TRANSIT = timedelta(days=5)
NOTEWORTHY_DIFFERENCE = timedelta(days=1)
EARLIEST_AT = datetime(1990, 1, 1, tzinfo=UTC)


class Arrival(NamedTuple):
    """When a mail reached the network, how we know, and what was wrong with the times it carried."""

    at: datetime
    why: str
    problems: tuple[str, ...]


def arrival(
    *, fetched_at: datetime, received_at: datetime | None, received_headers: Iterable[str], written_at: datetime | None
) -> Arrival:
    """Return when a mail reached the network, by the rule at the head of this module.

    Units:  aware UTC in and out
    """
    stamped_at = _first_stamp(received_headers)
    at, why = _arrival(fetched_at, _sane(received_at, fetched_at), _sane(stamped_at, fetched_at), written_at)
    return Arrival(at, why, tuple(_doubts(at, written_at)))


def read_date(value: str) -> datetime | None:
    """Return the instant a Date header names, or None; a time without a zone is read as UTC."""
    try:
        read = parsedate_to_datetime(value.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def _arrival(
    fetched_at: datetime, received_at: datetime | None, stamped_at: datetime | None, written_at: datetime | None
) -> tuple[datetime, str]:
    if received_at and stamped_at and timedelta(0) < received_at - stamped_at <= LONGEST_TRANSIT:
        return stamped_at, "the last mail server before us took it then"
    if received_at:
        return received_at, "our own mailbox recorded it then"
    if stamped_at:
        return stamped_at, "the last mail server before us took it then"
    if written_at and EARLIEST_AT <= written_at <= fetched_at:
        return written_at, "the sender's own date, as no server recorded one"
    return fetched_at, "the time we fetched it, as it carries no usable date"


def _first_stamp(received_headers: Iterable[str]) -> datetime | None:
    for header in received_headers:
        if stamp := read_date(header.rpartition(";")[2]):
            return stamp
    return None


def _sane(at: datetime | None, fetched_at: datetime) -> datetime | None:
    return min(at, fetched_at) if at and at >= EARLIEST_AT else None


def _doubts(at: datetime, written_at: datetime | None) -> Iterable[str]:
    if written_at and written_at - at > NOTEWORTHY_DIFFERENCE:
        yield f"The sender's clock says {written_at:%-d %B %Y %H:%M} UTC, after the mail arrived."
    elif written_at and at - written_at > NOTEWORTHY_DIFFERENCE:
        yield f"The sender's clock says {written_at:%-d %B %Y %H:%M} UTC, long before the mail arrived."
