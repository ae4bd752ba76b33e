"""Decides what one line of JSON asks about working time, and answers it: due, elapsed and why, or the refusal with its place.

Lines that name hours need no database. Which hours an account states is asked of whoever calls; counting is left to the domain.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from sociable.domain.errors import DomainError
from sociable.domain.promise import Form, Promise, clock_of
from sociable.domain.worktime import (
    BeyondCalendar,
    Calendar,
    HoursError,
    HoursNotationError,
    NeverOpen,
    StatedHours,
    Version,
    holidays,
)
from sociable.domain.worktime.holidays import UnknownDivision
from sociable.domain.worktime.zones import UnknownZone

log = logging.getLogger(__name__)
LONGEST_LINE_BYTES = 1_000_000
DIVISION, ZONE = "england-and-wales", "Europe/London"
ASKED = ("amount", "end", "working_days", "same_or_next_day")
KEYS = {"id", "hours", "account", "division", "zone", "start", "same_day_until", *ASKED}
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(rf"PT(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?", re.ASCII)
_WITH_TIME = re.compile(r"\d[T ]\d", re.ASCII)
_LONGEST_SHOWN_CHARS = 60


class Refused(DomainError):
    """A line, or one field of it, that cannot be answered. `place` counts the characters of that field, or of the line, from 0."""

    def __init__(self, field: str, reason: str, place: int | None = None, part: str = "") -> None:
        super().__init__(reason)
        self.field, self.place, self.part = field, place, part

    def as_json(self) -> dict[str, Any]:
        """This function will return the refusal as the answer shows it."""
        return {"field": self.field, "place": self.place, "part": self.part, "reason": self.message}


@dataclass(frozen=True, slots=True)
class Found:
    """What an account states: its calendar, if it has one, and its promise at an instant, if it makes one."""

    calendar: Calendar | None
    promise_at: Callable[[datetime], Promise | None]


# (slug or address, division and zone where the line gives other ones) -> what the account states; raises Refused
Accounts = Callable[[str, str | None, str | None], Found]


def answer(line: bytes, accounts: Accounts) -> bytes:
    """This function will answer one line with one line; whatever the line is, it raises nothing."""
    told: dict[str, Any] = {}
    try:
        asked = _read(line)
        if "id" in asked:
            told["id"] = asked["id"]
        told |= _answer({key: value for key, value in asked.items() if value is not None}, accounts)
        if unknown := [key for key in asked if key not in KEYS]:
            told["ignored"] = unknown
    except Refused as refused:
        told["refusal"] = refused.as_json()
    except DomainError as error:
        told["refusal"] = Refused(_field_of(error), error.message).as_json()
    except Exception as error:
        log.exception("a line could not be answered")
        reason = f"Sociable met something it did not expect here ({type(error).__name__})."
        told["refusal"] = Refused("", reason).as_json()
    # A lone surrogate, which JSON can spell and UTF-8 cannot, goes back as it was spelt.
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _field_of(error: DomainError) -> str:
    fields = {NeverOpen: "hours", UnknownDivision: "division", UnknownZone: "zone"}
    return fields.get(type(error), "")


def _read(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE_BYTES:
        raise Refused("", f"The line is longer than {LONGEST_LINE_BYTES:,} bytes.")
    try:
        text = line.decode("utf-8-sig").strip()
        if not text:
            raise Refused("", "The line is empty.")
        asked = json.loads(text, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise Refused("", "The line is not in UTF-8.", error.start) from None
    except json.JSONDecodeError as error:
        raise Refused("", f"The line is not JSON: {error.msg}.", error.pos) from None
    except RecursionError:
        raise Refused("", "The line is nested too deeply.") from None
    except ValueError:
        raise Refused("", "The line holds a number with more digits than can be read.") from None
    if not isinstance(asked, dict):
        raise Refused("", 'A line is one object, as in {"hours": "Mo-Fr 09:00-17:00", "start": "…", "amount": 120}.')
    return asked


def _no_number(name: str) -> NoReturn:
    raise Refused("", f"{name} is not a number in JSON.")


def _answer(asked: dict[str, Any], accounts: Accounts) -> dict[str, Any]:
    """One line, its fields that are null left out."""
    found = _hours(asked, accounts)
    if found.calendar is None:
        raise Refused("account", "This account states no hours, so nothing is due.")
    calendar = found.calendar
    zone_known = "zone" in asked or "account" in asked
    if "start" not in asked:
        raise Refused("start", "Say from when: start, as in 2026-11-20T16:40:00+00:00.")
    start = _moment("start", asked["start"], calendar.zone if zone_known else None)
    what = _what(asked)
    if what == "end":
        end = _moment("end", asked["end"], calendar.zone if zone_known else None)
        if end < start:
            raise Refused("end", "The end comes before the start.")
        elapsed = calendar.elapsed(start, end)
        return {"elapsed": _seconds(elapsed), "explanation": calendar.explain_elapsed(start, end).sentence}
    if what == "amount":
        amount = _amount(asked["amount"])
        due = calendar.due(start, amount)
    else:
        promise = _promise(asked) if what else found.promise_at(start)
        due = _promised(promise, calendar, start)
        amount = calendar.elapsed(start, due)  # the same instant again, told as an amount
    explanation = calendar.explain(start, amount).sentence
    return {"due": _instant(due), "elapsed": _seconds(amount), "explanation": explanation}


def _what(asked: dict[str, Any]) -> str:
    """Which one question is asked; nothing for an account's own promise."""
    given = [key for key in ASKED if key in asked and asked[key] is not False]
    if "same_day_until" in asked and "same_or_next_day" not in given:
        given.append("same_or_next_day")
    if len(given) > 1:
        raise Refused(given[1], f"Ask one thing a line: {given[0]} or {given[1]}, not both.")
    if not given and "account" not in asked:
        raise Refused(
            "amount", f"Say what is asked: one of {', '.join(ASKED)}. Only an account has a promise of its own."
        )
    return given[0] if given else ""


def _promised(promise: Promise | None, calendar: Calendar, start: datetime) -> datetime:
    if promise is None:
        raise Refused("account", "This account makes no promise, so nothing is due. Give an amount.")
    calendar.next_open(start)  # says so where it never opens
    due = clock_of(promise, calendar, start).due_at
    if due is None:
        raise Refused("hours", "The hours end before the promised time is over.")
    return due


# -- Whose hours ---------------------------------------------------------------------------------------------------


def _hours(asked: dict[str, Any], accounts: Accounts) -> Found:
    if "hours" in asked and "account" in asked:
        raise Refused("account", "Give hours or an account, not both.")
    division, zone = _text(asked, "division"), _text(asked, "zone")
    if account := _text(asked, "account"):
        return accounts(account, division, zone)
    hours = _text(asked, "hours")
    if hours is None:
        raise Refused("hours", "Say whose time it is: hours, as in Mo-Fr 09:00-17:00; PH off, or an account.")
    return Found(_calendar(hours, division or DIVISION, zone or ZONE), _no_promise)


def _no_promise(_at: datetime) -> None:
    return None


def _text(asked: dict[str, Any], key: str) -> str | None:
    value = asked.get(key)
    if value is not None and not isinstance(value, str):
        raise Refused(key, f"{key} must be text in quotation marks.")
    return value


@lru_cache(maxsize=1024)
def _calendar(hours: str, division: str, zone: str) -> Calendar:
    try:
        stated = StatedHours.parse(hours)
    except HoursNotationError as error:
        raise Refused("hours", error.message, error.place, error.part) from None
    except HoursError as error:
        raise Refused("hours", error.message) from None
    return Calendar(
        [Version(stated)],
        zone=zone,
        holidays=holidays.bank_holidays(division),
        holidays_end_on=holidays.ends_on(division),
    )


# -- Instants and amounts ----------------------------------------------------------------------------------------------


def _moment(field: str, value: object, zone: ZoneInfo | None) -> datetime:
    """An instant. A time without an offset is read on the clocks of the zone, where the line names one or an account."""
    form = f"Write {field} as in 2026-11-20T16:40:00+00:00."
    if not isinstance(value, str):
        raise Refused(field, f"{field} must be text. {form}")
    text = value.strip()
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError:
        raise Refused(field, f"“{text[:_LONGEST_SHOWN_CHARS]}” is not a time. {form}") from None
    if not _WITH_TIME.search(text.upper()):
        raise Refused(field, f"“{text[:_LONGEST_SHOWN_CHARS]}” has no time of day. {form}")
    if at.tzinfo is not None:
        return at
    if zone is None:
        raise Refused(field, f"“{text}” does not say its offset from UTC. {form} Or name the zone.")
    return _local(field, text, at, zone)


def _local(field: str, text: str, at: datetime, zone: ZoneInfo) -> datetime:
    local, again = at.replace(tzinfo=zone), at.replace(tzinfo=zone, fold=1)
    try:
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
            raise Refused(field, f"The clocks of {zone.key} skip {text}. Give the offset from UTC.")
    except OverflowError:
        raise BeyondCalendar from None
    if local.utcoffset() != again.utcoffset():
        raise Refused(field, f"The clocks of {zone.key} show {text} twice. Give the offset from UTC.")
    return local


def _amount(value: object) -> timedelta:
    """Minutes as a number; a duration of ISO 8601 in hours, minutes and seconds; or an object of those."""
    if isinstance(value, str):
        return _duration(value.strip())
    if isinstance(value, dict):
        if not value or not value.keys() <= {"hours", "minutes", "seconds"}:
            raise Refused("amount", "An amount in parts has hours, minutes and seconds, and nothing else.")
        return _length(**{unit: _number(number) for unit, number in value.items()})
    return _length(minutes=_number(value))


def _number(value: object) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise Refused(
            "amount",
            "An amount is a number of minutes, a duration as in PT2H30M, or an object of hours, minutes and seconds.",
        )
    if value < 0:
        raise Refused("amount", "An amount of open time cannot be less than nothing.")
    return value


def _duration(text: str) -> timedelta:
    if read := _DURATION.fullmatch(text.upper()):
        hours, minutes, seconds = (float((part or "0").replace(",", ".")) for part in read.groups())
        return _length(hours=hours, minutes=minutes, seconds=seconds)
    if re.match(r"P\d+[.,\d]*[YMWD]", text.upper()):
        raise Refused("amount", "Open time is counted in hours, minutes and seconds. For days use working_days.")
    raise Refused("amount", f"“{text[:_LONGEST_SHOWN_CHARS]}” is not a duration. Write it as in PT2H30M.")


def _length(**parts: float) -> timedelta:
    try:
        return timedelta(**parts)
    except OverflowError:
        raise Refused("amount", "The amount is longer than working time can be counted.") from None


def _promise(asked: dict[str, Any]) -> Promise:
    if "working_days" in asked:
        days = asked["working_days"]
        if isinstance(days, bool) or not isinstance(days, int) or days < 1:
            raise Refused("working_days", "working_days is a whole number, 1 or more.")
        return Promise(Form.WORKING_DAYS, days=days)
    if asked.get("same_or_next_day", True) is not True:
        raise Refused("same_or_next_day", "same_or_next_day is true or left out.")
    return Promise(Form.SAME_OR_NEXT_DAY, same_day_until=_time_of_day(_text(asked, "same_day_until")))


def _time_of_day(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        at = time.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise Refused("same_day_until", "same_day_until is a time of day on the clocks there, as in 12:00.")
    return at


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _seconds(length: timedelta) -> int | float:
    seconds = length.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
