"""Keeps the process that carries notices out: begun when there is something to carry, and again when it has died.

What is carried, when it may rest, and what its death means for what was on its way, is decided by handing.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO

from sociable.worker import handing_child
from sociable.worker.carrying import GiveBack, Load, News

log = logging.getLogger(__name__)
SILENT_SECONDS = 120.0  # with something in hand it says something far sooner, if it is well
# Imported and not run as a script, so that what it pickles has the names that it has here.
PROGRAM = f"from {handing_child.__name__} import main; main()"


class Died(Exception):
    """The process is gone, and with it what it had in hand."""


class Running:
    """One process, and the two threads that speak with it: whoever hands it something never waits for it."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", PROGRAM]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        self.to_say: queue.SimpleQueue[list[Load] | str | GiveBack | None] = queue.SimpleQueue()
        self.heard: queue.SimpleQueue[News | None] = queue.SimpleQueue()  # None: it says no more
        self._threads = [
            threading.Thread(target=_speak, args=(self.process.stdin, self.to_say), name="handing-speaks", daemon=True),
            threading.Thread(
                target=_listen, args=(self.process.stdout, self.heard), name="handing-listens", daemon=True
            ),
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """This function will end the process, whatever it has in hand."""
        self.process.kill()
        self.process.wait()
        self.to_say.put(None)
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # what it never read
                if pipe is not None:
                    pipe.close()


def _speak(pipe: IO[bytes], to_say: queue.SimpleQueue[list[Load] | str | GiveBack | None]) -> None:
    with contextlib.suppress(OSError):  # it is gone, which is heard by listening
        while (said := to_say.get()) is not None:
            pickle.dump(said, pipe)
            pipe.flush()


def _listen(pipe: IO[bytes], heard: queue.SimpleQueue[News | None]) -> None:
    try:
        while True:
            heard.put(pickle.load(pipe))  # noqa: S301 - written by our own process
    except Exception:  # noqa: BLE001 - whatever it is, nothing more can be heard of it
        heard.put(None)


class Outside:
    """The process from the side of the worker, whether it runs just now or not. One thread uses it."""

    def __init__(self) -> None:
        self._running: Running | None = None
        self._spoke_at = 0.0

    def send(self, loads: Sequence[Load], in_hand: int) -> None:
        """This function will hand loads to the process, which has so many already."""
        if not in_hand:
            self._spoke_at = time.monotonic()
        self._begun().to_say.put(list(loads))

    def get_ready(self, kind: str) -> None:
        """This function will have the process make a kind of route ready; that it is so is heard."""
        self._begun().to_say.put(kind)

    def give_back(self) -> None:
        """This function will ask the process for whatever does not leave yet; what it gives back is heard."""
        if self._running is not None:
            self._running.to_say.put(GiveBack())

    def _begun(self) -> Running:
        if self._running is None:
            self._running, self._spoke_at = Running(), time.monotonic()
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
            running.process.kill()  # it hangs; its death is heard at the next look
        return told

    def end(self) -> None:
        """This function will end the process with whatever it has in hand."""
        running, self._running = self._running, None
        if running is not None:
            running.end()
