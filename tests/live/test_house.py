"""The sockets between the front and the house: one question after the other, whatever breaks, and never another's answer."""

from __future__ import annotations

import asyncio
import json
import pickle
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from sociable.config.web import answering, front_process, wire
from sociable.config.web import house as lines
from sociable.config.web.front import Front
from sociable.config.web.front_child import HEARD
from sociable.config.web.house import IN_MEMORY_BYTES, House, NotAnswered
from sociable.live import hub
from sociable.live.stream import Audience

LIMIT_BYTES = 200_000
HEAD = wire.told((200, [(b"content-type", b"text/plain")]))
LARGE = 3 * IN_MEMORY_BYTES
Answer = Callable[[str, Any], Iterator[bytes]]


@asynccontextmanager
async def answered(answer: Answer, pages: int = 1) -> AsyncIterator[tuple[House, list[Any]]]:
    """A house of so many lines for pages and one for questions, which answers as it is told to; and what it was asked."""
    asked: list[Any] = []

    def answer_on(line: socket.socket) -> None:
        with line, line.makefile("rb") as source, suppress(wire.HungUp, BrokenPipeError):
            while True:
                (name, *given), body = json.loads(wire.read_word(source)), b""
                while name == "page" and (piece := wire.read_piece(source)):
                    body += piece
                asked.append((name, *given, body))
                for part in answer(name, given[0]):
                    line.sendall(part)

    async with lent(answer_on, pages) as house:
        yield house, asked


@asynccontextmanager
async def lent(answer_on: Callable[[socket.socket], None], pages: int = 1) -> AsyncIterator[House]:
    """A house whose lines end in threads that do this."""
    pairs = [socket.socketpair() for _ in range(pages + 1)]
    threads = [threading.Thread(target=answer_on, args=(ours,)) for ours, _its in pairs]
    for thread in threads:
        thread.start()
    house = House(lost=lambda: lost.append(house))
    *its, question = (its for _ours, its in pairs)
    await house.connect(its, [question])
    try:
        yield house
    finally:
        house.close()
        for thread in threads:
            await asyncio.to_thread(thread.join, 10)


lost: list[House] = []


@pytest.fixture(autouse=True)
def _none_lost() -> None:
    lost.clear()


def scope(method: str = "GET", path: str = "/") -> dict[str, Any]:
    return {
        "type": "http", "method": method, "path": path, "query_string": b"a=%C3%A9", "state": object(), "http_version": "1.1",
        "headers": [(b"host", b"localhost"), (b"x-latin", b"\xe9"), (b"content-length", b"1000000")],
    }  # fmt: skip


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

    async with asyncio.timeout(20):
        await Front(house, LIMIT_BYTES)(scope(method, path), receive, send or keep)
    return sent


def path_told(_name: str, asked: Any) -> Iterator[bytes]:
    yield HEAD + wire.piece(asked["path"].encode()) + wire.END


def large(_name: str, asked: Any) -> Iterator[bytes]:
    """A file of three times what is kept in memory; on /cut/ it breaks off, on /gone/ with it the line."""
    if asked["path"] == "/small/":
        yield from path_told("page", asked)
        return
    yield HEAD
    for _ in range(3):
        yield wire.piece(b"x" * IN_MEMORY_BYTES)
    if asked["path"] == "/gone/":
        raise wire.HungUp
    yield wire.CUT_OFF if asked["path"] == "/cut/" else wire.END


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


def test_what_is_large_goes_piece_by_piece() -> None:
    async def browse() -> None:
        async with answered(large) as (house, _asked):
            _begun, *pieces = await fetch(house)
            assert len(pieces) > 2
            assert sum(len(piece["body"]) for piece in pieces) == LARGE
            assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [False]

    asyncio.run(browse())


def test_whoever_takes_nothing_of_a_large_file_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LARGE", 1)
    monkeypatch.setattr(lines, "STALLS_AFTER_SECONDS", 0.5)

    async def browse() -> None:
        begun, never = asyncio.Event(), asyncio.Event()

        async def take_nothing(message: Any) -> None:
            begun.set()
            if message["type"] == "http.response.body":
                await never.wait()

        async with answered(large) as (house, _asked):
            slow = asyncio.create_task(fetch(house, send=take_nothing))
            await begun.wait()
            assert (await fetch(house, path="/small/"))[1]["body"] == b"/small/"
            assert (await fetch(house))[0]["status"] == 503  # one of these at a time
            await slow  # given up
            assert (await fetch(house))[0]["status"] == 200

    asyncio.run(browse())


def test_what_breaks_off_is_no_page_and_the_line_goes_on() -> None:
    async def browse() -> None:
        async with answered(large) as (house, _asked):
            with pytest.raises(NotAnswered):
                await fetch(house, path="/cut/")
            assert (await fetch(house))[0]["status"] == 200
        assert not lost

    asyncio.run(browse())


def test_a_line_that_breaks_is_used_no_more_and_told_of() -> None:
    async def browse() -> None:
        async with answered(large, pages=2) as (house, _asked):
            with pytest.raises(wire.HungUp):
                await fetch(house, path="/gone/")
            assert lost == [house]
            for _ in range(3):
                assert (await fetch(house, path="/small/"))[0]["status"] == 200

    asyncio.run(browse())


def test_a_disk_that_is_full_in_the_front_costs_one_page_and_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def browse() -> None:
        async with answered(large) as (house, _asked):
            with monkeypatch.context() as full:
                full.setattr(lines, "SpooledTemporaryFile", _Full)
                with pytest.raises(NotAnswered):
                    await fetch(house)
            assert (await fetch(house))[0]["status"] == 200

    asyncio.run(browse())


def test_an_answer_for_which_nobody_waits_any_more_is_not_taken_for_that_of_the_next() -> None:
    asked, go = threading.Event(), threading.Event()

    def slowly(_name: str, given: Any) -> Iterator[bytes]:
        if given == "first":
            asked.set()
            go.wait(10)
        yield wire.told(given)

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
        async with answered(lambda _name, odd: iter([wire.CUT_OFF if odd else wire.told(7)])) as (house, _asked):
            with pytest.raises(NotAnswered):
                await house.ask("odd", True)
            assert await house.ask("odd", False) == 7

    asyncio.run(ask())


# -- The threads of the house --------------------------------------------------------------------------------------------


class _Full:
    """A file on a disk that is full."""

    def __init__(self, _limit: int) -> None:
        self.closed = False

    def __enter__(self) -> _Full:
        return self

    def __exit__(self, *_given: object) -> None:
        self.closed = True

    def write(self, _content: bytes) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What pages are made of, in a house of which Django is the smallest part; one path ends the thread that makes it."""
    bodies: list[bytes] = []

    class Made(list[bytes]):
        def close(self) -> None:
            pass

    def page(environ: Any, start_response: Any) -> Made:
        bodies.append(environ["wsgi.input"].read())
        if environ["PATH_INFO"] == "/exit/":
            raise SystemExit
        start_response("200 OK", [("X-Latin", environ["HTTP_X_LATIN"])])
        return Made([environ["QUERY_STRING"].encode()])

    monkeypatch.setattr(answering, "pages", page)
    monkeypatch.setattr(answering.log, "exception", lambda _words: None)
    monkeypatch.setattr(answering.connections, "close_all", lambda: None)
    return bodies


def test_heads_travel_byte_by_byte(made: list[bytes]) -> None:
    async def browse() -> None:
        async with lent(answering.answer_on) as house:
            begun, ended = await fetch(house)
            assert begun["headers"] == [(b"x-latin", b"\xe9")]
            assert ended["body"] == b"a=%C3%A9"

    asyncio.run(browse())


def test_what_is_left_of_a_form_that_could_not_be_kept_is_no_question(
    made: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = wire.question("page", {"path": "/forged/"}, [])
    forged = [question.ljust(wire.PIECE_BYTES, b" "), question * 3]

    async def browse() -> None:
        async with lent(answering.answer_on) as house:
            with monkeypatch.context() as full:
                full.setattr(answering, "SpooledTemporaryFile", _Full)
                with pytest.raises(NotAnswered):
                    await fetch(house, "POST", body=forged)
            assert made == []
            assert (await fetch(house))[0]["status"] == 200
        assert not lost

    asyncio.run(browse())


def test_a_page_that_would_end_its_thread_does_not(made: list[bytes]) -> None:
    async def browse() -> None:
        async with lent(answering.answer_on) as house:
            with pytest.raises(NotAnswered):
                await fetch(house, path="/exit/")
            assert (await fetch(house))[0]["status"] == 200

    asyncio.run(browse())


@pytest.mark.parametrize("last", [b"", wire.piece(b"and now"), wire.piece(b"and now")[:-3]])
def test_a_form_that_was_cut_off_is_no_form(made: list[bytes], last: bytes) -> None:
    ours, theirs = socket.socketpair()
    asked = {"method": "POST", "path": "/", "query_string": "", "http_version": "1.1"}
    theirs.sendall(wire.question("page", asked, []) + wire.piece(b"a" * 1000) + last)
    theirs.close()
    answering.answer_on(ours)
    assert made == []


# -- What happens is told ------------------------------------------------------------------------------------------------


def heard(news: front_process.News) -> list[Any]:
    """What the front hears until it is told to stop."""
    ours, theirs = socket.socketpair()
    speaking = threading.Thread(target=news.speak, args=(ours,))
    speaking.start()
    told: list[Any] = []
    with ours, theirs, theirs.makefile("rb") as source:
        while (frames := pickle.loads(wire.read_word(source))) is not None:
            told += frames
            theirs.sendall(HEARD)
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


def test_whether_a_front_still_hears_is_looked_at_also_where_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_process, "LOOKS_EVERY_SECONDS", 0.05)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.2)
        with pytest.raises(TimeoutError):
            front_process.News().speak(ours)
        assert pickle.loads(wire.read_word(theirs.makefile("rb"))) == []


# -- Who comes when all are taken ----------------------------------------------------------------------------------------


def test_whoever_waits_for_a_line_gets_it_in_the_order_they_came() -> None:
    async def wait() -> list[str]:
        free, served = lines.Lines(), list[str]()
        line = lines.Line(None, None)  # type: ignore[arg-type]

        async def take(name: str) -> None:
            taken = await free.take()
            served.append(name)
            free.give(taken)

        tasks = [asyncio.create_task(take(name)) for name in ("first", "second", "gone", "third")]
        await asyncio.sleep(0)
        tasks[2].cancel()
        free.give(line)
        tasks.append(asyncio.create_task(take("newcomer")))
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await free.take() is line  # none was lost
        return served

    assert asyncio.run(wait()) == ["first", "second", "third", "newcomer"]


def test_a_line_given_to_somebody_who_leaves_at_that_instant_goes_to_the_next() -> None:
    async def wait() -> None:
        free, line = lines.Lines(), lines.Line(None, None)  # type: ignore[arg-type]
        leaves, stays = asyncio.create_task(free.take()), asyncio.create_task(free.take())
        await asyncio.sleep(0)
        free.give(line)
        leaves.cancel()
        async with asyncio.timeout(5):
            assert await stays is line

    asyncio.run(wait())


def test_a_stream_that_is_being_opened_when_all_end_ends_too() -> None:
    asked, go = threading.Event(), threading.Event()

    def slowly(name: str, _given: Any) -> Iterator[bytes]:
        asked.set()
        go.wait(10)
        yield wire.told(Audience(frozenset({1})) if name == "audience" else [])

    async def browse() -> None:
        sent: list[Any] = []

        async def keep(message: Any) -> None:
            sent.append(message)

        async with answered(slowly) as (house, _asked):
            front = Front(house, LIMIT_BYTES)
            stream = asyncio.create_task(front(scope(path="/events"), asyncio.Event().wait, keep))  # type: ignore[arg-type]
            await asyncio.to_thread(asked.wait, 10)
            front.end()
            go.set()
            async with asyncio.timeout(10):
                await stream
            assert sent[0]["status"] == 200
            assert not sent[-1].get("more_body")

    asyncio.run(browse())
