"""What must hold for any hours, any zone, any instant and any amount."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from sociable.domain.worktime import (
    BeyondCalendar,
    Calendar,
    HoursError,
    HoursNotationError,
    NeverOpen,
    StatedHours,
    Version,
)
from sociable.domain.worktime.finder import Finder

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ZONES = [
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/New_York",
    "America/Havana",
]

dates = st.dates(date(2025, 1, 1), date(2028, 12, 31))
instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
amounts = st.timedeltas(timedelta(0), timedelta(days=20)) | st.integers(0, 200).map(
    lambda hours: timedelta(hours=hours)
)


@st.composite
def days(draw: st.DrawFn) -> list[tuple[int, int]]:
    edges = sorted(draw(st.lists(st.integers(0, 1439), unique=True, max_size=8)))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    if spans and draw(st.booleans()):
        spans[-1] = (spans[-1][0], draw(st.integers(spans[-1][0] + 1, spans[0][0] + 1440)))
    return spans


@st.composite
def hours(draw: st.DrawFn) -> StatedHours:
    shapes = draw(st.lists(days(), min_size=1, max_size=3))
    weekly = [draw(st.sampled_from([[], [(540, 1020)], [(0, 1440)], *shapes])) for _ in range(7)]
    return StatedHours.build(
        weekly,
        draw(st.none() | st.just([]) | st.sampled_from(shapes)),
        draw(st.dictionaries(dates, st.sampled_from([[], *shapes]), max_size=5)),
    )


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    stated = draw(hours())
    assume(any(stated.weekly))
    later = Version(draw(hours()), draw(dates), draw(st.none() | dates))
    versions = [Version(stated), later] if draw(st.booleans()) else [Version(stated)]
    return Calendar(versions, draw(st.sampled_from(ZONES)), draw(st.frozensets(dates, max_size=5)))


def due_or_none(calendar: Calendar, start: datetime, amount: timedelta) -> datetime | None:
    try:
        return calendar.due(start, amount)
    except (NeverOpen, BeyondCalendar):
        return None


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


@given(calendars(), instants, amounts)
def test_counting_what_was_added_gives_the_amount(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    due = due_or_none(calendar, start, amount)
    assume(due)
    assert due is not None
    assert due >= start
    assert calendar.elapsed(start, due) == amount
    if amount:
        assert calendar.is_open(due - MICROSECOND), "the last moment that was counted is open"
    else:
        assert calendar.is_open(due)


@given(calendars(), instants, amounts, amounts)
def test_more_is_due_later(calendar: Calendar, start: datetime, amount: timedelta, more: timedelta) -> None:
    first, second = due_or_none(calendar, start, amount), due_or_none(calendar, start, amount + more)
    assume(first and second)
    assert first is not None
    assert second is not None
    assert first <= second


@given(calendars(), instants, st.timedeltas(timedelta(0), timedelta(days=20)), amounts)
def test_who_comes_later_is_due_later(calendar: Calendar, start: datetime, wait: timedelta, amount: timedelta) -> None:
    first, second = due_or_none(calendar, start, amount), due_or_none(calendar, start + wait, amount)
    assume(first and second)
    assert first is not None
    assert second is not None
    assert first <= second


@given(calendars(), st.lists(instants, min_size=3, max_size=3))
def test_open_time_adds_up(calendar: Calendar, at: list[datetime]) -> None:
    first, middle, last = sorted(at)
    assert calendar.elapsed(first, middle) + calendar.elapsed(middle, last) == calendar.elapsed(first, last)
    assert timedelta(0) <= calendar.elapsed(first, last) <= last - first


@given(calendars(), st.lists(instants, min_size=2, max_size=2))
def test_open_time_is_what_the_spans_hold(calendar: Calendar, at: list[datetime]) -> None:
    start, end = min(at), min(max(at), min(at) + timedelta(days=60))
    spans = calendar.spans_between(start, end)
    assert sum((closes - opens for opens, closes in spans), timedelta()) == calendar.elapsed(start, end)
    assert all(opens < closes for opens, closes in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


@given(calendars(), st.lists(st.tuples(instants, amounts), min_size=1, max_size=20))
def test_an_array_is_its_values(calendar: Calendar, asked: list[tuple[datetime, timedelta]]) -> None:
    known = [(start, amount, due) for start, amount in asked if (due := due_or_none(calendar, start, amount))]
    assume(known)
    starts, lengths, dues = zip(*known, strict=True)
    starts_us = np.array([microseconds(start) for start in starts])
    lengths_us = np.array([length // MICROSECOND for length in lengths])
    assert calendar.due_many(starts_us, lengths_us).tolist() == [microseconds(due) for due in dues]
    dues_us = np.array([microseconds(due) for due in dues])
    assert calendar.elapsed_many(starts_us, dues_us).tolist() == lengths_us.tolist()
    assert calendar.is_open_many(starts_us).tolist() == [calendar.is_open(start) for start in starts]
    assert calendar.next_open_many(starts_us).tolist() == [microseconds(calendar.next_open(start)) for start in starts]


@given(calendars(), instants, amounts)
def test_what_is_explained_adds_up(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    assume(due_or_none(calendar, start, amount))
    explained = calendar.explain(start, amount)
    assert sum((step.counted for step in explained.steps), timedelta()) == amount
    assert explained.sentence.startswith("arrived ")
    assert explained.steps[-1].at == calendar.due(start, amount)
    assert [step.at for step in explained.steps] == sorted(step.at for step in explained.steps)


@given(calendars(), instants, st.integers(0, 20))
def test_working_days_follow_one_another(calendar: Calendar, at: datetime, number: int) -> None:
    try:
        close, later = calendar.working_day_close(at, number), calendar.working_day_close(at, number + 1)
    except NeverOpen:
        return
    assert calendar.next_open(at) < close < later
    assert calendar.is_open(close - MICROSECOND)


@given(hours())
def test_written_hours_are_read_as_they_were(stated: StatedHours) -> None:
    again = StatedHours.parse(stated.notation)
    assert again == stated
    assert again.notation == stated.notation


@given(hours())
def test_any_hours_can_be_said(stated: StatedHours) -> None:
    for said in (stated.sentence(), *stated.special_sentences()):
        assert said
        assert "  " not in said


@given(st.text(max_size=60) | st.text("MoTuFrPH024/7:-,; 2026Decof", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        stated = StatedHours.parse(text)
    except HoursNotationError as refusal:
        kept = refusal
    else:
        assert StatedHours.parse(stated.notation) == stated
        return
    assert 0 <= kept.place <= len(text)
    assert kept.reason.endswith(".")


@given(
    st.lists(st.lists(st.tuples(st.integers(-10, 3000), st.integers(-10, 3000)), max_size=4), min_size=7, max_size=7)
)
def test_any_form_is_taken_or_refused(weekly: list[list[tuple[int, int]]]) -> None:
    try:
        stated = StatedHours.build(weekly)
    except HoursError:
        return
    assert StatedHours.parse(stated.notation) == stated


@given(st.lists(st.integers(0, 2**40)), st.lists(st.integers(0, 2**40), min_size=1))
def test_the_finder_finds_what_a_search_finds(numbers: list[int], values: list[int]) -> None:
    ascending = np.array(sorted(numbers), dtype=np.int64)
    found = Finder(ascending, 0, 2**40).passed(np.array(values))
    assert found.tolist() == np.searchsorted(ascending, values, side="right").tolist()
