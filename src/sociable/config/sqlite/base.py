"""Makes writers of one process take turns in the order they came, and wait for the disk together after their turns.

Everything else is Django's own SQLite backend. A transaction is on the disk before whoever made it goes on, as with
`synchronous=FULL`, which what is written outside of one keeps; only that neither the next writer nor the screens that are told need
wait for the disk as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError
from django.utils.asyncio import async_unsafe

from sociable.asking.disk import is_before_disk, waits_with_the_next
from sociable.config.sqlite.copying import BY_A_WRITER_PAGES, LONG_BYTES, Copying
from sociable.config.sqlite.flushing import Flushing
from sociable.config.turns import Turn, Turns, aside

# When a connection waits for the disk: at every commit, or when it says so itself.
_AT_ONCE, _LATER = "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"


class Shared:
    """What the connections of this process to one database have together."""

    def __init__(self, name: str) -> None:
        self.turns = Turns()
        self.copying = Copying(name, self.turns)
        self.flushing = Flushing(self.copying.ahead)


_shared: dict[str, Shared] = {}


class Cursor(base.SQLiteCursorWrapper):
    """Django's own, which writes `?` for `%s` once in a statement that comes again and again: it takes longer than a small question."""

    def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
        """Return a statement as SQLite reads it."""
        return _with_marks(query) if param_names is None else super().convert_query(query, param_names=param_names)


@lru_cache(maxsize=1024)
def _with_marks(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; it holds its database's turn from BEGIN IMMEDIATE until the transaction ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: tuple[Turns, Turn] | None = None
        self._changes_before = 0

    @property
    def _with_others(self) -> Shared:
        name = str(self.settings_dict["NAME"])
        return _shared.get(name) or _shared.setdefault(name, Shared(name))

    def init_connection_state(self) -> None:
        """Nobody's transaction copies what was written ahead, unless it wrote more than is ever left to be copied."""
        super().init_connection_state()
        self.connection.execute(f"PRAGMA wal_autocheckpoint={BY_A_WRITER_PAGES}")
        # What is written ahead is cut to so much once it begins again from its start.
        self.connection.execute(f"PRAGMA journal_size_limit={LONG_BYTES}")

    def create_cursor(self, name: str | None = None) -> Cursor:
        """Return what statements are sent by."""
        return self.connection.cursor(factory=Cursor)  # type: ignore[no-any-return]

    @async_unsafe
    def at_once(self, sql: str, values: Sequence[Any]) -> tuple[list[Any], int]:
        """Return the rows a statement found and how many it changed, without Django's layers of cursors where nobody listens."""
        if self.connection is None or self.queries_logged or self.execute_wrappers:
            with self.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall(), cursor.rowcount
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            sent = self.connection.execute(_with_marks(sql), values)
            return sent.fetchall(), sent.rowcount

    def _start_transaction_under_autocommit(self) -> None:
        turns = self._with_others.turns
        turn = turns.take()
        try:
            self.connection.execute(_LATER)
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs leave it out
        except BaseException:
            turns.give(turn)
            self.connection.execute(_AT_ONCE)
            raise
        self._turn = turns, turn
        self._changes_before = self.connection.total_changes

    def _end_turn(self) -> None:
        if self._turn is not None:
            (turns, turn), self._turn = self._turn, None
            turns.give(turn)

    def _commit(self) -> Any:
        has_written = self._turn is not None and self.connection.total_changes != self._changes_before
        done = super()._commit()  # type: ignore[misc]  # the stubs leave it out
        self._end_turn()  # a commit that failed is followed by a rollback, which ends the turn
        self.connection.execute(_AT_ONCE)
        if has_written:
            self._with_others.copying.wrote()
            try:
                self._tell()
            finally:
                if self.run_on_commit or not waits_with_the_next():
                    self.wait_for_disk()
        return done

    def _tell(self) -> None:
        """Do what need not wait for the disk; what does stays with Django, in its order."""
        told = [one for one in self.run_on_commit if is_before_disk(one[1])]
        self.run_on_commit = [one for one in self.run_on_commit if one not in told]
        for one in told:
            one[1]()

    def wait_for_disk(self) -> None:
        """Return when all that was committed is on the disk: whoever is told so may rely on it, though the power fails now."""
        if self.is_in_memory_db():
            return
        try:
            with aside():
                self._with_others.flushing.wait()
        except OSError as error:
            raise OperationalError(f"What was written may not be on the disk: {error}") from error

    def _rollback(self) -> Any:
        try:
            done = super()._rollback()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._end_turn()
        self.connection.execute(_AT_ONCE)
        return done

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]  # the stubs leave it out
        finally:
            self._end_turn()
