"""Carries a message of the outbox to its network, and asks the network where it is not known whether it took one.

The network is called outside of every transaction. Whoever is killed in the very instant of handing over leaves a doubt, and
a doubt is resolved by asking; nothing is sent twice on a guess.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from sociable.channels import registry
from sociable.channels.base import ChannelError, Finds, OutcomeUnknown, RateLimited, Sends
from sociable.channels.base import Outgoing as Parcel
from sociable.conversations import files
from sociable.conversations.models import Attempt, Message, Outgoing
from sociable.directory import connecting
from sociable.directory import queries as directory
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import identify, outbox

log = logging.getLogger(__name__)
State = Outgoing.State

NOTING_PAUSES_SECONDS = (0.2, 1.0, 3.0, 6.0)
LOOK_AGAIN = timedelta(seconds=3)  # while the part before is still on its way
SURELY_SHOWN_AFTER = timedelta(minutes=2)  # by then a network shows what it took; before, "not there" proves nothing
RESOLVE_TRIES = 8


class NotOurs(Exception):
    """The message was taken back, or taken over, before it was handed over."""


def deliver(row: DueRow, now: datetime) -> None:
    """This function will send one message of the outbox and note what became of it.

    A row found in `sending` belongs to a worker that died in the very instant of handing the message over: whether it left
    is not known, so the network is asked; where it cannot tell, a person is shown it and decides. One that died sooner left
    it queued.
    """
    outgoing = _outgoing(row)
    if outgoing.state == State.SENDING:
        outbox.settle(
            outgoing, State.UNKNOWN, "Sociable was stopped while sending; it may or may not have left.", now, row
        )
    elif outgoing.state != State.QUEUED:
        due.close(row, now)
    elif not outgoing.message.to_addresses:
        outbox.settle(outgoing, State.DELIVERED, "It can be read on the private link.", now, row)
    elif _waits_for_part_before(outgoing, row, now):
        return
    else:
        _send(outgoing, row, now)


def _outgoing(row: DueRow) -> Outgoing:
    wanted = Outgoing.objects.select_related("message__conversation__account__partner", "after__message")
    return wanted.get(message_id=row.subject_id)


def _waits_for_part_before(outgoing: Outgoing, row: DueRow, now: datetime) -> bool:
    """Parts arrive in their order: a later one waits, and does not leave where the one before it came to nothing."""
    if outgoing.after is None or outgoing.after.state in (State.ACCEPTED, State.DELIVERED):
        return False
    if outgoing.after.state in (State.QUEUED, State.SENDING, State.UNKNOWN):
        due.renew(row, now + LOOK_AGAIN)
    else:
        words = (
            "The part before it did not get there, so this one was not sent. Send that one again and this one follows."
        )
        outbox.settle(outgoing, State.FAILED, words, now, row)
    return True


def _send(outgoing: Outgoing, row: DueRow, now: datetime) -> None:
    try:
        with lent(outgoing.message) as adapter:
            receipt = adapter.send(_packed(outgoing.message), before_handover=lambda: _hand_over(outgoing, row))
            _surely(partial(outbox.taken, outgoing, receipt, now, row))  # before anything else can go wrong
    except NotOurs:
        return
    except OutcomeUnknown as error:
        _surely(partial(outbox.settle, outgoing, State.UNKNOWN, error.message, now, row))
    except ChannelError as error:
        _surely(partial(_failed, outgoing, row, now, error))
    except DatabaseTrouble:
        raise
    except Exception as error:
        log.exception("sending broke", extra={"message_id": outgoing.message_id})
        _surely(partial(_broke, outgoing, row, now, error))


def _packed(message: Message) -> Parcel:
    try:
        return parcel_of(message)
    except OSError as error:
        raise ChannelError(f"An attachment could not be read: {error}") from error


def _broke(outgoing: Outgoing, row: DueRow, now: datetime, error: Exception) -> None:
    """What nobody foresaw is tried again where it certainly did not leave; once it was handed over, it is a doubt."""
    words = f"Sociable met something it did not expect while sending: {type(error).__name__}."
    state = Outgoing.objects.values_list("state", flat=True).get(pk=outgoing.pk)
    if state == State.QUEUED:
        _failed(outgoing, row, now, ChannelError(words))
    elif state == State.SENDING:
        outbox.settle(outgoing, State.UNKNOWN, f"{words} It may or may not have left.", now, row)


@contextmanager
def lent(message: Message) -> Iterator[Sends]:
    """This function will lend the adapter that carries a message, and keep its log-in for the next."""
    account = outbox.sending_account(message)
    connection = directory.connection_of(account).first()
    adapter = connecting.sender_of(account, message.channel)
    try:
        yield adapter
    finally:
        adapter.close()
        if connection is not None:
            connecting.keep_session(connection, adapter)


def _hand_over(outgoing: Outgoing, row: DueRow) -> None:
    """Commit that the message is about to leave: whoever is killed from here on leaves a doubt, and before here none.

    Errors: NotOurs where it was taken back, or another worker has it, up to this instant
    """
    with transaction.atomic():
        held = DueRow.objects.select_for_update().filter(pk=row.pk, claim_id=row.claim_id, done_at=None).exists()
        if not held or not Outgoing.objects.filter(pk=outgoing.pk, state=State.QUEUED).update(state=State.SENDING):
            raise NotOurs


def _surely(note: Callable[[], None]) -> None:
    """What the network said is known only here: a database that is away for a moment must not turn it into a doubt."""
    for pause_seconds in NOTING_PAUSES_SECONDS:
        try:
            note()
        except (OperationalError, InterfaceError):
            close_old_connections()
            time.sleep(pause_seconds)
        else:
            return
    note()


def parcel_of(message: Message) -> Parcel:
    """This function will put together what the network is handed: the same at every try.

    Errors: OSError where an attachment cannot be read
    """
    conversation, account = message.conversation, outbox.sending_account(message)
    address = account.address or settings.DEFAULT_FROM_EMAIL
    thread = _thread_before(message)
    answered = _answered(message, thread)
    subject = message.subject or "Your request"
    attachments = list(message.attachments.all())
    return Parcel(
        message_id=message.message_id,
        from_address=address,
        from_name=account.name if message.automatic else f"{message.from_name}, {account.name}",
        reply_to=registry.adapter_class(message.channel).reply_address_for(
            address, conversation.pk, settings.SECRET_KEY.encode()
        ),
        to=tuple(message.to_addresses),
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        text=identify.filled(message),
        in_reply_to=answered.message_id if answered else "",
        references=tuple(one.message_id for one in reversed(thread)),
        attachments=tuple((one.name, one.content_type, files.path_of(one.sha256).read_bytes()) for one in attachments),
        alt_texts=tuple(one.alt_text for one in attachments),
        automatic=bool(message.automatic),
        sent_at=message.sent_at,
        envelope_from=address,
        visibility=message.visibility,  # type: ignore[arg-type]
        reply_ref=answered.reply_ref if answered else {},
        heard_at=next((one.sent_at for one in thread if one.direction == Message.Direction.IN), None),
        template=message.template,
    )


def _thread_before(message: Message) -> list[Message]:
    """What was said on the same channel before, newest first."""
    said = message.conversation.messages.exclude(pk=message.pk).exclude(message_id="")
    return list(said.filter(channel=message.channel, stored_at__lte=message.stored_at).order_by("-sent_at", "-pk")[:10])


def _answered(message: Message, thread: list[Message]) -> Message | None:
    """What this answers at its network: the part before it, else the newest they wrote that as many may read."""
    before = Outgoing.objects.filter(message=message).select_related("after__message").first()
    part = before.after.message if before is not None and before.after is not None else None
    if part is not None and (part.channel, part.visibility) == (message.channel, message.visibility):
        return part
    theirs = [one for one in thread if one.direction == Message.Direction.IN]
    alike = [one for one in theirs if one.visibility == message.visibility]
    return next(iter((*alike, *theirs, *thread)), None)


def _failed(outgoing: Outgoing, row: DueRow, now: datetime, error: ChannelError) -> None:
    """A passing failure is tried again with a growing pause; a lasting one, or the last try, is shown and opens the wait again.

    A network that asks for a pause is given it, and no try is counted.
    """
    limited = isinstance(error, RateLimited)
    if error.permanent or (row.attempts >= due.TRIES and not limited):
        outbox.settle(outgoing, State.FAILED, error.message, now, row)
        return
    with transaction.atomic():
        ours = Outgoing.objects.filter(pk=outgoing.pk, state__in=outbox.COMES_FROM[State.QUEUED])
        if not due.holds(row) or not ours.update(state=State.QUEUED, detail=error.message):
            return
        Attempt.objects.create(outgoing=outgoing, at=now, result="failed", detail=error.message)
        if isinstance(error, RateLimited):
            due.renew(row, now + error.pause)
        else:
            due.postpone(row, now, error.message, tries=None)  # how it ends is decided here
        outbox.tell(outgoing, now)


# -- Where it is not known whether the network took it ---------------------------------------------------------------------


def resolve(row: DueRow, now: datetime) -> None:
    """This function will ask the network whether it has a message whose fate is not known.

    What is there is noted as taken; what certainly is not there is queued again, with the same key; what the network will
    not tell stays not known, and a person decides.
    """
    outgoing = _outgoing(row)
    if outgoing.state != State.UNKNOWN:
        due.close(row, now)
        return
    try:
        with lent(outgoing.message) as adapter:
            if not isinstance(adapter, Finds):
                due.close(row, now)
                return
            receipt = adapter.find(parcel_of(outgoing.message))
    except (ChannelError, OSError) as error:
        _could_not_ask(row, now, error)
        return
    if receipt is not None:
        outbox.taken(outgoing, receipt, now, row)
    elif now - _last_try(outgoing) < SURELY_SHOWN_AFTER:
        due.renew(row, now + outbox.ASK_AFTER)
    else:
        outbox.requeue(outgoing, "The network does not have it: it is sent again.", now, row)


def _could_not_ask(row: DueRow, now: datetime, error: ChannelError | OSError) -> None:
    if isinstance(error, RateLimited):
        due.renew(row, now + error.pause)
    elif (isinstance(error, ChannelError) and error.permanent) or row.attempts >= RESOLVE_TRIES:
        due.close(row, now)
    else:
        due.postpone(row, now, str(error), tries=None)


def _last_try(outgoing: Outgoing) -> datetime:
    return outgoing.attempts.order_by("-at").values_list("at", flat=True).first() or outgoing.undo_until_at
