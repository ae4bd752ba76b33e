"""Decides how many rows of a kind are done at once, each in a thread that is there only as long as its row.

A thread that waits for a network holds nothing but itself; what a row is about, and how it is done, is told by the loop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections
from django.utils import timezone

from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.worker.leases import Leases

SLOW_SECONDS = 3.0  # what took longer waits apart next time, and keeps no other from being begun


@dataclass(frozen=True, slots=True)
class Lane:
    """Kinds that are worked off apart from others, so that a slow network holds up no warning and no answer.

    Shape:  one thread does up to `at_once` rows after one another; where there are more threads, each does one row.
            `paces`: only rows that went so last time; None takes them all. `held_up`: how many more threads there may be
            beside those of rows that turn out to be slow
    """

    name: str
    kinds: tuple[str, ...]
    at_once: int
    threads: int
    paces: tuple[str, ...] | None = None
    held_up: int = 0


class Crew:
    """The threads of one lane: begun when there is work, gone with it, never more than the lane's."""

    def __init__(self, lane: Lane, leases: Leases, do: Callable[[DueRow], None]) -> None:
        self._lane, self._leases, self._do = lane, leases, do
        self._changed = threading.Condition()
        self._at_work: dict[threading.Thread, float] = {}  # since when

    def hand_out(self, seconds: float) -> bool:
        """This function will claim as many due rows as there are places and begin each; True if more may be due.

        Shape:  waits so many seconds for a place where none is free
        """
        with self._changed:
            self._changed.wait_for(lambda: self._places() > 0, seconds)
            places = self._places()
        if places <= 0:
            return True
        rows = due.claim(timezone.now(), places, self._lane.kinds, paces=self._lane.paces)
        self._leases.add(rows)
        for row in rows:
            thread = threading.Thread(
                target=self._one, args=(row,), name=f"worker-{self._lane.name}-{row.pk}", daemon=True
            )
            with self._changed:
                self._at_work[thread] = time.monotonic()
            thread.start()
        return len(rows) == places

    def at_work(self) -> list[threading.Thread]:
        """This function will list the threads that have a row in hand."""
        with self._changed:
            return list(self._at_work)

    def _places(self) -> int:
        """How many rows may be begun now: one that has taken long already takes none of the usual places."""
        held_up = sum(time.monotonic() - began > SLOW_SECONDS for began in self._at_work.values())
        return self._lane.threads - len(self._at_work) + min(held_up, self._lane.held_up)

    def _one(self, row: DueRow) -> None:
        try:
            self._do(row)
        finally:
            self._leases.drop(row)
            connections.close_all()
            with self._changed:
                self._at_work.pop(threading.current_thread(), None)
                self._changed.notify()
