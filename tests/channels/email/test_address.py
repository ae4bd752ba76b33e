"""Our signed addresses and Message-IDs: read back by us, forged by nobody."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.email import address as signing

KEY = b"a key of this test"
NUMBERS = st.integers(min_value=0, max_value=2**63)
LABEL = st.text(alphabet=string.ascii_lowercase + string.digits + "-", min_size=1, max_size=12).map(
    lambda text: f"a{text}a"
)
DOMAINS = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@given(NUMBERS, DOMAINS)
def test_a_reply_address_names_its_conversation_in_any_case(number: int, domain: str) -> None:
    address = signing.reply_address(f"help@{domain}", number, KEY)
    assert address.startswith("help+r.")
    assert address.endswith(f"@{domain}")
    for seen in (address, address.upper(), f" <{address.title()}> "):
        assert signing.read_reply_address(seen, KEY) == number


@given(NUMBERS, NUMBERS, DOMAINS)
def test_a_message_id_names_its_message(conversation: int, message: int, domain: str) -> None:
    made = signing.message_id(conversation, message, domain, KEY)
    assert made == signing.message_id(conversation, message, domain, KEY)
    assert signing.read_message_id(made, KEY) == (conversation, message)
    assert signing.read_message_id(made.upper(), KEY) == (conversation, message)
    assert not signing.is_our_message_id(made, b"another key")


@given(NUMBERS, st.integers(min_value=0, max_value=200), st.sampled_from(string.ascii_lowercase + "234567"))
def test_a_changed_letter_is_noticed(number: int, place: int, letter: str) -> None:
    address = signing.reply_address("help@my-council.gov.example", number, KEY)
    local, _, domain = address.partition("@")
    start = len("help+r.")
    place = start + place % (len(local) - start)
    forged = f"{local[:place]}{letter}{local[place + 1 :]}@{domain}"
    assert forged == address or signing.read_reply_address(forged, KEY) in (None, number) or forged[place] == "."
    if forged != address:
        assert signing.read_reply_address(forged, KEY) is None


@given(st.text(max_size=80))
def test_rubbish_is_nobodys(value: str) -> None:
    assert signing.read_reply_address(value, KEY) is None
    assert signing.read_message_id(value, KEY) is None


@pytest.mark.parametrize(
    "value", ["help@leeds.test", "help+news@leeds.test", "help+r.aa.bb@leeds.test", "r.aa.aaaaaaaaaaaaaaaa@x", ""]
)
def test_other_addresses_are_not_ours(value: str) -> None:
    assert signing.read_reply_address(value, KEY) is None


def test_one_kind_of_signature_is_not_another() -> None:
    local = signing.reply_address("help@x.test", 1, KEY).partition("@")[0].removeprefix("help+r.")
    number, signature = local.split(".")
    assert signing.read_message_id(f"<c.{number}.{number}.{signature}@x.test>", KEY) is None


def test_a_mailbox_that_cannot_carry_it_keeps_its_plain_address() -> None:
    assert signing.reply_address("help@x.test", 1, KEY, separator="") == "help@x.test"
    long_name = "customer-services-and-general-enquiries-team@x.test"
    assert signing.reply_address(long_name, 2**60, KEY) == long_name
    assert signing.read_reply_address(signing.reply_address("help@x.test", 5, KEY, separator="-"), KEY) == 5


def test_addresses_are_compared_without_dress() -> None:
    assert signing.normalise_address(" <Tom.Smith@My-Council.GOV.example.> ") == "tom.smith@my-council.gov.example"
    assert signing.domain_of("help@my-council.example") == "my-council.example"
    assert signing.domain_of("help") == ""
