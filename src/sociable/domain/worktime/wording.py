"""Decides how hours, times and lengths are said to people, in the wording of GOV.UK.

Which hours there are is left to hours; how they are written for machines is left to notation.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sociable.domain.worktime.spans import MIDNIGHT, WHOLE_DAY, DaySpans, days_by_spans, runs_of_dates, runs_of_days

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

MOST_BY_TWO = 16  # hours of a day; of more, every second would touch the next below a picture


def week_sentence(weekly: tuple[DaySpans, ...], bank_holidays: DaySpans | None) -> str:
    """This function will say a usual week: "Monday to Friday, 9am to midday and 2pm to 4:30pm, closed on bank holidays".

    Source: GOV.UK style guide, times and dates
    """
    groups = days_by_spans(weekly)
    said = "; ".join(f"{days_words(days)}, {spans_words(spans)}" for days, spans in groups) or "Closed all week"
    ending = _bank_holiday_words(bank_holidays, any_open=bool(groups))
    separator = "; " if len(groups) > 1 else ", "
    return f"{said}{separator}{ending}" if ending else said


def _bank_holiday_words(bank_holidays: DaySpans | None, *, any_open: bool) -> str:
    if bank_holidays:
        return f"{spans_words(bank_holidays)} on bank holidays"
    if not any_open:
        return ""
    return "including bank holidays" if bank_holidays is None else "closed on bank holidays"


def special_sentences(dated: Iterable[tuple[date, DaySpans]]) -> list[str]:
    """This function will say each special day or run of them: "Monday 28 to Thursday 31 December 2026, closed"."""
    return [f"{dates_words(first, last)}, {spans_words(spans)}" for first, last, spans in runs_of_dates(dated)]


def days_words(days: list[int]) -> str:
    """This function will say days of the week: "Monday to Friday", "Monday, Wednesday and Friday", "Every day"."""
    if len(days) == 7:
        return "Every day"
    said = []
    for first, last in runs_of_days(days):
        if last - first > 1:
            said.append(f"{WEEKDAYS[first]} to {WEEKDAYS[last]}")
        else:
            said += WEEKDAYS[first : last + 1]
    return and_words(said)


def dates_words(first: date, last: date) -> str:
    """This function will say a date or a range of dates in full, saying month and year once where they are the same."""
    if first == last:
        return date_words(first)
    start = f"{WEEKDAYS[first.weekday()]} {first.day}"
    if first.year != last.year:
        start = date_words(first)
    elif first.month != last.month:
        start = f"{start} {MONTHS[first.month - 1]}"
    return f"{start} to {date_words(last)}"


def date_words(on: date) -> str:
    """This function will say a date: "Thursday 24 December 2026"."""
    return f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]} {on.year}"


def spans_words(spans: DaySpans) -> str:
    """This function will say the hours of a day: "9am to midday and 2pm to 4:30pm", "all day", "closed"."""
    if not spans:
        return "closed"
    if spans == WHOLE_DAY:
        return "all day"
    return and_words([_span_words(opens, closes) for opens, closes in spans])


def _span_words(opens: int, closes: int) -> str:
    next_day = " the next day" if closes > MIDNIGHT else ""
    return f"{time_words(opens)} to {time_words(closes)}{next_day}"


def time_words(minute: int) -> str:
    """This function will say a minute after midnight in the GOV.UK way: "9am", "4:30pm", "midday", "midnight"."""
    hour, minutes = divmod(minute % MIDNIGHT, 60)
    if not minutes and hour % 12 == 0:
        return "midday" if hour else "midnight"
    past = f":{minutes:02d}" if minutes else ""
    return f"{(hour - 1) % 12 + 1}{past}{'am' if hour < 12 else 'pm'}"


def hour_words(hour: int) -> str:
    """This function will say an hour of the day where there is little room, as below a picture: "9am", "12", "5pm"."""
    return time_words(hour * 60) if hour % 12 else "12"


def hours_below(first: int, last: int) -> range:
    """This function will choose the hours that stand below a picture of a day: every second, of a long day every fourth."""
    return range(first, last, 2 if last - first <= MOST_BY_TWO else 4)


def stretch_words(begins: datetime, ends: datetime) -> str:
    """This function will say from when to when something lasts: "9am to 1pm", "10pm to 6am the next day", "8pm to midnight".

    Units:  both by the clock on the wall of one place; the day on which it begins is said beside it
    """
    return f"{_time_of(begins)} to {_time_of(ends)}{_day_after(begins, ends)}"


def times_of_day_words(begins: time, ends: time) -> str:
    """This function will say the same of times of day, where an end that is not later than the beginning is the next day's."""
    on = date(2000, 1, 1)
    return stretch_words(
        datetime.combine(on, begins), datetime.combine(on + timedelta(days=1) if ends <= begins else on, ends)
    )


def _time_of(at: datetime) -> str:
    return time_words(at.hour * 60 + at.minute)


def _day_after(begins: datetime, ends: datetime) -> str:
    """The midnight at which a day ends is that day's."""
    days = (ends.date() - begins.date()).days
    if days == 0 or (days == 1 and ends.time() == time()):
        return ""
    return " the next day" if days == 1 else f" on {WEEKDAYS[ends.weekday()]} {ends.day} {MONTHS[ends.month - 1]}"


def length_words(length: timedelta) -> str:
    """This function will say a length of time to the minute: "20 minutes", "1 hour 5 minutes", "no time"."""
    minutes = length // timedelta(minutes=1)
    if not minutes:
        return "less than a minute" if length else "no time"
    hours, minutes = divmod(minutes, 60)
    said = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in ((hours, "hour"), (minutes, "minute"))]
    return " ".join(part for part in said if not part.startswith("0 "))


def and_words(said: list[str]) -> str:
    """This function will join words as people do: "a, b and c"."""
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
