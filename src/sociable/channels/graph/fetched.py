"""Decides which things a page is asked for lie after a cursor, and puts a fetched message into the shape a webhook brings.

Leaves asking for comments to each network's folder. What is fetched and what is heard have the same ids, so that neither
way doubles the other.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sociable.channels.base import Fetched, RawItem
from sociable.channels.graph.call import Graph
from sociable.channels.graph.naming import talk_id
from sociable.channels.graph.reading import Node, instant, loaded, many, part, words
from sociable.channels.graph.webhook import content

# A network shows a thing some minutes after its own date now and then: when all is read, the cursor stays so far behind.
OVERLAP = timedelta(minutes=10)
BEGINNING = datetime(2004, 2, 4, tzinfo=UTC)  # nothing at Meta is older
TALK_FIELDS = "id,created_time,from,to,message,attachments,sticker,shares"


@dataclass(frozen=True, order=True)
class Place:
    """Where one thing stands among all: by its time, and by its id among those of the same moment."""

    at: datetime
    remote_id: str = ""

    def __str__(self) -> str:
        return json.dumps([self.at.isoformat(), self.remote_id])


def place(cursor: str) -> Place:
    """Return the place a cursor names; one that cannot be read names the beginning."""
    told = loaded(cursor.encode()) if cursor else None
    if not isinstance(told, list) or len(told) != 2 or (at := instant(told[0])) is None:
        return Place(BEGINNING)
    return Place(at, str(told[1]))


@dataclass
class Asked:
    """What one turn of asking brought and has not handed on yet; asking again for every batch would cost calls."""

    cursor: str = ""
    waiting: list[RawItem] = field(default_factory=list)


def batch(asked: Asked, cursor: str, limit: int, since: Callable[[datetime], Iterable[RawItem]]) -> Fetched:
    """Return the next things after the cursor, oldest first.

    Shape:  `since` returns whatever reached the account from a moment on, in any order
    """
    if not asked.waiting or asked.cursor != cursor:
        after = place(cursor)
        found = {item.remote_id: item for item in since(after.at) if item.received_at is not None}
        placed = sorted((Place(item.received_at or BEGINNING, item.remote_id), item) for item in found.values())
        asked.waiting = [placed_at(item, where) for where, item in placed if where > after]
    taken, asked.waiting = asked.waiting[:limit], asked.waiting[limit:]
    if not asked.waiting:
        asked.cursor = str(_behind(place(taken[-1].cursor if taken else cursor), place(cursor)))
    else:
        asked.cursor = taken[-1].cursor
    return Fetched(taken, asked.cursor, more=bool(asked.waiting))


def placed_at(item: RawItem, where: Place) -> RawItem:
    """Return the item with the cursor that goes on after it."""
    return RawItem(item.remote_id, item.content, item.received_at, str(where), item.size_bytes, item.to_account)


def _behind(newest: Place, before: Place) -> Place:
    """The cursor never goes back behind where it stood."""
    return max(Place(newest.at - OVERLAP), before)


def talks(graph: Graph, page_id: str, account_id: str, platform: str, since: datetime) -> Iterator[RawItem]:
    """Return the private messages of a page from a moment on, newest conversation first."""
    wanted = f"id,updated_time,messages.limit(50){{{TALK_FIELDS}}}"
    for conversation in graph.pages(f"{page_id}/conversations", platform=platform, fields=wanted, limit=25):
        updated = instant(conversation.get("updated_time"))
        if updated is not None and updated < since:
            return
        for message in _messages(graph, conversation, since):
            yield talk_item(message, account_id, platform)


def _messages(graph: Graph, conversation: Node, since: datetime) -> Iterator[Node]:
    """The newest fifty came with the conversation; older ones are asked for only while they are wanted."""
    held = [node for node in many(part(conversation, "messages"), "data") if isinstance(node, dict)]
    if part(conversation, "messages", "paging").get("next"):
        path = f"{words(conversation, 'id')}/messages"
        yield from _while_since(graph.pages(path, fields=TALK_FIELDS, limit=50), since)
    else:
        yield from _while_since(iter(held), since)


def _while_since(nodes: Iterator[Node], since: datetime) -> Iterator[Node]:
    for node in nodes:
        created = instant(node.get("created_time"))
        if created is None or created < since:
            return
        yield node


def talk_item(message: Node, account_id: str, platform: str) -> RawItem:
    """Return a fetched message in the shape of a webhook."""
    recipient = next((node for node in many(part(message, "to"), "data") if isinstance(node, dict)), {})
    sender = part(message, "from")
    talk: dict[str, Any] = {
        "sender": {name: sender[name] for name in ("id", "name", "username") if name in sender},
        "recipient": {"id": recipient.get("id")},
        "timestamp": message.get("created_time"),
        "message": {"mid": message.get("id"), "text": message.get("message") or "", "attachments": _files(message)},
    }
    event = {
        "object": "instagram" if platform == "instagram" else "page",
        "entry": [{"id": account_id, "messaging": [talk]}],
    }
    return RawItem(talk_id(event), content(event), instant(message.get("created_time")), to_account=account_id)


def _files(message: Node) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = []
    for node in many(part(message, "attachments"), "data"):
        for kind, holder in (("image", "image_data"), ("video", "video_data")):
            if address := words(part(node, holder), "url"):
                files.append({"type": kind, "payload": {"url": address}})
        if address := words(node, "file_url"):
            files.append({"type": "file", "payload": {"url": address}})
    if sticker := words(message, "sticker"):
        files.append({"type": "image", "payload": {"url": sticker}})
    shares = many(part(message, "shares"), "data")
    files += [{"type": "share", "payload": {"url": words(it, "link"), "title": words(it, "name")}} for it in shares]
    return files
