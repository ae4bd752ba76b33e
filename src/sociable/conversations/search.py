"""Finds conversations by the words in their messages, newest first, on whichever database is in use.

Who may see which is decided by the caller's queryset; what people typed is always searched as words, never read as a query language.
"""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from sociable.conversations.models import Conversation, Message

MOST_WORDS = 12
MOST_MATCHES = 50_000  # the newest of all that match, which bounds the work; older ones are found by more words
MOST_MESSAGES = 2000  # the newest of them that the person may see
_POSTGRESQL = (
    "to_tsvector('english', subject || ' ' || from_name || ' ' || from_address || ' ' || left(text, 200000))"
    " @@ plainto_tsquery('english', %s)"
)


def words_in(text: str) -> list[str]:
    """This function will return the words of a search as typed, quotes and operators taken as mere separators."""
    return re.findall(r"[\w@.+'-]*\w", text)[:MOST_WORDS]


def _messages_with(text: str) -> QuerySet[Message]:
    """Messages that hold all the words, whoever may see them; none for a search without a word."""
    words = words_in(text)
    if not words:
        return Message.objects.none()
    if connection.vendor == "postgresql":
        ids = RawSQL(  # noqa: S611 - the words travel as a parameter
            f"SELECT id FROM conversations_message WHERE {_POSTGRESQL} ORDER BY id DESC LIMIT %s",
            [" ".join(words), MOST_MATCHES],
        )
        return Message.objects.filter(pk__in=ids)
    match = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    ids = RawSQL(
        "SELECT rowid FROM conversations_search WHERE conversations_search MATCH %s ORDER BY rowid DESC LIMIT %s",
        [match, MOST_MATCHES],
    )
    return Message.objects.filter(pk__in=ids)


def conversations_with(text: str, among: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """This function will return the conversations among these in which one message holds all the words, newest first.

    Who may see a message is asked before the newest are taken, so that a busy partner hides nobody else's.
    """
    theirs = _messages_with(text).filter(Exists(among.filter(pk=OuterRef("conversation_id"))))
    newest = theirs.order_by("-pk").values("conversation_id")[:MOST_MESSAGES]
    return among.filter(pk__in=newest).order_by("-last_message_at", "-pk")
