"""Answers what the streams of chats ask: who may hear one, and what is told now.

Who may is decided in public/chat_access, what is told in public/chat_words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from sociable.config.web.chat_stream import Allowed
from sociable.config.web.headers import Heads, as_bytes, last_seen
from sociable.conversations import chats
from sociable.conversations.chat_models import Chat
from sociable.domain.chat import has_lapsed
from sociable.live.stream import Headers
from sociable.public import chat_access as access
from sociable.public import chat_words as words
from sociable.public.chat_access import Asked, Refused
from sociable.public.suspicion import place_of


def allowed(slug: str, method: str, given: Heads, peer: Sequence[Any] | None) -> Allowed:
    """This function will say whether a browser may hear a chat: that of the secret it shows, at the account of this name."""
    headers = dict(given)
    place = place_of(headers.get("x-forwarded-for", ""), peer[0] if peer else "")
    asked = Asked(headers.get("origin", ""), headers.get("authorization", ""), place)
    try:
        chat = _allowed(slug, method, asked)
    except Refused as refused:
        shared = access.headers(asked) if refused.status != 403 else {"Vary": "Origin"}
        return _said(refused.status, shared, json.dumps({"message": refused.message}))
    if chat is None:
        return _said(204, access.preflight_headers(asked), "")
    shown = _told(access.headers(asked))
    return Allowed(200, shown, b"", chat.pk, chat.conversation_id, last_seen(headers) or 0)


def _allowed(slug: str, method: str, asked: Asked) -> Chat | None:
    chat = access.chat_of(slug, asked)
    access.check_origin(chat.visitor.account if chat else access.account_of(slug), asked)
    if method == "OPTIONS":
        return None
    if method != "GET":
        raise Refused("Only GET.", 405)
    access.check_pace("ask", asked)
    if chat is None:
        raise access.UNKNOWN
    now = timezone.now()
    access.check_lapse(chat, now)
    chats.seen(chat, now)
    return chat


def _told(headers: dict[str, str]) -> Headers:
    return as_bytes([(name.lower(), value) for name, value in headers.items()])


def _said(status: int, headers: dict[str, str], body: str) -> Allowed:
    return Allowed(status, [(b"content-type", b"application/json"), *_told(headers)], body.encode())


def new(chat_id: int, after: int, told: dict[str, Any]) -> tuple[int | None, dict[str, Any]] | None:
    """This function will return what a chat is told now and in which conversation it is; None once it may hear nothing more."""
    chat = _chat(chat_id)
    if chat is None:
        return None
    return chat.conversation_id, words.update(chat, after, timezone.now(), told or None)


def who_writes(conversation_id: int | None, told: dict[str, Any]) -> dict[str, Any]:
    """This function will return the state of a chat in which only who writes has changed."""
    return words.who_writes(conversation_id, told, timezone.now())


def still(chat_id: int) -> tuple[int | None] | None:
    """This function will note that a chat's browser is there, and return its conversation; None once it may hear nothing more."""
    chat = _chat(chat_id)
    if chat is None:
        return None
    chats.seen(chat, timezone.now())
    return (chat.conversation_id,)


def _chat(chat_id: int) -> Chat | None:
    chat = chats.to_tell(chat_id)
    return None if chat is None or has_lapsed(chat.said_at, timezone.now()) else chat
