"""What becomes of a conversation without an answer, and what that does to its clock."""

from __future__ import annotations

import pytest

from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Message, Receipt
from sociable.due.models import DueRow
from sociable.journeys import answer, claim, settle, share, snooze
from sociable.people.models import AuditEvent
from sociable.people.permissions import NotAllowed
from sociable.promises.models import Wait
from sociable.promises.services import NeedWithoutReason
from tests.cast import at

pytestmark = pytest.mark.django_db


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def warnings() -> int:
    return DueRow.objects.filter(kind="warn", done_at=None).count()


def test_not_a_request_ends_the_wait_uncounted_and_withdraws_its_warnings(cast):
    conversation = cast.ask("Thank you!").conversation
    claim.take(conversation.pk, cast.asha, at(10, 5))
    settle.not_a_request(conversation.pk, cast.asha, "thanks", at(10, 10))
    wait, told = Wait.objects.get(), fresh(conversation)
    assert (wait.ended, wait.kept(at(18)), warnings()) == ("not_request", None, 0)
    assert (told.state, told.state_reason, told.held_by) == ("not_request", "Only a thank-you", None)
    assert not DueRow.objects.filter(kind="hold", done_at=None).exists()


def test_it_needs_a_reason_and_something_else_needs_words(cast):
    conversation = cast.ask().conversation
    for why in ("", "nonsense", "other"):
        with pytest.raises(settle.NoReason):
            settle.not_a_request(conversation.pk, cast.asha, why, at(10, 10))
    settle.not_a_request(conversation.pk, cast.asha, "other", at(10, 10), detail="A test by our own people")
    assert fresh(conversation).state_reason == "A test by our own people"


def test_a_request_after_all_goes_on_from_its_first_start(cast):
    conversation = cast.ask().conversation
    settle.not_a_request(conversation.pk, cast.asha, "spam", at(10, 10))
    settle.is_a_request(conversation.pk, cast.asha, at(15))
    wait = Wait.objects.get()
    assert (wait.is_open, wait.started_at, wait.due_at) == (True, at(10), at(12))
    assert warnings()


def test_what_was_taken_for_a_machine_is_timed_from_when_it_arrived(cast):
    message = cast.mail(Auto_Submitted="auto-replied")
    assert (message.conversation.state, Wait.objects.count()) == ("not_request", 0)
    settle.is_a_request(message.conversation_id, cast.asha, at(15))
    assert Wait.objects.get().started_at == at(10)
    assert Message.objects.get().automatic == ""


def test_what_was_kept_aside_is_timed_from_when_it_arrived(cast):
    message = cast.ask()
    Wait.objects.all().delete()
    conversations.settle(message.conversation, Conversation.State.KEPT_ASIDE, "Filled in within a second")
    settle.is_a_request(message.conversation_id, cast.asha, at(15))
    assert (Wait.objects.get().started_at, fresh(message.conversation).state) == (at(10), "open")


def test_closing_without_an_answer_needs_a_reason_and_is_no_answer(cast):
    conversation = cast.ask().conversation
    with pytest.raises(settle.NoReason):
        settle.close(conversation.pk, cast.asha, " ", at(10, 10))
    settle.close(conversation.pk, cast.asha, "They rang and withdrew it", at(10, 10))
    wait = Wait.objects.get()
    assert (wait.ended, wait.kept(at(10, 11)), wait.ended_with) == ("closed", False, None)
    assert AuditEvent.objects.get(verb="closed without an answer").reason == "They rang and withdrew it"


def test_what_was_answered_closes_without_a_reason(cast):
    conversation = cast.ask().conversation
    answer.send(conversation_id=conversation.pk, person=cast.asha, text="Thursday", against_version=1, now=at(11))
    settle.close(conversation.pk, cast.asha, "", at(11, 5))
    assert (fresh(conversation).state, Wait.objects.get().ended) == ("closed", "answered")


def test_open_again_the_clock_never_stood_still(cast):
    conversation = cast.ask().conversation
    settle.close(conversation.pk, cast.asha, "By mistake", at(10, 10))
    settle.reopen(conversation.pk, cast.asha, at(16))
    assert (Wait.objects.get().is_open, Wait.objects.get().started_at) == (True, at(10))


def test_an_answered_wait_stays_answered_when_its_conversation_opens_again(cast):
    conversation = cast.ask().conversation
    answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="Thursday", against_version=1, now=at(11), closes=True
    )
    settle.reopen(conversation.pk, cast.asha, at(16))
    assert Wait.objects.get().ended == "answered"


def test_two_people_settle_at_once_and_the_second_is_told(cast):
    conversation = cast.ask().conversation
    settle.close(conversation.pk, cast.asha, "Withdrawn", at(10, 10))
    with pytest.raises(settle.NotNow, match="closed"):
        settle.not_a_request(conversation.pk, cast.lee, "spam", at(10, 10))


def test_a_need_asks_for_a_reason_keeps_it_and_can_be_taken_back(cast):
    conversation = cast.ask().conversation
    with pytest.raises(NeedWithoutReason):
        settle.move_ahead(conversation.pk, cast.lee, " ", at(10, 10))
    settle.move_ahead(conversation.pk, cast.lee, "Insulin in the freezer, no power", at(10, 10))
    assert (Wait.objects.get().need, Wait.objects.get().need_reason) == (1, "Insulin in the freezer, no power")
    settle.move_ahead(conversation.pk, cast.lee, "Power is back", at(10, 20), need=0)
    assert Wait.objects.get().need == 0
    assert [event.reason for event in AuditEvent.objects.order_by("pk")] == [
        "Insulin in the freezer, no power",
        "Power is back",
    ]


def test_only_a_lead_moves_ahead_and_only_where_somebody_waits(cast):
    conversation = cast.ask().conversation
    with pytest.raises(NotAllowed):
        settle.move_ahead(conversation.pk, cast.asha, "Urgent", at(10, 10))
    settle.close(conversation.pk, cast.asha, "Withdrawn", at(10, 10))
    with pytest.raises(settle.NotNow):
        settle.move_ahead(conversation.pk, cast.lee, "Urgent", at(10, 20))


def test_brought_back_it_is_in_the_queue_now_and_wakes_nobody_later(cast):
    conversation = cast.ask().conversation
    snooze.until(conversation.pk, cast.asha, at(15), at(10, 10))
    settle.bring_back(conversation.pk, cast.asha, at(11))
    assert (fresh(conversation).snoozed_until_at, fresh(conversation).state) == (None, "open")
    assert not DueRow.objects.filter(kind="snooze", done_at=None).exists()


@pytest.mark.parametrize("stranger", ["ben", "cara", "olu"])
def test_only_who_answers_there_settles(cast, stranger):
    conversation, person = cast.ask().conversation, getattr(cast, stranger)
    for act in (
        lambda: settle.not_a_request(conversation.pk, person, "spam", at(11)),
        lambda: settle.is_a_request(conversation.pk, person, at(11)),
        lambda: settle.close(conversation.pk, person, "x", at(11)),
        lambda: settle.reopen(conversation.pk, person, at(11)),
        lambda: settle.bring_back(conversation.pk, person, at(11)),
        lambda: share.share(conversation.pk, cast.trust, person, "x", at(11)),
        lambda: share.end_share(conversation.pk, cast.trust, person, at(11)),
        lambda: share.renew_link(conversation.pk, person, at(11)),
        lambda: share.revoke_link(conversation.pk, person, at(11)),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_shared_with_a_reason_the_other_body_sees_it_until_that_ends(cast):
    conversation = cast.ask().conversation
    with pytest.raises(share.CannotShare):
        share.share(conversation.pk, cast.trust, cast.asha, " ", at(11))
    with pytest.raises(share.CannotShare, match="owns"):
        share.share(conversation.pk, cast.council, cast.asha, "x", at(11))
    assert not Conversation.objects.visible_to(cast.cara).exists()
    share.share(conversation.pk, cast.trust, cast.asha, "Discharge on Friday", at(11))
    assert Conversation.objects.visible_to(cast.cara).get() == conversation
    with pytest.raises(NotAllowed):
        answer.send(conversation_id=conversation.pk, person=cast.cara, text="Hello", against_version=1, now=at(11))
    share.end_share(conversation.pk, cast.trust, cast.asha, at(12))
    assert not Conversation.objects.visible_to(cast.cara).exists()


def test_a_new_link_ends_the_old_one(cast):
    conversation = cast.ask().conversation
    old = conversations.receipt_of(conversation, at(10))
    new = share.renew_link(conversation.pk, cast.asha, at(11))
    assert (Receipt.objects.get(pk=old.pk).revoked_at, new.revoked_at) == (at(11), None)
    share.revoke_link(conversation.pk, cast.asha, at(12))
    assert not Receipt.objects.filter(revoked_at=None).exists()
