"""A statement is sent without Django's cursor where nobody listens, and what is always the same stands in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.signals import post_init
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from sociable.asking.keeping import Change, add
from sociable.asking.question import Given, Question
from sociable.asking.statement import with_constants
from sociable.due.models import DueRow
from tests.cast import MONDAY_10, at

pytestmark = pytest.mark.django_db
ODD = 'it\'s 100% of %s, "all"'
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is given constants by its client")


def row(key: str, kind: str = "a") -> DueRow:
    return DueRow(kind=kind, key=key, subject_id=1, data={}, due_at=MONDAY_10, next_at=MONDAY_10)


def of_odd_kind() -> QuerySet[DueRow]:
    return DueRow.objects.filter(kind=ODD, attempts=0, claim_id__gt=-1, key=Given("key"))


def test_what_is_always_the_same_is_understood_whatever_stands_in_it() -> None:
    add([row("one", ODD), row("two")])
    question = Question(of_odd_kind)
    assert [one.kind for one in question.all(key="one")] == [ODD]
    assert question.all(key="two") == []
    assert Change(of_odd_kind, last_error=ODD, claim_id=7).make(key="one") == 1
    assert list(DueRow.objects.filter(last_error=ODD, claim_id=7).values_list("key", flat=True)) == ["one"]


@on_sqlite
def test_only_what_is_given_each_time_is_given_to_sqlite() -> None:
    words = DueRow.objects.filter(kind="a", key=Given("key"), data=Given("data")).query
    sql, left = with_constants(*words.get_compiler(using="default").as_sql(), here=connection)
    assert {one.name for one in left} == {"key", "data"}
    assert sql.count("%s") == 2
    assert "'a'" in sql


@on_sqlite
def test_what_has_no_plain_words_is_given_like_any_value() -> None:
    assert with_constants("%s %s %s %s", ["a\0b", b"c", True, 2], here=connection) == (
        "%s %s 1 2", ["a\0b", b"c"],
    )  # fmt: skip


def test_what_the_database_refuses_is_said_as_django_says_it() -> None:
    add([row("one")])
    with pytest.raises(IntegrityError), transaction.atomic():
        add([row("one")])
    assert DueRow.objects.count() == 1


def test_nothing_is_asked_in_a_transaction_that_failed() -> None:
    add([row("one")])
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            add([row("one")])
        with pytest.raises(TransactionManagementError):
            Question(of_odd_kind).all(key="one")
        transaction.set_rollback(False)
        if connection.vendor == "postgresql":
            transaction.set_rollback(True)


def test_whoever_listens_hears_of_every_statement() -> None:
    with CaptureQueriesContext(connection) as heard:
        add([row("one", ODD)])
        Question(of_odd_kind).all(key="one")
        Change(of_odd_kind, claim_id=7).make(key="one")
    assert sum("due_duerow" in one["sql"] for one in heard.captured_queries) == 3
    told: list[str] = []

    def hear(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        told.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(hear):
        Question(of_odd_kind).all(key="one")
    assert len(told) == 1


def test_whoever_listens_for_objects_that_are_made_hears_of_them() -> None:
    add([row("one", ODD)])
    made: list[Any] = []

    def hear(instance: Any, **_: Any) -> None:
        made.append(instance.key)

    post_init.connect(hear, sender=DueRow)
    try:
        Question(of_odd_kind).all(key="one")
    finally:
        post_init.disconnect(hear, sender=DueRow)
    assert made == ["one"]


def test_instants_come_back_as_they_were_written() -> None:
    one = row("one", ODD)
    one.due_at, one.next_at = at(10, 4), at(10, 5).astimezone()
    add([one])
    (found,) = Question(of_odd_kind).all(key="one")
    assert (found.due_at, found.next_at, found.done_at) == (at(10, 4), at(10, 5), None)
    assert found.due_at.utcoffset() is not None
    assert DueRow.objects.get(due_at=at(10, 4)).key == "one"
