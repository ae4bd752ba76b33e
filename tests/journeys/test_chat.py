"""A chat from its first line to its end: nothing lost or doubled, one clock, and an end that answers nobody."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

from sociable.channels.base import RawItem
from sociable.channels.chat import adapter as channel
from sociable.conversations import chats
from sociable.conversations.models import Chat, Conversation, Identity, Message, RawInbound, Visitor
from sociable.domain.chat import AWAY, QUIET
from sociable.due.models import DueRow
from sociable.journeys import answer as answering
from sociable.journeys import chat as journey
from sociable.journeys import claim, join, outbox, receive, settle, ways
from sociable.promises.models import Wait
from tests.cast import MONDAY_10, at, later
from tests.chatting import answer, begin, say, takes_chat
from tests.plans import plans


@pytest.fixture
def desk(cast: Any) -> Any:
    """The cast, with a help account that takes chats."""
    takes_chat(cast.help)
    return cast


def due_chat(chat: Any) -> Any:
    return DueRow.objects.get(kind="chat", subject_id=chat.pk, done_at=None)


def end_if_due(chat: Any, now: Any) -> Any:
    """The worker does the chat's due row, as it claims it."""
    from sociable.due import services as due

    for row in due.claim(now, 20, ["chat"]):
        journey.end_quiet(row, now)
    chat.refresh_from_db()
    return chat


# -- Beginning -----------------------------------------------------------------------------------------------------------


def test_a_chat_begins_before_anything_is_said_and_is_on_no_desk(desk: Any) -> None:
    begun = begin(desk.help)
    assert begun.secret
    assert begun.chat.is_open
    assert not Conversation.objects.exists()


def test_the_secret_is_kept_as_a_fingerprint_alone(desk: Any) -> None:
    begun = begin(desk.help)
    stored = Visitor.objects.values_list("key", "secret_sha256").get()
    assert begun.secret not in stored
    assert chats.visitor_of(desk.help, begun.secret) is not None


def test_a_browser_that_comes_back_is_in_the_same_chat(desk: Any) -> None:
    first = begin(desk.help)
    again = begin(desk.help, secret=first.secret)
    assert again.chat == first.chat
    assert not again.secret


@pytest.mark.parametrize("secret", ["", "invented", "x" * 101, "\x00"])
def test_a_secret_that_was_never_given_is_nobodys(desk: Any, secret: str) -> None:
    begin(desk.help)
    assert chats.visitor_of(desk.help, secret) is None


def test_the_secret_of_one_account_opens_nothing_at_another(desk: Any) -> None:
    begun = begin(desk.help)
    takes_chat(desk.clinic)
    assert chats.visitor_of(desk.clinic, begun.secret) is None


def test_out_of_hours_no_chat_begins_and_one_that_is_open_goes_on(desk: Any) -> None:
    begun = begin(desk.help)
    say(begun)
    with pytest.raises(journey.NotOpen):
        begin(desk.help, now=at(20))
    say(begun, "One more thing", now=at(20))
    assert chats.lines(begun.chat, at(20)).count() == 2


@pytest.mark.parametrize("facts", [{"takes_chat": False}, {"stage": "resting"}, {"stage": "proposed"}])
def test_an_account_that_takes_no_chats_begins_none(desk: Any, facts: dict[str, Any]) -> None:
    type(desk.help).objects.filter(pk=desk.help.pk).update(**facts)
    with pytest.raises(journey.NotHere):
        begin(desk.help)


# -- Saying something ------------------------------------------------------------------------------------------------------


def test_the_first_line_is_stored_raw_and_becomes_a_conversation_with_a_wait(desk: Any) -> None:
    begun = begin(desk.help)
    message = say(begun, "When is my bin collected?\nIt is the brown one.")
    raw = RawInbound.objects.get()
    assert (raw.channel, raw.state, raw.message) == ("chat", RawInbound.State.READ, message)
    assert (message.channel, message.sent_at, message.from_name) == ("chat", MONDAY_10, "Dev")
    assert message.conversation.subject == "When is my bin collected?"
    wait = Wait.objects.get(conversation=message.conversation)
    assert wait.started_at == MONDAY_10
    assert wait.due_at == at(12)
    begun.chat.refresh_from_db()
    assert begun.chat.conversation == message.conversation


def test_lines_before_an_answer_are_one_conversation_and_one_wait(desk: Any) -> None:
    begun = begin(desk.help)
    first, second = say(begun, "Hello"), say(begun, "Is anybody there?", now=later(MONDAY_10, seconds=20))
    assert first.conversation == second.conversation
    assert Wait.objects.count() == 1
    assert Wait.objects.get().started_at == MONDAY_10


def test_a_line_sent_again_is_the_same_line(desk: Any) -> None:
    begun = begin(desk.help)
    messages = {say(begun, "Hello", line="abcdefgh", now=later(MONDAY_10, seconds=n)).pk for n in range(3)}
    assert len(messages) == 1
    assert Message.objects.count() == RawInbound.objects.count() == 1


def test_a_line_that_a_dead_process_left_unread_is_read_when_it_is_sent_again(desk: Any) -> None:
    begun = begin(desk.help)
    content = channel.raw(
        chat_id=begun.chat.pk, line="abcdefgh", visitor=begun.chat.visitor.key, name="", email="", text="Hello"
    )
    item = RawItem(channel.remote_id(begun.chat.pk, "abcdefgh"), content, MONDAY_10)
    receive.store(desk.help, "chat", [item], fetched_at=MONDAY_10)
    assert not Message.objects.exists()
    assert say(begun, "Hello", line="abcdefgh", now=later(MONDAY_10, seconds=5)).sent_at == MONDAY_10
    assert Message.objects.count() == 1


def test_what_a_worker_read_of_a_chat_is_where_its_next_line_goes(desk: Any) -> None:
    begun = begin(desk.help)
    content = channel.raw(
        chat_id=begun.chat.pk, line="abcdefgh", visitor=begun.chat.visitor.key, name="", email="", text="Hello"
    )
    item = RawItem(channel.remote_id(begun.chat.pk, "abcdefgh"), content, MONDAY_10)
    fresh = receive.store(desk.help, "chat", [item], fetched_at=MONDAY_10)
    receive.read_due({"raw": [raw.pk for raw in fresh]}, MONDAY_10)
    message = say(begun, "Anybody?", now=later(MONDAY_10, seconds=30))
    assert message.conversation == Message.objects.earliest("pk").conversation
    assert [one.text for one in chats.lines(begun.chat, MONDAY_10)] == ["Hello", "Anybody?"]


@pytest.mark.django_db(transaction=True)
def test_two_first_lines_at_one_instant_are_one_conversation(desk: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    begun = begin(desk.help)

    def one(number: int) -> None:
        try:
            say(begun, f"line {number}", line=f"together{number}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as together:
        list(together.map(one, range(6)))
    assert Conversation.objects.count() == 1
    assert Message.objects.count() == 6
    assert Wait.objects.count() == 1


def test_nothing_said_is_refused(desk: Any) -> None:
    with pytest.raises(journey.NothingSaid):
        say(begin(desk.help), "  \n ")


def test_a_file_is_known_by_its_content_and_not_by_its_name(desk: Any) -> None:
    files = [
        ("cat.jpg", "image/jpeg", b"<html><script>alert(1)</script></html>"),
        ("../../etc/x.txt", "text/plain", b"words"),
    ]
    message = say(begin(desk.help), "", files=files)
    kept = list(message.attachments.order_by("pk").values_list("name", "content_type", "size_bytes"))
    assert kept == [("cat.jpg", "text/html", 38), ("x.txt", "text/plain", 5)]


def test_emoji_and_letters_that_run_the_other_way_stay_as_they_were_typed(desk: Any) -> None:
    typed = "👩‍👩‍👧‍👦 שלום \u200f1\u200d2"
    assert say(begin(desk.help), typed).text == typed


# -- Being answered --------------------------------------------------------------------------------------------------------


def test_an_answer_stands_in_the_chat_at_once_and_ends_the_wait(desk: Any) -> None:
    begun = begin(desk.help)
    asked = say(begun)
    now = later(MONDAY_10, seconds=40)
    message = answer(asked.conversation, desk.asha, now=now)
    assert [one.pk for one in chats.lines(begun.chat, now)] == [asked.pk, message.pk]
    assert (message.channel, message.to_addresses, message.outgoing.state) == ("chat", [], "delivered")
    assert not DueRow.objects.filter(kind="deliver").exists()
    wait = Wait.objects.get()
    assert (wait.ended, wait.ended_at) == (Wait.Ended.ANSWERED, now)
    with pytest.raises(outbox.TooLate):
        answering.take_back(message.pk, desk.asha, now)


def test_what_they_wrote_meanwhile_holds_no_answer_back_and_what_a_colleague_wrote_does(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    version = Conversation.objects.get(pk=conversation.pk).version
    say(begun, "The brown one", now=later(MONDAY_10, seconds=10))
    facts = {"conversation_id": conversation.pk, "text": "On Friday.", "against_version": version}
    answering.send(person=desk.asha, now=later(MONDAY_10, seconds=12), **facts)
    with pytest.raises(answering.SomethingNewer):
        answering.send(person=desk.lee, now=later(MONDAY_10, seconds=14), **facts)


def test_once_they_have_gone_an_answer_goes_by_email_where_they_gave_one(desk: Any) -> None:
    begun = begin(desk.help, email="dev@example.org")
    conversation = say(begun).conversation
    assert ways.address_of(conversation) == ("chat", "")
    journey.leave(begun.chat, later(MONDAY_10, minutes=1))
    message = answer(conversation, desk.asha, now=later(MONDAY_10, minutes=5))
    assert (message.channel, message.to_addresses, message.outgoing.state) == ("email", ["dev@example.org"], "queued")


def test_once_they_have_gone_without_an_address_an_answer_waits_for_them_in_the_chat(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    journey.leave(begun.chat, later(MONDAY_10, minutes=1))
    now = later(MONDAY_10, minutes=5)
    message = answer(conversation, desk.asha, now=now)
    assert message.outgoing.state == "queued"  # nobody waits at the other end: it can be taken back
    assert message not in chats.lines(begun.chat, now)
    assert message in chats.lines(begun.chat, later(now, seconds=11))


def test_two_chats_of_one_browser_are_one_person(desk: Any) -> None:
    first = begin(desk.help)
    one = say(first)
    journey.leave(first.chat, MONDAY_10)
    second = begin(desk.help, secret=first.secret, anew=True)
    other = say(second, "And about something else")
    assert second.chat != first.chat
    assert one.conversation != other.conversation
    assert one.conversation.contact == other.conversation.contact
    assert Identity.objects.filter(kind="chat").count() == 1


# -- Ending ------------------------------------------------------------------------------------------------------------------


def test_a_chat_in_which_all_was_answered_ends_with_words_that_say_what_happens_next(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    answer(conversation, desk.asha, now=later(MONDAY_10, minutes=1))
    before = MONDAY_10 + timedelta(minutes=1) + QUIET - timedelta(seconds=1)
    assert end_if_due(begun.chat, before).is_open
    assert due_chat(begun.chat).due_at == MONDAY_10 + timedelta(minutes=1) + QUIET
    ended = end_if_due(begun.chat, later(before, seconds=1))
    assert ended.ended == Chat.Ended.QUIET
    last = chats.lines(begun.chat, later(before, seconds=1)).last()
    assert last.automatic == Message.Automatic.OWN
    assert "write here again" in last.text
    assert "/r/" in last.text


def test_whoever_waits_is_not_shown_out_while_they_are_there(desk: Any) -> None:
    begun = begin(desk.help)
    say(begun)
    for minutes in range(5, 60, 5):
        now = later(MONDAY_10, minutes=minutes)
        begun.chat.refresh_from_db()
        chats.seen(begun.chat, now)
        assert end_if_due(begun.chat, now).is_open


def test_a_chat_whose_resident_went_away_ends_and_their_wait_does_not(desk: Any) -> None:
    begun = begin(desk.help, email="dev@example.org")
    conversation = say(begun).conversation
    now = MONDAY_10 + AWAY
    assert end_if_due(begun.chat, now).ended == Chat.Ended.GONE
    wait = Wait.objects.get(conversation=conversation)
    assert wait.is_open
    assert wait.acknowledged_at is None  # a machine's last words are no sign that a person saw it
    assert wait.kept_first(now) is False
    last = chats.lines(begun.chat, now).last()
    assert "your question does not" in last.text
    assert "midday on Monday 23 November 2026" in last.text
    assert "by email to dev@example.org" in last.text


def test_a_chat_in_which_nothing_was_said_leaves_nothing(desk: Any) -> None:
    begun = begin(desk.help)
    for row in DueRow.objects.filter(kind="chat"):
        assert row.due_at == MONDAY_10 + QUIET
    from sociable.due import services as due

    for row in due.claim(MONDAY_10 + QUIET, 20, ["chat"]):
        journey.end_quiet(row, MONDAY_10 + QUIET)
    assert not Chat.objects.filter(pk=begun.chat.pk).exists()
    assert not Message.objects.exists()
    assert chats.prune(later(MONDAY_10, days=1)) == 1


def test_a_chat_that_ended_goes_on_when_they_write_again(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    answer(conversation, desk.asha, now=later(MONDAY_10, minutes=1))
    end_if_due(begun.chat, later(MONDAY_10, minutes=12))
    again = say(begun, "One more thing", now=later(MONDAY_10, minutes=30))
    begun.chat.refresh_from_db()
    assert again.conversation == conversation
    assert begun.chat.is_open
    assert due_chat(begun.chat).due_at == later(MONDAY_10, minutes=40)
    assert Wait.objects.filter(conversation=conversation).count() == 2


def test_leaving_ends_the_chat_and_answers_nobody(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    journey.leave(begun.chat, MONDAY_10)
    begun.chat.refresh_from_db()
    assert begun.chat.ended == Chat.Ended.LEFT
    assert Wait.objects.get(conversation=conversation).is_open
    assert not DueRow.objects.filter(kind="chat", done_at=None).exists()


def test_access_that_was_ended_is_ended_for_good(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    journey.revoke(conversation.pk, desk.asha, MONDAY_10)
    begun.chat.refresh_from_db()
    assert begun.chat.ended == Chat.Ended.REVOKED
    assert chats.visitor_of(desk.help, begun.secret) is None


def test_only_who_may_answer_ends_access(desk: Any) -> None:
    from sociable.people.permissions import NotAllowed

    conversation = say(begin(desk.help)).conversation
    with pytest.raises(NotAllowed):
        journey.revoke(conversation.pk, desk.cara, MONDAY_10)


# -- How many one person has -------------------------------------------------------------------------------------------------


@pytest.fixture
def three_in_hand(desk: Any) -> Any:
    for number in range(3):
        claim.take(say(begin(desk.help), f"Question {number}").conversation_id, desk.asha, MONDAY_10)
    return desk


def test_whoever_has_three_chats_takes_no_fourth_and_is_told_why(three_in_hand: Any) -> None:
    fourth = say(begin(three_in_hand.help), "A fourth").conversation
    with pytest.raises(claim.FullHands, match="You have 3 web chats open"):
        claim.take(fourth.pk, three_in_hand.asha, MONDAY_10)
    with pytest.raises(claim.FullHands, match="Asha has 3 web chats open"):
        claim.hand_over(fourth.pk, three_in_hand.lee, three_in_hand.asha, "", MONDAY_10)
    with pytest.raises(claim.NothingToTake, match="Only web chats wait"):
        claim.take_next(three_in_hand.asha, MONDAY_10)
    assert claim.take(fourth.pk, three_in_hand.lee, MONDAY_10).held_by == three_in_hand.lee


def test_full_hands_still_take_what_is_no_chat(three_in_hand: Any) -> None:
    say(begin(three_in_hand.help), "A fourth")
    mail = three_in_hand.mail(when=later(MONDAY_10, seconds=1))
    assert claim.take_next(three_in_hand.asha, later(MONDAY_10, minutes=1)) == mail.conversation


def test_an_answer_is_never_refused_for_full_hands(three_in_hand: Any) -> None:
    fourth = say(begin(three_in_hand.help), "A fourth").conversation
    answer(fourth, three_in_hand.asha)
    fourth.refresh_from_db()
    assert fourth.held_by == three_in_hand.asha


def test_a_chat_that_ended_leaves_a_hand_free(three_in_hand: Any) -> None:
    journey.leave(Chat.objects.earliest("pk"), MONDAY_10)
    fourth = say(begin(three_in_hand.help), "A fourth").conversation
    assert claim.take(fourth.pk, three_in_hand.asha, MONDAY_10).held_by == three_in_hand.asha


def test_the_limit_is_the_accounts_own(three_in_hand: Any) -> None:
    takes_chat(three_in_hand.help, most_chats=4)
    fourth = say(begin(three_in_hand.help), "A fourth").conversation
    assert claim.take(fourth.pk, three_in_hand.asha, MONDAY_10).held_by == three_in_hand.asha


# -- Moving, merging, taking it along ------------------------------------------------------------------------------------------


def test_a_chat_follows_its_conversation_into_another_account_and_keeps_its_clock(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    join.move(conversation.pk, desk.books, desk.asha, "", later(MONDAY_10, minutes=2))
    again = say(begun, "Still there?", now=later(MONDAY_10, minutes=3))
    assert again.conversation == conversation
    wait = Wait.objects.get(conversation=conversation)
    assert (wait.account, wait.started_at, wait.due_at) == (desk.books, MONDAY_10, at(12))


def test_a_merged_chat_goes_on_where_it_was_merged_into_and_shows_its_own_lines_alone(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun, "Said in the chat").conversation
    mail = desk.mail("Said by mail")
    join.merge(conversation.pk, mail.conversation_id, desk.asha, MONDAY_10, same_person=True)
    again = say(begun, "And more", now=later(MONDAY_10, minutes=1))
    begun.chat.refresh_from_db()
    assert again.conversation == mail.conversation == begun.chat.conversation
    assert [one.text for one in chats.lines(begun.chat, at(11))] == ["Said in the chat", "And more"]


def test_a_chat_goes_on_in_what_was_split_off_last(desk: Any) -> None:
    begun = begin(desk.help)
    say(begun, "About my bin")
    second = say(begun, "And about my tax", now=later(MONDAY_10, minutes=1))
    fresh = join.split(second.pk, desk.asha, later(MONDAY_10, minutes=2))
    third = say(begun, "Which is too high", now=later(MONDAY_10, minutes=3))
    assert third.conversation == fresh
    assert chats.lines(begun.chat, at(11)).count() == 3


def test_a_transcript_goes_by_email_once_a_person_has_answered(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun, "When is it?").conversation
    begun.chat.refresh_from_db()
    with pytest.raises(journey.NothingToSend):
        journey.send_transcript(begun.chat, "dev@example.org", MONDAY_10)
    answer(conversation, desk.asha, "On Friday.", now=later(MONDAY_10, minutes=1))
    sent = journey.send_transcript(begun.chat, "Dev@example.org ", later(MONDAY_10, minutes=2))
    assert (sent.channel, sent.to_addresses, sent.automatic) == ("email", ["dev@example.org"], "own")
    for words in ("When is it?", "On Friday.", "Asha Khan", "/r/", "If that was not you"):
        assert words in sent.text
    for _ in range(journey.MOST_TRANSCRIPTS - 1):
        journey.send_transcript(begun.chat, "dev@example.org", later(MONDAY_10, minutes=2))
    with pytest.raises(journey.SentOften):
        journey.send_transcript(begun.chat, "dev@example.org", later(MONDAY_10, minutes=2))


def test_a_chat_closed_at_the_desk_goes_on_when_they_write(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    answer(conversation, desk.asha, closes=True)
    conversation.refresh_from_db()
    assert conversation.state == "closed"
    say(begun, "One more thing", now=later(MONDAY_10, minutes=1))
    conversation.refresh_from_db()
    assert conversation.state == "open"


def test_a_chat_that_is_no_request_can_be_set_aside(desk: Any) -> None:
    conversation = say(begin(desk.help), "lol").conversation
    settle.not_a_request(conversation.pk, desk.asha, "abuse", MONDAY_10)
    assert Wait.objects.get(conversation=conversation).kept_first(at(16)) is None


# -- What a line costs ---------------------------------------------------------------------------------------------------


def test_the_lines_of_a_chat_are_found_without_reading_those_of_all_others(desk: Any) -> None:
    if connections["default"].vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by how many rows there are, and here are hardly any")
    begun = begin(desk.help)
    answer(say(begun).conversation, desk.asha)
    chat = chats.to_tell(begun.chat.pk)
    by_thread = "conversations_message USING INDEX message_of_thread (partner_id=? AND thread_key=? AND id>?)"
    for ask in (chats.lines_after, lambda *given: chats.answered_last(*given[:2])):
        looks = plans(partial(ask, chat, MONDAY_10, 0), "conversations_message")
        assert looks
        assert {look.removeprefix("SEARCH ").replace("U0", "conversations_message") for look in looks} == {by_thread}
