"""Keeps changed columns of many rows, by a statement that is worded once and executed for each.

Django's `bulk_update` words a CASE for each row and column, which takes it a millisecond a row; the database, far less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models


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
        cursor.executemany(sql, [_values(row, columns) for row in rows])


def _values(row: models.Model, columns: Sequence[Any]) -> list[Any]:
    given = [column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns]
    return [*given, row.pk]
