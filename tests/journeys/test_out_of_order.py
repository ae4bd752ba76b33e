"""What is told late, twice, in the wrong order or by halves never ends a wait that nobody answered, nor opens one that was."""

from __future__ import annotations

from typing import Any

import pytest

from sociable.channels import registry
from sociable.channels.base import Receipt
from sociable.conversations.models import Attachment, Message, Outgoing, RawInbound
from sociable.directory.models import Connection
from sociable.due.models import DueRow
from sociable.journeys import answer, files, join, outbox
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures
from tests.journeys.test_network import account, answered, do, in_parts, tell  # noqa: F401 - a fixture

NEW, READ, DUPLICATE, UNREADABLE, NOTED = RawInbound.State.values


def colleague(**event: Any) -> dict[str, Any]:
    return {"by_account": True, "from": "help", **event}


def test_what_a_colleague_wrote_before_they_asked_answers_nothing(account):  # noqa: F811
    tell(account, at(9), id="0", text="Hello", thread="t", private=True)
    tell(account, at(9, 5), id="1", text="Hi", thread="t", private=True, **colleague())
    tell(account, at(10), id="3", text="Bins?", thread="t", private=True)
    tell(account, at(9, 50), id="2", text="Anything else?", thread="t", private=True, **colleague())
    assert Wait.objects.get(began_with__message_id="3").is_open


def test_what_they_asked_after_an_answer_that_is_told_late_waits_from_then(account):  # noqa: F811
    tell(account, at(10), id="1", text="Bins?")
    tell(account, at(10, 40), id="3", text="And trees?", answers="1")
    tell(account, at(10, 30), id="2", text="Tuesday", answers="1", **colleague())
    first, second = Wait.objects.order_by("started_at")
    assert (first.ended, first.ended_at) == ("answered", at(10, 30))
    assert (second.is_open, second.started_at) == (True, at(10, 40))


def test_a_colleagues_answer_that_was_deleted_opens_the_wait_again(account):  # noqa: F811
    tell(account, id="1", text="Bins?")
    tell(account, at(10, 30), id="2", text="Tuesday", answers="1", **colleague())
    tell(account, at(11), type="removal", id="r", about="2")
    assert Wait.objects.get().is_open


def test_a_colleagues_answer_whose_removal_was_told_before_it_ends_nothing(account):  # noqa: F811
    tell(account, id="1", text="Bins?")
    tell(account, at(11), type="removal", id="r", about="2")
    tell(account, at(10, 30), id="2", text="Tuesday", answers="1", **colleague())
    assert Wait.objects.get().is_open


def test_the_report_that_it_was_read_hours_later_does_not_move_the_answers_time(cast, account):  # noqa: F811
    said = answered(cast, tell(account, id="1", text="Bins?"))
    tell(account, at(14), type="report", id="r", about=said.message_id, state="delivered")
    assert Outgoing.objects.get().state == "delivered"
    assert Wait.objects.get().ended_at == at(10, 5)


def test_a_second_part_sent_again_that_fails_again_opens_the_wait_again(cast, account):  # noqa: F811
    _, second = in_parts(cast, account, "1/2", "2/2")
    for minute in (7, 8):
        do("deliver", at(10, minute))
    for hour in (11, 12):
        outbox.came_back(Outgoing.objects.get(message=second), "deleted", at(hour))
        assert Wait.objects.get().is_open
        outbox.send_again(Message.objects.get(pk=second.pk), at(hour, 10))
        assert not Wait.objects.get().is_open
        do("deliver", at(hour, 20))


def test_an_old_answer_sent_again_is_no_answer_to_what_they_asked_since(cast, account):  # noqa: F811
    asked = tell(account, id="1", text="Bins?")
    said = answered(cast, asked)
    Outgoing.objects.update(state="unknown")
    tell(account, at(11), id="2", text="And trees?", answers="1")
    outbox.send_again(Message.objects.get(pk=said.pk), at(11, 30))
    assert Wait.objects.get(began_with__message_id="2").is_open


# -- Reports ---------------------------------------------------------------------------------------------------------------


def on_its_way(cast: Cast, asked: Message, state: str) -> Outgoing:
    answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text="On Tuesday.", against_version=1,
        send_anyway=True, now=at(10, 5),
    )  # fmt: skip
    Outgoing.objects.update(state=state)
    return Outgoing.objects.select_related("message__conversation__account__partner").get()


def test_a_fast_report_is_read_again_also_where_the_conversation_moved(cast, account):  # noqa: F811
    asked = tell(account, id="1", text="Bins?")
    join.move(asked.conversation_id, cast.books, cast.asha, "yours", at(10, 1))
    outgoing = on_its_way(cast, asked, "sending")
    tell(account, at(10, 6), type="report", id="r", about="77", state="failed")
    outbox.taken(outgoing, Receipt("accepted", "77", "yes"), at(10, 6))
    do("receive", at(10, 8))
    assert (Outgoing.objects.get().state, Wait.objects.get().is_open) == ("bounced", True)


def test_a_report_of_something_else_does_not_wait_for_a_doubt_for_ever(cast, account):  # noqa: F811
    on_its_way(cast, tell(account, id="1", text="Bins?"), "unknown")
    tell(account, at(10, 6), type="report", id="r", about="elsewhere", state="delivered")
    assert RawInbound.objects.get(remote_id="report:r").state == NEW
    do("receive", at(12))
    assert RawInbound.objects.get(remote_id="report:r").state == NOTED


def test_what_was_noted_from_an_older_look_does_not_lose_the_networks_id(cast, account):  # noqa: F811
    stale = on_its_way(cast, tell(account, id="1", text="Bins?"), "unknown")
    outbox.taken(Outgoing.objects.get(), Receipt("accepted", "77", "yes"), at(10, 6))
    outbox.arrived(stale, "It arrived: they answered it.", at(10, 7))
    kept = Outgoing.objects.get()
    assert (kept.state, kept.remote_id, kept.accepted_at) == ("delivered", "77", at(10, 6))


# -- Sending, when something breaks that should not -------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), ValueError("a fault of ours")])
def test_what_breaks_after_the_handover_is_a_doubt_and_not_sent_again(cast, account, pebble, monkeypatch, error):  # noqa: F811
    def breaks(self: Any, outgoing: Any, before_handover: Any) -> Any:
        before_handover()
        raise error

    on_its_way(cast, tell(account, id="1", text="Bins?"), "queued")
    monkeypatch.setattr(pebble, "send", breaks)
    do("deliver", at(10, 6))
    assert Outgoing.objects.get().state == "unknown"


def test_what_always_breaks_before_it_fails_and_opens_the_wait_again(cast, account, pebble, monkeypatch):  # noqa: F811
    def breaks(self: Any, outgoing: Any, before_handover: Any) -> Any:
        raise ValueError("a fault of ours")

    on_its_way(cast, tell(account, id="1", text="Bins?"), "queued")
    monkeypatch.setattr(pebble, "send", breaks)
    for hour in range(11, 24):
        DueRow.objects.filter(kind="deliver", done_at=None).update(next_at=at(hour))
        do("deliver", at(hour))
    assert Outgoing.objects.get().state == "failed"
    assert Wait.objects.get().is_open


def test_a_connection_that_will_not_close_makes_no_doubt(cast, account, pebble, monkeypatch):  # noqa: F811
    def breaks(self: Any) -> None:
        raise OSError("will not close")

    on_its_way(cast, tell(account, id="1", text="Bins?"), "queued")
    monkeypatch.setattr(pebble, "close", breaks)
    do("deliver", at(10, 6))
    assert Outgoing.objects.get().state == "accepted"


# -- Words that were deleted, and files ------------------------------------------------------------------------------------


def test_the_words_of_a_deleted_message_go_from_the_raw_form_of_its_edits_too(account):  # noqa: F811
    asked = tell(account, id="1", text="Bins?")
    tell(account, at(10, 2), type="edit", id="e", about="1", text="My NHS number is 943 476 5919")
    tell(account, at(11), type="removal", id="r", about="1")
    do("blank", at(11, day=24))
    assert not [raw for raw in RawInbound.objects.all() if b"943" in bytes(raw.content)]
    tell(account, at(10, 3), type="edit", id="late", about="1", text="My NHS number is 943 476 5919")
    asked.refresh_from_db()
    assert asked.text == ""


def test_files_are_brought_by_the_account_that_heard_of_them(cast, account, pebble, monkeypatch):  # noqa: F811
    asked = tell(account, id="1", text="Bins?")
    join.move(asked.conversation_id, cast.books, cast.asha, "yours", at(10, 1))
    Attachment.objects.create(message=asked, name="bin.jpg", size_bytes=3, remote_ref="ref")
    brings = type(
        "Brings", (pebble,), {"download": lambda self, ref, limit: b"abc"}
    )  # Python keeps what a class was once found to be
    monkeypatch.setitem(registry.kinds(), pebble.kind, brings)
    files.ask(asked, at(10, 2))
    do("files", at(10, 2))
    one = Attachment.objects.get()
    assert (one.remote_ref, one.refused_why, one.size_bytes) == ("", "", 3)
    assert Connection.objects.get().account == account


def test_news_that_go_on_in_a_public_thread_answer_nobody_who_asked_under_them(account):  # noqa: F811
    tell(account, id="1", text="Are the bins in it?", answers="news", thread="news")
    tell(account, at(10, 30), id="2", text="And a second thing", answers="news", thread="news", **colleague())
    assert Wait.objects.get().is_open
    tell(account, at(10, 40), id="3", text="They are", answers="1", thread="news", **colleague())
    assert not Wait.objects.get().is_open


def test_what_the_account_says_to_somebody_else_underneath_a_question_does_not_answer_it(account):  # noqa: F811
    tell(account, id="1", text="Bins?")  # jo writes underneath without naming us, so that we never hear it
    under = {"above": ["1"], "answers": "jo-1"}
    tell(account, at(10, 30), id="2", text="Glad to hear it, Jo", whom="jo", **under, **colleague())
    assert Wait.objects.get().is_open
    tell(account, at(10, 40), id="3", text="On Tuesday, Dev", whom="dev", **under, **colleague())
    assert not Wait.objects.get().is_open


def test_what_the_account_says_to_whoever_asked_below_words_we_never_heard_answers_them(account):  # noqa: F811
    tell(account, id="1", text="Bins?")
    tell(account, at(10, 30), id="2", text="On Tuesday", above=["1"], answers="dev-2", **colleague())
    assert not Wait.objects.get().is_open, "the network does not say whom it answers"
