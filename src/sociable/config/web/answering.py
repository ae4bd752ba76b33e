"""Answers what the front asks: pages, and what streams want to know; each line to it is a thread here.

Who may hear what is decided here, from the session; what pages say, in their rooms; how a stream is told, in live/stream.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from socket import socket
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from a2wsgi.wsgi import build_environ
from django.conf import settings
from django.contrib import auth
from django.db import close_old_connections, connections
from django.http import HttpRequest

from sociable.config.turns import Turns
from sociable.config.web import chat_answers, wire
from sociable.config.web.headers import Heads, as_bytes
from sociable.config.wsgi import application as pages
from sociable.conversations.models import Conversation
from sociable.directory.models import Account
from sociable.live import queries
from sociable.live.hub import Frame
from sociable.live.stream import Audience, Headers

log = logging.getLogger(__name__)
# Enough that some are left while others wait for the disk: where it holds a flush for a second, that is whoever wrote meanwhile.
# A server elsewhere has a connection for each.
PAGE_THREADS = 8 if settings.GROWN else 40
STREAM_THREADS = 4
# Python runs one thread at a time, and the more take part the longer each takes; only a server elsewhere works meanwhile.
# Where no turn ends for a tenth of a second those who have theirs count no more, so that a page that waits for a mail server,
# or counts for a second, keeps nobody out; so many of them leave room for what streams ask.
PAGE_TURNS = 3 if settings.GROWN else 1
SLOW_PAGES = 8
SLOW_AFTER_SECONDS = 0.1
BODY_IN_MEMORY_BYTES = 1024 * 1024
SENT_AT_ONCE_BYTES = 64 * 1024
_turns = Turns(PAGE_TURNS, SLOW_AFTER_SECONDS, most=SLOW_PAGES + STREAM_THREADS)


def answer_on(line: socket) -> None:
    """This function will answer what is asked on a line, one after the other, until the front hangs up."""
    try:
        with line, line.makefile("rb") as asked:
            while True:
                name, *given = json.loads(wire.read_word(asked))
                if name == "page":
                    scope, headers = given
                    _answer_page(scope, headers, asked, line)
                else:
                    _say(line, [_answer(name, given)])
    except wire.HungUp:
        log.debug("the front hung up")
    except (wire.CutOff, ValueError, TypeError):  # no question that anybody asks; the front begins anew
        log.exception("the front asked what is no question")
    finally:
        connections.close_all()


def _answer_page(scope: dict[str, Any], headers: Heads, asked: IO[bytes], line: socket) -> None:
    """What is made is sent in one go; only what is large goes piece by piece."""
    begun: list[tuple[int, Headers]] = []

    def start_response(status: str, told: Heads, _error: object = None) -> None:
        begun.append((int(status.split(" ", 1)[0]), as_bytes([(name.lower(), value.strip()) for name, value in told])))

    try:
        with SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
            _take(asked, body)
            made = _in_turn(_environ(scope, headers, body), start_response)
            try:
                left = _send([wire.told(begun[-1])], made, line)
            finally:
                made.close()
    except wire.HungUp:
        raise
    except BaseException:  # whatever it was, the line goes on with the next
        log.exception("a page broke off")
        left = [wire.CUT_OFF]
    _say(line, left)


def _take(asked: IO[bytes], body: IO[bytes]) -> None:
    """All of a body is read, also where it cannot be kept. Errors: OSError."""
    kept = wire.Kept(body)
    while piece := wire.read_piece(asked):
        kept.add(piece)
    kept.check()
    body.seek(0)


def _environ(scope: dict[str, Any], headers: Heads, body: IO[bytes]) -> Any:
    told = scope | {"headers": as_bytes(headers), "query_string": scope["query_string"].encode("latin-1")}
    return build_environ(cast("Any", told), cast("Any", body))


def _in_turn(environ: Any, start_response: Any) -> Any:
    """The page is made in a turn; sending it, to however slow a browser, takes none."""
    with _turns.turn():
        return pages(environ, start_response)


def _send(head: list[bytes], made: Any, line: socket) -> list[bytes]:
    """Send all but the last of a page, which is returned."""
    kept, size = head, 0
    for content in made:
        if content:
            kept.append(wire.piece(content))
            size += len(content)
        if size > SENT_AT_ONCE_BYTES:
            _say(line, kept)
            kept, size = [], 0
    return [*kept, wire.END]


def _say(line: socket, frames: Sequence[bytes]) -> None:
    try:
        line.sendall(b"".join(frames))
    except OSError as error:
        raise wire.HungUp from error


def _answer(name: str, given: Sequence[Any]) -> bytes:
    """What a stream asked, looked up in a turn, on a connection to the database that was looked after."""
    with _turns.turn():
        close_old_connections()
        try:
            return wire.told(_QUESTIONS[name](*given))
        except Exception:
            log.exception("a stream could not be told")
            return wire.CUT_OFF
        finally:
            close_old_connections()


def _audience(cookies: str) -> Audience | None:
    """What the owner of a session may hear; None where the session has ended or its owner may no longer sign in."""
    session_key = _session_key(cookies)
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


def _session_key(cookies: str) -> str:
    try:
        morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _missed(after: int, accounts: list[int], conversations: list[int], person_id: int | None) -> list[Frame]:
    """By what the front was told a moment ago: a thousand desks that come back at once are looked up once each."""
    audience = Audience(frozenset(accounts), frozenset(conversations), person_id)
    return queries.missed(after, audience.may_hear)


_QUESTIONS: dict[str, Callable[..., Any]] = {
    "audience": _audience,
    "missed": _missed,
    "chat_allowed": chat_answers.allowed,
    "chat": chat_answers.new,
    "who_writes": chat_answers.who_writes,
    "still": chat_answers.still,
}
