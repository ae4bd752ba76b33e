"""Puts an answer on the network as a post, under a key chosen beforehand: a second try finds the first and adds nothing.

Leaves direct messages to `direct`, and the keys to `marks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sociable.channels.base import ChannelError, Outgoing, Receipt
from sociable.channels.bluesky import marks
from sociable.channels.bluesky.marks import POSTS
from sociable.channels.bluesky.posts import record_at
from sociable.channels.bluesky.refusal import Refused
from sociable.channels.bluesky.rich_text import facets_of
from sociable.channels.bluesky.syntax import read_at

if TYPE_CHECKING:
    from sociable.channels.bluesky.network import Network

MOST_PICTURES = 4
PICTURE_BYTES = 2_000_000


def send(network: Network, outgoing: Outgoing, before_handover: Callable[[], None]) -> Receipt:
    """Put one post up.

    Errors: ChannelError, permanent where it can never stand there; OutcomeUnknown where it may stand there
    """
    _check_pictures(outgoing)
    reply = _reply(network, outgoing.reply_ref)
    record = _record(network, outgoing, reply)
    body = {"repo": network.did, "collection": POSTS, "rkey": _key(outgoing), "record": record, "swapRecord": None}
    try:
        made = network.hand_over("com.atproto.repo.putRecord", body, before_handover)
    except Refused as refused:
        if refused.why != "InvalidSwap":
            raise
        return _there_already(network, outgoing)
    return _receipt(str(made["uri"]), str(made["cid"]), record.get("reply"))


def find(network: Network, outgoing: Outgoing) -> Receipt | None:
    """Look whether a post stands under its key."""
    found = record_at(network, _uri(network, outgoing))
    if found is None or found["value"].get("text") != outgoing.text:
        return None
    return _receipt(str(found["uri"]), str(found["cid"]), found["value"].get("reply"))


def _there_already(network: Network, outgoing: Outgoing) -> Receipt:
    """A post under this key is ours of an earlier try; of any other origin only where two installations share one past."""
    receipt = find(network, outgoing)
    if receipt is None:
        raise ChannelError(
            f"Another post stands under the key of this answer ({_uri(network, outgoing)}). Write it as a new message.",
            permanent=True,
        )
    return receipt


def _key(outgoing: Outgoing) -> str:
    at = read_at(outgoing.message_id)
    return at.key if at and at.key else marks.key_from(outgoing.message_id)


def _uri(network: Network, outgoing: Outgoing) -> str:
    return f"at://{network.did}/{POSTS}/{_key(outgoing)}"


def _record(network: Network, outgoing: Outgoing, reply: Mapping[str, Any] | None) -> dict[str, Any]:
    """The same at every try: its time is when it was written."""
    if outgoing.sent_at is None:
        raise ChannelError("A post needs the time at which it was written.", permanent=True)
    record: dict[str, Any] = {"$type": POSTS, "text": outgoing.text, "createdAt": _written(outgoing.sent_at)}
    if facets := facets_of(outgoing.text, lambda handle: did_of(network, handle)):
        record["facets"] = facets
    if reply:
        record["reply"] = reply
    if outgoing.attachments:
        record["embed"] = _pictures(network, outgoing)
    return record


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def did_of(network: Network, handle: str) -> str | None:
    """Return whose handle it is, None where it is nobody's."""
    try:
        return str(network.ask("com.atproto.identity.resolveHandle", handle=handle)["did"])
    except Refused:
        return None  # no such account: the name stays plain text


def _check_pictures(outgoing: Outgoing) -> None:
    if len(outgoing.attachments) > MOST_PICTURES:
        raise ChannelError(f"A post takes {MOST_PICTURES} pictures at most.", permanent=True)
    for name, declared_type, content in outgoing.attachments:
        if not declared_type.startswith("image/"):
            raise ChannelError(
                f"A post takes pictures only, and {name} is none. Send a link or an email.", permanent=True
            )
        if len(content) > PICTURE_BYTES:
            said = f"{name} has {len(content):,} bytes, and the network takes {PICTURE_BYTES:,}. Make it smaller."
            raise ChannelError(said, permanent=True)


def _pictures(network: Network, outgoing: Outgoing) -> dict[str, Any]:
    texts = [*outgoing.alt_texts, *[""] * len(outgoing.attachments)]
    images = [
        {"image": network.put_up(content, declared_type), "alt": alt}
        for (_, declared_type, content), alt in zip(outgoing.attachments, texts, strict=False)
    ]
    return {"$type": "app.bsky.embed.images", "images": images}


def _reply(network: Network, ref: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what makes a post an answer, once it is sure that who is answered will be told of it."""
    parent, root = ref.get("parent"), ref.get("root")
    if not parent or not root:
        return None
    shown = network.ask("app.bsky.feed.getPosts", uris=[parent["uri"]]).get("posts", [])
    if shown and (shown[0].get("viewer") or {}).get("replyDisabled"):
        raise ChannelError("They allow no answers to this post. Answer in a private message.", permanent=True)
    if not shown and record_at(network, parent["uri"]) is None:
        said = "The post that this answers was deleted, so nobody would be told of the answer. Answer in a private message."
        raise ChannelError(said, permanent=True)
    return {"root": dict(root), "parent": dict(parent)}


def _receipt(uri: str, cid: str, reply: Mapping[str, Any] | None) -> Receipt:
    here = {"uri": uri, "cid": cid}
    ref = {"root": dict(reply["root"]) if reply else here, "parent": here}
    return Receipt("accepted", uri, "Bluesky has the post.", link_to(uri), ref)


def link_to(uri: str) -> str:
    """Return where people see a post."""
    at = read_at(uri)
    return f"https://bsky.app/profile/{at.authority}/post/{at.key}" if at and at.key else ""
