"""Decides when a body is open, and how much open time lies between two instants.

The one clock for deadline, warning, report, rota and public page; the years behind an answer are compiled when they are
first asked for. What is promised, and what starts or stops a wait, is left to domain/promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sociable.domain.errors import DomainError
from sociable.domain.worktime import compiling
from sociable.domain.worktime.explaining import Explanation, Story
from sociable.domain.worktime.plan import Plan, Version
from sociable.domain.worktime.spans import FIRST_YEAR, LAST_YEAR
from sociable.domain.worktime.table import Microseconds, OpenTable, instant
from sociable.domain.worktime.wording import date_words, length_words
from sociable.domain.worktime.zones import DAY_US, EPOCH, SECOND_US, zone_named

LONGEST_AMOUNT_US = (LAST_YEAR + 1 - FIRST_YEAR) * 366 * DAY_US
HOLIDAY_WARNING = timedelta(days=90)
# Small enough that every step of a chunk stays in the processor's cache, which is over twice as fast as one long array.
_CHUNK = 2**15

EARLIEST_US = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LATEST_US = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

_Number = TypeVar("_Number", np.int64, np.bool_)


class BeyondCalendar(DomainError):
    """An instant, or an amount of time, outside the years that the clock works for."""

    def __init__(self) -> None:
        super().__init__(f"Working time can be counted from {FIRST_YEAR} to {LAST_YEAR} only.")


@lru_cache(maxsize=256)
def _compiled(plan: Plan, zone: ZoneInfo, first_year: int, last_year: int) -> OpenTable:
    return compiling.open_table(plan.spans, zone, first_year, last_year)


class Calendar:
    """The stated hours of one body, in its zone, through all their versions.

    An instant is open exactly when the clock on the wall there shows a time that is stated for it. Spans are half-open: at
    17:00 what closes at 17:00 is closed. A span belongs to the day it starts on, and so does what a bank holiday, a special
    day or another version makes of it. On a day that no version is valid for, nothing is open.
    """

    def __init__(
        self,
        versions: Iterable[Version],
        zone: str = "Europe/London",
        holidays: Iterable[date] = (),
        holidays_end_on: date | None = None,
    ) -> None:
        """Errors: UnknownZone"""
        self.plan = Plan.of(versions, holidays)
        self.zone = zone_named(zone)
        self.holidays_end_on = holidays_end_on
        self._table: OpenTable | None = None

    # -- One value -----------------------------------------------------------------------------------------------------

    def due(self, start: datetime, amount: timedelta) -> datetime:
        """This function will find the instant at which an amount of open time after a start is used up.

        Shape:  a closing instant where the amount ends there; for no amount, the start where open or else the next opening
        Units:  aware UTC out; amount is open time, exact to the microsecond
        Errors: NeverOpen when nothing opens within 366 days on the way; BeyondCalendar; ValueError for less than nothing
        """
        start_us, amount_us = _since_epoch(start), _length(amount)
        _check_amount(amount_us, amount_us)
        return instant(self._ask(OpenTable.due, start_us, amount_us))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """This function will count the open time from a start to an end.

        Errors: ValueError when the end comes before the start; BeyondCalendar
        """
        start_us, end_us = _since_epoch(start), _since_epoch(end)
        if end_us < start_us:
            raise ValueError("The end comes before the start.")
        table = self._covering(start_us, end_us)
        return timedelta(0, 0, table.open_before(end_us) - table.open_before(start_us))

    def next_open(self, at: datetime) -> datetime:
        """This function will find the instant itself where open, else the next opening.

        Errors: NeverOpen, BeyondCalendar
        """
        at_us = _since_epoch(at)
        return instant(self._ask(OpenTable.next_open, at_us))

    def next_close(self, at: datetime) -> datetime:
        """This function will find the end of the open span at an instant, or of the next one; spans that touch are one.

        Errors: NeverOpen; NeverCloses when it stays open for more than 366 days; BeyondCalendar
        """
        at_us = _since_epoch(at)
        return instant(self._ask(OpenTable.next_close, at_us))

    def is_open(self, at: datetime) -> bool:
        """This function will say whether an instant is open; a closing instant is not.

        Errors: BeyondCalendar
        """
        at_us = _since_epoch(at)
        return self._covering(at_us, at_us).is_open(at_us)

    def working_day_close(self, at: datetime, days_later: int) -> datetime:
        """This function will find the close of the n-th working day after the one that the next open instant belongs to.

        Shape:  a working day is a local date on which a span starts, and closes with the last of its spans; where spans of
                two days overlap, an instant belongs to the later day; 0 is that same working day
        Errors: NeverOpen, BeyondCalendar; ValueError for less than 0
        """
        if days_later < 0:
            raise ValueError("Working days are counted forward.")
        open_us = _since_epoch(self.next_open(at))
        return instant(self._ask(OpenTable.working_day_close, open_us, days_later))

    def spans_between(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """This function will list the open spans between two instants, cut off at both.

        Shape:  ascending, half-open, apart
        Errors: BeyondCalendar
        """
        start_us, end_us = _since_epoch(start), _since_epoch(end)
        spans = self._covering(start_us, end_us).spans_between(start_us, end_us)
        cut_off = [(max(opens, start_us), min(closes, end_us)) for opens, closes in spans]
        return [(instant(opens), instant(closes)) for opens, closes in cut_off if opens < closes]

    def usual_day(self, at: datetime) -> timedelta:
        """This function will measure a usual working day under the hours in force at an instant; never nothing."""
        return self.plan.usual_day(at.astimezone(self.zone).date())

    # -- In words ------------------------------------------------------------------------------------------------------

    def explain(self, start: datetime, amount: timedelta) -> Explanation:
        """This function will say why an amount of open time is due when it is: "arrived Fri 16:40, …, due Tue 10:40".

        Errors: as due
        """
        return self._story(start, self.due(start, amount)).told("due {at}")

    def explain_elapsed(self, start: datetime, end: datetime) -> Explanation:
        """This function will say how much open time lies between two instants, and why.

        Errors: as elapsed
        """
        length = length_words(self.elapsed(start, end))
        return self._story(start, end).told(f"until {{at}}, {length} of open time in all")

    def _story(self, start: datetime, end: datetime) -> Story:
        start_us, end_us = _since_epoch(start), _since_epoch(end)
        spans = self._covering(start_us, end_us).spans_between(start_us, end_us)
        told = [(instant(opens), instant(closes)) for opens, closes in spans]
        return Story(self.plan, self.zone, instant(start_us), instant(end_us), told)

    def warn_if_ending(self, now: datetime) -> str | None:
        """This function will warn when the known bank holidays end within 90 days and the hours depend on them."""
        if self.holidays_end_on is None or not self.plan.heeds_holidays():
            return None
        today = now.astimezone(self.zone).date()
        if self.holidays_end_on - today > HOLIDAY_WARNING:
            return None
        ends, day = "ended" if self.holidays_end_on < today else "end", date_words(self.holidays_end_on)
        return f"The known bank holidays {ends} on {day}. After that day, bank holidays count as usual days."

    # -- Whole arrays --------------------------------------------------------------------------------------------------

    def due_many(self, starts_us: ArrayLike, amount: timedelta | ArrayLike) -> Microseconds:
        """This function will do for an array what `due` does for one value.

        Units:  microseconds since 1970 in UTC, in and out; amount one timedelta or an array of microseconds
        Errors: as due, for one of the values that it refuses
        """
        starts, amounts = _same_shape(starts_us, _length(amount) if isinstance(amount, timedelta) else amount)
        if amounts.size:
            _check_amount(int(amounts.min()), int(amounts.max()))
        return self._ask_many(OpenTable.due_many, self._covering_all(starts), starts, amounts)

    def elapsed_many(self, starts_us: ArrayLike, ends_us: ArrayLike) -> Microseconds:
        """This function will do for arrays what `elapsed` does for one value.

        Units:  microseconds since 1970 in UTC in, microseconds of open time out
        Errors: as elapsed
        """
        starts, ends = _same_shape(starts_us, ends_us)
        if bool(np.any(ends < starts)):
            raise ValueError("An end comes before its start.")
        table = self._covering_all(starts, ends)
        return self._ask_many(OpenTable.elapsed_many, table, starts, ends)

    def next_open_many(self, at_us: ArrayLike) -> Microseconds:
        """This function will do for an array what `next_open` does for one value.

        Units:  microseconds since 1970 in UTC, in and out
        Errors: as next_open, for one of the values that it refuses
        """
        (at,) = _same_shape(at_us)
        return self._ask_many(OpenTable.next_open_many, self._covering_all(at), at)

    def is_open_many(self, at_us: ArrayLike) -> NDArray[np.bool_]:
        """This function will do for an array what `is_open` does for one value.

        Units:  microseconds since 1970 in UTC
        Errors: as is_open
        """
        (at,) = _same_shape(at_us)
        return self._ask_many(OpenTable.is_open_many, self._covering_all(at), at)

    # -- The years behind the answers ----------------------------------------------------------------------------------

    def _ask(self, question: Callable[..., int | None], at_us: int, *more: int) -> int:
        table = self._covering(at_us, at_us)
        while (answer := question(table, at_us, *more)) is None:
            table = self._longer(table)
        return answer

    def _ask_many(
        self, question: Callable[..., NDArray[_Number] | None], table: OpenTable, *columns: Microseconds
    ) -> NDArray[_Number]:
        flat = [column.ravel() for column in columns]
        answers = []
        for begin in range(0, max(flat[0].size, 1), _CHUNK):
            chunk = [column[begin : begin + _CHUNK] for column in flat]
            while (answer := question(table, *chunk)) is None:
                table = self._longer(table)
            answers.append(answer)
        return np.concatenate(answers).reshape(columns[0].shape)

    def _covering_all(self, *columns: Microseconds) -> OpenTable:
        if not columns[0].size:
            return self._covering(0, 0)
        return self._covering(
            min(int(column.min()) for column in columns), max(int(column.max()) for column in columns)
        )

    def _covering(self, first_us: int, last_us: int) -> OpenTable:
        table = self._table
        if table is not None and table.covers(first_us, last_us):
            return table
        first_year, last_year = _year_of(first_us) - 1, _year_of(last_us) + 1
        if table is not None:
            first_year = min(first_year, _year_of(table.low_us))
            last_year = max(last_year, _year_of(table.high_us - 1))
        return self._compile(first_year, last_year)

    def _longer(self, table: OpenTable) -> OpenTable:
        """Twice as many years, so that however far an answer lies, it is reached in a few steps or refused."""
        first_year, last_year = _year_of(table.low_us), _year_of(table.high_us - 1)
        if last_year >= LAST_YEAR:
            raise BeyondCalendar
        return self._compile(first_year, 2 * last_year - first_year + 1)

    def _compile(self, first_year: int, last_year: int) -> OpenTable:
        first_year, last_year = max(first_year, FIRST_YEAR), min(last_year, LAST_YEAR)
        self._table = _compiled(self.plan, self.zone, first_year, last_year)
        return self._table


def _since_epoch(at: datetime) -> int:
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


def _length(amount: timedelta) -> int:
    return (amount.days * 86_400 + amount.seconds) * SECOND_US + amount.microseconds


def _check_amount(least_us: int, most_us: int) -> None:
    if least_us < 0:
        raise ValueError("An amount of open time cannot be less than nothing.")
    if most_us > LONGEST_AMOUNT_US:
        raise BeyondCalendar


def _year_of(at_us: int) -> int:
    if not EARLIEST_US <= at_us < LATEST_US:
        raise BeyondCalendar
    return instant(at_us).year


def _same_shape(*columns: ArrayLike) -> tuple[Microseconds, ...]:
    """Whole numbers only: a float could not tell one microsecond from the next."""
    return tuple(np.broadcast_arrays(*(np.asarray(column).astype(np.int64, casting="safe") for column in columns)))
