"""Counting: what the networks publish, the text message's two alphabets, and what the browser is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.text import SCHEMES, Limit, as_data, count, fits, measure, scheme, sms_parts
from sociable.domain.text.schemes import UnknownScheme
from tests.domain.text.cases import CASES, DEARER, FAMILY, FREE

words = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=60)


@pytest.mark.parametrize(("by", "text", "counted"), CASES)
def test_each_network_counts_in_its_own_way(by: str, text: str, counted: int) -> None:
    assert count(text, by) == counted


@pytest.mark.parametrize(
    ("chars", "parts"),
    [
        (1, 1),
        (160, 1),
        (161, 2),
        (306, 2),
        (307, 3),
        (459, 3),
        (460, 4),
        (612, 4),
        (613, 5),
        (765, 5),
        (766, 6),
        (918, 6),
        (919, 7),
    ],
)
def test_a_plain_text_message_is_paid_for_by_the_part(chars: int, parts: int) -> None:
    assert sms_parts("a" * chars).parts == parts


@pytest.mark.parametrize(
    ("chars", "parts"),
    [
        (70, 1),
        (71, 2),
        (134, 2),
        (135, 3),
        (201, 3),
        (202, 4),
        (268, 4),
        (269, 5),
        (335, 5),
        (336, 6),
        (402, 6),
        (403, 7),
    ],
)
def test_one_letter_beside_the_plain_alphabet_makes_all_of_it_dearer(chars: int, parts: int) -> None:
    assert sms_parts("ŵ" + "a" * (chars - 1)).parts == parts
    assert sms_parts("ŵ" + "a" * (chars - 1)).dearer == ("ŵ",)


def test_which_welsh_letters_are_free() -> None:
    assert all(sms_parts(letter).dearer == () for letter in FREE)
    assert all(sms_parts(letter).dearer == (letter,) for letter in DEARER)


def test_a_dearer_alphabet_leaves_less_room_in_a_text_message() -> None:
    assert measure("a" * 918, Limit("sms", 918)).left == 0
    dearer = measure("ŵ" + "a" * 402, Limit("sms", 918))
    assert (dearer.used, dearer.most, dearer.left) == (403, 402, -1)
    assert measure("ŵ" + "a" * 70, Limit("sms", 160)).most == 70


def test_two_limits_hold_at_once() -> None:
    both = [Limit("graphemes", 300), Limit("bytes", 3000)]
    assert fits("é" * 300, both)
    assert not fits("é" * 301, both)
    assert not fits(FAMILY * 121, both)  # few characters, many bytes


def test_mentions_that_the_network_fills_in_do_not_count() -> None:
    assert count("@dev @Asha_1 Hello", "x", filled_in=["Dev", "@asha_1"]) == len("Hello")
    assert count("@dev @ben Hello", "x", filled_in=["dev"]) == len("@ben Hello")
    assert count("Hello @dev", "x", filled_in=["dev"]) == len("Hello @dev")


@given(words, words)
def test_plain_counting_adds_up(one: str, other: str) -> None:
    assert count(one + other, "characters") == count(one, "characters") + count(other, "characters") == len(one + other)
    assert count(one + other, "bytes") == len((one + other).encode())


@given(words)
def test_nothing_counts_for_less_than_nothing_or_more_than_it_may(text: str) -> None:
    for key in SCHEMES:
        assert 0 <= count(text, key) <= 24 * len(text)
    assert count(text, "graphemes") <= len(text)


def test_every_way_of_counting_says_where_it_comes_from() -> None:
    for one in SCHEMES.values():
        assert one.source
        assert one.as_of_on.year >= 2026


def test_the_browser_is_told_the_same_in_plain_data() -> None:
    told = json.loads(json.dumps(as_data(["x", "sms"])))
    assert told["x"]["ranges"] == [list(one) for one in scheme("x").ranges]
    assert told["sms"]["parts"][0] == [160, 70]
    assert set(told) == {"x", "sms"}


def test_an_unknown_way_of_counting_is_named() -> None:
    with pytest.raises(UnknownScheme, match="furlongs"):
        count("a", "furlongs")
