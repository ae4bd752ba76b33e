"""Calls and visits: their clock runs from when they began, and what is told aloud ends it at the instant it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sociable.conversations.models import CallNote, Conversation, Identity, Message, RawInbound
from sociable.domain.ways import Way
from sociable.journeys import answer, calls, outbox, spoken, ways
from sociable.journeys.calls import Call
from sociable.journeys.spoken import Said
from sociable.people.models import AuditEvent, Role
from sociable.people.permissions import NotAllowed
from sociable.promises.models import Wait
from tests.cast import Cast, at

pytestmark = pytest.mark.django_db
BIN = "My bin was not emptied.\nIt is the green one."


def noted(
    cast: Cast, now: Any = None, *, who: Any = None, channel: str = "phone", about: Any = None, **typed: Any
) -> Any:
    now = now or at(10, 5)
    person = who or cast.asha
    note = calls.begin(person=person, channel=channel, now=typed.get("began_at", at(10)), about=about)
    facts = {"account": cast.help, "began_at": at(10), "asked": BIN} | typed
    if about is not None:
        facts["against_version"] = about.version
    return calls.finish(note=note, call=Call(**facts), person=person, now=now)


def told(conversation: Conversation, when: Any, **facts: Any) -> Said:
    return Said(**({"text": "On Thursday.", "channel": "phone", "told": "Dev, 0113 222 4444", "at": when} | facts))


def say(cast: Cast, conversation: Conversation, said: Said, now: Any, **how: Any) -> Message:
    version = Conversation.objects.get(pk=conversation.pk).version
    return spoken.say(
        conversation_id=conversation.pk, person=cast.asha, said=said, now=now, **({"against_version": version} | how)
    )


# -- Promised ----------------------------------------------------------------------------------------------------------------


def test_what_is_promised_is_a_wait_like_any_other_from_when_the_call_began(cast):
    conversation = noted(cast, name="Dev Patel", phone="+441132224444", email="dev@example.org")
    wait = Wait.objects.open().get()
    assert (wait.conversation, wait.started_at, wait.due_at) == (conversation, at(10), at(12))
    assert wait.acknowledged_at == at(10)  # they spoke with one of us
    assert conversation.subject == "My bin was not emptied."
    message = conversation.messages.get()
    assert (message.direction, message.channel, message.from_name, message.text) == ("in", "phone", "Dev Patel", BIN)
    assert (message.from_address, message.identity_kind, message.stored_at) == ("+441132224444", "phone", at(10, 5))
    assert RawInbound.objects.get().state == RawInbound.State.READ
    assert AuditEvent.objects.get(verb="noted what was said (phone)").person_name == "Asha Khan"


def test_it_is_answered_by_email_where_they_gave_an_address_that_is_nobodys_proof(cast):
    cast.mail(sender="Dev Patel <dev@example.org>", when=at(9, 30))
    conversation = noted(cast, email="dev@example.org")
    assert ways.address_of(conversation) == ("email", "dev@example.org")
    assert conversation.contact.identities.filter(kind="email").count() == 0
    said = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="On Thursday.", against_version=1, now=at(11)
    )
    assert (said.channel, said.to_addresses) == ("email", ["dev@example.org"])
    assert Wait.objects.get(conversation=conversation).kept(at(13))


def test_who_calls_again_from_the_same_number_is_the_same_person(cast):
    first = noted(cast, phone="+441132224444")
    again = noted(cast, at(10, 30), phone="+441132224444", began_at=at(10, 20), asked="And the brown one?")
    assert again != first
    assert again.contact == first.contact
    stranger = noted(cast, at(10, 40), began_at=at(10, 35), asked="Is the library open?", name="Dev Patel")
    assert stranger.contact != first.contact


def test_written_to_nobody_it_is_no_answer(cast):
    conversation = noted(cast, phone="+441132224444")
    with pytest.raises(answer.NobodyReads, match="Ring them"):
        answer.send(conversation_id=conversation.pk, person=cast.asha, text="Thursday.", against_version=1, now=at(11))
    assert Wait.objects.get().is_open


def test_a_number_that_is_noted_on_an_old_conversation_is_not_taken_for_proof(cast):
    asked = cast.mail(when=at(9, 30)).conversation
    assert noted(cast, about=asked, phone="+441132224444", asked="I am still waiting.") == asked
    assert not Identity.objects.filter(kind="phone").exists()
    assert Wait.objects.get().started_at == at(9, 30)  # chasing by phone neither helps nor hurts
    assert ways.address_of(asked) == ("email", "dev@example.org")


# -- Answered at once --------------------------------------------------------------------------------------------------------


def test_answered_at_once_it_waited_from_the_call_to_the_answer(cast):
    conversation = noted(cast, told="On Thursday.", told_at=at(10, 3), answers=True, closes=True, name="Dev Patel")
    wait = Wait.objects.get()
    assert (wait.ended, wait.started_at, wait.ended_at, wait.ended_by) == ("answered", at(10), at(10, 3), cast.asha)
    out = conversation.messages.get(direction="out")
    assert (out.channel, out.author, out.sent_at, out.stored_at) == ("phone", cast.asha, at(10, 3), at(10, 5))
    assert out.to_addresses == ["Dev Patel"]
    assert Conversation.objects.get().state == Conversation.State.CLOSED


def test_told_only_that_we_have_it_the_clock_goes_on(cast):
    noted(cast, told="Somebody will ring you.", takes=True)
    wait = Wait.objects.get()
    assert wait.is_open
    assert wait.acknowledged_at == at(10)
    assert Conversation.objects.get().held_by == cast.asha


@pytest.mark.parametrize("twice", ["at once", "after it stopped half way"])
def test_sent_twice_it_is_there_once(cast, twice):
    note = calls.begin(person=cast.asha, channel="counter", now=at(10))
    call = Call(account=cast.help, began_at=at(10), asked=BIN, told="On Thursday.", answers=True)
    if twice == "at once":
        first = calls.finish(note=note, call=call, person=cast.asha, now=at(10, 5))
    else:
        first = calls._taken(note, call, cast.asha, at(10, 5)).conversation
    assert calls.finish(note=note, call=call, person=cast.asha, now=at(10, 6)) == first
    assert [one.direction for one in Message.objects.order_by("pk")] == ["in", "out"]
    assert CallNote.objects.get().typed == {}


# -- What cannot be ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"began_at": at(10, 6)}, calls.NotThen),
        ({"began_at": at(10) - timedelta(days=8)}, calls.NotThen),
        ({"told": "Yes.", "told_at": at(9, 59), "answers": True}, calls.NotThen),
        ({"told": "Yes.", "told_at": at(10, 6), "answers": True}, calls.NotThen),
        ({"asked": "  "}, calls.NothingNoted),
        ({"answers": True}, calls.NothingNoted),
    ],
)
def test_it_is_refused_with_a_sentence_and_nothing_is_kept_of_it(cast, typed, refusal):
    with pytest.raises(refusal):
        noted(cast, **typed)
    assert not RawInbound.objects.exists()
    assert CallNote.objects.get().done_at is None


def test_whoever_may_not_answer_may_note_and_not_tell(cast):
    Role.objects.create(person=cast.olu, kind="communications", partner=cast.council)
    noted(cast, who=cast.olu)
    with pytest.raises(NotAllowed):
        noted(cast, who=cast.olu, told="On Thursday.", answers=True)
    with pytest.raises(NotAllowed):
        noted(cast, who=cast.cara)


def test_nobody_speaks_by_email(cast):
    with pytest.raises(calls.NoSuchChannel):
        calls.begin(person=cast.asha, channel="email", now=at(10))


# -- Any conversation can end by phone ---------------------------------------------------------------------------------------


def test_a_conversation_by_email_ends_by_phone_at_the_instant_they_were_told(cast):
    asked = cast.mail().conversation
    said = say(cast, asked, told(asked, at(10, 30), closes=True), at(11))
    wait = Wait.objects.get()
    assert (wait.ended, wait.ended_at, wait.ended_with) == ("answered", at(10, 30), said)
    assert Conversation.objects.get().state == Conversation.State.CLOSED


def test_who_wrote_after_they_were_told_waits_anew_from_then(cast):
    asked = cast.mail().conversation
    cast.mail("And the brown one?", when=at(10, 45), In_Reply_To=asked.messages.get().message_id)
    say(cast, asked, told(asked, at(10, 30), closes=True), at(11))
    first, second = Wait.objects.order_by("started_at")
    assert (first.ended_at, second.started_at, second.is_open) == (at(10, 30), at(10, 45), True)
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.last_direction) == ("open", "in")


@pytest.mark.parametrize("when", [at(9, 59), at(11, 1)])
def test_nobody_was_told_before_they_asked_or_in_time_to_come(cast, when):
    asked = cast.mail().conversation
    with pytest.raises(spoken.NotThen):
        say(cast, asked, told(asked, when), at(11))
    assert Wait.objects.get().is_open


def test_what_was_said_meanwhile_is_shown_first(cast):
    asked = cast.mail().conversation
    with pytest.raises(answer.SomethingNewer):
        say(cast, asked, told(asked, at(10, 30)), at(11), against_version=asked.version - 1)
    note = calls.begin(person=cast.asha, channel="phone", now=at(10, 20), about=asked)
    call = Call(account=cast.help, began_at=at(10, 20), asked="", told="On Thursday.", answers=True, against_version=0)
    with pytest.raises(calls.SaidMeanwhile):
        calls.finish(note=note, call=call, person=cast.asha, now=at(10, 25))
    done = calls.finish(note=note, call=replace(call, against_version=asked.version), person=cast.asha, now=at(10, 25))
    assert (done, Wait.objects.get().ended_at) == (asked, at(10, 25))


def test_what_was_no_answer_is_a_note_and_the_clock_runs_as_before(cast):
    asked = cast.mail().conversation
    said = say(cast, asked, told(asked, at(10, 30), closes=True), at(10, 31))
    spoken.was_no_answer(said.pk, cast.asha, at(10, 40))
    said.refresh_from_db()
    wait = Wait.objects.get()
    assert (said.direction, wait.is_open, wait.started_at) == ("note", True, at(10))
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.last_direction) == ("open", "in")
    with pytest.raises(spoken.NotSpoken):
        spoken.was_no_answer(asked.messages.first().pk, cast.asha, at(10, 41))
    with pytest.raises(NotAllowed):
        spoken.was_no_answer(said.pk, cast.cara, at(10, 41))


def test_an_answer_that_comes_back_does_not_open_what_was_answered_by_phone(cast):
    asked = cast.mail().conversation
    written = answer.send(
        conversation_id=asked.pk, person=cast.asha, text="Thursday.", against_version=asked.version, now=at(10, 20)
    )
    say(cast, asked, told(asked, at(10, 30)), at(10, 31))
    outbox.settle(written.outgoing, "failed", "No such mailbox.", at(10, 40))
    wait = Wait.objects.get()
    assert (wait.ended, wait.ended_at) == ("answered", at(10, 30))


def test_a_draft_on_its_way_does_not_begin_a_note_again(cast):
    note = calls.begin(person=cast.asha, channel="phone", now=at(10))
    calls.keep(note, {"asked": "My b"}, at(10, 1))
    assert [one.typed for one in calls.begun_by(cast.asha)] == [{"asked": "My b"}]
    calls.finish(note=note, call=Call(account=cast.help, began_at=at(10), asked=BIN), person=cast.asha, now=at(10, 5))
    calls.keep(note, {"asked": "My b"}, at(10, 5))
    calls.throw_away(note)
    assert CallNote.objects.get().typed == {}
    assert calls.begun_by(cast.asha) == []


def test_who_left_no_address_can_still_be_answered_by_one_they_give_later(cast):
    conversation = noted(cast, phone="+441132224444")
    said = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="Thursday.", against_version=1, now=at(11),
        chosen=ways.Chosen(Way.EMAIL, "dev@example.org"),
    )  # fmt: skip
    assert (said.channel, said.to_addresses) == ("email", ["dev@example.org"])
    assert Wait.objects.get().ended == "answered"


def test_a_note_that_nobody_finishes_goes_thirty_days_after_it_was_last_typed_in(cast: Cast) -> None:
    noted(cast)
    done = CallNote.objects.get()
    typed, empty, fresh = (calls.begin(person=cast.asha, channel="phone", now=at(10)) for _ in range(3))
    calls.keep(typed, {"asked": BIN}, at(11))
    calls.prune(at(10) + timedelta(days=1))
    assert set(CallNote.objects.all()) == {done, typed, empty, fresh}
    calls.keep(fresh, {"name": "Dev"}, at(12))
    calls.prune(at(11) + timedelta(days=30))
    assert set(CallNote.objects.all()) == {done, typed, fresh}
    assert calls.prune(at(11, 1) + timedelta(days=30)) == 1
    assert set(CallNote.objects.all()) == {done, fresh}, "what is done proves that it is there once"
