"""Decides in which words a simulation is asked: accounts as lines, what comes to them as streams, people and days.

How what comes is drawn is left to drawing, and what becomes of it to simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sociable.domain.cover.queueing import Floats, Indices, OnDuty
from sociable.domain.cover.terms import Terms


@dataclass(frozen=True, slots=True)
class Stream:
    """What comes to an account by one channel.

    `days_vary` says how far busy and quiet days lie apart beyond chance (0: not at all; 0.1: by about a third either way), and
    `unsure` the same of the whole level, which we only know from history. Handling times vary by `handling_varies`, their
    standard deviation as a share of their mean; 1 gives the exponential times of the textbooks.

    Shape:  expected is the requests of each half hour
    Units:  minutes; without patience nobody gives up
    """

    expected: Floats
    handling_minutes: float
    handling_varies: float = 1.0
    patience_minutes: float | None = None
    days_vary: float = 0.0
    unsure: float = 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that is open at the start: the share of its promise used, and when it is due, in minutes from then."""

    share: float
    due_at: float


@dataclass(frozen=True, slots=True)
class Line:
    """One account with its promise, what comes to it, and what waits there already, the next to be answered first."""

    terms: Terms
    streams: Sequence[Stream]
    waiting: Sequence[Waiting] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of time with its accounts and people. `days` numbers the day that each half hour belongs to, from 0."""

    lines: Sequence[Line]
    people: Sequence[OnDuty]
    days: Indices
    slowing: float = 0.5
