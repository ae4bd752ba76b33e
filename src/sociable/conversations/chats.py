"""Writes web chats and finds them: by the secret of a browser, by conversation, by who of the staff has them in hand.

When a chat may begin and when it ends is decided by journeys; its lines are messages like any other.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from sociable.channels.chat.adapter import KIND, thread_key
from sociable.conversations.chat_models import Chat, Visitor
from sociable.conversations.models import Conversation, Message, Outgoing
from sociable.directory.models import Account
from sociable.people.models import Person

WORTH_NOTING = timedelta(minutes=3)  # a sign of life is not written each time
_LONGEST_SECRET_CHARS = 100


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def visitor_of(account: Account, secret: str) -> Visitor | None:
    """This function will return whose secret it is at an account; None for one that is invented, revoked or another account's."""
    if not secret or len(secret) > _LONGEST_SECRET_CHARS:
        return None
    return Visitor.objects.filter(account=account, secret_sha256=_fingerprint(secret), revoked_at=None).first()


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


def locked(chat_id: int) -> Chat:
    """This function will return a chat whose row nobody else can change until the running transaction ends."""
    Chat.objects.select_for_update().get(pk=chat_id)
    return Chat.objects.select_related("visitor__account", "conversation__account__partner").get(pk=chat_id)


def change(chat: Chat, **facts: Any) -> None:
    """This function will set facts of a chat."""
    for name, value in facts.items():
        setattr(chat, name, value)
    Chat.objects.filter(pk=chat.pk).update(**facts)


def seen(chat_id: int, now: datetime) -> bool:
    """This function will note that their browser is there; False where that was known well enough."""
    stale = Chat.objects.filter(pk=chat_id, ended_at=None, here_at__lt=now - WORTH_NOTING)
    return bool(stale.update(here_at=now))


def open_in(conversation_id: int) -> Chat | None:
    """This function will return the open chat of a conversation, the latest where merging brought several together."""
    return Chat.objects.filter(conversation=conversation_id, ended_at=None).order_by("-pk").first()


def last_in(conversation_id: int) -> Chat | None:
    """This function will return the latest chat of a conversation, open or ended."""
    return Chat.objects.filter(conversation=conversation_id).select_related("visitor__account").order_by("-pk").first()


def answered_in(conversation_id: int, channel: str, now: datetime) -> str:
    """This function will name the chat in which an answer by a channel stands, and note that it was said there."""
    chat = last_in(conversation_id) if channel == KIND else None
    if chat is None:
        return ""
    change(chat, said_at=now)
    return thread_key(chat.pk)


def is_live(message: Message) -> bool:
    """This function will say whether somebody waits at the other end for a message: in an open chat it stands at once."""
    return message.channel == KIND and open_in(message.conversation_id) is not None


def lines(chat: Chat, now: datetime, after: int = 0) -> QuerySet[Message]:
    """This function will return what both sides said in a chat after a line, and can no longer be taken back, oldest first.

    Shape:  numbered by their ids: what is said in one conversation is written one after the other, so they only grow
    """
    said = Message.objects.filter(
        partner_id=chat.visitor.account.partner_id, thread_key=thread_key(chat.pk), pk__gt=after, withdrawn_at=None
    )
    can_be_undone = Q(outgoing__undo_until_at__gt=now) | Q(outgoing__state=Outgoing.State.UNDONE)
    return said.exclude(can_be_undone).select_related("author").order_by("pk")


def in_hand(person: Person, now: datetime, besides: int = 0) -> int:
    """This function will count the open chats a person holds, besides one conversation."""
    there = Chat.objects.filter(conversation=OuterRef("pk"), ended_at=None)
    held = Conversation.objects.filter(Exists(there), held_by=person, held_until_at__gt=now)
    return held.filter(state=Conversation.State.OPEN).exclude(pk=besides).count()


def prune(before: datetime) -> int:
    """This function will forget visitors who never said anything, and return how many."""
    theirs = Chat.objects.filter(visitor=OuterRef("pk"))
    return Visitor.objects.filter(~Exists(theirs), made_at__lt=before).delete()[0]
