"""Calls to our webhook: X's own are answered and taken apart, all others are refused."""

import json
from typing import Any

import pytest

from sociable.channels.base import Call, CallRefused, Heard
from sociable.channels.x.activity import LONGEST_BYTES
from sociable.channels.x.adapter import XAdapter
from tests.channels.x.conftest import all_of, read
from tests.channels.x.test_reading import Make
from tests.servers.x import HELP, KEYS, XNetwork

URL = "https://help.leeds.test/hooks/x/token/"


@pytest.fixture
def adapter() -> XAdapter:
    return XAdapter.from_settings(KEYS)


def call(network: XNetwork, told: Any, **headers: str) -> Call:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Call("POST", network.signed(body) | headers, {}, body)


def test_the_challenge_is_answered_as_x_expects(network: XNetwork, adapter: XAdapter) -> None:
    heard = adapter.hear(Call("GET", {}, {"crc_token": "a-token"}, b""))
    assert json.loads(heard.answer) == network.challenge("a-token")
    assert heard.content_type == "application/json"
    assert heard.items == ()


def test_a_challenge_without_a_token_is_refused(adapter: XAdapter) -> None:
    with pytest.raises(CallRefused) as refused:
        adapter.hear(Call("GET", {}, {}, b""))
    assert refused.value.status == 400


def test_a_mention_is_heard_and_known_again_when_fetched(
    network: XNetwork, adapter: XAdapter, adapter_for: Make
) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    body = call(network, network.told(asked))
    (heard,), (again,) = adapter.hear(body).items, adapter.hear(body).items
    (fetched,) = all_of(adapter_for())[0]
    assert heard.remote_id == again.remote_id == fetched.remote_id  # a replay is the same thing again
    assert (heard.received_at, heard.to_account) == (asked.at, HELP)


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha256=AAAA", "sha256=é", "sha1=abc", None],
)
def test_a_forged_call_is_refused(network: XNetwork, adapter: XAdapter, signature: str | None) -> None:
    headers = {} if signature is None else {"x-twitter-webhooks-signature": signature}
    with pytest.raises(CallRefused, match="signature") as refused:
        adapter.hear(Call("POST", headers, {}, b'{"tweet_create_events": []}'))
    assert refused.value.status == 403


def test_a_signature_of_other_words_or_another_app_is_refused(network: XNetwork, adapter: XAdapter) -> None:
    good = call(network, {"for_user_id": HELP, "tweet_create_events": [{"id_str": "5"}]})
    with pytest.raises(CallRefused):
        adapter.hear(Call("POST", good.headers, {}, good.body + b" "))
    with pytest.raises(CallRefused):
        XAdapter.from_settings(KEYS | {"consumer_secret": "another"}).hear(good)


def test_a_call_beyond_all_measure_is_refused(network: XNetwork, adapter: XAdapter) -> None:
    with pytest.raises(CallRefused) as refused:
        adapter.hear(call(network, b"{" + b" " * LONGEST_BYTES + b"}"))
    assert refused.value.status == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_half_a_call_is_refused(network: XNetwork, adapter: XAdapter, body: bytes) -> None:
    with pytest.raises(CallRefused) as refused:
        adapter.hear(call(network, body))
    assert refused.value.status == 400


def test_many_events_in_one_call_are_taken_apart(network: XNetwork, adapter: XAdapter) -> None:
    tom = network.user("tom")
    one, two = network.post(tom.id, "@HelpLeeds one"), network.post(tom.id, "@HelpLeeds two")
    told = network.told(one)
    told["tweet_create_events"] += network.told(two)["tweet_create_events"]
    told |= {"favorite_events": [{"id": "a"}, {"id": "b"}]}
    items = adapter.hear(call(network, told)).items
    assert [item.remote_id for item in items[:2]] == [f"x:post:{one.id}", f"x:post:{two.id}"]
    assert len({item.remote_id for item in items}) == 4
    assert [read(item).happening for item in items] == ["said", "said", "noted", "noted"]


def happened(heard: Heard) -> list[tuple[str, str]]:
    return [(read(item).happening, read(item).about_id) for item in heard.items]


def test_a_removal_is_heard(network: XNetwork, adapter: XAdapter) -> None:
    told = {"for_user_id": HELP, "tweet_delete_events": [{"status": {"id": "5", "user_id": "7"}, "timestamp_ms": "1"}]}
    assert happened(adapter.hear(call(network, told))) == [("withdrawn", "x:post:5")]
    event = {"event_type": "post.delete", "event_uuid": "u", "payload": {"id": "5", "author_id": "7"}}
    assert happened(adapter.hear(call(network, {"data": event}))) == [("withdrawn", "x:post:5")]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"for_user_id": HELP, "direct_message_indicate_typing_events": [{"sender_id": "7"}]}, "noted"),
        ({"for_user_id": HELP, "follow_events": [{"type": "follow"}]}, "noted"),
        ({"user_event": {"revoke": {}}}, "noted"),
        ({"replay_job_status": {"job_state": "Complete"}}, "noted"),
        ({"data": {"event_type": "like.create", "payload": {}}}, "noted"),
        ({"data": {"event_type": "chat.received", "payload": {"encoded": "…"}}}, "unknown"),
        ({"for_user_id": HELP}, "unknown"),
        ({"something_new": [1, 2]}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_what_asks_for_nothing_is_noted_and_what_is_new_is_kept(
    network: XNetwork, adapter: XAdapter, told: Any, expected: str
) -> None:
    (item,) = adapter.hear(call(network, told)).items
    assert read(item).happening == expected
    assert item.remote_id.startswith("sha256:")


def test_todays_events_are_read_as_well(network: XNetwork, adapter: XAdapter) -> None:
    tom = network.user("tom", "Tom")
    asked = network.post(tom.id, "@HelpLeeds hello")
    payload = {"id": asked.id, "author_id": tom.id, "text": asked.text, "created_at": "2026-11-23T09:00:00.000Z"}
    users = [{"id": tom.id, "name": "Tom", "username": "tom"}]
    event = {"event_uuid": "1", "filter": {"user_id": HELP}, "event_type": "post.mention.create"}
    (item,) = adapter.hear(call(network, {"data": event | {"payload": payload, "includes": {"users": users}}})).items
    assert (item.remote_id, item.to_account) == (f"x:post:{asked.id}", HELP)
    assert (read(item).text, read(item).from_handle) == ("@HelpLeeds hello", "@tom")
    told = network.told_message(network.write(tom.id, HELP, "a secret"))
    users_of = {key: {"data": {"id": key, "name": "Tom", "username": "tom"}} for key in told["users"]}
    payload = {"direct_message_events": told["direct_message_events"], "users": users_of}
    (item,) = adapter.hear(call(network, {"data": event | {"event_type": "dm.received", "payload": payload}})).items
    assert (read(item).text, read(item).from_handle, read(item).by_account) == ("a secret", "@tom", False)


def test_a_lone_surrogate_in_a_call_breaks_nothing(network: XNetwork, adapter: XAdapter) -> None:
    body = b'{"for_user_id": "1001", "tweet_create_events": [{"id_str": "5", "text": "\\ud83d @HelpLeeds"}]}'
    (item,) = adapter.hear(call(network, body)).items
    assert read(item).text == "� @HelpLeeds"
