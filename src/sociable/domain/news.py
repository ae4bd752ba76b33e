"""Decides by which route, and from when, somebody is told what is no request: of cover, of leave, of their rota.

It can wait, so it rings only while they are at work; a letter rings nobody and may come at any time that its reader did not rule out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from sociable.domain.alerting import By, Somebody, Way

NIGHT = Way(0, "", "", quiet=(time(18), time(8)))  # where nothing says when somebody works
MOST_TURNS = 8  # a route's quiet hours may end when its person has gone home, and so on


def by_which(one: Somebody, now: datetime, before: datetime | None = None, besides: Iterable[int] = ()) -> By | None:
    """This function will choose the first of a person's routes that tells them in time, and say from when it may; None: none works.

    Shape:  `before` is when what it is about begins; where no route tells by then, the soonest. `besides` were tried
    """
    tried = frozenset(besides)
    ways = [way for way in one.ways if not way.silent and not way.fails and way.key not in tried]
    options = [By(way, from_when(one, way, now)) for way in sorted(ways, key=lambda way: way.doubted)]
    in_time = (by for by in options if before is None or by.at < before)
    return next(in_time, None) or min(options, key=lambda by: by.at, default=None)


def from_when(one: Somebody, way: Way, now: datetime) -> datetime:
    """This function will find from when a route may tell a person what can wait."""
    at = now
    for _ in range(MOST_TURNS):
        later = way.quiet_until(at) or at
        if not way.is_letter:
            later = _at_work(one, later)
        if later == at:
            break
        at = later
    return at


def _at_work(one: Somebody, at: datetime) -> datetime:
    """When they are next at work; by day where nothing says when that is."""
    next_in = one.hours.next_in(at) if one.hours.known else None
    return next_in or NIGHT.quiet_until(at) or at
