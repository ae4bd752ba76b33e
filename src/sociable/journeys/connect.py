"""An account is connected to its network, or connected otherwise: settings kept, secrets sealed, and fetching begun.

Whether the settings can work is asked of the adapter before this; what the network then brings is told by fetch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from sociable.channels import registry
from sociable.channels.base import Adapter, Fetches, Introduces, Who
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.journeys import approved, fetch, introduce
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person


@dataclass(frozen=True, slots=True)
class Settings:
    """What connects an account: settings that may be read again, and secrets that may not."""

    plain: dict[str, Any]
    secrets: dict[str, str]


def adapter_with(account: Account, settings: Settings) -> Adapter:
    """This function will return an adapter with settings that are not kept yet.

    Errors: SettingsRefused with a sentence a field
    """
    return registry.adapter(account.channel, connecting.whole(account, settings.plain, settings.secrets))


def newest_cursor(adapter: Adapter) -> str:
    """This function will ask the network where its newest message is, so that everything older can be left out.

    Errors: ChannelError
    """
    return adapter.newest_cursor() if isinstance(adapter, Fetches) else ""


def who(adapter: Adapter) -> Who | None:
    """This function will ask the network who the account is; None where it cannot be asked.

    Errors: ChannelError
    """
    return adapter.who() if isinstance(adapter, Introduces) else None


def connect(
    *,
    account: Account,
    settings: Settings,
    fetches: bool,
    person: Person,
    now: datetime,
    cursor: str | None = None,
    who: Who | None = None,
) -> Connection:
    """This function will keep an account's connection, with what the network says it is, and fetch from it at once.

    Shape:  `cursor` says where to begin reading; None goes on from where it was
    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_connect(person, account.place)
        connection, _ = Connection.objects.select_for_update().get_or_create(account=account)
        before = {"settings": connection.settings, "fetches": connection.fetches}
        connection.settings, connection.fetches = settings.plain, fetches
        connection.sealed_secrets = connecting.seal(settings.secrets) if settings.secrets else ""
        connection.sealed_session = ""  # of the log-in before
        if cursor is not None:
            connection.cursor = cursor
        if cursor is not None or connection.begins_at is None:
            connection.begins_at = now
        connection.save(
            update_fields=["settings", "fetches", "sealed_secrets", "sealed_session", "cursor", "begins_at"]
        )
        if who is not None:
            introduce.introduced(connection, who, now)
        people.record(
            verb="connected",
            object_kind="account",
            object_id=account.pk,
            partner_id=account.partner_id,
            now=now,
            person=person,
            before=before,
            after={"settings": settings.plain, "fetches": fetches},
        )
        if fetches:
            fetch.schedule(connection, now)
        introduce.schedule(connection, now)
        approved.schedule(connection, now)
    return connection
