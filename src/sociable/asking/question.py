"""Keeps the SQL of a question that is asked again and again, with how its rows become objects.

What is asked is written where it belongs, as a queryset; here nothing is known of any table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init
from django.db.transaction import TransactionManagementError

from sociable.asking.statement import instant, rows_of, with_constants

Row = TypeVar("Row")
Answer = TypeVar("Answer")
Made = TypeVar("Made")
_Converter = tuple[int, list[Callable[[Any, Any, Any], Any]], Any]


class Given(Expression):
    """Stands in a question for what is given when it is asked."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Given]]:  # type: ignore[override]
        """Leave room for the value, and say in its place which it is."""
        return "%s", [self]


class Among(Func):
    """Stands in a question for "this field is one of these ids": of any number, given when it is asked."""

    output_field = BooleanField()

    def __init__(self, field: str, name: str) -> None:
        super().__init__(F(field), Given(name))

    def as_sqlite(self, compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """SQLite takes a list as JSON, so that the wording is one however many there are."""
        return self._worded(compiler, "{} IN (SELECT value FROM json_each({}))")

    def as_postgresql(self, compiler: Any, _connection: Any) -> tuple[str, list[Any]]:
        """PostgreSQL takes it as an array.

        Shape:  not as `IN (SELECT unnest(...))`: of that it may read the whole table, where it knows nothing of its size
        """
        return self._worded(compiler, "{} = ANY({}::bigint[])")

    def _worded(self, compiler: Any, sql: str) -> tuple[str, list[Any]]:
        (field, params), (ids, given) = (compiler.compile(one) for one in self.get_source_expressions())
        return sql.format(field, ids), [*params, *given]


class _Worded(Generic[Row]):
    """The SQL of one question for one kind of database, what it is given, and what its rows become."""

    def __init__(self, asked: QuerySet[Any, Row]) -> None:
        compiler = asked.query.get_compiler(using=asked.db)
        self.sql, self.given = with_constants(*compiler.as_sql(), here=compiler.connection)
        self.columns = ", ".join(sql for _, (sql, _), _ in compiler.select)
        self.locks = asked.query.select_for_update and connection.features.has_select_for_update
        chosen = [one[0] for one in compiler.select]
        self.converters: list[_Converter] = [
            (place, _quicker(converters, compiler.connection), column)
            for place, (converters, column) in compiler.get_converters(chosen).items()
        ]
        rows_alone = asked.query.values_select  # of `values_list`
        self.become: Callable[[list[Any]], Any] = (
            tuple if rows_alone else _objects(compiler.klass_info, chosen, asked.db)
        )

    def answer(self, row: Sequence[Any], here: BaseDatabaseWrapper) -> Row:
        values = list(row)
        for place, converters, column in self.converters:
            for convert in converters:
                values[place] = convert(values[place], column, here)
        return self.become(values)  # type: ignore[no-any-return]


def _quicker(converters: Sequence[Any], here: Any) -> list[Any]:
    """The same, but that SQLite's instants are not asked each time in what zone they are: it keeps them all in one."""
    usual = getattr(here.ops, "convert_datetimefield_value", None)
    return [_from_sqlite if one == usual and here.vendor == "sqlite" else one for one in converters]


def _from_sqlite(value: Any, column: Any, here: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    return here.ops.convert_datetimefield_value(value, column, here)


def _objects(info: Mapping[str, Any], chosen: Sequence[Any], alias: str) -> Callable[[list[Any]], Any]:
    """What makes an object of a row, and those that are joined to it: as Django's own iteration does."""
    places = info["select_fields"]
    own = slice(places[0], places[-1] + 1)
    names = [one.target.attname for one in chosen[own]]
    pk, make = places[0] + names.index(info["model"]._meta.pk.attname), _maker(info["model"], names, alias)
    joined = [
        (one["local_setter"], one["remote_setter"], _objects(one, chosen, alias))
        for one in info.get("related_klass_infos", ())
    ]

    def become(values: list[Any]) -> Any:
        if values[pk] is None:
            return None
        found = make(values[own])
        for set_here, set_there, become_other in joined:
            other = become_other(values)
            set_here(found, other)
            if other is not None:
                set_there(other, found)
        return found

    return become


def _maker(model: type[Model], names: Sequence[str], alias: str) -> Callable[[list[Any]], Any]:
    """What makes one object of its values, as `from_db` does; that takes several times as long, and is needed where somebody listens."""
    own_way = model.__init__ is not Model.__init__ or model.from_db.__func__ is not Model.from_db.__func__  # type: ignore[attr-defined]
    if own_way or pre_init.has_listeners(model) or post_init.has_listeners(model):
        return lambda values: model.from_db(alias, names, values)

    def make(values: list[Any]) -> Any:
        found = model.__new__(model)
        found._state = state = ModelState()  # noqa: SLF001 - as `from_db` does
        state.adding, state.db = False, alias
        found.__dict__.update(zip(names, values, strict=True))
        return found

    return make


class Question(Generic[Row]):
    """A queryset that is worded once for each kind of database. Where a value goes stands `Given("its name")`.

    Shape:  of rows, with what is joined to them, or of `values_list`; not of annotations or prefetches. Ids go in as a list,
            with `Among`. The wording takes Django from half a millisecond to two, several times what the database takes for a
            small question
    """

    def __init__(self, words: Callable[[], QuerySet[Any, Row]]) -> None:
        self._words = words
        self._worded: dict[str, _Worded[Row]] = {}

    def all(self, **given: Any) -> list[Row]:
        """This function will ask, and return what was found."""
        here = connections[DEFAULT_DB_ALIAS]  # Django looks the connection up anew each time it is named
        worded = self.worded(here)
        rows = rows_of(worded.sql, filled(worded.given, given, here), here)
        return [worded.answer(row, here) for row in rows]

    def first(self, **given: Any) -> Row | None:
        """This function will ask, and return the first that was found; a question for one says so itself."""
        return next(iter(self.all(**given)), None)

    def given(self, **given: Any) -> Asked[list[Row]]:
        """This function will make of the question, with what it is given, one to be asked `together` with others."""
        return Asked(self, given, list)

    def worded(self, here: BaseDatabaseWrapper) -> _Worded[Row]:
        """This function will return the wording for a kind of database.

        Errors: TransactionManagementError where it locks rows and there is no transaction
        """
        worded = self._worded.get(here.vendor)
        if worded is None:
            worded = self._worded[here.vendor] = _Worded(self._words())
        if worded.locks and here.get_autocommit():
            raise TransactionManagementError("A question that locks is asked inside a transaction.")
        return worded


@dataclass(frozen=True, slots=True)
class Asked(Generic[Answer]):
    """A question with all that it is given, and what is made of its rows."""

    question: Question[Any]
    given: Mapping[str, Any]
    become: Callable[[list[Any]], Answer]

    def into(self, become: Callable[[list[Any]], Made]) -> Asked[Made]:
        """This function will have something made of the rows: what the question's owner knows how to make."""
        return Asked(self.question, self.given, become)

    def answer(self) -> Answer:
        """This function will ask it by itself."""
        return self.become(self.question.all(**self.given))


def together(*asked: Asked[Any]) -> list[Any]:
    """This function will ask questions of which none needs another's answer, and return their answers in this order.

    Shape:  PostgreSQL is asked all in one message and answers one after another, as if they came one by one: each way to the
            server and back has a thread wait for its turn with Python. SQLite is in this process, and is asked one by one
    """
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor != "postgresql" or len(asked) < 2:
        return [one.answer() for one in asked]
    worded = [one.question.worded(here) for one in asked]
    values = [filled(wording.given, one.given, here) for wording, one in zip(worded, asked, strict=True)]
    with here.cursor() as cursor:
        cursor.execute(";\n".join(one.sql for one in worded), list(chain.from_iterable(values)))
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
    return [
        one.become([wording.answer(row, here) for row in rows])
        for one, wording, rows in zip(asked, worded, found, strict=True)
    ]


def filled(values: Sequence[Any], given: Mapping[str, Any], here: BaseDatabaseWrapper) -> list[Any]:
    """This function will put what is given where the wording left room."""
    return [_plain(given[one.name], here) if isinstance(one, Given) else one for one in values]


def _plain(value: Any, here: BaseDatabaseWrapper) -> Any:
    """As the database takes it."""
    if isinstance(value, datetime):
        return instant(value, here)
    if isinstance(value, list | tuple | range | Set):
        return json.dumps(list(value)) if here.vendor == "sqlite" else list(value)
    return value
