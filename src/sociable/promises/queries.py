"""Asks the open waits for the fair order, page by page, and for the counts beside the desk's views.

The order itself is decided in domain/ordering; this module only fetches the heads of each account's line and merges them.
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
from sociable.domain.ordering import Entry, rank, why
from sociable.domain.promise import YARDSTICK, share_used
from sociable.domain.worktime import Calendar
from sociable.people.models import Person
from sociable.promises.models import Wait

_LONG_AGO = timedelta(days=3650)
_SLACK = timedelta(minutes=1)
MOST_TERMS = 200


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the rank of its last row, at the instant for which the order was computed."""

    as_of: datetime
    need: int
    share: float
    started_at: datetime
    wait_id: int


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the queue: a wait, the share of its promise used, and why it stands here."""

    wait: Wait
    share: float
    reason: str
    others_of_person: int


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the queue in fair order, and the cursor of the next stretch if there is one."""

    places: list[Place]
    after: Cursor | None


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


def fair_page(line: Line, now: datetime, *, limit: int = 50, after: Cursor | None = None) -> Page:
    """This function will return a stretch of the fair order.

    Shape:  at most `limit` places; pass the page's cursor back for the next
    Source: mission M10; domain/ordering
    """
    as_of = after.as_of if after else now
    placed: list[tuple[Entry, int]] = []
    more = True
    while more and len(placed) <= limit:
        some = _ahead(line, as_of, now, limit + 1, after)
        others = _others(line, some, as_of, now)
        for entry in some:
            rivals = others.get(entry.contact_id, [])
            if not any(rival < rank(entry) for rival in rivals):  # else this person holds a place further up
                placed.append((entry, max(0, len(rivals) - 1)))
        more = len(some) > limit
        after = _cursor(some[-1], as_of) if some else None
    page = placed[:limit]
    return Page(_for_screens(line, page), _cursor(page[-1][0], as_of) if len(placed) > limit else None)


def _rank_of(cursor: Cursor) -> tuple[float, float, datetime, int]:
    return (-cursor.need, -cursor.share, cursor.started_at, cursor.wait_id)


def _cursor(last: Entry, as_of: datetime) -> Cursor:
    return Cursor(as_of, last.need, last.share, last.started_at, last.wait_id)


def share_of(wait: Wait, calendar: Calendar | None, as_of: datetime) -> float:
    """This function will say how much of its promise a wait has used; without a promise, how much of the yardstick."""
    return share_used(timedelta(seconds=wait.length_seconds), wait.ordered_at, calendar if wait.due_at else None, as_of)


def entry_of(wait: Wait, share: float) -> Entry:
    """This function will return a wait as the fair order sees it."""
    return Entry(wait.pk, wait.contact_id, wait.started_at, share, wait.due_at is not None, wait.need, wait.need_reason)


def _entries(rows: Iterable[tuple[Any, ...]], calendars: dict[int, Calendar | None], as_of: datetime) -> list[Entry]:
    """Rows of _COLUMNS as the fair order sees them: no model is made for the hundreds that are only compared."""
    entries = []
    for wait_id, account_id, contact_id, started_at, ordered_at, length_seconds, due_at, need, need_reason in rows:
        calendar = calendars[account_id] if due_at is not None else None
        share = share_used(timedelta(seconds=length_seconds), _instant(ordered_at), calendar, as_of)
        entries.append(Entry(wait_id, contact_id, _instant(started_at), share, due_at is not None, need, need_reason))
    return entries


def _instant(value: datetime) -> datetime:
    """SQLite hands times over without their zone, which is always UTC."""
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _ahead(line: Line, as_of: datetime, now: datetime, limit: int, after: Cursor | None) -> list[Entry]:
    """The first `limit` waits after the cursor: those moved ahead for need, then the merged heads of every account's line.

    A line is read further while what it has not shown yet could still stand among them.
    """
    lines = _lines(line, as_of, after)
    passed = _rank_of(after) if after else None
    needed = _entries(_needed(line, now), line.calendars, as_of) if after is None or after.need else []
    rows_a_line = max(12, 3 * limit // max(1, len(lines)))
    while True:
        entries, ends = list(needed), []
        for found in _heads(line, lines, now, rows_a_line):
            head = _entries(found, line.calendars, as_of)
            entries += head
            if len(head) == rows_a_line:
                ends.append(max(map(rank, head)))
        ahead = sorted((one for one in entries if passed is None or rank(one) > passed), key=rank)[:limit]
        if not ends or (len(ahead) == limit and rank(ahead[-1]) <= min(ends)):
            return ahead
        rows_a_line *= 4


def _lines(line: Line, as_of: datetime, after: Cursor | None) -> list[tuple[int, int, bool, datetime]]:
    """(account, length, whether a promise was made, first instant): within each, rank and due time fall together."""
    lines = []
    for account_id, length_seconds in line.groups:
        length = timedelta(seconds=length_seconds)
        for promised in (True, False) if length == YARDSTICK else (True,):
            # One that moved to an account without hours is counted by the clock: it must not fall out of the queue
            calendar = line.calendars[account_id] if promised else None
            lines.append((account_id, length_seconds, promised, _first_instant(calendar, length, as_of, after)))
    return lines


def _heads(
    line: Line, lines: Sequence[tuple[int, int, bool, datetime]], now: datetime, limit: int
) -> list[list[tuple[Any, ...]]]:
    """The first rows of each line, asked in as few statements as the database takes."""
    where, given = line.where(now)
    parts: list[tuple[str, list[Any]]] = []
    for account_id, length_seconds, promised, start in lines:
        head = _HEAD.format(where=where, promised="NOT NULL" if promised else "NULL")
        first = connection.ops.adapt_datetimefield_value(start)
        parts.append((head, [account_id, length_seconds, first, *given, limit]))
    rows = [row for few in _few_terms(parts) for row in _union(few)]
    heads: dict[tuple[int, int, bool], list[tuple[Any, ...]]] = {}
    for row in rows:
        heads.setdefault((row[1], row[5], row[6] is not None), []).append(row)
    return list(heads.values())


def _needed(line: Line, now: datetime) -> list[tuple[Any, ...]]:
    ids = list(line.by_id)
    if not ids:
        return []
    where, given = line.where(now)
    with connection.cursor() as cursor:
        cursor.execute(_NEEDED.format(ids=_marks(ids), where=where), [*ids, *given])
        return list(cursor.fetchall())


def _marks(values: Collection[Any]) -> str:
    return ",".join(["%s"] * len(values))


def _first_instant(calendar: Calendar | None, length: timedelta, as_of: datetime, after: Cursor | None) -> datetime:
    """An instant no later than where a wait of this length and the cursor's share would be due; ranks decide in the end."""
    if after is None or after.need:
        return as_of - _LONG_AGO
    left = length * (1 - after.share)
    if calendar is None:
        return as_of + left - _SLACK
    return (calendar.due(as_of, left) if left > timedelta() else _instant_before(calendar, as_of, -left)) - _SLACK


def _instant_before(calendar: Calendar, at: datetime, open_time: timedelta) -> datetime:
    """The instant from which that much open time had passed at `at`, to half a minute on the early side."""
    early, late = at - _LONG_AGO, at
    while late - early > timedelta(seconds=30):
        middle = early + (late - early) / 2
        if calendar.elapsed(middle, at) > open_time:
            early = middle
        else:
            late = middle
    return early


def _others(
    line: Line, some: Sequence[Entry], as_of: datetime, now: datetime
) -> dict[int, list[tuple[float, float, datetime, int]]]:
    """The ranks of all waits in this line of the people on this page, so that each holds one place."""
    if not some:
        return {}
    where, given = line.where(now)
    ids, people = list(line.by_id), list({entry.contact_id for entry in some})
    with connection.cursor() as cursor:
        cursor.execute(_OF_PEOPLE.format(ids=_marks(ids), people=_marks(people), where=where), [*ids, *people, *given])
        entries = _entries(cursor.fetchall(), line.calendars, as_of)
    ranks: dict[int, list[tuple[float, float, datetime, int]]] = {}
    for entry in entries:
        ranks.setdefault(entry.contact_id, []).append(rank(entry))
    return ranks


def _for_screens(line: Line, placed: list[tuple[Entry, int]]) -> list[Place]:
    """The places with what a row of the desk shows, in one query; the accounts are known already."""
    whole = Wait.objects.select_related("conversation__held_by", "contact").in_bulk(
        [entry.wait_id for entry, _ in placed]
    )
    for wait in whole.values():
        wait.account = wait.conversation.account = line.by_id[wait.account_id]
    return [
        Place(whole[entry.wait_id], entry.share, why(entry, behind), behind)
        for entry, behind in placed
        if entry.wait_id in whole
    ]


def count_open(line: Line, now: datetime, at_most: int = 1000) -> int:
    """This function will count the open waits of a line, stopping at `at_most`: no badge needs more."""
    if not line.by_id:
        return 0
    needed = (f"w.need > 0 AND w.account_id IN ({_marks(line.by_id)})", list(line.by_id))
    # By group, so that the index of open waits serves: asked by account alone, SQLite walks a million closed ones.
    grouped = [("w.need = 0 AND w.account_id = %s AND w.length_seconds = %s", list(group)) for group in line.groups]
    return _count(line, now, [*grouped, needed], at_most)


AT_RISK = 0.75  # the share of its promise from which a wait is in danger


def at_risk(line: Line, now: datetime, *, limit: int = 50, after: Cursor | None = None) -> Page:
    """This function will return the waits that have used three quarters of their promise or more, in fair order.

    They are the head of it, but for those moved ahead for need that have time left: they are passed over.
    """
    page = fair_page(line, now, limit=limit, after=after)
    in_danger = [place for place in page.places if place.share >= AT_RISK and place.wait.due_at is not None]
    last = page.places[-1] if page.places else None
    more = page.after if last and (last.wait.need or last.share >= AT_RISK) else None
    if more and not in_danger:
        return at_risk(line, now, limit=limit, after=more)
    return Page(in_danger, more)


def count_at_risk(line: Line, now: datetime, at_most: int = 1000) -> int:
    """This function will count the waits at risk, stopping at `at_most`."""
    ours = "w.need = 0 AND w.account_id = %s AND w.length_seconds = %s AND w.ordered_at <= %s AND w.due_at IS NOT NULL"
    parts: list[tuple[str, list[Any]]] = []
    for account_id, length in line.groups:
        calendar, left = line.calendars[account_id], timedelta(seconds=length) * (1 - AT_RISK)
        latest = calendar.due(now, left) if calendar is not None else now + left
        parts.append((ours, [account_id, length, connection.ops.adapt_datetimefield_value(latest)]))
    needed = _entries(_needed(line, now), line.calendars, now)
    in_danger = sum(entry.promised and entry.share >= AT_RISK for entry in needed)
    return min(at_most, in_danger + _count(line, now, parts, at_most))


def _count(line: Line, now: datetime, parts: Sequence[tuple[str, list[Any]]], at_most: int) -> int:
    """How many open waits of the line meet any of these conditions, which exclude each other."""
    where, given = line.where(now)
    # Each term with a limit of its own: else PostgreSQL plans for counting them all.
    term = f"SELECT * FROM (SELECT 1 FROM promises_wait w WHERE w.ended_at IS NULL AND {{ours}} AND {where} LIMIT %s) AS term"
    found = 0
    for few in _few_terms(parts):
        union = " UNION ALL ".join(term.format(ours=ours) for ours, _ in few)
        values = chain.from_iterable((*values, *given, at_most) for _, values in few)
        with connection.cursor() as cursor:
            counted = f"SELECT COUNT(*) FROM (SELECT * FROM ({union}) AS counted LIMIT %s) AS capped"
            cursor.execute(counted, [*values, at_most])
            found += int(cursor.fetchone()[0])
    return min(found, at_most)


def _few_terms(parts: Sequence[tuple[str, list[Any]]]) -> list[Sequence[tuple[str, list[Any]]]]:
    """SQLite takes 500 terms in one statement; three hundred accounts with two promises each have more."""
    return [parts[first : first + MOST_TERMS] for first in range(0, len(parts), MOST_TERMS)]


def _union(parts: Sequence[tuple[str, list[Any]]]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(sql for sql, _ in parts), list(chain.from_iterable(given for _, given in parts))
        )
        return list(cursor.fetchall())
