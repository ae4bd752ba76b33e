"""The stand-in for Meta's Graph API, and adapters of all three networks that talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sociable.channels.base import Call, Outgoing, Parsed
from sociable.channels.facebook.adapter import FacebookAdapter
from sociable.channels.graph.config import SHARED, Reader
from sociable.channels.instagram.adapter import InstagramAdapter
from sociable.channels.whatsapp.adapter import WhatsAppAdapter
from tests.conftest import specification
from tests.servers.graph import INSTAGRAM, PAGE, PHONE, WABA, GraphNetwork, graph_network

FETCHED_AT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
WHATSAPP = "whatsapp-cloud-v23.openapi.yaml"


@pytest.fixture
def network() -> Iterator[GraphNetwork]:
    """A network that runs; what is said to it and by it fits WhatsApp's published description, where that is at hand, and
    our own shapes of the other two."""
    with graph_network(specification(WHATSAPP)) as running:
        yield running
    assert running.judge
    assert not running.judge.complaints, "\n".join(running.judge.complaints)


def facebook(network: GraphNetwork, **more: str) -> FacebookAdapter:
    return FacebookAdapter.from_settings(network.settings(page_id=PAGE, **more))


def instagram(network: GraphNetwork, **more: str) -> InstagramAdapter:
    return InstagramAdapter.from_settings(network.settings(instagram_id=INSTAGRAM, page_id=PAGE, **more))


def whatsapp(network: GraphNetwork, **more: str) -> WhatsAppAdapter:
    return WhatsAppAdapter.from_settings(network.settings(phone_number_id=PHONE, waba_id=WABA, **more))


def config(network: GraphNetwork, **more: str) -> Any:
    return Reader(network.settings(**more), SHARED).shared()


def heard(adapter: Any, call: Call) -> list[Parsed]:
    """What a call says, event by event."""
    items = adapter.hear(call).items
    return [adapter.parse(item.content, fetched_at=FETCHED_AT, received_at=item.received_at) for item in items]


def answer(parsed: Parsed, text: str = "On Tuesday.", **facts: Any) -> Outgoing:
    """An answer to what was read, as the rooms above hand it over."""
    known = {
        "message_id": "sociable:7",
        "from_address": "",
        "from_name": "Asha",
        "reply_to": "",
        "to": (parsed.from_address,),
        "subject": "",
        "visibility": parsed.visibility,
        "reply_ref": parsed.reply_ref,
        "heard_at": parsed.sent_at,
        "sent_at": parsed.sent_at,
    }
    return Outgoing(**{**known, "text": text, **facts})
