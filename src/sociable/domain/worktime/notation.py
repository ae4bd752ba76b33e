"""Decides how stated hours are written: the part of OpenStreetMap's opening_hours that stated hours need, in and out.

Whatever it does not know it refuses, with the place and the reason; whether the spans can be kept is left to spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from sociable.domain.worktime.spans import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_RUN_DAYS,
    MIDNIGHT,
    MOST_SPECIAL_DAYS,
    WHOLE_DAY,
    DaySpans,
    HoursError,
    Span,
    day_spans,
    days_by_spans,
    runs_of_dates,
    runs_of_days,
)

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_CHARS = 200_000

_EN_DASH = "\N{EN DASH}"  # what word processors make of a hyphen
_DAY = "|".join(DAYS)
_MONTH = "|".join(MONTHS)
_HOURS_BEGIN = re.compile(r"\d{1,2}:|\b(?:off|closed)\b", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DAY_ITEM = re.compile(rf"({_DAY})(?:\s*-\s*({_DAY}))?|(PH)", re.IGNORECASE)
_ONE_DATE = rf"(?:(\d{{4}})\s+)?(?:({_MONTH})\s+)?(\d{{1,2}})"
_DATE_ITEM = re.compile(rf"{_ONE_DATE}(?:\s*-\s*{_ONE_DATE})?", re.IGNORECASE)

# What the notation has and stated hours do not, or what people write instead of it. The first one in the text is named.
_NOT_STATED = [
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"\|\|", "Stated hours have no fallback rules."),
        (r'"[^"]*"?', "Stated hours have no comments."),
        (r"\+", "Stated hours say when they close."),
        (r"\[[^\]]*\]?", "Days counted within a month, like the first Monday, are not supported. Name each date."),
        (r"\bSH\b", "School holidays are not supported. Name each date."),
        (r"\b(?:sunrise|sunset|dawn|dusk)\b", "Stated hours are times on the clock, not of the sun."),
        (r"\bweek\b", "Week numbers are not supported. Name each date."),
        (r"\beaster\b", "Name the date, because Easter moves every year."),
        (r"\b(?:unknown|open)\b", "Say the hours, or off."),
        (r"\d\s*[ap]\.?m\b", "Write times with the 24-hour clock, as in 09:00-17:00."),
        (r"\b\d{4}-\d{2}-\d{2}\b", "Write a date as in 2026 Dec 24."),
        (rf"(?<=:\d\d),\s*(?:{_DAY}|PH|\d{{4}}\b)", "Begin new days with a semicolon, not a comma."),
    )
]


class HoursNotationError(HoursError):
    """Hours that cannot be read: `place` counts characters from 0, `part` is the text there, `reason` is a sentence."""

    def __init__(self, place: int, part: str, reason: str) -> None:
        where = f" See “{part}”, character {place + 1}." if part else ""
        super().__init__(f"{reason}{where}")
        self.place, self.part, self.reason = place, part, reason


@dataclass(frozen=True, slots=True)
class _Text:
    """A piece of the notation that remembers where it stood."""

    place: int
    text: str

    def stripped(self) -> _Text:
        return _Text(self.place + len(self.text) - len(self.text.lstrip()), self.text.strip())

    def cut(self, start: int, end: int | None = None) -> _Text:
        return _Text(self.place + start, self.text[start:end]).stripped()

    def items(self, separator: str) -> Iterator[_Text]:
        place = 0
        for item in self.text.split(separator):
            yield self.cut(place, place + len(item))
            place += len(item) + 1

    def refused(self, reason: str) -> HoursNotationError:
        return HoursNotationError(self.place, self.text, reason)


@dataclass(slots=True)
class _Read:
    """What was read so far. A later rule replaces an earlier one for the days it names."""

    weekly: list[DaySpans] = field(default_factory=lambda: [()] * 7)
    bank_holidays: DaySpans | None = None
    special: dict[date, DaySpans] = field(default_factory=dict)

    def keep_weekdays(self, named: _Text, weekdays: set[int], spans: DaySpans) -> None:
        # The notation lets a later "Mo-Fr" open a bank holiday Monday again, which nobody means who writes it.
        if self.bank_holidays is not None:
            raise named.refused("Put bank holidays after the days of the week.")
        if self.special:
            raise named.refused("Put dated days after the days of the week.")
        for weekday in weekdays:
            self.weekly[weekday] = spans

    def keep_bank_holidays(self, named: _Text, spans: DaySpans) -> None:
        if self.special:
            raise named.refused("Put dated days after bank holidays.")
        self.bank_holidays = spans

    def keep_dates(self, named: _Text, dates: list[date], spans: DaySpans) -> None:
        self.special.update(dict.fromkeys(dates, spans))
        if len(self.special) > MOST_SPECIAL_DAYS:
            raise named.refused(f"Stated hours can name {MOST_SPECIAL_DAYS} special days at most.")


def read(text: str) -> tuple[list[DaySpans], DaySpans | None, dict[date, DaySpans]]:
    """This function will read the notation into a usual week from Monday, bank holidays and special days.

    Errors: HoursNotationError
    """
    if len(text) > LONGEST_CHARS:
        raise HoursNotationError(LONGEST_CHARS, "", f"The hours are longer than {LONGEST_CHARS:,} characters.")
    whole = _Text(0, text.replace(_EN_DASH, "-")).stripped()
    if not whole.text:
        raise whole.refused("No hours are given.")
    _refuse_what_is_not_stated(whole)
    result = _Read()
    for rule in whole.items(";"):
        if rule.text:
            _read_rule(rule, result)
        elif rule.place < whole.place + len(whole.text):
            raise HoursNotationError(rule.place, ";", "Nothing stands between two semicolons.")
    return result.weekly, result.bank_holidays, result.special


def _refuse_what_is_not_stated(whole: _Text) -> None:
    found = [
        (match.start(), match.end(), reason) for pattern, reason in _NOT_STATED if (match := pattern.search(whole.text))
    ]
    for start, end, reason in sorted(found)[:1]:
        raise whole.cut(start, end).refused(reason)


def _read_rule(rule: _Text, result: _Read) -> None:
    if rule.text == "24/7":
        result.keep_weekdays(rule, set(range(7)), WHOLE_DAY)
        return
    begin = _HOURS_BEGIN.search(rule.text)
    days = rule.cut(0, begin.start() if begin else None)
    if days.text[:4].isdigit() or days.text[:3].title() in MONTHS:
        result.keep_dates(days, _read_dates(days), _read_hours(rule, begin))
        return
    weekdays, bank_holidays = _read_days(days) if days.text else (set(range(7)), False)
    spans = _read_hours(rule, begin)
    if weekdays:
        result.keep_weekdays(rule, weekdays, spans)
    if bank_holidays:
        result.keep_bank_holidays(rule, spans)


def _read_hours(rule: _Text, begin: re.Match[str] | None) -> DaySpans:
    if begin is None:
        raise rule.refused("Hours are missing here. Say them as in 09:00-17:00, or off.")
    hours = rule.cut(begin.start())
    if hours.text.lower() in {"off", "closed"}:
        return ()
    spans = [_read_span(item) for item in hours.items(",")]
    try:
        return day_spans(spans)
    except HoursError as refusal:
        raise hours.refused(refusal.message) from refusal


def _read_span(item: _Text) -> Span:
    found = _SPAN.fullmatch(item.text)
    if not found:
        raise item.refused("This is not a span of time. Write it as in 09:00-17:00.")
    open_hour, open_minute, close_hour, close_minute = map(int, found.groups())
    opens, closes = open_hour * 60 + open_minute, close_hour * 60 + close_minute
    if open_hour > 23 or open_minute > 59 or close_minute > 59 or closes > 2 * MIDNIGHT:
        raise item.refused("There is no such time of day.")
    if opens == closes:
        raise item.refused("Opening and closing are the same time. For the whole day, write 00:00-24:00.")
    return opens, closes + MIDNIGHT if closes < opens else closes


def _read_days(days: _Text) -> tuple[set[int], bool]:
    weekdays: set[int] = set()
    bank_holidays = False
    for item in days.items(","):
        found = _DAY_ITEM.fullmatch(item.text)
        if not found:
            raise item.refused("These are not days. Write them as in Mo-Fr, as in Mo,We or as PH for bank holidays.")
        if found[3]:
            bank_holidays = True
            continue
        first = DAYS.index(found[1].title())
        last = DAYS.index((found[2] or found[1]).title())
        weekdays.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return weekdays, bank_holidays


def _read_dates(days: _Text) -> list[date]:
    named: list[date] = []
    for item in days.items(","):
        found = _DATE_ITEM.fullmatch(item.text)
        if not found:
            raise item.refused("This is not a date. Write it as in 2026 Dec 24 or 2026 Dec 24-26, with its year.")
        year, month, day, to_year, to_month, to_day = found.groups()
        first = _date(item, year, month, day, named[-1] if named else None)
        last = _date(item, to_year, to_month, to_day, first) if to_day else first
        named += _each_day(item, first, last)
        if len(named) > MOST_SPECIAL_DAYS:
            raise item.refused(f"Stated hours can name {MOST_SPECIAL_DAYS} special days at most.")
    return named


def _date(item: _Text, year: str | None, month: str | None, day: str, before: date | None) -> date:
    """A year or month that is not said is that of the date before it."""
    if before is None and not (year and month):
        raise item.refused("A date needs its year and month, as in 2026 Dec 24.")
    year_number = int(year) if year else before.year if before else 0
    month_number = MONTHS.index(month.title()) + 1 if month else before.month if before else 0
    if not FIRST_YEAR <= year_number <= LAST_YEAR:
        raise item.refused(f"The year must be from {FIRST_YEAR} to {LAST_YEAR}.")
    try:
        return date(year_number, month_number, int(day))
    except ValueError:
        raise item.refused("There is no such date.") from None


def _each_day(item: _Text, first: date, last: date) -> list[date]:
    length_days = (last - first).days + 1
    if length_days < 1:
        raise item.refused("This range ends before it begins. If it ends in another year, say that year too.")
    if length_days > LONGEST_RUN_DAYS:
        raise item.refused(f"A range of dates can last {LONGEST_RUN_DAYS} days at most.")
    return [first + timedelta(days=step) for step in range(length_days)]


def write(weekly: tuple[DaySpans, ...], bank_holidays: DaySpans | None, dated: Iterable[tuple[date, DaySpans]]) -> str:
    """This function will write hours in the notation, the same hours always in the same way."""
    rules = _written_week(weekly)
    if bank_holidays is not None:
        rules.append(f"PH {_written_spans(bank_holidays)}")
    rules += [f"{_written_dates(first, last)} {_written_spans(spans)}" for first, last, spans in runs_of_dates(dated)]
    return "; ".join(rules)


def _written_week(weekly: tuple[DaySpans, ...]) -> list[str]:
    if not any(weekly):
        return ["off"]
    if weekly == (WHOLE_DAY,) * 7:
        return ["24/7"]
    return [f"{_written_days(days)} {_written_spans(spans)}" for days, spans in days_by_spans(weekly)]


def _written_days(days: list[int]) -> str:
    return ",".join(
        DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}" for first, last in runs_of_days(days)
    )


def _written_dates(first: date, last: date) -> str:
    begin = f"{first.year} {MONTHS[first.month - 1]} {first.day}"
    if first == last:
        return begin
    if (first.year, first.month) == (last.year, last.month):
        return f"{begin}-{last.day}"
    end = f"{MONTHS[last.month - 1]} {last.day}"
    return f"{begin}-{end}" if first.year == last.year else f"{begin}-{last.year} {end}"


def _written_spans(spans: DaySpans) -> str:
    return ",".join(f"{_written_time(opens)}-{_written_close(opens, closes)}" for opens, closes in spans) or "off"


def _written_close(opens: int, closes: int) -> str:
    """Past midnight a day's end is written as the time next day, unless that would read as no time at all."""
    overnight = MIDNIGHT < closes < opens + MIDNIGHT
    return _written_time(closes - MIDNIGHT if overnight else closes)


def _written_time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
