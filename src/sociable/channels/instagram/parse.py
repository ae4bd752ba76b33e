"""Decides what one event of an Instagram account says: a comment, a mention, or a direct message.

Leaves direct messages to `graph.messaging`, and storing and answering to the rooms above. Never raises: an event of a kind
not known here is kept and shown.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sociable.channels.base import Parsed, RemoteFile, said
from sociable.channels.graph.messaging import NETWORKS_TIME, OUR_TIME, Talk, read_talk, unknown, when
from sociable.channels.graph.naming import change_of, entry_of, talk_id, talk_of
from sociable.channels.graph.reading import Node, instant, loaded, many, named, part, words

KIND = "instagram"
COMMENTS = ("comments", "live_comments")
ASKS_NOTHING = {"story_insights": "Figures of a story of ours."}
NOTICE_TIME = "when the network told of it; a comment's own time is not in the notice"
NO_WORDS = "Instagram tells of a mention without its words, and they could not be fetched; it can be seen on Instagram."


def parse(content: bytes, *, fetched_at: datetime, received_at: datetime | None = None) -> Parsed:
    """Return what one event says.

    Units:  aware UTC in and out
    """
    event = loaded(content)
    if not isinstance(event, dict):
        return unknown(content.decode("utf-8", "replace"), KIND, fetched_at, received_at)
    talk = Talk(KIND, words(entry_of(event), "id"), fetched_at, received_at)
    parsed = read_talk(event, talk) if talk_of(event) else _public(event, talk)
    return parsed or unknown(event, KIND, fetched_at, received_at)


def moment(event: Mapping[str, Any]) -> datetime | None:
    """Return when the network says that it happened: of its own time a comment that is heard tells nothing."""
    told = fetched_of(event).get("timestamp") or talk_of(event).get("timestamp")
    return instant(told) or instant(entry_of(event).get("time"))


def remote_id(event: Mapping[str, Any]) -> str:
    """Return the id of an event: the same for a comment that is heard or fetched."""
    if fetched := fetched_of(event):
        return f"{'media' if 'caption' in fetched else 'comment'}:{words(fetched, 'id')}"
    value = part(change_of(event), "value")
    field = words(change_of(event), "field")
    if field in COMMENTS and (comment_id := words(value, "id") or words(value, "comment_id")):
        return f"comment:{comment_id}"
    if field == "mentions" and (about := mentioned(event)):
        return f"{about[0]}:{about[1]}"
    return talk_id(event)


def mentioned(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a mention is in, a comment or a picture's own words, and its id."""
    change = change_of(event)
    if words(change, "field") != "mentions":
        return None
    value = part(change, "value")
    comment_id, media_id = words(value, "comment_id"), words(value, "media_id")
    return ("comment", comment_id) if comment_id else ("media", media_id) if media_id else None


def fetched_of(event: Mapping[str, Any]) -> Node:
    """Return a comment or picture that was fetched, empty where the event was heard alone."""
    node = next(iter(many(entry_of(event), "fetched")), None)
    return node if isinstance(node, dict) else {}


def _public(event: Mapping[str, Any], talk: Talk) -> Parsed | None:
    change = change_of(event)
    field, value = words(change, "field"), part(change, "value")
    if node := fetched_of(event):
        return _fetched(node, value, talk, mention=mentioned(event) is not None)
    if field in COMMENTS and value:
        return _comment(value, talk, instant(entry_of(event).get("time")))
    if about := mentioned(event):
        return _mention(about, value, talk, instant(entry_of(event).get("time")))
    if field in ASKS_NOTHING:
        return _base("", {}, talk, None, happening="noted", text=ASKS_NOTHING[field])
    return None


def _comment(value: Node, talk: Talk, told: datetime | None) -> Parsed:
    ref = {"comment": words(value, "id") or words(value, "comment_id"), "media": words(part(value, "media"), "id")}
    parent, why = named(KIND, words(value, "parent_id")), NOTICE_TIME if told else OUR_TIME
    sender = part(value, "from")
    return _said(ref, sender, talk, told, text=words(value, "text"), in_reply_to=parent, sent_at_why=why)


def _fetched(node: Node, value: Node, talk: Talk, *, mention: bool) -> Parsed:
    """A comment has a text; a picture in whose words we are named has a caption."""
    sender = part(node, "from") or {"username": node.get("username")}
    told, about = instant(node.get("timestamp")), words(node, "id")
    if "caption" in node:
        files = (RemoteFile(address, "picture 1"),) if (address := words(node, "media_url")) else ()
        facts = {"text": words(node, "caption"), "link": words(node, "permalink"), "files": files}
        return _said({"media": about, "mention": True}, sender, talk, told, **facts)
    media = words(part(node, "media"), "id") or words(value, "media_id")
    ref = {"comment": about, "media": media, "mention": mention}
    link, parent = words(part(node, "media"), "permalink"), named(KIND, words(node, "parent_id"))
    return _said(ref, sender, talk, told, text=words(node, "text"), link=link, in_reply_to=parent)


def _mention(about: tuple[str, str], value: Node, talk: Talk, told: datetime | None) -> Parsed:
    kind, number = about
    ref = {"media": words(value, "media_id"), kind: number, "mention": True}
    why = NOTICE_TIME if told else OUR_TIME
    return _said(ref, {}, talk, told, text="They mentioned us.", problems=(NO_WORDS,), sent_at_why=why)


def _said(ref: Node, sender: Node, talk: Talk, told: datetime | None, **known: Any) -> Parsed:
    """What is answered is the comment, or the picture where there is none."""
    author = words(sender, "id")
    whole, own = {**ref, "person": author}, bool(author) and author == talk.account_id
    facts: dict[str, Any] = {
        "message_id": named(KIND, words(ref, "comment") or words(ref, "media")),
        "reply_ref": {name: value for name, value in whole.items() if value},
        "by_account": own,
        **({"thread_key": ""} if own else {}),  # under a picture it is an answer only to the comment it names
    }
    return _base(words(ref, "media"), sender, talk, told, **{**facts, **known})


def _base(media: str, sender: Node, talk: Talk, told: datetime | None, **known: Any) -> Parsed:
    username = words(sender, "username")
    facts: dict[str, Any] = {
        "identity_kind": KIND,
        "from_address": words(sender, "id") or (f"@{username}" if username else ""),
        "from_handle": username,
        "from_name": username,
        "thread_key": f"{KIND}:media:{media}" if media else "",
        "visibility": "public",
        "sent_at": when(told, talk),
        "sent_at_why": NETWORKS_TIME if told else OUR_TIME,
    }
    return said(**{**facts, **known})
