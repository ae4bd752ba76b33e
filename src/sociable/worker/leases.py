"""Keeps the leases of what this process has in hand, so that a slow network is not taken for a dead worker.

A handler that hangs is given up in the end: its row is offered elsewhere, and fencing keeps it from being closed twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import timedelta

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from sociable.due import services as due
from sociable.due.models import DueRow

log = logging.getLogger(__name__)
EVERY_SECONDS = due.LEASE.total_seconds() / 4
LONGEST = timedelta(minutes=15)  # no handler's time-outs add up to this


class Leases:
    """The rows this process has in hand, and since when by a clock that is never set back."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._since: dict[int, tuple[DueRow, float]] = {}

    def add(self, rows: Iterable[DueRow]) -> None:
        """This function will keep these rows from now on."""
        with self._guard:
            self._since.update({row.pk: (row, time.monotonic()) for row in rows})

    def drop(self, row: DueRow) -> None:
        """This function will keep a row no longer: it was done, or failed."""
        with self._guard:
            self._since.pop(row.pk, None)

    def renew(self) -> int:
        """This function will extend every lease that is not too old, and return how many were still ours."""
        with self._guard:
            young = [row for row, since in self._since.values() if time.monotonic() - since < LONGEST.total_seconds()]
        return due.extend_all(young, timezone.now())

    def keep(self, stop: threading.Event) -> None:
        """This function will renew the leases until `stop` is set."""
        while not stop.wait(EVERY_SECONDS):
            try:
                close_old_connections()
                self.renew()
            except DatabaseError:
                log.exception("leases could not be renewed")
        close_old_connections()
