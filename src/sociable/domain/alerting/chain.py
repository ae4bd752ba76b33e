"""Decides who is told of a request now, step by step until somebody acknowledges, and when the next step comes.

By which of their routes is decided by routing; why, in words, is said by wording.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sociable.domain.alerting.routing import By, routes_now
from sociable.domain.alerting.situation import Situation, Standing
from sociable.domain.alerting.somebody import Somebody, Way
from sociable.domain.alerting.wording import passed_over, why
from sociable.domain.saying import moment_near
from sociable.domain.worktime import NeverOpen


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is told, why, and by what. `remarks` say which routes were passed over."""

    who: Somebody
    standing: Standing
    why: str
    by: tuple[By, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """What happens at one instant of a chain: who is told, and when it goes on without an acknowledgement.

    Shape:  `step` is the standing reached; `next_at` None: nobody is left. `because` says why nobody is told yet; `remarks` what
            was passed over
    """

    step: int
    told: tuple[Told, ...] = ()
    next_at: datetime | None = None
    because: str = ""
    remarks: tuple[str, ...] = field(default=())


def tell(situation: Situation, above: int, now: datetime, already: Iterable[int] = ()) -> Telling:
    """This function will say who is told now of those who stand above what was reached, and when the next step is due.

    Shape:  `above` is NOT_BEGUN for a chain that begins; `already` were told by it: whoever has come on duty since then is not
            among them, and is told first
    Source: mission M4: on duty, then cover, then lead, in working minutes, never at midnight
    """
    closed, told = _closed_until(situation, now), frozenset(already)
    remarks: list[str] = []
    for standing in Standing:
        fresh = [one for one in situation.rung(standing) if one.key not in told]
        if standing <= above and standing is not Standing.DUTY:
            continue
        present = [one for one in fresh if _may_be_told(one, standing, closed, now)]
        if present:
            people = tuple(_told(one, standing, situation, now) for one in present)
            return Telling(max(standing, above), people, _next_step(situation, standing, now), remarks=tuple(remarks))
        if standing > above:
            remarks += passed_over(situation, standing, fresh)
    return _nobody_yet(situation, above, closed, tuple(remarks), now)


@dataclass(frozen=True, slots=True)
class Carried:
    """How far the chain of an earlier instant had climbed when the next instant came and nobody had acknowledged."""

    step: int
    next_at: datetime | None


def tell_on(
    situation: Situation, above: int, now: datetime, already: Iterable[int] = (), carried: Carried | None = None
) -> Telling:
    """This function will say who is told now, and with them whoever stands where an earlier instant had climbed to in vain."""
    told_before = frozenset(already)
    telling = tell(situation, above, now, told_before)
    if carried is None or not telling.told or carried.step <= telling.step:
        return telling
    seen = {one.who.key for one in telling.told} | told_before
    higher = tell(situation, carried.step - 1, now, seen)
    next_at = min((at for at in (carried.next_at, higher.next_at) if at is not None and at > now), default=None)
    return replace(higher, told=(*telling.told, *higher.told), step=max(carried.step, higher.step), next_at=next_at)


def _closed_until(situation: Situation, now: datetime) -> datetime | None:
    """Until when only who is on duty is told: the next opening, or the end of the quiet hours where none are stated."""
    if situation.calendar is not None:
        try:
            opens_at = situation.calendar.next_open(now)
        except NeverOpen:
            pass  # it states hours that do not come: nobody is rung at night for that
        else:
            return opens_at if opens_at > now else None
    return Way(0, "", "", quiet=situation.policy.quiet, zone=situation.zone).quiet_until(now)


def _may_be_told(one: Somebody, standing: Standing, closed: datetime | None, now: datetime) -> bool:
    if standing in (Standing.HOLDER, Standing.DUTY):
        return not one.hours.is_away(now)
    if closed is not None or one.hours.is_away(now):
        return False
    if not one.hours.known:
        return standing is not Standing.COVER
    return one.hours.is_in(now)


def rings_at(situation: Situation, one: Somebody, standing: int, now: datetime) -> datetime:
    """This function will say from when somebody may be told what could not leave in time: now, or when they are next there.

    Shape:  `standing` as it was when it was decided that they are told
    """
    closed, stands = _closed_until(situation, now), Standing(max(standing, Standing.HOLDER))
    if stands in (Standing.HOLDER, Standing.DUTY) and all(one.key != other.key for other in situation.duty):
        stands = Standing.LEAD  # their shift is over
    if _may_be_told(one, stands, closed, now):
        return now
    back = one.hours.next_in(now) if one.hours.known else None
    return max(at for at in (now, closed, back) if at is not None)


def _next_step(situation: Situation, standing: Standing, now: datetime) -> datetime | None:
    if standing is Standing.LEAD:
        return None
    return _working(situation, now)


def _working(situation: Situation, now: datetime) -> datetime:
    """A step later in working minutes; in clock minutes where no hours are stated."""
    if situation.calendar is not None:
        try:
            return situation.calendar.due(now, situation.policy.step)
        except NeverOpen:
            pass
    return now + situation.policy.step


def _nobody_yet(
    situation: Situation, above: int, closed: datetime | None, remarks: tuple[str, ...], now: datetime
) -> Telling:
    """Nobody can be told now: it waits for the opening, or for the first who comes to work."""
    if closed is not None:
        words = f"{situation.account} is closed until {moment_near(closed, now, situation.zone)} and nobody is on duty"
        return Telling(above, (), closed, words, remarks)
    coming = [
        at
        for standing in Standing
        if standing > above
        for one in situation.rung(standing)
        if one.hours.known and (at := one.hours.next_in(now)) is not None and at > now
    ]
    if not coming:
        return Telling(above, (), None, f"nobody is left to be told of {situation.account}", remarks)
    first = min(coming)
    words = f"nobody who answers for {situation.account} was at work until {moment_near(first, now, situation.zone)}"
    return Telling(above, (), first, words, remarks)


def _told(one: Somebody, standing: Standing, situation: Situation, now: datetime) -> Told:
    by, remarks = routes_now(one, now)
    return Told(one, standing, why(standing, situation), by, remarks)
