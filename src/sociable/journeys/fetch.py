"""An account's network is asked for what is new, and its health is told.

Nothing is skipped: the cursor moves in the transaction that stores what came before it.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from sociable.channels import registry
from sociable.channels.base import ChannelError, Fetches, Hears, RateLimited
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import health, receive
from sociable.live import services as live

log = logging.getLogger(__name__)
BATCHES_A_TURN = 8  # then the next account has its turn: none waits behind a full mailbox
APART = timedelta(milliseconds=100)  # between two accounts that would all be asked at once
EARLY = (0.78, 0.88)  # of the interval: each is heard within it, and they do not stay in step
LONGEST_PAUSE = timedelta(minutes=5)  # an account is never given up, and heard soon after its server is back
STAGES_HEARD = (Account.Stage.LEARNING, Account.Stage.LIVE, Account.Stage.RESTING)


def schedule(connection: Connection, now: datetime) -> None:
    """This function will make the account be fetched now and from then on at its interval."""
    due.ask([due.Due("fetch", f"fetch:{connection.pk}", connection.pk, now)])
    live.wake_workers()


def schedule_missing(now: datetime) -> int:
    """This function will see that every connection that is to be heard has its due row, and return how many had none."""
    heard = Connection.objects.filter(fetches=True, account__stage__in=STAGES_HEARD)
    open_rows = DueRow.objects.filter(kind="fetch", done_at=None).values("subject_id")
    missing = list(heard.exclude(pk__in=open_rows))
    for number, connection in enumerate(missing):
        schedule(connection, now + number * APART)
    return len(missing)


def hasten(connection_id: int, now: datetime) -> None:
    """This function will have an account fetched at once, or again at once when the fetch in hand has ended."""
    if due.hasten(f"fetch:{connection_id}", now):
        live.wake_workers()


def fetch(row: DueRow, now: datetime) -> None:
    """This function will fetch what is new for one account, read it, and set when to look again."""
    connection = Connection.objects.select_related("account__partner").filter(pk=row.subject_id).first()
    if connection is None or not connection.fetches or connection.account.stage not in STAGES_HEARD:
        due.close(row, now)
        return
    more = False
    try:
        adapter = connecting.adapter_of(connection)
        if not isinstance(adapter, Fetches):
            due.close(row, now)
            return
        try:
            more = _turn(connection, adapter, now)
        finally:
            adapter.close()
            connecting.keep_session(connection, adapter)
    except connecting.Reconnected:
        log.info("an account was connected anew while it was fetched", extra={"connection_id": connection.pk})
        due.renew(row, now)  # nothing, where the new connection has asked for it already
        return
    except RateLimited as error:
        pause = error.pause
        with transaction.atomic():
            health.limited(connection, now + pause, now)
            due.renew(row, now + pause)
        return
    except ChannelError as error:
        with transaction.atomic():
            health.trouble(connection, error.message, now)
            due.postpone(row, now, error.message, tries=None, longest=LONGEST_PAUSE)
        return
    except Exception:
        health.trouble(
            connection, "Sociable met something it did not expect while fetching. What came before is stored.", now
        )
        raise
    with transaction.atomic():  # one commit: a disk makes few a second, and there may be hundreds of accounts
        health.heard(connection, now)
        due.renew(row, now if more else next_round(now, connection.account.channel))


def next_round(now: datetime, channel: str) -> datetime:
    """This function will say when an account that was asked now is asked again: within its interval, not in step with others."""
    return now + interval(channel) * random.uniform(*EARLY)


def interval(channel: str) -> timedelta:
    """This function will say how often an account of a channel is asked for what is new."""
    adapter = registry.kinds().get(channel)
    least = adapter.capabilities.ask_every if adapter is not None else None
    return max(timedelta(seconds=settings.FETCH_SECONDS), least or timedelta())


def _let_go_of_database() -> None:
    """A network may take long to answer, and a database has few connections: none is held meanwhile."""
    if not database.in_atomic_block:
        database.close()


def _turn(connection: Connection, adapter: Fetches, now: datetime) -> bool:
    """Up to BATCHES_A_TURN batches; True if the network has more."""
    for _ in range(BATCHES_A_TURN):
        _let_go_of_database()
        fetched = adapter.fetch(connection.cursor)
        if fetched.items or fetched.cursor != connection.cursor:
            behind = (connection, fetched.cursor)
            fresh = receive.store(
                connection.account, connection.account.channel, fetched.items, fetched_at=now, behind=behind
            )
            connection.cursor = fetched.cursor
            receive.read_all(fresh, now)
            health.note_lag(connection, fresh, now)
            if isinstance(adapter, Hears):
                health.note_missed(connection, fresh, now)
        if not fetched.more:
            return False
    return True
