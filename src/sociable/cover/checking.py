"""Decides whether somebody may make a shift and whether it can be; under the lock that lets one of two at one time be made.

What speaks against a shift is told by around; making it is left to rota.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sociable.cover import around
from sociable.cover.around import Wanted
from sociable.cover.models import Shift
from sociable.cover.queries import rosters
from sociable.cover.rota_file import FIRST_YEAR, LAST_YEAR, YEAR_WORDS
from sociable.domain.cover.limits import Concern
from sociable.domain.errors import DomainError
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed

LONGEST = timedelta(days=31)


class ShiftRefused(DomainError):
    """A shift cannot be: it overlaps another, ends before it begins, covers nothing."""


class Unwise(DomainError):
    """Something speaks against a shift; whoever plans may make it all the same and say why. `concerns` holds each sentence."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        super().__init__(" ".join(each.words for each in concerns))
        self.concerns = tuple(concerns)


class Stale(DomainError):
    """What was looked at has changed meanwhile."""


def check_may_plan(by: Person, wanted: Wanted) -> None:
    """This function will raise unless somebody plans both the person and every account of a shift.

    Errors: NotAllowed
    """
    for account in wanted.accounts:
        permissions.check_can_plan(by, account.place)
    if not rosters(by, wanted.person):
        raise NotAllowed(f"You do not plan the rota of {wanted.person.name}. Ask whoever leads them.")


def check(wanted: Wanted, reason: str, besides: Collection[int] = ()) -> None:
    """This function will raise where a shift cannot be, or where something speaks against it and no reason is given.

    Errors: ShiftRefused; Unwise
    """
    if wanted.ends_at <= wanted.starts_at:
        raise ShiftRefused("It ends before it begins. Where it goes on over midnight, give the day on which it ends.")
    if not FIRST_YEAR <= wanted.starts_at.year <= wanted.ends_at.year <= LAST_YEAR:
        raise ShiftRefused(YEAR_WORDS)
    if wanted.ends_at - wanted.starts_at > LONGEST:
        raise ShiftRefused("It lasts longer than a month. Look once more at the day on which it ends.")
    if not wanted.accounts:
        raise ShiftRefused("Choose at least one account that the shift covers.")
    if not Person.objects.filter(pk=wanted.person.pk, is_active=True).exists():
        raise ShiftRefused(f"{wanted.person.name} has left, and can be on no rota.")
    concerns = around.against(wanted, besides)
    refused = [each.words for each in concerns if each.refuses]
    if refused:
        raise ShiftRefused(" ".join(refused))
    if concerns and not reason.strip():
        raise Unwise(concerns)


def lock(whom: Iterable[Person]) -> None:
    """This function will lock people for the running transaction, so that of two shifts at one time only one is made.

    PostgreSQL locks the rows, in one order for all; SQLite lets one transaction write at a time as it is.
    """
    ids = sorted({person.pk for person in whom})
    list(Person.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def wanted_as(shift: Shift) -> Wanted:
    """This function will describe a shift as it is."""
    accounts = tuple(shift.accounts.select_related("partner", "answered_from"))
    return Wanted(shift.person, shift.starts_at, shift.ends_at, accounts, shift.note)
