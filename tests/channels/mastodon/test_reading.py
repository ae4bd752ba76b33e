"""What is written to an account is fetched, whole, once, and with what became of it; against a server."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from sociable.channels.base import ChannelError
from sociable.channels.mastodon import reading
from sociable.channels.mastodon.adapter import MastodonAdapter
from tests.channels.mastodon.conftest import all_after, read
from tests.servers.mastodon import Mastodon

pytestmark = pytest.mark.servers
Accounts = Callable[..., MastodonAdapter]


def test_a_mention_comes_with_who_where_and_how_private(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    posted = mastodon.post(
        "jerry", "@help When is my bin collected? https://ashby.example/bins?week=48", visibility="unlisted"
    )
    (item,), _ = all_after(adapter, cursor)
    parsed = read(item)
    assert item.remote_id == f"said:{posted['id']}"
    assert item.received_at is not None
    assert parsed.happening == "said"
    assert parsed.text == "@help When is my bin collected? https://ashby.example/bins?week=48"
    assert parsed.from_name == "Jerry \N{DROPLET}"
    assert parsed.from_address == f"jerry@localhost:{mastodon.port}"
    assert parsed.from_handle == f"@jerry@localhost:{mastodon.port}"
    assert parsed.visibility == "unlisted"
    assert parsed.link == posted["url"]
    assert parsed.message_id == f"mastodon:127.0.0.1:{mastodon.port}/{posted['id']}"
    assert not parsed.may_acknowledge
    assert parsed.sent_at == item.received_at


def test_favourites_follows_and_boosts_are_no_messages(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    ours = mastodon.post("help", "The library opens at nine.")
    cursor = adapter.newest_cursor()
    me = json.loads(mastodon.ask("GET", "/api/v1/accounts/verify_credentials", "help"))["id"]
    for path in (f"statuses/{ours['id']}/favourite", f"statuses/{ours['id']}/reblog", f"accounts/{me}/follow"):
        mastodon.ask("POST", f"/api/v1/{path}", "tom")
    assert len(json.loads(mastodon.ask("GET", "/api/v1/notifications?limit=3", "help"))) == 3
    assert all_after(adapter, cursor)[0] == []


def test_a_quote_is_a_message_with_what_it_quotes(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    ours = mastodon.post("help", "The library opens at nine.")
    cursor = adapter.newest_cursor()
    mastodon.post("tom", "@help Not on Mondays, it seems?", quoted_status_id=ours["id"])
    (item,), _ = all_after(adapter, cursor)
    assert read(item).text == (
        f"@help Not on Mondays, it seems?\n\nIt quotes @help@localhost:{mastodon.port}: The library opens at nine. {ours['url']}"
    )


def test_pages_lose_and_double_nothing(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    posted = [mastodon.post("tom", f"@help question {number}")["id"] for number in range(11)]
    items, cursor = all_after(adapter, cursor, limit=4)
    assert [item.remote_id for item in items] == [f"said:{status_id}" for status_id in posted]
    late = mastodon.post("jerry", "@help and another")
    items, cursor = all_after(adapter, cursor, limit=4)
    assert [item.remote_id for item in items] == [f"said:{late['id']}"]
    assert all_after(adapter, cursor)[0] == []


def test_a_page_that_is_read_again_after_a_fall_brings_the_same(mastodon: Mastodon, account_of: Accounts) -> None:
    cursor = account_of(mastodon).newest_cursor()
    for number in range(5):
        mastodon.post("tom", f"@help again {number}")
    first = account_of(mastodon).fetch(cursor, limit=3)
    again = account_of(mastodon).fetch(cursor, limit=3)
    assert [item.remote_id for item in first.items] == [item.remote_id for item in again.items]
    assert len(first.items) == 3
    assert first.more


def test_what_the_server_shows_late_is_not_passed_by(mastodon: Mastodon, account_of: Accounts) -> None:
    """A server gives numbers before it shows what has them: a smaller one may appear after a greater one was fetched."""
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    early, late = (mastodon.post("tom", f"@help {word}") for word in ("early", "late"))
    items, cursor = all_after(adapter, cursor)
    mark = reading.Mark.read(cursor)
    del mark.watched[str(early["id"])]  # as if it had not been shown yet
    items, _ = all_after(adapter, mark.write())
    assert [item.remote_id for item in items] == [f"said:{early['id']}"]
    assert late["id"] in mark.watched


def test_what_has_settled_is_not_read_again(
    mastodon: Mastodon, account_of: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SETTLES_AFTER", timedelta(seconds=-2))  # a Date header knows no parts of seconds
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    mastodon.post("tom", "@help settled")
    _, cursor = all_after(adapter, cursor)
    mark = reading.Mark.read(cursor)
    newest = json.loads(mastodon.ask("GET", "/api/v1/notifications?limit=1", "help"))[0]
    assert (mark.told.safe, mark.told.at) == (newest["id"], "")


@pytest.mark.parametrize("cursor", ["", "rubbish", "[]", '["1"]', "[1,2,3,4,5]"])
def test_a_cursor_that_means_nothing_is_the_start(cursor: str) -> None:
    assert reading.Mark.read(cursor) == reading.Mark()


def test_a_token_of_another_account_begins_anew(mastodon: Mastodon, account_of: Accounts) -> None:
    cursor = account_of(mastodon, "help").newest_cursor()
    mastodon.post("tom", "@news for the news account")
    assert reading.Mark.read(account_of(mastodon, "news").fetch(cursor).cursor).me != reading.Mark.read(cursor).me
    items, _ = all_after(account_of(mastodon, "news"), cursor)
    assert "@news for the news account" in [read(item).text for item in items]


def test_from_the_start_all_is_fetched_that_ever_came(mastodon: Mastodon, account_of: Accounts) -> None:
    mastodon.post("tom", "@news the very first")
    items, cursor = all_after(account_of(mastodon, "news"), "")
    assert "@news the very first" in [read(item).text for item in items]
    assert all_after(account_of(mastodon, "news"), cursor)[0] == []


def test_private_messages_of_strangers_are_fetched_though_the_server_filters_them(
    mastodon: Mastodon, account_of: Accounts
) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    mastodon.ask("PATCH", "/api/v2/notifications/policy", "help", for_private_mentions="filter")
    try:
        mastodon.post("jerry", "@help My NHS letter is wrong", visibility="direct")
        assert "NHS letter" not in mastodon.ask("GET", "/api/v1/notifications", "help").decode()
        (item,), _ = all_after(adapter, cursor)
    finally:
        mastodon.ask("PATCH", "/api/v2/notifications/policy", "help", for_private_mentions="accept")
    parsed = read(item)
    assert parsed.visibility == "private"
    assert parsed.may_acknowledge


def test_a_reply_names_all_it_stands_under(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    root = mastodon.post("help", "Bins are collected on Friday this week.")
    middle = mastodon.post("tom", "All of them?", in_reply_to_id=root["id"])
    cursor = adapter.newest_cursor()
    mastodon.post("jerry", "@help I wonder too", in_reply_to_id=middle["id"])
    (item,), _ = all_after(adapter, cursor)
    parsed, host = read(item), f"mastodon:127.0.0.1:{mastodon.port}"
    assert parsed.in_reply_to == f"{host}/{middle['id']}"
    assert parsed.references == (f"{host}/{root['id']}", f"{host}/{middle['id']}")
    assert parsed.thread_key == f"{host}/{root['id']}"


def test_a_reply_to_something_deleted_is_kept_all_the_same(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    ours = mastodon.post("help", "Soon gone.")
    cursor = adapter.newest_cursor()
    mastodon.ask("DELETE", f"/api/v1/statuses/{ours['id']}", "help")
    mastodon.post("tom", "@help where did it go?", in_reply_to_id=ours["id"])
    (item,), _ = all_after(adapter, cursor)
    assert read(item).text == "@help where did it go?"
    assert read(item).references == ()


def test_our_own_answers_from_elsewhere_are_seen_and_our_news_is_not(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    asked = mastodon.post("jerry", "@help Is the pool open?")
    mastodon.post("help", "News of the day.")
    answered = mastodon.post("help", "@jerry It is, until eight.", in_reply_to_id=asked["id"])
    items, cursor = all_after(adapter, cursor)
    parsed = [read(item) for item in items]
    assert [(each.by_account, each.text) for each in parsed] == [
        (False, "@help Is the pool open?"),
        (True, "@jerry It is, until eight."),
    ]
    assert parsed[1].in_reply_to == parsed[0].message_id
    assert parsed[1].message_id.endswith(f"/{answered['id']}")
    assert all_after(adapter, cursor)[0] == []


def test_edits_and_removals_are_noticed(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    edited, removed = (mastodon.post("tom", f"@help {word}") for word in ("a typpo", "too private"))
    _, cursor = all_after(adapter, cursor)
    mastodon.ask("PUT", f"/api/v1/statuses/{edited['id']}", "tom", status="@help a typo", spoiler_text="spelling")
    mastodon.ask("DELETE", f"/api/v1/statuses/{removed['id']}", "tom")
    items, cursor = all_after(adapter, cursor)
    parsed = {each.happening: each for each in map(read, items)}
    assert parsed.keys() == {"edited", "withdrawn", "noted"}  # noted: the notification that lost its status
    assert parsed["edited"].about_id.endswith(f"/{edited['id']}")
    assert parsed["edited"].text == "Content warning: spelling\n\n@help a typo"
    assert parsed["withdrawn"].about_id.endswith(f"/{removed['id']}")
    assert [read(item).happening for item in all_after(adapter, cursor)[0]] == ["noted"]


def test_nothing_is_called_gone_because_a_list_left_it_out(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    mastodon.post("tom", "@help still there")
    _, cursor = all_after(adapter, cursor)
    with mastodon.fault("GET", "/api/v1/statuses", "status", status=200, body=[]):
        assert all_after(adapter, cursor)[0] == []


def test_a_server_that_tells_of_one_status_at_a_time_is_asked_so(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    posted = mastodon.post("tom", "@help before")
    _, cursor = all_after(adapter, cursor)
    mastodon.ask("PUT", f"/api/v1/statuses/{posted['id']}", "tom", status="@help after")
    with mastodon.fault("GET", "/api/v1/statuses", "status", status=404):
        items, _ = all_after(adapter, cursor)
    assert [read(item).text for item in items] == ["@help after"]


def test_watching_costs_no_call_that_answers_may_need(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    posted = mastodon.post("tom", "@help before")
    _, cursor = all_after(adapter, cursor)
    mastodon.ask("DELETE", f"/api/v1/statuses/{posted['id']}", "tom")
    adapter._there()._line.session.limits = {}
    adapter._there()._line.calls_left = lambda: reading.CALLS_KEPT - 1  # type: ignore[method-assign]
    assert "withdrawn" not in [read(item).happening for item in all_after(adapter, cursor)[0]]
    adapter._there()._line.calls_left = lambda: reading.CALLS_KEPT  # type: ignore[method-assign]
    assert "withdrawn" in [read(item).happening for item in all_after(adapter, cursor)[0]]


def test_only_so_many_are_watched_and_each_has_its_turn() -> None:
    mark = reading.Mark()
    for number in range(1, reading.MOST_WATCHED + 11):
        mark.watch({"id": str(number)})
    assert list(mark.watched) == [str(number) for number in range(11, reading.MOST_WATCHED + 11)]
    assert reading.Mark.read(mark.write()) == mark


def test_a_whole_day_can_be_listed_again(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    asked = [mastodon.post("tom", f"@help of the day {number}") for number in range(3)]
    mastodon.post("help", "@tom done", in_reply_to_id=asked[0]["id"])
    items, _ = all_after(adapter, cursor)
    first, last = items[0], items[-1]
    assert first.received_at is not None
    assert last.received_at is not None
    whole = {item.remote_id for item in adapter.listed(first.received_at, last.received_at.replace(year=2030))}
    assert whole == {item.remote_id for item in items}
    without_last = {item.remote_id for item in adapter.listed(first.received_at, last.received_at)}
    assert without_last == {item.remote_id for item in items[:-1]}
    assert list(adapter.listed(last.received_at.replace(year=2030), last.received_at.replace(year=2031))) == []


@pytest.mark.parametrize("effect", ["malformed", "status"])
def test_a_server_in_trouble_moves_no_cursor(effect: str, mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    cursor = adapter.newest_cursor()
    mastodon.post("tom", "@help through the storm")
    with mastodon.fault("GET", "/api/v1/notifications", effect), pytest.raises(ChannelError) as told:
        adapter.fetch(cursor)
    assert not told.value.permanent
    assert str(told.value).endswith(".")
    assert [read(item).text for item in all_after(adapter, cursor)[0]] == ["@help through the storm"]
