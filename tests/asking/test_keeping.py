"""What is kept together is what `save` of each would have kept, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sociable.asking.keeping import keep
from sociable.due.models import DueRow
from tests.cast import MONDAY_10

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> list[DueRow]:
    return [
        DueRow.objects.create(kind="warn", key=f"warn:{number}", subject_id=number, due_at=MONDAY_10, next_at=MONDAY_10)
        for number in range(3)
    ]


def test_each_row_keeps_its_own_and_others_keep_theirs(rows: list[DueRow]) -> None:
    first, second, other = rows
    first.data, first.done_at, first.last_error = {"a": [1, "é"]}, MONDAY_10, "it's %s"
    second.data, second.done_at = {}, None
    second.due_at, other.kind = MONDAY_10 + timedelta(days=1), "changed"
    keep([first, second], ["data", "done_at", "last_error", "due_at"])
    first.kind = "changed too"
    kept: list[Any] = list(DueRow.objects.order_by("pk"))
    assert [row.data for row in kept] == [{"a": [1, "é"]}, {}, {}]
    assert [row.done_at for row in kept] == [MONDAY_10, None, None]
    assert [row.due_at for row in kept] == [MONDAY_10, MONDAY_10 + timedelta(days=1), MONDAY_10]
    assert kept[0].last_error == "it's %s"
    assert {row.kind for row in kept} == {"warn"}


def test_nothing_to_keep_asks_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        keep([], ["data"])
