"""A conversation is put off until an instant; its clock goes on, and then it is back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.conversations.models import Conversation
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live
from sociable.people import permissions
from sociable.people.models import Person


class NotAhead(DomainError):
    """A conversation was to be put off to a time that has passed."""


def until(conversation_id: int, person: Person, at: datetime, now: datetime) -> None:
    """This function will take a conversation off the queue until an instant; the promise runs on and warnings still come.

    Errors: NotAhead; NotAllowed
    """
    if at <= now:
        raise NotAhead("Choose a time that is still to come.")
    conversation = Conversation.objects.select_related("account__partner").get(pk=conversation_id)
    permissions.check_can_answer(person, conversation.place)
    with transaction.atomic():
        Conversation.objects.filter(pk=conversation_id).update(snoozed_until_at=at)
        due.ask([due.Due("snooze", f"snooze:{conversation_id}", conversation_id, at)])
        live.publish(kind="snoozed", account_id=conversation.account_id, conversation_id=conversation_id, now=now)


def wake(row: DueRow, now: datetime) -> None:
    """This function will bring a conversation back when its time has come."""
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().filter(pk=row.subject_id).first()
        if conversation is None or conversation.snoozed_until_at is None:
            due.close(row, now)
        elif conversation.snoozed_until_at > now:
            due.renew(row, conversation.snoozed_until_at)
        else:
            Conversation.objects.filter(pk=conversation.pk).update(snoozed_until_at=None)
            due.close(row, now)
            live.publish(kind="back", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
