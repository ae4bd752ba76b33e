"""Decides what a rota must reckon with: who is ready and in, what is open, which limits hold and what is fixed.

How a rota is found from it is left to proposal; where the facts come from is left to who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sociable.domain.cover.limits import Limits
from sociable.domain.errors import DomainError

SLOT = timedelta(minutes=30)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
EVERY_DAY = frozenset(range(7))


class ProblemError(DomainError):
    """A rota that cannot even be asked for."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, half-open, between two instants."""

    starts_at: datetime
    ends_at: datetime

    def covers(self, at: datetime) -> bool:
        """This function will say whether an instant lies inside."""
        return self.starts_at <= at < self.ends_at

    def meets(self, other: Span) -> bool:
        """This function will say whether the two share any time."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True)
class Away:
    """Time for which somebody is away. `reason` is what colleagues may read: on leave, in training."""

    span: Span
    reason: str = "away"


@dataclass(frozen=True, slots=True)
class Wish:
    """When somebody would rather work (`rather`) or would rather be free; never a promise. `weight` is how much it matters."""

    span: Span
    rather: bool
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Need:
    """A stretch of an account's stated hours and how many people it needs then."""

    span: Span
    people: int = 1


@dataclass(frozen=True, slots=True)
class Ready:
    """From when and until when somebody is ready for an account; None is without beginning or end."""

    since_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and when it needs how many people. `promise` is how much open time an answer may take."""

    account_id: int
    name: str
    needs: tuple[Need, ...]
    promise: timedelta = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be put on the rota.

    Shape: `works` is when their working pattern has them in, spans ascending and apart; `away` is taken off it;
    `hours_in_words` ends the sentence "Jen …": works mornings
    """

    person_id: int
    name: str
    ready: Mapping[int, Ready]
    works: tuple[Span, ...]
    away: tuple[Away, ...] = ()
    limits: Limits = field(default_factory=Limits)
    wishes: tuple[Wish, ...] = ()
    hours_in_words: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A shift as the rota writes it: when it starts in minutes after local midnight, how long it lasts, and on which days.

    Shape: `weekdays` are those on which it begins, 0 Monday to 6 Sunday
    """

    name: str
    starts_minute: int
    length: timedelta
    weekdays: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """One person's time on duty and the accounts they then look after."""

    starts_at: datetime
    ends_at: datetime
    person_id: int
    accounts: tuple[int, ...]

    @property
    def span(self) -> Span:
        """When it is."""
        return Span(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each thing short of perfect costs, in points; only what they are beside one another matters.

    A half hour without anybody outweighs all else that could be spared by leaving it: holes come first.
    """

    hole: int = 60
    """for each half hour and each person missing"""
    unwished: int = 2
    """for each half hour that somebody would rather be free, times how much it matters"""
    wish_granted: int = 1
    """less, for each half hour that somebody would rather work, times how much it matters"""
    shift: int = 7
    """for each shift: fewer shifts are fewer hand-overs"""
    face: int = 3
    """for each person put on the rota of a week: fewer of them are more often the same for an account"""
    further: int = 4
    """for each shift after somebody's first, besides: more than a face, so that nobody has a second while others could have had it"""
    uneven: int = 1
    """for each half hour past somebody's first shift, times the sixteenths of what they could work that lie before it"""
    moved: int = 50
    """for each published shift that does not stay: less than a half hour without anybody, or twelve shared four steps less evenly"""


@dataclass(frozen=True, slots=True)
class Problem:
    """A rota to be filled from one instant to another.

    Shape: `fixed` are shifts that stay as they are, those around the span among them; `present` is today's rota, for
    comparison, and `movable` what of it may be moved at a cost; without `patterns` a shift begins and ends where an account
    or a person does
    Units: instants are aware UTC on half hours; days and weeks are those of `zone`
    """

    span: Span
    accounts: tuple[Account, ...]
    people: tuple[Person, ...]
    patterns: tuple[Pattern, ...] = ()
    fixed: tuple[Shift, ...] = ()
    present: tuple[Shift, ...] = ()
    movable: tuple[Shift, ...] = ()
    zone: str = "Europe/London"
    weights: Weights = field(default_factory=Weights)
