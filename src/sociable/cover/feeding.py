"""Writes a person's rota, or an account's cover, as an iCalendar file that calendar programs read again and again.

Who may have the address is decided by whoever shows it; whoever knows the address reads the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from icalendar import Calendar, Event, vDuration

from sociable.cover.models import FeedOut, Shift, feed_token
from sociable.directory.models import Account
from sociable.domain.worktime.wording import and_words
from sociable.people import services as people
from sociable.people.models import Person

BEFORE, AHEAD = timedelta(weeks=8), timedelta(weeks=26)
ASK_AGAIN = timedelta(hours=1)


def of_person(person: Person, now: datetime) -> FeedOut:
    """This function will return the secret address of somebody's own rota, made when it is first asked for."""
    return FeedOut.objects.get_or_create(person=person, defaults={"made_at": now})[0]


def of_account(account: Account, now: datetime) -> FeedOut:
    """This function will return the secret address of an account's cover, made when it is first asked for."""
    return FeedOut.objects.get_or_create(account=account, defaults={"made_at": now})[0]


def change_address(feed: FeedOut, *, by: Person, now: datetime) -> FeedOut:
    """This function will give a feed another address; the old one answers no more."""
    with transaction.atomic():
        feed.token, feed.made_at = feed_token(), now
        feed.save(update_fields=["token", "made_at"])
        account = feed.account
        people.record(
            verb="changed a calendar's address", object_kind="account" if account else "person",
            object_id=account.pk if account else by.pk, partner_id=account.partner_id if account else None, now=now, person=by,
        )  # fmt: skip
    return feed


def feed_at(token: str) -> FeedOut | None:
    """This function will find a feed by its secret; the rota of somebody who has left answers no more."""
    found = FeedOut.objects.select_related("person", "account__partner").filter(token=token).first()
    if found is None or (found.person is not None and not found.person.is_active):
        return None
    return found


def holes_token(feed: FeedOut) -> str:
    """This function will return the secret of the holes that the person of a feed sees.

    It is made from that of their rota and does not tell it, nor the other way: whoever is given the one, a family say, has
    nothing to do with who is away elsewhere. Another address of the rota is another one of the holes too.
    """
    return f"{feed.pk}-{salted_hmac('holes', f'{feed.pk}:{feed.token}', algorithm='sha256').hexdigest()[:40]}"


def holes_feed_at(token: str) -> FeedOut | None:
    """This function will find the feed by the secret of its holes; that of somebody who has left answers no more."""
    number = token.partition("-")[0]
    if not (number.isdecimal() and len(number) < 19):
        return None
    found = FeedOut.objects.select_related("person").filter(pk=int(number), person__is_active=True).first()
    return found if found is not None and constant_time_compare(holes_token(found), token) else None


def written(feed: FeedOut, now: datetime) -> bytes:
    """This function will write a feed as iCalendar: the same bytes until something in it changes.

    Shape:  one event a shift, known by the same UID in all its versions; one that was taken off stays, cancelled
    Units:  UTC, which needs no time zone told and means the same in every calendar
    Source: RFC 5545; RFC 7986 for name, REFRESH-INTERVAL
    """
    name = f"Rota of {feed.person.name}" if feed.person else f"Cover of {feed.account}"
    calendar = headed(name)
    for shift in _newest(_shifts(feed, now)):
        calendar.add_component(_event(shift, feed))
    return bytes(calendar.to_ical())


def headed(name: str) -> Calendar:
    """This function will return a calendar with its name and how often it is to be asked for, and nothing in it yet."""
    calendar = Calendar()
    calendar.add("prodid", "-//Sociable//Rota//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", vDuration(ASK_AGAIN), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(ASK_AGAIN))
    return calendar


def etag_of(content: bytes) -> str:
    """This function will return the mark by which a calendar program asks whether anything changed."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _shifts(feed: FeedOut, now: datetime) -> QuerySet[Shift]:
    """What was published once and lies around now, whatever became of it."""
    rows = Shift.objects.touching(now - BEFORE, now + AHEAD).filter(published_at__isnull=False)
    mine = rows.filter(person=feed.person) if feed.person else rows.filter(accounts=feed.account)
    return mine.exclude(state=Shift.State.DRAFT).select_related("person").prefetch_related("accounts").order_by("pk")


def _newest(shifts: Iterable[Shift]) -> list[Shift]:
    """Of the versions of one shift the last; calendars know it by the first."""
    last: dict[int, Shift] = {}
    for shift in shifts:
        last[shift.began_as or shift.pk] = shift
    return sorted(last.values(), key=lambda shift: (shift.starts_at, shift.pk))


def _event(shift: Shift, feed: FeedOut) -> Event:
    changed_at = shift.changed_at or shift.published_at or shift.made_at
    event = Event()
    event.add("uid", _uid(shift, feed))
    event.add("dtstamp", changed_at)
    event.add("last-modified", changed_at)
    event.add("sequence", shift.revision)
    event.add("dtstart", shift.starts_at)
    event.add("dtend", shift.ends_at)
    event.add("summary", _summary(shift, feed))
    event.add("status", "CANCELLED" if shift.state == Shift.State.CANCELLED else "CONFIRMED")
    event.add("transp", "OPAQUE" if feed.person and shift.state == Shift.State.PUBLISHED else "TRANSPARENT")
    if shift.note:
        event.add("description", shift.note)
    if feed.person:
        event.add("url", settings.PUBLIC_URL + reverse("planning:rota_shift", args=[shift.pk]))
    return event


def _uid(shift: Shift, feed: FeedOut) -> str:
    host = urlsplit(settings.PUBLIC_URL).hostname or "sociable"
    where = f"-account-{feed.account_id}" if feed.account_id else ""
    return f"shift-{shift.began_as or shift.pk}{where}@{host}"


def _summary(shift: Shift, feed: FeedOut) -> str:
    if feed.account is not None:
        return f"{shift.person.name}: {feed.account.name}"
    return and_words([account.name for account in shift.accounts.all()] or ["Shift"])
