"""Reads what every statement has, of hours or of a promise: the day from which it holds, and why it changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from sociable.office.forms import DateField


class Statement(forms.Form):
    """A statement that holds from today or a later day."""

    valid_from_on = DateField(label="From", help_text="Today or a later day; what holds until then stays")
    change_note = forms.CharField(
        label="Why it changes", max_length=300, required=False, help_text="Kept with the version"
    )

    def __init__(self, today: date, data: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial={**initial, "valid_from_on": today})
        self.today = today

    def clean_valid_from_on(self) -> date:
        on: date = self.cleaned_data["valid_from_on"]
        if on < self.today:
            raise forms.ValidationError("Choose today or a later day: people already relied on what was stated before.")
        return on
