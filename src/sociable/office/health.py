"""Says in words how an account's connection is: when it was last heard, how far behind, in trouble or recovered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from sociable.directory.models import Connection
from sociable.domain.saying import moment_near

RECOVERED_SHOWN = timedelta(days=1)
SILENT_ROUNDS = 5  # that many missed fetches are worth a word even if none failed


@dataclass(frozen=True, slots=True)
class Health:
    """One connection's state: a short word, its tone, and a sentence."""

    word: str
    tone: str
    sentence: str


def of(connection: Connection | None, now: datetime, zone: str) -> Health:
    """This function will say how a connection is."""
    if connection is None:
        return Health("Not connected", "", "It hears only what comes by Sociable's own mail door and the public form.")
    if not connection.fetches:
        return Health("Not fetched", "", "Fetching is switched off.")
    return _of_fetched(connection, now, zone)


def _of_fetched(connection: Connection, now: datetime, zone: str) -> Health:
    if connection.trouble:
        since = moment_near(connection.trouble_since_at, now, zone) if connection.trouble_since_at else "just now"
        return Health(
            "Trouble", "late", f"In trouble since {since}: {connection.trouble} It is tried again and again by itself."
        )
    if connection.last_heard_at is None:
        return Health("Not heard yet", "warn", "It was connected and has not answered yet.")
    heard = f"Last heard {ago(now - connection.last_heard_at)}{_lag(connection)}."
    if now - connection.last_heard_at > timedelta(seconds=settings.FETCH_SECONDS * SILENT_ROUNDS):
        return Health("Silent", "warn", f"{heard} Is a worker running?")
    if connection.recovered_at is not None and now - connection.recovered_at < RECOVERED_SHOWN:
        return Health("Recovered", "good", f"{heard} It recovered {ago(now - connection.recovered_at)}.")
    return Health("Heard", "good", heard)


def _lag(connection: Connection) -> str:
    if connection.lag_seconds is None:
        return ""
    return (
        f"; the newest message was here {_counted(timedelta(seconds=connection.lag_seconds))} after the network took it"
    )


def ago(since: timedelta) -> str:
    """This function will say how long ago something was: "40 seconds ago"."""
    return f"{_counted(since)} ago"


def _counted(length: timedelta) -> str:
    seconds = max(0, round(length.total_seconds()))
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"
