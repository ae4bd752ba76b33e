"""Answers who is ready for which account, since when and until when, and whose sign-off ends soon.

Whether those who are ready are there at an hour is asked of the board; signing off is done in signing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from sociable.cover.models import Readiness
from sociable.directory.models import Account
from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act, scope_filter

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sociable.cover.models import ReadinessRows

SOON = timedelta(weeks=4)  # so long before it ends, whoever can act is told


class State(Enum):
    """How it stands with one person and one account."""

    READY = "ready"
    ENDING = "ending"
    TO_COME = "to come"
    ENDED = "ended"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Standing:
    """One person at one account: what holds, and how it stands with it."""

    person: Person
    account: Account
    state: State
    readiness: Readiness | None = None

    @property
    def counts(self) -> bool:
        """Whether they are ready now."""
        return self.state in (State.READY, State.ENDING)


def state_of(readiness: Readiness | None, now: datetime) -> State:
    """This function will say how it stands with a sign-off that was not taken back."""
    if readiness is None or readiness.withdrawn_at is not None:
        return State.NOT_YET
    if readiness.expires_at is not None and readiness.expires_at <= now:
        return State.ENDED
    if readiness.ready_from_at > now:
        return State.TO_COME
    if readiness.expires_at is not None and readiness.expires_at <= now + SOON:
        return State.ENDING
    return State.READY


def kept() -> ReadinessRows:
    """This function will return every sign-off that was not taken back, ended ones with them."""
    return Readiness.objects.filter(withdrawn_at=None)


def own(person: Person, now: datetime) -> list[Standing]:
    """This function will list what somebody is ready for, was or will be, by the account's name."""
    rows = kept().filter(person=person).select_related("account__partner", "account__service").order_by("account__name")
    return [Standing(person, row.account, state_of(row, now), row) for row in rows]


def ending(planner: Person | AnonymousUser, now: datetime) -> list[Readiness]:
    """This function will list the sign-offs that end within four weeks where the person plans, earliest first."""
    soon = (
        kept()
        .standing(now)
        .filter(
            scope_filter(planner, Act.PLAN, partner="account__partner", service="account__service", account="account"),
            expires_at__lte=now + SOON,
        )
    )
    soon = soon.filter(person__is_active=True).exclude(account__stage=Account.Stage.CLOSED)
    return list(soon.select_related("person", "account__partner").order_by("expires_at", "person__name"))


def answerers(accounts: Iterable[Account]) -> dict[int, set[int]]:
    """This function will say who may answer for each account, by their roles: account id to ids of people who can sign in.

    Shape:  where an account is answered from another, whoever may answer there may answer here; accounts come with `answered_from`
    """
    given = list(accounts)
    by_partner: dict[int, list[tuple[Account, Account]]] = defaultdict(list)
    for account in given:
        for stands in (account, account.answered_from):
            if stands is not None:
                by_partner[stands.partner_id].append((account, stands))
    found: dict[int, set[int]] = {account.pk: set() for account in given}
    kinds = [kind for kind, acts in MAY.items() if Act.ANSWER in acts]
    for role in Role.objects.filter(kind__in=kinds, partner__in=by_partner, person__is_active=True):
        for account, stands in by_partner[role.partner_id]:
            if role.service_id in (None, stands.service_id) and role.account_id in (None, stands.pk):
                found[account.pk].add(role.person_id)
    return found


@dataclass(frozen=True, slots=True)
class Matrix:
    """People by account: everybody who may answer for one of the accounts or is signed off for it."""

    accounts: list[Account]
    people: list[Person]
    standings: dict[tuple[int, int], Standing]  # by person and account; none where they may not answer there

    def ready_for(self, account: Account) -> int:
        """This function will count who is ready for an account now."""
        return sum(one.counts for (_, account_id), one in self.standings.items() if account_id == account.pk)


def matrix(accounts: Iterable[Account], now: datetime) -> Matrix:
    """This function will say how it stands with everybody at these accounts, with three queries."""
    given = list(accounts)
    may = answerers(given)
    rows = {(row.person_id, row.account_id): row for row in kept().filter(account__in=given, person__is_active=True)}
    wanted = {(person_id, account_id) for account_id, ids in may.items() for person_id in ids} | set(rows)
    people = {one.pk: one for one in Person.objects.filter(pk__in={person_id for person_id, _ in wanted})}
    by_id = {account.pk: account for account in given}
    standings = {
        (person_id, account_id): Standing(
            people[person_id], by_id[account_id], state_of(row := rows.get((person_id, account_id)), now), row
        )
        for person_id, account_id in wanted
    }
    return Matrix(given, sorted(people.values(), key=lambda one: (one.name, one.pk)), standings)
