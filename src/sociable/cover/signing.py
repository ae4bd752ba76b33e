"""Signs people off to answer for accounts, renews it and takes it back, each with its line on the audit trail.

Who may answer at all is decided by roles; what a person must have completed belongs to learning, which signs off by the same verbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from sociable.cover import days
from sociable.cover.models import Readiness
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.worktime.wording import date_words
from sociable.domain.worktime.zones import day_begins
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person, Role

Source = Readiness.Source


class CannotBeReady(DomainError):
    """Somebody cannot be counted on for an account, and how that is mended."""


class DaysDoNotFit(DomainError):
    """A sign-off would end before it begins, or has ended already."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is said at a sign-off: from which day it holds, until which (none: until it is taken back), and a note."""

    from_on: date
    until_on: date | None = None
    note: str = ""


def sign_off(
    person: Person, account: Account, given: Given, *, by: Person | None, now: datetime, source: str = Source.SIGNED_OFF
) -> Readiness:
    """This function will sign somebody off for an account; where they are signed off already, what is given now replaces it.

    Shape:  `by` is None where a course completed signs off; the replaced row is kept as taken back, so that the past stays as it was
    Errors: NotAllowed; CannotBeReady; DaysDoNotFit
    """
    with transaction.atomic():
        account = _locked(account)
        if by is not None:
            permissions.check_can_plan(by, account.own_place)
        check_can_be_ready(person, account)
        zone = directory.zone_of(account)
        check_days(given, days.day_of(now, zone))
        held = Readiness.objects.filter(person=person, account=account, withdrawn_at=None).first()
        if held is not None:
            _withdraw(held, by, now)
        made = Readiness.objects.create(
            person=person,
            account=account,
            source=source,
            ready_from_at=day_begins(given.from_on, zone),
            expires_at=days.ends_at(given.until_on, zone) if given.until_on else None,
            note=given.note[:300],
            signed_at=now,
            signed_by=by,
        )
        _record("signed off again" if held else "signed off", made, by, now, said=_said(given))
    return made


def renew(readiness: Readiness, given: Given, *, by: Person, now: datetime) -> Readiness:
    """This function will sign somebody off anew without a gap: what still holds goes on from where it began.

    Shape:  one that has ended begins at the day given; the days between stay days on which they were not ready
    Errors: NotAllowed; CannotBeReady; DaysDoNotFit
    """
    zone = directory.zone_of(readiness.account)
    holds = readiness.expires_at is None or readiness.expires_at > now
    began_on = days.day_of(readiness.ready_from_at, zone)
    from_on = began_on if holds else given.from_on
    return sign_off(readiness.person, readiness.account, Given(from_on, given.until_on, given.note), by=by, now=now)


def take_back(readiness: Readiness, *, by: Person, now: datetime, reason: str = "") -> None:
    """This function will take a sign-off back: from now on they are not counted for the account.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_plan(by, _locked(readiness.account).own_place)
        if _withdraw(readiness, by, now):
            _record("took back the sign-off", readiness, by, now, reason=reason)


def check_can_be_ready(person: Person, account: Account) -> None:
    """This function will raise CannotBeReady where somebody cannot be counted on for an account, saying how that is mended.

    Errors: CannotBeReady
    """
    if account.answered_from is not None:
        other = account.answered_from.name
        raise CannotBeReady(f"{account.name} is answered from {other}. Sign {person.name} off for {other} instead.")
    if not person.is_active:
        raise CannotBeReady(f"{person.name} can no longer sign in. An administrator can let them in again.")
    if not permissions.can_answer(person, account.place):
        raise CannotBeReady(
            f"{person.name} may not answer for {account.name} yet. Have them given the role of answerer there first: "
            f"{who_gives_roles(account)}. Then sign them off here."
        )


def who_gives_roles(account: Account) -> str:
    """This function will say who can give a role at an account, by name."""
    there = Role.objects.filter(kind=Role.Kind.ADMINISTRATOR, partner=account.partner_id, person__is_active=True)
    named = sorted(
        {role.person.name for role in there.select_related("person") if not (role.service_id or role.account_id)}
    )
    return (
        f"{' or '.join(named)} can do that, under Settings, People and roles"
        if named
        else "an administrator can do that"
    )


def check_days(given: Given, today: date) -> None:
    """This function will raise DaysDoNotFit where a sign-off would be over before it begins, or already.

    Errors: DaysDoNotFit
    """
    if given.until_on is None:
        return
    if given.until_on < given.from_on:
        raise DaysDoNotFit(f"It would end on {date_words(given.until_on)}, before it begins.")
    if given.until_on < today:
        raise DaysDoNotFit(f"{date_words(given.until_on)} has passed. Choose a day to come, or leave it empty.")


def _locked(account: Account) -> Account:
    """The account as it stands; two sign-offs of one person for it at once are made one after the other."""
    Account.objects.select_for_update().get(pk=account.pk)
    return Account.objects.select_related("partner", "answered_from").get(pk=account.pk)


def _withdraw(readiness: Readiness, by: Person | None, now: datetime) -> int:
    standing = Readiness.objects.filter(pk=readiness.pk, withdrawn_at=None)
    return standing.update(withdrawn_at=now, withdrawn_by=by)


def _said(given: Given) -> dict[str, Any]:
    until = given.until_on.isoformat() if given.until_on else "until it is taken back"
    return {"from": given.from_on.isoformat(), "until": until, "note": given.note[:300]}


def _record(verb: str, readiness: Readiness, by: Person | None, now: datetime, **told: Any) -> None:
    account, said = readiness.account, told.pop("said", {})
    people.record(
        verb=verb,
        object_kind="person",
        object_id=readiness.person_id,
        partner_id=account.partner_id,
        now=now,
        person=by,
        after={"account": account.name, **said},
        **told,
    )
    live.publish(kind="cover", account_id=account.pk, conversation_id=None, now=now)
