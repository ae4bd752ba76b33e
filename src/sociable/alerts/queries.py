"""Reads what the rule of alerting needs to know of accounts at an instant, with the same few queries however many they are.

Who is told is decided in domain/alerting; "Would I be told?" asks the same as the chain does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet

from sociable.alerts.models import AlertPolicy, Notice, Route
from sociable.asking.question import Among, Given, Question, together
from sociable.cover import duty, queries
from sociable.cover.around import ZONE
from sociable.cover.models import Readiness, Shift, TimeAway, WorkingPattern
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.alerting import AHEAD, Hours, Policy, Situation, Somebody, Span, Way
from sociable.domain.worktime import HoursError
from sociable.people.models import Division, Person, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

NO_POLICY = AlertPolicy()


def covering(account: Account) -> Account:
    """This function will return the account whose rota covers another: the one it is answered from, or itself."""
    return directory.answering(account) or account


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of some accounts at one instant: the situation of each, and how its people want to be told."""

    situations: Mapping[int, Situation]
    policies: Mapping[int, AlertPolicy]
    everybody: People
    of_wait: Mapping[int, Situation] = field(default_factory=dict)  # where one request is told of in its own way

    def somebody(self, person: Person) -> Somebody:
        """This function will describe a person who stands in no rota: whoever holds a request."""
        return self.everybody.somebody(person.pk, person.name)


def facts(accounts: Iterable[Account], now: datetime, besides: Iterable[Person] = ()) -> Facts:
    """This function will read the situations of accounts at an instant.

    Shape:  accounts come with their partner and the account they are answered from; `besides` are people of whom more than
            their standing is asked
    """
    given = {account.pk: account for account in accounts}
    covered = {pk: covering(account) for pk, account in given.items()}
    ids = {account.pk for account in covered.values()}
    there = list({one.pk: one for one in covered.values()}.values())
    listed, ready, on_duty, leads, hours = together(
        _POLICIES.given(accounts=ids),
        _READY.given(accounts=ids, now=now),
        duty.shifts_now(ids, now),
        queries.planners_of(there),
        directory.hours_of_many(given),
    )
    policies = {one.account_id: one for one in listed}
    standing = _Standing.of(there, policies, ready, on_duty, leads)
    everybody = People.read(standing.people | {one.pk for one in besides}, now)
    calendars = directory.judging_calendars(given.values(), hours)
    situations = {}
    for pk, account in given.items():
        at = covered[pk].pk
        policy = policies.get(at, NO_POLICY)
        situations[pk] = Situation(
            account=account.name,
            calendar=calendars[pk],
            policy=rule_of(policy),
            zone=directory.zone_of(account),
            duty=tuple(everybody.on_duty(person, span) for person, span in standing.duty.get(at, {}).items()),
            named=everybody.first_in(standing.named.get(at, ())),
            cover=everybody.all(standing.ready.get(at, ())),
            leads=everybody.all(standing.leads.get(at, ())),
        )
    return Facts(
        situations,
        {pk: policies.get(one.pk, NO_POLICY) for pk, one in covered.items()},
        everybody,
    )


_POLICIES = Question(
    lambda: AlertPolicy.objects.filter(Among("account", "accounts")).select_related("named").order_by()
)


def rule_of(policy: AlertPolicy) -> Policy:
    """This function will turn a stored policy into the one the rule knows."""
    return Policy(
        step=timedelta(minutes=max(1, policy.step_minutes)),
        surge_most=policy.surge_most,
        surge_within=timedelta(minutes=policy.surge_minutes),
        quiet=(policy.quiet_from, policy.quiet_to),
    )


def alerted(accounts: Iterable[Account]) -> frozenset[int]:
    """This function will say by ids of which accounts the people are told at all: from the first published shift on, or as set."""
    covered = {account.pk: covering(account).pk for account in accounts}
    is_on = dict(_IS_ON.all(accounts=set(covered.values())))
    if unsaid := set(covered.values()) - is_on.keys():
        is_on |= dict.fromkeys((pk for (pk,) in _ROSTERED.all(accounts=unsaid)), True)
    return frozenset(pk for pk, there in covered.items() if is_on.get(there))


_IS_ON = Question(
    lambda: AlertPolicy.objects.filter(Among("account", "accounts")).values_list("account_id", "is_on").order_by()
)
_ROSTERED = Question(
    lambda: (
        Shift.accounts.through._base_manager.filter(Among("account", "accounts"), shift__state=Shift.State.PUBLISHED)
        .values_list("account_id")
        .order_by()
        .distinct()
    )
)


@dataclass(slots=True)
class _Standing:
    """Who stands how to each account, by ids: on duty with the shift, ready, leading, named."""

    duty: dict[int, dict[int, Span]] = field(default_factory=dict)
    ready: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    leads: dict[int, list[int]] = field(default_factory=dict)
    named: dict[int, list[int]] = field(default_factory=dict)

    @property
    def people(self) -> set[int]:
        """Everybody who stands anywhere."""
        listed = [*self.duty.values(), *self.ready.values(), *self.leads.values(), *self.named.values()]
        return {person for group in listed for person in group}

    @classmethod
    def of(
        cls,
        accounts: list[Account],
        policies: Mapping[int, AlertPolicy],
        ready: Iterable[tuple[int, int]],
        on_duty: dict[int, dict[int, Span]],
        leads: Mapping[int, Iterable[Person]],
    ) -> _Standing:
        """Make it of what was read; `ready` are account and person."""
        found = cls(on_duty, leads={pk: [one.pk for one in people] for pk, people in leads.items()})
        for account_id, person_id in ready:
            found.ready[account_id].append(person_id)
        for account in accounts:
            policy = policies.get(account.pk)
            named = (policy.named_id if policy else None, account.owner_id, account.deputy_id)
            found.named[account.pk] = [one for one in named if one is not None]
        return found


_READY = Question(
    lambda: (
        Readiness.objects.standing(Given("now"))
        .filter(Among("account", "accounts"), person__is_active=True)
        .order_by("person__name", "pk")
        .values_list("account_id", "person_id")
    )
)


@dataclass(slots=True)
class People:
    """People with their routes and hours, read at once.

    Shape:  `new` are those to whom nobody has given the usual routes yet
    """

    now: datetime
    names: dict[int, str] = field(default_factory=dict)
    routes: dict[int, list[Route]] = field(default_factory=lambda: defaultdict(list))
    patterns: dict[int, list[tuple[date, str, str]]] = field(default_factory=lambda: defaultdict(list))
    shifts: dict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    away: dict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    divisions: dict[int, str] = field(default_factory=dict)
    zones: dict[int, str] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, ids: set[int], now: datetime) -> People:
        """Read them, with six queries; who may no longer sign in is left out."""
        stretch = {"people": ids, "now": now, "until": now + AHEAD}
        bodies, routes, patterns, shifts, away, names = together(
            _BODIES.given(people=ids),
            _ROUTES.given(people=ids),
            _PATTERNS.given(people=ids),
            _SHIFTS.given(**stretch),
            _AWAY.given(**stretch),
            _NAMES.given(people=ids).into(dict),
        )
        found = cls(now, names, new=set(names) - {route.person_id for route in routes if route.kind == Route.Kind.DESK})
        for person, division, zone in _of(names, bodies):
            found.divisions[person], found.zones[person] = division, zone
        for route in routes:
            if route.is_on and route.person_id in names:
                found.routes[route.person_id].append(route)
        for person, on, notation, zone in _of(names, patterns):
            found.patterns[person].append((on, notation, zone))
        for person, starts_at, ends_at in _of(names, shifts):
            found.shifts[person].append((starts_at, ends_at))
        for person, starts_at, ends_at in _of(names, away):
            found.away[person].append((starts_at, ends_at))
        return found

    def known(self, person_id: int | None) -> Somebody | None:
        """Somebody by their id; None where they may no longer sign in."""
        return self.somebody(person_id, self.names[person_id]) if person_id in self.names else None

    def first_in(self, ids: Iterable[int]) -> Somebody | None:
        """The first of these who may sign in and is not away; None where there is none."""
        return next((one for one in self.all(ids) if not one.hours.is_away(self.now)), None)

    def all(self, ids: Iterable[int]) -> tuple[Somebody, ...]:
        """Everybody of these who may sign in, in this order."""
        return tuple(one for pk in ids if (one := self.known(pk)) is not None)

    def on_duty(self, person_id: int, span: Span) -> Somebody:
        """Somebody with the shift that puts them on duty."""
        return self.somebody(person_id, self.names.get(person_id, ""), span)

    def somebody(self, person_id: int, name: str, duty: Span | None = None) -> Somebody:
        """Somebody with their routes and hours."""
        ways = tuple(way_of(route, self.now, self.zone_of(person_id)) for route in self.routes[person_id])
        return Somebody(person_id, name, ways, self._hours(person_id), duty)

    def zone_of(self, person_id: int) -> str:
        """The time zone in which somebody works now, else that of their body."""
        stated = self.patterns[person_id]
        begun = [zone for on, _, zone in stated if on <= self.now.date()]
        return (begun or [zone for *_, zone in stated[:1]] or [self.zones.get(person_id, ZONE)])[-1]

    def _hours(self, person_id: int) -> Hours:
        stated = {on: notation for on, notation, _ in self.patterns[person_id]}
        usual, division = None, self.divisions.get(person_id, Division.ENGLAND_AND_WALES)
        if stated:
            try:
                usual = directory.calendar_from(tuple(stated.items()), division, self.zone_of(person_id))
            except HoursError:  # what cannot be read says nothing of when they work
                usual = None
        return Hours(usual, tuple(self.shifts[person_id]), tuple(self.away[person_id]))


def _of(people: Container[int], rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Those rows whose first column is one of these people."""
    return (row for row in rows if row[0] in people)


def way_of(route: Route, now: datetime, zone: str = ZONE) -> Way:
    """This function will describe a route as the rule knows it; its quiet hours are by the clock of a zone."""
    quiet = (route.quiet_from, route.quiet_to) if route.quiet_from and route.quiet_to else None
    return Way(
        key=route.pk,
        kind=route.kind,
        name=route.name,
        silent=route.kind == Route.Kind.DESK,
        quiet=quiet,
        zone=zone,
        fails=route.fails(now),
        rests_until=route.rests_until_at if not route.trouble else None,
        doubted=route.doubted_at is not None,
        is_letter=route.kind == Route.Kind.EMAIL,
    )


def to_acknowledge(person: Person | AnonymousUser) -> QuerySet[Notice]:
    """This function will find what a person was told on the desk and nobody has acknowledged, newest first."""
    standing = Notice.objects.filter(
        person=person.pk, state=Notice.State.HANDED, acknowledged_at=None, route__kind=Route.Kind.DESK
    )
    return standing.filter(chain__ended_at=None, chain__wait__ended_at=None).order_by("-due_at", "-pk")


def count_to_acknowledge(person: Person | AnonymousUser) -> int:
    """This function will count that; nothing for whoever has not signed in."""
    return to_acknowledge(person).count() if person.is_authenticated else 0


def kinds_on_the_rota(now: datetime) -> frozenset[str]:
    """This function will name the kinds of routes by which those may be rung who are on a rota now or later."""
    routes = Route.objects.filter(is_on=True).exclude(kind=Route.Kind.DESK)
    on = Shift.objects.published().filter(person=OuterRef("person"), ends_at__gt=now)
    return frozenset(routes.filter(Exists(on)).values_list("kind", flat=True).order_by().distinct())


def reaches(person: Person, now: datetime) -> bool:
    """This function will say whether any route that rings is known to reach a person."""
    proved = Route.objects.filter(person=person, is_on=True, trouble="", doubted_at=None).exclude(confirmed_at=None)
    return any(not route.fails(now) for route in proved.exclude(kind=Route.Kind.DESK))


_NAMES = Question(
    lambda: Person.objects.filter(Among("pk", "people"), is_active=True).values_list("pk", "name").order_by()
)
_BODIES = Question(
    lambda: (
        Role.objects.filter(Among("person", "people"))
        .values_list("person_id", "partner__division", "partner__zone")
        .order_by("-pk")
    )
)
_ROUTES = Question(lambda: Route.objects.filter(Among("person", "people")))  # on or not
_PATTERNS = Question(
    lambda: (
        WorkingPattern.objects.filter(Among("person", "people"))
        .values_list("person_id", "valid_from_on", "notation", "zone")
        .order_by("valid_from_on", "id")
    )
)
_SHIFTS = Question(
    lambda: (
        Shift.objects.published()
        .touching(Given("now"), Given("until"))
        .filter(Among("person", "people"))
        .values_list("person_id", "starts_at", "ends_at")
    )
)
_AWAY = Question(
    lambda: (
        TimeAway.objects.counted()
        .touching(Given("now"), Given("until"))
        .filter(Among("person", "people"))
        .values_list("person_id", "starts_at", "ends_at")
    )
)
