"""A call or a visit is written down while it happens, or a message copied from elsewhere: answered at once, or promised.

What is typed is kept as it is typed. Once it is done it comes in as every message does, raw first, with a clock that runs
from when the call or the visit began; what was told at once is logged as said aloud.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from sociable.channels import registry
from sociable.channels.base import RawItem
from sociable.channels.noted import Jot, Noted
from sociable.conversations import services as conversations
from sociable.conversations.models import CallNote, Conversation, Message
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.text import heading_of, number_words
from sociable.journeys import claim, receive, spoken, trail
from sociable.journeys.spoken import Said
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import services as promises

KEEP_UNFINISHED = timedelta(days=30)  # since somebody last typed in it
KEEP_EMPTY = timedelta(days=1)


class NotThen(DomainError):
    """A call or a visit cannot have begun at that time."""


class NothingNoted(DomainError):
    """Nothing was written down."""


class SaidMeanwhile(DomainError):
    """The conversation went on while they spoke."""


class NoSuchChannel(DomainError):
    """Nobody can be spoken with on that channel."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call or a visit as it is noted. `told` is what was said to them, `answers` whether that answered it.

    `against_version` is the version of the conversation it is about, as whoever noted it saw it.
    """

    account: Account
    began_at: datetime
    asked: str
    name: str = ""
    phone: str = ""
    email: str = ""
    network: str = ""
    sender: str = ""
    told: str = ""
    told_at: datetime | None = None
    answers: bool = False
    takes: bool = False
    closes: bool = False
    against_version: int = 0


def by_hand() -> dict[str, type[Noted]]:
    """This function will name the channels that people carry by hand: heard and answered outside, and noted here."""
    return {kind: adapter for kind, adapter in registry.kinds().items() if issubclass(adapter, Noted)}


def begin(*, person: Person, channel: str, now: datetime, about: Conversation | None = None) -> CallNote:
    """This function will begin a note of a call or a visit, at this instant; perhaps about a conversation that is there.

    Errors: NoSuchChannel; NotAllowed
    """
    if channel not in by_hand():
        raise NoSuchChannel("Say whether it is a call, a visit or a message from elsewhere.")
    if about is not None:
        permissions.check_can_note(person, about.place)
    return CallNote.objects.create(person=person, channel=channel, conversation=about, begun_at=now, kept_at=now)


def keep(note: CallNote, typed: dict[str, Any], now: datetime) -> None:
    """This function will keep what is typed in a note so far; what is done is not begun again by a draft that was on its way."""
    CallNote.objects.filter(pk=note.pk, done_at=None).update(typed=typed, kept_at=now)


def throw_away(note: CallNote) -> None:
    """This function will forget a note that is not done."""
    CallNote.objects.filter(pk=note.pk, done_at=None).delete()


def prune(now: datetime) -> int:
    """This function will forget notes that were begun and not finished, so long after they were last typed in, and return how many."""
    unfinished = CallNote.objects.filter(done_at=None)
    old = Q(kept_at__lt=now - KEEP_UNFINISHED) | Q(kept_at__lt=now - KEEP_EMPTY, typed={})
    return unfinished.filter(old).delete()[0]


def check_began(note: CallNote, at: datetime, now: datetime) -> None:
    """This function will raise NotThen for a beginning that is still to come, or too long ago.

    Errors: NotThen
    """
    if at > now:
        raise NotThen("That is still to come. Give the time at which it began.")
    oldest = by_hand()[note.channel].oldest
    if oldest is not None and at < now - oldest:
        raise NotThen(
            f"That is more than {oldest.days} days ago. Paste it as a message from elsewhere, with its own date."
        )


def check_told(call: Call, now: datetime) -> None:
    """This function will raise NotThen where they cannot have been told at that time.

    Errors: NotThen
    """
    if call.told_at is not None and call.told_at > now:
        raise NotThen("That is still to come. Leave it empty for now.")
    if call.told_at is not None and call.told_at < call.began_at:
        raise NotThen("That is before it began.")


def finish(*, note: CallNote, call: Call, person: Person, now: datetime) -> Conversation:
    """This function will make a call or a visit a message, log what was told, and return its conversation.

    Shape:  sent twice it is there once
    Errors: NotThen; NothingNoted; KeptUnread; SaidMeanwhile; NotAllowed
    """
    _check(note, call, person, now)
    message = _taken(note, call, person, now) if call.asked.strip() else None
    with transaction.atomic():
        note = CallNote.objects.select_for_update(of=("self",)).select_related("became").get(pk=note.pk)
        if note.became is not None:
            return note.became
        conversation = _conversation_of(note, message)
        if message is not None:
            _greeted(conversation, note, call)
        if call.told.strip():
            _tell(conversation, note, call, person, now)
        if call.takes and not call.closes:
            claim.take(conversation.pk, person, now)
        trail.leave(conversation, verb=f"noted what was said ({_what(note)})", kind="message", person=person, now=now)
        note.became, note.done_at, note.typed = conversation, now, {}
        note.save(update_fields=["became", "done_at", "typed"])
    return conversation


def _check(note: CallNote, call: Call, person: Person, now: datetime) -> None:
    place = call.account.place
    permissions.check_can_note(person, place)
    if call.told.strip() or call.takes:
        permissions.check_can_answer(person, place)
    if not call.asked.strip() and (note.conversation is None or not call.told.strip()):
        raise NothingNoted("Write down what they asked.")
    if call.answers and not call.told.strip():
        raise NothingNoted("Write down what you told them, or leave it as promised.")
    check_began(note, call.began_at, now)
    check_told(call, now)
    if note.conversation is not None and note.conversation.version != call.against_version:
        raise SaidMeanwhile("Something was said here while you spoke. Read it below, then keep your note.")


def _taken(note: CallNote, call: Call, person: Person, now: datetime) -> Message:
    jot = Jot(
        text=call.asked.strip(),
        sent_at=call.began_at,
        noted_by=person.name,
        name=call.name,
        phone=call.phone,
        email=call.email,
        subject="" if note.conversation else heading_of(call.asked),
        network=call.network,
        sender=call.sender,
        about=note.conversation_id,
    )
    content = by_hand()[note.channel].note(jot)
    same = hashlib.sha256(content + call.began_at.isoformat().encode()).hexdigest()[:32]
    item = RawItem(f"{note.channel}:{note.token}:{same}", content, call.began_at)
    return receive.at_once(call.account, note.channel, item, now)


def _conversation_of(note: CallNote, message: Message | None) -> Conversation:
    pk = message.conversation_id if message is not None else note.conversation_id
    return conversations.locked(int(pk or 0))


def _greeted(conversation: Conversation, note: CallNote, call: Call) -> None:
    """Whoever spoke with one of us knows that we have it."""
    wait = promises.open_wait(conversation)
    if wait is not None and by_hand()[note.channel].speaks:
        promises.acknowledge(wait, max(call.began_at, wait.started_at))


def _tell(conversation: Conversation, note: CallNote, call: Call, person: Person, now: datetime) -> None:
    who = ", ".join(part for part in (call.name or str(conversation.contact), number_words(call.phone)) if part)
    said = Said(
        text=call.told,
        channel=note.channel,
        told=who,
        at=call.told_at or now,
        acknowledges=not call.answers,
        closes=call.closes and call.answers,
    )
    spoken.say(
        conversation_id=conversation.pk,
        person=person,
        said=said,
        now=now,
        against_version=conversation.version,
        anyway=True,
    )


def _what(note: CallNote) -> str:
    return registry.adapter_class(note.channel).name.lower()


def begun_by(person: Person) -> list[CallNote]:
    """This function will list the notes a person has begun and not finished, the earliest first."""
    return list(
        CallNote.objects.filter(person=person, done_at=None)
        .select_related("conversation__account__partner", "conversation__contact")
        .order_by("begun_at")
    )
