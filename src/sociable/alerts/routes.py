"""Adds, orders, changes and takes away the routes by which a person is told, and keeps what each has proved.

They are the person's own: nobody else sees where they lead. What is told next where one fails is left to the journeys.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from sociable.alerts import usual
from sociable.alerts.models import Notice, Route
from sociable.channels.base import ChannelError, RateLimited
from sociable.channels.notices.carriers import CARRIERS
from sociable.due import services as due
from sociable.people.models import Person


def allowed() -> dict[str, list[str]]:
    """This function will name the services and servers by which an administrator lets staff be told."""
    return {"services": settings.ALERT_SERVICES, "hosts": settings.ALERT_HOSTS}


def of(person: Person, now: datetime) -> QuerySet[Route]:
    """This function will list a person's routes in their order; the usual two are there without asking."""
    if not Route.objects.filter(person=person, kind=Route.Kind.DESK).exists():
        usual.give_usual_routes(now)
    return Route.objects.filter(person=person)


def add(person: Person, *, kind: str, name: str, address: str, now: datetime) -> Route:
    """This function will add a route in the first place after the desk, so that it is used first.

    Errors: ChannelError with what to mend in the address
    """
    kept = CARRIERS[kind].check(address, allowed())
    with transaction.atomic():
        _check_leads_elsewhere(person, kind, kept)
        route = Route(person=person, kind=kind, name=name.strip() or Route.Kind(kind).label, added_at=now)
        route.address = kept
        ordered = [one.pk for one in of(person, now).exclude(kind=Route.Kind.DESK)]
        route.position = 1
        route.save()
        _number([route.pk, *ordered])
    return route


def _check_leads_elsewhere(person: Person, kind: str, address: str, *, but: int = 0) -> None:
    """Two routes to one place prove nothing to one another, and where one fails the next is no other."""
    own = person.email if kind == Route.Kind.EMAIL else ""
    for route in Route.objects.filter(person=person, kind=kind).exclude(pk=but):
        if (route.address or own).casefold() == (address or own).casefold():
            raise ChannelError(
                f"“{route.name}” leads there already. Enter another address, or try that one.", permanent=True
            )


def move(route: Route, up: bool) -> None:
    """This function will move a route one place, among those that ring."""
    with transaction.atomic():
        ids = list(_in_order(route.person_id).values_list("pk", flat=True))
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
        kept = CARRIERS[route.kind].check(address, allowed())
        _check_leads_elsewhere(route.person, route.kind, kept, but=route.pk)
        route.address = kept
        for name_of, value in (_AS_NEW | {"confirmed_at": None}).items():
            setattr(route, name_of, value)
    route.save()


def remove(route: Route) -> None:
    """This function will take a route away; the desk stays."""
    if route.kind != Route.Kind.DESK:
        route.delete()


def _in_order(person_id: int) -> QuerySet[Route]:
    return Route.objects.filter(person=person_id).exclude(kind=Route.Kind.DESK).order_by("position", "pk")


def _number(ids: list[int]) -> None:
    for position, pk in enumerate(ids, start=1):
        Route.objects.filter(pk=pk).update(position=position)


# -- What a route has proved -----------------------------------------------------------------------------------------------

LONGEST_REST = timedelta(minutes=10)
_RESTED: dict[str, Any] = {"failures": 0, "rests_until_at": None, "rests_because": ""}
_AS_NEW = _RESTED | {"doubted_at": None, "trouble": "", "trouble_since_at": None}


def tried(route: Route, now: datetime) -> None:
    """This function will note that a route is tried: until a tap comes, it may be doubted."""
    Route.objects.filter(pk=route.pk).update(tried_at=now)


def proved(notice: Notice, now: datetime) -> None:
    """This function will take a tap on a notice for the proof that its route works, whatever was known of it before."""
    Route.objects.filter(notices=notice).update(**_AS_NEW, confirmed_at=now)


def doubt(person_id: int, tries: QuerySet[Notice], now: datetime) -> None:
    """This function will doubt the routes of a person by which one of these tries went and no tap came: they are used last."""
    unheard = ringing(person_id).filter(pk__in=tries.values("route")).exclude(confirmed_at__gte=F("tried_at"))
    unheard.filter(doubted_at=None).update(doubted_at=now)


def went_well(route: Route) -> None:
    """This function will note that a route took a notice; only what had failed lately is written."""
    if route.failures or route.rests_until_at:
        Route.objects.filter(pk=route.pk).update(**_RESTED)


def went_badly(route: Route, error: ChannelError, now: datetime) -> None:
    """This function will have a route whose address is gone passed over until its person mends it; any other rests, longer each time."""
    if error.permanent:
        Route.objects.filter(pk=route.pk, trouble="").update(trouble=error.message[:500], trouble_since_at=now)
        return
    rest = due.pause_before(route.failures + 1, LONGEST_REST)
    if isinstance(error, RateLimited) and error.retry_after is not None:
        rest = max(rest, error.retry_after)
    Route.objects.filter(pk=route.pk).update(
        failures=min(route.failures + 1, 20), rests_until_at=now + rest, rests_because=error.message[:500]
    )


def came_back(notice: Notice, trouble: str, now: datetime) -> None:
    """This function will have the route of a notice passed over that came back, unless its person has confirmed it since it left."""
    unproved = Q(confirmed_at=None) | Q(confirmed_at__lte=notice.handed_at)
    routes = Route.objects.filter(unproved, notices=notice, trouble="")
    routes.update(trouble=trouble, trouble_since_at=now, confirmed_at=None)


def is_gone(route: Route) -> bool:
    """This function will say whether a route is passed over until its person mends it, as it stands by now."""
    return Route.objects.filter(pk=route.pk).exclude(trouble="").exists()


def rests_until(route: Route, now: datetime) -> datetime | None:
    """This function will say until when a route rests, as it stands by now; None where it does not."""
    return Route.objects.filter(pk=route.pk, rests_until_at__gt=now).values_list("rests_until_at", flat=True).first()


def ringing(person_id: int) -> QuerySet[Route]:
    """This function will find the routes of a person that ring and are switched on."""
    return Route.objects.filter(person=person_id, is_on=True).exclude(kind=Route.Kind.DESK)
