"""Decides what a channel is: what it may be asked to do and the shapes that cross its border.

Leaves what is stored, when a thing is tried again and whose wait it begins to the rooms above.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

Automatic = Literal["", "auto_reply", "bounce", "list", "own"]
# Who can read it. Empty: the channel has no choice, and its capabilities say which it is.
Visibility = Literal["", "public", "unlisted", "followers", "private"]
# What a raw item tells. "noted" asks for nothing (a like, a read receipt of no message of ours); "unknown" is of a kind the
# adapter does not know: it is kept and shown, and read again by an adapter that does.
Happening = Literal["said", "edited", "withdrawn", "delivery", "noted", "unknown"]
# How a text is counted; the schemes themselves are in domain/text.
Counting = Literal["characters", "graphemes", "bytes", "x", "mastodon", "sms"]


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


PAUSE_WHERE_NONE_IS_TOLD = timedelta(minutes=1)


class RateLimited(ChannelError):
    """The network asks for a pause; `retry_after` is how long, by its own headers, None where it does not say."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def pause(self) -> timedelta:
        """How long to wait: as told, else a minute."""
        return self.retry_after or PAUSE_WHERE_NONE_IS_TOLD


class LogInRefused(ChannelError):
    """The network no longer takes what the account logs in with: it expired, was revoked or is wrong. A person must mend it."""


class CallRefused(ChannelError):
    """A call to our webhook that the network did not make, or that cannot be read; `status` is the HTTP status it gets."""

    def __init__(self, message: str, status: int = 403) -> None:
        super().__init__(message, permanent=True)
        self.status = status


class SettingsRefused(ChannelError):
    """An account's settings cannot work; `problems` holds a sentence for each field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()), permanent=True)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class RawItem:
    """One thing as the network handed it over, before anybody reads it.

    `remote_id` is the same however often, and over whichever way, the same thing arrives; an edit of it or its removal is
    another thing. `cursor` is where to go on once this item is stored. `size_bytes` is the network's own figure:
    where it exceeds the content, the network was asked for no more than the account's limit. `to_account` is the network's
    own id of the account it is for, where one webhook serves several.
    """

    remote_id: str
    content: bytes
    received_at: datetime | None
    cursor: str = ""
    size_bytes: int = 0
    to_account: str = ""

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
    person pressed send, put in the Date header where the network has one. `alt_texts` stand beside `attachments`, one each.
    `visibility` says who may read it; `reply_ref` is what the network gave with the message that is answered (or with the part
    before this one), `heard_at` when they last wrote here, from which a reply window runs. `template` names an approved
    message where the network takes no other: name, language, values.
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
    alt_texts: tuple[str, ...] = ()
    visibility: Visibility = ""
    reply_ref: Mapping[str, Any] = field(default_factory=dict)
    heard_at: datetime | None = None
    template: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """The network's word that it took a message, and how far it says the message got.

    `link` is where it can be seen; `reply_ref` is what the network wants back when something answers it; `thread_key` is that of
    `Parsed`, where the message may be the first in a private thread, so that what comes back there finds its conversation.
    """

    state: Literal["accepted", "delivered"]
    remote_id: str
    detail: str
    link: str = ""
    reply_ref: Mapping[str, Any] = field(default_factory=dict)
    thread_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a network can carry, as data; None means that it states no limit. An administrator may set other limits.

    Units:  longest_text counts by `counting`, longest_bytes the same text in UTF-8; attachments_bytes is the sum for one
            message; windows run from the moment they last wrote
    Shape:  `private`: only they and we read it. `private_replies`: what was said in public can be answered in private.
            `most_parts`: into how many numbered parts an answer may be split. `idempotent`: the same key twice is one
            message there. `ids_of_network`: the network itself gives every message an id nobody can borrow.
            `by_mail_server`: an account that is not connected sends by the installation's own server. `live`: somebody
            waits at the other end, so an answer leaves at once. `by_hand`: a person hears and answers it outside and notes
            it here, so what is written reaches them only at an address they gave. `reaches`: the kind of address to which it can
            be sent without their having written here first. `late_window`: until when a person may still answer after
            `reply_window`; `templates`: what may be sent after both. `ask_every`: how often it is asked for what is new, where
            that should be less often than others: it calls us, and counts our calls
    Source: `source`, as it stood on `as_of_on`
    """

    longest_text: int | None
    counting: Counting = "characters"
    longest_bytes: int | None = None
    private: bool
    private_replies: bool = False
    longest_private_text: int | None = None
    counting_private: Counting = "characters"
    threads: bool
    most_parts: int = 1
    attachments_bytes: int | None
    attachments_most: int | None = None
    alt_text: bool = False
    reply_window: timedelta | None = None
    late_window: timedelta | None = None
    templates: bool = False
    ask_every: timedelta | None = None
    idempotent: bool = False
    ids_of_network: bool = False
    by_mail_server: bool = False
    live: bool = False
    by_hand: bool = False
    reaches: str = ""
    source: str
    as_of_on: date


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting that connects an account, as the office asks for it.

    Shape:  `secret` is sealed and never shown again; `elsewhere`: another value means reading begins anew; `needs` names the
            setting without which this one means nothing; `choices` are (value, words); `group` is its heading;
            `told_secrets`: it names the server that is shown the secrets, which are asked for anew when it is another
    """

    name: str
    label: str
    help: str = ""
    group: str = "Connection"
    kind: Literal["text", "number", "choice", "yes_no", "lines"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    secret: bool = False
    elsewhere: bool = False
    needs: str = ""
    told_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """What the network says of the account itself. `limits` are fields of Capabilities as this very server sets them."""

    network_id: str
    handle: str = ""
    link: str = ""
    expires_at: datetime | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call to our webhook, as it came. Header names are in lower case."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a call brought, item by item, and what it is answered: a challenge is answered in words and brings nothing."""

    items: tuple[RawItem, ...] = ()
    answer: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Known:
    """What a network tells of somebody whom it names by an id alone; empty what it does not tell."""

    name: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A message the network has approved: the only one it takes once they can no longer be written to freely.

    Shape:  `blanks` are the names of what must be filled in; in `text` each stands between two pairs of braces
    """

    name: str
    language: str
    text: str
    blanks: tuple[str, ...] = ()
    category: str = ""


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
    alt_text: str = ""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that did not come with its message: `ref` is what `Downloads` needs to bring it."""

    ref: str
    name: str
    declared_type: str = ""
    size_bytes: int = 0
    alt_text: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the network says became of a message of ours. `permanent` is its word that a failure is final."""

    state: Literal["accepted", "delivered", "failed"]
    detail: str
    permanent: bool = True


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

    On a network, `message_id` is its id of the message, `from_address` the sender's lasting id of the kind `identity_kind`,
    and `from_handle` the name people know; `thread_key` is the same for all that is said in one private conversation or under
    one post. `about_id` names the message that was edited (whole new text here), withdrawn, or whose `delivery` is told;
    `first_said_at` is when what was edited was first said, where an edit tells.
    `references` may hold our own key, where the network gives it back. `by_account`: the account itself said it, through
    the network's own app or through us; `answers_whom` is then the lasting id of whoever wrote what it answers, where that is
    told. `reply_ref` is what the network wants back when this is answered; it is kept as
    JSON, and where it says `takes`, so much of the room of every message that answers is taken before the answer's own
    words (who is named, a warning that is repeated), counted as its network counts.
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
    identity_kind: str = "email"
    from_handle: str = ""
    visibility: Visibility = ""
    link: str = ""
    reply_ref: Mapping[str, Any] = field(default_factory=dict)
    thread_key: str = ""
    happening: Happening = "said"
    about_id: str = ""
    first_said_at: datetime | None = None
    delivery: Delivery | None = None
    by_account: bool = False
    answers_whom: str = ""
    files: tuple[RemoteFile, ...] = ()


def said(**known: Any) -> Parsed:
    """Return what was read, with every fact that a network does not know left empty.

    Shape:  `sent_at` and `sent_at_why` must be given
    """
    facts: dict[str, Any] = {
        **dict.fromkeys(("message_id", "in_reply_to", "subject", "from_name", "from_address", "reply_to"), ""),
        **dict.fromkeys(("references", "to", "cc", "delivered_to", "attachments", "problems"), ()),
        **dict.fromkeys(("text", "automatic", "automatic_why"), ""),
        **dict.fromkeys(("html", "written_at", "bounce_of"), None),
        **dict.fromkeys(("message_id_made", "may_acknowledge", "truncated"), False),
    }
    return Parsed(**{**facts, **known})


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
