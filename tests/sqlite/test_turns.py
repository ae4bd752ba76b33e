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

    turns.take()
    going = []
    for number in range(5):
        going.append(threads.submit(one, number))
        waiting(turns, number + 1)
    turns.give()
    for future in going:
        future.result(SOON_SECONDS)
    assert order == [0, 1, 2, 3, 4]


def test_a_place_that_is_given_back_goes_to_who_waits_and_not_to_who_comes(threads: ThreadPoolExecutor) -> None:
    turns = Turns()
    turns.take()
    first = threads.submit(turns.take)
    waiting(turns, 1)
    turns.give()
    second = threads.submit(turns.take)
    first.result(SOON_SECONDS)
    waiting(turns, 1)
    assert not second.done()
    turns.give()
    second.result(SOON_SECONDS)


def test_no_more_than_so_many_at_a_time(threads: ThreadPoolExecutor) -> None:
    turns = Turns(2)
    turns.take()
    turns.take()
    third = threads.submit(turns.take)
    waiting(turns, 1)
    assert not third.done()
    turns.give()
    third.result(SOON_SECONDS)


def test_where_nothing_moves_one_more_begins_and_then_they_are_as_many_as_before(threads: ThreadPoolExecutor) -> None:
    turns = Turns(1, patience_seconds=0.01)
    turns.take()  # and does not give it back: a page that waits for somebody else's server
    threads.submit(turns.take).result(SOON_SECONDS)
    assert turns._taken == 2
    turns.give()
    turns.give()
    assert turns._taken == 0
    turns.take()
    assert turns._taken == 1


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
            turns.take()
            going.append(threads.submit(one, 3))
            waiting(turns, 1)
            threads.submit(lambda: (waiting(turns, 2), turns.give()))
        order.append(2)
    for future in going:
        future.result(SOON_SECONDS)
    assert order == [1, 2, 3]


def test_whoever_has_no_turn_gives_none_away() -> None:
    with aside():
        pass
