"""The house as the front sees it: lines on which pages are asked for, and lines on which questions of streams are.

Each line takes one question at a time. How many there are is how much the house does at once; what it answers, and in whose
turn, is decided there (`answering`).
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterable, Sequence
from contextlib import suppress
from socket import socket
from typing import IO, Any

from sociable.config.web import wire
from sociable.live.stream import Message, Send

Scope = dict[str, Any]
IN_ONE_BYTES = (
    1024 * 1024
)  # a page as large as this is taken whole, so that a slow browser keeps no thread of the house
_TOLD = ("method", "path", "query_string", "headers", "client", "server", "scheme", "http_version", "root_path")


class NotAnswered(Exception):
    """The house could not answer; why stands in its log."""


class Line:
    """One socket to a thread of the house."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, *frames: bytes) -> None:
        """Send frames in one go."""
        self._writer.write(b"".join(frames))
        await self._writer.drain()

    async def hear(self) -> bytes:
        """Wait for the next frame. Errors: CutOff."""
        return await wire.hear(self._reader)

    async def hear_up_to(self, most: int) -> tuple[bytes, bool]:
        """What comes until its end, or until it is as much as this; and whether that was its end. Errors: CutOff."""
        heard, size = list[bytes](), 0
        while size < most:
            piece = await self.hear()
            if not piece:
                return b"".join(heard), True
            heard.append(piece)
            size += len(piece)
        return b"".join(heard), False

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class House:
    """What the front can ask. Whoever finds no line free waits in the order they came."""

    def __init__(self) -> None:
        # The one that was used last is used first: its thread, and its connection to the database, are still warm.
        self._pages: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        self._questions: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        self._lines: list[Line] = []

    async def connect(self, pages: Iterable[socket], questions: Iterable[socket]) -> None:
        """Take the sockets to the house, on the loop that runs."""
        for sockets, free in ((pages, self._pages), (questions, self._questions)):
            for each in sockets:
                line = Line(*await asyncio.open_connection(sock=each))
                self._lines.append(line)
                free.put_nowait(line)

    def close(self) -> None:
        """Hang up on all lines; the threads at their other ends go."""
        for line in self._lines:
            line.close()

    async def ask(self, name: str, *given: Any) -> Any:
        """Ask one of the questions that `answering` knows. Errors: NotAnswered."""
        # Whoever does not wait for the answer any more leaves it to be heard: the line goes on with the next question.
        return await asyncio.shield(asyncio.ensure_future(self._asked((name, *given))))

    async def _asked(self, question: Sequence[Any]) -> Any:
        line = await self._questions.get()
        try:
            await line.say(wire.packed(question))
            return pickle.loads(await line.hear())  # noqa: S301 - of our own house
        except wire.CutOff:
            raise NotAnswered(question[0]) from None
        finally:
            self._questions.put_nowait(line)

    async def page(self, scope: Scope, body: bytes | IO[bytes], send: Send) -> None:
        """Have a page made, and send it. Errors: NotAnswered."""
        line = await self._pages.get()
        try:
            await _hand_over(line, scope, body)
            begins = await _begin(line)
            content, is_whole = await line.hear_up_to(IN_ONE_BYTES)
            if not is_whole:
                await _pass_on(line, begins, content, send)
        except wire.CutOff:
            raise NotAnswered(scope["path"]) from None
        finally:
            self._pages.put_nowait(line)
        if is_whole:
            await send(begins)
            await send({"type": "http.response.body", "body": content})


async def _hand_over(line: Line, scope: Scope, body: bytes | IO[bytes]) -> None:
    asked = wire.packed(("page", {name: scope[name] for name in _TOLD if name in scope}))
    if isinstance(body, bytes):
        await line.say(asked, *([wire.frame(body)] if body else []), wire.END)
        return
    await line.say(asked)
    for piece in wire.pieces(body):
        await line.say(piece)
    await line.say(wire.END)


async def _begin(line: Line) -> Message:
    status, headers = pickle.loads(await line.hear())  # noqa: S301 - of our own house
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _pass_on(line: Line, begins: Message, content: bytes, send: Send) -> None:
    """Send a large answer as it comes; where the browser goes meanwhile, the rest is heard out, for the line's next question."""
    is_heard = False
    try:
        await send(begins)
        while content:
            await send({"type": "http.response.body", "body": content, "more_body": True})
            content = await line.hear()
        is_heard = True
        await send({"type": "http.response.body", "body": b""})
    except wire.CutOff:
        is_heard = True
        raise
    finally:
        if not is_heard:
            with suppress(wire.CutOff):
                while await line.hear():
                    pass
