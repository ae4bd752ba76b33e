"""Tells beforehand who would be told of a made-up request: the very rule, asked at each instant as the rota stands for it.

Nothing is written and nobody is told. In which ways it may go is played by preview_ways.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.conf import settings

from sociable.alerts import queries, words
from sociable.alerts.preview_net import Handing, Looks, Rota
from sociable.alerts.preview_ways import Mark, play
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.alerting import Telling, Told
from sociable.domain.promise import warnings_of


@dataclass(frozen=True, slots=True)
class Step:
    """One moment at which something would happen: who would be told, or why nobody. `unsure` are told in some cases only."""

    at: datetime
    telling: Telling
    unsure: frozenset[int] = frozenset()

    @property
    def told(self) -> tuple[Told, ...]:
        """Who would be told."""
        return self.telling.told


@dataclass(frozen=True, slots=True)
class Instant:
    """One instant of the promise, or of the safety net, with the steps of the chain that begins there."""

    words: str
    at: datetime
    steps: tuple[Step, ...]
    handing: Handing | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to a request that nobody acknowledges. `told_at_all` False: this account tells nobody yet.

    Shape:  `surely` has who is told in each way it may go, by id, with the time by which they are; `followed_until` is from when
            there are too many ways, None: all are followed to the end
    """

    account: Account
    arrived_at: datetime
    due_at: datetime | None
    told_at_all: bool
    instants: tuple[Instant, ...] = ()
    surely: Mapping[int, datetime] = field(default_factory=dict)
    followed_until: datetime | None = None


def preview(account: Account, arrived_at: datetime, hold: timedelta) -> Preview:
    """This function will say who would be told of a request that reaches an account at an instant, and is acknowledged by nobody.

    Shape:  the account comes with its partner and the account it is answered from; `hold` is how long whoever is handed it keeps
            it without a sign of life
    """
    stated = directory.stated(account.pk)
    clock, _ = stated.clock(arrived_at)
    if account.pk not in queries.alerted([account]):
        return Preview(account, arrived_at, clock.due_at, False)
    rota = Rota(account)
    warnings = _last_of_each(warnings_of(clock, stated.calendar, tuple(settings.WARNING_SHARES)))
    ways = play(rota, Looks(account, clock, stated.calendar, rota), warnings, hold)
    instants = tuple(_instant(mark) for mark in ways.marks)
    return Preview(account, arrived_at, clock.due_at, True, instants, ways.surely, ways.followed_until)


def _last_of_each(at_of: Mapping[str, datetime]) -> list[tuple[str, datetime]]:
    """The instants of the promise in order; of two at once the last is told."""
    in_order = sorted(at_of.items(), key=lambda pair: pair[1])
    return [(kind, at) for at, kind in {at: kind for kind, at in in_order}.items()]


def _instant(mark: Mark) -> Instant:
    steps = tuple(_merged(at, tellings, mark.among[at]) for at, tellings in sorted(mark.said.items()))
    return Instant(words.instant_words(mark.kind), mark.at, steps, mark.handing)


def _merged(at: datetime, tellings: Sequence[Telling], ways: int) -> Step:
    """What happens at one time in all ways it may go, as one: who is told in each of them, and who only in some."""
    said = (one for telling in tellings for one in telling.told)
    everybody = sorted(said, key=lambda one: (one.standing, one.who.name))
    told = {one.who.key: one for one in everybody}  # as whatever they stand in every case
    times = Counter(one.who.key for one in everybody)
    unsure = frozenset(key for key, number in times.items() if number < ways)
    return Step(at, replace(tellings[0], told=tuple(told.values())), unsure)
