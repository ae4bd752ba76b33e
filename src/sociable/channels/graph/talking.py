"""Decides how a private message leaves a page, by which rule of the network it may, and whether it is there.

Leaves comments to each network's folder. Words and every file are messages of their own there: files are handed in first,
where most refusals come, and the words leave before them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sociable.channels.base import ChannelError, OutcomeUnknown, Outgoing, Receipt, nothing
from sociable.channels.graph.call import Graph
from sociable.channels.graph.messaging import thread_key
from sociable.channels.graph.reading import Node, instant, many, named, part, words
from sociable.channels.graph.trouble import Refused

FREE = timedelta(hours=24)
KINDS = ("image", "video", "audio")
LOOKED_THROUGH = 50  # the newest messages of a conversation; ours is among them if it is there
CLOCKS_APART = timedelta(minutes=2)


def recipient(outgoing: Outgoing) -> dict[str, str]:
    """Return whom a private message is for: who wrote a comment or a post, or a person."""
    ref = outgoing.reply_ref
    for name, field in (("comment", "comment_id"), ("post", "post_id")):
        if ref.get(name):
            return {field: str(ref[name])}
    person = str(ref.get("person") or (outgoing.to[0] if outgoing.to else ""))
    if not person:
        raise ChannelError("Nobody is named to whom it should go.", permanent=True)
    return {"id": person}


def send_talk(
    graph: Graph,
    page_id: str,
    outgoing: Outgoing,
    before_handover: Callable[[], None] = nothing,
    *,
    kind: str,
    platform: Mapping[str, str] | None = None,
    marked: bool = True,
) -> Receipt:
    """Send the words and the files of one answer.

    Shape:  `kind` begins the id under which it is known here; `platform` names the network where a page speaks for two;
            `marked`: our key travels along and comes back
    Errors: ChannelError, permanent where the words are there and a file is not: both together are not sent again by itself
    """
    handed_in = [_hand_in(graph, page_id, file, platform or {}) for file in outgoing.attachments]
    messages: list[dict[str, Any]] = [{"text": outgoing.text}] if outgoing.text else []
    messages += [{"attachment": {"type": kind, "payload": {"attachment_id": file}}} for kind, file in handed_in]
    if not messages:
        raise ChannelError("There is nothing in it to send.", permanent=True)
    if marked:
        messages[0]["metadata"] = outgoing.message_id
    first = _send_one(graph, page_id, outgoing, messages[0], before_handover)
    person = words(first, "recipient_id") or str(outgoing.reply_ref.get("person") or "")
    for message in messages[1:]:
        _send_after(graph, page_id, outgoing, message, person)
    mid = named(kind, words(first, "message_id"))
    return Receipt("accepted", mid, "Meta took it.", "", {"person": person} if person else {}, thread_key(kind, person))


def _hand_in(graph: Graph, page_id: str, file: tuple[str, str, bytes], platform: Mapping[str, str]) -> tuple[str, str]:
    """Return the kind and the network's id of a file, which nobody sees yet."""
    name, content_type, content = file
    kind = next((kind for kind in KINDS if content_type.startswith(f"{kind}/")), "file")
    described = json.dumps({"attachment": {"type": kind, "payload": {"is_reusable": True}}})
    body = {"message": described, **platform}
    taken = graph.post(
        f"{page_id}/message_attachments", body, files=(("filedata", (name, content, content_type)),), handed_over=False
    )
    return kind, words(taken, "attachment_id")


def _send_one(
    graph: Graph,
    page_id: str,
    outgoing: Outgoing,
    message: Mapping[str, Any],
    before_handover: Callable[[], None] = nothing,
) -> Node:
    """By the free rule for a day, then as what it is: the answer of a person, which may take seven days."""
    body = {"recipient": recipient(outgoing), "message": message}
    free = {"messaging_type": "RESPONSE"}
    by_person = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    if "id" in body["recipient"] and _is_late(outgoing):
        return graph.post(f"{page_id}/messages", {**body, **by_person}, before_handover=before_handover)
    try:
        return graph.post(f"{page_id}/messages", {**body, **free}, before_handover=before_handover)
    except Refused as error:
        if not error.refusal.outside_window or outgoing.automatic:
            raise
    return graph.post(f"{page_id}/messages", {**body, **by_person})


def _is_late(outgoing: Outgoing) -> bool:
    if outgoing.automatic or outgoing.heard_at is None or outgoing.sent_at is None:
        return False
    return outgoing.sent_at - outgoing.heard_at >= FREE


def _send_after(graph: Graph, page_id: str, outgoing: Outgoing, message: Mapping[str, Any], person: str) -> None:
    """A file after the words: the person is known by now, and a comment is answered in private only once."""
    to = {"person": person} if person else outgoing.reply_ref
    try:
        _send_one(graph, page_id, replace(outgoing, reply_ref=to), message)
    except OutcomeUnknown as error:
        raise ChannelError(f"The words were sent; nobody knows of a file. {error.message}", permanent=True) from error
    except ChannelError as error:
        raise ChannelError(f"The words were sent; a file was not. {error.message}", permanent=True) from error


def find_talk(graph: Graph, page_id: str, outgoing: Outgoing, platform: str, *, kind: str) -> Receipt | None:
    """Return the receipt of a private message that is there.

    Errors: ChannelError, permanent where the conversation cannot be named and so cannot be looked through
    """
    person = str(outgoing.reply_ref.get("person") or "")
    if not person or not outgoing.text or outgoing.sent_at is None:
        raise ChannelError("Meta cannot be asked about it; look in the page's own inbox.", permanent=True)
    fields = f"messages.limit({LOOKED_THROUGH}){{id,message,from,created_time}}"
    asked = {"platform": platform, "user_id": person, "fields": fields}
    since = outgoing.sent_at - CLOCKS_APART
    for conversation in graph.pages(f"{page_id}/conversations", **asked):
        for message in many(part(conversation, "messages"), "data"):
            if is_ours(message, outgoing.text, since, "message", person):
                found = named(kind, words(message, "id"))
                return Receipt("accepted", found, "Meta has it.", "", {"person": person}, thread_key(kind, person))
    return None


def is_ours(node: Any, text: str, since: datetime, field: str, person: str) -> bool:
    """Say whether a fetched thing is what we sent: the same words, not by the resident, not older."""
    created = instant(node.get("created_time") or node.get("timestamp")) if isinstance(node, dict) else None
    by_them = words(part(node, "from"), "id") == person
    return created is not None and created >= since and not by_them and words(node, field) == text.strip()
