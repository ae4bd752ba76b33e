"""Warning instants of waits have come: re-compute each, note that it was told, begin its chain, and say so to open screens.

Who is told by which route is decided in alerts; here each instant of each wait is told once, late or not, and never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sociable.alerts.services import Came
from sociable.asking.disk import atomic_with_the_next
from sociable.asking.keeping import add
from sociable.asking.question import Among, Question, together
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.worktime import Calendar
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert
from sociable.promises import services as promises
from sociable.promises.models import Wait, Warned


class Overtaken(Exception):
    """A later claim of the same row holds it: what this one did is taken back."""


def warn(row: DueRow, now: datetime) -> None:
    """This function will tell one warning instant of a wait, if it still stands.

    Errors: Overtaken
    """
    if not warn_all([row], now) and DueRow.objects.filter(key=row.key, due_at__lte=now).exists():
        raise Overtaken


def warn_all(rows: Sequence[DueRow], now: datetime) -> int:
    """This function will tell the warning instants of many waits in one transaction, and return how many rows were still ours.

    Shape:  all rows of one claim; one that another claim holds meanwhile is left to it
    """
    # What a power cut takes back of it is told on screens again; no notice leaves before a later transaction is on the disk.
    with atomic_with_the_next():
        subjects = {row.subject_id for row in rows}
        found, ours, told = together(
            _WAITS.given(waits=subjects),  # their lock first, as whoever re-computes a wait takes it
            due.still_held(rows),
            _TOLD.given(waits=subjects).into(set),
        )
        waits = {wait.pk: wait for wait in found if wait.is_open}
        calendars = _read_accounts(waits.values())
        came, done = [], []
        for row in ours:
            wait, kind = waits.get(row.subject_id), row.data["kind"]
            at = promises.instants_of(wait, calendars[(wait.promise or wait).account_id]).get(kind) if wait else None
            if wait is not None and at is not None and at > now:  # the hours changed between
                due.renew(row, at)
                continue
            if wait is not None and at is not None and (wait.pk, kind) not in told:
                told.add((wait.pk, kind))
                came.append(Came(wait, kind, at))
            done.append(row)
        _tell(came, now)
        due.close_all(done, now)
    return len(ours)


def _tell(came: Sequence[Came], now: datetime) -> None:
    add(Warned(wait=one.wait, kind=one.kind, due_at=one.due_at, told_at=now) for one in came)
    alert.begin(came, now)


def _read_accounts(waits: Iterable[Wait]) -> dict[int, Calendar | None]:
    """Give waits their accounts, and those that judge them, and return the calendars of all."""
    judged = [one for wait in waits for one in (wait, wait.promise) if one is not None]
    ids = {one.account_id for one in judged}
    accounts, hours = together(_ACCOUNTS.given(accounts=ids), directory.hours_of_many(ids))
    known = {account.pk: account for account in accounts}
    for one in judged:  # many waits, few accounts: each is read once
        one.account = known[one.account_id]
    return directory.calendars_by(accounts, hours)


# Each with who has it in hand. Whether it is open is seen afterwards: asked for what is open, PostgreSQL that has not counted the
# table yet looks through all of that to find a few by their ids.
_WAITS = Question(
    lambda: (
        Wait.objects.select_related("promise", "conversation__held_by")
        .select_for_update(of=("self",))
        .filter(Among("pk", "waits"))
        .order_by("pk")
    )
)
_ACCOUNTS = Question(
    lambda: (
        Account.objects.select_related("partner", "answered_from__partner").filter(Among("pk", "accounts")).order_by()
    )
)
_TOLD = Question(lambda: Warned.objects.filter(Among("wait", "waits")).values_list("wait_id", "kind").order_by())
