"""The page of a conversation: who, where, the clock, what was said, what became of it, and who else is there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from sociable.conversations import presence
from sociable.conversations.models import (
    Attachment,
    Attempt,
    Identity,
    Mention,
    Message,
    OpenTab,
    Outgoing,
    Presence,
    RawInbound,
)
from sociable.journeys import answer
from tests.cast import at
from tests.desk.conftest import act, fresh, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]


def test_it_says_who_where_and_explains_the_clock(asha, cast):
    response = asha.get(page_of(cast.ask().conversation))
    text = response.page.text
    assert response.page.h1 == "My bin"
    assert "Dev Patel" in text
    assert "Answer by 12:00" in text
    assert "1 hour 30 minutes of open time left" in text
    assert "Arrived Mon 10:00" in text
    assert "due Mon 12:00" in text
    assert "Waiting 30 minutes of open time, 30 minutes by the clock." in text
    assert "25% of its promised time used" in text
    assert "stated from 1 January 2026: “We answer within 2 hours of our opening hours.”" in text
    assert "Monday to Friday, 9am to 5pm, closed on bank holidays." in text


def test_it_stands_for_nobody_else(pages, cast):
    conversation = cast.ask().conversation
    message = conversation.messages.get()
    addresses = [
        page_of(conversation),
        reverse("desk:conversation_changes", args=[conversation.pk]),
        act(conversation, "close"),
        reverse("desk:message_text", args=[message.pk]),
        reverse("desk:message_formatted", args=[message.pk]),
        reverse("desk:raw", args=[RawInbound.objects.get().pk]),
    ]
    posts = [
        reverse(f"desk:{name}", args=[conversation.pk]) for name in ("conversation_here", "compose", "draft", "insert")
    ] + [reverse(f"desk:{name}", args=[message.pk]) for name in ("split", "undo", "send_again")]
    for address in addresses:
        assert pages.get(address).status_code == 302, address
    for outsider in (cast.cara, cast.ben, cast.olu):
        pages.force_login(outsider)
        for address in addresses:
            assert pages.get(address).status_code == 404, address
        for address in posts:
            assert pages.post(address).status_code == 404, address


def test_opening_it_claims_nothing_keeps_a_tab_and_sees_mentions(asha, cast):
    conversation = cast.ask().conversation
    answer.note(conversation_id=conversation.pk, person=cast.lee, text="@Asha?", now=at(10, 20))
    asha.get(page_of(conversation))
    assert fresh(conversation).held_by is None
    assert OpenTab.objects.get().person == cast.asha
    assert Mention.objects.get().seen_at == at(10, 30)


def test_a_merged_one_leads_to_the_living_one(asha, cast):
    into, other = cast.ask().conversation, cast.ask("And?", when=at(10, 10)).conversation
    asha.post(act(other, "merge"), {"into": into.pk})
    assert asha.get(page_of(other)).url == page_of(into)


def test_what_was_done_and_what_ended_stands_in_the_history(asha, cast):
    conversation = cast.ask().conversation
    asha.post(act(conversation, "close"), {"reason": "They rang and withdrew it"})
    text = asha.get(page_of(conversation)).page.text
    assert "Closed without an answer by Asha Khan" in text
    assert "Closed without an answer after 30 minutes" in text
    assert "Promise not kept. They rang and withdrew it" in text


def test_the_marks_of_a_message_stand_on_it(asha, cast):
    first = cast.mail()
    reply = cast.mail("Thanks\n\nOn Mon someone wrote:\n> old words", when=at(10, 10), In_Reply_To=first.message_id)
    Message.objects.filter(pk=reply.pk).update(problems=["It had no date."], suspected_why="Filled in within a second")
    page = asha.get(page_of(first.conversation)).page
    assert "It had no date." in page.text
    assert "Filled in within a second" in page.text
    assert "It answers a message of this conversation" in page.text
    assert "Earlier text they quoted" in page.text
    assert page.form("/split/").method == "post"


def test_delivery_says_what_happened_and_lists_every_try(asha, cast):
    conversation = cast.ask().conversation
    message = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="Thursday", against_version=1, now=at(10, 5)
    )
    outgoing = message.outgoing
    Attempt.objects.create(outgoing=outgoing, at=at(10, 6), result="failed", detail="The server did not answer")
    Attempt.objects.create(outgoing=outgoing, at=at(10, 8), result="failed", detail="No such mailbox")
    Outgoing.objects.filter(pk=outgoing.pk).update(state="failed", detail="No such mailbox")
    page = asha.get(page_of(conversation)).page
    for words in ("Not sent", "The server did not answer", "Try 2", "No such mailbox"):
        assert words in page.text
    asha.submit(page.form("/again/"))
    assert Outgoing.objects.get().state == "queued"
    refused = asha.post(reverse("desk:send_again", args=[message.pk]), follow=True)
    assert "nothing to send again" in refused.page.text


def test_it_takes_few_queries_however_much_was_said(asha, cast, django_assert_max_num_queries):
    first = cast.mail()
    conversation = first.conversation
    for number in range(30):
        cast.mail(f"And {number}", when=at(10, number % 29), In_Reply_To=first.message_id)
    answer.send(conversation_id=conversation.pk, person=cast.asha, text="Yes", against_version=31, now=at(10, 29))
    asha.get(page_of(conversation))
    with django_assert_max_num_queries(61):
        asha.get(page_of(conversation))
    with django_assert_max_num_queries(27):
        asha.get(reverse("desk:conversation_changes", args=[conversation.pk]), headers={"X-Part": "true"})


def test_very_long_quotes_wait_behind_a_link(asha, cast):
    message = cast.mail("Short answer\n\nOn Mon someone wrote:\n" + "> all the earlier words\n" * 20_000)
    response = asha.get(page_of(message.conversation))
    assert len(response.content) < 100_000
    assert "Earlier text they quoted (" in response.page.text
    assert asha.get(reverse("desk:message_text", args=[message.pk])).content.count(b"all the earlier words") == 20_000


def test_only_the_newest_of_very_many_are_shown_at_first(asha, cast, monkeypatch):
    monkeypatch.setattr("sociable.desk.conversation_words.NEWEST", 2)
    first = cast.mail("Word number 0")
    for number in (1, 2, 3):
        cast.mail(f"Word number {number}", when=at(10, number), In_Reply_To=first.message_id)
    some = asha.get(page_of(first.conversation)).page.text
    assert "Show 2 earlier messages" in some
    assert ("Word number 3" in some, "Word number 1" in some) == (True, False)
    assert "Word number 0" in asha.get(page_of(first.conversation) + "?all").page.text


def test_changes_bring_the_messages_only_when_there_are_new_ones(asha, cast):
    first = cast.mail()
    address = reverse("desk:conversation_changes", args=[first.conversation_id])
    stamp = re.search(r"seen=(\w+)", asha.get(address, headers={"X-Part": "true"}).content.decode())[1]
    assert b"conversation-thread" not in asha.get(f"{address}?seen={stamp}", headers={"X-Part": "true"}).content
    cast.mail("More", when=at(10, 10), In_Reply_To=first.message_id)
    assert b"conversation-thread" in asha.get(f"{address}?seen={stamp}", headers={"X-Part": "true"}).content


def test_who_looks_and_who_writes_is_seen_by_the_others(asha, cast):
    conversation = cast.ask().conversation
    presence.look(conversation.pk, cast.lee.pk, at(10, 30))
    here = reverse("desk:conversation_here", args=[conversation.pk])
    assert b"Lee Ward is looking" in asha.post(here, headers={"X-Part": "true"}).content
    presence.write(conversation.pk, cast.lee.pk, kind="answer", text="W", against_version=1, now=at(10, 30))
    assert b"Lee Ward is writing" in asha.post(here, headers={"X-Part": "true"}).content
    Presence.objects.filter(person=cast.lee).update(seen_at=at(10, 30) - timedelta(seconds=46))
    assert b"Lee" not in asha.post(here, headers={"X-Part": "true"}).content
    asha.post(here, {"gone": "yes"})
    assert not Presence.objects.filter(person=cast.asha).exists()


def test_what_a_network_adds_is_shown_in_words(asha, cast):
    message = cast.ask()
    Message.objects.filter(pk=message.pk).update(
        visibility="public", link="https://pebble.test/1", earlier=[{"text": "Bns?", "until": "2026-11-23T10:01:00+00:00"}],
        edited_at=at(10, 1), withdrawn_at=at(10, 2),
    )  # fmt: skip
    Attachment.objects.create(
        message=message, name="bin.jpg", content_type="image/jpeg", size_bytes=9, alt_text="A full bin"
    )
    Attachment.objects.create(message=message, name="two.jpg", content_type="image/jpeg", size_bytes=9, remote_ref="2")
    response = asha.get(page_of(message.conversation))
    for words in (
        "Everybody can read it",
        "They changed it",
        "Bns?",
        "Deleted at the network",
        "It shows: A full bin",
        "is being fetched",
    ):
        assert words in response.page.text
    assert b"https://pebble.test/1" in response.content


def test_an_answer_that_a_colleague_wrote_at_the_network_says_so(asha, cast):
    message = cast.ask()
    Message.objects.create(
        conversation=message.conversation, partner=cast.council, direction="out", channel="form", text="Tuesday",
        sent_at=at(10, 5), fetched_at=at(10, 5), stored_at=at(10, 5),
    )  # fmt: skip
    assert "Written outside Sociable" in asha.get(page_of(message.conversation)).page.text


def test_who_chats_is_not_shown_by_the_mark_of_their_browser(asha, cast):
    conversation = cast.ask().conversation
    Identity.objects.create(partner=cast.council, contact=conversation.contact, kind="chat", address="170a7c1fe407")
    text = asha.get(page_of(conversation)).page.text
    assert "Their browser, in the web chat" in text
    assert "170a7c1fe407" not in text
