"""Lays a history of requests into the tables, thousands at once, as if they had come and been answered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np


def requests(account: Any, times: Iterable[datetime], *, channel: str = "form", answered: Any = None) -> None:
    """One conversation, message and wait for each time; answered by somebody ten minutes later, or still open."""
    from sociable.conversations.models import Contact, Conversation, Message
    from sociable.promises.models import Wait

    at = list(times)
    if not at:
        return
    contact, _ = Contact.objects.get_or_create(
        partner=account.partner, name="Somebody of the past", defaults={"created_at": at[0]}
    )
    conversations = Conversation.objects.bulk_create(
        [
            Conversation(
                account=account,
                contact=contact,
                state="closed" if answered else "open",
                started_at=one,
                last_message_at=one,
            )
            for one in at
        ]
    )
    messages = Message.objects.bulk_create(
        [
            Message(
                conversation=conversation, partner=account.partner, direction="in", channel=channel,
                sent_at=one, fetched_at=one, stored_at=one,
            )
            for conversation, one in zip(conversations, at, strict=True)
        ]
    )  # fmt: skip
    Wait.objects.bulk_create(
        [
            Wait(
                conversation=conversation, account=account, contact=contact, began_with=message, started_at=one,
                clock_starts_at=one, due_at=one + timedelta(hours=2), ordered_at=one + timedelta(hours=2), length_seconds=7200,
                ended_at=one + timedelta(minutes=10) if answered else None, ended="answered" if answered else "", ended_by=answered,
            )
            for conversation, message, one in zip(conversations, messages, at, strict=True)
        ]
    )  # fmt: skip


def steady(account: Any, until: datetime, days: int, a_day: float, *, seed: int = 1, **more: Any) -> int:
    """So many a day by chance from 9 to 17 of each working day before a midnight; returns how many."""
    dice = np.random.default_rng(seed)
    times = []
    for number in range(days, 0, -1):
        day = until - timedelta(days=number)
        if day.weekday() < 5:
            times += [
                day + timedelta(minutes=float(minute))
                for minute in np.sort(dice.uniform(540, 1020, dice.poisson(a_day)))
            ]
    requests(account, times, **more)
    return len(times)
