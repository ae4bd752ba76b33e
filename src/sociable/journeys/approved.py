"""Keeps the list of messages that an account's network has approved, and sends one with its blanks filled in.

When nothing else may be sent is decided in domain/window. How one is handed over is its adapter's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from sociable.channels import registry
from sociable.channels.base import Approves, ChannelError, RateLimited, Template
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Message
from sociable.directory import connecting
from sociable.directory.models import Account, ApprovedMessage, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import answer, fetch, outbox, ways
from sociable.live import services as live
from sociable.people.models import Person

EVERY = timedelta(days=1)
LONGEST_BLANK_CHARS = 1000
_BLANK = re.compile(r"\{\{([\w.]+)\}\}")


class BlankLeft(answer.NothingWritten):
    """Something in it was not filled in; `blank` says what."""

    def __init__(self, blank: str) -> None:
        super().__init__("Fill in every blank: the network refuses a message with one left empty.")
        self.blank = blank


class NotApproved(answer.NothingWritten):
    """The network does not have it any more, or not for this account."""


# -- The list --------------------------------------------------------------------------------------------------------------


def lists_them(kind: str) -> bool:
    """This function will say whether a channel's network approves messages beforehand."""
    return kind in registry.kinds() and issubclass(registry.adapter_class(kind), Approves)


def schedule(connection: Connection, now: datetime) -> None:
    """This function will have an account's approved messages listed now and from then on every day, where there are such."""
    if lists_them(connection.account.channel):
        due.ask([due.Due("approved", f"approved:{connection.pk}", connection.pk, now)])
        live.wake_workers()


def schedule_missing(now: datetime) -> int:
    """This function will see that every connection with approved messages has its due row, and return how many had none."""
    open_rows = DueRow.objects.filter(kind="approved", done_at=None).values("subject_id")
    heard = Connection.objects.filter(account__stage__in=fetch.STAGES_HEARD).exclude(pk__in=open_rows)
    missing = [one for one in heard.select_related("account") if lists_them(one.account.channel)]
    for connection in missing:
        schedule(connection, now)
    return len(missing)


def refresh(row: DueRow, now: datetime) -> None:
    """This function will ask the network for an account's approved messages, and keep the list it gives.

    Shape:  one that is no longer listed is forgotten; where the network cannot be asked, the last list stays
    """
    connection = Connection.objects.select_related("account").filter(pk=row.subject_id).first()
    if connection is None or not lists_them(connection.account.channel):
        due.close(row, now)
        return
    try:
        listed = _asked(connection)
    except RateLimited as error:
        due.renew(row, now + error.pause)
        return
    except ChannelError as error:
        due.postpone(row, now, error.message, tries=None)
        return
    with transaction.atomic():
        _keep(connection.account, listed, now)
        due.renew(row, now + EVERY)


def _asked(connection: Connection) -> list[Template]:
    """What the network lists; no transaction is open here."""
    adapter = connecting.adapter_of(connection)
    try:
        return adapter.templates() if isinstance(adapter, Approves) else []
    finally:
        adapter.close()


def _keep(account: Account, listed: list[Template], now: datetime) -> None:
    for one in listed:
        facts = {"text": one.text, "blanks": list(one.blanks), "category": one.category[:40], "listed_at": now}
        ApprovedMessage.objects.update_or_create(
            account=account, name=one.name[:512], language=one.language[:20], defaults=facts
        )
    ApprovedMessage.objects.filter(account=account).exclude(listed_at=now).delete()


def look_again(conversation: Conversation, now: datetime) -> None:
    """This function will have the list brought anew at once, for whoever has just made a message at the network."""
    connection = Connection.objects.select_related("account").filter(account=account_of(conversation)).first()
    if connection is not None and not due.hasten(f"approved:{connection.pk}", now):
        schedule(connection, now)
    live.wake_workers()


# -- Sending one -----------------------------------------------------------------------------------------------------------


def account_of(conversation: Conversation) -> Account:
    """This function will return the account from which an answer leaves where they last wrote."""
    last = ways.heard_in(conversation).first()
    return outbox.sending_account(last) if last is not None else conversation.account


def offered(conversation: Conversation) -> QuerySet[ApprovedMessage]:
    """This function will return the approved messages that may be sent in a conversation."""
    return ApprovedMessage.objects.filter(account=account_of(conversation))


def pieces(text: str) -> list[tuple[str, bool]]:
    """This function will take the words of an approved message apart: each piece, and whether it is the name of a blank."""
    parts = _BLANK.split(text)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def filled(chosen: ApprovedMessage, values: Mapping[str, str]) -> str:
    """This function will return the words as they will be read."""
    return _BLANK.sub(lambda blank: " ".join(values.get(blank[1], "").split()), chosen.text)


def send(
    *,
    conversation_id: int,
    person: Person,
    chosen_id: int,
    values: Mapping[str, str],
    against_version: int,
    now: datetime,
    send_anyway: bool = False,
) -> Message:
    """This function will answer a conversation with an approved message, its blanks filled in.

    Errors: BlankLeft; NotApproved; and those of answer.send
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        chosen = offered(conversation).filter(pk=chosen_id).first()
        if chosen is None:
            raise NotApproved("That message is not among the approved ones any more. Choose another.")
        given = {blank: " ".join(values.get(blank, "").split())[:LONGEST_BLANK_CHARS] for blank in chosen.blanks}
        for blank, value in given.items():
            if not value:
                raise BlankLeft(blank)
        return answer.send(
            conversation_id=conversation.pk,
            person=person,
            text=filled(chosen, given),
            against_version=against_version,
            now=now,
            send_anyway=send_anyway,
            approved={"name": chosen.name, "language": chosen.language, "values": given},
        )
