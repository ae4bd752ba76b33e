"""The clock rules of a promise, one by one."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.promise import (
    EFFECTS,
    YARDSTICK,
    Clock,
    Effect,
    Form,
    Promise,
    clock_of,
    clock_words,
    effect_of,
    in_words,
    share_used,
    warnings_of,
)  # fmt: skip
from sociable.domain.worktime import Calendar, StatedHours, Version, holidays

OFFICE = "Mo-Fr 09:00-17:00; PH off"
TWO_HOURS = Promise(Form.OPEN_TIME, amount=timedelta(hours=2))


def calendar(notation: str = OFFICE, zone: str = "Europe/London") -> Calendar:
    hours = [Version(StatedHours.parse(notation))]
    return Calendar(hours, zone=zone, holidays=holidays.bank_holidays("england-and-wales"))


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arrived", "starts", "due"),
    [
        (at(23, 10), at(23, 10), at(23, 12)),  # while open
        (at(23, 7), at(23, 9), at(23, 11)),  # before opening: the clock starts when it opens
        (at(23, 16), at(23, 16), at(24, 10)),  # an hour today, an hour tomorrow
        (at(23, 17), at(24, 9), at(24, 11)),  # at the closing instant it is closed
        (at(20, 16, 30), at(20, 16, 30), at(23, 10, 30)),  # over a weekend
        (
            at(24, 16, 30, month=12),
            at(24, 16, 30, month=12),
            at(29, 10, 30, month=12),
        ),  # over Christmas, Boxing Day's substitute too
    ],
)
def test_open_time_is_due_after_so_much_open_time(arrived: datetime, starts: datetime, due: datetime) -> None:
    clock = clock_of(TWO_HOURS, calendar(), arrived)
    assert (clock.starts_at, clock.due_at) == (starts, due)
    assert clock.length == timedelta(hours=2)


@pytest.mark.parametrize(
    ("arrived", "days", "due"),
    [
        (at(23, 10), 1, at(24, 17)),
        (at(23, 18), 1, at(25, 17)),  # after closing it belongs to the next day that opens
        (at(20, 16), 2, at(24, 17)),
        (at(21, 12), 1, at(24, 17)),  # a Saturday belongs to Monday
    ],
)
def test_working_days_are_due_at_closing_time(arrived: datetime, days: int, due: datetime) -> None:
    assert clock_of(Promise(Form.WORKING_DAYS, days=days), calendar(), arrived).due_at == due


@pytest.mark.parametrize(
    ("arrived", "until", "due"),
    [
        (at(23, 11, 59), time(12), at(23, 17)),
        (at(23, 12), time(12), at(24, 17)),
        (at(23, 7), time(12), at(23, 17)),
        (at(23, 18), time(12), at(24, 17)),  # it counts from the next opening, which is before midday
        (at(23, 10), None, at(24, 17)),  # without a printed hour the promise is the wider one
    ],
)
def test_same_or_next_day(arrived: datetime, until: time | None, due: datetime) -> None:
    assert clock_of(Promise(Form.SAME_OR_NEXT_DAY, same_day_until=until), calendar(), arrived).due_at == due


def test_acknowledge_within_has_an_instant_of_its_own() -> None:
    promise = Promise(Form.WORKING_DAYS, days=10, acknowledge_within=timedelta(hours=1))
    assert clock_of(promise, calendar(), at(23, 16, 30)).acknowledge_by_at == at(24, 9, 30)


@pytest.mark.parametrize(
    "stated", [None, calendar("off"), calendar("2026 Nov 1-30 off")], ids=["none", "never", "never again"]
)
def test_no_hours_means_no_promise(stated: Calendar | None) -> None:
    clock = clock_of(TWO_HOURS, stated, at(23, 10))
    assert clock == Clock(at(23, 10), None, None, YARDSTICK, at(23, 10) + YARDSTICK)
    assert warnings_of(clock, stated) == {"arrival": at(23, 10)}


def test_no_promise_stated_means_no_promise() -> None:
    assert clock_of(None, calendar(), at(23, 10)).due_at is None


def test_warnings_fall_into_open_time_only() -> None:
    clock = clock_of(TWO_HOURS, calendar(), at(23, 16, 30))
    assert warnings_of(clock, calendar()) == {
        "arrival": at(23, 16, 30), "50": at(24, 9, 30), "75": at(24, 10), "90": at(24, 10, 18), "passed": at(24, 10, 30),
    }  # fmt: skip


def test_a_request_in_the_night_warns_of_its_arrival_when_the_account_opens() -> None:
    assert warnings_of(clock_of(TWO_HOURS, calendar(), at(23, 3)), calendar())["arrival"] == at(23, 9)


@given(
    minutes_between=st.integers(0, 20_000), first=st.integers(0, 40_000), ask_at=st.integers(0, 90_000),
    promise=st.sampled_from([
        TWO_HOURS, Promise(Form.WORKING_DAYS, days=2), Promise(Form.WORKING_DAYS, days=1), Promise(Form.SAME_OR_NEXT_DAY),
    ]),
)  # fmt: skip
def test_within_an_account_the_order_of_shares_is_the_order_of_due_times(
    minutes_between: int, first: int, ask_at: int, promise: Promise
) -> None:
    """What lets the database hand over the fair order from an index."""
    open_hours = calendar("Mo-Th 08:30-12:00,13:00-17:00; Fr 08:30-16:30; Sa 22:00-26:00; PH off")
    start, now = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=ask_at)
    earlier = clock_of(promise, open_hours, start + timedelta(minutes=first))
    later = clock_of(promise, open_hours, start + timedelta(minutes=first + minutes_between))
    assert earlier.length == later.length
    assert earlier.ordered_at <= later.ordered_at
    shares = [share_used(clock.length, clock.ordered_at, open_hours, now) for clock in (earlier, later)]
    assert shares[0] >= shares[1]


@pytest.mark.parametrize(
    ("now", "share"), [(at(23, 10), 0.0), (at(23, 11), 0.5), (at(23, 12), 1.0), (at(23, 13), 1.5), (at(23, 20), 3.5)]
)
def test_the_share_used_grows_with_open_time(now: datetime, share: float) -> None:
    clock = clock_of(TWO_HOURS, calendar(), at(23, 10))
    assert share_used(clock.length, clock.ordered_at, calendar(), now) == pytest.approx(share)


@pytest.mark.parametrize(
    ("direction", "by_person", "acknowledges", "wait_open", "effect"),
    [
        ("in", True, False, False, Effect.BEGIN),
        ("in", True, False, True, Effect.JOIN),
        ("out", True, False, True, Effect.ANSWER),
        ("out", True, True, True, Effect.ACKNOWLEDGE),
        ("out", False, False, True, Effect.ACKNOWLEDGE),
        ("out", True, False, False, Effect.NOTHING),
        ("in", False, False, False, Effect.NOTHING),
        ("in", False, False, True, Effect.NOTHING),
        ("note", True, False, True, Effect.NOTHING),
        ("note", True, False, False, Effect.NOTHING),
    ],
)
def test_what_a_message_does(
    direction: str, by_person: bool, acknowledges: bool, wait_open: bool, effect: Effect
) -> None:
    assert effect_of(direction=direction, by_person=by_person, acknowledges=acknowledges, wait_open=wait_open) is effect


def test_the_picture_in_the_docs_is_made_from_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs/explanation/clock.md").read_text()
    drawn = re.search(r"<!-- effects -->\n(.*?)<!-- /effects -->", page, re.DOTALL)
    assert drawn is not None
    words = {
        Effect.NOTHING: "nothing", Effect.BEGIN: "begins a wait", Effect.JOIN: "joins it", Effect.ANSWER: "answers it",
        Effect.ACKNOWLEDGE: "acknowledges it",
    }  # fmt: skip
    kinds = sorted({key[:3] for key in EFFECTS}, key=lambda key: (key[0], not key[1], key[2]))
    rows = ['| message | by | says only "we have it" | nobody waits | somebody waits |', "|---|---|---|---|---|"]
    for direction, by_person, acknowledges in kinds:
        effects = [
            words[EFFECTS.get((direction, by_person, acknowledges, waiting), Effect.NOTHING)]
            for waiting in (False, True)
        ]
        who = [
            "from us" if direction == "out" else "from them",
            "a person" if by_person else "a machine",
            "yes" if acknowledges else "no",
        ]
        rows.append("| " + " | ".join(who + effects) + " |")
    assert drawn[1].strip().splitlines() == rows


@pytest.mark.parametrize(
    ("promise", "words"),
    [
        (TWO_HOURS, "We answer within 2 hours of our opening hours"),
        (
            Promise(Form.OPEN_TIME, amount=timedelta(minutes=90)),
            "We answer within 1 hour 30 minutes of our opening hours",
        ),
        (Promise(Form.WORKING_DAYS, days=1), "We answer within 1 working day"),
        (Promise(Form.SAME_OR_NEXT_DAY), "We answer the same or the next working day"),
        (
            Promise(Form.SAME_OR_NEXT_DAY, same_day_until=time(12)),
            "We answer the same working day if you ask before midday, otherwise the next",
        ),
        (
            Promise(Form.WORKING_DAYS, days=10, acknowledge_within=timedelta(hours=4)),
            "We say we have it within 4 hours and answer within 10 working days",
        ),
    ],
)
def test_the_promise_in_words(promise: Promise, words: str) -> None:
    assert promise.sentence() == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=1), "1 second"), (timedelta(minutes=1), "1 minute"), (timedelta(hours=2), "2 hours"),
        (timedelta(hours=25, minutes=1), "25 hours 1 minute"), (timedelta(hours=101), "4 days"),
    ],
)  # fmt: skip
def test_lengths_in_words(length: timedelta, words: str) -> None:
    assert in_words(length) == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [(9, 0, "9am"), (16, 30, "4:30pm"), (12, 0, "midday"), (0, 0, "midnight"), (0, 5, "12:05am"), (12, 30, "12:30pm")],
)
def test_times_of_day_in_words(hour: int, minute: int, words: str) -> None:
    assert clock_words(time(hour, minute)) == words


def test_hours_that_change_judge_each_day_by_its_own_version() -> None:
    new = [
        Version(StatedHours.parse(OFFICE), to_on=date(2026, 11, 23)),
        Version(StatedHours.parse("Mo-Fr 12:00-17:00"), from_on=date(2026, 11, 24)),
    ]
    assert clock_of(TWO_HOURS, Calendar(new, zone="Europe/London"), at(23, 16)).due_at == at(24, 13)
