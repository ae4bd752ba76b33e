"""Decides what a route is that carries a notice to one person of staff, and the shape of what it carries.

Leaves who is told, and what happens when a route fails, to the rooms above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

LONGEST_ADDRESS_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Parcel:
    """One notice on its way: `means` is what its route needs of the installation (a mail server, a key), `key` is the same for
    the same notice however often it is made.

    `link` opens what it is about, `tap` is where its person says that they have it; empty: nobody waits for that. In a try the
    two are one: that it arrived is all there is to say.
    """

    key: str
    address: str = field(repr=False)
    title: str
    text: str
    link: str
    tap: str
    at: datetime
    means: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> str:
        """The text with both addresses, where there is room for them; what asks for no word has no tap."""
        opens = [] if self.link == self.tap else [f"Open it: {self.link}"]
        return "\n\n".join([self.text, *([f"{self.tap_says}: {self.tap}"] if self.tap else []), *opens])

    @property
    def tap_says(self) -> str:
        """What is said by the tap."""
        return "It arrived" if self.link == self.tap else "I have it"


class Carrier(Protocol):
    """One kind of route. All it needs comes with the parcel; what it keeps is a connection that the next parcel may use."""

    kind: ClassVar[str]
    at_once: ClassVar[int]  # how many it hands over beside one another
    at_one_place: ClassVar[int]  # how many of them to the same server

    def check(self, address: str, means: Mapping[str, Any]) -> str:
        """Return an address in the form in which it is kept.

        Shape:  `means` is what its route needs of the installation to know it
        Errors: ChannelError with what to mend
        """
        ...

    def place(self, parcel: Parcel) -> str:
        """Name what carries it: when that does not answer, all that goes by it takes another route."""
        ...

    def hand_over(self, parcel: Parcel) -> str:
        """Hand one notice over and return what the route said.

        Errors: ChannelError, permanent where the address is gone for good; RateLimited; OutcomeUnknown
        """
        ...

    def get_ready(self) -> None:
        """Load what is large, before anything is said to leave."""
        ...

    def rest(self, seconds: float) -> None:
        """Let go of connections that carried nothing for so long; asked again and again."""
        ...


class KeepsNothing:
    """What a carrier inherits that opens a connection for each parcel, and loads nothing large."""

    def get_ready(self) -> None:
        """Do nothing: it is ready."""

    def rest(self, seconds: float) -> None:
        """Do nothing: there is nothing to let go of."""
