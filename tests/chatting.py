"""Chats for tests, by the real way in: an account that can be asked by chat, somebody who begins one and says lines."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from tests.cast import MONDAY_10

SITE = "https://www.ashby.example"
_lines = count(1)


def takes_chat(account: Any, *, first_answer_seconds: int | None = 60, **facts: Any) -> Any:
    """The account, made to take chats on the council's site and to promise a first answer."""
    from sociable.directory.models import Account, PromiseVersion

    Account.objects.filter(pk=account.pk).update(takes_chat=True, chat_origins=SITE, **facts)
    PromiseVersion.objects.filter(account=account).update(first_answer_seconds=first_answer_seconds)
    account.refresh_from_db()
    return account


def begin(
    account: Any, *, now: datetime = MONDAY_10, name: str = "Dev", email: str = "", secret: str = "", **more: Any
) -> Any:
    """Somebody begins a chat: the chat, and the secret of their browser."""
    from sociable.journeys import chat

    return chat.begin(account, secret=secret, name=name, email=email, page=f"{SITE}/bins", now=now, **more)


def say(
    begun: Any, text: str = "When is my bin collected?", *, now: datetime = MONDAY_10, line: str = "", **more: Any
) -> Any:
    """They say a line; the message that came of it."""
    from sociable.conversations.models import Chat
    from sociable.journeys import chat

    here = Chat.objects.select_related("visitor__account", "conversation").get(pk=begun.chat.pk)
    return chat.say(here, line=line or f"line-{next(_lines):04}", text=text, now=now, **more)


def answer(conversation: Any, person: Any, text: str = "On Friday.", *, now: datetime = MONDAY_10, **more: Any) -> Any:
    """A person answers what is there to be answered."""
    from sociable.journeys import answer as journey

    conversation.refresh_from_db()
    return journey.send(
        conversation_id=conversation.pk, person=person, text=text, against_version=conversation.version, now=now, **more
    )
