"""A person answers, acknowledges or notes; the wait ends with the answer, and the message goes to the outbox.

Written against an older version of the conversation, or into somebody else's hands, an answer is held and the writer asked,
with nothing lost. Taken back in time, its words are a draft again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from sociable.channels import registry
from sociable.channels.base import ParsedAttachment
from sociable.conversations import files, presence
from sociable.conversations import services as conversations
from sociable.conversations.models import Attachment, Conversation, Draft, Mention, Message
from sociable.directory import queries as directory
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.journeys import claim, outbox, settle
from sociable.live import services as live
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import services as promises


class NothingWritten(DomainError):
    """An answer without words."""


class NotHere(DomainError):
    """The conversation lives on elsewhere."""


class SomethingNewer(DomainError):
    """The conversation went on while this was being written; `between` is what was said since, oldest first."""

    def __init__(self, message: str, between: Sequence[Message] = ()) -> None:
        super().__init__(message)
        self.between = between


def send(
    *,
    conversation_id: int,
    person: Person,
    text: str,
    against_version: int,
    now: datetime,
    send_anyway: bool = False,
    acknowledges: bool = False,
    closes: bool = False,
    attachments: Sequence[ParsedAttachment] = (),
) -> Message:
    """This function will answer a conversation for its account, or only acknowledge it, and queue the message to leave.

    Whoever answers a free conversation holds it from then on; one that `closes` is let go.

    Errors: NothingWritten; SomethingNewer, also where somebody else holds it, unless `send_anyway`; NotHere; NotAllowed
    """
    if text.strip() in ("", person.sign_off.strip()):
        raise NothingWritten("Write your answer first.")
    hashes = [files.keep(attachment.content) for attachment in attachments]
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        _check_lives(conversation)
        if not send_anyway:
            _check_nothing_newer(conversation, person, against_version, now)
        if conversation.state == Conversation.State.KEPT_ASIDE:  # whoever answers it says that it is a request
            settle.is_a_request(conversation.pk, person, now)
            conversation = conversations.locked(conversation.pk)
        message = _write(conversation, person, text, now, acknowledges)
        _attach(message, attachments, hashes)
        promises.heard(message=message, conversation=conversation, stated=directory.stated(conversation.account_id))
        conversations.touched(conversation, at=now, direction="out", by_person=True)
        outbox.queue(message, undo_until_at=now + timedelta(seconds=settings.UNDO_SECONDS))
        Draft.objects.filter(conversation=conversation, person=person, kind="answer").delete()
        _hold_or_close(conversation, person, now, closes=closes)
        live.publish(kind="answer", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return message


def _check_lives(conversation: Conversation) -> None:
    if conversation.merged_into_id is not None:
        raise NotHere("This conversation was merged into another. Answer there: your words are kept.")


def _check_nothing_newer(conversation: Conversation, person: Person, against_version: int, now: datetime) -> None:
    if conversation.version != against_version:
        between = _between(conversation, against_version)
        raise SomethingNewer(f"{_who_spoke(between, now)}. Send yours anyway?", between)
    held_until = conversation.held_until_at
    if (
        conversation.held_by is not None
        and conversation.held_by != person
        and held_until is not None
        and held_until > now
    ):
        raise SomethingNewer(f"{conversation.held_by.name} has this one and may be answering. Send yours anyway?")


def _between(conversation: Conversation, against_version: int) -> list[Message]:
    """Every message raised the version by one, so the last so many are what the writer has not seen."""
    said = (
        conversation.messages.exclude(direction=Message.Direction.NOTE)
        .select_related("author")
        .order_by("-stored_at", "-pk")
    )
    return list(said[: max(1, conversation.version - against_version)])[::-1]


def _who_spoke(between: Sequence[Message], now: datetime) -> str:
    if not between:
        return "This conversation was changed while you wrote"
    last = between[-1]
    who = last.author.first_name if last.author else last.from_name or last.from_address or "Somebody"
    verb = "answered" if last.direction == Message.Direction.OUT else "wrote"
    return f"{who} {verb} {_ago(now - last.stored_at)}"


def _hold_or_close(conversation: Conversation, person: Person, now: datetime, *, closes: bool) -> None:
    if closes:
        due.withdraw("hold", [conversation.pk])
        conversations.free(conversation)
        if promises.open_wait(conversation) is None:  # somebody who still waits behind a closed door is seen by nobody
            conversations.settle(conversation, Conversation.State.CLOSED)
    elif conversation.held_by_id is None or (
        conversation.held_until_at is not None and conversation.held_until_at <= now
    ):
        claim.take(conversation.pk, person, now)


def _ago(since: timedelta) -> str:
    seconds = max(0, round(since.total_seconds()))
    if seconds < 90:
        return f"{seconds} seconds ago"
    return f"{seconds // 60} minutes ago" if seconds < 5400 else f"{seconds // 3600} hours ago"


def address_of(conversation: Conversation) -> tuple[str, str]:
    """This function will say how an answer travels: the channel, and the address, empty where it is read on the private link.

    Shape:  the address of whoever asked, as they last wrote; not of somebody who had a copy and wrote after them
    """
    heard = heard_in(conversation)
    theirs = conversation.contact.identities.values("address")
    last_in = heard.filter(Q(from_address__in=theirs) | Q(from_address="")).first() or heard.first()
    if last_in is None:
        return "form", ""
    address = last_in.reply_address or last_in.from_address
    if address and registry.can_send(last_in.channel):
        return last_in.channel, address
    return ("email", address) if address and last_in.identity_kind == "email" else (last_in.channel, "")


def heard_in(conversation: Conversation) -> QuerySet[Message]:
    """This function will return what people wrote to us in a conversation, newest first."""
    return conversation.messages.filter(direction=Message.Direction.IN, automatic="").order_by("-sent_at", "-pk")


def _write(conversation: Conversation, person: Person, text: str, now: datetime, acknowledges: bool) -> Message:
    channel, address = address_of(conversation)
    asked = heard_in(conversation).filter(channel=channel).first()
    return conversations.add_outbound(
        conversation=conversation,
        text=text.strip(),
        channel=channel,
        author=person,
        to=[address] if address else [],
        now=now,
        acknowledges=acknowledges,
        visibility=asked.visibility if asked else "",
    )


def _attach(message: Message, attachments: Sequence[ParsedAttachment], hashes: Sequence[str]) -> None:
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            name=one.name[:255],
            content_type=one.detected_type[:120],
            size_bytes=one.size_bytes,
            sha256=sha256,
        )
        for one, sha256 in zip(attachments, hashes, strict=True)
    )


def take_back(message_id: int, person: Person, now: datetime) -> Message:
    """This function will take an answer back while there is time, and make its words the person's draft again.

    Errors: TooLate; NotAllowed
    """
    with transaction.atomic():
        message = Message.objects.select_related("conversation__account__partner").get(pk=message_id)
        permissions.check_can_answer(person, message.conversation.place)
        parts = outbox.undo(message, now)
        conversation = conversations.locked(message.conversation_id)
        conversations.retell(conversation)
        if (
            conversation.state == Conversation.State.OPEN
            and conversation.last_direction == "in"
            and not promises.open_wait(conversation)
        ):
            conversations.settle(
                conversation, Conversation.State.CLOSED
            )  # it was ended before, and only this answer had opened it
        since = presence.draft_of(conversation.pk, person.pk, "answer")
        text = "\n\n".join([*(part.text for part in parts), *([since.text] if since else [])])
        presence.write(
            conversation.pk, person.pk, kind="answer", text=text, against_version=conversation.version, now=now
        )
    return message


def note(*, conversation_id: int, person: Person, text: str, now: datetime) -> Message:
    """This function will write a note between staff beside a conversation and tell whom it names with @.

    Errors: NothingWritten; NotAllowed
    """
    if not text.strip():
        raise NothingWritten("Write your note first.")
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_note(person, conversation.place)
        message = conversations.add_outbound(
            conversation=conversation,
            text=text.strip(),
            channel="note",
            author=person,
            to=[],
            now=now,
            direction=Message.Direction.NOTE,
        )
        Mention.objects.bulk_create(Mention(message=message, person=named) for named in mentioned(text, conversation))
        Draft.objects.filter(conversation=conversation, person=person, kind="note").delete()
        live.publish(kind="note", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return message


def keep_draft(
    conversation: Conversation, person: Person, *, kind: str, text: str, against_version: int, now: datetime
) -> None:
    """This function will keep what a person has written so far; it keeps their hold alive and tells others that they write.

    Errors: NotAllowed
    """
    permissions.check_can_note(person, conversation.place)
    own_words = "" if text.strip() == person.sign_off.strip() else text
    with transaction.atomic():
        if presence.write(
            conversation.pk, person.pk, kind=kind, text=own_words, against_version=against_version, now=now
        ):
            live.hint(kind="presence", account_id=conversation.account_id, conversation_id=conversation.pk)
    claim.keep(conversation.pk, person, now)


def mentioned(text: str, conversation: Conversation) -> list[Person]:
    """This function will find the people a note names as @First or @First.Last who may see the conversation."""
    names = {name.lower() for name in re.findall(r"@([\w'-]+(?:\.[\w'-]+)*)", text)}
    if not names:
        return []
    here = (
        Person.objects.filter(is_active=True, roles__partner=conversation.account.partner_id)
        .distinct()
        .prefetch_related("roles")
    )
    return [
        person
        for person in here
        if {person.first_name.lower(), person.name.lower().replace(" ", ".")} & names
        and permissions.can_see(person, conversation.place)
    ]
