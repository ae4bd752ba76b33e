"""Keeps the process that carries notices out: begun when there is something to carry, and again when it has died.

What is carried, when it may rest, and what its death means for what was on its way, is decided by handing.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Sequence

from sociable.worker import handing_child
from sociable.worker.carrying import GiveBack, Load, News
from sociable.worker.child import Child

SILENT_SECONDS = 120.0  # with something in hand it says something far sooner, if it is well


class Died(Exception):
    """The process is gone, and with it what it had in hand."""


class Outside:
    """The process from the side of the worker, whether it runs just now or not. One thread uses it."""

    def __init__(self) -> None:
        self._running: Child | None = None
        self._spoke_at = 0.0

    def send(self, loads: Sequence[Load], in_hand: int) -> None:
        """This function will hand loads to the process, which has so many already."""
        if not in_hand:
            self._spoke_at = time.monotonic()
        self._begun().say(list(loads))

    def get_ready(self, kind: str) -> None:
        """This function will have the process make a kind of route ready; that it is so is heard."""
        self._begun().say(kind)

    def give_back(self) -> None:
        """This function will ask the process for whatever does not leave yet; what it gives back is heard."""
        if self._running is not None:
            self._running.say(GiveBack())

    def _begun(self) -> Child:
        if self._running is None:
            self._running, self._spoke_at = Child(handing_child), time.monotonic()
        return self._running

    def heard(self, in_hand: int) -> list[News]:
        """This function will return what the process has said, where so many loads are in its hand.

        Errors: Died, once all that it had said was returned
        """
        running, told = self._running, list[News]()
        if running is None:
            return told
        with contextlib.suppress(queue.Empty):
            while True:
                news = running.heard.get_nowait()
                if news is not None:
                    told.append(news)
                elif told:
                    running.heard.put(None)  # said again at the next look
                    break
                else:
                    self.end()
                    raise Died
        if told:
            self._spoke_at = time.monotonic()
        elif in_hand and time.monotonic() - self._spoke_at > SILENT_SECONDS:
            running.kill()  # it hangs; its death is heard at the next look
        return told

    def end(self) -> None:
        """This function will end the process with whatever it has in hand."""
        running, self._running = self._running, None
        if running is not None:
            running.close()
