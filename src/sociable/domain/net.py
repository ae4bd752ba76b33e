"""Decides whether a request near its time is handed on, and to whom of those on duty.

Who is on duty, and what each has in hand, is read elsewhere; putting it into their hands and telling them is left to the rooms above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    able = [hand for hand in hands if not hand.cannot]
    return min(able, key=lambda hand: (not hand.looks, hand.in_hand), default=None)


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


def full_words(name: str, in_hand: int, most: int) -> str:
    """This function will say that somebody has as many in hand as one is to have; empty where they have not, or there is no limit."""
    if not most or in_hand < most:
        return ""
    return f"{name} has {in_hand} request{'' if in_hand == 1 else 's'} in hand, the most at once"
