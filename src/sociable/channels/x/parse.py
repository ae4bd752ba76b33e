"""Decides what a thing from X says: a post, a direct message, an edit, a removal. Reads raw bytes without ever failing.

Leaves storing it, joining it to a conversation and starting a wait to the journeys, and its raw forms to `raw` and `activity`.
"""

import re
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sociable.channels import base
from sociable.channels.base import Parsed, RemoteFile
from sociable.channels.tidy import tidy
from sociable.channels.x.activity import read
from sociable.channels.x.raw import Fields, at_of, at_of_id, fields, history_of, listed, refers_to, text

IDENTITY = "x"
_FILLED_IN = re.compile(r"(@\w{1,15}\s+)+")
# A link that X puts into the text for a picture that it shows below.
_SHOWN_BELOW = re.compile(r"(?:twitter|x)\.com/(?:.+/status/\d+/(?:photo|video)/\d|messages/media/)")
_NOT_SHOWN = "X says something that Sociable cannot read, such as an encrypted message. Look at X itself."


def parse(
    content: bytes,
    *,
    fetched_at: datetime,
    received_at: datetime | None = None,
) -> Parsed:
    """Return what a thing says. Never raises: what is not known is kept as such, with the reason among the problems.

    Units:  aware UTC in and out
    """
    try:
        told = read(content)
        thing = fields(told, "post") or fields(told, "message")
        at = received_at or at_of(thing) or fetched_at
        why = "when X recorded it" if at != fetched_at else "when it was fetched; X did not say when it came"
        when = {"sent_at": min(at, fetched_at), "sent_at_why": why}
        return _read(told, when)
    except Exception as error:  # noqa: BLE001 - whatever X or a stranger wrote must be kept and shown, never lost
        reason = f"It could not be read ({type(error).__name__}). Look at X itself."
        return base.said(
            sent_at=min(received_at or fetched_at, fetched_at), sent_at_why="", happening="unknown", problems=(reason,)
        )


def _read(told: Fields, when: Fields) -> Parsed:
    account, includes = text(told, "account"), fields(told, "includes")
    if post := fields(told, "post"):
        return _post(post, includes, account, when, listed(told, "errors"))
    if message := fields(told, "message"):
        return _message(message, includes, account, when)
    if gone := text(fields(told, "gone"), "id"):
        return base.said(**when, happening="withdrawn", about_id=f"x:post:{gone}")
    if noted := text(told, "noted"):
        return base.said(**when, happening="noted", text=tidy(noted))
    return base.said(**when, happening="unknown", problems=(_NOT_SHOWN,))


def _post(post: Fields, includes: Fields, account: str, when: Fields, errors: list[Any]) -> Parsed:
    history, references = history_of(post), refers_to(post)
    kinds = {kind: ref for ref, kind in references.items()}
    first, author = history[0], text(post, "author_id")
    handle = text(_user(includes, author), "username")
    parent = kinds.get("replied_to", "")
    is_edit, own = len(history) > 1, bool(author) and author == account
    # A repost says nothing of its own, and what we say to nobody in particular answers nobody.
    is_said = "retweeted" not in kinds and (bool(parent) or not own)
    around = [] if own else _context(references, includes, {account, author})
    happening = ("edited" if is_edit else "said") if is_said else "noted"
    return base.said(
        **when,
        message_id=f"x:post:{first}",
        in_reply_to=f"x:post:{parent}" if parent else "",
        thread_key="" if own else f"x:post:{text(post, 'conversation_id') or first}:{author}",
        text=tidy("\n\n".join(filter(None, (words(post), *around)))),
        visibility="public",
        link=f"https://x.com/{handle or 'i'}/status/{text(post, 'id')}",
        reply_ref={"post": text(post, "id"), "author": author},
        happening=happening,
        about_id=f"x:post:{first}" if is_edit else "",
        first_said_at=at_of_id(first) if is_edit else None,
        by_account=own,
        problems=_missing(parent, errors),
        **_from(author, includes),
        files=_files(post, includes),
    )


def _message(message: Fields, includes: Fields, account: str, when: Fields) -> Parsed:
    """A direct message; that somebody came or went is no message."""
    conversation, sender = text(message, "dm_conversation_id"), text(message, "sender_id")
    is_said = text(message, "event_type") in {"", "MessageCreate"}
    own = bool(sender) and sender == account
    return base.said(
        **when,
        message_id=f"x:dm:{text(message, 'id')}",
        thread_key=f"x:dm:{conversation}" if conversation else "",
        text=tidy(words(message)),
        visibility="private",
        link=f"https://x.com/messages/{conversation}" if conversation else "",
        reply_ref={"dm": conversation, "author": sender},
        happening="said" if is_said else "noted",
        by_account=own,
        may_acknowledge=is_said and not own,
        **_from(sender, includes),
        files=_files(message, includes),
    )


def _from(author: str, includes: Fields) -> Fields:
    user = _user(includes, author)
    handle = text(user, "username")
    return {
        "from_address": tidy(author),
        "from_name": tidy(text(user, "name"))[:200],
        "from_handle": tidy(f"@{handle}" if handle else ""),
        "identity_kind": IDENTITY,
    }


def _user(includes: Fields, user_id: str) -> Fields:
    return next((each for each in listed(includes, "users") if user_id and text(each, "id") == user_id), {})


def _missing(parent: str, errors: list[Any]) -> tuple[str, ...]:
    gone = parent and any(text(each, "resource_id") == parent for each in errors)
    return ("It answers a post that is gone or that we may not see.",) if gone else ()


def _context(references: dict[str, str], includes: Fields, known: set[str]) -> list[str]:
    """What it quotes, or answers of a third person's: without it “what about this?” cannot be understood."""
    lines = []
    for post in listed(includes, "posts") + listed(includes, "tweets"):
        kind, author = references.get(text(post, "id")), text(post, "author_id")
        if kind == "quoted" or (kind == "replied_to" and author not in known):
            who = text(_user(includes, author), "username")
            lines.append(f"{'Quotes' if kind == 'quoted' else 'Answers'} @{who or 'somebody'}: “{words(post)}”")
    return lines


def words(thing: Fields) -> str:
    """Return the whole text as people read it: long posts whole, links in full, no mentions that X filled in."""
    note = fields(thing, "note_post") or fields(thing, "note_tweet")
    source = note if text(note, "text") else thing
    said = text(source, "text")
    if source is thing:
        said = said[_filled_in(thing, said) :]
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        said = said.replace(escaped, plain)
    for url in listed(fields(source, "entities"), "urls"):
        short, long = text(url, "url"), text(url, "expanded_url")
        if short:
            said = said.replace(short, "" if _is_shown_below(url) else long or short)
    return said.strip()


def _filled_in(post: Fields, said: str) -> int:
    """How much of a reply's beginning is the mentions that X filled in, as its display range says."""
    start = next(iter(listed(post, "display_text_range")), 0)
    if not isinstance(start, int) or not 0 < start < len(said):
        return 0
    return start if _FILLED_IN.fullmatch(said[:start]) else 0


def _is_shown_below(url: Fields) -> bool:
    return bool(text(url, "media_key")) or bool(_SHOWN_BELOW.search(text(url, "expanded_url")))


def _files(thing: Fields, includes: Fields) -> tuple[RemoteFile, ...]:
    keys = listed(fields(thing, "attachments"), "media_keys")
    known = {text(each, "media_key"): each for each in listed(includes, "media")}
    found = [_file(known[key]) for key in keys if isinstance(key, str) and key in known]
    return tuple(each for each in found if each.ref)


def _file(media: Fields) -> RemoteFile:
    """A picture, or the best form of a moving one."""
    moving = [each for each in listed(media, "variants") if text(each, "content_type") == "video/mp4"]
    best: Fields = max(moving, key=lambda each: _number(each.get("bit_rate")), default={})
    ref = text(best, "url") or text(media, "url") or text(media, "preview_image_url")
    name = PurePosixPath(urlsplit(ref).path).name or text(media, "type")
    return RemoteFile(ref, tidy(name)[:200], "video/mp4" if best else "", 0, tidy(text(media, "alt_text")))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
