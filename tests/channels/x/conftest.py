"""The stand-in for X, and adapters that talk to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sociable.channels.base import Outgoing, Parsed, RawItem
from sociable.channels.x.adapter import XAdapter
from tests.conftest import specification
from tests.servers.standin import Judge
from tests.servers.x import BEGINNING, KEYS, XNetwork, x_network

FETCHED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def network() -> Iterator[XNetwork]:
    """A network that runs; whatever is said to it and by it fits X's published description, where that is at hand."""
    path = specification("x-api-v2.openapi.json")
    judge = Judge(path, "https://api.x.com", "/2/") if path else None
    with x_network(judge) as running:
        yield running
    assert not (judge and judge.complaints), "\n".join(judge.complaints if judge else [])


@pytest.fixture
def adapter_for(network: XNetwork) -> Iterator[Callable[..., XAdapter]]:
    """Makes adapters for our account, and hangs up afterwards."""
    made: list[XAdapter] = []

    def make(**settings: Any) -> XAdapter:
        made.append(XAdapter.from_settings({**KEYS, "api_url": network.server.url} | settings))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


def read(item: RawItem, fetched_at: datetime = FETCHED_AT) -> Parsed:
    return XAdapter.parse(item.content, fetched_at=fetched_at, received_at=item.received_at)


def all_of(adapter: XAdapter, cursor: str = "", limit: int = 25) -> tuple[list[RawItem], str]:
    """Fetch until there is no more, as a worker does."""
    items: list[RawItem] = []
    more = True
    while more:
        fetched = adapter.fetch(cursor, limit)
        items, cursor, more = [*items, *fetched.items], fetched.cursor, fetched.more
    return items, cursor


def outgoing(**facts: Any) -> Outgoing:
    given: dict[str, Any] = {
        "message_id": "sociable:7",
        "from_address": "",
        "from_name": "Help team",
        "reply_to": "",
        "to": (),
        "subject": "",
        "text": "We come on Friday.",
        "sent_at": BEGINNING,
    }
    return Outgoing(**given | facts)
