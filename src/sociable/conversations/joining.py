"""Makes two contacts or two conversations one, and parts a conversation again.

Why, and what becomes of the waits, is decided in journeys; what stands in either is retold from its messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from sociable.channels.chat.adapter import thread_key
from sociable.conversations.chat_models import Chat
from sociable.conversations.models import (
    Contact,
    Conversation,
    Draft,
    Identity,
    Message,
    OpenTab,
    Outgoing,
    Presence,
    Receipt,
    Share,
)
from sociable.conversations.services import begin_conversation, free, settle


def same_person(contact: Contact, other: Contact) -> None:
    """This function will make two contacts one: the other's addresses and conversations become this contact's.

    Their waits belong to promises; move them too before the other contact is deleted.
    """
    Identity.objects.filter(contact=other).update(contact=contact)
    Conversation.objects.filter(contact=other).update(contact=contact)
    if other.name and not contact.name:
        contact.name = other.name
        contact.save(update_fields=["name"])


def join(into: Conversation, other: Conversation, why: str) -> None:
    """This function will bring all of one conversation into another: messages, private links, drafts and open tabs.

    The emptied one stays as a sign-post: mail to its reply address and old private links arrive at the living one.
    """
    Message.objects.filter(conversation=other).update(conversation=into, joined_why=why[:300])
    Receipt.objects.filter(conversation=other).update(conversation=into)
    Chat.objects.filter(conversation=other).update(conversation=into)
    _join_drafts(into, other)
    OpenTab.objects.filter(conversation=other, person__tabs__conversation=into).delete()
    OpenTab.objects.filter(conversation=other).update(conversation=into)
    Presence.objects.filter(conversation=other).delete()
    Share.objects.filter(conversation=other).delete()  # what it was shared for is no longer there
    Conversation.objects.filter(merged_into=other).update(merged_into=into)
    free(other)
    other.merged_into = into
    other.save(update_fields=["merged_into"])
    settle(other, Conversation.State.MERGED, why)
    into.version += other.version
    retell(into)


def _join_drafts(into: Conversation, other: Conversation) -> None:
    """Nothing typed is lost: two drafts of one person become one."""
    for draft in Draft.objects.filter(conversation=other):
        standing = Draft.objects.filter(conversation=into, person=draft.person_id, kind=draft.kind).first()
        if standing is None:
            draft.conversation = into
            draft.save(update_fields=["conversation"])
        else:
            standing.text = f"{standing.text}\n\n{draft.text}".strip()
            standing.save(update_fields=["text"])
            draft.delete()


def split_off(conversation: Conversation, messages: Sequence[Message], contact: Contact) -> Conversation:
    """This function will give messages a conversation of their own on the same account.

    Shape:  messages oldest first, not all that the conversation has
    """
    first = messages[0]
    fresh = begin_conversation(
        account=conversation.account, contact=contact, subject=first.subject or conversation.subject, at=first.sent_at
    )
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(conversation=fresh)
    threads = {message.thread_key for message in messages}
    moved = [chat.pk for chat in Chat.objects.filter(conversation=conversation) if thread_key(chat.pk) in threads]
    Chat.objects.filter(pk__in=moved).update(conversation=fresh)  # what is said next belongs to what was said last
    Message.objects.filter(pk=first.pk).update(joined_why="")
    fresh.version = len(messages)
    conversation.version += 1
    retell(fresh)
    retell(conversation)
    return fresh


def retell(conversation: Conversation) -> None:
    """This function will set what a conversation says of its messages from those it has now."""
    said = conversation.messages.exclude(direction=Message.Direction.NOTE).exclude(
        outgoing__state=Outgoing.State.UNDONE
    )
    said = said.order_by("sent_at", "pk")
    first, last = said.first(), said.last()
    if first is not None and last is not None:
        conversation.started_at = first.sent_at
        conversation.last_message_at, conversation.last_direction = last.sent_at, last.direction
    conversation.save(update_fields=["version", "started_at", "last_message_at", "last_direction"])
