"""Decides what an account's stated hours and promise look like minute by minute, so that whole arrays can be judged by them.

The hours are counted by worktime and the promise is read by domain/promise; who answers is left to queueing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from sociable.domain.cover.queueing import NEVER, Floats
from sociable.domain.promise import YARDSTICK, Form, Promise, clock_of
from sociable.domain.worktime import Calendar

MINUTE = timedelta(minutes=1)
_MINUTE_US = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Days:
    """A promise in days: a request that arrives from each of `turns` on is due at `dues`, and its share is of `lengths`."""

    turns: Floats
    dues: Floats
    lengths: Floats

    def of(self, values: Floats, arrived_at: Floats) -> Floats:
        """This function will pick the value that holds for each arrival; the first for what arrived before the start."""
        return values[np.maximum(np.searchsorted(self.turns, arrived_at, side="right") - 1, 0)]


@dataclass(frozen=True, slots=True)
class Terms:
    """Stated hours and promise on a grid of minutes: either so much open time (`length`), or `days`, or nothing promised.

    Shape:  opened is the open time reached at each minute, one entry more than there are minutes
    Units:  minutes from the start
    """

    opened: Floats
    length: float
    promised: bool = True
    days: Days | None = None

    @classmethod
    def of(cls, promise: Promise | None, calendar: Calendar | None, start: datetime, minutes: int) -> Terms:
        """This function will read stated hours and a promise for a stretch of time.

        Shape:  no promise, or hours that never open, count clock time against the yardstick of the fair order
        Units:  start an aware instant on a whole minute
        """
        clock = clock_of(promise, calendar, start)
        if promise is None or calendar is None or clock.due_at is None:
            return cls(np.arange(minutes + 1, dtype=float), YARDSTICK / MINUTE, promised=False)
        opened = _opened(calendar, start, minutes)
        days = None if promise.form is Form.OPEN_TIME else _days(promise, calendar, opened, start)
        return cls(opened, clock.length / MINUTE, days=days)

    def reached(self, at: Floats) -> Floats:
        """This function will count the open time from the start to instants; none before it or after the last minute."""
        minute = np.clip(at, 0, self.opened.size - 2).astype(np.intp)
        opened = self.opened[minute]
        return np.asarray(opened + (self.opened[minute + 1] - opened) * np.clip(at - minute, 0, 1), dtype=float)

    def lengths(self, arrived_at: Floats) -> Floats:
        """This function will say of how much open time each request uses a share."""
        if self.days is not None:
            return self.days.of(self.days.lengths, arrived_at)
        return np.full(arrived_at.shape, self.length)

    def base(self, arrived_at: Floats) -> Floats:
        """This function will say the open time at which none of each promise was used."""
        if self.days is not None:
            return self.reached(self.due(arrived_at)) - self.lengths(arrived_at)
        return self.reached(arrived_at)

    def due(self, arrived_at: Floats) -> Floats:
        """This function will say when requests are due; NEVER beyond the last minute, or where nothing is promised."""
        if not self.promised:
            return np.full(arrived_at.shape, NEVER)
        if self.days is not None:
            return self.days.of(self.days.dues, arrived_at)
        target = self.reached(arrived_at) + self.length
        minute = np.searchsorted(self.opened, target - 1e-9)
        beyond = minute >= self.opened.size
        minute = np.minimum(minute, self.opened.size - 1)
        return np.where(beyond, NEVER, minute - (self.opened[minute] - target))


def _opened(calendar: Calendar, start: datetime, minutes: int) -> Floats:
    start_us = (start - _EPOCH) // timedelta(microseconds=1)
    instants = start_us + np.arange(minutes + 1, dtype=np.int64) * _MINUTE_US
    return calendar.elapsed_many(np.full(minutes + 1, start_us), instants) / _MINUTE_US


def _days(promise: Promise, calendar: Calendar, opened: Floats, start: datetime) -> Days:
    turns = _turns(promise, calendar, opened, start)
    clocks = [clock_of(promise, calendar, start + int(turn) * MINUTE) for turn in turns]
    dues = [NEVER if clock.due_at is None else (clock.due_at - start) / MINUTE for clock in clocks]
    return Days(turns, np.array(dues), np.array([clock.length / MINUTE for clock in clocks]))


def _turns(promise: Promise, calendar: Calendar, opened: Floats, start: datetime) -> Floats:
    """The minutes at which a promise in days may come to name another day: opening, closing, midnight, the printed hour."""
    edges = np.flatnonzero(np.diff(opened, n=2)) + 1
    printed = promise.same_day_until
    wanted = {0, printed.hour * 60 + printed.minute} if printed else {0}
    marks = []
    for minute in range(0, opened.size, 15):
        local = (start + minute * MINUTE).astimezone(calendar.zone)
        away = [of_day - local.hour * 60 - local.minute for of_day in wanted]
        marks += [minute + minutes for minutes in away if 0 <= minutes < 15]
    return np.unique(np.concatenate(([0], edges, marks))).astype(float)
