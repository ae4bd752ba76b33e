"""Hours as the public reads them, in the wording of GOV.UK."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from sociable.domain.worktime import StatedHours
from sociable.domain.worktime.wording import (
    hour_words,
    hours_below,
    length_words,
    stretch_words,
    time_words,
    times_of_day_words,
)


@pytest.mark.parametrize(
    ("notation", "sentence"),
    [
        (
            "Mo-Fr 09:00-12:00,14:00-16:30; PH off",
            "Monday to Friday, 9am to midday and 2pm to 4:30pm, closed on bank holidays",
        ),
        ("Mo-Fr 09:00-17:00", "Monday to Friday, 9am to 5pm, including bank holidays"),
        (
            "Mo-Th 08:30-17:00; Fr 08:30-16:30; PH off",
            "Monday to Thursday, 8:30am to 5pm; Friday, 8:30am to 4:30pm; closed on bank holidays",
        ),
        ("Mo,We,Fr 10:00-12:30; PH off", "Monday, Wednesday and Friday, 10am to 12:30pm, closed on bank holidays"),
        ("Sa-Su 10:00-16:00; PH off", "Saturday and Sunday, 10am to 4pm, closed on bank holidays"),
        (
            "Mo-Tu,Th-Su 10:00-16:00; PH off",
            "Monday, Tuesday and Thursday to Sunday, 10am to 4pm, closed on bank holidays",
        ),
        ("Mo-Su 08:00-20:00; PH 10:00-16:00", "Every day, 8am to 8pm, 10am to 4pm on bank holidays"),
        ("24/7", "Every day, all day, including bank holidays"),
        ("Fr-Sa 22:00-06:00; PH off", "Friday and Saturday, 10pm to 6am the next day, closed on bank holidays"),
        (
            "Mo 00:00-00:30,18:00-24:00; PH off",
            "Monday, midnight to 12:30am and 6pm to midnight, closed on bank holidays",
        ),
        ("off", "Closed all week"),
        ("off; PH 10:00-16:00", "Closed all week, 10am to 4pm on bank holidays"),
    ],
)
def test_the_usual_week(notation: str, sentence: str) -> None:
    assert StatedHours.parse(notation).sentence() == sentence


def test_special_days() -> None:
    hours = StatedHours.parse(
        "Mo-Fr 09:00-17:00; 2026 Dec 24 08:30-12:00; 2026 Dec 28-31 off; 2027 Mar 30-Apr 2 off; 2027 Dec 30-2028 Jan 2 off"
    )
    assert hours.special_sentences() == [
        "Thursday 24 December 2026, 8:30am to midday",
        "Monday 28 to Thursday 31 December 2026, closed",
        "Tuesday 30 March to Friday 2 April 2027, closed",
        "Thursday 30 December 2027 to Sunday 2 January 2028, closed",
    ]


def test_special_days_that_are_over_can_be_left_out() -> None:
    hours = StatedHours.parse("Mo-Fr 09:00-17:00; 2026 Dec 24 08:30-12:00; 2026 Dec 28-31 off")
    assert hours.special_sentences(from_on=date(2026, 12, 30)) == ["Wednesday 30 to Thursday 31 December 2026, closed"]
    assert hours.special_sentences(from_on=date(2027, 1, 1)) == []


@pytest.mark.parametrize(
    ("minute", "words"),
    [
        (0, "midnight"),
        (1, "12:01am"),
        (540, "9am"),
        (720, "midday"),
        (721, "12:01pm"),
        (1050, "5:30pm"),
        (1440, "midnight"),
    ],
)
def test_times(minute: int, words: str) -> None:
    assert time_words(minute) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "no time"),
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=30, minutes=5, seconds=59), "30 hours 5 minutes"),
        (timedelta(minutes=20), "20 minutes"),
        (timedelta(hours=20, minutes=10), "20 hours 10 minutes"),
    ],
)
def test_lengths(length: timedelta, words: str) -> None:
    assert length_words(length) == words


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        ((24, 9), (24, 13), "9am to 1pm"),
        ((24, 9, 30), (24, 12), "9:30am to midday"),
        ((24, 20), (25, 0), "8pm to midnight"),
        ((24, 0), (25, 0), "midnight to midnight"),
        ((24, 22), (25, 6), "10pm to 6am the next day"),
        ((24, 22), (26, 0), "10pm to midnight on Thursday 26 November"),
        ((24, 9), (27, 17), "9am to 5pm on Friday 27 November"),
    ],
)
def test_a_stretch_is_said_with_its_other_day(begins: tuple[int, ...], ends: tuple[int, ...], words: str) -> None:
    assert stretch_words(datetime(2026, 11, *begins), datetime(2026, 11, *ends)) == words  # noqa: DTZ001 - the wall's clock


def test_hours_below_a_picture_are_short() -> None:
    assert [hour_words(hour) for hour in (0, 9, 12, 17)] == ["12", "9am", "12", "5pm"]


def test_below_a_long_day_fewer_hours_stand_so_that_none_touches_the_next() -> None:
    assert list(hours_below(8, 18)) == [8, 10, 12, 14, 16]
    assert list(hours_below(0, 24)) == [0, 4, 8, 12, 16, 20]


def test_times_of_day_end_on_the_next_day_where_they_are_not_later() -> None:
    assert times_of_day_words(time(9), time(17)) == "9am to 5pm"
    assert times_of_day_words(time(22), time(6)) == "10pm to 6am the next day"
    assert times_of_day_words(time(20), time(0)) == "8pm to midnight"
    assert times_of_day_words(time(9), time(9)) == "9am to 9am the next day"
