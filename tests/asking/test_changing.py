"""A change and a removal that are worded once do what `update` and `delete` would, to the same rows and no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, JSONField, Q, QuerySet, Value
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from sociable.asking.keeping import Change, Removal, Taking
from sociable.asking.question import Among, Given
from sociable.due.models import DueRow
from tests.cast import MONDAY_10

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows() -> list[DueRow]:
    return [
        DueRow.objects.create(kind="warn", key=f"warn:{number}", subject_id=number, due_at=MONDAY_10, next_at=MONDAY_10)
        for number in range(4)
    ]


def test_a_change_is_made_to_what_its_words_find_and_says_to_how_many() -> None:
    later = MONDAY_10 + timedelta(hours=1)
    change = Change(
        lambda: DueRow.objects.filter(Q(Among("subject_id", "subjects")) | Q(key=Given("key")), done_at=None),
        attempts=F("attempts") + 1,
        next_at=Given("at"),
        last_error="it's 100 %",
    )
    assert change.make(subjects=[0, 1], key="warn:3", at=later) == 3
    assert change.make(subjects=[0], key="", at=later) == 1
    found = list(DueRow.objects.order_by("pk").values_list("attempts", "next_at", "last_error"))
    once = (1, later, "it's 100 %")
    assert found == [(2, *once[1:]), once, (0, MONDAY_10, ""), once]


def test_what_is_removed_is_what_its_words_find() -> None:
    removal = Removal(lambda: DueRow.objects.filter(Among("subject_id", "subjects"), kind=Given("kind"), done_at=None))
    assert removal.make(kind="chain", subjects=[0, 1]) == 0
    assert removal.make(kind="warn", subjects=range(1, 3)) == 2
    assert sorted(DueRow.objects.values_list("subject_id", flat=True)) == [0, 3]


def test_a_change_that_is_refused_takes_its_transaction_with_it() -> None:
    change = Change(lambda: DueRow.objects.filter(key=Given("key")), key=Given("other"))
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            change.make(key="warn:0", other="warn:1")
        with pytest.raises(TransactionManagementError):
            DueRow.objects.exists()
        transaction.set_rollback(True)


def test_what_is_taken_is_changed_and_comes_back_as_it_is_then() -> None:
    def words() -> QuerySet[DueRow]:
        rows = DueRow.objects.filter(done_at=None, next_at__lte=Given("now"))
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        return rows.order_by("-subject_id")[:2]

    later = MONDAY_10 + timedelta(hours=1)
    taking = Taking[DueRow](
        words, attempts=F("attempts") + 1, next_at=Given("until"), data=Value({"a": [1]}, JSONField())
    )
    DueRow.objects.filter(subject_id=3).update(done_at=MONDAY_10)
    with CaptureQueriesContext(connection) as asked:
        taken = taking.take(now=MONDAY_10, until=later)
    assert len([query for query in asked.captured_queries if "UPDATE" in query["sql"]]) == 1
    assert sorted(row.subject_id for row in taken) == [1, 2]
    assert {(row.attempts, row.next_at, row.due_at) for row in taken} == {(1, later, MONDAY_10)}
    assert sorted(row.pk for row in taken) == sorted(DueRow.objects.filter(attempts=1).values_list("pk", flat=True))
    assert all(row.data == DueRow.objects.get(pk=row.pk).data == {"a": [1]} for row in taken)
    assert [row.subject_id for row in taking.take(now=MONDAY_10, until=later)] == [0]
    assert taking.take(now=MONDAY_10, until=later) == []


@pytest.mark.django_db(transaction=True)
def test_where_nobody_began_a_transaction_it_is_one_so_that_writers_take_turns() -> None:
    removal = Removal(lambda: DueRow.objects.filter(kind=Given("kind")))
    with CaptureQueriesContext(connection) as asked:
        removal.make(kind="warn")
    words = [query["sql"].split()[0] for query in asked.captured_queries]
    assert words == (["BEGIN", "DELETE", "COMMIT"] if connection.vendor == "sqlite" else ["DELETE"])
