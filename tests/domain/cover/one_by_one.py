"""Plays one future event by event, the way it is told in words: an independent witness for the arrays of queueing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sociable.domain.cover.queueing import NEVER, SLOT_MINUTES, OnDuty


@dataclass
class Request:
    line: int
    arrives_at: float
    base: float
    length: float
    work: float
    leaves_at: float = NEVER
    started_at: float = NEVER
    answered_at: float = NEVER
    left: float = 0.0


@dataclass
class Person:
    duty: OnDuty
    free_since: float = 0.0
    held: list[Request] = field(default_factory=list)

    def is_in(self, now: float) -> bool:
        slot = int(now // SLOT_MINUTES)
        return slot < self.duty.slots.size and bool(self.duty.slots[slot])

    def is_free(self, now: float) -> bool:
        return self.is_in(now) and len(self.held) < self.duty.at_once

    def free_for(self, now: float) -> float:
        """Since when: of this shift, if that began later."""
        slot = int(now // SLOT_MINUTES)
        while slot and self.duty.slots[slot - 1]:
            slot -= 1
        return max(self.free_since, slot * SLOT_MINUTES)


def play(requests: list[Request], people: list[OnDuty], opened: np.ndarray, slowing: float) -> None:
    """Fill in when each request is begun and answered."""
    crew = [Person(duty) for duty in sorted(people, key=lambda duty: sorted(duty.ready))]
    lines = [[request for request in requests if request.line == line] for line in range(len(opened))]
    edges = sorted({float(slot * SLOT_MINUTES) for duty in people for slot in np.flatnonzero(duty.slots)})
    now = min([request.arrives_at for request in requests] + edges)
    while True:
        match(now, lines, crew, opened)
        coming = [request.arrives_at for request in requests if request.arrives_at > now]
        coming += [edge for edge in edges if edge > now]
        ending = {id(p): now + min(r.left for r in p.held) * pace(p, slowing) for p in crew if p.held}
        upcoming = min([*coming, *ending.values()], default=NEVER)
        if upcoming >= NEVER:
            return
        for person in crew:
            work_on(person, upcoming - now, upcoming, slowing, done=ending.get(id(person)) == upcoming)
        now = upcoming


def pace(person: Person, slowing: float) -> float:
    return 1 + slowing * (len(person.held) - 1)


def work_on(person: Person, minutes: float, now: float, slowing: float, *, done: bool) -> None:
    full = len(person.held) == person.duty.at_once
    each = minutes / pace(person, slowing) if person.held else 0
    for request in person.held:
        request.left -= each
    if done:
        first = min(person.held, key=lambda request: request.left)
        first.answered_at = now
        person.held.remove(first)
        if full:
            person.free_since = now


def match(now: float, lines: list[list[Request]], crew: list[Person], opened: np.ndarray) -> None:
    while True:
        free = [person for person in crew if person.is_free(now)]
        heads = [(line, [r for r in queue if r.started_at == NEVER][:1]) for line, queue in enumerate(lines)]
        waiting = [
            (line, head[0])
            for line, head in heads
            if head and head[0].arrives_at <= now and any(line in person.duty.ready for person in free)
        ]
        if not waiting:
            return
        reached = [np.interp(now, np.arange(opened.shape[1]), row) for row in opened]
        line, request = max(waiting, key=lambda pair: (reached[pair[0]] - pair[1].base) / pair[1].length)
        if now > request.leaves_at:
            lines[line].remove(request)
            continue
        ready = [person for person in free if line in person.duty.ready]
        longest = min(ready, key=lambda person: person.free_for(now))
        alike = [person for person in ready if person.duty.ready == longest.duty.ready]
        person = min(alike, key=lambda person: (len(person.held), person.free_for(now)))
        request.started_at, request.left, person.free_since = now, request.work, now
        person.held.append(request)
