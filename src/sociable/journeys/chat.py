"""A resident chats: begins, says lines, asks for a transcript, leaves; and a chat in which nothing happens ends by itself.

A line is stored raw before anything reads it, as with every channel, under an id its browser chose. Ending a chat answers
nobody: whoever waits goes on waiting, and the last words say where the answer will be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from sociable.channels.base import RawItem
from sociable.channels.chat import adapter as channel
from sociable.conversations import chats
from sociable.conversations import services as conversations
from sociable.conversations.chat_models import Chat, Visitor
from sociable.conversations.models import Conversation, Message
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.directory.queries import Stated, zone_of
from sociable.domain import chat as rule
from sociable.domain.errors import DomainError
from sociable.domain.promise import in_words
from sociable.domain.saying import moment_words
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import outbox, receive
from sociable.journeys.receipts import private_link
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.promises import services as promises

MOST_TRANSCRIPTS = 3


class NotHere(DomainError):
    """The account cannot be asked by chat."""


class NotOpen(DomainError):
    """No chat begins out of hours; other ways are offered."""


class NothingSaid(DomainError):
    """A line without words and without a file."""


class NothingToSend(DomainError):
    """There is nothing in this chat that a transcript would be wanted for."""


class SentOften(DomainError):
    """The transcript was sent as often as it is sent."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A chat, and the secret for its browser where it has none that holds."""

    chat: Chat
    secret: str = ""


def script_line(slug: str) -> str:
    """This function will write the line by which a body's own site holds the chat; the script itself stays where it can be mended."""
    script = f"{settings.PUBLIC_URL}{settings.STATIC_URL}public/chat.js"
    return f'<script src="{script}" data-account="{slug}" defer></script>'


def check_can_begin(stated: Stated, now: datetime) -> None:
    """This function will raise where nobody can begin a chat now.

    Errors: NotHere; NotOpen
    """
    account = stated.account
    if not account.takes_chat or account.stage not in (Account.Stage.LEARNING, Account.Stage.LIVE):
        raise NotHere("This account cannot be asked by web chat.")
    if stated.calendar is not None and not stated.calendar.is_open(now):
        raise NotOpen("We are closed now, so nobody would be there to answer you here.")


def begin(
    account: Account, *, secret: str, name: str, email: str, page: str, now: datetime, anew: bool = False
) -> Begun:
    """This function will begin a chat, or give back the one this browser is in.

    Shape:  `anew` begins another after one that has ended; a secret that does not hold, or has lapsed, is replaced
    Errors: NotHere; NotOpen
    """
    visitor = chats.visitor_of(account, secret)
    standing = chats.chat_of(visitor) if visitor else None
    if standing is not None and rule.has_lapsed(standing.said_at, now):
        visitor = standing = None
    if standing is not None and (standing.is_open or not anew):
        return Begun(standing)
    check_can_begin(directory.stated(account.pk), now)
    fresh = ""
    try:
        with transaction.atomic():
            if visitor is None:
                visitor, fresh = chats.new_visitor(account, now)
            chat = chats.begin(visitor, name=name.strip(), email=email.strip().lower(), page=page, now=now)
            _ask_to_end(chat, now)
    except IntegrityError:  # two pages of one browser began at this instant
        if visitor is None or fresh or (standing := chats.chat_of(visitor)) is None:
            raise
        return Begun(standing)
    return Begun(chat, fresh)


def _ask_to_end(chat: Chat, now: datetime) -> None:
    at = rule.ends_at(said_at=now, here_at=now, waiting=False)
    due.ask([due.Due("chat", f"chat:{chat.pk}", chat.pk, at)])


def say(chat: Chat, *, line: str, text: str, now: datetime, files: Sequence[tuple[str, str, bytes]] = ()) -> Message:
    """This function will take a line of a chat, once, however often it is sent; a chat that had ended goes on.

    Shape:  `line` is the id the browser gave it; a file is name, claimed type and bytes
    Errors: NothingSaid; receive.KeptUnread
    """
    if not text.strip() and not files:
        raise NothingSaid("Write something first.")
    account, visitor = chat.visitor.account, chat.visitor
    content = channel.raw(
        chat_id=chat.pk,
        line=line,
        visitor=visitor.key,
        name=chat.name,
        email=chat.email,
        text=text,
        files=files,
        goes_on=chat.conversation_id,
    )
    item = RawItem(channel.remote_id(chat.pk, line), content, now)
    try:
        fresh = receive.store(account, channel.KIND, [item], fetched_at=now, waits=False)
    except IntegrityError:  # the same line came twice in this instant, and the other was first
        fresh = []
    try:
        with transaction.atomic():
            chat = chats.hold_still(chat)  # two first lines are one conversation
            message = receive.read_at_once(account, item.remote_id, fresh, now, within=True)
            _note_said(chat, message, now)
    except receive.KeptUnread:
        with transaction.atomic():  # on the disk with what was stored, since they are told that we have it
            chats.change(chat, said_at=now)
        raise
    return message


def _note_said(chat: Chat, message: Message, now: datetime) -> None:
    had_ended = not chat.is_open
    chats.change(chat, conversation_id=message.conversation_id, said_at=now, here_at=now, ended_at=None, ended="")
    if had_ended:
        _ask_to_end(chat, now)


def writes(chat: Chat) -> None:
    """This function will tell the desk that they are writing; nothing is lost where it is not heard."""
    if chat.conversation is not None:
        with transaction.atomic():
            live.hint(kind="typing", account_id=chat.conversation.account_id, conversation_id=chat.conversation_id)


# -- Ending --------------------------------------------------------------------------------------------------------------


def leave(chat: Chat, now: datetime) -> None:
    """This function will end a chat because they want to go."""
    with transaction.atomic():
        chat = chats.locked(chat.pk)
        if chat.is_open:
            _end(chat, Chat.Ended.LEFT, now)


def end_quiet(row: DueRow, now: datetime) -> None:
    """This function will end a chat in which nothing happened for long, with words that say what happens next."""
    with transaction.atomic():
        chat = Chat.objects.select_for_update().filter(pk=row.subject_id, ended_at=None).first()
        if chat is None:
            due.close(row, now)
            return
        chat = chats.locked(chat.pk)
        wait = promises.open_wait(chat.conversation) if chat.conversation else None
        at = rule.ends_at(said_at=chat.said_at, here_at=chat.here_at, waiting=wait is not None)
        if at > now:
            due.renew(row, at)
            return
        if due.close(row, now):
            _end_politely(chat, wait.due_at if wait else None, waits=wait is not None, now=now)


def _end_politely(chat: Chat, due_at: datetime | None, *, waits: bool, now: datetime) -> None:
    if chat.conversation is None:
        chat.delete()  # nothing was ever said in it
        return
    words = gone_words(chat, due_at, now) if waits else quiet_words(chat, now)
    _say_ourselves(chat, words, now)
    _end(chat, Chat.Ended.GONE if waits else Chat.Ended.QUIET, now)


def quiet_words(chat: Chat, now: datetime) -> str:
    """This function will say why a chat ends in which all was answered."""
    return (
        f"Nothing more was written here for {in_words(rule.QUIET)}, so this chat ends. If there is more, write here again and "
        f"it goes on where it was. What was said stays on your private page: {_link(chat, now)}"
    )


def gone_words(chat: Chat, due_at: datetime | None, now: datetime) -> str:
    """This function will say why a chat ends in which somebody waited, and that their question does not end with it."""
    by = f" by {moment_words(due_at, zone_of(chat.visitor.account))}" if due_at is not None and due_at > now else ""
    where = f"by email to {chat.email} and " if chat.email else ""
    return (
        "You seem to have gone, so this chat ends, but your question does not: a person still answers it"
        f"{by}. You find the answer {where}here, and on your private page: {_link(chat, now)}"
    )


def _link(chat: Chat, now: datetime) -> str:
    conversation: Conversation = chat.conversation  # type: ignore[assignment]  # whoever asks for a link has said something
    return private_link(conversations.receipt_of(conversation, now).token)


def _say_ourselves(chat: Chat, text: str, now: datetime) -> Message:
    """What Sociable says by itself answers nothing, and the clock is not told of it."""
    conversation: Conversation = chat.conversation  # type: ignore[assignment]
    return conversations.add_outbound(
        conversation=conversation,
        text=text,
        channel=channel.KIND,
        author=None,
        to=[],
        now=now,
        automatic=Message.Automatic.OWN,
        thread_key=channel.thread_key(chat.pk),
    )


def _end(chat: Chat, how: str, now: datetime) -> None:
    chats.change(chat, ended_at=now, ended=how)
    due.withdraw("chat", [chat.pk])
    if chat.conversation is not None:
        live.publish(
            kind="chat", account_id=chat.conversation.account_id, conversation_id=chat.conversation_id, now=now
        )


def revoke(conversation_id: int, person: Person, now: datetime) -> None:
    """This function will end a conversation's chats and take the secret from their browsers: nobody reads or writes by it again.

    Errors: NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        Visitor.objects.filter(chats__conversation=conversation).update(revoked_at=now)
        for chat in Chat.objects.filter(conversation=conversation, ended_at=None).select_related("conversation"):
            _end(chat, Chat.Ended.REVOKED, now)
        people.record(
            verb="ended the chat's access",
            object_kind="conversation",
            object_id=conversation.pk,
            partner_id=conversation.account.partner_id,
            now=now,
            person=person,
        )
        live.publish(kind="chat", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)


# -- Taking it along -------------------------------------------------------------------------------------------------------


def send_transcript(chat: Chat, email: str, now: datetime) -> Message:
    """This function will send what was said in a chat by email.

    Errors: NothingToSend before a person has answered, so that nobody is sent what only a stranger wrote; SentOften
    """
    with transaction.atomic():
        chat = chats.locked(chat.pk)
        said = list(chats.lines(chat, now))
        if chat.conversation is None or not any(one.direction == "out" and one.author_id for one in said):
            raise NothingToSend("Nobody has answered yet, so there is nothing to send. Your private page shows it all.")
        if chat.transcripts >= MOST_TRANSCRIPTS:
            raise SentOften("It was sent as often as we send it. Your private page shows it all.")
        chats.change(chat, transcripts=chat.transcripts + 1)
        message = conversations.add_outbound(
            conversation=chat.conversation,
            text=transcript(chat, said, now),
            channel="email",
            author=None,
            to=[email.strip().lower()],
            now=now,
            automatic=Message.Automatic.OWN,
        )
        outbox.queue(message, undo_until_at=now)
    return message


def transcript(chat: Chat, said: Sequence[Message], now: datetime) -> str:
    """This function will write down what was said in a chat, line by line, with who and when."""
    account = chat.visitor.account
    zone = zone_of(account)
    lines = [
        f"Somebody who chatted with {account.name} asked us to send you what was said. If that was not you, ignore it.",
        "",
    ]
    for one in said:
        who = chat.name or "You" if one.direction == Message.Direction.IN else one.from_name
        lines += [f"{who}, {moment_words(one.sent_at, zone)}:", one.text or "(a file)", ""]
    return "\n".join([*lines, "Go on by your private page:", _link(chat, now), "", account.name, account.partner.name])
