"""Every night what a network had is held against what is here: what was missing is found, listed, fetched and signed for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sociable.conversations.models import Message, RawInbound
from sociable.directory import tallies
from sociable.directory.health_models import Tally
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import answer, became, settle, tally
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures
from tests.channels.samples import SETTINGS
from tests.conftest import require
from tests.journeys import test_fetch
from tests.servers.dovecot import Dovecot, private_dovecot

pytestmark = pytest.mark.django_db
MORNING = at(8, day=24)
BEGAN = at(0, day=20)


def run(now: Any = MORNING) -> DueRow:
    """Do the tally that is due."""
    DueRow.objects.filter(kind="tally").update(next_at=now)
    (row,) = due.claim(now, 1, ["tally"])
    tally.tally(row, now)
    return DueRow.objects.get(pk=row.pk)


def night_of(connection: Connection, day: int = 23) -> None:
    """Be just before the tally of a day, with everything before it tallied."""
    Connection.objects.filter(pk=connection.pk).update(begins_at=at(0, day=day))
    tally.schedule_missing(at(12, day=day))


# -- Email, on a real server ---------------------------------------------------------------------------------------------------


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with private_dovecot(require("dovecot")) as server:
        yield server


@pytest.fixture
def mailbox(cast: Cast, dovecot: Dovecot) -> Connection:
    return test_fetch.connect(cast.help, dovecot)


def put(dovecot: Dovecot, number: int, when: Any) -> None:
    dovecot.put("help@leeds.test", test_fetch.mail(number), at=when)


@pytest.mark.servers
def test_a_mail_whose_fetch_was_skipped_is_found_listed_and_fetched(mailbox, dovecot):
    put(dovecot, 1, at(9, 30))
    test_fetch.run(at(10))
    put(dovecot, 2, at(11))
    validity, _, uid = Connection.objects.get().cursor.partition(":")
    Connection.objects.update(cursor=f"{validity}:{int(uid) + 1}")  # as if it had been fetched
    test_fetch.run()
    assert test_fetch.subjects() == ["1"]
    night_of(mailbox)
    run()
    (one,) = Tally.objects.all()
    assert (one.day_on.isoformat(), one.listed, one.stored, one.figures) == ("2026-11-23", 2, 1, {"open": 2})
    raw = RawInbound.objects.latest("pk")
    assert one.differences == [{"remote_id": raw.remote_id, "received_at": at(11).isoformat(), "fetched": True}]
    assert one.adds_up
    assert test_fetch.subjects() == ["1", "2"]
    assert Wait.objects.latest("pk").started_at == at(11)  # the clock knows nothing of our mistake
    assert DueRow.objects.filter(kind="receive", done_at=None).count() == 0


@pytest.mark.servers
def test_a_day_ends_at_midnight_where_the_account_is_whatever_the_servers_zone(mailbox, dovecot):
    summer = at(0, day=20).replace(month=6)
    for number, minutes in enumerate((-1, 0, 60 * 24 - 1, 60 * 24)):
        put(dovecot, number, summer - timedelta(hours=1) + timedelta(minutes=minutes))  # London is an hour ahead of UTC
    Connection.objects.update(begins_at=summer - timedelta(hours=1))
    tally.schedule_missing(summer)
    run(summer + timedelta(days=1, hours=3))
    one = Tally.objects.get()
    assert (one.day_on, one.listed) == (summer.date(), 2)
    assert sorted(test_fetch.subjects()) == ["1", "2"]


@pytest.mark.servers
def test_what_was_there_before_the_account_was_connected_is_left_out(mailbox, dovecot):
    put(dovecot, 1, at(9))
    put(dovecot, 2, at(11))
    night_of(mailbox)
    Connection.objects.update(begins_at=at(10))
    run()
    assert test_fetch.subjects() == ["2"]


@pytest.mark.servers
def test_a_server_that_is_down_at_night_is_asked_until_it_answers(mailbox, dovecot):
    put(dovecot, 1, at(9))
    night_of(mailbox)
    dovecot.stop()
    row = run()
    assert "cannot be reached" in row.last_error
    assert MORNING < row.next_at <= MORNING + timedelta(hours=1)
    assert not Tally.objects.exists()
    dovecot.start()
    put(dovecot, 2, at(9, 1))
    run()
    assert Tally.objects.get().listed == 2


# -- What became of each -------------------------------------------------------------------------------------------------------


@pytest.fixture
def account(cast: Cast, pebble: type, tmp_path: Any) -> Account:  # noqa: F811
    """The council's help account on an invented network that keeps its notes in a folder."""
    Account.objects.filter(pk=cast.help.pk).update(channel="pebble", address="")
    Connection.objects.create(account=cast.help, settings={"folder": str(tmp_path)}, begins_at=at(0))
    cast.help.refresh_from_db()
    return cast.help


def note(folder: Any, number: int, when: Any = None, **event: Any) -> None:
    told = {"type": "note", "id": f"n{number}", "from": f"resident{number}", "text": f"Question {number}", **event}
    path = folder / f"in-{number}.json"
    path.write_text(json.dumps(told))
    os.utime(path, ((when or at(10)).timestamp(),) * 2)


def test_all_that_was_seen_is_one_of_these_and_they_add_up(cast, account, tmp_path):
    for number in range(6):
        note(tmp_path, number)
    note(tmp_path, 6, type="like")
    note(tmp_path, 7, type="poll")
    note(tmp_path, 8, id="n0")  # the same message once more
    note(
        tmp_path, 9, at(10, 30), by_account=True, answers="n5", **{"from": "help"}
    )  # answered with the network's own app
    note(tmp_path, 10)
    night_of(account.connection)
    run()
    first = Tally.objects.get()
    assert (first.listed, first.stored, len(first.differences)) == (11, 0, 11)
    conversations = {m.text: m.conversation_id for m in Message.objects.filter(direction="in")}
    answer.send(
        conversation_id=conversations["Question 0"], person=cast.asha, text="Yes.", now=at(11), against_version=1
    )
    settle.not_a_request(conversations["Question 1"], cast.asha, "thanks", at(11))
    settle.close(conversations["Question 2"], cast.asha, "nobody knows", at(11))
    Message.objects.get(text="Question 3").conversation.__class__.objects.filter(pk=conversations["Question 3"]).update(
        state="kept_aside"
    )
    Message.objects.filter(text="Question 4").update(automatic="auto_reply")
    rows = list(became.readable(RawInbound.objects.order_by("pk")))
    assert sorted(became.of(rows)) == sorted(
        [
            "answered",
            "answered",
            "not_request",
            "closed",
            "kept_aside",
            "automatic",
            "open",
            "noted",
            "unreadable",
            "duplicate",
            "ours",
        ]
    )
    assert set(became.of(rows)) <= set(became.WORDS)


def test_a_wait_that_was_joined_is_as_the_one_it_was_joined_to(cast, account, tmp_path):
    note(tmp_path, 1, **{"from": "dev"})
    note(tmp_path, 2, at(10, 5), **{"from": "dev"})
    night_of(account.connection)
    run()
    first, second = Wait.objects.order_by("started_at")
    Wait.objects.filter(pk=second.pk).update(ended="joined", ended_at=at(10, 6))
    rows = list(became.readable(RawInbound.objects.order_by("pk")))
    assert list(became.of(rows)) == ["open", "open"]
    Wait.objects.filter(pk=first.pk).update(ended="answered", ended_at=at(12))
    assert list(became.of(rows)) == ["answered", "answered"]


def test_what_is_for_another_account_of_the_same_webhook_is_not_counted(account, pebble, tmp_path, monkeypatch):  # noqa: F811
    note(tmp_path, 1)
    note(tmp_path, 2)
    Connection.objects.update(network_id="pebble-1")
    listed = pebble.listed

    def other(self: Any, since: Any, until: Any) -> Any:
        from dataclasses import replace

        for item, whose in zip(listed(self, since, until), ("pebble-1", "pebble-2"), strict=True):
            yield replace(item, to_account=whose)

    monkeypatch.setattr(pebble, "listed", other)
    night_of(account.connection)
    run()
    assert Tally.objects.get().listed == 1


@pytest.mark.parametrize("kind", ["pebble", "whatsapp"])
def test_an_account_that_cannot_be_asked_again_is_said_to_be_one(account, tmp_path, kind):
    """One whose fetching is switched off, and one whose network lists nothing."""
    note(tmp_path, 1)
    if kind == "whatsapp":
        Account.objects.update(channel=kind)
        Connection.objects.update(settings=SETTINGS[kind])
    Connection.objects.update(fetches=False)
    RawInbound.objects.create(
        account=account, channel=kind, remote_id="a", content=b"", size_bytes=0, fetched_at=at(10)
    )
    night_of(account.connection)
    run()
    one = Tally.objects.get()
    assert (one.listed, one.stored, one.figures, one.adds_up) == (None, 1, {"unread": 1}, True)


def test_what_cannot_be_stored_as_it_is_named_does_not_add_up(account, pebble, tmp_path, monkeypatch):  # noqa: F811
    note(tmp_path, 1)
    night_of(account.connection)
    monkeypatch.setattr(tally.receive, "store", lambda *given, **named: [])
    run()
    one = Tally.objects.get()
    assert (one.listed, one.stored) == (1, 0)
    assert not one.adds_up


# -- Nights --------------------------------------------------------------------------------------------------------------------


def test_nights_that_were_missed_are_made_up_for_one_after_the_other_and_none_twice(account, tmp_path):
    for number, day in enumerate((21, 22, 23)):
        note(tmp_path, number, at(10, day=day))
    night_of(account.connection, day=21)
    while run().next_at <= MORNING:
        pass
    assert [(one.day_on.day, one.listed) for one in Tally.objects.order_by("pk")] == [(21, 1), (22, 1), (23, 1)]
    row = run()
    assert Tally.objects.count() == 3
    assert at(2, 30, day=25) <= row.next_at < at(6, day=25)


def test_one_connected_before_this_was_kept_is_complete_from_now_on(account, tmp_path):
    note(tmp_path, 1)
    night_of(account.connection)
    Connection.objects.update(begins_at=None)
    run()
    assert not Tally.objects.exists()
    assert Connection.objects.get().begins_at == MORNING
    assert not Message.objects.exists()


def test_every_connection_that_is_heard_has_its_row_and_one_that_closed_loses_it(account):
    assert tally.schedule_missing(at(12)) == 1
    assert tally.schedule_missing(at(12)) == 0
    Account.objects.update(stage="closed")
    assert run().done_at == MORNING
    assert tally.schedule_missing(at(13)) == 0


# -- Signed --------------------------------------------------------------------------------------------------------------------


def three(account: Account) -> list[Tally]:
    for day in (1, 2, 3):
        counted = {"listed": day, "stored": day, "figures": {"open": day}, "differences": []}
        tallies.keep(account, day_on=at(0, day=day).date(), now=at(3, 0, day=day), **counted)
    return list(Tally.objects.order_by("pk"))


def test_a_tally_that_is_changed_or_taken_away_shows(cast):
    first, second, third = three(cast.help)
    tallies.keep(cast.books, day_on=first.day_on, now=at(3), listed=0, stored=0, figures={}, differences=[])
    everything = Tally.objects.order_by("pk")
    assert list(tallies.changed(everything.all())) == []
    Tally.objects.filter(pk=second.pk).update(listed=9)
    assert list(tallies.changed(everything.all())) == [second]
    Tally.objects.filter(pk=second.pk).update(listed=2)
    assert list(tallies.changed(everything.all())) == []
    second.delete()
    assert list(tallies.changed(everything.all())) == [third]


def test_whoever_has_the_database_and_not_the_key_cannot_sign(cast, settings):
    three(cast.help)
    settings.SECRET_KEY = "another"
    assert len(list(tallies.changed(Tally.objects.order_by("pk")))) == 3
