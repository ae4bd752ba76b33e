"""Decides what the hours of one day may be, spans of minutes after midnight, and which days are told together.

What a week or a special day makes of them is left to hours; how they are written is left to notation and wording.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from sociable.domain.errors import DomainError

Span = tuple[int, int]
"""Opening and closing minute after midnight of the day it starts on; closing passes 1440 where it runs overnight."""

DaySpans = tuple[Span, ...]
"""The spans that start on one day, ascending and apart; empty is closed."""

MIDNIGHT = 24 * 60
WHOLE_DAY: DaySpans = ((0, MIDNIGHT),)
MOST_SPANS_A_DAY = 8
MOST_SPECIAL_DAYS = 1000
FIRST_YEAR, LAST_YEAR = 1900, 2199
LONGEST_RUN_DAYS = 366


class HoursError(DomainError):
    """Hours that nobody could keep."""


def day_spans(spans: Iterable[Span]) -> DaySpans:
    """This function will put the spans of one day in order and join those that touch or overlap.

    Shape:  minutes after midnight, half-open; a closing minute past 1440 lies on the next day
    Errors: HoursError, saying what is wrong in words
    """
    joined: list[Span] = []
    for opens, closes in sorted((int(opens), int(closes)) for opens, closes in spans):
        _check_span(opens, closes)
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    _check_day(joined)
    return tuple(joined)


def _check_span(opens: int, closes: int) -> None:
    if not 0 <= opens < MIDNIGHT:
        raise HoursError("Opening must be a time of day, from 00:00 to 23:59.")
    if closes <= opens:
        raise HoursError("Closing must come after opening. For the whole day, say 00:00 to 24:00.")


def _check_day(joined: list[Span]) -> None:
    if any(closes - opens > MIDNIGHT for opens, closes in joined):
        raise HoursError("The hours that start on one day cannot last longer than 24 hours together.")
    if len(joined) > MOST_SPANS_A_DAY:
        raise HoursError(f"A day can have {MOST_SPANS_A_DAY} separate spans at most.")


def length_of(spans: DaySpans) -> timedelta:
    """This function will add up the spans of a day, as long as no clock changes."""
    return timedelta(minutes=sum(closes - opens for opens, closes in spans))


def days_by_spans(weekly: tuple[DaySpans, ...]) -> list[tuple[list[int], DaySpans]]:
    """This function will gather the open days that have the same hours, in the order of their first day."""
    gathered: dict[DaySpans, list[int]] = {}
    for weekday, spans in enumerate(weekly):
        if spans:
            gathered.setdefault(spans, []).append(weekday)
    return [(days, spans) for spans, days in gathered.items()]


def runs_of_days(days: Iterable[int]) -> list[tuple[int, int]]:
    """This function will gather neighbouring numbers into runs, first and last."""
    runs = [
        [day for _, day in run]
        for _, run in groupby(enumerate(sorted(days)), key=lambda numbered: numbered[1] - numbered[0])
    ]
    return [(run[0], run[-1]) for run in runs]


def runs_of_dates(dated: Iterable[tuple[date, DaySpans]]) -> list[tuple[date, date, DaySpans]]:
    """This function will gather neighbouring dates with the same hours, a year at most in one run."""
    runs: list[tuple[date, date, DaySpans]] = []
    for on, spans in dated:
        if runs and runs[-1][2] == spans and _continues(runs[-1][0], runs[-1][1], on):
            runs[-1] = (runs[-1][0], on, spans)
        else:
            runs.append((on, on, spans))
    return runs


def _continues(first: date, last: date, on: date) -> bool:
    return on - last == timedelta(days=1) and (on - first).days < LONGEST_RUN_DAYS
