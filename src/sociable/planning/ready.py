"""The pages of who is ready: people by account, what oneself is ready for, and where a lead signs off, renews and takes back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.cover import days, readiness, signing
from sociable.cover.models import Readiness
from sociable.cover.queries import plans
from sociable.cover.readiness import Matrix, Standing, State
from sociable.cover.signing import Given
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.worktime.wording import date_words
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Place
from sociable.planning.fields import Narrowing
from sociable.planning.ready_form import GivenForm, SignOffForm, TakeBackForm, planned_accounts
from sociable.planning.rights import page

ENOUGH = 2  # with one ready person, leave and sickness alone leave many days with nobody
TONES = {
    State.READY: "good",
    State.ENDING: "warn",
    State.TO_COME: "info",
    State.ENDED: "late",
    State.NOT_YET: "outline",
}


@staff
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """This page will show people by account, and what its reader is ready for."""
    now, person = timezone.now(), signed_in(request)
    planned = list(planned_accounts(person))
    narrowing = Narrowing(planned, request.GET or None)
    found = readiness.matrix(narrowing.chosen(planned), now)
    context = {
        "own": [_told(one, now) for one in readiness.own(person, now)],
        "plans": bool(planned),
        "narrowing": narrowing,
        "narrowed": bool(request.GET),
        "columns": [{"account": one, "number": found.ready_for(one)} for one in found.accounts],
        "few": [(one, found.ready_for(one)) for one in found.accounts if found.ready_for(one) < ENOUGH],
        "rows": _rows(found, now),
        "ending": [
            _told(Standing(row.person, row.account, State.ENDING, row), now) for row in readiness.ending(person, now)
        ],
    }
    return page(request, "ready", "ready.html", context)


def _rows(found: Matrix, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "person": person,
            "signed": any(one.readiness for (pk, _), one in found.standings.items() if pk == person.pk),
            "cells": [
                (account, _told(standing, now) if standing else None)
                for account in found.accounts
                for standing in [found.standings.get((person.pk, account.pk))]
            ],
        }
        for person in found.people
    ]


def _told(standing: Standing, now: datetime) -> dict[str, Any]:
    """One standing as the pages show it: in a word, in a sentence, and where it leads."""
    ids = [standing.person.pk, standing.account.pk]
    asks = f"?person={ids[0]}&account={ids[1]}"
    not_yet = standing.state is State.NOT_YET
    return {
        "standing": standing,
        "words": words_of(standing, now),
        "last_day": _last_day(standing),
        "tone": TONES[standing.state],
        "url": reverse("planning:sign_off") + asks if not_yet else reverse("planning:readiness", args=ids),
    }


def words_of(standing: Standing, now: datetime) -> str:
    """This function will say how it stands in a few words: "Ready", "Ends 12 Dec", "Ended 3 Nov 2025"."""
    row, zone = standing.readiness, directory.zone_of(standing.account)
    if row is None:
        return "Not yet"
    today = days.day_of(now, zone)
    if standing.state is State.TO_COME:
        return f"From {_short(days.day_of(row.ready_from_at, zone), today)}"
    if standing.state is State.READY or row.expires_at is None:
        return "Ready"
    ends = "Ended" if standing.state is State.ENDED else "Ends"
    return f"{ends} {_short(days.last_day(row.expires_at, zone), today)}"


def _last_day(standing: Standing) -> str:
    row = standing.readiness
    return (
        date_words(days.last_day(row.expires_at, directory.zone_of(standing.account))) if row and row.expires_at else ""
    )


def _short(on: date, today: date) -> str:
    return f"{on.day} {on:%b}" if on.year == today.year else f"{on.day} {on:%b %Y}"


@staff
@require_http_methods(["GET", "POST"])
def sign_off(request: HttpRequest) -> HttpResponse:
    """This page will sign somebody off for an account."""
    now, planner = timezone.now(), signed_in(request)
    if not planned_accounts(planner).exists():
        permissions.check_can_plan(planner, Place(0))
    asked = {name: request.GET[name] for name in ("person", "account") if request.GET.get(name, "").isdecimal()}
    form = SignOffForm(planner, timezone.localdate(now), request.POST or None, initial=asked)
    if request.method == "POST" and form.is_valid():
        person, account = form.cleaned_data["person"], form.cleaned_data["account"]
        try:
            signing.sign_off(person, account, form.given(), by=planner, now=now)
        except (signing.CannotBeReady, signing.DaysDoNotFit) as refusal:
            form.add_error(_field_of(refusal), refusal.message)
        else:
            messages.success(request, f"{person.name} is signed off for {account.name}.")
            return redirect("planning:readiness", person_id=person.pk, account_id=account.pk)
    return page(request, "ready", "sign_off.html", {"form": form})


def _field_of(refusal: DomainError) -> str:
    return "until_on" if isinstance(refusal, signing.DaysDoNotFit) else "person"


@staff
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, person_id: int, account_id: int) -> HttpResponse:
    """This page will show how it stands with one person and one account; a lead renews it here and takes it back."""
    now, reader = timezone.now(), signed_in(request)
    person, account = _seen(reader, person_id, account_id)
    rows = list(Readiness.objects.filter(person=person, account=account).select_related("signed_by", "withdrawn_by"))
    held = next((row for row in rows if row.withdrawn_at is None), None)
    may = permissions.can_plan(reader, account.own_place)
    standing = Standing(person, account, readiness.state_of(held, now), held)
    form = GivenForm(
        days.day_of(now, directory.zone_of(account)),
        request.POST or None,
        goes_on=standing.counts,
        initial={"note": held.note if held else ""},
    )
    if request.method == "POST" and form.is_valid():
        permissions.check_can_plan(reader, account.own_place)
        try:
            _keep(standing, form.given(), reader, now)
        except (signing.CannotBeReady, signing.DaysDoNotFit) as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"{person.name} is signed off for {account.name}.")
            return redirect("planning:readiness", person_id=person.pk, account_id=account.pk)
    context = {
        **_told(standing, now),
        "person": person,
        "account": account,
        "facts": _facts(held),
        "past": [_past(row) for row in reversed(rows) if row.withdrawn_at is not None],
        "may": may,
        "is_held": held is not None,
        "form": form,
        "take_back": TakeBackForm(auto_id="take-back-%s"),
    }
    return page(request, "ready", "readiness.html", context)


def _keep(standing: Standing, given: Given, by: Person, now: datetime) -> None:
    if standing.readiness is not None:
        signing.renew(standing.readiness, given, by=by, now=now)
    else:
        signing.sign_off(standing.person, standing.account, given, by=by, now=now)


def _seen(reader: Person, person_id: int, account_id: int) -> tuple[Person, Account]:
    """The two, where the reader plans the account, or is that person and was ever signed off for it."""
    accounts = Account.objects.select_related("partner", "service", "answered_from")
    person, account = get_object_or_404(Person, pk=person_id), get_object_or_404(accounts, pk=account_id)
    signed = Readiness.objects.filter(person=person, account=account).exists()
    if signed and reader.pk == person.pk:
        return person, account
    if permissions.can_plan(reader, account.own_place) and (
        signed or plans(reader, person) or person.pk in readiness.answerers([account])[account.pk]
    ):
        return person, account
    raise Http404


def _facts(row: Readiness | None) -> list[dict[str, str]]:
    if row is None:
        return []
    zone = directory.zone_of(row.account)
    until = _long(days.last_day(row.expires_at, zone)) if row.expires_at else "Until it is taken back"
    by = row.signed_by.name if row.signed_by else row.get_source_display()
    facts = [
        ("Ready from", _long(days.day_of(row.ready_from_at, zone))),
        ("Last day", until),
        ("Signed off by", f"{by}, {_long(days.day_of(row.signed_at, zone))}"),
        ("Note", row.note),
    ]
    return [{"key": key, "value": value} for key, value in facts if value]


def _past(row: Readiness) -> str:
    zone = directory.zone_of(row.account)
    until = f" to {_long(days.last_day(row.expires_at, zone))}" if row.expires_at else " on"
    by = f", signed off by {row.signed_by.name}" if row.signed_by else ""
    over = f"; replaced or taken back on {_long(days.day_of(row.withdrawn_at, zone))}" if row.withdrawn_at else ""
    who = f" by {row.withdrawn_by.name}" if row.withdrawn_by else ""
    return f"From {_long(days.day_of(row.ready_from_at, zone))}{until}{by}{over}{who}"


def _long(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


@staff
@require_POST
def take_back(request: HttpRequest, person_id: int, account_id: int) -> HttpResponse:
    """This button will take a sign-off back."""
    person, account = _seen(signed_in(request), person_id, account_id)
    held = readiness.kept().filter(person=person, account=account).select_related("account__partner").first()
    form = TakeBackForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else request.POST.get("reason", "")[:300]
    if held is not None:
        signing.take_back(held, by=signed_in(request), now=timezone.now(), reason=reason)
        messages.success(request, f"{person.name} is no longer counted for {account.name}.")
    return redirect("planning:ready")
