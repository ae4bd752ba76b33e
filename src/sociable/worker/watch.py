"""Listens at accounts that tell when something is new, and brings their next fetch forward.

One worker among all watches, by a due row it keeps in hand; what nobody watches is still fetched at its interval. Where there
are more accounts than threads to listen, they listen by turns.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from sociable.channels import registry
from sociable.channels.base import ChannelError, Fetches, Hears
from sociable.directory import connecting
from sociable.directory.models import Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import fetch

log = logging.getLogger(__name__)
KIND = "watch"
MOST = 200  # threads asleep in a socket
TURN = timedelta(
    minutes=10
)  # for which one is listened at where there are more; the others are fetched at their interval
EACH_WAIT = timedelta(minutes=5)  # then a mailbox is asked anew: a dead connection, or changed settings, are noticed
AFTER_NEWS_SECONDS = 1.0  # one that has something new all the time is fetched so often, and no more
LOOK_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 300.0


def run(stop: threading.Event) -> None:
    """This function will watch until `stop` is set, or stand by while another worker does."""
    watched: dict[int, Watch] = {}
    leaving: list[Watch] = []
    row: DueRow | None = None
    while not stop.is_set():
        try:
            close_old_connections()
            row = _keep_or_take(row, timezone.now())
            leaving = _match(watched, leaving, _connections(timezone.now()) if row is not None else {})
        except DatabaseError:
            log.exception("the watch over accounts could not look")
        stop.wait(LOOK_SECONDS)
    _match(watched, leaving, {})
    if row is not None:
        _hand_on(row)
    close_old_connections()


def _keep_or_take(row: DueRow | None, now: datetime) -> DueRow | None:
    """The watch, kept or taken; None while another has it."""
    if row is not None and due.extend(row, now, well=True):
        return row
    if not DueRow.objects.filter(key=KIND).exists():
        due.ask([due.Due(KIND, KIND, 0, now)])
    return next(iter(due.claim(now, 1, [KIND])), None)


def _hand_on(row: DueRow) -> None:
    try:
        due.renew(row, timezone.now())
    except DatabaseError:
        log.info("the watch is left to its lease")


def _connections(now: datetime) -> dict[int, Connection]:
    """Whom to watch: the account's state and settings are part of the question, so a change is noticed."""
    heard = Connection.objects.filter(fetches=True, account__stage__in=fetch.STAGES_HEARD).select_related("account")
    heard = heard.exclude(account__channel__in=_called_anyway())
    return {connection.pk: connection for connection in _whose_turn(list(heard.order_by("pk")), now)}


def _called_anyway() -> list[str]:
    """Channels whose network calls us when something is new: to listen there too would only take somebody else's turn."""
    return [kind for kind, adapter in registry.kinds().items() if issubclass(adapter, Hears)]


def _whose_turn(everyone: list[Connection], now: datetime) -> list[Connection]:
    """All where there is room for all; else a stretch of them that moves on by its own length, so that each comes as often."""
    if len(everyone) <= MOST:
        return everyone
    first = int(now.timestamp() // TURN.total_seconds()) * MOST % len(everyone)
    return (everyone + everyone)[first : first + MOST]


def _match(watched: dict[int, Watch], leaving: list[Watch], wanted: dict[int, Connection]) -> list[Watch]:
    """End the watches nobody wants or whose settings changed, begin those that are missing, and return those still leaving.

    One that leaves is asleep in its socket for a while yet and keeps its place so long.
    """
    for pk, watch in list(watched.items()):
        if pk not in wanted or watch.settings != _settings(wanted[pk]):
            leaving.append(watched.pop(pk))
            leaving[-1].stop.set()
    leaving = [watch for watch in leaving if watch.thread.is_alive()]
    missing = [connection for pk, connection in wanted.items() if pk not in watched]
    for connection in missing[: max(0, MOST - len(watched) - len(leaving))]:
        watched[connection.pk] = Watch(connection)
        watched[connection.pk].thread.start()
    return leaving


def _settings(connection: Connection) -> tuple[object, ...]:
    return (connection.settings, connection.sealed_secrets, connection.account.address)


class Watch:
    """One mailbox, listened at in a thread of its own. Trouble is told by fetching, which meets the same."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.settings = _settings(connection)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"watch-{connection.pk}", daemon=True)

    def _run(self) -> None:
        pause = 1.0
        while not self.stop.is_set():
            try:
                self._listen()
                pause = 1.0
            except (ChannelError, DatabaseError):
                self.stop.wait(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            except Exception:
                log.exception("watching a mailbox failed", extra={"connection_id": self.connection.pk})
                self.stop.wait(LONGEST_PAUSE_SECONDS)

    def _listen(self) -> None:
        """Listen until told to stop, on one connection."""
        adapter = connecting.adapter_of(self.connection)
        if not isinstance(adapter, Fetches):
            self.stop.set()
            return
        try:
            while not self.stop.is_set():
                if adapter.wait(EACH_WAIT) and not self.stop.is_set():
                    close_old_connections()
                    fetch.hasten(self.connection.pk, timezone.now())
                    close_old_connections()
                    self.stop.wait(AFTER_NEWS_SECONDS)
        finally:
            adapter.close()
