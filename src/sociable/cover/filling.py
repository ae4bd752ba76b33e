"""Answers who could fill a hole, and who could if they learnt to: asked of readiness, rota, time away and the limits of shifts.

Nothing is changed here. A shift is made in rota, and somebody is signed off in signing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from sociable.cover import around
from sociable.cover.models import Readiness, Shift, TimeAway, WorkingPattern
from sociable.directory.models import Account
from sociable.directory.queries import calendar_from, division_of
from sociable.domain.cover.limits import Concern, Kind
from sociable.domain.cover.reasons import as_instant, as_us
from sociable.domain.cover.spans import Span, minus, within
from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act

MOST_ASKED = 25  # of more people who could, only so many are judged: a list to choose from, not a census
_SPARE = 2**60
# What an account added to a shift can change; what speaks against the shift itself was decided when it was made.
ADDED = frozenset({Kind.AT_ONCE, Kind.NOT_READY})


@dataclass(frozen=True, slots=True)
class CouldFill:
    """Somebody who could take a part of a hole: by a shift of their own, or by this account added to a shift they have."""

    person: Person
    starts_at: datetime
    ends_at: datetime
    is_whole: bool
    shift: Shift | None
    concerns: tuple[Concern, ...]

    @property
    def order(self) -> tuple[bool, bool, int, bool, str]:
        """Whoever closes all of it with nothing against it stands first; who is there anyhow, before who has to come in."""
        refused = any(each.refuses for each in self.concerns)
        return refused, not self.is_whole, len(self.concerns), self.shift is None, self.person.name


@dataclass(frozen=True, slots=True)
class CouldLearn:
    """Somebody who is not ready for the account and would be there: on the rota for others, or in their usual hours."""

    person: Person
    shift: Shift | None


def could_fill(account: Account, starts_at: datetime, ends_at: datetime) -> list[CouldFill]:
    """This function will list who could fill a hole, the best first: ready for the account, not away, not there for it already.

    Shape:  each with the longest part of it that they could take, and with all that speaks against it
    """
    hole = (as_us(starts_at), as_us(ends_at))
    parts = {person: minus(spans, _away([person], hole)[person]) for person, spans in _ready(account, hole).items()}
    shifts = _shifts(parts, starts_at, ends_at)
    people = Person.objects.in_bulk([person for person, spans in parts.items() if spans][:MOST_ASKED])
    found = [_judged(people[pk], account, hole, parts[pk], shifts[pk]) for pk in people]
    return sorted((each for each in found if each is not None), key=lambda each: each.order)


def _ready(account: Account, hole: Span) -> dict[int, list[Span]]:
    ready: dict[int, list[Span]] = defaultdict(list)
    rows = Readiness.objects.filter(account=account, withdrawn_at=None, person__is_active=True)
    for person, since, until in rows.values_list("person_id", "ready_from_at", "expires_at"):
        ready[person] += within([hole], [(as_us(since), as_us(until) if until else _SPARE)])
    return ready


def _away(people: Iterable[int], hole: Span) -> dict[int, list[Span]]:
    away: dict[int, list[Span]] = defaultdict(list)
    rows = TimeAway.objects.counted().touching(as_instant(hole[0]), as_instant(hole[1])).filter(person__in=people)
    for person, begins, ends in rows.values_list("person_id", "starts_at", "ends_at"):
        away[person].append((as_us(begins), as_us(ends)))
    return away


def _shifts(people: Iterable[int], starts_at: datetime, ends_at: datetime) -> dict[int, list[Shift]]:
    """Published shifts that touch the hole, and drafts, since whoever fills it plans with these."""
    shifts: dict[int, list[Shift]] = defaultdict(list)
    rows = Shift.objects.exclude(state=Shift.State.CANCELLED).filter(only_removes=False, person__in=people)
    for shift in rows.touching(starts_at, ends_at).prefetch_related("accounts"):
        shifts[shift.person_id].append(shift)
    return shifts


def _judged(person: Person, account: Account, hole: Span, parts: list[Span], shifts: list[Shift]) -> CouldFill | None:
    """Added to the shift which shares most of the hole, where they have one; else by a shift of its own."""
    if any(account in shift.accounts.all() for shift in shifts if shift.state == Shift.State.DRAFT):
        return None  # drafted already
    inside = [
        (part, shift) for shift in shifts for part in within(parts, [(as_us(shift.starts_at), as_us(shift.ends_at))])
    ]
    if inside:
        part, shift = max(inside, key=lambda each: each[0][1] - each[0][0])
        wanted = around.Wanted(person, shift.starts_at, shift.ends_at, (*shift.accounts.all(), account))
        concerns = tuple(one for one in around.against(wanted, besides=[shift.pk]) if one.kind in ADDED)
        return CouldFill(person, *_instants(part), part == hole, shift, concerns)
    if not parts:
        return None
    part = max(parts, key=lambda each: each[1] - each[0])
    concerns = around.against(around.Wanted(person, *_instants(part), (account,)))
    return CouldFill(person, *_instants(part), part == hole, None, concerns)


def _instants(span: Span) -> tuple[datetime, datetime]:
    return as_instant(span[0]), as_instant(span[1])


# -- Who could learn to ----------------------------------------------------------------------------------------------------


def could_learn(account: Account, starts_at: datetime, ends_at: datetime) -> list[CouldLearn]:
    """This function will list who answers for the same body, is not ready for the account, and would be there during a hole.

    Shape:  who is on the rota then, and who has usual hours that hold all of it; nobody who is away
    """
    hole = (as_us(starts_at), as_us(ends_at))
    people = _answering_elsewhere(account, starts_at)[: MOST_ASKED * 2]
    ids = [person.pk for person in people]
    away, shifts = _away(ids, hole), _shifts(ids, starts_at, ends_at)
    working = _working(ids, account, hole)
    there = [CouldLearn(person, next(iter(shifts[person.pk]), None)) for person in people if not away[person.pk]]
    return [each for each in there if each.shift is not None or each.person.pk in working]


def _answering_elsewhere(account: Account, at: datetime) -> list[Person]:
    answering = [kind for kind, acts in MAY.items() if Act.ANSWER in acts and Act.MANAGE_PEOPLE not in acts]
    roles = Role.objects.filter(kind__in=answering, partner=account.partner_id)
    ready = Readiness.objects.standing(at).filter(account=account)
    here = Q(pk__in=roles.values("person")) & ~Q(pk__in=ready.values("person"))
    return list(Person.objects.filter(here, is_active=True).order_by("name"))


def _working(people: list[int], account: Account, hole: Span) -> set[int]:
    """Those whose usual hours, where somebody stated them, hold all of a hole."""
    begins, ends = _instants(hole)
    patterns = WorkingPattern.objects.filter(person__in=people, valid_from_on__lte=begins).order_by(
        "valid_from_on", "id"
    )
    latest = {pattern.person_id: pattern for pattern in patterns}
    return {
        person
        for person, pattern in latest.items()
        if calendar_from(((date.min, pattern.notation),), division_of(account), pattern.zone).spans_between(
            begins, ends
        )
        == [(begins, ends)]
    }
