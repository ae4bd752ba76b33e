"""Merging, splitting and moving: whose words, links and drafts go where, and that the clock keeps its first start."""

from __future__ import annotations

from datetime import date

import pytest

from sociable.conversations import presence
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Draft, Identity, Message, Receipt
from sociable.directory import queries as directory
from sociable.directory.models import Account, PromiseVersion
from sociable.due.models import DueRow
from sociable.journeys import answer, claim, join, settle, share, tick
from sociable.people.permissions import NotAllowed
from sociable.promises import services as promises
from sociable.promises.models import Wait, Warned
from tests.cast import Cast, at

pytestmark = pytest.mark.django_db


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def reply(cast: Cast, conversation: Conversation, when, **how) -> Message:
    return answer.send(
        conversation_id=conversation.pk,
        person=cast.asha,
        text="On Thursday.",
        against_version=fresh(conversation).version,
        now=when,
        **how,
    )


# -- Merge ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("into_earlier", [True, False])
def test_merged_they_wait_once_from_the_first_start(cast, into_earlier):
    early, late = cast.ask(when=at(9, 30)).conversation, cast.ask("And the green one?", when=at(11)).conversation
    into, other = (early, late) if into_earlier else (late, early)
    join.merge(other.pk, into.pk, cast.asha, at(11, 10))
    wait = Wait.objects.open().get()
    assert (wait.conversation, wait.started_at, wait.due_at) == (into, at(9, 30), at(11, 30))
    assert Wait.objects.get(ended="joined").kept(at(18)) is None
    assert set(DueRow.objects.filter(kind="warn", done_at=None).values_list("subject_id", flat=True)) == {wait.pk}
    assert [message.sent_at for message in into.messages.order_by("sent_at")] == [at(9, 30), at(11)]
    assert (fresh(other).state, fresh(other).merged_into) == ("merged", into)


def test_old_links_drafts_and_replies_arrive_at_the_living_one(cast):
    into, other = cast.mail(when=at(9, 30)).conversation, cast.mail("And the green one?", when=at(11)).conversation
    link = conversations.receipt_of(other, at(11))
    for conversation, text in ((into, "One"), (other, "Two")):
        presence.write(conversation.pk, cast.asha.pk, kind="answer", text=text, against_version=1, now=at(11))
    presence.write(other.pk, cast.lee.pk, kind="note", text="Three", against_version=1, now=at(11))
    join.merge(other.pk, into.pk, cast.asha, at(11, 10))
    assert Receipt.objects.get(pk=link.pk).conversation == into
    assert {draft.text for draft in Draft.objects.filter(conversation=into)} == {"One\n\nTwo", "Three"}
    assert cast.mail("Well?", when=at(11, 20), To=cast.reply_to(other)).conversation == into


def test_one_merged_twice_over_still_leads_to_the_last(cast):
    first, second, third = (cast.mail(f"No {n}", when=at(10, n)).conversation for n in (1, 2, 3))
    join.merge(first.pk, second.pk, cast.asha, at(11))
    join.merge(second.pk, third.pk, cast.asha, at(11))
    assert fresh(first).merged_into == third
    assert Wait.objects.open().get().started_at == at(10, 1)


def test_a_closed_one_opens_when_somebody_waits_in_it(cast):
    into = cast.ask(when=at(9, 30)).conversation
    reply(cast, into, at(10), closes=True)
    other = cast.ask("And the green one?", when=at(11)).conversation
    join.merge(other.pk, into.pk, cast.asha, at(11, 10))
    assert fresh(into).state == "open"
    assert Wait.objects.open().get().conversation == into


def test_what_was_answered_before_stays_so_in_the_living_one(cast):
    into, other = cast.ask(when=at(9, 30)).conversation, cast.ask("And?", when=at(11), account=cast.books).conversation
    reply(cast, other, at(11, 5))
    join.merge(other.pk, into.pk, cast.asha, at(11, 10))
    answered = Wait.objects.get(ended="answered")
    assert (answered.conversation, answered.account, answered.ended_at) == (into, cast.books, at(11, 5))


def test_a_need_stays_with_whoever_was_moved_ahead(cast):
    into, other = cast.ask(when=at(9, 30)).conversation, cast.ask("Help", when=at(11)).conversation
    promises.move_ahead(promises.open_wait(other), need=1, reason="No heating", person=cast.lee, now=at(11))
    join.merge(other.pk, into.pk, cast.asha, at(11, 10))
    assert (Wait.objects.open().get().need, Wait.objects.open().get().need_reason) == (1, "No heating")


def test_two_people_are_merged_only_when_said_to_be_one(cast):
    into, other = (
        cast.ask().conversation,
        cast.ask(name="D. Patel", email="dev@work.example.org", when=at(11)).conversation,
    )
    third = cast.ask("Again", name="D. Patel", email="dev@work.example.org", when=at(12)).conversation
    with pytest.raises(join.CannotJoin, match="two people"):
        join.merge(other.pk, into.pk, cast.asha, at(12))
    join.merge(other.pk, into.pk, cast.asha, at(12), same_person=True)
    assert {identity.contact for identity in Identity.objects.all()} == {into.contact}
    assert fresh(third).contact == into.contact
    assert list(Wait.objects.values_list("contact", flat=True)) == [into.contact_id] * 3


def test_what_another_body_may_read_is_not_widened_by_merging(cast):
    into, other = cast.ask().conversation, cast.ask("And the green one?", when=at(11)).conversation
    share.share(other.pk, cast.trust, cast.asha, "Discharge", at(11))
    join.merge(other.pk, into.pk, cast.asha, at(12))
    assert not Conversation.objects.visible_to(cast.cara).exists()


def test_bodies_are_never_mixed_and_strangers_merge_nothing(cast):
    ours, theirs = cast.ask().conversation, cast.ask(account=cast.clinic).conversation
    both = cast.lee
    both.roles.create(kind="answerer", partner=cast.trust)
    with pytest.raises(join.CannotJoin, match="two bodies"):
        join.merge(ours.pk, theirs.pk, both, at(11), same_person=True)
    with pytest.raises(join.CannotJoin, match="same one"):
        join.merge(ours.pk, ours.pk, cast.asha, at(11))
    with pytest.raises(NotAllowed):
        join.merge(ours.pk, theirs.pk, cast.asha, at(11))


def test_suggested_are_the_same_persons_others_that_may_be_answered(cast):
    here, book = cast.ask().conversation, cast.ask("My loan", account=cast.books).conversation
    cast.ask("Other person", name="Ann", email="ann@example.org")
    assert join.merge_candidates(here, cast.asha) == [book]
    assert join.merge_candidates(book, cast.ben) == []


# -- Split ------------------------------------------------------------------------------------------------------------------


def two_matters(cast: Cast) -> tuple[Message, Message]:
    first = cast.mail(when=at(9, 30))
    second = cast.mail("Also, my library fine", when=at(10, 30), In_Reply_To=first.message_id)
    assert second.conversation == first.conversation
    return first, second


def test_split_while_both_wait_each_waits_from_its_own_message(cast):
    first, second = two_matters(cast)
    new = join.split(second.pk, cast.asha, at(11))
    assert {(wait.conversation, wait.started_at) for wait in Wait.objects.open()} == {
        (first.conversation, at(9, 30)),
        (new, at(10, 30)),
    }
    assert (fresh(first.conversation).last_message_at, new.started_at) == (at(9, 30), at(10, 30))
    assert Message.objects.get(pk=second.pk).joined_why == ""


def test_an_answer_that_goes_with_the_split_no_longer_answers_what_stays(cast):
    first, second = two_matters(cast)
    sent = reply(cast, first.conversation, at(11), closes=True)
    new = join.split(second.pk, cast.asha, at(11, 30))
    stays, went = Wait.objects.get(conversation=first.conversation), Wait.objects.get(conversation=new)
    assert (stays.is_open, stays.started_at) == (True, at(9, 30))
    assert (went.started_at, went.ended, went.ended_with, went.ended_at) == (at(10, 30), "answered", sent, at(11))
    assert fresh(first.conversation).state == "open"


def test_an_answer_that_was_taken_back_answers_nothing_after_a_split(cast):
    first, second = two_matters(cast)
    answer.take_back(reply(cast, first.conversation, at(11)).pk, cast.asha, at(11))
    new = join.split(second.pk, cast.asha, at(11, 30))
    assert Wait.objects.get(conversation=new).is_open


def test_a_wait_that_began_with_the_split_message_moves_as_it_is(cast):
    first = cast.mail(when=at(9, 30))
    reply(cast, first.conversation, at(10))
    second = cast.mail("Another thing", when=at(10, 30), In_Reply_To=first.message_id)
    wait = Wait.objects.open().get()
    new = join.split(second.pk, cast.asha, at(11))
    wait.refresh_from_db()
    assert (wait.conversation, wait.is_open) == (new, True)
    assert Wait.objects.get(conversation=first.conversation).ended == "answered"
    assert Wait.objects.count() == 2


def test_a_later_wait_joins_the_split_message_that_nobody_answered(cast):
    first, second = two_matters(cast)
    promises.end(promises.open_wait(first.conversation), how="closed", at=at(11), person=cast.asha)
    cast.mail("Hello?", when=at(12), In_Reply_To=first.message_id)
    new = join.split(second.pk, cast.asha, at(12, 30))
    wait = Wait.objects.open().get()
    assert (wait.conversation, wait.started_at) == (new, at(10, 30))


def test_the_split_belongs_to_whoever_wrote_it_and_has_no_link_of_the_other(cast):
    first = cast.mail(when=at(9, 30))
    conversations.receipt_of(first.conversation, at(9, 30))
    second = cast.mail("Me too", when=at(10), sender="Ann <ann@example.org>", To=cast.reply_to(first.conversation))
    new = join.split(second.pk, cast.asha, at(11))
    assert new.contact.name == "Ann"
    assert Wait.objects.get(conversation=new).contact == new.contact
    assert not Receipt.objects.filter(conversation=new).exists()


def test_an_answer_to_what_was_split_off_finds_it(cast):
    first, second = two_matters(cast)
    sent = reply(cast, first.conversation, at(11))
    new = join.split(second.pk, cast.asha, at(11, 30))
    sent.refresh_from_db()
    back = cast.mail("Thanks, but", when=at(12), To=cast.reply_to(first.conversation), In_Reply_To=sent.message_id)
    assert back.conversation == new


def test_a_machines_message_split_off_starts_no_clock(cast):
    first = cast.mail(when=at(9, 30))
    machine = cast.mail("Out of office", when=at(10), In_Reply_To=first.message_id, Auto_Submitted="auto-replied")
    new = join.split(machine.pk, cast.asha, at(11))
    assert fresh(new).state == "not_request"
    assert Wait.objects.get().conversation == first.conversation


def test_the_first_message_and_our_own_cannot_be_split_off(cast):
    first, _ = two_matters(cast)
    ours = reply(cast, first.conversation, at(11))
    for message in (first, ours):
        with pytest.raises(join.CannotSplit):
            join.split(message.pk, cast.asha, at(12))


def test_split_and_merged_again_is_as_it_was(cast):
    first, second = two_matters(cast)
    new = join.split(second.pk, cast.asha, at(11))
    join.merge(new.pk, first.conversation_id, cast.asha, at(11, 5))
    wait = Wait.objects.open().get()
    assert (wait.conversation, wait.started_at) == (first.conversation, at(9, 30))
    assert first.conversation.messages.count() == 2


# -- Move -------------------------------------------------------------------------------------------------------------------


def test_moved_it_keeps_its_start_its_promise_and_is_free_for_those_there(cast):
    conversation = cast.ask().conversation
    claim.take(conversation.pk, cast.asha, at(10, 5))
    join.move(conversation.pk, cast.books, cast.asha, "A loan, not a bin", at(10, 10))
    wait, moved = Wait.objects.get(), fresh(conversation)
    assert (wait.account, wait.started_at, wait.due_at, wait.promise.account) == (cast.books, at(10), at(12), cast.help)
    assert (moved.account, moved.held_by, moved.handed_note) == (
        cast.books,
        None,
        "Asha, from Ashby Help: A loan, not a bin",
    )
    assert Conversation.objects.visible_to(cast.ben).get() == conversation


def test_new_promises_there_do_not_touch_it_and_new_ones_where_it_arrived_do(cast):
    conversation = cast.ask().conversation
    join.move(conversation.pk, cast.books, cast.asha, "", at(10, 10))
    promises.recompute(directory.stated(cast.books.pk))
    assert Wait.objects.get().due_at == at(12)
    PromiseVersion.objects.create(
        account=cast.help, valid_from_on=date(2026, 11, 1), form="open_time", minutes=60, stated_at=at(10)
    )
    assert [moved.due_at for moved in promises.would_move(directory.stated(cast.help.pk))] == [at(11)]
    promises.recompute(directory.stated(cast.help.pk))
    assert Wait.objects.get().due_at == at(11)


def test_its_warnings_come_by_the_hours_of_the_promise(cast):
    conversation = cast.ask().conversation
    silent = Account.objects.create(partner=cast.council, slug="silent", name="Silent", stage="live")
    join.move(conversation.pk, silent, cast.asha, "", at(10, 10))
    row = DueRow.objects.get(kind="warn", data__kind="passed")
    tick.warn(row, at(12, 1))
    assert Warned.objects.get(kind="passed").due_at == at(12)


def test_closed_and_open_again_there_it_warns_by_the_hours_of_its_promise(cast):
    conversation = cast.ask().conversation
    silent = Account.objects.create(partner=cast.council, slug="silent", name="Silent", stage="live")
    join.move(conversation.pk, silent, cast.asha, "", at(10, 10))
    settle.close(conversation.pk, cast.asha, "By mistake", at(10, 20))
    settle.reopen(conversation.pk, cast.asha, at(10, 30))
    assert DueRow.objects.get(kind="warn", done_at=None, data__kind="passed").due_at == at(12)


def test_it_moves_within_the_body_to_where_somebody_answers(cast):
    conversation = cast.ask().conversation
    resting = Account.objects.create(partner=cast.council, slug="resting", name="Resting", stage="resting")
    for account, words in ((cast.clinic, "another body"), (cast.help, "already"), (resting, "Nobody answers")):
        with pytest.raises(join.CannotMove, match=words):
            join.move(conversation.pk, account, cast.asha, "", at(11))
    with pytest.raises(NotAllowed):
        join.move(conversation.pk, cast.books, cast.ben, "", at(11))


# -- What was kept aside -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("into_aside", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_merged_with_a_request_what_was_kept_aside_waits_from_when_it_arrived(cast, into_aside, closed):
    aside = cast.ask("Me first", when=at(9, 30), suspected_why="Looks odd").conversation
    known = cast.ask(when=at(11)).conversation
    if closed:
        reply(cast, known, at(11, 5), closes=True)
    other, into = (known, aside) if into_aside else (aside, known)
    join.merge(other.pk, into.pk, cast.asha, at(11, 10))
    wait = Wait.objects.open().get()
    assert (fresh(into).state, wait.conversation, wait.started_at) == ("open", into, at(9, 30))


def test_two_that_were_kept_aside_stay_aside_together(cast):
    one, two = (cast.ask(text, suspected_why="Looks odd").conversation for text in ("One", "Two"))
    join.merge(one.pk, two.pk, cast.asha, at(11))
    assert fresh(two).state == "kept_aside"
    assert not Wait.objects.exists()
