"""Decides which facts of a message are read from what a network handed over.

Leaves the reading to each network's folder, and what follows from it to the journeys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Automatic = Literal["", "auto_reply", "bounce", "list", "own"]
# Who can read it. Empty: the channel has no choice, and its capabilities say which it is.
Visibility = Literal["", "public", "unlisted", "followers", "private"]
# What a raw item tells. "noted" asks for nothing (a like, a read receipt of no message of ours); "unknown" is of a kind the
# adapter does not know: it is kept and shown, and read again by an adapter that does.
Happening = Literal["said", "edited", "withdrawn", "delivery", "noted", "unknown"]


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
