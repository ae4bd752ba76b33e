"""Puts what was committed onto the disk, together for all who wait for that at an instant.

SQLite by itself does so inside the transaction, while every other writer waits: some milliseconds each, one after the other.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

log = logging.getLogger(__name__)
_to_disk = getattr(os, "fdatasync", os.fsync)


class Flushing:
    """What was written ahead of one database; whoever committed waits until a flush that began after it has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._at_work = False
        self._refused: OSError | None = None

    def wait(self) -> None:
        """This function will return when all that was committed before it was called is on the disk.

        Errors: OSError where the disk refuses, and from then on: Linux tells that something was lost once, and says yes to
                the next flush though it is still lost. Whoever starts anew reads what there is
        """
        with self._changed:
            self._asked += 1
            mine = self._asked
            while self._done < mine and self._at_work:
                self._changed.wait()
            if self._done >= mine:
                return
            if self._refused is not None:
                raise self._refused
            self._at_work, upto = True, self._asked
        try:
            self._flush()
        except OSError as error:
            self._refused, upto = error, 0
            log.critical("the disk refused what was written; nothing is taken in until Sociable is started anew")
            raise
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
