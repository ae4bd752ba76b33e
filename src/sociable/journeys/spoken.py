"""A person answers aloud, on the phone or face to face, and logs it: who was told what, and when.

That ends the wait at the instant at which it was said, whichever channel the conversation came by. What was no answer after
all is a note from then on, and the wait goes on as if nothing had been said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sociable.channels import registry
from sociable.conversations import joining
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Message
from sociable.directory import queries as directory
from sociable.domain.errors import DomainError
from sociable.journeys import answer, outbox, settle, trail
from sociable.live import services as live
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import services as promises


class NotThen(DomainError):
    """It cannot have been said at that time."""


class NotSpoken(DomainError):
    """That message is no answer that was said aloud."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said aloud: on which channel, to whom (a name, a number), when, and whether it only says that we have it."""

    text: str
    channel: str
    told: str
    at: datetime
    acknowledges: bool = False
    closes: bool = False


def say(
    *, conversation_id: int, person: Person, said: Said, now: datetime, against_version: int, anyway: bool = False
) -> Message:
    """This function will log what a person told somebody aloud; an answer ends the wait at the instant it was said.

    Whoever wrote or called again after that instant waits anew, from then on.

    Errors: NothingWritten; NotThen; SomethingNewer unless `anyway`; NotHere; NotAllowed
    """
    if not said.text.strip():
        raise answer.NothingWritten("Write what you told them.")
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        answer.check_lives(conversation)
        if not anyway:
            answer.check_nothing_newer(conversation, person, against_version, now)
        if conversation.state == Conversation.State.KEPT_ASIDE:  # whoever answers it says that it is a request
            settle.is_a_request(conversation.pk, person, now)
            conversation = conversations.locked(conversation.pk)
        check_then(conversation, said.at, now)
        message = _log(conversation, person, said, now)
        if not said.acknowledges:
            answer.hold_or_close(conversation, person, now, closes=said.closes)
        live.publish(kind="answer", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return message


def check_then(conversation: Conversation, at: datetime, now: datetime) -> None:
    """This function will raise NotThen where nothing can have been answered at that time.

    Errors: NotThen
    """
    if at > now:
        raise NotThen("That is still to come. Log it once you have told them.")
    wait = promises.open_wait(conversation)
    began_at = wait.started_at if wait is not None else conversation.started_at
    if at < began_at:
        raise NotThen("They asked only after that. Give the time at which you told them.")


def _log(conversation: Conversation, person: Person, said: Said, now: datetime) -> Message:
    message = conversations.add_outbound(
        conversation=conversation,
        text=said.text.strip(),
        channel=said.channel,
        author=person,
        to=[said.told.strip()] if said.told.strip() else [],
        now=now,
        sent_at=said.at,
        acknowledges=said.acknowledges,
    )
    stated = directory.stated(conversation.account_id)
    promises.heard(message=message, conversation=conversation, stated=stated)
    since = conversation.messages.filter(direction=Message.Direction.IN, automatic="", sent_at__gt=said.at)
    unheard = since.order_by("sent_at", "pk").first()
    if unheard is not None and not said.acknowledges:
        promises.heard(message=unheard, conversation=conversation, stated=stated)
    last = "out" if unheard is None else "in"
    at = max(said.at, conversation.last_message_at)
    conversations.touched(conversation, at=at, direction=last, by_person=True)
    return message


def was_no_answer(message_id: int, person: Person, now: datetime) -> Message:
    """This function will make a note of what was logged as an answer and was none; its wait runs again from its first start.

    Errors: NotSpoken; NotAllowed
    """
    with transaction.atomic():
        message = Message.objects.select_related("conversation__account__partner").get(pk=message_id)
        conversation = conversations.locked(message.conversation_id)
        permissions.check_can_answer(person, conversation.place)
        if not is_spoken_answer(message):
            raise NotSpoken("Only what was logged as said aloud can become a note.")
        outbox.reopen_answered_by(message)
        message.direction = Message.Direction.NOTE
        message.save(update_fields=["direction"])
        conversation = conversations.locked(conversation.pk)
        conversation.version += 1
        joining.retell(conversation)
        trail.leave(conversation, verb="said that it was no answer", kind="answer", person=person, now=now)
    return message


def is_spoken_answer(message: Message) -> bool:
    """This function will say whether a message is something that one of us said aloud."""
    ours = message.direction == Message.Direction.OUT and message.channel in registry.kinds()
    return ours and registry.adapter_class(message.channel).capabilities.by_hand
