"""Decides when a web chat ends by itself, and how long a wait in it is likely to be, from waits that really were.

Which chats and waits there are is asked elsewhere; a chat that ends answers nobody, so no clock is touched here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

QUIET = timedelta(minutes=10)
"""How long after our answer nothing more is said before a chat ends."""
AWAY = timedelta(minutes=10)
"""How long a browser shows no sign of life before whoever waits in it is taken to have gone."""
FEW = 5
"""Of fewer waits than this nothing is said about how long the next will be."""


def ends_at(*, said_at: datetime, here_at: datetime, waiting: bool) -> datetime:
    """This function will say when a chat ends if nothing more happens: nobody is shown out for having waited long.

    Shape:  `said_at` is when either side last spoke, `here_at` the last sign of life of their browser; `waiting` for us
    """
    return max(said_at, here_at) + AWAY if waiting else said_at + QUIET


@dataclass(frozen=True, slots=True)
class Lately:
    """How long people waited lately: `number` of them, half no longer than `half`, nine in ten no longer than `most`."""

    number: int
    half: timedelta
    most: timedelta


def lately(waits: Sequence[timedelta]) -> Lately | None:
    """This function will sum up how long people waited; None where they are too few to say anything.

    Shape:  whoever waits still is among them with the time so far, so that a desk nobody answers at does not look quick
    """
    if len(waits) < FEW:
        return None
    ordered = sorted(waits)
    return Lately(len(ordered), _rank(ordered, 50), _rank(ordered, 90))


def _rank(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """The wait that so many per cent did not exceed, one that really was (nearest rank)."""
    return ordered[ceil(len(ordered) * percent / 100) - 1]


def about(length: timedelta) -> str:
    """This function will say a wait as roughly as it is known, rounded up: "less than a minute", "about 2 minutes", "about 1 hour"."""
    minutes = length / timedelta(minutes=1)
    if minutes <= 0.75:
        return "less than a minute"
    if minutes < 50:
        whole = ceil(minutes) if minutes < 10 else 5 * ceil(minutes / 5)
        return f"about {whole} minute{'' if whole == 1 else 's'}"
    hours = ceil(minutes / 60)
    return f"about {hours} hour{'' if hours == 1 else 's'}"
