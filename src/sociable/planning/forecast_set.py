"""Where a lead sets what forecasts take for granted: how long an answer takes, and when the schools are closed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sociable.cover import queries as cover
from sociable.directory import assumed
from sociable.directory.assumed import DaysTurnedRound, Takes
from sociable.directory.models import AnswerTime, SchoolHoliday
from sociable.people import permissions
from sociable.people.models import Partner
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Place
from sociable.planning.fields import DayField, WholeNumberField
from sociable.planning.rights import page


class TakesForm(forms.Form):
    """How long an answer takes."""

    minutes = WholeNumberField(
        label="Minutes an answer takes", min_value=1, max_value=480, required=False,
        help_text="From opening it to sending, holding nothing else. Empty: as it is measured",
    )  # fmt: skip
    at_once = WholeNumberField(
        label="At once",
        min_value=1,
        max_value=12,
        help_text="How many conversations one person holds beside one another",
    )
    slowing_percent = WholeNumberField(
        label="Slower by, in per cent", min_value=0, max_value=300,
        help_text="By how much each takes longer for every other that is held beside it",
    )  # fmt: skip


class SchoolForm(forms.Form):
    """When the schools are closed."""

    name = forms.CharField(label="Name", max_length=80, help_text="For example: Christmas holidays")
    first_on = DayField(label="First day", error_messages={"required": "Say on which day they begin."})
    last_on = DayField(label="Last day", error_messages={"required": "Say which is their last day."})
    source = forms.CharField(
        label="Where it is stated", max_length=200, required=False, help_text="The page or paper these days come from"
    )


@staff
@require_http_methods(["GET", "POST"])
def answer_time(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will set how long an answer of an account takes."""
    person = signed_in(request)
    account = get_object_or_404(cover.accounts_seen_by(person).select_related("partner"), pk=account_id)
    permissions.check_can_plan(person, account.own_place)
    held = AnswerTime.objects.filter(account=account).last()
    usual = {"minutes": None, "at_once": account.most_chats if account.takes_chat else 1, "slowing_percent": 50}
    initial = {name: getattr(held, name) for name in usual} if held else usual
    form = TakesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        assumed.set_answer_time(account, Takes(**form.cleaned_data), by=person, now=timezone.now())
        messages.success(request, f"Forecasts of {account.name} now go by that.")
        return redirect("planning:account_forecast", account_id=account.pk)
    return page(request, "forecast", "forecast_set.html", {"account": account, "form": form})


@staff
@require_http_methods(["GET", "POST"])
def school(request: HttpRequest, partner_id: int) -> HttpResponse:
    """This page will list the school holidays of a body, and add to them."""
    partner, form = _planned(request, partner_id), SchoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _add(request, partner, form.cleaned_data)
        except DaysTurnedRound as refusal:
            form.add_error("last_on", refusal.message)
        else:
            messages.success(request, f"{form.cleaned_data['name']} are noted.")
            return redirect("planning:school", partner_id=partner.pk)
    rows = SchoolHoliday.objects.filter(partner=partner)
    return page(request, "forecast", "school.html", {"partner": partner, "rows": rows, "form": form})


def _add(request: HttpRequest, partner: Partner, typed: dict[str, Any]) -> None:
    stretch = (typed["first_on"], typed["last_on"])
    assumed.add_school_holiday(
        partner, typed["name"], stretch, source=typed["source"], by=signed_in(request), now=timezone.now()
    )


def _planned(request: HttpRequest, partner_id: int) -> Partner:
    partner = get_object_or_404(Partner, pk=partner_id)
    permissions.check_can_plan(signed_in(request), Place(partner.pk))
    return partner


@staff
@require_POST
def school_remove(request: HttpRequest, partner_id: int, holiday_id: int) -> HttpResponse:
    """This button will take school holidays off."""
    partner = _planned(request, partner_id)
    row = SchoolHoliday.objects.filter(partner=partner, pk=holiday_id).first()
    if row is not None:
        assumed.remove_school_holiday(row, by=signed_in(request), now=timezone.now())
        messages.success(request, f"{row.name} are taken off.")
    return redirect("planning:school", partner_id=partner.pk)
