"""Many rows are added by few statements, and each object learns the id of its own row."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from sociable.asking.keeping import add
from sociable.live.models import ChangeEvent
from sociable.promises.models import Warned
from tests.cast import MONDAY_10

pytestmark = pytest.mark.django_db


def events(number: int) -> list[ChangeEvent]:
    return [ChangeEvent(at=MONDAY_10, account_id=n, conversation_id=None, kind=f"k{n}") for n in range(number)]


def test_each_object_has_the_id_of_its_own_row_over_several_statements(django_assert_num_queries):
    with django_assert_num_queries(3):
        made = add(events(250))
    kept = {row.pk: row for row in ChangeEvent.objects.all()}
    assert [kept[one.pk].kind for one in made] == [f"k{n}" for n in range(250)]
    assert all(kept[one.pk].at == MONDAY_10 and kept[one.pk].person_id is None for one in made)


def test_what_was_added_is_saved_as_any_other(django_assert_num_queries):
    (one,) = add(events(1))
    one.kind = "other"
    with django_assert_num_queries(1):  # it knows that it is there
        one.save()
    assert ChangeEvent.objects.get().kind == "other"


def test_nothing_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert add(iter([])) == []


def test_what_the_table_forbids_is_refused(cast):
    wait = cast.ask(when=MONDAY_10).conversation.waits.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        add(Warned(wait=wait, kind="again", due_at=MONDAY_10, told_at=MONDAY_10) for _ in range(2))
