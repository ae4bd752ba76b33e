"""The safety net: what nobody at work has near its time is put into the hands of somebody on duty, who is told so and may hand it back.

Whether and to whom is decided in domain/net; who else is told when they say nothing, in domain/alerting. Each wait has a due row
that looks again until it ends, and each person is handed it at most once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from sociable.alerts import queries as alerts
from sociable.alerts import services, words
from sociable.alerts.models import AlertPolicy, HandedOn, Notice
from sociable.alerts.queries import Facts
from sociable.alerts.services import Came
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Presence
from sociable.conversations.presence import GONE_AFTER
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain import net
from sociable.domain.alerting import Situation, Somebody
from sociable.domain.errors import DomainError
from sociable.domain.net import Hand, Holder
from sociable.domain.promise import used_at
from sociable.domain.saying import moment_near
from sociable.domain.worktime import Calendar
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert, claim
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.promises.models import Wait


class NotYours(DomainError):
    """Somebody wants to hand back what was not handed to them, or is no longer theirs."""


@dataclass(frozen=True, slots=True)
class Near:
    """A request near its time that nobody at work has, since when that should have been seen, and who had it."""

    wait: Wait
    seen_at: datetime
    holder: Holder | None


# -- Looking ---------------------------------------------------------------------------------------------------------------


def look(row: DueRow, now: datetime) -> None:
    """This function will hand one request on, if it is near its time and nobody at work has it."""
    look_all([row], now)


def look_all(rows: Sequence[DueRow], now: datetime) -> int:
    """This function will look after many requests in one transaction, and return how many rows were still ours."""
    with transaction.atomic():
        waits = _locked({row.subject_id for row in rows})
        ours = due.held(rows)
        facts = alert.facts_of(waits.values(), now)
        alerted = alerts.alerted(one.account for one in waits.values())
        calendars = _calendars(waits.values())
        near = []
        for row in ours:
            wait = waits.get(row.subject_id)
            at = _near_at(wait, calendars, facts) if wait is not None and wait.account_id in alerted else None
            if wait is None or at is None:
                due.close(row, now)
                continue
            if at <= now and (found := _unheld(wait, max(at, row.due_at), facts, now)) is not None:
                near.append(found)
            due.renew(row, at if at > now else _again_at(wait, calendars[_judge(wait).pk], now))
        _hand_on(near, facts, now)
    return len(ours)


def _locked(ids: set[int]) -> dict[int, Wait]:
    """The open waits of these, with their conversations: those are locked first, as whoever answers locks them."""
    theirs = Conversation.objects.filter(pk__in=Wait.objects.open().filter(pk__in=ids).values("conversation"))
    list(theirs.select_for_update().order_by("pk").values_list("pk", flat=True))
    wanted = Wait.objects.open().filter(pk__in=ids, conversation__state=Conversation.State.OPEN)
    wanted = wanted.select_related(
        "account__partner", "account__answered_from__partner", "promise__account__partner",
        "conversation__held_by", "conversation__account__partner", "conversation__account__service",
    )  # fmt: skip
    return {wait.pk: wait for wait in wanted.select_for_update(of=("self",)).order_by("pk")}


def _judge(wait: Wait) -> Account:
    return (wait.promise or wait).account


def _calendars(waits: Iterable[Wait]) -> dict[int, Calendar | None]:
    return directory.calendars_of({_judge(wait).pk: _judge(wait) for wait in waits}.values())


def _near_at(wait: Wait, calendars: dict[int, Calendar | None], facts: Facts) -> datetime | None:
    """From when it is near its time; None where its account hands nothing on, or promised no time."""
    share = facts.policies[wait.account_id].net_percent
    return used_at(wait.clock, calendars[_judge(wait).pk], share) if share else None


def _again_at(wait: Wait, calendar: Calendar | None, now: datetime) -> datetime:
    return net.again_at(now, wait.due_at, calendar, wait.conversation.snoozed_until_at)


def _unheld(wait: Wait, seen_at: datetime, facts: Facts, now: datetime) -> Near | None:
    """The request, where nobody at work has it and nobody has put it off."""
    conversation = wait.conversation
    if conversation.snoozed_until_at is not None and conversation.snoozed_until_at > now:
        return None
    holder = _holder(wait, facts, now)
    return None if holder is not None and holder.is_at_work else Near(wait, seen_at, holder)


def _holder(wait: Wait, facts: Facts, now: datetime) -> Holder | None:
    conversation = wait.conversation
    person, until = conversation.held_by, conversation.held_until_at
    if person is None or until is None or until <= now:
        return None
    on_duty = any(one.key == person.pk for one in facts.situations[wait.account_id].duty)
    writes = Presence.objects.filter(
        conversation=conversation, person=person, seen_at__gte=now - GONE_AFTER, writing=True
    )
    away = not person.is_active or facts.somebody(person).hours.is_away(now)
    return Holder(person.name, on_duty, away, not on_duty and writes.exists())


# -- Handing on ------------------------------------------------------------------------------------------------------------


class _Hands:
    """Those on duty for some accounts, locked, with what each has in hand as it grows under our own hands."""

    def __init__(self, near: Sequence[Near], facts: Facts, now: datetime) -> None:
        self._facts, self._now = facts, now
        ids = {one.key for each in near for one in facts.situations[each.wait.account_id].duty}
        locked = Person.objects.select_for_update(no_key=True).filter(pk__in=ids, is_active=True).order_by("pk")
        self.people = {one.pk: one for one in locked.prefetch_related("roles")}
        held = Conversation.objects.filter(held_by__in=ids, held_until_at__gt=now, state=Conversation.State.OPEN)
        counted = held.order_by().values_list("held_by").annotate(Count("pk"))
        self._in_hand = Counter({person: number for person, number in counted if person is not None})
        self._had: dict[int, dict[int, bool]] = defaultdict(dict)
        for one in HandedOn.objects.filter(wait__in=[each.wait for each in near]):
            self._had[one.wait_id][one.person_id] = one.handed_back_at is not None
        recent = Presence.objects.filter(conversation__in=[each.wait.conversation_id for each in near])
        self._look = set(recent.filter(seen_at__gte=now - GONE_AFTER).values_list("conversation_id", "person_id"))

    def of(self, wait: Wait) -> list[Hand]:
        """Everybody on duty for it, in the order of their shifts."""
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
        """How many hands a request went through."""
        return len(self._had[wait.pk])

    def give(self, wait: Wait, person_id: int) -> Person:
        """Count that somebody has one more."""
        self._in_hand[person_id] += 1
        self._had[wait.pk][person_id] = False
        return self.people[person_id]


def _hand_on(near: Sequence[Near], facts: Facts, now: datetime) -> dict[int, Person]:
    """Put each into somebody's hands and tell them, or tell whoever is named that nobody can; returns who has which wait now."""
    if not near:
        return {}
    hands = _Hands(sorted(near, key=_by_time), facts, now)
    came, of_wait, given = [], {}, {}
    for one in sorted(near, key=_by_time):
        there = hands.of(one.wait)
        chosen = net.choose(there)
        if chosen is not None:
            given[one.wait.pk] = to = hands.give(one.wait, chosen.key)
            of_wait[one.wait.pk] = _give(one, to, facts, now)
            came.append(Came(one.wait, f"{words.HANDED_ON}{hands.times(one.wait)}", one.seen_at))
        elif not _said(one.wait, kind := f"{words.NOBODY}{hands.times(one.wait)}"):
            of_wait[one.wait.pk] = net.to_nobody(facts.situations[one.wait.account_id], there)
            came.append(Came(one.wait, kind, one.seen_at))
    services.begin(came, replace(facts, of_wait=of_wait), now)
    return given


def _by_time(one: Near) -> tuple[datetime, int]:
    """What is due first is handed on first."""
    return one.wait.ordered_at, one.wait.pk


def _said(wait: Wait, kind: str) -> bool:
    return wait.chains.filter(kind=kind).exists()


def _give(one: Near, to: Person, facts: Facts, now: datetime) -> Situation:
    """Put a request into somebody's hands, with the trail of it; returns how its own chain stands."""
    wait, why = one.wait, why_words(one.wait, one.holder, now)
    at = moment_near(now, now, directory.zone_of(wait.account))
    note = f"Handed to {to.name} at {at}: {why}."
    claim.put_into_hands(wait.conversation, to, now + claim.hold_time(), now, note)
    HandedOn.objects.create(wait=wait, person=to, at=now, why=why[:300])
    people.record(
        verb="handed on", object_kind="conversation", object_id=wait.conversation_id,
        partner_id=wait.conversation.account.partner_id, now=now,
        before={"held_by": one.holder.name} if one.holder else {}, after={"to": to.name}, reason=_sentence(why),
    )  # fmt: skip
    situation = facts.situations[wait.account_id]
    return net.handed(situation, _of_duty(situation, to), why)


def _of_duty(situation: Situation, person: Person) -> Somebody:
    return next(one for one in situation.duty if one.key == person.pk)


def why_words(wait: Wait, holder: Holder | None, now: datetime) -> str:
    """This function will say why a request is handed on: who had it, and by when it is to be answered."""
    said = net.before_words(holder)
    if wait.due_at is None:
        return said
    verb = "was" if wait.due_at <= now else "is"
    return f"{said}, and it {verb} to be answered by {moment_near(wait.due_at, now, directory.zone_of(wait.account))}"


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."


# -- What its person says --------------------------------------------------------------------------------------------------


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
        fresh = _locked({wait.pk})[wait.pk]
        return _hand_on([Near(fresh, now, None)], alert.facts_of([fresh], now), now).get(wait.pk)


def acknowledge(notice: Notice, now: datetime) -> None:
    """This function will take a tap on a notice for the word of its person; what was handed to them stays with them a while longer."""
    with transaction.atomic():
        alert.acknowledge_notice(notice, now)
        if notice.chain is not None and notice.chain.kind.startswith(words.HANDED_ON):
            mine = Conversation.objects.filter(pk=notice.chain.wait.conversation_id, held_by=notice.person)
            mine.update(
                held_until_at=now + claim.LONG * claim.hold_time()
            )  # the due row finds the new end when it comes


def look_anew(policy: AlertPolicy, now: datetime) -> None:
    """This function will have the open requests of an account looked at by what it says now; call it inside a transaction."""
    account = policy.account_id
    open_ones = Wait.objects.open().exclude(due_at=None)
    there = open_ones.filter(account=account) | open_ones.filter(account__answered_from=account)
    due.ask(due.Due("net", f"net:{pk}", pk, now) for pk in there.values_list("pk", flat=True))
