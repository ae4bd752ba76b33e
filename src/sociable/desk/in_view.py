"""Decides which conversations each view of the desk holds, and counts them.

The lines in fair order, and how many stand in them, come from promises; how a row reads is left to rows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from sociable.conversations.chat_models import Chat
from sociable.conversations.models import Conversation, Outgoing
from sociable.desk import window_words
from sociable.desk.asked import Asked
from sociable.promises.counting import count_at_risk, count_open
from sociable.promises.models import Wait

CHECK_DAYS = 14  # how long what was set aside stays in the view that asks to look at it
MOST_COUNTED = 100


def _held(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    held = Conversation.objects.filter(account__in=asked.accounts, held_by=asked.person, held_until_at__gt=now)
    return held.exclude(state=Conversation.State.MERGED)


def chatting(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    """This function will find those who wait at the other end and whom nobody else has: whoever staffs the chat looks here."""
    there = Chat.objects.filter(ended_at=None, conversation__account__in=asked.accounts).values("conversation")
    free = Q(held_by=None) | Q(held_by=asked.person) | Q(held_until_at__lte=now)
    waiting = Conversation.objects.filter(free, pk__in=there, state=Conversation.State.OPEN)
    return waiting.filter(waits__in=Wait.objects.open())


def _waiting(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    answered = Conversation.objects.filter(
        account__in=asked.accounts, state=Conversation.State.OPEN, last_direction="out"
    )
    return answered.exclude(waits__in=Wait.objects.open())


def _put_off(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    return Conversation.objects.filter(
        account__in=asked.accounts, snoozed_until_at__gt=now, state=Conversation.State.OPEN
    )


def _in_trouble(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    trouble = Outgoing.objects.filter(
        Q(state__in=[Outgoing.State.FAILED, Outgoing.State.BOUNCED, Outgoing.State.UNKNOWN])
        | Q(state=Outgoing.State.QUEUED, undo_until_at__lt=now - timedelta(seconds=60)),
    )
    return Conversation.objects.filter(account__in=asked.accounts, messages__outgoing__in=trouble).distinct()


def closing(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    """This function will find the conversations that can soon not be answered any more."""
    return window_words.closing(asked.accounts, now)


def _to_check(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    aside = Q(state=Conversation.State.KEPT_ASIDE)
    recent = Q(state=Conversation.State.NOT_REQUEST, last_message_at__gt=now - timedelta(days=CHECK_DAYS))
    either = [
        Conversation.State.KEPT_ASIDE,
        Conversation.State.NOT_REQUEST,
    ]  # said outright, so that the partial index serves
    return Conversation.objects.filter(aside | recent, account__in=asked.accounts, state__in=either)


def counts_of(asked: Asked, now: datetime) -> dict[str, int]:
    """This function will count what each view holds, up to MOST_COUNTED."""
    unclaimed = count_open(asked.unclaimed, now, MOST_COUNTED)
    # Where what nobody holds fills the badge by itself, what the person holds need not be added.
    full = len(asked.offered) == len(asked.accounts) and unclaimed >= MOST_COUNTED
    return {
        "next": unclaimed if full else count_open(asked.next, now, MOST_COUNTED),
        "unclaimed": unclaimed,
        "risk": count_at_risk(asked.everything, now, MOST_COUNTED),
        **_capped({view: which(asked, now) for view, which in (NEWEST_FIRST | SOONEST_FIRST).items()}),
    }


def _capped(views: dict[str, QuerySet[Conversation]]) -> dict[str, int]:
    """All these counts in one statement: on a database across a network each would be a journey of its own."""
    counts: list[str] = []
    values: list[Any] = []
    for which in views.values():
        try:
            sql, given = which.order_by().values("pk")[:MOST_COUNTED].query.sql_with_params()
        except EmptyResultSet:  # nobody may see any account
            sql, given = "SELECT 1 WHERE 1 = 0", ()
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - what the ORM wrote, its values apart
        values += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", values)
        return dict(zip(views, cursor.fetchone(), strict=True))


NEWEST_FIRST: dict[str, Callable[[Asked, datetime], QuerySet[Conversation]]] = {
    "mine": _held,
    "waiting": _waiting,
    "put-off": _put_off,
    "sending": _in_trouble,
    "check": _to_check,
}


SOONEST_FIRST: dict[str, Callable[[Asked, datetime], QuerySet[Conversation]]] = {
    "chat": chatting,
    "window": closing,
}
