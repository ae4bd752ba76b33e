"""Before a shift each route of its person is tried and confirmed by a tap; when it begins, they are told in one word what waits.

Which routes there are is theirs; how a try is carried is notify's. What nobody confirmed is in doubt, and used last.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from sociable.alerts import queries as alerts
from sociable.alerts import routes, usual, writing
from sociable.alerts.models import AlertPolicy, Notice, Route
from sociable.cover import queries as cover
from sociable.cover.models import Shift, TimeAway, TimesAway
from sociable.directory import queries as directory
from sociable.domain import alerting
from sociable.domain.alerting import By
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.people.models import Person

EVERY = timedelta(minutes=5)
AHEAD = timedelta(days=5)  # the last working minutes before a shift may lie before a long weekend
JUST_BEGUN = timedelta(minutes=10)
PROVED_FOR = timedelta(hours=12)  # a tap is proof enough for the next shift of the same day


def schedule(now: datetime) -> None:
    """This function will make sure that the shifts ahead are looked at; however many workers start, there is one row."""
    if not DueRow.objects.filter(key="shifts", done_at=None, set_aside_at=None).exists():
        due.ask([due.Due("shifts", "shifts", 0, now)])


def look(row: DueRow, now: datetime) -> None:
    """This function will ask for the drill and the beginning of every published shift ahead, once each."""
    with transaction.atomic():
        ahead = Shift.objects.published().filter(starts_at__gt=now - JUST_BEGUN, starts_at__lt=now + AHEAD)
        shifts = list(ahead.select_related("person").prefetch_related("accounts__partner"))
        keys = {key for shift in shifts for key in _keys(shift)}
        known = set(DueRow.objects.filter(key__in=keys).values_list("key", flat=True))
        due.ask(one for shift in shifts for one in _rows(shift, now) if one.key not in known)
        due.renew(row, now + EVERY)


def _keys(shift: Shift) -> tuple[str, str]:
    """A shift that was moved is looked at anew."""
    return f"drill:{shift.pk}:{shift.starts_at:%Y%m%d%H%M}", f"shift:{shift.pk}:{shift.starts_at:%Y%m%d%H%M}"


def _rows(shift: Shift, now: datetime) -> list[due.Due]:
    drill, begins = _keys(shift)
    rows = [due.Due("shift", begins, shift.pk, shift.starts_at)]
    minutes = _minutes(shift)
    if minutes and shift.starts_at > now:
        rows.append(due.Due("drill", drill, shift.pk, max(now, drill_at(shift, minutes, now))))
    return rows


def _minutes(shift: Shift) -> int:
    """How long before the shift: as the most careful of its accounts wants it; 0: not at all."""
    set_ones = dict(
        AlertPolicy.objects.filter(account__in=shift.accounts.all()).values_list("account", "drill_minutes")
    )
    return max((set_ones.get(one.pk, alerts.NO_POLICY.drill_minutes) for one in shift.accounts.all()), default=0)


def drill_at(shift: Shift, minutes: int, now: datetime) -> datetime:
    """This function will say when the routes for a shift are tried: so many minutes before, of its person's own working time."""
    hours = alerts.People.read({shift.person_id}, now).somebody(shift.person_id, "").hours.usual
    account = next(iter(shift.accounts.all()), None)
    calendar = hours or (directory.calendar_of(account) if account is not None else None)
    return alerting.before(calendar, shift.starts_at, timedelta(minutes=minutes))


def drill(row: DueRow, now: datetime) -> None:
    """This function will try the routes of a shift's person, if the shift still stands."""
    with transaction.atomic():
        shift = Shift.objects.published().filter(pk=row.subject_id, starts_at__gt=now).select_related("person").first()
        if shift is not None and _will_be_there(shift, shift.starts_at):
            usual.give_usual_routes(now)
            for route in routes.ringing(shift.person_id).exclude(confirmed_at__gt=now - PROVED_FOR):
                _try(route, f"shift{shift.pk}", now, shift)
        due.close(row, now)


def try_now(route: Route, now: datetime) -> Notice:
    """This function will try a route because its person asks for it."""
    with transaction.atomic():
        return _try(route, f"now{now:%Y%m%d%H%M%S}", now, None)


def _try(route: Route, occasion: str, now: datetime, shift: Shift | None) -> Notice:
    why = "Each of your routes is tried before your next shift." if shift else "You asked to try this route."
    routes.tried(route, now)
    key = f"drill:{occasion}:{route.person_id}:{route.pk}"
    if (tried := Notice.objects.filter(key=key).first()) is not None:
        return tried  # the button was pressed twice
    return writing.queue(
        key=key,
        kind=Notice.Kind.DRILL,
        by=By(alerts.way_of(route, now), now),
        person_id=route.person_id,
        at=now,
        now=now,
        shift=shift,
        why=why,
    )


def begin_shift(row: DueRow, now: datetime) -> None:
    """This function will doubt what was not confirmed before a shift, and tell its person in one notice what waits."""
    with transaction.atomic():
        shift = Shift.objects.published().filter(pk=row.subject_id, ends_at__gt=now).select_related("person").first()
        if shift is not None and not _will_be_there(shift, now) and (back_at := _back_at(shift, now)) is not None:
            due.renew(row, back_at)
            return
        if shift is not None and _will_be_there(shift, now):
            tries = Notice.objects.filter(kind=Notice.Kind.DRILL, shift=shift, acknowledged_at=None)
            routes.doubt(shift.person_id, tries, now)
            _tell_what_waits(shift, now)
        due.close(row, now)


def _will_be_there(shift: Shift, at: datetime) -> bool:
    """Whoever is on leave or ill, or has left, is left in peace."""
    return shift.person.is_active and not _away(shift, at).exists()


def _away(shift: Shift, at: datetime) -> TimesAway:
    return TimeAway.objects.counted().filter(person=shift.person_id, starts_at__lte=at, ends_at__gt=at)


def _back_at(shift: Shift, now: datetime) -> datetime | None:
    """When somebody who is away for the beginning of their shift comes to the rest of it; None where they do not."""
    at = now
    while (ends_at := _away(shift, at).aggregate(last=Max("ends_at"))["last"]) is not None:
        at = ends_at
    return at if now < at < shift.ends_at else None


def _tell_what_waits(shift: Shift, now: datetime) -> None:
    usual.give_usual_routes(now)
    somebody = alerts.People.read({shift.person_id}, now).somebody(shift.person_id, shift.person.name)
    ringing = next((by for by in alerting.routes_now(somebody, now)[0] if not by.way.silent), None)
    if ringing is None or Notice.objects.filter(kind=Notice.Kind.SHIFT, shift=shift).exists():
        return
    writing.queue(
        key=f"shift:{shift.pk}:{shift.person_id}:{ringing.way.key}",
        kind=Notice.Kind.SHIFT,
        by=ringing,
        person_id=shift.person_id,
        at=max(ringing.at, now + writing.GATHER),
        now=now,
        shift=shift,
    )


# -- What is to be seen of it ----------------------------------------------------------------------------------------------


def unreached(lead: Person, now: datetime) -> list[Person]:
    """This function will find whom no alert is known to reach, of those somebody plans and those who cover what they plan."""
    covers = Shift.objects.published().filter(accounts__in=cover.accounts_planned_by(lead), ends_at__gt=now)
    theirs = Q(pk__in=cover.people_planned_by(lead).values("pk")) | Q(pk__in=covers.values("person"))
    return in_trouble(Person.objects.filter(theirs, is_active=True).exclude(pk=lead.pk), now)


def in_trouble(people: QuerySet[Person], now: datetime) -> list[Person]:
    """This function will find who has a shift ahead and no route that is known to work, the first to be needed first.

    Shape:  as far ahead as routes are tried, so that a Monday's shift is seen while its lead is still at work on Friday
    """
    ahead = people.filter(
        shifts__state=Shift.State.PUBLISHED, shifts__ends_at__gt=now, shifts__starts_at__lt=now + AHEAD
    )
    proved = Route.objects.filter(is_on=True, trouble="", doubted_at=None).exclude(kind=Route.Kind.DESK)
    proved = proved.exclude(confirmed_at=None)
    return list(
        ahead.exclude(routes__in=proved).annotate(needed_at=Min("shifts__starts_at")).order_by("needed_at", "name")
    )
