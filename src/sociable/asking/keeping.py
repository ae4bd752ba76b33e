"""Writes rows by statements that are worded once: new rows, changed columns, and what is changed, taken or removed again and again.

Django words each statement anew: a fifth of a millisecond and more for a new row; its `bulk_create` weighs each value as if it might
be an expression, and its `bulk_update` words a CASE for each row and column, which takes it a millisecond a row. The database takes far
less. No signals are sent, and nothing that hangs on a row is removed. PostgreSQL is given rows as one text of JSON, which it reads by
the types of the table: to write each value into the statement takes longer than all that the database does with them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, time
from functools import cache, cached_property
from itertools import chain
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.subqueries import DeleteQuery, UpdateQuery
from django.db.transaction import atomic, mark_for_rollback_on_error
from psycopg import Binary
from psycopg.types.json import Jsonb

from sociable.asking.question import Question, filled
from sociable.asking.statement import changed_by, instant, rows_of, with_constants

Row = TypeVar("Row", bound=models.Model)
_MOST_AT_ONCE = 100  # rows of one statement: a database takes only so many values at once


def add(rows: Iterable[Row]) -> list[Row]:
    """This function will write new rows of one table, give each its id, and return them.

    Shape:  plain columns as the objects have them: no expressions, and nothing that a column fills in by itself
    Errors: IntegrityError, as `save` would be refused
    """
    made = list(rows)
    here = connections[DEFAULT_DB_ALIAS]
    many = _MOST_AT_ONCE if here.vendor == "sqlite" else len(made) or 1
    with turn(here):  # all or none, also where the caller has no transaction
        for some in (made[first : first + many] for first in range(0, len(made), many)):
            _add(some, here)
    return made


def _add(rows: Sequence[models.Model], here: BaseDatabaseWrapper) -> None:
    sql, columns = _insert(type(rows[0]), len(rows) if here.vendor == "sqlite" else 0, here.vendor)
    values = [_values(row, columns, here) for row in rows]
    given = list(chain.from_iterable(values)) if here.vendor == "sqlite" else [_as_json(values, columns)]
    ids = sorted(rows_of(sql, given, here))
    for row, (pk,) in zip(rows, ids, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, here.alias  # noqa: SLF001 - as `bulk_create` does


@cache
def _insert(model: type[models.Model], rows: int, vendor: str) -> tuple[str, list[Any]]:
    meta: Any = model._meta
    columns = [column for column in meta.concrete_fields if not column.primary_key]
    quote = connection.ops.quote_name
    table, names = quote(meta.db_table), ", ".join(quote(column.column) for column in columns)
    one = f"({', '.join(['%s'] * len(columns))})"
    given = f"VALUES {', '.join([one] * rows)}" if vendor == "sqlite" else f"SELECT {names} FROM {_READ.format(table)}"
    return f"INSERT INTO {table} ({names}) {given} RETURNING {quote(meta.pk.column)}", columns


_READ = "json_populate_recordset(NULL::{}, %s::json)"


def _as_json(rows: Iterable[Sequence[Any]], columns: Sequence[Any]) -> str:
    names = [column.column for column in columns]
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=_plain)


def _plain(value: Any) -> Any:
    """What JSON has no word for, as PostgreSQL reads it from there."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Jsonb):
        return value.obj
    if isinstance(value, Binary):
        return f"\\x{bytes(value.obj).hex()}"
    raise TypeError(f"{type(value).__name__} has not been written as JSON yet")


def keep(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """This function will write some columns of rows of one table, each as its object has it.

    Shape:  plain columns, no expressions; call it inside the transaction that makes them true
    """
    if not rows:
        return
    here = connections[DEFAULT_DB_ALIAS]
    sql, columns = _update(type(rows[0]), tuple(fields), here.vendor)
    values = [_values(row, columns, here) for row in rows]
    with mark_for_rollback_on_error(using=here.alias):
        if here.vendor != "sqlite":
            changed_by(sql, [_as_json(values, columns)], here)
        elif len(values) == 1:
            changed_by(sql, values[0], here)
        else:
            with here.cursor() as cursor:
                cursor.executemany(sql, values)


@cache
def _update(model: type[models.Model], fields: tuple[str, ...], vendor: str) -> tuple[str, list[Any]]:
    """The statement, and its columns: the id is the last."""
    meta: Any = model._meta
    columns = [meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    table, pk = quote(meta.db_table), quote(meta.pk.column)
    value, which = ("%s", f"{pk} = %s") if vendor == "sqlite" else ("given.{}", f"{table}.{pk} = given.{pk}")
    names = [quote(column.column) for column in columns]
    assignments = ", ".join(f"{name} = {value.format(name)}" for name in names)
    given = "" if vendor == "sqlite" else f"FROM {_READ.format(table)} AS given "
    return f"UPDATE {table} SET {assignments} {given}WHERE {which}", [*columns, meta.pk]


def _values(row: models.Model, columns: Sequence[Any], here: BaseDatabaseWrapper) -> list[Any]:
    return [_value(column, getattr(row, column.attname), here) for column in columns]


# What a column holds that a database takes as it is, but for instants: Django asks four functions of each value.
_AS_IT_IS: dict[type, type] = {
    models.CharField: str, models.TextField: str, models.EmailField: str, models.BooleanField: bool,
    models.IntegerField: int, models.PositiveIntegerField: int, models.PositiveSmallIntegerField: int,
    models.ForeignKey: int, models.OneToOneField: int, models.DateTimeField: datetime,
}  # fmt: skip


def _value(column: Any, value: Any, here: BaseDatabaseWrapper) -> Any:
    as_it_is = _AS_IT_IS.get(type(column))
    if isinstance(value, datetime) and value.tzinfo is not None and as_it_is is datetime:
        return instant(value, here)
    if as_it_is not in (None, datetime) and (value is None or type(value) is as_it_is):
        return value
    return column.get_db_prep_save(value, here)


def turn(here: BaseDatabaseWrapper) -> AbstractContextManager[Any]:
    """This function will return what one statement that writes is made in, also where there is no transaction yet.

    Shape:  by a transaction writers of SQLite take turns; on PostgreSQL one statement is one, and to say so are two more ways there
    """
    if here.vendor == "postgresql" or here.in_atomic_block:
        return mark_for_rollback_on_error(using=here.alias)
    return atomic(savepoint=False)


class Change:
    """`update` of a queryset, worded once. Where a value goes stands `Given("its name")`, as in a Question."""

    def __init__(self, words: Callable[[], models.QuerySet[Any]], **columns: Any) -> None:
        self._words, self._columns = words, columns
        self._worded: dict[str, tuple[str, Sequence[Any]]] = {}

    def make(self, **given: Any) -> int:
        """This function will change the rows, and return how many they were."""
        here = connections[DEFAULT_DB_ALIAS]
        sql, values = self._wording(here)
        with turn(here):
            return changed_by(sql, filled(values, given, here), here)

    def _wording(self, here: BaseDatabaseWrapper) -> tuple[str, Sequence[Any]]:
        worded = self._worded.get(here.vendor)
        if worded is None:
            worded = self._worded[here.vendor] = with_constants(*self._word(), here=here)
        return worded

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


class Taking(Change, Generic[Row]):
    """`update` of the rows that a queryset finds, in one statement with the finding: in its order, so many, locked as it says."""

    def take(self, **given: Any) -> list[Row]:
        """This function will change the rows, and return them as they are then, in no order."""
        here = connections[DEFAULT_DB_ALIAS]
        sql, values = self._wording(here)
        with turn(here):
            rows = rows_of(sql, filled(values, given, here), here)
        worded: Any = self._whole.worded(here)
        return [worded.answer(row, here) for row in rows]

    @cached_property
    def _whole(self) -> Question[Row]:
        """What a whole row of the table is."""
        return Question(self._words().model._base_manager.all)

    def _word(self) -> tuple[str, tuple[Any, ...]]:
        rows = self._words()
        with atomic(savepoint=False):  # else Django words nothing that locks
            found, wanted = rows.values_list("pk").query.get_compiler(using=rows.db).as_sql()
        query = rows.model._base_manager.all().query.chain(UpdateQuery)
        query.add_update_values(self._columns)
        change, values = query.get_compiler(using=rows.db).as_sql()
        pk = connection.ops.quote_name(rows.model._meta.pk.column)
        columns = self._whole.worded(connections[rows.db]).columns
        # Found once, whatever else is asked: else more may be locked than the limit says.
        found = f"WITH found (pk) AS MATERIALIZED ({found})"
        return f"{found} {change} WHERE {pk} IN (SELECT found.pk FROM found) RETURNING {columns}", (*wanted, *values)
