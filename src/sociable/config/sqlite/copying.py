"""Copies what was written ahead into the database, beside those who write and in nobody's turn.

SQLite by itself has a writer do so at the end of a transaction, every thousand pages, and wait for the disk twice while all other
writers wait for that one.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from sociable.config.turns import Turns

log = logging.getLogger(__name__)
EVERY_COMMITS = 250  # a line of chat and its answer write some hundred pages ahead: this is about 25 MB of them
LONG_BYTES, LOOK_EVERY_COMMITS = 64 * 1024 * 1024, 10  # what writes more, mails with files say, is copied sooner
MOST_PAGES = 32_768  # written ahead, 128 MB: then writers wait for once, so that the file begins again from its start
BY_A_WRITER_PAGES = 131_072  # SQLite's own way, which is left for transactions that write more than all of this
PATIENCE_SECONDS = 0.2  # for readers who still read from the file, while writers wait


class Copying:
    """What is copied for one database; `wrote` is told of each commit, and every so many of them begin a copy in a thread."""

    def __init__(self, name: str, turns: Turns) -> None:
        self._name, self._turns = name, turns
        self.ahead = Path(f"{Path(name).resolve()}-wal")  # beside the file itself, where the name is a link to it
        self._guard = threading.Lock()
        self._commits = 0
        self._at_work = False

    def wrote(self) -> None:
        """This function will count a commit; it waits for nothing."""
        with self._guard:
            self._commits += 1
            if self._at_work or not self._is_much():
                return
            self._commits, self._at_work = 0, True
        try:
            threading.Thread(target=self._run, name="copying", daemon=True).start()
        except RuntimeError:  # no thread can be begun just now: a later commit tries again
            with self._guard:
                self._at_work = False

    def _is_much(self) -> bool:
        if self._commits >= EVERY_COMMITS:
            return True
        return (
            self._commits % LOOK_EVERY_COMMITS == 0 and self.ahead.exists() and self.ahead.stat().st_size > LONG_BYTES
        )

    def _run(self) -> None:
        try:
            self.copy()
        except sqlite3.Error:
            log.exception(
                "what was written ahead could not be copied; it is safe where it is, and the next copy tries again"
            )
        finally:
            with self._guard:
                self._at_work = False

    def copy(self) -> None:
        """This function will copy what was written ahead; the file begins again by itself where nobody reads from it at the time.

        Where nobody ever paused, it grows: once it is long, writers wait for the little that came meanwhile, and for those who read.

        Errors: sqlite3.Error
        """
        with closing(sqlite3.connect(self._name, timeout=PATIENCE_SECONDS, isolation_level=None)) as database:
            if _copied(database, "PASSIVE") < MOST_PAGES:
                return
            turn = self._turns.take()
            try:
                _copied(database, "RESTART")
            finally:
                self._turns.give(turn)


def _copied(database: sqlite3.Connection, how: str) -> int:
    """Copy, and say how many pages stand in the file that is written ahead."""
    _busy, ahead, _done = database.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
    return int(ahead)
