"""Opens the built-in mail door: takes mails by SMTP or LMTP and says yes only once they are stored.

Leaves storing, and knowing which addresses are ours, to the two callables it is given.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as Transaction

from sociable.channels.base import ChannelError
from sociable.channels.email.address import normalise_address
from sociable.channels.email.parse import remote_id

MEBIBYTE_BYTES = 1024 * 1024
LONGEST_LINE_BYTES = 4 * MEBIBYTE_BYTES  # far past what RFC 5321 allows: some programs send a mail as one line
MOST_RECIPIENTS = 100
STORING_THREADS = 4
START_TIMEOUT_SECONDS = 30

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail at the door: from whom, for whom, from which machine, and its bytes as they came."""

    mail_from: str
    recipients: tuple[str, ...]
    peer: str
    content: bytes
    remote_id: str


class MailDoor:
    """A mail server of our own, in a thread of its own.

    `accept` stores a mail for good or raises: then the sender is told to try again (451), or, for a
    `ChannelError` that is permanent, not to (554). `knows_address` says which recipients are ours. Both are
    called in a few threads beside the door's, so a slow disk never holds up the next mail.

    Units: size_limit and timeout are bytes and seconds; port 0 takes any free one, told by `port` after start
    """

    def __init__(
        self,
        host: str,
        port: int,
        accept: Callable[[Envelope], None],
        knows_address: Callable[[str], bool],
        *,
        size_limit_bytes: int = 50 * MEBIBYTE_BYTES,
        lmtp: bool = False,
        tls_context: ssl.SSLContext | None = None,
        hostname: str = "localhost",
        timeout_seconds: int = 300,
    ) -> None:
        self.host = host
        self.port = port
        self.lmtp = lmtp
        self._accept = accept
        self._knows_address = knows_address
        self._options: dict[str, Any] = {
            "data_size_limit": size_limit_bytes,
            "enable_SMTPUTF8": True,
            "hostname": hostname,
            "ident": "Sociable",
            "tls_context": tls_context,
            "timeout": timeout_seconds,
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._refused: OSError | None = None

    def start(self) -> None:
        """Open the door, and return once it is open.

        Errors: ChannelError when the port cannot be had
        """
        self._started.clear()
        self._thread = threading.Thread(target=self._run, name="mail-door", daemon=True)
        self._thread.start()
        opened = self._started.wait(START_TIMEOUT_SECONDS)
        if self._refused or not opened:
            reason = self._refused or "it took too long"
            raise ChannelError(f"The mail door cannot open at {self.host}:{self.port}: {reason}.", permanent=True)

    def stop(self) -> None:
        """Close the door: mails being stored are stored, and their senders told, first."""
        if self._loop and self._thread and self._thread.is_alive():
            with suppress(RuntimeError):  # it could not open, and its loop has just ended by itself
                self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        self._loop = self._thread = None

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._closing, self._refused = asyncio.get_running_loop(), asyncio.Event(), None
        protocols: set[_Smtp | _Lmtp] = set()
        with ThreadPoolExecutor(STORING_THREADS, thread_name_prefix="mail-door-store") as threads:
            desk = _Desk(self._accept, self._knows_address, threads, answers_each=self.lmtp)
            kind = _Lmtp if self.lmtp else _Smtp

            def welcome() -> _Smtp | _Lmtp:
                protocol = kind(desk, loop=asyncio.get_running_loop(), **self._options)
                protocol.present = protocols
                return protocol

            try:
                server = await asyncio.get_running_loop().create_server(welcome, self.host, self.port)
            except OSError as error:
                self._refused = error
                self._started.set()
                return
            self.port = server.sockets[0].getsockname()[1]
            self._started.set()
            await self._closing.wait()
            server.close()
            await desk.finish()
            for protocol in list(protocols):
                protocol.hang_up()
            await server.wait_closed()


class _Desk:
    """Answers what the protocol asks: is this recipient ours, and is this mail stored?"""

    def __init__(
        self,
        accept: Callable[[Envelope], None],
        knows_address: Callable[[str], bool],
        threads: ThreadPoolExecutor,
        *,
        answers_each: bool,
    ) -> None:
        self._accept = accept
        self._knows_address = knows_address
        self._threads = threads
        self._answers_each = answers_each
        self._storing = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, _server: SMTP, session: Session, transaction: Transaction, address: str, _options: list[str]
    ) -> str:
        """Take a recipient that is ours."""
        if len(transaction.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients in one go; send the rest in another."
        try:
            known = await self._in_thread(self._knows_address, normalise_address(address))
        except Exception as error:  # noqa: BLE001 - whatever is wrong here, the sender must keep the mail and come back
            log.warning("mail_door_cannot_look_up_address", peer=_peer(session), error=type(error).__name__)
            return "451 4.3.0 We cannot look up this address just now. Please try again later."
        if not known:
            return "550 5.1.1 There is no such address here."
        transaction.rcpt_tos.append(address)
        return "250 2.1.5 This address is ours."

    async def handle_DATA(self, _server: SMTP, session: Session, transaction: Transaction) -> str:  # noqa: N802
        """Store the mail, then say so; LMTP is owed an answer for each recipient."""
        content = bytes(transaction.original_content or b"")
        envelope = Envelope(
            mail_from=transaction.mail_from or "",
            recipients=tuple(normalise_address(address) for address in transaction.rcpt_tos),
            peer=_peer(session),
            content=content,
            remote_id=remote_id(content),
        )
        answer = await self._store(envelope)
        return "\r\n".join([answer] * (len(envelope.recipients) if self._answers_each else 1))

    async def finish(self) -> None:
        """Wait until no mail is being stored."""
        await self._idle.wait()

    async def _store(self, envelope: Envelope) -> str:
        self._storing += 1
        self._idle.clear()
        try:
            await self._in_thread(self._accept, envelope)
        except ChannelError as error:
            return f"{'554 5.7.0' if error.permanent else '451 4.3.0'} {_line(error.message)}"
        except Exception as error:  # noqa: BLE001 - disk full, database locked: the sender keeps the mail and comes back
            log.warning("mail_door_could_not_store", remote_id=envelope.remote_id, error=type(error).__name__)
            return "451 4.3.0 We could not store this mail just now. Please try again later."
        finally:
            self._storing -= 1
            if not self._storing:
                self._idle.set()
        return "250 2.0.0 Stored."

    async def _in_thread(self, call: Callable[[Any], Any], value: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, value)


class _Present:
    """Keeps a list of who is at the door, so that nobody is left hanging when it closes."""

    present: set[Any]
    line_length_limit = LONGEST_LINE_BYTES

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.present.add(self)
        super().connection_made(transport)  # type: ignore[misc]

    def connection_lost(self, error: Exception | None) -> None:
        self.present.discard(self)
        super().connection_lost(error)  # type: ignore[misc]

    def hang_up(self) -> None:
        """Close this connection; what was being written is written."""
        if transport := getattr(self, "transport", None):
            transport.close()


class _Smtp(_Present, SMTP):
    """SMTP as aiosmtpd speaks it."""


class _Lmtp(_Present, LMTP):
    """LMTP as aiosmtpd speaks it."""


def _peer(session: Session) -> str:
    peer: object = session.peer  # said to be text, and is an address and port where there is a network
    return str(peer[0]) if isinstance(peer, tuple) else str(peer or "")


def _line(text: str) -> str:
    return " ".join(text.split())[:400]
