"""Knows somebody who may be told: their routes with what speaks against each now, and when they are at work.

What they are to a request is decided by situation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sociable.domain.worktime import Calendar

AHEAD = timedelta(days=14)  # how far somebody's next hour at work is looked for


Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Way:
    """One route of a person. `fails` says why it cannot be used now; empty: it can. The desk rings nothing.

    `rests_until`: then it can be used again. `doubted`: when it was last tried nobody confirmed that it arrived, so that it is
    used after all others.
    """

    key: int
    kind: str
    name: str
    silent: bool = False
    quiet: tuple[time, time] | None = None
    zone: str = "Europe/London"
    fails: str = ""
    rests_until: datetime | None = None
    doubted: bool = False
    is_letter: bool = False  # it lies until it is read, and rings nobody

    def quiet_until(self, now: datetime) -> datetime | None:
        """This function will say until when the person wants to hear nothing by it; None where it may ring now."""
        if self.quiet is None:
            return None
        begins, ends = self.quiet
        local = now.astimezone(ZoneInfo(self.zone))
        at = local.time()
        inside = begins <= at < ends if begins < ends else at >= begins or at < ends
        if not inside:
            return None
        day = local.date() if at < ends else local.date() + timedelta(days=1)
        ends_at = datetime.combine(
            day, ends.replace(fold=local.fold), local.tzinfo
        )  # of an hour that comes twice, the one it is
        return ends_at.astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody is at work: their usual hours and their shifts, less their time away. With neither, nothing is known."""

    usual: Calendar | None = None
    shifts: tuple[Span, ...] = ()
    away: tuple[Span, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything says when they work."""
        return self.usual is not None or bool(self.shifts)

    def is_away(self, at: datetime) -> bool:
        """This function will say whether time away contains an instant."""
        return _inside(self.away, at)

    def is_in(self, at: datetime) -> bool:
        """This function will say whether they are at work at an instant."""
        if self.is_away(at):
            return False
        return _inside(self.shifts, at) or (self.usual is not None and self.usual.is_open(at))

    def next_in(self, now: datetime) -> datetime | None:
        """This function will find when they are next at work, now or within a fortnight."""
        usual = self.usual.spans_between(now, now + AHEAD) if self.usual is not None else []
        starts = (self._start_in(span, now) for span in sorted([*usual, *self.shifts]))
        return min((at for at in starts if at is not None), default=None)

    def _start_in(self, span: Span, now: datetime) -> datetime | None:
        at = max(span[0], now)
        while ends := [end for begin, end in self.away if begin <= at < end]:
            at = max(ends)
        return at if at < span[1] else None


def _inside(spans: Iterable[Span], at: datetime) -> bool:
    return any(begin <= at < end for begin, end in spans)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person who may be told, with their routes in the order they chose."""

    key: int
    name: str
    ways: tuple[Way, ...] = ()
    hours: Hours = Hours()
    duty: Span | None = None
