"""Begins chains, climbs them, and silences them.

Who is told is decided in domain/alerting; their notices are written by writing. Every verb here runs inside its caller's
transaction, with the rows of its chains locked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from sociable.alerts.models import Chain, Notice
from sociable.alerts.queries import Facts
from sociable.alerts.writing import Writer
from sociable.asking.keeping import add, keep
from sociable.asking.question import Among, Question
from sociable.domain import alerting
from sociable.domain.alerting import Carried, Situation, Telling
from sociable.due import services as due
from sociable.live import services as live
from sociable.people.models import Person
from sociable.promises.models import Wait


@dataclass(frozen=True, slots=True)
class Came:
    """An instant of a wait that has come."""

    wait: Wait
    kind: str
    due_at: datetime


def begin(came: Sequence[Came], facts: Facts, now: datetime, said: Sequence[live.Event] = ()) -> list[Chain]:
    """This function will begin the chain of each instant that has come, and tell whoever is first.

    Shape:  where several instants of one wait come at once, because Sociable was away, the last is told. What ran for an earlier
            instant ends; unacknowledged, it hands on how far it had climbed. `said` is what open screens hear with it
    """
    newest = {one.wait.pk: one for one in sorted(came, key=lambda one: one.due_at)}
    carried = _overtake(list(newest), now)
    for wait_id in facts.of_wait:  # told to whoever it was put into the hands of, as if for the first time
        carried.pop(wait_id, None)
    chains = [
        Chain(wait=one.wait, kind=one.kind, due_at=one.due_at, began_at=now, **_overtaken(one, newest, now))
        for one in came
    ]
    live_ones = [chain for chain in chains if chain.ended_at is None]
    steps = _decide(live_ones, facts, now, carried)
    add(chains)
    _take(steps, facts, now, said)
    return live_ones


def _overtaken(one: Came, newest: dict[int, Came], now: datetime) -> dict[str, object]:
    return {} if newest[one.wait.pk] is one else {"ended_at": now, "ended": Chain.Ended.OVERTAKEN}


def _overtake(wait_ids: list[int], now: datetime) -> dict[int, Carried]:
    """End what runs for these waits, and return by wait how far it had climbed."""
    running = _RUNNING.all(waits=wait_ids)
    if running:
        ids = [chain.pk for chain in running]
        Chain.objects.filter(pk__in=ids).update(ended_at=now, ended=Chain.Ended.OVERTAKEN, next_at=None)
        due.withdraw("chain", ids)
    return {chain.wait_id: Carried(chain.step, chain.next_at) for chain in running}


_RUNNING = Question(
    lambda: Chain.objects.select_for_update().filter(Among("wait", "waits"), ended_at=None).order_by("pk")
)


def climb(chains: Sequence[Chain], facts: Facts, now: datetime) -> None:
    """This function will take unacknowledged chains a step further."""
    steps = _decide(chains, facts, now, {})
    keep(chains, ["step", "next_at", "because", "ended_at", "ended"])
    _take(steps, facts, now)


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a chain: who is told, and since when they should be."""

    chain: Chain
    telling: Telling
    should_at: datetime


def _decide(chains: Sequence[Chain], facts: Facts, now: datetime, carried: dict[int, Carried]) -> list[_Step]:
    """Who is told next of each chain; the chain says how far it has come then, and is yet to be written."""
    already = _already_told(chains)
    steps = []
    for chain in chains:
        situation = _situation(chain.wait, facts, now)
        telling = alerting.tell_on(situation, chain.step, now, already[chain.pk], carried.get(chain.wait_id))
        should_at = chain.due_at if not already[chain.pk] else chain.next_at or now
        chain.step, chain.next_at = telling.step, telling.next_at
        if not telling.told and not chain.because:
            chain.because = telling.because[:300]
        if telling.next_at is None and not telling.told and not already[chain.pk]:
            chain.ended_at, chain.ended = now, Chain.Ended.NOBODY
        steps.append(_Step(chain, telling, should_at))
    return steps


def _take(steps: Sequence[_Step], facts: Facts, now: datetime, said: Sequence[live.Event] = ()) -> None:
    """Write the notices of steps whose chains are written, and when each chain is looked at again."""
    writer = Writer(facts, now)
    for one in steps:
        writer.add(one.chain, one.telling, one.should_at)
    writer.write(said)


def _situation(wait: Wait, facts: Facts, now: datetime) -> Situation:
    """How things stand for one wait: its account's, and who has it in hand."""
    if wait.pk in facts.of_wait:
        return facts.of_wait[wait.pk]
    situation, conversation = facts.situations[wait.account_id], wait.conversation
    holder, until = conversation.held_by, conversation.held_until_at
    if holder is None or until is None or until <= now or not holder.is_active:
        return situation
    return replace(situation, holder=facts.somebody(holder))


def _already_told(chains: Sequence[Chain]) -> dict[int, frozenset[int]]:
    told: dict[int, set[int]] = defaultdict(set)
    begun = [chain.pk for chain in chains if chain.step != alerting.NOT_BEGUN]
    for chain_id, person_id in Notice.objects.filter(chain__in=begun).values_list("chain_id", "person_id"):
        told[chain_id].add(person_id)
    return defaultdict(frozenset, {pk: frozenset(people) for pk, people in told.items()})


def silence(chains: QuerySet[Chain], person: Person | None, now: datetime) -> int:
    """This function will silence chains, because a person acknowledged or, without one, because nobody waits any more."""
    ids = list(chains.select_for_update().filter(ended_at=None).order_by("pk").values_list("pk", flat=True))
    if not ids:
        return 0
    how = Chain.Ended.ACKNOWLEDGED if person is not None else Chain.Ended.OVER
    Chain.objects.filter(pk__in=ids).update(
        ended_at=now, ended=how, next_at=None, acknowledged_at=now if person else None, acknowledged_by=person
    )
    Notice.objects.filter(chain__in=ids, acknowledged_at=None).update(acknowledged_at=now)
    due.withdraw("chain", ids)
    return len(ids)
