"""Asks for things to be done, claims what is due, and closes or postpones it.

It decides how a row is leased, fenced, retried and set aside. What a kind does, and whether it is still to be done, is the journeys'.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, F, QuerySet, Value, When

from sociable.asking.disk import atomic_with_the_next
from sociable.asking.keeping import Change, Removal, Taking
from sociable.asking.question import Among, Asked, Given, Question
from sociable.asking.statement import changed_by, instant
from sociable.due.models import DueRow, Pace

# How long a row stays with a worker that gives no sign of life. A worker renews it while a handler is busy (see worker),
# so it outlasts every handler's own time-out, and what a killed worker had in hand is offered again after a minute.
LEASE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)
TRIES = 12  # with growing pauses: about three hours before a row is set aside and shown
OFFERED_AT_ONCE = 5  # what died with its worker more often may be what takes it down
NOBODY = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A thing to be done, before it is a row."""

    kind: str
    key: str
    subject_id: int
    due_at: datetime
    data: dict[str, Any] = field(default_factory=dict)


def ask(things: Iterable[Due]) -> None:
    """This function will make a due row for each thing; a thing asked for again moves to its new time and is open once more.

    Shape:  any number, on SQLite one statement for two hundred; call it inside the transaction that makes the thing true. Whoever
            has an older asking of it in hand can no longer close it.
    """
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor == "postgresql":
        _ask_as_json(list(things))
        return
    rows = [_row(thing, here) for thing in things]
    for some in (rows[first : first + _MOST_AT_ONCE] for first in range(0, len(rows), _MOST_AT_ONCE)):
        changed_by(_asking(len(some)), list(chain.from_iterable(some)), here)


@cache
def _asking(rows: int) -> str:
    return _ASK.format(rows=f"VALUES {', '.join([_ROW] * rows)}")


def _ask_as_json(things: Sequence[Due]) -> None:
    if things:
        rows = [
            {"kind": one.kind, "key": one.key, "subject_id": one.subject_id, "data": one.data, "due_at": one.due_at}
            for one in things
        ]
        with connection.cursor() as cursor:
            cursor.execute(_ASK.format(rows=_ROWS_OF_JSON), [json.dumps(rows, default=datetime.isoformat)])


_MOST_AT_ONCE = 200
_ROW = "(%s, %s, %s, %s, %s, %s, 0, 0, '', '', NULL, NULL)"
_ROWS_OF_JSON = """
    SELECT kind, key, subject_id, data, due_at, due_at, 0, 0, '', '', NULL, NULL
    FROM json_populate_recordset(NULL::due_duerow, %s)
"""
# In SQL, since every line and every letter asks, and Django takes four times as long to write this down as the database to do it.
_ASK = """
    INSERT INTO due_duerow
    (kind, key, subject_id, data, due_at, next_at, claim_id, attempts, pace, last_error, set_aside_at, done_at) {rows}
    ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at, next_at = excluded.next_at, data = excluded.data,
    claim_id = 0, attempts = 0, pace = '', last_error = '', set_aside_at = NULL, done_at = NULL
"""


def _row(thing: Due, here: BaseDatabaseWrapper) -> tuple[Any, ...]:
    at = instant(thing.due_at, here)
    data = DueRow._meta.get_field("data").get_db_prep_save(thing.data, here)
    return thing.kind, thing.key, thing.subject_id, data, at, at


def hasten(key: str, at: datetime) -> bool:
    """This function will bring an open row forward; one that is in hand comes again at once when it has been done.

    Shape:  False where no such row is open, or it was set aside
    """
    open_row = DueRow.objects.filter(key=key, done_at=None, set_aside_at=None)
    sooner = Case(When(claim_id=NOBODY, then=Value(at)), default=F("next_at"))
    return bool(open_row.update(due_at=at, next_at=sooner))


def withdraw(kind: str, subject_ids: Iterable[int]) -> int:
    """This function will remove the open rows of a kind for these subjects and return how many there were."""
    return _WITHDRAWN.make(kind=kind, subjects=list(subject_ids))


_WITHDRAWN = Removal(lambda: DueRow.objects.filter(Among("subject_id", "subjects"), kind=Given("kind"), done_at=None))


def claim(
    now: datetime,
    limit: int = 20,
    kinds: Iterable[str] | None = None,
    lease: timedelta = LEASE,
    paces: Iterable[str] | None = None,
    *,
    waits: bool = True,
) -> list[DueRow]:
    """This function will take the rows due at `now` for this worker alone, until the lease ends.

    Shape:  at most `limit` rows, earliest first, each with its attempt number raised; of some kinds and paces where named;
            not `waits`: it need not be on the disk before what follows is, for kinds of which nothing leaves without another write
    """
    wanted = None if kinds is None else tuple(kinds)
    if limit < 1 or wanted == ():
        return []
    due_rows = _due_rows(wanted, None if paces is None else tuple(paces), limit)
    with nullcontext() if waits else atomic_with_the_next():  # one statement is a transaction of its own
        taken = due_rows.take(now=now, claim=secrets.randbits(62) + 1, until=now + lease)
    return sorted(taken, key=lambda row: (row.due_at, row.pk))


@lru_cache(maxsize=512)  # lanes ask for the same kinds all day, with a few numbers of rows
def _due_rows(kinds: tuple[str, ...] | None, paces: tuple[str, ...] | None, limit: int) -> Taking[DueRow]:
    def words() -> QuerySet[DueRow]:
        rows = DueRow.objects.filter(done_at=None, set_aside_at=None, next_at__lte=Given("now"))
        if kinds is not None:
            rows = rows.filter(kind__in=kinds)
        if paces is not None:
            rows = rows.filter(pace__in=paces)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        return rows.order_by("next_at", "id")[:limit]

    return Taking(words, claim_id=Given("claim"), next_at=Given("until"), attempts=F("attempts") + 1)


def _ours(row: DueRow) -> QuerySet[DueRow]:
    """The row, as long as this claim holds it: a worker that lost it changes nothing."""
    return DueRow.objects.filter(pk=row.pk, claim_id=row.claim_id, done_at=None)


def holds(row: DueRow) -> bool:
    """This function will say whether this claim still holds the row."""
    return _ours(row).exists()


def held(rows: Iterable[DueRow]) -> list[DueRow]:
    """This function will lock those of these rows that their claims still hold, and return them; inside a transaction."""
    return still_held(rows).answer()


def still_held(rows: Iterable[DueRow]) -> Asked[list[DueRow]]:
    """This function will ask for those, so that it can be asked together with more."""
    given = {row.pk: row for row in rows}
    return _CLAIMS.given(rows=given.keys()).into(lambda claims: _held(given, dict(claims)))


def _held(rows: dict[int, DueRow], claims: dict[int, int]) -> list[DueRow]:
    return [row for row in rows.values() if claims.get(row.pk) == row.claim_id]


# Whether they are done is not asked: what is done is in nobody's hand. PostgreSQL that has not counted the table yet takes what
# is open for little, and would look through all of it to find a few by their ids.
_CLAIMS = Question(
    lambda: DueRow.objects.select_for_update().filter(Among("pk", "rows")).values_list("pk", "claim_id").order_by("pk")
)


def close_all(rows: Iterable[DueRow], now: datetime) -> None:
    """This function will mark rows done that `held` has locked."""
    if ids := [row.pk for row in rows]:
        _DONE.make(rows=ids, now=now)


_DONE = Change(lambda: DueRow.objects.filter(Among("pk", "rows")), done_at=Given("now"), claim_id=NOBODY, last_error="")


def give_back(rows: Iterable[DueRow], now: datetime) -> None:
    """This function will offer rows at once that `held` has locked, as if they had not been claimed: nothing of them was begun."""
    _GIVE_BACK.make(rows=[row.pk for row in rows], now=now)


_GIVE_BACK = Change(
    lambda: DueRow.objects.filter(Among("pk", "rows")),
    claim_id=NOBODY, next_at=Given("now"), attempts=F("attempts") - 1,
)  # fmt: skip


def extend(row: DueRow, now: datetime, lease: timedelta = LEASE, *, well: bool = False) -> bool:
    """This function will keep a row in hand for another lease, if this claim still holds it.

    Shape:  `well`: what it stands for goes well and goes on; how often it was begun is counted anew
    """
    return bool(_ours(row).update(next_at=now + lease, **({"attempts": 0} if well else {})))


def extend_all(rows: Iterable[DueRow], now: datetime, lease: timedelta = LEASE) -> int:
    """This function will keep rows in hand for another lease, as far as their claims still hold them, and return how many those were.

    Shape:  one statement, in a transaction, so that on SQLite it takes its turn among those who write
    """
    claims = {row.pk: row.claim_id for row in rows}
    ours = DueRow.objects.filter(pk__in=claims, claim_id__in=set(claims.values()), done_at=None)
    with transaction.atomic():
        return ours.update(next_at=now + lease) if claims else 0


def take_back(now: datetime) -> int:
    """This function will offer at once what a worker had in hand that is no more, and return how many rows that were.

    Shape:  only for a process that has the data to itself and has not begun to work. What was begun `OFFERED_AT_ONCE` times
            and never ended stays with its lease, so that a worker it takes down is not started in vain again and again
    """
    in_hand = DueRow.objects.filter(done_at=None, set_aside_at=None).exclude(claim_id=NOBODY)
    return in_hand.filter(attempts__lte=OFFERED_AT_ONCE).update(next_at=now, claim_id=NOBODY)


def close(row: DueRow, now: datetime) -> bool:
    """This function will mark the row done if this claim still holds it; False means a later claim took it over."""
    return bool(_ours(row).update(done_at=now, claim_id=NOBODY, last_error=""))


def renew(row: DueRow, due_at: datetime) -> bool:
    """This function will set a row that comes again (a fetch) to its next time, if this claim still holds it.

    Shape:  one that was hastened while in hand keeps the earlier time, so that what woke it is looked at
    """
    earlier = Case(When(due_at=row.due_at, then=Value(due_at)), default=F("due_at"))
    return bool(
        _ours(row).update(due_at=earlier, next_at=earlier, claim_id=NOBODY, attempts=0, pace=Pace.PROMPT, last_error="")
    )


def took_long(row: DueRow) -> None:
    """This function will note of a row that comes again that it went well and took long: next time it waits apart."""
    DueRow.objects.filter(pk=row.pk, done_at=None, pace=Pace.PROMPT).update(pace=Pace.SLOW)


def pause_before(attempt: int, longest: timedelta = LONGEST_PAUSE) -> timedelta:
    """This function will return the pause after a failed attempt: it doubles from four seconds, with a spread, up to the longest."""
    seconds = min(longest.total_seconds(), 2.0 * 2 ** min(attempt, 12))
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


def postpone(
    row: DueRow,
    now: datetime,
    error: str,
    *,
    tries: int | None = TRIES,
    longest: timedelta = LONGEST_PAUSE,
    until: datetime | None = None,
) -> bool:
    """This function will offer the row again after a growing pause, or set it aside after `tries`; True if it was set aside.

    Shape:  `tries` None never gives up; `until` is given where it is known when it can be tried again
    """
    aside = tries is not None and row.attempts >= tries
    _ours(row).update(
        next_at=until or now + pause_before(row.attempts, longest),
        claim_id=NOBODY,
        pace=Pace.FAILED,
        attempts=row.attempts if tries is not None else min(row.attempts, TRIES),  # beyond, it would look like a killer
        last_error=error[:2000],
        set_aside_at=now if aside else None,
    )
    return aside


def prune(before: datetime) -> int:
    """This function will delete rows done before an instant and return how many."""
    return DueRow.objects.filter(done_at__lt=before).delete()[0]
