"""Decides which shifts could be put on the rota at all: each person, each stretch that they are in, each pattern that fits.

Which of them are chosen is left to proposal. A shift is a pattern, cut to when the person is in; without patterns, it
begins and ends where an account opens or closes, the person comes or goes, or in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime

from sociable.domain.cover.proposal.grid import Grid, away, needed, ready, runs, working
from sociable.domain.cover.proposal.problem import SLOT, WEEK, Person, Problem, Shift, Span

REACH = 4 * WEEK
SHORTEST_SLOTS = 4
"""A shift that would be shorter than two hours is offered only where the person is not in for longer."""


@dataclass(slots=True)
class Column:
    """One shift that could be: half hours `first` to `last`, the latter not included, and what it could look after.

    `stretch` numbers the unbroken time that the person is in, of which at most one shift a day is taken. `choice` and
    `takes` (by account) are its numbers in the model once it has been written down.
    """

    person: int
    stretch: int
    day: date
    first: int
    last: int
    accounts: Mapping[int, frozenset[int]]
    by_hand: Shift | None = None
    choice: int = -1
    takes: dict[int, int] = field(default_factory=dict)
    published: Shift | None = None
    """the shift of today's rota that it is, which may be moved"""

    @property
    def fixed(self) -> bool:
        """Whether it was set by hand, and stays."""
        return self.by_hand is not None

    @property
    def length(self) -> int:
        """How many half hours it lasts."""
        return self.last - self.first


@dataclass(frozen=True)
class Sheet:
    """A problem laid out on its half hours: what is needed when, who is in when and ready for what."""

    problem: Problem
    grid: Grid
    needed: tuple[Mapping[int, int], ...]
    working: tuple[Set[int], ...]
    away: tuple[Set[int], ...]
    ready: tuple[Mapping[int, range], ...]

    @classmethod
    def of(cls, problem: Problem) -> Sheet:
        """This function will lay out a problem once, for all who read it."""
        grid = Grid.of(problem)
        accounts = list(enumerate(problem.accounts))
        may = [{n: ready(grid, person, account) for n, account in accounts} for person in problem.people]
        return cls(
            problem,
            grid,
            tuple(needed(grid, account) for account in problem.accounts),
            tuple(working(grid, person) for person in problem.people),
            tuple(away(grid, person) for person in problem.people),
            tuple({n: slots for n, slots in known.items() if slots} for known in may),
        )

    def could_take(self, person: int, first: int, last: int) -> dict[int, frozenset[int]]:
        """This function will say which accounts somebody could look after from one half hour to another, and when each is open."""
        found = {}
        for account, slots in self.ready[person].items():
            whole = slots.start <= first and last <= slots.stop
            open_slots = self.needed[account].keys() & set(range(first, last)) if whole else frozenset()
            if open_slots:
                found[account] = frozenset(open_slots)
        return found

    def could_stay(self, shift: Shift) -> dict[int, frozenset[int]]:
        """This function will say which accounts the person of a published shift could look after in it, and when each is open."""
        person = next(n for n, each in enumerate(self.problem.people) if each.person_id == shift.person_id)
        slots, there = self.grid.touched(shift.span), frozenset(self.grid.inner(shift.span))
        could = self.could_take(person, slots.start, slots.stop)
        return {account: taken & there for account, taken in could.items() if taken & there}

    def numbers(self) -> dict[int, int]:
        """This function will number the accounts by their id."""
        return {account.account_id: n for n, account in enumerate(self.problem.accounts)}


def columns(sheet: Sheet) -> list[Column]:
    """This function will list every shift that could be, those fixed by hand among them.

    Shape: by person and time; a stretch with a fixed shift in it holds no other
    """
    found: list[Column] = []
    stretches = 0
    for number, person in enumerate(sheet.problem.people):
        taken: set[int] = set()
        for shift in _fixed(sheet, person):
            found.append(_fixed_column(sheet, number, stretches, shift))
            stretches += 1
            taken |= set(range(found[-1].first, found[-1].last))
        for stretch in runs(sheet.working[number] - taken):
            found += _in_stretch(sheet, number, stretches, stretch)
            stretches += 1
    return sorted(found, key=lambda column: (column.person, column.day, column.first, column.last))


def _fixed(sheet: Sheet, person: Person) -> list[Shift]:
    """Also those some weeks around: rest, weeks and days in a row reach over the edge."""
    reach = Span(sheet.problem.span.starts_at - REACH, sheet.problem.span.ends_at + REACH)
    theirs = (shift for shift in sheet.problem.fixed if shift.person_id == person.person_id)
    return sorted(shift for shift in theirs if shift.span.meets(reach))


def _fixed_column(sheet: Sheet, person: int, stretch: int, shift: Shift) -> Column:
    """What a person set by hand may lie outside their usual hours, and on no half hour; it counts where they are not away."""
    first, last = sheet.grid.slot(shift.starts_at), -sheet.grid.slot(_mirrored(sheet, shift))
    numbers, there = sheet.numbers(), set(sheet.grid.inner(shift.span)) - sheet.away[person]
    could = {
        numbers[account_id]: frozenset(
            slot
            for slot in sheet.needed[numbers[account_id]].keys() & there
            if slot in sheet.ready[person].get(numbers[account_id], range(0))
        )
        for account_id in shift.accounts
        if account_id in numbers
    }
    return Column(person, stretch, sheet.grid.day(first), first, last, could, by_hand=shift)


def _mirrored(sheet: Sheet, shift: Shift) -> datetime:
    """As long before the start of the rota as the shift ends after it: so that counting down from it rounds up."""
    return sheet.grid.span.starts_at - (shift.ends_at - sheet.grid.span.starts_at)


def _in_stretch(sheet: Sheet, person: int, number: int, stretch: range) -> Iterator[Column]:
    longest = sheet.problem.people[person].limits.longest_shift // SLOT
    spans = set(_by_pattern(sheet, stretch) if sheet.problem.patterns else _free(sheet, person, stretch))
    for column in _published(sheet, person, number, stretch):
        yield column
        spans.discard((column.first, column.last))
    for first, last in sorted(spans):
        could = sheet.could_take(person, first, last)
        if could and last - first <= longest:
            yield Column(person, number, sheet.grid.day(first), first, last, could)


def _published(sheet: Sheet, person: int, number: int, stretch: range) -> Iterator[Column]:
    """What people see already may stay as it is, also where no kind of shift has its times, or on no half hour."""
    who = sheet.problem.people[person]
    for shift in sheet.problem.movable:
        slots, longest = sheet.grid.touched(shift.span), who.limits.longest_shift
        if shift.person_id == who.person_id and set(slots) <= set(stretch) and shift.span.length <= longest:
            could = sheet.could_stay(shift)
            if could:
                yield Column(
                    person, number, sheet.grid.day(slots.start), slots.start, slots.stop, could, published=shift
                )


def _by_pattern(sheet: Sheet, stretch: range) -> Iterator[tuple[int, int]]:
    grid = sheet.grid
    shortest = min(SHORTEST_SLOTS, len(stretch))
    for on in {grid.day(slot) for slot in (*stretch[::SHORTEST_SLOTS], stretch[-1])}:
        for pattern in (each for each in sheet.problem.patterns if on.weekday() in each.weekdays):
            starts = grid.slot(grid.instant(on, pattern.starts_minute))
            first, last = max(starts, stretch.start), min(starts + pattern.length // SLOT, stretch.stop)
            if last - first >= shortest:
                yield first, last


def _free(sheet: Sheet, person: int, stretch: range) -> Iterator[tuple[int, int]]:
    """Also the middle, so that a long day can be shared by two."""
    edges = {stretch.start, stretch.stop, (stretch.start + stretch.stop) // 2}
    for account in sheet.ready[person]:
        for run in runs(sheet.needed[account].keys() & set(stretch)):
            edges |= {run.start, run.stop}
    shortest = min(SHORTEST_SLOTS, len(stretch))
    return ((first, last) for first in edges for last in edges if last - first >= shortest)
