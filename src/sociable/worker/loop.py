"""Claims due rows and hands each to its journey, until told to stop.

A wake-up is a hint and the second's poll the guarantee; a row whose journey fails comes again later and stops no other.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from sociable.cover import swaps
from sociable.due import services as due
from sociable.due.models import DueRow, Pace
from sociable.journeys import (
    alert,
    approved,
    calendar,
    chat,
    claim,
    concerns,
    deliver,
    drill,
    fetch,
    files,
    holes,
    introduce,
    mirror,
    naming,
    net,
    outlooks,
    receive,
    rota_told,
    snooze,
    tally,
    tell,
    tick,
    windows,
)
from sociable.live import hub
from sociable.worker import handing, housekeeping, lanes, proposing, watch
from sociable.worker.lanes import Crew, Lane
from sociable.worker.leases import Leases

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
GATHER_SECONDS = 0.05  # in which what is done together comes together; the desk hears of an instant so much later
PAUSE_SECONDS = 1.0  # after the database would not answer
# The world's doing, not the row's: full disk, database away. Such a row is tried for ever, and shown as late.
PASSING = (OSError, OperationalError, InterfaceError)
BEGUN_TOO_OFTEN = due.TRIES + 3  # begun and never ended, so often: it takes the worker down with it


def _receive(row: DueRow, now: datetime) -> None:
    receive.read_due(row.data, now)
    due.close(row, now)


# The journey of each kind of due row.
JOURNEYS: dict[str, Callable[[DueRow, datetime], None]] = {
    "receive": _receive,
    "warn": tick.warn,
    "chain": alert.climb,
    "net": net.look,
    "shifts": drill.look,
    "drill": drill.drill,
    "shift": drill.begin_shift,
    "deliver": deliver.deliver,
    "resolve": deliver.resolve,
    "files": files.bring,
    "name": naming.bring,
    "blank": mirror.blank,
    "fetch": fetch.fetch,
    "introduce": introduce.introduce,
    "approved": approved.refresh,
    "tally": tally.tally,
    "concerns": concerns.look,
    "tell": tell.send,
    "holes": holes.look,
    "rota-told": rota_told.tell,
    "calendar": calendar.look,
    "hold": claim.expire,
    "snooze": snooze.wake,
    "window": windows.warn,
    "chat": chat.end_quiet,
    "swap": swaps.lapse,
    "propose": proposing.run,
    "outlook": outlooks.look,
    "housekeeping": housekeeping.run,
}
# Kinds of which many are done in one transaction; where that fails, each is done alone, so that none stops the others.
TOGETHER: dict[str, Callable[[Sequence[DueRow], datetime], int]] = {
    "warn": tick.warn_all,
    "chain": alert.climb_all,
    "net": net.look_all,
}
ONLY_WRITTEN = frozenset({"warn", "chain"})  # what leaves because of one is a notice, which is written first
NEVER_GIVEN_UP = frozenset(
    {"fetch", "introduce", "approved", "concerns", "holes", "tally", "calendar", "housekeeping", "outlook"}
)


# Threads that wait for a network cost little: there are so many that accounts in trouble do not fill them, and those whose
# trouble is known have places of their own. Measured by benchmarks/fetching.py.
LANES = (
    Lane("alerts", ("warn", "chain"), 100, 1),
    Lane(
        "quick",
        (
            "receive",
            "hold",
            "snooze",
            "window",
            "chat",
            "swap",
            "blank",
            "concerns",
            "holes",
            "rota-told",
            "housekeeping",
        ),
        20,
        1,
    ),
    Lane("deliver", ("deliver", "resolve", "tell"), 1, 4, (Pace.PROMPT, Pace.SLOW)),
    Lane("deliver-again", ("deliver", "resolve", "tell"), 1, 2, (Pace.FAILED,)),
    Lane("fetch", ("fetch", "introduce"), 1, 24, (Pace.PROMPT,), held_up=100),
    Lane("fetch-slow", ("fetch", "introduce"), 1, 16, (Pace.SLOW,)),
    Lane("fetch-failed", ("fetch", "introduce"), 1, 16, (Pace.FAILED,)),
    Lane("tally", ("tally",), 1, 3),
    Lane("shifts", ("shifts", "drill", "shift", "net"), 20, 1),
    Lane("files", ("files", "name", "approved"), 1, 2),
    Lane("calendars", ("calendar",), 1, 3),
    Lane("propose", ("propose",), 1, 1),
    Lane("outlooks", ("outlook",), 1, 1),
)


def do_due(kinds: Sequence[str] | None = None, limit: int = 20, leases: Leases | None = None) -> int:
    """This function will claim what is due now, do it, and return how many rows that were."""
    wanted = list(JOURNEYS if kinds is None else kinds)
    rows = due.claim(timezone.now(), limit, wanted, waits=not ONLY_WRITTEN.issuperset(wanted))
    if any(row.attempts > 1 for row in rows):
        random.shuffle(rows)  # one that takes the worker down must not be first every time
    if leases is not None:
        leases.add(rows)
    done = _do_together(rows)
    for row in rows:
        try:
            if row.pk not in done:
                do(row)
        finally:
            if leases is not None:
                leases.drop(row)
    return len(rows)


def _do_together(rows: Sequence[DueRow]) -> set[int]:
    """Do what can be done in one transaction, and return which rows that were."""
    done: set[int] = set()
    for kind, journey in TOGETHER.items():
        some = [row for row in rows if row.kind == kind and row.attempts == 1]
        if len(some) < 2:
            continue
        try:
            journey(some, timezone.now())
            done.update(row.pk for row in some)
        except Exception:
            log.exception("due rows failed together; each is tried alone", extra={"due_kind": kind, "rows": len(some)})
    return done


def do(row: DueRow) -> None:
    """This function will do one claimed row; whatever goes wrong with it is kept with it and tried again."""
    tries = None if row.kind in NEVER_GIVEN_UP else due.TRIES
    try:
        if tries is not None and row.attempts > BEGUN_TOO_OFTEN:
            due.postpone(row, timezone.now(), f"Begun {row.attempts} times and never ended. {row.last_error}")
            return
        began = time.monotonic()
        JOURNEYS[row.kind](row, timezone.now())
        if time.monotonic() - began > lanes.SLOW_SECONDS:
            due.took_long(row)
    except tick.Overtaken:
        log.info("due row was taken over", extra={"due_key": row.key})
    except Exception as error:
        log.exception("due row failed", extra={"due_key": row.key, "attempt": row.attempts})
        _postpone(row, error, None if isinstance(error, PASSING) else tries)


def _postpone(row: DueRow, error: Exception, tries: int | None) -> None:
    try:
        if due.postpone(row, timezone.now(), f"{type(error).__name__}: {error}", tries=tries):
            log.error("due row set aside", extra={"due_key": row.key})
    except DatabaseError:
        log.exception("due row left to its lease", extra={"due_key": row.key})


def _work(lane: Lane, leases: Leases, stop: threading.Event, crew: Crew | None = None) -> None:
    """The thread of a lane; it outlives a database that is away for a while."""
    while not stop.is_set():
        seen = hub.wakes()
        try:
            more = crew.hand_out(POLL_SECONDS) if crew else do_due(lane.kinds, lane.at_once, leases)
        except Exception:
            log.exception("worker could not look for due rows")
            stop.wait(PAUSE_SECONDS)
            close_old_connections()
            continue
        if not more:
            hub.wait_for_work(seen, handing.until_next(lane.kinds, POLL_SECONDS) if crew is None else POLL_SECONDS)
            close_old_connections()  # one that died meanwhile; to look before each turn is one more way to the server
        elif more < lane.at_once and not TOGETHER.keys().isdisjoint(lane.kinds):
            stop.wait(GATHER_SECONDS)  # else each that comes meanwhile would be done by itself, at the price of many
    close_old_connections()


class Worker:
    """All lanes of one process, what keeps their leases, and the watch over mailboxes."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._leases = Leases()
        self._crews = {lane: Crew(lane, self._leases, do) for lane in LANES if lane.threads > 1}
        self._lanes = [
            threading.Thread(
                target=_work,
                args=(lane, self._leases, self._stop, self._crews.get(lane)),
                name=f"worker-{lane.name}",
                daemon=True,
            )
            for lane in LANES
        ]
        hands = handing.outside(self._leases)
        self._lanes.append(threading.Thread(target=hands.run, args=(self._stop,), name="worker-handing", daemon=True))
        beside = (("leases", self._leases.keep), ("watch", watch.run), ("begin", _begin))
        self._beside = [
            threading.Thread(target=run, args=(self._stop,), name=f"worker-{name}", daemon=True) for name, run in beside
        ]

    def start(self) -> None:
        """This function will start the worker's threads."""
        for thread in (*self._lanes, *self._beside):
            thread.start()

    def stop(self, patience: timedelta) -> bool:
        """This function will stop the worker; False where something was still in hand when patience ended.

        Shape:  what is left in hand is offered again when its lease ends, here or elsewhere
        """
        self._stop.set()
        hub.wake()
        until = time.monotonic() + patience.total_seconds()
        for thread in self._lanes:
            thread.join(max(0.0, until - time.monotonic()))
        in_hand = [thread for crew in self._crews.values() for thread in crew.at_work()]
        for thread in in_hand:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in (*self._lanes, *in_hand))


def _begin(stop: threading.Event) -> None:
    """Ask for what must always be asked for, as soon as the database answers."""
    while not stop.is_set():
        try:
            housekeeping.schedule(timezone.now())
            fetch.schedule_missing(timezone.now())
            introduce.schedule_missing(timezone.now())
            approved.schedule_missing(timezone.now())
            concerns.schedule(timezone.now())
            drill.schedule(timezone.now())
            holes.schedule(timezone.now())
            tally.schedule_missing(timezone.now())
        except DatabaseError:
            log.exception("worker could not begin")
            stop.wait(PAUSE_SECONDS)
        else:
            break
    close_old_connections()
