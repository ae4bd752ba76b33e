"""Says what of a transaction need not wait for the disk: what is told at once, and a step that waits together with the next.

PostgreSQL is told so; SQLite's backend, in config/sqlite, asks here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction

Done = TypeVar("Done", bound=Callable[[], object])
_here = threading.local()


def before_disk(done: Done) -> Done:
    """This function will mark what is done on a commit as soon as others can read it, though it may not be on the disk yet.

    Shape:  for what does no harm where a power cut takes back what it told of: a screen is told to look
    """
    done.before_disk = True  # type: ignore[attr-defined]
    return done


def is_before_disk(done: object) -> bool:
    """This function will say whether something was marked so."""
    return getattr(done, "before_disk", False)


@contextmanager
def atomic_with_the_next() -> Iterator[None]:
    """This function will make a transaction that waits for the disk together with this thread's next, and not by itself.

    Shape:  for a step before another, where nobody outside is told before both are done. The disk has them in their order, so a
            power cut takes back the second alone, or both; inside of a transaction it is part of that
    """
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    _here.waits = True
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL synchronous_commit TO OFF")
            yield
    finally:
        _here.waits = False


def wait_for_others() -> None:
    """This function will return when what others wrote, and is read here, is on the disk; for "yes" to what was there already.

    Shape:  inside of a transaction that is done at its end. On PostgreSQL nobody reads what is not there yet, but for such steps
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        connection.wait_for_disk()  # type: ignore[attr-defined]


def waits_with_the_next() -> bool:
    """This function will say whether what this thread commits now waits with its next transaction."""
    return getattr(_here, "waits", False)
