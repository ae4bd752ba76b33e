"""Decides what one private-message event of a page says: a message, its edit or removal, a receipt, or something that asks nothing.

Leaves comments and mentions to each network's folder. An event of a kind not known here is kept and shown.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sociable.channels.base import Delivery, Parsed, RemoteFile, said
from sociable.channels.graph.naming import entry_of, talk_of
from sociable.channels.graph.reading import Node, instant, many, named, part, words

NETWORKS_TIME = "when the network took it"
OUR_TIME = "when it reached us; the network gave no time"
MOST_SHOWN_CHARS = 4000

# What they did that asks for nothing, by the name of its part in the event.
ASKS_NOTHING = {
    "referral": "They came here by a link.",
    "optin": "They agreed to get messages of a kind.",
    "account_linking": "They linked an account.",
    "pass_thread_control": "Another app handed the conversation over at Meta.",
    "take_thread_control": "Another app took the conversation over at Meta.",
    "request_thread_control": "Another app asks for the conversation at Meta.",
    "app_roles": "Meta changed which app has which part in conversations.",
    "policy-enforcement": "Meta says something of its rules to this page.",
    "policy_enforcement": "Meta says something of its rules to this page.",
}
FILES = {"image": "picture", "video": "video", "audio": "recording", "file": "file", "sticker": "sticker"}


@dataclass(frozen=True)
class Talk:
    """What is known of an event besides its own words: which account it is for, of which kind, and when we had it."""

    kind: str
    account_id: str
    fetched_at: datetime
    received_at: datetime | None = None


def read_talk(event: Mapping[str, Any], talk: Talk) -> Parsed | None:
    """Return what a private-message event says, None where it is not of a kind known here."""
    node = talk_of(event)
    known: tuple[tuple[str, Callable[[Node, Talk], Parsed]], ...] = (
        ("message", _message),
        ("message_edit", _edit),
        ("delivery", _delivery),
        ("read", _read),
        ("postback", _postback),
        ("reaction", _reaction),
    )
    for name, reader in known:
        if isinstance(node.get(name), dict):
            return _aside(event, reader(node, talk))
    for name, sentence in ASKS_NOTHING.items():
        if name in node:
            return _base(node, talk, happening="noted", text=sentence)
    return None


def unknown(event: Any, kind: str, fetched_at: datetime, received_at: datetime | None = None) -> Parsed:
    """Return an event that nothing here can read, shown as it came."""
    shown = json.dumps(event, ensure_ascii=False, indent=1)[:MOST_SHOWN_CHARS]
    return said(
        identity_kind=kind,
        sent_at=min(received_at or fetched_at, fetched_at),
        sent_at_why=OUR_TIME,
        happening="unknown",
        text=shown.encode(errors="replace").decode().replace("\x00", ""),
        problems=("This is an event of a kind that Sociable does not know; it is shown as it came.",),
    )


def _base(node: Node, talk: Talk, **known: Any) -> Parsed:
    """The resident is whoever is not the account."""
    sender, recipient = words(part(node, "sender"), "id"), words(part(node, "recipient"), "id")
    by_account = part(node, "message").get("is_echo") is True or (bool(sender) and sender == talk.account_id)
    resident = recipient if by_account else sender
    moment = instant(node.get("timestamp"))
    facts: dict[str, Any] = {
        "identity_kind": talk.kind,
        "from_address": sender,
        "from_name": words(part(node, "sender"), "name"),
        "from_handle": words(part(node, "sender"), "username"),
        "to": (recipient,) if recipient else (),
        "thread_key": thread_key(talk.kind, resident),
        "visibility": "private",
        "reply_ref": {"person": resident} if resident else {},
        "by_account": by_account,
        "sent_at": when(moment, talk),
        "sent_at_why": NETWORKS_TIME if moment else OUR_TIME,
    }
    return said(**{**facts, **known})


def thread_key(kind: str, person: str) -> str:
    """Return the name of all that is said in private with one person."""
    return f"{kind}:talk:{person}" if person else ""


def when(told: datetime | None, talk: Talk) -> datetime:
    """Return when it happened; a network whose clock is ahead does not put it into the future."""
    return min(told or talk.received_at or talk.fetched_at, talk.fetched_at)


def _message(node: Node, talk: Talk) -> Parsed:
    message = part(node, "message")
    mid = words(message, "mid")
    if message.get("is_deleted") is True:
        return _base(node, talk, happening="withdrawn", about_id=named(talk.kind, mid))
    text, files, problems = _content(message)
    return _base(
        node,
        talk,
        message_id=named(talk.kind, mid),
        in_reply_to=named(talk.kind, words(part(message, "reply_to"), "mid")),
        references=(metadata,) if (metadata := words(message, "metadata")) else (),
        text=text,
        files=files,
        problems=problems,
        may_acknowledge=message.get("is_echo") is not True,
    )


def _content(message: Node) -> tuple[str, tuple[RemoteFile, ...], tuple[str, ...]]:
    """The words, with a line for each thing that is neither words nor a file; the files; and what did not come."""
    lines, problems = [words(message, "text")], []
    files: list[RemoteFile] = []
    for attachment in many(message, "attachments"):
        kind, address = words(attachment, "type"), words(part(attachment, "payload"), "url")
        if kind in FILES and address:
            files.append(RemoteFile(address, f"{FILES[kind]} {len(files) + 1}"))
        else:
            lines.append(_thing(attachment, kind))
    if story := part(message, "reply_to", "story"):
        lines.insert(0, f"About our story {words(story, 'url')}".strip())
    if message.get("is_unsupported") is True or not any((*lines, *files)):
        problems.append("The network does not pass on what they sent; it can be seen in its own app.")
    return "\n".join(line for line in lines if line), tuple(files), tuple(problems)


def _thing(attachment: Any, kind: str) -> str:
    payload = part(attachment, "payload")
    place = part(payload, "coordinates")
    title = words(attachment, "title") or words(payload, "title")
    address = words(payload, "url") or words(attachment, "url")
    if place:
        return " ".join(filter(None, ("A place:", title, f"{words(place, 'lat')}, {words(place, 'long')}", address)))
    name = {"story_mention": "They mentioned us in their story:", "share": "They shared:", "fallback": "They shared:"}
    return " ".join(
        filter(None, (name.get(kind, f"They sent something of the kind “{kind or 'unknown'}”:"), title, address))
    )


def _edit(node: Node, talk: Talk) -> Parsed:
    edit = part(node, "message_edit")
    return _base(
        node, talk, happening="edited", about_id=named(talk.kind, words(edit, "mid")), text=words(edit, "text")
    )


def _delivery(node: Node, talk: Talk) -> Parsed:
    mid = next((mid for mid in many(part(node, "delivery"), "mids") if isinstance(mid, str)), "")
    if not mid:
        return _base(node, talk, happening="noted", text="Our messages up to now have arrived.")
    return _base(
        node, talk, happening="delivery", about_id=named(talk.kind, mid), delivery=Delivery("delivered", "It arrived.")
    )


def _read(node: Node, talk: Talk) -> Parsed:
    mid = words(part(node, "read"), "mid")
    if not mid:
        return _base(node, talk, happening="noted", text="They have read our messages up to now.")
    return _base(
        node,
        talk,
        happening="delivery",
        about_id=named(talk.kind, mid),
        delivery=Delivery("delivered", "They have read it."),
    )


def _postback(node: Node, talk: Talk) -> Parsed:
    """A button of ours that they pressed says what stands on it."""
    postback = part(node, "postback")
    made = f"postback.{words(part(node, 'sender'), 'id')}.{words(node, 'timestamp')}"
    return _base(
        node,
        talk,
        message_id=named(talk.kind, words(postback, "mid") or made),
        text=words(postback, "title") or words(postback, "payload"),
        may_acknowledge=True,
    )


def _reaction(node: Node, talk: Talk) -> Parsed:
    reaction = part(node, "reaction")
    shown = words(reaction, "emoji") or words(reaction, "reaction")
    sentence = "They took their reaction back." if words(reaction, "action") == "unreact" else f"They reacted: {shown}"
    return _base(node, talk, happening="noted", about_id=named(talk.kind, words(reaction, "mid")), text=sentence)


def _aside(event: Mapping[str, Any], parsed: Parsed) -> Parsed:
    """Say when another app has the conversation at Meta: an answer from here would be refused."""
    if not many(entry_of(event), "standby") or parsed.happening != "said" or parsed.by_account:
        return parsed
    problem = "Another app has this conversation at Meta; take it over there before answering from here."
    return replace(parsed, problems=(*parsed.problems, problem))
