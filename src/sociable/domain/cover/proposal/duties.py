"""Decides what a person's working time allows: rest, hours, days in a row, weekends, as rules over their choices.

Which shifts there are to choose from is left to columns. A rule's words say whose it is and what would have to give.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

from sociable.domain.cover.proposal.columns import REACH, Column, Sheet
from sociable.domain.cover.proposal.grid import days_between, monday
from sociable.domain.cover.proposal.model import UNBOUNDED, Model
from sociable.domain.cover.proposal.problem import DAY, SLOT, WEEK, Person
from sociable.domain.cover.proposal.wording import day_words
from sociable.domain.cover.weekends import AMONG, SATURDAY
from sociable.domain.worktime.wording import length_words

Days = Sequence[Sequence[int]]
"""The choices of each day, of which at most one is yes; a day without any is a day off."""

Stretches = list[list[Column]]
"""The shifts that could be in each unbroken time of a day, of which at most one is taken."""


def keep_limits(model: Model, sheet: Sheet, person: Person, columns: Sequence[Column]) -> None:
    """This function will hold a person's choices to their limits; each week with a shift in it costs one face."""
    stretches = _stretches(columns)
    faces = {week: model.choice(sheet.problem.weights.face) for week in {monday(column.day) for column in columns}}
    for stretch in stretches:
        one_of = [(column.choice, 1) for column in stretch]
        model.require([*one_of, (faces[monday(stretch[0].day)], -1)], least=-UNBOUNDED, most=0)
    _keep_rest(model, sheet, person, stretches)
    _keep_hours(model, sheet, person, columns)
    on = _days_on(model, stretches)
    _keep_days(model, sheet, person, on)
    _keep_weekends(model, sheet, person, on)
    _keep_longest_day(model, person, stretches)


def most_in_a_row(model: Model, days: Days, most: int, words: str = "") -> None:
    """This function will leave a day off among any `most` + 1 neighbouring days."""
    for first in range(len(days) - most):
        window = days[first : first + most + 1]
        if all(window):
            model.require(((choice, 1) for day in window for choice in day), most=most, words=words)


def weekends_worked(model: Model, weekends: Iterable[Days]) -> list[int]:
    """This function will return what is yes for each weekend when any of its days is worked."""
    worked = []
    for weekend in weekends:
        worked.append(model.choice())
        if not model.sure.isdisjoint(choice for day in weekend for choice in day):
            model.decide(worked[-1])
        for day in weekend:
            model.require([*((choice, 1) for choice in day), (worked[-1], -1)], least=-UNBOUNDED, most=0)
    return worked


def _stretches(columns: Sequence[Column]) -> Stretches:
    by_stretch: dict[tuple[date, int], list[Column]] = defaultdict(list)
    for column in columns:
        by_stretch[column.day, column.stretch].append(column)
    return sorted(by_stretch.values(), key=lambda stretch: min(column.first for column in stretch))


def _keep_rest(model: Model, sheet: Sheet, person: Person, stretches: Stretches) -> None:
    """Between two shifts of one day lies a break, not a night."""
    rest = person.limits.rest // SLOT
    begins, ends = _edges(sheet)
    words = f"{person.name} rests {length_words(person.limits.rest)} before"
    for earlier, later in pairwise(stretches):
        if earlier[0].day == later[0].day or later[0].day < begins or earlier[0].day > ends:
            continue
        for starts in sorted({column.first for column in later}):
            before = [column.choice for column in earlier if column.last + rest > starts]
            after = [column.choice for column in later if column.first <= starts]
            if before:
                model.at_most_one(before + after, f"{words} {day_words(later[0].day)}")


def _keep_hours(model: Model, sheet: Sheet, person: Person, columns: Sequence[Column]) -> None:
    most = person.limits.week
    begins, ends = _edges(sheet)
    weeks = {monday(column.day) for column in columns}
    for week in sorted(week for week in weeks if begins < week + WEEK and week <= ends):
        first = sheet.grid.slot(sheet.grid.instant(week, 0))
        last = sheet.grid.slot(sheet.grid.instant(week + WEEK, 0))
        inside = [(column.choice, max(0, min(column.last, last) - max(column.first, first))) for column in columns]
        words = f"{person.name} is on duty {length_words(most)} at most in the week of {day_words(week)}"
        model.require([term for term in inside if term[1]], most=most // SLOT, words=words)


def _edges(sheet: Sheet) -> tuple[date, date]:
    """The first and the last day of the rota: shifts around it count, and what they alone go beyond is nobody's question here."""
    return sheet.grid.day(0), sheet.grid.day(sheet.grid.slots - 1)


def _keep_days(model: Model, sheet: Sheet, person: Person, on: dict[date, list[int]]) -> None:
    most = person.limits.days_in_a_row
    first, last = _edges(sheet)
    worked = [on.get(day, []) for day in days_between(first - DAY * most, last + DAY * most)]
    most_in_a_row(model, worked, most, f"{person.name} works {most} days in a row at most")


def _keep_weekends(model: Model, sheet: Sheet, person: Person, on: dict[date, list[int]]) -> None:
    """Each run of weekends that is one too long, and each four, that hold a weekend of the rota."""
    limits, (first, last) = person.limits, _edges(sheet)
    if limits.weekends_in_a_row is None and limits.weekends_in_four is None:
        return
    saturdays = [day for day in days_between(first - REACH, last + REACH) if day.weekday() == SATURDAY]
    worked = weekends_worked(model, ([on.get(day, []), on.get(day + DAY, [])] for day in saturdays))
    ours = {n for n, saturday in enumerate(saturdays) if saturday + DAY >= first and saturday <= last}
    for most, number, words in (
        (limits.weekends_in_a_row, (limits.weekends_in_a_row or 0) + 1, "in a row"),
        (limits.weekends_in_four, AMONG, "of any four"),
    ):
        for start in range(len(saturdays) - number + 1 if most is not None else 0):
            window = range(start, start + number)
            if most is not None and not ours.isdisjoint(window):
                said = f"{person.name} works on {most} weekend{'' if most == 1 else 's'} {words} at most"
                model.require(((worked[n], 1) for n in window), most=most, words=said)


def _days_on(model: Model, stretches: Stretches) -> dict[date, list[int]]:
    """For each day, what is yes when any shift of it is."""
    by_day: dict[date, Stretches] = defaultdict(list)
    for stretch in stretches:
        by_day[stretch[0].day].append(stretch)
    on: dict[date, list[int]] = {}
    for day, several in by_day.items():
        if len(several) == 1:
            on[day] = [column.choice for column in several[0]]
            continue
        on[day] = [model.choice()]
        if any(column.fixed for stretch in several for column in stretch):
            model.decide(on[day][0])
        for stretch in several:
            model.require([*((column.choice, 1) for column in stretch), (on[day][0], -1)], least=-UNBOUNDED, most=0)
    return on


def _keep_longest_day(model: Model, person: Person, stretches: Stretches) -> None:
    """Also where a day is in several pieces."""
    longest: timedelta = person.limits.longest_shift
    by_day: dict[date, Stretches] = defaultdict(list)
    for stretch in stretches:
        by_day[stretch[0].day].append(stretch)
    for day, several in by_day.items():
        if len(several) > 1:
            words = f"{person.name} works {length_words(longest)} at most on {day_words(day)}"
            whole = [(column.choice, column.length) for stretch in several for column in stretch]
            model.require(whole, most=longest // SLOT, words=words)
