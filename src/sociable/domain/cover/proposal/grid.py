"""Decides how a rota's time is counted: half hours from its start, and the local days and weeks they belong to.

What happens in a half hour is left to columns and holes.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sociable.domain.cover.proposal.problem import DAY, SLOT, Account, Person, Problem, ProblemError, Span

MOST_DAYS = 92


@dataclass(frozen=True)
class Grid:
    """The half hours of a span, numbered from 0, as one zone's days."""

    span: Span
    zone: ZoneInfo

    @classmethod
    def of(cls, problem: Problem) -> Grid:
        """This function will lay the half hours over a problem.

        Errors: ProblemError when its span is empty, too long or not on half hours
        """
        grid = cls(problem.span, ZoneInfo(problem.zone))
        if not timedelta(0) < grid.span.length <= MOST_DAYS * DAY:
            raise ProblemError(f"A rota can be proposed for 1 to {MOST_DAYS} days at once.")
        if grid.span.length % SLOT:
            raise ProblemError("A rota is proposed in half hours: start and end it on one.")
        return grid

    half_hour = SLOT

    @property
    def slots(self) -> int:
        """How many half hours there are."""
        return self.span.length // SLOT

    def slot(self, at: datetime) -> int:
        """This function will number the half hour that an instant lies in; before the start is below 0."""
        return (at - self.span.starts_at) // SLOT

    def at(self, slot: int) -> datetime:
        """This function will return the instant at which a half hour begins."""
        return self.span.starts_at + slot * SLOT

    def inner(self, span: Span) -> range:
        """This function will return the half hours that lie wholly inside a span."""
        first = -((self.span.starts_at - span.starts_at) // SLOT)
        return range(max(0, first), max(0, min(self.slots, self.slot(span.ends_at))))

    def touched(self, span: Span) -> range:
        """This function will return the half hours that share any time with a span."""
        last = -((self.span.starts_at - span.ends_at) // SLOT)
        return range(max(0, self.slot(span.starts_at)), max(0, min(self.slots, last)))

    def day(self, slot: int) -> date:
        """This function will return the local day a half hour begins on."""
        return self.at(slot).astimezone(self.zone).date()

    def instant(self, on: date, minute: int) -> datetime:
        """This function will return the instant of a local time, so many minutes after midnight; past 1440 is the next day."""
        on, minute = on + DAY * (minute // 1440), minute % 1440
        return datetime.combine(on, time(minute // 60, minute % 60), self.zone).astimezone(UTC)


def monday(on: date) -> date:
    """This function will return the first day of the week a day lies in."""
    return on - DAY * on.weekday()


def runs(slots: Set[int]) -> Iterator[range]:
    """This function will gather half hours into unbroken runs, ascending."""
    first = last = None
    for slot in sorted(slots):
        if first is None or last is None:
            first = last = slot
        elif slot == last + 1:
            last = slot
        else:
            yield range(first, last + 1)
            first = last = slot
    if first is not None and last is not None:
        yield range(first, last + 1)


def needed(grid: Grid, account: Account) -> dict[int, int]:
    """This function will return how many people an account needs in each half hour, also where it is open for a part of it."""
    people: dict[int, int] = {}
    for need in account.needs:
        for slot in grid.touched(need.span):
            people[slot] = max(need.people, people.get(slot, 0))
    return {slot: number for slot, number in sorted(people.items()) if number}


def away(grid: Grid, person: Person) -> set[int]:
    """This function will return the half hours in which a person is away, also for a part of them."""
    return {slot for away in person.away for slot in grid.touched(away.span)}


def working(grid: Grid, person: Person) -> set[int]:
    """This function will return the half hours in which a person is in: wholly within their hours, and no part away."""
    return {slot for span in person.works for slot in grid.inner(span)} - away(grid, person)


def ready(grid: Grid, person: Person, account: Account) -> range:
    """This function will return the half hours for which a person is ready for an account; empty when never."""
    when = person.ready.get(account.account_id)
    if when is None:
        return range(0)
    span = Span(when.since_at or grid.span.starts_at, when.until_at or grid.span.ends_at)
    return grid.inner(span)


def days_between(first: date, last: date) -> list[date]:
    """This function will list days, both ends among them."""
    return [first + n * DAY for n in range((last - first).days + 1)]
