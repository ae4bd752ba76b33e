"""The front, as a process of its own: it takes browsers in at the house's port, and ends when the house does.

It knows no tables and no settings; what it needs of them it is given when it begins.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from socket import socket

import uvicorn

from sociable.config.logs import JsonLines
from sociable.config.settling import settle
from sociable.config.web import wire
from sociable.config.web.front import Front, web
from sociable.config.web.house import House
from sociable.live import hub

log = logging.getLogger(__name__)
HEARD = b"."


@dataclass(frozen=True, slots=True)
class Given:
    """What the front is given: its sockets, by their numbers, and how much it takes."""

    listener: int
    news: int
    pages: list[int]
    questions: list[int]
    body_limit_bytes: int
    log_level: str

    def as_words(self) -> str:
        """As it stands on a command line."""
        return json.dumps(asdict(self))


class _Server(uvicorn.Server):
    """uvicorn, stopped by the house: signals are for that."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main() -> None:
    """This function will serve browsers until the house says stop, or is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # meant for the house, which ends this process in good order
    given = Given(**json.loads(sys.argv[1]))
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=given.log_level)
    running = _Running(given)
    settle()
    with asyncio.Runner(loop_factory=running.server.config.get_loop_factory()) as runner:
        runner.run(running.serve())


class _Running:
    """The front while it serves."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._house = House(self._lost)
        self._front = Front(self._house, given.body_limit_bytes)
        self.server = _Server(web(self._front))

    async def serve(self) -> None:
        await self._house.connect(map(_socket, self._given.pages), map(_socket, self._given.questions))
        reader, writer = await asyncio.open_connection(sock=_socket(self._given.news))
        hearing = asyncio.create_task(self._hear(reader, writer))
        await self.server.serve(sockets=[_socket(self._given.listener)])
        hearing.cancel()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hand out what the house tells, and say each time that it was heard; the silence of the house for good is the end."""
        try:
            while (frames := await wire.hear_word(reader)) is not None:
                for frame in frames:
                    hub.hand_out(frame)
                writer.write(HEARD)
            self._stop()
        except wire.HungUp:
            os._exit(1)  # nothing can be answered any more, and its port is wanted by the next
        except Exception:
            log.exception("the front no longer hears the house")
            os._exit(1)  # begun again

    def _lost(self) -> None:
        """A line broke, and with it a thread that answers: what is in hand is ended, and the house begins another front."""
        log.error("a line to the house broke")
        self._stop()

    def _stop(self) -> None:
        self._front.end()
        self.server.should_exit = True


def _socket(number: int) -> socket:
    return socket(fileno=number)


if __name__ == "__main__":
    main()
