"""What tests of this channel do with an adapter: fetch all, read it, and answer."""

from collections.abc import Callable
from datetime import UTC, datetime

from sociable.channels.base import Fetched, Outgoing, Parsed, RawItem
from sociable.channels.bluesky.adapter import BlueskyAdapter
from tests.servers.bluesky import Bluesky, Person

Make = Callable[..., BlueskyAdapter]
KEY = b"a key of this test"


def read(item: RawItem) -> Parsed:
    return BlueskyAdapter.parse(item.content, fetched_at=datetime.now(tz=UTC), received_at=item.received_at)


def all_of(adapter: BlueskyAdapter, cursor: str = "") -> tuple[list[RawItem], str]:
    """Fetch until there is no more."""
    items: list[RawItem] = []
    while True:
        fetched: Fetched = adapter.fetch(cursor)
        items, cursor = items + fetched.items, fetched.cursor
        if not fetched.more:
            return items, cursor


def answer_to(parsed: Parsed, text: str, number: int, council: Person, **facts: object) -> Outgoing:
    """What the outbox hands over."""
    known: dict[str, object] = {
        "message_id": BlueskyAdapter.message_id_for(1, number, council.did, KEY),
        "from_address": council.handle,
        "from_name": "Hannah, Help",
        "reply_to": council.handle,
        "to": (parsed.from_address,),
        "subject": "",
        "text": text,
        "in_reply_to": parsed.message_id,
        "sent_at": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        "visibility": parsed.visibility,
        "reply_ref": parsed.reply_ref,
    }
    return Outgoing(**(known | facts))  # type: ignore[arg-type]


def asked(bluesky: Bluesky, council: Person, jerry: Person, adapter: BlueskyAdapter, text: str = "help?") -> Parsed:
    """A mention, as the adapter reads it."""
    jerry.post(f"@{council.handle} {text}", mentions=[council])
    bluesky.settle()
    return read(all_of(adapter)[0][-1])
