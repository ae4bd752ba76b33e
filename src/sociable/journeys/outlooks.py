"""Works out again and again how likely each account's promise is kept, so that a list can show it without a simulation of its own.

How it is worked out is decided in foresee. One account after another, each a few times a day; an account's own page is always of now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from sociable.cover.outlook_models import Outlook
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys.foresee import Foreseen, every_with, foresee

KIND = "outlook"
EVERY = timedelta(hours=6)
APART = timedelta(seconds=20)  # so that hundreds are not all begun at once
EVENTS = 300_000
"""A fifth of what an account's own page plays: a fraction of a second, and a chance that is as good to a point in a hundred."""


def schedule_missing(now: datetime) -> int:
    """This function will see that every account that answers is worked out, and return how many had no row."""
    open_rows = DueRow.objects.filter(kind=KIND, done_at=None).values("subject_id")
    missing = Account.objects.filter(stage__in=directory.ANSWERING).exclude(pk__in=open_rows).order_by("pk")
    ids = list(missing.values_list("pk", flat=True))
    due.ask(due.Due(KIND, f"{KIND}:{pk}", pk, now + number * APART) for number, pk in enumerate(ids))
    return len(ids)


def look(row: DueRow, now: datetime) -> None:
    """This function will work out one account and keep what came of it, unless the account answers no more."""
    account = Account.objects.filter(pk=row.subject_id, stage__in=directory.ANSWERING).first()
    if account is None:
        with transaction.atomic():
            if due.close(row, now):
                Outlook.objects.filter(account=row.subject_id).delete()
        return
    found = foresee(account, every_with([account]), now, EVENTS)
    with transaction.atomic():
        if due.renew(row, now + EVERY):
            Outlook.objects.update_or_create(account=account, defaults=_kept(found, now))


def _kept(found: Foreseen, now: datetime) -> dict[str, object]:
    is_promised, first_on = found.together.chance is not None, found.expected.first_on
    return {
        "worked_out_at": now,
        "chance": found.together.chance.share if found.together.chance else None,
        "days": [
            {
                "on": (first_on + timedelta(days=number)).isoformat(),
                "chance": day.chance.share if is_promised and day.chance else None,
            }
            for number, day in enumerate(found.days)
        ],
    }
