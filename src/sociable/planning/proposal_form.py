"""Reads what rota is wanted: which accounts, which weeks, how long it may take, and what is supposed to be different."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from sociable.cover.proposals import MOST_WEEKS, Asked
from sociable.cover.queries import accounts_planned_by, people_rostered_by
from sociable.cover.reading import answers
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.cover.proposal import Span
from sociable.domain.worktime.wording import length_words
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Person
from sociable.planning.fields import DayField, WholeNumberField

SUPPOSE = [
    ("", "Nothing: things are as they are"),
    ("away", "Somebody is away"),
    ("ready", "Somebody is ready for one more account"),
    ("promise", "An account promises another time"),
]
HOW_LONG = [(20, "20 seconds"), (60, "1 minute"), (180, "3 minutes"), (600, "10 minutes")]
Supposed = tuple[dict[str, Any], str]
"""What is supposed, as it is kept, and in words."""
PROMISES = [(30, "30 minutes"), (60, "1 hour"), (120, "2 hours"), (240, "4 hours"), (480, "8 hours")]


class ProposalForm(forms.Form):
    """What rota is wanted."""

    accounts = forms.ModelMultipleChoiceField(
        Account.objects.none(), widget=forms.CheckboxSelectMultiple, label="Accounts to cover",
        error_messages={"required": "Choose at least one account that the rota is to cover."},
    )  # fmt: skip
    first_on = DayField(label="First day", error_messages={"required": "Choose the first day."})
    weeks = WholeNumberField(label="Weeks", min_value=1, max_value=MOST_WEEKS, initial=4)
    seconds = forms.TypedChoiceField(label="How long it may take", choices=HOW_LONG, coerce=int, initial=60)
    keeps_published = forms.BooleanField(
        label="Leave published shifts as they are", required=False, initial=True,
        help_text="Only what is open is filled. Otherwise shifts may go to somebody else, so that fewer hours stay open.",
    )  # fmt: skip
    suppose = forms.ChoiceField(
        label="Suppose", choices=SUPPOSE, required=False,
        help_text="To see what would be. What is only supposed cannot be published.",
    )  # fmt: skip
    who = forms.ModelChoiceField(Person.objects.none(), label="Who", required=False, empty_label="Choose somebody")
    away_from = DayField(label="Away from", required=False)
    away_until = DayField(label="Last day away", required=False)
    which = forms.ModelChoiceField(
        Account.objects.none(), label="Which account", required=False, empty_label="Choose one"
    )
    minutes = forms.TypedChoiceField(
        label="Answers within", choices=PROMISES, coerce=int, empty_value="60", required=False, initial=60
    )

    def __init__(self, person: Person, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planned = [account for account in accounts_planned_by(person) if answers(account)]
        zone = zone_of(self.planned[0]) if self.planned else "Europe/London"
        rows = Account.objects.filter(pk__in=[account.pk for account in self.planned]).order_by("name")
        rows = rows.select_related("partner", "service", "answered_from")
        for name in ("accounts", "which"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
            field.queryset = rows
        self.fields["accounts"].initial = [account.pk for account in self.planned]
        who = self.fields["who"]
        assert isinstance(who, forms.ModelChoiceField)  # noqa: S101 - declared above
        who.queryset = people_rostered_by(person)
        self.fields["first_on"].initial = _next_monday(now.astimezone(ZoneInfo(zone)).date())

    def clean(self) -> dict[str, Any]:
        """What is supposed must be said whole."""
        given = super().clean() or {}
        suppose = given.get("suppose")
        if suppose in ("away", "ready") and not given.get("who"):
            self.add_error("who", "Choose who.")
        if suppose in ("ready", "promise") and not given.get("which"):
            self.add_error("which", "Choose which account.")
        if suppose == "away":
            first, last = given.get("away_from"), given.get("away_until")
            if not first or not last:
                self.add_error("away_from", "Give the first and the last day away.")
            elif last < first:
                self.add_error("away_until", "The last day comes before the first.")
        return given

    def asked(self) -> Asked:
        """What was asked for, in instants."""
        given = self.cleaned_data
        accounts = list(given["accounts"])
        zone = zone_of(accounts[0])
        first = given["first_on"]
        span = Span(day_begins(first, zone), day_begins(first + timedelta(weeks=given["weeks"]), zone))
        what_if, words = self._supposed(zone)
        return Asked(accounts, span, given["seconds"], given["keeps_published"], what_if, words)

    def _supposed(self, zone: str) -> Supposed:
        suppose = self.cleaned_data["suppose"]
        if suppose == "away":
            return self._away(zone)
        if suppose == "ready":
            return self._ready()
        return self._promise() if suppose == "promise" else ({}, "")

    def _away(self, zone: str) -> Supposed:
        who: Person = self.cleaned_data["who"]
        first, last = self.cleaned_data["away_from"], self.cleaned_data["away_until"]
        starts_at, ends_at = day_begins(first, zone), day_begins(last + timedelta(days=1), zone)
        what_if = {"kind": "away", "person": who.pk, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        return what_if, f"What if {who.name} is away from {_day_words(first)} to {_day_words(last)}?"

    def _ready(self) -> Supposed:
        who: Person = self.cleaned_data["who"]
        which: Account = self.cleaned_data["which"]
        what_if = {"kind": "ready", "person": who.pk, "account": which.pk}
        return what_if, f"What if {who.name} is ready for {which.name}?"

    def _promise(self) -> Supposed:
        which: Account = self.cleaned_data["which"]
        minutes = int(self.cleaned_data["minutes"])
        within = length_words(timedelta(minutes=minutes))
        return {"kind": "promise", "account": which.pk, "minutes": minutes}, f"What if {which.name} promises {within}?"


def _day_words(on: date) -> str:
    return f"{on.day} {on:%B}"


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())
