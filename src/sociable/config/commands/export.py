"""Write what was said, notes between staff among it, as JSON lines: one message a line, in the order it was stored.

`sociable export messages > messages.jsonl` may run while Sociable serves and holds little in memory however much there is.
It writes residents' words: keep the file as you keep the database.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from sociable.config import naming, preparing
from sociable.conversations.models import Attachment, Message
from sociable.promises.models import Wait

AT_ONCE = 100
# What it would cost to have all at hand that a line shows: the message as formatted is not in it.
_SHOWN = ("conversation__account__partner", "author", "outgoing")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["messages"], help="what to write")
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="SLUG",
        help="only this account, by slug or address; may be repeated",
    )
    parser.add_argument(
        "--partner", action="append", default=[], metavar="SLUG", help="only this partner's accounts; may be repeated"
    )
    parser.add_argument(
        "--since",
        type=_since,
        metavar="TIME",
        help="only what was sent at or after this: a day, or a time with its offset from UTC",
    )
    parser.add_argument("--json", action="store_true", help="nothing changes: JSON lines are written always")


def _since(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"“{text}” is not a day or a time: write 2026-11-20 or 2026-11-20T16:40:00+00:00"
        ) from None
    return at if at.tzinfo is not None else timezone.make_aware(at)


def run(options: argparse.Namespace) -> int:
    preparing.check_migrated()
    now = timezone.now()
    messages = Message.objects.select_related(*_SHOWN).defer("html").order_by("pk")
    if options.account or options.partner:
        messages = messages.filter(conversation__account__in=naming.accounts(options.account, options.partner))
    if options.since is not None:
        messages = messages.filter(sent_at__gte=options.since)
    for some in _pieces(messages):
        lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(some, now))
        sys.stdout.buffer.write(lines.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
    return 0


def _pieces(messages: Any) -> Iterator[list[Message]]:
    """A piece at a time, each a short query of its own: nobody who writes has to wait for the whole."""
    last = 0
    while some := list(messages.filter(pk__gt=last)[:AT_ONCE]):
        yield some
        last = some[-1].pk


def _lines(messages: Sequence[Message], now: datetime) -> Iterator[dict[str, Any]]:
    ids = [message.pk for message in messages]
    attachments: dict[int, list[Attachment]] = {}
    for attachment in Attachment.objects.filter(message__in=ids).order_by("pk"):
        attachments.setdefault(attachment.message_id, []).append(attachment)
    began = {wait.began_with_id: wait for wait in Wait.objects.filter(began_with__in=ids).order_by("pk")}
    ended = {wait.ended_with_id: wait for wait in Wait.objects.filter(ended_with__in=ids).order_by("pk")}
    for message in messages:
        yield {
            **_message(message),
            "attachments": [_attachment(attachment) for attachment in attachments.get(message.pk, ())],
            "began_wait": _wait(began.get(message.pk), now),
            "ended_wait": _wait(ended.get(message.pk), now),
            "outgoing": _outgoing(message),
        }


def _message(message: Message) -> dict[str, Any]:
    conversation = message.conversation
    return {
        "message": message.pk,
        "conversation": conversation.pk,
        "conversation_state": conversation.state,
        "account": conversation.account.slug,
        "partner": conversation.account.partner.slug,
        "channel": message.channel,
        "direction": message.direction,
        "automatic": message.automatic,
        "acknowledges": message.acknowledges,
        "author": message.author.name if message.author else None,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "from": {"name": message.from_name, "address": message.from_address},
        "to": message.to_addresses,
        "cc": message.cc_addresses,
        "subject": message.subject,
        "text": message.text,
        "sent_at": naming.instant(message.sent_at),
        "fetched_at": naming.instant(message.fetched_at),
        "stored_at": naming.instant(message.stored_at),
        "joined_why": message.joined_why,
        "suspected_why": message.suspected_why,
        "problems": message.problems,
    }


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "type": attachment.content_type,
        "size_bytes": attachment.size_bytes,
        "sha256": attachment.sha256 or None,
        "refused_why": attachment.refused_why,
    }


def _wait(wait: Wait | None, now: datetime) -> dict[str, Any] | None:
    if wait is None:
        return None
    return {
        "wait": wait.pk,
        "started_at": naming.instant(wait.started_at),
        "due_at": naming.instant(wait.due_at),
        "ended": wait.ended or None,
        "ended_at": naming.instant(wait.ended_at),
        "kept": wait.kept(now),
    }


def _outgoing(message: Message) -> dict[str, Any] | None:
    outgoing = getattr(message, "outgoing", None)
    if outgoing is None:
        return None
    return {"state": outgoing.state, "accepted_at": naming.instant(outgoing.accepted_at), "detail": outgoing.detail}
