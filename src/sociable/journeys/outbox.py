"""Queues a message to leave, takes it back while there is time, and notes what became of it.

The message and its outbox row are one transaction; the state tells at every moment what is known, so that nothing is
silently lost. The network is called by deliver, after commit.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from sociable.asking.keeping import add
from sociable.asking.question import Given, Question
from sociable.channels import registry
from sociable.channels.base import Receipt as Taken
from sociable.channels.tidy import web_address
from sociable.conversations import services as conversations
from sociable.conversations.models import Attempt, Conversation, Message, Outgoing, RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
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
IT_STANDS_THERE = "It stands where they asked; nothing had to be sent."
ASK_AFTER = timedelta(seconds=10)  # a network that took it just now may not show it yet


class TooLate(DomainError):
    """The message has left; it can no longer be taken back."""


def queue(message: Message, *, undo_until_at: datetime, after: Outgoing | None = None) -> Outgoing:
    """This function will put a message into the outbox inside the caller's transaction; it leaves when undo is over.

    Shape:  it leaves only once `after`, an earlier part of the same answer, is there. A message to nobody's address is read
            on the private link, or in the chat: it is delivered the moment it may no longer be undone.
    """
    if not message.to_addresses and undo_until_at <= message.sent_at:
        there = Outgoing(
            message=message, undo_until_at=undo_until_at, after=after, state=State.DELIVERED, detail=IT_STANDS_THERE
        )
        add([there])
        return there
    outgoing = Outgoing(message=message, undo_until_at=undo_until_at, after=after)
    add([outgoing])
    if message.to_addresses:
        message.message_id = _key_of(message)
        message.save(update_fields=["message_id"])
    due.ask([due.Due("deliver", f"deliver:{message.pk}", message.pk, undo_until_at)])
    live.wake_workers()
    return outgoing


def _key_of(message: Message) -> str:
    """The idempotency key: the network's own id at once where we may choose it."""
    account = sending_account(message)
    own_id = Connection.objects.filter(account=account, network_id__gt="").values_list("network_id", flat=True).first()
    address = own_id if own_id and message.channel == account.channel else account.address
    adapter = registry.adapter_class(message.channel)
    return adapter.message_id_for(message.conversation_id, message.pk, address, settings.SECRET_KEY.encode())


def sending_account(message: Message) -> Account:
    """This function will return the account from which a message of ours leaves; a conversation may have moved meanwhile."""
    conversation = message.conversation
    if message.sent_from is not None:
        return message.sent_from
    if conversation.account.channel == message.channel:
        return conversation.account
    return directory.account_that_sends(
        conversation.account, message.channel, _that_heard(conversation, message.channel)
    )


def _that_heard(conversation: Conversation, channel: str) -> Account | None:
    """The account that heard a conversation last by a channel, where that is another than the one on which it stands."""
    (account_id,) = _LAST_HEARD.first(conversation=conversation.pk, channel=channel) or (None,)
    if account_id in (None, conversation.account_id):
        return None
    return Account.objects.select_related("partner").get(pk=account_id)


_LAST_HEARD = Question(
    lambda: (
        RawInbound.objects.filter(message__conversation=Given("conversation"), channel=Given("channel"))
        .order_by("-pk")
        .values_list("account_id")[:1]
    )
)


def undo(message: Message, now: datetime) -> list[Message]:
    """This function will take a queued answer back, all its parts, and open its wait again, as if it had never been written.

    Shape:  returns the parts in their order
    Errors: TooLate where any of it has left
    """
    with transaction.atomic():
        _hold_still(message)
        parts = together(message)
        # What was tried in vain is still here to be taken back. Not by a join: the state must stand in the update itself,
        # or PostgreSQL would not look at it again where the message was handed over at this instant
        in_time = Q(undo_until_at__gt=now) | Exists(Attempt.objects.filter(outgoing=OuterRef("pk")))
        undone = Outgoing.objects.filter(in_time, message__in=parts, state=State.QUEUED).update(state=State.UNDONE)
        if undone < len(parts):
            raise TooLate("It has left already and cannot be taken back. You can write again to put it right.")
        due.withdraw("deliver", [part.pk for part in parts])
        reopen_answered_by(message)
        live.publish(
            kind="undone", account_id=message.conversation.account_id, conversation_id=message.conversation_id, now=now
        )
    return parts


def together(message: Message) -> list[Message]:
    """This function will return the messages of one answer, first part first."""
    head = message.part_of_id or message.pk
    return list(Message.objects.filter(Q(pk=head) | Q(part_of=head)).select_related("outgoing").order_by("pk"))


def _hold_still(message: Message) -> None:
    """Keep its conversation as it is until the transaction ends: a message that comes in now could open a wait as well."""
    message.refresh_from_db(fields=["conversation"])
    conversations.locked(message.conversation_id)


def reopen_answered_by(message: Message) -> None:
    """This function will open again the wait that an answer ended, which was taken back, did not arrive or was none.

    A conversation closed with the answer opens with it: an open wait behind a closed door would be seen by nobody. Half an
    answer is none: a part that did not get there opens what its first part had ended.
    """
    promises.unacknowledge(message)
    if message.acknowledges and message.part_of_id:
        return  # a closing line for onlookers; who asked has their answer
    head = message.part_of_id or message.pk
    wait = Wait.objects.select_related("conversation", "promise").filter(ended_with=head).first()
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
        conversation=message.conversation_id,
        direction=Message.Direction.OUT,
        automatic="",
        acknowledges=False,
        part_of=None,
        withdrawn_at=None,
    )
    holding = answers.filter(
        Q(outgoing=None)  # said aloud, or written at the network itself
        | Q(outgoing__state__in=[State.QUEUED, State.SENDING, State.ACCEPTED, State.DELIVERED])
    )
    return holding.filter(stored_at__gt=message.stored_at).select_related("author").order_by("sent_at", "pk").first()


def settle(outgoing: Outgoing, state: str, detail: str, now: datetime, row: DueRow | None = None) -> None:
    """This function will note in one transaction: the attempt, the state, the wait it answers, and the due row.

    What is known already is not overwritten by what came late: see COMES_FROM. What is not known is asked of the network.
    """
    with transaction.atomic():
        if state in (State.FAILED, State.BOUNCED):
            _hold_still(outgoing.message)
        Attempt.objects.create(outgoing=outgoing, at=now, result=state, detail=detail)
        known = {"remote_id": outgoing.remote_id, "accepted_at": outgoing.accepted_at}
        changes = {"state": state, "detail": detail} | {name: value for name, value in known.items() if value}
        before = Outgoing.objects.values_list("state", flat=True).get(pk=outgoing.pk)
        changed = Outgoing.objects.filter(pk=outgoing.pk, state__in=COMES_FROM[state]).update(**changes)
        if row is not None:
            due.close(row, now)
        if not changed:
            return
        outgoing.state, outgoing.detail = state, detail
        if before == State.UNKNOWN:
            due.withdraw(
                "resolve", [outgoing.message_id]
            )  # also one that was set aside: nobody need look at it any more
        if state == State.UNKNOWN:
            message_id = outgoing.message_id
            due.ask([due.Due("resolve", f"resolve:{message_id}", message_id, now + ASK_AFTER)])
        if state in (State.UNKNOWN, State.FAILED):
            log.warning("a message is in trouble", extra={"message_id": outgoing.message_id, "state": state})
        if state in (State.FAILED, State.BOUNCED):
            reopen_answered_by(outgoing.message)
        elif state in (State.ACCEPTED, State.DELIVERED) and outgoing.message.to_addresses and before != State.ACCEPTED:
            promises.accepted(outgoing.message, now)
        tell(outgoing, now)


def taken(outgoing: Outgoing, receipt: Taken, now: datetime, row: DueRow | None = None) -> None:
    """This function will note that the network took a message, under which id, and where it can be seen."""
    with transaction.atomic():
        outgoing.remote_id, outgoing.accepted_at = receipt.remote_id[:500], now
        _named(outgoing.message, receipt)
        settle(outgoing, State(receipt.state), receipt.detail, now, row)


def _named(message: Message, receipt: Taken) -> None:
    """Answers name the network's id: it becomes the message's own where it had only a key of ours."""
    changes: dict[str, object] = {}
    if link := web_address(receipt.link):
        changes["link"] = link[:1000]
    if receipt.reply_ref:
        changes["reply_ref"] = dict(receipt.reply_ref)
    if receipt.thread_key:
        changes["thread_key"] = receipt.thread_key[:500]
    if registry.adapter_class(message.channel).capabilities.ids_of_network and receipt.remote_id:
        changes["message_id"] = receipt.remote_id[:500]
        _seen_before_known(message, receipt.remote_id[:500])
    if changes:
        Message.objects.filter(pk=message.pk).update(**changes)


def _seen_before_known(message: Message, message_id: str) -> None:
    """The network told us of our own message before it told us that it had taken it: the two are one."""
    twin = Message.objects.filter(partner=message.partner_id, message_id=message_id).exclude(pk=message.pk).first()
    if twin is None or twin.direction != Message.Direction.OUT or Outgoing.objects.filter(message=twin).exists():
        return
    Wait.objects.filter(ended_with=twin).update(ended_with=message)
    RawInbound.objects.filter(message=twin).update(message=message, state=RawInbound.State.DUPLICATE)
    twin.delete()


def requeue(outgoing: Outgoing, detail: str, now: datetime, row: DueRow) -> None:
    """This function will queue a message again that certainly never left; the attempt says why, so that the screen can."""
    with transaction.atomic():
        if not due.close(row, now):
            return
        if Outgoing.objects.filter(pk=outgoing.pk, state=State.UNKNOWN).update(state=State.QUEUED, detail=detail):
            Attempt.objects.create(outgoing=outgoing, at=now, result="not there", detail=detail)
            due.ask([due.Due("deliver", f"deliver:{outgoing.message_id}", outgoing.message_id, now)])
            live.wake_workers()
            tell(outgoing, now)


def came_back(outgoing: Outgoing, detail: str, now: datetime) -> None:
    """This function will note that the network returned a message: it did not arrive, so its wait is open again."""
    settle(outgoing, State.BOUNCED, detail, now, None)


def arrived(outgoing: Outgoing, detail: str, now: datetime) -> None:
    """This function will note that a message arrived, as the network or an answer to it says."""
    settle(outgoing, State.DELIVERED, detail, now, None)


def send_again(message: Message, now: datetime) -> None:
    """This function will queue a message again that failed, came back or whose fate is not known, with the same Message-ID.

    The new attempt is a row of its own, so that the screen proves that it was re-sent.
    """
    with transaction.atomic():
        _hold_still(message)
        outgoing = Outgoing.objects.select_for_update().get(message=message)
        if outgoing.state not in (State.FAILED, State.BOUNCED, State.UNKNOWN):
            raise TooLate("It is not in trouble, so there is nothing to send again.")
        if outgoing.state == State.BOUNCED:
            _renew_key(message, outgoing)
        again = [outgoing, *_held_up_by(outgoing)]
        Outgoing.objects.filter(pk__in=[one.pk for one in again]).update(state=State.QUEUED, undo_until_at=now)
        due.withdraw("resolve", [message.pk])
        due.ask(due.Due("deliver", f"deliver:{one.message_id}", one.message_id, now) for one in again)
        _answers_again(message.part_of or message, now)
        live.wake_workers()
        tell(outgoing, now)


def _answers_again(head: Message, now: datetime) -> None:
    """End the wait it answers; what they asked after it was written is not answered by it."""
    wait = promises.open_wait(head.conversation)
    if wait is not None and wait.started_at <= head.sent_at and not head.automatic and not head.acknowledges:
        promises.end(wait, how=Wait.Ended.ANSWERED, at=now, person=head.author, answer=head)


def _renew_key(message: Message, outgoing: Outgoing) -> None:
    """A network that gave the lost message an id must not take the new one for the old."""
    if registry.adapter_class(message.channel).capabilities.ids_of_network and outgoing.remote_id:
        message.message_id = f"{_key_of(message)}:{outgoing.attempts.count()}"
        message.save(update_fields=["message_id"])
        outgoing.remote_id = ""
        outgoing.save(update_fields=["remote_id"])


def _held_up_by(outgoing: Outgoing) -> Sequence[Outgoing]:
    """The later parts that did not leave because this one did not get there."""
    held: list[Outgoing] = []
    following = list(outgoing.followed_by.filter(state=State.FAILED))
    while following:
        held += following
        following = list(Outgoing.objects.filter(after__in=following, state=State.FAILED))
    return held


def on_their_way(account: Account) -> bool:
    """This function will say whether a message of an account may have been taken by its network without our knowing its id."""
    doubtful = Outgoing.objects.filter(state__in=[State.SENDING, State.UNKNOWN])
    # not by the conversation's account: it may have moved, and is answered where they asked
    return doubtful.filter(message__channel=account.channel, message__partner=account.partner_id).exists()


def tell(outgoing: Outgoing, now: datetime) -> None:
    """This function will tell the screens that what is known of a message on its way has changed."""
    conversation = outgoing.message.conversation
    live.publish(kind="sending", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
