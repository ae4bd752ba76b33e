"""Decides who answers what and when, in the fair order, for many simulated futures at once.

Every future ("run") is advanced by one start of an answer in each step, all runs side by side in arrays; what the requests,
the people and the promises are is left to simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

SLOT_MINUTES = 30
NEVER = 1e12
"""Minutes that no simulated time reaches; finite, so that differences of two of them stay numbers."""

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One person as the queue sees them.

    Shape:  `ready` names lines; `slots` says for each half hour from the start whether they are in
    """

    ready: frozenset[int]
    slots: NDArray[np.bool_]
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Requests:
    """Every request of every run, line by line, and in each line run by run, the first to be answered first.

    `base` is the open time of its line at which none of its promise was used, and `length` the open time that its promise
    gives; `work` how long it takes somebody who holds nothing else; `leaves_at` when whoever asked gives up. After the
    requests of a line and run stands one that never comes.

    Shape:  heads (lines, runs) are the indices of the first ones; opened (lines, minutes + 1) is the open time that each
            line has reached at each minute
    Units:  minutes from the start
    """

    heads: Indices
    opened: Floats
    arrives_at: Floats
    base: Floats
    length: Floats
    work: Floats
    leaves_at: Floats | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of each request, by the index it has in Requests; NEVER where it did not come to that."""

    started_at: Floats
    answered_at: Floats


def answer_all(requests: Requests, people: Sequence[OnDuty], slowing: float = 0.0) -> Answers:
    """This function will answer the requests of all runs in the fair order by the people who are in and ready.

    Somebody free takes, of what they are ready for, what has used the largest share of its promise; of several who are free,
    whoever has been free longest, and among people who are ready for the same, first whoever holds least. What was begun
    before the end of a shift is finished. Need, which moves somebody ahead on the desk, is not foreseen.

    Shape:  two answers held at once take each 1 + slowing times as long, three 1 + 2 slowing, as they come and go
    Source: mission M10; domain/ordering
    """
    if not people or not requests.heads.size:
        nothing = np.full(requests.arrives_at.size, NEVER)
        return Answers(nothing, nothing.copy())
    return _Field(requests, _Crew.of(people, requests.heads.shape[0]), slowing).play()


@dataclass(frozen=True, slots=True)
class _Crew:
    """People by what they are ready for ("pools"), padded with nobodies to one width.

    Shape:  blocked (pools, lines) is 0 where a pool may answer a line, else NEVER; since (pools x width, slots + 1) is the
            instant since which somebody is in, or from which they will be; at_once (pools x width)
    """

    blocked: Floats
    since: Floats
    at_once: Indices
    width: int

    @classmethod
    def of(cls, people: Sequence[OnDuty], lines: int) -> _Crew:
        def readiness(person: OnDuty) -> list[int]:
            return sorted(person.ready)

        pools = [list(members) for _, members in groupby(sorted(people, key=readiness), readiness)]
        width = max(map(len, pools))
        blocked = np.full((len(pools), lines), NEVER)
        since = np.full((len(pools), width, people[0].slots.size + 1), NEVER)
        at_once = np.ones((len(pools), width), np.intp)
        for pool, members in enumerate(pools):
            blocked[pool, list(members[0].ready)] = 0
            for place, person in enumerate(members):
                since[pool, place] = _since(person.slots)
                at_once[pool, place] = person.at_once
        return cls(blocked, since.reshape(-1, since.shape[2]), at_once.ravel(), width)


def _since(slots: NDArray[np.bool_]) -> Floats:
    """For each half hour, and the time after the last, since when somebody is in, or else from when they will be."""
    minutes = np.arange(slots.size, dtype=float) * SLOT_MINUTES
    begins = slots & ~np.append(False, slots[:-1])
    before = np.maximum.accumulate(np.where(begins, minutes, 0))
    after = np.minimum.accumulate(np.where(begins, minutes, NEVER)[::-1])[::-1]
    return np.append(np.where(slots, before, after), NEVER)


class _Field:
    """All runs side by side; one step gives every run its next start, or sends home one person whose shift has ended."""

    def __init__(self, requests: Requests, crew: _Crew, slowing: float) -> None:
        self.requests, self.crew = requests, crew
        self.lines, self.runs = requests.heads.shape
        self.pools = crew.blocked.shape[0]
        self.each = np.arange(self.runs)
        self.blocked = crew.blocked[:, :, None]
        self.opened, self.last_minute = requests.opened, requests.opened.shape[1] - 2
        self.grows = np.diff(requests.opened, axis=1)
        # Heads of the lines, and from when on each person, and the first of each pool, can take something.
        self.head = requests.heads.copy()
        self.arrives = requests.arrives_at[self.head]
        self.base, self.length = requests.base[self.head], requests.length[self.head]
        self.free_at = np.tile(crew.since[:, 0].reshape(self.pools, crew.width), (self.runs, 1, 1))
        self.pool_free_at = self.free_at.min(axis=2).T.copy()
        self.started_at = np.full(requests.arrives_at.size, NEVER)
        self.answered_at = np.full(requests.arrives_at.size, NEVER)
        several = crew.at_once.max() > 1
        self.seats = _Seats(crew, self.runs, slowing, self.answered_at) if several else None

    def play(self) -> Answers:
        while self._step():
            pass
        return Answers(self.started_at, self.answered_at)

    def _step(self) -> bool:
        meet = np.maximum(self.pool_free_at[:, None], self.arrives[None])
        meet += self.blocked
        now = meet.min(axis=(0, 1))
        if now.min() >= NEVER:
            return False
        possible = meet <= now
        line = self._fairest(now, possible.any(axis=0))
        pool = np.where(possible[:, line, self.each], self.pool_free_at, 2 * NEVER).argmin(axis=0)
        self._take(now, line, pool)
        return True

    def _fairest(self, now: Floats, possible: NDArray[np.bool_]) -> Indices:
        """The line whose head has used the largest share of its promise."""
        minute = np.minimum(now, self.last_minute).astype(np.intp)
        opened = self.opened[:, minute] + self.grows[:, minute] * (now - minute)
        share = (opened - self.base) / self.length
        return np.asarray(np.where(possible, share, -np.inf).argmax(axis=0), dtype=np.intp)

    def _take(self, now: Floats, line: Indices, pool: Indices) -> None:
        free_at = self.free_at[self.each, pool]
        slot = np.minimum(now / SLOT_MINUTES, self.crew.since.shape[1] - 1).astype(np.intp)
        place = free_at.argmin(axis=1)
        if self.seats is not None:
            goes = free_at[self.each, place] < self.crew.since[pool * self.crew.width + place, slot]
            place = np.where(goes, place, self.seats.least_busy(free_at, pool, now))
        person = pool * self.crew.width + place
        was_free_at, in_since = free_at[self.each, place], self.crew.since[person, slot]
        index = self.head[line, self.each]
        moves = begins = (was_free_at >= in_since) & (now < NEVER)
        if self.requests.leaves_at is not None:
            begins = begins & (now <= self.requests.leaves_at[index])
        until = self._hold(now, index, person, begins)
        until = np.where(begins, until, np.maximum(was_free_at, in_since))
        free_at[self.each, place] = until
        self.free_at[self.each, pool, place] = until
        self.pool_free_at[pool, self.each] = free_at.min(axis=1)
        self._next(line, index, moves)

    def _hold(self, now: Floats, index: Indices, person: Indices, begins: NDArray[np.bool_]) -> Floats:
        runs = np.flatnonzero(begins) if not begins.all() else self.each
        taken = index[runs]
        self.started_at[taken] = now[runs]
        if self.seats is None:
            until = now + self.requests.work[index]
            self.answered_at[taken] = until[runs]
            return until
        until = np.zeros(self.runs)
        until[runs] = self.seats.begin(runs, person[runs], now[runs], self.requests.work[taken], taken)
        return until

    def _next(self, line: Indices, index: Indices, moves: NDArray[np.bool_]) -> None:
        index = index + moves
        self.head[line, self.each] = index
        self.arrives[line, self.each] = self.requests.arrives_at[index]
        self.base[line, self.each] = self.requests.base[index]
        self.length[line, self.each] = self.requests.length[index]


class _Seats:
    """What each person holds at once: until when, if nothing more were begun, and which request that is.

    Shape:  (runs, people, seats), ascending in the last; seats that somebody does not have are taken until NEVER
    """

    def __init__(self, crew: _Crew, runs: int, slowing: float, answered_at: Floats) -> None:
        self.answered_at = answered_at
        self.width, self.pools, most = crew.width, crew.blocked.shape[0], int(crew.at_once.max())
        seat = np.arange(most)
        spare = seat[None] >= crew.at_once[:, None]
        self.until = np.tile(np.where(spare, NEVER, 0.0), (runs, 1, 1))
        self.holds = np.zeros((runs, crew.at_once.size, most), np.intp)
        # While seat i is the next to fall free, all from i on are held: each then takes that many times as long.
        held = np.maximum(crew.at_once[:, None] - seat[None], 1)
        self.takes = 1 + slowing * (held - 1.0)
        self.runs = np.arange(runs)

    def least_busy(self, free_at: Floats, pool: Indices, now: Floats) -> Indices:
        """Of those who are free, who holds least, then who has been free longest."""
        until = self.until.reshape(-1, self.width, self.until.shape[2])[self.runs * self.pools + pool]
        held = ((until > now[:, None, None]) & (until < NEVER / 2)).sum(axis=2)  # beyond that, a seat nobody has
        last = np.where(free_at <= now[:, None], held * NEVER + free_at, np.inf)
        return np.asarray(last.argmin(axis=1), dtype=np.intp)

    def begin(self, runs: Indices, person: Indices, now: Floats, work: Floats, index: Indices) -> Floats:
        """Begin one more, stretch what is held beside it, note when all of it will be answered; return when a seat is free."""
        takes = self.takes[person]
        until = np.maximum(self.until[runs, person], now[:, None])
        left = np.cumsum(np.diff(until, axis=1, prepend=now[:, None]) / takes, axis=1)
        holds = self.holds[runs, person]
        left[:, 0], holds[:, 0] = work, index
        turn = left.argsort(axis=1, kind="stable")
        left, holds = np.take_along_axis(left, turn, axis=1), np.take_along_axis(holds, turn, axis=1)
        until = now[:, None] + np.cumsum(np.diff(left, axis=1, prepend=0.0) * takes, axis=1)
        self.until[runs, person], self.holds[runs, person] = until, holds
        held = (left > 0) & (until < NEVER / 2)
        self.answered_at[holds[held]] = until[held]
        return np.asarray(until[:, 0], dtype=float)
