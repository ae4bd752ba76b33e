"""The whole of the web in one ASGI application: pages in threads, and `/events` for as long as a desk stays open.

Who may hear what is decided here, from the session; how it is told, in live/stream.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from tempfile import SpooledTemporaryFile
from typing import IO, Any, TypeVar, cast
from urllib.parse import parse_qs

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sociable.config.settings")
from sociable.config.wsgi import application as pages  # isort: skip - sets Django up, which everything below needs

from django.conf import settings
from django.contrib import auth
from django.db import close_old_connections
from django.http import HttpRequest

from sociable.config import chat_events
from sociable.config.turns import Turns
from sociable.conversations.models import Conversation
from sociable.directory.models import Account
from sociable.live import queries
from sociable.live.hub import Frame
from sociable.live.stream import Audience, Headers, Listener, Message, Receive, Send
from sociable.public.suspicion import place_of

Scope = dict[str, Any]
Answer = TypeVar("Answer")
ON_SQLITE = "sqlite" in settings.DATABASES["default"]["ENGINE"]
# Enough that some are left while others wait for the disk: where it holds a flush for a second, that is whoever wrote meanwhile.
# A server elsewhere has a connection for each.
PAGE_THREADS = 40 if ON_SQLITE else 8
STREAM_THREADS = 4
# Python runs one thread at a time, and the more take part the longer each takes; only a server elsewhere works meanwhile.
# Where no turn ends for a tenth of a second those who have theirs count no more, so that a page that waits for a mail server,
# or counts for a second, keeps nobody out; so many of them leave room for what streams ask.
PAGE_TURNS = 1 if ON_SQLITE else 3
SLOW_PAGES = 8
PATIENCE_SECONDS = 0.1
BODY_LIMIT_BYTES = 4 * settings.ATTACHMENT_LIMIT_BYTES  # the composer refuses one attachment too many in its own words
BODY_IN_MEMORY_BYTES = 1024 * 1024
_looking = ThreadPoolExecutor(max_workers=STREAM_THREADS, thread_name_prefix="events")
_turns = Turns(PAGE_TURNS, PATIENCE_SECONDS, most=SLOW_PAGES + STREAM_THREADS)


def _in_turn(environ: Any, start_response: Any) -> Any:
    """The page is made in a turn; sending it, to however slow a browser, takes none."""
    with _turns.turn():
        return pages(environ, start_response)


_pages: Any = WSGIMiddleware(
    cast("Any", _in_turn), workers=PAGE_THREADS
)  # its types and Django's name the same shapes differently


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This function will answer `/events` itself, of the desk and of each chat, and leave every other address to the pages."""
    if scope["type"] != "http":
        await _pages(scope, receive, send)
    elif scope["path"] == "/events":
        await events(scope, receive, send)
    elif chat := chat_events.ADDRESS.fullmatch(scope["path"]):
        await _chat(chat[1], scope, receive, send)
    elif scope["method"] in ("GET", "HEAD"):
        await _pages(scope, receive, send)
    else:
        await _once_whole(scope, receive, send)


async def _once_whole(scope: Scope, receive: Receive, send: Send) -> None:
    """A form is handed to a page when all of it is here: somebody who sends it byte by byte keeps no thread from others."""
    with SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
        more = True
        while more and body.tell() <= BODY_LIMIT_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            body.write(message.get("body", b""))
            more = message.get("more_body", False)
        left = body.tell()
        if left > BODY_LIMIT_BYTES:
            most = BODY_LIMIT_BYTES // 1024 // 1024
            await _refuse(send, 413, f"That was more than {most} MB at once. Go back and send less.")
        elif not more:
            body.seek(0)
            await _answer_form(scope, body, send)


async def _answer_form(scope: Scope, body: IO[bytes], send: Send) -> None:
    """What comes of a form is small, a page or less: it is made in one go and sent in one go, once its thread is free again."""
    environ = build_environ(cast("Any", scope), cast("Any", body))
    loop = asyncio.get_running_loop()
    status, headers, content = await loop.run_in_executor(_pages.executor, _made, environ)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _made(environ: Any) -> tuple[int, Headers, bytes]:
    begun: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: Sequence[tuple[str, str]], _error: object = None) -> None:
        told = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
        begun.append((int(status.split(" ", 1)[0]), told))

    pieces = _in_turn(environ, start_response)
    try:
        content = b"".join(pieces)
    finally:
        pieces.close()
    status, headers = begun[-1]
    return status, headers, content


async def events(scope: Scope, receive: Receive, send: Send) -> None:
    """This function will stream changes to somebody who is signed in, and tell anybody else nothing."""
    if scope["method"] != "GET":
        return await _refuse(send, 405, "Only GET.")
    headers = _headers(scope)
    session_key = _session_key(headers.get("cookie", ""))

    async def look() -> Audience | None:
        return await _in_thread(lambda: _audience(session_key))

    audience = await look()
    if audience is None:
        return await _refuse(send, 401, "Sign in first.")
    after = _last_seen(headers, scope["query_string"])
    listener = Listener(audience, look, send)

    async def missed() -> list[Frame]:
        return [] if after is None else await _in_thread(lambda: queries.missed(after, listener.may_hear))

    return await listener.serve(receive, missed)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _chat(slug: str, scope: Scope, receive: Receive, send: Send) -> None:
    headers, peer = _headers(scope), scope.get("client")
    place = place_of(headers.get("x-forwarded-for", ""), peer[0] if peer else "")
    await chat_events.answer(chat_events.Request(slug, scope["method"], headers, place), receive, send, _in_thread)


def _session_key(cookies: str) -> str:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _last_seen(headers: dict[str, str], query: bytes) -> int | None:
    """What the browser heard last: its own header on a reconnection, `?after=` when a page has just been drawn."""
    given = headers.get("last-event-id") or (parse_qs(query.decode("latin-1")).get("after") or [""])[0]
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def _audience(session_key: str) -> Audience | None:
    """What the owner of a session may hear; None where the session has ended or its owner may no longer sign in."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    person = auth.get_user(request)
    if not person.is_authenticated:
        return None
    accounts = frozenset(Account.objects.visible_to(person).values_list("pk", flat=True))
    shared = Conversation.objects.visible_to(person).filter(shares__isnull=False).exclude(account__in=accounts)
    return Audience(accounts, frozenset(shared.values_list("pk", flat=True)), person.pk)


async def _in_thread(ask: Callable[[], Answer]) -> Answer:
    """The database is asked beside the event loop, on a connection that was looked after."""

    def asked() -> Answer:
        with _turns.turn():
            close_old_connections()
            try:
                return ask()
            finally:
                close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_looking, asked)


async def _refuse(send: Callable[[Message], Awaitable[None]], status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words.encode()})
