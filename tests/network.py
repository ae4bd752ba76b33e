"""Somebody asks on a real network: what its adapter would have read, put where it belongs by the real way in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from sociable.channels.base import said
from sociable.conversations.models import Message, RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.journeys import place
from tests.cast import MONDAY_10

MENTION = "@dev@social.example"
REF: Mapping[str, Any] = {"status": "1", "visibility": "public", "mention": MENTION, "takes": len("@dev ")}


def on_network(account: Account, kind: str) -> Account:
    """Make an account one of a network."""
    Account.objects.filter(pk=account.pk).update(channel=kind, address="", handle="@help@ashby.example")
    account.refresh_from_db()
    Connection.objects.get_or_create(account=account, defaults={"network_id": "me"})
    return account


def heard(
    account: Account,
    text: str = "When is my bin collected?",
    *,
    when: datetime = MONDAY_10,
    number: int = 1,
    **how: Any,
) -> Message:
    """The message that came of it; in public where nothing else is said."""
    raw = RawInbound.objects.create(
        account=account, channel=account.channel, remote_id=str(number), content=b"{}", size_bytes=2,
        received_at=when, fetched_at=when,
    )  # fmt: skip
    known = {"visibility": "public", "reply_ref": REF, "from_handle": MENTION, "from_name": "Dev Patel"} | how
    parsed = said(
        text=text, message_id=f"{account.channel}:{number}", from_address="dev@social.example", identity_kind=account.channel,
        sent_at=when, sent_at_why="the network says so", may_acknowledge=False, **known,
    )  # fmt: skip
    with transaction.atomic():
        message = place.place(raw, parsed, [], directory.stated(account.pk), when)
    assert message is not None
    return message
