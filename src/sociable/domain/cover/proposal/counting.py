"""Decides what any rota amounts to, made by hand or proposed: where somebody is missing, hours by person, hand-overs.

How a rota is found is left to proposing, and why there is a hole to explaining.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from sociable.domain.cover.proposal.columns import Sheet
from sociable.domain.cover.proposal.grid import runs
from sociable.domain.cover.proposal.problem import SLOT, Shift, Span

There = Sequence[Mapping[int, set[int]]]
"""For each account, who is there in each half hour, by the person's number."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch in which an account needs more people than are there. `late`: who asks in it may be answered too late."""

    account_id: int
    span: Span
    missing: int
    late: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a rota amounts to. `hole_hours` count each person missing; `late_hours` those in which a request comes too late."""

    hole_hours: float
    late_hours: float
    holes_by_account: Mapping[int, float]
    hours_by_person: Mapping[int, float]
    hand_overs: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Today's rota beside the proposed one: `moved` are published shifts that do not stay, of so many that might be moved."""

    before: Amount
    after: Amount
    moved: tuple[Shift, ...] = ()
    movable: int = 0


def there(sheet: Sheet, shifts: Iterable[Shift]) -> There:
    """This function will say who counts as cover when: on duty for an account, ready for it and not away."""
    numbers = sheet.numbers()
    people = {person.person_id: n for n, person in enumerate(sheet.problem.people)}
    found: list[dict[int, set[int]]] = [defaultdict(set) for _ in sheet.problem.accounts]
    for shift in shifts:
        person = people.get(shift.person_id)
        for account in (numbers[account_id] for account_id in shift.accounts if account_id in numbers):
            ready = sheet.ready[person].get(account, range(0)) if person is not None else range(0)
            for slot in sheet.grid.inner(shift.span):
                if person is not None and slot in ready and slot not in sheet.away[person]:
                    found[account][slot].add(person)
    return found


def missing(sheet: Sheet, present: There) -> list[dict[int, int]]:
    """This function will say for each account in which half hours how many people are missing."""
    return [
        {
            slot: people - len(by_slot.get(slot, ()))
            for slot, people in needed.items()
            if len(by_slot.get(slot, ())) < people
        }
        for needed, by_slot in zip(sheet.needed, present, strict=True)
    ]


def late(sheet: Sheet, present: There) -> list[set[int]]:
    """This function will say for each account in which half hours a request is answered too late: nobody comes in time.

    Units: the promise is open time, so only half hours in which the account needs somebody count
    """
    found = []
    for account, needed, by_slot in zip(sheet.problem.accounts, sheet.needed, present, strict=True):
        slots, within = sorted(needed), max(1, account.promise // SLOT)
        covered = [bool(by_slot.get(slot)) for slot in slots]
        found.append({slot for n, slot in enumerate(slots) if not any(covered[n : n + within])})
    return found


def holes(sheet: Sheet, shifts: Sequence[Shift]) -> list[Hole]:
    """This function will list the holes of a rota, earliest first."""
    present = there(sheet, shifts)
    found = []
    for number, (lacking, too_late) in enumerate(zip(missing(sheet, present), late(sheet, present), strict=True)):
        for how_many in sorted(set(lacking.values())):
            for run in runs({slot for slot, people in lacking.items() if people == how_many}):
                span = Span(sheet.grid.at(run.start), sheet.grid.at(run.stop))
                account_id = sheet.problem.accounts[number].account_id
                found.append(Hole(account_id, span, how_many, not too_late.isdisjoint(run)))
    return sorted(found, key=lambda hole: (hole.span, hole.account_id))


def amount(sheet: Sheet, shifts: Sequence[Shift]) -> Amount:
    """This function will add a rota up."""
    present = there(sheet, shifts)
    lacking = missing(sheet, present)
    by_account = {
        account.account_id: _hours(sum(slots.values()))
        for account, slots in zip(sheet.problem.accounts, lacking, strict=True)
    }
    by_person = {person.person_id: 0.0 for person in sheet.problem.people}
    for shift in shifts:
        inside = sheet.grid.inner(shift.span)
        by_person[shift.person_id] = by_person.get(shift.person_id, 0.0) + _hours(len(inside))
    return Amount(
        sum(by_account.values()),
        _hours(sum(len(slots) for slots in late(sheet, present))),
        by_account,
        by_person,
        hand_overs(sheet, present),
    )


def moved(sheet: Sheet, shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    """This function will list the published shifts that a rota moves: their person is not on then, or looks after less."""
    after = {(shift.person_id, shift.span): set(shift.accounts) for shift in shifts}
    return tuple(sorted(each for each in sheet.problem.movable if not _stays(sheet, each, after)))


def _stays(sheet: Sheet, shift: Shift, after: Mapping[tuple[int, Span], set[int]]) -> bool:
    """An account which they could not look after any more, or that needs nobody then, is no move."""
    if (shift.person_id, shift.span) not in after:
        return False
    could = {sheet.problem.accounts[account].account_id for account in sheet.could_stay(shift)}
    return set(shift.accounts) & could <= after[shift.person_id, shift.span]


def hand_overs(sheet: Sheet, present: There) -> int:
    """This function will count how often somebody leaves an account while it stays open."""
    return sum(
        len(by_slot.get(before, set()) - by_slot.get(after, set()))
        for needed, by_slot in zip(sheet.needed, present, strict=True)
        for before, after in pairwise(sorted(needed))
        if after == before + 1
    )


def _hours(half_hours: int) -> float:
    return half_hours * (SLOT / timedelta(hours=1))
