"""Decides by which ways an answer may leave that is too long, or too private, to go as it stands; in one steady order.

What a network can carry and what an account allows are given; what is sent by the chosen way is left to the journey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sociable.domain.text import CannotSplit, Finding, Limit, Measured, fits, measure, split


class Way(StrEnum):
    """One way for an answer to leave, in the order in which they are offered."""

    AS_IT_IS = "as-it-is"
    THREAD = "thread"
    PRIVATE = "private"
    LINK = "link"
    EMAIL = "email"


# What onlookers read when an answer goes on elsewhere; whoever answers may put it in their own words.
CLOSING = {
    Way.PRIVATE: "We have answered you in a private message.",
    Way.LINK: "We have sent you a private link to our answer.",
    Way.EMAIL: "We have answered you by email.",
}
LINK_LINE = "Here is our full answer:"  # and then the link


@dataclass(frozen=True, slots=True)
class Carrier:
    """What the place where an answer would go as it stands can carry, and what its account allows.

    Shape:  `public`: others can read what we say there; `private_replies`: what was said there can be answered in private;
            `email` is an address that is known already; `shut`: nothing of ours can be said there, so it goes by email or not
    """

    public: bool = False
    limits: tuple[Limit, ...] = ()
    most_parts: int = 1
    private_replies: bool = False
    private_limits: tuple[Limit, ...] = ()
    email: str = ""
    allowed: frozenset[Way] = frozenset(Way)
    shut: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether anything can stand against an answer here."""
        return self.shut or self.public or bool(self.limits)


@dataclass(frozen=True, slots=True)
class Offer:
    """One way that is open, in words, and what it would send: the parts, who reads them, and whether onlookers are told."""

    way: Way
    words: str
    parts: tuple[str, ...]
    in_public: bool = False
    leaves_line: bool = False
    asks_email: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands against an answer as it is, and the ways that are open instead."""

    measured: tuple[Measured, ...]
    exposed: tuple[Finding, ...]
    offers: tuple[Offer, ...]

    @property
    def over(self) -> int:
        """By how much it is too long; 0 where it fits."""
        return max((-one.left for one in self.measured), default=0) if self.too_long else 0

    @property
    def too_long(self) -> bool:
        """Whether one message cannot hold it."""
        return any(one.left < 0 for one in self.measured)

    def offer(self, way: Way) -> Offer | None:
        """The offer of a way, where it is open."""
        return next((one for one in self.offers if one.way == way), None)


def judge(text: str, carrier: Carrier, found: Sequence[Finding] = ()) -> Judged:
    """This function will say what stands against a text and which ways are open for it, in the order in which they are offered.

    Shape:  the first offer is the text as it is, to be shortened where it is too long; `found` counts only where it is public
    Source: mission M9; the order is that of the smallest step for whoever asked
    """
    text = text.strip()
    exposed = tuple(found) if carrier.public else ()
    measured = tuple(measure(text, limit) for limit in carrier.limits)
    judged = Judged(measured, exposed, ())
    offers = (
        _as_it_is(text, carrier, judged),
        _in_parts(text, carrier, judged),
        _in_private(text, carrier),
        _by_link(text, carrier, judged),
        _by_email(text, carrier),
    )
    return Judged(measured, exposed, tuple(one for one in offers if one and _open(one.way, carrier)))


def _open(way: Way, carrier: Carrier) -> bool:
    if carrier.shut:
        return way in (Way.AS_IT_IS, Way.EMAIL)
    return way is Way.AS_IT_IS or way in carrier.allowed


def _as_it_is(text: str, carrier: Carrier, judged: Judged) -> Offer:
    words = "As it is"
    if judged.too_long:
        words = f"Shorten it: it is {too_many(judged)}"
    elif judged.exposed:
        words = "Take out what is private, or say why it must be said in public"
    return Offer(Way.AS_IT_IS, words, (text,), in_public=carrier.public)


def too_many(judged: Judged) -> str:
    """This function will say by how much a text is too long, by the limit that it passes by most."""
    worst = min(judged.measured, key=lambda one: one.left)
    unit = worst.said if worst.left != -1 else worst.said.removesuffix("s")
    return f"{-worst.left} {unit} too long"


def _in_parts(text: str, carrier: Carrier, judged: Judged) -> Offer | None:
    parts = _cut(text, carrier.limits, carrier.most_parts)
    if not judged.too_long or len(parts) < 2:
        return None
    return Offer(Way.THREAD, f"In {len(parts)} numbered parts", parts, in_public=carrier.public)


def _in_private(text: str, carrier: Carrier) -> Offer | None:
    if not carrier.public or not carrier.private_replies:
        return None
    parts = _cut(text, carrier.private_limits, carrier.most_parts)
    if not parts:
        return None
    words = "As a private message" if len(parts) == 1 else f"As {len(parts)} numbered private messages"
    return Offer(Way.PRIVATE, words, parts, leaves_line=True)


def _by_link(text: str, carrier: Carrier, judged: Judged) -> Offer | None:
    """Whoever has the link can read it: so it goes only where they alone read it, or where nothing in the answer is private."""
    if not carrier.is_narrow:
        return None
    if carrier.public and not carrier.private_replies:
        return None if judged.exposed else Offer(Way.LINK, "With a link to the full answer", (text,), in_public=True)
    return Offer(Way.LINK, "With a private link to the full answer", (text,), leaves_line=carrier.public)


def _by_email(text: str, carrier: Carrier) -> Offer | None:
    if not carrier.is_narrow:
        return None
    words = f"By email to {carrier.email}" if carrier.email else "By email"
    return Offer(
        Way.EMAIL, words, (text,), leaves_line=carrier.public and not carrier.shut, asks_email=not carrier.email
    )


def _cut(text: str, limits: Sequence[Limit], most: int) -> tuple[str, ...]:
    """The parts, none where it needs too many or cannot be cut."""
    if fits(text, limits):
        return (text,)
    try:
        parts = split(text, limits) if most > 1 else []
    except CannotSplit:
        return ()
    return tuple(parts) if len(parts) <= most else ()
