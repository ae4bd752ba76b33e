"""The page "Would I be told?": who would be told of a made-up request, when, by what and why, by the very rule that tells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.alerts import preview, usual
from sociable.alerts.models import Route
from sociable.alerts.preview_net import Handing
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain import net
from sociable.domain.alerting import Standing, Told
from sociable.domain.saying import moment_near
from sociable.domain.worktime.wording import and_words
from sociable.journeys import claim
from sociable.office.forms import DateField
from sociable.office.rights import page
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act

_TIME = {"type": "time"}


class WouldForm(forms.Form):
    """A made-up request: to which account, and when."""

    account = forms.ModelChoiceField(Account.objects.none(), label="A request to", empty_label=None)
    on = DateField(label="On", validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2190, 12, 31))])
    at = forms.TimeField(label="At", widget=forms.TimeInput(attrs=_TIME, format="%H:%M"))

    def __init__(self, accounts: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["account"]
        field.queryset = accounts


@staff
@require_safe
def would(request: HttpRequest) -> HttpResponse:
    """This page will say who would be told of a made-up request, when, by what and why."""
    person, now = signed_in(request), timezone.now()
    accounts = _asked_about(person)
    first = accounts.first()
    here = timezone.localtime(now)
    given = request.GET if "on" in request.GET else None
    form = WouldForm(
        accounts, given or {"account": first.pk if first else None, "on": f"{here:%Y-%m-%d}", "at": f"{here:%H:%M}"}
    )
    shown = None
    if first is not None and form.is_valid():
        account = form.cleaned_data["account"]
        local = datetime.combine(form.cleaned_data["on"], form.cleaned_data["at"], ZoneInfo(directory.zone_of(account)))
        usual.give_usual_routes(now)
        shown = _told(preview.preview(account, local.astimezone(UTC), claim.hold_time()), person)
    return page(request, "alerts", "would.html", {"form": form, "shown": shown, "no_account": first is None})


def _asked_about(person: Person) -> QuerySet[Account]:
    """Accounts the person sees, plans or is ready for."""
    seen = Account.objects.visible_to(person) | Account.objects.where(person, Act.PLAN)
    seen |= Account.objects.filter(readiness__person=person, readiness__withdrawn_at=None)
    return seen.select_related("partner", "answered_from__partner").distinct().order_by("name")


def _told(found: preview.Preview, person: Person) -> dict[str, Any]:
    zone, until = directory.zone_of(found.account), found.followed_until
    day = found.arrived_at.astimezone(ZoneInfo(zone)).date()
    return {
        "account": found.account,
        "arrived": f"{moment_near(found.arrived_at, found.arrived_at, zone)} on {day:%A} {day.day} {day:%B} {day.year}",
        "due": moment_near(found.due_at, found.arrived_at, zone) if found.due_at else "",
        "followed_until": moment_near(until, found.arrived_at, zone) if until else "",
        "told_at_all": found.told_at_all,
        "headline": _headline(found, zone, person),
        "instants": [
            {
                "words": each.words,
                "rules": net_words(each.handing, found.account, person) if each.handing else [],
                "at": moment_near(each.at, found.arrived_at, zone),
                "steps": [_step(each, step, found.arrived_at, zone, person) for step in each.steps],
            }
            for each in found.instants
        ],
    }


def _headline(found: preview.Preview, zone: str, person: Person) -> str:
    """Whether the person would be told, and from when; sooner, it may be, if the safety net chooses them."""
    if not found.told_at_all:
        return "Nobody would be told"
    steps = [step for each in found.instants for step in each.steps]
    sure = found.surely.get(person.pk)
    maybe = min((step.at for step in steps if any(one.who.key == person.pk for one in step.told)), default=None)
    if maybe is not None and (sure is None or maybe < sure):
        surely = f", and would be at {moment_near(sure, found.arrived_at, zone)} at the latest" if sure else ""
        return f"You may be told at {moment_near(maybe, found.arrived_at, zone)}{surely}"
    return (
        f"Yes, you would be told, first at {moment_near(sure, found.arrived_at, zone)}"
        if sure
        else "You would not be told"
    )


def _step(each: preview.Instant, step: preview.Step, arrived_at: datetime, zone: str, person: Person) -> dict[str, Any]:
    next_at, remarks = step.telling.next_at, step.telling.remarks
    if each.handing is not None and not each.handing.able and step is each.steps[0]:
        remarks = remarks[1:]  # that nobody is on duty who can take it was said already
    return {
        "at": moment_near(step.at, arrived_at, zone),
        "told": [_line(one, step, arrived_at, zone, person) for one in step.told],
        "because": step.telling.because,
        "until": moment_near(next_at, arrived_at, zone) if next_at else "",
        "remarks": remarks,
    }


STANDS = {
    Standing.HOLDER: "with it in hand",
    Standing.DUTY: "on duty",
    Standing.NAMED: "named for when nobody is on duty",
    Standing.COVER: "cover: ready and at work",
    Standing.LEAD: "lead",
}


MAYBE_STANDS = {
    Standing.HOLDER: "if it is handed to them",
    Standing.DUTY: "on duty, if it was not handed to them",
}


def net_words(handing: Handing, account: Account, person: Person) -> list[str]:
    """This function will say to whom the safety net hands a request, as a rule where that depends on what each has in hand then."""
    able, only = handing.able, _only_words(handing, directory.zone_of(account), person)
    if not able:
        return [*only, net.nobody_words(account.name, handing.hands), "It is handed to nobody."]
    names = ["you" if hand.key == person.pk else hand.name for hand in able]
    if len(able) == 1:
        said = [f"It goes to {names[0]}: nobody else on duty can take it."]
    else:
        rule = (
            "whoever has it open then, else whoever has the fewest in hand, of several the one whose shift began first"
        )
        said = [f"It goes to one of {and_words(names)}: {rule}."]
    if handing.or_nobody:
        who = "each of them was" if len(able) > 1 else "you were" if able[0].key == person.pk else f"{names[0]} was"
        said.append(f"If {who} handed it before, it goes to nobody.")
    if handing.most:
        said.append(f"Whoever has {handing.most} in hand is handed no more.")
    minutes = round((handing.until_at - handing.at).total_seconds() / 60)
    keeps = f"After {minutes} minutes without a sign of life, or sooner where the shift ends,"
    return [*only, *said, f"{keeps} it goes to the next, if there is one."]


def _only_words(handing: Handing, zone: str, person: Person) -> list[str]:
    """Where it depends on who had it whether it is handed on then."""
    if not handing.only_from:
        return []
    whom = " or ".join(
        f"{'you' if kept.key == person.pk else kept.name} since {moment_near(kept.since_at, handing.at, zone)}"
        for kept in handing.only_from
    )
    return [f"Only if it was with {whom}; else it stays where it is."]


def _line(one: Told, step: preview.Step, arrived_at: datetime, zone: str, person: Person) -> dict[str, Any]:
    """Of others is said by which kind of route, and nothing of what they call theirs."""
    mine = one.who.key == person.pk
    kinds = dict(Route.Kind.choices)
    by = [
        {
            "words": by.way.name if mine else kinds[by.way.kind],
            "from": "" if by.at <= arrived_at or not by.late_because else moment_near(by.at, arrived_at, zone),
        }
        for by in one.by
    ]
    return {
        "name": "You" if mine else one.who.name,
        "mine": mine,
        "stands": _stands(one, step, mine),
        "by": by,
        "remarks": one.remarks if mine else (),
    }


def _stands(one: Told, step: preview.Step, mine: bool) -> str:
    if one.who.key not in step.unsure:
        return STANDS[one.standing]
    said = MAYBE_STANDS.get(one.standing, STANDS[one.standing])
    return said.replace("to them", "to you") if mine else said
