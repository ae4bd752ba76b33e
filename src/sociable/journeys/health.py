"""Notes how an account is heard: when last, how far behind, in trouble since when and why, and that it has recovered.

Trouble is told when it begins and stays until the account is heard again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from sociable.conversations.models import RawInbound
from sociable.directory.models import Connection
from sociable.live import services as live

log = logging.getLogger(__name__)


def note_lag(connection: Connection, fresh: Sequence[RawInbound], now: datetime) -> None:
    """This function will note how long after the network took it the newest message was stored; `heard` keeps it."""
    received = [raw.received_at for raw in fresh if raw.received_at is not None]
    if received:
        connection.lag_seconds = max(0.0, (now - max(received)).total_seconds())


def trouble(connection: Connection, words: str, now: datetime) -> None:
    """This function will note that an account could not be heard, and tell it where that is new."""
    begins = not connection.trouble
    with transaction.atomic():
        connection.last_tried_at, connection.trouble = now, words
        if begins:
            connection.trouble_since_at = now
        connection.save(update_fields=["last_tried_at", "trouble", "trouble_since_at"])
        if begins:
            log.warning("account in trouble", extra={"account_id": connection.account_id})
            live.publish(kind="trouble", account_id=connection.account_id, conversation_id=None, now=now)


def limited(connection: Connection, until_at: datetime, now: datetime) -> None:
    """This function will note that the network asked for a pause: no trouble, but a reason to be heard later."""
    connection.last_tried_at, connection.limited_until_at = now, until_at
    connection.save(update_fields=["last_tried_at", "limited_until_at"])


def heard(connection: Connection, now: datetime) -> None:
    """This function will note that an account was heard, and tell that it has recovered where it was in trouble."""
    recovered = bool(connection.trouble)
    with transaction.atomic():
        connection.last_tried_at = connection.last_heard_at = now
        connection.limited_until_at = None
        if recovered:
            connection.trouble, connection.trouble_since_at, connection.recovered_at = "", None, now
        connection.save(
            update_fields=[
                "last_tried_at",
                "last_heard_at",
                "limited_until_at",
                "trouble",
                "trouble_since_at",
                "recovered_at",
                "lag_seconds",
            ]
        )
        if recovered:
            live.publish(kind="recovered", account_id=connection.account_id, conversation_id=None, now=now)
