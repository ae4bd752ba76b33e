"""A person has what was set aside done again: a due row that failed too often, or a message that could not be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.promises.models import Wait


def account_ids(rows: list[DueRow]) -> dict[int, int]:
    """This function will say to which account each due row belongs, with one query a kind.

    Shape:  due row id to account id; rows about no account (housekeeping) are left out
    """
    found: dict[int, int] = {}
    for kind in {row.kind for row in rows}:
        if kind not in _SUBJECTS:
            continue
        table, account = _SUBJECTS[kind]
        subjects = {row.subject_id for row in rows if row.kind == kind}
        by_subject = dict(table.objects.filter(pk__in=subjects).values_list("pk", account))
        found |= {
            row.pk: by_subject[row.subject_id] for row in rows if row.kind == kind and row.subject_id in by_subject
        }
    return found


# What the subject of each kind of due row is, and the way from it to its account.
_SUBJECTS: dict[str, tuple[Any, str]] = {
    "receive": (RawInbound, "account_id"),
    "warn": (Wait, "account_id"),
    "deliver": (Message, "conversation__account_id"),
    "resolve": (Message, "conversation__account_id"),
    "files": (Message, "conversation__account_id"),
    "blank": (Message, "conversation__account_id"),
    "fetch": (Connection, "account_id"),
    "tally": (Connection, "account_id"),
    "introduce": (Connection, "account_id"),
    "hold": (Conversation, "account_id"),
    "snooze": (Conversation, "account_id"),
}


def do(row: DueRow, account: Account, person: Person, now: datetime) -> None:
    """This function will offer a row that was set aside to the workers again, as if it had never failed.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_connect(person, account.place)
        due.ask([due.Due(row.kind, row.key, row.subject_id, now, row.data)])
        _record(account, f"did again: {row.key}"[:40], person, now, row.last_error)
        live.wake_workers()


def read(raw: RawInbound, person: Person, now: datetime) -> None:
    """This function will have a message that could not be read, read again: after an update that can, say.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_connect(person, raw.account.place)
        if RawInbound.objects.filter(pk=raw.pk, state=RawInbound.State.UNREADABLE).update(state=RawInbound.State.NEW):
            due.ask([due.Due("receive", f"receive:{raw.pk}", raw.pk, now, {"raw": [raw.pk]})])
            _record(raw.account, "had a message read again", person, now, raw.error)
            live.wake_workers()


def _record(account: Account, verb: str, person: Person, now: datetime, error: str) -> None:
    people.record(
        verb=verb,
        object_kind="account",
        object_id=account.pk,
        partner_id=account.partner_id,
        now=now,
        person=person,
        reason=error[:500],
    )
