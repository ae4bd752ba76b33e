"""Writes rows by statements that are worded once: new rows, changed columns, and what is changed or removed again and again.

Django words each statement anew: a fifth of a millisecond and more for a new row; its `bulk_create` weighs each value as if it might
be an expression, and its `bulk_update` words a CASE for each row and column, which takes it a millisecond a row. The database takes far
less. No signals are sent, and nothing that hangs on a row is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.subqueries import DeleteQuery, UpdateQuery
from django.db.transaction import atomic, mark_for_rollback_on_error

from sociable.asking.question import filled

Row = TypeVar("Row", bound=models.Model)
_MOST_AT_ONCE = 100  # rows of one statement: a database takes only so many values at once


def add(rows: Iterable[Row]) -> list[Row]:
    """This function will write new rows of one table, give each its id, and return them.

    Shape:  plain columns as the objects have them: no expressions, and nothing that a column fills in by itself
    Errors: IntegrityError, as `save` would be refused
    """
    made = list(rows)
    here = connections[DEFAULT_DB_ALIAS]
    with atomic(savepoint=False):  # all or none, also where the caller has no transaction
        for some in (made[first : first + _MOST_AT_ONCE] for first in range(0, len(made), _MOST_AT_ONCE)):
            sql, columns = _insert(type(some[0]), len(some), here.vendor)
            values = list(chain.from_iterable(_values(row, columns, here) for row in some))
            with here.cursor() as cursor:
                cursor.execute(sql, values)
                ids = sorted(cursor.fetchall())
            for row, (pk,) in zip(some, ids, strict=True):
                row.pk = pk
                row._state.adding, row._state.db = False, here.alias  # noqa: SLF001 - as `bulk_create` does
    return made


@cache
def _insert(model: type[models.Model], rows: int, _vendor: str) -> tuple[str, list[Any]]:
    meta: Any = model._meta
    columns = [column for column in meta.concrete_fields if not column.primary_key]
    quote = connection.ops.quote_name
    into = f"{quote(meta.db_table)} ({', '.join(quote(column.column) for column in columns)})"
    one = f"({', '.join(['%s'] * len(columns))})"
    return f"INSERT INTO {into} VALUES {', '.join([one] * rows)} RETURNING {quote(meta.pk.column)}", columns


def keep(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """This function will write some columns of rows of one table, each as its object has it.

    Shape:  plain columns, no expressions; call it inside the transaction that makes them true
    """
    if not rows:
        return
    here = connections[DEFAULT_DB_ALIAS]
    sql, columns = _update(type(rows[0]), tuple(fields), here.vendor)
    with mark_for_rollback_on_error(using=here.alias), here.cursor() as cursor:
        cursor.executemany(sql, [[*_values(row, columns, here), row.pk] for row in rows])


@cache
def _update(model: type[models.Model], fields: tuple[str, ...], _vendor: str) -> tuple[str, list[Any]]:
    meta: Any = model._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(column.column)} = %s" for column in columns)
    return f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(meta.pk.column)} = %s", columns


def _values(row: models.Model, columns: Sequence[Any], here: BaseDatabaseWrapper) -> list[Any]:
    return [column.get_db_prep_save(getattr(row, column.attname), here) for column in columns]


class Change:
    """`update` of a queryset, worded once. Where a value goes stands `Given("its name")`, as in a Question."""

    def __init__(self, words: Callable[[], models.QuerySet[Any]], **columns: Any) -> None:
        self._words, self._columns = words, columns
        self._worded: dict[str, tuple[str, tuple[Any, ...]]] = {}

    def make(self, **given: Any) -> int:
        """This function will change the rows, and return how many they were."""
        here = connections[DEFAULT_DB_ALIAS]
        worded = self._worded.get(here.vendor)
        if worded is None:
            worded = self._worded[here.vendor] = self._word()
        sql, values = worded
        with (
            atomic(savepoint=False),
            here.cursor() as cursor,
        ):  # where there is no transaction yet, writers of SQLite take turns by it
            cursor.execute(sql, filled(values, given, here))
            return int(cursor.rowcount)

    def _word(self) -> tuple[str, tuple[Any, ...]]:
        rows = self._words()
        query = rows.query.chain(UpdateQuery)
        query.add_update_values(self._columns)  # type: ignore[attr-defined]
        return query.get_compiler(using=rows.db).as_sql()  # type: ignore[no-any-return]


class Removal(Change):
    """`delete` of a queryset of rows on which nothing hangs, worded once."""

    def _word(self) -> tuple[str, tuple[Any, ...]]:
        rows = self._words()
        return rows.query.chain(DeleteQuery).get_compiler(using=rows.db).as_sql()  # type: ignore[no-any-return]
