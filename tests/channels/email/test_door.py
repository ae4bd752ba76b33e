"""The built-in mail door, spoken to by real clients: yes is said only once a mail is stored."""

import smtplib
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from sociable.channels.base import ChannelError
from sociable.channels.email.door import MOST_RECIPIENTS, Envelope, MailDoor
from sociable.channels.email.parse import remote_id

MAIL = b"Subject: hi\r\n\r\nhello\r\n"


def ours(address: str) -> bool:
    return address.endswith("@leeds.test")


@contextmanager
def open_door(
    accept: Callable[[Envelope], None], knows: Callable[[str], bool] = ours, **options: Any
) -> Iterator[MailDoor]:
    door = MailDoor("127.0.0.1", 0, accept, knows, **options)
    door.start()
    try:
        yield door
    finally:
        door.stop()


def hand_in(
    door: MailDoor, content: bytes = MAIL, to: tuple[str, ...] = ("help@leeds.test",)
) -> dict[str, tuple[int, bytes]]:
    client = smtplib.LMTP if door.lmtp else smtplib.SMTP
    with client("127.0.0.1", door.port) as smtp:
        return smtp.sendmail("tom@example.test", list(to), content, mail_options=["SMTPUTF8"])


@pytest.mark.parametrize("lmtp", [False, True])
def test_a_mail_is_taken_as_it_came(*, lmtp: bool) -> None:
    box: list[Envelope] = []
    content = b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\n.dot\r\n\xff\xfe raw bytes\r\n"
    with open_door(box.append, lmtp=lmtp) as door:
        hand_in(door, content, ("Help@Leeds.Test",))
    assert box == [Envelope("tom@example.test", ("help@leeds.test",), "127.0.0.1", content, remote_id(content))]


def test_lmtp_is_owed_an_answer_for_each_recipient() -> None:
    box: list[Envelope] = []
    with open_door(box.append, lmtp=True) as door, socket.create_connection(("127.0.0.1", door.port)) as line:
        said = line.makefile("rwb")
        for words in (
            b"",
            b"LHLO me",
            b"MAIL FROM:<tom@example.test>",
            b"RCPT TO:<help@leeds.test>",
            b"RCPT TO:<bins@leeds.test>",
            b"DATA",
        ):
            if words:
                said.write(words + b"\r\n")
                said.flush()
            answer = said.readline()
            while answer[3:4] == b"-":
                answer = said.readline()
        assert answer.startswith(b"354")
        said.write(MAIL + b".\r\nNOOP\r\n")
        said.flush()
        answers = [said.readline() for _ in range(3)]
    assert answers[:2] == [b"250 2.0.0 Stored.\r\n"] * 2
    assert answers[2].startswith(b"250")
    assert b"Stored" not in answers[2]
    assert len(box) == 1


def test_an_address_that_is_not_ours_is_refused_at_once() -> None:
    box: list[Envelope] = []
    with open_door(box.append) as door, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        hand_in(door, to=("help@elsewhere.test",))
    assert refused.value.recipients["help@elsewhere.test"][0] == 550
    assert box == []


def test_a_full_disk_is_passing_trouble() -> None:
    def accept(envelope: Envelope) -> None:
        with Path("/dev/full").open("wb") as disk:
            disk.write(envelope.content)

    with open_door(accept) as door, pytest.raises(smtplib.SMTPDataError) as refused:
        hand_in(door)
    assert refused.value.smtp_code == 451
    assert b"try again later" in refused.value.smtp_error


def test_a_locked_database_is_passing_trouble_and_the_next_try_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "raw.sqlite3"

    def accept(envelope: Envelope) -> None:
        connection = sqlite3.connect(path, timeout=0.05)
        try:
            with connection:
                connection.execute("INSERT INTO raw VALUES (?)", (envelope.content,))
        finally:
            connection.close()

    other = sqlite3.connect(path)
    other.execute("CREATE TABLE raw (content BLOB)")
    with open_door(accept) as door:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(smtplib.SMTPDataError) as refused:
            hand_in(door)
        other.rollback()
        assert refused.value.smtp_code == 451
        hand_in(door)
    assert other.execute("SELECT count(*) FROM raw").fetchone() == (1,)
    other.close()


def test_a_refusal_for_good_is_told_in_its_own_words() -> None:
    def accept(envelope: Envelope) -> None:
        raise ChannelError("This account\nhas closed.", permanent=True)

    with open_door(accept) as door, pytest.raises(smtplib.SMTPDataError) as refused:
        hand_in(door)
    assert refused.value.smtp_code == 554
    assert b"This account has closed." in refused.value.smtp_error


def test_an_address_that_cannot_be_looked_up_is_not_refused_for_good() -> None:
    def knows(address: str) -> bool:
        raise sqlite3.OperationalError("database is locked")

    with open_door(lambda envelope: None, knows) as door, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        hand_in(door)
    assert refused.value.recipients["help@leeds.test"][0] == 451


def test_a_mail_past_the_limit_is_refused_with_or_without_warning() -> None:
    box: list[Envelope] = []
    big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" * 20_000
    with open_door(box.append, size_limit_bytes=10_000) as door:
        with pytest.raises(smtplib.SMTPSenderRefused) as announced:
            hand_in(door, big)
        with smtplib.SMTP("127.0.0.1", door.port) as smtp:
            smtp.helo()
            smtp.mail("tom@example.test")
            smtp.rcpt("help@leeds.test")
            assert smtp.data(big)[0] == 552
            assert smtp.noop()[0] == 250
    assert announced.value.smtp_code == 552
    assert box == []


def test_long_lines_are_taken() -> None:
    box: list[Envelope] = []
    content = b"Subject: long\r\n\r\n" + b"x" * 500_000 + b"\r\n"
    with open_door(box.append) as door, smtplib.SMTP("127.0.0.1", door.port) as smtp:
        smtp.sendmail("tom@example.test", ["help@leeds.test"], content)
    assert box[0].content == content


def test_too_many_recipients_are_asked_to_come_in_two_goes() -> None:
    box: list[Envelope] = []
    people = tuple(f"p{number}@leeds.test" for number in range(MOST_RECIPIENTS + 2))
    with open_door(box.append) as door:
        refused = hand_in(door, to=people)
    assert {code for code, _ in refused.values()} == {452}
    assert len(refused) == 2
    assert len(box[0].recipients) == MOST_RECIPIENTS


def test_a_slow_store_holds_nobody_else_up_and_closing_waits_for_it() -> None:
    storing, go_on, box = threading.Event(), threading.Event(), []

    def accept(envelope: Envelope) -> None:
        storing.set()
        if b"slow" in envelope.content:
            go_on.wait(60)
        box.append(envelope)

    with open_door(accept) as door, ThreadPoolExecutor(2) as threads:
        slow = threads.submit(hand_in, door, b"Subject: slow\r\n\r\nx\r\n")
        assert storing.wait(60)
        hand_in(door)
        assert len(box) == 1
        closing = threads.submit(door.stop)
        go_on.set()
        assert slow.result(60) == {}
        closing.result(60)
    assert len(box) == 2


def test_a_client_that_vanishes_leaves_nothing() -> None:
    box: list[Envelope] = []
    with open_door(box.append) as door:
        with socket.create_connection(("127.0.0.1", door.port)) as line:
            line.sendall(b"HELO me\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<help@leeds.test>\r\nDATA\r\nSubject: half\r\n")
        hand_in(door)
    assert [envelope.content for envelope in box] == [MAIL]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        door = MailDoor("127.0.0.1", taken.getsockname()[1], lambda envelope: None, ours)
        with pytest.raises(ChannelError, match="cannot open at"):
            door.start()
        door.stop()


def test_closing_twice_and_opening_again() -> None:
    box: list[Envelope] = []
    door = MailDoor("127.0.0.1", 0, box.append, ours)
    for _ in range(2):
        door.start()
        hand_in(door)
        door.stop()
        door.stop()
    assert len(box) == 2
    with suppress(OSError), socket.create_connection(("127.0.0.1", door.port), timeout=1):
        pytest.fail("the door is still open")
