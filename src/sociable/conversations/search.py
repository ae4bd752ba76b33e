"""Finds conversations by the words in their messages, newest first, on whichever database is in use.

Who may see which is decided by the caller's queryset; what people typed is always searched as words, never read as a query language.
"""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from sociable.conversations.models import Conversation, Message

MOST_WORDS = 12
MOST_MESSAGES = 2000  # the newest that match; older ones are found by more words
_POSTGRESQL = (
    "to_tsvector('english', subject || ' ' || from_name || ' ' || from_address || ' ' || left(text, 200000))"
    " @@ plainto_tsquery('english', %s)"
)


def words_in(text: str) -> list[str]:
    """This function will return the words of a search as typed, quotes and operators taken as mere separators."""
    return re.findall(r"[\w@.+'-]*\w", text)[:MOST_WORDS]


def messages_with(text: str) -> QuerySet[Message]:
    """This function will return messages that hold all the words.

    Shape:  nothing for a search without a word
    """
    words = words_in(text)
    if not words:
        return Message.objects.none()
    if connection.vendor == "postgresql":
        ids = RawSQL(  # noqa: S611 - the words travel as a parameter
            f"SELECT id FROM conversations_message WHERE {_POSTGRESQL} ORDER BY id DESC LIMIT %s",
            [" ".join(words), MOST_MESSAGES],
        )
        return Message.objects.filter(pk__in=ids)
    match = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    ids = RawSQL(
        "SELECT rowid FROM conversations_search WHERE conversations_search MATCH %s ORDER BY rowid DESC LIMIT %s",
        [match, MOST_MESSAGES],
    )
    return Message.objects.filter(pk__in=ids)


def conversations_with(text: str, among: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """This function will return the conversations among these in which one message holds all the words, newest first."""
    return among.filter(pk__in=messages_with(text).values("conversation_id")).order_by("-last_message_at", "-pk")
