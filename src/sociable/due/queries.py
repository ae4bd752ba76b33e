"""Questions about due rows: when the next is, which are late, which were set aside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from sociable.due.models import DueRow


def next_at(kinds: Iterable[str] | None = None, before: datetime | None = None) -> datetime | None:
    """This function will say when the next row is to be offered; of some kinds and before an instant, where these are named."""
    rows = DueRow.objects.filter(done_at=None, set_aside_at=None)
    if before is not None:
        rows = rows.filter(next_at__lt=before)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    return rows.order_by("next_at").values_list("next_at", flat=True).first()


def late(before: datetime) -> QuerySet[DueRow]:
    """This function will find rows that should have been taken up before an instant and nobody has in hand."""
    return DueRow.objects.filter(done_at=None, set_aside_at=None, due_at__lt=before, next_at__lt=before)


def set_aside() -> QuerySet[DueRow]:
    """This function will find rows that failed too often, for a person to look at."""
    return DueRow.objects.filter(done_at=None, set_aside_at__isnull=False).order_by("-set_aside_at")
