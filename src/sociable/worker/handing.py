"""Hands notices to their routes: one loop a kind of route, many at once in threads that touch no table.

A route that hangs holds up only its own server: what else would go there waits apart or takes another route, and all other
servers and kinds go on. What is noted of it, and who is told next, is decided in journeys/notify.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from django.db import close_old_connections
from django.utils import timezone

from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.notices.base import Carrier
from sociable.channels.notices.carriers import CARRIERS
from sociable.due import queries as due_rows
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import notify
from sociable.journeys.notify import Errand, Outcome
from sociable.live import hub
from sociable.worker.leases import Leases

log = logging.getLogger(__name__)
BATCH = 200  # rows in one transaction
LOOK_SECONDS = 0.05  # how often new rows are looked for while some are on their way
POLL_SECONDS = 1.0
SHORTEST_SECONDS = 0.005  # another worker may have what is due in hand
PATIENCE_SECONDS = 5.0  # for what is on its way when the worker stops
LONGEST_SECONDS = 20.0  # then it is taken for lost, whatever its own time-outs say
FAILURES_TO_DOWN = 2
FIRST_DOWN_SECONDS, LONGEST_DOWN_SECONDS = 5.0, 300.0
KINDS = tuple(f"notice-{kind}" for kind in CARRIERS)


@dataclass
class Place:
    """One server that carries notices: what is on its way there, and since when it does not answer."""

    failures: int = 0
    down_until: float = 0.0
    because: str = ""

    def is_down(self) -> bool:
        """This function will say whether it is left alone just now."""
        return time.monotonic() < self.down_until

    def went(self, error: ChannelError | None) -> None:
        """This function will keep how an errand there went: two failures in a row, and it is left alone, longer each time."""
        if error is None or error.permanent:
            self.failures, self.down_until = 0, 0.0
            return
        self.failures, self.because = self.failures + 1, error.message
        if self.failures >= FAILURES_TO_DOWN:
            pause = min(LONGEST_DOWN_SECONDS, FIRST_DOWN_SECONDS * 2 ** (self.failures - FAILURES_TO_DOWN))
            self.down_until = time.monotonic() + pause


class Handing:
    """The loop of one kind of route."""

    def __init__(self, carrier: Carrier, leases: Leases) -> None:
        self._carrier, self._leases = carrier, leases
        self._kinds = [f"notice-{carrier.kind}"]
        self._pool = ThreadPoolExecutor(carrier.at_once, thread_name_prefix=f"handing-{carrier.kind}")
        self._going: dict[Future[str], tuple[Errand, str, float]] = {}
        self._waiting: deque[Errand] = deque()
        self._places: dict[str, Place] = {}
        self._unnoted: list[Outcome] = []

    def run(self, stop: threading.Event) -> None:
        """This function will hand notices over until told to stop; it outlives a database that is away for a while."""
        while not stop.is_set():
            seen = hub.wakes()
            try:
                close_old_connections()
                found = self.turn()
            except Exception:
                log.exception("notices could not be handed over", extra={"route_kind": self._carrier.kind})
                stop.wait(POLL_SECONDS)
                continue
            if not found and not self._going:
                hub.wait_for_work(seen, until_next(self._kinds, POLL_SECONDS))
        self._stop()
        close_old_connections()

    def _stop(self) -> None:
        """Note what is on its way, as far as it comes to an end soon; the rest is a doubt, and told by another route."""
        until = time.monotonic() + PATIENCE_SECONDS
        try:
            while self._going and time.monotonic() < until:
                self._note(self._ended())
            self._note([])
        except Exception:
            log.exception("what became of notices could not be noted", extra={"route_kind": self._carrier.kind})
        self._pool.shutdown(wait=False, cancel_futures=True)

    def turn(self) -> int:
        """This function will take up what is due, begin what has room, and note what has ended; it returns how many were taken up."""
        room = BATCH - len(self._going) - len(self._waiting)
        rows = due.claim(timezone.now(), room, self._kinds) if room > 0 else []
        if rows:
            errands = self._begun(rows)
            self._leases.add(errand.row for errand in errands)
            self._waiting.extend(errands)
        self._note(self._begin_waiting() + self._ended())
        return len(rows)

    def _begun(self, rows: list[DueRow]) -> list[Errand]:
        """What leaves of these; where they cannot be begun together each is begun alone, so that none stops the others."""
        try:
            return notify.begin(rows, timezone.now())
        except Exception:
            log.exception("notices failed together; each is tried alone", extra={"rows": len(rows)})
        errands = []
        for row in rows:
            try:
                errands += notify.begin([row], timezone.now())
            except Exception as error:
                log.exception("a notice failed", extra={"due_key": row.key})
                due.postpone(row, timezone.now(), f"{type(error).__name__}: {error}")
        return errands

    def _note(self, ended: list[Outcome]) -> None:
        """Keep what the routes said. It is known only here: a database that is away for a moment is told when it is back."""
        self._unnoted += ended
        if not self._unnoted:
            return
        notify.finish(self._unnoted, timezone.now())
        for outcome in self._unnoted:
            self._leases.drop(outcome.errand.row)
        self._unnoted = []

    def _begin_waiting(self) -> list[Outcome]:
        """Begin what has a free thread at its own server; what would go to one that does not answer ends at once."""
        busy = Counter(place for _, place, _ in self._going.values())
        refused, still = [], deque[Errand]()
        for errand in self._waiting:
            name = self._carrier.place(errand.parcel)
            place = self._places.setdefault(name, Place())
            if place.is_down():
                refused.append(Outcome(errand, error=ChannelError(f"It does not answer just now: {place.because}")))
            elif (
                busy[name] >= (1 if place.failures else self._carrier.at_one_place)
                or len(self._going) >= self._carrier.at_once
            ):
                still.append(errand)
            else:
                future = self._pool.submit(self._carrier.hand_over, errand.parcel)
                self._going[future] = (errand, name, time.monotonic())
                busy[name] += 1
        self._waiting = still
        return refused

    def _ended(self) -> list[Outcome]:
        done = wait(self._going, LOOK_SECONDS, FIRST_COMPLETED).done if self._going else set()
        late = [f for f, (_, _, began) in self._going.items() if time.monotonic() - began > LONGEST_SECONDS]
        return [self._outcome(future) for future in {*done, *late}]

    def _outcome(self, future: Future[str]) -> Outcome:
        errand, name, _ = self._going.pop(future)
        outcome = outcome_of(errand, future)
        self._places[name].went(outcome.error)
        return outcome


def outcome_of(errand: Errand, future: Future[str]) -> Outcome:
    """This function will say what became of an errand; one that never came back may have been taken."""
    if not future.done():
        return Outcome(errand, error=OutcomeUnknown("It did not answer in time; it may or may not have arrived."))
    try:
        return Outcome(errand, said=future.result())
    except ChannelError as error:
        return Outcome(errand, error=error)
    except Exception as error:
        log.exception("a route broke", extra={"notice_id": errand.notice_id})
        words = f"Sociable met something it did not expect: {type(error).__name__}."
        return Outcome(errand, error=OutcomeUnknown(words))


def until_next(kinds: Sequence[str], longest: float) -> float:
    """This function will return how many seconds a worker may sleep before the next row of these kinds is due."""
    now = timezone.now()
    at = due_rows.next_at(kinds, now + timedelta(seconds=longest))
    return longest if at is None else max(SHORTEST_SECONDS, (at - now) / timedelta(seconds=1))


def all_kinds(leases: Leases) -> Iterable[Handing]:
    """This function will make the loop of every kind of route that leaves the house."""
    return [Handing(carrier, leases) for carrier in CARRIERS.values()]
