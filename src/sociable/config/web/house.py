"""The house as the front sees it: lines on which pages are asked for, and lines on which questions of streams are.

Each line takes one question at a time. How many there are is how much the house does at once; what it answers, and in whose
turn, is decided there (`answering`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from socket import socket
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sociable.config.web import wire
from sociable.config.web.headers import as_words
from sociable.live.stream import Message, Send

log = logging.getLogger(__name__)
Scope = dict[str, Any]
IN_MEMORY_BYTES = 1024 * 1024  # of a page; what is larger waits for its browser on the disk
MOST_LARGE = 40  # of those at once, so that whoever reads slowly does not fill it
STALLS_AFTER_SECONDS = 60.0  # with nothing of it taken by its browser
_TOLD = ("method", "path", "client", "server", "scheme", "http_version", "root_path")


class NotAnswered(Exception):
    """The house could not answer; why stands in its log."""


class Line:
    """One socket to a thread of the house. Where it is `owed` something, nothing else can be asked on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.owed = False

    async def say(self, *frames: bytes) -> None:
        """Send frames in one go, to which there is an answer. Errors: HungUp."""
        self.owed = True
        try:
            self._writer.write(b"".join(frames))
            await self._writer.drain()
        except (OSError, RuntimeError) as error:  # uvloop's word for a closed one
            raise wire.HungUp from error

    async def hear_answer(self) -> Any:
        """Wait for what answers a question. Errors: NotAnswered, HungUp."""
        answer = await self.hear_head()
        self.owed = False
        return answer

    async def hear_head(self) -> Any:
        """Wait for what comes before pieces. Errors: NotAnswered, HungUp."""
        try:
            return await wire.hear_word(self._reader)
        except wire.CutOff:
            self.owed = False
            raise NotAnswered from None

    async def hear_piece(self) -> bytes:
        """Wait for the next piece; nothing where that was the last. Errors: NotAnswered, HungUp."""
        try:
            content = await wire.hear_piece(self._reader)
        except wire.CutOff:
            self.owed = False
            raise NotAnswered from None
        if not content:
            self.owed = False
        return content

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


class Lines:
    """Lines that are free. Whoever finds none is given one in the order they came."""

    def __init__(self) -> None:
        self._free: list[Line] = []
        self._waiting: deque[asyncio.Future[Line]] = deque()

    def give(self, line: Line) -> None:
        """Lend a line to whoever has waited longest, or keep it."""
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():  # else they did not wait any longer
                first.set_result(line)
                return
        self._free.append(line)

    async def take(self) -> Line:
        """Take the line that was used last: its thread, and its connection to the database, are still warm."""
        if self._free:  # then nobody waits
            return self._free.pop()
        mine: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            return await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.give(mine.result())
            raise


class House:
    """What the front can ask. `lost` is told of a line that broke."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._pages, self._questions = Lines(), Lines()
        self._lines: list[Line] = []
        self._lost = lost
        self._large = 0

    async def connect(self, pages: Iterable[socket], questions: Iterable[socket]) -> None:
        """Take the sockets to the house, on the loop that runs."""
        for sockets, free in ((pages, self._pages), (questions, self._questions)):
            for each in sockets:
                line = Line(*await asyncio.open_connection(sock=each))
                self._lines.append(line)
                free.give(line)

    def close(self) -> None:
        """Hang up on all lines; the threads at their other ends go."""
        for line in self._lines:
            line.close()

    @asynccontextmanager
    async def _lent(self, free: Lines) -> AsyncIterator[Line]:
        line = await free.take()
        try:
            yield line
        finally:
            if line.owed:  # what comes on it next would be taken for the answer to another's question
                line.close()
                self._lost()
            else:
                free.give(line)

    async def ask(self, name: str, *given: Any) -> Any:
        """Ask one of the questions that `answering` knows. Errors: NotAnswered, HungUp."""
        # Whoever does not wait for the answer any more leaves it to be heard: the line goes on with the next question.
        return await asyncio.shield(asyncio.ensure_future(self._asked(wire.question(name, *given))))

    async def _asked(self, question: bytes) -> Any:
        async with self._lent(self._questions) as line:
            await line.say(question)
            return await line.hear_answer()

    async def page(self, scope: Scope, body: bytes | IO[bytes], send: Send) -> None:
        """Have a page made, and send it: its line is free again before its browser has it. Errors: NotAnswered, HungUp."""
        with SpooledTemporaryFile(IN_MEMORY_BYTES) as page:
            async with self._lent(self._pages) as line:
                await _hand_over(line, scope, body)
                status, headers = await line.hear_head()
                await _hear_out(line, page)
            begins = {"type": "http.response.start", "status": status, "headers": headers}
            size = page.tell()
            page.seek(0)
            if size <= IN_MEMORY_BYTES:
                await send(begins)
                await send({"type": "http.response.body", "body": page.read()})
            elif self._large >= MOST_LARGE:
                await say(send, 503, "Many large files are being fetched just now. Try again in a minute.")
            else:
                await self._send_large(begins, page, send)

    async def _send_large(self, begins: Message, page: IO[bytes], send: Send) -> None:
        self._large += 1
        try:
            await send(begins)
            while content := page.read(wire.PIECE_BYTES):
                async with asyncio.timeout(STALLS_AFTER_SECONDS):
                    await send({"type": "http.response.body", "body": content, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            # uvicorn hangs up where an answer is left off
            log.info("a browser took nothing of a large file for long")
        finally:
            self._large -= 1


async def _hand_over(line: Line, scope: Scope, body: bytes | IO[bytes]) -> None:
    asked = {name: scope[name] for name in _TOLD if name in scope}
    asked["query_string"] = scope["query_string"].decode("latin-1")
    question = wire.question("page", asked, as_words(scope["headers"]))
    if isinstance(body, bytes):
        await line.say(question, *([wire.piece(body)] if body else []), wire.END)
        return
    await line.say(question)
    for piece in wire.pieces(body):
        await line.say(piece)
    await line.say(wire.END)


async def _hear_out(line: Line, page: IO[bytes]) -> None:
    """All of a page is heard, also where it cannot be kept. Errors: NotAnswered."""
    kept = wire.Kept(page)
    while content := await line.hear_piece():
        kept.add(content)
    try:
        kept.check()
    except OSError as error:
        raise NotAnswered from error


async def say(send: Send, status: int, words: str) -> None:
    """Answer with a sentence."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})
