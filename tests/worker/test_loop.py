"""The loop that does what is due: everything once, nothing in another's way, nothing dropped because it is late."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from sociable.due import services as due
from sociable.due.models import DueRow, Pace
from sociable.live import hub
from sociable.promises.models import Warned
from sociable.worker import housekeeping, lanes, leases, loop
from sociable.worker.lanes import Crew, Lane
from tests.cast import MONDAY_10

pytestmark = pytest.mark.django_db


@pytest.fixture
def journeys(monkeypatch):
    """Kinds of the test's own, each with what it does."""
    kinds: dict = {}
    monkeypatch.setattr(loop, "JOURNEYS", kinds)
    return kinds


def ask(kind: str, key: str = "", when=MONDAY_10, **more) -> None:
    due.ask([due.Due(kind, key or kind, 1, when, **more)])


def test_every_kind_has_a_lane_for_each_pace_and_every_lane_a_journey():
    served = [(kind, pace) for lane in loop.LANES for kind in lane.kinds for pace in lane.paces or Pace.values]
    assert sorted(served) == sorted(itertools.product(loop.JOURNEYS, Pace.values))


def test_a_row_that_fails_stops_no_other_and_says_why(journeys):
    done = []

    def good(row, now):
        done.append(row.key)
        due.close(row, now)

    def bad(row, now):
        raise ValueError("cannot be read")

    journeys.update(good=good, bad=bad)
    ask("bad", when=MONDAY_10 - timedelta(hours=1))
    ask("good", "good-1")
    ask("good", "good-2")
    assert loop.do_due() == 3
    assert sorted(done) == ["good-1", "good-2"]
    row = DueRow.objects.get(key="bad")
    assert row.last_error == "ValueError: cannot be read"
    assert row.next_at > timezone.now()


def test_a_kind_nobody_knows_is_kept_and_shown(journeys):
    ask("from-a-later-version")
    due.claim(MONDAY_10)
    row = DueRow.objects.get()
    loop.do(row)
    assert "KeyError" in DueRow.objects.get().last_error


def fail_often(journeys, error: Exception, kind: str = "bad") -> DueRow:
    def bad(row, now):
        raise error

    journeys[kind] = bad
    ask(kind)
    for _ in range(due.TRIES + 5):
        DueRow.objects.update(next_at=MONDAY_10)
        loop.do_due()
    return DueRow.objects.get()


def test_what_keeps_failing_is_set_aside(journeys):
    row = fail_often(journeys, ValueError("no"))
    assert row.set_aside_at is not None
    assert row.attempts == due.TRIES


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OperationalError("database is locked")])
def test_a_full_disk_or_a_database_that_is_away_sets_nothing_aside(journeys, error):
    assert fail_often(journeys, error).set_aside_at is None


def test_an_account_is_never_given_up(journeys):
    assert fail_often(journeys, ValueError("no"), kind="fetch").set_aside_at is None


def test_what_takes_the_worker_down_every_time_is_set_aside_in_the_end(journeys):
    class Killed(BaseException):
        """As if the process had died: nothing after it runs."""

    def deadly(row, now):
        raise Killed

    journeys["deadly"] = deadly
    ask("deadly")
    for _ in range(loop.BEGUN_TOO_OFTEN):
        DueRow.objects.update(next_at=MONDAY_10)
        with pytest.raises(Killed):
            loop.do_due()
    DueRow.objects.update(next_at=MONDAY_10)
    loop.do_due()
    assert DueRow.objects.get().set_aside_at is not None


def test_a_warning_missed_while_nobody_worked_is_told_late_and_marked(cast):
    asked = cast.ask(when=MONDAY_10)
    loop.do_due()  # days later, by the clock of this machine
    told = {each.kind: each for each in Warned.objects.filter(wait__began_with=asked)}
    assert set(told) == {"arrival", "50", "75", "90", "passed"}
    assert all(each.told_at > each.due_at for each in told.values() if each.told_at > MONDAY_10 + timedelta(hours=3))
    assert not DueRow.objects.filter(kind="warn", done_at=None).exists()


def test_housekeeping_comes_again_and_there_is_one_of_it():
    for _ in range(3):
        housekeeping.schedule(MONDAY_10)
    assert DueRow.objects.filter(key="housekeeping").count() == 1
    loop.do_due(("housekeeping",))
    assert DueRow.objects.get(key="housekeeping").due_at > timezone.now() + timedelta(minutes=50)


def test_leases_are_kept_while_a_handler_is_busy_and_given_up_when_it_hangs(monkeypatch):
    ask("slow")
    (row,) = due.claim(timezone.now())
    held = leases.Leases()
    held.add([row])
    before = DueRow.objects.get().next_at
    assert held.renew() == 1
    assert DueRow.objects.get().next_at > before
    monkeypatch.setattr(leases, "LONGEST", timedelta(0))
    assert held.renew() == 0
    held.drop(row)


def test_many_leases_are_kept_at_once_and_none_that_another_claim_holds():
    ask("one", "first")
    ask("one", "second")
    held = leases.Leases()
    first, second = due.claim(MONDAY_10)
    held.add([first, second])
    ask("one", "second")  # asked for anew: whoever had it holds it no longer
    (other,) = due.claim(MONDAY_10)
    before = DueRow.objects.get(pk=other.pk).next_at
    assert held.renew() == 1
    assert DueRow.objects.get(pk=other.pk).next_at == before
    assert DueRow.objects.get(pk=first.pk).next_at > before


def threads_let_go_of_the_database(monkeypatch):
    """A connection kept for the next turn would outlive the test."""
    for module in (loop, loop.handing, leases, loop.watch):
        monkeypatch.setattr(module, "close_old_connections", connections.close_all)


@pytest.mark.django_db(transaction=True)
def test_a_worker_does_what_it_is_woken_for_and_stops_when_told(journeys, monkeypatch):
    threads_let_go_of_the_database(monkeypatch)
    done = threading.Event()

    def quick(row, now):
        due.close(row, now)
        done.set()

    journeys.update(warn=quick, housekeeping=housekeeping.run)
    worker = loop.Worker()
    worker.start()
    try:
        ask("warn", when=timezone.now())
        hub.wake()
        assert done.wait(20)
    finally:
        assert worker.stop(timedelta(seconds=20))
    for thread in worker._beside:
        thread.join(20)
        assert not thread.is_alive()
    assert not connection.in_atomic_block


@pytest.mark.django_db(transaction=True)
def test_a_worker_outlives_a_database_that_is_away(journeys, monkeypatch):
    monkeypatch.setattr(loop, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(loop, "close_old_connections", connections.close_all)
    really, failures = due.claim, iter(range(3))

    def claim(*given, **named):
        if next(failures, None) is not None:
            raise OperationalError("the database system is starting up")
        return really(*given, **named)

    monkeypatch.setattr(due, "claim", claim)
    done, stop = threading.Event(), threading.Event()

    def quick(row, now):
        due.close(row, now)
        done.set()

    journeys["warn"] = quick
    ask("warn")
    thread = threading.Thread(target=loop._work, args=(loop.LANES[0], leases.Leases(), stop))
    thread.start()
    assert done.wait(20)
    stop.set()
    hub.wake()
    thread.join(20)
    assert next(failures, None) is None


class Crowd:
    """Accounts that are asked, of which some are stuck: each says that it was begun, and the stuck ones wait until let go."""

    def __init__(self, journeys) -> None:
        self.let_go, self.begun, self.inside = threading.Event(), threading.Semaphore(0), []
        journeys["fetch"] = self.ask

    def ask(self, row, now):
        self.inside.append(row.key)
        self.begun.release()
        if row.key.startswith("stuck"):
            self.let_go.wait(20)
        due.renew(row, now + timedelta(days=1))

    def wait_for(self, number: int) -> None:
        for _ in range(number):
            assert self.begun.acquire(timeout=20)


def crew_of(*paces: str, held_up: int = 0) -> Crew:
    return Crew(Lane("fetch", ("fetch",), 1, 2, paces or None, held_up), leases.Leases(), loop.do)


def end(crew: Crew) -> None:
    for thread in crew.at_work():
        thread.join(20)
    assert crew.at_work() == []


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_stuck_keeps_its_place_and_no_other(journeys):
    crowd, crew = Crowd(journeys), crew_of()
    ask("fetch", "stuck", when=MONDAY_10)
    for number in range(3):
        ask("fetch", f"well-{number}", when=MONDAY_10 + timedelta(seconds=number + 1))
    handed = 0
    while len(crowd.inside) < 4 and handed < 100:
        crew.hand_out(0.2)
        handed += 1
    crowd.wait_for(4)
    assert crowd.inside[0] == "stuck"
    assert sorted(crowd.inside[1:]) == ["well-0", "well-1", "well-2"]
    assert len(crew.at_work()) >= 1
    crowd.let_go.set()
    end(crew)


@pytest.mark.django_db(transaction=True)
def test_there_are_never_more_threads_than_places_and_nothing_is_claimed_that_must_wait(journeys):
    crowd, crew = Crowd(journeys), crew_of()
    for number in range(3):
        ask("fetch", f"stuck-{number}")
    assert crew.hand_out(0)
    crowd.wait_for(2)
    assert crew.hand_out(0)  # no place: look again
    assert DueRow.objects.filter(claim_id=due.NOBODY).count() == 1
    crowd.let_go.set()
    end(crew)
    assert crew.hand_out(0) is False
    end(crew)


@pytest.mark.django_db(transaction=True)
def test_one_that_turns_out_to_be_slow_gives_its_place_to_the_next_up_to_a_bound(journeys, monkeypatch):
    crowd, crew = Crowd(journeys), crew_of(held_up=1)
    for number in range(4):
        ask("fetch", f"stuck-{number}")
    crew.hand_out(0)
    crowd.wait_for(2)
    monkeypatch.setattr(lanes, "SLOW_SECONDS", -1)  # as if they had been in hand for long
    crew.hand_out(0)
    crowd.wait_for(1)
    assert crew.hand_out(0)  # no place is left
    assert DueRow.objects.filter(claim_id=due.NOBODY).count() == 1
    crowd.let_go.set()
    end(crew)


@pytest.mark.django_db(transaction=True)
def test_what_took_long_waits_apart_and_comes_back_when_it_is_quick_again(journeys, monkeypatch):
    crowd = Crowd(journeys)
    crowd.let_go.set()
    ask("fetch", "stuck")
    monkeypatch.setattr(lanes, "SLOW_SECONDS", -1)
    loop.do_due(["fetch"])
    assert DueRow.objects.get().pace == Pace.SLOW
    DueRow.objects.update(next_at=MONDAY_10)
    prompt, slow = crew_of(Pace.PROMPT), crew_of(Pace.SLOW)
    assert prompt.hand_out(0) is False
    assert len(crowd.inside) == 1
    monkeypatch.setattr(lanes, "SLOW_SECONDS", 60)
    slow.hand_out(0)
    end(slow)
    assert len(crowd.inside) == 2
    assert DueRow.objects.get().pace == Pace.PROMPT


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_says_what_it_leaves_in_hand(journeys, monkeypatch):
    threads_let_go_of_the_database(monkeypatch)
    crowd = Crowd(journeys)
    journeys["housekeeping"] = housekeeping.run
    ask("fetch", "stuck")
    worker = loop.Worker()
    worker.start()
    crowd.wait_for(1)
    assert worker.stop(timedelta(seconds=3)) is False
    crowd.let_go.set()
    assert worker.stop(timedelta(seconds=20)) is True
    for thread in worker._beside:
        thread.join(20)


def test_a_wake_up_between_looking_and_sleeping_is_not_slept_through():
    seen = hub.wakes()
    hub.wake()
    hub.wait_for_work(seen, 3600)  # returns at once, or this test hangs


class Stop(threading.Event):
    """Counts the pauses of a lane, and takes none."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return self.is_set()


@pytest.mark.parametrize(("kinds", "pauses"), [(("many",), [loop.GATHER_SECONDS]), (("single",), [])])
def test_what_is_done_together_is_given_time_to_come_together(monkeypatch, kinds, pauses):
    stop, looks = Stop(), iter([20, 20, 3, 0])
    monkeypatch.setattr(loop, "TOGETHER", {"many": lambda rows, now: len(rows)})
    monkeypatch.setattr(loop, "do_due", lambda *_given: next(looks))
    monkeypatch.setattr(loop.hub, "wait_for_work", lambda *_given: stop.set())
    monkeypatch.setattr(loop, "close_old_connections", lambda: None)
    loop._work(loop.Lane("one", kinds, 20, 1), loop.Leases(), stop)
    assert stop.pauses == pauses  # after three, which may soon be more; not after full hands, and not after none
