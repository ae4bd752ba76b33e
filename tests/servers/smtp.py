"""Runs a scripted SMTP server (aiosmtpd) that says or does at one step what a real one does only on a bad day.

Leaves ordinary sending to Postfix.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.servers.ground import free_port


@dataclass
class Scripted:
    """What it says at each step (empty means yes), and what it took."""

    mail: str = ""
    recipients: dict[str, str] = field(default_factory=dict)
    data: str = ""
    hangs_up_after_data: bool = False
    says_nothing_after_data: bool = False
    taken: list[Envelope] = field(default_factory=list)
    port: int = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.mail:
            envelope.mail_from = address
        return self.mail or "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.recipients.get(address, "")
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self.data:
            self.taken.append(envelope)
        if self.hangs_up_after_data:
            server.transport.abort()
        if self.says_nothing_after_data:
            await asyncio.sleep(60)  # ended with the connection, when the client loses patience
        return self.data or "250 queued"


@contextmanager
def scripted_smtp(script: Scripted | None = None, **options: object) -> Iterator[Scripted]:
    """Yield a server that follows the script; further options go to aiosmtpd."""
    script = script or Scripted()
    script.port = free_port()
    controller = Controller(script, hostname="127.0.0.1", port=script.port, **options)
    controller.start()
    try:
        yield script
    finally:
        controller.stop()
