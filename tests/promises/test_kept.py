"""How a promise was kept: the unanswered count as late at once, closing is no answer, and no promise is neither 0 nor 100 %."""

from datetime import timedelta

import pytest

from sociable.directory.queries import calendar_of
from sociable.promises import services as promises
from sociable.promises.kept import Kept, Record, kept_since, times_since
from sociable.promises.models import Wait
from tests.cast import at

pytestmark = pytest.mark.django_db
SINCE = at(0, day=1)


def _end(message, how, when):
    promises.end(Wait.objects.get(began_with=message), how=how, at=when)


def _record(account, now):
    return kept_since([account.pk], SINCE, now)[account.pk]


def test_every_end_is_counted_as_what_it_is(cast):
    first, late, closed, thanks, _ = (cast.ask(f"Request {number}", when=at(10)) for number in range(5))
    _end(first, Wait.Ended.ANSWERED, at(12))
    _end(late, Wait.Ended.ANSWERED, at(12, 0) + timedelta(seconds=1))
    _end(closed, Wait.Ended.CLOSED, at(11))
    _end(thanks, Wait.Ended.NOT_REQUEST, at(11))
    assert _record(cast.help, at(11, 59)).live == Kept(kept=1, late=1, closed=1, not_yet_due=1)
    assert _record(cast.help, at(12)).live == Kept(kept=1, late=1, closed=1, not_yet_due=1)
    assert _record(cast.help, at(12) + timedelta(seconds=1)).live == Kept(kept=1, late=1, closed=1, waiting_late=1)


def test_whoever_waits_past_an_older_promise_is_never_forgotten(cast):
    cast.ask(when=at(10, day=2))
    assert kept_since([cast.help.pk], at(0, day=20), at(10))[cast.help.pk].live == Kept(waiting_late=1)


def test_what_was_answered_before_the_stretch_is_left_to_it(cast):
    _end(cast.ask(when=at(10, day=2)), Wait.Ended.ANSWERED, at(11, day=2))
    assert kept_since([cast.help.pk], at(0, day=20), at(10))[cast.help.pk] == Record()


def test_no_promise_is_counted_apart(cast):
    cast.help.hours_versions.all().delete()
    cast.ask()
    assert _record(cast.help, at(23)) == Record(unpromised=1)


def test_learning_is_counted_apart(cast):
    cast.ask()
    Wait.objects.update(in_learning=True)
    assert _record(cast.help, at(23)) == Record(learning=Kept(waiting_late=1))


@pytest.mark.parametrize(
    ("kept", "late", "percent"),
    [(0, 0, None), (9, 0, None), (10, 0, 100), (999, 1, 99), (1, 999, 0), (0, 10, 0), (2, 1, None)],
)
def test_a_percentage_is_rounded_down_and_never_said_of_few(kept, late, percent):
    assert Kept(kept=kept, late=late).percent == percent


def test_the_middle_wait_counts_clock_and_open_time_and_those_still_waiting(cast):
    _end(cast.ask("One", when=at(16)), Wait.Ended.ANSWERED, at(10, day=24))
    _end(cast.ask("Two", when=at(16, 30)), Wait.Ended.ANSWERED, at(16, 40))
    cast.ask("Three", when=at(9, day=24))
    times = times_since(cast.help.pk, calendar_of(cast.help), SINCE, at(14, day=24))
    assert times is not None
    assert (times.number, times.clock, times.open) == (3, timedelta(hours=5), timedelta(hours=2))


def test_nobody_asked_has_no_middle(cast):
    assert times_since(cast.help.pk, None, SINCE, at(10)) is None
