"""Tells beforehand who would be told of a made-up request: the very rule, asked at each instant as the rota stands for it.

Nothing is written and nobody is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from sociable.alerts import queries, words
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain import alerting
from sociable.domain.alerting import NOT_BEGUN, Carried, Situation, Telling, Told
from sociable.domain.promise import used_at, warnings_of

MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One moment at which something would happen: who would be told, or why nobody."""

    at: datetime
    telling: Telling

    @property
    def told(self) -> tuple[Told, ...]:
        """Who would be told."""
        return self.telling.told


@dataclass(frozen=True, slots=True)
class Instant:
    """One instant of the promise with the steps of its chain, until the next instant comes."""

    kind: str
    words: str
    at: datetime
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to a request that nobody acknowledges. `told_at_all` False: this account tells nobody yet."""

    account: Account
    arrived_at: datetime
    due_at: datetime | None
    told_at_all: bool
    instants: tuple[Instant, ...]
    handed_on_at: datetime | None = None  # None: what nobody has is not handed on


def preview(account: Account, arrived_at: datetime) -> Preview:
    """This function will say who would be told of a request that reaches an account at an instant, and is acknowledged by nobody.

    Shape:  the account comes with its partner and the account it is answered from
    """
    stated = directory.stated(account.pk)
    clock, _ = stated.clock(arrived_at)
    at_of = sorted(
        warnings_of(clock, stated.calendar, tuple(settings.WARNING_SHARES)).items(), key=lambda pair: pair[1]
    )
    if account.pk not in queries.alerted([account]):
        return Preview(account, arrived_at, clock.due_at, False, ())
    share = queries.facts([account], arrived_at).policies[account.pk].net_percent
    handed_on_at = used_at(clock, stated.calendar, share) if share else None
    return Preview(account, arrived_at, clock.due_at, True, tuple(_instants(account, at_of)), handed_on_at)


def _instants(account: Account, at_of: list[tuple[str, datetime]]) -> Iterator[Instant]:
    carried: Carried | None = None
    for number, (kind, at) in enumerate(at_of):
        until = at_of[number + 1][1] if number + 1 < len(at_of) else None
        if until == at:  # of two at once the last is told
            continue
        steps = list(_steps(account, at, until, carried))
        last = steps[-1].telling if steps else None
        if last is not None:
            carried = Carried(last.step, last.next_at)
        yield Instant(kind, words.instant_words(kind), at, tuple(steps))


def _steps(account: Account, at: datetime, until: datetime | None, carried: Carried | None) -> Iterator[Step]:
    step, already, now = NOT_BEGUN, set[int](), at
    for _ in range(MOST_STEPS):
        telling = alerting.tell_on(_situation(account, now), step, now, already, carried)
        yield Step(now, telling)
        step, carried = telling.step, None
        already |= {one.who.key for one in telling.told}
        if telling.next_at is None or (until is not None and telling.next_at >= until):
            return
        now = telling.next_at


def _situation(account: Account, now: datetime) -> Situation:
    return queries.facts([account], now).situations[account.pk]
