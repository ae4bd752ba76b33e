"""A calendar of elsewhere is looked at again and again: fetched, read, and made into time away; what went wrong is shown.

How it is fetched and read is known to channels/calendars; what an entry becomes, to cover/calendars.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from sociable.channels.base import ChannelError
from sociable.channels.calendars import parse, reading
from sociable.cover import absences, calendars
from sociable.cover.models import CalendarFeed, TimeAway
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import away
from sociable.live import services as live
from sociable.people.models import Person

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=15)
AFTER_TROUBLE = timedelta(minutes=30)
AFTER_LASTING_TROUBLE = timedelta(hours=6)
MOST_WRITTEN_OF = 5  # entries of one look; more of them mean a calendar anew, and the board shows those


def add(person: Person, address: str, *, name: str, kind: str, only_busy: bool, now: datetime) -> CalendarFeed:
    """This function will keep somebody's calendar and look at it at once.

    Errors: ChannelError where the address cannot be one
    """
    with transaction.atomic():
        feed = calendars.add(person, reading.tidy(address), name=name, kind=kind, only_busy=only_busy, now=now)
        due.ask([due.Due("calendar", _key(feed), feed.pk, now)])
        live.wake_workers()
    return feed


def look_now(feed: CalendarFeed, now: datetime) -> None:
    """This function will have a calendar looked at at once."""
    if due.hasten(_key(feed), now):
        live.wake_workers()


def remove(feed: CalendarFeed, *, by: Person, now: datetime) -> None:
    """This function will forget a calendar.

    Errors: NotAllowed
    """
    with transaction.atomic():
        due.withdraw("calendar", [feed.pk])
        calendars.remove(feed, by=by, now=now)


def schedule_missing(now: datetime) -> None:
    """This function will see that every calendar has its due row."""
    asked = DueRow.objects.filter(kind="calendar", done_at=None).values("subject_id")
    missing = CalendarFeed.objects.exclude(pk__in=asked).filter(person__is_active=True)
    due.ask(due.Due("calendar", _key(feed), feed.pk, now) for feed in missing)


def look(row: DueRow, now: datetime) -> None:
    """This function will look at one calendar and set when to look again."""
    feed = CalendarFeed.objects.select_related("person").filter(pk=row.subject_id, person__is_active=True).first()
    if feed is None:
        due.close(row, now)
        return
    try:
        found = reading.fetch(calendars.address_of(feed), etag=_etag(feed, now), allowed=settings.CALENDAR_HOSTS)
        entries = None if found.content is None else parse.entries(found.content, _how(feed, now))
    except ChannelError as error:
        with transaction.atomic():
            calendars.trouble(feed, error.message, now)
            due.renew(row, now + (AFTER_LASTING_TROUBLE if error.permanent else AFTER_TROUBLE))
        return
    with transaction.atomic():
        if not CalendarFeed.objects.filter(pk=feed.pk).exists():
            return  # removed while it was fetched
        if entries is not None:
            _take(feed, entries, now)
        calendars.was_read(feed, found.etag, now)
        due.renew(row, now + EVERY)


def _etag(feed: CalendarFeed, now: datetime) -> str:
    """Once a day it is read whether it has changed or not: what comes again goes on into days that nobody looked at before."""
    read_today = feed.last_read_at is not None and feed.last_read_at.date() == now.date()
    return feed.etag if read_today else ""


def _how(feed: CalendarFeed, now: datetime) -> parse.Reading:
    begins_at, ends_at = parse.window(now)
    return parse.Reading(
        starts_at=begins_at, ends_at=ends_at, zone=absences.zone_of(feed.person), address=feed.person.email,
        only_busy=feed.only_busy, key=f"calendar:{feed.pk}:{settings.SECRET_KEY}".encode(),
    )  # fmt: skip


def _take(feed: CalendarFeed, entries: list[parse.Entry], now: datetime) -> None:
    taken = calendars.take(feed, entries, *parse.window(now), now)
    log.info(
        "calendar was read",
        extra={"feed": feed.pk, "new": len(taken.new), "gone": len(taken.gone), "renamed": taken.renamed},
    )
    worth_it: list[TimeAway] = [*taken.new, *taken.moved]
    if feed.last_read_at is not None and len(worth_it) <= MOST_WRITTEN_OF:
        for each in worth_it:
            away.write_of_holes(each, now)


def _key(feed: CalendarFeed) -> str:
    return f"calendar:{feed.pk}"
