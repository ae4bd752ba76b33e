"""Hears what other processes told through PostgreSQL, on a connection of its own, and never gives up.

A notice that was missed while the connection was away is made good: browsers load anew, and workers look.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

from sociable.live import hub

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5  # how soon the thread sees that it should stop
PROBE_EVERY = 20  # looks: a connection that died without a word is noticed within ten seconds
PAUSE_SECONDS = 1.0
_ALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "connect_timeout": 5,
}


def start(stop: threading.Event) -> threading.Thread | None:
    """This function will listen in a thread until `stop` is set; on SQLite there is nobody else to hear."""
    if connections["default"].vendor != "postgresql":
        return None
    thread = threading.Thread(target=run, args=(stop,), name="listen", daemon=True)
    thread.start()
    return thread


def run(stop: threading.Event) -> None:
    """This function will listen until `stop` is set, connecting again as often as it takes."""
    was_away = False
    while not stop.is_set():
        try:
            with _connect() as connection:
                connection.execute("LISTEN sociable_change")
                connection.execute("LISTEN sociable_due")
                if was_away:
                    hub.resync()
                hub.wake()
                _hear(connection, stop)
        except psycopg.Error as error:
            log.warning("live updates are interrupted: %s", type(error).__name__)
            was_away = True
            stop.wait(PAUSE_SECONDS)


def _connect() -> psycopg.Connection[Any]:
    """A direct connection: a pooler that lends one for each transaction drops what is listened for."""
    if settings.DATABASE_DIRECT_URL:
        return psycopg.connect(settings.DATABASE_DIRECT_URL, autocommit=True, **_ALIVE)
    parameters = connections["default"].get_connection_params()
    for django_only in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(django_only, None)
    return psycopg.connect(**{**_ALIVE, **parameters, "autocommit": True})


def _hear(connection: psycopg.Connection[Any], stop: threading.Event) -> None:
    looks = 0
    while not stop.is_set():
        for notice in connection.notifies(timeout=LOOK_SECONDS):
            hub.received(notice.channel, notice.payload)
            if stop.is_set():
                return
        looks += 1
        if looks % PROBE_EVERY == 0:
            connection.execute("SELECT 1")
