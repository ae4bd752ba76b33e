"""A person answers, acknowledges or notes; the wait ends with the answer, and the message goes to the outbox.

Written against an older version of the conversation, or into somebody else's hands, an answer is held and the writer asked,
with nothing lost. Taken back in time, its words are a draft again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction

from sociable.asking.keeping import Removal
from sociable.asking.question import Given
from sociable.channels import registry
from sociable.channels.base import ParsedAttachment
from sociable.conversations import chats, files, joining, presence
from sociable.conversations import services as conversations
from sociable.conversations.models import Attachment, Conversation, Draft, Mention, Message, Outgoing
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.text import Finding, fits
from sociable.domain.ways import Way
from sociable.due import services as due
from sociable.journeys import alert, claim, outbox, senders, settle, trail, ways, windows
from sociable.journeys.receipts import private_link
from sociable.live import services as live
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import services as promises


class NothingWritten(DomainError):
    """An answer without words."""


class NotHere(DomainError):
    """The conversation lives on elsewhere."""


class NobodyReads(NothingWritten):
    """What is written here would reach nobody: they called or came, and left no address."""


class SomethingNewer(DomainError):
    """The conversation went on while this was being written; `between` is what was said since, oldest first."""

    def __init__(self, message: str, between: Sequence[Message] = ()) -> None:
        super().__init__(message)
        self.between = between


class How(TypedDict, total=False):
    """How an answer is sent, beyond its words."""

    send_anyway: bool
    acknowledges: bool
    closes: bool
    attachments: Sequence[ParsedAttachment]
    chosen: ways.Chosen
    approved: Mapping[str, Any]  # a message the network has approved: its name, language and what was filled in
    sent_from: senders.From


def send(
    *, conversation_id: int, person: Person, text: str, against_version: int, now: datetime, **how: Unpack[How]
) -> Message:
    """This function will answer a conversation for its account, or only acknowledge it, and queue what it takes to leave.

    Whoever answers a free conversation holds it from then on; one that `closes` is let go. `chosen` is the way it goes, as it
    is where none is given, and `sent_from` the account it leaves from; an answer in several messages is one answer, and the first
    of them is returned.

    Errors: NothingWritten; NobodyReads; SomethingNewer, also where somebody else holds it, unless `send_anyway`; NotHere; NotAllowed;
            ways.TooLong; ways.TooPrivate; ways.WayClosed; ways.PicturesUntold; senders.WrongAccount; senders.CannotThere
    """
    attachments = how.get("attachments", ())
    hashes = [files.keep(attachment.content) for attachment in attachments]
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        if text.strip() in ("", sign_off(conversation.account, person)):
            raise NothingWritten("Write your answer first.")
        check_lives(conversation)
        if not how.get("send_anyway"):
            check_nothing_newer(conversation, person, against_version, now)
        if conversation.state == Conversation.State.KEPT_ASIDE:  # whoever answers it says that it is a request
            settle.is_a_request(conversation.pk, person, now)
            conversation = conversations.locked(conversation.pk)
        place = ways.place_of(conversation)
        _check_reaches(place, how.get("chosen", ways.Chosen()))
        written = _write(conversation, place, person, text, now=now, how=how)
        _attach(written[0], attachments, hashes)
        promises.heard(message=written[0], conversation=conversation)
        alert.acknowledge(conversation.pk, person, now)
        conversations.touched(conversation, at=now, direction="out", by_person=True)
        _queue(written, now)
        _DRAFT.make(conversation=conversation.pk, person=person.pk)
        hold_or_close(conversation, person, now, closes=how.get("closes", False))
        live.publish(kind="answer", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return written[0]


_DRAFT = Removal(
    lambda: Draft.objects.filter(conversation=Given("conversation"), person=Given("person"), kind="answer")
)


def sign_off(account: Account, person: Person) -> str:
    """This function will return the words that end an answer, as the account wishes: nobody's, the person's or its own."""
    words = {Account.SignsWith.PERSON: person.sign_off, Account.SignsWith.ACCOUNT: account.sign_off}
    return words.get(Account.SignsWith(account.signs_with), "").strip()


def check_lives(conversation: Conversation) -> None:
    """This function will raise NotHere where a conversation was merged into another.

    Errors: NotHere
    """
    if conversation.merged_into_id is not None:
        raise NotHere("This conversation was merged into another. Answer there: your words are kept.")


def _check_reaches(place: ways.Place, chosen: ways.Chosen) -> None:
    by_hand = registry.adapter_class(place.channel).capabilities.by_hand
    if not place.address and chosen.way is not Way.EMAIL and by_hand:
        raise NobodyReads(
            "They left no address, so nobody would read this. Ring them, and note under “Answered by phone” what you told them, or "
            "choose email and give their address. Your words are kept."
        )


def check_nothing_newer(conversation: Conversation, person: Person, against_version: int, now: datetime) -> None:
    """This function will raise SomethingNewer where a conversation went on since somebody looked, or another has it.

    Errors: SomethingNewer
    """
    between = _between(conversation, against_version) if conversation.version != against_version else None
    if between is not None and not _is_talk(conversation, between):
        raise SomethingNewer(f"{_who_spoke(between, now)}. Send yours anyway?", between)
    held_until = conversation.held_until_at
    if (
        conversation.held_by_id not in (None, person.pk)
        and conversation.held_by is not None
        and held_until is not None
        and held_until > now
    ):
        raise SomethingNewer(f"{conversation.held_by.name} has this one and may be answering. Send yours anyway?")


def _is_talk(conversation: Conversation, between: Sequence[Message]) -> bool:
    """In a chat both sides speak at once; only what a colleague said meanwhile holds an answer back."""
    theirs = bool(between) and all(message.direction == Message.Direction.IN for message in between)
    return theirs and chats.open_in(conversation.pk) is not None


def _between(conversation: Conversation, against_version: int) -> list[Message]:
    """Every message raised the version by one, so the last so many are what the writer has not seen."""
    said = (
        conversation.messages.filter(part_of=None)
        .exclude(direction=Message.Direction.NOTE)
        .select_related("author")
        .order_by("-stored_at", "-pk")
    )
    return list(said[: max(1, conversation.version - against_version)])[::-1]


def _who_spoke(between: Sequence[Message], now: datetime) -> str:
    if not between:
        return "This conversation was changed while you wrote"
    last = between[-1]
    who = last.author.first_name if last.author else last.said_by
    verb = "answered" if last.direction == Message.Direction.OUT else "wrote"
    return f"{who} {verb} {_ago(now - last.stored_at)}"


def hold_or_close(conversation: Conversation, person: Person, now: datetime, *, closes: bool) -> None:
    """This function will let go of and close what was answered, unless somebody still waits there; or hold it, if it is free."""
    if closes:
        due.withdraw("hold", [conversation.pk])
        conversations.free(conversation)
        if promises.open_wait(conversation) is None:  # somebody who still waits behind a closed door is seen by nobody
            conversations.settle(conversation, Conversation.State.CLOSED)
    elif conversation.held_by_id is None or (
        conversation.held_until_at is not None and conversation.held_until_at <= now
    ):
        claim.hold(conversation, person, now)


def _ago(since: timedelta) -> str:
    seconds = max(0, round(since.total_seconds()))
    if seconds < 90:
        return f"{seconds} seconds ago"
    return f"{seconds // 60} minutes ago" if seconds < 5400 else f"{seconds // 3600} hours ago"


def _write(
    conversation: Conversation, place: ways.Place, person: Person, text: str, *, now: datetime, how: How
) -> list[Message]:
    """The messages of one answer, the answer itself first, each in the outbox behind the one before it."""
    way = how.get("chosen", ways.Chosen()).way
    sent_from = senders.sender(
        conversation, place, how.get("sent_from", senders.From()), way=way, person=person, now=now
    )
    legs, private = _laid_out(conversation, place, text.strip(), now, how)
    written: list[Message] = []
    for leg in legs:
        first = written[0] if written else None
        words = _with_link(leg, place, conversation, first, now)
        message = conversations.add_outbound(
            conversation=conversation,
            text=words,
            channel=leg.channel,
            author=person,
            to=list(leg.to),
            now=now,
            visibility=leg.visibility,
            acknowledges=leg.for_onlookers or how.get("acknowledges", False),
            part_of=first,
            sent_from=sent_from if registry.can_send(leg.channel) else None,
            thread_key=chats.answered_in(conversation.pk, leg.channel, now),
            template=dict(how.get("approved", {})),
        )
        written.append(message)
    if private:
        _leave_reason(conversation, person, how.get("chosen", ways.Chosen()).reason, private, now)
    return written


def _laid_out(
    conversation: Conversation, place: ways.Place, text: str, now: datetime, how: How
) -> tuple[list[ways.Leg], list[Finding]]:
    """The messages it takes, and what private words go public in them; what the network has approved goes as it is."""
    if how.get("approved"):
        return [ways.Leg(text, place.channel, place.to, place.visibility)], []
    files_of_it, chosen = how.get("attachments", ()), how.get("chosen", ways.Chosen())
    if chosen.way not in (Way.LINK, Way.EMAIL):
        ways.check_files(place, files_of_it)
    alt_texts = [one.alt_text for one in files_of_it]
    legs, private = ways.legs(conversation, place, text, chosen=chosen, now=now, alt_texts=alt_texts)
    windows.check_open(conversation, place, legs, now)
    return legs, private


def _with_link(
    leg: ways.Leg, place: ways.Place, conversation: Conversation, first: Message | None, now: datetime
) -> str:
    if not leg.links:
        return leg.text
    shows = first if leg.links == "everybody" else None
    words = f"{leg.text} {private_link(conversations.receipt_of(conversation, now, shows=shows).token)}"
    limits = place.carrier.private_limits if leg.visibility == "private" else place.carrier.limits
    if not fits(words, limits):
        raise ways.WayClosed("The line with the link is too long for one message. Shorten it.")
    return words


def _leave_reason(
    conversation: Conversation, person: Person, reason: str, private: Sequence[Finding], now: datetime
) -> None:
    """Which kinds, not which words: the trail is never deleted, and what is private is no business of it."""
    trail.leave(
        conversation,
        verb="said in public what looked private",
        kind="answer",
        person=person,
        now=now,
        reason=reason.strip(),
        after={"kinds": sorted({one.kind for one in private})},
    )


def _queue(written: Sequence[Message], now: datetime) -> None:
    after: Outgoing | None = None
    for message in written:
        after = outbox.queue(message, undo_until_at=now + _time_to_undo(message), after=after)


def _time_to_undo(message: Message) -> timedelta:
    """Whoever waits at the other end reads it at once: nothing said to them can be taken back."""
    return timedelta() if chats.is_live(message) else timedelta(seconds=settings.UNDO_SECONDS)


def _attach(message: Message, attachments: Sequence[ParsedAttachment], hashes: Sequence[str]) -> None:
    if not attachments:
        return
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            name=one.name[:255],
            content_type=one.detected_type[:120],
            size_bytes=one.size_bytes,
            sha256=sha256,
            alt_text=one.alt_text.strip()[:2000],
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
        joining.retell(conversation)
        if (
            conversation.state == Conversation.State.OPEN
            and conversation.last_direction == "in"
            and not promises.open_wait(conversation)
        ):
            conversations.settle(
                conversation, Conversation.State.CLOSED
            )  # it was ended before, and only this answer had opened it
        since = presence.draft_of(conversation.pk, person.pk, "answer")
        text = "\n\n".join([ways.words_again(parts), *([since.text] if since else [])])
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
    own_words = "" if text.strip() == sign_off(conversation.account, person) else text
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
