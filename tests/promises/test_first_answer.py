"""The promise of a first answer in chat: stated in versions, carried by the wait, and counted as honestly as the other."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sociable.directory import queries as directory
from sociable.directory.models import PromiseVersion
from sociable.domain.promise import Form, Promise, first_answer_by, seconds_words
from sociable.due.models import DueRow
from sociable.journeys import outbox, settle, state
from sociable.promises import kept
from sociable.promises.models import Wait
from tests.cast import MONDAY_10, at, later
from tests.chatting import answer, begin, say, takes_chat

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(cast: Any) -> Any:
    takes_chat(cast.help)
    return cast


def asked(desk: Any, *, now: Any = MONDAY_10) -> Wait:
    return Wait.objects.get(conversation=say(begin(desk.help, now=now), now=now).conversation)


def test_the_first_wait_of_a_chat_carries_the_promise_beside_the_other(desk: Any) -> None:
    wait = asked(desk)
    assert (wait.first_answer_by_at, wait.due_at) == (later(MONDAY_10, seconds=60), at(12))
    assert DueRow.objects.filter(kind="warn", data__kind="first", due_at=wait.first_answer_by_at).exists()


def test_no_other_channel_does(desk: Any) -> None:
    for message in (desk.mail(), desk.ask()):
        assert Wait.objects.get(conversation=message.conversation).first_answer_by_at is None


def test_what_is_asked_later_in_the_same_chat_is_under_the_promise_for_all_alone(desk: Any) -> None:
    begun = begin(desk.help)
    conversation = say(begun).conversation
    answer(conversation, desk.asha, now=later(MONDAY_10, seconds=20))
    say(begun, "And when else?", now=later(MONDAY_10, seconds=40))
    waits = Wait.objects.order_by("started_at").values_list("waits_live", "first_answer_by_at")
    assert list(waits) == [(True, later(MONDAY_10, seconds=60)), (False, None)]


def test_said_out_of_hours_no_first_answer_is_promised(desk: Any) -> None:
    begun = begin(desk.help, now=at(16, 59))
    wait = Wait.objects.get(conversation=say(begun, now=at(17, 1)).conversation)
    assert wait.waits_live
    assert wait.first_answer_by_at is None


def test_a_promise_that_reaches_past_closing_goes_on_at_opening() -> None:
    stated = Promise(Form.OPEN_TIME, timedelta(hours=2), first_answer_within=timedelta(seconds=60))
    calendar = directory.calendar_from(((date(2026, 1, 1), "Mo-Fr 09:00-17:00"),), "england-and-wales", "Europe/London")
    asked_at = at(17) - timedelta(seconds=20)
    assert first_answer_by(stated, calendar, asked_at) == at(9, 0, day=24) + timedelta(seconds=40)


@pytest.mark.parametrize(
    ("seconds", "words"), [(45, "45 seconds"), (90, "90 seconds"), (120, "2 minutes"), (150, "2 minutes 30 seconds")]
)
def test_short_times_are_said_to_the_second(seconds: int, words: str) -> None:
    assert seconds_words(timedelta(seconds=seconds)) == words


def test_it_is_kept_by_a_human_answer_in_time_and_late_the_moment_it_passes(desk: Any) -> None:
    wait = asked(desk)
    assert wait.kept_first(later(MONDAY_10, seconds=60)) is None
    assert wait.kept_first(later(MONDAY_10, seconds=61)) is False
    answer(wait.conversation, desk.asha, now=later(MONDAY_10, seconds=59))
    wait.refresh_from_db()
    assert wait.kept_first(at(16)) is True


def test_only_saying_we_have_it_does_not_keep_it(desk: Any) -> None:
    wait = asked(desk)
    answer(wait.conversation, desk.asha, "One moment", now=later(MONDAY_10, seconds=5), acknowledges=True)
    wait.refresh_from_db()
    assert wait.is_open
    assert wait.kept_first(later(MONDAY_10, minutes=5)) is False


def test_the_record_counts_kept_late_closed_and_still_waiting(desk: Any) -> None:
    answer(asked(desk).conversation, desk.asha, now=later(MONDAY_10, seconds=30))
    answer(asked(desk).conversation, desk.asha, now=later(MONDAY_10, seconds=90))
    settle.close(asked(desk).conversation_id, desk.asha, "Left", later(MONDAY_10, seconds=20))
    settle.not_a_request(asked(desk).conversation_id, desk.asha, "abuse", later(MONDAY_10, seconds=20))
    asked(desk)
    asked(desk, now=later(MONDAY_10, minutes=9, seconds=30))
    now = later(MONDAY_10, minutes=10)
    record = kept.kept_since([desk.help.pk], now - HOUR, now)[desk.help.pk]
    first = record.first
    assert (first.kept, first.late, first.closed, first.waiting_late, first.not_yet_due) == (1, 1, 1, 1, 1)
    assert (record.live.kept, record.live.not_yet_due) == (2, 2)  # the promise for all is another


def test_what_came_while_the_team_was_learning_is_not_counted_among_it(desk: Any) -> None:
    takes_chat(desk.help, stage="learning")
    answer(asked(desk).conversation, desk.asha, now=later(MONDAY_10, seconds=90))
    record = kept.kept_since([desk.help.pk], at(9), at(11))[desk.help.pk]
    assert record.first.judged == 0


def test_another_promise_moves_open_waits_and_never_ended_ones(desk: Any) -> None:
    ended, waiting = asked(desk), asked(desk)
    answer(ended.conversation, desk.asha, now=later(MONDAY_10, seconds=50))
    version = PromiseVersion(
        valid_from_on=date(2026, 11, 23), form="open_time", minutes=120, first_answer_seconds=30, change_note=""
    )
    type(desk.lee).objects.get(pk=desk.lee.pk)
    state.state_promise(account_id=desk.help.pk, version=version, person=desk.lee, now=later(MONDAY_10, minutes=1))
    for wait, seconds in ((ended, 60), (waiting, 30)):
        wait.refresh_from_db()
        assert wait.first_answer_by_at == later(MONDAY_10, seconds=seconds)
    assert ended.kept_first(at(16)) is True


def test_an_answer_that_failed_opens_it_again(desk: Any) -> None:
    begun = begin(desk.help, email="dev@example.org")
    wait = Wait.objects.get(conversation=say(begun).conversation)
    from sociable.journeys import chat

    chat.leave(begun.chat, MONDAY_10)
    message = answer(wait.conversation, desk.asha, now=later(MONDAY_10, seconds=20))
    outbox.undo(message, later(MONDAY_10, seconds=25))
    wait.refresh_from_db()
    assert wait.is_open
    assert wait.kept_first(later(MONDAY_10, minutes=2)) is False
