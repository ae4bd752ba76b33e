"""Tells beforehand when the safety net would look at a made-up request, who could be handed it then, and who it stays with.

Whether it stays with whoever has it and who can take it are the rules of domain/net. What each has in hand by then nobody knows
yet: where several can take it, each of them is a way it may go, which is left to preview_ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sociable.alerts.queries import Facts, covering, facts
from sociable.cover import duty
from sociable.directory.models import Account
from sociable.domain import net
from sociable.domain.alerting import Situation, Somebody
from sociable.domain.net import Hand, Holder
from sociable.domain.promise import Clock, used_at
from sociable.domain.worktime import Calendar
from sociable.people import permissions
from sociable.people.models import Person


@dataclass(frozen=True, slots=True)
class Kept:
    """Whoever has a request in hand, since when, and until when without a sign of life."""

    key: int
    name: str
    since_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Handing:
    """A moment at which it would be handed on, in some ways it may have gone or in all of them.

    Shape:  `hands` is everybody on duty, with why they could take it in no way; `most` how many one may have in hand, 0 for no limit;
            `or_nobody`: it may be that each of them was handed it before; `only_from` is whoever had it in those ways in which it is
            handed on, where in others it stays with somebody
    """

    at: datetime
    until_at: datetime
    hands: tuple[Hand, ...]
    most: int = 0
    or_nobody: bool = False
    only_from: tuple[Kept, ...] = ()

    @property
    def able(self) -> list[Hand]:
        """Whoever could be the one."""
        return net.able(self.hands)

    def cases(self) -> tuple[Hand | None, ...]:
        """Each way it may go: to one of these, or to nobody."""
        return (*self.able, None) if self.or_nobody else tuple(self.able) or (None,)


class Rota:
    """How things stand for an account at instants, each read once; of whoever was on duty once, what is known later is read too."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._found: dict[datetime, Facts] = {}
        self._met: dict[int, Person] = {}

    def facts(self, now: datetime) -> Facts:
        """What is known at an instant."""
        if now not in self._found:
            self._found[now] = facts([self._account], now, self._met.values())
        return self._found[now]

    def situation(self, now: datetime) -> Situation:
        """How the account stands at an instant."""
        return self.facts(now).situations[self._account.pk]

    def with_it(self, kept: Kept | None, now: datetime) -> Situation:
        """How things stand for a request that somebody has in hand, for as long as they keep it; also when their shift is over."""
        situation = self.situation(now)
        if kept is None or now >= kept.until_at:
            return situation
        return replace(situation, holder=self._somebody(kept, now))

    def holder(self, kept: Kept | None, now: datetime) -> Holder | None:
        """Whoever has it in hand at an instant, as the net sees them: nobody writes in a request that is made up."""
        if kept is None or now >= kept.until_at:
            return None
        somebody = self._somebody(kept, now)
        on_duty = any(one.key == kept.key for one in self.situation(now).duty)
        return Holder(kept.name, on_duty, away=somebody is None or somebody.hours.is_away(now))

    def hands(self, now: datetime) -> list[Hand]:
        """Everybody on duty, in the order of their shifts, with why they may not take it whoever had it before."""
        there = [one.key for one in self.situation(now).duty]
        people = Person.objects.filter(pk__in=there, is_active=True).prefetch_related("roles").in_bulk()
        self._met |= people
        return [self._hand(people[key]) for key in there if key in people]

    def _hand(self, person: Person) -> Hand:
        may = permissions.can_answer(person, self._account.place)
        return Hand(person.pk, person.name, cannot="" if may else net.may_not_words(person.name))

    def _somebody(self, kept: Kept, now: datetime) -> Somebody | None:
        situation = self.situation(now)
        on_duty = (one for one in situation.duty if one.key == kept.key)
        return next(on_duty, None) or self.facts(now).everybody.known(kept.key)


class Looks:
    """When the net looks at a request that nobody takes: from a share of its promised time on, again and again until it is due."""

    def __init__(self, account: Account, clock: Clock, calendar: Calendar | None, rota: Rota) -> None:
        self._account, self._due_at, self._calendar, self._rota = account, clock.due_at, calendar, rota
        share = rota.facts(clock.starts_at).policies[account.pk].net_percent
        self.at = self._in_time(used_at(clock, calendar, share) if share else None)

    @property
    def most(self) -> int:
        """How many one may have in hand."""
        return self._rota.facts(self.at).policies[self._account.pk].hand_most if self.at is not None else 0

    def again(self, kept: Iterable[Kept | None]) -> None:
        """Go on to the next look at which anything can have changed, given who has it in each way it may have gone."""
        now = self.at
        if now is None:
            return
        changes = [self._changes_at(one, now) for one in kept]
        free_at = min((at for at in changes if at is not None), default=None)
        while self.at is not None and (free_at is None or self.at < free_at or self.at <= now):
            self.at = self._in_time(net.again_at(self.at, self._due_at, self._calendar, None))

    def _in_time(self, at: datetime | None) -> datetime | None:
        return at if at is not None and self._due_at is not None and at < self._due_at else None

    def _changes_at(self, kept: Kept | None, now: datetime) -> datetime | None:
        """When whoever has it may have it no more, or somebody comes who could take it."""
        holder = self._rota.holder(kept, now)
        if kept is not None and holder is not None and holder.on_duty:
            ends = [leaves_at(one, now) for one in self._rota.situation(now).duty if one.key == kept.key]
            return min([kept.until_at, *ends])
        return duty.comes_at(covering(self._account).pk, now, self._due_at) if self._due_at is not None else None


def leaves_at(one: Somebody, now: datetime) -> datetime:
    """This function will say when somebody who is on duty is so no more: their shift ends, or time away begins."""
    ends = [one.duty[1]] if one.duty else []
    return min([*ends, *(begins for begins, _ in one.hours.away if begins > now)], default=now)


def after_these(hands: Sequence[Hand], had: frozenset[int]) -> list[Hand]:
    """This function will say of everybody on duty whether they could take it, where some were handed it before."""
    return [one if one.cannot or one.key not in had else replace(one, cannot=net.had_words(one.name)) for one in hands]


def kept_by(hand: Hand, at: datetime, hold: timedelta) -> Kept:
    """This function will put a request into somebody's hands."""
    return Kept(hand.key, hand.name, at, at + hold)
