"""Writes every notice once, alone or into a batch, and asks for it to be handed over.

Who is told by which route is decided in domain/alerting and asked by services. All of it runs inside the caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet

from sociable.alerts.models import Chain, Notice, Route
from sociable.alerts.queries import NO_POLICY, Facts, rule_of
from sociable.asking.keeping import add
from sociable.asking.question import Among, Given, Question
from sociable.domain import alerting, news
from sociable.domain.alerting import By, Telling, Told
from sociable.due import services as due
from sociable.live import services as live

GATHER = timedelta(minutes=1)  # a batch waits so long for what else comes
RINGING = (Notice.State.QUEUED, Notice.State.HANDING, Notice.State.HANDED, Notice.State.UNKNOWN)


class Writer:
    """Gathers the notices of one transaction and writes them with a few statements, however many there are."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._facts, self._now = facts, now
        self._notices: list[Notice] = []
        self._told: list[tuple[Chain, Told, By, Notice]] = []
        self._again: list[due.Due] = []

    def add(self, chain: Chain, telling: Telling, should_at: datetime) -> None:
        """This function will note who is told of a chain, and since when they should be."""
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
        """This function will write what was gathered: floods into batches, the desk at once, the others and the next steps as due rows."""
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
