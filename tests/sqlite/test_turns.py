"""Turns are taken in the order people came, so many at a time, and nobody slow keeps the others out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sociable.config.turns import Turns, aside

SOON_SECONDS = 20


def waiting(turns: Turns, number: int) -> None:
    """Return when so many stand in the queue."""
    ticks = threading.Event()
    while len(turns._queue) < number:
        ticks.wait(0.001)


@pytest.fixture
def threads() -> Any:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_whoever_came_first_is_first(threads: ThreadPoolExecutor) -> None:
    turns, order = Turns(), []

    def one(number: int) -> None:
        with turns.turn():
            order.append(number)

    mine = turns.take()
    going = []
    for number in range(5):
        going.append(threads.submit(one, number))
        waiting(turns, number + 1)
    turns.give(mine)
    for future in going:
        future.result(SOON_SECONDS)
    assert order == [0, 1, 2, 3, 4]


def test_a_place_that_is_given_back_goes_to_who_waits_and_not_to_who_comes(threads: ThreadPoolExecutor) -> None:
    turns = Turns()
    mine = turns.take()
    first = threads.submit(turns.take)
    waiting(turns, 1)
    turns.give(mine)
    second = threads.submit(turns.take)
    theirs = first.result(SOON_SECONDS)
    waiting(turns, 1)
    assert not second.done()
    turns.give(theirs)
    second.result(SOON_SECONDS)


def test_no_more_than_so_many_at_a_time(threads: ThreadPoolExecutor) -> None:
    turns = Turns(2)
    mine = turns.take()
    turns.take()
    third = threads.submit(turns.take)
    waiting(turns, 1)
    assert not third.done()
    turns.give(mine)
    third.result(SOON_SECONDS)


def test_beside_one_that_is_slow_the_others_go_on_one_after_another_without_waiting_again(
    threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(1, patience_seconds=0.01)
    slow = turns.take()  # a page that waits for somebody else's server, or counts for a second
    beside = threads.submit(turns.take).result(SOON_SECONDS)
    monkeypatch.setattr(turns, "_patience", None)  # from here on nobody is let in for having waited
    following = threads.submit(turns.take)
    waiting(turns, 1)
    assert not following.done()
    turns.give(beside)
    following.result(SOON_SECONDS)
    turns.give(slow)  # which makes no room: it did not count any more
    last = threads.submit(turns.take)
    waiting(turns, 1)
    assert not last.done()
    turns.give(following.result())
    turns.give(last.result(SOON_SECONDS))
    assert turns._going == []


def test_however_slow_they_are_there_are_never_more_than_so_many(threads: ThreadPoolExecutor) -> None:
    turns = Turns(1, patience_seconds=0.001, most=3)
    going = [threads.submit(turns.take).result(SOON_SECONDS) for _ in range(3)]
    for turn in going:
        turn.is_slow = True
    fourth = threads.submit(turns.take)
    waiting(turns, 1)
    assert not turns._has_place()
    turns.give(going[0])
    assert fourth.result(SOON_SECONDS) in turns._going


def test_a_turn_ends_with_what_went_wrong_in_it() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="so"), turns.turn():
        raise ValueError("so")
    turns.take()


def test_whoever_waits_for_something_outside_lets_the_next_go_on_and_is_next_then(threads: ThreadPoolExecutor) -> None:
    turns, order = Turns(), []

    def one(number: int) -> None:
        with turns.turn():
            order.append(number)

    with turns.turn():
        going = [threads.submit(one, 1)]
        waiting(turns, 1)
        with aside():
            going[0].result(SOON_SECONDS)
            mine = turns.take()
            going.append(threads.submit(one, 3))
            waiting(turns, 1)
            threads.submit(lambda: (waiting(turns, 2), turns.give(mine)))
        order.append(2)
    for future in going:
        future.result(SOON_SECONDS)
    assert order == [1, 2, 3]


def test_whoever_has_no_turn_gives_none_away() -> None:
    with aside():
        pass
