"""Tells beforehand when the safety net would hand a made-up request on, and to whom of those on duty then, as far as that can be known.

Who can take it and when it is looked at again are the rules of domain/net. What each has in hand by then nobody knows yet: where
several can take it, all of them are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sociable.alerts.queries import Facts, covering
from sociable.cover import duty
from sociable.directory.models import Account
from sociable.domain import net
from sociable.domain.alerting import Situation, Somebody
from sociable.domain.net import Hand, Holder
from sociable.domain.promise import Clock, used_at
from sociable.domain.worktime import Calendar
from sociable.people import permissions
from sociable.people.models import Person

FactsAt = Callable[[datetime], Facts]
MOST_WAYS = 500


@dataclass(frozen=True, slots=True)
class Handing:
    """A moment at which it would be handed on, and until when whoever got it keeps it without a sign of life.

    Shape:  `hands` is everybody on duty; `most` how many one may have in hand, 0 for no limit; `or_nobody`: it may be that each of
            them was handed it before; `before` is whoever had it and is at work no more
    """

    at: datetime
    until_at: datetime
    hands: tuple[Hand, ...]
    most: int = 0
    or_nobody: bool = False
    before: Holder | None = None

    @property
    def able(self) -> list[Hand]:
        """Whoever could be the one."""
        return net.able(self.hands)

    def cases(self) -> tuple[Hand | None, ...]:
        """Each way it may go: to one of these, or to nobody."""
        return (*self.able, None) if self.or_nobody else tuple(self.able) or (None,)

    def begins(self, situation: Situation, to: Hand | None) -> Situation:
        """How things stand at the moment itself, in one of the cases."""
        if to is None:
            return net.to_nobody(situation, self.hands)
        somebody = next(one for one in situation.duty if one.key == to.key)
        return net.handed(situation, somebody, net.before_words(self.before))

    def goes_on(self, situation: Situation, to: Hand | None, now: datetime) -> Situation:
        """How things stand later: whoever got it has it in hand for as long as they keep it."""
        if to is None or now >= self.until_at:
            return situation
        return replace(situation, holder=next((one for one in situation.duty if one.key == to.key), None))

    def stays_until(self, situation: Situation, now: datetime) -> datetime:
        """Until when it stays with whoever got it, while they keep it and are on duty: of several, the last; `now`: no longer."""
        keys = {one.key for one in self.able}
        ends = [_leaves_at(one, now) for one in situation.duty if one.key in keys]
        return min(max(ends, default=now), max(self.until_at, now))

    def left(self, facts: Facts, now: datetime) -> Holder | None:
        """Whoever has it in hand for sure and is on duty no more."""
        if self.or_nobody or len(self.able) != 1 or now >= self.until_at:
            return None
        somebody = facts.everybody.known(self.able[0].key)
        return Holder(self.able[0].name, False, away=somebody is None or somebody.hours.is_away(now))


def _leaves_at(one: Somebody, now: datetime) -> datetime:
    """When somebody who is on duty is so no more: their shift ends, or time away begins."""
    ends = [one.duty[1]] if one.duty else []
    return min([*ends, *(begins for begins, _ in one.hours.away if begins > now)], default=now)


def handings(
    account: Account, clock: Clock, calendar: Calendar | None, facts_at: FactsAt, hold: timedelta
) -> Iterator[Handing]:
    """This function will list when a request that nobody takes would be handed on before its time, or that nobody can take it.

    Shape:  each person is handed it once at most; `hold` is how long whoever is handed it keeps it without a sign of life. That
            nobody can take it is said once, until somebody comes who can
    """
    share = facts_at(clock.starts_at).policies[account.pk].net_percent
    at = used_at(clock, calendar, share) if share else None
    free_at, had = at, _Had()
    last: Handing | None = None
    while at is not None and clock.due_at is not None and free_at is not None and at < clock.due_at:
        if at >= free_at:
            facts = facts_at(at)
            situation = facts.situations[account.pk]
            if last is None or last.stays_until(situation, at) <= at:
                before = last.left(facts, at) if last is not None else None
                one = replace(_handing(account, facts, had, at, at + hold), before=before)
                if one.able or last is None or last.able:
                    yield one
                had.hand(one.able)
                last = one
            free_at = last.stays_until(situation, at) if last.able else _comes_at(account, at, clock.due_at)
        at = net.again_at(at, clock.due_at, calendar, None)


def _comes_at(account: Account, after: datetime, until: datetime) -> datetime | None:
    return duty.comes_at(covering(account).pk, after, until)


def _handing(account: Account, facts: Facts, had: _Had, at: datetime, until_at: datetime) -> Handing:
    hands = _hands(account, facts, had)
    return Handing(at, until_at, hands, facts.policies[account.pk].hand_most, had.perhaps_all(net.able(hands)))


@dataclass(slots=True)
class _Had:
    """Who was handed it before, in each way it may have gone until now."""

    ways: set[frozenset[int]] = field(default_factory=lambda: {frozenset()})

    @property
    def surely(self) -> frozenset[int]:
        """Who was handed it, whichever way it went."""
        return frozenset.intersection(*self.ways)

    def perhaps_all(self, hands: Sequence[Hand]) -> bool:
        """Whether there is somebody, and it may have gone so that each of them was handed it."""
        return bool(hands) and any(way.issuperset(one.key for one in hands) for way in self.ways)

    def hand(self, hands: Sequence[Hand]) -> None:
        """Count that it went to one of these who was not handed it before; to nobody, where each of them was."""
        keys = frozenset(one.key for one in hands)
        self.ways = {way | {key} for way in self.ways for key in keys - way} | {way for way in self.ways if keys <= way}
        if len(self.ways) > MOST_WAYS:  # too many to follow: anything between the fewest and the most is left possible
            self.ways = {self.surely, frozenset.union(*self.ways)}


def _hands(account: Account, facts: Facts, had: _Had) -> tuple[Hand, ...]:
    """Everybody on duty, with why they surely could not take it."""
    there, surely = [one.key for one in facts.situations[account.pk].duty], had.surely
    people = Person.objects.filter(pk__in=there, is_active=True).prefetch_related("roles").in_bulk()
    return tuple(_hand(people[key], account, surely) for key in there if key in people)


def _hand(person: Person, account: Account, had: frozenset[int]) -> Hand:
    cannot = net.had_words(person.name) if person.pk in had else ""
    if not cannot and not permissions.can_answer(person, account.place):
        cannot = net.may_not_words(person.name)
    return Hand(person.pk, person.name, cannot=cannot)
