"""What Notify says: who wrote, in one form of number, and what became of what was sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.base import Call, CallRefused, RawItem
from sociable.channels.sms.adapter import SmsAdapter
from sociable.channels.sms.hook import LONGEST_BYTES
from sociable.channels.sms.numbers import as_people_write_it, is_answerable, normalise
from sociable.channels.sms.parse import LONGEST_SHOWN_CHARS
from tests.channels.sms.conftest import FETCHED_AT, KEY, SETTINGS, TOM, all_of, read
from tests.channels.sms.test_reading import Make
from tests.servers.notify import Notify, Sent


@pytest.fixture
def adapter() -> SmsAdapter:
    return SmsAdapter.from_settings(SETTINGS)


def heard(notify: Notify, adapter: SmsAdapter, told: dict[str, Any]) -> RawItem:
    headers, body = notify.callback(told)
    (item,) = adapter.hear(Call("POST", headers, {}, body)).items
    return item


@pytest.mark.parametrize(
    ("told", "number", "shown"),
    [
        ("447700900123", "+447700900123", "07700 900123"),
        ("+447700900123", "+447700900123", "07700 900123"),
        ("07700900123", "+447700900123", "07700 900123"),
        ("07700 900123", "+447700900123", "07700 900123"),
        ("0044 7700 900123", "+447700900123", "07700 900123"),
        ("+44 (0)7700 900123", "+447700900123", "07700 900123"),
        ("33612345678", "+33612345678", "+33 6 12 34 56 78"),
        ("60123", "60123", "60123"),
        ("Council", "Council", "Council"),
        ("", "", ""),
        ("1234567890123456789", "1234567890123456789", "1234567890123456789"),
    ],
)
def test_a_number_has_one_form_however_it_is_told(told: str, number: str, shown: str) -> None:
    assert normalise(told) == number
    assert as_people_write_it(number) == shown
    assert is_answerable(number) == (number[:1] == "+")


@given(st.text(max_size=40))
def test_whatever_stands_for_a_number_is_kept_short_and_normal_for_good(said: str) -> None:
    once = normalise(said)
    assert len(once) <= 40
    assert normalise(once) == once
    as_people_write_it(once)


def test_a_text_is_read_with_all_that_is_needed_to_answer_it(notify: Notify, adapter_for: Make) -> None:
    text = notify.text(TOM, "When is my bin day?")
    parsed = read(all_of(adapter_for())[0][0])
    assert (parsed.text, parsed.happening, parsed.visibility) == ("When is my bin day?", "said", "private")
    assert (parsed.from_address, parsed.from_handle, parsed.identity_kind) == ("+447700900123", "07700 900123", "phone")
    assert parsed.message_id == f"sms:{text.id}"
    assert parsed.thread_key == "sms:+447700900123:+447700900999"
    assert parsed.reply_ref == {"number": "+447700900123"}
    assert (parsed.sent_at, parsed.sent_at_why) == (text.at, "when Notify received it")
    assert parsed.may_acknowledge


def test_a_text_that_is_told_reads_as_when_it_is_fetched(
    notify: Notify, adapter_for: Make, adapter: SmsAdapter
) -> None:
    text = notify.text(TOM, "Ble mae'r ŵyl? 👩‍👩‍👧‍👦")
    (fetched,), told = all_of(adapter_for())[0], heard(notify, adapter, notify.told(text))
    assert told.remote_id == fetched.remote_id
    assert read(told) == read(fetched)


def test_what_comes_from_a_short_number_says_that_it_cannot_be_answered(notify: Notify, adapter_for: Make) -> None:
    notify.text("60123", "You have won!")
    parsed = read(all_of(adapter_for())[0][0])
    assert not parsed.may_acknowledge
    assert parsed.problems == ("It comes from a number to which no text can be sent.",)
    assert parsed.happening == "said"


def test_a_text_is_never_from_the_future_and_has_a_time_of_its_own() -> None:
    told = {"source_number": TOM, "message": "x", "id": "1"}

    def at(**more: str) -> datetime:
        return SmsAdapter.parse(json.dumps(told | more).encode(), fetched_at=FETCHED_AT).sent_at

    assert at() == FETCHED_AT
    assert at(date_received="2031-01-01T00:00:00Z") == FETCHED_AT
    assert at(date_received="2026-11-23T10:00:00") == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert at(date_received="nonsense") == FETCHED_AT


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [
        ("delivered", "delivered", "It reached the phone."),
        ("permanent-failure", "failed", "the number is wrong"),
        ("temporary-failure", "failed", "the phone was off"),
        ("technical-failure", "failed", "It did not leave"),
        ("sent", "accepted", "another country"),
        ("sending", "accepted", "phone network"),
    ],
)
def test_a_report_names_our_text_and_says_what_became_of_it(
    notify: Notify, adapter: SmsAdapter, status: str, state: str, said: str
) -> None:
    reference = SmsAdapter.message_id_for(3, 7, "", KEY)
    sent = Sent("5f88e576-97b4-4d59-80f9-2d5f2e4d3a1b", "+447700900123", "On Friday.", reference, notify.now)
    item = heard(notify, adapter, notify.report(sent, status))
    parsed = read(item)
    assert (parsed.happening, parsed.about_id, parsed.references) == ("delivery", f"sms:{sent.id}", (reference,))
    assert parsed.delivery is not None
    assert (parsed.delivery.state, parsed.delivery.permanent) == (state, True)
    assert said in parsed.delivery.detail
    assert item.remote_id == f"sms:{sent.id}:{status}"  # a replay is the same thing again, another state is not


@pytest.mark.parametrize("reference", [None, "another-system-7", "sociable:7.0000000000000000", "sociable:7"])
def test_a_report_of_another_systems_text_is_only_noted(
    notify: Notify, adapter: SmsAdapter, reference: str | None
) -> None:
    sent = Sent("5f88e576-97b4-4d59-80f9-2d5f2e4d3a1b", "+447700900123", "x", reference, notify.now)
    assert read(heard(notify, adapter, notify.report(sent, "delivered"))).happening == "noted"


def test_a_report_in_a_new_word_is_kept_for_a_person(notify: Notify, adapter: SmsAdapter) -> None:
    sent = Sent("5f88e576", "+447700900123", "x", SmsAdapter.message_id_for(3, 7, "", KEY), notify.now)
    parsed = read(heard(notify, adapter, notify.report(sent, "teleported")))
    assert parsed.happening == "unknown"
    assert "teleported" in parsed.problems[0]


# Calls that are not Notify's


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer another-token-here", "bearer a-long-callback-token", "Bearer é"]
)
def test_a_forged_call_is_refused(notify: Notify, adapter: SmsAdapter, given: str) -> None:
    _, body = notify.callback(notify.told(notify.text(TOM, "x")))
    with pytest.raises(CallRefused) as refused:
        adapter.hear(Call("POST", {"authorization": given} if given else {}, {}, body))
    assert refused.value.status == 401


def test_where_no_token_was_given_nobody_is_believed(notify: Notify) -> None:
    _, body = notify.callback(notify.told(notify.text(TOM, "x")))
    adapter = SmsAdapter.from_settings(SETTINGS | {"callback_token": ""})
    for authorization in ("", "Bearer ", "Bearer None"):
        with pytest.raises(CallRefused):
            adapter.hear(Call("POST", {"authorization": authorization}, {}, body))


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("GET", b"{}", 405),
        ("POST", b"", 400),
        ("POST", b"{", 400),
        ("POST", b"[]", 400),
        ("POST", b"{}", 400),
        ("POST", b"\xff", 400),
        ("POST", b"[" * 60_000, 400),
        ("POST", b" " * (LONGEST_BYTES + 1), 413),
    ],
)
def test_half_a_call_is_refused(notify: Notify, adapter: SmsAdapter, method: str, body: bytes, status: int) -> None:
    headers, _ = notify.callback({})
    with pytest.raises(CallRefused) as refused:
        adapter.hear(Call(method, headers, {}, body))
    assert refused.value.status == status


def test_a_call_of_an_unknown_kind_is_kept(notify: Notify, adapter: SmsAdapter) -> None:
    item = heard(notify, adapter, {"something": "new"})
    assert item.remote_id.startswith("sha256:")
    assert read(item).happening == "unknown"
    assert read(item).problems


def test_a_text_of_any_length_is_read_and_cut_only_in_what_is_shown(notify: Notify, adapter: SmsAdapter) -> None:
    text = notify.text(TOM, "x" * 50_000)
    item = heard(notify, adapter, notify.told(text))
    assert len(read(item).text) == LONGEST_SHOWN_CHARS
    assert read(item).truncated
    assert b"x" * 50_000 in item.content


_values = st.none() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=3), max_size=2)
_names = st.sampled_from(
    [
        "id",
        "user_number",
        "source_number",
        "content",
        "message",
        "status",
        "reference",
        "created_at",
        "date_received",
        "to",
    ]
)


@given(st.dictionaries(_names, _values, max_size=10))
def test_half_and_broken_things_are_read_or_kept_as_unknown(told: dict[str, Any]) -> None:
    parsed = SmsAdapter.parse(json.dumps(told).encode(), fetched_at=FETCHED_AT, is_ours=lambda _value: True)
    assert parsed.sent_at <= FETCHED_AT
    assert parsed.happening != "unknown" or parsed.problems
    for value in (
        parsed.text,
        parsed.from_address,
        parsed.from_handle,
        parsed.message_id,
        parsed.thread_key,
        parsed.about_id,
    ):
        assert "\x00" not in value
        value.encode()
