"""Decides which week of the rota is asked for, of which part of which body, and what of it somebody sees and may plan.

Its lines are drawn up in rota_lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from sociable.cover.models import Shift
from sociable.cover.queries import accounts_planned_by, people_rostered_by
from sociable.directory.models import Account
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Person
from sociable.people.parts import signed_in
from sociable.people.permissions import Act

LONDON = "Europe/London"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which week is asked for, shown how, of which part of which body."""

    person: Person
    monday: date
    by: str = "person"
    place: str = ""
    accounts: tuple[Account, ...] = ()
    zone: str = LONDON

    @property
    def begins_at(self) -> datetime:
        """When the week begins."""
        return day_begins(self.monday, self.zone)

    @property
    def ends_at(self) -> datetime:
        """When the week has ended."""
        return day_begins(self.monday + timedelta(weeks=1), self.zone)

    @property
    def days(self) -> list[date]:
        """Its days, Monday first."""
        return [self.monday + timedelta(days=n) for n in range(7)]

    def address(self, name: str = "planning:rota", **changed: Any) -> str:
        """This function will return the address of the same week with some of what is asked changed."""
        asked = {"week": self.monday.isoformat(), "by": self.by, "place": self.place} | changed
        return f"{reverse(name)}?{urlencode({key: value for key, value in asked.items() if value})}"


def read(request: HttpRequest, now: datetime) -> Asked:
    """This function will read which week is asked for from an address; what makes no sense is left out."""
    person = signed_in(request)
    every = seen_by(person)
    known = {place["key"]: place for place in places(person)}
    place = request.GET.get("place", "")
    place = place if place in known else ""
    accounts = tuple(account for account in every if not place or place in _places_of(account))
    zone = accounts[0].partner.zone if accounts else LONDON
    today = now.astimezone(ZoneInfo(zone)).date()
    by = "account" if request.GET.get("by") == "account" else "person"
    return Asked(person, monday_of(_date(request.GET.get("week", "")) or today), by, place, accounts, zone)


def _date(text: str) -> date | None:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return on if 2000 < on.year < 2100 else None


def monday_of(on: date) -> date:
    """This function will return the Monday of a day's week."""
    return on - timedelta(days=on.weekday())


def seen_by(person: Person) -> list[Account]:
    """This function will list the accounts whose rota somebody may see; one answered from another is covered there."""
    every = Account.objects.filter(answered_from=None).exclude(stage=Account.Stage.CLOSED)
    mine = every.where(person, Act.SEE) | every.where(person, Act.PLAN) | every.where(person, Act.SEE_FIGURES)
    return list(mine.distinct().select_related("partner", "service").order_by("partner__name", "name"))


def _places_of(account: Account) -> set[str]:
    return {f"p{account.partner_id}", *([f"s{account.service_id}"] if account.service_id else [])}


def places(person: Person) -> list[dict[str, str]]:
    """This function will list the bodies and services somebody can choose from: "p" and "s" with their numbers."""
    found: dict[str, str] = {}
    for account in seen_by(person):
        found.setdefault(f"p{account.partner_id}", account.partner.name)
        if account.service:
            found.setdefault(f"s{account.service_id}", f"{account.partner.short_name}: {account.service.name}")
    return [{"key": key, "name": name} for key, name in sorted(found.items(), key=lambda pair: pair[1])]


@dataclass(frozen=True, slots=True)
class Planned:
    """What somebody may plan: accounts and people, by their ids."""

    accounts: frozenset[int]
    people: frozenset[int]

    def holds(self, shift: Shift) -> bool:
        """This function will say whether somebody plans all of a shift: who works it, and each account of it."""
        return shift.person_id in self.people and all(one.pk in self.accounts for one in shift.accounts.all())


def planned_by(person: Person) -> Planned:
    """This function will read what somebody may plan."""
    accounts = frozenset(account.pk for account in accounts_planned_by(person))
    return Planned(accounts, frozenset(people_rostered_by(person).values_list("pk", flat=True)))


def shifts_of(asked: Asked, weeks: int = 1) -> list[Shift]:
    """This function will read the shifts of some weeks that somebody may see: what is published, and drafts where they plan."""
    ends_at = day_begins(asked.monday + timedelta(weeks=weeks), asked.zone)
    within = Shift.objects.all().touching(asked.begins_at, ends_at).exclude(state=Shift.State.CANCELLED)
    mine = within.filter(Q(accounts__in=asked.accounts) | (Q(person=asked.person) if not asked.place else Q(pk__in=[])))
    rows = (
        mine.distinct().select_related("person", "replaces").prefetch_related("accounts", "replaced_by")
        .order_by("starts_at", "person__name", "pk")
    )  # fmt: skip
    planned = planned_by(asked.person)
    return [shift for shift in rows if shift.state == Shift.State.PUBLISHED or planned.holds(shift)]
