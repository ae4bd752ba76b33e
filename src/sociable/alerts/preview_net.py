"""Tells beforehand when the safety net would hand a made-up request on, and to whom of those on duty then, as far as that can be known.

Who can take it and when it is looked at again are the rules of domain/net. What each has in hand by then nobody knows yet: where
several can take it, all of them are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sociable.alerts.queries import Facts
from sociable.directory.models import Account
from sociable.domain import net
from sociable.domain.alerting import Situation
from sociable.domain.net import Hand
from sociable.domain.promise import Clock, used_at
from sociable.domain.worktime import Calendar
from sociable.people import permissions
from sociable.people.models import Person

FactsAt = Callable[[datetime], Facts]


@dataclass(frozen=True, slots=True)
class Handing:
    """A moment at which it would be handed on, and until when whoever got it keeps it without a sign of life.

    Shape:  `hands` is everybody on duty; `most` how many one may have in hand, 0 for no limit
    """

    at: datetime
    until_at: datetime
    hands: tuple[Hand, ...]
    most: int = 0

    @property
    def able(self) -> list[Hand]:
        """Whoever could be the one."""
        return net.able(self.hands)

    def cases(self) -> tuple[Hand | None, ...]:
        """Each way it may go: to one of these, or to nobody."""
        return tuple(self.able) or (None,)

    def begins(self, situation: Situation, to: Hand | None) -> Situation:
        """How things stand at the moment itself, in one of the cases."""
        if to is None:
            return net.to_nobody(situation, self.hands)
        somebody = next(one for one in situation.duty if one.key == to.key)
        return net.handed(situation, somebody, net.before_words(None))

    def goes_on(self, situation: Situation, to: Hand | None, now: datetime) -> Situation:
        """How things stand later: whoever got it has it in hand for as long as they keep it."""
        if to is None or now >= self.until_at:
            return situation
        return replace(situation, holder=next((one for one in situation.duty if one.key == to.key), None))


def handings(
    account: Account, clock: Clock, calendar: Calendar | None, facts_at: FactsAt, hold: timedelta
) -> Iterator[Handing]:
    """This function will list when a request that nobody takes would be handed on before its time, until nobody is left.

    Shape:  each person is handed it once at most; `hold` is how long whoever is handed it keeps it without a sign of life
    """
    share = facts_at(clock.starts_at).policies[account.pk].net_percent
    at = used_at(clock, calendar, share) if share else None
    free_at, had, unsure = at, set[int](), 0
    while at is not None and free_at is not None and clock.due_at is not None and at < clock.due_at:
        if at >= free_at:
            facts = facts_at(at)
            most, free_at = facts.policies[account.pk].hand_most, at + hold
            one = Handing(at, free_at, _hands(account, facts, had, unsure), most)
            yield one
            if not one.able:
                return
            if len(one.able) == 1 and not unsure:
                had.add(one.able[0].key)
            else:
                unsure += 1
        at = net.again_at(at, clock.due_at, calendar, None)


def _hands(account: Account, facts: Facts, had: set[int], unsure: int) -> tuple[Hand, ...]:
    """Everybody on duty, with why they could not take it; as many as it went to unsurely can take it no more, whoever they are."""
    duty = facts.situations[account.pk].duty
    people = Person.objects.filter(pk__in=[one.key for one in duty], is_active=True).prefetch_related("roles").in_bulk()
    hands = [_hand(people[one.key], account, had) for one in duty if one.key in people]
    if unsure < len(net.able(hands)):
        return tuple(hands)
    return tuple(one if one.cannot else replace(one, cannot=net.had_words(one.name)) for one in hands)


def _hand(person: Person, account: Account, had: set[int]) -> Hand:
    cannot = net.had_words(person.name) if person.pk in had else ""
    if not cannot and not permissions.can_answer(person, account.place):
        cannot = net.may_not_words(person.name)
    return Hand(person.pk, person.name, cannot=cannot)
