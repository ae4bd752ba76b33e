"""A form that is sent to the whole application, spoken to over ASGI: handed over when it is whole, answered in one piece."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.live.browsers import front

pytestmark = pytest.mark.django_db(transaction=True)
TYPE = (b"content-type", b"application/x-www-form-urlencoded")


async def send(path: str, *pieces: bytes) -> list[dict[str, Any]]:
    """What the application sends for a form that comes in pieces."""
    sent: list[dict[str, Any]] = []
    given = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    given.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, Any]:
        return given.pop(0)

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)

    length = (b"content-length", str(sum(map(len, pieces))).encode())
    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [TYPE, length, (b"host", b"localhost")],
        "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    async with front() as application:
        await application(scope, receive, take)
    return sent


def test_a_form_in_pieces_is_answered_in_one(cast: Any) -> None:
    begun, ended = asyncio.run(send("/desk/c/1/compose/", b"kind=ans", b"wer&text=Hello"))
    assert begun["type"] == "http.response.start"
    assert begun["status"] == 403  # without the mark that forms carry
    assert (b"x-frame-options", b"DENY") in begun["headers"]
    assert b"<h1" in ended["body"]
    assert not ended.get("more_body")


def test_what_a_page_could_not_be_made_of_is_told_as_any_page_tells_it(cast: Any) -> None:
    begun, ended = asyncio.run(send("/chat/nobody/lines", b"{}"))
    assert begun["status"] == 404
    assert (b"content-type", b"application/json") in begun["headers"]
    assert ended["body"] == b'{"message": "There is no web chat here."}'
