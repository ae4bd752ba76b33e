"""A warning instant of a wait has come: re-compute it, note that it was told, and say so to open screens.

Who is told by which route is decided above; here each instant of each wait is told once, late or not, and never lost.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.directory import queries as directory
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live
from sociable.promises import services as promises
from sociable.promises.models import Wait, Warned


class Overtaken(Exception):
    """A later claim of the same row holds it: what this one did is taken back."""


def warn(row: DueRow, now: datetime) -> None:
    """This function will tell one warning instant of a wait, if it still stands."""
    with transaction.atomic():
        wait = _open_wait(row.subject_id)
        if wait is None:
            due.close(row, now)
            return
        kind = row.data["kind"]
        at = promises.instants_of(wait, directory.calendar_of((wait.promise or wait).account)).get(kind)
        if at is not None and at > now:  # the hours changed between
            due.renew(row, at)
            return
        if (
            at is not None and not Warned.objects.filter(wait=wait, kind=kind).exists()
        ):  # the lock on the wait keeps others out
            Warned.objects.create(wait=wait, kind=kind, due_at=at, told_at=now)
            live.publish(kind=f"warn:{kind}", account_id=wait.account_id, conversation_id=wait.conversation_id, now=now)
        if not due.close(row, now):
            raise Overtaken


def _open_wait(wait_id: int) -> Wait | None:
    """The wait with the account that judges it, locked; None where it has ended."""
    wanted = Wait.objects.open().select_related("account__partner", "promise__account__partner")
    return wanted.select_for_update(of=("self",)).filter(pk=wait_id).first()
