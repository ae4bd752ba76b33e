"""Reads shifts out of a CSV or iCalendar file, row by row. Pure: who and what is meant, and whether it may be, is left to cover.

A row that cannot be read says why; the others stand. What comes again is followed as in calendars of time away.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from icalendar import Calendar, Component
from icalendar.error import BrokenCalendarProperty

from sociable.channels.base import ChannelError
from sociable.channels.calendars import recurring
from sociable.domain.errors import DomainError

MOST_ROWS = 500  # each is held against the averages of the law, and on SQLite nobody else writes meanwhile
LONGEST_UID = 200
FIRST_YEAR, LAST_YEAR = 2000, 2190
YEAR_WORDS = "Look at its year once more: no rota is planned for that."
WEEKS = 26
"""How far ahead what comes again is followed: half a year."""
ZONE = "Europe/London"
"""Only for names: a time without a zone stays one, and is meant as the clock of the accounts' body shows it."""
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


def read(content: bytes, now: datetime) -> list[Row]:
    """This function will read a file, whichever of the two it is.

    Shape:  what comes again, once for each time from `now` on for half a year
    Errors: Unreadable where it is neither, or holds nothing, or too much
    """
    text = _text(content)
    rows = list(_of_calendar(content, now) if text.lstrip().upper().startswith("BEGIN:VCALENDAR") else _of_csv(text))
    if not rows:
        raise Unreadable("There is no shift in it.")
    if len(rows) > MOST_ROWS:
        raise Unreadable(f"It holds {len(rows)} shifts; bring in {MOST_ROWS} at most at a time.")
    return rows


def _text(content: bytes) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # what Excel calls Unicode text
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable("The file is not text. Save it as CSV in UTF-8, or export it as iCalendar.")


# -- CSV -------------------------------------------------------------------------------------------------------------------


def _of_csv(text: str) -> Iterator[Row]:
    try:
        separator = csv.Sniffer().sniff(text[:4000], delimiters=",;\t").delimiter
    except csv.Error:
        separator = ","
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from _lines(lines)
    except csv.Error as error:
        raise Unreadable(f"Line {lines.reader.line_num} cannot be read as CSV: {error}.") from None


def _lines(lines: csv.DictReader[str]) -> Iterator[Row]:
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
    return Row(
        where, _short(told.get("uid", "")), told.get("who", ""), starts, ends, accounts, told.get("note", "")[:300]
    )


def _span(told: Mapping[str, str]) -> tuple[datetime, datetime]:
    """A beginning and an end, each whole, or a day with two times; an end not later than the beginning is the next day's."""
    on = _day(told["on"]) if told.get("on") else None
    starts, ends = _moment(told.get("starts", ""), on), _moment(told.get("ends", ""), on)
    if on is not None and starts.tzinfo is None and ends.tzinfo is None and ends <= starts:
        ends = _later(ends, timedelta(days=1))
    return _meant(starts), _meant(ends)


def _later(at: datetime, much: timedelta) -> datetime:
    try:
        return at + much
    except OverflowError:
        raise Unreadable(YEAR_WORDS) from None


def _meant(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Unreadable(YEAR_WORDS)
    return at


def _short(uid: str) -> str:
    """A name of any length as one that fits its column, and is the same each time."""
    return uid if len(uid) <= LONGEST_UID else f"{uid[:120]}~{sha256(uid.encode()).hexdigest()[:32]}"


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


def _of_calendar(content: bytes, now: datetime) -> Iterator[Row]:
    try:
        calendars = Calendar.from_ical(content, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError) as error:
        raise Unreadable(f"It begins as iCalendar and cannot be read as such: {str(error)[:120]}") from error
    if not calendars or b"END:VCALENDAR" not in content.upper():
        raise Unreadable("It begins as iCalendar and breaks off.")
    again = {uid for calendar in calendars for uid in recurring.again(calendar)}
    for number, event in enumerate(events, start=1):
        if str(event.get("uid", "")) not in again:
            yield _row_of(f"Event {number}", event)
    for calendar in calendars:
        yield from _coming_again(calendar, again, now)


def _row_of(where: str, event: Component, occurrence: str = "") -> Row:
    where = (where + (f", {event.get('summary')}" if event.get("summary") else ""))[:120]
    try:
        return _of_event(where, event, occurrence)
    except Unreadable as refusal:
        return Row(where, trouble=refusal.message)
    except BrokenCalendarProperty:
        return Row(where, trouble="A time in it cannot be read.")


def _coming_again(calendar: Calendar, again: set[str], now: datetime) -> Iterator[Row]:
    """Each time of what comes again; a series that comes to nothing says so."""
    series = {str(event.get("uid", "")): event for event in reversed(calendar.walk("VEVENT"))}
    silent = {uid: event for uid, event in series.items() if uid in again}
    only = Calendar()
    for each in calendar.subcomponents:
        if each.name != "VEVENT" or str(each.get("uid", "")) in again:
            only.add_component(each)
    try:
        recurring.check_rules(only)
        for event in recurring.occurring(only, now, now + timedelta(weeks=WEEKS)):
            silent.pop(str(event.get("uid", "")), None)
            named = recurring.occurrence(event, ZONE)
            yield _row_of(f"On {event.start:%Y-%m-%d}", event, named)
    except ChannelError as refusal:
        yield Row("What comes again", trouble=refusal.message)
        return
    for event in silent.values():
        where = f"What comes again, {event.get('summary', 'without a name')}"[:120]
        yield Row(where, trouble=f"It comes not once in the next {WEEKS} weeks, or by a rule that cannot be read.")


def _of_event(where: str, event: Component, occurrence: str = "") -> Row:
    starts = _instant(event, "dtstart")
    ends = _instant(event, "dtend") if event.get("duration") is None else _later(starts, _length(event))
    attendees = event.get("attendee", [])
    first = attendees[0] if isinstance(attendees, list) and attendees else attendees
    who = re.sub(r"(?i)^mailto:", "", str(first)) if first else ""
    uid = str(event.get("uid", ""))
    return Row(
        where,
        uid=_short(f"{uid}/{occurrence}" if uid and occurrence else uid),
        who=who,
        starts=_meant(starts),
        ends=_meant(ends),
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


def _length(event: Component) -> timedelta:
    length = getattr(event.get("duration"), "dt", None)
    if not isinstance(length, timedelta):
        raise Unreadable("How long it lasts cannot be read.")
    return length


def _categories(event: Component) -> list[str]:
    found = event.get("categories")
    if found is None:
        return []
    every = found if isinstance(found, list) else [found]
    return [str(name).strip() for each in every for name in getattr(each, "cats", [each]) if str(name).strip()]
