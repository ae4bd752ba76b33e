"""Reads what is typed at a sign-off; whether it may be is decided in cover/signing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from sociable.cover.queries import people_planned_by
from sociable.cover.signing import Given
from sociable.directory.models import Account
from sociable.people.models import Person
from sociable.people.permissions import Act
from sociable.planning.fields import DayField

USUAL = timedelta(days=365)


class GivenForm(forms.Form):
    """From which day, until which, and a note."""

    from_on = DayField(label="Ready from", error_messages={"required": "Say from which day they can be counted on."})
    until_on = DayField(
        label="Until, the last day",
        required=False,
        help_text="Empty: until it is taken back. A year is usual, so that it is looked at again",
    )
    note = forms.CharField(
        label="Note",
        max_length=300,
        required=False,
        help_text="What they have done for it: a course, some weeks beside a colleague",
    )

    def __init__(self, today: date, *args: Any, goes_on: bool = False, **kwargs: Any) -> None:
        kwargs["initial"] = {"from_on": today, "until_on": today + USUAL, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        if goes_on:
            del self.fields["from_on"]
        self.today = today

    def given(self) -> Given:
        """What was typed."""
        typed = self.cleaned_data
        return Given(typed.get("from_on") or self.today, typed["until_on"], typed["note"].strip())


class SignOffForm(GivenForm):
    """Whom, for which account."""

    field_order = ("person", "account", "from_on", "until_on", "note")

    def __init__(self, planner: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = forms.ModelChoiceField(
            people_planned_by(planner), label="Who", empty_label="Choose somebody",
            error_messages={
                "required": "Choose who is ready.",
                "invalid_choice": "Whoever this is, you do not plan them: choose somebody whom you plan.",
            },
        )  # fmt: skip
        self.fields["account"] = forms.ModelChoiceField(
            planned_accounts(planner), label="For which account", empty_label="Choose an account",
            error_messages={
                "required": "Choose the account.", "invalid_choice": "You plan no such account: choose one that you plan."
            },
        )  # fmt: skip
        self.order_fields(self.field_order)


class TakeBackForm(forms.Form):
    """Why a sign-off is taken back."""

    reason = forms.CharField(
        label="Why it is taken back", max_length=300, required=False, help_text="Kept on the trail"
    )


def planned_accounts(planner: Person) -> Any:
    """This function will return the accounts whose cover a person plans: those that answer themselves and are not closed."""
    mine = Account.objects.where(planner, Act.PLAN).filter(answered_from=None).exclude(stage=Account.Stage.CLOSED)
    return mine.select_related("partner", "service", "answered_from").order_by("partner__name", "name").distinct()
