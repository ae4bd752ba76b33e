"""Messages out of files: looked at first, then there once, with their own times, in the conversations they belong to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sociable.conversations.models import Contact, Conversation, Message, Outgoing, RawInbound
from sociable.journeys import bring_in
from sociable.promises.models import Wait
from tests.cast import Cast, at

pytestmark = pytest.mark.django_db
NOW = at(16)


def row(hour: int, text: str, **facts: Any) -> dict[str, Any]:
    return {"sent_at": at(hour).isoformat(), "text": text, "from": "dev", "network": "Nextdoor", **facts}


ASKED = row(10, "When is my bin collected?", id="1", thread="t")
CHASED = row(11, "Hello?", id="2", thread="t")
ANSWERED = row(12, "On Thursday.", id="3", in_reply_to="2", direction="out")
THANKED = row(13, "And the brown one?", id="4", in_reply_to="3", thread="t")
OTHER = row(9, "Is the library open?", **{"from": "jo"}, from_name="Jo Marsh", id="5")


def take(cast: Cast, *rows: Any, now: Any = NOW, **how: Any) -> tuple[bring_in.Looked, bring_in.Done]:
    looked = bring_in.look(cast.help, json.dumps(rows).encode(), now, **how)
    *_, done = bring_in.bring_in(cast.help, looked, now)
    return looked, done


def test_they_stand_in_their_conversations_with_their_own_times(cast):
    looked, done = take(cast, THANKED, ANSWERED, CHASED, ASKED, OTHER)  # in any order
    assert (len(looked.fresh), looked.matters, looked.waiting) == (5, 2, 2)
    assert (done.read, len(done.conversations), done.waits) == (5, 2, 3)
    conversation = Message.objects.get(text=ASKED["text"]).conversation
    assert [m.text for m in conversation.messages.order_by("sent_at")] == [
        one["text"] for one in (ASKED, CHASED, ANSWERED, THANKED)
    ]
    first, second = Wait.objects.filter(conversation=conversation).order_by("started_at")
    assert (first.started_at, first.ended, first.ended_at) == (at(10), "answered", at(12))
    assert (second.started_at, second.is_open, second.due_at) == (at(13), True, at(15))
    assert not Outgoing.objects.exists()  # nothing is sent by itself
    assert Contact.objects.get(name="Jo Marsh").identities.get().address == "nextdoor:jo"


def test_brought_in_again_nothing_is_there_twice(cast):
    take(cast, ASKED, OTHER)
    looked, done = take(cast, ASKED, CHASED, OTHER, OTHER)
    assert (len(looked.fresh), looked.known, done.read) == (1, 3, 1)
    assert RawInbound.objects.count() == Message.objects.count() == 3
    assert Message.objects.filter(conversation=Message.objects.get(text="Hello?").conversation).count() == 2


def test_what_its_network_brought_while_it_was_connected_is_not_there_twice(cast):
    Message.objects.filter(pk=cast.mail().pk).update(message_id="x:post:77")
    looked, _ = take(cast, row(10, "When?", id="77", network="X"), row(11, "Still?", id="78", network="X"))
    assert [one.row.id for one in looked.fresh] == ["78"]


def test_rows_that_cannot_be_are_told_with_their_place_and_the_rest_comes(cast):
    rows = [row(10, ""), row(10, "x", sent_at=""), row(10, "x", sent_at="soon"), row(17, "x"), ASKED]
    looked, done = take(cast, *rows)
    assert [where for where, _ in looked.refused] == ["Item 1", "Item 2", "Item 3", "Item 4"]
    said = " ".join(reason for _, reason in looked.refused)
    for part in ("no text", "does not say when", "“soon” is no time", "still to come"):
        assert part in said
    assert done.read == 1


def test_a_look_writes_nothing(cast):
    looked = bring_in.look(cast.help, json.dumps([ASKED]).encode(), NOW)
    assert len(looked.fresh) == 1
    assert not RawInbound.objects.exists()


def test_times_without_an_offset_are_the_accounts_own_and_the_network_can_be_named_for_all(cast):
    given = {"sent_at": "2026-06-01 10:00", "text": "Bins?", "from": "dev", "network": ""}
    looked, _ = take(cast, given, network="Nextdoor")
    assert looked.found[0].at.hour == 9
    message = Message.objects.get()
    assert (message.sent_at.hour, message.from_address) == (9, "nextdoor:dev")


def test_an_address_of_theirs_is_the_person_who_writes_from_it(cast):
    mailed = cast.mail()
    take(cast, row(11, "Hello?", **{"from": "dev@example.org"}))
    assert Conversation.objects.latest("pk").contact == mailed.conversation.contact
    assert Message.objects.get(text="Hello?").identity_kind == "email"


def test_an_answer_of_ours_to_nothing_we_have_is_kept_raw(cast):
    _, done = take(cast, row(12, "On Thursday.", id="9", in_reply_to="8", direction="out"))
    assert (done.read, done.noted) == (0, 1)
    assert RawInbound.objects.get().state == RawInbound.State.NOTED
