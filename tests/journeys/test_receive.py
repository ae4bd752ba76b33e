"""Raw first: what a network handed over is committed before anything reads it, once, and read in the end whatever happens."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from sociable.channels.base import RawItem
from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.directory.models import Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import answer, join, place, receive, snooze, state
from sociable.promises.models import Wait
from sociable.worker import loop
from tests.cast import MONDAY_10, Cast, at
from tests.journeys.test_state import SHORT

pytestmark = pytest.mark.django_db
NEW, READ, DUPLICATE, UNREADABLE, NOTED = RawInbound.State.values


def item(
    name: str = "1", text: str = "When is my bin collected?", *, reply_to: str = "", sender: str = "dev@example.org"
) -> RawItem:
    reply = f"In-Reply-To: <{reply_to}@example.org>\r\n" if reply_to else ""
    mail = f"From: {sender}\r\nTo: help@ashby.example.org\r\nMessage-ID: <{name}@example.org>\r\n{reply}Subject: Bin\r\n\r\n{text}\r\n"
    return RawItem(f"remote-{name}", mail.encode(), MONDAY_10, name)


def store(account, *items: RawItem, **more) -> list[RawInbound]:
    return receive.store(account, "email", items or [item()], fetched_at=MONDAY_10, **more)


def states() -> list[str]:
    return list(RawInbound.objects.order_by("pk").values_list("state", flat=True))


def test_stored_it_waits_to_be_read_with_a_due_row_behind_it(cast):
    (raw,) = store(cast.help)
    assert (raw.state, bytes(raw.content)) == (NEW, item().content)
    assert DueRow.objects.get(kind="receive").next_at == MONDAY_10 + receive.NET
    assert not Message.objects.exists()


def test_read_at_once_nothing_is_left_due(cast):
    receive.read_all(store(cast.help), MONDAY_10)
    assert states() == [READ]
    assert not DueRow.objects.filter(kind="receive", done_at=None).exists()


def test_if_the_caller_dies_a_worker_reads_it(cast):
    store(cast.help)
    loop.do_due(("receive",))
    assert states() == [READ]
    assert Wait.objects.get().started_at == MONDAY_10


def test_the_same_again_is_stored_once(cast):
    store(cast.help)
    assert store(cast.help, item(), item("2"), item("2"))[0].remote_id == "remote-2"
    assert RawInbound.objects.count() == 2


def test_the_database_itself_refuses_the_same_twice(cast):
    (raw,) = store(cast.help)
    raw.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        raw.save(force_insert=True)


def test_cursor_and_raw_rows_move_in_one_transaction(cast, monkeypatch):
    connected = Connection.objects.create(account=cast.help, cursor="1:1")

    def fail(things):
        raise OperationalError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(due, "ask", fail)
        with pytest.raises(OperationalError):
            store(cast.help, behind=(connected, "1:2"))
    assert Connection.objects.get().cursor == "1:1"
    assert not RawInbound.objects.exists()
    store(cast.help, behind=(connected, "1:2"))
    assert Connection.objects.get().cursor == "1:2"
    assert RawInbound.objects.count() == 1


def test_two_mailboxes_of_one_body_holding_one_mail_make_one_message(cast):
    receive.read_all(store(cast.help), MONDAY_10)
    receive.read_all(store(cast.books), MONDAY_10)
    assert states() == [READ, DUPLICATE]
    assert Message.objects.count() == Wait.objects.count() == 1


def test_two_bodies_have_each_their_own(cast):
    receive.read_all(store(cast.help), MONDAY_10)
    receive.read_all(store(cast.clinic), MONDAY_10)
    assert states() == [READ, READ]
    assert Conversation.objects.count() == Wait.objects.count() == 2


def test_hours_stated_while_a_batch_is_read_judge_all_of_it(cast, monkeypatch):
    really, stated = receive._parse, []

    def parse(raw, account):
        parsed = really(raw, account)
        if raw.remote_id == "remote-2" and not stated:
            stated.append(
                state.state_hours(
                    account_id=cast.help.pk, hours=SHORT, valid_from_on=MONDAY_10.date(), person=cast.lee, now=MONDAY_10
                )
            )
        return parsed

    monkeypatch.setattr(receive, "_parse", parse)
    receive.read_all(
        store(cast.help, item("1"), item("2", sender="b@example.org"), item("3", sender="c@example.org")), MONDAY_10
    )
    assert stated
    assert {wait.due_at for wait in Wait.objects.all()} == {at(10, day=24)}


def test_what_cannot_be_parsed_is_kept_shown_and_stops_no_other(cast, monkeypatch):
    really = receive._parse

    def parse(raw, account):
        if raw.remote_id == "remote-1":
            raise RecursionError("endless")
        return really(raw, account)

    monkeypatch.setattr(receive, "_parse", parse)
    receive.read_all(store(cast.help, item("1"), item("2")), MONDAY_10)
    assert states() == [UNREADABLE, READ]
    assert "endless" in RawInbound.objects.get(state=UNREADABLE).error
    assert not DueRow.objects.filter(kind="receive", done_at=None).exists()


def test_a_full_disk_keeps_the_raw_row_new_and_the_others_are_read(cast, monkeypatch):
    fresh = store(cast.help, item("1"), item("2"))
    really, full = receive.inbound.keep_files, [True]

    def keep(parsed):
        if full[0] and parsed.message_id == "<1@example.org>":
            raise OSError(28, "No space left on device")
        return really(parsed)

    monkeypatch.setattr(receive.inbound, "keep_files", keep)
    with pytest.raises(OSError, match="No space"):
        receive.read_all(fresh, MONDAY_10)
    assert states() == [NEW, READ]
    loop.do_due(("receive",))
    assert states() == [NEW, READ]
    full[0] = False
    DueRow.objects.filter(kind="receive").update(next_at=MONDAY_10)
    loop.do_due(("receive",))
    assert states() == [READ, READ]


def test_two_workers_with_one_raw_row_make_one_message(cast):
    (raw,) = store(cast.help)
    stated = receive.directory.stated(cast.help.pk)
    assert receive.read(raw, stated, MONDAY_10) is not None
    assert receive.read(raw, stated, MONDAY_10) is None  # it still believes that the row is new
    assert states() == [READ]
    assert Message.objects.count() == 1


def test_the_clock_runs_from_when_the_network_took_it(cast):
    receive.read_all(store(cast.help), MONDAY_10 + timedelta(minutes=50))
    message, wait = Message.objects.get(), Wait.objects.get()
    assert (message.sent_at, wait.started_at) == (MONDAY_10, MONDAY_10)
    assert message.stored_at == MONDAY_10 + timedelta(minutes=50)


@pytest.mark.django_db(transaction=True)
def test_a_crowd_writing_to_one_conversation_at_once_is_all_heard(cast):
    receive.read_all(store(cast.help, item("1")), MONDAY_10)
    fresh = store(cast.help, *(item(f"again-{number}", reply_to="1") for number in range(8)))
    together(lambda raw: receive.read_all([raw], MONDAY_10), fresh)
    assert set(states()) == {READ}
    assert Conversation.objects.get().version == 9
    assert Wait.objects.get().is_open


@pytest.mark.django_db(transaction=True)
def test_a_new_contact_who_writes_twice_at_once_is_one_contact(cast):
    fresh = store(cast.help, *(item(f"{number}") for number in range(6)))
    together(lambda raw: receive.read_all([raw], MONDAY_10), fresh)
    assert set(states()) == {READ}
    assert len({conversation.contact_id for conversation in Conversation.objects.all()}) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_mail_coming_two_ways_at_once_is_stored_once_and_refused_by_neither(cast):
    stored: list[RawInbound] = []
    together(lambda _: stored.extend(store(cast.help)), range(6))
    assert len(stored) == RawInbound.objects.count() == 1


def together(do, things) -> None:
    """Do it with each thing, all in the same instant."""
    start, errors = threading.Barrier(len(things)), []

    def run(thing) -> None:
        start.wait()
        try:
            do(thing)
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(thing,)) for thing in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.skipif(
    not connection.features.has_select_for_update, reason="Nobody else merges anything while SQLite reads one message"
)
def test_what_was_on_its_way_into_a_conversation_that_is_being_merged_arrives_at_the_living_one(cast, monkeypatch):
    gone, living = cast.mail(Message_ID="<1@example.org>").conversation, cast.mail("Two").conversation
    found = place.conversations_asked.thread_of

    def merged_meanwhile(*given):
        thread = found(*given)
        join.merge(gone.pk, living.pk, cast.asha, MONDAY_10)
        return thread

    monkeypatch.setattr(place.conversations_asked, "thread_of", merged_meanwhile)
    assert cast.mail("More", In_Reply_To="<1@example.org>").conversation == living


def test_what_a_machine_says_in_between_leaves_a_conversation_waiting_for_them(cast):
    conversation = cast.mail(Message_ID="<1@example.org>").conversation
    reply = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="Thursday.", against_version=1, now=at(10, 5)
    )
    snooze.until(conversation.pk, cast.asha, at(15), at(10, 6))
    cast.mail("I am away", when=at(10, 7), In_Reply_To=reply.message_id, Auto_Submitted="auto-replied")
    conversation.refresh_from_db()
    assert (conversation.version, conversation.last_direction, conversation.snoozed_until_at) == (3, "out", at(15))


def test_a_receipt_shows_the_private_link_to_the_person_it_belongs_to_and_to_nobody_who_had_a_copy(cast):
    cast.help.sends_receipts = True
    cast.help.save()
    conversation = cast.mail(Message_ID="<1@example.org>").conversation
    answer.send(conversation_id=conversation.pk, person=cast.asha, text="Private.", against_version=1, now=at(10, 5))
    copied = cast.mail("Me too", when=at(10, 9), sender="eve@example.net", In_Reply_To="<1@example.org>")
    assert copied.conversation == conversation
    theirs, others = Message.objects.filter(automatic="own").order_by("pk")
    assert (theirs.to_addresses, "/r/" in theirs.text) == (["dev@example.org"], True)
    assert (others.to_addresses, "/r/" in others.text) == (["eve@example.net"], False)


def test_a_sender_who_gives_two_mails_one_message_id_loses_neither(cast: Cast) -> None:
    first = cast.mail("My bin was missed", Message_ID="<same@example.org>")
    second = cast.mail("And the brown one too", when=at(10, 20), Message_ID="<same@example.org>")
    assert second.conversation == first.conversation
    assert second.message_id != first.message_id
    assert "Message-ID of another message" in " ".join(second.problems)
    again = cast.mail("And the brown one too", when=at(10, 20), Message_ID="<same@example.org>", account=cast.books)
    assert again is None  # the same words by another mailbox are the same message
    assert first.conversation.messages.count() == 2
