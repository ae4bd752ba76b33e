"""What a network handed over becomes a message in a conversation, and begins or joins a wait.

Raw first: `store` commits before `read` looks at anything, and a due row stands behind it until reading is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction

from sociable.asking.disk import atomic_with_the_next, wait_for_others
from sociable.channels import registry
from sociable.channels.base import Parsed, RawItem
from sociable.conversations import inbound, raw_inbound
from sociable.conversations.models import Message, RawInbound
from sociable.directory import connecting
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.directory.queries import Stated
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.journeys import place
from sociable.promises import services as promises


class KeptUnread(DomainError):
    """What was typed is stored, but could not be read as a message; staff are shown it."""


log = logging.getLogger(__name__)
NET = timedelta(seconds=60)  # the caller reads at once; if it dies, a worker does after this
TRIES_AT_ONCE = 3  # when others write the same at the same instant


def store(
    account: Account,
    channel: str,
    items: Iterable[RawItem],
    *,
    fetched_at: datetime,
    recipients: Sequence[str] = (),
    behind: tuple[Connection, str] | None = None,
    from_history: bool = False,
    waits: bool = True,
) -> list[RawInbound]:
    """This function will commit raw items, the cursor behind them, and the due row that makes sure they are read.

    Shape:  only items not stored before; the connection's cursor moves `behind` them in the one transaction; for what comes
            `from_history`, a folder of kept mail, no automatic answer is ever sent; not `waits`: it is on the disk together with
            what is read of it next, before which nobody is told that we have it
    Errors: Reconnected, and nothing is stored, where the account was connected anew since its network was asked
    """
    kept = list(items)

    def once() -> list[RawInbound]:
        with transaction.atomic() if waits else atomic_with_the_next():
            fresh = raw_inbound.store_raw(
                account, channel, kept, fetched_at=fetched_at, recipients=recipients, from_history=from_history
            )
            if behind is not None:
                connecting.move_cursor(*behind)
            if fresh:
                ids = [raw.pk for raw in fresh]
                due.ask([due.Due("receive", f"receive:{ids[0]}", ids[0], fetched_at + NET, {"raw": ids})])
        return fresh

    try:
        fresh = once()
    except IntegrityError:  # the same mail came by another way at this instant; now it is known
        fresh = once()
    if kept and not fresh:
        wait_for_others()  # whoever was first may not have it on the disk yet
    return fresh


def read_all(fresh: Sequence[RawInbound], now: datetime, *, within: bool = False) -> list[Message | None]:
    """This function will read what `store` returned, each in a transaction of its own, and withdraw the due row behind it.

    Shape:  `within` a transaction of the caller's, all in that one
    Errors: the first that kept one from being read, after all the others were; the due row stands for it
    """
    if not fresh:
        return []
    stated = directory.stated(fresh[0].account_id)
    try:
        done = _read_each(fresh, lambda _account_id: stated, now)
    except place.NotYet:  # the due row stays
        return []
    finally:
        if not within or connection.features.has_select_for_update:
            _follow(stated)  # else, on SQLite, nobody can have stated anything since the transaction began
    due.withdraw("receive", [fresh[0].pk])
    return done


def _follow(was: Stated) -> None:
    """What an account states is read once for many mails; where it stated something else meanwhile, their waits follow it."""
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=was.account.pk)  # whoever is stating has done so, or comes after
        stated = directory.stated(was.account.pk)
        if (stated.calendar, stated.versions) != (was.calendar, was.versions):
            promises.recompute(stated)


def at_once(account: Account, channel: str, item: RawItem, now: datetime) -> Message:
    """This function will take one thing that a person typed on a page of ours and return the message that came of it.

    Shape:  the same item again, however often the page is sent, is the same message
    Errors: KeptUnread
    """
    try:
        fresh = store(account, channel, [item], fetched_at=now)
    except IntegrityError:  # the same page was sent twice in this instant, and the other was first
        fresh = []
    return read_at_once(account, item.remote_id, fresh, now)


def read_at_once(
    account: Account, remote_id: str, fresh: Sequence[RawInbound], now: datetime, *, within: bool = False
) -> Message:
    """This function will read one thing that `store` kept just now, or kept before, and return the message that came of it.

    Shape:  `within` as of read_all
    Errors: KeptUnread
    """
    read_now = read_all(fresh, now, within=within)
    if read_now and read_now[0] is not None:
        return read_now[0]
    raw = RawInbound.objects.get(account=account, remote_id=remote_id)
    if raw.state == RawInbound.State.NEW:  # stored by a process that died before it could read it
        read(raw, directory.stated(account.pk), now)
        raw.refresh_from_db()
    if raw.message is None:
        raise KeptUnread(
            "We have kept what you wrote, but something in it kept us from reading it. A person has been told and will look."
        )
    return raw.message


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
        except (OSError, DatabaseError, place.NotYet) as error:
            trouble = error if trouble is None or isinstance(trouble, place.NotYet) else trouble
    if trouble is not None:
        raise trouble
    return done


def read(raw: RawInbound, stated: Stated, now: datetime) -> Message | None:
    """This function will turn one raw row into a message; None where it was a duplicate, unreadable or read by another.

    Errors: OSError and DatabaseError of passing kinds go through: the row stays new and is tried again
    """
    try:
        parsed = _parse(raw, stated.account)
        kept = inbound.keep_files(parsed)
        for more_tries in reversed(range(TRIES_AT_ONCE)):
            try:
                with transaction.atomic():
                    return place.place(raw, parsed, kept, stated, now)
            except IntegrityError:  # the same message, or the same new contact, was written at this instant
                if not more_tries:
                    raise
    except place.TakenByAnother:
        return None
    except place.NotYet:
        raise
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
