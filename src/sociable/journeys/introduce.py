"""A network is asked once a day who the account is: its name, its limits there, and until when its log-in is good.

What an account is told of at its connection is kept the same way. Trouble of an account that is fetched is told by fetching.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db import transaction

from sociable.channels import registry
from sociable.channels.base import ChannelError, Introduces, RateLimited, Who
from sociable.channels.tidy import web_address
from sociable.directory import connecting
from sociable.directory import limits as directory_limits
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import fetch, health

EVERY = timedelta(days=1)
LONGEST_PAUSE = timedelta(hours=1)
SPREAD = timedelta(hours=1)  # so that hundreds do not ask in the same minute of every day


def introduced(connection: Connection, who: Who, now: datetime) -> None:
    """This function will keep what the network says of an account: its id, name and link, its limits, and when its log-in ends."""
    account = connection.account
    connection.network_id, connection.expires_at = who.network_id[:200], who.expires_at
    connection.save(update_fields=["network_id", "expires_at"])
    changes = {"handle": who.handle[:200], "link": web_address(who.link)[:200]}
    said = {name: value for name, value in changes.items() if value and getattr(account, name) != value}
    if said:
        Account.objects.filter(pk=account.pk).update(**said)
    directory_limits.read_from_server(account, who.limits, "what its server says", now.date())


def schedule(connection: Connection, now: datetime) -> None:
    """This function will have the network asked who the account is, a day from now and every day, where it can be asked."""
    if can_be_asked(connection.account.channel):
        due.ask([due.Due("introduce", f"introduce:{connection.pk}", connection.pk, _tomorrow(now))])


def can_be_asked(kind: str) -> bool:
    """This function will say whether a channel can tell who its account is."""
    return kind in registry.kinds() and issubclass(registry.adapter_class(kind), Introduces)


def schedule_missing(now: datetime) -> int:
    """This function will see that every connection that can be asked has its due row, and return how many had none."""
    open_rows = DueRow.objects.filter(kind="introduce", done_at=None).values("subject_id")
    heard = Connection.objects.filter(account__stage__in=fetch.STAGES_HEARD).exclude(pk__in=open_rows)
    missing = [one for one in heard.select_related("account") if can_be_asked(one.account.channel)]
    due.ask(
        due.Due("introduce", f"introduce:{one.pk}", one.pk, now + number * fetch.APART)
        for number, one in enumerate(missing)
    )
    return len(missing)


def introduce(row: DueRow, now: datetime) -> None:
    """This function will ask the network who the account is, and keep what it says."""
    connection = Connection.objects.select_related("account__partner").filter(pk=row.subject_id).first()
    if connection is None or connection.account.stage not in fetch.STAGES_HEARD:
        due.close(row, now)
        return
    try:
        who = _asked(connection)
    except RateLimited as error:
        due.renew(row, now + error.pause)
        return
    except ChannelError as error:
        with transaction.atomic():
            if not connection.fetches:  # else fetching meets the same, and tells it
                health.trouble(connection, error.message, now)
            due.postpone(row, now, error.message, tries=None, longest=LONGEST_PAUSE)
        return
    with transaction.atomic():
        if who is not None:
            introduced(connection, who, now)
        if not connection.fetches:
            health.answered(connection, now)
        due.renew(row, _tomorrow(now))


def _asked(connection: Connection) -> Who | None:
    """What the network says; no transaction is open here."""
    adapter = connecting.adapter_of(connection)
    try:
        return adapter.who() if isinstance(adapter, Introduces) else None
    finally:
        adapter.close()
        connecting.keep_session(connection, adapter)


def _tomorrow(now: datetime) -> datetime:
    return now + EVERY - SPREAD * random.random()
