"""Puts what the safety net found into the hands of somebody on duty, with the trail of it, and tells them, or whoever is named for that.

To whom is decided in domain/net; who else is told when they say nothing, in domain/alerting. Each person is handed it at most once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sociable.alerts import services, words
from sociable.alerts.models import HandedOn
from sociable.alerts.queries import Facts
from sociable.alerts.services import Came
from sociable.directory import queries as directory
from sociable.domain import net
from sociable.domain.alerting import Situation, Somebody
from sociable.domain.net import Holder
from sociable.domain.saying import moment_near
from sociable.journeys import claim
from sociable.journeys.hands import Hands
from sociable.people import services as people
from sociable.people.models import Person
from sociable.promises.models import Wait


@dataclass(frozen=True, slots=True)
class Near:
    """A request near its time that nobody at work has, since when that should have been seen, and who had it."""

    wait: Wait
    seen_at: datetime
    holder: Holder | None


def hand_on(near: Sequence[Near], facts: Facts, now: datetime) -> dict[int, Person]:
    """This function will put each into somebody's hands and tell them, or tell whoever is named that nobody can.

    Shape:  who has which wait now
    """
    if not near:
        return {}
    hands = Hands([one.wait for one in near], facts, now)
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
