"""Until when somebody can be answered: kept by what they last wrote in private, said in time, and held at the composer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.urls import reverse

from sociable.conversations.models import Message, Outgoing, ReplyWindow
from sociable.due.models import DueRow
from sociable.journeys import answer, join, ways
from sociable.live.models import ChangeEvent
from tests.cast import Cast, at
from tests.journeys.on_meta import answered, asked, connect, do, told
from tests.pages import Pages, words_of
from tests.servers.graph import GraphNetwork

pytestmark = pytest.mark.django_db


def kept() -> ReplyWindow:
    return ReplyWindow.objects.get()


def test_a_private_message_opens_it_and_the_next_opens_it_anew(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "facebook", meta)
    message = asked(connection, meta)
    assert (kept().channel, kept().heard_at) == ("facebook", at(10))
    assert (kept().free_until_at, kept().closes_at) == (at(10, day=24), at(10, day=30))
    person = message.reply_ref["person"]
    meta.later(hours=3)
    meta.writes(person, "Hello?")
    told(connection, meta)
    assert (kept().heard_at, DueRow.objects.filter(kind="window", done_at=None).count()) == (at(13), 1)


def test_what_arrives_late_does_not_close_it_sooner(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    dev = meta.person("Dev")
    meta.writes(dev, "First", "whatsapp")
    early = meta.calls.pop()
    meta.later(hours=2)
    meta.writes(dev, "Second", "whatsapp")
    told(connection, meta)
    meta.calls.append(early)
    told(connection, meta)
    assert Message.objects.filter(direction="in").count() == 2
    assert kept().heard_at == at(12)


def test_in_public_and_by_email_there_is_none(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "facebook", meta)
    meta.comments_on(meta.person("Dev"), "Is my street swept?")
    told(connection, meta)
    cast.mail("My bin", account=cast.books)
    assert not ReplyWindow.objects.exists()


def test_whoever_writes_elsewhere_last_is_answered_there(cast: Cast, meta: GraphNetwork) -> None:
    message = asked(connect(cast.help, "whatsapp", meta), meta)
    other = cast.mail("The same by email", account=cast.books, when=at(11))
    cast.books.refresh_from_db()
    join.merge(other.conversation_id, message.conversation_id, cast.asha, at(11, 5), same_person=True)
    assert not ReplyWindow.objects.exists()
    assert not DueRow.objects.filter(kind="window", done_at=None).exists()
    fresh = join.split(other.pk, cast.asha, at(11, 10))
    assert kept().conversation_id == message.conversation_id != fresh.pk


def due_at() -> datetime:
    return DueRow.objects.get(kind="window", done_at=None).next_at


def test_it_is_said_two_open_hours_before_it_closes(cast: Cast, meta: GraphNetwork) -> None:
    asked(connect(cast.help, "whatsapp", meta), meta)
    assert due_at() == at(16)  # it closes at ten tomorrow: an hour of the morning, an hour of this evening
    do("window", at(15, 59))
    assert kept().warned_at is None
    do("window", at(16))
    assert kept().warned_at == at(16)
    assert ChangeEvent.objects.filter(kind="warn:window", conversation_id=kept().conversation_id).count() == 1


def test_what_arrives_late_takes_no_warning_back(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    dev = meta.person("Dev")
    meta.writes(dev, "First", "whatsapp")
    early = meta.calls.pop()
    meta.later(hours=1)
    meta.writes(dev, "Second", "whatsapp")
    told(connection, meta)
    do("window", at(9, day=24))
    warned_at = kept().warned_at
    assert warned_at is not None
    meta.calls.append(early)
    told(connection, meta)
    assert kept().warned_at == warned_at


def test_nobody_is_told_once_it_was_answered(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    answered(cast, meta, asked(connection, meta))
    do("window", at(16))
    assert kept().warned_at is None
    assert not DueRow.objects.filter(kind="window", done_at=None).exists()


def test_hours_that_changed_between_are_followed(cast: Cast, meta: GraphNetwork) -> None:
    asked(connect(cast.help, "whatsapp", meta), meta)
    cast.help.hours_versions.update(notation="Mo-Fr 06:00-22:00")
    do("window", at(16))
    assert kept().warned_at is None
    assert due_at() == at(8, day=24)


def test_an_administrators_limit_counts(cast: Cast, meta: GraphNetwork) -> None:
    from sociable.directory.models import Limit

    connection = connect(cast.help, "whatsapp", meta)
    facts = {"source": "WhatsApp announced it", "as_of_on": at(9).date(), "set_by": cast.lee}
    Limit.objects.create(account=cast.help, name="reply_window", value=12 * 3600, **facts)
    asked(connection, meta)
    assert kept().closes_at == at(22)


# -- At the composer -------------------------------------------------------------------------------------------------------


def write(cast: Cast, message: Message, now: datetime, **how: Any) -> Message:
    conversation = message.conversation
    conversation.refresh_from_db()
    return answer.send(
        conversation_id=conversation.pk,
        person=cast.asha,
        text="On Tuesday.",
        against_version=conversation.version,
        now=now,
        **how,
    )


def test_words_that_the_network_would_refuse_are_refused_here_and_kept(cast: Cast, meta: GraphNetwork) -> None:
    message = asked(connect(cast.help, "whatsapp", meta), meta)
    with pytest.raises(ways.WayClosed, match="WhatsApp takes no words of ours any more") as refused:
        write(cast, message, at(10, day=24))
    assert "24 hours ago" in refused.value.message
    assert "approved message" in refused.value.message
    assert not Outgoing.objects.exclude(message__automatic="own").exists()
    assert write(cast, message, at(9, 59, day=24)).pk


def test_a_person_may_still_answer_where_a_machine_may_not(cast: Cast, meta: GraphNetwork) -> None:
    message = asked(connect(cast.help, "facebook", meta), meta)
    assert write(cast, message, at(10, day=25)).pk
    with pytest.raises(ways.WayClosed, match="such as email"):
        write(cast, message, at(10, day=30))


def test_another_way_is_open_all_the_same(cast: Cast, meta: GraphNetwork) -> None:
    message = asked(connect(cast.help, "whatsapp", meta), meta)
    chosen = ways.Chosen(way=ways.Way.EMAIL, email="dev@example.org")
    assert write(cast, message, at(12, day=24), chosen=chosen).channel == "email"


# -- On the desk -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(cast: Cast, pages: Pages) -> Pages:
    pages.force_login(cast.asha)
    return pages


def shown(desk: Pages, message: Message, now: datetime) -> tuple[str, str, list[str]]:
    """The head of the conversation, its row in the list, and the names of the views."""
    with (
        patch("sociable.desk.views.timezone.now", return_value=now),
        patch("sociable.desk.conversation.timezone.now", return_value=now),
    ):
        page = desk.get(reverse("desk:conversation", args=[message.conversation_id])).page
        listed = desk.get(f"{reverse('desk:desk')}?view=unclaimed").page
    head = words_of(page.all("header", class_="conversation-head")[0])
    (row,) = [words_of(one) for one in listed.all("li", class_="queue-row")]
    return head, row, [words_of(one) for one in listed.all("a", class_="view-link")]


@pytest.mark.parametrize(
    ("kind", "now", "head", "row"),
    [
        ("whatsapp", at(11), "WhatsApp: can still reply freely until Tue 10:00, after that only with an approved message.", "Can reply until Tue 10:00"),
        ("whatsapp", at(11, day=24), "WhatsApp: the time to reply ended 10:00; only an approved message is taken.", "Approved messages only"),
        ("facebook", at(11), "Facebook: can still reply freely until Tue 10:00, and a person may until Mon 30 Nov 10:00.", "Can reply until Mon 30 Nov 10:00"),
        ("instagram", at(11, day=25), "Instagram: a person can still reply until Mon 10:00; automatic messages are no longer taken.", "Can reply until Mon 10:00"),
        ("facebook", at(11, day=30), "Facebook: the time to reply ended 10:00; reply another way, such as by email.", "Could be answered until 10:00"),
    ],
)  # fmt: skip
def test_it_stands_at_the_head_and_in_the_list(
    cast: Cast, meta: GraphNetwork, desk: Pages, kind: str, now: datetime, head: str, row: str
) -> None:
    message = asked(connect(cast.help, kind, meta), meta)
    said, listed, _ = shown(desk, message, now)
    assert head in said
    assert row in listed


def test_where_nobody_waits_the_list_says_nothing_of_it(cast: Cast, meta: GraphNetwork, desk: Pages) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    answered(cast, meta, asked(connection, meta))
    with patch("sociable.desk.views.timezone.now", return_value=at(11)):
        (row,) = desk.get(f"{reverse('desk:desk')}?view=waiting").page.all("li", class_="queue-row")
    assert "Can reply" not in words_of(row)


def test_the_composer_offers_what_is_still_open(cast: Cast, meta: GraphNetwork, desk: Pages) -> None:
    message = asked(connect(cast.help, "whatsapp", meta), meta)
    address = reverse("desk:conversation", args=[message.conversation_id])
    for now, ways_open in ((at(11), ["as-it-is", "link", "email"]), (at(11, day=24), ["email"])):
        answer.keep_draft(
            message.conversation, cast.asha, kind="answer", text="On Tuesday.", against_version=1, now=now
        )
        with patch("django.utils.timezone.now", return_value=now):
            page = desk.get(address).page
        assert [one.attrib["value"] for one in page.all("input", name="way")] == ways_open
    assert "WhatsApp takes no words of ours any more" in words_of(page.all("details", class_="ways-needed")[0])


def test_what_was_warned_of_has_a_view_while_somebody_waits(cast: Cast, meta: GraphNetwork, desk: Pages) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    message = asked(connection, meta)
    assert not any("Reply soon" in name for name in shown(desk, message, at(15))[2])
    do("window", at(16))
    assert any(name.startswith("Reply soon or not at all") for name in shown(desk, message, at(16, 5))[2])
    with patch("sociable.desk.views.timezone.now", return_value=at(16, 5)):
        page = desk.get(f"{reverse('desk:desk')}?view=window").page
    assert len(page.all("li", class_="queue-row")) == 1
    meta.now = at(16, 5)
    answered(cast, meta, message)
    with patch("sociable.desk.views.timezone.now", return_value=at(16, 30)):
        page = desk.get(f"{reverse('desk:desk')}?view=window").page
    assert page.all("li", class_="queue-row") == []


def test_a_desk_without_such_channels_asks_nothing_more(
    cast: Cast, desk: Pages, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cast.mail("My bin")
    with (
        patch("sociable.desk.views.timezone.now", return_value=at(11)),
        CaptureQueriesContext(
            connection,
        ) as asked_for,
    ):
        desk.get(f"{reverse('desk:desk')}?view=unclaimed")
    assert not [
        query
        for query in asked_for
        if 'FROM "conversations_replywindow" WHERE "conversations_replywindow"."conversation_id" IN' in query["sql"]
    ]


def test_the_window_of_a_long_wait_is_not_said_twice(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    message = asked(connection, meta)
    do("window", at(16))
    meta.now = at(16, 30)
    meta.writes(message.reply_ref["person"], "Hello?", "whatsapp")
    told(connection, meta)
    assert (kept().warned_at, due_at()) == (None, at(14, 30, day=24))
    do("window", at(14, 30, day=24) + timedelta(seconds=1))
    assert ChangeEvent.objects.filter(kind="warn:window").count() == 2
