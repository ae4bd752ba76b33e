"""Questions about due rows: when the next is, which are late, which were set aside."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from sociable.due.models import DueRow


def next_at() -> datetime | None:
    """This function will say when the next row is to be offered."""
    return (
        DueRow.objects.filter(done_at=None, set_aside_at=None)
        .order_by("next_at")
        .values_list("next_at", flat=True)
        .first()
    )


def late(before: datetime) -> QuerySet[DueRow]:
    """This function will find rows that should have been taken up before an instant and nobody has in hand."""
    return DueRow.objects.filter(done_at=None, set_aside_at=None, due_at__lt=before, next_at__lt=before)


def set_aside() -> QuerySet[DueRow]:
    """This function will find rows that failed too often, for a person to look at."""
    return DueRow.objects.filter(done_at=None, set_aside_at__isnull=False).order_by("-set_aside_at")
