"""Decides by which of their routes somebody is told now, or from when where all keep quiet or rest.

Who is told is decided by chain; using a route is left to channels/notices.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sociable.domain.alerting.somebody import Somebody, Way
from sociable.domain.saying import moment_near


@dataclass(frozen=True, slots=True)
class By:
    """One route by which somebody is told, and from when: later than now where it keeps quiet until then."""

    way: Way
    at: datetime
    late_because: str = ""


def routes_now(one: Somebody, now: datetime, besides: Iterable[int] = ()) -> tuple[tuple[By, ...], tuple[str, ...]]:
    """This function will choose a person's routes: the silent ones, and the first that rings now; `besides` were tried.

    Shape:  where all that ring keep quiet or rest, the first to end that, from then: what carries them all may be down for a
            while, and nothing is lost meanwhile. The second part says what was passed over
    """
    tried = frozenset(besides)
    silent = [By(way, now) for way in one.ways if way.silent and way.key not in tried]
    remarks, waiting = [], []
    for way in sorted(
        (way for way in one.ways if not way.silent and way.key not in tried), key=lambda way: way.doubted
    ):
        until = way.quiet_until(now)
        if way.fails:
            remarks.append(f"{way.name} of {one.name} is passed over: {way.fails}")
            if way.rests_until is not None:
                waiting.append(By(way, way.rests_until, f"{way.name} of {one.name} did not answer: {way.fails}"))
        elif until is None:
            return (*silent, By(way, now)), tuple(remarks)
        else:
            because = f"{one.name} keeps {way.name} quiet until {moment_near(until, now, way.zone)}"
            waiting.append(By(way, until, because))
            remarks.append(f"{because}.")
    if waiting:
        return (*silent, min(waiting, key=lambda by: by.at)), tuple(remarks)
    return tuple(silent), (*remarks, f"{one.name} has no other route that works.")
