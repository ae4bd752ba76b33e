"""Adds what a contact said to a conversation, with its attachments, whose bytes are on disk before it is a row.

Which conversation it belongs to is decided in journeys/receive; clocks are left to promises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from sociable.asking.keeping import add
from sociable.channels.base import Parsed, ParsedAttachment
from sociable.channels.tidy import web_address
from sociable.conversations import files
from sociable.conversations.models import Attachment, Conversation, Message, RawInbound
from sociable.conversations.queries import LONGEST_TEXT_CHARS


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment whose bytes are safe on disk, before its message is a row."""

    parsed: ParsedAttachment
    sha256: str
    refused_why: str


def keep_files(parsed: Parsed) -> list[Kept]:
    """This function will put the bytes of attachments on disk; call it before the transaction, so that a full disk stops early."""
    kept, total = [], 0
    for attachment in parsed.attachments:
        total += attachment.size_bytes
        if total > settings.ATTACHMENT_LIMIT_BYTES:
            limit = settings.ATTACHMENT_LIMIT_BYTES // 1024 // 1024
            kept.append(
                Kept(
                    attachment,
                    "",
                    f"Larger than {limit} MB together with the others; kept only in the message's raw form",
                )
            )
        else:
            kept.append(Kept(attachment, files.keep(attachment.content), ""))
    return kept


def add_inbound(
    *, conversation: Conversation, parsed: Parsed, kept: Sequence[Kept], raw: RawInbound, joined_why: str, now: datetime
) -> Message:
    """This function will add what a contact said to a conversation, or what the account said at the network itself."""
    text, problems = parsed.text, list(parsed.problems)
    if len(text) > LONGEST_TEXT_CHARS:
        text = text[:LONGEST_TEXT_CHARS]
        problems.append("It is longer than we show; the rest is in its raw form.")
    message = Message(
        conversation=conversation,
        partner_id=conversation.account.partner_id,
        direction=Message.Direction.OUT if parsed.by_account else Message.Direction.IN,
        channel=raw.channel,
        automatic=parsed.automatic,
        from_name=parsed.from_name[:200],
        from_address=parsed.from_address[:320],
        identity_kind=parsed.identity_kind,
        reply_address=parsed.reply_to[:320],
        to_addresses=list(parsed.to),
        cc_addresses=list(parsed.cc),
        subject=parsed.subject[:500],
        text=text,
        html=parsed.html or "",
        sent_at=parsed.sent_at,
        fetched_at=raw.fetched_at,
        stored_at=now,
        message_id=parsed.message_id[:500],
        in_reply_to=parsed.in_reply_to[:500],
        joined_why=joined_why,
        suspected_why=parsed.suspected_why[:300],
        problems=problems,
        visibility=parsed.visibility,
        link=web_address(parsed.link)[:1000],
        reply_ref=dict(parsed.reply_ref),
        thread_key=parsed.thread_key[:500],
    )
    add([message])
    if parsed.files or kept:
        Attachment.objects.bulk_create(_attached(message, parsed, kept))
    return message


def _attached(message: Message, parsed: Parsed, kept: Sequence[Kept]) -> Iterator[Attachment]:
    """What is still to be brought, and what came with the message."""
    for file in parsed.files:
        yield Attachment(
            message=message,
            name=(file.name or "attachment")[:255],
            content_type=file.declared_type[:120],
            size_bytes=file.size_bytes,
            alt_text=file.alt_text[:2000],
            remote_ref=file.ref,
        )
    for one in kept:
        yield Attachment(
            message=message,
            name=(one.parsed.name or "attachment")[:255],
            content_type=one.parsed.detected_type[:120],
            size_bytes=one.parsed.size_bytes,
            sha256=one.sha256,
            content_id=one.parsed.inline_cid[:250],
            refused_why=one.refused_why,
            alt_text=one.parsed.alt_text[:2000],
        )
