"""Answers who may plan whom, who plans an account, and which rows of cover a person may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from sociable.asking.question import Among, Asked, Question
from sociable.cover.models import Readiness
from sociable.directory.models import Account, Accounts
from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act, holds_at, scope_filter

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


SEES_COVER = frozenset({Act.SEE, Act.PLAN, Act.SEE_FIGURES})
# Who may plan, in the order in which they are turned to: leads, else the next who may.
PLANNERS = (Role.Kind.SERVICE_LEAD, Role.Kind.DIGITAL_ACCESS, Role.Kind.ADMINISTRATOR)


def accounts_seen_by(person: Person | AnonymousUser) -> Accounts:
    """This function will return the accounts whose cover a person sees: those they see, plan or see figures of; none that is closed."""
    anywhere = Q(pk__in=[])
    for act in SEES_COVER:
        anywhere |= scope_filter(person, act)
    return Account.objects.filter(anywhere).exclude(stage=Account.Stage.CLOSED).distinct()


def accounts_planned_by(person: Person) -> list[Account]:
    """This function will list the accounts somebody may put on a rota: those that answer themselves and are not closed."""
    mine = Account.objects.where(person, Act.PLAN).filter(answered_from=None)
    return list(mine.exclude(stage=Account.Stage.CLOSED).select_related("partner", "service").order_by("name"))


def people_planned_by(person: Person | AnonymousUser) -> QuerySet[Person]:
    """This function will return the people whose rota and time away the person plans: who holds a role where they may plan.

    Shape:  active people, by name; nobody for outsiders and for those who plan nowhere
    """
    if not person.is_authenticated or not person.is_active:
        return Person.objects.none()
    there = Q(pk__in=[])
    for role in person.grants:
        if Act.PLAN in MAY[role.kind]:
            there |= _within(role)
    return Person.objects.filter(pk__in=Role.objects.filter(there).values("person"), is_active=True).order_by("name")


def plans(planner: Person | AnonymousUser, person: Person) -> bool:
    """This function will say whether one plans the rota and time away of another."""
    return people_planned_by(planner).filter(pk=person.pk).exists()


def people_rostered_by(person: Person | AnonymousUser) -> QuerySet[Person]:
    """This function will return the people whom somebody may put on a rota: whom they plan, and who answers where they plan.

    Shape:  active people, by name. Who answers for a whole body can be asked to a shift by the lead of any of its services, but
            their time away is decided where they belong
    """
    if not person.is_authenticated or not person.is_active:
        return Person.objects.none()
    answers = Q(pk__in=[])
    for role in person.grants:
        if Act.PLAN in MAY[role.kind]:
            answers |= _within(role) | _around(role)
    kinds = [kind for kind, acts in MAY.items() if Act.ANSWER in acts]
    there = Role.objects.filter(answers, kind__in=kinds)
    chosen = Q(pk__in=there.values("person")) | Q(pk__in=people_planned_by(person).values("pk"))
    return Person.objects.filter(chosen, is_active=True).order_by("name")


def people_timed_by(person: Person | AnonymousUser) -> QuerySet[Person]:
    """This function will return the people of whom somebody may write down when they work: whom they plan, and their team.

    Shape:  active people, by name. The team of a service may answer for the whole body, so that nobody but an administrator plans
            it: whoever of those is signed off for an account that somebody plans, and is led by nobody in that body, is theirs too
    """
    planned = people_planned_by(person)
    if not person.is_authenticated or not person.is_active:
        return planned
    ready = Readiness.objects.standing(Now()).filter(account__in=Account.objects.filter(scope_filter(person, Act.PLAN)))
    team = people_rostered_by(person).filter(pk__in=ready.values("person")).exclude(pk__in=_led(person))
    return Person.objects.filter(Q(pk__in=planned.values("pk")) | Q(pk__in=team.values("pk"))).order_by("name")


def times(planner: Person | AnonymousUser, person: Person) -> bool:
    """This function will say whether one may write down when another works."""
    return people_timed_by(planner).filter(pk=person.pk).exists()


def _led(planner: Person) -> set[int]:
    """Who has a lead in one of the bodies in which somebody plans, and whoever plans there themselves."""
    bodies = {role.partner_id for role in planner.grants if Act.PLAN in MAY[role.kind]}
    leads = Role.objects.filter(kind=Role.Kind.SERVICE_LEAD, partner__in=bodies, person__is_active=True)
    led = Q(pk__in=[])
    for lead in leads.select_related("account"):
        led |= _within(lead)
    led |= Q(kind__in=PLANNERS, partner__in=bodies)
    return set(Role.objects.filter(led).values_list("person_id", flat=True))


def ready_without_hours(accounts: Iterable[Account], among: QuerySet[Person]) -> QuerySet[Person]:
    """This function will return whoever is signed off for one of some accounts and of whom nobody has said when they work."""
    ready = Readiness.objects.filter(account__in=list(accounts), withdrawn_at=None).values("person")
    return among.filter(pk__in=ready, working_patterns=None)


def rosters(planner: Person | AnonymousUser, person: Person) -> bool:
    """This function will say whether one may put another on a rota."""
    return people_rostered_by(planner).filter(pk=person.pk).exists()


def who_plans(accounts: Iterable[Account]) -> dict[int, list[Person]]:
    """This function will say who is turned to about the cover of each account: its leads from nearest by, else the next who plan it.

    Shape:  account id to people who can sign in, by name; of an account's own leads, its service's and its body's the first there are
    """
    return planners_of(accounts).answer()


def planners_of(accounts: Iterable[Account]) -> Asked[dict[int, list[Person]]]:
    """This function will ask it, so that it can be asked together with more."""
    wanted = list(accounts)
    known = _PLANNING.given(partners={one.partner_id for one in wanted})
    return known.into(lambda roles: {account.pk: _nearest(account, roles) for account in wanted})


_PLANNING = Question(
    lambda: (
        Role.objects.filter(Among("partner", "partners"), kind__in=PLANNERS, person__is_active=True)
        .select_related("person")
        .order_by("person__name", "pk")
    )
)


def _nearest(account: Account, roles: Iterable[Role]) -> list[Person]:
    here = [role for role in roles if holds_at(role, account.own_place)]
    nearest = min(map(_distance, here), default=None)
    return list({role.person_id: role.person for role in here if _distance(role) == nearest}.values())


def _distance(role: Role) -> tuple[int, int]:
    return PLANNERS.index(Role.Kind(role.kind)), 0 if role.account_id else 1 if role.service_id else 2


def _around(role: Role) -> Q:
    """Roles that hold wider than this one and so at its place too."""
    service = role.service_id or (role.account.service_id if role.account else None)
    wide = Q(partner=role.partner_id, service=None, account=None)
    return wide | Q(partner=role.partner_id, service=service, account=None) if service else wide


def _within(role: Role) -> Q:
    """Roles held at the place of this one or narrower."""
    here = Q(partner=role.partner_id)
    if role.service_id:
        here &= Q(service=role.service_id) | Q(account__service=role.service_id)
    if role.account_id:
        here &= Q(account=role.account_id)
    return here
