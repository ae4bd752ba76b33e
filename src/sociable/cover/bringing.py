"""Brings shifts from a file onto the rota as drafts: looked at first, with each row's trouble, then taken.

What the file says is read in rota_file. A shift is known by its uid, so that the same file again changes it and makes no second one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from sociable.cover import checking, queries, rota
from sociable.cover.around import Wanted
from sociable.cover.checking import Stale, Unwise
from sociable.cover.models import Shift
from sociable.cover.queries import people_rostered_by
from sociable.cover.rota_file import Row
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.errors import DomainError
from sociable.people.models import Person

_OURS = re.compile(r"shift-(\d{1,18})(?:@|$)")


@dataclass(frozen=True, slots=True)
class Found:
    """What one row comes to.

    Shape:  kind is new, changed, same, removed or refused; `words` say why it was refused; `concerns` what speaks against it
    """

    row: Row
    kind: str
    wanted: Wanted | None = None
    words: str = ""
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What the form says where a row does not: who works it, and what it covers."""

    person: Person | None = None
    accounts: tuple[Account, ...] = ()


class Trouble(DomainError):
    """A row means nobody, or nothing, that is known here."""


def look(rows: Sequence[Row], given: Given, *, by: Person, now: datetime) -> list[Found]:
    """This function will say what each row would come to, and leave nothing behind."""
    with transaction.atomic():
        found = take(rows, given, by=by, now=now, reason="-")
        transaction.set_rollback(True)
    return found


def take(rows: Sequence[Row], given: Given, *, by: Person, now: datetime, reason: str) -> list[Found]:
    """This function will make drafts of rows, and changes of those that are known; what is refused is left out and told.

    Shape:  `reason` is kept with the shifts that something speaks against
    """
    known = _Known(by, given)
    with transaction.atomic():
        return [_take(row, known, now, reason) for row in rows]


class _Known:
    """The people and accounts somebody plans, by what a file may call them."""

    def __init__(self, by: Person, given: Given) -> None:
        self.by, self.given = by, given
        people, accounts = list(people_rostered_by(by)), queries.accounts_planned_by(by)
        self.people: dict[str, list[Person]] = {}
        for person in people:
            for name in (person.email.lower(), person.name.lower()):
                self.people.setdefault(name, []).append(person)
        self.accounts = {name.lower(): account for account in accounts for name in (account.name, account.slug)}

    def person(self, row: Row) -> Person:
        """Errors: Trouble"""
        if not row.who and self.given.person is not None:
            return self.given.person
        found = self.people.get(row.who.lower(), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Trouble(f"Several people are called “{row.who}”. Give the email address.")
        raise Trouble(f"“{row.who}” is nobody whose rota you plan." if row.who else "It does not say who works it.")

    def named(self, row: Row) -> tuple[Account, ...]:
        """Errors: Trouble"""
        unknown = [name for name in row.accounts if name.lower() not in self.accounts]
        if unknown:
            raise Trouble(f"“{unknown[0]}” is no account that you plan.")
        found = tuple(dict.fromkeys(self.accounts[name.lower()] for name in row.accounts)) or self.given.accounts
        if not found:
            raise Trouble("It does not say what it covers.")
        return found


def _take(row: Row, known: _Known, now: datetime, reason: str) -> Found:
    if row.trouble:
        return Found(row, "refused", words=row.trouble)
    wanted = None
    try:
        wanted = _wanted(row, known)
        with transaction.atomic():
            return _do(row, wanted, known.by, now, reason)
    except DomainError as refusal:
        return Found(row, "refused", wanted, refusal.message)


def _wanted(row: Row, known: _Known) -> Wanted:
    person, accounts = known.person(row), known.named(row)
    zone = ZoneInfo(zone_of(accounts[0]))
    if row.starts is None or row.ends is None:
        raise Trouble("It says no beginning or no end.")
    begins_at, ends_at = (
        at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=zone).astimezone(UTC) for at in (row.starts, row.ends)
    )
    return Wanted(person, begins_at, ends_at, accounts, row.note)


def _uid(row: Row, wanted: Wanted) -> str:
    """A row without a uid is known by who begins when."""
    return row.uid or f"{wanted.person.email}|{wanted.starts_at.isoformat()}"


def _do(row: Row, wanted: Wanted, by: Person, now: datetime, reason: str) -> Found:
    there = _there(_uid(row, wanted), by)
    if row.is_cancelled:
        if there is None:
            return Found(row, "same", wanted, "It is cancelled, and is not here.")
        rota.remove(there, by=by, now=now)
        return Found(row, "removed", wanted)
    if there is not None and _is_same(there, wanted):
        return Found(row, "same", wanted)
    concerns = _speaks_against(wanted, there)
    if concerns and not reason.strip():
        raise Trouble(" ".join(concerns))
    why = reason if concerns else ""
    if there is not None:
        rota.change(there, wanted, by=by, now=now, reason=why)
        return Found(row, "changed", wanted, concerns=concerns)
    rota.make(wanted, by=by, now=now, reason=why, made_by=Shift.MadeBy.IMPORT, uid=_uid(row, wanted))
    return Found(row, "new", wanted, concerns=concerns)


def _speaks_against(wanted: Wanted, there: Shift | None) -> tuple[str, ...]:
    gone = [] if there is None else [there.pk, *([there.replaces_id] if there.replaces_id else [])]
    try:
        checking.check(wanted, "", gone)
    except Unwise as unwise:
        return tuple(each.words for each in unwise.concerns)
    return ()


def _there(uid: str, by: Person) -> Shift | None:
    """The shift with this uid: a draft before what it changes. One that somebody else plans is not touched.

    Errors: Trouble
    """
    ours = _OURS.match(uid)  # what we wrote out ourselves comes back under our own name for it
    named = Q(uid=uid) | (Q(pk=int(ours[1])) | Q(began_as=int(ours[1])) if ours else Q(pk__in=[]))
    rows = Shift.objects.filter(named).exclude(state=Shift.State.CANCELLED).select_related("person")
    found = sorted(rows, key=lambda shift: shift.state != Shift.State.DRAFT)
    planned = next((shift for shift in found if _plans(by, shift)), None)
    if planned is None and ours and found:
        raise Stale("A shift with this uid is somebody else's to plan.")
    return planned  # another body's file may call its shifts by the same numbers


def _plans(by: Person, shift: Shift) -> bool:
    try:
        checking.check_may_plan(by, checking.wanted_as(shift))
    except DomainError:
        return False
    return True


def _is_same(shift: Shift, wanted: Wanted) -> bool:
    accounts = set(shift.accounts.values_list("pk", flat=True))
    return (
        (shift.person_id, shift.starts_at, shift.ends_at) == (wanted.person.pk, wanted.starts_at, wanted.ends_at)
        and accounts == {account.pk for account in wanted.accounts}
        and not shift.only_removes
    )
