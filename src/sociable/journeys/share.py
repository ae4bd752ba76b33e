"""A person decides who else may read a conversation: another partner, and whoever holds its private link.

What a partner may do with what was shared is known to permissions: read it, no more.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.conversations import services as conversations
from sociable.conversations.models import Receipt, Share
from sociable.domain.errors import DomainError
from sociable.journeys import trail
from sociable.people import permissions
from sociable.people.models import Partner, Person


class CannotShare(DomainError):
    """It cannot be shared so."""


def share(conversation_id: int, partner: Partner, person: Person, reason: str, now: datetime) -> None:
    """This function will let another partner's staff read a conversation, and keep the reason.

    Errors: CannotShare; NotAllowed
    """
    if not reason.strip():
        raise CannotShare(
            "Say why the other body needs to read this: the reason is kept and the resident may ask for it."
        )
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        if partner.pk == conversation.account.partner_id:
            raise CannotShare("That body owns this conversation and reads it already.")
        conversations.share(conversation, partner, person, reason.strip(), now)
        trail.leave(
            conversation,
            verb="shared",
            kind="shared",
            person=person,
            now=now,
            reason=reason.strip(),
            after={"partner": partner.name},
        )


def end_share(conversation_id: int, partner: Partner, person: Person, now: datetime) -> None:
    """This function will end another partner's reading of a conversation.

    Errors: NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        if Share.objects.filter(conversation=conversation, partner=partner).delete()[0]:
            trail.leave(
                conversation,
                verb="stopped sharing",
                kind="shared",
                person=person,
                now=now,
                before={"partner": partner.name},
            )


def renew_link(conversation_id: int, person: Person, now: datetime) -> Receipt:
    """This function will make a new private link for a conversation and end the old ones.

    Errors: NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        receipt = conversations.renew_receipt(conversation, now)
        trail.leave(conversation, verb="made a new private link", kind="link", person=person, now=now)
    return receipt


def revoke_link(conversation_id: int, person: Person, now: datetime) -> None:
    """This function will end every private link of a conversation.

    Errors: NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        if conversations.revoke_receipts(conversation, now):
            trail.leave(conversation, verb="ended the private link", kind="link", person=person, now=now)
