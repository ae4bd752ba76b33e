"""A step before another does not wait for the disk by itself, and nothing else is changed by it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import connection, transaction

from sociable.asking.disk import atomic_with_the_next
from sociable.due.models import DueRow
from tests.cast import MONDAY_10
from tests.conftest import ON_POSTGRES

pytestmark = pytest.mark.django_db(transaction=True)


def write(key: str) -> None:
    DueRow.objects.create(kind="a", key=key, subject_id=1, due_at=MONDAY_10, next_at=MONDAY_10)


def waits() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return str(cursor.fetchone()[0])


def test_it_is_a_transaction() -> None:
    with suppress(ValueError), atomic_with_the_next():
        write("a")
        raise ValueError
    with atomic_with_the_next():
        write("b")
    assert [row.key for row in DueRow.objects.all()] == ["b"]


def test_inside_of_another_it_is_taken_back_alone() -> None:
    with transaction.atomic():
        write("a")
        with suppress(ValueError), atomic_with_the_next():
            write("b")
            raise ValueError
    assert [row.key for row in DueRow.objects.all()] == ["a"]


@pytest.mark.skipif(not ON_POSTGRES, reason="SQLite's way is tested beside its backend")
def test_postgresql_waits_for_all_but_the_step() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO ON")
    with atomic_with_the_next():
        assert waits() == "off"
    assert waits() == "on"
    with transaction.atomic(), atomic_with_the_next():
        assert waits() == "on"  # it would go for all of the other
    with suppress(ValueError), atomic_with_the_next():
        raise ValueError
    assert waits() == "on"
