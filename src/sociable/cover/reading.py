"""Reads the rows of cover into the columns from which the pure rules work out a board: always the same few questions.

What a board says, and to whom, is left to board.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Aggregate, BigIntegerField, Case, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from sociable.cover.models import Need, Readiness, Shift, TimeAway
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover.given import HALF_HOUR_US, Away, Given, Needed, OnRota, Ready, table
from sociable.domain.cover.reasons import as_us
from sociable.domain.cover.spans import Span, minus, within
from sociable.domain.worktime import Calendar
from sociable.people.models import Person

FOREVER_US = 2**60
KINDS = (
    TimeAway.Kind.LEAVE,
    TimeAway.Kind.SICKNESS,
    TimeAway.Kind.TRAINING,
    TimeAway.Kind.MEETING,
    TimeAway.Kind.OTHER,
)
# What finishes "Jen is …" for whoever may know why; of other kinds only that they are away.
AWAY_WORDS = {
    TimeAway.Kind.LEAVE: "on leave",
    TimeAway.Kind.SICKNESS: "off sick",
    TimeAway.Kind.TRAINING: "in training",
    TimeAway.Kind.MEETING: "in a meeting",
}
GONE = len(KINDS)  # somebody who left is away for good
MOST_NAMED = 500  # of more people all times away are read, which is quicker than naming them
Rows = list[tuple[int, ...]]


class Microseconds(Func):
    """An instant of a table as microseconds since 1970, which the database counts far quicker than Python."""

    output_field = BigIntegerField()
    template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) * 1000000 AS bigint)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps instants as text in UTC, with six digits after a point where they are not whole seconds."""
        template = "(unixepoch(%(expressions)s) * 1000000 + CAST(substr(%(expressions)s, 21, 6) AS INTEGER))"
        return super().as_sql(compiler, connection, template=template, **context)


class Listed(Aggregate):
    """Numbers of many rows as one text with commas: a hundred thousand rows come as a few hundred, and numpy reads them at once."""

    function = "STRING_AGG"
    output_field = TextField()
    template = "%(function)s(%(expressions)s, ',')"

    def __init__(self, *numbers: Any, **extra: Any) -> None:
        texts = [Cast(number, TextField()) for number in numbers]
        between = [part for text in texts for part in (Value(","), text)][1:]
        super().__init__(Concat(*between, output_field=TextField()), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same by its name in SQLite."""
        return super().as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def given(accounts: Sequence[Account], starts_at: datetime, ends_at: datetime, *, as_if_live: bool = False) -> Given:
    """This function will read all that the board of some accounts is worked out from, with six queries however many there are.

    Shape:  the accounts come with their partner; the window ends with the half hour in which `ends_at` lies; `as_if_live`
            counts as needed what accounts state that do not answer yet
    """
    starts_us = as_us(starts_at)
    slots = max(-(-(as_us(ends_at) - starts_us) // HALF_HOUR_US), 0)
    ends_at = starts_at + slots * timedelta(minutes=30)
    ids = sorted({account.pk for account in accounts})
    rota = _rota(ids, starts_at, ends_at)
    return Given(
        starts_us, slots, np.array(ids, dtype=np.int64),
        table(Needed, needed(accounts, starts_at, ends_at, as_if_live=as_if_live)),
        rota,
        table(Ready, _ready(ids, starts_at, ends_at)),
        table(Away, _away(set(rota.person.tolist()), starts_at, ends_at)),
    )  # fmt: skip


# -- What is needed --------------------------------------------------------------------------------------------------------


def answers(account: Account) -> bool:
    """This function will say whether an account needs people of its own: it is live or learning, and answered from no other."""
    return account.stage in directory.ANSWERING and directory.answering(account) is None


def needed(accounts: Sequence[Account], starts_at: datetime, ends_at: datetime, *, as_if_live: bool = False) -> Rows:
    """This function will list the stated hours of the accounts that answer, with one person where no need says another number.

    Shape:  (account id, from, until, people), half-open, microseconds since 1970
    """
    wanted = [account for account in accounts if as_if_live or answers(account)]
    calendars, needs = directory.calendars_of(wanted), _needs_of(wanted)
    known: dict[int, list[Span]] = {}  # accounts that state the same hours share a calendar
    rows: Rows = []
    for account in wanted:
        calendar = calendars[account.pk]
        if calendar is None:
            continue
        if id(calendar) not in known:
            known[id(calendar)] = _spans(calendar, starts_at, ends_at)
        for people, spans in _levels(known[id(calendar)], needs[account.pk], starts_at, ends_at).items():
            rows += [(account.pk, *span, people) for span in spans]
    return rows


def _needs_of(accounts: Iterable[Account]) -> dict[int, list[tuple[int, Calendar]]]:
    by_id = {account.pk: account for account in accounts}
    needs: dict[int, list[tuple[int, Calendar]]] = defaultdict(list)
    for need in Need.objects.filter(account__in=by_id).order_by("valid_from_on", "id"):
        account = by_id[need.account_id]
        calendar = directory.calendar_since(
            need.valid_from_on, need.notation, directory.division_of(account), directory.zone_of(account)
        )
        needs[account.pk].append((need.people, calendar))
    return needs


def _levels(
    stated: list[Span], needs: list[tuple[int, Calendar]], starts_at: datetime, ends_at: datetime
) -> dict[int, list[Span]]:
    """Of needs that speak of the same hour, the one that holds from the later day counts."""
    levels = {1: stated}
    for people, calendar in needs:
        meant = within(stated, _spans(calendar, starts_at, ends_at))
        levels = {number: minus(spans, meant) for number, spans in levels.items()}
        levels[people] = sorted([*levels.get(people, []), *meant])
    return {people: spans for people, spans in levels.items() if people}


def _spans(calendar: Calendar, starts_at: datetime, ends_at: datetime) -> list[Span]:
    return [(as_us(opens), as_us(closes)) for opens, closes in calendar.spans_between(starts_at, ends_at)]


# -- Who is there ----------------------------------------------------------------------------------------------------------


def _rota(accounts: list[int], starts_at: datetime, ends_at: datetime) -> OnRota:
    """What is published: a row for each account that a shift names."""
    named = Shift.accounts.through._base_manager.filter(
        account__in=accounts, shift__state=Shift.State.PUBLISHED,
        shift__starts_at__lt=ends_at, shift__ends_at__gt=starts_at,
    )  # fmt: skip
    listed = Listed("shift__person_id", Microseconds("shift__starts_at"), Microseconds("shift__ends_at"))
    by_account = list(named.order_by().values_list("account_id").annotate(rows=listed))
    numbers = [np.fromstring(text, dtype=np.int64, sep=",").reshape(-1, 3) for _, text in by_account]
    if not numbers:
        return table(OnRota, [])
    account = np.repeat(np.array([pk for pk, _ in by_account], dtype=np.int64), [len(rows) for rows in numbers])
    return OnRota(account, *(np.ascontiguousarray(column) for column in np.concatenate(numbers).T))


def _ready(accounts: list[int], starts_at: datetime, ends_at: datetime) -> Rows:
    standing = Readiness.objects.filter(
        account__in=accounts, withdrawn_at=None, ready_from_at__lt=ends_at, person__is_active=True
    ).exclude(expires_at__lte=starts_at)
    until = Coalesce(Microseconds("expires_at"), Value(FOREVER_US), output_field=BigIntegerField())
    return _rows(standing, "account_id", "person_id", Microseconds("ready_from_at"), until)


def _away(people: set[int], starts_at: datetime, ends_at: datetime) -> Rows:
    counted = TimeAway.objects.counted().touching(starts_at, ends_at)
    if len(people) <= MOST_NAMED:
        counted = counted.filter(person__in=people)
    kind = Case(
        *(When(kind=kind, then=Value(number)) for number, kind in enumerate(KINDS)), default=Value(len(KINDS) - 1)
    )
    rows = _rows(counted, "person_id", Microseconds("starts_at"), Microseconds("ends_at"), kind)
    gone = Person.objects.filter(is_active=False).values_list("pk", flat=True)
    return [*rows, *((person, 0, FOREVER_US, GONE) for person in gone if person in people)]


def _rows(rows: QuerySet[Any], *columns: Any) -> Rows:
    return list(rows.order_by().values_list(*columns))
