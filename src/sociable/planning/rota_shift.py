"""The pages of one shift: made, changed, removed as a draft, cancelled with a reason. Refusals stand beside what was typed."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sociable.cover import around, checking
from sociable.cover import rota as verbs
from sociable.cover.checking import ShiftRefused, Stale, Unwise
from sociable.cover.models import Shift
from sociable.directory.models import Account
from sociable.directory.queries import calendars_of, zone_of
from sociable.domain.cover.limits import Concern, span_words
from sociable.domain.errors import DomainError
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.planning import rota_week
from sociable.planning.rights import page
from sociable.planning.rota_forms import CancelForm, ShiftForm, as_typed


@staff
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """This page will take a shift and make a draft of it."""
    person, now = signed_in(request), timezone.now()
    if not rota_week.planned_by(person).accounts:
        raise Http404
    form = ShiftForm(person, request.POST or None, initial=_initial(request, now))
    concerns: tuple[Concern, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            shift = verbs.make(form.wanted(), by=person, now=now, reason=form.cleaned_data["reason"])
        except Unwise as unwise:
            concerns = unwise.concerns
        except ShiftRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, f"Drafted: {_said(shift)}. Nobody else sees it until it is published.")
            return redirect(_week_of(request, shift))
    context = {"form": form, "concerns": concerns, "title": "Add a shift", "back": _back(request, now)}
    return page(request, "rota", "rota_shift_form.html", context, status=409 if concerns or form.errors else 200)


def _initial(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """What the address says, and else a usual day; the hours of the account, where one is named."""
    asked = rota_week.read(request, now)
    today = now.astimezone(ZoneInfo(asked.zone)).date()
    account = next((one for one in asked.accounts if str(one.pk) == request.GET.get("account")), None)
    on = max(asked.monday, today)
    initial = {"on": on, "begins": time(9), "ends": time(17), "person": request.GET.get("person")}
    if account is None:
        return initial | _typed(request)
    return initial | {"accounts": [account.pk]} | _hours_of(account, on) | _typed(request)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """The day and times that the address names, as where a hole is to be filled; what is no day or time is passed over."""
    read = {"on": date.fromisoformat, "begins": time.fromisoformat, "ends": time.fromisoformat}
    typed: dict[str, Any] = {}
    for name, from_text in read.items():
        with contextlib.suppress(ValueError):
            typed[name] = from_text(request.GET.get(name, ""))
    return typed


def _hours_of(account: Account, on: date) -> dict[str, time]:
    calendar, zone = calendars_of([account])[account.pk], ZoneInfo(zone_of(account))
    if calendar is None:
        return {}
    try:
        opens_at = calendar.next_open(day_begins(on, zone_of(account)))
        spans = (opens_at, calendar.next_close(opens_at))
    except DomainError:
        return {}  # it never opens, or never closes: nothing to go by
    begins, ends = (at.astimezone(zone).time() for at in spans)
    return {"begins": begins, "ends": ends}


@staff
@require_http_methods(["GET", "POST"])
def shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """This page will show a shift, and change it for whoever plans it."""
    person, now = signed_in(request), timezone.now()
    found, may_plan = _seen(person, shift_id)
    form = ShiftForm(person, request.POST or None, initial=as_typed(found)) if may_plan else None
    concerns: tuple[Concern, ...] = ()
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            changed = verbs.change(found, form.wanted(), by=person, now=now, reason=form.cleaned_data["reason"])
        except Unwise as unwise:
            concerns = unwise.concerns
        except (ShiftRefused, Stale) as refusal:
            form.add_error(None, refusal.message)
        else:
            words = (
                "The draft is changed"
                if changed.pk == found.pk
                else "The change is drafted, and holds once it is published"
            )
            messages.success(request, f"{words}: {_said(changed)}.")
            return redirect(_week_of(request, changed))
    context = _context(found, may_plan, now) | {"form": form, "concerns": concerns, "cancel_form": CancelForm()}
    published = found.state == Shift.State.PUBLISHED
    context["may_swap"] = found.person_id == person.pk and published and found.starts_at > now
    refused = bool(concerns or (form is not None and form.errors))
    return page(request, "rota", "rota_shift.html", context, status=409 if refused else 200)


def _seen(person: Person, shift_id: int) -> tuple[Shift, bool]:
    """A shift as somebody may see it, and whether they plan it. Their own, published; drafts only who plans."""
    rows = Shift.objects.select_related("person", "replaces__person", "published_by", "pattern").prefetch_related(
        "accounts"
    )
    found = get_object_or_404(rows, pk=shift_id)
    may_plan = rota_week.planned_by(person).holds(found)
    if not may_plan and (found.person_id != person.pk or found.state == Shift.State.DRAFT):
        raise Http404
    return found, may_plan


def _context(found: Shift, may_plan: bool, now: datetime) -> dict[str, Any]:
    against = around.against(checking.wanted_as(found), [found.pk, *([found.replaces_id] if found.replaces_id else [])])
    return {
        "shift": found,
        "said": _said(found),
        "accounts": list(found.accounts.all()),
        "may_plan": may_plan and found.state != Shift.State.CANCELLED,
        "is_draft": found.state == Shift.State.DRAFT,
        "is_published": found.state == Shift.State.PUBLISHED,
        "is_over": found.ends_at <= now,
        "was": _said(found.replaces) if found.replaces else "",
        "stands_against": against if may_plan and found.ends_at > now else (),
        "draft_of_it": found.replaced_by.filter(state=Shift.State.DRAFT).first() if may_plan else None,
    }


def _said(shift: Shift) -> str:
    zone = ZoneInfo(around.zone_of(shift.person))
    return f"{shift.person.first_name}, {span_words((shift.starts_at, shift.ends_at), zone)}"


def _week_of(request: HttpRequest, shift: Shift) -> str:
    asked = rota_week.read(request, shift.starts_at)
    on = shift.starts_at.astimezone(ZoneInfo(asked.zone)).date()
    return asked.address(week=on.isoformat())


def _back(request: HttpRequest, now: datetime) -> str:
    return rota_week.read(request, now).address()


@staff
@require_POST
def remove(request: HttpRequest, shift_id: int) -> HttpResponse:
    """This button will remove a draft, or draft the removal of a published shift."""
    person, now = signed_in(request), timezone.now()
    found, _ = _seen(person, shift_id)
    try:
        draft = verbs.remove(found, by=person, now=now)
    except Stale as refusal:
        messages.error(request, refusal.message)
    else:
        words = "The draft is removed." if draft is None else "Its removal is drafted: it goes once that is published."
        messages.success(request, words)
    return redirect(_week_of(request, found))


@staff
@require_POST
def cancel(request: HttpRequest, shift_id: int) -> HttpResponse:
    """This button will cancel a published shift at once."""
    person, now = signed_in(request), timezone.now()
    found, may_plan = _seen(person, shift_id)
    if not may_plan:
        raise Http404
    form: forms.Form = CancelForm(request.POST)
    if form.is_valid():
        try:
            verbs.cancel(found, reason=form.cleaned_data["reason"], by=person, now=now)
        except (ShiftRefused, Stale) as refusal:
            form.add_error("reason", refusal.message)
        else:
            messages.success(request, f"Cancelled: {_said(found)}. {found.person.first_name} is told on their day.")
            return redirect(_week_of(request, found))
    context = _context(found, may_plan, now) | {"form": ShiftForm(person, initial=as_typed(found)), "cancel_form": form}
    return page(request, "rota", "rota_shift.html", context, status=409)
