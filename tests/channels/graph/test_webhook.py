"""A call to our webhook: only what Meta signed is believed, and what it brings is kept event by event, whatever it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.base import Call, CallRefused
from sociable.channels.facebook import parse as facebook_parse
from sociable.channels.graph.webhook import LONGEST_CALL_BYTES, events, fingerprint, signature
from sociable.channels.instagram import parse as instagram_parse
from sociable.channels.whatsapp import parse as whatsapp_parse
from tests.channels.meta import FETCHED_AT, facebook, heard, instagram, whatsapp
from tests.servers.graph import PAGE, SECRET, GraphNetwork, signed

PARSERS = (facebook_parse, instagram_parse, whatsapp_parse)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def refused(adapter: Any, call: Call) -> int:
    with pytest.raises(CallRefused) as refusal:
        adapter.hear(call)
    return refusal.value.status


def test_the_question_whether_the_webhook_is_ours_is_answered_to_who_knows_the_words(network: GraphNetwork) -> None:
    adapter = facebook(network)
    assert adapter.hear(network.challenge()).answer == b"1158201444"
    assert refused(adapter, network.challenge("words of somebody else")) == 403
    assert refused(adapter, network.challenge("")) == 403
    asked = network.challenge()
    assert refused(adapter, replace(asked, query={**asked.query, "hub.mode": "unsubscribe"})) == 403
    assert refused(adapter, replace(asked, query={**asked.query, "hub.challenge": "<script>\n"})) == 400


def test_a_call_that_meta_did_not_sign_is_refused(network: GraphNetwork) -> None:
    network.writes(network.person("Dev"), "Bins?")
    call, adapter = network.call(), facebook(network)
    forged = [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": call.headers["x-hub-signature-256"].removeprefix("sha256=")},
        {"x-hub-signature-256": signature(call.body, "another secret")},
        {"x-hub-signature-256": signature(call.body + b" ", SECRET)},
        {"x-hub-signature": call.headers["x-hub-signature-256"]},
    ]
    assert [refused(adapter, replace(call, headers=headers)) for headers in forged] == [403] * 7
    assert refused(adapter, replace(call, body=call.body.replace(b"Bins", b"Buns"))) == 403
    assert len(adapter.hear(call).items) == 1


def test_the_signature_is_of_the_raw_bytes_whatever_way_a_letter_is_written(network: GraphNetwork) -> None:
    entry = {"id": PAGE, "time": 1, "messaging": [{"sender": {"id": "7"}, "message": {"mid": "m1", "text": "Ŵyn 🐑"}}]}
    for ascii_only in (True, False):
        body = json.dumps({"object": "page", "entry": [entry]}, ensure_ascii=ascii_only).encode()
        assert [parsed.text for parsed in heard(facebook(network), signed(body))] == ["Ŵyn 🐑"]


def test_too_large_half_and_empty_calls_are_refused_and_each_says_how(network: GraphNetwork) -> None:
    adapter = facebook(network)
    whole = json.dumps({"object": "page", "entry": [{"id": PAGE, "messaging": []}]}).encode()
    assert refused(adapter, signed(b" " * (LONGEST_CALL_BYTES + 1))) == 413
    assert refused(adapter, signed(whole[:-9])) == 400
    assert refused(adapter, signed(b"")) == 400
    assert refused(adapter, signed(b"[]")) == 400
    assert refused(adapter, signed(b'{"object":"page","entry":{}}')) == 400
    assert refused(adapter, signed(b"[" * 100_000)) == 400


def test_a_batch_becomes_single_events_each_for_its_own_account(network: GraphNetwork) -> None:
    dev, jo = network.person("Dev"), network.person("Jo")
    network.writes(dev, "Bins?")
    network.comments_on(jo, "Mine too")
    elsewhere = {
        "id": "330000000000001",
        "time": 1,
        "changes": [{"field": "feed", "value": {"item": "like", "verb": "add"}}],
    }
    body = json.loads(network.call().body)
    body["entry"].append(elsewhere)
    items = facebook(network).hear(signed(json.dumps(body).encode())).items
    assert [item.to_account for item in items] == [PAGE, PAGE, "330000000000001"]
    assert len({item.remote_id for item in items}) == 3
    assert all(len(json.loads(item.content)["entry"]) == 1 for item in items)


def test_what_is_sent_again_has_the_same_ids_however_it_is_batched(network: GraphNetwork) -> None:
    dev, adapter = network.person("Dev"), facebook(network)
    first = network.writes(dev, "Bins?")
    network.comments_on(dev, "Here too")
    network.edits(first, "Bins in Headingley?")
    network.told(network.colleague_writes(dev, "Tuesday"), "delivered")
    payloads = network.calls
    together = [item.remote_id for item in adapter.hear(network.call(*payloads)).items]
    apart = [item.remote_id for payload in payloads for item in adapter.hear(network.call(payload)).items]
    later = [
        {**payload, "entry": [{**entry, "time": 9 * 10**12} for entry in payload["entry"]]} for payload in payloads
    ]
    again = [item.remote_id for item in adapter.hear(network.call(*later)).items]
    assert together == apart == again
    assert len(set(together)) == 5


def test_several_receipts_in_one_event_are_one_each(network: GraphNetwork) -> None:
    event = {
        "sender": {"id": "7"},
        "recipient": {"id": PAGE},
        "timestamp": 10**12,
        "delivery": {"mids": ["m1", "m2"], "watermark": 1},
    }
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [event]}]}).encode()
    assert [parsed.about_id for parsed in heard(facebook(network), signed(body))] == ["facebook:m1", "facebook:m2"]


UNKNOWN: list[dict[str, Any]] = [
    {"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [{"sender": {"id": "7"}, "brand_new": {}}]}]},
    {"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": [{"field": "holograms", "value": {"id": "1"}}]}]},
    {
        "object": "page",
        "entry": [
            {"id": PAGE, "time": 1, "changes": [{"field": "feed", "value": {"item": "comment", "verb": "sing"}}]}
        ],
    },
    {"object": "page", "entry": [{"id": PAGE}]},
    {"object": "page", "entry": ["what?"]},
    {"object": "page", "entry": [{"id": PAGE, "messaging": [None]}]},
    {"object": "page", "entry": [{"id": PAGE, "changes": [7]}]},
    {"object": "permissions", "entry": [{"uid": "7", "changed_fields": ["email"]}]},
]


@pytest.mark.parametrize("payload", UNKNOWN)
def test_an_unknown_or_half_event_is_kept_and_shown(network: GraphNetwork, payload: dict[str, Any]) -> None:
    for adapter in (facebook(network), instagram(network), whatsapp(network)):
        (parsed,) = heard(adapter, signed(json.dumps(payload).encode()))
        assert parsed.happening == "unknown"
        assert parsed.problems
        assert parsed.text


@given(told=JSON)
def test_no_json_of_any_shape_makes_a_parser_fail(told: Any) -> None:
    shapes = [
        told,
        {"object": "page", "entry": [told]},
        {"entry": [{"id": told, "messaging": [told]}]},
        {"entry": [{"messaging": [{"sender": told, "message": told}]}]},
        {"entry": [{"messaging": [{"message": {"mid": told, "text": told, "attachments": told}}]}]},
        {"entry": [{"changes": [{"field": "feed", "value": told}]}]},
        {"entry": [{"changes": [{"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "1", "from": told, "created_time": told}}]}]},
        {"entry": [{"changes": [{"field": "mentions", "value": told}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": {"messages": [told], "contacts": told, "metadata": told}}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": {"statuses": [{"id": "1", "status": "failed", "errors": [told], "timestamp": told}]}}]}]},
        {"entry": [{"fetched": [{"comment": told}]}]},
    ]  # fmt: skip
    for shape in shapes:
        for parser in PARSERS:
            parsed = parser.parse(json.dumps(shape).encode(), fetched_at=FETCHED_AT)
            assert parsed.sent_at <= FETCHED_AT
            json.dumps(dict(parsed.reply_ref)).encode()
            if isinstance(shape, dict):
                assert parser.remote_id(shape)
                parser.moment(shape)


def test_an_event_without_an_id_is_named_by_what_it_says_and_not_by_when_it_was_sent() -> None:
    one = {"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": [{"field": "new", "value": {"a": 1}}]}]}
    again = {"object": "page", "entry": [{"id": PAGE, "time": 2, "changes": [{"field": "new", "value": {"a": 1}}]}]}
    other = {"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": [{"field": "new", "value": {"a": 2}}]}]}
    assert fingerprint(one) == fingerprint(again) != fingerprint(other)


def test_a_call_of_more_events_than_meta_makes_is_refused() -> None:
    many = {"object": "page", "entry": [{"id": "1", "messaging": [{}] * 10_001}]}
    with pytest.raises(CallRefused):
        list(events(many))
