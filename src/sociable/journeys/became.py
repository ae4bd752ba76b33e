"""Says what became of each thing that reached an account: answered, open, no request, kept aside, or why it is none of these.

Everything has exactly one of these words, so that they add up to what is stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import QuerySet

from sociable.conversations.models import Conversation, Message, RawInbound
from sociable.promises.models import Wait

# In the order in which they are shown.
WORDS = {
    "answered": "Answered",
    "open": "Open",
    "not_request": "Not a request",
    "kept_aside": "Kept aside",
    "closed": "Closed without an answer",
    "automatic": "Automatic mail",
    "ours": "Our own",
    "noted": "Noted: edits, removals, reports",
    "duplicate": "The same again",
    "unread": "Not read yet",
    "unreadable": "Could not be read",
}
_UNREAD = {
    RawInbound.State.NEW: "unread",
    RawInbound.State.UNREADABLE: "unreadable",
    RawInbound.State.DUPLICATE: "duplicate",
    RawInbound.State.NOTED: "noted",
}
_STATES = {Conversation.State.NOT_REQUEST: "not_request", Conversation.State.KEPT_ASIDE: "kept_aside"}
_ENDED = {Wait.Ended.ANSWERED: "answered", Wait.Ended.NOT_REQUEST: "not_request", Wait.Ended.CLOSED: "closed"}


def readable(rows: QuerySet[RawInbound]) -> QuerySet[RawInbound]:
    """This function will prepare a question for `of`: without the raw bytes, with all that is looked at."""
    return rows.defer("content", "recipients").select_related("message__conversation")


def of(rows: Sequence[RawInbound]) -> Iterator[str]:
    """This function will say what became of each row, in the words of WORDS, with one question for all."""
    waits: dict[int, list[Wait]] = defaultdict(list)
    conversations = {row.message.conversation_id for row in rows if row.message is not None}
    for wait in Wait.objects.filter(conversation__in=conversations).order_by("started_at", "id"):
        waits[wait.conversation_id].append(wait)
    for row in rows:
        yield _UNREAD.get(RawInbound.State(row.state)) or _of_message(row.message, waits)


def _of_message(message: Message | None, waits: dict[int, list[Wait]]) -> str:
    if message is None:
        return "noted"  # read, and since deleted here
    if message.direction != Message.Direction.IN:
        return "ours"
    if message.automatic:
        return "automatic"
    conversation = message.conversation
    if conversation.state in _STATES:
        return _STATES[Conversation.State(conversation.state)]
    begun = [wait for wait in waits[conversation.pk] if wait.started_at <= message.sent_at]
    return _of_wait(begun[-1]) if begun else "noted"


def _of_wait(wait: Wait) -> str:
    """A wait that was joined to an earlier one of the same person is as that one is."""
    if wait.is_open:
        return "open"
    if wait.ended == Wait.Ended.JOINED:
        earlier = Wait.objects.filter(contact=wait.contact_id, started_at__lte=wait.started_at).exclude(pk=wait.pk)
        joined = earlier.exclude(ended=Wait.Ended.JOINED).order_by("-started_at", "-pk").first()
        return "answered" if joined is None else _of_wait(joined)
    return _ENDED[Wait.Ended(wait.ended)]
