"""Writes web chats and finds them: by the secret of a browser, by conversation, by who of the staff has them in hand.

When a chat may begin and when it ends is decided by journeys; its lines are messages like any other.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from sociable.asking.keeping import Change, keep
from sociable.asking.question import Given, Question
from sociable.channels.chat.adapter import KIND, thread_key
from sociable.conversations.chat_models import Chat, Visitor
from sociable.conversations.models import Attachment, Conversation, Message, Outgoing
from sociable.directory.models import Account
from sociable.people.models import Person

WORTH_NOTING = timedelta(minutes=3)  # a sign of life is not written each time
MOST_LINES = 200  # that are told at once
_LONGEST_SECRET_CHARS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """What was said in a chat at once: words, files, or both."""

    message: Message
    files: tuple[Attachment, ...] = ()


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def visitor_of(account: Account, secret: str) -> Visitor | None:
    """This function will return whose secret it is at an account; None for one that is invented, revoked or another account's."""
    if not secret or len(secret) > _LONGEST_SECRET_CHARS:
        return None
    return Visitor.objects.filter(account=account, secret_sha256=_fingerprint(secret), revoked_at=None).first()


def chat_by(slug: str, secret: str) -> Chat | None:
    """This function will return the chat a browser with this secret is in, at the account of this name, with what its pages ask of it."""
    if not secret or len(secret) > _LONGEST_SECRET_CHARS:
        return None
    return _BY_SECRET.first(secret=_fingerprint(secret), slug=slug)


_ASKED = (
    "name",
    "email",
    "said_at",
    "here_at",
    "ended",
    "ended_at",
    "conversation_id",
    "visitor__key",
    "visitor__account__name",
    "visitor__account__takes_chat",
    "visitor__account__chat_origins",
    "visitor__account__partner_id",
    "visitor__account__zone",
    "visitor__account__partner__zone",
)
_BY_SECRET = Question(
    lambda: (
        Chat.objects.filter(
            visitor__secret_sha256=Given("secret"), visitor__revoked_at=None, visitor__account__slug=Given("slug")
        )
        .select_related("visitor__account__partner")
        .only(*_ASKED)
        .order_by("-pk")[:1]
    )
)
_TOLD = (
    "email",
    "here_at",
    "said_at",
    "ended",
    "ended_at",
    "visitor__account__partner_id",
    "visitor__account__zone",
    "visitor__account__partner__zone",
    "conversation__account_id",
    "conversation__state",
    "conversation__held_until_at",
    "conversation__held_by__name",
)


def to_tell(chat_id: int) -> Chat | None:
    """This function will return a chat with what is told of it to its browser, and no more; None once the secret was revoked."""
    return _TO_TELL.first(chat=chat_id)


_TO_TELL = Question(
    lambda: (
        Chat.objects.select_related("visitor__account__partner", "conversation__held_by")
        .only(*_TOLD)
        .filter(pk=Given("chat"), visitor__revoked_at=None)
    )
)


def new_visitor(account: Account, now: datetime) -> tuple[Visitor, str]:
    """This function will make somebody who chats, and the secret that their browser alone will have."""
    secret = secrets.token_urlsafe(32)
    visitor = Visitor.objects.create(
        account=account, key=secrets.token_hex(12), secret_sha256=_fingerprint(secret), made_at=now
    )
    return visitor, secret


def chat_of(visitor: Visitor) -> Chat | None:
    """This function will return the chat a visitor is in: the open one, or else the one that ended last."""
    return Chat.objects.filter(visitor=visitor).select_related("visitor__account").order_by("-pk").first()


def begin(visitor: Visitor, *, name: str, email: str, page: str, now: datetime) -> Chat:
    """This function will begin a chat in which nothing has been said."""
    return Chat.objects.create(
        visitor=visitor, name=name[:120], email=email[:254], page=page[:500], begun_at=now, said_at=now, here_at=now
    )


def hold_still(chat: Chat) -> Chat:
    """This function will return a chat as it is now and stays until the running transaction ends, with the visitor known before."""
    now_is = _STILL.first(chat=chat.pk)
    if now_is is None:
        raise Chat.DoesNotExist
    now_is.visitor = chat.visitor
    return now_is


_STILL = Question(lambda: Chat.objects.select_for_update().filter(pk=Given("chat")))


def locked(chat_id: int) -> Chat:
    """This function will return a chat whose row nobody else can change until the running transaction ends, with all about it."""
    if connection.features.has_select_for_update:  # SQLite has one writer, and that is this transaction
        Chat.objects.select_for_update().get(pk=chat_id)
    return Chat.objects.select_related("visitor__account", "conversation__account__partner").get(pk=chat_id)


def change(chat: Chat, **facts: Any) -> None:
    """This function will set facts of a chat."""
    for name, value in facts.items():
        setattr(chat, name, value)
    keep([chat], list(facts))


def seen(chat: Chat, now: datetime) -> bool:
    """This function will note that their browser is there; False where that was known well enough."""
    if chat.here_at >= now - WORTH_NOTING:
        return False
    return bool(Chat.objects.filter(pk=chat.pk, ended_at=None).update(here_at=now))


def open_in(conversation_id: int) -> Chat | None:
    """This function will return the open chat of a conversation, the latest where merging brought several together."""
    return Chat.objects.filter(conversation=conversation_id, ended_at=None).order_by("-pk").first()


def last_in(conversation_id: int) -> Chat | None:
    """This function will return the latest chat of a conversation, open or ended."""
    return _latest(conversation_id).select_related("visitor__account").first()


def answered_in(conversation_id: int, channel: str, now: datetime) -> str:
    """This function will name the chat in which an answer by a channel stands, and note that it was said there."""
    latest = _LATEST.first(conversation=conversation_id) if channel == KIND else None
    if latest is None:
        return ""
    _SAID.make(chat=latest[0], now=now)
    return thread_key(latest[0])


_SAID = Change(lambda: Chat.objects.filter(pk=Given("chat")), said_at=Given("now"))
_LATEST = Question(lambda: _latest(Given("conversation")).values_list("pk")[:1])


def _latest(conversation_id: int | Given) -> QuerySet[Chat]:
    return Chat.objects.filter(conversation=conversation_id).order_by("-pk")


def gone_to(conversation_id: int) -> str:
    """This function will return the address to which answers go after a chat has ended; empty while it is open, or without one."""
    email, ended_at = _HOW_IT_ENDED.first(conversation=conversation_id) or ("", None)
    return email if ended_at is not None else ""


_HOW_IT_ENDED = Question(lambda: _latest(Given("conversation")).values_list("email", "ended_at")[:1])


def is_live(message: Message) -> bool:
    """This function will say whether somebody waits at the other end for a message: in an open chat it stands at once."""
    return message.channel == KIND and bool(_OPEN.all(conversation=message.conversation_id))


_OPEN = Question(
    lambda: Chat.objects.filter(conversation=Given("conversation"), ended_at=None).values_list("pk").order_by()[:1]
)


def lines(chat: Chat, now: datetime, after: int = 0) -> QuerySet[Message]:
    """This function will return what both sides said in a chat after a line, and can no longer be taken back, oldest first.

    Shape:  numbered by their ids: what is said in one conversation is written one after the other, so they only grow
    """
    return _said(chat.visitor.account.partner_id, thread_key(chat.pk), now, after)


def _said(partner_id: int | Given, thread: str | Given, now: datetime | Given, after: int | Given) -> QuerySet[Message]:
    said = Message.objects.filter(partner_id=partner_id, thread_key=thread, pk__gt=after, withdrawn_at=None)
    said = said.exclude(thread_key="")  # in so many words: else all messages of the body are read, and not one thread
    can_be_undone = Q(outgoing__undo_until_at__gt=now) | Q(outgoing__state=Outgoing.State.UNDONE)
    return said.exclude(can_be_undone).select_related("author").order_by("pk")


def lines_after(chat: Chat, now: datetime, after: int) -> list[Line]:
    """This function will return the next lines of a chat after one, with their files, and one more than is told at once."""
    of_it = {"partner": chat.visitor.account.partner_id, "thread": thread_key(chat.pk), "now": now, "after": after}
    said = _LINES.all(**of_it)
    files: dict[int, list[Attachment]] = {}
    for one in _FILES.all(**of_it) if said else ():
        files.setdefault(one.message_id, []).append(one)
    return [Line(message, tuple(files.get(message.pk, ()))) for message in said]


def answered_last(chat: Chat, now: datetime) -> Person | None:
    """This function will return whoever said the last line that a person said here."""
    of_it = {"partner": chat.visitor.account.partner_id, "thread": thread_key(chat.pk), "now": now, "after": 0}
    last = _LAST_BY_A_PERSON.first(**of_it)
    return last.author if last is not None else None


def _given() -> QuerySet[Message]:
    return _said(Given("partner"), Given("thread"), Given("now"), Given("after"))


def words_of_lines() -> QuerySet[Message]:
    """This function will word the question for the lines of a chat: one more than is told at once says whether there are more."""
    return _given()[: MOST_LINES + 1]


_LINES = Question(words_of_lines)
_FILES = Question(lambda: Attachment.objects.filter(message__in=_given().order_by()).order_by("pk"))
_LAST_BY_A_PERSON = Question(lambda: _given().filter(author__isnull=False).order_by("-pk")[:1])


def in_hand(person: Person, now: datetime, besides: int = 0) -> int:
    """This function will count the open chats a person holds, besides one conversation."""
    there = Chat.objects.filter(conversation=OuterRef("pk"), ended_at=None)
    held = Conversation.objects.filter(Exists(there), held_by=person, held_until_at__gt=now)
    return held.filter(state=Conversation.State.OPEN).exclude(pk=besides).count()


def prune(before: datetime) -> int:
    """This function will forget visitors who never said anything, and return how many."""
    theirs = Chat.objects.filter(visitor=OuterRef("pk"))
    return Visitor.objects.filter(~Exists(theirs), made_at__lt=before).delete()[0]
