"""A body states other hours or another promise, or where its days are counted; the open waits are set to what it then states.

Nothing is edited: a statement is a new version from a day on, and waits that have ended keep the version of their day.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from sociable.directory import queries as directory
from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.directory.queries import Stated
from sociable.domain.errors import DomainError
from sociable.domain.worktime import Calendar, StatedHours
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Partner, Person
from sociable.promises import services as promises
from sociable.promises.services import Moved


class InThePast(DomainError):
    """What was promised yesterday cannot be changed today."""


class AnsweredInCircles(DomainError):
    """An account would be answered from one that does not answer itself, or from another body's."""


def check_answered_from(account: Account) -> None:
    """This function will raise AnsweredInCircles where the account from which another is answered cannot be that.

    Errors: AnsweredInCircles
    """
    other = account.answered_from
    if other is None:
        return
    if other.pk == account.pk or other.partner_id != account.partner_id:
        raise AnsweredInCircles(
            "Choose another account of the same body: residents' conversations stay with the body they asked."
        )
    if other.answered_from_id is not None:
        raise AnsweredInCircles(f"{other.name} is itself answered from another account. Choose one that answers.")
    if Account.objects.filter(answered_from=account).exists():
        raise AnsweredInCircles("Other accounts are answered from this one, so it must answer itself.")


def check_not_past(account: Account, valid_from_on: date, now: datetime) -> None:
    """This function will raise InThePast where a statement would hold before today, by the account's own date.

    Errors: InThePast
    """
    today = now.astimezone(ZoneInfo(directory.zone_of(account))).date()
    if valid_from_on < today:
        raise InThePast(
            "Hours and promises hold from today or a later day: what was stated before was already relied on."
        )


def hours_would_move(account: Account, hours: StatedHours, valid_from_on: date) -> list[Moved]:
    """This function will say which open waits other hours from a day on would move; it writes nothing."""
    stated = (
        *(each for each in directory.stated_hours(account) if each[0] != valid_from_on),
        (valid_from_on, hours.notation),
    )
    calendar = directory.calendar_from(
        tuple(sorted(stated)), directory.division_of(account), directory.zone_of(account)
    )
    return promises.would_move(directory.judging(replace(directory.own_stated(account), calendar=calendar)))


def state_hours(
    *, account_id: int, hours: StatedHours, valid_from_on: date, person: Person, now: datetime, change_note: str = ""
) -> list[Moved]:
    """This function will state hours from a day on, set the open waits to them, and return those that moved.

    Errors: NotAllowed; InThePast
    """
    with transaction.atomic():
        account = _changing(account_id, person, valid_from_on, now)
        before = directory.calendar_of(account)
        version = HoursVersion.objects.create(
            account=account,
            valid_from_on=valid_from_on,
            notation=hours.notation,
            stated_at=now,
            stated_by=person,
            change_note=change_note[:300],
        )
        after = {"hours": version.notation, "valid_from_on": valid_from_on.isoformat()}
        was = {"hours": _in_force(before, now)}
        return _restate(account, "stated hours", person, now, before=was, after=after, reason=change_note)


def _in_force(calendar: Calendar | None, now: datetime) -> str:
    hours = calendar.plan.hours_on(now.astimezone(calendar.zone).date()) if calendar else None
    return hours.notation if hours else ""


def promise_would_move(account: Account, version: PromiseVersion) -> list[Moved]:
    """This function will say which open waits another promise would move; it writes nothing.

    Shape:  the version is not stored; it knows its form, its amounts and the day it holds from
    """
    own = directory.own_stated(account)
    return promises.would_move(directory.judging(replace(own, versions=_with(own, version))))


def _with(stated: Stated, version: PromiseVersion) -> tuple[PromiseVersion, ...]:
    """Of two from one day the later stated counts, so the new one goes behind those of its day."""
    return tuple(sorted((*stated.versions, version), key=lambda each: each.valid_from_on))


def state_promise(*, account_id: int, version: PromiseVersion, person: Person, now: datetime) -> list[Moved]:
    """This function will state a promise from a day on, set the open waits to it, and return those that moved.

    Errors: NotAllowed; InThePast
    """
    with transaction.atomic():
        account = _changing(account_id, person, version.valid_from_on, now)
        before = directory.promise_rule(directory.promise_on(directory.promise_versions(account), account, now))
        version.account, version.stated_at, version.stated_by = account, now, person
        version.save(force_insert=True)
        rule = directory.promise_rule(version)
        after = {"promise": rule.sentence() if rule else "", "valid_from_on": version.valid_from_on.isoformat()}
        was = {"promise": before.sentence() if before else ""}
        return _restate(account, "stated promise", person, now, before=was, after=after, reason=version.change_note)


def change_account(account: Account, *, changes: dict[str, Any], person: Person, now: datetime) -> list[Moved]:
    """This function will keep changed facts of an account; where its bank holidays or zone changed, its open waits follow.

    Shape:  `account` is the changed row, not yet saved; `changes` names what it was before
    Errors: NotAllowed; AnsweredInCircles
    """
    with transaction.atomic():
        permissions.check_can_change_account(person, account.place)
        check_answered_from(account)
        account.save()
        after = {name: _plain(getattr(account, name)) for name in changes}
        was = {name: _plain(value) for name, value in changes.items()}
        return _restate(account, "changed", person, now, before=was, after=after)


def add_account(account: Account, *, person: Person, now: datetime) -> Account:
    """This function will add an account; it has no promise until one is stated.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_change_account(person, account.place)
        account.save(force_insert=True)
        after = {"name": account.name, "stage": account.stage}
        people.record(**_what(account), verb="added", now=now, person=person, after=after)
    return account


def change_partner(partner: Partner, *, changes: dict[str, Any], person: Person, now: datetime) -> int:
    """This function will keep changed facts of a partner; the open waits of its accounts follow its bank holidays and zone.

    Shape:  as change_account; returns how many open waits moved
    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_manage_people(person, permissions.Place(partner.pk))
        partner.save()
        people.record(
            verb="changed",
            object_kind="partner",
            object_id=partner.pk,
            partner_id=partner.pk,
            now=now,
            person=person,
            before={name: _plain(was) for name, was in changes.items()},
            after={name: _plain(getattr(partner, name)) for name in changes},
        )
        return sum(len(_recompute(account, now)) for account in Account.objects.filter(partner=partner))


def _changing(account_id: int, person: Person, valid_from_on: date, now: datetime) -> Account:
    account = Account.objects.select_for_update(of=("self",)).select_related("partner").get(pk=account_id)
    permissions.check_can_change_account(person, account.place)
    check_not_past(account, valid_from_on, now)
    return account


def _restate(account: Account, verb: str, person: Person, now: datetime, **told: Any) -> list[Moved]:
    moved = _recompute(account, now)
    people.record(**_what(account), verb=verb, now=now, person=person, **told)
    return moved


def _recompute(account: Account, now: datetime) -> list[Moved]:
    stated = directory.stated(account.pk)
    moved = promises.would_move(stated)
    promises.recompute(stated)
    live.publish(kind="stated", account_id=account.pk, conversation_id=None, now=now)
    return moved


def _what(account: Account) -> dict[str, Any]:
    return {"object_kind": "account", "object_id": account.pk, "partner_id": account.partner_id}


def _plain(value: Any) -> Any:
    """A value as the trail keeps it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, (bool, int, str, type(None))) else str(value)
