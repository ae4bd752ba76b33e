"""What was written ahead is copied into the database beside those who write, and the file begins again from its start."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from sociable.config.sqlite import copying
from sociable.config.sqlite.copying import Copying
from sociable.config.turns import Turns
from sociable.due.models import DueRow
from tests.cast import MONDAY_10
from tests.conftest import ON_POSTGRES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL copies in its own way"),
]
PATIENCE_SECONDS = 20


def write(number: int) -> None:
    with transaction.atomic():
        DueRow.objects.create(kind="a", key=f"a:{number}", subject_id=number, due_at=MONDAY_10, next_at=MONDAY_10)


def copied() -> int:
    """How many rows stand in the database itself, whatever was written ahead of it."""
    with closing(sqlite3.connect(f"file:{name()}?immutable=1", uri=True)) as itself:
        return int(itself.execute(f"SELECT count(*) FROM {DueRow._meta.db_table}").fetchone()[0])


def name() -> str:
    return str(connection.settings_dict["NAME"])


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Copying:
    """What copies for the house, with no commit counted yet and nothing left to be copied."""
    here = Copying(name(), Turns())
    monkeypatch.setattr(connection._with_others, "copying", here)  # type: ignore[attr-defined]
    here.copy()
    return here


def finished(wrote: Callable[[], None]) -> None:
    """Do it, and return when the copy that it began has ended."""
    wrote()
    for thread in threading.enumerate():
        if thread.name == "copying":
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()


def test_no_transaction_copies_what_it_wrote(here: Copying) -> None:
    for number in range(30):
        write(number)
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA wal_autocheckpoint").fetchone() == (copying.BY_A_WRITER_PAGES,)
    assert copied() == 0


def test_every_so_many_commits_it_is_copied(here: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "EVERY_COMMITS", 3)
    for number in range(2):
        finished(lambda number=number: write(number))
    assert copied() == 0
    finished(lambda: write(2))
    assert copied() == 3
    finished(lambda: write(3))
    assert copied() == 3


def test_what_is_much_by_its_size_is_copied_sooner(here: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "LONG_BYTES", 0)
    monkeypatch.setattr(copying, "LOOK_EVERY_COMMITS", 2)
    finished(lambda: write(1))
    assert copied() == 0
    finished(lambda: write(2))
    assert copied() == 2


def test_where_no_thread_can_be_begun_nothing_else_fails(here: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(copying, "EVERY_COMMITS", 1)
    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", none_left)
        write(1)
    finished(lambda: write(2))
    assert copied() == 2


def test_what_was_copied_is_written_over(here: Copying) -> None:
    ahead = Path(f"{name()}-wal")
    for number in range(20):
        write(number)
    at_first = ahead.stat().st_size
    for number in range(20, 100, 20):
        here.copy()
        for more in range(number, number + 20):
            write(more)
    assert ahead.stat().st_size < 2 * at_first


def test_a_file_that_never_began_again_is_made_to_while_nobody_writes(
    here: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_turn: list[tuple[str, bool]] = []
    really = copying._copied

    def while_others_write(database: sqlite3.Connection, how: str) -> int:
        in_turn.append((how, not here._turns._has_place()))
        pages = really(database, how)
        if len(in_turn) == 1:
            write(2)  # it came while the rest was copied
        return pages

    monkeypatch.setattr(copying, "_copied", while_others_write)
    monkeypatch.setattr(copying, "MOST_PAGES", 1)
    write(1)
    here.copy()
    assert in_turn == [("PASSIVE", False), ("RESTART", True)]
    assert copied() == 2
    assert here._turns._has_place()


def test_whoever_goes_on_reading_keeps_writers_waiting_a_moment_and_no_more(
    here: Copying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "MOST_PAGES", 1)
    write(1)
    with closing(sqlite3.connect(name(), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute(f"SELECT count(*) FROM {DueRow._meta.db_table}").fetchone() == (1,)
        write(2)
        here.copy()
        assert here._turns._has_place()
        write(3)
        assert reader.execute(f"SELECT count(*) FROM {DueRow._meta.db_table}").fetchone() == (1,)
    here.copy()
    assert copied() == 3


def test_a_short_file_keeps_nobody_waiting(here: Copying, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def copied(_database: sqlite3.Connection, how: str) -> int:
        asked.append(how)
        return copying.MOST_PAGES - 1

    monkeypatch.setattr(copying, "_copied", copied)
    here.copy()
    assert asked == ["PASSIVE"]


def test_a_copy_that_fails_is_logged_and_the_next_is_tried(
    here: Copying, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_self: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(copying, "EVERY_COMMITS", 1)
    with monkeypatch.context() as broken:
        broken.setattr(Copying, "copy", full)
        finished(lambda: write(1))
    assert "could not be copied" in caplog.text
    assert copied() == 0
    finished(lambda: write(2))
    assert copied() == 2
