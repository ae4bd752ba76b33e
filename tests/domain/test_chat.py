"""When a chat ends by itself, and what is said about how long it takes: from waits that really were, and never of too few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.chat import AWAY, FEW, QUIET, Lately, about, ends_at, lately
from tests.cast import MONDAY_10

LENGTHS = st.lists(st.timedeltas(timedelta(), timedelta(hours=20)), min_size=FEW, max_size=60)


def minutes(*numbers: float) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


def test_a_chat_in_which_we_spoke_last_ends_when_nothing_more_is_said() -> None:
    assert ends_at(said_at=MONDAY_10, here_at=MONDAY_10 + timedelta(hours=1), waiting=False) == MONDAY_10 + QUIET


def test_whoever_waits_and_is_there_is_never_shown_out() -> None:
    here_at = MONDAY_10 + timedelta(hours=3)
    assert ends_at(said_at=MONDAY_10, here_at=here_at, waiting=True) == here_at + AWAY


def test_where_few_had_an_answer_nothing_is_said() -> None:
    assert lately(minutes(1, 2, 3, 4), minutes(1, 1, 1, 1, 1)) is None
    assert lately([], []) is None


def test_where_all_were_answered_the_half_and_nine_in_ten_are_waits_that_were() -> None:
    known = lately(minutes(9, 1, 2, 3, 4, 5, 6, 7, 8, 60), [])
    assert known == Lately(10, timedelta(minutes=5), timedelta(minutes=9))


def test_whoever_has_just_begun_to_wait_makes_nothing_look_quicker() -> None:
    answered = minutes(5, 5, 5, 6, 6, 7)
    crowd = lately(answered, minutes(*[0.1] * 50))
    alone = lately(answered, [])
    assert crowd is not None
    assert alone is not None
    assert (crowd.half, crowd.most) == (alone.half, alone.most)


def test_a_desk_at_which_most_go_unanswered_does_not_look_quick() -> None:
    known = lately(minutes(1, 1, 1, 1, 1), minutes(*[30] * 10))
    assert known == Lately(15, None, None)
    known = lately(minutes(1, 1, 1, 1, 1), minutes(30, 30, 30))
    assert known == Lately(8, timedelta(minutes=1), None)


@given(LENGTHS, st.lists(st.timedeltas(timedelta(), timedelta(hours=20)), max_size=60))
def test_half_never_take_longer_than_nine_in_ten_and_a_wait_that_goes_on_shortens_nothing(
    answered: list[timedelta], unanswered: list[timedelta]
) -> None:
    known, sure = lately(answered, unanswered), lately(answered, [])
    assert known is not None
    assert sure is not None
    assert sure.half is not None
    assert sure.most is not None
    assert sure.half == sorted(answered)[-(-len(answered) // 2) - 1]
    assert known.half is None or sure.half <= known.half
    assert known.most is None or (known.half is not None and known.half <= known.most and sure.most <= known.most)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(seconds=50), "about 1 minute"),
        (timedelta(seconds=61), "about 2 minutes"),
        (timedelta(minutes=11), "about 15 minutes"),
        (timedelta(minutes=50), "about 1 hour"),
        (timedelta(minutes=61), "about 2 hours"),
    ],
)
def test_a_wait_is_said_as_roughly_as_it_is_known_and_never_shorter(length: timedelta, words: str) -> None:
    assert about(length) == words
