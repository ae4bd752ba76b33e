"""Accounts on Meta's networks, what is told of them, and an answer that leaves: what several tests of journeys play with."""

from __future__ import annotations

from typing import Any

from sociable.conversations.models import Message, Outgoing
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.journeys import answer, hear
from tests.cast import Cast
from tests.servers.graph import INSTAGRAM, PAGE, PHONE, SECRET, TOKEN, VERIFY, WABA, GraphNetwork

SECRETS = {"access_token": TOKEN, "app_secret": SECRET, "verify_token": VERIFY}
IDS = {
    "facebook": ({"page_id": PAGE}, PAGE),
    "instagram": ({"instagram_id": INSTAGRAM, "page_id": PAGE}, INSTAGRAM),
    "whatsapp": ({"phone_number_id": PHONE, "waba_id": WABA}, PHONE),
}
WHERE = {"facebook": "page", "instagram": "instagram", "whatsapp": "whatsapp"}


def connect(account: Account, kind: str, meta: GraphNetwork, **more: Any) -> Connection:
    settings, network_id = IDS[kind]
    Account.objects.filter(pk=account.pk).update(channel=kind, address="")
    account.refresh_from_db()
    facts = {
        "settings": {**settings, "server": meta.server.url},
        "network_id": network_id,
        "sealed_secrets": connecting.seal(SECRETS),
    }
    return Connection.objects.create(account=account, **{**facts, **more})


def told(connection: Connection, meta: GraphNetwork) -> None:
    """What has happened since is told by one call."""
    if meta.calls:
        hear.hear(connection.account.channel, connection.hook_token, meta.call(), meta.now)


def do(kind: str, now: Any) -> None:
    from sociable.worker.loop import JOURNEYS

    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def asked(connection: Connection, meta: GraphNetwork, text: str = "Bins?", **facts: Any) -> Message:
    meta.writes(meta.person("Dev Patel"), text, WHERE[connection.account.channel], **facts)
    told(connection, meta)
    return Message.objects.get(text=text)


def answered(cast: Cast, meta: GraphNetwork, message: Message, text: str = "On Tuesday.") -> Outgoing:
    meta.later(minutes=5)
    conversation = message.conversation
    conversation.refresh_from_db()
    said = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text=text, against_version=conversation.version, now=meta.now
    )
    do("deliver", meta.later(minutes=1))
    return Outgoing.objects.get(message=said)
