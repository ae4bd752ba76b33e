"""Decides what a channel is: what it may be asked to do and the shapes that cross its border.

Leaves what is stored, when a thing is tried again and whose wait it begins to the rooms above.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

Automatic = Literal["", "auto_reply", "bounce", "list", "own"]


class ChannelError(Exception):
    """Something a network, or the way to it, would not do; `message` is a sentence for people.

    `permanent` means that trying the same thing again cannot help. A refused log-in is not
    permanent: the account shows trouble, keeps trying, and recovers when the password is mended.
    """

    def __init__(self, message: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent


class OutcomeUnknown(ChannelError):
    """The network went quiet after the whole message was handed over: it may have been accepted."""


class SettingsRefused(ChannelError):
    """An account's settings cannot work; `problems` holds a sentence for each field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()), permanent=True)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class RawItem:
    """One thing as the network handed it over, before anybody reads it.

    `remote_id` is the same however often, and over whichever way, the same thing arrives.
    `cursor` is where to go on once this item is stored. `size_bytes` is the network's own figure:
    where it exceeds the content, the network was asked for no more than the account's limit.
    """

    remote_id: str
    content: bytes
    received_at: datetime | None
    cursor: str
    size_bytes: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of it is here."""
        return self.size_bytes <= len(self.content)


@dataclass
class Fetched:
    """What one fetch brought: items oldest first, the cursor after them, and whether to ask again."""

    items: list[RawItem]
    cursor: str
    more: bool


@dataclass(frozen=True)
class Outgoing:
    """One message to be sent. `message_id` is its idempotency key: made once, kept over retries.

    `envelope_from` is where bounces go (the from address when empty); `sent_at` is the instant the
    person pressed send, put in the Date header where the network has one.
    """

    message_id: str
    from_address: str
    from_name: str
    reply_to: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    automatic: bool = False
    sent_at: datetime | None = None
    envelope_from: str = ""


@dataclass(frozen=True)
class Receipt:
    """The network's word that it took a message, and how far it says the message got."""

    state: Literal["accepted", "delivered"]
    remote_id: str
    detail: str


@dataclass(frozen=True)
class Capabilities:
    """What a network can carry, as data; None means that it states no limit.

    Units:  longest_text counts `unit`; attachments_bytes is the sum for one message
    Source: `source`, as it stood on `as_of_on`
    """

    longest_text: int | None
    unit: Literal["characters", "graphemes", "bytes"]
    private: bool
    threads: bool
    attachments_bytes: int | None
    reply_window: timedelta | None
    source: str
    as_of_on: date


@dataclass(frozen=True)
class Finding:
    """One line of a check-up: what was tried, whether it works, and how to mend it if it does not."""

    ok: bool
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """One attachment: `declared_type` is the sender's word, `detected_type` what the bytes are."""

    name: str
    declared_type: str
    detected_type: str
    content: bytes = field(repr=False)
    inline_cid: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says: which of our messages, to whom, why, and whether it is final."""

    message_ids: tuple[str, ...]
    recipient: str
    status: str
    diagnostic: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read from raw bytes. Addresses are normalised; no text holds NUL or a lone surrogate.

    `sent_at` is when the message reached the network (the promise clock starts from it) and
    `sent_at_why` says how that was found; `written_at` is what the sender's own clock claims.
    `may_acknowledge` is narrower than "not automatic": a machine that only asks not to be answered
    still starts a wait, but is sent no automatic answer.
    """

    message_id: str
    message_id_made: bool
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    from_name: str
    from_address: str
    reply_to: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    delivered_to: tuple[str, ...]
    sent_at: datetime
    sent_at_why: str
    written_at: datetime | None
    text: str
    html: str | None
    attachments: tuple[ParsedAttachment, ...]
    automatic: Automatic
    automatic_why: str
    may_acknowledge: bool
    bounce_of: Bounce | None
    problems: tuple[str, ...]
    truncated: bool
    suspected_why: str = ""  # a person looks at it before a clock starts


@dataclass(frozen=True, slots=True)
class Named:
    """The conversation a message names by a mark of ours, and in words why that is believed."""

    conversation_id: int
    why: str


@runtime_checkable
class Adapter(Protocol):
    """What every channel has, whichever way its messages travel."""

    kind: ClassVar[str]
    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """Make an adapter for one account, or raise `SettingsRefused` with a sentence a field."""
        ...

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),
        is_ours: Callable[[str], bool] = ...,
        own_addresses: Collection[str] = (),
    ) -> Parsed:
        """Read one raw item: pure, never raises, never looks at a clock."""
        ...

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:
        """Say whether the network's id of a message shows that it was sent from here."""
        ...

    @staticmethod
    def conversation_named(parsed: Parsed, key: bytes) -> Named | None:
        """Return the conversation a message names by a mark of ours."""
        ...

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:
        """Return the idempotency key of one of our messages: the same at every try."""
        ...

    @staticmethod
    def reply_address_for(account_address: str, conversation_id: int, key: bytes) -> str:
        """Return where an answer to a conversation should be sent."""
        ...

    def check(self) -> list[Finding]:
        """Try every way in and out, and say what works and how to mend what does not."""
        ...

    def close(self) -> None:
        """Let go of any connection; the next call opens a new one."""
        ...


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


def nothing() -> None:
    """Do nothing: nobody needs to know when a message is handed over."""


@runtime_checkable
class Sends(Protocol):
    """A channel that carries answers out."""

    def close(self) -> None:
        """Let go of any connection."""
        ...

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand one message to the network, or raise `ChannelError`.

        `before_handover` is called once, just before the step after which the network may have the message
        and not a moment sooner; when it raises, the message is not handed over.
        """
        ...
