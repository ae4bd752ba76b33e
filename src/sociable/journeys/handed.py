"""Takes the word of whoever was handed a request near its time: that they have it, or that they cannot take it, which passes it on.

That it is handed on is decided by net, and to whom by handing_on.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.alerts import words
from sociable.alerts.models import HandedOn, Notice
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation
from sociable.domain.errors import DomainError
from sociable.journeys import alert, claim, net
from sociable.journeys.handing_on import Near, hand_on
from sociable.people import services as people
from sociable.people.models import Person
from sociable.promises.models import Wait


class NotYours(DomainError):
    """Somebody wants to hand back what was not handed to them, or is no longer theirs."""


def is_with(conversation: Conversation, person: Person, now: datetime) -> bool:
    """This function will say whether somebody has a conversation in hand because it was handed on to them."""
    until = conversation.held_until_at
    if conversation.held_by_id != person.pk or until is None or until <= now or not conversation.handed_note:
        return False
    mine = HandedOn.objects.filter(wait__conversation=conversation, wait__ended_at=None, handed_back_at=None)
    return mine.filter(person=person).exists()


def hand_back(conversation_id: int, person: Person, now: datetime) -> Person | None:
    """This function will take a request back from whoever says they cannot take it, and pass it to the next; None: there is no next.

    Errors: NotYours
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        if not is_with(conversation, person, now):
            raise NotYours("It is not with you any more.")
        wait = Wait.objects.open().get(conversation=conversation)
        HandedOn.objects.filter(wait=wait, person=person).update(handed_back_at=now)
        Notice.objects.filter(chain__wait=wait, person=person, acknowledged_at=None).update(acknowledged_at=now)
        claim.let_go(conversation_id, person, now)
        people.record(
            verb="could not take it", object_kind="conversation", object_id=conversation_id,
            partner_id=conversation.account.partner_id, now=now, person=person,
        )  # fmt: skip
        fresh = net.locked({wait.pk})[wait.pk]
        return hand_on([Near(fresh, now, None)], alert.facts_of([fresh], now), now).get(wait.pk)


def acknowledge(notice: Notice, now: datetime) -> None:
    """This function will take a tap on a notice for the word of its person; what was handed to them stays with them a while longer."""
    with transaction.atomic():
        alert.acknowledge_notice(notice, now)
        if notice.chain is not None and notice.chain.kind.startswith(words.HANDED_ON):
            mine = Conversation.objects.filter(pk=notice.chain.wait.conversation_id, held_by=notice.person)
            mine.update(
                held_until_at=now + claim.LONG * claim.hold_time()
            )  # the due row finds the new end when it comes
