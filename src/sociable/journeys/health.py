"""Notes how an account is heard: when last, how far behind, in trouble since when and why, and that it has recovered.

Trouble is told when it begins and stays until the account is heard again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from sociable.conversations.models import RawInbound
from sociable.directory.models import Connection
from sociable.live import services as live

log = logging.getLogger(__name__)
CALL_TAKES = timedelta(minutes=10)  # a network that has not called by then is not going to
QUIET_AFTER = timedelta(days=2)  # of a webhook that is the only way in
TIMES_AS_LONG = 10  # as its usual pause
USUAL = timedelta(days=28)


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
    connection.last_tried_at = connection.last_heard_at = now
    connection.limited_until_at = None
    _well(connection, ("last_tried_at", "last_heard_at", "limited_until_at", "lag_seconds"), now)


def answered(connection: Connection, now: datetime) -> None:
    """This function will note that the network of an account that is only called answered us, so that it is in no trouble."""
    connection.last_tried_at = now
    _well(connection, ("last_tried_at",), now)


def _well(connection: Connection, noted: Sequence[str], now: datetime) -> None:
    recovered = bool(connection.trouble)
    if recovered:
        connection.trouble, connection.trouble_since_at, connection.recovered_at = "", None, now
    with transaction.atomic():
        connection.save(update_fields=[*noted, "trouble", "trouble_since_at", "recovered_at"])
        if recovered:
            live.publish(kind="recovered", account_id=connection.account_id, conversation_id=None, now=now)


def called(connection: Connection, now: datetime) -> None:
    """This function will note that a network called our webhook, whatever it brought."""
    connection.called_at = now
    Connection.objects.filter(pk=connection.pk).update(called_at=now)


def note_missed(connection: Connection, fresh: Sequence[RawInbound], now: datetime) -> None:
    """This function will note what only asking brought, of a network that used to call: its webhook has gone quiet.

    Shape:  `heard` does not keep this; it is a row of its own doing
    """
    if connection.called_at is None:
        return
    told_of = [raw.received_at for raw in fresh if raw.received_at is not None and raw.received_at < now - CALL_TAKES]
    missed = [at for at in told_of if at > connection.called_at]
    if missed:
        connection.missed_at = max(missed)
        Connection.objects.filter(pk=connection.pk).update(missed_at=connection.missed_at)


def went_quiet(connection: Connection, now: datetime, *, fetched: bool) -> str:
    """This function will say why a webhook is believed to have gone quiet, or nothing.

    Shape:  where the account is also fetched, what only asking brought is proof; else it is silence, ten times as long as usual
    """
    if connection.called_at is None:
        return ""
    if fetched:
        missed = connection.missed_at is not None and connection.missed_at > connection.called_at
        return "New messages came only because we asked; the network no longer calls." if missed else ""
    silent = now - connection.called_at
    if silent < QUIET_AFTER:
        return ""
    before = RawInbound.objects.filter(
        account=connection.account_id, fetched_at__gt=connection.called_at - USUAL, fetched_at__lte=connection.called_at
    ).count()
    usual_pause = USUAL / max(1, before)
    return "" if silent < TIMES_AS_LONG * usual_pause else "The network has not called for far longer than usual."
