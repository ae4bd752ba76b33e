"""Answering, acknowledging, taking back, notes and drafts: what reaches the outbox, the clock and the next reader."""

from __future__ import annotations

import pytest

from sociable.channels.email.attachments import attachment
from sociable.conversations import presence
from sociable.conversations.models import Conversation, Draft, Mention, Message, Outgoing
from sociable.due.models import DueRow
from sociable.journeys import answer, claim, outbox, settle, ways
from sociable.people.permissions import NotAllowed
from sociable.promises.models import Wait
from tests.cast import Cast, at

pytestmark = pytest.mark.django_db


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def send(cast: Cast, conversation: Conversation, text: str = "On Thursday.", **how) -> Message:
    given = {"person": cast.asha, "against_version": fresh(conversation).version, "now": at(10, 30)} | how
    return answer.send(conversation_id=conversation.pk, text=text, **given)


def test_an_answer_ends_the_wait_waits_to_leave_and_gives_its_writer_the_hold(cast):
    conversation = cast.ask().conversation
    message = send(cast, conversation)
    wait = Wait.objects.get()
    assert (wait.ended, wait.ended_with, wait.ended_at) == ("answered", message, at(10, 30))
    assert message.outgoing.state == Outgoing.State.QUEUED
    assert message.to_addresses == ["dev@example.org"]
    assert fresh(conversation).held_by == cast.asha


def test_an_answer_written_against_something_older_is_held_and_shows_what_was_said_between(cast):
    first = cast.mail()
    seen = fresh(first.conversation).version
    second = cast.mail("It is the green one.", when=at(10, 29), In_Reply_To=first.message_id)
    assert second.conversation == first.conversation
    with pytest.raises(answer.SomethingNewer) as held:
        send(cast, first.conversation, against_version=seen)
    assert held.value.between == [second]
    assert "Dev Patel wrote 60 seconds ago" in held.value.message
    assert not Message.objects.filter(direction="out").exists()
    assert Wait.objects.get().is_open


def test_sent_anyway_it_leaves(cast):
    first = cast.mail()
    cast.mail("It is the green one.", when=at(10, 29), In_Reply_To=first.message_id)
    assert send(cast, first.conversation, against_version=1, send_anyway=True).outgoing.state == Outgoing.State.QUEUED


def test_into_somebody_elses_hands_it_is_held_too(cast):
    conversation = cast.ask().conversation
    claim.take(conversation.pk, cast.lee, at(10, 29))
    with pytest.raises(answer.SomethingNewer, match="Lee Ward has this one"):
        send(cast, conversation)
    send(cast, conversation, send_anyway=True)
    assert fresh(conversation).held_by == cast.lee


def test_a_hold_that_ran_out_holds_nobody_up(cast):
    conversation = cast.ask().conversation
    claim.take(conversation.pk, cast.lee, at(10, 0))
    send(cast, conversation, now=at(11, 0))
    assert fresh(conversation).held_by == cast.asha


@pytest.mark.parametrize("text", ["", "  \n ", "Best, Asha", "\n\nBest, Asha\n"])
def test_nothing_written_or_the_sign_off_alone_is_no_answer(cast, text):
    cast.asha.sign_off = "Best, Asha"
    with pytest.raises(answer.NothingWritten):
        send(cast, cast.ask().conversation, text)
    assert Wait.objects.get().is_open


def test_acknowledging_lets_the_clock_go_on(cast):
    conversation = cast.ask().conversation
    send(cast, conversation, "We have it.", acknowledges=True)
    wait = Wait.objects.get()
    assert wait.is_open
    assert wait.acknowledged_at == at(10, 30)


def test_an_acknowledgement_taken_back_was_never_said(cast):
    message = send(cast, cast.ask().conversation, "We have it.", acknowledges=True)
    answer.take_back(message.pk, cast.asha, at(10, 30))
    assert Wait.objects.get().acknowledged_at is None


def test_send_and_close_closes_frees_and_leaves_no_due_hold(cast):
    conversation = cast.ask().conversation
    claim.take(conversation.pk, cast.asha, at(10, 20))
    send(cast, conversation, closes=True)
    assert (fresh(conversation).state, fresh(conversation).held_by) == ("closed", None)
    assert not DueRow.objects.filter(kind="hold", done_at=None).exists()
    assert Wait.objects.get().ended == "answered"


def test_taken_back_the_wait_is_open_with_its_start_and_the_words_are_a_draft(cast):
    conversation = cast.ask().conversation
    message = send(cast, conversation, "On Thursday, I think.", closes=True)
    presence.write(
        conversation.pk, cast.asha.pk, kind="answer", text="And by the way", against_version=2, now=at(10, 30)
    )
    answer.take_back(message.pk, cast.asha, at(10, 30))
    wait = Wait.objects.get()
    assert (wait.is_open, wait.started_at, wait.acknowledged_at) == (True, at(10), None)
    assert fresh(conversation).state == "open"
    assert fresh(conversation).last_direction == "in"
    assert Draft.objects.get().text == "On Thursday, I think.\n\nAnd by the way"
    assert Outgoing.objects.get().state == "undone"
    assert not DueRow.objects.filter(kind="deliver", done_at=None).exists()


def test_after_ten_seconds_it_cannot_be_taken_back(cast):
    message = send(cast, cast.ask().conversation)
    with pytest.raises(outbox.TooLate):
        answer.take_back(message.pk, cast.asha, at(10, 31))
    assert not Wait.objects.get().is_open


def test_files_travel_with_it_typed_by_their_content(cast):
    file = attachment("plan.pdf", "application/pdf", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "", 1)
    message = send(cast, cast.ask().conversation, attachments=[file])
    assert [(one.name, one.content_type) for one in message.attachments.all()] == [("plan.pdf", "image/png")]


def test_only_who_answers_there_may(cast):
    conversation = cast.ask().conversation
    for stranger in (cast.ben, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            send(cast, conversation, person=stranger)


def test_a_note_ends_no_wait_and_tells_whom_it_names(cast):
    conversation = cast.ask(account=cast.books).conversation
    note = answer.note(
        conversation_id=conversation.pk, person=cast.asha, text="@Ben.Hall is this yours? cc @cara @Lee", now=at(10, 30)
    )
    assert Wait.objects.get().is_open
    assert {mention.person for mention in Mention.objects.filter(message=note)} == {cast.ben, cast.lee}
    assert fresh(conversation).version == 1


def test_a_draft_keeps_the_hold_and_shows_who_writes(cast):
    conversation = cast.ask().conversation
    claim.take(conversation.pk, cast.asha, at(10, 20))
    answer.keep_draft(conversation, cast.asha, kind="answer", text="Well", against_version=1, now=at(10, 30))
    assert fresh(conversation).held_until_at == at(10, 30) + claim.hold_time()
    assert presence.present(conversation.pk, at(10, 30), besides=cast.lee.pk) == [presence.Here("Asha Khan", True)]
    assert presence.present(conversation.pk, at(10, 31)) == []


def test_typing_in_a_free_one_does_not_claim_it(cast):
    conversation = cast.ask().conversation
    answer.keep_draft(conversation, cast.asha, kind="answer", text="Well", against_version=1, now=at(10, 30))
    assert fresh(conversation).held_by is None


def test_closed_with_words_that_only_say_we_have_it_the_conversation_stays_in_the_queue(cast):
    conversation = cast.ask().conversation
    send(cast, conversation, acknowledges=True, closes=True)
    assert (fresh(conversation).state, fresh(conversation).held_by) == ("open", None)
    assert Wait.objects.get().is_open


def test_answering_what_was_kept_aside_says_that_it_is_a_request(cast):
    message = cast.ask(suspected_why="It was sent within 3 seconds of opening the page")
    send(cast, message.conversation)
    wait = Wait.objects.get()
    assert (fresh(message.conversation).state, wait.started_at, wait.ended) == ("open", at(10), "answered")


def test_an_answer_goes_to_who_asked_not_to_who_had_a_copy(cast: Cast) -> None:
    first = cast.mail("Is my benefit paid?", Message_ID="<asked@example.org>", Cc="Neighbour <neighbour@example.org>")
    copied = cast.mail(
        "I should like to know too", sender="Neighbour <neighbour@example.org>", when=at(10, 20),
        Message_ID="<copied@example.org>", In_Reply_To="<asked@example.org>",
    )  # fmt: skip
    assert copied.conversation_id == first.conversation_id
    first.conversation.refresh_from_db()
    assert ways.address_of(first.conversation) == ("email", "dev@example.org")
    cast.mail(
        "From my new address", when=at(10, 30), Reply_To="dev.new@example.org",
        Message_ID="<again@example.org>", In_Reply_To="<asked@example.org>",
    )  # fmt: skip
    assert ways.address_of(first.conversation) == ("email", "dev.new@example.org")


def test_taken_back_in_a_conversation_that_was_closed_it_is_closed_again(cast: Cast) -> None:
    message = cast.mail("When is my bin collected?")
    number = message.conversation_id
    settle.close(number, cast.asha, "Told on the phone", at(11))
    message.conversation.refresh_from_db()
    sent = answer.send(
        conversation_id=number, person=cast.asha, text="It is Tuesday.", against_version=message.conversation.version,
        now=at(11, 5),
    )  # fmt: skip
    answer.take_back(sent.pk, cast.asha, at(11, 5))
    message.conversation.refresh_from_db()
    assert message.conversation.state == "closed"
