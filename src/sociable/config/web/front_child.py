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
    house = House(lost=lambda: _stop(server))
    config = web(Front(house, given.body_limit_bytes))
    server = _Server(config)
    settle()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(given, house, server))


def _stop(server: _Server) -> None:
    """A line broke, and with it a thread that answers: what is in hand is ended, and the house begins another front."""
    log.error("a line to the house broke")
    server.should_exit = True


async def _serve(given: Given, house: House, server: _Server) -> None:
    await house.connect(map(_socket, given.pages), map(_socket, given.questions))
    reader, _writer = await asyncio.open_connection(sock=_socket(given.news))
    hearing = asyncio.create_task(_hear(reader, server))
    await server.serve(sockets=[_socket(given.listener)])
    hearing.cancel()


def _socket(number: int) -> socket:
    return socket(fileno=number)


async def _hear(reader: asyncio.StreamReader, server: _Server) -> None:
    """Hand out what the house tells; its silence for good is the end."""
    try:
        while frames := await wire.hear_word(reader):
            for frame in frames:
                hub.hand_out(frame)
        server.should_exit = True
    except wire.HungUp:
        os._exit(1)  # nothing can be answered any more, and its port is wanted by the next
    except Exception:
        log.exception("the front no longer hears the house")
        os._exit(1)  # begun again


if __name__ == "__main__":
    main()
