"""The web as browsers meet it: streams are held here, for as long as their pages stay open, and every other address is the house's.

Nothing here knows tables: who may hear what, and all that pages say, is asked of the house; how a stream is told, in live/stream.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sociable.config.web import chat_stream
from sociable.config.web.headers import as_words, last_seen
from sociable.config.web.house import House, Scope, say
from sociable.live import hub
from sociable.live.hub import END, Frame
from sociable.live.stream import Audience, Listener, Receive, Send

BODY_IN_MEMORY_BYTES = 1024 * 1024
HEAD_LIMIT_BYTES = 64 * 1024
STOPS_WITHIN_SECONDS = 8  # and whoever is still answered then is not


class Front:
    """One ASGI application: `/events` of the desk and of each chat is answered here, every other address by the house."""

    def __init__(self, house: House, body_limit_bytes: int) -> None:
        self._house, self._body_limit_bytes = house, body_limit_bytes
        self._has_ended = False

    def end(self) -> None:
        """End all streams, those that are being opened too; pages are still answered."""
        self._has_ended = True
        hub.hand_out(END)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/events":
            await self._desk(scope, receive, send)
        elif chat := chat_stream.ADDRESS.fullmatch(scope["path"]):
            if heard := await chat_stream.listener(self._house, chat[1], scope, send):
                await self._tell(heard, receive, heard.caught_up)
        elif scope["method"] in ("GET", "HEAD"):
            await self._house.page(scope, b"", send)
        else:
            await self._once_whole(scope, receive, send)

    async def _once_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A form is handed over when all of it is here: somebody who sends it byte by byte keeps no thread from others."""
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body", False):
            await self._house.page(scope, message.get("body", b""), send)
            return
        with SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
            body.write(message.get("body", b""))
            while message.get("more_body", False) and body.tell() <= self._body_limit_bytes:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body.write(message.get("body", b""))
            if body.tell() > self._body_limit_bytes:
                most = self._body_limit_bytes // 1024 // 1024
                await say(send, 413, f"That was more than {most} MB at once. Go back and send less.")
                return
            body.seek(0)
            await self._house.page(scope, body, send)

    async def _desk(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Changes are told to somebody who is signed in, and nothing to anybody else."""
        if scope["method"] != "GET":
            await say(send, 405, "Only GET.")
            return
        headers = dict(as_words(scope["headers"]))
        cookies = headers.get("cookie", "")

        async def look() -> Audience | None:
            return await self._house.ask("audience", cookies)  # type: ignore[no-any-return]

        audience = await look()
        if audience is None:
            await say(send, 401, "Sign in first.")
            return
        after = last_seen(headers, scope["query_string"])
        listener = Listener(audience, look, send)

        async def missed() -> Sequence[Frame]:
            if after is None:
                return []
            hears = listener.audience
            told: Sequence[Frame] = await self._house.ask(
                "missed", after, list(hears.accounts), list(hears.conversations), hears.person_id
            )
            return told

        await self._tell(listener, receive, missed)

    async def _tell(
        self, listener: Listener, receive: Receive, missed: Callable[[], Awaitable[Sequence[Frame]]]
    ) -> None:
        if self._has_ended:  # which was told before this one was open
            listener.end()
        await listener.serve(receive, missed)


class Requests(HttpToolsProtocol):
    """uvicorn's reader of requests, with a limit to what may come before a request is known: it would keep all of it."""

    _head_bytes: int | None = None

    def data_received(self, data: bytes) -> None:
        """Read what came; refuse a head that does not end."""
        super().data_received(data)
        if self._head_bytes is None:
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_LIMIT_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """The head is over; of what follows the application says how much it takes."""
        super().on_headers_complete()
        self._head_bytes = None


def web(application: Any) -> uvicorn.Config:
    """This function will say how the web is served."""
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http=Requests,
        proxy_headers=False,  # TRUSTED_PROXIES says who may speak for a browser
        server_header=False,
        timeout_graceful_shutdown=STOPS_WITHIN_SECONDS,
    )
