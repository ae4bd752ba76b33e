"""What people change or delete at the network after they said it is changed here too, and what was said before is kept or blanked.

The fact, its time and our answer stay; the words of what was deleted go after the time the body states (WITHDRAWN_HOURS).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from sociable.asking.question import Given, Question
from sociable.channels.base import Parsed
from sociable.conversations import services as conversations
from sociable.conversations.models import Attachment, Message, Outgoing, RawInbound
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import outbox
from sociable.live import services as live
from sociable.people import services as people


def edit(raw: RawInbound, parsed: Parsed, now: datetime) -> Message | None:
    """This function will change what a message says to what it says now, and keep what it said; None where it is not known.

    Shape:  an edit that arrives after a later one changes nothing; whoever is answering what it said before is asked
    """
    message = _said(raw.account, parsed.about_id)
    if message is None:
        return None
    conversation = conversations.locked(message.conversation_id)
    message.refresh_from_db()  # another edit may have been read at this instant
    if message.withdrawn_at is not None:
        if not message.text:  # its words are gone already, and these go with them
            RawInbound.objects.filter(pk=raw.pk).update(content=b"")
        return message
    newest = message.edited_at or message.sent_at
    if parsed.sent_at < newest or message.text == parsed.text:
        return message
    message.earlier = [*message.earlier, {"text": message.text, "until": parsed.sent_at.isoformat()}]
    message.text, message.html, message.edited_at = parsed.text, parsed.html or "", parsed.sent_at
    message.save(update_fields=["text", "html", "earlier", "edited_at"])
    conversations.touched(conversation, at=conversation.last_message_at, direction="in", by_person=False)
    _tell(message, now)
    return message


def edited_before_it_came(message: Message, parsed: Parsed) -> None:
    """This function will note of a message that has just come by its edit when it was edited; what it said before was never here."""
    if parsed.sent_at > message.sent_at:
        message.edited_at = parsed.sent_at
        message.save(update_fields=["edited_at"])


def _said(account: Account, message_id: str) -> Message | None:
    known = Message.objects.filter(partner=account.partner_id, message_id=message_id[:500]).exclude(message_id="")
    return known.select_related("conversation__account").first()


def withdraw(raw: RawInbound, parsed: Parsed, now: datetime) -> None:
    """This function will note that a message was deleted at its network; if it has not come yet, it is noted when it does."""
    RawInbound.objects.filter(pk=raw.pk).update(withdraws=parsed.about_id[:500])
    message = _said(raw.account, parsed.about_id)
    if message is not None:
        _withdrawn(message, parsed.sent_at, now)


def withdraw_if_told(message: Message, raw: RawInbound, now: datetime) -> None:
    """This function will note of a message that has just come that it was deleted, where that was told before."""
    if not message.message_id:
        return
    told = _TOLD_BEFORE.first(account=raw.account_id, message=message.message_id)
    if told is not None:
        _withdrawn(message, told.received_at or told.fetched_at, now)


_TOLD_BEFORE = Question(
    lambda: RawInbound.objects.filter(account=Given("account"), withdraws=Given("message")).exclude(withdraws="")[:1]
)


def _withdrawn(message: Message, at: datetime, now: datetime) -> None:
    outgoing = (
        Outgoing.objects.filter(message=message).select_related("message__conversation__account__partner").first()
    )
    if outgoing is not None:
        outbox.came_back(outgoing, "It was deleted at the network, so nobody can read it there any more.", now)
    if message.withdrawn_at is None:
        message.withdrawn_at = at
        message.save(update_fields=["withdrawn_at"])
        if message.direction == Message.Direction.OUT and outgoing is None:  # a colleague wrote it at the network
            conversations.locked(message.conversation_id)
            outbox.reopen_answered_by(message)
        if message.direction == Message.Direction.IN:
            blank_at = now + timedelta(hours=settings.WITHDRAWN_HOURS)
            due.ask([due.Due("blank", f"blank:{message.pk}", message.pk, blank_at)])
        _tell(message, now)


def blank(row: DueRow, now: datetime) -> None:
    """This function will take away the words of a message that was deleted at its network, here and in its raw form."""
    with transaction.atomic():
        message = Message.objects.select_related("conversation").filter(pk=row.subject_id).first()
        if message is not None and message.withdrawn_at is not None:
            _blank_heading(message)
            message.text, message.html, message.earlier = "", "", []
            message.save(update_fields=["text", "html", "earlier"])
            Attachment.objects.filter(message=message).delete()
            RawInbound.objects.filter(message=message).update(content=b"")
            people.record(
                verb="blanked a deleted message",
                object_kind="conversation",
                object_id=message.conversation_id,
                partner_id=message.partner_id,
                now=now,
                after={"message": message.pk},
            )
            _tell(message, now)
        due.close(row, now)


def _blank_heading(message: Message) -> None:
    """Where the conversation is headed by the message's own words, those go too, and from what we answered under them."""
    conversation = message.conversation
    before = conversation.messages.filter(pk__lt=message.pk)
    if message.subject or not conversation.subject or before.exists():
        return
    conversation.messages.filter(subject=conversation.subject).update(subject="")
    conversation.subject = ""
    conversation.save(update_fields=["subject"])


def _tell(message: Message, now: datetime) -> None:
    account_id = message.conversation.account_id
    live.publish(kind="message", account_id=account_id, conversation_id=message.conversation_id, now=now)
