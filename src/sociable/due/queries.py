"""Questions about due rows: when the next is, which are late, which were set aside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django.db.models import QuerySet

from sociable.asking.question import Given, Question
from sociable.due.models import DueRow


def next_at(kinds: Iterable[str] | None = None, before: datetime | None = None) -> datetime | None:
    """This function will say when the next row is to be offered; of some kinds and before an instant, where these are named."""
    first = _offered(None if kinds is None else tuple(kinds), before is not None).first(before=before)
    return first[0] if first else None


@lru_cache(maxsize=64)
def _offered(kinds: tuple[str, ...] | None, some: bool) -> Question[tuple[datetime]]:
    def words() -> QuerySet[DueRow, tuple[datetime]]:
        rows = DueRow.objects.filter(done_at=None, set_aside_at=None)
        if some:
            rows = rows.filter(next_at__lt=Given("before"))
        if kinds is not None:
            rows = rows.filter(kind__in=kinds)
        return rows.order_by("next_at").values_list("next_at")[:1]

    return Question(words)


def late(before: datetime) -> QuerySet[DueRow]:
    """This function will find rows that should have been taken up before an instant and nobody has in hand."""
    return DueRow.objects.filter(done_at=None, set_aside_at=None, due_at__lt=before, next_at__lt=before)


def set_aside() -> QuerySet[DueRow]:
    """This function will find rows that failed too often, for a person to look at."""
    return DueRow.objects.filter(done_at=None, set_aside_at__isnull=False).order_by("-set_aside_at")
