"""The clock rules of the mission, each on real rows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sociable.conversations.models import Outgoing
from sociable.directory import queries as directory
from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.due.models import DueRow
from sociable.journeys import answer, outbox
from sociable.people.models import AuditEvent
from sociable.promises import services as promises
from sociable.promises.models import Wait, Warned
from tests.cast import MONDAY_10, Cast, at


def wait_of(message: object) -> Wait:
    return Wait.objects.filter(conversation=message.conversation).latest("pk")  # type: ignore[attr-defined]


def answered(cast: Cast, message: object, when: object, **how: object) -> object:
    conversation = message.conversation  # type: ignore[attr-defined]
    return answer.send(
        conversation_id=conversation.pk,
        person=cast.asha,
        text="On Tuesday.",
        against_version=0,
        send_anyway=True,
        now=when,
        **how,  # type: ignore[arg-type]
    )


def test_it_starts_when_the_request_reached_the_network_not_when_we_fetched_it(cast: Cast) -> None:
    from sociable.channels.base import RawItem
    from sociable.journeys import receive

    content = b"From: dev@example.org\r\nTo: help@ashby.example.org\r\nMessage-ID: <late@example.org>\r\n\r\nHello"
    item = RawItem("late", content, MONDAY_10, "")
    message = receive.read_all(receive.store(cast.help, "email", [item], fetched_at=at(15)), at(15))[0]
    assert message is not None
    assert (message.sent_at, message.fetched_at, message.stored_at) == (MONDAY_10, at(15), at(15))
    assert wait_of(message).due_at == at(12)


def test_it_starts_at_opening_for_a_request_in_the_night(cast: Cast) -> None:
    wait = wait_of(cast.ask(when=at(3)))
    assert (wait.started_at, wait.clock_starts_at, wait.due_at) == (at(3), at(9), at(11))


def test_several_messages_before_an_answer_are_one_wait_timed_from_the_first(cast: Cast) -> None:
    first = cast.mail(Message_ID="<1@example.org>")
    cast.mail("Hello?", when=at(11), Message_ID="<2@example.org>", In_Reply_To="<1@example.org>")
    wait = Wait.objects.get()
    assert (wait.began_with, wait.due_at) == (first, at(12))


def test_a_human_answer_ends_it_and_a_message_after_it_begins_another(cast: Cast) -> None:
    first = cast.mail(Message_ID="<1@example.org>")
    answered(cast, first, at(11))
    cast.mail("And on Friday?", when=at(11, 30), Message_ID="<2@example.org>", In_Reply_To="<1@example.org>")
    ended, begun = Wait.objects.order_by("pk")
    assert (ended.ended, ended.ended_at, ended.ended_by) == ("answered", at(11), cast.asha)
    assert begun.is_open
    assert begun.due_at == at(13, 30)


def test_notes_receipts_and_automatic_mail_never_end_it(cast: Cast) -> None:
    Account.objects.filter(pk=cast.help.pk).update(sends_receipts=True)
    message = cast.mail(Message_ID="<1@example.org>")
    answer.note(conversation_id=message.conversation_id, person=cast.asha, text="Ask the depot", now=at(10, 5))
    cast.mail(
        "I am away",
        when=at(10, 6),
        Message_ID="<2@example.org>",
        In_Reply_To="<1@example.org>",
        Auto_Submitted="auto-replied",
    )
    assert Outgoing.objects.filter(message__automatic="own").exists()
    assert wait_of(message).is_open


def test_automatic_mail_never_starts_one_and_gets_no_receipt(cast: Cast) -> None:
    Account.objects.filter(pk=cast.help.pk).update(sends_receipts=True)
    message = cast.mail("I am away until Monday", Auto_Submitted="auto-replied")
    assert message.conversation.state == "not_request"
    assert not Wait.objects.exists()
    assert not Outgoing.objects.exists()


def test_only_saying_we_have_it_acknowledges_and_the_clock_goes_on(cast: Cast) -> None:
    message = cast.ask()
    answered(cast, message, at(10, 20), acknowledges=True)
    wait = wait_of(message)
    assert wait.is_open
    assert wait.acknowledged_at == at(10, 20)


def test_no_stated_hours_means_no_promise(cast: Cast) -> None:
    HoursVersion.objects.filter(account=cast.help).delete()
    wait = wait_of(cast.ask())
    assert (wait.due_at, wait.promise, wait.kept(at(20))) == (None, None, None)
    assert not DueRow.objects.filter(kind="warn").exists()
    assert [one.kind for one in Warned.objects.all()] == ["arrival"]


def test_an_unanswered_wait_is_late_the_moment_it_passes(cast: Cast) -> None:
    wait = wait_of(cast.ask())
    assert wait.kept(at(12)) is None
    assert wait.kept(at(12) + timedelta(seconds=1)) is False


def test_closing_without_an_answer_is_no_answer(cast: Cast) -> None:
    wait = wait_of(cast.ask())
    promises.end(wait, how=Wait.Ended.CLOSED, at=at(10, 30), person=cast.asha)
    assert wait.kept(at(10, 31)) is False


def test_every_wait_has_its_warning_instants_as_due_rows_and_loses_them_with_its_end(cast: Cast) -> None:
    message = cast.ask()
    rows = {row.data["kind"]: row.due_at for row in DueRow.objects.filter(kind="warn", done_at=None)}
    assert rows == {"50": at(11), "75": at(11, 30), "90": at(11, 48), "passed": at(12)}
    answered(cast, message, at(10, 30))
    assert not DueRow.objects.filter(kind="warn", done_at=None).exists()


def test_an_answer_taken_back_opens_the_wait_again_with_its_first_start(cast: Cast) -> None:
    message = cast.ask()
    sent = answered(cast, message, at(10, 30))
    outbox.undo(sent, at(10, 30) + timedelta(seconds=5))  # type: ignore[arg-type]
    wait = Wait.objects.get()
    assert wait.is_open
    assert wait.due_at == at(12)
    assert DueRow.objects.filter(kind="warn", done_at=None).count() == 5


def test_an_answer_that_left_late_counts_from_when_the_network_took_it(cast: Cast) -> None:
    sent = answered(cast, cast.ask(), at(10, 30))
    promises.accepted(sent, at(10, 30, day=24))  # type: ignore[arg-type]
    assert Wait.objects.get().ended_at == at(10, 30, day=24)


def test_the_seconds_for_undo_are_held_against_nobody(cast: Cast) -> None:
    sent = answered(cast, cast.ask(), at(10, 30))
    promises.accepted(sent, at(10, 30) + timedelta(seconds=12))  # type: ignore[arg-type]
    assert Wait.objects.get().ended_at == at(10, 30)


def test_new_hours_move_open_waits_and_never_ended_ones(cast: Cast) -> None:
    done, waiting = cast.ask(), cast.ask("Another", subject="Other", when=at(16, 30))
    answered(cast, done, at(10, 30))
    before = wait_of(done).due_at
    HoursVersion.objects.create(
        account=cast.help, valid_from_on=date(2026, 11, 24), notation="Mo-Fr 12:00-17:00", stated_at=at(16)
    )
    stated = directory.stated(cast.help.pk)
    moves = promises.would_move(stated)
    assert [(move.wait, move.was_due_at, move.due_at) for move in moves] == [
        (wait_of(waiting), at(10, 30, day=24), at(13, 30, day=24))
    ]
    assert promises.recompute(stated) == 1
    assert wait_of(waiting).due_at == at(13, 30, day=24)
    assert wait_of(done).due_at == before
    assert DueRow.objects.get(key=f"warn:{wait_of(waiting).pk}:passed").due_at == at(13, 30, day=24)


def test_a_wait_is_judged_by_the_promise_of_its_day(cast: Cast) -> None:
    wait = wait_of(cast.ask())
    PromiseVersion.objects.create(
        account=cast.help, valid_from_on=date(2026, 11, 24), form="open_time", minutes=60, stated_at=at(11)
    )
    promises.recompute(directory.stated(cast.help.pk))
    wait.refresh_from_db()
    assert wait.due_at == at(12)
    tomorrow = cast.ask("New", subject="New", when=at(10, day=24), email="else@example.org")
    assert wait_of(tomorrow).due_at == at(11, day=24)


def test_a_jump_for_need_asks_for_a_reason_and_keeps_it(cast: Cast) -> None:
    wait = wait_of(cast.ask())
    with pytest.raises(promises.NeedWithoutReason):
        promises.move_ahead(wait, need=1, reason=" ", person=cast.lee, now=at(10, 5))
    promises.move_ahead(wait, need=1, reason="No heating and a baby", person=cast.lee, now=at(10, 5))
    wait.refresh_from_db()
    assert (wait.need, wait.need_reason) == (1, "No heating and a baby")
    trail = AuditEvent.objects.get(verb="moved for need")
    assert (trail.person_name, trail.reason) == ("Lee Ward", "No heating and a baby")


def test_waits_that_begin_while_an_account_learns_are_marked(cast: Cast) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage="learning")
    assert wait_of(cast.ask()).in_learning
