"""A channel's limit is corrected for one account, or set back to what the network itself says; the trail tells who and why.

Which limit counts is decided in directory/limits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sociable.directory import limits
from sociable.directory.models import Account
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person


def correct(account: Account, name: str, value: int, *, source: str, person: Person, now: datetime) -> None:
    """This function will set a limit of an account, with where it is known from.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_connect(person, account.place)
        before = _value(account, name)
        limits.set_here(account, name, value, source=source, on=now.date(), person=person)
        _record("corrected a limit", account, name, before=before, person=person, now=now, reason=source)


def set_back(account: Account, name: str, *, person: Person, now: datetime) -> bool:
    """This function will let the network's own word count again; False where it did.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_connect(person, account.place)
        before = _value(account, name)
        if not limits.leave(account, name):
            return False
        _record("set a limit back", account, name, before=before, person=person, now=now)
    return True


def _value(account: Account, name: str) -> int | None:
    stands = limits.stands(account, name)
    return stands.value if stands else None


def _record(verb: str, account: Account, name: str, *, before: int | None, **known: Any) -> None:
    people.record(
        verb=verb,
        object_kind="account",
        object_id=account.pk,
        partner_id=account.partner_id,
        before={name: before},
        after={name: _value(account, name)},
        **known,
    )
