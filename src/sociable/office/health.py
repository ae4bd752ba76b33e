"""Says in words how an account's connection is: when it was last heard, how far behind, what ends soon, in trouble or recovered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sociable.channels import registry
from sociable.channels.base import Hears
from sociable.directory.models import Account, Connection
from sociable.domain.saying import moment_near
from sociable.journeys import fetch
from sociable.journeys import health as noted

RECOVERED_SHOWN = timedelta(days=1)
SILENT_ROUNDS = 5  # that many missed fetches are worth a word even if none failed
ENDS_SOON = timedelta(days=14)
ENDS_NOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Health:
    """One connection's state: a short word, its tone, and a sentence."""

    word: str
    tone: str
    sentence: str


def of(connection: Connection | None, now: datetime, zone: str, *, is_all: bool = False) -> Health:
    """This function will say how a connection is; `is_all`: without one, nothing is heard or sent."""
    if connection is None:
        alone = "It hears only what comes by Sociable's own mail door and the public form."
        return Health("Not connected", "", "Nothing is heard and nothing can be sent until it is." if is_all else alone)
    if connection.trouble:
        since = moment_near(connection.trouble_since_at, now, zone) if connection.trouble_since_at else "just now"
        return Health(
            "Trouble", "late", f"In trouble since {since}: {connection.trouble} It is tried again and again by itself."
        )
    if connection.expires_at is not None and connection.expires_at <= now + ENDS_SOON:
        return _of_ending(connection.expires_at, now, zone)
    if quiet := noted.went_quiet(connection, now, fetched=connection.fetches):
        return Health("Webhook quiet", "warn", f"{quiet} See that it still has our webhook address.")
    if connection.fetches:
        return _of_fetched(connection, now, zone)
    return _of_called(connection, now)


def _of_ending(at: datetime, now: datetime, zone: str) -> Health:
    if at <= now:
        return Health("Log-in ended", "late", f"Its log-in ended {moment_near(at, now, zone)}. Connect it anew.")
    tone = "late" if at <= now + ENDS_NOW else "warn"
    when = f"in {counted(at - now)}, {moment_near(at, now, zone)}"
    return Health("Log-in ends soon", tone, f"Its log-in ends {when}. Renew it before, and nothing is missed.")


def _of_fetched(connection: Connection, now: datetime, zone: str) -> Health:
    if connection.limited_until_at is not None and connection.limited_until_at > now:
        until = moment_near(connection.limited_until_at, now, zone)
        return Health("Paused", "warn", f"The network asked for a pause until {until}. Nothing is lost by it.")
    if connection.last_heard_at is None:
        return Health("Not heard yet", "warn", "It was connected and has not answered yet.")
    heard = f"Last heard {ago(now - connection.last_heard_at)}{_lag(connection)}."
    if now - connection.last_heard_at > fetch.interval(connection.account.channel) * SILENT_ROUNDS:
        return Health("Silent", "warn", f"{heard} Is a worker running?")
    return _heard(connection, heard, now)


def _of_called(connection: Connection, now: datetime) -> Health:
    """An account that is never asked: its network calls us, or it says nothing at all."""
    if not is_called(connection.account):
        return Health("Not fetched", "", "Fetching is switched off.")
    if connection.called_at is None:
        return Health("Not called yet", "warn", "It is connected, and its network has not called our webhook yet.")
    return _heard(connection, f"Last called {ago(now - connection.called_at)}{_lag(connection)}.", now)


def _heard(connection: Connection, words: str, now: datetime) -> Health:
    if connection.recovered_at is not None and now - connection.recovered_at < RECOVERED_SHOWN:
        return Health("Recovered", "good", f"{words} It recovered {ago(now - connection.recovered_at)}.")
    return Health("Heard", "good", words)


def is_called(account: Account) -> bool:
    """This function will say whether the account's network can call us."""
    return account.channel in registry.kinds() and issubclass(registry.adapter_class(account.channel), Hears)


def facts(connection: Connection, now: datetime, zone: str) -> list[dict[str, str]]:
    """This function will list what is known of a connection, each with its figure; what is not known is left out."""

    def when(at: datetime | None) -> str:
        return f"{moment_near(at, now, zone)} ({ago(now - at)})" if at is not None else ""

    def until(at: datetime | None) -> str:
        return f"{moment_near(at, now, zone)} (in {counted(at - now)})" if at is not None and at > now else ""

    lag = counted_seconds(connection.lag_seconds)
    told = (
        ("Last heard", when(connection.last_heard_at)),
        ("Last asked", when(connection.last_tried_at)),
        ("Last called by the network", when(connection.called_at)),
        ("Lag, network to here", f"{lag}, for the newest message" if lag else ""),
        ("Paused by the network until", until(connection.limited_until_at)),
        ("In trouble since", when(connection.trouble_since_at)),
        ("Recovered", when(connection.recovered_at)),
        ("Its log-in ends", until(connection.expires_at) or when(connection.expires_at)),
        ("Its id at the network", connection.network_id),
        ("Complete since", when(connection.begins_at)),
    )
    return [{"key": key, "value": value} for key, value in told if value]


def _lag(connection: Connection) -> str:
    lag = counted_seconds(connection.lag_seconds)
    return f"; the newest message was here {lag} after the network took it" if lag else ""


def ago(since: timedelta) -> str:
    """This function will say how long ago something was: "40 seconds ago"."""
    return f"{counted(since)} ago"


def counted(length: timedelta) -> str:
    """This function will say a length of time in its largest fitting unit: "40 seconds", "3 days"."""
    seconds = max(0, round(length.total_seconds()))
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def counted_seconds(seconds: float | None) -> str:
    """This function will say so many seconds as a length of time, or nothing."""
    return "" if seconds is None else counted(timedelta(seconds=seconds))
