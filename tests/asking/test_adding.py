"""Many rows are added by few statements, and each object learns the id of its own row."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.db import IntegrityError, connection, transaction

from sociable.alerts.models import Route
from sociable.asking.keeping import add
from sociable.conversations.models import RawInbound
from sociable.directory.models import PromiseVersion
from sociable.live.models import ChangeEvent
from sociable.promises.models import Warned
from tests.cast import MONDAY_10

pytestmark = pytest.mark.django_db


def events(number: int) -> list[ChangeEvent]:
    return [ChangeEvent(at=MONDAY_10, account_id=n, conversation_id=None, kind=f"k{n}") for n in range(number)]


def test_each_object_has_the_id_of_its_own_row_over_several_statements(django_assert_num_queries):
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 3):
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


def test_every_kind_of_column_is_kept_as_save_would(cast):
    """PostgreSQL is given rows as JSON, which has no word for instants, days, hours, bytes and lists in lists."""
    raw = RawInbound(
        account=cast.help,
        channel="email",
        size_bytes=5,
        remote_id="1",
        content=b"\x00\xff\\x41",
        recipients=["a", {"b": None}],
        fetched_at=MONDAY_10,
    )
    route = Route(
        person=cast.asha,
        kind="email",
        name="“It's” \\ 100 %s\n",
        added_at=MONDAY_10,
        quiet_from=time(22, 5),
        is_on=False,
    )
    promise = PromiseVersion(
        account=cast.help, valid_from_on=date(2030, 2, 28), form="open_time", minutes=7, stated_at=MONDAY_10
    )
    for one in (raw, route, promise):
        add([one])
        kept = type(one).objects.get(pk=one.pk)
        columns = [column.attname for column in type(one)._meta.concrete_fields]
        assert [plain(getattr(kept, name)) for name in columns] == [plain(getattr(one, name)) for name in columns]


def plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_what_the_table_forbids_is_refused(cast):
    wait = cast.ask(when=MONDAY_10).conversation.waits.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        add(Warned(wait=wait, kind="again", due_at=MONDAY_10, told_at=MONDAY_10) for _ in range(2))
