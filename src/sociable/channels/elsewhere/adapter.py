"""Decides how a message that was copied by hand or exported is written down raw and read again.

Leaves what a row may look like to rows, and the pages and the command that bring it in to the rooms above.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from sociable.channels import noted
from sociable.channels.base import Capabilities, Finding, Parsed, said
from sociable.channels.elsewhere import rows
from sociable.channels.elsewhere.rows import Row
from sociable.channels.noted import ABOUT, Jot, Noted
from sociable.channels.tidy import tidy


def raw(row: Mapping[str, Any]) -> bytes:
    """Return a row, as it came, as the bytes that are stored before anything reads them."""
    return json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


class ElsewhereAdapter(Noted):
    """What no adapter brings: copied by hand or out of an export, answered by hand or by email."""

    kind: ClassVar[str] = "elsewhere"
    name: ClassVar[str] = "Elsewhere"
    icon: ClassVar[str] = "copy"
    what: ClassVar[str] = "A message from elsewhere"
    speaks: ClassVar[bool] = False
    oldest: ClassVar[timedelta | None] = None
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=None,
        private=True,
        threads=True,
        attachments_bytes=None,
        ids_of_network=True,
        by_hand=True,
        source="our own page",
        as_of_on=date(2026, 11, 27),
    )

    @staticmethod
    def note(jot: Jot) -> bytes:
        """Return what was copied by hand as a row of a file would say it."""
        row = {
            "sent_at": jot.sent_at.isoformat(),
            "text": jot.text,
            "from": jot.sender or jot.phone,
            "from_name": jot.name,
            "network": jot.network,
            "subject": jot.subject,
            "reply_email": jot.email,
            "noted_by": jot.noted_by,
        }
        return raw(row | ({"about": jot.about} if jot.about else {}))

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),  # noqa: ARG004 - no envelope
        is_ours: Callable[[str], bool] = bool,  # noqa: ARG004 - what came from here says so itself
        own_addresses: Collection[str] = (),  # noqa: ARG004
    ) -> Parsed:
        """Read one row; the clock starts when it says that it was sent, on the clocks that whoever brought it in knew."""
        typed = noted.typed(content)
        try:
            row = rows.read(typed)
        except rows.Unreadable as refusal:
            row = Row(text=tidy(content.decode("utf-8", "replace")), sent_at=None)
            problems: tuple[str, ...] = (refusal.message,)
        else:
            problems = ()
        return _parsed(row, typed, received_at or min(row.sent_at or fetched_at, fetched_at), problems)

    def check(self) -> list[Finding]:
        """Say that there is nothing to connect."""
        return [Finding(ok=True, what="Messages from elsewhere are pasted or brought in from files.")]


def _parsed(row: Row, typed: dict[str, Any], sent_at: datetime, problems: tuple[str, ...]) -> Parsed:
    kind, address = row.identity
    about = noted.about(typed)
    answered = row.named(row.in_reply_to) if row.in_reply_to else ""
    return said(
        message_id=row.key,
        in_reply_to=f"{ABOUT}{about}" if about else answered,
        references=_also_called(row, row.in_reply_to) if row.in_reply_to else (),
        subject=row.subject,
        from_name=row.name or (row.sender if kind == "elsewhere" else ""),
        from_address=address,
        from_handle=row.sender if kind == "elsewhere" else "",
        identity_kind=kind,
        reply_to=noted.clean(typed.get("reply_email")).lower(),
        sent_at=sent_at.astimezone(UTC),
        sent_at_why="as it was brought in",
        written_at=row.sent_at,
        text=row.text,
        thread_key=f"{row.network.lower()}:{row.thread}" if row.thread else "",
        link=row.link,
        by_account=row.ours,
        problems=problems,
    )


def known_as(row: Row) -> tuple[str, ...]:
    """Return every id under which this message may be here already, also where its own network was connected once."""
    return (row.key, *(_also_called(row, row.id) if row.id else ()), *((row.link,) if row.link else ()))


def _also_called(row: Row, message_id: str) -> tuple[str, ...]:
    network = row.network.lower()
    return (message_id, *(f"{network}:{part}{message_id}" for part in ("", "post:", "dm:") if network))
