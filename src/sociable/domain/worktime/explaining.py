"""Decides how a count of open time is told, so that whoever doubts a deadline can follow it on their own clock.

Named is what matters to the count: the open time of each day, closures within it, bank holidays and special days that
differ from the usual, days of the working week that are closed, clock changes in open time. Counting is left to the calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from sociable.domain.worktime.plan import Because, Plan
from sociable.domain.worktime.wording import MONTHS, WEEKDAYS, and_words, length_words
from sociable.domain.worktime.zones import EPOCH, clock_changes, day_begins

Span = tuple[datetime, datetime]

NOTHING = timedelta()
MINUTE = timedelta(minutes=1)
WORKING_WEEK_DAYS = 5


class Kind(StrEnum):
    """What a step of an explanation tells."""

    ARRIVED = "arrived"
    OPENS = "opens"
    FIRST_DAY = "first day"
    COUNTED = "counted"
    BREAK = "break"
    CLOSED = "closed"
    BANK_HOLIDAY = "bank holiday"
    BANK_HOLIDAY_HOURS = "bank holiday hours"
    SPECIAL_CLOSURE = "special closure"
    SPECIAL_HOURS = "special hours"
    NOT_STATED = "no hours stated"
    CLOCK_CHANGE = "clock change"
    END = "end"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that an explanation tells, with the open time counted in it. Over all steps that is the whole count."""

    kind: Kind
    at: datetime
    text: str
    counted: timedelta = NOTHING


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a count came about: as one sentence, in local time, and as the steps that it is made of."""

    steps: tuple[Step, ...]

    @property
    def sentence(self) -> str:
        """The steps in one sentence: "arrived Fri 16:40, 20 minutes that day, bank holiday Monday, due Tue 10:40"."""
        return ", ".join(step.text for step in self.steps)


@dataclass(frozen=True, slots=True)
class Story:
    """A stretch of time with the open spans in it, told in the words of one zone.

    Shape:  spans are whole; the first and last may reach beyond start and end
    """

    plan: Plan
    zone: ZoneInfo
    start: datetime
    end: datetime
    spans: list[Span] = field(default_factory=list)

    def told(self, last_words: str) -> Explanation:
        """This function will tell the story; the last words may hold {at} for the end."""
        days = [list(spans) for _, spans in groupby(self.spans, key=self._day_of)]
        steps = sorted([*self._days_apart(), *self._opening(), *self._counts(days), *self._changes()], key=_when)
        first = Step(Kind.ARRIVED, self.start, f"arrived {self._moment(self.start)}")
        counted = sum((self._counted(span) for span in days[-1]), NOTHING) if days else NOTHING
        last = Step(Kind.END, self.end, last_words.format(at=self._moment(self.end)), counted)
        return Explanation((first, *self._gathered(steps), last))

    def _opening(self) -> Iterator[Step]:
        if self.spans and self.spans[0][0] > self.start:
            opens = self.spans[0][0]
            yield Step(Kind.OPENS, opens, f"open from {self._moment(opens)}")

    def _counts(self, days: list[list[Span]]) -> Iterator[Step]:
        """The first and the last day tell their breaks; every day but the last tells its sum."""
        for number, spans in enumerate(days):
            at = max(spans[-1][0], self.start)
            if number in {0, len(days) - 1}:
                yield from (self._break(closes, opens, number) for (_, closes), (opens, _) in pairwise(spans))
            if number < len(days) - 1:
                counted = sum((self._counted(span) for span in spans), NOTHING)
                yield self._count(Kind.COUNTED if number else Kind.FIRST_DAY, at, spans[-1][1], counted)

    def _count(self, kind: Kind, at: datetime, closes: datetime, counted: timedelta) -> Step:
        # People read arrival without its seconds; a started minute makes their sum come out.
        length = length_words(-(-counted // MINUTE) * MINUTE)
        if self._local(closes - MINUTE).date() != self._local(at).date():
            return Step(kind, at, f"{length} until {self._moment(closes)}", counted)
        return Step(
            kind, at, f"{length} {'that day' if kind is Kind.FIRST_DAY else self._day(self._local(at).date())}", counted
        )

    def _break(self, closes: datetime, opens: datetime, number: int) -> Step:
        of_day = f"{WEEKDAYS[self._local(closes).weekday()][:3]} " if number else ""
        return Step(Kind.BREAK, closes, f"closed {of_day}{self._local(closes):%H:%M} to {self._local(opens):%H:%M}")

    def _days_apart(self) -> Iterator[Step]:
        """Days that are not as usual, unless one open span holds the whole story."""
        if self.spans and self.spans[0][0] <= self.start and self.end <= self.spans[0][1]:
            return
        on, last_on = self._local(self.start).date(), self._local(self.end).date()
        while on <= last_on:
            if kind := self._kind_of_day(on):
                yield Step(kind, max(self.start, day_begins(on, self.zone)), self._day(on))
            on += timedelta(days=1)

    def _kind_of_day(self, on: date) -> Kind | None:
        spans, because = self.plan.day(on)
        if because is Because.NOT_STATED:
            return Kind.NOT_STATED
        if because is Because.USUAL:
            return Kind.CLOSED if not spans and on.weekday() < WORKING_WEEK_DAYS else None
        if self.plan.is_as_usual(on):
            return None
        if because is Because.SPECIAL:
            return Kind.SPECIAL_HOURS if spans else Kind.SPECIAL_CLOSURE
        return Kind.BANK_HOLIDAY_HOURS if spans else Kind.BANK_HOLIDAY

    def _changes(self) -> Iterator[Step]:
        for year in range(self.start.year, self.end.year + 1):
            for change in clock_changes(self.zone, year):
                at = EPOCH + timedelta(microseconds=change.at_us)
                if self.start < at < self.end and any(opens <= at <= closes for opens, closes in self.spans):
                    way = "forward" if change.offset_us > change.before_us else "back"
                    yield Step(Kind.CLOCK_CHANGE, at, f"clocks go {way} {self._day(self._local(at).date())}")

    def _gathered(self, steps: list[Step]) -> Iterator[Step]:
        """Neighbouring days of one kind are told together."""
        for kind, run in groupby(steps, key=lambda step: step.kind):
            told = list(run)
            if kind in _DAYS_TOLD_AS:
                yield Step(kind, told[0].at, _told_as(kind, [step.text for step in told]))
            elif kind is Kind.COUNTED and len(told) > 2:
                counted = sum((step.counted for step in told), NOTHING)
                first, last = (self._day(self._local(step.at).date()) for step in (told[0], told[-1]))
                yield Step(kind, told[0].at, f"{length_words(counted)} {first} to {last}", counted)
            else:
                yield from told

    def _counted(self, span: Span) -> timedelta:
        return max(min(span[1], self.end) - max(span[0], self.start), NOTHING)

    def _day_of(self, span: Span) -> date:
        return self._local(max(span[0], self.start)).date()

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def _is_within_a_week(self) -> bool:
        return self._local(self.end).date() - self._local(self.start).date() < timedelta(days=7)

    def _year(self, on: date) -> str:
        """The year, where it is not that of the arrival."""
        return "" if on.year == self._local(self.start).year else f" {on.year}"

    def _day(self, on: date) -> str:
        """The day of the week, with its date as soon as that day could be another one."""
        day = WEEKDAYS[on.weekday()]
        if self._is_within_a_week():
            return day
        return f"{day} {on.day} {MONTHS[on.month - 1]}{self._year(on)}"

    def _moment(self, at: datetime) -> str:
        """The local time, naming the clock where it shows that time twice."""
        local = self._local(at)
        shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        day = WEEKDAYS[local.weekday()][:3]
        if not self._is_within_a_week():
            day = f"{day} {local.day} {MONTHS[local.month - 1][:3]}{self._year(local)}"
        return f"{day} {local:%H:%M}{f' {local.tzname()}' if shown_twice else ''}"


_DAYS_TOLD_AS = {
    Kind.CLOSED: ("closed", "closed"),
    Kind.BANK_HOLIDAY: ("bank holiday", "bank holidays"),
    Kind.BANK_HOLIDAY_HOURS: ("bank holiday hours", "bank holiday hours"),
    Kind.SPECIAL_CLOSURE: ("special closure", "special closures"),
    Kind.SPECIAL_HOURS: ("special hours", "special hours"),
    Kind.NOT_STATED: ("no hours stated", "no hours stated"),
}


def _told_as(kind: Kind, days: list[str]) -> str:
    one, several = _DAYS_TOLD_AS[kind]
    if len(days) > 3:
        return f"{len(days)} {several if several != 'closed' else 'closed days'} from {days[0]} to {days[-1]}"
    return f"{one if len(days) == 1 else several} {and_words(days)}"


def _when(step: Step) -> datetime:
    return step.at
