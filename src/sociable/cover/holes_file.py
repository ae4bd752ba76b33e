"""Writes the holes that a person sees as an iCalendar file that calendar programs read again and again.

What a hole is, is decided by domain/cover; who knows the address, by feeding.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from icalendar import Event

from sociable.cover import board, feeding, queries
from sociable.cover.board import WEEKS
from sociable.cover.models import FeedOut
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover.reasons import Hole, holes_of


def written(feed: FeedOut, now: datetime) -> bytes | None:
    """This function will write the holes of the next six weeks of all accounts that the person of a feed sees; None for an account's feed.

    Shape:  one event a hole; why somebody is away is not told, since whoever knows the address reads it
    Units:  UTC; the same bytes until something changes, within one day
    """
    if feed.person is None:
        return None
    accounts = {one.pk: one for one in queries.accounts_seen_by(feed.person).select_related("partner")}
    begins_at = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    worked_out = board.board_of(accounts.values(), begins_at, begins_at + timedelta(weeks=WEEKS))
    names = board.names_in(worked_out)
    calendar = feeding.headed(f"Holes in cover, for {feed.person.name}")
    for hole in holes_of(worked_out):
        account = accounts[hole.account]
        why = board.why(worked_out, hole, directory.zone_of(account), names=names)
        calendar.add_component(_event(hole, account, why, begins_at))
    return bytes(calendar.to_ical())


def _event(hole: Hole, account: Account, why: str, today_at: datetime) -> Event:
    event = Event()
    host = urlsplit(settings.PUBLIC_URL).hostname or "sociable"
    event.add("uid", f"hole-{account.pk}-{hole.starts_us}@{host}")
    event.add("dtstamp", today_at)
    event.add("dtstart", hole.starts_at)
    event.add("dtend", hole.ends_at)
    event.add(
        "summary", f"Nobody trained: {account.name}" if hole.missing == 1 else f"{hole.missing} missing: {account.name}"
    )
    event.add("description", why)
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{settings.PUBLIC_URL}{address_of(hole)}")
    return event


def address_of(hole: Hole) -> str:
    """This function will name the page on which a hole can be filled."""
    span = {"from": f"{hole.starts_at:%Y-%m-%dT%H:%M}", "to": f"{hole.ends_at:%Y-%m-%dT%H:%M}"}
    return f"{reverse('planning:hole', args=[hole.account])}?{urlencode(span)}"
