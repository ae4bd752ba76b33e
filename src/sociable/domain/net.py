"""Decides whether a request near its time is handed on, and to whom of those on duty.

Who is on duty, and what each has in hand, is read elsewhere; putting it into their hands and telling them is left to the rooms above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sociable.domain.alerting import Situation, Somebody, Standing
from sociable.domain.worktime import Calendar, NeverOpen

AGAIN, AGAIN_WHEN_LATE = timedelta(minutes=5), timedelta(minutes=30)
USUAL_PERCENT, EARLIEST_PERCENT, LATEST_PERCENT = 80, 50, 99
"""Share of the promised time after which it is near: past the second warning, with a fifth of the time left to answer."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever has the request in hand now."""

    name: str
    on_duty: bool
    away: bool = False
    writing: bool = False

    @property
    def is_at_work(self) -> bool:
        """Whether it stays with them: they are on duty, or write in it at this moment though their shift is over."""
        return self.on_duty or (self.writing and not self.away)


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody on duty. `cannot` says why they are handed no more; empty: they can. `looks`: they have the request open now."""

    key: int
    name: str
    in_hand: int = 0
    looks: bool = False
    cannot: str = ""


def choose(hands: Sequence[Hand]) -> Hand | None:
    """This function will choose who takes it: whoever has it open, else whoever has the fewest in hand; None where nobody can.

    Shape:  of several with as few, the one who stands first in `hands`, so that the choice is the same however often it is made
    """
    return min(able(hands), key=lambda hand: (not hand.looks, hand.in_hand), default=None)


def able(hands: Sequence[Hand]) -> list[Hand]:
    """This function will list whoever could take it, one of whom is chosen."""
    return [hand for hand in hands if not hand.cannot]


def again_at(now: datetime, due_at: datetime | None, calendar: Calendar | None, back_at: datetime | None) -> datetime:
    """This function will say when to look again: soon, while it can still be in time; not before it comes back from being put off.

    Shape:  never while the account is closed
    """
    soon = now + (AGAIN if due_at is not None and due_at > now else AGAIN_WHEN_LATE)
    if back_at is not None:
        soon = max(soon, back_at)
    try:
        return calendar.next_open(soon) if calendar is not None else soon
    except NeverOpen:
        return soon


def handed(situation: Situation, to: Somebody, why: str) -> Situation:
    """This function will say how things stand for a request that was handed to somebody: they are told first."""
    whys = {Standing.HOLDER: f"It was handed to you: {why}. Say so on the page if you cannot take it."}
    return replace(situation, holder=to, whys=whys)


def to_nobody(situation: Situation, hands: Sequence[Hand]) -> Situation:
    """This function will say how things stand where nobody can take it: whoever is named is told first, and then the others."""
    why = f"{nobody_words(situation.account, hands)} You are named for that."
    return replace(situation, holder=None, duty=(), whys={Standing.NAMED: why})


def before_words(holder: Holder | None) -> str:
    """This function will say why it is handed on: who had it, if anybody."""
    if holder is None:
        return "nobody had it"
    return f"{holder.name}, who had it, is {'away' if holder.away else 'not on duty now'}"


def nobody_words(account: str, hands: Sequence[Hand]) -> str:
    """This function will say why it can be handed to nobody."""
    if not hands:
        return f"Nobody is on duty for {account} now."
    return f"Nobody on duty for {account} can take it: {'; '.join(hand.cannot for hand in hands)}."


def had_words(name: str, handed_back: bool = False) -> str:
    """This function will say that somebody was handed it before: nobody is handed the same twice."""
    return f"{name} {'handed it back' if handed_back else 'was handed it before'}"


def may_not_words(name: str) -> str:
    """This function will say that somebody is on duty and may not answer."""
    return f"{name} may not answer there"


def full_words(name: str, in_hand: int, most: int) -> str:
    """This function will say that somebody has as many in hand as one is to have; empty where they have not, or there is no limit."""
    if not most or in_hand < most:
        return ""
    return f"{name} has {in_hand} request{'' if in_hand == 1 else 's'} in hand, the most at once"
