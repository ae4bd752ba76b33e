"""Leaves the trail of a change that a person made to a conversation, and tells the screens that show it.

What changed, and whether it may, is decided by the journey that calls it inside its own transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sociable.conversations.models import Conversation
from sociable.live import services as live
from sociable.people import services as people
from sociable.people.models import Person


def leave(
    conversation: Conversation,
    *,
    verb: str,
    kind: str,
    person: Person,
    now: datetime,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """This function will write the audit row of a change and publish it.

    Shape:  `verb` is what the history says ("closed without an answer"), `kind` what screens listen for
    """
    people.record(
        verb=verb,
        object_kind="conversation",
        object_id=conversation.pk,
        partner_id=conversation.account.partner_id,
        now=now,
        person=person,
        before=before,
        after=after,
        reason=reason,
    )
    tell(conversation, kind=kind, now=now)


def tell(conversation: Conversation, *, kind: str, now: datetime) -> None:
    """This function will tell open screens that a conversation changed."""
    tell_account(conversation.account_id, conversation, kind=kind, now=now)


def tell_account(account_id: int, conversation: Conversation, *, kind: str, now: datetime) -> None:
    """This function will tell the screens of one account that a conversation changed: the one it has just left, say."""
    live.publish(kind=kind, account_id=account_id, conversation_id=conversation.pk, now=now)
