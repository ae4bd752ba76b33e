"""Decides what every channel has, and names all that a channel is made of, so that an adapter imports it from one place.

Leaves the errors, what is said as data, the shapes and the parts beside it to the modules of those names.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, runtime_checkable

from sociable.channels.capabilities import (
    Capabilities,
    Counting,
    Setting,
)
from sociable.channels.errors import (
    PAUSE_WHERE_NONE_IS_TOLD,
    CallRefused,
    ChannelError,
    LogInRefused,
    OutcomeUnknown,
    RateLimited,
    SettingsRefused,
)
from sociable.channels.parsed import (
    Automatic,
    Bounce,
    Delivery,
    Happening,
    Named,
    Parsed,
    ParsedAttachment,
    RemoteFile,
    Visibility,
    said,
)
from sociable.channels.protocols import (
    AnswersForOthers,
    Approves,
    Downloads,
    Fetches,
    Finds,
    Hears,
    Introduces,
    Lists,
    Names,
    Remembers,
    Sends,
    nothing,
)
from sociable.channels.shapes import (
    Call,
    Fetched,
    Finding,
    Heard,
    Known,
    Outgoing,
    RawItem,
    Receipt,
    Template,
    Who,
)

__all__ = [
    "PAUSE_WHERE_NONE_IS_TOLD",
    "Adapter",
    "AnswersForOthers",
    "Approves",
    "Automatic",
    "Bounce",
    "Call",
    "CallRefused",
    "Capabilities",
    "ChannelError",
    "Counting",
    "Delivery",
    "Downloads",
    "Fetched",
    "Fetches",
    "Finding",
    "Finds",
    "Happening",
    "Heard",
    "Hears",
    "Introduces",
    "Known",
    "Lists",
    "LogInRefused",
    "Named",
    "Names",
    "OneAccount",
    "OutcomeUnknown",
    "Outgoing",
    "Parsed",
    "ParsedAttachment",
    "RateLimited",
    "RawItem",
    "Receipt",
    "Remembers",
    "RemoteFile",
    "Sends",
    "Setting",
    "SettingsRefused",
    "Template",
    "Unmarked",
    "Visibility",
    "Who",
    "nothing",
    "said",
]

Config = TypeVar("Config")


@runtime_checkable
class Adapter(Protocol):
    """What every channel has, whichever way its messages travel."""

    kind: ClassVar[str]
    name: ClassVar[str]
    icon: ClassVar[str]  # one of the pictures of the house: social, chat, email, sms, phone, in-person, form
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[tuple[Setting, ...]]

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
        """Return the idempotency key of one of our messages: the same at every try.

        `account_address` is the account's own id at the network where that is known, else its address.
        """
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


class Unmarked:
    """What an adapter inherits whose network takes no marks of ours: its own ids tell what belongs together."""

    icon: ClassVar[str] = "social"

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:  # noqa: ARG004
        """Say no: the id alone does not show who sent it."""
        return False

    @staticmethod
    def conversation_named(parsed: Parsed, key: bytes) -> Named | None:  # noqa: ARG004
        """Return nothing: what is answered, and the thread, name the conversation."""
        return None

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:  # noqa: ARG004
        """Return a key that no network knows until it has taken the message and given its own id."""
        return f"sociable:{message_id}"

    @staticmethod
    def reply_address_for(account_address: str, conversation_id: int, key: bytes) -> str:  # noqa: ARG004
        """Return the account's own address."""
        return account_address


class OneAccount(Unmarked, Generic[Config]):
    """What an adapter of one account inherits whose network says of everything whose it is: reading needs nothing besides.

    Shape:  `configured` makes of typed settings what the adapter is made with, or raises `SettingsRefused`; `read` is `parse`
            without what only mail needs to be read
    """

    configured: ClassVar[Callable[..., Any]]
    read: ClassVar[Callable[..., Parsed]]

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """Return an adapter for one account.

        Errors: SettingsRefused with a sentence for each field
        """
        return cls(cls.configured(settings))

    @classmethod
    def parse(
        cls,
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),  # noqa: ARG003 - there is no envelope
        is_ours: Callable[[str], bool] = bool,  # noqa: ARG003 - the network says which account wrote it
        own_addresses: Collection[str] = (),  # noqa: ARG003
    ) -> Parsed:
        """Return what one raw item says; see `parse.parse` of each network."""
        return cls.read(content, fetched_at=fetched_at, received_at=received_at)
