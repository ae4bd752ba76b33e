"""Each rule of the clock in one readable case. Random cases are held against every minute elsewhere."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sociable.domain.worktime import (
    BeyondCalendar,
    Calendar,
    DomainError,
    NeverCloses,
    NeverOpen,
    StatedHours,
    Version,
    holidays,
)
from sociable.domain.worktime.zones import UnknownZone

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OFFICE = "Mo-Fr 09:00-17:00; PH off"
NIGHTS = "Mo-Su 00:00-08:00"


def calendar(notation: str, zone: str = "Europe/London") -> Calendar:
    known_until = holidays.ends_on("england-and-wales")
    return Calendar(
        [Version(StatedHours.parse(notation))], zone, holidays.bank_holidays("england-and-wales"), known_until
    )


def london(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "start", "amount", "due"),
    [
        pytest.param(OFFICE, "2026-06-03 10:00", 2 * HOUR, "2026-06-03 12:00", id="within the day"),
        pytest.param(OFFICE, "2026-08-28 16:40", 2 * HOUR, "2026-09-01 10:40", id="Friday 16:40, bank holiday Monday"),
        pytest.param(OFFICE, "2026-06-03 07:00", HOUR, "2026-06-03 10:00", id="before opening"),
        pytest.param(OFFICE, "2026-06-03 17:00", HOUR, "2026-06-04 10:00", id="at closing it is closed"),
        pytest.param(OFFICE, "2026-06-03 16:59:59", HOUR, "2026-06-04 09:59:59", id="one second before closing"),
        pytest.param(OFFICE, "2026-06-03 16:00", HOUR, "2026-06-03 17:00", id="17:00 stays 17:00"),
        pytest.param(OFFICE, "2026-06-03 09:00", 8 * HOUR, "2026-06-03 17:00", id="a whole day ends at its close"),
        pytest.param(OFFICE, "2026-06-03 09:00", 16 * HOUR, "2026-06-04 17:00", id="two whole days"),
        pytest.param(OFFICE, "2026-06-03 10:00", 0 * HOUR, "2026-06-03 10:00", id="nothing, while open"),
        pytest.param(OFFICE, "2026-06-03 17:00", 0 * HOUR, "2026-06-04 09:00", id="nothing, at closing"),
        pytest.param(OFFICE, "2026-12-24 16:30", HOUR, "2026-12-29 09:30", id="Christmas with its substitute day"),
        pytest.param("Mo-Fr 09:00-17:00", "2026-08-31 10:00", HOUR, "2026-08-31 11:00", id="open on bank holidays"),
        pytest.param(
            "Mo-Fr 09:00-17:00; PH 10:00-12:00", "2026-08-31 08:00", 3 * HOUR, "2026-09-01 10:00", id="holiday hours"
        ),
        pytest.param("Mo-Fr 09:00-12:00,14:00-16:30", "2026-06-03 11:30", HOUR, "2026-06-03 14:30", id="lunch"),
        pytest.param(
            OFFICE + "; 2026 Jun 4 off; 2026 Jun 5 12:00-13:00",
            "2026-06-03 16:30",
            HOUR,
            "2026-06-05 12:30",
            id="special days",
        ),
        pytest.param(
            OFFICE + "; 2026 Aug 31 09:00-10:00",
            "2026-08-31 08:00",
            HOUR,
            "2026-08-31 10:00",
            id="special beats holiday",
        ),
        pytest.param("24/7", "2026-06-03 23:30", HOUR, "2026-06-04 00:30", id="never closed at midnight"),
        pytest.param("Fr 22:00-06:00", "2026-06-05 23:00", 8 * HOUR, "2026-06-12 23:00", id="overnight, a week on"),
        pytest.param("Fr 22:00-06:00", "2026-06-06 05:00", HOUR, "2026-06-06 06:00", id="overnight, after midnight"),
        pytest.param(
            "Mo-Su 22:00-06:00; PH off",
            "2026-08-30 23:00",
            7 * HOUR,
            "2026-08-31 06:00",
            id="the night before a holiday",
        ),
        pytest.param(
            "Mo-Su 22:00-06:00; PH off",
            "2026-08-31 07:00",
            HOUR,
            "2026-09-01 23:00",
            id="the night of a holiday is off",
        ),
        pytest.param(OFFICE, "2026-12-31 16:30", HOUR, "2027-01-04 09:30", id="year end, New Year's Day, weekend"),
        pytest.param("Mo-Fr 09:00-17:00", "2028-02-28 16:30", HOUR, "2028-02-29 09:30", id="leap day"),
        pytest.param(OFFICE, "2026-03-27 16:30", HOUR, "2026-03-30 09:30", id="09:00 stays 09:00 in spring"),
        pytest.param(OFFICE, "2026-10-23 16:30", HOUR, "2026-10-26 09:30", id="09:00 stays 09:00 in autumn"),
    ],
)
def test_due(hours: str, start: str, amount: timedelta, due: str) -> None:
    assert calendar(hours).due(london(start), amount) == london(due)


class TestClockChanges:
    """In London on 29 March 2026 01:00 to 01:59 do not happen; on 25 October they happen twice."""

    def test_a_night_is_an_hour_shorter_in_spring(self) -> None:
        assert calendar(NIGHTS).elapsed(london("2026-03-28 23:00"), london("2026-03-29 12:00")) == 7 * HOUR

    def test_a_night_is_an_hour_longer_in_autumn(self) -> None:
        assert calendar(NIGHTS).elapsed(london("2026-10-24 23:00"), london("2026-10-25 12:00")) == 9 * HOUR

    def test_an_overnight_span_too(self) -> None:
        shift = calendar("Sa 22:00-06:00")
        assert shift.elapsed(london("2026-03-28 12:00"), london("2026-03-29 12:00")) == 7 * HOUR
        assert shift.elapsed(london("2026-10-24 12:00"), london("2026-10-25 12:00")) == 9 * HOUR

    def test_opening_at_a_time_that_is_skipped_opens_at_the_jump(self) -> None:
        assert calendar("Su 01:30-08:00").next_open(london("2026-03-29 00:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_closing_at_a_time_that_is_skipped_closes_at_the_jump(self) -> None:
        assert calendar("Su 00:00-01:30").next_close(london("2026-03-29 00:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)

    def test_a_span_that_is_skipped_as_a_whole_does_not_open(self) -> None:
        short = calendar("Su 01:15-01:45")
        assert short.next_open(london("2026-03-28 12:00")) == london("2026-04-05 01:15")
        assert short.working_day_close(london("2026-03-28 12:00"), 0) == london("2026-04-05 01:45")

    def test_a_time_that_comes_twice_is_open_twice(self) -> None:
        short = calendar("Su 01:15-01:45")
        first, second = london("2026-10-25 01:15"), london("2026-10-25 01:15", fold=1)
        assert short.spans_between(first, london("2026-10-26 00:00")) == [
            (first, first + 30 * MINUTE),
            (second, second + 30 * MINUTE),
        ]

    def test_open_exactly_while_the_wall_clock_shows_a_stated_time(self) -> None:
        early = calendar("Su 00:00-01:30")
        assert early.is_open(london("2026-10-25 01:29"))
        assert not early.is_open(london("2026-10-25 01:30"))
        assert early.is_open(london("2026-10-25 01:00", fold=1))
        assert not early.is_open(london("2026-10-25 01:30", fold=1))
        assert early.working_day_close(london("2026-10-25 00:00"), 0) == london("2026-10-25 01:30", fold=1)

    def test_around_the_clock_nothing_closes(self) -> None:
        always = calendar("24/7")
        for start in (london("2026-03-28 12:00"), london("2026-10-24 12:00")):
            assert always.due(start, 48 * HOUR) == start + 48 * HOUR

    @pytest.mark.parametrize(
        ("zone", "start", "hours"),
        [
            ("Australia/Lord_Howe", datetime(2026, 4, 4, 12, tzinfo=UTC), 8.5),
            ("Australia/Lord_Howe", datetime(2026, 10, 3, 12, tzinfo=UTC), 7.5),
            ("Asia/Kolkata", datetime(2026, 10, 24, 12, tzinfo=UTC), 8),
            ("Pacific/Auckland", datetime(2026, 9, 26, 6, tzinfo=UTC), 7),
            ("America/Havana", datetime(2026, 11, 1, 0, tzinfo=UTC), 9),
        ],
    )
    def test_in_other_zones(self, zone: str, start: datetime, hours: float) -> None:
        assert calendar(NIGHTS, zone=zone).elapsed(start, start + 24 * HOUR) == hours * HOUR

    def test_a_day_that_a_zone_skipped_was_never_open(self) -> None:
        """Samoa went from 29 to 31 December 2011."""
        start = datetime(2011, 12, 29, 12, tzinfo=ZoneInfo("Pacific/Apia"))
        assert (
            calendar("24/7; 2011 Dec 30 off", zone="Pacific/Apia").due(start, 24 * HOUR)
            == start.astimezone(UTC) + 24 * HOUR
        )


class TestOpenAndClosed:
    def test_spans_are_half_open(self) -> None:
        office = calendar(OFFICE)
        assert office.is_open(london("2026-06-03 09:00"))
        assert office.is_open(london("2026-06-03 16:59:59.999999"))
        assert not office.is_open(london("2026-06-03 17:00"))
        assert not office.is_open(london("2026-06-03 08:59:59.999999"))

    def test_next_open_is_now_while_open(self) -> None:
        at = london("2026-06-03 11:11:11.111111")
        assert calendar(OFFICE).next_open(at) == at

    def test_next_close_of_now_or_of_the_next_span(self) -> None:
        office = calendar(OFFICE)
        assert office.next_close(london("2026-06-03 11:00")) == london("2026-06-03 17:00")
        assert office.next_close(london("2026-06-03 17:00")) == london("2026-06-04 17:00")

    def test_spans_that_touch_are_one(self) -> None:
        assert calendar("Mo 20:00-24:00; Tu 00:00-03:00").next_close(london("2026-06-01 21:00")) == london(
            "2026-06-02 03:00"
        )

    def test_spans_between_are_cut_off_at_both_ends(self) -> None:
        spans = calendar("Mo-Fr 09:00-12:00,14:00-16:30").spans_between(
            london("2026-06-03 10:00"), london("2026-06-03 15:00")
        )
        assert spans == [
            (london("2026-06-03 10:00"), london("2026-06-03 12:00")),
            (london("2026-06-03 14:00"), london("2026-06-03 15:00")),
        ]


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("start", "days", "close"),
        [
            ("2026-06-03 10:00", 0, "2026-06-03 17:00"),
            ("2026-06-03 10:00", 1, "2026-06-04 17:00"),
            ("2026-06-03 17:00", 0, "2026-06-04 17:00"),
            ("2026-08-28 16:40", 1, "2026-09-01 17:00"),
            ("2026-08-29 11:00", 0, "2026-09-01 17:00"),
            ("2026-12-24 10:00", 2, "2026-12-30 17:00"),
        ],
    )
    def test_close_of_the_nth(self, start: str, days: int, close: str) -> None:
        assert calendar(OFFICE).working_day_close(london(start), days) == london(close)

    def test_a_day_closes_with_its_last_span(self) -> None:
        split = calendar("Mo-Fr 09:00-12:00,14:00-16:30")
        assert split.working_day_close(london("2026-06-03 09:30"), 0) == london("2026-06-03 16:30")

    def test_a_night_belongs_to_the_day_it_starts_on(self) -> None:
        night = calendar("Mo-Fr 22:00-06:00")
        assert night.working_day_close(london("2026-06-04 03:00"), 0) == london("2026-06-04 06:00")
        assert night.working_day_close(london("2026-06-04 03:00"), 1) == london("2026-06-05 06:00")

    def test_where_two_days_overlap_the_later_one_counts(self) -> None:
        both = calendar("Fr 22:00-06:00; Sa 05:00-12:00")
        assert both.working_day_close(london("2026-06-06 04:59"), 0) == london("2026-06-06 06:00")
        assert both.working_day_close(london("2026-06-06 05:00"), 0) == london("2026-06-06 12:00")

    def test_around_the_clock_a_day_ends_at_midnight(self) -> None:
        assert calendar("24/7").working_day_close(london("2026-06-03 10:00"), 1) == london("2026-06-05 00:00")

    def test_backwards_is_refused(self) -> None:
        with pytest.raises(ValueError, match="counted forward"):
            calendar(OFFICE).working_day_close(london("2026-06-03 10:00"), -1)

    def test_a_usual_day(self) -> None:
        at = london("2026-06-03 10:00")
        assert calendar("Mo-Th 08:30-17:00; Fr 08:30-16:30; Sa 09:00-12:00").usual_day(at) == 8.5 * HOUR
        assert calendar("off; 2026 Jun 3 10:00-12:00").usual_day(at) == 2 * HOUR
        assert calendar("off").usual_day(at) == 24 * HOUR


class TestVersions:
    SUMMER = Version(StatedHours.parse("Mo-Su 10:00-12:00"), from_on=date(2026, 7, 1), to_on=date(2026, 7, 31))
    USUAL = Version(StatedHours.parse("Mo-Su 09:00-17:00"))

    @pytest.mark.parametrize("versions", [[USUAL, SUMMER], [SUMMER, USUAL]])
    def test_a_day_has_the_hours_of_the_version_that_began_last(self, versions: list[Version]) -> None:
        both = Calendar(versions)
        assert both.due(london("2026-06-30 16:30"), HOUR) == london("2026-07-01 10:30")
        assert both.due(london("2026-07-31 11:30"), HOUR) == london("2026-08-01 09:30")

    def test_a_night_keeps_the_version_it_started_under(self) -> None:
        night = Version(StatedHours.parse("Mo-Su 22:00-06:00"), to_on=date(2026, 7, 1))
        none = Version(StatedHours.parse("off"), from_on=date(2026, 7, 2))
        assert Calendar([night, none]).next_close(london("2026-07-01 23:00")) == london("2026-07-02 06:00")

    def test_a_day_is_local(self) -> None:
        """In London 1 July begins at 23:00 UTC on 30 June."""
        always = Version(StatedHours.parse("24/7"), from_on=date(2026, 7, 1))
        assert Calendar([always]).next_open(london("2026-06-30 12:00")) == datetime(2026, 6, 30, 23, tzinfo=UTC)

    def test_without_a_valid_version_nothing_is_open(self) -> None:
        ended = Calendar([Version(StatedHours.parse("24/7"), to_on=date(2026, 6, 30))])
        assert ended.due(london("2026-06-30 23:00"), HOUR) == london("2026-07-01 00:00")
        with pytest.raises(NeverOpen):
            ended.due(london("2026-06-30 23:00"), HOUR + timedelta(microseconds=1))

    def test_of_two_that_begin_together_the_last_given_counts(self) -> None:
        late = Version(StatedHours.parse("Mo-Su 12:00-13:00"))
        assert Calendar([self.USUAL, late]).next_open(london("2026-06-03 08:00")) == london("2026-06-03 12:00")

    def test_no_versions_at_all(self) -> None:
        nothing = Calendar([])
        assert not nothing.is_open(london("2026-06-03 10:00"))
        with pytest.raises(NeverOpen):
            nothing.next_open(london("2026-06-03 10:00"))


class TestNeverOpen:
    @pytest.mark.parametrize("ask", ["due", "next_open", "next_close", "working_day_close", "explain"])
    @pytest.mark.parametrize("notation", ["off", "off; 2020 Jun 3 09:00-17:00", "off; 2029 Jun 3 09:00-17:00"])
    def test_is_said_and_not_searched_for_ever(self, notation: str, ask: str) -> None:
        extra = {"due": [HOUR], "explain": [HOUR], "working_day_close": [1]}
        with pytest.raises(NeverOpen, match="do not open within 366 days of 3 June 2026") as refusal:
            getattr(calendar(notation), ask)(london("2026-06-03 10:00"), *extra.get(ask, []))
        assert isinstance(refusal.value, DomainError)
        assert refusal.value.from_at == london("2026-06-03 10:00")

    def test_after_the_last_opening_the_rest_is_never_due(self) -> None:
        once = calendar("off; 2026 Jun 3 09:00-17:00")
        assert once.due(london("2026-06-03 09:00"), 8 * HOUR) == london("2026-06-03 17:00")
        with pytest.raises(NeverOpen) as refusal:
            once.due(london("2026-06-03 09:00"), 8 * HOUR + MINUTE)
        assert refusal.value.from_at == london("2026-06-03 17:00")

    def test_366_days_are_waited_for_and_no_more(self) -> None:
        on = date(2026, 6, 3) + timedelta(days=366)
        waited = calendar(f"off; 2026 Jun 3 09:00-17:00; {on:%Y %b} {on.day} 17:00-18:00")
        assert waited.due(london("2026-06-03 17:00"), HOUR) == london("2027-06-04 18:00")
        assert waited.due(london("2026-06-03 16:00"), 2 * HOUR) == london("2027-06-04 18:00")
        too_late = calendar(f"off; 2026 Jun 3 09:00-17:00; {on:%Y %b} {on.day} 17:01-18:00")
        with pytest.raises(NeverOpen):
            too_late.next_open(london("2026-06-03 17:00"))
        with pytest.raises(NeverOpen):
            too_late.due(london("2026-06-03 16:00"), 2 * HOUR)
        with pytest.raises(NeverOpen):
            too_late.working_day_close(london("2026-06-03 16:00"), 1)

    def test_the_gap_counts_however_far_the_compiled_years_reach(self) -> None:
        gap = calendar("off; 2026 Jun 3 09:00-17:00; 2028 Jun 3 09:00-17:00")
        for _ in range(2):
            with pytest.raises(NeverOpen) as refusal:
                gap.due(london("2026-06-03 16:00"), 2 * HOUR)
            assert refusal.value.from_at == london("2026-06-03 17:00")
            gap.elapsed(london("2020-01-01 00:00"), london("2030-01-01 00:00"))

    def test_a_gap_that_is_over_is_no_hindrance(self) -> None:
        gap = calendar("off; 2026 Jun 3 09:00-17:00; 2028 Jun 3 09:00-10:00,11:00-12:00; 2031 Jun 3 09:00-10:00")
        gap.elapsed(london("2026-01-01 00:00"), london("2032-01-01 00:00"))
        assert gap.due(london("2028-06-03 09:30"), HOUR) == london("2028-06-03 11:30")

    def test_elapsed_of_nothing_open_is_nothing(self) -> None:
        assert calendar("off").elapsed(london("2026-06-03 10:00"), london("2036-06-03 10:00")) == timedelta()

    def test_around_the_clock_never_closes(self) -> None:
        with pytest.raises(NeverCloses, match="do not close within 366 days"):
            calendar("24/7").next_close(london("2026-06-03 10:00"))
        assert calendar("24/7; 2027 Jan 1 off").next_close(london("2026-06-03 10:00")) == london("2027-01-01 00:00")


class TestBounds:
    def test_a_long_amount_is_found_years_away(self) -> None:
        hour_a_week = calendar("Mo 09:00-10:00")
        assert hour_a_week.due(london("2026-06-01 09:00"), 1000 * HOUR) == london("2026-06-01 10:00") + timedelta(
            weeks=999
        )

    def test_beyond_the_years_of_the_clock(self) -> None:
        office = calendar(OFFICE)
        for at in (
            datetime(1899, 12, 31, 23, tzinfo=UTC),
            datetime(2200, 1, 1, tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
        ):
            with pytest.raises(BeyondCalendar, match="from 1900 to 2199"):
                office.due(at, HOUR)
        with pytest.raises(BeyondCalendar):
            office.due(london("2026-06-03 10:00"), timedelta(days=200 * 365))
        with pytest.raises(BeyondCalendar):
            office.due(london("2026-06-03 10:00"), timedelta.max)
        with pytest.raises(BeyondCalendar):
            office.working_day_close(london("2026-06-03 10:00"), 10**9)
        assert office.due(london("1900-01-01 00:00"), HOUR) == london("1900-01-01 10:00")
        assert office.is_open(datetime(2199, 12, 31, 12, tzinfo=UTC))

    def test_a_leap_into_the_past_and_back(self) -> None:
        office = calendar(OFFICE)
        expected = office.due(london("2026-06-03 16:30"), HOUR)
        assert office.due(london("1987-06-03 16:30"), HOUR) == london("1987-06-04 09:30")
        assert office.due(london("2026-06-03 16:30"), HOUR) == expected

    def test_less_than_nothing_is_refused(self) -> None:
        office, at = calendar(OFFICE), london("2026-06-03 10:00")
        with pytest.raises(ValueError, match="less than nothing"):
            office.due(at, -MINUTE)
        with pytest.raises(ValueError, match="less than nothing"):
            office.due_many(np.array([0]), -MINUTE)
        with pytest.raises(ValueError, match="before the start"):
            office.elapsed(at, at - MINUTE)
        with pytest.raises(ValueError, match="before its start"):
            office.elapsed_many([1], [0])

    def test_a_naive_time_is_refused(self) -> None:
        with pytest.raises(TypeError, match="naive"):
            calendar(OFFICE).due(datetime(2026, 6, 3, 10), HOUR)  # noqa: DTZ001

    def test_an_unknown_zone_is_refused(self) -> None:
        for zone in ("Europe/Leeds", "", "../etc/passwd", "Europe"):
            with pytest.raises(UnknownZone, match="not a time zone"):
                calendar(OFFICE, zone=zone)

    def test_part_seconds_are_kept(self) -> None:
        due = calendar(OFFICE).due(london("2026-06-03 16:59:59.999999"), timedelta(microseconds=3))
        assert due == london("2026-06-04 09:00:00.000002")

    def test_any_aware_time_comes_in_and_utc_comes_out(self) -> None:
        start = datetime(2026, 6, 3, 10, tzinfo=LONDON)
        due = calendar(OFFICE).due(start, HOUR)
        assert due == start + HOUR
        assert due.tzinfo is UTC

    def test_the_zone_is_there_for_who_shows_times(self) -> None:
        assert london("2026-06-03 10:00").astimezone(calendar(OFFICE).zone).time() == time(10)


class TestEdgesOfTheCompiledYears:
    """Asked about 2026, the clock compiles 2025 to 2027, in UTC. Nothing may change where they end."""

    @staticmethod
    def compiled(notation: str, zone: str = "Europe/London") -> Calendar:
        clock = calendar(notation, zone)
        clock.is_open(london("2026-06-03 10:00"))
        return clock

    def test_a_span_goes_on_beyond_the_end(self) -> None:
        assert self.compiled("Fr 18:00-24:00; Sa 00:00-02:00").next_close(london("2027-12-31 19:00")) == london(
            "2028-01-01 02:00"
        )
        assert self.compiled("Mo-Su 18:00-24:00").next_close(london("2027-12-31 19:00")) == london("2028-01-01 00:00")

    def test_a_working_day_goes_on_beyond_the_end(self) -> None:
        night = self.compiled("Mo-Su 22:00-06:00")
        assert night.working_day_close(london("2027-12-31 23:00"), 0) == london("2028-01-01 06:00")
        assert night.working_day_close(london("2027-12-30 23:00"), 2) == london("2028-01-02 06:00")

    def test_a_night_came_in_from_before_the_beginning(self) -> None:
        assert self.compiled("Mo-Su 22:00-06:00").is_open(london("2025-01-01 05:59"))

    @pytest.mark.parametrize(("zone", "utc_hour"), [("Pacific/Auckland", 2), ("America/New_York", 18)])
    def test_a_local_day_lies_across_the_edge(self, zone: str, utc_hour: int) -> None:
        noon_to_four = self.compiled("Mo-Su 12:00-16:00", zone)
        for on in (date(2025, 1, 1), date(2027, 12, 31)):
            assert noon_to_four.is_open(datetime(on.year, on.month, on.day, utc_hour, tzinfo=UTC))

    def test_an_opening_beyond_the_end_is_found(self) -> None:
        at, opens = london("2027-12-20 10:00"), london("2028-01-10 09:00")
        at_us, opens_us = (np.array([int(each.timestamp()) * 10**6]) for each in (at, opens))
        hours = "off; 2026 Jun 3 09:00-17:00; 2028 Jan 10 09:00-17:00"
        assert self.compiled(hours).next_open(at) == opens
        assert self.compiled(hours).next_close(at) == opens + 8 * HOUR
        assert self.compiled(hours).due(at, HOUR) == opens + HOUR
        assert self.compiled(hours).next_open_many(at_us) == opens_us
        assert self.compiled(hours).due_many(at_us, HOUR) == opens_us + 3600 * 10**6

    def test_open_time_goes_on_beyond_the_end(self) -> None:
        clock = self.compiled("Mo-Su 18:00-24:00")
        assert clock.due(london("2027-12-31 23:00"), 2 * HOUR) == london("2028-01-01 19:00")
        assert clock.elapsed(london("2027-12-31 23:00"), london("2028-01-01 19:00")) == 2 * HOUR


class TestArrays:
    def test_shape_and_kind_are_kept(self) -> None:
        office = calendar(OFFICE)
        start_us = np.array([[0, 10], [20, 30]], dtype=np.int64)
        assert office.due_many(start_us, HOUR).shape == (2, 2)
        assert office.due_many(start_us, np.array([1, 2])).dtype == np.int64
        assert office.is_open_many(start_us).dtype == np.bool_
        assert office.elapsed_many(0, start_us).shape == (2, 2)

    def test_nothing_asked_nothing_answered(self) -> None:
        nothing = np.array([], dtype=np.int64)
        office = calendar(OFFICE)
        for answer in (
            office.due_many(nothing, HOUR),
            office.elapsed_many(nothing, nothing),
            office.next_open_many(nothing),
            office.is_open_many(nothing),
        ):
            assert answer.size == 0

    def test_fractions_are_refused(self) -> None:
        with pytest.raises(TypeError, match="safe"):
            calendar(OFFICE).due_many(np.array([0.5]), HOUR)

    def test_what_goes_in_is_not_changed(self) -> None:
        start_us = np.arange(0, 10**15, 10**13, dtype=np.int64)
        before = start_us.copy()
        calendar(OFFICE).due_many(start_us, HOUR)
        assert (start_us == before).all()

    def test_many_chunks_and_far_years_agree_with_one_at_a_time(self) -> None:
        office = calendar("Mo-Fr 09:00-12:00,13:00-17:00; PH off")
        start_us = np.linspace(-(10**15), 4 * 10**15, 70_000).astype(np.int64)
        due_us = office.due_many(start_us, 1000 * HOUR)
        for number in range(0, len(start_us), 997):
            start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(start_us[number]))
            due = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(due_us[number]))
            assert calendar("Mo-Fr 09:00-12:00,13:00-17:00; PH off").due(start, 1000 * HOUR) == due

    @pytest.mark.parametrize("notation", ["off", "off; 2026 Jun 3 09:00-17:00; 2028 Jun 3 09:00-17:00"])
    def test_never_open_is_said_for_arrays_too(self, notation: str) -> None:
        never = calendar(notation)
        at_us = np.array([int(london("2026-06-03 17:00").timestamp()) * 10**6])
        with pytest.raises(NeverOpen):
            never.due_many(at_us, HOUR)
        with pytest.raises(NeverOpen):
            never.next_open_many(at_us)
        with pytest.raises(NeverOpen):
            never.due_many(at_us - 2 * 3600 * 10**6, 3 * HOUR)

    def test_beside_a_long_gap_arrays_still_answer(self) -> None:
        gap = calendar("off; 2026 Jun 3 09:00-17:00; 2028 Jun 3 09:00-17:00")
        gap.elapsed(london("2026-01-01 00:00"), london("2029-01-01 00:00"))
        at_us = np.array([int(london(text).timestamp()) * 10**6 for text in ("2026-06-03 10:00", "2028-06-03 10:00")])
        assert (gap.due_many(at_us, 7 * HOUR) - at_us).tolist() == [7 * 3600 * 10**6] * 2
        with pytest.raises(NeverOpen):
            gap.due_many(at_us[:1], 8 * HOUR)

    def test_open_time_too_rare_for_arrays_is_looked_for_further_on(self) -> None:
        rare = calendar("Mo 09:00-09:01")
        at_us = np.array([int(london("2026-06-01 09:00").timestamp()) * 10**6])
        later_us = at_us + int(timedelta(weeks=599, minutes=1).total_seconds()) * 10**6
        assert (
            rare.due_many(at_us, 600 * MINUTE) == later_us + 3600 * 10**6 * 1
        )  # November's clocks are an hour behind June's


def test_threads_share_a_calendar() -> None:
    """Each asks for other years, so each makes the calendar compile; all must get their own answer."""
    shared = calendar(OFFICE)
    starts = [london(f"{year}-06-0{day} 16:30") for year in range(1990, 2060, 5) for day in range(1, 8)]
    expected = {start: calendar(OFFICE).due(start, HOUR) for start in starts}
    wrong: list[datetime] = []

    def ask(mine: list[datetime]) -> None:
        wrong.extend(start for start in mine if shared.due(start, HOUR) != expected[start])

    threads = [threading.Thread(target=ask, args=(starts[number::8],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class TestHolidayWarning:
    def test_comes_90_days_before_the_list_ends(self) -> None:
        office = calendar(OFFICE)
        end = datetime(2028, 12, 26, 12, tzinfo=UTC)
        assert office.warn_if_ending(end - timedelta(days=91)) is None
        assert office.warn_if_ending(end - timedelta(days=90)) == (
            "The known bank holidays end on Tuesday 26 December 2028. After that day, bank holidays count as usual days."
        )
        assert "ended on" in (office.warn_if_ending(end + timedelta(days=1)) or "")

    def test_only_where_the_hours_depend_on_it(self) -> None:
        end = datetime(2028, 12, 26, 12, tzinfo=UTC)
        assert calendar("Mo-Fr 09:00-17:00").warn_if_ending(end) is None
        assert Calendar([Version(StatedHours.parse(OFFICE))]).warn_if_ending(end) is None
