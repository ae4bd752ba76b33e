"""Makes an installation ready to be served: alone on its SQLite file, migrated, its pages' files in place, the example loaded.

Each step does nothing where nothing is to be done, so that a second start is quick.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from sociable.config import example
from sociable.conversations.models import Message
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.live.models import ChangeEvent
from sociable.people.models import Partner

_SKIPPED = 1_000  # numbers: many more than are told in the second that a flush may take
_WISHES_TO_STOP = (signal.SIGINT, signal.SIGTERM)
_TURN = 0x50C1AB1E  # the name of our advisory lock in PostgreSQL


class AlreadyRunning(DomainError):
    """Another process serves or works on this data."""


class ExampleInRealUse(DomainError):
    """A real installation was to start on example data."""


class NotMigrated(DomainError):
    """The database is not as this version needs it."""


def alone() -> IO[str] | None:
    """This function will take the SQLite data for this process, until it ends; PostgreSQL is shared by as many as one likes.

    Errors: AlreadyRunning with the process that has it
    """
    if settings.GROWN:
        return None
    path = settings.DATA_DIR / "running.lock"
    lock = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        raise AlreadyRunning(
            f"Sociable already runs on the data in {settings.DATA_DIR} (process {lock.read().strip() or 'unknown'}). "
            "SQLite has room for one: stop that one first, choose another DATA_DIR, or set DATABASE_URL to use PostgreSQL."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def take_over(lock: IO[str] | None) -> None:
    """This function will have what a killed process had in hand done at once, where nobody else can be at work on the data.

    Shape:  `lock` is what `alone` returned. On PostgreSQL others may be alive, so there a lease runs out first
    """
    if lock is not None:
        _skip_numbers()
        due.take_back(timezone.now())


def _skip_numbers() -> None:
    """Give no number again that a screen may have been told of before the disk had it, and that a power cut took back."""
    tables = [model._meta.db_table for model in (Message, ChangeEvent)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name IN (%s, %s)", [_SKIPPED, *tables])


def prepare() -> None:
    """This function will bring database and files up to date.

    Errors: ExampleInRealUse
    """
    with _one_at_a_time():
        with _not_stopped():
            _migrate()
        if reason := example.refusal():
            raise ExampleInRealUse(reason)
        if settings.EXAMPLE and not Partner.objects.exists():
            example.load(timezone.now())
    _collect_static()


def migrated() -> bool:
    """This function will say whether the database is as this version of Sociable needs it."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def check_migrated() -> None:
    """This function will raise NotMigrated unless the database is as this version of Sociable needs it.

    Errors: NotMigrated
    """
    if not migrated():
        raise NotMigrated("The database is not up to date. Start `sociable serve` once, or run `sociable migrate`.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Processes that start together on one PostgreSQL wait for the first; on SQLite `alone` has seen to that."""
    if not settings.GROWN:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_TURN])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_TURN])


@contextmanager
def _not_stopped() -> Iterator[None]:
    """A wish to stop is heard when the step is done: Django notes a change of tables after it was made.

    Stopped between the two, the next start would make it again, and find it there.
    """
    heard: list[int] = []
    before = {one: signal.signal(one, lambda number, _frame: heard.append(number)) for one in _WISHES_TO_STOP}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if heard:
        signal.raise_signal(heard[0])


def _migrate() -> None:
    if not migrated():
        call_command("migrate", verbosity=0, interactive=False)
    if settings.GROWN:  # also where somebody ran `sociable migrate`, which knows nothing of it
        call_command("createcachetable", verbosity=0)


def _collect_static() -> None:
    """Files are collected again only when one of them, or a part that compresses them, has changed."""
    root = Path(settings.STATIC_ROOT)
    mark, state = root / ".collected", _state_of_static()
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as turn:  # two web processes may share one folder
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text(encoding="ascii") != state:
            call_command("collectstatic", verbosity=0, interactive=False)
            mark.write_text(state, encoding="ascii")


def _state_of_static() -> str:
    total = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            total.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return total.hexdigest()
