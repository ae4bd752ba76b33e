"""A mailbox is asked for what is new, on a real IMAP server: nothing skipped, trouble told, and recovered by itself."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from sociable.conversations.models import Message, RawInbound
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow, Pace
from sociable.journeys import fetch, receive
from sociable.live import hub
from sociable.live.models import ChangeEvent
from sociable.promises.models import Wait
from sociable.worker import watch
from tests.cast import at
from tests.conftest import require
from tests.servers.dovecot import PASSWORD, Dovecot, private_dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.servers]
SENT_AT = at(9, 30)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with private_dovecot(require("dovecot")) as server:
        yield server


@pytest.fixture
def mailbox(cast, dovecot) -> Connection:
    """The help account of the council, connected to help@leeds.test."""
    return connect(cast.help, dovecot)


def connect(account: Account, dovecot: Dovecot, user: str = "help@leeds.test", **more) -> Connection:
    settings = {
        "imap_host": "localhost",
        "imap_port": dovecot.imaps_port,
        "imap_user": user,
        "ca_file": str(dovecot.certificate.cert),
        "timeout_seconds": 5,
    }
    made = Connection.objects.create(
        account=account, settings=settings | more, sealed_secrets=connecting.seal({"imap_password": PASSWORD})
    )
    fetch.schedule(made, at(10))
    return made


def mail(number: int) -> bytes:
    return f"From: dev@example.org\r\nMessage-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\nQuestion {number}\r\n".encode()


def put(dovecot: Dovecot, *numbers: int) -> None:
    dovecot.put("help@leeds.test", *map(mail, numbers), at=SENT_AT)


def run(now=None) -> DueRow:
    """Do the fetch that is due."""
    now = now or DueRow.objects.get(kind="fetch").next_at
    (row,) = due.claim(now, 1, ["fetch"])
    fetch.fetch(row, now)
    return DueRow.objects.get(pk=row.pk)


def subjects() -> list[str]:
    return list(Message.objects.filter(direction="in").order_by("pk").values_list("subject", flat=True))


def test_what_is_there_becomes_requests_and_comes_only_once(mailbox, dovecot):
    put(dovecot, 1, 2)
    row = run(at(10))
    assert subjects() == ["1", "2"]
    assert set(Wait.objects.values_list("started_at", flat=True)) == {SENT_AT}  # when the mail server took it
    assert at(10) + timedelta(seconds=45) < row.next_at < at(10) + timedelta(seconds=54)  # well within its interval
    run()
    put(dovecot, 3)
    run()
    assert subjects() == ["1", "2", "3"]
    assert RawInbound.objects.count() == 3


def test_what_somebody_has_read_elsewhere_is_fetched_all_the_same(mailbox, dovecot):
    put(dovecot, 1)
    with dovecot.visit("help@leeds.test") as client:
        client.select_folder("INBOX")
        client.add_flags([1], [b"\\Seen"])
    run(at(10))
    assert subjects() == ["1"]


def test_a_server_that_goes_down_is_trouble_that_is_told_once_and_then_recovered(mailbox, dovecot):
    put(dovecot, 1)
    down_at = run(at(10)).next_at
    dovecot.stop()
    for _ in range(3):
        row = run()
    mailbox.refresh_from_db()
    assert "cannot be reached" in mailbox.trouble
    assert mailbox.trouble_since_at == down_at
    assert list(ChangeEvent.objects.filter(kind__in=["trouble", "recovered"]).values_list("kind", flat=True)) == [
        "trouble"
    ]
    assert row.set_aside_at is None
    dovecot.start()
    put(dovecot, 2)
    now = row.next_at
    run(now)
    mailbox.refresh_from_db()
    assert (mailbox.trouble, mailbox.trouble_since_at, mailbox.recovered_at) == ("", None, now)
    assert ChangeEvent.objects.filter(kind="recovered").count() == 1
    assert subjects() == ["1", "2"]


def test_a_refused_log_in_is_trouble_that_never_gives_up_and_soon_tries_again(mailbox, dovecot):
    put(dovecot, 1)
    Connection.objects.update(sealed_secrets=connecting.seal({"imap_password": "wrong"}))
    row = run(at(10))
    DueRow.objects.update(attempts=due.TRIES + 30)
    row = run()
    mailbox.refresh_from_db()
    assert "refused the log-in" in mailbox.trouble
    assert row.set_aside_at is None
    assert row.next_at - row.due_at < timedelta(minutes=20)
    Connection.objects.update(sealed_secrets=connecting.seal({"imap_password": PASSWORD}))
    run()
    assert subjects() == ["1"]


def test_one_account_in_trouble_leaves_the_others_alone(cast, mailbox, dovecot):
    connect(cast.books, dovecot, "bins@leeds.test", imap_port=1)
    put(dovecot, 1)
    for row in due.claim(at(10), 5, ["fetch"]):
        fetch.fetch(row, at(10))
    assert subjects() == ["1"]
    assert Connection.objects.exclude(trouble="").get().account == cast.books


def test_killed_after_storing_and_before_reading_nothing_is_lost(mailbox, dovecot, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*given):
        raise Killed

    put(dovecot, 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(receive, "read_all", die)
        with pytest.raises(Killed):
            run(at(10))
    assert RawInbound.objects.filter(state="new").count() == 2
    run(at(10) + due.LEASE)  # the fetch comes again and finds nothing new
    assert RawInbound.objects.count() == 2
    (row,) = due.claim(at(10) + receive.NET, 1, ["receive"])
    receive.read_due(row.data, at(10, 2))
    assert subjects() == ["1", "2"]


def test_a_server_that_numbers_its_mails_anew_brings_nothing_twice(mailbox, dovecot):
    put(dovecot, 1, 2)
    run(at(10))
    Connection.objects.update(cursor="1:99999")  # another UIDVALIDITY
    run()
    assert subjects() == ["1", "2"]
    assert RawInbound.objects.count() == 2


def test_one_that_fails_waits_apart_until_it_is_heard_again(mailbox, dovecot):
    dovecot.stop()
    assert run(at(10)).pace == Pace.FAILED
    assert not due.claim(at(11), 5, ["fetch"], paces=[Pace.PROMPT, Pace.SLOW])
    dovecot.start()
    put(dovecot, 1)
    row = run(at(11))
    assert (row.pace, row.last_error) == (Pace.PROMPT, "")


def test_hundreds_that_are_missing_are_not_all_asked_in_one_instant(cast):
    for account in (cast.help, cast.books, cast.clinic):
        Connection.objects.create(account=account)
    assert fetch.schedule_missing(at(10)) == 3
    assert DueRow.objects.filter(kind="fetch").values("due_at").distinct().count() == 3


def test_an_account_that_closed_is_fetched_no_more(mailbox, dovecot):
    Account.objects.filter(pk=mailbox.account_id).update(stage="closed")
    assert run(at(10)).done_at == at(10)
    assert fetch.schedule_missing(at(11)) == 0
    Account.objects.filter(pk=mailbox.account_id).update(stage="live")
    assert fetch.schedule_missing(at(11)) == 1
    assert fetch.schedule_missing(at(11)) == 0


def test_new_mail_while_a_fetch_is_in_hand_is_fetched_right_after(mailbox, dovecot, monkeypatch):
    really = fetch._turn

    def turn(connection, adapter, now):
        more = really(connection, adapter, now)
        put(dovecot, 1)  # after the server was asked
        fetch.hasten(connection.pk, now + timedelta(seconds=1))
        return more

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "_turn", turn)
        row = run(at(10))
    assert row.next_at == at(10) + timedelta(seconds=1)
    run()
    assert subjects() == ["1"]


@pytest.mark.django_db(transaction=True)
def test_new_mail_wakes_the_fetch(mailbox, dovecot, monkeypatch):
    """The watch holds its one row, listens by IDLE, and brings the fetch forward the moment mail arrives."""
    monkeypatch.setattr(watch, "close_old_connections", connections.close_all)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    run(at(10))
    DueRow.objects.filter(kind="fetch").update(
        next_at=timezone.now() + timedelta(hours=1), due_at=timezone.now() + timedelta(hours=1)
    )
    hastened = threading.Event()
    really = fetch.hasten

    def hasten(connection_id, now):
        really(connection_id, now)
        hastened.set()

    monkeypatch.setattr(fetch, "hasten", hasten)
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,))
    thread.start()
    number = 0
    while not hastened.wait(0.5):  # until it listens, there is nothing to tell it
        number += 1
        put(dovecot, number)
        assert number < 60
    stop.set()
    thread.join(20)
    assert DueRow.objects.get(kind="fetch").next_at <= timezone.now()
    assert DueRow.objects.get(kind="watch").claim_id == due.NOBODY  # handed on
    dovecot.stop()  # ends the watch's own thread, which waits for this server
    for each in threading.enumerate():
        if each.name.startswith("watch-"):
            each.join(20)
    connection.close()


def test_one_worker_watches_and_another_takes_over_when_it_is_gone():
    first = watch._keep_or_take(None, at(10))
    assert first is not None
    assert watch._keep_or_take(None, at(10)) is None
    first = watch._keep_or_take(first, at(10, 0))
    assert watch._keep_or_take(None, at(10, 2)) is not None
    assert watch._keep_or_take(first, at(10, 2)) is None


def test_where_more_can_tell_than_can_be_listened_to_each_has_its_turn_as_often(cast, monkeypatch):
    everyone = [Connection.objects.create(account=each).pk for each in (cast.help, cast.books, cast.clinic)]
    assert list(watch._connections(at(10))) == everyone
    monkeypatch.setattr(watch, "MOST", 2)
    turns = [watch._connections(at(10) + number * watch.TURN) for number in range(3)]
    assert all(len(turn) == 2 for turn in turns)
    assert Counter(pk for turn in turns for pk in turn) == dict.fromkeys(everyone, 2)


def test_one_that_leaves_its_place_has_it_until_it_is_gone(cast, monkeypatch):
    """A thread asleep in its socket cannot be woken; there are never more of them than said."""
    stays, began = threading.Event(), []

    def listen(self):
        began.append(self.connection.pk)
        stays.wait(20)
        self.stop.set()

    monkeypatch.setattr(watch.Watch, "_listen", listen)
    monkeypatch.setattr(watch, "MOST", 1)
    first, second = (Connection.objects.create(account=each) for each in (cast.help, cast.books))
    watched: dict[int, watch.Watch] = {}
    leaving = watch._match(watched, [], {first.pk: first})
    leaving = watch._match(watched, leaving, {second.pk: second})
    assert (list(watched), len(leaving)) == ([], 1)
    stays.set()
    leaving[0].thread.join(20)
    assert watch._match(watched, leaving, {second.pk: second}) == []
    assert list(watched) == [second.pk]
    watched[second.pk].thread.join(20)
    assert began == [first.pk, second.pk]


def test_waking_is_a_hint_to_workers(mailbox, django_capture_on_commit_callbacks):
    run(at(10))
    seen = hub.wakes()
    with django_capture_on_commit_callbacks(execute=True):
        fetch.hasten(mailbox.pk, at(10, 0))
    assert connection.vendor == "postgresql" or hub.wakes() > seen
