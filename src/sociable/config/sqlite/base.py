"""Makes writers of one process take turns in the order they came; everything else is Django's own SQLite backend."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from django.db.backends.sqlite3 import base


class FairLock:
    """A lock that is handed to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._taken = False

    def acquire(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()  # released by whoever hands over

    def release(self) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._taken = False


_writers: dict[str, FairLock] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; it holds its database's turn from BEGIN IMMEDIATE until the transaction ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: FairLock | None = None

    def _start_transaction_under_autocommit(self) -> None:
        turn = _writers.setdefault(str(self.settings_dict["NAME"]), FairLock())
        turn.acquire()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs leave it out
        except BaseException:
            turn.release()
            raise
        self._turn = turn

    def _end_turn(self) -> None:
        if self._turn is not None:
            turn, self._turn = self._turn, None
            turn.release()

    def _commit(self) -> Any:
        done = super()._commit()  # type: ignore[misc]  # the stubs leave it out
        self._end_turn()  # a commit that failed is followed by a rollback, which ends the turn
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._end_turn()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._end_turn()
