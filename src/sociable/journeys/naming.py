"""Asks a network who somebody is whom it named by an id alone: their words are shown at once, their name a moment later.

Whoever cannot be named stays known by the id, and is answered all the same.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.channels import registry
from sociable.channels.base import ChannelError, Known, Names, RateLimited
from sociable.conversations import services as conversations
from sociable.conversations.models import Message
from sociable.directory import connecting
from sociable.directory.models import Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import outbox
from sociable.live import services as live

TRIES = 6  # with growing pauses, some minutes; a name is not worth more


def ask(message: Message, now: datetime) -> None:
    """This function will have the name of whoever wrote a message asked for, where it is not known and the network can tell."""
    can_tell = message.from_address and issubclass(registry.adapter_class(message.channel), Names)
    if can_tell and not message.conversation.contact.name:
        key = f"name:{message.partner_id}:{message.identity_kind}:{message.from_address}"
        due.ask([due.Due("name", key[:200], message.pk, now)])
        live.wake_workers()


def bring(row: DueRow, now: datetime) -> None:
    """This function will ask for one name and keep it; a network that does not tell it is not asked for long."""
    message = Message.objects.select_related("conversation__account", "conversation__contact").get(pk=row.subject_id)
    try:
        known = _asked(message)
    except RateLimited as error:
        due.renew(row, now + error.pause)
        return
    except ChannelError as error:
        if error.permanent or row.attempts >= TRIES:
            due.close(row, now)
        else:
            due.postpone(row, now, error.message, tries=None)
        return
    with transaction.atomic():
        if due.close(row, now) and (known.name or known.handle):
            conversations.contact_by(
                partner_id=message.partner_id,
                kind=message.identity_kind,
                address=message.from_address,
                name=known.name or known.handle,
                handle=known.handle,
                now=now,
            )
            account_id = message.conversation.account_id
            live.publish(kind="message", account_id=account_id, conversation_id=message.conversation_id, now=now)


def _asked(message: Message) -> Known:
    """What the network tells; no transaction is open here."""
    connection = Connection.objects.select_related("account").filter(account=outbox.sending_account(message)).first()
    if connection is None:
        return Known()
    adapter = connecting.adapter_of(connection)
    try:
        return adapter.name_of(message.from_address) if isinstance(adapter, Names) else Known()
    finally:
        adapter.close()
        connecting.keep_session(connection, adapter)
