"""Knows, while requests are handed on, who is on duty for them, what each has in hand by now, and why somebody cannot take one more.

Who of them is chosen is decided in domain/net.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count

from sociable.alerts.models import HandedOn
from sociable.alerts.queries import Facts
from sociable.conversations.models import Conversation, Presence
from sociable.conversations.presence import GONE_AFTER
from sociable.domain import net
from sociable.domain.net import Hand
from sociable.journeys import claim
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises.models import Wait


class Hands:
    """Those on duty for some accounts, locked, with what each has in hand as it grows under our own hands."""

    def __init__(self, waits: Sequence[Wait], facts: Facts, now: datetime) -> None:
        self._facts, self._now = facts, now
        ids = {one.key for wait in waits for one in facts.situations[wait.account_id].duty}
        locked = Person.objects.select_for_update(no_key=True).filter(pk__in=ids, is_active=True).order_by("pk")
        self.people = {one.pk: one for one in locked.prefetch_related("roles")}
        held = Conversation.objects.filter(held_by__in=ids, held_until_at__gt=now, state=Conversation.State.OPEN)
        counted = held.order_by().values_list("held_by").annotate(Count("pk"))
        self._in_hand = Counter({person: number for person, number in counted if person is not None})
        self._had: dict[int, dict[int, bool]] = defaultdict(dict)
        for one in HandedOn.objects.filter(wait__in=waits):
            self._had[one.wait_id][one.person_id] = one.handed_back_at is not None
        recent = Presence.objects.filter(conversation__in=[wait.conversation_id for wait in waits])
        self._look = set(recent.filter(seen_at__gte=now - GONE_AFTER).values_list("conversation_id", "person_id"))

    def of(self, wait: Wait) -> list[Hand]:
        """This function will list everybody on duty for it, in the order of their shifts."""
        duty = self._facts.situations[wait.account_id].duty
        return [self._hand(self.people[one.key], wait) for one in duty if one.key in self.people]

    def _hand(self, person: Person, wait: Wait) -> Hand:
        in_hand, looks = self._in_hand[person.pk], (wait.conversation_id, person.pk) in self._look
        return Hand(person.pk, person.name, in_hand, looks, self._cannot(person, wait, in_hand))

    def _cannot(self, person: Person, wait: Wait, in_hand: int) -> str:
        if (handed_back := self._had[wait.pk].get(person.pk)) is not None:
            return net.had_words(person.name, handed_back)
        if not permissions.can_answer(person, wait.conversation.place):
            return net.may_not_words(person.name)
        try:
            claim.check_hands_free(wait.conversation, person, self._now, person.first_name)
        except claim.FullHands as full:
            return full.message.partition(".")[0]
        return net.full_words(person.name, in_hand, self._facts.policies[wait.account_id].hand_most)

    def times(self, wait: Wait) -> int:
        """This function will say how many hands a request went through."""
        return len(self._had[wait.pk])

    def give(self, wait: Wait, person_id: int) -> Person:
        """This function will count that somebody has one more."""
        self._in_hand[person_id] += 1
        self._had[wait.pk][person_id] = False
        return self.people[person_id]
