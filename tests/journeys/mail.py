"""Mail servers at both ends of the journeys: one that takes what is sent, scripted where a day goes badly."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
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


def hand_over(now: datetime, kind: str = "email") -> int:
    """What the worker does of notices that are due by a kind of route, with the real carrier; how many there were."""
    from sociable.channels.base import ChannelError
    from sociable.channels.notices.carriers import CARRIERS
    from sociable.due import services as due
    from sociable.journeys import notify
    from sociable.journeys.notify import Outcome

    outcomes = []
    for errand in notify.begin(due.claim(now, 50, [f"notice-{kind}"]), now):
        try:
            outcomes.append(Outcome(errand, said=CARRIERS[kind].hand_over(errand.parcel)))
        except ChannelError as error:
            outcomes.append(Outcome(errand, error=error))
    notify.finish(outcomes, now)
    return len(outcomes)
