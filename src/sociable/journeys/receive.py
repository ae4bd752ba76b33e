"""What a network handed over becomes a message in a conversation, and begins or joins a wait.

Raw first: `store` commits before `read` looks at anything, and a due row stands behind it until reading is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction

from sociable.channels import registry
from sociable.channels.base import Parsed, RawItem
from sociable.conversations import queries as conversations_asked
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.directory.queries import Stated
from sociable.due import services as due
from sociable.journeys import receipts, returned
from sociable.live import services as live
from sociable.promises import services as promises

log = logging.getLogger(__name__)
NET = timedelta(seconds=60)  # the caller reads at once; if it dies, a worker does after this
TRIES_AT_ONCE = 3  # when others write the same at the same instant


class TakenByAnother(Exception):
    """Another worker read this raw row first."""


def store(
    account: Account,
    channel: str,
    items: Iterable[RawItem],
    *,
    fetched_at: datetime,
    recipients: Sequence[str] = (),
    cursor: str | None = None,
    from_history: bool = False,
) -> list[RawInbound]:
    """This function will commit raw items, the cursor behind them, and the due row that makes sure they are read.

    Shape:  only items not stored before; `cursor` moves with them in the one transaction; for what comes `from_history`,
            a folder of kept mail, no automatic answer is ever sent
    """
    kept = list(items)

    def once() -> list[RawInbound]:
        with transaction.atomic():
            fresh = conversations.store_raw(
                account, channel, kept, fetched_at=fetched_at, recipients=recipients, from_history=from_history
            )
            if cursor is not None:
                directory.connection_of(account).update(cursor=cursor)
            if fresh:
                ids = [raw.pk for raw in fresh]
                due.ask([due.Due("receive", f"receive:{ids[0]}", ids[0], fetched_at + NET, {"raw": ids})])
        return fresh

    try:
        return once()
    except IntegrityError:  # the same mail came by another way at this instant; now it is known
        return once()


def read_all(fresh: Sequence[RawInbound], now: datetime) -> list[Message | None]:
    """This function will read what `store` returned, each in a transaction of its own, and withdraw the due row behind it.

    Errors: the first that kept one from being read, after all the others were; the due row stands for it
    """
    if not fresh:
        return []
    stated = directory.stated(fresh[0].account_id)
    done = _read_each(fresh, lambda _account_id: stated, now)
    _follow(stated)
    due.withdraw("receive", [fresh[0].pk])
    return done


def _follow(was: Stated) -> None:
    """What an account states is read once for many mails; where it stated something else meanwhile, their waits follow it."""
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=was.account.pk)  # whoever is stating has done so, or comes after
        stated = directory.stated(was.account.pk)
        if (stated.calendar, stated.versions) != (was.calendar, was.versions):
            promises.recompute(stated)


def read_due(row_data: dict[str, list[int]], now: datetime) -> None:
    """This function will read the raw rows of a due row that nobody else has read.

    Errors: the first that kept one from being read, after all the others were
    """
    unread = RawInbound.objects.filter(pk__in=row_data["raw"], state=RawInbound.State.NEW).order_by("pk")
    _read_each(list(unread), directory.stated, now)


def _read_each(unread: Sequence[RawInbound], stated_of: Callable[[int], Stated], now: datetime) -> list[Message | None]:
    """One that cannot be read just now keeps none behind it waiting."""
    done: list[Message | None] = []
    trouble: Exception | None = None
    for raw in unread:
        try:
            done.append(read(raw, stated_of(raw.account_id), now))
        except (OSError, DatabaseError) as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    return done


def read(raw: RawInbound, stated: Stated, now: datetime) -> Message | None:
    """This function will turn one raw row into a message; None where it was a duplicate, unreadable or read by another.

    Errors: OSError and DatabaseError of passing kinds go through: the row stays new and is tried again
    """
    try:
        parsed = _parse(raw, stated.account)
        kept = conversations.keep_files(parsed)
        for more_tries in reversed(range(TRIES_AT_ONCE)):
            try:
                with transaction.atomic():
                    return _place(raw, parsed, kept, stated, now)
            except IntegrityError:  # the same message, or the same new contact, was written at this instant
                if not more_tries:
                    raise
    except TakenByAnother:
        return None
    except (OSError, DatabaseError) as error:
        if not isinstance(error, DataError):
            raise
        _set_aside(raw, error)
    except Exception as error:  # noqa: BLE001 - whatever one message does, it is kept and shown, and the next is read
        _set_aside(raw, error)
    return None


def _set_aside(raw: RawInbound, error: Exception) -> None:
    log.error("raw row could not be read", exc_info=error, extra={"raw_id": raw.pk})
    RawInbound.objects.filter(pk=raw.pk).update(
        state=RawInbound.State.UNREADABLE, error=f"{type(error).__name__}: {error}"[:2000]
    )


def _parse(raw: RawInbound, account: Account) -> Parsed:
    adapter = registry.adapter_class(raw.channel)
    return adapter.parse(
        bytes(raw.content),
        fetched_at=raw.fetched_at,
        received_at=raw.received_at,
        envelope_to=raw.recipients,
        is_ours=lambda value: adapter.is_ours(value, settings.SECRET_KEY.encode()),
        own_addresses=[account.address] if account.address else [],
    )


def _place(
    raw: RawInbound, parsed: Parsed, kept: Sequence[conversations.Kept], stated: Stated, now: datetime
) -> Message | None:
    found = conversations_asked.thread_of(parsed, raw, stated.account)
    if found.duplicate_of is not None:
        _mark(raw, RawInbound.State.DUPLICATE, found.duplicate_of)
        return found.duplicate_of if found.duplicate_of.conversation.account_id == raw.account_id else None
    if found.taken_id:
        other = "It has the Message-ID of another message and different words; we gave it one of its own."
        parsed = replace(
            parsed, message_id=conversations_asked.id_told_apart(parsed), problems=(*parsed.problems, other)
        )
    conversation = found.conversation
    is_new = conversation is None
    if conversation is None:
        conversation = _begin(raw, parsed, stated, now)
    else:
        conversation = _locked(conversation.pk)
    if (
        conversation.account_id != stated.account.pk
    ):  # it answers a conversation that moved: that account's clock judges
        stated = directory.stated(conversation.account_id)
    message = conversations.add_inbound(
        conversation=conversation, parsed=parsed, kept=kept, raw=raw, joined_why=found.why, now=now
    )
    if not is_new:
        conversations.touched(conversation, at=message.sent_at, direction="in", by_person=not parsed.automatic)
    if parsed.bounce_of is not None:
        returned.note(parsed.bounce_of, message, now)
    elif not is_new:
        returned.answered(message, parsed, now)
    if conversation.state != Conversation.State.KEPT_ASIDE:
        wait = promises.heard(message=message, conversation=conversation, stated=stated, is_new=is_new)
        if wait is not None and wait.began_with_id == message.pk and parsed.may_acknowledge and not raw.from_history:
            receipts.send(wait, stated, now)
    _mark(raw, RawInbound.State.READ, message)
    live.publish(kind="message", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return message


def _locked(conversation_id: int) -> Conversation:
    """What is said in one conversation at the same instant is put down one after the other; where it was just merged, there."""
    conversation = conversations.locked(conversation_id)
    return conversation if conversation.merged_into_id is None else _locked(conversation.merged_into_id)


def _begin(raw: RawInbound, parsed: Parsed, stated: Stated, now: datetime) -> Conversation:
    kind, address = ("email", parsed.from_address) if parsed.from_address else (raw.channel, raw.remote_id)
    contact = conversations.contact_by(
        partner_id=stated.account.partner_id, kind=kind, address=address, name=parsed.from_name, now=now
    )
    state, reason = Conversation.State.OPEN, ""
    if parsed.automatic:
        state, reason = Conversation.State.NOT_REQUEST, parsed.automatic_why
    elif parsed.suspected_why:
        state, reason = Conversation.State.KEPT_ASIDE, parsed.suspected_why
    return conversations.begin_conversation(
        account=stated.account, contact=contact, subject=parsed.subject, at=parsed.sent_at, state=state, reason=reason
    )


def _mark(raw: RawInbound, state: str, message: Message) -> None:
    """The last statement of the transaction: if another worker got there first, all of this is taken back."""
    changed = RawInbound.objects.filter(pk=raw.pk, state=RawInbound.State.NEW).update(state=state, message=message)
    if not changed:
        raise TakenByAnother
