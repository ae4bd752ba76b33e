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
LAPSES_AFTER = timedelta(days=30)
"""How long after the last line a browser can still read a chat: computers are shared, sold and lost."""
FEW = 5
"""Where fewer than this had an answer, nothing is said about how long the next will wait."""


def ends_at(*, said_at: datetime, here_at: datetime, waiting: bool) -> datetime:
    """This function will say when a chat ends if nothing more happens: nobody is shown out for having waited long.

    Shape:  `said_at` is when either side last spoke, `here_at` the last sign of life of their browser; `waiting` for us
    """
    return max(said_at, here_at) + AWAY if waiting else said_at + QUIET


def has_lapsed(said_at: datetime, now: datetime) -> bool:
    """This function will say whether the browser in which a chat was held can no longer read it."""
    return now - said_at >= LAPSES_AFTER


@dataclass(frozen=True, slots=True)
class Lately:
    """How long a first answer took the last `number` people: half had one within `half`, nine in ten within `most`.

    Shape:  None where so many have had none yet
    """

    number: int
    half: timedelta | None
    most: timedelta | None


def lately(answered: Sequence[timedelta], unanswered: Sequence[timedelta]) -> Lately | None:
    """This function will sum up how long people waited for a first answer; None where too few had one to say anything.

    Shape:  `unanswered` are the waits so far of those who had none, so that a desk at which nobody answers does not look quick,
            and one at which somebody has just begun to wait neither
    Source: Kaplan and Meier, Nonparametric estimation from incomplete observations (1958)
    """
    if len(answered) < FEW:
        return None
    every = [*answered, *unanswered]
    within: dict[int, timedelta] = {}
    still_waiting = 1.0
    for length in sorted(set(answered)):
        at_risk = sum(one >= length for one in every)
        still_waiting *= 1 - answered.count(length) / at_risk
        for percent in (50, 90):
            if still_waiting <= 1 - percent / 100 + 1e-9:
                within.setdefault(percent, length)
    return Lately(len(every), within.get(50), within.get(90))


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
