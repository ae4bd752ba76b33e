"""Decides what stated hours are: a usual week, what bank holidays do to it, and special days that come before both.

How they are written and said is left to notation and wording; when they are open in the world is left to the calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Self

from sociable.domain.worktime import notation, wording
from sociable.domain.worktime.spans import (
    FIRST_YEAR,
    LAST_YEAR,
    MOST_SPECIAL_DAYS,
    DaySpans,
    HoursError,
    Span,
    day_spans,
)


@dataclass(frozen=True)
class StatedHours:
    """Hours as a body states them. `bank_holidays` is None where they are days like any other, empty where closed.

    Shape:  weekly from Monday; a span belongs to the day it starts; dated ascending, one entry a day
    """

    weekly: tuple[DaySpans, ...]
    bank_holidays: DaySpans | None
    dated: tuple[tuple[date, DaySpans], ...]

    @classmethod
    def build(
        cls,
        weekly: Sequence[Iterable[Span]],
        bank_holidays: Iterable[Span] | None = None,
        special: Mapping[date, Iterable[Span]] | None = None,
    ) -> Self:
        """This function will make stated hours from the parts a form asks for.

        Shape:  weekly has seven days from Monday, each with spans of minutes after midnight
        Errors: HoursError
        """
        if len(weekly) != 7:
            raise HoursError("A week has seven days, from Monday.")
        dated = sorted((special or {}).items())
        if len(dated) > MOST_SPECIAL_DAYS:
            raise HoursError(f"Stated hours can name {MOST_SPECIAL_DAYS} special days at most.")
        if dated and not FIRST_YEAR <= dated[0][0].year <= dated[-1][0].year <= LAST_YEAR:
            raise HoursError(f"Special days must lie in the years from {FIRST_YEAR} to {LAST_YEAR}.")
        return cls(
            tuple(day_spans(spans) for spans in weekly),
            None if bank_holidays is None else day_spans(bank_holidays),
            tuple((on, day_spans(spans)) for on, spans in dated),
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """This function will read hours from OpenStreetMap's opening_hours notation, as far as stated hours need it.

        Errors: HoursNotationError with the place, the part and the reason
        Source: OpenStreetMap wiki, Key:opening_hours/specification
        """
        return cls.build(*notation.read(text))

    @cached_property
    def special(self) -> Mapping[date, DaySpans]:
        """The special days by date; an empty day is closed."""
        return MappingProxyType(dict(self.dated))

    @cached_property
    def notation(self) -> str:
        """The hours in OpenStreetMap's notation, always written the same way."""
        return notation.write(self.weekly, self.bank_holidays, self.dated)

    def sentence(self) -> str:
        """This function will say the usual hours in the GOV.UK wording, for the public to read."""
        return wording.week_sentence(self.weekly, self.bank_holidays)

    def special_sentences(self, from_on: date | None = None) -> list[str]:
        """This function will say the special days, neighbours with the same hours together, from a day if one is given."""
        return wording.special_sentences([(on, spans) for on, spans in self.dated if from_on is None or on >= from_on])
