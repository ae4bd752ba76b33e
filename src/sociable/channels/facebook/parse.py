"""Decides what one event of a Facebook page says: a comment, a visitor's post, a mention, or a private message.

Leaves private messages to `graph.messaging`, and storing and answering to the rooms above. Never raises: an event of a kind
not known here is kept and shown.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sociable.channels.base import Happening, Parsed, RemoteFile, said
from sociable.channels.graph.messaging import NETWORKS_TIME, OUR_TIME, Talk, read_talk, unknown, when
from sociable.channels.graph.naming import change_of, entry_of, talk_id, talk_of
from sociable.channels.graph.reading import Node, instant, loaded, many, named, part, words

KIND = "facebook"
POSTS = frozenset({"status", "post", "photo", "video", "link", "share", "note", "event", "album"})
SAID: Mapping[str, Happening] = {
    "add": "said",
    "edit": "edited",
    "edited": "edited",
    "remove": "withdrawn",
    "delete": "withdrawn",
}
NOT_NAMED = "Facebook does not say who wrote this. It can be answered in public, but not in private."


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
    """Return when the network says that it happened."""
    value = value_of(event)
    told = value.get("created_time") if value else talk_of(event).get("timestamp")
    return instant(told) or instant(entry_of(event).get("time"))


def remote_id(event: Mapping[str, Any]) -> str:
    """Return the id of an event: the same for a comment that is heard, fetched, or told of as a mention."""
    value = value_of(event)
    about = _about(value)
    happening = SAID.get(words(value, "verb"))
    if not about or happening is None or _kind(value) is None:
        return talk_id(event)
    if happening == "edited":
        told = f"{words(value, 'created_time')} {words(value, 'message')}"
        return f"edited:{about}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    return f"{'withdrawn' if happening == 'withdrawn' else _kind(value)}:{about}"


def value_of(event: Mapping[str, Any]) -> Node:
    """Return what a public event tells: as a webhook brings it, or a fetched comment or post put into the same shape."""
    fetched = next(iter(many(entry_of(event), "fetched")), None)
    if isinstance(fetched, dict):
        return _as_heard(fetched)
    change = change_of(event)
    return part(change, "value") if words(change, "field") in ("feed", "mention", "ratings") else {}


def _as_heard(fetched: Node) -> Node:
    node = part(fetched, "comment") or part(fetched, "post")
    is_comment = "comment" in fetched
    post_id = words(fetched, "post_id") or words(node, "id")
    picture = part(node, "attachment", "media", "image") or {"src": words(node, "full_picture")}
    return {
        "item": "comment" if is_comment else "post",
        "verb": "add",
        **(
            {"comment_id": node.get("id"), "parent_id": part(node, "parent").get("id") or post_id} if is_comment else {}
        ),
        "post_id": post_id,
        "from": part(node, "from"),
        "message": node.get("message"),
        "created_time": node.get("created_time"),
        "photo": words(picture, "src"),
        "post": {"permalink_url": words(node, "permalink_url")},
    }


def _kind(value: Node) -> str | None:
    item = words(value, "item")
    if item == "comment" or (words(value, "comment_id") and item not in ("reaction", "like")):
        return "comment"
    return "post" if item in POSTS else "review" if item == "rating" else None


def _about(value: Node) -> str:
    return words(value, "comment_id") or words(value, "post_id") or words(value, "open_graph_story_id")


def _public(event: Mapping[str, Any], talk: Talk) -> Parsed | None:
    value, verb = value_of(event), words(value_of(event), "verb")
    if not value:
        return None
    kind, happening = _kind(value), SAID.get(verb)
    if kind is None or happening is None:
        return _asks_nothing(value, talk)
    if happening == "withdrawn":
        return _base(value, talk, happening="withdrawn", about_id=named(KIND, _about(value)))
    if happening == "edited":
        return _base(value, talk, happening="edited", about_id=named(KIND, _about(value)), text=_words(value))
    return _said(value, talk, kind)


def _asks_nothing(value: Node, talk: Talk) -> Parsed | None:
    """A like, a reaction, a comment hidden or shown again: worth keeping, and nobody waits for an answer."""
    known = {"reaction": "They reacted.", "like": "They like it."}
    verbs = {
        "hide": "It was hidden on the page.",
        "unhide": "It was shown again on the page.",
        "unblock": "It is back.",
    }
    sentence = known.get(words(value, "item")) or verbs.get(words(value, "verb"))
    return (
        _base(value, talk, happening="noted", about_id=named(KIND, _about(value)), text=sentence) if sentence else None
    )


def _said(value: Node, talk: Talk, kind: str) -> Parsed:
    about, post_id = _about(value), words(value, "post_id")
    parent = words(value, "parent_id") or (post_id if kind == "comment" else "")
    author = _author(value)
    own = bool(author) and author == talk.account_id
    ref = {"comment": words(value, "comment_id"), "post": post_id or about, "person": author}
    text, files = _words(value), _files(value)
    problems = [] if author else [NOT_NAMED]
    if not text and not files:
        problems.append("It holds something that the network does not pass on; it can be seen on Facebook.")
    noted = own and kind != "comment"  # what the page posts itself is no answer to anybody
    return _base(
        value,
        talk,
        happening="noted" if noted else "said",
        message_id=named(KIND, about),
        in_reply_to=named(KIND, parent) if parent != about else "",
        text=text,
        files=files,
        problems=tuple(problems),
        reply_ref={name: known for name, known in ref.items() if known},
        by_account=own,
        **({"thread_key": ""} if own else {}),  # under a post it is an answer only to the comment it names
    )


def _base(value: Node, talk: Talk, **known: Any) -> Parsed:
    told = instant(value.get("created_time"))
    sender = part(value, "from")
    post_id = words(value, "post_id") or words(value, "open_graph_story_id")
    link = words(part(value, "post"), "permalink_url") or (
        f"https://www.facebook.com/{_about(value)}" if _about(value) else ""
    )
    facts: dict[str, Any] = {
        "identity_kind": KIND,
        "from_address": _author(value),
        "from_name": words(sender, "name") or words(value, "sender_name") or words(value, "reviewer_name"),
        "thread_key": f"{KIND}:post:{post_id}" if post_id else "",
        "visibility": "public",
        "link": link,
        "sent_at": when(told, talk),
        "sent_at_why": NETWORKS_TIME if told else OUR_TIME,
    }
    return said(**{**facts, **known})


def _author(value: Node) -> str:
    return words(part(value, "from"), "id") or words(value, "sender_id") or words(value, "reviewer_id")


def _words(value: Node) -> str:
    return words(value, "message") or words(value, "review_text")


def _files(value: Node) -> tuple[RemoteFile, ...]:
    addresses = [words(value, "photo"), *(photo for photo in many(value, "photos") if isinstance(photo, str))]
    found = dict.fromkeys(address for address in addresses if address)
    files = [RemoteFile(address, f"picture {number}") for number, address in enumerate(found, 1)]
    if video := words(value, "video"):
        files.append(RemoteFile(video, "video 1"))
    return tuple(files)
