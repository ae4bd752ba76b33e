"""Bring kept mail into an account: an mbox, a Maildir, a folder of .eml files or a single mail.

It comes by the real way in, oldest first, with the times the mails carry, and no automatic answer is sent for any of it. What
is there already is left alone, so the same files may be given again. It may run while Sociable serves.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min
from django.utils import timezone

from sociable.channels.base import RawItem
from sociable.config import mail_files, naming, preparing
from sociable.config.mail_files import Mail
from sociable.conversations.models import Message, RawInbound
from sociable.directory.models import Account
from sociable.journeys import receive
from sociable.promises.models import Wait

MOST_AT_ONCE = 25
MOST_BYTES_AT_ONCE = 8 * 1024 * 1024
TOLD_EVERY = 500
CHANNEL = "email"
State = RawInbound.State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="an mbox, a Maildir, a folder of .eml files, or a mail"
    )
    parser.add_argument(
        "--account", required=True, metavar="ADDRESS", help="whose mail it is: the account's address or slug"
    )
    parser.add_argument(
        "--json", action="store_true", help="say what was done as one JSON object, as in docs/reference/json.md"
    )


@dataclass(slots=True)
class Done:
    """What became of the mails so far."""

    found: int = 0
    raw: Counter[str] = field(default_factory=Counter)
    known: int = 0
    conversations: int = 0
    waits: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, path: str, reason: str) -> None:
        """Keep what could not be taken, and say so at once."""
        self.refused.append((path, reason))
        self._say(path, reason)

    def leave_out(self, path: str, reason: str) -> None:
        """Keep what lay there and is no mail, and say so at once."""
        self.left_out.append((path, reason))
        self._say(path, reason)

    def _say(self, path: str, reason: str) -> None:
        print(f"{naming.line(path, 300)}: {reason}", file=sys.stderr)

    @property
    def seen(self) -> int:
        """How many mails were dealt with, one way or another."""
        return self.known + sum(self.raw.values())


def run(options: argparse.Namespace) -> int:
    preparing.check_migrated()
    account = naming.account(options.account)
    done = Done()
    mails = mail_files.find(options.paths, timezone.now(), done)
    done.found = len(mails)
    for items in _batches(mails, done):
        _bring_in(account, items, done, timezone.now())
        _tell(done)
    print(json.dumps(_summary(account, done), ensure_ascii=False) if options.json else _words(account, done))
    return 1 if done.refused or done.raw[State.UNREADABLE] else 0


def _batches(mails: Sequence[Mail], done: Done) -> Iterator[list[RawItem]]:
    """Few enough at once that memory stays flat, whatever their size."""
    items: list[RawItem] = []
    size = 0
    for mail in mails:
        if mail.size_bytes > settings.MESSAGE_LIMIT_BYTES:
            most = settings.MESSAGE_LIMIT_BYTES // 1024 // 1024
            done.refuse(mail.where, f"It is larger than {most} MB (MESSAGE_LIMIT_MB).")
            continue
        if items and (len(items) == MOST_AT_ONCE or size + mail.size_bytes > MOST_BYTES_AT_ONCE):
            yield items
            items, size = [], 0
        try:
            items.append(mail_files.read(mail))
        except OSError as error:
            done.refuse(mail.where, f"It cannot be read: {error.strerror or error}.")
        size += mail.size_bytes
    if items:
        yield items


def _bring_in(account: Account, items: list[RawItem], done: Done, now: datetime) -> None:
    fresh = receive.store(account, CHANNEL, items, fetched_at=now, from_history=True)
    done.known += len(items) - len(fresh)
    try:
        receive.read_all(fresh, now)
    except (OSError, DatabaseError) as error:  # it is stored, and a worker will read it
        print(f"Some were stored and not read yet: {error}", file=sys.stderr)
    rows = RawInbound.objects.filter(pk__in=[raw.pk for raw in fresh])
    done.raw.update(rows.values_list("state", flat=True))
    messages = list(rows.filter(state=State.READ).values_list("message_id", flat=True))
    done.conversations += _begun(messages)
    done.waits += Wait.objects.filter(began_with__in=messages).count()


def _begun(messages: Sequence[int]) -> int:
    """How many conversations began with one of these messages."""
    among = Message.objects.filter(pk__in=messages).values("conversation_id")
    first = Message.objects.filter(conversation__in=among).values("conversation_id").annotate(first=Min("pk"))
    return first.filter(first__in=messages).count()


def _tell(done: Done) -> None:
    """How far it is, for whoever waits at a terminal; a log has a line for every few hundred."""
    if sys.stderr.isatty():
        print(f"\r{done.seen} of {done.found}", end="" if done.seen < done.found else "\n", file=sys.stderr, flush=True)
    elif done.seen // TOLD_EVERY != (done.seen - MOST_AT_ONCE) // TOLD_EVERY or done.seen >= done.found:
        print(f"{done.seen} of {done.found}", file=sys.stderr, flush=True)


def _summary(account: Account, done: Done) -> dict[str, Any]:
    """Of what was found, all is either stored, a duplicate, or refused."""
    duplicates = done.known + done.raw[State.DUPLICATE]
    return {
        "account": account.slug,
        "found": done.found,
        "stored": done.seen - duplicates,
        "duplicates": duplicates,
        "messages": done.raw[State.READ],
        "unreadable": done.raw[State.UNREADABLE],
        "to_be_read": done.raw[State.NEW],
        "conversations_begun": done.conversations,
        "waits_begun": done.waits,
        "refused": [{"path": path, "reason": reason} for path, reason in done.refused],
        "left_out": [{"path": path, "reason": reason} for path, reason in done.left_out],
    }


def _words(account: Account, done: Done) -> str:
    told = _summary(account, done)
    lines = [
        f"{told['messages']} of {told['found']} mails came into {account.name}.",
        f"{told['duplicates']} were there already.",
        f"{told['conversations_begun']} conversations and {told['waits_begun']} waits began with them.",
    ]
    if told["unreadable"]:
        lines.append(f"{told['unreadable']} could not be read; they are kept, and listed in the office under Trouble.")
    if told["to_be_read"]:
        lines.append(f"{told['to_be_read']} are stored and will be read by a worker.")
    if done.refused:
        lines.append(f"{len(done.refused)} could not be taken; the reasons stand above.")
    return "\n".join(lines)
