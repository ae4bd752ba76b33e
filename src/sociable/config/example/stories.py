"""Says what a story of the example is made of: a resident's first message and the steps that follow it.

The stories themselves stand in council and trusts; when each step happened and how it is told is left to history.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


def h(hours: float) -> timedelta:
    """This function will return hours of open time."""
    return timedelta(hours=hours)


def m(minutes: float) -> timedelta:
    """This function will return minutes of open time."""
    return timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened so much open time after the step before it; `text` is what was said or the reason."""

    after: timedelta
    text: str = ""


@dataclass(frozen=True, slots=True)
class Done(Step):
    """A step of a member of staff."""

    by: str = "hannah"


@dataclass(frozen=True, slots=True)
class Answered(Done):
    """They answered."""


@dataclass(frozen=True, slots=True)
class Acknowledged(Done):
    """They said only that they have it."""


@dataclass(frozen=True, slots=True)
class Noted(Done):
    """They wrote a note to colleagues."""


@dataclass(frozen=True, slots=True)
class Took(Done):
    """They took it to answer it."""


@dataclass(frozen=True, slots=True)
class PutOff(Done):
    """They put it off until later in the day or the next."""


@dataclass(frozen=True, slots=True)
class MovedAhead(Done):
    """They moved it ahead for need."""


@dataclass(frozen=True, slots=True)
class Closed(Done):
    """They closed it."""


@dataclass(frozen=True, slots=True)
class NotARequest(Done):
    """They said that it asks for nothing."""


@dataclass(frozen=True, slots=True)
class Wrote(Step):
    """The resident wrote again, in the same thread of mail."""


@dataclass(frozen=True, slots=True)
class Returned(Step):
    """The last answer came back: the address does not exist."""


@dataclass(frozen=True, slots=True)
class Story:
    """A request. It was made `ago` before now in open time, or so that `share` of its promise is used now.

    Shape:  early moves it to so long before the opening of that day, when nobody was there
    """

    account: str
    who: str
    subject: str
    text: str
    steps: tuple[Step, ...] = ()
    ago: timedelta = timedelta()
    share: float = 0.0
    early: timedelta = timedelta()
    channel: str = "email"
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    html: str = ""
    picture: str = ""
    suspected: str = ""

    @property
    def from_address(self) -> str:
        """The resident's own address."""
        return self.address or f"{self.who.lower().replace(' ', '.').replace(chr(39), '')}@post.example"
