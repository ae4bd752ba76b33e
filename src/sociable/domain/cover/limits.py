"""Decides what speaks against a shift of somebody's: what refuses it, and what only warns and may be overridden with a reason.

Whose shifts these are, and who may override, is left to cover. Times are said as the person's own clock shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from sociable.domain.cover import weekends
from sociable.domain.promise import clock_words
from sociable.domain.worktime.wording import and_words, length_words
from sociable.domain.worktime.zones import day_begins

Span = tuple[datetime, datetime]

# Source: Working Time Regulations 1998 (SI 1998/1833), regulations 4, 10 and 11.
LAW_WEEK = timedelta(hours=48)  # on average over the reference period, unless somebody has agreed in writing to more
LAW_WEEKS_AVERAGED = 17
LAW_WEEKLY_REST = timedelta(hours=24)  # without a break, in each week
NOTHING = timedelta()
LONDON = ZoneInfo("Europe/London")


class Kind(StrEnum):
    """What can speak against a shift."""

    OVERLAP = "overlap"
    AWAY = "away"
    NOT_READY = "not_ready"
    OUTSIDE = "outside"
    LONG = "long"
    AT_ONCE = "at_once"
    REST = "rest"
    WEEK = "week"
    AVERAGE = "average"
    ROW = "row"
    WEEKENDS = "weekends"
    WEEKLY_REST = "weekly_rest"


# Nobody is in two places at once; everything else is somebody's judgement, who says why.
REFUSES = frozenset({Kind.OVERLAP})


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that speaks against a shift, as a sentence."""

    kind: Kind
    words: str

    @property
    def refuses(self) -> bool:
        """Whether no reason helps."""
        return self.kind in REFUSES


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one person's shifts, as their working pattern has them; None where nothing is said of weekends."""

    week: timedelta = timedelta(hours=37)
    longest_shift: timedelta = timedelta(hours=10)
    rest: timedelta = timedelta(hours=11)
    days_in_a_row: int = 6
    at_once: int = 6
    weekends_in_a_row: int | None = None
    weekends_in_four: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of one person around a shift.

    Shape:  shifts are their others, in any order; working None: nobody has said when they work; not_ready names accounts
    Units:  aware UTC, half-open; `zone` is whose midnight ends their day and their week
    """

    who: str
    shifts: tuple[Span, ...] = ()
    away: tuple[Span, ...] = ()
    working: tuple[Span, ...] | None = None
    not_ready: tuple[str, ...] = ()
    accounts: int = 1
    limits: Limits = field(default_factory=Limits)
    zone: ZoneInfo = LONDON


def concerns(shift: Span, around: Around) -> tuple[Concern, ...]:
    """This function will say all that speaks against a shift, what refuses it first; nothing where it is fine.

    Units:  aware UTC, half-open: a shift that begins as another ends does not overlap it
    Source: Working Time Regulations 1998; the person's working pattern
    """
    found = (
        *_overlaps(shift, around),
        *_away(shift, around),
        *_not_ready(around),
        *_outside(shift, around),
        *_long(shift, around),
        *_at_once(around),
        *_rest(shift, around),
        *_week(shift, around),
        *_average(shift, around),
        *_row(shift, around),
        *_weekends(shift, around),
        *_weekly_rest(shift, around),
    )
    return tuple(sorted(found, key=lambda each: not each.refuses))


def span_words(span: Span, zone: ZoneInfo) -> str:
    """This function will say a stretch: "9am to 1pm on Tuesday 24 November", with the second day where it ends on another."""
    begins, ends = (at.astimezone(zone) for at in span)
    if begins.date() == ends.date() or (ends.time() == time() and ends - begins <= timedelta(days=1)):
        return f"{clock_words(begins.time())} to {clock_words(ends.time())} on {_day(begins.date())}"
    return f"{clock_words(begins.time())} on {_day(begins.date())} to {clock_words(ends.time())} on {_day(ends.date())}"


def _day(on: date) -> str:
    return f"{on:%A} {on.day} {on:%B}"


# -- What somebody is doing then -------------------------------------------------------------------------------------------


def _touches(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _overlaps(shift: Span, around: Around) -> Iterable[Concern]:
    for other in sorted(around.shifts):
        if _touches(shift, other):
            words = f"{around.who} has another shift then, {span_words(other, around.zone)}."
            yield Concern(Kind.OVERLAP, words)


def _away(shift: Span, around: Around) -> Iterable[Concern]:
    for other in sorted(around.away):
        if _touches(shift, other):
            yield Concern(Kind.AWAY, f"{around.who} is away from {span_words(other, around.zone)}.")


def _not_ready(around: Around) -> Iterable[Concern]:
    if around.not_ready:
        words = f"{around.who} is not signed off for {and_words(list(around.not_ready))}, and would not count as cover there."
        yield Concern(Kind.NOT_READY, words)


def _outside(shift: Span, around: Around) -> Iterable[Concern]:
    if around.working is None:
        return
    outside = shift[1] - shift[0] - sum((_shared(shift, each) for each in around.working), NOTHING)
    if outside > NOTHING:
        whole = outside == shift[1] - shift[0]
        words = "It lies" if whole else f"{length_words(outside).capitalize()} of it lie"
        yield Concern(Kind.OUTSIDE, f"{words} outside the hours in which {around.who} works.")


def _shared(one: Span, other: Span) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), NOTHING)


# -- Limits of one shift ---------------------------------------------------------------------------------------------------


def _long(shift: Span, around: Around) -> Iterable[Concern]:
    length, longest = shift[1] - shift[0], around.limits.longest_shift
    if length > longest:
        yield Concern(
            Kind.LONG, f"It is {length_words(length)} long; {around.who}'s longest is {length_words(longest)}."
        )


def _at_once(around: Around) -> Iterable[Concern]:
    if around.accounts > around.limits.at_once:
        words = f"It covers {around.accounts} accounts at once; {around.who} covers {around.limits.at_once} at most."
        yield Concern(Kind.AT_ONCE, words)


# -- Limits of a week ------------------------------------------------------------------------------------------------------


def _rest(shift: Span, around: Around) -> Iterable[Concern]:
    """Between two shifts of one day lies a break, not a night."""
    least = around.limits.rest
    for other in sorted(around.shifts):
        before, after = sorted((shift, other))
        gap = after[0] - before[1]
        if NOTHING <= gap < least and _starts_on(before, around.zone) != _starts_on(after, around.zone):
            words = f"Only {length_words(gap)} of rest lie between it and the shift {span_words(other, around.zone)}"
            yield Concern(Kind.REST, f"{words}; {length_words(least)} are the least.")


def _starts_on(span: Span, zone: ZoneInfo) -> date:
    return span[0].astimezone(zone).date()


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def _week_of(monday: date, zone: ZoneInfo) -> Span:
    return day_begins(monday, zone), day_begins(monday + timedelta(weeks=1), zone)


def _worked(spans: Iterable[Span], within: Span) -> timedelta:
    return sum((_shared(each, within) for each in spans), NOTHING)


def _weeks(shift: Span, zone: ZoneInfo) -> list[date]:
    """The Mondays of the weeks that a shift lies in: two, where it goes on over the midnight of a Sunday."""
    last = (shift[1] - timedelta(microseconds=1)).astimezone(zone).date()
    first, end = _monday(_starts_on(shift, zone)), _monday(last)
    return [first + timedelta(weeks=n) for n in range((end - first).days // 7 + 1)]


def _week(shift: Span, around: Around) -> Iterable[Concern]:
    most = around.limits.week
    for monday in _weeks(shift, around.zone):
        worked = _worked((shift, *around.shifts), _week_of(monday, around.zone))
        if worked > most:
            words = f"{around.who} would be on the rota for {length_words(worked)} in the week of {_day(monday)}"
            yield Concern(Kind.WEEK, f"{words}; {length_words(most)} are the most.")


def _average(shift: Span, around: Around) -> Iterable[Concern]:
    """Each reference period that the shift lies in: the one which averages most is told."""
    monday = _weeks(shift, around.zone)[0]
    every = (shift, *around.shifts)
    reach = range(1 - LAW_WEEKS_AVERAGED, LAW_WEEKS_AVERAGED)
    by_week = [_worked(every, _week_of(monday + timedelta(weeks=n), around.zone)) for n in reach]
    periods = (by_week[n : n + LAW_WEEKS_AVERAGED] for n in range(LAW_WEEKS_AVERAGED))
    average = max(sum(period, NOTHING) for period in periods) / LAW_WEEKS_AVERAGED
    if average > LAW_WEEK:
        words = f"{around.who} would work {length_words(average)} a week on average over {LAW_WEEKS_AVERAGED} weeks"
        yield Concern(Kind.AVERAGE, f"{words}; the law lets nobody be asked for more than {length_words(LAW_WEEK)}.")


def _row(shift: Span, around: Around) -> Iterable[Concern]:
    days = {_starts_on(each, around.zone) for each in (shift, *around.shifts)}
    first = last = _starts_on(shift, around.zone)
    while first - timedelta(days=1) in days:
        first -= timedelta(days=1)
    while last + timedelta(days=1) in days:
        last += timedelta(days=1)
    number, most = (last - first).days + 1, around.limits.days_in_a_row
    if number > most:
        words = f"It makes {number} days in a row, {_day(first)} to {_day(last)}"
        yield Concern(Kind.ROW, f"{words}; {most} are the most for {around.who}.")


def _weekends(shift: Span, around: Around) -> Iterable[Concern]:
    """A weekend is worked where a shift begins on its Saturday or its Sunday."""
    saturday = weekends.saturday_of(_starts_on(shift, around.zone))
    worked = weekends.worked(_starts_on(each, around.zone) for each in (shift, *around.shifts))
    if saturday is None:
        return
    number, most = weekends.in_a_row(worked, saturday), around.limits.weekends_in_a_row
    if most is not None and number > most:
        words = f"It makes {number} weekend{'' if number == 1 else 's'} in a row"
        yield Concern(
            Kind.WEEKENDS, f"{words}; {most or 'none'} {'is' if most == 1 else 'are'} the most for {around.who}."
        )
    number, most = weekends.among_four(worked, saturday), around.limits.weekends_in_four
    if most is not None and number > most:
        words = f"It makes {number} of four weekends"
        yield Concern(
            Kind.WEEKENDS, f"{words}; {most or 'none'} {'is' if most == 1 else 'are'} the most for {around.who}."
        )


def _weekly_rest(shift: Span, around: Around) -> Iterable[Concern]:
    for monday in _weeks(shift, around.zone):
        if _longest_rest((shift, *around.shifts), _week_of(monday, around.zone)) < LAW_WEEKLY_REST:
            words = f"{around.who} would have no {length_words(LAW_WEEKLY_REST)} of rest on end"
            yield Concern(Kind.WEEKLY_REST, f"{words} in the week of {_day(monday)}.")


def _longest_rest(spans: Sequence[Span], within: Span) -> timedelta:
    inside = sorted(each for each in spans if _touches(each, within))
    edges = [within[0], *(at for each in inside for at in each), within[1]]
    return max(after - before for before, after in list(pairwise(edges))[::2])
