"""Keeps the calendars from which somebody's time away is read, and makes of their entries what the board counts.

Fetching one is done in channels/calendars and when is decided in journeys; an entry is known again even where its calendar renames it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cryptography.fernet import InvalidToken
from django.db import transaction

from sociable.cover.absences import accounts_touched
from sociable.cover.checking import lock
from sociable.cover.models import CalendarFeed, TimeAway
from sociable.live import services as live
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed
from sociable.people.sealing import box

PURPOSE = "calendar"
State = TimeAway.State


class Entry(Protocol):
    """What is read of a calendar: see channels/calendars/parse."""

    @property
    def uid(self) -> str: ...
    @property
    def mark(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def whole_days(self) -> bool: ...


@dataclass(slots=True)
class Taken:
    """What one look at a calendar changed."""

    new: list[TimeAway] = field(default_factory=list)
    moved: list[TimeAway] = field(default_factory=list)
    gone: list[TimeAway] = field(default_factory=list)
    renamed: int = 0


def add(person: Person, address: str, *, name: str, kind: str, only_busy: bool, now: datetime) -> CalendarFeed:
    """This function will keep somebody's own calendar to be read, its address sealed."""
    with transaction.atomic():
        feed = CalendarFeed.objects.create(
            person=person, name=name, sealed_address=_seal(address), kind=kind, only_busy=only_busy
        )
        _record("added a calendar", feed, now)
    return feed


def remove(feed: CalendarFeed, *, by: Person, now: datetime) -> None:
    """This function will forget a calendar, and what it says of the time to come; what is past stays as it was.

    Errors: NotAllowed
    """
    if feed.person_id != by.pk:
        raise NotAllowed("A calendar is taken away by the person whose it is.")
    with transaction.atomic():
        lock([feed.person])
        entries = TimeAway.objects.filter(feed=feed)
        for away in entries.filter(ends_at__gt=now).select_related("person"):
            _publish(away, now)
        entries.filter(ends_at__gt=now).delete()
        entries.update(feed=None)
        _record("removed a calendar", feed, now)
        feed.delete()


def address_of(feed: CalendarFeed) -> str:
    """This function will unseal a calendar's address; empty where the installation's key is another than it was sealed with."""
    try:
        return str(json.loads(box(PURPOSE).decrypt(feed.sealed_address.encode())))
    except InvalidToken:
        return ""


def take(feed: CalendarFeed, entries: Iterable[Entry], begins_at: datetime, ends_at: datetime, now: datetime) -> Taken:
    """This function will make the time away of one calendar what the calendar says for a stretch; call it inside a transaction.

    An entry is the same as before by its name there; else by its times and its title's mark, where the calendar gave it another name. What
    is there no more is taken back, unless it is over.
    """
    lock([feed.person])
    rows = TimeAway.objects.filter(feed=feed, state=State.AGREED).select_related("person")
    known = _Known(rows.touching(begins_at, ends_at))
    taken = Taken()
    fresh = [entry for entry in entries if not known.by_name(entry, taken)]
    fresh = [entry for entry in fresh if not known.by_look(entry, taken)]
    for away in known.left:
        if away.ends_at > now:
            away.state, away.decided_at = State.CANCELLED, now
            taken.gone.append(away)
    taken.new = [_made(feed, entry, now) for entry in fresh]
    _keep(taken, now)
    return taken


class _Known:
    """The entries of the last look that were not found again yet."""

    def __init__(self, rows: Iterable[TimeAway]) -> None:
        self._left = {row.pk: row for row in rows}
        self._named: dict[str, list[TimeAway]] = defaultdict(list)
        self._looks: dict[tuple[str, datetime, datetime], list[TimeAway]] = defaultdict(list)
        for row in self._left.values():
            mark, _, uid = row.uid.partition(":")
            self._named[uid].append(row)
            self._looks[mark, row.starts_at, row.ends_at].append(row)

    @property
    def left(self) -> list[TimeAway]:
        """What the calendar does not say any more."""
        return list(self._left.values())

    def by_name(self, entry: Entry, taken: Taken) -> bool:
        """Whether an entry is known by its name; where it lies at another time now, it has moved."""
        row = self._pop(self._named[entry.uid])
        if row is None:
            return False
        if (row.starts_at, row.ends_at) != (entry.starts_at, entry.ends_at):
            row.starts_at, row.ends_at, row.whole_days = entry.starts_at, entry.ends_at, entry.whole_days
            taken.moved.append(row)
        return True

    def by_look(self, entry: Entry, taken: Taken) -> bool:
        """Whether an entry is known by its times and title; it has another name now."""
        row = self._pop(self._looks[entry.mark, entry.starts_at, entry.ends_at])
        if row is None:
            return False
        row.uid = _uid(entry)
        row.save(update_fields=["uid"])
        taken.renamed += 1
        return True

    def _pop(self, rows: list[TimeAway]) -> TimeAway | None:
        while rows:
            if (row := self._left.pop(rows.pop().pk, None)) is not None:
                return row
        return None


def _made(feed: CalendarFeed, entry: Entry, now: datetime) -> TimeAway:
    return TimeAway(
        person=feed.person, kind=feed.kind, starts_at=entry.starts_at, ends_at=entry.ends_at, whole_days=entry.whole_days,
        state=State.AGREED, feed=feed, uid=_uid(entry), asked_at=now, decided_at=now,
    )  # fmt: skip


def _uid(entry: Entry) -> str:
    return f"{entry.mark}:{entry.uid}"


def _keep(taken: Taken, now: datetime) -> None:
    TimeAway.objects.bulk_create(taken.new)
    TimeAway.objects.bulk_update(taken.moved, ["starts_at", "ends_at", "whole_days"])
    TimeAway.objects.bulk_update(taken.gone, ["state", "decided_at"])
    for away in (*taken.new, *taken.moved, *taken.gone):
        _publish(away, now)


def _publish(away: TimeAway, now: datetime) -> None:
    for account_id in accounts_touched(away):
        live.publish(kind="cover", account_id=account_id, conversation_id=None, now=now)


def was_read(feed: CalendarFeed, etag: str, now: datetime) -> None:
    """This function will note that a calendar was read."""
    CalendarFeed.objects.filter(pk=feed.pk).update(
        last_tried_at=now, last_read_at=now, etag=etag[:200], trouble="", trouble_since_at=None
    )


def trouble(feed: CalendarFeed, words: str, now: datetime) -> None:
    """This function will note why a calendar could not be read; since when stays with the first time."""
    since = feed.trouble_since_at if feed.trouble else now
    CalendarFeed.objects.filter(pk=feed.pk).update(last_tried_at=now, trouble=words[:500], trouble_since_at=since)


def _seal(address: str) -> str:
    return box(PURPOSE).encrypt(json.dumps(address).encode()).decode()


def _record(verb: str, feed: CalendarFeed, now: datetime) -> None:
    after: dict[str, Any] = {"calendar": feed.name}
    for partner_id in sorted({role.partner_id for role in feed.person.grants}):
        people.record(
            verb=verb, object_kind="person", object_id=feed.person_id, partner_id=partner_id, now=now, person=feed.person,
            after=after,
        )  # fmt: skip
