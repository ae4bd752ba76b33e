"""Lets threads have their turn in the order they came, a few at a time, and lets none be held up by one that is slow.

What is done in a turn, and how many take turns together, is decided where it is begun.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """So many at a time, first come first served; where nothing moves for `patience_seconds`, one more begins beside them."""

    def __init__(self, at_once: int = 1, patience_seconds: float | None = None) -> None:
        self._at_once, self._patience = at_once, patience_seconds
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._taken = 0
        self._moved_at = 0.0

    def take(self, *, first: bool = False) -> None:
        """This function will return when it is the caller's turn; `first`: before all others who wait."""
        with self._guard:
            if self._taken < self._at_once:
                return self._begin()
            mine = threading.Lock()
            mine.acquire()
            (self._queue.appendleft if first else self._queue.append)(mine)
        if self._patience is None:
            mine.acquire()  # released by whoever hands over
            return None
        return self._wait(mine, self._patience)

    def _wait(self, mine: threading.Lock, patience: float) -> None:
        while not mine.acquire(timeout=patience):
            with self._guard:
                if time.monotonic() - self._moved_at >= patience and mine in self._queue:
                    self._queue.remove(mine)
                    return self._begin()
        return None

    def _begin(self) -> None:
        self._taken += 1
        self._moved_at = time.monotonic()

    def give(self) -> None:
        """This function will end the caller's turn, and begin that of whoever has waited longest."""
        with self._guard:
            self._taken -= 1
            if self._queue and self._taken < self._at_once:
                self._begin()
                self._queue.popleft().release()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This function will do in a turn what is done with it."""
        self.take()
        _in_hand.turns = self
        try:
            yield
        finally:
            _in_hand.turns = None
            self.give()


_in_hand = threading.local()  # whose turn this thread has


@contextmanager
def aside() -> Iterator[None]:
    """This function will let the next have the caller's turn, if it has one, while it waits for something outside."""
    turns: Turns | None = getattr(_in_hand, "turns", None)
    if turns is None:
        yield
        return
    turns.give()
    try:
        yield
    finally:
        turns.take(first=True)
