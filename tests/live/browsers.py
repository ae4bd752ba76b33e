"""A browser that listens to `/events` of the real front, spoken to over ASGI, for tests of what it hears.

The front and the threads of the house that answer it are in one process here, with the sockets between them that they have
in life; `tests/grown` has them in two.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sociable.config.web.front import Front
from sociable.config.web.house import House

PATIENCE_SECONDS = 20
QUESTIONS = 2


@dataclass
class Browser:
    """What the server answered, and a way to wait for more or to go."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: int = 0
    ended: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]
            self.pieces += 1
            self.ended = not message.get("more_body", False)
        self._changed.set()

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def go(self) -> None:
        self._gone.set()

    async def until(self, condition) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    async def hears(self, words: str) -> None:
        await self.until(lambda browser: words.encode() in browser.body)

    async def ends(self) -> None:
        await self.until(lambda browser: browser.ended)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """Lines to threads that answer; when it is left they have gone, and their connections to the database with them."""
    from sociable.config.web.answering import answer_on

    pairs = [socket.socketpair() for _ in range(1 + QUESTIONS)]
    threads = [threading.Thread(target=answer_on, args=(ours,)) for ours, _its in pairs]
    for thread in threads:
        thread.start()
    asked = House(lost=lambda: None)
    (page, *questions) = [its for _ours, its in pairs]
    await asked.connect([page], questions)
    try:
        yield asked
    finally:
        asked.close()
        for thread in threads:
            await asyncio.to_thread(thread.join, PATIENCE_SECONDS)


@asynccontextmanager
async def front() -> AsyncIterator[Front]:
    """The whole application."""
    from sociable.config.web.front_process import BODY_LIMIT_BYTES

    async with house() as asked:
        yield Front(asked, BODY_LIMIT_BYTES)


@asynccontextmanager
async def browser(
    session: str, *, headers: dict[str, str] | None = None, query: str = "", method: str = "GET", path: str = "/events"
) -> AsyncIterator[Browser]:
    """Open the stream with a session cookie; leave it by going."""
    given = {"cookie": f"other=1; sessionid={session}", **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    one = Browser()
    async with front() as application:
        task = asyncio.create_task(application(scope, one.receive, one.send))
        try:
            await one.until(lambda browser: browser.status)
            if one.status == 200:
                await one.hears("retry:")
            yield one
        finally:
            one.go()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await task
