"""Due rows: asked for once, claimed by one, held for a lease, fenced, retried with growing pauses and set aside in the end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from sociable.due import queries
from sociable.due import services as due
from sociable.due.models import DueRow
from tests.cast import MONDAY_10, at
from tests.plans import plans

pytestmark = pytest.mark.django_db


def ask(key: str = "a", when=MONDAY_10, kind: str = "warn", **more) -> None:
    due.ask([due.Due(kind, key, 1, when, **more)])


def row(key: str = "a") -> DueRow:
    return DueRow.objects.get(key=key)


def claim_one(now=MONDAY_10) -> DueRow:
    (taken,) = due.claim(now)
    return taken


def test_nothing_is_claimed_before_its_time():
    ask(when=at(10, 1))
    assert due.claim(at(10)) == []
    assert [taken.key for taken in due.claim(at(10, 1))] == ["a"]


def test_asked_for_twice_it_is_one_row_at_the_later_asking():
    ask(when=at(10))
    ask(when=at(12), data={"kind": "90"})
    assert DueRow.objects.count() == 1
    assert (row().due_at, row().next_at, row().data) == (at(12), at(12), {"kind": "90"})


def test_a_done_thing_asked_for_again_is_open_again():
    ask()
    due.close(claim_one(), MONDAY_10)
    ask(when=at(11))
    assert claim_one(at(11)).attempts == 1


def test_a_row_in_hand_is_offered_to_nobody_until_its_lease_ends():
    ask()
    claim_one()
    assert due.claim(MONDAY_10 + due.LEASE - timedelta(seconds=1)) == []
    assert claim_one(MONDAY_10 + due.LEASE).attempts == 2


def test_a_sign_of_life_keeps_the_lease():
    ask()
    mine = claim_one()
    assert due.extend(mine, MONDAY_10 + due.LEASE / 2)
    assert due.claim(MONDAY_10 + due.LEASE) == []


def test_what_a_dead_worker_had_in_hand_is_offered_at_once_to_whoever_is_alone():
    ask()
    dead = claim_one()
    assert due.take_back(at(10, 0)) == 1
    alive = claim_one(at(10, 0))
    assert alive.attempts == 2
    assert not due.close(dead, at(11))
    assert due.close(alive, at(11))


def test_what_waits_for_its_time_was_set_aside_or_is_done_is_not_taken_back():
    ask("later", when=at(12))
    ask("done")
    due.close(claim_one(), MONDAY_10)
    ask("aside")
    due.postpone(claim_one(), MONDAY_10, "no", tries=1)
    ask("failed")
    due.postpone(claim_one(), MONDAY_10, "not now")
    assert due.take_back(MONDAY_10) == 0
    assert due.claim(MONDAY_10) == []


def test_what_took_its_worker_down_again_and_again_waits_for_its_lease():
    ask()
    for _ in range(due.OFFERED_AT_ONCE):
        claim_one()
        assert due.take_back(MONDAY_10) == 1
    claim_one()
    assert due.take_back(MONDAY_10) == 0
    assert due.claim(MONDAY_10) == []
    assert claim_one(MONDAY_10 + due.LEASE).attempts == due.OFFERED_AT_ONCE + 2


def test_what_goes_well_for_good_is_not_counted_as_begun_in_vain():
    ask()
    mine = claim_one()
    due.extend(mine, MONDAY_10)
    assert row().attempts == 1
    due.extend(mine, MONDAY_10, well=True)
    assert row().attempts == 0


def test_whoever_lost_a_row_can_neither_close_nor_renew_nor_postpone_nor_extend_it():
    ask()
    slow = claim_one()
    quick = claim_one(MONDAY_10 + due.LEASE)
    assert not due.close(slow, at(11))
    assert not due.renew(slow, at(11))
    assert not due.extend(slow, at(11))
    due.postpone(slow, at(11), "late")
    assert due.holds(quick)
    assert row().last_error == ""
    assert due.close(quick, at(11))


def test_a_row_that_came_round_again_is_not_closed_by_whoever_had_it_before():
    """Attempts start again at each round, so a number of attempts alone would let the slow worker close the third round."""
    ask(kind="fetch")
    slow = claim_one()
    quick = claim_one(MONDAY_10 + due.LEASE)
    due.renew(quick, at(10, 5))
    third = claim_one(at(10, 5))
    assert third.attempts == slow.attempts == 1
    assert not due.close(slow, at(10, 6))
    assert due.holds(third)


def test_asking_again_takes_a_row_out_of_the_hands_it_is_in():
    ask()
    mine = claim_one()
    ask(when=at(10))
    assert not due.close(mine, at(10))
    assert claim_one().key == "a"


def test_a_hastened_row_comes_at_once():
    ask(when=at(12))
    assert due.hasten("a", at(10, 30))
    assert claim_one(at(10, 30)).key == "a"


def test_a_row_hastened_while_in_hand_stays_there_and_then_comes_again_at_once():
    ask(kind="fetch")
    mine = claim_one()
    due.hasten("a", at(10, 0))
    assert due.claim(at(10)) == []  # nobody fetches the same mailbox beside us
    due.hasten("a", MONDAY_10 + timedelta(seconds=5))
    assert due.renew(mine, at(11))
    assert claim_one(MONDAY_10 + timedelta(seconds=5)).key == "a"


def test_what_is_done_or_set_aside_is_not_hastened():
    ask()
    due.close(claim_one(), MONDAY_10)
    assert not due.hasten("a", at(11))
    assert not due.hasten("unheard of", at(11))


def test_pauses_grow_to_their_longest():
    middle = [2.0 * 2**attempt for attempt in (1, 4, 8)]
    for attempt, expected in zip((1, 4, 8), middle, strict=True):
        assert 0.75 * expected <= due.pause_before(attempt).total_seconds() <= 1.25 * expected
    assert due.pause_before(500) <= 1.25 * due.LONGEST_PAUSE
    assert due.pause_before(500, timedelta(minutes=5)) <= timedelta(minutes=6, seconds=15)


def fail_until_aside(**how) -> int:
    ask()
    now, times = MONDAY_10, 0
    while rows := due.claim(now):
        times += 1
        if times > 50 or due.postpone(rows[0], now, "it does not work", **how):
            break
        now = row().next_at
    return times


def test_what_keeps_failing_is_set_aside_shown_and_offered_no_more():
    assert fail_until_aside() == due.TRIES
    assert [aside.last_error for aside in queries.set_aside()] == ["it does not work"]
    assert due.claim(at(23)) == []


def test_some_things_are_never_given_up():
    assert fail_until_aside(tries=None) == 51


def test_only_open_rows_are_withdrawn():
    ask("a")
    ask("b")
    due.close(due.claim(MONDAY_10, 1)[0], MONDAY_10)
    assert due.withdraw("warn", [1]) == 1
    assert row("a").done_at == MONDAY_10


def test_late_is_what_nobody_took_up():
    ask("a", when=at(9))
    ask("b", when=at(9))
    due.claim(at(10), 1)
    assert [late.key for late in queries.late(at(10))] == ["b"]


def test_done_rows_are_pruned_after_their_time():
    ask()
    due.close(claim_one(), MONDAY_10)
    assert due.prune(MONDAY_10) == 0
    assert due.prune(at(11)) == 1


def test_a_clock_that_was_set_back_only_makes_rows_wait():
    ask(when=at(10))
    assert due.claim(at(9)) == []
    assert claim_one(at(10)).key == "a"


@pytest.mark.django_db(transaction=True)
def test_claimed_by_many_at_once_each_row_goes_to_one():
    due.ask(due.Due("warn", f"warn:{number}", number, MONDAY_10) for number in range(200))
    start, claimed = threading.Barrier(4), []

    def work() -> None:
        start.wait()
        while rows := due.claim(MONDAY_10, 7):
            claimed.extend((row.pk, due.close(row, MONDAY_10)) for row in rows)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len({pk for pk, _ in claimed}) == 200
    assert all(closed for _, closed in claimed)
    assert not DueRow.objects.filter(done_at=None).exists()


def test_a_worker_looks_only_at_what_is_due_however_much_waits_for_later():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by how many rows there are, and here are none")
    looks = plans(lambda: due.claim(MONDAY_10, kinds=["warn", "chat"]), "due_duerow")
    assert sorted(looks) == [
        "SEARCH due_duerow USING INDEX due_next_of_kind (kind=? AND next_at<?)",
        "SEARCH due_duerow USING INTEGER PRIMARY KEY (rowid=?)",
    ]


def test_more_things_than_one_statement_takes_are_all_asked_for():
    due.ask(due.Due("warn", f"many-{number}", number, at(10), {"number": number}) for number in range(401))
    assert DueRow.objects.count() == 401
    assert DueRow.objects.get(key="many-400").data == {"number": 400}
    due.ask([])
    assert DueRow.objects.count() == 401
