"""Carries notices to their servers: many at once in threads, by places, so that one that hangs holds up only its own.

It knows no tables, and runs in a process of its own (handing_child). What is noted of it is decided in journeys/notify.
"""

from __future__ import annotations

import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from sociable.channels.base import ChannelError, OutcomeUnknown, RateLimited
from sociable.channels.notices.base import Carrier, Parcel

LONGEST_SECONDS = 20.0  # then it is taken for lost, whatever its own time-outs say
FAILURES_TO_DOWN = 2
FIRST_DOWN_SECONDS, LONGEST_DOWN_SECONDS = 5.0, 300.0
REST_EVERY_SECONDS = 5.0
KEPT_SECONDS = 10.0  # a connection that carried nothing for so long is let go


@dataclass(frozen=True, slots=True)
class Load:
    """One parcel, and the number by which it is spoken of."""

    number: int
    kind: str
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a load: what the route said, or why it did not take it; `broke` is for the log."""

    number: int
    said: str = ""
    error: ChannelError | None = None
    broke: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """What is told at once: loads that leave now, before they do; that have come to an end; kinds that are ready; loads given back."""

    begun: list[int] = field(default_factory=list)
    ended: list[Said] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    back: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The wish to have back whatever does not leave yet: nothing more is to leave."""


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
        """This function will keep how a load there went: two failures in a row, and it is left alone, longer each time."""
        if error is None or error.permanent:
            self.failures, self.down_until = 0, 0.0
            return
        self.failures, self.because = self.failures + 1, error.message
        if self.failures >= FAILURES_TO_DOWN:
            pause = min(LONGEST_DOWN_SECONDS, FIRST_DOWN_SECONDS * 2 ** (self.failures - FAILURES_TO_DOWN))
            self.down_until = time.monotonic() + pause


Where = tuple[str, str]  # the kind of route, and the server
Event = Load | Future[str] | str | GiveBack  # a word: a kind that is ready


class Carrying:
    """All loads of one process. `take` and `get_ready` are called from one thread, `turn` from one."""

    def __init__(self, carriers: Mapping[str, Carrier]) -> None:
        self._carriers = carriers
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._going: dict[Future[str], tuple[Load, Where, float]] = {}
        self._waiting: dict[Where, deque[Load]] = {}
        self._places: dict[Where, Place] = {}
        self._rested_at = time.monotonic()
        self._gives_back = False

    def take(self, loads: Sequence[Load]) -> None:
        """This function will take up loads; the next turn begins what has room."""
        for load in loads:
            self._events.put(load)

    def get_ready(self, kind: str) -> None:
        """This function will make a kind of route ready, and tell so; what fails at it fails again, and is told, with the first load."""
        future = self._pool(kind).submit(self._carriers[kind].get_ready)
        future.add_done_callback(lambda _done: self._events.put(kind))

    def give_back(self) -> None:
        """This function will let nothing more leave, and tell at the next turn of what would have: it was not begun."""
        self._events.put(GiveBack())

    def turn(self, seconds: float, tell: Callable[[News], None]) -> None:
        """This function will wait so long for something to happen, tell what has ended and what leaves, and let that leave."""
        happened = self._happened(seconds)
        ready = [event for event in happened if isinstance(event, str)]
        self._gives_back = self._gives_back or any(isinstance(event, GiveBack) for event in happened)
        ended = [
            said for event in happened if isinstance(event, Load | Future) and (said := self._met(event)) is not None
        ]
        ended += [self._settled(future) for future in self._late()]
        back = self._given_back() if self._gives_back else []
        leaving = self._next(ended)
        if leaving or ended or ready or back:
            tell(News([load.number for load, _ in leaving], ended, ready, back))
        for load, where in leaving:
            self._leave(load, where)
        self._rest()

    def _rest(self) -> None:
        """Have carriers let go of what they no longer need; in their own threads, since a server may be slow to take leave."""
        if time.monotonic() - self._rested_at > REST_EVERY_SECONDS:
            self._rested_at = time.monotonic()
            for kind, pool in list(self._pools.items()):
                pool.submit(self._carriers[kind].rest, KEPT_SECONDS)

    def close(self) -> None:
        """This function will wait for what is on its way and let threads and connections go."""
        for kind, pool in self._pools.items():
            pool.shutdown(wait=True)
            self._carriers[kind].rest(0)

    def _happened(self, seconds: float) -> list[Event]:
        events: list[Event] = []
        try:
            events.append(self._events.get(timeout=seconds))
            while True:
                events.append(self._events.get_nowait())
        except Empty:
            return events

    def _met(self, event: Load | Future[str]) -> Said | None:
        if isinstance(event, Future):
            return self._settled(event) if event in self._going else None  # else it was given up as late
        try:
            where = (event.kind, self._carriers[event.kind].place(event.parcel))
        except Exception as error:  # noqa: BLE001 - told, and logged where it is heard
            return _broke(event, error)
        self._waiting.setdefault(where, deque()).append(event)
        return None

    def _given_back(self) -> list[int]:
        back = [load.number for line in self._waiting.values() for load in line]
        self._waiting.clear()
        return back

    def _late(self) -> list[Future[str]]:
        return [f for f, (_, _, began) in self._going.items() if time.monotonic() - began > LONGEST_SECONDS]

    def _settled(self, future: Future[str]) -> Said:
        load, where, _ = self._going.pop(future)
        said = _said(load, future)
        self._places[where].went(said.error)
        return said

    def _next(self, ended: list[Said]) -> list[tuple[Load, Where]]:
        """What has a free thread at its own server; what would go to one that does not answer ends at once."""
        at_kind = Counter(where[0] for _, where, _ in self._going.values())
        at_place = Counter(where for _, where, _ in self._going.values())
        leaving = []
        for where, line in list(self._waiting.items()):
            place, carrier = self._places.setdefault(where, Place()), self._carriers[where[0]]
            if place.is_down():
                error = ChannelError(f"It does not answer just now: {place.because}")
                ended += [Said(load.number, error=error) for load in line]
                line.clear()
            most = 1 if place.failures else carrier.at_one_place
            while line and at_place[where] < most and at_kind[where[0]] < carrier.at_once:
                leaving.append((line.popleft(), where))
                at_place[where] += 1
                at_kind[where[0]] += 1
            if not line:
                del self._waiting[where]
        return leaving

    def _pool(self, kind: str) -> ThreadPoolExecutor:
        if kind not in self._pools:
            self._pools[kind] = ThreadPoolExecutor(self._carriers[kind].at_once, thread_name_prefix=f"carrying-{kind}")
        return self._pools[kind]

    def _leave(self, load: Load, where: Where) -> None:
        future = self._pool(load.kind).submit(self._carriers[load.kind].hand_over, load.parcel)
        self._going[future] = (load, where, time.monotonic())
        future.add_done_callback(self._events.put)


def _said(load: Load, future: Future[str]) -> Said:
    """What became of a load; one that never came back may have been taken."""
    if not future.done():
        error = OutcomeUnknown("It did not answer in time; it may or may not have arrived.")
        return Said(load.number, error=error)
    try:
        return Said(load.number, said=future.result())
    except ChannelError as error:
        return Said(load.number, error=_plain(error))
    except Exception as error:  # noqa: BLE001 - as above
        return _broke(load, error)


def _plain(error: ChannelError) -> ChannelError:
    """An error that travels between processes: of a kind that is known there, with nothing that hangs on it."""
    if isinstance(error, RateLimited):
        return RateLimited(error.message, error.retry_after)
    kind = OutcomeUnknown if isinstance(error, OutcomeUnknown) else ChannelError
    return kind(error.message, error.permanent)


def _broke(load: Load, error: Exception) -> Said:
    words = f"Sociable met something it did not expect: {type(error).__name__}."
    told = "".join(
        traceback.format_tb(error.__traceback__)
    )  # not the message: it may hold an address, which is a secret
    return Said(load.number, error=OutcomeUnknown(words), broke=told)
