"""Tells beforehand who would be told of a made-up request: the very rule, asked at each instant as the rota stands for it.

Nothing is written and nobody is told. When the safety net would hand it on is said by preview_net.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from sociable.alerts import preview_net, queries, words
from sociable.alerts.preview_net import Handing
from sociable.alerts.queries import Facts
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain import alerting
from sociable.domain.alerting import NOT_BEGUN, Carried, Situation, Telling, Told
from sociable.domain.net import Hand
from sociable.domain.promise import warnings_of

MOST_STEPS = 12


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
    """One instant of the promise, or of the safety net, with the steps of its chain until the next instant comes.

    Shape:  `surely` has who is told in each way it may go, by id, with the time by which they are
    """

    words: str
    at: datetime
    steps: tuple[Step, ...]
    surely: Mapping[int, datetime]
    handing: Handing | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to a request that nobody acknowledges. `told_at_all` False: this account tells nobody yet."""

    account: Account
    arrived_at: datetime
    due_at: datetime | None
    told_at_all: bool
    instants: tuple[Instant, ...]


@dataclass(frozen=True, slots=True)
class _Comes:
    """An instant that comes, and who may have the request in hand then because it was handed on; `now` where that happens at it."""

    at: datetime
    words: str
    handing: Handing | None = None
    now: bool = False


def preview(account: Account, arrived_at: datetime, hold: timedelta) -> Preview:
    """This function will say who would be told of a request that reaches an account at an instant, and is acknowledged by nobody.

    Shape:  the account comes with its partner and the account it is answered from; `hold` is how long whoever is handed it keeps
            it without a sign of life
    """
    stated = directory.stated(account.pk)
    clock, _ = stated.clock(arrived_at)
    if account.pk not in queries.alerted([account]):
        return Preview(account, arrived_at, clock.due_at, False, ())
    rota = _Rota(account)
    at_of = warnings_of(clock, stated.calendar, tuple(settings.WARNING_SHARES))
    handings = list(preview_net.handings(account, clock, stated.calendar, rota.facts, hold))
    coming = _coming(sorted(at_of.items(), key=lambda pair: pair[1]), handings)
    return Preview(account, arrived_at, clock.due_at, True, tuple(_instants(rota, coming)))


class _Rota:
    """How things stand for an account at instants, each read once."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._found: dict[datetime, Facts] = {}

    def facts(self, now: datetime) -> Facts:
        """What is known at an instant."""
        if now not in self._found:
            self._found[now] = queries.facts([self._account], now)
        return self._found[now]

    def situation(self, now: datetime) -> Situation:
        """How the account stands at an instant."""
        return self.facts(now).situations[self._account.pk]


def _coming(at_of: list[tuple[str, datetime]], handings: Sequence[Handing]) -> list[_Comes]:
    """The instants in order. Of two of the promise at once the last is told; what is handed on at one comes after it."""
    nexts = [at for _, at in at_of[1:]] + [None]
    warned = [
        _Comes(at, words.instant_words(kind)) for (kind, at), after in zip(at_of, nexts, strict=True) if after != at
    ]
    handed = [_Comes(one.at, _handing_words(one), one, now=True) for one in handings]
    coming: list[_Comes] = []
    for one in sorted([*warned, *handed], key=lambda one: one.at):
        before = coming[-1].handing if coming else None
        coming.append(one if one.now else replace(one, handing=before))
    return coming


def _handing_words(handing: Handing) -> str:
    return words.instant_words(words.HANDED_ON if handing.able else words.NOBODY)


def _instants(rota: _Rota, coming: Sequence[_Comes]) -> Iterator[Instant]:
    carried: Carried | None = None
    for number, one in enumerate(coming):
        until = coming[number + 1].at if number + 1 < len(coming) else None
        cases = one.handing.cases() if one.handing is not None else (None,)
        ways = [list(_steps(_case(rota, one, to), one.at, until, None if one.now else carried)) for to in cases]
        steps = _merged(ways)
        carried = Carried(steps[-1].telling.step, steps[-1].telling.next_at)
        yield Instant(one.words, one.at, steps, _surely(ways), one.handing if one.now else None)


def _case(rota: _Rota, one: _Comes, to: Hand | None) -> Callable[[datetime], Situation]:
    """How things stand at instants, in one of the ways it may have gone."""

    def stands(now: datetime) -> Situation:
        situation = rota.situation(now)
        if one.handing is None:
            return situation
        if one.now and now == one.at:
            return one.handing.begins(situation, to)
        return one.handing.goes_on(situation, to, now)

    return stands


def _steps(
    stands: Callable[[datetime], Situation], at: datetime, until: datetime | None, carried: Carried | None
) -> Iterator[Step]:
    step, already, now = NOT_BEGUN, set[int](), at
    for _ in range(MOST_STEPS):
        telling = alerting.tell_on(stands(now), step, now, already, carried)
        yield Step(now, telling)
        step, carried = telling.step, None
        already |= {one.who.key for one in telling.told}
        if telling.next_at is None or (until is not None and telling.next_at >= until):
            return
        now = telling.next_at


def _merged(ways: Sequence[Sequence[Step]]) -> tuple[Step, ...]:
    """The steps of all ways it may go, as one: who is told in each of them for sure, and who only in some."""
    merged = []
    for at in sorted({step.at for way in ways for step in way}):
        some = [step for way in ways for step in way if step.at == at]
        everybody = sorted((one for step in some for one in step.told), key=lambda one: one.standing)
        told = {one.who.key: one for one in everybody}  # as whatever they stand in every case
        times = Counter(one.who.key for step in some for one in step.told)
        unsure = frozenset(key for key, number in times.items() if number < len(ways))
        merged.append(Step(at, replace(some[0].telling, told=tuple(told.values())), unsure))
    return tuple(merged)


def _surely(ways: Sequence[Sequence[Step]]) -> dict[int, datetime]:
    """By when each is told who is told in every way it may go, be it sooner in some of them."""
    firsts = [{one.who.key: step.at for step in reversed(way) for one in step.told} for way in ways]
    return {key: max(first[key] for first in firsts) for key in firsts[0] if all(key in first for first in firsts)}
