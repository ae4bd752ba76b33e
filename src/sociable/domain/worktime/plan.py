"""Decides which spans start on a local day, and why: the version in force, a special day, a bank holiday or the usual week.

Which instants those spans are in the world is left to compiling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sociable.domain.worktime.hours import StatedHours
from sociable.domain.worktime.spans import DaySpans, length_of


class Because(StrEnum):
    """Why a day has the hours it has."""

    USUAL = "usual"
    BANK_HOLIDAY = "bank holiday"
    SPECIAL = "special"
    NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Version:
    """Hours and the local days they are valid on, the last one included. None is without an end."""

    hours: StatedHours
    from_on: date | None = None
    to_on: date | None = None

    def is_valid(self, on: date) -> bool:
        """This function will say whether the hours are in force on a day."""
        return (self.from_on is None or self.from_on <= on) and (self.to_on is None or on <= self.to_on)


@dataclass(frozen=True)
class Plan:
    """What is stated for each day. Of several valid versions the one that began last holds; on a tie, the one given last."""

    latest_first: tuple[Version, ...]
    holidays: frozenset[date]

    @classmethod
    def of(cls, versions: Iterable[Version], holidays: Iterable[date]) -> Plan:
        """This function will put versions in the order in which they are asked."""
        earliest_first = sorted(versions, key=lambda version: version.from_on or date.min)
        return cls(tuple(reversed(earliest_first)), frozenset(holidays))

    def hours_on(self, on: date) -> StatedHours | None:
        """This function will find the hours in force on a day, or None where none are."""
        return next((version.hours for version in self.latest_first if version.is_valid(on)), None)

    def day(self, on: date) -> tuple[DaySpans, Because]:
        """This function will say which spans start on a day, and why those."""
        hours = self.hours_on(on)
        if hours is None:
            return (), Because.NOT_STATED
        if on in hours.special:
            return hours.special[on], Because.SPECIAL
        if hours.bank_holidays is not None and on in self.holidays:
            return hours.bank_holidays, Because.BANK_HOLIDAY
        return hours.weekly[on.weekday()], Because.USUAL

    def spans(self, on: date) -> DaySpans:
        """This function will say which spans start on a day."""
        return self.day(on)[0]

    def is_as_usual(self, on: date) -> bool:
        """This function will say whether a day has the hours that its day of the week usually has."""
        hours = self.hours_on(on)
        return hours is not None and self.spans(on) == hours.weekly[on.weekday()]

    def heeds_holidays(self) -> bool:
        """This function will say whether a bank holiday changes anything under any version."""
        return any(version.hours.bank_holidays is not None for version in self.latest_first)

    def usual_day(self, on: date) -> timedelta:
        """This function will measure a usual day in force: the middle one of the lengths of the days that open.

        Shape:  longer than nothing; a whole day where the hours in force never open
        """
        hours = self.hours_on(on)
        spans = (*hours.weekly, *(spans for _, spans in hours.dated), hours.bank_holidays or ()) if hours else ()
        usual = [length_of(day) for day in spans[:7] if day] or [length_of(day) for day in spans[7:] if day]
        return sorted(usual)[len(usual) // 2] if usual else timedelta(days=1)
