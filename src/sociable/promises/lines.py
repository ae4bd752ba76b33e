"""Decides which open waits stand in a line, and asks the database for its heads, for those in need and for the waits of the same people.

Rows come as the fair order compares them; merging them into pages is left to queries, counting them to counting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any

from django.db import connection

from sociable.directory.models import Account
from sociable.directory.queries import judging_calendars
from sociable.domain.ordering import Entry, rank
from sociable.domain.promise import share_used
from sociable.domain.worktime import Calendar
from sociable.people.models import Person
from sociable.promises.models import Wait

MOST_TERMS = 200


@dataclass
class Line:
    """Which open waits are asked for: of these accounts, not put off; held by nobody, or by `holder`, or by `anyone`."""

    accounts: Sequence[Account]
    holder: Person | None = None
    anyone: bool = False

    def but(self, *, holder: Person | None = None, anyone: bool = False) -> Line:
        """This function will return the line of the same accounts for another holder; what they state is read once for both."""
        other = Line(self.accounts, holder, anyone)
        vars(other).update(calendars=self.calendars, groups=self.groups, by_id=self.by_id)
        return other

    @cached_property
    def by_id(self) -> dict[int, Account]:
        """The accounts by their id."""
        return {account.pk: account for account in self.accounts}

    @cached_property
    def calendars(self) -> dict[int, Calendar | None]:
        """The calendars of the accounts, by their id."""
        return judging_calendars(self.accounts)

    @cached_property
    def groups(self) -> list[tuple[int, int]]:
        """The (account id, promise length in seconds) in which somebody waits."""
        return groups(list(self.by_id))

    def where(self, now: datetime) -> tuple[str, list[Any]]:
        """This function will return the condition on a wait `w`, with its parameters.

        The conversation is asked for wait by wait: a join makes PostgreSQL plan each of many terms for long, and hash both
        tables with workers that take longer to start than a page takes to read.
        """
        at = connection.ops.adapt_datetimefield_value(now)
        sql = "c.state = 'open' AND (c.snoozed_until_at IS NULL OR c.snoozed_until_at <= %s)"
        given: list[Any] = [at]
        if not self.anyone:
            free = "c.held_by_id IS NULL OR c.held_until_at <= %s"
            given.append(at)
            if self.holder is not None:
                free += " OR c.held_by_id = %s"
                given.append(self.holder.pk)
            sql += f" AND ({free})"
        return f"(SELECT {sql} FROM conversations_conversation c WHERE c.id = w.conversation_id)", given


_COLUMNS = (
    "w.id, w.account_id, w.contact_id, w.started_at, w.ordered_at, w.length_seconds, w.due_at, w.need, w.need_reason"
)


_FROM = f"SELECT {_COLUMNS} FROM promises_wait w"
_HEAD = f"""
    SELECT * FROM (
        {_FROM} WHERE w.ended_at IS NULL AND w.need = 0 AND w.account_id = %s AND w.length_seconds = %s AND w.ordered_at >= %s
        AND w.due_at IS {{promised}} AND {{where}} ORDER BY w.ordered_at, w.started_at, w.id LIMIT %s
    ) AS head
"""


_NEEDED = f"""{_FROM} WHERE w.ended_at IS NULL AND w.need > 0 AND w.account_id IN ({{ids}}) AND {{where}}"""
_OF_PEOPLE = (
    f"{_FROM} WHERE w.ended_at IS NULL AND w.account_id IN ({{ids}}) AND w.contact_id IN ({{people}}) AND {{where}}"
)


# A loose scan: each account's distinct lengths cost one index probe apiece, however many waits there are.
_GROUPS = """
    WITH RECURSIVE groups(account_id, length) AS (
        SELECT a.id, (SELECT MIN(w.length_seconds) FROM promises_wait w WHERE w.account_id = a.id AND w.ended_at IS NULL AND w.need = 0)
        FROM directory_account a WHERE a.id IN ({ids})
        UNION ALL
        SELECT g.account_id, (SELECT MIN(w.length_seconds) FROM promises_wait w
            WHERE w.account_id = g.account_id AND w.ended_at IS NULL AND w.need = 0 AND w.length_seconds > g.length)
        FROM groups g WHERE g.length IS NOT NULL
    )
    SELECT account_id, length FROM groups WHERE length IS NOT NULL
"""


def groups(account_ids: Sequence[int]) -> list[tuple[int, int]]:
    """This function will list (account id, promise length in seconds): within each, the fair order is the order of due times."""
    if not account_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS.format(ids=",".join(["%s"] * len(account_ids))), list(account_ids))
        return list(cursor.fetchall())


def share_of(wait: Wait, calendar: Calendar | None, as_of: datetime) -> float:
    """This function will say how much of its promise a wait has used; without a promise, how much of the yardstick."""
    return share_used(timedelta(seconds=wait.length_seconds), wait.ordered_at, calendar if wait.due_at else None, as_of)


def entry_of(wait: Wait, share: float) -> Entry:
    """This function will return a wait as the fair order sees it."""
    return Entry(wait.pk, wait.contact_id, wait.started_at, share, wait.due_at is not None, wait.need, wait.need_reason)


def as_entries(rows: Iterable[tuple[Any, ...]], calendars: dict[int, Calendar | None], as_of: datetime) -> list[Entry]:
    """This function will return rows of _COLUMNS as the fair order sees them: no model is made for the hundreds that are only compared."""
    entries = []
    for wait_id, account_id, contact_id, started_at, ordered_at, length_seconds, due_at, need, need_reason in rows:
        calendar = calendars[account_id] if due_at is not None else None
        share = share_used(timedelta(seconds=length_seconds), _instant(ordered_at), calendar, as_of)
        entries.append(Entry(wait_id, contact_id, _instant(started_at), share, due_at is not None, need, need_reason))
    return entries


def _instant(value: datetime) -> datetime:
    """SQLite hands times over without their zone, which is always UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def head_rows(
    line: Line, lines: Sequence[tuple[int, int, bool, datetime]], now: datetime, limit: int
) -> list[list[tuple[Any, ...]]]:
    """This function will fetch the first rows of each line, asked in as few statements as the database takes."""
    where, given = line.where(now)
    parts: list[tuple[str, list[Any]]] = []
    for account_id, length_seconds, promised, start in lines:
        head = _HEAD.format(where=where, promised="NOT NULL" if promised else "NULL")
        first = connection.ops.adapt_datetimefield_value(start)
        parts.append((head, [account_id, length_seconds, first, *given, limit]))
    rows = [row for few in few_terms(parts) for row in _union(few)]
    heads: dict[tuple[int, int, bool], list[tuple[Any, ...]]] = {}
    for row in rows:
        heads.setdefault((row[1], row[5], row[6] is not None), []).append(row)
    return list(heads.values())


def needed_rows(line: Line, now: datetime) -> list[tuple[Any, ...]]:
    """This function will fetch the waits of a line that were moved ahead for need."""
    ids = list(line.by_id)
    if not ids:
        return []
    where, given = line.where(now)
    with connection.cursor() as cursor:
        cursor.execute(_NEEDED.format(ids=marks(ids), where=where), [*ids, *given])
        return list(cursor.fetchall())


def marks(values: Collection[Any]) -> str:
    """This function will write a mark for each value, as a statement takes them."""
    return ",".join(["%s"] * len(values))


def ranks_of_people(
    line: Line, some: Sequence[Entry], as_of: datetime, now: datetime
) -> dict[int, list[tuple[float, float, datetime, int]]]:
    """This function will rank all waits in this line of the people on this page, so that each holds one place."""
    if not some:
        return {}
    where, given = line.where(now)
    ids, people = list(line.by_id), list({entry.contact_id for entry in some})
    with connection.cursor() as cursor:
        cursor.execute(_OF_PEOPLE.format(ids=marks(ids), people=marks(people), where=where), [*ids, *people, *given])
        entries = as_entries(cursor.fetchall(), line.calendars, as_of)
    ranks: dict[int, list[tuple[float, float, datetime, int]]] = {}
    for entry in entries:
        ranks.setdefault(entry.contact_id, []).append(rank(entry))
    return ranks


def few_terms(parts: Sequence[tuple[str, list[Any]]]) -> list[Sequence[tuple[str, list[Any]]]]:
    """This function will part the terms of a statement: SQLite takes 500; three hundred accounts with two promises each have more."""
    return [parts[first : first + MOST_TERMS] for first in range(0, len(parts), MOST_TERMS)]


def _union(parts: Sequence[tuple[str, list[Any]]]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(sql for sql, _ in parts), list(chain.from_iterable(given for _, given in parts))
        )
        return list(cursor.fetchall())
