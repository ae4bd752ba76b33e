"""Adds, orders, changes and takes away the routes by which a person is told.

They are the person's own: nobody else sees where they lead.
"""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from sociable.alerts import services
from sociable.alerts.models import Route
from sociable.channels.notices.carriers import CARRIERS
from sociable.people.models import Person


def allowed() -> dict[str, list[str]]:
    """This function will name the services and servers by which an administrator lets staff be told."""
    return {"services": settings.ALERT_SERVICES, "hosts": settings.ALERT_HOSTS}


def of(person: Person, now: datetime) -> QuerySet[Route]:
    """This function will list a person's routes in their order; the usual two are there without asking."""
    if not Route.objects.filter(person=person, kind=Route.Kind.DESK).exists():
        services.give_usual_routes(now)
    return Route.objects.filter(person=person)


def add(person: Person, *, kind: str, name: str, address: str, now: datetime) -> Route:
    """This function will add a route in the first place after the desk, so that it is used first.

    Errors: ChannelError with what to mend in the address
    """
    kept = CARRIERS[kind].check(address, allowed())
    with transaction.atomic():
        route = Route(person=person, kind=kind, name=name.strip() or Route.Kind(kind).label, added_at=now)
        route.address = kept
        ordered = [one.pk for one in of(person, now).exclude(kind=Route.Kind.DESK)]
        route.position = 1
        route.save()
        _number([route.pk, *ordered])
    return route


def move(route: Route, up: bool) -> None:
    """This function will move a route one place, among those that ring."""
    with transaction.atomic():
        ids = list(_ringing(route.person_id).values_list("pk", flat=True))
        here = ids.index(route.pk)
        there = here - 1 if up else here + 1
        if 0 <= there < len(ids):
            ids[here], ids[there] = ids[there], ids[here]
            _number(ids)


def change(
    route: Route, *, name: str, quiet: tuple[time, time] | None, is_on: bool, address: str | None = None
) -> None:
    """This function will change a route; a new address is unproved again.

    Errors: ChannelError
    """
    route.name, route.is_on = name.strip() or route.get_kind_display(), is_on
    route.quiet_from, route.quiet_to = quiet or (None, None)
    if address is not None:
        route.address = CARRIERS[route.kind].check(address, allowed())
        route.confirmed_at = route.doubted_at = None
        route.trouble, route.trouble_since_at, route.failures = "", None, 0
        route.rests_until_at, route.rests_because = None, ""
    route.save()


def remove(route: Route) -> None:
    """This function will take a route away; the desk stays."""
    if route.kind != Route.Kind.DESK:
        route.delete()


def _ringing(person_id: int) -> QuerySet[Route]:
    return Route.objects.filter(person=person_id).exclude(kind=Route.Kind.DESK).order_by("position", "pk")


def _number(ids: list[int]) -> None:
    for position, pk in enumerate(ids, start=1):
        Route.objects.filter(pk=pk).update(position=position)
