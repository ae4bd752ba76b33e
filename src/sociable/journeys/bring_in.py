"""Messages from a file come into an account: looked at first, then taken by the real way in, oldest first and once.

What a row says is read by the channel. Their clocks run from when they were sent, and nothing is sent for them by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import DatabaseError

from sociable.channels.base import RawItem
from sociable.channels.elsewhere import files, rows
from sociable.channels.elsewhere.adapter import ElsewhereAdapter, known_as, raw
from sociable.channels.elsewhere.rows import Row
from sociable.conversations.models import Message, RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.journeys import receive
from sociable.promises.models import Wait

AT_ONCE = 25
LOOKED_UP_AT_ONCE = 200
CHANNEL = ElsewhereAdapter.kind
State = RawInbound.State


@dataclass(frozen=True, slots=True)
class Found:
    """One row that can be a message: where it stood, what it says, when it was sent, and whether it is here already."""

    where: str
    row: Row
    at: datetime
    content: bytes = field(repr=False)
    known: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file holds: messages oldest first, and the rows that cannot be one, each with the reason."""

    found: tuple[Found, ...]
    refused: tuple[tuple[str, str], ...]

    @property
    def fresh(self) -> tuple[Found, ...]:
        """Those that are not here yet, each once."""
        return tuple({one.row.key: one for one in reversed(self.found) if not one.known}.values())[::-1]

    @property
    def known(self) -> int:
        """How many are here already, or stand in the file twice."""
        return len(self.found) - len(self.fresh)

    @property
    def matters(self) -> int:
        """How many conversations the fresh ones make: what answers another, or stands in its thread, belongs to it."""
        return len(_heads(self.fresh))

    @property
    def waiting(self) -> int:
        """In how many of those they spoke last, so that somebody waits for an answer."""
        last: dict[str, Found] = {}
        heads = _heads_of_each(self.fresh)
        for one in self.fresh:
            last[heads[one.row.key]] = one
        return sum(not one.row.ours for one in last.values())


def _heads(found: Sequence[Found]) -> set[str]:
    return {head for key, head in _heads_of_each(found).items() if key == head}


def _heads_of_each(found: Sequence[Found]) -> dict[str, str]:
    """The first message of each one's matter, oldest first: by what it answers, else by its thread and who wrote in it."""
    heads: dict[str, str] = {}
    threads: dict[tuple[str, tuple[str, str] | None], str] = {}
    for one in found:
        row = one.row
        answered = heads.get(row.named(row.in_reply_to)) if row.in_reply_to else None
        thread = (row.named(row.thread), None if row.ours else row.identity)
        standing = threads.get(thread) if row.thread else None
        heads[row.key] = answered or standing or row.key
        if row.thread:
            threads[thread] = threads[row.named(row.thread), None] = heads[row.key]
    return heads


def look(account: Account, content: bytes, now: datetime, *, network: str = "") -> Looked:
    """This function will say what a file holds for an account; it writes nothing.

    Shape:  `network` names where the messages were written, for rows that do not say it themselves
    Errors: Unreadable where the file as a whole is none that can be read
    """
    zone = ZoneInfo(directory.zone_of(account))
    found: list[Found] = []
    refused: list[tuple[str, str]] = []
    for where, given in files.rows_of(content):
        try:
            found.append(_found(where, given if not network else {"network": network, **_said(given)}, zone, now))
        except rows.Unreadable as refusal:
            refused.append((where, refusal.message))
    found.sort(key=lambda one: one.at)
    return Looked(tuple(_marked(account, found)), tuple(refused))


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    """A row without its empty columns, so that an empty one does not stand before what is known otherwise."""
    return {name: value for name, value in given.items() if value not in ("", None)}


def _found(where: str, given: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> Found:
    row = rows.read(given, zone)
    if row.sent_at is None:
        raise rows.Unreadable("It does not say when it was sent: its clock would begin at the wrong time.")
    if row.sent_at > now:
        raise rows.Unreadable("It was sent at a time that is still to come.")
    return Found(where, row, row.sent_at, raw(dict(given)))


def _marked(account: Account, found: Sequence[Found]) -> Iterator[Found]:
    """Each with whether it is here already: brought in before, or heard while its network was still connected."""
    for first in range(0, len(found), LOOKED_UP_AT_ONCE):
        some = found[first : first + LOOKED_UP_AT_ONCE]
        ids = {name[:500] for one in some for name in known_as(one.row)}
        here = set(
            Message.objects.filter(partner=account.partner_id, message_id__in=ids)
            .exclude(message_id="")
            .values_list("message_id", flat=True)
        )
        stored = RawInbound.objects.filter(account=account, remote_id__in=[one.row.key[:250] for one in some])
        kept = set(stored.values_list("remote_id", flat=True))
        for one in some:
            known = one.row.key[:250] in kept or any(name[:500] in here for name in known_as(one.row))
            yield Found(one.where, one.row, one.at, one.content, known)


@dataclass
class Done:
    """What became of the messages of a file."""

    read: int = 0
    unread: int = 0
    noted: int = 0
    conversations: set[int] = field(default_factory=set)
    waits: int = 0


def bring_in(account: Account, looked: Looked, now: datetime) -> Iterator[Done]:
    """This function will take the fresh messages of a file a few at a time, and say after each few how far it is."""
    done = Done()
    fresh = looked.fresh
    for first in range(0, len(fresh), AT_ONCE):
        items = [RawItem(one.row.key[:250], one.content, one.at) for one in fresh[first : first + AT_ONCE]]
        stored = receive.store(account, CHANNEL, items, fetched_at=now, from_history=True)
        with suppress(OSError, DatabaseError):  # they are stored, and a worker reads them; counted as not read yet
            receive.read_all(stored, now)
        _count(done, stored)
        yield done
    if not fresh:
        yield done


def _count(done: Done, stored: Sequence[RawInbound]) -> None:
    states = RawInbound.objects.filter(pk__in=[one.pk for one in stored])
    messages = list(states.filter(state=State.READ).values_list("message_id", "message__conversation_id"))
    done.read += len(messages)
    done.noted += states.filter(state__in=[State.NOTED, State.DUPLICATE]).count()
    done.unread += states.filter(state__in=[State.NEW, State.UNREADABLE]).count()
    done.conversations.update(conversation_id for _, conversation_id in messages)
    done.waits += Wait.objects.filter(began_with__in=[message_id for message_id, _ in messages]).count()
