"""What every channel keeps to, whoever wrote it: run over all adapters that are installed."""

import json
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels import base, capabilities, errors, parsed, protocols, registry, shapes
from sociable.channels.base import (
    Adapter,
    AnswersForOthers,
    Approves,
    Automatic,
    ChannelError,
    Counting,
    Downloads,
    Fetches,
    Finds,
    Happening,
    Hears,
    Introduces,
    Lists,
    Names,
    Parsed,
    Sends,
    SettingsRefused,
    Visibility,
)
from tests.channels.samples import SETTINGS

PROTOCOLS = (Fetches, Hears, Sends, Finds, Lists, Downloads, Introduces, Approves, Names, AnswersForOthers)

FETCHED_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = b"a key of this test"


def test_it_is_an_adapter_and_says_what_its_network_can_carry(kind: str) -> None:
    adapter = registry.adapter_class(kind)
    assert adapter.kind == kind
    assert adapter.name
    assert adapter.capabilities.source
    assert isinstance(adapter.capabilities.as_of_on, date)
    limits = (
        adapter.capabilities.longest_text,
        adapter.capabilities.longest_bytes,
        adapter.capabilities.most_parts,
    )
    assert all(limit is None or limit > 0 for limit in limits)
    assert (adapter.capabilities.attachments_bytes or 0) >= 0  # 0 where no file can go
    assert (adapter.capabilities.attachments_most or 0) >= 0
    assert adapter.capabilities.counting in get_args(Counting)
    assert adapter.capabilities.most_parts == 1 or adapter.capabilities.threads


def test_its_settings_are_data_from_which_a_form_can_be_made(kind: str) -> None:
    settings = registry.adapter_class(kind).settings
    names = [setting.name for setting in settings]
    assert len(names) == len(set(names))
    assert {setting.needs for setting in settings} - {""} <= set(names)
    for setting in settings:
        assert setting.label
        assert bool(setting.choices) == (setting.kind == "choice")
        assert not {"password", "secret", "token", "key"} & set(setting.name.split("_")) or setting.secret, setting.name


def test_settings_that_make_no_sense_are_refused_in_sentences(kind: str) -> None:
    for settings in ({"no such setting": 1, "address": "nobody"}, {}):
        try:
            adapter = registry.adapter(kind, settings)
        except SettingsRefused as error:
            refused = error
        else:
            adapter.close()  # a channel without settings has none to refuse
            continue
        assert refused.problems, "a refusal without a word"
        assert all(problem.endswith(".") for problem in refused.problems.values())


def test_it_can_be_checked_and_closed(kind: str) -> None:
    adapter = registry.adapter(kind, SETTINGS[kind])
    assert isinstance(adapter, Adapter)
    for finding in adapter.check():
        assert finding.what.endswith(".")
        assert finding.ok or finding.mend
    adapter.close()
    adapter.close()


@given(content=st.binary(max_size=200))
def test_reading_never_fails_and_what_is_read_can_be_stored(kind: str, content: bytes) -> None:
    parsed = registry.adapter_class(kind).parse(content, fetched_at=FETCHED_AT)
    assert isinstance(parsed, Parsed)
    assert parsed == registry.adapter_class(kind).parse(content, fetched_at=FETCHED_AT)
    assert parsed.sent_at <= FETCHED_AT
    assert parsed.automatic in get_args(Automatic)
    assert bool(parsed.automatic) == bool(parsed.automatic_why)
    assert not (parsed.automatic and parsed.may_acknowledge)
    assert parsed.happening in get_args(Happening)
    assert parsed.visibility in get_args(Visibility)
    assert parsed.happening != "unknown" or parsed.problems, "what is not known says so"
    assert (parsed.delivery is not None) <= (parsed.happening == "delivery")
    json.dumps(dict(parsed.reply_ref))
    for value in (
        parsed.subject,
        parsed.from_name,
        parsed.from_address,
        parsed.text,
        parsed.html or "",
        parsed.from_handle,
        parsed.message_id,
        parsed.about_id,
        parsed.thread_key,
        parsed.link,
        *parsed.problems,
    ):
        assert "\x00" not in value
        value.encode()


def test_what_the_network_recorded_starts_the_clock(kind: str) -> None:
    received_at = FETCHED_AT - timedelta(hours=3)
    parsed = registry.adapter_class(kind).parse(b"From: a@x.test\n\nx", fetched_at=FETCHED_AT, received_at=received_at)
    assert parsed.sent_at == received_at


def test_our_own_marks_are_read_back_and_nobody_elses(kind: str) -> None:
    adapter = registry.adapter_class(kind)
    made = adapter.message_id_for(7, 3, "help@leeds.test", KEY)
    assert made == adapter.message_id_for(7, 3, "help@leeds.test", KEY)
    assert adapter.is_ours(made, KEY) or not made or adapter.capabilities.ids_of_network
    assert not adapter.is_ours(made, b"another key")
    assert not adapter.is_ours("<1@example.test>", KEY)
    assert adapter.reply_address_for("help@leeds.test", 7, KEY).endswith("@leeds.test")


@pytest.mark.parametrize(
    "address",
    ["https://[half", "https://cdn.bsky.app:port/a.png", "http://127.0.0.1:99999/", "//[::1", "no address"],
)
def test_a_file_whose_address_is_none_is_given_up_for_good(kind: str, address: str) -> None:
    adapter = registry.adapter(kind, SETTINGS[kind])
    if not isinstance(adapter, Downloads):
        return
    with pytest.raises(ChannelError) as refused:
        adapter.download(address, 1000)
    adapter.close()
    assert refused.value.permanent


def test_it_can_be_fetched_or_sent_or_heard_or_comes_by_our_own_page(kind: str) -> None:
    adapter = registry.adapter_class(kind)
    ways = [way for way in (Fetches, Hears, Sends) if issubclass(adapter, way)]
    assert ways or adapter.capabilities.source == "our own page"


def test_what_looks_like_a_part_of_the_contract_is_the_whole_part(kind: str) -> None:
    adapter = registry.adapter_class(kind)
    for protocol in PROTOCOLS:
        names = {name for name in vars(protocol) if not name.startswith("_") and name != "close"}
        has = {name for name in names if hasattr(adapter, name)}
        assert has in (set(), names), (protocol.__name__, names - has)


def test_an_answer_to_our_mail_names_its_conversation() -> None:
    email = registry.adapter_class("email")
    address = email.reply_address_for("help@my-council.test", 7, KEY)
    sent = email.message_id_for(9, 3, "help@my-council.test", KEY)
    by_address = email.parse(f"From: a@x.test\nTo: {address.upper()}\n\nx".encode(), fetched_at=FETCHED_AT)
    by_id = email.parse(f"From: a@x.test\nReferences: <a@x.test> {sent}\n\nx".encode(), fetched_at=FETCHED_AT)
    by_subject = email.parse(
        b"From: a@x.test\nSubject: Re: [7] bin\nReferences: <a@x.test>\n\nx", fetched_at=FETCHED_AT
    )
    named = [email.conversation_named(parsed, KEY) for parsed in (by_address, by_id, by_subject)]
    assert [each and each.conversation_id for each in named] == [7, 9, None]
    assert email.conversation_named(by_address, b"another key") is None


@pytest.mark.parametrize("module", [capabilities, errors, parsed, protocols, shapes])
def test_all_that_a_channel_is_made_of_can_be_had_from_one_place(module: ModuleType) -> None:
    own = {name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__}
    assert own <= set(base.__all__)
    assert all(getattr(base, name) is getattr(module, name) for name in own)


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(registry.UnknownChannel, match="email"):
        registry.adapter("carrier-pigeon", {})
