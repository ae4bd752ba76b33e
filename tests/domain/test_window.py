"""Until when somebody can be answered where their network shuts the door, and when that must be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.window import HEAD_START, Reply, Window, warn_at, window
from sociable.domain.worktime import Calendar, StatedHours, Version

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
OFFICE = Calendar([Version(StatedHours.parse("Mo-Fr 09:00-17:00"))])


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)  # the 23rd is a Monday


def told_at(heard_at: datetime, free: timedelta = DAY, late: timedelta | None = None) -> datetime:
    made = window(heard_at, free, late)
    assert made is not None
    return warn_at(made, OFFICE.spans_between(made.heard_at, made.closes_at))


@pytest.mark.parametrize(
    ("now", "freely_then_as_person", "freely_then_approved"),
    [
        (at(23, 10), Reply.FREELY, Reply.FREELY),
        (at(24, 9, 59), Reply.FREELY, Reply.FREELY),
        (at(24, 10), Reply.AS_PERSON, Reply.APPROVED),
        (at(30, 9, 59), Reply.AS_PERSON, Reply.APPROVED),
        (at(30, 10), Reply.CLOSED, Reply.APPROVED),
    ],
)
def test_how_they_can_be_answered(now: datetime, freely_then_as_person: Reply, freely_then_approved: Reply) -> None:
    first, second = window(at(23, 10), DAY, WEEK), window(at(23, 10), DAY, None, approved=True)
    assert first is not None
    assert second is not None
    assert (first.reply_at(now), second.reply_at(now)) == (freely_then_as_person, freely_then_approved)


def test_a_network_without_a_window_has_none() -> None:
    assert window(at(23, 10), None, WEEK) is None


def test_a_late_window_shorter_than_the_free_one_closes_nothing_sooner() -> None:
    made = window(at(23, 10), DAY, timedelta(hours=1))
    assert made is not None
    assert made.closes_at == made.free_until_at == at(24, 10)


@pytest.mark.parametrize(
    ("heard_at", "told"),
    [
        (at(23, 16), at(24, 14)),  # two hours before the same time of the next day
        (at(23, 10), at(23, 16)),  # one hour is left in the morning, one is taken from the evening
        (at(23, 18), at(24, 15)),  # closes at night: two hours before closing time
        (at(27, 16), at(27, 16)),  # Friday afternoon: one open hour is all there is, so at once
        (at(28, 12), at(28, 12)),  # Saturday: nobody is there until it closes
    ],
)
def test_it_is_said_while_somebody_is_at_work(heard_at: datetime, told: datetime) -> None:
    assert told_at(heard_at) == told


def test_a_week_is_said_two_open_hours_before_it_ends() -> None:
    assert told_at(at(23, 10), DAY, WEEK) == at(27, 16)


def test_where_no_hours_are_stated_any_hour_counts() -> None:
    assert warn_at(Window(at(23, 10), at(24, 10), at(24, 10)), None) == at(24, 8)
    assert warn_at(Window(at(23, 10), at(23, 11), at(23, 11)), None) == at(23, 10)


@given(minutes=st.integers(0, 14 * 24 * 60), hours=st.integers(1, 200))
def test_no_later_instant_would_leave_enough_open_time(minutes: int, hours: int) -> None:
    heard_at = at(16, 0) + timedelta(minutes=minutes)
    made = window(heard_at, timedelta(hours=hours), None)
    assert made is not None
    told = told_at(heard_at, timedelta(hours=hours))
    assert heard_at <= told < made.closes_at
    left = OFFICE.elapsed(told, made.closes_at)
    assert left >= HEAD_START or told == heard_at
    assert OFFICE.elapsed(told + timedelta(seconds=1), made.closes_at) < HEAD_START
