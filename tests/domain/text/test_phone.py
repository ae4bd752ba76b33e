"""One number has one form, however it was typed; what is no number is refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.text import NotANumber, e164, is_mobile, number_words


@pytest.mark.parametrize(
    "typed",
    ["0113 222 4444", "0113-222-4444", "(0113) 2224444", "+44 113 222 4444", "0044 113 222 4444", "٠١١٣ ٢٢٢ ٤٤٤٤"],
)
def test_however_it_is_typed_it_is_the_same_number(typed: str) -> None:
    assert e164(typed) == "+441132224444"


def test_a_number_from_abroad_keeps_its_country() -> None:
    assert e164("+353 1 222 4444") == "+35312224444"


@pytest.mark.parametrize("typed", ["", "Dev", "12", "0113 222 4444 0113 222 4444", "+999 12345678", "dev@example.org"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(NotANumber, match="not a phone number"):
        e164(typed)


@pytest.mark.parametrize(
    ("number", "words"),
    [("+441132224444", "0113 222 4444"), ("+35312224444", "+353 1 222 4444"), ("", ""), ("nonsense", "nonsense")],
)
def test_people_read_it_as_they_would_write_it(number: str, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("number", "takes"),
    [
        ("+447400123456", True),
        ("+447700900123", True),
        ("+33612345678", True),
        ("+441132224444", False),
        ("+441134960000", False),
        ("x", False),
    ],
)
def test_a_mobile_takes_texts(number: str, takes: bool) -> None:
    assert is_mobile(number) is takes


@given(st.text(max_size=30))
def test_whatever_is_typed_it_is_a_number_or_a_refusal(typed: str) -> None:
    try:
        number = e164(typed)
    except NotANumber:
        return
    assert e164(number) == number
    assert e164(number_words(number)) == number
