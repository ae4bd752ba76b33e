"""Sent means sent: what leaves, leaves once; what did not is tried again, shown, and opens its wait; what is not known is said."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from sociable.conversations.models import Attempt, Outgoing
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import answer, outbox
from sociable.journeys import deliver as deliver_journey
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.journeys.mail import letters, sends_to
from tests.servers.ground import free_port
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db
LEAVES_AT = at(10, 31)


@pytest.fixture
def answered(cast: Cast):
    """Asha answered Dev by mail; the answer is in the outbox."""
    asked = cast.mail(Message_ID="<question@example.org>")
    return answer.send(conversation_id=asked.conversation_id, person=cast.asha, text="On Thursday.\n.\nReally.", against_version=99, now=at(10, 30), send_anyway=True)  # fmt: skip


def claim(now=LEAVES_AT) -> DueRow:
    (row,) = due.claim(now, 1, ["deliver"])
    return row


def deliver(now=LEAVES_AT) -> Outgoing:
    deliver_journey.deliver(claim(now), now)
    return Outgoing.objects.get()


def deliver_row() -> DueRow:
    return DueRow.objects.get(kind="deliver")


def test_an_answer_leaves_once_with_its_thread_and_every_word(answered, settings):
    with sends_to(settings) as server:
        outgoing = deliver()
        assert due.claim(at(23), 1, ["deliver"]) == []
    (letter,) = letters(server)
    assert (outgoing.state, outgoing.accepted_at) == ("accepted", LEAVES_AT)
    assert letter["In-Reply-To"] == "<question@example.org>"
    assert letter["Message-ID"] == answered.message_id
    assert letter.get_content().replace("\r\n", "\n") == "On Thursday.\n.\nReally.\n"
    assert server.taken[0].rcpt_tos == ["dev@example.org"]
    assert [each.result for each in Attempt.objects.all()] == ["accepted"]


def test_nothing_leaves_before_undo_is_over(answered):
    assert due.claim(at(10, 30), 1, ["deliver"]) == []


def test_taken_back_it_never_leaves_and_the_wait_is_open_again(answered, settings):
    outbox.undo(answered, at(10, 30))
    with sends_to(settings) as server:
        assert due.claim(LEAVES_AT, 1, ["deliver"]) == []
    assert server.taken == []
    assert Wait.objects.get().is_open


def test_taken_back_in_the_last_instant_it_is_not_handed_over(answered, settings, monkeypatch):
    """The worker has it in hand, all of the mail is with the server but the dot that ends it, and then it is taken back."""
    really = deliver_journey._hand_over

    def hand_over(outgoing, row):
        outbox.undo(answered, at(10, 30))
        really(outgoing, row)

    monkeypatch.setattr(deliver_journey, "_hand_over", hand_over)
    with sends_to(settings) as server:
        assert deliver().state == "undone"
    assert server.taken == []


def test_once_it_left_it_is_too_late(answered, settings):
    with sends_to(settings):
        deliver()
    with pytest.raises(outbox.TooLate):
        outbox.undo(answered, at(10, 30))


def test_a_server_that_is_away_is_tried_again_and_the_message_still_leaves_once(answered, settings):
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    assert deliver().state == "queued"
    assert "cannot be reached" in Outgoing.objects.get().detail
    with sends_to(settings) as server:
        assert deliver(deliver_row().next_at).state == "accepted"
    assert len(server.taken) == 1
    assert [each.result for each in Attempt.objects.order_by("pk")] == ["failed", "accepted"]


def test_what_was_tried_in_vain_can_still_be_taken_back(answered, settings):
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    deliver()
    outbox.undo(answered, at(11))
    assert due.claim(at(23), 1, ["deliver"]) == []


@pytest.mark.parametrize(
    "script",
    [Scripted(recipients={"dev@example.org": "550 5.1.1 nobody here"}), Scripted(data="554 5.7.1 no, thank you")],
)
def test_a_refusal_for_good_is_shown_and_opens_the_wait_with_its_first_start(answered, settings, script):
    with sends_to(settings, script):
        outgoing = deliver()
    assert outgoing.state == "failed"
    assert outgoing.detail
    wait = Wait.objects.get()
    assert wait.is_open
    assert wait.started_at == at(10)
    assert DueRow.objects.filter(kind="warn", done_at=None).exists()
    assert due.claim(at(23), 1, ["deliver"]) == []


def test_tries_come_to_a_visible_end(answered, settings):
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    now = LEAVES_AT
    for _ in range(due.TRIES):
        outgoing = deliver(now)
        now = deliver_row().next_at
    assert outgoing.state == "failed"
    assert Attempt.objects.count() == due.TRIES
    assert Wait.objects.get().is_open


@pytest.mark.parametrize("script", [Scripted(hangs_up_after_data=True), Scripted(says_nothing_after_data=True)])
def test_a_server_that_goes_quiet_with_the_mail_in_hand_leaves_a_doubt_and_is_not_sent_again(
    answered, settings, script, monkeypatch
):
    shared = deliver_journey.connecting.sender_of

    def impatient(account, channel):
        adapter = shared(account, channel)
        object.__setattr__(adapter.config, "timeout_seconds", 1)
        return adapter

    monkeypatch.setattr(deliver_journey.connecting, "sender_of", impatient)
    with sends_to(settings, script) as server:
        assert deliver().state == "unknown"
        assert due.claim(at(23), 1, ["deliver"]) == []
    assert len(server.taken) == 1


def test_a_worker_that_died_before_handing_over_leaves_no_doubt(answered, settings, monkeypatch):
    class Killed(BaseException):
        pass

    def die(outgoing, row):
        raise Killed

    with sends_to(settings) as server:
        with monkeypatch.context() as patch:
            patch.setattr(deliver_journey, "_hand_over", die)
            with pytest.raises(Killed):
                deliver()
        assert server.taken == []
        assert deliver(LEAVES_AT + due.LEASE).state == "accepted"
    assert len(server.taken) == 1


def test_a_worker_that_died_in_the_instant_of_handing_over_leaves_a_doubt_that_a_person_decides(answered, settings):
    row = claim()
    deliver_journey._hand_over(Outgoing.objects.get(), row)
    with sends_to(settings) as server:
        outgoing = deliver(LEAVES_AT + due.LEASE)
        assert outgoing.state == "unknown"
        assert due.claim(at(23), 1, ["deliver"]) == []
        assert server.taken == []
        outbox.send_again(answered, at(12))
        assert deliver(at(12)).state == "accepted"
    assert letters(server)[0]["Message-ID"] == answered.message_id  # the same, so that the other side can tell
    assert [each.result for each in Attempt.objects.order_by("pk")] == ["unknown", "accepted"]


def test_a_slow_worker_that_lost_the_row_does_not_hand_over(answered, settings):
    slow = claim()
    with sends_to(settings) as server:
        deliver(LEAVES_AT + due.LEASE)
        deliver_journey.deliver(slow, LEAVES_AT + due.LEASE)
        with pytest.raises(deliver_journey.NotOurs):
            deliver_journey._hand_over(Outgoing.objects.get(), slow)
    assert len(server.taken) == 1


def test_a_slow_worker_that_lost_a_row_which_is_to_be_tried_again_does_not_hand_over_beside_the_next(
    answered, settings
):
    slow = claim()
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    assert deliver(LEAVES_AT + due.LEASE).state == "queued"
    with sends_to(settings) as server:
        deliver_journey.deliver(slow, LEAVES_AT + due.LEASE)
    assert server.taken == []
    assert Outgoing.objects.get().state == "queued"


def test_what_the_server_said_in_the_end_replaces_the_doubt(answered, settings):
    """A worker stood still in the middle of handing over; another noted a doubt; then the first hears "250"."""
    slow = claim()
    outgoing = Outgoing.objects.get()
    deliver_journey._hand_over(outgoing, slow)
    deliver(LEAVES_AT + due.LEASE)
    outbox.taken(outgoing, outbox.Taken("accepted", "id", "250 queued"), at(10, 40), slow)
    assert Outgoing.objects.get().state == "accepted"


def test_an_answer_to_it_proves_that_it_arrived(cast, answered):
    deliver_journey._hand_over(Outgoing.objects.get(), claim())
    deliver(LEAVES_AT + due.LEASE)
    cast.mail("Thank you!", when=at(14), In_Reply_To=answered.message_id)
    assert Outgoing.objects.get(message=answered).state == "delivered"


def test_a_database_that_is_away_after_the_server_took_it_leaves_no_doubt(answered, settings, monkeypatch):
    monkeypatch.setattr(deliver_journey, "NOTING_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(deliver_journey, "close_old_connections", lambda: None)
    really, away = outbox.taken, iter(range(2))

    def accepted(*given):
        if next(away, None) is not None:
            raise OperationalError("server closed the connection unexpectedly")
        really(*given)

    monkeypatch.setattr(outbox, "taken", accepted)
    with sends_to(settings) as server:
        assert deliver().state == "accepted"
    assert len(server.taken) == 1


def test_returned_mail_opens_the_wait_once_and_late_word_does_not_undo_it(answered, settings):
    with sends_to(settings):
        outgoing = deliver()
    outbox.came_back(outgoing, "550 mailbox is gone", at(12))
    outbox.came_back(outgoing, "550 mailbox is gone", at(12, 1))
    assert Wait.objects.get().is_open
    assert Wait.objects.get().started_at == at(10)
    outbox.arrived(outgoing, "late", at(13))
    assert Outgoing.objects.get().state == "bounced"


def test_sent_again_after_it_came_back_it_ends_the_wait_and_proves_both_tries(answered, settings):
    with sends_to(settings) as server:
        outbox.came_back(deliver(), "550 mailbox is full", at(12))
        outbox.send_again(answered, at(13))
        assert deliver(at(13)).state == "accepted"
    assert len(server.taken) == 2
    assert Wait.objects.get().ended_at == at(13)
    assert [each.result for each in Attempt.objects.order_by("pk")] == ["accepted", "bounced", "accepted"]


def test_only_what_is_in_trouble_is_sent_again(answered, settings):
    with pytest.raises(outbox.TooLate):
        outbox.send_again(answered, at(11))
    with sends_to(settings):
        deliver()
    with pytest.raises(outbox.TooLate):
        outbox.send_again(answered, at(12))


def test_what_is_read_on_the_private_link_needs_no_server(cast):
    asked = cast.ask(email="")
    answer.send(
        conversation_id=asked.conversation_id,
        person=cast.asha,
        text="Yes.",
        against_version=99,
        now=at(10, 30),
        send_anyway=True,
    )
    assert deliver().state == "delivered"


def test_without_any_server_to_send_by_the_trouble_is_said_and_the_message_waits(answered, settings):
    settings.SMTP_URL, settings.EXAMPLE = "", False
    assert deliver().state == "queued"
    assert "SMTP_URL" in Outgoing.objects.get().detail


@pytest.mark.django_db(transaction=True)
def test_handed_over_by_two_at_once_it_leaves_once(answered, settings):
    """Two workers believe that the row is theirs: the state lets one through."""
    row, start, through = claim(), threading.Barrier(2), []

    def hand_over() -> None:
        start.wait()
        try:
            deliver_journey._hand_over(Outgoing.objects.get(), row)
            through.append(True)
        except deliver_journey.NotOurs:
            through.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=hand_over) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(through) == [False, True]


def test_growing_pauses_between_tries(answered, settings):
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    pauses, now = [], LEAVES_AT
    for _ in range(6):
        deliver(now)
        pauses.append(deliver_row().next_at - now)
        now = deliver_row().next_at
    assert pauses[5] > 8 * pauses[0]
    assert all(pause <= 1.25 * timedelta(hours=1) for pause in pauses)


def _wait_for_another_behind_us() -> None:
    """Until another connection waits for what this transaction holds; on SQLite it waits before its BEGIN, and is not seen."""
    for _ in range(500 if connection.vendor == "postgresql" else 0):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_taken_back_in_the_instant_in_which_it_is_handed_over_it_is_too_late(answered):
    row, handed_over = claim(), threading.Event()

    def hand_over() -> None:
        with transaction.atomic():
            deliver_journey._hand_over(answered.outgoing, row)
            handed_over.set()
            _wait_for_another_behind_us()
        connection.close()

    thread = threading.Thread(target=hand_over)
    thread.start()
    handed_over.wait(10)
    with pytest.raises(outbox.TooLate):
        outbox.undo(answered, at(10, 30))
    thread.join()
    assert Outgoing.objects.get().state == "sending"


def test_an_answer_that_came_back_reopens_nothing_where_a_later_one_holds(cast: Cast) -> None:
    message = cast.mail()
    first = answer.send(
        conversation_id=message.conversation_id, person=cast.asha, text="Tuesday", against_version=1, now=at(10, 30)
    )
    later = answer.send(
        conversation_id=message.conversation_id,
        person=cast.lee,
        text="Sorry, Wednesday",
        against_version=0,
        send_anyway=True,
        now=at(10, 40),
    )
    outbox.undo(first, at(10, 30))
    wait = Wait.objects.get()
    assert (wait.ended, wait.ended_with, wait.ended_at) == ("answered", later, at(10, 40))
