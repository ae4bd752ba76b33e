"""Decides what starts, stops and restarts a wait, when its answer is due, and when somebody must be warned.

Open time is counted by worktime; what is stored and who is told is left to the promises room and above.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum, StrEnum

from sociable.domain.worktime import Calendar, NeverOpen
from sociable.domain.worktime.wording import time_words

ARRIVAL = "arrival"  # the first instant at which somebody is told: the clock starts
YARDSTICK = timedelta(days=3)
"""Clock time by which a request without a promise takes its place, so that no promise never means never."""


class Form(StrEnum):
    """The three forms of promise that public bodies print."""

    OPEN_TIME = "open_time"
    WORKING_DAYS = "working_days"
    SAME_OR_NEXT_DAY = "same_or_next_day"


@dataclass(frozen=True, slots=True)
class Promise:
    """What an account promises: one form with its amount, and perhaps "acknowledge within".

    `first_answer_within` is for whoever waits at the other end, in web chat, while the account is open.
    """

    form: Form
    amount: timedelta | None = None
    days: int | None = None
    same_day_until: time | None = None
    acknowledge_within: timedelta | None = None
    first_answer_within: timedelta | None = None

    def sentence(self) -> str:
        """This function will say the promise as the public reads it."""
        answer = {
            Form.OPEN_TIME: lambda: f"within {in_words(self.amount or timedelta())} of our opening hours",
            Form.WORKING_DAYS: lambda: f"within {_counted(self.days or 1, 'working day')}",
            Form.SAME_OR_NEXT_DAY: self._same_or_next,
        }[self.form]()
        said = f"We answer {answer}"
        if self.acknowledge_within is not None:
            said = f"We say we have it within {in_words(self.acknowledge_within)} and answer {answer}"
        if self.first_answer_within is not None:
            said += f". In web chat the first answer comes within {seconds_words(self.first_answer_within)} while we are open"
        return said

    def _same_or_next(self) -> str:
        if self.same_day_until is None:
            return "the same or the next working day"
        return f"the same working day if you ask before {clock_words(self.same_day_until)}, otherwise the next"


@dataclass(frozen=True, slots=True)
class Clock:
    """The instants of one wait. `due_at` is None where no promise was made; `length` is the measure of its share used."""

    starts_at: datetime
    due_at: datetime | None
    acknowledge_by_at: datetime | None
    length: timedelta
    ordered_at: datetime


class Effect(Enum):
    """What a message does to the wait of its conversation."""

    NOTHING = "nothing"
    BEGIN = "begin"
    JOIN = "join"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"


# (direction, by a person, only acknowledges, a wait is open) -> effect. The diagram in docs/explanation/clock.md is made
# from this table and compared with it by a test.
EFFECTS: dict[tuple[str, bool, bool, bool], Effect] = {
    ("in", True, False, False): Effect.BEGIN,
    ("in", True, False, True): Effect.JOIN,
    ("out", True, False, True): Effect.ANSWER,
    ("out", True, True, True): Effect.ACKNOWLEDGE,
    ("out", False, False, True): Effect.ACKNOWLEDGE,
    ("out", False, True, True): Effect.ACKNOWLEDGE,
}


def effect_of(*, direction: str, by_person: bool, acknowledges: bool, wait_open: bool) -> Effect:
    """This function will say what a message does to a wait; whatever the table does not name does nothing.

    Source: the clock rules of the mission: only a human answer stops it, automatic mail and notes never start or stop it,
            several messages before an answer are one wait, a message after an answer starts a new one
    """
    return EFFECTS.get((direction, by_person, acknowledges, wait_open), Effect.NOTHING)


def clock_of(promise: Promise | None, calendar: Calendar | None, arrived_at: datetime) -> Clock:
    """This function will set the clock of a request that reached the network at an instant.

    Units:  aware UTC in and out
    Errors: none: hours that never open, or no hours, are "no promise", never 0 % and never 100 %
    Source: mission M2 and its clock rules
    """
    if promise is None or calendar is None:
        return _unpromised(arrived_at)
    try:
        starts_at = calendar.next_open(arrived_at)
        due_at = _due(promise, calendar, arrived_at)
        acknowledge_by_at = None
        if promise.acknowledge_within is not None:
            acknowledge_by_at = calendar.due(arrived_at, promise.acknowledge_within)
    except NeverOpen:
        return _unpromised(arrived_at)
    return Clock(starts_at, due_at, acknowledge_by_at, _length(promise, calendar, starts_at), due_at)


def first_answer_by(promise: Promise | None, calendar: Calendar | None, arrived_at: datetime) -> datetime | None:
    """This function will say by when somebody who waits at the other end is to have a first answer.

    Shape:  None where none is promised, and for what was said out of hours: nobody was there to wait for
    """
    if promise is None or promise.first_answer_within is None or calendar is None or not calendar.is_open(arrived_at):
        return None
    return calendar.due(arrived_at, promise.first_answer_within)


def _unpromised(arrived_at: datetime) -> Clock:
    return Clock(arrived_at, None, None, YARDSTICK, arrived_at + YARDSTICK)


def _due(promise: Promise, calendar: Calendar, arrived_at: datetime) -> datetime:
    match promise.form:
        case Form.OPEN_TIME:
            return calendar.due(arrived_at, promise.amount or timedelta())
        case Form.WORKING_DAYS:
            return calendar.working_day_close(arrived_at, promise.days or 1)
        case Form.SAME_OR_NEXT_DAY:
            return calendar.working_day_close(arrived_at, 0 if _is_same_day(promise, calendar, arrived_at) else 1)


def _is_same_day(promise: Promise, calendar: Calendar, arrived_at: datetime) -> bool:
    """Without a printed hour the promise is the wider one: the next working day."""
    if promise.same_day_until is None:
        return False
    return calendar.next_open(arrived_at).astimezone(calendar.zone).time() < promise.same_day_until


def _length(promise: Promise, calendar: Calendar, starts_at: datetime) -> timedelta:
    """The same for all requests under one promise, so that within an account the fair order is the order of due times.

    A promise in days is measured in that many usual days and the day of asking itself.
    """
    if promise.form is Form.OPEN_TIME:
        return max(promise.amount or timedelta(), timedelta(seconds=1))
    whole_days = (promise.days or 1) if promise.form is Form.WORKING_DAYS else 1
    if promise.form is Form.SAME_OR_NEXT_DAY and _is_same_day(promise, calendar, starts_at):
        whole_days = 0
    return calendar.usual_day(starts_at) * (whole_days + 1)


def warnings_of(
    clock: Clock, calendar: Calendar | None, shares_percent: tuple[int, ...] = (50, 75, 90)
) -> dict[str, datetime]:
    """This function will name the instants at which somebody must be told: arrival, shares of the promise used, passed.

    Shape:  kind to instant; a share that was used up before the clock started is left out; no promise has only arrival
    Units:  shares in per cent of the promise's open time, so a warning never falls into closed hours
    """
    instants = {ARRIVAL: clock.starts_at}
    if clock.due_at is None or calendar is None:
        return instants
    promised = calendar.elapsed(clock.starts_at, clock.due_at)
    for share in shares_percent:
        instants[str(share)] = calendar.due(clock.starts_at, promised * share / 100)
    instants["passed"] = clock.due_at
    return instants


def used_at(clock: Clock, calendar: Calendar | None, share_percent: int) -> datetime | None:
    """This function will find the instant at which a share of the promised time is used; None where no time is promised.

    Units:  share in per cent of the promise's open time
    """
    if clock.due_at is None or calendar is None:
        return None
    return calendar.due(clock.starts_at, calendar.elapsed(clock.starts_at, clock.due_at) * share_percent / 100)


def share_used(clock_length: timedelta, ordered_at: datetime, calendar: Calendar | None, now: datetime) -> float:
    """This function will say how much of a promise is used: 0 at the start, 1 when due, more when late.

    Shape:  a share; slightly below 0 only where a promise in days is longer than usual days would be
    """
    if calendar is None:
        return 1 - (ordered_at - now) / clock_length
    if now <= ordered_at:
        return 1 - calendar.elapsed(now, ordered_at) / clock_length
    return 1 + calendar.elapsed(ordered_at, now) / clock_length


def in_words(length: timedelta) -> str:
    """This function will say a length of time as people say it: "2 hours", "1 hour 30 minutes"; days only from 100 hours on."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    if not minutes:
        return _counted(seconds, "second")
    hours, minutes = divmod(minutes, 60)
    if hours >= 100:
        return _counted(hours // 24, "day")
    parts = [_counted(hours, "hour")] if hours else []
    if minutes:
        parts.append(_counted(minutes, "minute"))
    return " ".join(parts)


def seconds_words(length: timedelta) -> str:
    """This function will say a short length of time to the second: "90 seconds", "5 minutes", "2 minutes 30 seconds"."""
    seconds = round(length.total_seconds())
    minutes, rest = divmod(seconds, 60)
    if minutes < 2:
        return _counted(seconds, "second")
    whole = in_words(timedelta(minutes=minutes))
    return f"{whole} {_counted(rest, 'second')}" if rest else whole


def clock_words(at: time) -> str:
    """This function will say a time of day in the GOV.UK way: "9am", "4:30pm", "midday"."""
    return time_words(at.hour * 60 + at.minute)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
