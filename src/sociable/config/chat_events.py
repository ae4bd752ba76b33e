"""Streams a chat to the browser it belongs to, on the event loop, for as long as its page stays open.

Who may hear is decided in public/chat_access, what is told in public/chat_words; how it is told, in live/stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from sociable.conversations import chats
from sociable.conversations.chat_models import Chat
from sociable.domain.chat import has_lapsed
from sociable.live import hub
from sociable.live.hub import END, Frame
from sociable.live.stream import Audience, Headers, Listener, Receive, Send
from sociable.public import chat_access as access
from sociable.public import chat_words as words
from sociable.public.chat_access import Asked, Refused

ADDRESS = re.compile(r"/chat/([-a-zA-Z0-9_]{1,50})/events")
OF_THE_DESK = ("note", "snoozed", "typing")  # nothing of these is told to whoever chats
InThread = Callable[[Callable[[], Any]], Awaitable[Any]]


class ChatListener(Listener):
    """The stream of one chat: whatever happened, it tells the lines after the last it told, and how it stands now."""

    looks_seldom = 2.5  # what ends it is told to it; this notes that the browser is there, well within `AWAY`

    def __init__(self, chat: Chat, after: int, send: Send, headers: Headers, in_thread: InThread) -> None:
        super().__init__(_audience(chat), self._look_at_chat, send, only=chat.conversation_id, headers=headers)
        self._chat_id = chat.pk
        self._after = after
        self._conversation_id = chat.conversation_id
        self._told: dict[str, Any] = {}
        self._in_thread = in_thread

    def may_hear(self, frame: Frame) -> bool:
        """This function will say whether an event may change what this browser is shown."""
        followed = frame.person_id is None and frame.conversation_id is not None
        # what is followed may be what another was merged into meanwhile: of that it hears by this one
        theirs = super().may_hear(frame) or (followed and frame.conversation_id == self._stream.only)
        return theirs and frame.kind not in OF_THE_DESK and not frame.kind.startswith("warn")

    async def words(self, frames: Sequence[Frame]) -> bytes:
        """This function will return what is new, numbered by its last line; nothing where nothing is."""
        if frames and all(frame is END for frame in frames):
            return b""
        only_presence = bool(frames) and all(frame.kind == "presence" for frame in frames) and bool(self._told)
        told = await self._in_thread(self._who_writes if only_presence else self._new)
        while told is not None and self._conversation_id is not None and self._conversation_id != self._stream.only:
            self._audience = Audience(frozenset(), frozenset({self._conversation_id}))
            hub.follow(self._stream, self._conversation_id)
            told = await self._in_thread(self._new)  # with what was said there before it was followed
        if told is None:
            self._stream.put(END)
            return b""
        if not told["lines"] and told["state"] == self._told:
            return b""
        self._after, self._told = told["last"], told["state"]
        return f"id: {self._after}\ndata: {json.dumps(told, separators=(',', ':'))}\n\n".encode()

    async def caught_up(self) -> list[Frame]:
        """This function will return what was said while the browser was away."""
        return [Frame(await self.words([]))]

    def _new(self) -> dict[str, Any] | None:
        """What is told now; nothing once the secret was revoked or has lapsed."""
        chat = self._chat()
        if chat is None:
            return None
        self._conversation_id = chat.conversation_id
        return words.update(chat, self._after, timezone.now(), self._told or None)

    def _who_writes(self) -> dict[str, Any]:
        state = words.who_writes(self._conversation_id, self._told, timezone.now())
        return {"lines": [], "last": self._after, "more": False, "state": state}

    async def _look_at_chat(self) -> Audience | None:
        return await self._in_thread(self._still)  # type: ignore[no-any-return]

    def _chat(self) -> Chat | None:
        chat = chats.to_tell(self._chat_id)
        return None if chat is None or has_lapsed(chat.said_at, timezone.now()) else chat

    def _still(self) -> Audience | None:
        chat = self._chat()
        if chat is not None:
            chats.seen(chat, timezone.now())
        return _audience(chat) if chat else None


def _audience(chat: Chat) -> Audience:
    return Audience(frozenset(), frozenset({chat.conversation_id} if chat.conversation_id else ()))


@dataclass(frozen=True, slots=True)
class Request:
    """What a browser asks: whose chat it wants to hear, how, from where, and after which line."""

    slug: str
    method: str
    headers: dict[str, str]
    place: str

    @property
    def asked(self) -> Asked:
        """What it shows of itself."""
        return Asked(self.headers.get("origin", ""), self.headers.get("authorization", ""), self.place)

    @property
    def after(self) -> int:
        """The line it heard last."""
        given = self.headers.get("last-event-id", "")
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


async def answer(request: Request, receive: Receive, send: Send, in_thread: InThread) -> None:
    """This function will stream the chat whose secret the browser shows, or refuse in a sentence."""
    asked = request.asked
    try:
        chat = await in_thread(lambda: _allowed(request.slug, request.method, asked))
    except Refused as refused:
        shared = access.headers(asked) if refused.status != 403 else {"Vary": "Origin"}
        await _say(send, refused.status, shared, json.dumps({"message": refused.message}))
        return
    if chat is None:
        await _say(send, 204, access.preflight_headers(asked), "")
        return
    listener = ChatListener(chat, request.after, send, _as_bytes(access.headers(asked)), in_thread)
    await listener.serve(receive, listener.caught_up)


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


def _as_bytes(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


async def _say(send: Send, status: int, headers: dict[str, str], body: str) -> None:
    given = [(b"content-type", b"application/json"), *_as_bytes(headers)]
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": body.encode()})
