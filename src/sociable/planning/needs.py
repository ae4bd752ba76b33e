"""How many people an account needs at which of its hours; one, where nothing is said. Kept in versions, never edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.cover import around, working
from sociable.cover.models import Need
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.worktime import StatedHours
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act
from sociable.planning.fields import DayField, NotationField, WholeNumberField
from sociable.planning.rights import page

MOST_PEOPLE = 50


class NeedForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """So many people at some hours, from a day on."""

    people = WholeNumberField(
        label="How many people", min_value=1, max_value=MOST_PEOPLE, help_text="Who are ready and in at the same time"
    )

    class Meta:
        model = Need
        fields = ("people", "notation", "valid_from_on")
        field_classes = {"valid_from_on": DayField, "notation": NotationField}  # noqa: RUF012 - as Django has it
        labels = {"notation": "At which hours", "valid_from_on": "From the day"}  # noqa: RUF012
        help_texts = {  # noqa: RUF012
            "notation": "As stated hours are written: Mo 09:00-12:00, or Mo-Fr 12:00-14:00. Outside its stated hours it needs nobody",
        }
        error_messages = {"notation": {"required": "Say at which hours, as in Mo 09:00-12:00."}}  # noqa: RUF012


@staff
@require_http_methods(["GET", "POST"])
def needed(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will say how many an account needs and when, and take a new word on it."""
    person, now = signed_in(request), timezone.now()
    planned = Account.objects.where(person, Act.PLAN).select_related("partner", "answered_from")
    account = get_object_or_404(planned, pk=account_id)
    today = around.local_day(now, directory.zone_of(account))
    form = NeedForm(request.POST or None, instance=Need(account=account, valid_from_on=today))
    if request.method == "POST" and form.is_valid():
        working.keep_need(form, by=person, now=now)
        messages.success(request, "Kept. The board counts by it at once.")
        return redirect("planning:account_cover", account.pk)
    context = {"form": form, "account": account, "said": _said(account)}
    return page(request, "board", "needed.html", context, status=409 if form.errors else 200)


def _said(account: Account) -> list[dict[str, Any]]:
    """What was said so far, what counts first at the top."""
    rows = Need.objects.filter(account=account).select_related("set_by").order_by("-valid_from_on", "-id")
    return [{"row": row, "words": StatedHours.parse(row.notation).sentence()} for row in rows]
