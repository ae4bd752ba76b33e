"""Speaks server-sent events with one browser: catches it up, then tells it what changes, until either side goes.

Who the browser is and what it may hear is decided by whoever calls; what is told is prepared in the hub.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from sociable.live import hub
from sociable.live.hub import END, Frame

log = logging.getLogger(__name__)
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

PACE_SECONDS = 0.05  # what happens is told at once, and what follows it more closely than this, together
PING_SECONDS = 15.0  # proxies hang up on what is silent
LOOK_AGAIN_SECONDS = 60.0  # how soon somebody who signed out, or lost a role, hears nothing more
_PING = b": still here\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class Audience:
    """What one person may hear of: all of some accounts, single conversations shown to them, and what is for them alone."""

    accounts: frozenset[int]
    conversations: frozenset[int] = frozenset()
    person_id: int | None = None

    def may_hear(self, frame: Frame) -> bool:
        """This function will say whether the person may know of this event."""
        if frame.person_id is not None:
            return frame.person_id == self.person_id
        return frame.account_id in self.accounts or frame.conversation_id in self.conversations


class Listener:
    """One browser's stream from its first byte to its last. `look` says anew what it may hear, or None to end it.

    What is written for the frames that came is decided by `words`: the frames themselves, unless another kind of listener
    says more. `only` is the one conversation it is about, if it is about one.
    """

    looks_seldom = 1.0  # times as seldom as others, where what it may hear is also told by what happens

    def __init__(
        self,
        audience: Audience,
        look: Callable[[], Awaitable[Audience | None]],
        send: Send,
        *,
        only: int | None = None,
        headers: Headers = (),
    ) -> None:
        self.audience = audience
        self._look = look
        self._send = send
        self._headers = [*_HEADERS, *headers]
        self._stream = hub.open_stream(self.may_hear, only)

    def may_hear(self, frame: Frame) -> bool:
        """This function will say whether this browser may have an event, by what was last looked up."""
        return self.audience.may_hear(frame)

    def end(self) -> None:
        """This function will end the stream once all that it has heard is told."""
        self._stream.put(END)

    async def words(self, frames: Sequence[Frame]) -> bytes:
        """This function will return what is written to the browser for the frames that came."""
        return b"".join(frame.content for frame in frames)

    async def serve(self, receive: Receive, missed: Callable[[], Awaitable[Sequence[Frame]]]) -> None:
        """This function will stream until the browser goes, the person may no longer listen, or the process stops.

        Shape:  the stream was opened before `missed` is asked, so nothing falls between the two
        """
        gone = asyncio.ensure_future(_until_gone(receive))
        gone.add_done_callback(lambda _done: self._stream.put(END))
        looking = asyncio.ensure_future(self._look_again())
        try:
            await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})
            await self._write(b"retry: 2000\n\n" + b"".join(frame.content for frame in await missed()))
            while await self._tell():
                pass
            if not gone.done():
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            hub.close_stream(self._stream)
            gone.cancel()
            looking.cancel()

    async def _tell(self) -> bool:
        """Send all that is queued in one piece, or a sign of life; False when the stream has ended."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                frames = [await self._stream.queue.get()]
        except TimeoutError:
            await self._write(_PING)
            return True
        while not self._stream.queue.empty():
            frames.append(self._stream.queue.get_nowait())
        if content := await self.words(frames):
            await self._write(content)
        if END in frames:
            return False
        await asyncio.sleep(PACE_SECONDS)
        return True

    async def _write(self, content: bytes) -> None:
        await self._send({"type": "http.response.body", "body": content, "more_body": True})

    async def _look_again(self) -> None:
        """Ask at irregular times, so that a thousand browsers do not ask at once."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS * self.looks_seldom * random.uniform(0.75, 1.25))
            try:
                audience = await self._look()
            except Exception:
                log.exception("it could not be looked whether a stream may go on")
                audience = None  # its browser comes again, and is looked at then
            if audience is None:
                self._stream.put(END)
                return
            self.audience = audience


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
