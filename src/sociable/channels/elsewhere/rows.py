"""Decides what a row of somebody else's export says: who, when, what, in answer to what. Pure.

Leaves how a file falls into rows to files, and what becomes of a message to the journeys.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from sociable.channels.tidy import tidy
from sociable.domain.errors import DomainError
from sociable.domain.text import NotANumber, e164

# What each fact may be called in a file, as documented: the first is its own name.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "sent_at": ("sent_at", "date", "created_at", "timestamp", "datetime", "sent", "time"),
    "text": ("text", "message", "body", "content", "full_text", "comment", "tweet"),
    "id": ("id", "message_id", "id_str", "tweet_id"),
    "thread": ("thread", "thread_id", "conversation_id", "conversation"),
    "in_reply_to": ("in_reply_to", "in_reply_to_id", "in_reply_to_status_id", "reply_to_id", "parent_id"),
    "from": ("from", "author", "sender", "username", "screen_name", "handle", "from_address", "email", "phone"),
    "from_name": ("from_name", "name", "author_name", "display_name", "sender_name"),
    "direction": ("direction",),
    "network": ("network", "platform", "channel", "source"),
    "link": ("link", "url", "permalink"),
    "subject": ("subject", "title"),
}
_OURS = ("out", "outgoing", "outbound", "sent", "us", "ours", "answer")
_THEIRS = ("", "in", "incoming", "inbound", "received", "them", "theirs", "request")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WRITTEN = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%a %b %d %H:%M:%S %z %Y", "%Y-%m-%d %H:%M:%S %z")


class Unreadable(DomainError):
    """A row cannot be a message; the reason says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message as a row tells it. `sent_at` is None where the row says none; then whoever brought it in knew it."""

    text: str
    sent_at: datetime | None
    id: str = ""
    thread: str = ""
    in_reply_to: str = ""
    sender: str = ""
    name: str = ""
    ours: bool = False
    network: str = ""
    link: str = ""
    subject: str = ""

    @property
    def key(self) -> str:
        """The one id of this message: as its network gave it, or made of what it says, the same again for the same."""
        if self.id:
            return self.named(self.id)
        said = repr((self.sender, self.sent_at and self.sent_at.astimezone(UTC).isoformat(), self.text, self.ours))
        return self.named(f"made:{hashlib.sha256(said.encode()).hexdigest()[:32]}")

    def named(self, message_id: str) -> str:
        """Return the id under which a message of this network is kept."""
        return f"elsewhere:{self.network.lower()}:{message_id}"

    @property
    def identity(self) -> tuple[str, str]:
        """Return kind and address of whoever wrote it; nobody's where neither sender nor thread is known."""
        if _EMAIL.fullmatch(self.sender):
            return "email", self.sender.lower()
        if self.sender:
            return _number(self.sender) or ("elsewhere", f"{self.network.lower()}:{self.sender.lstrip('@').lower()}")
        return "elsewhere", f"{self.network.lower()}:thread:{self.thread}" if self.thread else ""


def _number(sender: str) -> tuple[str, str] | None:
    if re.search(r"[^\d\s()+.-]", sender) or len(re.sub(r"\D", "", sender)) < 9:
        return None
    try:
        return "phone", e164(sender)
    except NotANumber:
        return None


def read(row: Mapping[str, Any], zone: tzinfo = UTC) -> Row:
    """Return what a row says, whatever its columns are called in a documented way.

    Units:  times without an offset are read on the clocks of `zone`
    Errors: Unreadable with what is wrong
    """
    given = {_plain(name): value for name, value in row.items()}
    facts = {fact: _first(given, names) for fact, names in COLUMNS.items()}
    if not facts["text"]:
        raise Unreadable("It has no text.")
    return Row(
        text=facts["text"],
        sent_at=moment(facts["sent_at"], zone) if facts["sent_at"] else None,
        id=facts["id"],
        thread=facts["thread"],
        in_reply_to=facts["in_reply_to"],
        sender=facts["from"],
        name=facts["from_name"],
        ours=_is_ours(facts["direction"]),
        network=facts["network"],
        link=facts["link"] if facts["link"].lower().startswith(("https://", "http://")) else "",
        subject=facts["subject"],
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", str(name).strip().lstrip("\ufeff").lower())


def _first(given: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if (value := _words(given.get(name))) != "":
            return value
    return ""


def _words(value: object) -> str:
    """Files of every kind hold numbers for ids and null for nothing."""
    return "" if value is None or isinstance(value, (dict, list)) else tidy(str(value)).strip()


def _is_ours(direction: str) -> bool:
    if direction.lower() in _OURS:
        return True
    if direction.lower() in _THEIRS:
        return False
    raise Unreadable(f"Its direction is “{direction[:40]}”. It is “in” for what they wrote, “out” for our answers.")


def moment(written: str, zone: tzinfo) -> datetime:
    """Return an instant as people and programs write it.

    Errors: Unreadable
    """
    for reads in (datetime.fromisoformat, parsedate_to_datetime, *(_by(form) for form in _WRITTEN)):
        try:
            at: datetime = reads(written)
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    raise Unreadable(
        f"“{written[:40]}” is no time. Write 2026-11-23T10:40:00+00:00, 2026-11-23 10:40 or 23/11/2026 10:40."
    )


def _by(form: str) -> Callable[[str], datetime]:
    return lambda written: datetime.strptime(written, form)  # noqa: DTZ007 - a zone is put in where the form has none
