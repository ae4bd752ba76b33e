"""Decides the shapes that cross a channel's border: what is fetched and heard, what is sent, and what the network says of it.

Leaves what was said in a message to `parsed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sociable.channels.parsed import Visibility


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
