"""Draws up the lines of a week of the rota, by person or by account: shifts, wishes and time away on the days on which they lie.

Which shifts somebody sees is decided by rota_week.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse

from sociable.cover import wishes
from sociable.cover.models import Shift, TimeAway
from sociable.domain.promise import clock_words
from sociable.domain.worktime.wording import and_words, stretch_words
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Person, Role
from sociable.planning.rota_week import Asked, Planned


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
        starts, stops = day_begins(on, asked.zone), day_begins(on + timedelta(days=1), asked.zone)
        if away.starts_at < stops and away.ends_at > starts:
            whole = away.starts_at <= starts and away.ends_at >= stops
            first = clock_words(begins.time()) if away.starts_at > starts else "start of day"
            last = clock_words(ends.time()) if away.ends_at < stops else "end of day"
            times = "All day" if whole else f"{first} to {last}"
            line.chips[on].insert(0, {"url": "", "times": times, "what": "", "kind": "away", "state": "Away"})
