"""Each warning instant of each wait is told once, by the clock as it stands, late or not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sociable.alerts.models import AlertPolicy
from sociable.directory import queries as directory
from sociable.directory.models import HoursVersion
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import answer, outbox, tick
from sociable.live.models import ChangeEvent
from sociable.promises import services as promises
from sociable.promises.models import Wait, Warned
from tests.cast import at, later

pytestmark = pytest.mark.django_db


def tick_all(now) -> None:
    for row in due.claim(now, 50, ["warn"]):
        tick.warn(row, now)


def told() -> list[str]:
    return list(Warned.objects.order_by("due_at", "pk").values_list("kind", flat=True))


def test_each_instant_is_told_when_it_comes_and_only_once(cast):
    cast.ask(when=at(10))  # two hours of open time
    for now, expected in ((at(10), ["arrival"]), (at(11), ["arrival", "50"]), (at(11, 47), ["arrival", "50", "75"])):
        tick_all(now)
        tick_all(now)
        assert told()[: len(expected)] == expected
        assert len(told()) >= len(expected)
    tick_all(at(12, 1))
    assert told() == ["arrival", "50", "75", "90", "passed"]
    assert (
        ChangeEvent.objects.filter(kind__startswith="warn:").count() == 4
    )  # whoever looks hears of the message itself


def test_told_late_it_is_marked_late(cast):
    cast.ask(when=at(10))
    tick_all(at(16))
    passed = Warned.objects.get(kind="passed")
    assert passed.told_at - passed.due_at == timedelta(hours=4)


def test_an_answered_wait_is_warned_of_no_more(cast):
    asked = cast.ask(when=at(10))
    tick_all(at(10))
    answer.send(
        conversation_id=asked.conversation_id,
        person=cast.asha,
        text="Yes.",
        against_version=99,
        now=at(10, 30),
        send_anyway=True,
    )
    tick_all(at(16))
    assert told() == ["arrival"]
    assert not DueRow.objects.filter(kind="warn", done_at=None).exists()


def test_a_wait_that_ends_while_its_warning_is_in_hand_is_not_warned_of(cast):
    cast.ask(when=at(10))
    (row,) = due.claim(at(11), 1, ["warn"])
    promises.end(Wait.objects.get(), how=Wait.Ended.CLOSED, at=at(11))
    tick.warn(row, at(11))
    assert told() == ["arrival"]


def test_an_arrival_of_which_nobody_is_told_needs_no_worker_and_any_other_does(cast):
    def left() -> list[str]:
        return sorted(DueRow.objects.filter(kind="warn", data__kind="arrival").values_list("key", flat=True))

    cast.ask(when=at(10))
    assert (told(), left()) == (["arrival"], [])
    cast.ask(when=at(20))  # it comes with the hours of tomorrow
    closed = left()
    assert (told(), len(closed)) == (["arrival"], 1)
    AlertPolicy.objects.create(account=cast.help, set_at=at(8))
    cast.ask("And the green one?", when=at(11))
    assert (told(), len(left())) == (["arrival"], 2)


def test_taken_back_the_warnings_that_were_not_told_come_and_those_that_were_do_not(cast):
    asked = cast.ask(when=at(10))
    tick_all(at(11))
    message = answer.send(
        conversation_id=asked.conversation_id,
        person=cast.asha,
        text="Yes.",
        against_version=99,
        now=at(11, 15),
        send_anyway=True,
    )
    outbox.undo(message, at(11, 15))
    tick_all(at(16))
    assert told() == ["arrival", "50", "75", "90", "passed"]


def test_a_wait_opened_again_while_its_old_warning_is_in_hand_loses_none(cast):
    """Whoever still has the old asking in hand must not close the new one."""
    asked = cast.ask(when=at(10))
    row = next(each for each in due.claim(at(11), 50, ["warn"]) if each.data["kind"] == "50")
    message = answer.send(
        conversation_id=asked.conversation_id,
        person=cast.asha,
        text="Yes.",
        against_version=99,
        now=at(11),
        send_anyway=True,
    )
    outbox.undo(message, at(11))
    with pytest.raises(tick.Overtaken):
        tick.warn(row, at(11))
    tick_all(at(11))
    assert told() == ["arrival", "50"]


def test_hours_that_changed_move_the_warning(cast):
    cast.ask(when=at(10))
    row = next(each for each in due.claim(at(11), 50, ["warn"]) if each.data["kind"] == "50")
    HoursVersion.objects.create(
        account=cast.help, valid_from_on=date(2026, 1, 1), notation="Mo-Fr 14:00-17:00", stated_at=at(10)
    )
    promises.recompute(directory.stated(cast.help.pk))
    tick.warn(row, at(11))  # the row it has in hand is gone; what it was about is asked for anew
    assert "50" not in told()
    tick_all(at(15))
    assert "50" in told()


def test_the_worker_that_lost_the_row_tells_nothing(cast):
    cast.ask(when=at(10))
    (slow,) = due.claim(at(11), 1, ["warn"])
    tick_all(later(at(11), seconds=due.LEASE.total_seconds()))
    events = ChangeEvent.objects.count()
    with pytest.raises(tick.Overtaken):
        tick.warn(slow, at(11, 2))
    assert told() == ["arrival", "50"]
    assert ChangeEvent.objects.count() == events
