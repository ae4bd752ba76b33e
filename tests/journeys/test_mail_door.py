"""Mail that is sent to us: taken only once it is stored, for each account it is for, and in an example kept for residents too."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.db import OperationalError, connections

from sociable.channels.base import ChannelError
from sociable.channels.email.door import MailDoor
from sociable.config import mail_door
from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.directory.models import Account
from sociable.due.models import DueRow
from sociable.journeys import receive
from sociable.promises.models import Wait
from sociable.public import postbox
from tests.cast import MONDAY_10, at
from tests.servers.ground import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def tidy_threads(monkeypatch):
    """The door's threads keep no connection to a database that is dropped after the test."""
    monkeypatch.setattr(mail_door, "close_old_connections", connections.close_all)


@pytest.fixture
def door(cast, settings, tmp_path) -> Iterator[MailDoor]:
    settings.SMTP_PORT, settings.LMTP_PORT, settings.DATA_DIR = free_port(), 0, tmp_path
    doors = mail_door.open_doors()
    yield doors.open[0]
    doors.stop()


def letter(to: str = "help@ashby.example.org", number: int = 1, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in {
        "From": "dev@example.org",
        "To": to,
        "Subject": "Bin",
        "Message-ID": f"<{number}@example.org>",
        **headers,
    }.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("When is my bin collected?")
    return mail


def send(door, mail: EmailMessage, *to: str) -> dict:
    with smtplib.SMTP("127.0.0.1", door.port, timeout=20) as smtp:
        return smtp.send_message(mail, to_addrs=list(to) or None)


def until(condition) -> None:
    """Reading goes on beside the door, after the sender was told yes."""
    ends_at = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def read() -> bool:
    return RawInbound.objects.exists() and not RawInbound.objects.filter(state="new").exists()


def test_sent_to_an_account_it_is_a_request(door):
    send(door, letter())
    assert RawInbound.objects.get().recipients == ["help@ashby.example.org"]
    until(read)
    assert Wait.objects.get().conversation.account.slug == "help"


def test_sent_to_two_accounts_each_stores_it_with_its_own_recipients(door):
    send(door, letter(), "help@ashby.example.org", "clinic@vale.example.org", "CLINIC@vale.example.org")
    until(read)
    assert {raw.account.slug: raw.recipients for raw in RawInbound.objects.select_related("account")} == {
        "help": ["help@ashby.example.org"],
        "clinic": ["clinic@vale.example.org"],
    }
    assert Wait.objects.count() == 2


def test_an_answer_to_the_signed_address_joins_its_conversation(door, cast):
    asked = cast.mail()
    signed = cast.reply_to(asked.conversation)
    assert "+r." in signed
    send(door, letter(signed, 2))
    until(read)
    assert Message.objects.filter(conversation=asked.conversation, direction="in").count() == 2
    assert Conversation.objects.count() == 1


def test_delivered_twice_it_is_stored_once(door):
    send(door, letter())
    send(door, letter())
    until(read)
    assert RawInbound.objects.count() == Message.objects.count() == 1


def test_in_a_real_installation_only_our_own_addresses_are_taken(door, settings):
    settings.EXAMPLE = False
    for stranger in ("dev@example.org", "help+r.aa.bb@elsewhere.example", "help@ashby.example.orgg"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(door, letter(), stranger)
        assert refused.value.recipients[stranger][0] == 550
    assert send(door, letter()) == {}


@pytest.mark.parametrize(
    ("stage", "taken"), [("learning", True), ("live", True), ("resting", True), ("proposed", False), ("closed", False)]
)
def test_an_account_hears_mail_in_the_stages_in_which_it_lives(cast, settings, stage, taken):
    settings.EXAMPLE = False
    Account.objects.filter(slug="help").update(stage=stage)
    assert mail_door.knows_address("help@ashby.example.org") is taken


def test_in_an_example_what_residents_receive_can_be_read(door):
    send(door, letter("dev@example.org"), "dev@example.org", "help@ashby.example.org")
    (kept,) = postbox.letters()
    assert (kept.recipients, kept.subject, kept.from_address) == (("dev@example.org",), "Bin", "dev@example.org")
    assert "When is my bin" in kept.text
    assert RawInbound.objects.get().recipients == ["help@ashby.example.org"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OperationalError("database is locked")])
def test_what_cannot_be_stored_is_left_with_its_sender(door, monkeypatch, error):
    def fail(*given, **named):
        raise error

    monkeypatch.setattr(receive, "store", fail)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(door, letter())
    assert refused.value.smtp_code == 451
    assert not RawInbound.objects.exists()


def test_what_cannot_be_read_is_taken_and_read_later(door, monkeypatch):
    def fail(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receive, "read_all", fail)
    assert send(door, letter()) == {}
    assert RawInbound.objects.get().state == "new"
    assert DueRow.objects.filter(kind="receive", done_at=None).exists()


def test_when_much_comes_at_once_all_of_it_is_read(door):
    with smtplib.SMTP("127.0.0.1", door.port, timeout=20) as smtp:
        for number in range(mail_door.MOST_UNREAD + 10):
            smtp.send_message(letter(number=number))
    until(lambda: read() and RawInbound.objects.count() == mail_door.MOST_UNREAD + 10)
    assert Message.objects.count() == mail_door.MOST_UNREAD + 10


def test_the_newest_letters_are_kept_and_no_other_file_is_read(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(postbox, "MOST_KEPT", 3)
    names = [postbox.keep(b"Subject: %d\r\n\r\nx" % number, ["dev@example.org"], at(10, number)) for number in range(5)]
    assert [letter.subject for letter in postbox.letters()] == ["4", "3", "2"]
    assert postbox.letter(names[4]).at == at(10, 4)
    assert postbox.letter(names[0]) is None
    (tmp_path / "secret_key").write_text("x")
    for name in ("../secret_key", "", ".", names[4] + "/..", "nothing.eml"):
        assert postbox.letter(name) is None


def test_no_letters_before_the_first(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert postbox.letters() == []
    assert postbox.keep(b"", [], MONDAY_10)
    assert len(postbox.letters()) == 1


def test_a_door_that_cannot_be_had_names_the_setting_that_moves_it(door, settings):
    settings.SMTP_PORT = door.port
    with pytest.raises(ChannelError, match=r"Choose another SMTP_PORT\.$"):
        mail_door.open_doors()
