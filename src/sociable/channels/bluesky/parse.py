"""Reads what was stored of Bluesky: a post or direct message, an edit, a deletion; whatever it holds, it is read or shown as it came.

Leaves what it belongs to, and whose wait it begins, to the rooms above. Every fact comes from somebody else and is looked at
before it is believed: the shape of each value, the bytes that marks point at, the times.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sociable.channels.base import Parsed, said
from sociable.channels.bluesky import direct, embeds
from sociable.channels.bluesky.rich_text import mentioned, with_targets
from sociable.channels.bluesky.syntax import At, is_did, is_handle, read_at, read_instant
from sociable.channels.tidy import tidy

KIND = "bluesky"
UNREADABLE = "The network told of something that Sociable cannot read; it is shown as it came."
SPAM = "spam"
LONGEST_NAME_CHARS = 200


def parse(content: bytes, *, fetched_at: datetime, received_at: datetime | None = None) -> Parsed:
    """Return what one stored item says. Never raises.

    Units:  aware UTC in and out
    """
    when = _When(fetched_at, received_at)
    try:
        told = json.loads(content)
        if isinstance(told, dict):
            return _read(told, when)
    except (ValueError, RecursionError, TypeError, AttributeError, KeyError):
        pass  # a value of another shape than the network publishes, somewhere in it
    return _unknown(when)


class _When:
    """When the network took it, as far as that was recorded; nothing comes after it was fetched."""

    def __init__(self, fetched_at: datetime, received_at: datetime | None) -> None:
        self.sent_at = min(received_at or fetched_at, fetched_at)
        self.why = "when the network took it" if received_at else "when it was fetched"

    def facts(self) -> dict[str, Any]:
        return {"sent_at": self.sent_at, "sent_at_why": self.why}


def _read(told: dict[str, Any], when: _When) -> Parsed:
    if isinstance(told.get("gone"), str) and read_at(told["gone"]):
        return said(happening="withdrawn", about_id=told["gone"], identity_kind=KIND, **when.facts())
    if isinstance(told.get("post"), dict):
        return _post(told, told["post"], when)
    if isinstance(told.get("line"), dict):
        return _line(told["line"], told.get("convo") or {}, _text(told.get("us")), when)
    return _unknown(when)


def _unknown(when: _When) -> Parsed:
    return said(happening="unknown", problems=(UNREADABLE,), identity_kind=KIND, **when.facts())


# -- Posts ---------------------------------------------------------------------------------------------------------------


def _post(told: Mapping[str, Any], post: Mapping[str, Any], when: _When) -> Parsed:
    at = read_at(_text(post.get("uri")))
    record = post["record"]
    if at is None or not at.key or not isinstance(record, dict):
        return _unknown(when)
    reply = record["reply"] if isinstance(record.get("reply"), dict) else {}
    root, parent = _ref(reply.get("root")), _ref(reply.get("parent"))
    here = {"uri": str(at), "cid": _text(post.get("cid"))}
    seen = embeds.read(post.get("embed"), record.get("embed"))
    edited = told.get("edited") is True
    return said(
        happening="edited" if edited else "said",
        message_id="" if edited else str(at),
        about_id=str(at) if edited else "",
        first_said_at=read_instant(told.get("first")) if edited else None,
        in_reply_to=parent.get("uri", ""),
        references=_references(root, parent, seen.quoted),
        thread_key=root.get("uri", str(at)),
        text=_words(record, seen.lines),
        written_at=read_instant(record.get("createdAt")),
        files=seen.files,
        visibility="public",
        link=f"https://bsky.app/profile/{at.authority}/post/{at.key}",
        reply_ref={"root": root or here, "parent": here},
        by_account=at.authority == told.get("us"),
        answers_whom=answered.authority if (answered := read_at(parent.get("uri", ""))) else "",
        suspected_why=_suspected(told, at, record, post),
        problems=seen.problems,
        **_by(post.get("author"), at.authority),
        **when.facts(),
    )


def _references(root: Mapping[str, str], parent: Mapping[str, str], quoted: str) -> tuple[str, ...]:
    named = (root.get("uri", ""), quoted, parent.get("uri", ""))
    return tuple(dict.fromkeys(uri for uri in named if uri))


def _ref(value: object) -> dict[str, str]:
    """Return a reference to a post, empty where it is none."""
    if not isinstance(value, dict) or read_at(_text(value.get("uri"))) is None:
        return {}
    return {"uri": value["uri"], "cid": _text(value.get("cid"))}


def _words(said_in: Mapping[str, Any], lines: Sequence[str] = ()) -> str:
    text = with_targets(_text(said_in.get("text")), said_in.get("facets"))
    return tidy("\n\n".join(part for part in (text.strip(), *lines) if part))


def _suspected(told: Mapping[str, Any], at: At, record: Mapping[str, Any], post: Mapping[str, Any]) -> str:
    """Return why a person should look at it before a clock starts."""
    labels = [*_labels(post), *_labels(post.get("author"))]
    if SPAM in labels:
        return "The network's moderators marked it as spam"
    reply = record["reply"] if isinstance(record.get("reply"), dict) else {}
    parent, us = read_at(_ref(reply.get("parent")).get("uri", "")), told.get("us")
    to_others = told.get("why") == "reply" and parent is not None and parent.authority not in {us, at.authority}
    if to_others and us not in mentioned(record.get("facets")):
        return "It answers somebody else, in a thread in which this account has spoken"
    return ""


def _labels(labelled: object) -> list[str]:
    labels = labelled.get("labels") if isinstance(labelled, dict) else None
    known = [label for label in labels or [] if isinstance(label, dict) and not label.get("neg")]
    return [_text(label.get("val")) for label in known]


# -- Direct messages -----------------------------------------------------------------------------------------------------


def _line(line: Mapping[str, Any], convo: Mapping[str, Any], us: str, when: _When) -> Parsed:
    convo_id, line_id, sender = convo["id"], line["id"], line["sender"]["did"]
    if not all(isinstance(value, str) and value for value in (convo_id, line_id, sender)):
        return _unknown(when)
    member = next((one for one in direct.names_of(convo) if one.get("did") == sender), {})
    answered = line["replyTo"].get("id") if isinstance(line.get("replyTo"), dict) else None
    seen = embeds.read(line.get("embed"), None)
    in_group = len(direct.names_of(convo)) > 2 or _text((convo.get("kind") or {}).get("$type")).endswith("#groupConvo")
    return said(
        message_id=tidy(direct.line_id(convo_id, line_id)),
        in_reply_to=tidy(direct.line_id(convo_id, answered)) if isinstance(answered, str) else "",
        thread_key=tidy(f"{KIND}:{convo_id}"),
        text=_words(line, seen.lines),
        written_at=read_instant(line.get("sentAt")),
        files=seen.files,
        visibility="followers" if in_group else "private",
        link=tidy(direct.link_to(convo_id)),
        reply_ref=direct.reply_ref(tidy(convo_id)),
        by_account=sender == us,
        problems=("It was written in a group: everybody in it reads the answer.",) if in_group else (),
        **_by(member, sender),
        **when.facts(),
    )


# -- People --------------------------------------------------------------------------------------------------------------


def _by(author: object, did: str) -> dict[str, Any]:
    """Return who said it: the lasting id from the address of what was said, names as the network shows them."""
    shown = author if isinstance(author, dict) else {}
    handle = _text(shown.get("handle"))
    return {
        "from_address": did if is_did(did) else "",
        "from_name": " ".join(_text(shown.get("displayName")).split())[:LONGEST_NAME_CHARS],
        "from_handle": f"@{handle}" if is_handle(handle) and handle != "handle.invalid" else "",
        "identity_kind": KIND,
    }


def _text(value: object) -> str:
    return tidy(value) if isinstance(value, str) else ""
