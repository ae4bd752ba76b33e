"""Counts the open waits of a line, and those at risk, as far as a badge of the desk needs.

Which waits stand in a line is decided by lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db import connection

from sociable.promises.lines import Line, as_entries, few_terms, marks, needed_rows
from sociable.promises.queries import AT_RISK


def count_open(line: Line, now: datetime, at_most: int = 1000) -> int:
    """This function will count the open waits of a line, stopping at `at_most`: no badge needs more."""
    if not line.by_id:
        return 0
    needed = (f"w.need > 0 AND w.account_id IN ({marks(line.by_id)})", list(line.by_id))
    # By group, so that the index of open waits serves: asked by account alone, SQLite walks a million closed ones.
    grouped = [("w.need = 0 AND w.account_id = %s AND w.length_seconds = %s", list(group)) for group in line.groups]
    return _count(line, now, [*grouped, needed], at_most)


def count_at_risk(line: Line, now: datetime, at_most: int = 1000) -> int:
    """This function will count the waits at risk, stopping at `at_most`."""
    ours = "w.need = 0 AND w.account_id = %s AND w.length_seconds = %s AND w.ordered_at <= %s AND w.due_at IS NOT NULL"
    parts: list[tuple[str, list[Any]]] = []
    for account_id, length in line.groups:
        calendar, left = line.calendars[account_id], timedelta(seconds=length) * (1 - AT_RISK)
        latest = calendar.due(now, left) if calendar is not None else now + left
        parts.append((ours, [account_id, length, connection.ops.adapt_datetimefield_value(latest)]))
    needed = as_entries(needed_rows(line, now), line.calendars, now)
    in_danger = sum(entry.promised and entry.share >= AT_RISK for entry in needed)
    return min(at_most, in_danger + _count(line, now, parts, at_most))


def _count(line: Line, now: datetime, parts: Sequence[tuple[str, list[Any]]], at_most: int) -> int:
    """How many open waits of the line meet any of these conditions, which exclude each other."""
    where, given = line.where(now)
    # Each term with a limit of its own: else PostgreSQL plans for counting them all.
    term = f"SELECT * FROM (SELECT 1 FROM promises_wait w WHERE w.ended_at IS NULL AND {{ours}} AND {where} LIMIT %s) AS term"
    found = 0
    for few in few_terms(parts):
        union = " UNION ALL ".join(term.format(ours=ours) for ours, _ in few)
        values = chain.from_iterable((*values, *given, at_most) for _, values in few)
        with connection.cursor() as cursor:
            counted = f"SELECT COUNT(*) FROM (SELECT * FROM ({union}) AS counted LIMIT %s) AS capped"
            cursor.execute(counted, [*values, at_most])
            found += int(cursor.fetchone()[0])
    return min(found, at_most)
