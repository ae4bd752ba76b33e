"""Decides what is open, due and counted within some years, by looking into a table of open spans with running totals.

How the table comes about is left to compiling; which years are looked at, and what to do past their end, to the calendar.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociable.domain.errors import DomainError
from sociable.domain.worktime.finder import Finder
from sociable.domain.worktime.zones import DAY_US, EPOCH

Microseconds = NDArray[np.int64]
"""Instants since 1970 in UTC, or lengths of time."""

LONGEST_CLOSED_US = 366 * DAY_US
AFTER_ALL = 2**62
"""Stands where the table has no further span."""


class NeverOpen(DomainError):
    """Nothing opens within 366 days of the instant `from_at`."""

    def __init__(self, from_us: int) -> None:
        self.from_at = instant(from_us)
        super().__init__(f"The stated hours do not open within 366 days of {self.from_at.day} {self.from_at:%B %Y}.")


class NeverCloses(DomainError):
    """What is open at the instant `from_at` stays open for more than 366 days."""

    def __init__(self, from_us: int) -> None:
        self.from_at = instant(from_us)
        super().__init__(f"The stated hours do not close within 366 days of {self.from_at.day} {self.from_at:%B %Y}.")


def instant(at_us: int) -> datetime:
    """This function will turn microseconds since 1970 into an aware UTC datetime."""
    return EPOCH + timedelta(0, 0, at_us)


class Pieces(NamedTuple):
    """Stated spans, each with the day it belongs to.

    Shape:  three arrays of one length, ascending by start; days count from 1970-01-01
    """

    starts: Microseconds
    ends: Microseconds
    days: Microseconds


@dataclass(frozen=True)
class OpenTable:
    """Open spans from `low_us` to `high_us` with running totals. An answer of None means that the table ends too early.

    Shape:  starts and ends ascending, half-open, apart, with one entry more that stands after all; pieces are the same
            spans before they were joined
    Units:  microseconds, UTC
    """

    low_us: int
    high_us: int
    starts: Microseconds
    ends: Microseconds
    pieces: Pieces

    @cached_property
    def before(self) -> Microseconds:
        """The open time before each span; the last entry is all the open time there is."""
        return np.concatenate(([0], np.cumsum(self.ends[:-1] - self.starts[:-1])))

    @cached_property
    def reached(self) -> Microseconds:
        """The open time reached by the end of each span; the last entry is never reached."""
        return np.append(self.before[1:], AFTER_ALL)

    @cached_property
    def lists(self) -> tuple[list[int], list[int], list[int], list[int]]:
        """Starts, ends, before and reached, for one value at a time: there Python's own numbers are quicker."""
        return self.starts.tolist(), self.ends.tolist(), self.before.tolist(), self.reached.tolist()

    @cached_property
    def long_gaps(self) -> list[int]:
        """The spans after which nothing opens for more than 366 days, though something opens later."""
        return np.flatnonzero(self.starts[1:-1] - self.ends[:-2] > LONGEST_CLOSED_US).tolist()

    def covers(self, first_us: int, last_us: int) -> bool:
        """This function will say whether instants lie within the years of the table."""
        return self.low_us <= first_us and last_us < self.high_us

    # -- One value -----------------------------------------------------------------------------------------------------

    def due(self, start_us: int, amount_us: int) -> int | None:
        """This function will find the instant at which an amount of open time after a start is used up.

        Errors: NeverOpen
        """
        starts, ends, before, reached = self.lists
        here = bisect_right(ends, start_us)
        opened_us = starts[here]
        if opened_us <= start_us:
            opened_us = start_us
        elif opened_us - start_us > LONGEST_CLOSED_US:
            self._refuse_if_never(start_us, opened_us)
            return None
        if opened_us + amount_us <= ends[here]:
            return opened_us + amount_us
        target = before[here] + opened_us - starts[here] + amount_us
        there = bisect_left(reached, target, here)
        if self.long_gaps:
            self._refuse_gap_between(here, there)
        if ends[there] == AFTER_ALL:
            self._refuse_if_never(ends[there - 1], AFTER_ALL)
            return None
        return ends[there] - reached[there] + target

    def next_open(self, at_us: int) -> int | None:
        """This function will find the instant itself where open, else the next opening.

        Errors: NeverOpen
        """
        starts, ends, _, _ = self.lists
        opened_us = max(starts[bisect_right(ends, at_us)], at_us)
        if opened_us - at_us <= LONGEST_CLOSED_US:
            return opened_us
        self._refuse_if_never(at_us, opened_us)
        return None

    def next_close(self, at_us: int) -> int | None:
        """This function will find the end of the open span at an instant, or of the next one.

        Errors: NeverOpen, NeverCloses
        """
        opened_us = self.next_open(at_us)
        if opened_us is None:
            return None
        ends = self.lists[1]
        closes_us = ends[bisect_right(ends, opened_us)]
        if closes_us - opened_us > LONGEST_CLOSED_US:
            raise NeverCloses(opened_us)
        return closes_us if closes_us < self.high_us else None

    def is_open(self, at_us: int) -> bool:
        """This function will say whether an instant is open; a closing instant is not."""
        starts, ends, _, _ = self.lists
        return starts[bisect_right(ends, at_us)] <= at_us

    def open_before(self, at_us: int) -> int:
        """This function will count the open time of the table before an instant."""
        starts, ends, before, _ = self.lists
        here = bisect_right(ends, at_us)
        return before[here] + max(at_us - starts[here], 0)

    def spans_between(self, first_us: int, last_us: int) -> list[tuple[int, int]]:
        """This function will list the open spans that touch a stretch of time, whole."""
        starts, ends, _, _ = self.lists
        here, there = bisect_right(ends, first_us), bisect_left(starts, last_us)
        return list(zip(starts[here:there], ends[here:there], strict=True))

    def _refuse_if_never(self, closed_us: int, opened_us: int) -> None:
        """Passes only where the table ends too early to know."""
        if min(opened_us, self.high_us) - closed_us > LONGEST_CLOSED_US:
            raise NeverOpen(closed_us)

    def _refuse_gap_between(self, here: int, there: int) -> None:
        for gap in self.long_gaps:
            if here <= gap < there:
                raise NeverOpen(int(self.ends[gap]))

    # -- Working days --------------------------------------------------------------------------------------------------

    @cached_property
    def working_days(self) -> tuple[list[int], list[int]]:
        """The days on which a span starts, and the instant at which the last span of each ends."""
        days, numbers = np.unique(self.pieces.days, return_inverse=True)
        closes = np.zeros(len(days), dtype=np.int64)
        np.maximum.at(closes, numbers, self.pieces.ends)
        return days.tolist(), closes.tolist()

    def working_day_close(self, open_us: int, days_later: int) -> int | None:
        """This function will find the close of the n-th working day after the one that an open instant belongs to.

        Errors: NeverOpen
        """
        days, closes = self.working_days
        today = bisect_left(days, self._day_of(open_us))
        wanted = today + days_later
        for closes_us in closes[today:wanted]:
            if self.next_open(closes_us) is None:
                return None
        return closes[wanted] if wanted < len(days) and closes[wanted] < self.high_us else None

    def _day_of(self, open_us: int) -> int:
        """Where spans of two days overlap, an instant belongs to the later day."""
        starts, ends, days = self.pieces
        first, last = np.searchsorted(starts, (open_us - 2 * DAY_US, open_us), side="right")
        return int(days[first:last][ends[first:last] > open_us].max())

    # -- Whole arrays --------------------------------------------------------------------------------------------------

    @cached_property
    def _by_end(self) -> Finder:
        return Finder(self.ends[:-1], self.low_us, self.high_us)

    @cached_property
    def _by_reached(self) -> Finder:
        return Finder(self.reached[:-1], -1, int(self.before[-1]))

    def due_many(self, starts_us: Microseconds, amounts_us: Microseconds) -> Microseconds | None:
        """This function will do for arrays what `due` does for one value, by the same steps.

        Errors: NeverOpen
        """
        here = self._by_end.passed(starts_us)
        opened_us = np.maximum(self.starts.take(here), starts_us)
        target: Microseconds = opened_us + amounts_us + (self.before - self.starts).take(here)
        doubtful = (opened_us - starts_us > LONGEST_CLOSED_US) | (target > self.before[-1])
        if doubtful.any() or self.long_gaps:
            return self._due_one_by_one(starts_us, amounts_us, doubtful)
        there = np.maximum(self._by_reached.passed(target - 1), here)
        target += (self.ends - self.reached).take(there)
        return target

    def _due_one_by_one(
        self, starts_us: Microseconds, amounts_us: Microseconds, doubtful: NDArray[np.bool_]
    ) -> Microseconds | None:
        """The doubtful first: each of them refuses or finds the table too short, so the others need not be counted."""
        due_us = np.empty_like(starts_us)
        for number in np.argsort(~doubtful, kind="stable").tolist():
            found = self.due(int(starts_us[number]), int(amounts_us[number]))
            if found is None:
                return None
            due_us[number] = found
        return due_us

    def next_open_many(self, at_us: Microseconds) -> Microseconds | None:
        """This function will do for arrays what `next_open` does for one value.

        Errors: NeverOpen
        """
        opened_us = np.maximum(self.starts.take(self._by_end.passed(at_us)), at_us)
        too_late = np.flatnonzero(opened_us - at_us > LONGEST_CLOSED_US)
        if too_late.size:
            self._refuse_if_never(int(at_us[too_late[0]]), int(opened_us[too_late[0]]))
            return None
        return opened_us

    def elapsed_many(self, starts_us: Microseconds, ends_us: Microseconds) -> Microseconds:
        """This function will count the open time between starts and ends."""
        return self._open_before_many(ends_us) - self._open_before_many(starts_us)

    def _open_before_many(self, at_us: Microseconds) -> Microseconds:
        here = self._by_end.passed(at_us)
        open_us: Microseconds = np.maximum(at_us - self.starts.take(here), 0)
        open_us += self.before.take(here)
        return open_us

    def is_open_many(self, at_us: Microseconds) -> NDArray[np.bool_]:
        """This function will say for each instant whether it is open."""
        return self.starts.take(self._by_end.passed(at_us)) <= at_us
