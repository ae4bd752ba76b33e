"""Decides who is told of a request now, by which of their routes and why, and when the next step comes if nobody acknowledges.

Who is on duty, ready, away and reachable by what is handed in as it stands at an instant; telling is left to the rooms above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

from sociable.domain.saying import moment_near
from sociable.domain.worktime import Calendar, NeverOpen

AHEAD = timedelta(days=14)  # how far somebody's next hour at work is looked for
LATE = timedelta(minutes=1)  # what is told within it is not called late
SHIFT_START = timedelta(minutes=10)  # so long after a shift began, what waited before comes as one
NOT_BEGUN = -1

Span = tuple[datetime, datetime]


class Standing(IntEnum):
    """What somebody is to a request: the chain climbs from the first to the last."""

    HOLDER = 0
    DUTY = 1
    NAMED = 2
    COVER = 3
    LEAD = 4


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


@dataclass(frozen=True, slots=True)
class Policy:
    """How an account wants its people told. `quiet` counts only where it states no hours."""

    step: timedelta = timedelta(minutes=10)
    surge_most: int = 5
    surge_within: timedelta = timedelta(minutes=10)
    quiet: tuple[time, time] = (time(18), time(8))


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the rule knows of one account at one instant. `whys` say why somebody is told where it is not for the usual reason."""

    account: str
    calendar: Calendar | None
    policy: Policy = Policy()
    zone: str = "Europe/London"
    holder: Somebody | None = None
    duty: tuple[Somebody, ...] = ()
    named: Somebody | None = None
    cover: tuple[Somebody, ...] = ()
    leads: tuple[Somebody, ...] = ()
    whys: Mapping[Standing, str] = field(default_factory=dict)

    def rung(self, standing: Standing) -> tuple[Somebody, ...]:
        """This function will list who stands so; each person once, where they stand first. Named is only where nobody is on duty.

        Shape:  a lead of whom no hours are known stands as lead too, since as cover nobody could say that they are at work
        """
        everybody: dict[Standing, Sequence[Somebody]] = {
            Standing.HOLDER: [self.holder] if self.holder else [],
            Standing.DUTY: self.duty,
            Standing.NAMED: [self.named] if self.named and not self.duty else [],
            Standing.COVER: self.cover,
            Standing.LEAD: self.leads,
        }
        before = {one.key for lower in Standing if lower < standing for one in everybody[lower]}
        only_here = standing is Standing.LEAD
        return tuple(one for one in everybody[standing] if one.key not in before or (only_here and not one.hours.known))


@dataclass(frozen=True, slots=True)
class By:
    """One route by which somebody is told, and from when: later than now where it keeps quiet until then."""

    way: Way
    at: datetime
    late_because: str = ""


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
            remarks += _passed_over(situation, standing, fresh)
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


def _passed_over(situation: Situation, standing: Standing, fresh: Sequence[Somebody]) -> list[str]:
    if standing is Standing.HOLDER or (standing is Standing.NAMED and situation.duty):
        return []
    if standing is Standing.DUTY and not situation.duty:
        return [f"Nobody is on duty for {situation.account}."]
    if standing is Standing.NAMED and situation.named is None:
        return ["Nobody is named for when nobody is on duty."]
    return [f"{one.name} {_standing_words(standing)}, and is not at work now." for one in fresh]


def _standing_words(standing: Standing) -> str:
    return {
        Standing.HOLDER: "has it in hand",
        Standing.DUTY: "is on duty",
        Standing.NAMED: "is named for when nobody is on duty",
        Standing.COVER: "is ready for this account",
        Standing.LEAD: "plans who covers this account",
    }[standing]


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
    return Told(one, standing, _why(standing, situation), by, remarks)


def _why(standing: Standing, situation: Situation) -> str:
    if standing in situation.whys:
        return situation.whys[standing]
    account, minutes = situation.account, round(situation.policy.step.total_seconds() / 60)
    passed_by = f"nobody has acknowledged within {minutes} working minute{'' if minutes == 1 else 's'}"
    return {
        Standing.HOLDER: "You have this request in hand.",
        Standing.DUTY: f"You are on duty for {account}.",
        Standing.NAMED: f"Nobody is on duty for {account} now, and you are named for that.",
        Standing.COVER: f"You are ready for {account} and at work, and {passed_by}.",
        Standing.LEAD: f"You plan who covers {account}, and {passed_by}.",
    }[standing]


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


def before(calendar: Calendar | None, at: datetime, amount: timedelta) -> datetime:
    """This function will find the instant from which an amount of working time is left before another; by the clock without hours.

    Units:  amount is open time; where less of it lies in the week before, the first open instant of that week
    """
    if calendar is None:
        return at - amount
    spans = calendar.spans_between(at - timedelta(days=7), at)
    left = amount
    for begins, ends in reversed(spans):
        if ends - begins >= left:
            return ends - left
        left -= ends - begins
    return spans[0][0] if spans else at - amount


def is_surge(told_lately: int, policy: Policy) -> bool:
    """This function will say whether one more notice would be a flood: it is counted in one batch instead."""
    return told_lately >= policy.surge_most


def waited_before(one: Somebody, started_at: datetime, now: datetime) -> bool:
    """This function will say whether a request waited already when a shift began that has just begun: told with the others."""
    return one.duty is not None and started_at < one.duty[0] <= now < one.duty[0] + SHIFT_START


def lateness(due_at: datetime, at: datetime, because: str) -> str:
    """This function will say why something is told late; empty where it is not."""
    if at - due_at <= LATE:
        return ""
    return because or "Sociable was not running, or was behind, when it came due"
