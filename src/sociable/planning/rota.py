"""The rota of one week, by person and by account: what is published, and for whoever plans, the drafts beside it.

How a shift is made or changed stands in rota_shift; publishing in rota_publish.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.cover import wishes
from sociable.cover.around import begin_of
from sociable.cover.models import Shift, TimeAway
from sociable.cover.queries import accounts_planned_by, people_rostered_by
from sociable.directory.models import Account
from sociable.domain.promise import clock_words
from sociable.domain.worktime.wording import and_words, stretch_words
from sociable.people.models import Person, Role
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act
from sociable.planning.rights import page

MOST_LINES = 80  # a page of more is read by nobody: a place is to be chosen
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
        return begin_of(self.monday, self.zone)

    @property
    def ends_at(self) -> datetime:
        """When the week has ended."""
        return begin_of(self.monday + timedelta(weeks=1), self.zone)

    @property
    def days(self) -> list[date]:
        """Its days, Monday first."""
        return [self.monday + timedelta(days=n) for n in range(7)]

    def address(self, name: str = "planning:rota", **changed: Any) -> str:
        """This function will return the address of the same week with some of what is asked changed."""
        asked = {"week": self.monday.isoformat(), "by": self.by, "place": self.place} | changed
        return f"{reverse(name)}?{urlencode({key: value for key, value in asked.items() if value})}"


@dataclass(slots=True)
class Line:
    """One line of the week: a person, or an account, with what lies on each of its days."""

    title: str
    url: str = ""
    add_url: str = ""
    chips: dict[date, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def cells(self, days: Iterable[date], today: date) -> list[dict[str, Any]]:
        """This function will list the days of the line as the page shows them."""
        return [{"on": on, "today": on == today, "chips": self.chips.get(on, [])} for on in days]


@staff
@require_safe
def rota(request: HttpRequest) -> HttpResponse:
    """This page will show the rota of a week."""
    now = timezone.now()
    asked = read(request, now)
    today = now.astimezone(ZoneInfo(asked.zone)).date()
    shifts, planned = shifts_of(asked), planned_by(asked.person)
    lines = (by_account if asked.by == "account" else by_person)(asked, shifts, planned)
    drafts = [shift for shift in shifts if shift.state == Shift.State.DRAFT]
    context = {
        "asked": asked,
        "lines": [(line, line.cells(asked.days, today)) for line in lines[:MOST_LINES]],
        "left_off": max(len(lines) - MOST_LINES, 0),
        "days": [{"on": on, "today": on == today} for on in asked.days],
        "last": asked.days[-1],
        "drafts": len(drafts),
        "may_plan": bool(planned.accounts),
        "publish_url": asked.address("planning:rota_publish", week=asked.monday.isoformat(), by="", weeks=1),
        "ways": [
            {"name": "By person", "url": asked.address(by="person"), "current": asked.by == "person"},
            {"name": "By account", "url": asked.address(by="account"), "current": asked.by == "account"},
        ],
        "earlier_url": asked.address(week=(asked.monday - timedelta(weeks=1)).isoformat()),
        "later_url": asked.address(week=(asked.monday + timedelta(weeks=1)).isoformat()),
        "this_url": asked.address(week=_monday(today).isoformat()),
        "is_this": asked.monday == _monday(today),
        "places": places(asked.person),
        "csv_url": asked.address("planning:rota_csv", by=""),
    }
    return page(request, "rota", "rota.html", context)


# -- What is asked ---------------------------------------------------------------------------------------------------------


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
    return Asked(person, _monday(_date(request.GET.get("week", "")) or today), by, place, accounts, zone)


def _date(text: str) -> date | None:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return on if 2000 < on.year < 2100 else None


def _monday(on: date) -> date:
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
    ends_at = begin_of(asked.monday + timedelta(weeks=weeks), asked.zone)
    within = Shift.objects.all().touching(asked.begins_at, ends_at).exclude(state=Shift.State.CANCELLED)
    mine = within.filter(Q(accounts__in=asked.accounts) | (Q(person=asked.person) if not asked.place else Q(pk__in=[])))
    rows = (
        mine.distinct().select_related("person", "replaces").prefetch_related("accounts", "replaced_by")
        .order_by("starts_at", "person__name", "pk")
    )  # fmt: skip
    planned = planned_by(asked.person)
    return [shift for shift in rows if shift.state == Shift.State.PUBLISHED or planned.holds(shift)]


# -- The lines of a week ---------------------------------------------------------------------------------------------------


def by_person(asked: Asked, shifts: list[Shift], planned: Planned) -> list[Line]:
    """This function will draw up a line for each person: whoever has a shift, and whoever could be given one."""
    people = {shift.person_id: shift.person for shift in shifts}
    people |= {person.pk: person for person in _people_of(asked, planned)}
    lines = {pk: Line(person.name, add_url=_add(asked, planned, person=pk)) for pk, person in people.items()}
    for shift in shifts:
        _put(lines[shift.person_id], asked, shift, planned, _names(shift))
    known = [person for pk, person in people.items() if pk in planned.people or pk == asked.person.pk]
    for pk, falling in wishes.falling(known, asked.begins_at, asked.ends_at).items():
        for falls in falling:
            _put_wish(lines[pk], asked, falls)
    for away in _away(asked, planned):
        if away.person_id in lines:
            _put_away(lines[away.person_id], asked, away)
    mine_first = lambda pair: (pair[0] != asked.person.pk, pair[1].title)  # noqa: E731 - read once, beside its use
    return [line for _, line in sorted(lines.items(), key=mine_first)]


def _people_of(asked: Asked, planned: Planned) -> list[Person]:
    if not planned.people:
        return []
    there = Role.objects.filter(person__in=planned.people)
    if asked.place:
        column = "partner" if asked.place[0] == "p" else "service"
        there = there.filter(Q(**{column: asked.place[1:]}) | Q(account__in=asked.accounts))
    there = there.filter(kind__in=[Role.Kind.ANSWERER, Role.Kind.SERVICE_LEAD])
    return list(Person.objects.filter(pk__in=there.values("person"), is_active=True))


def by_account(asked: Asked, shifts: list[Shift], planned: Planned) -> list[Line]:
    """This function will draw up a line for each account, with who covers it when."""
    lines = {
        account.pk: Line(
            account.name,
            url=reverse("planning:rota_account", args=[account.pk]),
            add_url=_add(asked, planned, account=account.pk) if account.pk in planned.accounts else "",
        )
        for account in asked.accounts
    }
    for shift in shifts:
        for account in shift.accounts.all():
            if account.pk in lines:
                _put(lines[account.pk], asked, shift, planned, shift.person.name)
    return list(lines.values())


def _add(asked: Asked, planned: Planned, *, person: int = 0, account: int = 0) -> str:
    if person and person not in planned.people:
        return ""
    return asked.address("planning:rota_add", by="", place="", person=person, account=account)


def _names(shift: Shift) -> str:
    return and_words([account.name for account in shift.accounts.all()] or ["no account"])


def _put(line: Line, asked: Asked, shift: Shift, planned: Planned, what: str) -> None:
    zone = ZoneInfo(asked.zone)
    on = max(shift.starts_at.astimezone(zone).date(), asked.monday)
    may = planned.holds(shift) or shift.person_id == asked.person.pk
    line.chips[on].append(
        {
            "url": reverse("planning:rota_shift", args=[shift.pk]) if may else "",
            "times": times_words(shift, zone),
            "what": what,
            "note": shift.note,
            **_state(shift),
        }
    )


def times_words(shift: Shift, zone: ZoneInfo) -> str:
    """This function will say the times of a shift as a rota shows them: "9am to 5pm"."""
    return stretch_words(shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone))


def _state(shift: Shift) -> dict[str, str]:
    """A draft is told by its words and its pattern, never by a colour alone."""
    if shift.state == Shift.State.PUBLISHED:
        waits = any(draft.state == Shift.State.DRAFT for draft in shift.replaced_by.all())
        return {"kind": "goes", "state": "A draft changes this"} if waits else {"kind": "holds", "state": ""}
    if shift.only_removes:
        return {"kind": "removes", "state": "Draft: taken off"}
    return {"kind": "draft", "state": "Draft: changed" if shift.replaces_id else "Draft"}


def _away(asked: Asked, planned: Planned) -> Iterable[TimeAway]:
    """Who is away, without why: for whoever plans them, and for themselves."""
    whose = {*planned.people, asked.person.pk}
    return TimeAway.objects.counted().touching(asked.begins_at, asked.ends_at).filter(person__in=whose)


def _put_wish(line: Line, asked: Asked, falls: wishes.Falls) -> None:
    """What somebody wishes, without why, on the day on which it begins."""
    on = falls.starts_at.astimezone(ZoneInfo(asked.zone)).date()
    if on in asked.days:
        line.chips[on].append({
            "url": "", "times": _wish_times(falls, asked.zone), "what": "", "kind": "wish",
            "state": wishes.kind_words(falls.wish),
        })  # fmt: skip


def _wish_times(falls: wishes.Falls, zone: str) -> str:
    """As the times of a shift are shown."""
    if falls.wish.begins is None:
        return "All day"
    return stretch_words(*(at.astimezone(ZoneInfo(zone)) for at in (falls.starts_at, falls.ends_at)))


def _put_away(line: Line, asked: Asked, away: TimeAway) -> None:
    zone = ZoneInfo(asked.zone)
    begins, ends = away.starts_at.astimezone(zone), away.ends_at.astimezone(zone)
    for on in asked.days:
        starts, stops = begin_of(on, asked.zone), begin_of(on + timedelta(days=1), asked.zone)
        if away.starts_at < stops and away.ends_at > starts:
            whole = away.starts_at <= starts and away.ends_at >= stops
            first = clock_words(begins.time()) if away.starts_at > starts else "start of day"
            last = clock_words(ends.time()) if away.ends_at < stops else "end of day"
            times = "All day" if whole else f"{first} to {last}"
            line.chips[on].insert(0, {"url": "", "times": times, "what": "", "kind": "away", "state": "Away"})
