"""The Mastodon server of these tests, and what is read from and sent to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from sociable.channels.base import Outgoing, Parsed, RawItem
from sociable.channels.mastodon.adapter import MastodonAdapter
from sociable.channels.mastodon.parse import parse
from tests.conftest import require
from tests.servers.mastodon import Mastodon, private_mastodon, token_of


@pytest.fixture(scope="session")
def mastodon() -> Iterator[Mastodon]:
    """A server up for all tests that only talk to it."""
    with private_mastodon(require("mastodon")) as server:
        yield server


@pytest.fixture
def own_mastodon() -> Iterator[Mastodon]:
    """A server for one test, which may take it down."""
    with private_mastodon(require("mastodon")) as server:
        yield server


_NUMBERS = count(1)
FETCHED_AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def account_of() -> Iterator[Callable[..., MastodonAdapter]]:
    """Makes adapters for an account on a running server, and hangs up afterwards."""
    made: list[MastodonAdapter] = []

    def make(running: Mastodon, name: str = "help", **settings: Any) -> MastodonAdapter:
        given = {"server": running.url, "access_token": token_of(name), "timeout_seconds": 10} | settings
        made.append(MastodonAdapter.from_settings(given))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


def read(item: RawItem) -> Parsed:
    return parse(item.content, fetched_at=max(FETCHED_AT, item.received_at or FETCHED_AT), received_at=item.received_at)


def all_after(adapter: MastodonAdapter, cursor: str, limit: int = 25) -> tuple[list[RawItem], str]:
    """What a worker would have fetched in one turn, and the cursor after it."""
    items: list[RawItem] = []
    for _ in range(100):
        fetched = adapter.fetch(cursor, limit)
        items += fetched.items
        cursor = fetched.cursor
        if not fetched.more:
            return items, cursor
    raise AssertionError("it never came to an end")


def answer_to(parsed: Parsed, text: str = "On Friday.", **facts: Any) -> Outgoing:
    given: dict[str, Any] = {
        "message_id": f"sociable:{next(_NUMBERS)}",
        "from_address": "",
        "from_name": "Asha, Ashby Help",
        "reply_to": "",
        "to": (parsed.from_address,),
        "subject": "",
        "text": text,
        "reply_ref": parsed.reply_ref,
        "visibility": parsed.visibility,
    }
    return Outgoing(**given | facts)
