"""Texts from residents: fetched or told, once each, whatever gets in the way."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from sociable.channels.base import ChannelError, LogInRefused, RateLimited, RawItem
from sociable.channels.sms.adapter import SmsAdapter
from tests.channels.sms.conftest import TOM, all_of, read
from tests.servers.notify import Notify
from tests.servers.standin import Answer

Make = Callable[..., SmsAdapter]


def ids(items: list[RawItem]) -> list[str]:
    return [item.remote_id for item in items]


def test_texts_come_oldest_first_and_once(notify: Notify, adapter_for: Make) -> None:
    first = notify.text(TOM, "When is my bin day?")
    notify.later(minutes=1)
    second = notify.text("447700900456", "Hello")
    items, cursor = all_of(adapter_for())
    assert ids(items) == [f"sms:{first.id}", f"sms:{second.id}"]
    assert [item.received_at for item in items] == [first.at, second.at]
    assert all_of(adapter_for(), cursor)[0] == []
    third = notify.text(TOM, "Thanks")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"sms:{third.id}"]


@pytest.mark.parametrize("limit", [7, 25, 400])
@pytest.mark.parametrize("count", [0, 1, 250, 251, 520])
def test_a_backlog_of_many_pages_loses_and_doubles_nothing(
    notify: Notify, adapter_for: Make, limit: int, count: int
) -> None:
    for number in range(count):
        notify.later(seconds=20)
        notify.text(TOM, str(number))
    items, cursor = all_of(adapter_for(), limit=limit)
    assert sorted(ids(items)) == sorted(f"sms:{text.id}" for text in notify.received)
    assert all_of(adapter_for(), cursor, limit)[0] == []


def test_a_new_adapter_goes_on_in_the_middle_of_a_gap(notify: Notify, adapter_for: Make) -> None:
    """As when the process is killed between two pages, while more is coming in."""
    got, cursor, more = set(), "", True
    for number in range(60):
        notify.later(minutes=5)
        notify.text(TOM, str(number))
    while more:
        fetched = adapter_for().fetch(cursor, 7)
        got, cursor, more = got | set(ids(fetched.items)), fetched.cursor, fetched.more
        notify.later(minutes=5)
        notify.text(TOM, "more")
    got |= set(ids(all_of(adapter_for(), cursor)[0]))
    assert got == {f"sms:{text.id}" for text in notify.received}


def test_a_text_that_is_listed_late_is_not_lost(notify: Notify, adapter_for: Make) -> None:
    late = notify.text(TOM, "first received, last listed")
    notify.received.remove(late)
    notify.later(seconds=30)
    notify.text(TOM, "listed at once")
    _, cursor = all_of(adapter_for())
    notify.received.append(late)
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"sms:{late.id}"]


def test_beginning_at_the_newest_leaves_the_past_out(notify: Notify, adapter_for: Make) -> None:
    for number in range(5):
        notify.later(seconds=10)
        notify.text(TOM, f"the past {number}")
    cursor = adapter_for().newest_cursor()
    assert all_of(adapter_for(), cursor)[0] == []
    new = notify.text(TOM, "the present")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"sms:{new.id}"]


def test_beginning_where_nobody_ever_wrote_takes_all_that_comes(notify: Notify, adapter_for: Make) -> None:
    cursor = adapter_for().newest_cursor()
    new = notify.text(TOM, "the first ever")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"sms:{new.id}"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", "{}", '{"service":"another","since":"2030-01-01T00:00:00Z"}'])
def test_a_cursor_that_cannot_be_read_means_from_the_start(notify: Notify, adapter_for: Make, cursor: str) -> None:
    text = notify.text(TOM, "hello")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"sms:{text.id}"]


def test_a_cursor_of_another_service_is_not_taken(notify: Notify, adapter_for: Make) -> None:
    text = notify.text(TOM, "hello")
    _, cursor = all_of(adapter_for())
    other = json.dumps(json.loads(cursor) | {"service": "another"})
    assert ids(all_of(adapter_for(), other)[0]) == [f"sms:{text.id}"]


def test_a_days_list_has_the_names_of_what_was_fetched(notify: Notify, adapter_for: Make) -> None:
    begins = notify.now
    for number in range(300):
        notify.later(minutes=10)
        notify.text(TOM, str(number))
    fetched = {item.remote_id: item for item in all_of(adapter_for(), limit=100)[0]}
    day = (begins + timedelta(hours=12), begins + timedelta(hours=36))
    listed = list(adapter_for().listed(*day))
    assert set(ids(listed)) == {f"sms:{text.id}" for text in notify.received if day[0] <= text.at < day[1]}
    assert len(listed) == 144
    assert all(item.content == fetched[item.remote_id].content for item in listed)
    assert list(adapter_for().listed(begins - timedelta(days=3), begins - timedelta(days=2))) == []


# Trouble


def test_a_limit_is_a_pause_of_a_minute_or_until_notifys_midnight(notify: Notify, adapter_for: Make) -> None:
    notify.limit = "RateLimitError"
    with pytest.raises(RateLimited) as soon:
        all_of(adapter_for())
    assert soon.value.retry_after == timedelta(minutes=1)
    notify.limit = "TooManyRequestsError"
    notify.later(hours=11, minutes=30)
    with pytest.raises(RateLimited) as tomorrow:
        all_of(adapter_for())
    assert tomorrow.value.retry_after == timedelta(hours=3, minutes=31)


def test_a_revoked_key_is_told_and_works_again_when_mended(notify: Notify, adapter_for: Make) -> None:
    text = notify.text(TOM, "hello")
    notify.revoked = True
    with pytest.raises(LogInRefused, match="does not take the API key: Invalid token"):
        all_of(adapter_for())
    notify.revoked = False
    assert ids(all_of(adapter_for())[0]) == [f"sms:{text.id}"]


def test_a_key_with_another_secret_is_refused(notify: Notify, adapter_for: Make) -> None:
    wrong = f"a_key-{notify_service_id()}-00000000-0000-0000-0000-000000000000"
    with pytest.raises(LogInRefused):
        all_of(adapter_for(api_key=wrong))


def notify_service_id() -> str:
    from tests.servers.notify import SERVICE

    return SERVICE


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Answer(500, b"[]"),
        Answer(503, b""),
        Answer(200, b"<html>"),
        Answer(200, b"[]"),
        Answer(302, b"", headers={"location": "/"}),
        Answer(429, b"slow down"),
        Answer(400, b'{"errors": "odd"}'),
        Answer(400, b'{"errors": [7, {"message": ["odd"]}]}'),
        Answer(204, b""),
    ],
)
def test_whatever_a_bad_day_brings_is_trouble_in_a_sentence(
    notify: Notify, adapter_for: Make, answer: Answer | None
) -> None:
    notify.server.fail("GET", answer, times=9)
    with pytest.raises(ChannelError) as trouble:
        all_of(adapter_for())
    assert trouble.value.message.endswith(".")


def test_what_does_not_answer_in_time_is_trouble(adapter_for: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        adapter = adapter_for(api_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        object.__setattr__(adapter.config, "timeout_seconds", 0.2)
        with pytest.raises(ChannelError, match="did not answer in time"):
            all_of(adapter)


def test_a_server_that_is_down_is_trouble(adapter_for: Make) -> None:
    with pytest.raises(ChannelError, match="there is no connection"):
        all_of(adapter_for(api_url="http://127.0.0.1:9"))


@pytest.mark.parametrize("told", ['{"received_text_messages": null}', '{"received_text_messages": [7, "x"]}', "{}"])
def test_a_page_that_holds_rubbish_holds_nothing(notify: Notify, adapter_for: Make, told: str) -> None:
    notify.server.fail("GET", Answer(200, told.encode()))
    assert adapter_for().fetch("").items == []


def test_a_text_without_a_time_or_an_id_is_kept(notify: Notify, adapter_for: Make) -> None:
    half = {"received_text_messages": [{"content": "hello", "user_number": TOM}]}
    notify.server.fail("GET", Answer(200, json.dumps(half).encode()))
    (item,) = adapter_for().fetch("").items
    assert item.remote_id.startswith("sha256:")
    assert read(item).text == "hello"
