"""Puts what was committed onto the disk, together for all who wait for that at an instant.

SQLite by itself does so inside the transaction, while every other writer waits: some milliseconds each, one after the other.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

_to_disk = getattr(os, "fdatasync", os.fsync)


class Flushing:
    """What was written ahead of one database; whoever committed waits until a flush that began after it has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._at_work = False

    def wait(self) -> None:
        """This function will return when all that was committed before it was called is on the disk.

        Errors: OSError where the disk refuses
        """
        with self._changed:
            self._asked += 1
            mine = self._asked
            while self._done < mine and self._at_work:
                self._changed.wait()
            if self._done >= mine:
                return
            self._at_work, upto = True, self._asked
        try:
            self._flush()
        except BaseException:
            upto = 0
            raise
        finally:
            with self._changed:
                self._at_work, self._done = False, max(self._done, upto)
                self._changed.notify_all()

    def _flush(self) -> None:
        """SQLite locks the database and its index, never this file, so that opening and closing it lets go of no lock."""
        file = os.open(self._path, os.O_RDONLY)
        try:
            _to_disk(file)
        finally:
            os.close(file)
