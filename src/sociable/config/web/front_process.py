"""Keeps the front going: begun with the house, begun again when it dies, told what happens, and ended before the house ends.

What is answered on its lines is decided in answering; what streams are told, in the hub.
"""

from __future__ import annotations

import logging
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence

from django.conf import settings

from sociable.config.web import front_child, wire
from sociable.config.web.answering import BODY_LIMIT_BYTES, PAGE_THREADS, STREAM_THREADS, answer_on
from sociable.config.web.front_child import Given
from sociable.live import hub
from sociable.live.hub import END, RESYNC, Frame

log = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0
MOST_UNTOLD = 10_000  # frames that wait to be told to a front that does not listen; it loads anew then


class Front:
    """The front from the side of the house."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._stop = threading.Event()
        self._running: Running | None = None

    def run(self) -> None:
        """This function will keep a front going until it is stopped."""
        while not self._stop.is_set():
            self._running = running = Running(self._listener)
            if self._stop.is_set():
                running.stop()
            status = running.wait()
            if not self._stop.is_set():
                log.error("the front ended with status %s; it begins again", status)
                self._stop.wait(PAUSE_SECONDS)

    def stop(self) -> None:
        """This function will end the front in good order; asked again, at once. It may be called from a signal's handler."""
        running = self._running
        if running is not None:
            (running.process.kill if self._stop.is_set() else running.stop)()
        self._stop.set()

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
        self.process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", front_child.__name__, given.as_words()],
            stdin=subprocess.DEVNULL,
            pass_fds=(given.listener, given.news, *numbers),
        )
        for end in (theirs, *(its for _ours, its in lines)):
            end.close()
        self._news, self._line = News(), ours  # its end by our death, or by `wait`, says that the house is gone
        hub.pass_on(self._news.put)
        threading.Thread(target=self._news.speak, args=(ours,), name="front-news", daemon=True).start()
        for number, (answering, _its) in enumerate(lines):
            threading.Thread(target=answer_on, args=(answering,), name=f"page-{number}", daemon=True).start()

    def stop(self) -> None:
        """This function will ask the process to end its streams, answer what was asked, and end."""
        self._news.put(END)
        self._news.end()

    def wait(self) -> int:
        """This function will return the process's status once it has ended; its threads go as they hear that."""
        status = self.process.wait()
        hub.pass_on(None)
        self._news.end()
        self._line.close()
        return status


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
        """This function will tell all that is put here, until the end or until nobody listens."""
        try:
            while frames := self._next():
                line.sendall(wire.packed(frames))
            line.sendall(wire.packed([]))
        except OSError:
            log.debug("the front hung up")

    def _next(self) -> Sequence[Frame]:
        """What is to be told now, in one piece; nothing where it is to stop."""
        frames = [self._untold.get()]
        while frames[-1] is not None and not self._untold.empty():
            frames.append(self._untold.get())
        told = [frame for frame in frames if frame is not None]
        if told and frames[-1] is None:
            self._untold.put(None)
        if len(told) < MOST_UNTOLD:
            return told
        return [RESYNC, *(frame for frame in told if frame == END)]
