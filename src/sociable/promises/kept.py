"""Answers how an account kept its promise, and how long people waited, in a stretch of days.

An unanswered wait is late the moment its promise passes; closing without an answer is not an answer; what was no request, and
what was never promised, is neither kept nor late. Figures for whole reports belong to evidence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

import numpy as np
from django.db.models import Count, F, Q

from sociable.domain.worktime import Calendar
from sociable.promises.models import Wait, Waits

FEW = 10  # below this a percentage says more than is known
_Ended = Wait.Ended


@dataclass(frozen=True, slots=True)
class Kept:
    """How many waits were kept, late, still unanswered past their promise, or not due yet."""

    kept: int = 0
    late: int = 0
    closed: int = 0
    waiting_late: int = 0
    not_yet_due: int = 0

    @property
    def judged(self) -> int:
        """All whose promise was kept or passed."""
        return self.kept + self.late + self.closed + self.waiting_late

    @property
    def percent(self) -> int | None:
        """Whole per cent kept, rounded down so that 100 means all; None where too few were judged to say."""
        return None if self.judged < FEW else self.kept * 100 // self.judged


@dataclass(frozen=True, slots=True)
class Record:
    """One account's record: live waits, those from when it was learning, and how many came without a promise.

    `first` is how the promise of a first answer in chat was kept, beside the other; `first_learning` the same while learning.
    """

    live: Kept = field(default_factory=Kept)
    learning: Kept = field(default_factory=Kept)
    unpromised: int = 0
    first: Kept = field(default_factory=Kept)
    first_learning: Kept = field(default_factory=Kept)


def kept_since(account_ids: Iterable[int], since: datetime, now: datetime) -> dict[int, Record]:
    """This function will count how each account's promises that fell due since an instant were kept.

    Shape:  account id to record; whoever still waits past an older promise is counted too
    Source: the clock rules of the mission
    """
    ids = list(account_ids)
    waits = Wait.objects.filter(account_id__in=ids).exclude(ended__in=[_Ended.NOT_REQUEST, _Ended.JOINED])
    counted = _counted(waits, "due_at", since, now)
    first = _counted(waits.filter(waits_live=True), "first_answer_by_at", since, now)
    unpromised = (
        waits.filter(due_at=None, started_at__gte=since).order_by().values_list("account_id").annotate(Count("pk"))
    )
    without = dict(unpromised)
    nothing = Kept()
    return {
        pk: Record(
            live=counted.get((pk, False), nothing),
            learning=counted.get((pk, True), nothing),
            unpromised=without.get(pk, 0),
            first=first.get((pk, False), nothing),
            first_learning=first.get((pk, True), nothing),
        )
        for pk in ids
    }


def _counted(waits: Waits, by: str, since: datetime, now: datetime) -> dict[tuple[int, bool], Kept]:
    """By (account id, in learning), how the promise whose instant stands in the column `by` was kept."""
    in_question = waits.filter(Q(**{f"{by}__gte": since}) | Q(**{"ended_at": None, f"{by}__lt": since}))
    rows = (
        in_question.order_by()
        .values_list("account_id", "in_learning")
        .annotate(
            n_kept=Count("pk", filter=Q(ended=_Ended.ANSWERED, ended_at__lte=F(by))),
            n_late=Count("pk", filter=Q(ended=_Ended.ANSWERED, ended_at__gt=F(by))),
            n_closed=Count("pk", filter=Q(ended=_Ended.CLOSED)),
            n_waiting_late=Count("pk", filter=Q(**{"ended_at": None, f"{by}__lt": now})),
            n_not_yet_due=Count("pk", filter=Q(**{"ended_at": None, f"{by}__gte": now})),
        )
    )
    return {(account_id, in_learning): Kept(*numbers) for account_id, in_learning, *numbers in rows}


@dataclass(frozen=True, slots=True)
class Times:
    """The middle of how long people waited: by the clock and, where hours are stated, in open time."""

    number: int
    clock: timedelta
    open: timedelta | None


def times_since(
    account_id: int, calendar: Calendar | None, since: datetime, now: datetime, *, in_learning: bool = False
) -> Times | None:
    """This function will find how long the person in the middle waited; whoever still waits counts with the time so far.

    Waits that began while the account was learning are counted only where they are asked for, and then alone.

    Shape:  None where nobody asked
    """
    promised = Q(due_at__gte=since) | Q(due_at=None, started_at__gte=since) | Q(ended_at=None)
    waits = Wait.objects.filter(promised, account_id=account_id, in_learning=in_learning)
    waits = waits.filter(Q(ended=_Ended.ANSWERED) | Q(ended_at=None))
    spans = [(begun, min(ended or now, now)) for begun, ended in waits.values_list("started_at", "ended_at")]
    spans = [(begun, max(begun, ended)) for begun, ended in spans]
    if not spans:
        return None
    clock = timedelta(seconds=median((ended - begun).total_seconds() for begun, ended in spans))
    return Times(len(spans), clock, _middle_open(calendar, spans) if calendar else None)


def _middle_open(calendar: Calendar, spans: list[tuple[datetime, datetime]]) -> timedelta:
    starts, ends = (
        np.array([round(at.timestamp() * 1e6) for at in column], np.int64) for column in zip(*spans, strict=True)
    )
    return timedelta(microseconds=int(np.median(calendar.elapsed_many(starts, ends))))
