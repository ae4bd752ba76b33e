"""The real mail servers of these tests, and mails made for them."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sociable.channels.base import Outgoing, Parsed
from sociable.channels.email.adapter import EmailAdapter
from sociable.channels.email.door import Envelope, MailDoor
from sociable.channels.email.parse import parse
from tests.conftest import IN_CI, require
from tests.servers.dovecot import PASSWORD, Dovecot, private_dovecot
from tests.servers.postfix import Postfix, private_postfix

FETCHED_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A real IMAP server, up for all tests that only talk to it."""
    with private_dovecot(require("dovecot")) as server:
        yield server


@pytest.fixture
def own_dovecot() -> Iterator[Dovecot]:
    """A real IMAP server for one test, which may take it down."""
    with private_dovecot(require("dovecot")) as server:
        yield server


@pytest.fixture(scope="session")
def through_the_door() -> list[Envelope]:
    """What came through our own door, of all tests."""
    return []


@pytest.fixture
def box(through_the_door: list[Envelope]) -> list[Envelope]:
    """What came through our own door in this test."""
    through_the_door.clear()
    return through_the_door


@pytest.fixture(scope="session")
def door(through_the_door: list[Envelope]) -> Iterator[MailDoor]:
    """An LMTP door of our own."""
    door = MailDoor("127.0.0.1", 0, through_the_door.append, lambda address: True, lmtp=True)
    door.start()
    yield door
    door.stop()


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot, door: MailDoor) -> Iterator[Postfix]:
    """A real SMTP server that delivers to our own door."""
    program = require("postfix")
    if os.geteuid() != 0:
        (pytest.fail if IN_CI else pytest.skip)("Postfix can only be started by root")
    with private_postfix(program, dovecot, door.port) as server:
        yield server


@pytest.fixture
def mailbox_of(dovecot: Dovecot) -> Iterator[Callable[..., EmailAdapter]]:
    """Makes adapters for a mailbox of the running IMAP server, and hangs up afterwards."""
    made: list[EmailAdapter] = []

    def make(server: Dovecot | None = None, **settings: Any) -> EmailAdapter:
        made.append(EmailAdapter.from_settings(imap_settings(server or dovecot) | settings))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


def imap_settings(server: Dovecot) -> dict[str, Any]:
    return {
        "address": "help@leeds.test",
        "imap_host": "localhost",
        "imap_port": server.imaps_port,
        "imap_user": "help@leeds.test",
        "imap_password": PASSWORD,
        "ca_file": str(server.certificate.cert),
        "timeout_seconds": 10,
    }


def outgoing(**facts: Any) -> Outgoing:
    given: dict[str, Any] = {
        "message_id": "<c.aa.ab.sig@leeds.test>",
        "from_address": "help@leeds.test",
        "from_name": "Help team",
        "reply_to": "",
        "to": ("tom@example.test",),
        "subject": "Your bin",
        "text": "We come on Friday.\n",
        "sent_at": FETCHED_AT,
    }
    return Outgoing(**given | facts)


def read(content: bytes | str, **facts: Any) -> Parsed:
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return parse(raw.replace(b"\r\n", b"\n"), **{"fetched_at": FETCHED_AT} | facts)
