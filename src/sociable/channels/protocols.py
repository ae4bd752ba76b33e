"""Decides what a channel may be asked to do beside reading: each part is kept to whole, or left out.

Leaves when a channel is asked to the rooms above, which look at the parts it keeps to.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from sociable.channels.shapes import Call, Fetched, Heard, Known, Outgoing, RawItem, Receipt, Template, Who


def nothing() -> None:
    """Do nothing: nobody needs to know when a message is handed over."""


@runtime_checkable
class Fetches(Protocol):
    """A channel that is asked for what is new. One adapter object belongs to one thread."""

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return what came after the cursor (an empty one means from the start), oldest first."""
        ...

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out everything there today."""
        ...

    def wait(self, timeout: timedelta) -> bool:
        """Wait until something may be new (True) or the time is over (False)."""
        ...


@runtime_checkable
class Sends(Protocol):
    """A channel that carries answers out. Where that hangs on its settings, the adapter says so as `can_send`."""

    def close(self) -> None:
        """Let go of any connection."""
        ...

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand one message to the network, or raise `ChannelError`.

        `before_handover` is called once, just before the step after which the network may have the message
        and not a moment sooner; when it raises, the message is not handed over.
        """
        ...


@runtime_checkable
class Hears(Protocol):
    """A channel whose network calls us when something is new."""

    def hear(self, call: Call) -> Heard:
        """Make sure that the network made this call, and split it into raw items; a challenge is answered.

        Every item is kept, also one of an unknown kind. What is forged or cannot be read raises `CallRefused`.
        """
        ...


@runtime_checkable
class Finds(Protocol):
    """A channel that can be asked what became of a message whose fate is not known."""

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of a message that is there, None where it certainly is not and may be sent again.

        Where the network does not tell for sure, raise `ChannelError`, permanent if it never will.
        """
        ...


@runtime_checkable
class Lists(Protocol):
    """A channel that can be asked again for all that it had for us, so that what is stored can be held against it."""

    def listed(self, since: datetime, until: datetime) -> Iterable[RawItem]:
        """Return everything that reached the account in a half-open stretch of time, with the remote ids of `fetch`."""
        ...


@runtime_checkable
class Downloads(Protocol):
    """A channel whose files are fetched after the message that has them."""

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return the bytes of a `RemoteFile`, from the network's own hosts alone; `ChannelError` where larger than the limit."""
        ...


@runtime_checkable
class Introduces(Protocol):
    """A channel that can say which account it speaks for, under which limits, and until when it may."""

    def who(self) -> Who:
        """Ask the network who the account is."""
        ...


@runtime_checkable
class Names(Protocol):
    """A channel that tells of people by an id alone, and can be asked who they are."""

    def name_of(self, address: str) -> Known:
        """Return what the network tells of whoever has this address."""
        ...


@runtime_checkable
class Approves(Protocol):
    """A channel whose network takes only messages it has approved once they can no longer be written to freely."""

    def templates(self) -> list[Template]:
        """Return the approved messages that can be filled in here."""
        ...


@runtime_checkable
class AnswersForOthers(Protocol):
    """A channel on which one account can answer what was said to another."""

    @staticmethod
    def answers_for(own: Mapping[str, Any], others: Mapping[str, Any], visibility: str) -> bool:
        """Say whether an account with settings `own` can answer what one with settings `others` heard, said so visibly."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A channel that keeps a log-in between calls: `session` is sealed and given back in the settings as `session`."""

    session: str
