"""Sends a statement that was worded before to the database, and writes values as it takes them.

SQLite is in this process: what Django puts around a cursor takes longer than a small question does, so that its backend, in
config/sqlite, leaves that out where nobody listens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_MARK = re.compile("(?<!%)%s")


def rows_of(sql: str, values: Sequence[Any], here: BaseDatabaseWrapper) -> list[Any]:
    """This function will send a statement, and return the rows that it found."""
    if here.vendor == "sqlite":
        return list(here.at_once(sql, values)[0])  # type: ignore[attr-defined]
    with here.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def changed_by(sql: str, values: Sequence[Any], here: BaseDatabaseWrapper) -> int:
    """This function will send a statement that finds nothing, and return how many rows it changed."""
    if here.vendor == "sqlite":
        return int(here.at_once(sql, values)[1])  # type: ignore[attr-defined]
    with here.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def instant(value: datetime, here: BaseDatabaseWrapper) -> Any:
    """This function will write an instant as a database takes it; SQLite is always given the words that Django would write."""
    if here.vendor == "sqlite":
        return str(value.astimezone(UTC).replace(tzinfo=None))
    return here.ops.adapt_datetimefield_value(value.astimezone(UTC))


def with_constants(sql: str, values: Sequence[Any], *, here: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    """This function will write into a statement for SQLite what is the same each time, and return it with the values that are left.

    Shape:  SQLite chooses an index that holds a part of a table by what it knows when it prepares a statement. A constant that is
            given like any value it learns too late, and prepares the statement anew each time, which takes longer than the answer
    """
    if here.vendor != "sqlite":
        return sql, list(values)
    first, *parts = _MARK.split(sql)
    told, left = [first], []
    for value, after in zip(values, parts, strict=True):
        constant = _constant(value)
        if constant is None:
            left.append(value)
        told += [constant or "%s", after]
    return "".join(told), left


def _constant(value: Any) -> str | None:
    """As it stands in a statement; None for what is given anew each time, and for what has no plain words."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and "\0" not in value:
        return "'{}'".format(str(value).replace("'", "''").replace("%", "%%"))
    return None
