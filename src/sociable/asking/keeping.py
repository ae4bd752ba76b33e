"""Keeps changed columns of many rows, and adds many rows, by statements of few words.

Django's `bulk_update` words a CASE for each row and column, which takes it a millisecond a row, and its `bulk_create` weighs each value
as if it might be an expression; the database takes far less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)
_MOST_AT_ONCE = 100  # rows of one statement: a database takes only so many values at once


def keep(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """This function will write some columns of rows of one table, each as its object has it.

    Shape:  plain columns, no expressions; call it inside the transaction that makes them true
    """
    if not rows:
        return
    meta: Any = rows[0]._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(column.column)} = %s" for column in columns)
    sql = f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(meta.pk.column)} = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, [[*_values(row, columns), row.pk] for row in rows])


def add(rows: Iterable[Row]) -> list[Row]:
    """This function will write new rows of one table, give each its id, and return them.

    Shape:  plain columns as the objects have them: no expressions, and nothing that a column fills in by itself
    """
    made = list(rows)
    if not made:
        return made
    meta: Any = made[0]._meta
    columns = [column for column in meta.concrete_fields if not column.primary_key]
    quote = connection.ops.quote_name
    into = f"{quote(meta.db_table)} ({', '.join(quote(column.column) for column in columns)})"
    one = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for some in (made[first : first + _MOST_AT_ONCE] for first in range(0, len(made), _MOST_AT_ONCE)):
            values = ", ".join([one] * len(some))
            given = list(chain.from_iterable(_values(row, columns) for row in some))
            cursor.execute(f"INSERT INTO {into} VALUES {values} RETURNING {quote(meta.pk.column)}", given)
            for row, (pk,) in zip(some, sorted(cursor.fetchall()), strict=True):
                row.pk = pk
                row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 - as `bulk_create` does
    return made


def _values(row: models.Model, columns: Sequence[Any]) -> list[Any]:
    return [column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns]
