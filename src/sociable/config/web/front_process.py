"""Keeps the front going: begun with the house, begun again when it dies, told what happens, and ended before the house ends.

What is answered on its lines is decided in answering; what streams are told, in the hub.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from django.conf import settings

from sociable.config.web import front_child, wire
from sociable.config.web.answering import PAGE_THREADS, STREAM_THREADS, answer_on
from sociable.config.web.front import STOPS_WITHIN_SECONDS
from sociable.config.web.front_child import HEARD, Given
from sociable.live import hub
from sociable.live.hub import END, RESYNC, Frame

log = logging.getLogger(__name__)
BODY_LIMIT_BYTES = 4 * settings.ATTACHMENT_LIMIT_BYTES  # the composer refuses one attachment too many in its own words
# Before it is begun again; twice as long each time that it did not last.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
LASTS_SECONDS = 60.0
MORE_SECONDS = 2.0  # than the front gives those it still answers when it is to stop
LOOKS_EVERY_SECONDS = 5.0  # whether it hears, where there is nothing to tell
HANGS_AFTER_SECONDS = 30.0  # in which it does not
MOST_UNTOLD = 10_000  # frames that wait to be told to a front that does not listen; its browsers load anew then
# It faces the internet, so it is not given what it has no use for: keys and addresses of databases.
_ITS_ENVIRONMENT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class Keeper:
    """The front from the side of the house."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._is_stopping = False  # no event: its lock is not for a signal's handler
        self._running: Running | None = None

    def run(self) -> None:
        """This function will keep a front going until it is stopped."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            status = self._run_one()
            if self._ends():
                return
            if time.monotonic() - began > LASTS_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.error("the front ended with %s; it begins again in %s seconds", status, pause)
            until = time.monotonic() + pause
            while time.monotonic() < until:
                time.sleep(0.1)
                if self._ends():
                    return
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _ends(self) -> bool:
        return self._is_stopping

    def _run_one(self) -> str:
        if self._ends():
            return "nothing to do"
        try:
            self._running = running = Running(self._listener)
        except (OSError, RuntimeError, ValueError) as error:  # no memory for it, say, or it is stopped just now
            return str(error)
        try:
            if self._ends():
                running.stop()
            return f"status {running.wait()}"
        finally:
            self._running = None

    def stop(self) -> None:
        """This function will end the front in good order; asked again, at once. It may be called from a signal's handler."""
        was_stopping, self._is_stopping = self._is_stopping, True
        running = self._running
        if running is None:
            return
        if was_stopping:
            running.process.kill()
        else:
            running.stop()
            self._listener.close()  # whoever comes now is told at once that nobody is here

    @property
    def pid(self) -> int:
        """The process that runs now; 0 before it does."""
        return self._running.process.pid if self._running else 0


class Running:
    """One process, the threads that answer it, and the one that tells it what happens."""

    def __init__(self, listener: socket.socket) -> None:
        lines = [socket.socketpair() for _ in range(PAGE_THREADS + STREAM_THREADS)]
        ours, theirs = socket.socketpair()
        numbers = [its.fileno() for _ours, its in lines]
        given = Given(
            listener=listener.fileno(), news=theirs.fileno(), pages=numbers[:PAGE_THREADS], questions=numbers[PAGE_THREADS:],
            body_limit_bytes=BODY_LIMIT_BYTES, log_level=settings.LOG_LEVEL,
        )  # fmt: skip
        # -P: nothing is imported from the folder in which it begins
        command = [sys.executable, "-P", "-m", front_child.__name__, given.as_words()]
        self.process = subprocess.Popen(  # noqa: S603 - our own
            command,
            stdin=subprocess.DEVNULL,
            pass_fds=(given.listener, given.news, *numbers),
            process_group=0,  # a terminal's Ctrl-C is for the house
            env=_environment(),
        )
        for end in (theirs, *(its for _ours, its in lines)):
            end.close()
        self._news, self._line = News(), ours  # whose end, by our death or by `wait`, says that the house is gone
        self._wanted_until = math.inf
        self._threads = [threading.Thread(target=self._tell, name="front-news", daemon=True)]
        self._threads += [
            threading.Thread(target=answer_on, args=(answering,), name=f"{_what(number)}-{number}", daemon=True)
            for number, (answering, _its) in enumerate(lines)
        ]
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError:
            self.process.kill()
            raise
        hub.pass_on(self._news.put)

    def _tell(self) -> None:
        """Tell what happens; a front that does not hear it is ended."""
        try:
            self._line.settimeout(HANGS_AFTER_SECONDS)
            self._news.speak(self._line)
        except TimeoutError:
            log.exception("the front hangs")
            self.process.kill()

    def stop(self) -> None:
        """This function will ask the process to end its streams, answer what was asked, and end."""
        self._wanted_until = time.monotonic() + STOPS_WITHIN_SECONDS + MORE_SECONDS
        self._news.put(END)
        self._news.end()

    def wait(self) -> int:
        """This function will return the process's status once it has ended, and the pages that were being made have, if that is soon."""
        while (status := self._status()) is None:
            if time.monotonic() > self._wanted_until:
                log.error("the front does not end")
                self.process.kill()
        hub.pass_on(None)
        self._news.end()
        until = time.monotonic() + STOPS_WITHIN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._line.close()
        return status

    def _status(self) -> int | None:
        """How it ended; None where it has not within a second."""
        try:
            return self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return None


def _what(number: int) -> str:
    return "page" if number < PAGE_THREADS else "stream"


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _ITS_ENVIRONMENT or name.startswith(("LC_", "PYTHON"))
    }


class News:
    """What happened and is not yet told; whoever puts something here never waits for the front."""

    def __init__(self) -> None:
        self._untold: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()  # None: it is to stop

    def put(self, frame: Frame) -> None:
        """This function will have a frame handed to the streams that want it."""
        if self._untold.qsize() < MOST_UNTOLD or frame == END:
            self._untold.put(frame)

    def end(self) -> None:
        """This function will have the front told, after all else, that it is to stop."""
        self._untold.put(None)

    def speak(self, line: socket.socket) -> None:
        """This function will tell all that is put here, until the end or until nobody listens; and look now and then whether somebody does.

        Errors: TimeoutError where nobody says that it was heard, in the time that the socket is given
        """
        try:
            while (frames := self._next()) is not None:
                line.sendall(wire.told(frames))
                if not line.recv(len(HEARD)):
                    return
            line.sendall(wire.told(None))
        except ConnectionError:
            log.debug("the front hung up")

    def _next(self) -> Sequence[Frame] | None:
        """What is to be told now, in one piece, which may be nothing; None where it is to stop."""
        try:
            frames = [self._untold.get(timeout=LOOKS_EVERY_SECONDS)]
        except queue.Empty:
            return []
        while frames[-1] is not None and not self._untold.empty():
            frames.append(self._untold.get())
        told = [frame for frame in frames if frame is not None]
        if frames[-1] is None:
            if not told:
                return None
            self._untold.put(None)
        if len(told) < MOST_UNTOLD:
            return told
        return [RESYNC, *(frame for frame in told if frame == END)]
