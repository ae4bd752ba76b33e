"""A network calls us with what is new: it is proved to come from there, stored raw, and read.

One webhook may serve several accounts: each is handed only what is its own, and only what its own secret proves. What is for
an account that is heard no more is not kept, and never handed to another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import DatabaseError
from django.db.models import QuerySet

from sociable.channels.base import Adapter, Call, CallRefused, ChannelError, Heard, Hears, RawItem
from sociable.directory import connecting
from sociable.directory.models import Connection
from sociable.journeys import fetch, health, receive

log = logging.getLogger(__name__)


class NobodyThere(CallRefused):
    """No account listens at this address."""

    def __init__(self) -> None:
        super().__init__("Nobody listens here.", status=404)


def hear(kind: str, token: str, call: Call, now: datetime) -> Heard:
    """This function will take one call to a webhook and return what it is answered; what it brought is stored by then.

    Errors: CallRefused with the HTTP status; OSError and DatabaseError, which the network must be told so that it calls again
    """
    called = _connections(kind).filter(hook_token=token).first()
    if called is None:
        raise NobodyThere
    heard = _heard(called, call)
    if call.method == "POST":  # a challenge is no sign that it tells what is new
        health.called(called, now)
    for connection, items in _by_account(called, heard.items, call):
        fresh = receive.store(connection.account, connection.account.channel, items, fetched_at=now)
        try:
            receive.read_all(fresh, now)
        except (OSError, DatabaseError):  # it is stored, and its due row has it read in a minute
            log.exception("what a network told could not be read at once", extra={"account_id": connection.account_id})
        if connection.pk != called.pk:
            health.called(connection, now)
        health.note_lag(connection, fresh, now)
        health.heard(connection, now)
    return heard


def _connections(kind: str) -> QuerySet[Connection]:
    return _of_channel(kind).filter(account__stage__in=fetch.STAGES_HEARD)


def _of_channel(kind: str) -> QuerySet[Connection]:
    return Connection.objects.select_related("account__partner").filter(account__channel=kind)


def _heard(connection: Connection, call: Call) -> Heard:
    """What the call brought, if this account's own adapter believes it."""
    adapter: Adapter | None = None
    try:
        adapter = connecting.adapter_of(connection)
        if not isinstance(adapter, Hears):
            raise NobodyThere
        return adapter.hear(call)
    except CallRefused:
        raise
    except ChannelError as error:
        raise CallRefused(error.message, status=503) from error
    finally:
        if adapter is not None:
            adapter.close()


def _by_account(called: Connection, items: Iterable[RawItem], call: Call) -> list[tuple[Connection, list[RawItem]]]:
    """Each item with the account it is for; what is for an account that is not ours goes to the one that was called."""
    by_network_id: dict[str, list[RawItem]] = {}
    for item in items:
        by_network_id.setdefault(item.to_account, []).append(item)
    sorted_out: dict[int, tuple[Connection, list[RawItem]]] = {}
    for network_id, some in by_network_id.items():
        if _heard_no_more(called, network_id, call):
            continue
        target, as_heard = _target(called, network_id, call)
        own = [as_heard.get(item.remote_id, item) for item in some]
        sorted_out.setdefault(target.pk, (target, []))[1].extend(own)
    return list(sorted_out.values())


def _heard_no_more(called: Connection, network_id: str, call: Call) -> bool:
    """Whether an item is for an account of ours that is closed or not opened yet: whoever shares its app may not read for it."""
    if network_id in ("", called.network_id):
        return False
    of_it = _of_channel(called.account.channel).filter(network_id=network_id).exclude(pk=called.pk)
    if of_it.filter(account__stage__in=fetch.STAGES_HEARD).exists():
        return False
    return any(_believes(one, call) for one in of_it)


def _believes(connection: Connection, call: Call) -> bool:
    try:
        _heard(connection, call)
    except CallRefused:
        return False
    return True


def _target(called: Connection, network_id: str, call: Call) -> tuple[Connection, dict[str, RawItem]]:
    """Whom a part of a call is for, and how its own adapter heard it: what that one may ask the network for, another may not."""
    if network_id in ("", called.network_id):
        return called, {}
    others = _connections(called.account.channel).filter(network_id=network_id).exclude(pk=called.pk)
    for other in others:
        try:
            heard = _heard(other, call)
        except CallRefused:
            continue
        return other, {item.remote_id: item for item in heard.items}
    return called, {}
