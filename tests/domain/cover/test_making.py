"""Proves when the shifts of a pattern lie: local times over midnight and clock changes, days, and every other week."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.cover.making import Kind, days_of, stretch, stretches

LONDON = ZoneInfo("Europe/London")


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "begins", "ends", "wanted"),
    [
        (date(2026, 11, 23), time(9), time(17), (utc(11, 23, 9), utc(11, 23, 17))),
        (date(2026, 7, 6), time(9), time(17), (utc(7, 6, 8), utc(7, 6, 16))),
        (date(2026, 11, 23), time(22), time(6), (utc(11, 23, 22), utc(11, 24, 6))),
        (date(2026, 11, 23), time(18), time(0), (utc(11, 23, 18), utc(11, 24, 0))),
        (date(2026, 3, 28), time(22), time(6), (utc(3, 28, 22), utc(3, 29, 5))),  # seven hours: the clocks go forward
        (date(2026, 10, 24), time(22), time(6), (utc(10, 24, 21), utc(10, 25, 6))),  # nine hours: they go back
        (date(2026, 3, 29), time(1, 30), time(9), (utc(3, 29, 1, 30), utc(3, 29, 8))),  # half past one is passed over
        (date(2026, 10, 25), time(1, 30), time(9), (utc(10, 25, 0, 30), utc(10, 25, 9))),  # it comes twice: the first
    ],
)
def test_times_on_the_wall_are_instants(on: date, begins: time, ends: time, wanted: tuple[datetime, datetime]) -> None:
    assert stretch(on, begins, ends, LONDON) == wanted


def test_a_pattern_of_every_other_week_keeps_to_its_weeks() -> None:
    kind = Kind(frozenset({0, 2}), time(9), time(13), every_weeks=2)
    assert days_of(kind, date(2026, 11, 24), 4) == [date(2026, 11, 25), date(2026, 12, 7), date(2026, 12, 9)]


def test_days_without_are_left_out() -> None:
    kind = Kind(frozenset({4}), time(9), time(13))
    assert [begins.day for begins, _ in stretches(kind, date(2026, 12, 14), 3, LONDON, {date(2026, 12, 25)})] == [18, 1]


@given(
    st.frozensets(st.integers(0, 6)), st.times(), st.times(), st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(1, 10), st.integers(1, 3),
)  # fmt: skip
def test_every_shift_is_longer_than_nothing_and_begins_on_its_day(
    weekdays: frozenset[int], begins: time, ends: time, first_on: date, weeks: int, every: int
) -> None:
    kind = Kind(weekdays, begins.replace(fold=0), ends.replace(fold=0), every)
    days = days_of(kind, first_on, weeks)
    made = stretches(kind, first_on, weeks, LONDON)
    assert all(on.weekday() in weekdays and on >= first_on for on in days)
    assert [begins_at.astimezone(LONDON).date() for begins_at, _ in made] == [on for on in days if on in _kept(made)]
    assert all(timedelta() < ends_at - begins_at <= timedelta(hours=25) for begins_at, ends_at in made)


def _kept(made: list[tuple[datetime, datetime]]) -> set[date]:
    return {begins_at.astimezone(LONDON).date() for begins_at, _ in made}


def test_a_shift_that_lies_in_the_hour_passed_over_is_not_made() -> None:
    kind = Kind(frozenset({6}), time(1, 30), time(2))
    made = stretches(kind, date(2026, 3, 22), 3, LONDON)
    assert [begins_at.day for begins_at, _ in made] == [22, 5]


def test_a_shift_that_ends_when_it_begins_is_a_day_long_and_one_without_length_is_not_made() -> None:
    assert stretch(date(2026, 11, 23), time(8), time(8), LONDON) == (
        datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC),
    )  # fmt: skip
    sundays = Kind(frozenset({6}), time(1), time(2))
    assert stretches(sundays, date(2026, 3, 23), 1, LONDON) == []
    assert len(stretches(sundays, date(2026, 3, 16), 1, LONDON)) == 1
