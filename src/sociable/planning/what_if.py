"""What if somebody were away? The holes that would tear open, before anybody asks for leave or agrees to it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from sociable.cover import board as cover
from sociable.cover import queries
from sociable.cover.board import WEEKS
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Person
from sociable.people.parts import staff
from sociable.planning import seeing
from sociable.planning.board import in_words, still_to_come
from sociable.planning.fields import DayField
from sociable.planning.rights import page
from sociable.planning.seeing import Asked

LONGEST = timedelta(weeks=WEEKS)


class WhatIf(forms.Form):
    """Who would be away, and from which day to which."""

    person = forms.ModelChoiceField(
        Person.objects.none(), label="Who", empty_label="Choose somebody",
        error_messages={
            "required": "Choose who would be away", "invalid_choice": "Choose yourself, or somebody whom you plan"
        },
    )  # fmt: skip
    first = DayField(label="First day away", error_messages={"required": "Say the first day"})
    last = DayField(label="Last day away", error_messages={"required": "Say the last day"})

    def __init__(self, data: QueryDict | None, asked: Asked) -> None:
        super().__init__(data, auto_id="what-if-%s", initial={"first": asked.today, "last": asked.today})
        planned = queries.people_planned_by(asked.person).values_list("pk", flat=True)
        who = self.fields["person"]
        assert isinstance(who, forms.ModelChoiceField)  # noqa: S101 - declared above
        who.queryset = Person.objects.filter(pk__in=[asked.person.pk, *planned]).order_by("name")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        first, last = typed.get("first"), typed.get("last")
        if first and last and not first <= last < first + LONGEST:
            self.add_error("last", "The last day is the first or later, and within six weeks of it")
        return typed


@staff
@require_safe
def what_if(request: HttpRequest) -> HttpResponse:
    """This page will say which holes somebody's absence would make."""
    asked = seeing.read(request)
    form = WhatIf(request.GET if "person" in request.GET else None, asked)
    context: dict[str, Any] = {"form": form, "answered": form.is_bound and form.is_valid()}
    if context["answered"]:
        context |= _answer(asked, form.cleaned_data["person"], form.cleaned_data["first"], form.cleaned_data["last"])
    return page(request, "board", "what_if.html", context)


def _answer(asked: Asked, person: Person, first: date, last: date) -> dict[str, Any]:
    begins_at, ends_at = day_begins(first, asked.zone), day_begins(last + timedelta(days=1), asked.zone)
    before = cover.board_of(asked.accounts, begins_at, ends_at)
    after = cover.without(before, person, begins_at, ends_at)
    made = still_to_come(cover.holes_made(before, after), asked.now)
    return {"person": person, "told": in_words(asked, after, made)}
