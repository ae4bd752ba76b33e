"""Open time counted minute by minute, straight from the sentence "open while the clock on the wall shows a stated time".

Shares no code with the engine it is held against: it reads raw hours, asks the zone for the wall clock at each minute of UTC,
and looks whether that minute is stated. What the engine may refuse, and how fast it is, is tested elsewhere.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

Minutes = list[tuple[int, int]]

MINUTE = timedelta(minutes=1)
DAY_MINUTES = 1440


@dataclass
class Raw:
    """One version of hours, as bare facts."""

    weekly: list[Minutes]
    on_holidays: Minutes | None = None
    special: dict[date, Minutes] = field(default_factory=dict)
    from_on: date | None = None
    to_on: date | None = None


class MinuteByMinute:
    """Every minute of a window, open or closed; instants are looked up within their minute, so microseconds are exact."""

    def __init__(self, versions: list[Raw], zone: str, holidays: frozenset[date], begin: datetime, days: int) -> None:
        self.versions, self.zone, self.holidays, self.begin = versions, ZoneInfo(zone), holidays, begin
        self.open: list[bool] = []
        self.owner: list[date | None] = []
        self.last_minute_of: dict[date, int] = {}
        self._stated: dict[date, list[date | None]] = {}
        for number in range(days * DAY_MINUTES):
            self._look_at(number)
        self.open_before_minute = [0, *accumulate(self.open)]

    def _look_at(self, number: int) -> None:
        wall = (self.begin + number * MINUTE).astimezone(self.zone)
        owners = self._owners_of(wall.date())[wall.hour * 60 + wall.minute]
        self.open.append(bool(owners))
        self.owner.append(max(owners) if owners else None)
        for owner in owners:
            self.last_minute_of[owner] = number

    def _owners_of(self, on: date) -> list[list[date]]:
        """For each minute on the wall of a day, the days whose spans hold it: that day's own and the day before's."""
        if on not in self._stated:
            minutes: list[list[date]] = [[] for _ in range(DAY_MINUTES)]
            for owner, shift in ((on - timedelta(days=1), -DAY_MINUTES), (on, 0)):
                for opens, closes in self._spans_starting(owner):
                    for minute in range(max(opens + shift, 0), min(closes + shift, DAY_MINUTES)):
                        minutes[minute].append(owner)
            self._stated[on] = minutes
        return self._stated[on]

    def _spans_starting(self, on: date) -> Minutes:
        chosen: Raw | None = None
        for version in self.versions:
            begun = version.from_on is None or version.from_on <= on
            over = version.to_on is not None and version.to_on < on
            if begun and not over and (chosen is None or (version.from_on or date.min) >= (chosen.from_on or date.min)):
                chosen = version
        if chosen is None:
            return []
        if on in chosen.special:
            return chosen.special[on]
        if on in self.holidays and chosen.on_holidays is not None:
            return chosen.on_holidays
        return chosen.weekly[on.weekday()]

    def _minute(self, at: datetime) -> tuple[int, timedelta]:
        number, rest = divmod(at - self.begin, MINUTE)
        return number, rest

    def is_open(self, at: datetime) -> bool:
        return self.open[self._minute(at)[0]]

    def _open_time_before(self, at: datetime) -> timedelta:
        number, rest = self._minute(at)
        return self.open_before_minute[number] * MINUTE + (rest if self.open[number] else timedelta())

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        return self._open_time_before(end) - self._open_time_before(start)

    def due(self, start: datetime, amount: timedelta) -> datetime | None:
        """None where the window ends first."""
        if not amount:
            return self.next_open(start)
        wanted = self._open_time_before(start) + amount
        minutes, rest = divmod(wanted, MINUTE)
        full = minutes + 1 if rest else minutes
        end_of_minute = bisect_left(self.open_before_minute, full)
        if end_of_minute >= len(self.open_before_minute):
            return None
        return self.begin + (end_of_minute - 1) * MINUTE + (rest or MINUTE)

    def next_open(self, at: datetime) -> datetime | None:
        number, _ = self._minute(at)
        if self.open[number]:
            return at
        while number < len(self.open) and not self.open[number]:
            number += 1
        return self.begin + number * MINUTE if number < len(self.open) else None

    def next_close(self, at: datetime) -> datetime | None:
        opened = self.next_open(at)
        if opened is None:
            return None
        number, _ = self._minute(opened)
        while number < len(self.open) and self.open[number]:
            number += 1
        return self.begin + number * MINUTE if number < len(self.open) else None

    def working_day_close(self, at: datetime, days_later: int) -> datetime | None:
        opened = self.next_open(at)
        if opened is None:
            return None
        owner = self.owner[self._minute(opened)[0]]
        later = [day for day in sorted(self.last_minute_of) if owner is not None and day >= owner][days_later:]
        if not later or self.last_minute_of[later[0]] >= len(self.open) - 2 * DAY_MINUTES:
            return None
        return self.begin + (self.last_minute_of[later[0]] + 1) * MINUTE
