"""Answers who is away, who may read why, and who decides on it.

The reason is read by the person and by who plans them; everybody else reads that they are away. Entering it is done in away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Q

from sociable.cover import around, days
from sociable.cover.models import Shift, TimeAway
from sociable.cover.queries import PLANNERS, people_planned_by, plans
from sociable.domain.cover.limits import span_words
from sociable.domain.worktime.wording import and_words, dates_words
from sociable.people.models import Person, Role

if TYPE_CHECKING:
    from sociable.cover.away import Asked
    from sociable.cover.models import TimesAway

State = TimeAway.State
AWAY = "Away"
zone_of = around.zone_of


@dataclass(frozen=True, slots=True)
class Seen:
    """A time away as one reader may see it: the kind and the reason are empty words for whoever may not know them."""

    away: TimeAway
    what: str
    reason: str
    may_know: bool


def when_words(one: TimeAway | Asked, person: Person) -> str:
    """This function will say when somebody is away: by days where it was asked for by days, else with times."""
    zone = zone_of(person)
    if one.whole_days:
        return dates_words(days.day_of(one.starts_at, zone), days.last_day(one.ends_at, zone))
    return span_words((one.starts_at, one.ends_at), ZoneInfo(zone))


def planners_of(person: Person) -> list[Person]:
    """This function will list who plans somebody, by name, without the person themselves."""
    return sorted({role.person for role in _planning_roles(person)}, key=lambda one: (one.name, one.pk))


def _planning_roles(person: Person) -> list[Role]:
    there = Q(pk__in=[])
    for role in person.roles.select_related("account"):
        service_id = role.service_id or (role.account.service_id if role.account else None)
        there |= Q(
            Q(service=None) | Q(service=service_id),
            Q(account=None) | Q(account=role.account_id),
            partner=role.partner_id,
        )
    roles = Role.objects.filter(there, kind__in=PLANNERS, person__is_active=True).exclude(person=person.pk)
    return list(roles.select_related("person"))


def leads_of(person: Person) -> list[Person]:
    """This function will list who is written to about somebody's time away: their leads, else the next who plan them."""
    roles = _planning_roles(person)
    for kind in PLANNERS:
        if found := {role.person for role in roles if role.kind == kind}:
            return sorted(found, key=lambda one: (one.name, one.pk))
    return []


def decides(decider: Person, person: Person) -> bool:
    """This function will say whether one decides on the time away of another; on their own only where nobody else does."""
    if decider.pk == person.pk:
        return plans(decider, person) and not planners_of(person)
    return plans(decider, person)


def who_decides(person: Person) -> str:
    """This function will say by name who decides on somebody's time away."""
    planners = planners_of(person)
    if not planners:
        return "Nobody plans them yet: an administrator gives the role of service lead."
    return f"{and_words([one.name for one in planners[:4]])} can."


def may_know(reader: Person, away: TimeAway, planned: set[int] | None = None) -> bool:
    """This function will say whether somebody may read why another is away.

    Shape:  `planned` are the people the reader plans, by id, where they are known already
    """
    if reader.pk == away.person_id:
        return True
    return away.person_id in planned if planned is not None else plans(reader, away.person)


def seen_by(reader: Person, times: Iterable[TimeAway]) -> list[Seen]:
    """This function will show times away as a reader may see them; who may not know why reads "Away"."""
    planned = set(people_planned_by(reader).values_list("pk", flat=True))
    return [_seen(away, may_know(reader, away, planned)) for away in times]


def _seen(away: TimeAway, known: bool) -> Seen:
    if not known:
        return Seen(away, AWAY, "", may_know=False)
    return Seen(away, str(away.get_kind_display()), away.private_reason, may_know=True)


def of(person: Person, now: datetime) -> TimesAway:
    """This function will return somebody's time away that is not over, asked for and agreed, and what was declined."""
    mine = TimeAway.objects.filter(person=person, ends_at__gt=now).exclude(state=State.CANCELLED)
    return mine.select_related("person", "decided_by", "feed")


def asked_of(planner: Person, now: datetime) -> list[TimeAway]:
    """This function will list what a planner is to decide on, earliest first."""
    waiting = TimeAway.objects.filter(state=State.ASKED, person__in=people_planned_by(planner), ends_at__gt=now)
    return [one for one in waiting.select_related("person", "asked_by") if decides(planner, one.person)]


def planned_by(planner: Person, starts_at: datetime, ends_at: datetime) -> TimesAway:
    """This function will return the counted time away of whom somebody plans, in a stretch."""
    counted = TimeAway.objects.counted().touching(starts_at, ends_at)
    return counted.filter(person__in=people_planned_by(planner)).select_related("person", "feed")


def accounts_touched(away: TimeAway) -> list[int]:
    """This function will name the accounts on whose published rota somebody is during a time away."""
    shifts = Shift.objects.published().touching(away.starts_at, away.ends_at).filter(person=away.person_id)
    return sorted(set(shifts.exclude(accounts=None).values_list("accounts", flat=True)))
