"""Reading a mailbox, against a real IMAP server (Dovecot)."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sociable.channels.base import ChannelError
from sociable.channels.email import mailbox as mailbox_module
from sociable.channels.email.adapter import EmailAdapter
from tests.channels.email.conftest import imap_settings
from tests.conftest import require
from tests.servers.dovecot import TOKEN, Dovecot, private_dovecot

pytestmark = pytest.mark.servers
Mailboxes = Callable[..., EmailAdapter]
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def mail(number: int, size: int = 0) -> bytes:
    return f"From: tom@example.test\r\nSubject: mail {number}\r\nMessage-ID: <{number}@x.test>\r\n\r\nbody {'x' * size}\r\n".encode()


@pytest.fixture
def folder(dovecot: Dovecot, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty folder of its own for each test."""
    name = f"folder{abs(hash(request.node.nodeid))}"
    with dovecot.visit("help@leeds.test") as client:
        client.create_folder(name)
    yield name
    with dovecot.visit("help@leeds.test") as client:
        client.delete_folder(name)


def test_mails_come_in_order_in_batches_and_stay_as_they_were(
    dovecot: Dovecot, folder: str, mailbox_of: Mailboxes
) -> None:
    dovecot.put("help@leeds.test", *(mail(number) for number in range(7)), folder=folder, at=AT)
    adapter, cursor, seen = mailbox_of(folder=folder), "", []
    for more in (True, True, False):
        fetched = adapter.fetch(cursor, limit=3)
        assert fetched.more == more
        assert fetched.cursor == fetched.items[-1].cursor
        seen += fetched.items
        cursor = fetched.cursor
    assert [item.content for item in seen] == [mail(number) for number in range(7)]
    assert {item.received_at for item in seen} == {AT}
    assert all(item.whole for item in seen)
    assert len({item.remote_id for item in seen}) == 7
    assert adapter.fetch(cursor).items == []
    with dovecot.visit("help@leeds.test") as client:
        client.select_folder(folder)
        assert not any(b"\\Seen" in flags for flags in client.get_flags(client.search()).values())


def test_mail_that_somebody_read_or_deleted_is_no_gap(dovecot: Dovecot, folder: str, mailbox_of: Mailboxes) -> None:
    dovecot.put("help@leeds.test", *(mail(number) for number in range(4)), folder=folder)
    with dovecot.visit("help@leeds.test") as client:
        client.select_folder(folder)
        client.add_flags([1, 2], [b"\\Seen"])
        client.delete_messages([3])
        client.expunge()
    contents = [item.content for item in mailbox_of(folder=folder).fetch("").items]
    assert contents == [mail(0), mail(1), mail(3)]


def test_a_new_numbering_is_read_again_and_known_by_its_content(
    dovecot: Dovecot, folder: str, mailbox_of: Mailboxes
) -> None:
    dovecot.put("help@leeds.test", mail(1), mail(2), folder=folder)
    before = mailbox_of(folder=folder).fetch("")
    with dovecot.visit("help@leeds.test") as client:
        client.rename_folder(folder, f"{folder}old")
        client.create_folder(folder)
        client.select_folder(f"{folder}old")
        client.copy([1, 2], folder)
        client.unselect_folder()
        client.delete_folder(f"{folder}old")
    after = mailbox_of(folder=folder).fetch(before.cursor)
    assert after.cursor.partition(":")[0] != before.cursor.partition(":")[0]
    assert [item.remote_id for item in after.items] == [item.remote_id for item in before.items]


@pytest.mark.parametrize("cursor", ["", "1:99", "rubbish", "1:x", ":"])
def test_a_cursor_that_means_nothing_begins_at_the_start(
    cursor: str, dovecot: Dovecot, folder: str, mailbox_of: Mailboxes
) -> None:
    dovecot.put("help@leeds.test", mail(1), folder=folder)
    assert len(mailbox_of(folder=folder).fetch(cursor).items) == 1


def test_a_long_past_can_be_left_out(dovecot: Dovecot, folder: str, mailbox_of: Mailboxes) -> None:
    adapter = mailbox_of(folder=folder)
    empty = adapter.newest_cursor()
    dovecot.put("help@leeds.test", mail(1), folder=folder)
    assert len(adapter.fetch(empty).items) == 1
    cursor = adapter.newest_cursor()
    dovecot.put("help@leeds.test", mail(2), folder=folder)
    assert [item.content for item in adapter.fetch(cursor).items] == [mail(2)]


def test_a_mail_past_the_limit_comes_in_part(dovecot: Dovecot, folder: str, mailbox_of: Mailboxes) -> None:
    big = mail(1, size=1_500_000)
    dovecot.put("help@leeds.test", big, mail(2), folder=folder)
    first, second = mailbox_of(folder=folder, size_limit_bytes=1024 * 1024).fetch("").items
    assert first.content == big[: 1024 * 1024]
    assert first.size_bytes == len(big)
    assert not first.whole
    assert second.content == mail(2)


def test_a_batch_stays_bearable(
    dovecot: Dovecot, folder: str, mailbox_of: Mailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_module, "MOST_BATCH_BYTES", 250_000)
    dovecot.put("help@leeds.test", *(mail(number, size=100_000) for number in range(5)), folder=folder)
    fetched = mailbox_of(folder=folder).fetch("")
    assert len(fetched.items) == 2
    assert fetched.more


def test_idle_wakes_for_new_mail(dovecot: Dovecot, folder: str, mailbox_of: Mailboxes) -> None:
    adapter = mailbox_of(folder=folder)
    cursor = adapter.fetch("").cursor
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(adapter.wait, timedelta(seconds=60))
        dovecot.put("help@leeds.test", mail(1), folder=folder)
        assert waiting.result(timeout=60)
    assert len(adapter.fetch(cursor).items) == 1
    assert not adapter.wait(timedelta(milliseconds=10))


def test_mail_between_two_waits_is_noticed(dovecot: Dovecot, folder: str, mailbox_of: Mailboxes) -> None:
    adapter = mailbox_of(folder=folder)
    adapter.fetch("")
    adapter.wait(timedelta(milliseconds=10))
    dovecot.put("help@leeds.test", mail(1), folder=folder)
    assert adapter.wait(timedelta(seconds=60))


@pytest.mark.parametrize("security", ["ssl", "starttls", "none"])
def test_each_way_to_connect(security: str, dovecot: Dovecot, mailbox_of: Mailboxes) -> None:
    port = dovecot.imaps_port if security == "ssl" else dovecot.imap_port
    findings = mailbox_of(imap_security=security, imap_port=port).check()
    assert [finding.ok for finding in findings] == [True]


def test_a_certificate_nobody_vouches_for_is_refused(mailbox_of: Mailboxes, dovecot: Dovecot) -> None:
    for security, port in (("ssl", dovecot.imaps_port), ("starttls", dovecot.imap_port)):
        with pytest.raises(ChannelError, match="cannot be trusted") as refused:
            mailbox_of(ca_file="", imap_security=security, imap_port=port).fetch("")
        assert not refused.value.permanent


def test_a_refused_log_in_is_told_and_tried_again(own_dovecot: Dovecot, mailbox_of: Mailboxes) -> None:
    adapter = mailbox_of(own_dovecot, imap_password="wrong")
    with pytest.raises(ChannelError, match=r"refused the log-in of help@leeds.test: .*failed") as refused:
        adapter.fetch("")
    assert not refused.value.permanent
    (finding,) = adapter.check()
    assert not finding.ok
    assert "password" in finding.mend


def test_a_folder_that_is_not_there_is_told(mailbox_of: Mailboxes) -> None:
    with pytest.raises(ChannelError, match="would not answer"):
        mailbox_of(folder="Nowhere").fetch("")


def test_a_server_that_goes_down_is_told_and_found_again(own_dovecot: Dovecot, mailbox_of: Mailboxes) -> None:
    adapter = mailbox_of(own_dovecot)
    own_dovecot.put("help@leeds.test", mail(1))
    cursor = adapter.fetch("").cursor
    own_dovecot.stop()
    for _ in range(2):
        with pytest.raises(ChannelError) as trouble:
            adapter.fetch(cursor)
        assert not trouble.value.permanent
        assert trouble.value.message.endswith(".")
    own_dovecot.start()
    own_dovecot.put("help@leeds.test", mail(2))
    assert [item.content for item in adapter.fetch(cursor).items] == [mail(2)]


def test_a_server_that_goes_down_ends_the_wait(own_dovecot: Dovecot, mailbox_of: Mailboxes) -> None:
    adapter = mailbox_of(own_dovecot)
    adapter.fetch("")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(adapter.wait, timedelta(seconds=90))
        own_dovecot.stop()
        with pytest.raises(ChannelError):
            waiting.result(timeout=90)


def test_a_server_that_never_answers_is_given_up(own_dovecot: Dovecot, mailbox_of: Mailboxes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        adapter = mailbox_of(own_dovecot, imap_port=mute.getsockname()[1], imap_security="none", timeout_seconds=1)
        with pytest.raises(ChannelError, match="cannot be reached"):
            adapter.fetch("")


class Introspection(BaseHTTPRequestHandler):
    """Says of one token that it is good, as the log-in service of an organisation does."""

    def do_GET(self) -> None:
        good = f"token={TOKEN}&" in f"{self.path}&"
        said = json.dumps({"active": "true", "email": "help@leeds.test"} if good else {"active": "false"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_a_token_stands_in_for_a_password(mailbox_of: Mailboxes) -> None:
    service = HTTPServer(("127.0.0.1", 0), Introspection)
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{service.server_port}/introspect?token="
        with private_dovecot(require("dovecot"), introspection_url=url) as server:
            server.put("help@leeds.test", mail(1))
            given = imap_settings(server) | {"imap_password": ""}
            good = EmailAdapter.from_settings(given | {"imap_token": TOKEN})
            assert len(good.fetch("").items) == 1
            good.close()
            with pytest.raises(ChannelError, match="refused the log-in"):
                EmailAdapter.from_settings(given | {"imap_token": "expired"}).fetch("")
    finally:
        service.shutdown()
        thread.join()
        service.server_close()


def test_a_mailbox_without_a_server_for_incoming_mail_says_so() -> None:
    with pytest.raises(ChannelError, match="no server for incoming mail"):
        EmailAdapter.from_settings({"address": "help@leeds.test"}).fetch("")
