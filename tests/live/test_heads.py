"""What may come before a request is known has an end, which the server's own reader does not see to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.server import ServerState

from sociable.config.web.front import HEAD_LIMIT_BYTES, Requests, web


async def _application(_scope: Any, receive: Any, send: Any) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _asked(*pieces: bytes) -> bytes:
    config, state = web(_application), ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: Requests(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for piece in pieces:
            writer.write(piece)
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize("begins", [b"GET /" + b"a" * 2000, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: "])
def test_a_head_that_does_not_end_is_refused(begins: bytes) -> None:
    assert b" 400 " in asyncio.run(_asked(begins, b"a" * HEAD_LIMIT_BYTES))


def test_what_follows_a_head_is_not_counted_with_it() -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (2 * HEAD_LIMIT_BYTES)
    assert b" 200 " in asyncio.run(_asked(head, b"a" * 2 * HEAD_LIMIT_BYTES))
