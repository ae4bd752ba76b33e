"""Says on the desk how it stands with a web chat: whether somebody waits at the other end, from where, and how many are in hand.

When a chat ends, and who may take another, is decided by journeys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sociable.conversations import chats
from sociable.conversations.chat_models import Chat
from sociable.conversations.models import Conversation
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.saying import moment_near
from sociable.journeys import claim
from sociable.people.models import Person
from sociable.promises.models import Wait


@dataclass(frozen=True, slots=True)
class ChatShown:
    """What the head of a conversation says of its chat."""

    open: bool
    words: str
    page: str


def shown(chat: Chat, conversation: Conversation, now: datetime) -> ChatShown:
    """This function will say how it stands with the latest chat of a conversation."""
    return ChatShown(chat.is_open, _words(chat, conversation, now), chat.page)


def _words(chat: Chat, conversation: Conversation, now: datetime) -> str:
    zone = zone_of(conversation.account)
    if chat.ended_at is None:
        return "They are in the web chat: what you send stands there at once."
    at = moment_near(chat.ended_at, now, zone)
    how = {
        Chat.Ended.LEFT: f"They ended the web chat at {at}.",
        Chat.Ended.QUIET: f"The web chat ended at {at}: nothing more was said.",
        Chat.Ended.GONE: f"They went away from the web chat while they waited; it ended at {at}.",
        Chat.Ended.REVOKED: f"The web chat was ended here at {at}, and their browser can no longer read it.",
    }[Chat.Ended(chat.ended)]
    return f"{how} {_where_answers_go(chat)}"


def _where_answers_go(chat: Chat) -> str:
    if chat.email:
        return f"An answer goes by email to {chat.email}."
    if chat.ended == Chat.Ended.REVOKED:
        return "They gave no address."
    return "They gave no address: an answer stands in the chat, if they come back, and on their private link."


def first_answer(wait: Wait | None, now: datetime) -> tuple[str, str]:
    """This function will say how it stands with the promise of a first answer in chat: the words, and their tone.

    Shape:  two empty texts where none was made, or nobody waits for it any more
    """
    if wait is None or wait.first_answer_by_at is None or not wait.is_open:
        return "", ""
    at = moment_near(wait.first_answer_by_at, now, zone_of(wait.account)) + f":{wait.first_answer_by_at:%S}"
    if wait.first_answer_by_at < now:
        return f"First answer was due {at}", "late"
    return f"First answer by {at}", "warn"


def hands_full(person: Person, answering: Sequence[Account], now: datetime) -> str:
    """This function will say that a person has as many web chats as one is to have; nothing where they have fewer."""
    most = min((account.most_chats for account in answering if account.takes_chat), default=0)
    if not most:
        return ""
    has = chats.in_hand(person, now)
    return claim.full_words(has) if has >= most else ""
