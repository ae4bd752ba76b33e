"""Hands notices to what carries them out of the house, and has noted what became of them: many in one transaction.

They are carried in a process of its own, so that the desk is told by threads that share Python with none of that. What a route
said, and who is told next, is decided in journeys/notify; how many go at once to the same server, by carrying.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from sociable.alerts import queries as alerts
from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.notices.carriers import CARRIERS
from sociable.due import queries as due_rows
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import notify
from sociable.journeys.notify import Errand, Outcome
from sociable.live import hub
from sociable.worker.carrying import Load, News, Said
from sociable.worker.handing_process import Died, Outside
from sociable.worker.leases import Leases

log = logging.getLogger(__name__)
BATCH = 200  # rows in one transaction, and of one kind of route on their way
LOOK_SECONDS = 0.1  # how often new rows are looked for, and what was said is noted, while some are on their way
POLL_SECONDS = 1.0
SHORTEST_SECONDS = 0.005  # another worker may have what is due in hand
PATIENCE_SECONDS = 5.0  # for what is on its way when the worker stops
REST_SECONDS = 300.0  # so long without anything to carry, and the process gives its memory back
READY_BEFORE = timedelta(seconds=5)
DEATHS = 2  # so often what had not left is given to the next process
KINDS = tuple(f"notice-{kind}" for kind in CARRIERS)
BEFORE_NOTICES = ("warn", "chain", "net")  # of these notices are made
DIED = "What carries notices was stopped while it had it; it may or may not have arrived."
BROKE = "What carries notices broke off before it left."


class Carries(Protocol):
    """What takes loads and says in its own time what became of them."""

    def send(self, loads: Sequence[Load], in_hand: int) -> None:
        """This function will take loads, beside so many that it has."""
        ...

    def get_ready(self, kind: str) -> None:
        """This function will make a kind of route ready, and say so."""
        ...

    def give_back(self) -> None:
        """This function will ask for whatever does not leave yet: nothing more is to leave."""
        ...

    def heard(self, in_hand: int) -> list[News]:
        """This function will return what was said since the last time.

        Errors: Died
        """
        ...

    def end(self) -> None:
        """This function will stop carrying there and then."""
        ...


@dataclass(slots=True)
class OnItsWay:
    """An errand in other hands: whether it has left, and how many processes have died with it."""

    errand: Errand
    kind: str
    has_left: bool = False
    deaths: int = 0


class Handing:
    """The loop of all routes that leave the house."""

    def __init__(self, leases: Leases, carries: Carries) -> None:
        self._leases, self._carries = leases, carries
        self._on_their_way: dict[int, OnItsWay] = {}
        self._getting_ready: set[str] = set()
        self._ready: set[str] = set()
        self._used_at = self._again_at = time.monotonic()
        self._numbers = 0
        self._unnoted: list[Outcome] = []
        self._back: list[Errand] = []
        self._stops = False

    def run(self, stop: threading.Event) -> None:
        """This function will hand notices over until told to stop; it outlives a database that is away for a while."""
        while not stop.is_set():
            seen = hub.wakes()
            try:
                found = self.turn()
            except Exception:
                log.exception("notices could not be handed over")
                stop.wait(POLL_SECONDS)
                close_old_connections()
                continue
            if self._on_their_way or self._getting_ready:
                stop.wait(LOOK_SECONDS)
            elif not found:
                hub.wait_for_work(seen, until_next(KINDS, POLL_SECONDS))
                close_old_connections()  # one that died meanwhile
        self._stop()
        close_old_connections()

    def _stop(self) -> None:
        """Queue again what has not begun to leave, and note the rest as it ends soon; what does not is told by another route.

        A database that is away for a moment is asked again: what is not noted now is a doubt.
        """
        until, self._stops = time.monotonic() + PATIENCE_SECONDS, True
        self._carries.give_back()
        while (self._on_their_way or self._back or self._unnoted) and time.monotonic() < until:
            self._settle()
            time.sleep(LOOK_SECONDS)
        self._settle()
        self._carries.end()
        self._doubt()

    def _settle(self) -> None:
        try:
            self._note(self._ended())
            self._queue_again()
        except Exception:
            log.exception("what became of notices could not be noted")

    def _doubt(self) -> None:
        """What had left when the worker could wait no more may arrive or not; of anything else its lease will tell."""
        left = [one.errand for one in self._on_their_way.values() if one.has_left]
        try:
            self._note([Outcome(errand, error=OutcomeUnknown(DIED)) for errand in left])
        except Exception:
            log.exception("what had left when the worker stopped could not be noted")

    def _queue_again(self) -> None:
        if self._back:
            notify.take_back(self._back, timezone.now())
            for errand in self._back:
                self._leases.drop(errand.row)
            self._back = []

    def turn(self) -> int:
        """This function will note what has ended, take up what is due and send it out; it returns how many were taken up."""
        self._note(self._ended())
        self._get_ready()
        rows = self._claimed()
        if rows:
            self._used_at = time.monotonic()
            errands = self._begun(rows)
            self._leases.add(errand.row for errand in errands)
            self._send([OnItsWay(errand, errand.row.kind.removeprefix("notice-")) for errand in errands])
        return len(rows)

    def _get_ready(self) -> None:
        """Begin what is needed before anything is said to leave: whatever is killed meanwhile leaves no doubt. And let it rest."""
        cold = CARRIERS.keys() - self._ready - self._getting_ready
        for kind in _soon(cold) if cold and time.monotonic() >= self._again_at else ():
            self._used_at = time.monotonic()
            self._carries.get_ready(kind)
            self._getting_ready.add(kind)
        if self._on_their_way:
            self._used_at = time.monotonic()
        elif self._ready and time.monotonic() - self._used_at > REST_SECONDS:
            self._forget()
            self._carries.end()

    def _forget(self) -> None:
        self._ready, self._getting_ready = set(), set()

    def _claimed(self) -> list[DueRow]:
        """What is due of the kinds of which not too many are on their way: one that hangs holds up no other."""
        busy = Counter(one.kind for one in self._on_their_way.values())
        free = [kind for kind in CARRIERS if kind in self._ready and busy[kind] < BATCH]
        room = BATCH - max((busy[kind] for kind in free), default=BATCH)
        return due.claim(timezone.now(), room, [f"notice-{kind}" for kind in free], waits=False) if room else []

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

    def _send(self, some: Sequence[OnItsWay]) -> None:
        before, loads = len(self._on_their_way), []
        for one in some:
            self._numbers += 1
            self._on_their_way[self._numbers] = one
            loads.append(Load(self._numbers, one.kind, one.errand.parcel))
        if loads:
            self._carries.send(loads, before)

    def _note(self, ended: list[Outcome]) -> None:
        """Keep what the routes said. It is known only here: a database that is away for a moment is told when it is back."""
        self._unnoted += ended
        if not self._unnoted:
            return
        try:
            notify.finish(self._unnoted, timezone.now())
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("what became of notices could not be noted together", extra={"rows": len(self._unnoted)})
            self._note_each()
        for outcome in self._unnoted:
            self._leases.drop(outcome.errand.row)
        self._unnoted = []

    def _note_each(self) -> None:
        """Each is noted alone, so that none stops the others; what cannot be noted is a doubt when its lease ends."""
        for outcome in self._unnoted:
            try:
                notify.finish([outcome], timezone.now())
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                log.exception(
                    "what became of a notice could not be noted", extra={"notice_id": outcome.errand.notice_id}
                )

    def _ended(self) -> list[Outcome]:
        ended = []
        try:
            for news in self._carries.heard(len(self._on_their_way)):
                self._ready.update(news.ready)
                self._getting_ready.difference_update(news.ready)
                for number in news.begun:
                    self._on_their_way[number].has_left = True
                ended += [self._outcome(said) for said in news.ended]
                self._back += [self._on_their_way.pop(number).errand for number in news.back]
        except Died:
            log.error("the process that carries notices has died", extra={"in_hand": len(self._on_their_way)})  # noqa: TRY400 - ours, with no trace worth a line
            ended += self._after_death()
        return ended

    def _outcome(self, said: Said) -> Outcome:
        errand = self._on_their_way.pop(said.number).errand
        if said.broke:
            log.error("a route broke", extra={"notice_id": errand.notice_id, "where": said.broke})
        return Outcome(errand, said=said.said, error=said.error)

    def _after_death(self) -> list[Outcome]:
        """What had left may have arrived; what had not is given to the next process, and not for ever."""
        self._forget()
        self._again_at = time.monotonic() + POLL_SECONDS  # one that dies as it is begun is not begun all the time
        had, self._on_their_way = list(self._on_their_way.values()), {}
        ended = [Outcome(one.errand, error=OutcomeUnknown(DIED)) for one in had if one.has_left]
        kept = [one for one in had if not one.has_left]
        if self._stops:
            self._back += [one.errand for one in kept]
            return ended
        for one in kept:
            one.deaths += 1
        ended += [Outcome(one.errand, error=ChannelError(BROKE)) for one in kept if one.deaths > DEATHS]
        try:
            self._send([one for one in kept if one.deaths <= DEATHS])
        except OSError:  # no process can be begun: what was to go to it takes another route
            log.exception("no process can be begun that carries notices")
            ended += [Outcome(one.errand, error=ChannelError(BROKE)) for one in self._on_their_way.values()]
            self._on_their_way = {}
        return ended


def _soon(cold: Set[str]) -> Set[str]:
    """Those of these kinds of which a notice is due soon, or may be written soon: to begin the process then takes a second or three."""
    now = timezone.now()
    soon = now + READY_BEFORE
    if due_rows.next_at((*KINDS, *BEFORE_NOTICES), soon) is None:
        return set()
    found = {kind for kind in cold if due_rows.next_at([f"notice-{kind}"], soon) is not None}
    comes = due_rows.next_at(BEFORE_NOTICES, soon) is not None
    return found | (cold & alerts.kinds_on_the_rota(now)) if comes else found


def until_next(kinds: Sequence[str], longest: float) -> float:
    """This function will return how many seconds a worker may sleep before the next row of these kinds is due."""
    now = timezone.now()
    at = due_rows.next_at(kinds, now + timedelta(seconds=longest))
    return longest if at is None else max(SHORTEST_SECONDS, (at - now) / timedelta(seconds=1))


def outside(leases: Leases) -> Handing:
    """This function will make the loop that hands notices to a process of its own."""
    return Handing(leases, Outside())
