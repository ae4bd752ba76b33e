"""Somebody whose rota changed is told, once for all that changed together; what they have seen on their day is told no more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.alerts import news
from sociable.alerts.models import Notice
from sociable.alerts.words import Words
from sociable.cover import around
from sociable.cover.models import RotaChange
from sociable.domain.worktime.wording import and_words
from sociable.due import services as due
from sociable.due.models import DueRow

MOST_NAMED = 12


def tell(row: DueRow, now: datetime) -> None:
    """This function will have somebody told what changed on their rota since they were told last."""
    with transaction.atomic():
        untold = RotaChange.objects.filter(person=row.subject_id, told_at=None, seen_at=None, shift__ends_at__gt=now)
        changes = list(untold.select_for_update(of=("self",)).select_related("shift").order_by("pk"))
        if changes:
            ids = [one.pk for one in changes]
            first = min(one.shift.starts_at for one in changes)
            news.ask([row.subject_id], {"of": "rota", "changes": ids}, now, key=f"rota:{changes[-1].pk}", before=first)
            RotaChange.objects.filter(pk__in=ids).update(told_at=now)
        due.close(row, now)


def said(notice: Notice, now: datetime) -> Words | None:
    """This function will say what changed, as far as it is still ahead and not seen."""
    rows = RotaChange.objects.filter(pk__in=(notice.about or {})["changes"], seen_at=None, shift__ends_at__gt=now)
    changes = list(
        rows.select_related("shift__person").prefetch_related("shift__accounts").order_by("shift__starts_at", "pk")
    )
    if not changes:
        return None
    more = [f"- and {len(changes) - MOST_NAMED} more"] if len(changes) > MOST_NAMED else []
    number = f"{len(changes)} shifts" if len(changes) > 1 else "a shift"
    return Words(f"Your rota changed: {number}", "\n".join([*map(_line, changes[:MOST_NAMED]), *more]))


def _line(change: RotaChange) -> str:
    shift = change.shift
    when = around.when_words(shift)
    accounts = and_words([one.name for one in shift.accounts.all()] or ["no account"])
    words = f". “{change.words}”" if change.words else ""
    return f"- {change.get_what_display()}: {when}, {accounts}{words}"
