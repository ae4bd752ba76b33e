"""Cutting into parts: nothing is lost, the order is kept, every part fits, and it is cut where people would cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.text import CannotSplit, Limit, fits, split
from tests.domain.text.cases import FAMILY

LIMITS = [
    [Limit("x", 280)],
    [Limit("mastodon", 500)],
    [Limit("graphemes", 300), Limit("bytes", 3000)],
    [Limit("bytes", 120)],
    [Limit("sms", 160)],
    [Limit("characters", 40)],
]
LINK, MENTION = "https://example.gov.uk/bins/a-z?ward=3", "@leeds_bins"
pieces = st.one_of(
    st.sampled_from(
        [
            "Bins",
            "are",
            "collected.",
            "Why?",
            "So…",
            "\n\n",
            "\n",
            " ",
            "naïve",
            "ŵyth",
            FAMILY,
            "👍🏽",
            LINK,
            MENTION,
            "故人西辞",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cn", "Cc"]), min_size=1, max_size=12),
)
texts = st.builds(" ".join, st.lists(pieces, min_size=1, max_size=120))


def numbered_away(parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    numbers = [part.rsplit(" ", 1) for part in parts]
    assert [number for _, number in numbers] == [f"{at}/{len(parts)}" for at in range(1, len(parts) + 1)]
    return " ".join(body for body, _ in numbers)


def solid(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(texts, st.sampled_from(LIMITS))
def test_nothing_is_lost_in_order_and_every_part_fits(text: str, limits: list[Limit]) -> None:
    try:
        parts = split(text, limits)
    except CannotSplit:
        assert limits == [Limit("characters", 40)] or limits == [Limit("sms", 160)] or limits == [Limit("bytes", 120)]
        return
    assert all(fits(part, limits) for part in parts)
    assert solid(numbered_away(parts)) == solid(text)
    assert len(parts) == 1 or not fits(text.strip(), limits)


@given(texts, st.sampled_from(LIMITS[:3]))
def test_addresses_mentions_and_emoji_stay_whole(text: str, limits: list[Limit]) -> None:
    text = f"{text} {LINK} {FAMILY} {MENTION} end"
    together = "\n".join(split(text, limits))
    for whole in (LINK, FAMILY, MENTION):
        assert together.count(whole) == text.count(whole)


def test_a_part_ends_with_a_paragraph_where_that_leaves_it_full_enough() -> None:
    text = "One two three four. Five six.\n\nSeven eight nine ten. Eleven twelve thirteen."
    assert split(text, [Limit("characters", 50)]) == [
        "One two three four. Five six. 1/2",
        "Seven eight nine ten. Eleven twelve thirteen. 2/2",
    ]


def test_else_with_a_sentence_and_else_between_words() -> None:
    assert (
        split("One two three. Four five six seven eight nine ten.", [Limit("characters", 30)])[0]
        == "One two three. 1/3"
    )
    assert split("one two three four five six seven eight", [Limit("characters", 20)])[0] == "one two three 1/3"


def test_a_word_is_cut_only_where_nothing_else_fits() -> None:
    assert split("a" * 50, [Limit("characters", 30)]) == ["a" * 26 + " 1/2", "a" * 24 + " 2/2"]


def test_what_fits_has_no_number() -> None:
    assert split("  Short. ", [Limit("x", 280)]) == ["Short."]


def test_numbers_of_two_digits_have_room() -> None:
    for most in (33, 34, 35):  # one of them is filled to the brim
        parts = split("w " * 400, [Limit("characters", most)])
        assert len(parts) > 9
        assert all(len(part) <= most for part in parts)


def test_a_better_border_is_not_worth_a_nearly_empty_part() -> None:
    assert split("Hello.\n\nwe collect your brown bin on every second Tuesday", [Limit("characters", 40)]) == [
        "Hello.\n\nwe collect your brown bin on 1/2",
        "every second Tuesday 2/2",
    ]


def test_an_address_too_long_for_a_part_is_refused_in_words() -> None:
    with pytest.raises(CannotSplit, match="too long for one part"):
        split("See https://example.gov.uk/" + "a" * 400, [Limit("graphemes", 300)])
