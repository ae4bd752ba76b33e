"""Streams a chat to the browser it belongs to, for as long as its page stays open.

Who may hear is decided in public/chat_access, what is told in public/chat_words, both of which the house asks; how it is
told, in live/stream.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sociable.config.web.headers import as_words
from sociable.config.web.house import House, Scope
from sociable.live import hub
from sociable.live.hub import END, Frame
from sociable.live.stream import Audience, Headers, Listener, Send

ADDRESS = re.compile(r"/chat/([-a-zA-Z0-9_]{1,50})/events")
OF_THE_DESK = ("note", "snoozed", "typing")  # nothing of these is told to whoever chats


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the house says to a browser that wants to hear a chat; with 200 it is this chat's, after this line."""

    status: int
    headers: Headers
    body: bytes = b""
    chat_id: int = 0
    conversation_id: int | None = None
    after: int = 0


class ChatListener(Listener):
    """The stream of one chat: whatever happened, it tells the lines after the last it told, and how it stands now."""

    looks_seldom = 2.5  # what ends it is told to it; this notes that the browser is there, well within `AWAY`

    def __init__(self, house: House, allowed: Allowed, send: Send) -> None:
        heard = allowed.conversation_id
        super().__init__(_audience(heard), self._look_at_chat, send, only=heard, headers=allowed.headers)
        self._house = house
        self._chat_id = allowed.chat_id
        self._after = allowed.after
        self._conversation_id = heard
        self._told: dict[str, Any] = {}

    def may_hear(self, frame: Frame) -> bool:
        """This function will say whether an event may change what this browser is shown."""
        followed = frame.person_id is None and frame.conversation_id is not None
        # what is followed may be what another was merged into meanwhile: of that it hears by this one
        theirs = super().may_hear(frame) or (followed and frame.conversation_id == self._stream.only)
        return theirs and frame.kind not in OF_THE_DESK and not frame.kind.startswith("warn")

    async def words(self, frames: Sequence[Frame]) -> bytes:
        """This function will return what is new, numbered by its last line; nothing where nothing is."""
        if frames and all(frame == END for frame in frames):
            return b""
        only_presence = bool(frames) and all(frame.kind == "presence" for frame in frames) and bool(self._told)
        told = await (self._who_writes() if only_presence else self._new())
        while told is not None and self._conversation_id is not None and self._conversation_id != self._stream.only:
            self.audience = _audience(self._conversation_id)
            hub.follow(self._stream, self._conversation_id)
            told = await self._new()  # with what was said there before it was followed
        if told is None:
            self.end()
            return b""
        if not told["lines"] and told["state"] == self._told:
            return b""
        self._after, self._told = told["last"], told["state"]
        return f"id: {self._after}\ndata: {json.dumps(told, separators=(',', ':'))}\n\n".encode()

    async def caught_up(self) -> list[Frame]:
        """This function will return what was said while the browser was away."""
        return [Frame(await self.words([]))]

    async def _new(self) -> dict[str, Any] | None:
        """What is told now; nothing once the secret was revoked or has lapsed."""
        found = await self._house.ask("chat", self._chat_id, self._after, self._told)
        if found is None:
            return None
        self._conversation_id, told = found
        return told  # type: ignore[no-any-return]

    async def _who_writes(self) -> dict[str, Any]:
        state = await self._house.ask("who_writes", self._conversation_id, self._told)
        return {"lines": [], "last": self._after, "more": False, "state": state}

    async def _look_at_chat(self) -> Audience | None:
        still = await self._house.ask("still", self._chat_id)
        return None if still is None else _audience(still[0])


def _audience(conversation_id: int | None) -> Audience:
    return Audience(frozenset(), frozenset({conversation_id} if conversation_id else ()))


async def listener(house: House, slug: str, scope: Scope, send: Send) -> ChatListener | None:
    """This function will open the stream of the chat whose secret the browser shows, or refuse in a sentence."""
    allowed = await house.ask("chat_allowed", slug, scope["method"], as_words(scope["headers"]), scope.get("client"))
    if allowed.status != 200:
        await send({"type": "http.response.start", "status": allowed.status, "headers": allowed.headers})
        await send({"type": "http.response.body", "body": allowed.body})
        return None
    return ChatListener(house, allowed, send)
