"""Begins chains, climbs them, and silences them; writes every notice once, and asks for it to be handed over.

Who is told is decided in domain/alerting. Every verb here runs inside its caller's transaction, with the rows of its chains locked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db.models import Count, QuerySet

from sociable.alerts.models import Chain, Notice, PushKey, Route
from sociable.alerts.queries import NO_POLICY, Facts, rule_of
from sociable.asking.keeping import add, keep
from sociable.asking.question import Among, Given, Question
from sociable.channels.notices import push
from sociable.domain import alerting, news
from sociable.domain.alerting import By, Carried, Situation, Telling, Told
from sociable.due import services as due
from sociable.live import services as live
from sociable.people.models import Person
from sociable.people.sealing import box
from sociable.promises.models import Wait

GATHER = timedelta(minutes=1)  # a batch waits so long for what else comes
RINGING = (Notice.State.QUEUED, Notice.State.HANDING, Notice.State.HANDED, Notice.State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Came:
    """An instant of a wait that has come."""

    wait: Wait
    kind: str
    due_at: datetime


def give_usual_routes(now: datetime) -> None:
    """This function will give everybody who has none the two routes that need no asking: the desk, and their email address."""
    without = [pk for (pk,) in _WITHOUT.all()]
    if not without:
        return
    usual = ((Route.Kind.DESK, "The desk", 0), (Route.Kind.EMAIL, "Email", 9))
    Route.objects.bulk_create(
        (
            Route(person_id=pk, kind=kind, name=name, position=position, added_at=now)
            for pk in without
            for kind, name, position in usual
        ),
        ignore_conflicts=True,
    )


_WITHOUT = Question(
    lambda: Person.objects.filter(is_active=True).exclude(routes__kind=Route.Kind.DESK).values_list("pk").order_by()
)


def push_key() -> PushKey:
    """This function will return the installation's key for browser push, made when it is first needed.

    Shape:  one that cannot be unsealed any more is made anew; browsers that trust the old one are asked again
    """
    key = PushKey.objects.first()
    if key is not None:
        try:
            _ = key.private
        except InvalidToken:
            key.delete()
        else:
            return key
    private, public = push.new_key()
    sealed = box("push").encrypt(private.encode()).decode()
    return PushKey.objects.get_or_create(pk=1, defaults={"public": public, "sealed_private": sealed})[0]


# -- Chains ----------------------------------------------------------------------------------------------------------------


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
    writer = _Writer(facts, now)
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


# -- Notices ---------------------------------------------------------------------------------------------------------------


class _Writer:
    """Gathers the notices of one transaction and writes them with a few statements, however many there are."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts, self._now = facts, now
        self._notices: list[Notice] = []
        self._told: list[tuple[Chain, Told, By, Notice]] = []
        self._again: list[due.Due] = []

    def add(self, chain: Chain, telling: Telling, should_at: datetime) -> None:
        """Note who is told of a chain, and since when they should be."""
        if chain.next_at is not None:
            self._again.append(due.Due("chain", f"chain:{chain.pk}", chain.pk, chain.next_at))
        for told in telling.told:
            for by in told.by:
                notice = self._notice(chain, told, by, should_at)
                self._told.append((chain, told, by, notice))
                self._notices.append(notice)

    def _notice(self, chain: Chain, told: Told, by: By, should_at: datetime) -> Notice:
        because = chain.because if chain.due_at == should_at else ""
        at = max(by.at, self._now)
        notice = Notice(
            key=f"{chain.pk}:{told.who.key}:{by.way.key}",
            chain=chain,
            account_id=chain.wait.account_id,
            person_id=told.who.key,
            route_id=by.way.key,
            standing=told.standing,
            why=told.why[:300],
            due_at=at,
            made_at=self._now,
            late_because=alerting.lateness(should_at, at, by.late_because or because)[:300],
        )
        if by.way.silent:
            notice.state, notice.handed_at = Notice.State.HANDED, self._now
        return notice

    def write(self, said: Sequence[live.Event]) -> None:
        """Write what was gathered: floods into batches, the desk at once, the others and the next steps as due rows."""
        self._batch()
        add(self._notices)
        notices = (
            due.Due(f"notice-{by.way.kind}", f"notice:{notice.pk}", notice.pk, notice.due_at)
            for _, _, by, notice in self._told
            if notice.state == Notice.State.QUEUED
        )
        due.ask([*self._again, *notices])
        on_the_desk = [
            live.Event("notice", chain.wait.account_id, chain.wait.conversation_id, told.who.key)
            for chain, told, by, _ in self._told
            if by.way.silent
        ]
        live.publish_all([*said, *on_the_desk], self._now)

    def _batch(self) -> None:
        ringing = [each for each in self._told if not each[2].way.silent]
        lately = self._lately({told.who.key for _, told, _, _ in ringing})
        batches: dict[int, Notice] = {}
        for chain, told, by, notice in ringing:
            policy = rule_of(self._facts.policies.get(chain.wait.account_id, NO_POLICY))
            with_others = alerting.waited_before(told.who, chain.wait.started_at, self._now)
            if with_others or alerting.is_surge(lately[told.who.key], policy):
                notice.batch = batches.get(told.who.key) or self._open_batch(told, by, notice)
                batches[told.who.key] = notice.batch
                notice.state = Notice.State.BATCHED
            else:
                lately[told.who.key] += 1

    def _lately(self, people: set[int]) -> Counter[int]:
        """How many notices rang for each lately; by the longest stretch that any policy here counts."""
        if not people:
            return Counter()
        longest = max((rule_of(one).surge_within for one in self._facts.policies.values()), default=timedelta())
        return Counter(dict(_RANG.all(people=people, since=self._now - longest)))

    def _open_batch(self, told: Told, by: By, notice: Notice) -> Notice:
        """The batch that gathers for a person now, or a new one that leaves in a minute."""
        kinds = (Notice.Kind.BATCH, Notice.Kind.SHIFT)
        standing = Notice.objects.filter(person=told.who.key, kind__in=kinds, state=Notice.State.QUEUED)
        found = standing.select_for_update().order_by("pk").first()  # it does not leave until what is added is there
        return found or queue(
            key=f"batch:{told.who.key}:{self._now:%Y%m%dT%H%M%S%f}:{by.way.key}",
            kind=Notice.Kind.BATCH,
            by=by,
            person_id=told.who.key,
            at=max(by.at, self._now + GATHER),
            now=self._now,
            account_id=notice.account_id,
            why=told.why,
        )


# Counted there: on the day of a flood these are thousands.
_RANG = Question(
    lambda: (
        Notice.objects.filter(
            Among("person", "people"), made_at__gt=Given("since"), kind=Notice.Kind.REQUEST, state__in=RINGING
        )
        .exclude(route__kind=Route.Kind.DESK)
        .values_list("person_id")
        .annotate(Count("pk"))
        .order_by()
    )
)


def queue(*, key: str, kind: str, by: By, person_id: int, at: datetime, now: datetime, **more: object) -> Notice:
    """This function will write one notice with its due row."""
    notice = Notice.objects.create(
        key=key, kind=kind, person_id=person_id, route_id=by.way.key, due_at=at, made_at=now, **more
    )
    due.ask([due.Due(f"notice-{by.way.kind}", f"notice:{notice.pk}", notice.pk, at)])
    return notice


def next_route(notice: Notice, why_not: str, facts_of_person: alerting.Somebody, now: datetime) -> Notice | None:
    """This function will tell by the next route what one would not take; None where no other is left, or it was done already."""
    tried = set(_siblings(notice).values_list("route_id", flat=True))
    ringing = _next_by(notice, facts_of_person, tried, now)
    if ringing is None:
        return None
    anew = queue(
        key=f"{notice.key.rsplit(':', 1)[0]}:{ringing.way.key}",
        kind=notice.kind,
        by=ringing,
        person_id=notice.person_id,
        at=max(ringing.at, now),
        now=now,
        chain_id=notice.chain_id,
        shift_id=notice.shift_id,
        account_id=notice.account_id,
        standing=notice.standing,
        why=notice.why,
        late_because=notice.late_because or why_not[:300],
        about=notice.about,
        before_at=notice.before_at,
    )
    Notice.objects.filter(batch=notice.pk).update(batch=anew)
    return anew


def _next_by(notice: Notice, somebody: alerting.Somebody, besides: set[int], now: datetime) -> By | None:
    if notice.kind == Notice.Kind.NEWS:
        return news.by_which(somebody, now, notice.before_at, besides)
    by, _ = alerting.routes_now(somebody, now, besides=besides)
    return next((one for one in by if not one.way.silent), None)


def _siblings(notice: Notice) -> QuerySet[Notice]:
    """The same word to the same person, by whatever route."""
    return Notice.objects.filter(person=notice.person_id, key__startswith=f"{notice.key.rsplit(':', 1)[0]}:")
