"""Answers who may plan whom, and which rows of cover a person may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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


def _within(role: Role) -> Q:
    """Roles held at the place of this one or narrower."""
    here = Q(partner=role.partner_id)
    if role.service_id:
        here &= Q(service=role.service_id) | Q(account__service=role.service_id)
    if role.account_id:
        here &= Q(account=role.account_id)
    return here
