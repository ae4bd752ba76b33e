"""Decides which accounts a reader of the board sees, which of them they asked for, and which days.

What a board says is asked of cover; how it is drawn is left to board_picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from sociable.cover import queries as cover
from sociable.cover.board import WEEKS
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Partner, Person, Service
from sociable.people.parts import signed_in

USUAL_ZONE = "Europe/London"
SHOW = [("", "All, the first hole first"), ("holes", "Only those with holes"), ("name", "All, by name")]


class Narrow(forms.Form):
    """Which part of the board is shown; everything travels in the address."""

    partner = forms.ChoiceField(label="Body", required=False)
    service = forms.ChoiceField(label="Service", required=False)
    show = forms.ChoiceField(label="Accounts", required=False, choices=SHOW)

    def __init__(self, data: QueryDict, accounts: list[Account]) -> None:
        super().__init__(data, auto_id="narrow-%s")
        self.fields["partner"] = _one_of("Body", "All bodies", {account.partner for account in accounts})
        self.fields["service"] = _one_of(
            "Service", "All services", {account.service for account in accounts if account.service}
        )


def _one_of(label: str, every: str, rows: set[Any]) -> forms.ChoiceField:
    choices = [("", every), *((str(row.pk), row.name) for row in sorted(rows, key=lambda row: str(row.name)))]
    return forms.ChoiceField(label=label, required=False, choices=choices)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asked for.

    Shape:  `begins_at` is midnight of the first day by the clocks of `zone`
    """

    person: Person
    accounts: list[Account]
    zone: str
    now: datetime
    first_on: date
    begins_at: datetime
    ends_at: datetime
    form: Narrow
    partner: Partner | None
    service: Service | None
    show: str

    @property
    def today(self) -> date:
        """Today, there."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    @property
    def told(self) -> list[int]:
        """The people of whom the reader may know why they are away: those they plan, and themselves."""
        return [self.person.pk, *cover.people_planned_by(self.person).values_list("pk", flat=True)]


def read(request: HttpRequest) -> Asked:
    """This function will read from the address what is asked for; what nobody may see, or is no day, is as if it were not there."""
    person, now = signed_in(request), timezone.now()
    seen = list(cover.accounts_seen_by(person).select_related("partner", "service", "answered_from__partner"))
    form = Narrow(request.GET, seen)
    partner = _chosen(request, "partner", {account.partner for account in seen})
    service = _chosen(request, "service", {account.service for account in seen if account.service})
    wanted = [
        account for account in seen
        if partner in (None, account.partner) and service in (None, account.service)
    ]  # fmt: skip
    zone = directory.zone_of(wanted[0]) if wanted else USUAL_ZONE
    first_on = _day(request.GET.get("from", "")) or now.astimezone(ZoneInfo(zone)).date()
    return Asked(
        person, wanted, zone, now, first_on, day_begins(first_on, zone),
        day_begins(first_on + timedelta(weeks=WEEKS), zone), form, partner, service, request.GET.get("show", ""),
    )  # fmt: skip


def _chosen(request: HttpRequest, name: str, rows: set[Any]) -> Any:
    return next((row for row in rows if str(row.pk) == request.GET.get(name)), None)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2190 else None
