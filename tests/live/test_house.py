"""The sockets between the front and the house: one question after the other, whatever breaks, and a line that goes on after it."""

from __future__ import annotations

import asyncio
import pickle
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sociable.config.web import front_process, wire
from sociable.config.web.front import Front
from sociable.config.web.house import IN_ONE_BYTES, House, NotAnswered
from sociable.live import hub

LIMIT_BYTES = 200_000
HEAD = wire.packed((200, [(b"content-type", b"text/plain")]))
Answer = Callable[[Any, list[bytes]], Iterator[bytes]]


@asynccontextmanager
async def answered(answer: Answer) -> AsyncIterator[tuple[House, list[Any]]]:
    """A house of one line for pages and one for questions, which answers as it is told to; and what it was asked."""
    asked: list[Any] = []

    def answer_on(line: socket.socket) -> None:
        with line, line.makefile("rb") as source:
            while (question := wire.read(source)) is not None:
                (name, *given), body = pickle.loads(question), list[bytes]()
                while name == "page" and (piece := wire.read(source)):
                    body.append(piece)
                asked.append((name, *given, b"".join(body)))
                for part in answer((name, *given), body):
                    line.sendall(part)

    pairs = [socket.socketpair() for _ in range(2)]
    threads = [threading.Thread(target=answer_on, args=(ours,)) for ours, _its in pairs]
    for thread in threads:
        thread.start()
    house = House()
    await house.connect([pairs[0][1]], [pairs[1][1]])
    try:
        yield house, asked
    finally:
        house.close()
        for thread in threads:
            await asyncio.to_thread(thread.join, 10)


def scope(method: str = "GET", path: str = "/") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], "state": object()}


async def fetch(
    house: House, method: str = "GET", path: str = "/", body: list[bytes] | None = None, send: Any = None
) -> list[Any]:
    """What a browser is sent by the front for what it sends; a body comes in these pieces."""
    sent: list[Any] = []
    given = [{"type": "http.request", "body": piece, "more_body": True} for piece in body or []]
    given.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return given.pop(0) if given else {"type": "http.disconnect"}

    async def keep(message: Any) -> None:
        sent.append(message)

    await Front(house, LIMIT_BYTES)(scope(method, path), receive, send or keep)
    return sent


def path_told(question: Any, _body: list[bytes]) -> Iterator[bytes]:
    yield HEAD + wire.frame(question[1]["path"].encode()) + wire.END


def test_a_page_is_asked_for_and_sent_in_one_piece() -> None:
    async def browse() -> None:
        async with answered(path_told) as (house, asked):
            begun, ended = await fetch(house, path="/contact/")
            assert (begun["status"], ended["body"]) == (200, b"/contact/")
            assert not ended.get("more_body")
            assert "state" not in asked[0][1]  # what the server keeps for itself does not travel

    asyncio.run(browse())


@pytest.mark.parametrize("pieces", [[b"a=1"], [b"a" * 70_000, b"b" * 70_000], []])
def test_a_form_arrives_as_it_was_sent(pieces: list[bytes]) -> None:
    async def browse() -> None:
        async with answered(path_told) as (house, asked):
            assert (await fetch(house, "POST", body=pieces))[0]["status"] == 200
            assert asked[0][-1] == b"".join(pieces)

    asyncio.run(browse())


def test_what_is_too_large_is_refused_and_nobody_is_asked() -> None:
    async def browse() -> None:
        async with answered(path_told) as (house, asked):
            assert (await fetch(house, "POST", body=[b"a" * LIMIT_BYTES, b"b"]))[0]["status"] == 413
            assert asked == []

    asyncio.run(browse())


def large(question: Any, _body: list[bytes]) -> Iterator[bytes]:
    """A file of three times what is taken in one; on /cut/ it breaks off."""
    yield HEAD
    for _ in range(3):
        yield wire.frame(b"x" * IN_ONE_BYTES)
    yield wire.CUT_OFF if question[1]["path"] == "/cut/" else wire.END


def test_what_is_large_goes_piece_by_piece() -> None:
    async def browse() -> None:
        async with answered(large) as (house, _asked):
            _begun, *pieces = await fetch(house)
            assert len(pieces) > 2
            assert sum(len(piece["body"]) for piece in pieces) == 3 * IN_ONE_BYTES
            assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [False]

    asyncio.run(browse())


def test_what_breaks_off_never_looks_whole_and_the_line_goes_on() -> None:
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    async def browse() -> None:
        async with answered(large) as (house, _asked):
            with pytest.raises(NotAnswered):
                await fetch(house, path="/cut/", send=keep)
            assert all(message.get("more_body", True) for message in sent)
            assert (await fetch(house))[0]["status"] == 200

    asyncio.run(browse())


def test_a_browser_that_fails_amid_a_file_leaves_the_line_in_order() -> None:
    async def fail(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise RuntimeError

    async def browse() -> None:
        async with answered(large) as (house, _asked):
            with pytest.raises(RuntimeError):
                await fetch(house, send=fail)
            async with asyncio.timeout(10):
                assert sum(len(piece.get("body", b"")) for piece in await fetch(house)) == 3 * IN_ONE_BYTES

    asyncio.run(browse())


def test_an_answer_for_which_nobody_waits_any_more_is_not_taken_for_that_of_the_next() -> None:
    asked, go = threading.Event(), threading.Event()

    def slowly(question: Any, _body: list[bytes]) -> Iterator[bytes]:
        if question[1] == "first":
            asked.set()
            go.wait(10)
        yield wire.packed(question[1])

    async def ask() -> None:
        async with answered(slowly) as (house, _asked):
            first = asyncio.create_task(house.ask("echo", "first"))
            await asyncio.to_thread(asked.wait, 10)
            first.cancel()
            second = asyncio.create_task(house.ask("echo", "second"))
            await asyncio.sleep(0)
            go.set()
            assert await second == "second"

    asyncio.run(ask())


def test_a_question_that_could_not_be_answered_is_an_error_and_the_line_goes_on() -> None:
    async def ask() -> None:
        async with answered(lambda question, _body: iter([wire.CUT_OFF if question[1] else wire.packed(7)])) as (
            house,
            _,
        ):
            with pytest.raises(NotAnswered):
                await house.ask("odd", True)
            assert await house.ask("odd", False) == 7

    asyncio.run(ask())


def heard(news: front_process.News) -> list[Any]:
    """What the front hears until it is told to stop."""
    ours, theirs = socket.socketpair()
    speaking = threading.Thread(target=news.speak, args=(ours,))
    speaking.start()
    told: list[Any] = []
    with ours, theirs, theirs.makefile("rb") as source:
        while frames := pickle.loads(wire.read(source) or b""):
            told += frames
        speaking.join()
    return told


def test_what_happens_is_told_in_its_order_and_before_the_end() -> None:
    news, frames = front_process.News(), [hub.Frame(b"%d" % number) for number in range(50)]
    for frame in [*frames, hub.END]:
        news.put(frame)
    news.end()
    assert heard(news) == [*frames, hub.END]


def test_a_front_that_did_not_listen_for_long_has_its_browsers_load_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_process, "MOST_UNTOLD", 10)
    news = front_process.News()
    for number in range(50):
        news.put(hub.Frame(b"%d" % number))
    news.put(hub.END)
    news.end()
    assert heard(news) == [hub.RESYNC, hub.END]
