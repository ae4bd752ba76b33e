"""Reads shifts out of a CSV or iCalendar file, row by row. Pure: who and what is meant, and whether it may be, is left to cover.

A row that cannot be read says why; the others stand.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from icalendar import Calendar, Component
from icalendar.error import BrokenCalendarProperty

from sociable.domain.errors import DomainError

MOST_ROWS = 2000
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "uid": ("uid", "id", "shift_id"),
    "who": ("email", "who", "person", "name", "attendee"),
    "starts": ("starts_at", "starts", "start", "begin", "begins"),
    "ends": ("ends_at", "ends", "end", "until", "finish"),
    "on": ("date", "day", "on"),
    "accounts": ("accounts", "account", "covers"),
    "note": ("note", "notes", "comment"),
}
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")


class Unreadable(DomainError):
    """A file, or one row of it, is no rota."""


@dataclass(frozen=True, slots=True)
class Row:
    """One shift as a file tells it. Times without a zone are meant as the clock of the accounts' body shows them.

    Shape:  `trouble` is why it cannot be read; then the rest means nothing. `who` and `accounts` may be empty: then the form says
    """

    where: str
    uid: str = ""
    who: str = ""
    starts: datetime | None = None
    ends: datetime | None = None
    accounts: tuple[str, ...] = ()
    note: str = ""
    is_cancelled: bool = False
    trouble: str = ""


def read(content: bytes) -> list[Row]:
    """This function will read a file, whichever of the two it is.

    Errors: Unreadable where it is neither, or holds nothing, or too much
    """
    text = _text(content)
    rows = list(_of_calendar(content) if text.lstrip().upper().startswith("BEGIN:VCALENDAR") else _of_csv(text))
    if not rows:
        raise Unreadable("There is no shift in it.")
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"It holds {len(rows)} shifts; bring in {MOST_ROWS} at most at a time.")
    return rows


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("The file is not text. Save it as CSV in UTF-8, or export it as iCalendar.")


# -- CSV -------------------------------------------------------------------------------------------------------------------


def _of_csv(text: str) -> Iterator[Row]:
    try:
        separator = csv.Sniffer().sniff(text[:4000], delimiters=",;\t").delimiter
    except csv.Error:
        separator = ","
    lines = csv.DictReader(io.StringIO(text), delimiter=separator)
    known = {_plain(name): name for name in lines.fieldnames or ()}
    columns = {key: known[name] for key, names in COLUMNS.items() for name in reversed(names) if name in known}
    if "starts" not in columns and "on" not in columns:
        raise Unreadable("Its first line names no column “starts_at” or “date”. The page says what columns it needs.")
    for number, line in enumerate(lines, start=2):
        told = {key: (line.get(name) or "").strip().removeprefix("'") for key, name in columns.items()}
        if any(told.values()):
            yield _row(f"Line {number}", told)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _row(where: str, told: Mapping[str, str]) -> Row:
    try:
        starts, ends = _span(told)
    except Unreadable as refusal:
        return Row(where, trouble=refusal.message)
    accounts = tuple(name.strip() for name in re.split(r"[;|]", told.get("accounts", "")) if name.strip())
    return Row(where, told.get("uid", ""), told.get("who", ""), starts, ends, accounts, told.get("note", "")[:300])


def _span(told: Mapping[str, str]) -> tuple[datetime, datetime]:
    """A beginning and an end, each whole, or a day with two times; an end not later than the beginning is the next day's."""
    on = _day(told["on"]) if told.get("on") else None
    starts, ends = _moment(told.get("starts", ""), on), _moment(told.get("ends", ""), on)
    if on is not None and starts.tzinfo is None and ends.tzinfo is None and ends <= starts:
        ends += timedelta(days=1)
    return starts, ends


def _moment(text: str, on: date | None) -> datetime:
    if not text:
        raise Unreadable("It says no beginning or no end.")
    clock = _TIME.fullmatch(text)
    if clock is not None:
        if on is None:
            raise Unreadable(f"“{text}” is a time without a day.")
        return datetime.combine(on, _clock(text, clock))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    day, _, at = text.partition(" ")
    clock = _TIME.fullmatch(at.strip())
    if clock is None:
        raise Unreadable(f"“{text[:40]}” is no time. Write it as in 2026-11-23 09:00.")
    return datetime.combine(_day(day), _clock(text, clock))


def _clock(text: str, found: re.Match[str]) -> time:
    try:
        return time(int(found[1]), int(found[2]))
    except ValueError:
        raise Unreadable(f"“{text[:40]}” is no time of day.") from None


def _day(text: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Unreadable(f"“{text[:40]}” is no day. Write it as in 2026-11-23.")


# -- iCalendar -------------------------------------------------------------------------------------------------------------


def _of_calendar(content: bytes) -> Iterator[Row]:
    try:
        calendars = Calendar.from_ical(content, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError) as error:
        raise Unreadable(f"It begins as iCalendar and cannot be read as such: {str(error)[:120]}") from error
    if not calendars or b"END:VCALENDAR" not in content.upper():
        raise Unreadable("It begins as iCalendar and breaks off.")
    for number, event in enumerate(events, start=1):
        where = f"Event {number}" + (f", {event.get('summary')}" if event.get("summary") else "")
        try:
            yield _of_event(where[:120], event)
        except Unreadable as refusal:
            yield Row(where[:120], trouble=refusal.message)
        except BrokenCalendarProperty:
            yield Row(where[:120], trouble="A time in it cannot be read.")


def _of_event(where: str, event: Component) -> Row:
    if event.get("rrule") is not None or event.get("rdate") is not None:
        raise Unreadable("It repeats. Export each shift by itself, or keep it as a kind of shift here.")
    starts = _instant(event, "dtstart")
    length = event.get("duration")
    ends = starts + length.dt if length is not None else _instant(event, "dtend")
    attendees = event.get("attendee", [])
    first = attendees[0] if isinstance(attendees, list) and attendees else attendees
    who = re.sub(r"(?i)^mailto:", "", str(first)) if first else ""
    return Row(
        where,
        uid=str(event.get("uid", ""))[:200],
        who=who,
        starts=starts,
        ends=ends,
        accounts=tuple(_categories(event)),
        note=str(event.get("description", "")).strip()[:300],
        is_cancelled=str(event.get("status", "")).upper() == "CANCELLED",
    )


def _instant(event: Component, name: str) -> datetime:
    found = event.get(name)
    if found is None:
        raise Unreadable("It says no beginning or no end.")
    at = getattr(found, "dt", None)
    if not isinstance(at, datetime):
        raise Unreadable("It lasts whole days: a shift has a time.")
    return at


def _categories(event: Component) -> list[str]:
    found = event.get("categories")
    if found is None:
        return []
    every = found if isinstance(found, list) else [found]
    return [str(name).strip() for each in every for name in getattr(each, "cats", [each]) if str(name).strip()]
