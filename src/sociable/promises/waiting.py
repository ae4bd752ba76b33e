"""Answers how long a first answer in chat has really taken lately, and how many wait for one now.

What is said of it to whoever waits is decided by the page; when it is promised, by domain/promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from sociable.conversations.chat_models import Chat
from sociable.domain.chat import Lately, lately
from sociable.promises.models import Wait

LOOK_BACK = timedelta(days=14)
NUMBER = 30
KNOWN_FOR_SECONDS = 5  # two thousand people who look at once are one question
_Ended = Wait.Ended


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits in an account's chat for a first answer, by when they began, and how long it took those before them."""

    since: tuple[datetime, ...]
    lately: Lately | None

    def before(self, since: datetime) -> int:
        """This function will count those who began to wait before an instant."""
        return sum(one < since for one in self.since)


def waiting_at(account_id: int, now: datetime) -> Waiting:
    """This function will return who waits in an account's chat, as it was at most a few seconds ago."""
    key = f"chat-waiting-{account_id}"
    known: Waiting | None = cache.get(key)
    if known is None:
        known = Waiting(_since(account_id), lately(*_lengths(account_id, now)))
        cache.set(key, known, KNOWN_FOR_SECONDS)
    return known


def _since(account_id: int) -> tuple[datetime, ...]:
    """Whoever has left their chat still waits for an answer, but nobody else waits behind them."""
    there = Chat.objects.filter(conversation=OuterRef("conversation"), ended_at=None)
    waits = Wait.objects.open().filter(Exists(there), account=account_id, waits_live=True, conversation__state="open")
    return tuple(waits.order_by("started_at").values_list("started_at", flat=True))


def _lengths(account_id: int, now: datetime) -> tuple[list[timedelta], list[timedelta]]:
    """How long those waited who were answered, and those who were not, however their chat ended."""
    waits = Wait.objects.filter(account=account_id, waits_live=True, started_at__gte=now - LOOK_BACK)
    waits = waits.exclude(ended__in=[_Ended.NOT_REQUEST, _Ended.JOINED]).order_by("-started_at")
    answered: list[timedelta] = []
    unanswered: list[timedelta] = []
    for begun, ended_at, ended in waits.values_list("started_at", "ended_at", "ended")[:NUMBER]:
        lengths = answered if ended == _Ended.ANSWERED else unanswered
        lengths.append(max(timedelta(), (ended_at or now) - begun))
    return answered, unanswered
