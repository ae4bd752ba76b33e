"""Reads a promise as it is typed, in one of the three forms that public bodies print."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import forms

from sociable.directory.models import PromiseVersion
from sociable.office.statement import Statement

_Form = PromiseVersion.Form
_NEEDS: dict[str, tuple[str, str]] = {
    _Form.OPEN_TIME: ("minutes", "Say how many minutes of open time, as in 120 for two hours."),
    _Form.WORKING_DAYS: ("days", "Say how many working days, as in 2."),
}


class PromiseForm(Statement):
    """A promise and the day from which it holds."""

    kind = forms.ChoiceField(choices=_Form, widget=forms.RadioSelect, label="We answer")
    minutes = forms.IntegerField(label="Minutes of open time", min_value=1, max_value=20_000, required=False)
    days = forms.IntegerField(label="Working days", min_value=1, max_value=60, required=False)
    same_day_until = forms.TimeField(
        label="The same day if asked before",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="For the third form; empty means the next working day is promised",
    )
    acknowledge_minutes = forms.IntegerField(
        label="We say that we have it within",
        min_value=1,
        max_value=20_000,
        required=False,
        help_text="Minutes of open time. Only a person's word counts, not an automatic receipt",
    )
    first_answer_seconds = forms.IntegerField(
        label="First answer in web chat within",
        min_value=5,
        max_value=3_600,
        required=False,
        help_text="Seconds, while the account is open. Beside the promise above, for whoever waits at the other end",
    )
    field_order = (
        "kind", "minutes", "days", "same_day_until", "acknowledge_minutes", "first_answer_seconds", "valid_from_on",
        "change_note",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        field, words = _NEEDS.get(str(cleaned.get("kind")), ("", ""))
        if field and not cleaned.get(field) and field not in self.errors:
            self.add_error(field, words)
        return cleaned

    def version(self) -> PromiseVersion:
        """This function will return what was typed as a version that is not stored; what belongs to another form is left out."""
        typed, form = self.cleaned_data, self.cleaned_data["kind"]
        return PromiseVersion(
            valid_from_on=typed["valid_from_on"],
            form=form,
            minutes=typed["minutes"] if form == _Form.OPEN_TIME else None,
            days=typed["days"] if form == _Form.WORKING_DAYS else None,
            same_day_until=typed["same_day_until"] if form == _Form.SAME_OR_NEXT_DAY else None,
            acknowledge_minutes=typed["acknowledge_minutes"],
            first_answer_seconds=typed["first_answer_seconds"],
            change_note=typed["change_note"],
        )


def as_typed(version: PromiseVersion | None) -> dict[str, int | str | time | date | None]:
    """This function will return a stated promise as the form has it."""
    if version is None:
        return {"kind": _Form.OPEN_TIME, "minutes": 120}
    amounts = ("minutes", "days", "same_day_until", "acknowledge_minutes", "first_answer_seconds")
    return {"kind": version.form, **{name: getattr(version, name) for name in amounts}}
