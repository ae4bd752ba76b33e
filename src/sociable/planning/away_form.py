"""Reads time away as it is typed: by days, or from one time to another; whether it may be is decided in cover/away."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q

from sociable.cover import absences, away
from sociable.cover.away import Asked
from sociable.cover.models import TimeAway
from sociable.cover.queries import people_planned_by
from sociable.people.models import Person
from sociable.planning.fields import DayField


class ClockField(forms.TimeField):
    """A time of day, as browsers ask for it."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


_PRIVATE = "Only {} can read it. It goes into no log, no list and no mail"


class AwayForm(forms.Form):
    """Who is away, when, and why; the reason may stay unsaid."""

    person = forms.ModelChoiceField(Person.objects.none(), label="Who")
    kind = forms.ChoiceField(label="What", choices=TimeAway.Kind.choices)
    first_on = DayField(label="First day", error_messages={"required": "Say on which day it begins."})
    last_on = DayField(label="Last day", required=False, help_text="Empty: the same day")
    from_at = ClockField(label="From", required=False, help_text="Empty: whole days")
    to_at = ClockField(label="To", required=False)
    private_reason = forms.CharField(
        label="Why", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_PRIVATE.format("the person and whoever plans them"),
    )  # fmt: skip

    def __init__(self, reader: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader
        if _plans_others(reader):
            planned = Person.objects.filter(Q(pk=reader.pk) | Q(pk__in=people_planned_by(reader).values("pk")))
            self.fields["person"] = forms.ModelChoiceField(
                planned, label="Who", empty_label=None, initial=reader.pk,
                error_messages={
                    "required": "Choose who is away.",
                    "invalid_choice": "Whoever this is, you do not plan them: choose somebody whom you plan.",
                },
            )  # fmt: skip
        else:
            del self.fields["person"]
            self.fields["private_reason"].help_text = _PRIVATE.format("you and whoever plans you")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("to_at") and not typed.get("from_at"):
            self.add_error("from_at", "Say from when, or leave both empty for whole days.")
        if typed.get("last_on") and typed.get("first_on") and typed["last_on"] < typed["first_on"]:
            self.add_error("last_on", "It is before the first day.")
        return typed

    @property
    def whom(self) -> Person:
        """Whose time away it is."""
        chosen = self.cleaned_data.get("person")
        return chosen if isinstance(chosen, Person) else self.reader

    def asked(self) -> Asked:
        """What was typed, as instants where the person works."""
        typed, zone = self.cleaned_data, absences.zone_of(self.whom)
        first_on: date = typed["first_on"]
        last_on: date = typed["last_on"] or first_on
        kind, reason = typed["kind"], typed["private_reason"]
        if typed["from_at"] is None:
            return away.whole_days(kind, first_on, last_on, zone, reason)
        last = (last_on, typed["to_at"]) if typed["to_at"] else (last_on + timedelta(days=1), time())
        return away.hours(kind, (first_on, typed["from_at"]), last, zone, reason)


def _plans_others(reader: Person) -> bool:
    return people_planned_by(reader).exclude(pk=reader.pk).exists()


class WordsForm(forms.Form):
    """What is said with a decision; they read it."""

    words = forms.CharField(label="What you say to it", max_length=300, required=False, help_text="They read it")
