"""Decides how a call or a visit, typed by a member of staff while it happens, is written down raw and read again.

Leaves the page on which it is typed to the desk, and what each of the two is called to its own folder.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from sociable.channels.base import Capabilities, Finding, Named, Parsed, Setting, said
from sociable.channels.tidy import tidy

ABOUT = "conversation:"
_KEPT = ("text", "name", "phone", "email", "subject", "noted_by")


@dataclass(frozen=True, slots=True)
class Jot:
    """What a member of staff wrote down of one message.

    Shape:  `phone` in its E.164 form; `email` is where they want the answer; `sender` is what they are called on `network`;
            `about` is the conversation that it is about
    """

    text: str
    sent_at: datetime
    noted_by: str
    name: str = ""
    phone: str = ""
    email: str = ""
    subject: str = ""
    network: str = ""
    sender: str = ""
    about: int | None = None


def clean(value: object) -> str:
    """Return what was typed in one field."""
    return tidy(str(value or "")).strip()


def typed(content: bytes) -> dict[str, Any]:
    """Return the fields; bytes that our page did not write are taken for words, so that nothing is lost."""
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        fields = None
    return fields if isinstance(fields, dict) else {"text": content.decode("utf-8", "replace")}


def about(fields: dict[str, Any]) -> int | None:
    """Return the conversation that it was noted to be about."""
    number = fields.get("about")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


class Noted:
    """A channel that people speak on: heard by a member of staff, answered aloud or at an address they gave."""

    kind: ClassVar[str]
    icon: ClassVar[str]
    what: ClassVar[str]  # one such message: "A call"
    speaks: ClassVar[bool] = True  # they spoke with one of us, so they know that we have it
    oldest: ClassVar[timedelta | None] = timedelta(days=7)  # what is older is no note of it any more
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=None,
        private=True,
        threads=True,
        attachments_bytes=None,
        by_hand=True,
        source="our own page",
        as_of_on=date(2026, 11, 27),
    )
    settings: ClassVar[tuple[Setting, ...]] = ()

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:  # noqa: ARG003 - there is nothing to set
        """Return the adapter; it has no settings."""
        return cls()

    @staticmethod
    def note(jot: Jot) -> bytes:
        """Return what was typed as the bytes that are stored before anything reads them."""
        fields: dict[str, Any] = {name: getattr(jot, name) for name in _KEPT}
        return json.dumps(fields | ({"about": jot.about} if jot.about else {}), ensure_ascii=False).encode()

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),  # noqa: ARG004 - no envelope
        is_ours: Callable[[str], bool] = bool,  # noqa: ARG004 - no ids
        own_addresses: Collection[str] = (),  # noqa: ARG004
    ) -> Parsed:
        """Read what was noted; the clock starts when the call or the visit began.

        The number they call from is who they are. An address they tell is only where an answer may go: that it is theirs,
        nobody has shown.
        """
        fields = typed(content)
        conversation_id = about(fields)
        return said(
            in_reply_to=f"{ABOUT}{conversation_id}" if conversation_id else "",
            subject=clean(fields.get("subject")),
            from_name=clean(fields.get("name")),
            from_address=clean(fields.get("phone")),
            identity_kind="phone",
            reply_to=clean(fields.get("email")).lower(),
            sent_at=received_at or fetched_at,
            sent_at_why="when it began, as whoever noted it says",
            written_at=received_at,
            text=clean(fields.get("text")),
        )

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:  # noqa: ARG004 - what is spoken has no ids
        """Say no: nothing we send comes back this way."""
        return False

    @staticmethod
    def conversation_named(parsed: Parsed, key: bytes) -> Named | None:  # noqa: ARG004 - our own page is trusted without a key
        """Return the conversation that whoever noted it said they called or came about."""
        number = parsed.in_reply_to.removeprefix(ABOUT)
        return Named(int(number), "It was noted to be about this") if number != parsed.in_reply_to else None

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:  # noqa: ARG004
        """Return nothing: what is said aloud needs no id of a network."""
        return ""

    @staticmethod
    def reply_address_for(account_address: str, conversation_id: int, key: bytes) -> str:  # noqa: ARG004
        """Return the account's own address."""
        return account_address

    def check(self) -> list[Finding]:
        """Say that there is nothing to connect."""
        return [Finding(ok=True, what="Calls and visits are noted on the desk of this installation.")]

    def close(self) -> None:
        """Let go of nothing."""
