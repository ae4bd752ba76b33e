"""Who somebody is, asked of a network that named them by an id alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sociable.conversations.models import Contact, Identity
from sociable.due.models import DueRow
from tests.cast import Cast, at
from tests.journeys.on_meta import asked, connect, do, told
from tests.servers.graph import GraphNetwork
from tests.servers.standin import say

pytestmark = pytest.mark.django_db


def rows() -> int:
    return DueRow.objects.filter(kind="name", done_at=None).count()


@pytest.mark.parametrize(("kind", "handle"), [("facebook", ""), ("instagram", "@dev_patel")])
def test_the_name_comes_a_moment_after_the_words(cast: Cast, meta: GraphNetwork, kind: str, handle: str) -> None:
    connection = connect(cast.help, kind, meta)
    message = asked(connection, meta)
    assert Contact.objects.get().name == ""
    do("name", at(10))
    assert (Contact.objects.get().name, Identity.objects.get().handle, rows()) == ("Dev Patel", handle, 0)
    meta.writes(message.reply_ref["person"], "Hello?", "page" if kind == "facebook" else "instagram")
    told(connection, meta)
    assert rows() == 0


def test_whoever_is_named_already_is_not_asked_for(cast: Cast, meta: GraphNetwork) -> None:
    asked(connect(cast.help, "whatsapp", meta), meta)
    meta.comments_on(meta.person("Jo"), "My street")
    told(connect(cast.books, "facebook", meta), meta)
    assert rows() == 0


def test_who_is_not_told_is_answered_all_the_same(cast: Cast, meta: GraphNetwork) -> None:
    message = asked(connect(cast.help, "facebook", meta), meta)
    meta.secretive.add(message.from_address)
    do("name", at(10))
    assert (Contact.objects.get().name, rows()) == ("", 0)


def test_trouble_that_passes_is_waited_for_and_no_longer_than_a_name_is_worth(cast: Cast, meta: GraphNetwork) -> None:
    asked(connect(cast.help, "facebook", meta), meta)
    trouble = say(500, {"error": {"message": "Later", "type": "x", "code": 2, "fbtrace_id": "a"}})
    meta.server.fail(r"GET /v23.0/70\d+", trouble, times=2)
    now = at(10)
    for _ in range(3):
        do("name", now)
        now += timedelta(hours=1)
    assert (Contact.objects.get().name, rows()) == ("Dev Patel", 0)
    Contact.objects.update(name="")
    meta.server.fail(r"GET /v23.0/70\d+", trouble, times=99)
    meta.writes(Identity.objects.get().address, "Again", "page")
    told(cast.help.connection, meta)
    for _ in range(7):
        do("name", now)
        now += timedelta(hours=1)
    assert rows() == 0
