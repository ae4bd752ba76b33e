"""The stand-in for GOV.UK Notify, and adapters that talk to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sociable.channels.base import Outgoing, Parsed, RawItem
from sociable.channels.sms.adapter import SmsAdapter
from tests.servers.notify import API_KEY, BEGINNING, CALLBACK_TOKEN, SENDER, TEMPLATE, Notify, notify_service

FETCHED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = b"a key of this test"
SETTINGS = {"api_key": API_KEY, "template_id": TEMPLATE, "sms_sender_id": SENDER, "callback_token": CALLBACK_TOKEN}
TOM = "447700900123"


@pytest.fixture
def notify() -> Iterator[Notify]:
    """A service at Notify that runs."""
    with notify_service() as running:
        yield running


@pytest.fixture
def adapter_for(notify: Notify) -> Iterator[Callable[..., SmsAdapter]]:
    """Makes adapters for our service, and hangs up afterwards."""
    made: list[SmsAdapter] = []

    def make(**settings: Any) -> SmsAdapter:
        made.append(SmsAdapter.from_settings({**SETTINGS, "api_url": notify.server.url} | settings))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


def read(item: RawItem) -> Parsed:
    return SmsAdapter.parse(
        item.content,
        fetched_at=FETCHED_AT,
        received_at=item.received_at,
        is_ours=lambda value: SmsAdapter.is_ours(value, KEY),
    )


def all_of(adapter: SmsAdapter, cursor: str = "", limit: int = 25) -> tuple[list[RawItem], str]:
    """Fetch until there is no more, as a worker does."""
    items: list[RawItem] = []
    more = True
    while more:
        fetched = adapter.fetch(cursor, limit)
        items, cursor, more = [*items, *fetched.items], fetched.cursor, fetched.more
    return items, cursor


def outgoing(**facts: Any) -> Outgoing:
    given: dict[str, Any] = {
        "message_id": SmsAdapter.message_id_for(3, 7, "", KEY),
        "from_address": "",
        "from_name": "Help team",
        "reply_to": "",
        "to": ("+447700900123",),
        "subject": "",
        "text": "We come on Friday.",
        "sent_at": BEGINNING,
    }
    return Outgoing(**given | facts)
