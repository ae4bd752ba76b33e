"""Puts an account's stored connection together with its secrets into an adapter that can fetch or send.

Which settings a network needs is known to its adapter; when to fetch or send is decided in journeys.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db.models import QuerySet

from sociable.channels import registry
from sociable.channels.base import Adapter, ChannelError, Remembers, Sends
from sociable.directory.models import Account, Connection
from sociable.people.sealing import box


class Reconnected(Exception):
    """What the network said was asked by settings that hold no longer."""


def seal(secrets: dict[str, str]) -> str:
    """This function will encrypt secrets with the installation's key, for the database and its backups."""
    return box("connection").encrypt(json.dumps(secrets).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """This function will return the secrets.

    Errors: ChannelError where the installation's key is not the one they were sealed with
    """
    if not sealed:
        return {}
    try:
        return dict(json.loads(box("connection").decrypt(sealed.encode())))
    except InvalidToken:
        raise ChannelError(
            "The password was kept under another SECRET_KEY and cannot be read. Enter it again in the account's connection."
        ) from None


def adapter_of(connection: Connection) -> Adapter:
    """This function will return the adapter of a stored connection.

    Errors: SettingsRefused with a sentence a field; ChannelError
    """
    account = connection.account
    told = whole(account, connection.settings, unseal(connection.sealed_secrets))
    if connection.sealed_session:
        told |= {"session": unseal(connection.sealed_session).get("session", "")}
    return registry.adapter(account.channel, told)


def keep_session(connection: Connection, adapter: object) -> None:
    """This function will keep the log-in that an adapter holds now, for the next call; a refused one is forgotten.

    Shape:  `connection` as it was when the adapter was made; one that was connected anew meanwhile needs a log-in of its own
    """
    if not isinstance(adapter, Remembers):
        return
    before = unseal(connection.sealed_session).get("session", "")
    if adapter.session != before:
        sealed = seal({"session": adapter.session}) if adapter.session else ""
        _as_it_was(connection).update(sealed_session=sealed)


def move_cursor(connection: Connection, cursor: str) -> None:
    """This function will note how far an account's network has been read.

    Shape:  `connection` as it was when the network was asked
    Errors: Reconnected where it was connected anew, or read by another, meanwhile
    """
    if not _as_it_was(connection).filter(cursor=connection.cursor).update(cursor=cursor):
        raise Reconnected


def _as_it_was(connection: Connection) -> QuerySet[Connection]:
    """The connection, unless somebody connected the account anew: each time its secrets are sealed anew, and begin anew."""
    same = Connection.objects.filter(pk=connection.pk, sealed_secrets=connection.sealed_secrets)
    return same.filter(begins_at=connection.begins_at)


def whole(account: Account, plain: dict[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
    """This function will put together all that an adapter is told of an account."""
    return {"address": account.address, "from_name": account.name, **plain, **secrets}


def sender_of(account: Account, channel: str) -> Sends:
    """This function will return what carries an answer out: the account's own connection, or the installation's mail server.

    Errors: ChannelError with what to set where neither can send
    """
    connection = Connection.objects.select_related("account").filter(account=account).first()
    adapter = adapter_of(connection) if connection is not None and account.channel == channel else None
    if adapter is None or not getattr(adapter, "can_send", True):
        adapter = _shared(account, channel)
    if not isinstance(adapter, Sends):
        raise ChannelError(f"Nothing can be sent by {adapter.name}.", permanent=True)
    return adapter


def _shared(account: Account, channel: str) -> Adapter:
    adapter = registry.adapter_class(channel)
    if not adapter.capabilities.by_mail_server:
        raise ChannelError(
            f"{account.name} is not connected to {adapter.name}. Connect it in the office, and this leaves by itself."
        )
    return registry.adapter(channel, shared_server(account.address or settings.DEFAULT_FROM_EMAIL, account.name))


def shared_server(address: str, from_name: str) -> dict[str, Any]:
    """This function will return the settings of the installation's own mail server (SMTP_URL), for whoever has none.

    Errors: ChannelError where none is set
    """
    if settings.SMTP_URL:
        parts = urlsplit(settings.SMTP_URL)
        given = dict(parse_qsl(parts.query))
        return {
            "address": address,
            "from_name": from_name,
            "smtp_host": parts.hostname or "",
            "smtp_port": parts.port or "",
            "smtp_security": given.get("tls", "ssl" if parts.scheme == "smtps" else "starttls"),
            "smtp_user": unquote(parts.username or ""),
            "smtp_password": unquote(parts.password or ""),
            "ca_file": given.get("ca_file", ""),
        }
    if settings.EXAMPLE:  # our own door, which in an example keeps what residents receive for everybody to read
        return {"address": address, "smtp_host": "127.0.0.1", "smtp_port": settings.SMTP_PORT, "smtp_security": "none"}
    raise ChannelError(
        "No mail server for sending is set: give SMTP_URL, or an outgoing server in the account's connection."
    )
