"""Lets threads have their turn in the order they came, a few at a time, and lets none be held up by one that is slow.

What is done in a turn, and how many take turns together, is decided where it is begun.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Turn:
    """Somebody's turn, from when it is asked for."""

    is_slow: bool = False
    gate: threading.Lock = field(default_factory=threading.Lock)


class Turns:
    """So many at a time, first come first served. Where no turn begins or ends for `patience_seconds`, those that have theirs are
    slow: they go on, and count no more among so many. Of both there are never more than `most`: where all of the machine is slow,
    many at once would make it slower."""

    def __init__(self, at_once: int = 1, patience_seconds: float | None = None, most: int = 12) -> None:
        self._at_once, self._patience, self._most = at_once, patience_seconds, most
        self._guard = threading.Lock()
        self._queue: deque[Turn] = deque()
        self._going: list[Turn] = []
        self._moved_at = 0.0

    def take(self, *, first: bool = False) -> Turn:
        """This function will return when it is the caller's turn; `first`: before all others who wait."""
        mine = Turn()
        with self._guard:
            if self._has_place():
                self._begin(mine)
                return mine
            mine.gate.acquire()
            (self._queue.appendleft if first else self._queue.append)(mine)
        if self._patience is None:
            mine.gate.acquire()  # released by whoever hands over
        else:
            self._wait(mine, self._patience)
        return mine

    def _wait(self, mine: Turn, patience: float) -> None:
        while not mine.gate.acquire(timeout=patience):
            with self._guard:
                if time.monotonic() - self._moved_at >= patience:
                    for turn in self._going:
                        turn.is_slow = True
                    self._hand_over()

    def _has_place(self) -> bool:
        return len(self._going) < self._most and sum(not turn.is_slow for turn in self._going) < self._at_once

    def _begin(self, turn: Turn) -> None:
        self._going.append(turn)
        self._moved_at = time.monotonic()

    def _hand_over(self) -> None:
        while self._queue and self._has_place():
            following = self._queue.popleft()
            self._begin(following)
            following.gate.release()

    def give(self, turn: Turn) -> None:
        """This function will end a turn, and begin that of whoever has waited longest."""
        with self._guard:
            self._going.remove(turn)
            self._moved_at = time.monotonic()
            self._hand_over()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """This function will do in a turn what is done with it."""
        _in_hand.turn = (self, self.take())
        try:
            yield
        finally:
            (_turns, mine), _in_hand.turn = _in_hand.turn, None
            self.give(mine)


_in_hand = threading.local()  # whose turn this thread has


@contextmanager
def aside() -> Iterator[None]:
    """This function will let the next have the caller's turn, if it has one, while it waits for something outside."""
    had: tuple[Turns, Turn] | None = getattr(_in_hand, "turn", None)
    if had is None:
        yield
        return
    turns, mine = had
    turns.give(mine)
    try:
        yield
    finally:
        _in_hand.turn = (turns, turns.take(first=True))
