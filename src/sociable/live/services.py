"""Publishes that something changed: a stored event for screens to catch up from, and a hint that travels at once.

The hint may be lost; the stored event is the guarantee.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from sociable.asking.disk import before_disk
from sociable.asking.keeping import add
from sociable.live import hub
from sociable.live.models import ChangeEvent

KEEP = timedelta(hours=12)  # a browser away for longer loads its page anew


@dataclass(frozen=True, slots=True)
class Event:
    """A change, before it is stored; `person_id`: it is for one person alone."""

    kind: str
    account_id: int
    conversation_id: int | None
    person_id: int | None = None


def publish(*, kind: str, account_id: int, conversation_id: int | None, now: datetime) -> None:
    """This function will store a change event in the running transaction and tell open screens after it commits."""
    publish_all([Event(kind, account_id, conversation_id)], now)


def publish_all(events: Sequence[Event], now: datetime) -> None:
    """This function will store and tell many change events with one statement."""
    if connection.vendor == "postgresql":
        _store_and_tell(events, now)
        return
    rows = add(
        ChangeEvent(
            at=now, account_id=e.account_id, conversation_id=e.conversation_id, kind=e.kind, person_id=e.person_id
        )
        for e in events
    )
    told = [
        {"id": row.pk, "account": row.account_id, "conversation": row.conversation_id, "kind": row.kind}
        | ({"only_for": row.person_id} if row.person_id else {})
        for row in rows
    ]
    transaction.on_commit(before_disk(lambda: hub.tell_all(told)))


def _store_and_tell(events: Sequence[Event], now: datetime) -> None:
    """The database tells what it stores, when it commits."""
    if events:
        with connection.cursor() as cursor:
            cursor.execute(_STORE_AND_TELL, [now, json.dumps([_as_row(event) for event in events])])


def _as_row(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("account_id", "conversation_id", "person_id", "kind")}


_STORE_AND_TELL = """
    WITH told AS (
        INSERT INTO live_changeevent (at, account_id, conversation_id, person_id, kind)
        SELECT %s, account_id, conversation_id, person_id, kind
        FROM json_populate_recordset(NULL::live_changeevent, %s) RETURNING *
    )
    SELECT count(pg_notify('sociable_change', json_build_object(
        'id', id, 'account', account_id, 'conversation', conversation_id, 'kind', kind, 'only_for', person_id)::text))
    FROM told
"""


def hint(*, kind: str, account_id: int, conversation_id: int | None, **more: Any) -> None:
    """This function will tell open screens what is worth no row and does no harm when it is lost: who looks, who writes.

    Shape:  `more` is small, holds ids and never what people wrote
    """
    _tell({"account": account_id, "conversation": conversation_id, "kind": kind, **more})


def wake_workers() -> None:
    """This function will wake sleeping workers when the running transaction commits, so that they look for due rows now."""
    if connection.vendor == "postgresql":
        _notify("sociable_due", "")
    else:
        transaction.on_commit(before_disk(hub.wake))


def _tell(told: hub.Hint) -> None:
    if connection.vendor == "postgresql":
        _notify("sociable_change", json.dumps(told, separators=(",", ":")))  # delivered by the database at commit
    else:
        transaction.on_commit(before_disk(lambda: hub.tell(told)))


def _notify(channel: str, payload: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def prune(now: datetime) -> int:
    """This function will delete events older than any browser will ask for and return how many."""
    return ChangeEvent.objects.filter(at__lt=now - KEEP).delete()[0]
