"""Proves what speaks against a shift: each limit at its edge, and the laws that hold for all shifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.cover.limits import Around, Kind, Limits, Span, concerns, span_words
from tests.cast import at

LONDON = ZoneInfo("Europe/London")
NINE_TO_FIVE = (at(9), at(17))


def against(shift: Span, **known: Any) -> dict[Kind, str]:
    return {each.kind: each.words for each in concerns(shift, Around("Asha", **known))}


def day(number: int, begins: int = 9, ends: int = 17) -> Span:
    """A shift so many days after Monday 23 November."""
    midnight = at(0) + timedelta(days=number)
    return midnight + timedelta(hours=begins), midnight + timedelta(hours=ends)


def test_nothing_speaks_against_an_ordinary_day() -> None:
    assert against(NINE_TO_FIVE, shifts=(day(-1), day(1)), working=(NINE_TO_FIVE,)) == {}


def test_an_overlap_refuses_and_is_said_first() -> None:
    found = concerns(NINE_TO_FIVE, Around("Asha", shifts=((at(16), at(20)),), away=(NINE_TO_FIVE,)))
    assert [(each.kind, each.refuses) for each in found[:2]] == [(Kind.OVERLAP, True), (Kind.AWAY, False)]
    assert found[0].words == "Asha has another shift then, 4pm to 8pm on Monday 23 November."


def test_a_shift_begins_as_another_ends() -> None:
    assert against((at(13), at(17)), shifts=((at(9), at(13)),)) == {}


def test_the_laws_average_counts_from_sixteen_weeks_before_to_the_week_of_the_shift() -> None:
    before = [day(number - 7 * week, 9, 16) for week in range(1, 17) for number in range(7)]  # 49 hours each
    others = (day(1), day(2), day(3))
    assert Kind.AVERAGE in against(day(0, 9, 18), shifts=(*before, *others)), "817 hours in 17 weeks"
    assert Kind.AVERAGE not in against(day(0, 9, 18), shifts=(*before[:-1], *others))
    after = [(begins + timedelta(weeks=17), ends + timedelta(weeks=17)) for begins, ends in before]
    assert Kind.AVERAGE in against(day(0, 9, 18), shifts=(*after, *others))
    assert Kind.AVERAGE not in against(day(0, 9, 18), shifts=(*after[1:], *others))


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night, afternoon = (at(22), at(6, day=24)), (at(14, day=24), at(18, day=24))
    assert set(against(afternoon, shifts=(night,))) == {Kind.REST}
    assert against((at(6), at(8)), shifts=((at(22), at(23)),)) == {}, "a break between two shifts of one day"
    nights = tuple(day(number, 22, 30) for number in range(5))
    assert Kind.ROW not in against(day(5, 22, 30), shifts=nights, limits=Limits(days_in_a_row=6))
    assert Kind.ROW in against(day(5, 22, 30), shifts=nights, limits=Limits(days_in_a_row=5))


@pytest.mark.parametrize(
    ("shift", "known", "kind", "words"),
    [
        (NINE_TO_FIVE, {"away": ((at(12), at(14)),)}, Kind.AWAY, "Asha is away from midday to 2pm on Monday 23 November."),
        (
            NINE_TO_FIVE, {"not_ready": ("Ashby Help", "Vale Clinic")}, Kind.NOT_READY,
            "Asha is not signed off for Ashby Help and Vale Clinic, and would not count as cover there.",
        ),
        (NINE_TO_FIVE, {"working": ()}, Kind.OUTSIDE, "It lies outside the hours in which Asha works."),
        (
            NINE_TO_FIVE, {"working": ((at(8), at(12)), (at(12), at(15, 30)))}, Kind.OUTSIDE,
            "1 hour 30 minutes of it lie outside the hours in which Asha works.",
        ),
        (day(0, 9, 20), {}, Kind.LONG, "It is 11 hours long; Asha's longest is 10 hours."),
        (NINE_TO_FIVE, {"accounts": 7}, Kind.AT_ONCE, "It covers 7 accounts at once; Asha covers 6 at most."),
        (
            NINE_TO_FIVE, {"shifts": (day(-1, 15, 23),)}, Kind.REST,
            "Only 10 hours of rest lie between it and the shift 3pm to 11pm on Sunday 22 November; 11 hours are the least.",
        ),
        (
            day(4), {"shifts": tuple(day(n) for n in range(4))}, Kind.WEEK,
            "Asha would be on the rota for 40 hours in the week of Monday 23 November; 37 hours are the most.",
        ),
        (
            day(3), {"shifts": tuple(day(n, 9, 10) for n in (-3, -2, -1, 0, 1, 2))}, Kind.ROW,
            "It makes 7 days in a row, Friday 20 November to Thursday 26 November; 6 are the most for Asha.",
        ),
    ],
    ids=lambda value: value if isinstance(value, Kind) else "",
)  # fmt: skip
def test_each_concern_is_a_sentence(shift: Span, known: dict[str, Any], kind: Kind, words: str) -> None:
    assert against(shift, **known) == {kind: words}


@pytest.mark.parametrize(
    ("shift", "known"),
    [
        (day(0, 9, 19), {}),  # exactly the longest
        (NINE_TO_FIVE, {"accounts": 6}),
        (NINE_TO_FIVE, {"shifts": (day(-1, 14, 22),)}),  # exactly eleven hours
        (day(4, 9, 14), {"shifts": tuple(day(n) for n in range(4))}),  # exactly 37 hours
        (day(2), {"shifts": tuple(day(n, 9, 10) for n in (-3, -2, -1, 0, 1))}),  # six days
        ((at(14), at(17)), {"shifts": ((at(9), at(13)),)}),  # a break of one day is no rest of two
    ],
)
def test_a_limit_that_is_just_kept_says_nothing(shift: Span, known: dict[str, Any]) -> None:
    assert against(shift, **known) == {}


SATURDAYS = [day(5 + 7 * week) for week in range(8)]


@pytest.mark.parametrize(
    ("shift", "others", "limits", "words"),
    [
        (
            SATURDAYS[2], (day(6), SATURDAYS[1], SATURDAYS[4]), Limits(weekends_in_a_row=2),
            "It makes 3 weekends in a row; 2 are the most for Asha.",
        ),
        (
            SATURDAYS[3], (SATURDAYS[0], SATURDAYS[1], SATURDAYS[5]), Limits(weekends_in_four=2),
            "It makes 3 of four weekends; 2 are the most for Asha.",
        ),
        (day(6), (), Limits(weekends_in_a_row=0), "It makes 1 weekend in a row; none are the most for Asha."),
    ],
)  # fmt: skip
def test_weekends_are_counted_by_either_of_their_days(
    shift: Span, others: tuple[Span, ...], limits: Limits, words: str
) -> None:
    assert against(shift, shifts=others, limits=limits) == {Kind.WEEKENDS: words}


@pytest.mark.parametrize(
    ("shift", "others", "limits"),
    [
        (SATURDAYS[2], (SATURDAYS[0], SATURDAYS[1], SATURDAYS[3], SATURDAYS[4]), Limits()),
        (SATURDAYS[2], (SATURDAYS[0], SATURDAYS[3]), Limits(weekends_in_a_row=2)),
        (SATURDAYS[0], (day(6),), Limits(weekends_in_a_row=1, weekends_in_four=1)),
        (SATURDAYS[4], (SATURDAYS[0], SATURDAYS[1]), Limits(weekends_in_four=2)),
        (day(4), SATURDAYS[:4], Limits(weekends_in_a_row=1, weekends_in_four=1)),
    ],
)
def test_weekends_within_their_limits_say_nothing(shift: Span, others: tuple[Span, ...], limits: Limits) -> None:
    """A Friday is no weekend, whatever the Saturdays around it are."""
    assert Kind.WEEKENDS not in against(shift, shifts=others, limits=limits)


def test_the_law_counts_an_average_of_seventeen_weeks() -> None:
    free = Limits(week=timedelta(hours=99), longest_shift=timedelta(hours=99), days_in_a_row=9)
    weeks = tuple(day(7 * week + n, 8, 18) for week in range(17) for n in range(5) if week or n)
    assert against(day(0, 8, 18), shifts=weeks, limits=free)[Kind.AVERAGE] == (
        "Asha would work 50 hours a week on average over 17 weeks; the law lets nobody be asked for more than 48 hours."
    )
    fewer = tuple(each for each in weeks if each[0] < weeks[0][0] + timedelta(weeks=16))
    assert Kind.AVERAGE not in against(day(0, 8, 18), shifts=fewer, limits=free)


def test_a_week_without_a_day_of_rest_is_said() -> None:
    others = tuple(day(n) for n in range(1, 7))
    found = against(day(0), shifts=others, limits=Limits(week=timedelta(hours=99), days_in_a_row=9))
    assert found == {Kind.WEEKLY_REST: "Asha would have no 24 hours of rest on end in the week of Monday 23 November."}
    assert Kind.WEEKLY_REST not in against(day(0), shifts=others[:-1], limits=Limits(week=timedelta(hours=99)))


def test_a_week_ends_at_its_own_midnight_where_clocks_change() -> None:
    """Sunday 25 October 2026 has 25 hours in London: a shift over its night is counted to the week it lies in."""
    night = datetime(2026, 10, 25, 22, tzinfo=UTC), datetime(2026, 10, 26, 4, tzinfo=UTC)
    one_hour = Limits(week=timedelta(hours=3))
    assert against(night, limits=one_hour)[Kind.WEEK].startswith(
        "Asha would be on the rota for 4 hours in the week of Monday 26 October"
    )
    assert Kind.WEEK not in against(night, limits=Limits(week=timedelta(hours=4)))


def test_a_shift_over_midnight_is_said_with_both_days() -> None:
    assert span_words((at(22), at(6, day=24)), LONDON) == "10pm on Monday 23 November to 6am on Tuesday 24 November"
    assert span_words((at(18), at(0, day=24)), LONDON) == "6pm to midnight on Monday 23 November"


SPANS = st.builds(
    lambda start, length: (at(0) + timedelta(minutes=start), at(0) + timedelta(minutes=start + length)),
    st.integers(-20_000, 20_000), st.integers(1, 1_500),
)  # fmt: skip


@given(SPANS, st.lists(SPANS, max_size=6))
def test_it_is_refused_exactly_when_a_minute_is_worked_twice(shift: Span, others: list[Span]) -> None:
    def minutes(span: Span) -> set[int]:
        first, last = ((each - at(0)) // timedelta(minutes=1) for each in span)
        return set(range(first, last))

    twice = any(minutes(shift) & minutes(other) for other in others)
    assert any(each.refuses for each in concerns(shift, Around("Asha", shifts=tuple(others)))) == twice


@given(SPANS, st.lists(SPANS, max_size=6), st.randoms())
def test_the_order_of_the_others_changes_nothing(shift: Span, others: list[Span], shuffled: Any) -> None:
    before = concerns(shift, Around("Asha", shifts=tuple(others)))
    shuffled.shuffle(others)
    assert concerns(shift, Around("Asha", shifts=tuple(others))) == before
