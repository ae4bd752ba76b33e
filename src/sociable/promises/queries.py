"""Asks the open waits for the fair order, page by page: the heads of each account's line, merged.

The order itself is decided in domain/ordering; which waits stand in a line, and what the database is asked, in lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sociable.domain.ordering import Entry, rank, why
from sociable.domain.promise import YARDSTICK
from sociable.domain.worktime import Calendar
from sociable.promises.lines import Line, as_entries, head_rows, needed_rows, ranks_of_people
from sociable.promises.models import Wait

_LONG_AGO = timedelta(days=3650)
_SLACK = timedelta(minutes=1)


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
        others = ranks_of_people(line, some, as_of, now)
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


def _ahead(line: Line, as_of: datetime, now: datetime, limit: int, after: Cursor | None) -> list[Entry]:
    """The first `limit` waits after the cursor: those moved ahead for need, then the merged heads of every account's line.

    A line is read further while what it has not shown yet could still stand among them.
    """
    lines = _lines(line, as_of, after)
    passed = _rank_of(after) if after else None
    needed = as_entries(needed_rows(line, now), line.calendars, as_of) if after is None or after.need else []
    rows_a_line = max(12, 3 * limit // max(1, len(lines)))
    while True:
        entries, ends = list(needed), []
        for found in head_rows(line, lines, now, rows_a_line):
            head = as_entries(found, line.calendars, as_of)
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
