"""Begins a program of ours as a process of its own and speaks with it, each word pickled: whoever says something never waits for it.

What is said, and what the end of the process means, is left to whoever began it.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import subprocess
import sys
import threading
from types import ModuleType
from typing import IO, Any


class Child:
    """One process, and the two threads that speak with it. It dies with whoever began it, since its input ends then."""

    def __init__(self, program: ModuleType) -> None:
        # Imported and not run as a script, so that what it pickles has the names that it has here.
        command = [sys.executable, "-P", "-c", f"from {program.__name__} import main; main()"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        self._to_say: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()  # None: nothing more
        self.heard: queue.SimpleQueue[Any] = queue.SimpleQueue()  # None: it says no more
        name = program.__name__.rpartition(".")[2]
        self._threads = [
            threading.Thread(
                target=_speak, args=(self._process.stdin, self._to_say), name=f"{name}-speaks", daemon=True
            ),
            threading.Thread(
                target=_listen, args=(self._process.stdout, self.heard), name=f"{name}-listens", daemon=True
            ),
        ]
        for thread in self._threads:
            thread.start()

    def say(self, what: Any) -> None:
        """This function will say something to the process, as soon as it listens."""
        self._to_say.put(pickle.dumps(what))

    def kill(self) -> None:
        """This function will kill the process; that it is dead is heard."""
        self._process.kill()

    def close(self) -> None:
        """This function will end the process, whatever it is at."""
        self.kill()
        self._process.wait()
        self._to_say.put(None)
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what it never read
                if pipe is not None:
                    pipe.close()


def _speak(pipe: IO[bytes], to_say: queue.SimpleQueue[bytes | None]) -> None:
    with contextlib.suppress(OSError):  # it is gone, which is heard by listening
        while (said := to_say.get()) is not None:
            pipe.write(said)
            pipe.flush()


def _listen(pipe: IO[bytes], heard: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            heard.put(pickle.load(pipe))  # noqa: S301 - written by our own process, which reads no input of others
    except Exception:  # noqa: BLE001 - whatever it is, nothing more can be heard of it
        heard.put(None)
