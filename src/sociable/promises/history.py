"""Answers what came in the past, by account, channel and half hour, and how long answers took those who wrote them.

What is to be expected from it is decided by domain/cover/forecast and domain/cover/handling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import BigIntegerField, Count, ExpressionWrapper, QuerySet

from sociable.cover.reading import Microseconds
from sociable.domain.cover.given import HALF_HOUR_US
from sociable.domain.cover.handling import LONGEST_MINUTES
from sociable.promises.models import Wait

NO_REQUESTS = (Wait.Ended.NOT_REQUEST, Wait.Ended.JOINED)


class Came(NamedTuple):
    """How many requests came to an account by one channel in one half hour, counted from 1970."""

    account: int
    channel: str
    half_hour: int
    requests: int


def arrivals(accounts: Collection[int], since: datetime, until: datetime) -> list[Came]:
    """This function will count the requests of some accounts; what was found to be none is left out.

    Shape:  half hours in which nothing came are not listed
    """
    half_hour = ExpressionWrapper(Microseconds("started_at") / HALF_HOUR_US, output_field=BigIntegerField())
    rows = (
        _requests(accounts)
        .filter(started_at__gte=since, started_at__lt=until)
        .annotate(half_hour=half_hour)
        .values("account_id", "began_with__channel", "half_hour")
        .order_by()
        .annotate(requests=Count("pk"))
    )
    return [Came(*row) for row in rows.values_list("account_id", "began_with__channel", "half_hour", "requests")]


def minutes_taken(accounts: Collection[int], since: datetime) -> dict[tuple[int, str], list[float]]:
    """This function will say how long answers took, by account and channel.

    Nobody notes when they begin to write. What is known for certain: somebody answered one request, and then another that had
    waited already when they were done with the first. The time between is how long the second took, with all that came in
    between; where it is longer than two hours, they did something else. First ones of a day, and answers to what came later
    than the answer before, say nothing and are left out.

    Shape:  (account id, channel) to minutes
    """
    taken: dict[tuple[int, str], list[float]] = defaultdict(list)
    for one in _measured(accounts, since):
        taken[one.account, one.channel].append(one.minutes)
    return dict(taken)


def people_measured(accounts: Collection[int], since: datetime) -> dict[int, set[int]]:
    """This function will say whose answers stand behind what was measured: account id to people by their ids.

    Source: no speed of a person is shown to anybody but them, so a mean of one or two is shown to nobody
    """
    people: dict[int, set[int]] = defaultdict(set)
    for one in _measured(accounts, since):
        people[one.account].add(one.by)
    return dict(people)


class _Measured(NamedTuple):
    account: int
    channel: str
    by: int
    minutes: float


def _measured(accounts: Collection[int], since: datetime) -> Iterator[_Measured]:
    rows = (
        _requests(accounts)
        .filter(ended=Wait.Ended.ANSWERED, ended_by__isnull=False, ended_at__gte=since)
        .order_by("ended_by_id", "ended_at", "pk")
        .values_list("ended_by_id", "ended_at", "started_at", "account_id", "began_with__channel")
    )
    before_by: int | None = None
    before_at: datetime | None = None
    for by, ended_at, started_at, account, channel in rows.iterator():
        if by == before_by and ended_at and before_at and started_at <= before_at:
            minutes = (ended_at - before_at) / timedelta(minutes=1)
            if 0 < minutes <= LONGEST_MINUTES:
                yield _Measured(account, channel, by, minutes)
        before_by, before_at = by, ended_at


def waiting_now(accounts: Collection[int]) -> QuerySet[Wait]:
    """This function will return the open waits of some accounts."""
    return Wait.objects.open().filter(account__in=accounts)


def _requests(accounts: Collection[int]) -> QuerySet[Wait]:
    return Wait.objects.filter(account__in=accounts).exclude(ended__in=NO_REQUESTS)
