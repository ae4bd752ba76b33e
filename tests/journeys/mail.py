"""Mail servers at both ends of the journeys: one that takes what is sent, scripted where a day goes badly."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from tests.servers.smtp import Scripted, scripted_smtp


@contextmanager
def sends_to(settings, script: Scripted | None = None) -> Iterator[Scripted]:
    """Have the installation send through a server that follows the script."""
    with scripted_smtp(script) as server:
        settings.SMTP_URL = f"smtp://127.0.0.1:{server.port}?tls=none"
        yield server


def letters(server: Scripted) -> list[EmailMessage]:
    """The mails a server took, read."""
    return [email.message_from_bytes(taken.content, policy=email.policy.default) for taken in server.taken]
