"""Queues a message to leave, takes it back while there is time, and carries it to its network.

The message and its outbox row are one transaction; the network is called after commit and never inside one; the state
tells at every moment what is known, so that nothing is sent twice and nothing is silently lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import Exists, OuterRef, Q

from sociable.channels import registry
from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.base import Outgoing as Parcel
from sociable.channels.base import Receipt as Taken
from sociable.conversations import files
from sociable.conversations import services as conversations
from sociable.conversations.models import Attempt, Conversation, Message, Outgoing
from sociable.directory import connecting
from sociable.directory import queries as directory
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live
from sociable.promises import services as promises
from sociable.promises.models import Wait

log = logging.getLogger(__name__)
State = Outgoing.State


# From which states each may come: a word that arrives late does not undo a better one.
COMES_FROM: dict[str, tuple[str, ...]] = {
    State.QUEUED: (State.QUEUED, State.SENDING),
    State.UNKNOWN: (State.SENDING,),
    State.FAILED: (State.QUEUED, State.SENDING, State.UNKNOWN),
    State.ACCEPTED: (State.QUEUED, State.SENDING, State.UNKNOWN),
    State.DELIVERED: (State.QUEUED, State.SENDING, State.UNKNOWN, State.ACCEPTED),
    State.BOUNCED: (State.SENDING, State.UNKNOWN, State.ACCEPTED, State.DELIVERED),
}
NOTING_PAUSES_SECONDS = (0.2, 1.0, 3.0, 6.0)


class TooLate(DomainError):
    """The message has left; it can no longer be taken back."""


class NotOurs(Exception):
    """The message was taken back, or taken over, before it was handed over."""


def queue(message: Message, *, undo_until_at: datetime) -> Outgoing:
    """This function will put a message into the outbox inside the caller's transaction; it leaves when undo is over.

    A message to nobody's address is read on the private link: it is delivered the moment it may no longer be undone.
    """
    outgoing = Outgoing.objects.create(message=message, undo_until_at=undo_until_at)
    if message.to_addresses:
        key = settings.SECRET_KEY.encode()
        message.message_id = registry.adapter_class(message.channel).message_id_for(
            message.conversation_id, message.pk, message.conversation.account.address, key
        )
        message.save(update_fields=["message_id"])
    due.ask([due.Due("deliver", f"deliver:{message.pk}", message.pk, undo_until_at)])
    live.wake_workers()
    return outgoing


def undo(message: Message, now: datetime) -> None:
    """This function will take a queued message back and open its wait again, as if it had never been written.

    Errors: TooLate
    """
    with transaction.atomic():
        _hold_still(message)
        # What was tried in vain is still here to be taken back. Not by a join: the state must stand in the update itself,
        # or PostgreSQL would not look at it again where the message was handed over at this instant
        in_time = Q(undo_until_at__gt=now) | Exists(Attempt.objects.filter(outgoing=OuterRef("pk")))
        undone = Outgoing.objects.filter(in_time, message=message, state=State.QUEUED).update(state=State.UNDONE)
        if not undone:
            raise TooLate("It has left already and cannot be taken back. You can write again to put it right.")
        due.withdraw("deliver", [message.pk])
        _reopen_answered_by(message)
        live.publish(
            kind="undone", account_id=message.conversation.account_id, conversation_id=message.conversation_id, now=now
        )


def _hold_still(message: Message) -> None:
    """Keep its conversation as it is until the transaction ends: a message that comes in now could open a wait as well."""
    message.refresh_from_db(fields=["conversation"])
    conversations.locked(message.conversation_id)


def _reopen_answered_by(message: Message) -> None:
    """A conversation closed with the answer opens with it: an open wait behind a closed door would be seen by nobody."""
    promises.unacknowledge(message)
    wait = Wait.objects.select_related("conversation", "promise").filter(ended_with=message).first()
    if wait is not None:
        promises.reopen(wait, directory.stated(promises.judged_by(wait)).calendar)
        answer = _later_answer(message)
        if answer is not None:  # somebody answered again meanwhile, and that one holds
            promises.end(wait, how=Wait.Ended.ANSWERED, at=answer.sent_at, person=answer.author, answer=answer)
        elif wait.conversation.state == Conversation.State.CLOSED:
            conversations.settle(wait.conversation, Conversation.State.OPEN)


def _later_answer(message: Message) -> Message | None:
    """The first answer by a person that was written after this one and has not failed."""
    answers = Message.objects.filter(
        conversation=message.conversation_id, direction=Message.Direction.OUT, automatic="", acknowledges=False
    )
    holding = answers.filter(outgoing__state__in=[State.QUEUED, State.SENDING, State.ACCEPTED, State.DELIVERED])
    return holding.filter(stored_at__gt=message.stored_at).select_related("author").order_by("sent_at", "pk").first()


def deliver(row: DueRow, now: datetime) -> None:
    """This function will send one message of the outbox and note what became of it.

    A row found in `sending` belongs to a worker that died in the very instant of handing the message over: whether it left
    is not known, so it is not sent again by itself; a person is shown it and decides. One that died sooner left it queued.
    """
    outgoing = Outgoing.objects.select_related("message__conversation__account__partner").get(message_id=row.subject_id)
    if outgoing.state == State.SENDING:
        _settle(outgoing, State.UNKNOWN, "Sociable was stopped while sending; it may or may not have left.", now, row)
    elif outgoing.state != State.QUEUED:
        due.close(row, now)
    elif not outgoing.message.to_addresses:
        _settle(outgoing, State.DELIVERED, "It can be read on the private link.", now, row)
    else:
        _send(outgoing, row, now)


def _send(outgoing: Outgoing, row: DueRow, now: datetime) -> None:
    message = outgoing.message
    try:
        parcel = _parcel(message)
        adapter = connecting.sender_of(message.conversation.account, message.channel)
    except OSError as error:
        _failed(outgoing, row, now, ChannelError(f"An attachment could not be read: {error}"))
        return
    except ChannelError as error:
        _failed(outgoing, row, now, error)
        return
    try:
        taken = adapter.send(parcel, before_handover=lambda: _hand_over(outgoing, row))
    except NotOurs:
        return
    except OutcomeUnknown as error:
        _surely(partial(_settle, outgoing, State.UNKNOWN, error.message, now, row))
    except ChannelError as error:
        _surely(partial(_failed, outgoing, row, now, error))
    else:
        _surely(partial(_accepted, outgoing, taken, row, now))
    finally:
        adapter.close()


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


def _parcel(message: Message) -> Parcel:
    conversation, account = message.conversation, message.conversation.account
    before = (
        conversation.messages.exclude(pk=message.pk).exclude(message_id="").filter(stored_at__lte=message.stored_at)
    )
    thread = list(before.order_by("-sent_at", "-pk").values_list("message_id", "direction")[:10])
    last_in = next((value for value, direction in thread if direction == "in"), "")
    subject = message.subject or "Your request"
    return Parcel(
        message_id=message.message_id,
        from_address=account.address or settings.DEFAULT_FROM_EMAIL,
        from_name=account.name if message.automatic else f"{message.from_name}, {account.name}",
        reply_to=registry.adapter_class(message.channel).reply_address_for(
            account.address or settings.DEFAULT_FROM_EMAIL, conversation.pk, settings.SECRET_KEY.encode()
        ),
        to=tuple(message.to_addresses),
        subject=subject if subject.lower().startswith("re:") else f"Re: {subject}",
        text=message.text,
        in_reply_to=last_in or (thread[0][0] if thread else ""),
        references=tuple(value for value, _ in reversed(thread)),
        attachments=tuple(
            (a.name, a.content_type, files.path_of(a.sha256).read_bytes()) for a in message.attachments.all()
        ),
        automatic=bool(message.automatic),
        sent_at=message.sent_at,
        envelope_from=account.address or settings.DEFAULT_FROM_EMAIL,
    )


def _accepted(outgoing: Outgoing, taken: Taken, row: DueRow, now: datetime) -> None:
    outgoing.remote_id, outgoing.accepted_at = taken.remote_id[:500], now
    _settle(outgoing, State(taken.state), taken.detail, now, row)


def _failed(outgoing: Outgoing, row: DueRow, now: datetime, error: ChannelError) -> None:
    """A passing failure is tried again with a growing pause; a lasting one, or the last try, is shown and opens the wait again."""
    if error.permanent or row.attempts >= due.TRIES:
        _settle(outgoing, State.FAILED, error.message, now, row)
        return
    with transaction.atomic():
        ours = Outgoing.objects.filter(pk=outgoing.pk, state__in=COMES_FROM[State.QUEUED])
        if not due.holds(row) or not ours.update(state=State.QUEUED, detail=error.message):
            return
        Attempt.objects.create(outgoing=outgoing, at=now, result="failed", detail=error.message)
        due.postpone(row, now, error.message, tries=None)  # how it ends is decided here
        _tell(outgoing, now)


def _settle(outgoing: Outgoing, state: str, detail: str, now: datetime, row: DueRow | None) -> None:
    """One transaction: the attempt, the state, the wait it answers, and the due row.

    What is known already is not overwritten by what came late: see COMES_FROM.
    """
    with transaction.atomic():
        if state in (State.FAILED, State.BOUNCED):
            _hold_still(outgoing.message)
        Attempt.objects.create(outgoing=outgoing, at=now, result=state, detail=detail)
        changes = {
            "state": state,
            "detail": detail,
            "remote_id": outgoing.remote_id,
            "accepted_at": outgoing.accepted_at,
        }
        changed = Outgoing.objects.filter(pk=outgoing.pk, state__in=COMES_FROM[state]).update(**changes)
        if row is not None:
            due.close(row, now)
        if not changed:
            return
        outgoing.state, outgoing.detail = state, detail
        if state in (State.UNKNOWN, State.FAILED):
            log.warning("a message is in trouble", extra={"message_id": outgoing.message_id, "state": state})
        if state in (State.FAILED, State.BOUNCED):
            _reopen_answered_by(outgoing.message)
        elif state in (State.ACCEPTED, State.DELIVERED) and outgoing.message.to_addresses:
            promises.accepted(outgoing.message, now)
        _tell(outgoing, now)


def came_back(outgoing: Outgoing, detail: str, now: datetime) -> None:
    """This function will note that the network returned a message: it did not arrive, so its wait is open again."""
    _settle(outgoing, State.BOUNCED, detail, now, None)


def arrived(outgoing: Outgoing, detail: str, now: datetime) -> None:
    """This function will note that a message whose fate was not known arrived after all."""
    _settle(outgoing, State.DELIVERED, detail, now, None)


def send_again(message: Message, now: datetime) -> None:
    """This function will queue a message again that failed, came back or whose fate is not known, with the same Message-ID.

    The new attempt is a row of its own, so that the screen proves that it was re-sent.
    """
    with transaction.atomic():
        _hold_still(message)
        outgoing = Outgoing.objects.select_for_update().get(message=message)
        if outgoing.state not in (State.FAILED, State.BOUNCED, State.UNKNOWN):
            raise TooLate("It is not in trouble, so there is nothing to send again.")
        outgoing.state, outgoing.undo_until_at = State.QUEUED, now
        outgoing.save(update_fields=["state", "undo_until_at"])
        due.ask([due.Due("deliver", f"deliver:{message.pk}", message.pk, now)])
        wait = promises.open_wait(message.conversation)
        if wait is not None and not message.automatic and not message.acknowledges:
            promises.end(wait, how=Wait.Ended.ANSWERED, at=now, person=message.author, answer=message)
        live.wake_workers()
        _tell(outgoing, now)


def _tell(outgoing: Outgoing, now: datetime) -> None:
    conversation = outgoing.message.conversation
    live.publish(kind="sending", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
