"""How an account is heard is told in time: who it is, when its log-in ends, that its webhook went quiet, trouble and its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.base import LogInRefused, RateLimited, Who
from sociable.conversations.models import RawInbound
from sociable.directory import limits
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import fetch, health, introduce
from tests.cast import Cast, at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures


@pytest.fixture
def connection(cast: Cast, pebble: type, tmp_path: Any) -> Connection:  # noqa: F811
    """The council's help account on an invented network, which can be asked and can call."""
    Account.objects.filter(pk=cast.help.pk).update(channel="pebble")
    made = Connection.objects.create(account=cast.help, settings={"folder": str(tmp_path)})
    return Connection.objects.select_related("account").get(pk=made.pk)


def asked(connection: Connection, now: Any = None) -> DueRow:
    now = now or DueRow.objects.get(kind="introduce").next_at
    (row,) = due.claim(now, 1, ["introduce"])
    introduce.introduce(row, now)
    connection.refresh_from_db()
    return DueRow.objects.get(pk=row.pk)


# -- Who the account is ------------------------------------------------------------------------------------------------------


def test_a_network_is_asked_every_day_who_the_account_is(connection, pebble, monkeypatch):  # noqa: F811
    assert introduce.schedule_missing(at(10)) == 1
    assert introduce.schedule_missing(at(10)) == 0
    row = asked(connection, at(10))
    assert (connection.network_id, connection.expires_at) == ("pebble-1", None)
    assert limits.capabilities_of(connection.account).longest_text == 180
    assert at(8, day=24) < row.next_at <= at(10, day=24)
    ends = at(12, day=29)
    monkeypatch.setattr(pebble, "who", lambda self: Who("pebble-1", expires_at=ends, limits={"longest_text": 90}))
    asked(connection)
    assert connection.expires_at == ends
    assert limits.capabilities_of(connection.account).longest_text == 90


def test_who_cannot_be_asked_has_no_row(cast):
    Connection.objects.create(account=cast.help)  # email
    assert introduce.schedule_missing(at(10)) == 0


def test_an_account_that_closed_is_asked_no_more(connection):
    introduce.schedule_missing(at(10))
    Account.objects.update(stage="closed")
    assert asked(connection, at(10)).done_at == at(10)
    assert introduce.schedule_missing(at(11)) == 0


def refuse(pebble: type, monkeypatch: Any, error: Exception) -> None:  # noqa: F811
    def who(self: Any) -> Who:
        raise error

    monkeypatch.setattr(pebble, "who", who)


@pytest.mark.parametrize("fetches", [True, False])
def test_a_log_in_that_is_refused_is_trouble_where_nothing_else_would_tell(connection, pebble, monkeypatch, fetches):  # noqa: F811
    Connection.objects.update(fetches=fetches)
    introduce.schedule_missing(at(10))
    with monkeypatch.context() as patch:
        refuse(pebble, patch, LogInRefused("The token was revoked."))
        row = asked(connection, at(10))
    assert connection.trouble == ("" if fetches else "The token was revoked.")
    assert (row.set_aside_at, row.done_at) == (None, None)
    assert row.next_at < at(12)
    asked(connection)
    assert connection.trouble == ""
    assert (connection.recovered_at is None) == fetches


def test_a_network_that_wants_a_pause_gets_it(connection, pebble, monkeypatch):  # noqa: F811
    introduce.schedule_missing(at(10))
    refuse(pebble, monkeypatch, RateLimited("Slowly.", timedelta(minutes=7)))
    assert asked(connection, at(10)).next_at == at(10, 7)
    assert connection.trouble == ""


# -- Webhooks that go quiet --------------------------------------------------------------------------------------------------


def raws(connection: Connection, *received: Any) -> list[RawInbound]:
    return [
        RawInbound.objects.create(
            account=connection.account, channel="pebble", remote_id=f"r{n}", content=b"", size_bytes=0,
            received_at=when, fetched_at=when,
        )
        for n, when in enumerate(received)
    ]  # fmt: skip


def test_what_only_asking_brought_shows_that_the_webhook_is_quiet(connection):
    health.note_missed(connection, raws(connection, at(9)), at(12))
    assert connection.missed_at is None  # it never called: there is no webhook
    health.called(connection, at(10))
    health.note_missed(connection, raws(connection), at(12))
    RawInbound.objects.all().delete()
    health.note_missed(connection, raws(connection, at(9, 59), at(11, 55)), at(12))
    assert connection.missed_at is None  # older than the call, and perhaps still on its way
    assert not health.went_quiet(connection, at(12), fetched=True)
    RawInbound.objects.all().delete()
    health.note_missed(connection, raws(connection, at(11), at(11, 30)), at(12))
    assert connection.missed_at == at(11, 30)
    assert "only because we asked" in health.went_quiet(connection, at(12), fetched=True)
    connection.refresh_from_db()
    assert connection.missed_at == at(11, 30)
    health.called(connection, at(13))
    assert not health.went_quiet(connection, at(13), fetched=True)


def test_fetching_notes_what_the_webhook_did_not_tell(connection, tmp_path):
    import json
    import os

    health.called(connection, at(10))
    path = tmp_path / "in-1.json"
    path.write_text(json.dumps({"type": "note", "id": "1", "from": "dev", "text": "Bins?"}))
    os.utime(path, (at(11).timestamp(),) * 2)
    fetch.schedule(connection, at(12))
    (row,) = due.claim(at(12), 1, ["fetch"])
    fetch.fetch(row, at(12))
    assert Connection.objects.get().missed_at == at(11)


def test_a_webhook_that_is_the_only_way_in_is_quiet_by_its_own_habit(connection):
    health.called(connection, at(10))
    raws(connection, *(at(9) - timedelta(days=n) for n in range(14)))  # every other day
    assert not health.went_quiet(connection, at(10) + timedelta(days=10), fetched=False)
    assert "far longer than usual" in health.went_quiet(connection, at(10) + timedelta(days=21), fetched=False)
    RawInbound.objects.all().delete()
    raws(connection, *(at(9) - timedelta(hours=n) for n in range(600)))
    assert not health.went_quiet(connection, at(10) + timedelta(days=1), fetched=False)
    assert health.went_quiet(connection, at(10) + timedelta(days=2), fetched=False)


def test_a_call_is_noted_and_a_challenge_is_not(connection):
    from sociable.channels.base import Call
    from sociable.journeys import hear

    hear.hear("pebble", connection.hook_token, Call("GET", {}, {"challenge": "c"}, b""), at(10))
    connection.refresh_from_db()
    assert connection.called_at is None
    body = b'{"events": []}'
    import pebble as outside

    headers = {"pebble-signature": outside.sign("", body)}
    hear.hear("pebble", connection.hook_token, Call("POST", headers, {}, body), at(11))
    connection.refresh_from_db()
    assert connection.called_at == at(11)
